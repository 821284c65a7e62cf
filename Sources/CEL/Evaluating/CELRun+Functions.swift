internal import RegularExpressions

extension CELRun {
    /// Calls a function that takes one or two values.
    mutating func apply(
        _ function: CELFunction, _ value: CELValue, _ other: CELValue?, _ place: CELPlace
    ) throws(CELStop) -> CELValue {
        if let other {
            if let result = try self.binary(function, value, other, place) { return result }
            throw .failed(
                CELError(
                    .evaluation, "`\(function)` does not take \(value.typeName) and \(other.typeName)", place)
            )
        }
        if let result = try self.unary(function, value, place) { return result }
        throw .failed(CELError(.evaluation, "`\(function)` does not take \(value.typeName)", place))
    }

    /// Nil when the function does not take such a value.
    private mutating func unary(
        _ function: CELFunction, _ value: CELValue, _ place: CELPlace
    ) throws(CELStop) -> CELValue? {
        switch (function, value) {
        case (.not, .bool(let truth)): return .bool(!truth)
        case (.negate, .double(let number)): return .double(-number)
        case (.negate, .int(let number)):
            return try Self.checked(number.multipliedReportingOverflow(by: -1), place, CELValue.int)
        case (.size, .string(let text)):
            try self.spend(text.utf8.count / 16)
            return .int(text.unicodeScalars.count)
        case (.size, .bytes(let bytes)): return .int(bytes.count)
        case (.size, .list(let elements)): return .int(elements.count)
        case (.size, .map(let members)): return .int(members.count)
        case (.typeOf, _): return .type(value.typeName)
        case (.dynamic, _): return value
        case (_, .timestamp(let moment)) where function.isTimePart:
            return try self.part(function, moment, zone: nil, place)
        case (_, .duration(let nanoseconds)) where function.isTimePart:
            return Self.part(function, nanoseconds)
        default: return try self.conversion(function, value, place)
        }
    }

    /// Nil when the function does not take such values.
    private mutating func binary(
        _ function: CELFunction, _ left: CELValue, _ right: CELValue, _ place: CELPlace
    ) throws(CELStop) -> CELValue? {
        switch function {
        case .equal, .notEqual:
            try self.spend(min(left.weight, right.weight))
            return .bool((left == right) == (function == .equal))
        case .less, .lessOrEqual, .greater, .greaterOrEqual:
            guard let order = left.order(right) else { return nil }
            return .bool(order.fits(function))
        case .isIn: return try self.isIn(left, right)
        case .index: return try self.index(left, right, place)
        case .contains, .startsWith, .endsWith, .matches:
            guard case .string(let text) = left, case .string(let part) = right else { return nil }
            return try self.text(function, text, part, place)
        case .isInNetwork:
            guard case .ipaddress(let address) = left, case .string(let network) = right else { return nil }
            guard let isIn = address.isIn(network) else {
                throw .failed(
                    CELError(.evaluation, "\"\(network)\" is no network such as 192.0.2.0/24", place))
            }
            return .bool(isIn)
        default:
            if case .timestamp(let moment) = left, case .string(let zone) = right, function.isTimePart {
                return try self.part(function, moment, zone: zone, place)
            }
            return try self.arithmetic(function, left, right, place)
        }
    }

    private mutating func text(
        _ function: CELFunction, _ text: String, _ part: String, _ place: CELPlace
    ) throws(CELStop) -> CELValue {
        switch function {
        case .startsWith: return .bool(text.utf8.starts(with: part.utf8))
        case .endsWith:
            let start = text.utf8.count - part.utf8.count
            return .bool(start >= 0 && text.utf8.dropFirst(start).elementsEqual(part.utf8))
        case .contains:
            try self.spend(text.utf8.count / 16)
            return .bool(try self.contains(Array(text.utf8), Array(part.utf8)))
        default:
            let pattern: RegularExpression
            do throws(CELError) {
                pattern = try CELChecker.pattern(part, place)
            } catch {
                throw .failed(CELError(.evaluation, error.message, error.place))
            }
            return try self.matches(.string(text), pattern, place)
        }
    }

    private mutating func contains(_ text: [UInt8], _ part: [UInt8]) throws(CELStop) -> Bool {
        guard let first = part.first else { return true }
        guard text.count >= part.count else { return false }
        for start in 0...(text.count - part.count) where text[start] == first {
            try self.spend(1)
            if text[start..<start + part.count].elementsEqual(part) { return true }
        }
        return false
    }

    private mutating func isIn(_ value: CELValue, _ range: CELValue) throws(CELStop) -> CELValue? {
        switch range {
        case .list(let elements):
            try self.spend(elements.count)
            return .bool(elements.contains(value))
        case .map(let members): return .bool(members[value] != nil)
        default: return nil
        }
    }

    private func index(
        _ range: CELValue, _ index: CELValue, _ place: CELPlace
    ) throws(CELStop) -> CELValue? {
        switch range {
        case .list(let elements):
            let number: Int? =
                switch index {
                case .int(let number): number
                case .uint(let number): Int(exactly: number)
                case .double(let number): Int(exactly: number)
                default: nil
                }
            guard let number else { return nil }
            guard elements.indices.contains(number) else {
                throw .failed(CELError(.evaluation, "there is no element \(number)", place))
            }
            return elements[number]
        case .map(let members):
            guard let value = members[index] else {
                throw .failed(CELError(.evaluation, "no such key: \(index)", place))
            }
            return value
        default: return nil
        }
    }

    // MARK: Arithmetic

    static func checked<Number>(
        _ result: (partialValue: Number, overflow: Bool), _ place: CELPlace, _ wrap: (Number) -> CELValue
    ) throws(CELStop) -> CELValue {
        guard !result.overflow else { throw Self.overflow(place) }
        return wrap(result.partialValue)
    }

    static func overflow(_ place: CELPlace) -> CELStop {
        .failed(CELError(.evaluation, "the result does not fit 64 bits", place))
    }

    private mutating func arithmetic(
        _ function: CELFunction, _ left: CELValue, _ right: CELValue, _ place: CELPlace
    ) throws(CELStop) -> CELValue? {
        switch (left, right) {
        case (.int(let a), .int(let b)):
            guard let result = try Self.whole(function, a, b, place) else { return nil }
            return try Self.checked(result, place, CELValue.int)
        case (.uint(let a), .uint(let b)):
            guard let result = try Self.whole(function, a, b, place) else { return nil }
            return try Self.checked(result, place, CELValue.uint)
        case (.double(let a), .double(let b)):
            switch function {
            case .add: return .double(a + b)
            case .subtract: return .double(a - b)
            case .multiply: return .double(a * b)
            case .divide: return .double(a / b)
            default: return nil
            }
        case (.timestamp, _), (_, .timestamp), (.duration, .duration):
            return try Self.time(function, left, right, place)
        default: return try self.joined(function, left, right)
        }
    }

    private mutating func joined(
        _ function: CELFunction, _ left: CELValue, _ right: CELValue
    ) throws(CELStop) -> CELValue? {
        guard function == .add else { return nil }
        try self.spend(left.weight + right.weight)
        return switch (left, right) {
        case (.string(let a), .string(let b)): .string(a + b)
        case (.bytes(let a), .bytes(let b)): .bytes(a + b)
        case (.list(let a), .list(let b)): .list(a + b)
        default: nil
        }
    }

    private static func whole<Number: FixedWidthInteger>(
        _ function: CELFunction, _ left: Number, _ right: Number, _ place: CELPlace
    ) throws(CELStop) -> (partialValue: Number, overflow: Bool)? {
        switch function {
        case .add: return left.addingReportingOverflow(right)
        case .subtract: return left.subtractingReportingOverflow(right)
        case .multiply: return left.multipliedReportingOverflow(by: right)
        case .divide, .remainder:
            guard right != 0 else { throw .failed(CELError(.evaluation, "division by zero", place)) }
            return function == .divide
                ? left.dividedReportingOverflow(by: right)
                : left.remainderReportingOverflow(dividingBy: right)
        default: return nil
        }
    }

    private static func time(
        _ function: CELFunction, _ left: CELValue, _ right: CELValue, _ place: CELPlace
    ) throws(CELStop) -> CELValue? {
        let moment: CELTimestamp?
        switch (function, left, right) {
        case (.add, .duration(let a), .duration(let b)):
            return try Self.checked(a.addingReportingOverflow(b), place, CELValue.duration)
        case (.subtract, .duration(let a), .duration(let b)):
            return try Self.checked(a.subtractingReportingOverflow(b), place, CELValue.duration)
        case (.subtract, .timestamp(let a), .timestamp(let b)):
            guard let nanoseconds = a.since(b) else { throw Self.overflow(place) }
            return .duration(nanoseconds)
        case (.add, .timestamp(let a), .duration(let b)), (.add, .duration(let b), .timestamp(let a)):
            moment = a.adding(b)
        case (.subtract, .timestamp(let a), .duration(let b)):
            moment = b == Int.min ? nil : a.adding(-b)
        default: return nil
        }
        guard let moment else {
            throw .failed(CELError(.evaluation, "outside of the years 1 to 9999", place))
        }
        return .timestamp(moment)
    }

    // MARK: Parts of times

    private static func part(_ function: CELFunction, _ nanoseconds: Int) -> CELValue? {
        switch function {
        case .hours: .int(nanoseconds / 3_600_000_000_000)
        case .minutes: .int(nanoseconds / 60_000_000_000)
        case .seconds: .int(nanoseconds / 1_000_000_000)
        case .milliseconds: .int(nanoseconds / 1_000_000 % 1000)
        default: nil
        }
    }

    private func part(
        _ function: CELFunction, _ moment: CELTimestamp, zone: String?, _ place: CELPlace
    ) throws(CELStop) -> CELValue? {
        var seconds = moment.seconds
        if let zone {
            guard let offset = moment.offset(in: zone) else {
                throw .failed(CELError(.evaluation, "\"\(zone)\" is no time zone", place))
            }
            seconds += offset
        }
        let (days, second) = floorDivide(seconds, by: 86_400)
        let date = CivilDate(days: days)
        switch function {
        case .fullYear: return .int(date.year)
        case .month: return .int(date.month - 1)
        case .dayOfYear: return .int(days - CivilDate(year: date.year, month: 1, day: 1).days)
        case .dayOfMonth: return .int(date.day - 1)
        case .date: return .int(date.day)
        // The first of 1970 was a Thursday.
        case .dayOfWeek: return .int(floorDivide(days + 4, by: 7).remainder)
        case .hours: return .int(second / 3600)
        case .minutes: return .int(second / 60 % 60)
        case .seconds: return .int(second % 60)
        case .milliseconds: return .int(moment.nanosecond / 1_000_000)
        default: return nil
        }
    }
}

extension CELFunction {
    var isTimePart: Bool {
        switch self {
        case .fullYear, .month, .dayOfYear, .dayOfMonth, .date, .dayOfWeek, .hours, .minutes, .seconds,
            .milliseconds:
            true
        default: false
        }
    }
}

extension CELValue {
    /// What looking through the value costs.
    fileprivate var weight: Int {
        switch self {
        case .string(let text): text.utf8.count / 16
        case .bytes(let bytes): bytes.count / 16
        case .list(let elements): elements.reduce(elements.count) { $0 + $1.weight }
        case .map(let members): members.count * 4
        default: 0
        }
    }
}

extension CELValue.Order {
    fileprivate func fits(_ function: CELFunction) -> Bool {
        switch function {
        case .less: self == .before
        case .lessOrEqual: self == .before || self == .same
        case .greater: self == .after
        default: self == .after || self == .same
        }
    }
}
