/// What a call does.
enum CELFunction: Sendable {
    case not, negate
    case add, subtract, multiply, divide, remainder
    case equal, notEqual, less, lessOrEqual, greater, greaterOrEqual
    case isIn, index, size
    case contains, startsWith, endsWith, matches
    case toBool, toInt, toUint, toDouble, toString, toBytes, toTimestamp, toDuration, toIPAddress
    case dynamic, typeOf, isInNetwork
    case fullYear, month, dayOfYear, dayOfMonth, date, dayOfWeek
    case hours, minutes, seconds, milliseconds
}

/// One way to call a function: by which name, with what, for what.
struct CELOverload {
    let function: CELFunction
    /// `size(x)`
    var isGlobal = true
    /// `x.size()`; the first operand is what stands before the point.
    var isMember = false
    let operands: [CELType]
    let result: CELType
}

extension CELOverload {
    /// All ways to call by name; operators are `_+_`, `-_` and so on. What has types of its own (`==`, `in`, `_[_]`,
    /// `type`, `dyn`) is not among them.
    static let table: [String: [CELOverload]] = {
        var table: [String: [CELOverload]] = [:]
        for (name, overloads) in Self.operators + Self.texts + Self.conversions + Self.times {
            table[name, default: []] += overloads
        }
        return table
    }()

    private typealias Entry = (String, [CELOverload])

    private static func same(
        _ name: String, _ function: CELFunction, _ types: [CELType], result: CELType? = nil
    ) -> Entry {
        let overloads = types.map {
            CELOverload(function: function, operands: [$0, $0], result: result ?? $0)
        }
        return (name, overloads)
    }

    private static let operators: [Entry] = {
        let ordered: [CELType] = [
            .bool, .int, .uint, .double, .string, .bytes, .timestamp, .duration,
        ]
        let numbers: [CELType] = [.int, .uint, .double]
        return [
            ("!_", [CELOverload(function: .not, operands: [.bool], result: .bool)]),
            ("-_", [.int, .double].map { CELOverload(function: .negate, operands: [$0], result: $0) }),
            Self.same("_<_", .less, ordered, result: .bool),
            Self.same("_<=_", .lessOrEqual, ordered, result: .bool),
            Self.same("_>_", .greater, ordered, result: .bool),
            Self.same("_>=_", .greaterOrEqual, ordered, result: .bool),
            Self.same("_+_", .add, numbers + [.string, .bytes, .list(.any), .duration]),
            (
                "_+_",
                [
                    CELOverload(function: .add, operands: [.timestamp, .duration], result: .timestamp),
                    CELOverload(function: .add, operands: [.duration, .timestamp], result: .timestamp),
                ]
            ),
            Self.same("_-_", .subtract, numbers + [.duration]),
            (
                "_-_",
                [
                    CELOverload(function: .subtract, operands: [.timestamp, .timestamp], result: .duration),
                    CELOverload(function: .subtract, operands: [.timestamp, .duration], result: .timestamp),
                ]
            ),
            Self.same("_*_", .multiply, numbers), Self.same("_/_", .divide, numbers),
            Self.same("_%_", .remainder, [.int, .uint]),
        ]
    }()

    private static let texts: [Entry] = {
        let member = { (name: String, function: CELFunction) -> Entry in
            let overload = CELOverload(
                function: function, isGlobal: false, isMember: true, operands: [.string, .string],
                result: .bool)
            return (name, [overload])
        }
        let sized: [CELType] = [.string, .bytes, .list(.any), .map(.any, .any)]
        return [
            (
                "size",
                sized.map { CELOverload(function: .size, isMember: true, operands: [$0], result: .int) }
            ),
            member("contains", .contains), member("startsWith", .startsWith), member("endsWith", .endsWith),
            (
                "matches",
                [
                    CELOverload(
                        function: .matches, isMember: true, operands: [.string, .string], result: .bool)
                ]
            ),
            (
                "in_cidr",
                [
                    CELOverload(
                        function: .isInNetwork, isGlobal: false, isMember: true,
                        operands: [.ipaddress, .string],
                        result: .bool)
                ]
            ),
        ]
    }()

    private static let conversions: [Entry] = {
        let conversion = {
            (name: String, function: CELFunction, from: [CELType], result: CELType) -> Entry in
            (name, from.map { CELOverload(function: function, operands: [$0], result: result) })
        }
        return [
            conversion("bool", .toBool, [.bool, .string], .bool),
            conversion("int", .toInt, [.int, .uint, .double, .string, .timestamp, .duration], .int),
            conversion("uint", .toUint, [.uint, .int, .double, .string], .uint),
            conversion("double", .toDouble, [.double, .int, .uint, .string], .double),
            conversion(
                "string", .toString,
                [.string, .bool, .int, .uint, .double, .bytes, .timestamp, .duration, .ipaddress], .string),
            conversion("bytes", .toBytes, [.bytes, .string], .bytes),
            conversion("timestamp", .toTimestamp, [.timestamp, .string, .int], .timestamp),
            conversion("duration", .toDuration, [.duration, .string, .int], .duration),
            conversion("ipaddress", .toIPAddress, [.ipaddress, .string], .ipaddress),
        ]
    }()

    private static let times: [Entry] = {
        let part = { (name: String, function: CELFunction, ofDuration: Bool) -> Entry in
            var operands: [[CELType]] = [[.timestamp], [.timestamp, .string]]
            if ofDuration { operands.append([.duration]) }
            let overloads = operands.map {
                CELOverload(
                    function: function, isGlobal: false, isMember: true, operands: $0, result: .int)
            }
            return (name, overloads)
        }
        return [
            part("getFullYear", .fullYear, false), part("getMonth", .month, false),
            part("getDayOfYear", .dayOfYear, false), part("getDayOfMonth", .dayOfMonth, false),
            part("getDate", .date, false), part("getDayOfWeek", .dayOfWeek, false),
            part("getHours", .hours, true), part("getMinutes", .minutes, true),
            part("getSeconds", .seconds, true), part("getMilliseconds", .milliseconds, true),
        ]
    }()
}
