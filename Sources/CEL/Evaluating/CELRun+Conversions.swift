extension CELRun {
    /// Converts a value; nil when the function does not take such a one.
    func conversion(
        _ function: CELFunction, _ value: CELValue, _ place: CELPlace
    ) throws(CELStop) -> CELValue? {
        let result: CELValue?
        switch function {
        case .toBool: result = Self.bool(value)
        case .toInt: result = Self.int(value)
        case .toUint: result = Self.uint(value)
        case .toDouble: result = Self.double(value)
        case .toString: result = Self.string(value)
        case .toBytes: result = Self.bytes(value)
        case .toTimestamp: result = Self.timestamp(value)
        case .toDuration: result = Self.duration(value)
        case .toIPAddress: result = Self.address(value)
        default: return nil
        }
        guard let result else {
            throw .failed(CELError(.evaluation, "\(value) does not convert so", place))
        }
        return result
    }

    private static func bool(_ value: CELValue) -> CELValue? {
        switch value {
        case .bool: value
        case .string(let text):
            if ["true", "True", "TRUE", "t", "1"].contains(text) {
                .bool(true)
            } else if ["false", "False", "FALSE", "f", "0"].contains(text) {
                .bool(false)
            } else {
                nil
            }
        default: nil
        }
    }

    private static func int(_ value: CELValue) -> CELValue? {
        switch value {
        case .int: value
        case .uint(let number): Int(exactly: number).map(CELValue.int)
        case .double(let number): Int(exactly: number.rounded(.towardZero)).map(CELValue.int)
        case .string(let text): Int(text).map(CELValue.int)
        case .timestamp(let moment): .int(moment.seconds)
        case .duration(let nanoseconds): .int(nanoseconds / 1_000_000_000)
        default: nil
        }
    }

    private static func uint(_ value: CELValue) -> CELValue? {
        switch value {
        case .uint: value
        case .int(let number): UInt(exactly: number).map(CELValue.uint)
        case .double(let number): UInt(exactly: number.rounded(.towardZero)).map(CELValue.uint)
        case .string(let text): UInt(text).map(CELValue.uint)
        default: nil
        }
    }

    private static func double(_ value: CELValue) -> CELValue? {
        switch value {
        case .double: value
        case .int(let number): .double(Double(number))
        case .uint(let number): .double(Double(number))
        case .string(let text): Double(text).map(CELValue.double)
        default: nil
        }
    }

    private static func string(_ value: CELValue) -> CELValue? {
        switch value {
        case .string: value
        case .bool(let truth): .string("\(truth)")
        case .int(let number): .string("\(number)")
        case .uint(let number): .string("\(number)")
        case .double(let number):
            // Whole numbers without a point.
            if let whole = Int(exactly: number), abs(number) < 1e15 {
                .string("\(whole)")
            } else {
                .string("\(number)")
            }
        case .bytes(let bytes): String(validating: bytes, as: UTF8.self).map(CELValue.string)
        case .timestamp, .duration, .ipaddress: .string(value.description)
        default: nil
        }
    }

    private static func bytes(_ value: CELValue) -> CELValue? {
        switch value {
        case .bytes: value
        case .string(let text): .bytes(Array(text.utf8))
        default: nil
        }
    }

    private static func timestamp(_ value: CELValue) -> CELValue? {
        switch value {
        case .timestamp: value
        case .string(let text): CELTimestamp(text).map(CELValue.timestamp)
        case .int(let seconds): CELTimestamp(seconds: seconds).map(CELValue.timestamp)
        default: nil
        }
    }

    private static func duration(_ value: CELValue) -> CELValue? {
        switch value {
        case .duration: return value
        case .string(let text): return CELDuration.parse(text).map(CELValue.duration)
        case .int(let seconds):
            let (nanoseconds, isOver) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
            return isOver ? nil : .duration(nanoseconds)
        default: return nil
        }
    }

    private static func address(_ value: CELValue) -> CELValue? {
        switch value {
        case .ipaddress: value
        case .string(let text): IPAddress(text).map(CELValue.ipaddress)
        default: nil
        }
    }
}
