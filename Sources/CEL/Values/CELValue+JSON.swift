package import JSON

/// Why a value of a request does not fit a parameter.
package struct CELMisfit: Error, Hashable, Sendable, CustomStringConvertible {
    /// What was wanted.
    package let wanted: CELType
    /// What was given, in short.
    package let given: String

    /// Both.
    package var description: String { "\(self.wanted) is wanted, not \(self.given)" }
}

extension CELType {
    /// A value of the type from JSON, as OpenFGA reads contexts: numbers may come as texts; timestamps, durations and
    /// addresses do.
    /// - Throws: ``CELMisfit``.
    package func value(of json: JSON) throws(CELMisfit) -> CELValue {
        switch (self, json) {
        case (.any, _): return CELValue(json)
        case (.list(let element), .array(let parts)):
            var values: [CELValue] = []
            for part in parts { values.append(try element.value(of: part)) }
            return .list(values)
        case (.map(_, let element), .object(let members)):
            var values: [CELValue: CELValue] = [:]
            for member in members {
                values[.string(member.name)] = try element.value(of: member.value)
            }
            return .map(values)
        default:
            guard let value = self.plain(json) else {
                throw CELMisfit(wanted: self, given: "\(json.kind) \(json.text.prefix(60))")
            }
            return value
        }
    }

    private func plain(_ json: JSON) -> CELValue? {
        switch self {
        case .bool: json.bool.map(CELValue.bool)
        case .string: json.string.map(CELValue.string)
        case .int: (json.int ?? json.string.flatMap(Self.whole)).map(CELValue.int)
        case .uint:
            (json.int.flatMap(UInt.init(exactly:)) ?? json.string.flatMap(Self.whole)).map(CELValue.uint)
        case .double:
            (json.double ?? json.string.flatMap(Double.init)).flatMap { $0.isFinite ? .double($0) : nil }
        case .timestamp: json.string.flatMap(CELTimestamp.init).map(CELValue.timestamp)
        case .duration: json.string.flatMap(CELDuration.parse).map(CELValue.duration)
        case .ipaddress: json.string.flatMap(IPAddress.init).map(CELValue.ipaddress)
        default: nil
        }
    }

    /// A whole number in a text, which may be written as `1.0` or `1e3`.
    private static func whole<Number: FixedWidthInteger>(_ text: String) -> Number? {
        Number(text) ?? Double(text).flatMap { Number(exactly: $0) }
    }
}

extension CELValue {
    /// What JSON says, without knowing more: every number is a double.
    package init(_ json: JSON) {
        switch json {
        case .null: self = .null
        case .bool(let truth): self = .bool(truth)
        case .int(let number): self = .double(Double(number))
        case .double(let number): self = .double(number)
        case .string(let text): self = .string(text)
        case .array(let elements): self = .list(elements.map(CELValue.init))
        case .object(let members):
            self = .map(
                Dictionary(members.map { (CELValue.string($0.name), CELValue($0.value)) }) { _, last in last }
            )
        }
    }
}
