internal import Cypher
internal import PropertyGraph

/// Constructors of times and durations: from now, from text, from parts, from other times.
enum TemporalFunctions {
    static var all: [(String, ClosedRange<Int>, ScalarFunction)] {
        let kinds: [(String, TemporalKind)] = [
            ("date", .date), ("localtime", .localTime), ("time", .time), ("localdatetime", .localDateTime),
            ("datetime", .dateTime),
        ]
        var functions: [(String, ClosedRange<Int>, ScalarFunction)] = []
        for (name, kind) in kinds {
            functions.append(
                (name, 0...1, { context, arguments in try self.make(kind, name, arguments, context) }))
            for clock in ["transaction", "statement", "realtime"] {
                functions.append(
                    (
                        "\(name).\(clock)", 0...1,
                        { context, arguments in try self.clock(kind, "\(name).\(clock)", arguments, context) }
                    ))
            }
            functions.append(
                (
                    "\(name).truncate", 1...3,
                    { context, arguments in try self.truncate(kind, name, arguments, context) }
                ))
        }
        return functions + self.durations + [
            strict("datetime.fromEpoch", 2...2) { _, a in
                guard let seconds = a[0].integer, let nanos = a[1].integer else {
                    throw wrongArgument("datetime.fromEpoch", a[0], "whole numbers")
                }
                let (carry, nanosecond) = floorDivide(nanos, by: 1_000_000_000)
                return .dateTime(
                    ZonedDateTime(
                        seconds: try TemporalLimits.seconds(seconds) + carry, nanosecond: nanosecond))
            },
            strict("datetime.fromEpochMillis", 1...1) { _, a in
                guard let millis = a[0].integer else {
                    throw wrongArgument("datetime.fromEpochMillis", a[0], "a whole number")
                }
                let (seconds, rest) = floorDivide(millis, by: 1000)
                return .dateTime(ZonedDateTime(seconds: seconds, nanosecond: rest * 1_000_000))
            },
        ]
    }

    /// Now, in the zone that the argument names.
    private static func clock(
        _ kind: TemporalKind, _ name: String, _ arguments: [Value], _ context: ExecutionContext
    ) throws -> Value {
        switch arguments.first {
        case nil: return try self.make(kind, name, [], context)
        case .null?: return .null
        case .string?: return try self.make(kind, name, [.map(["timezone": arguments[0]])], context)
        case .map?: return try self.make(kind, name, arguments, context)
        case let other?: throw wrongArgument(name, other, "the name of a time zone")
        }
    }

    private static func make(
        _ kind: TemporalKind, _ name: String, _ arguments: [Value], _ context: ExecutionContext
    ) throws -> Value {
        guard let argument = arguments.first else {
            return try TemporalBuilder(base: .dateTime(context.now)).build(kind)
        }
        switch argument {
        case .null: return .null
        case .string(let text):
            guard let value = try TemporalText.parse(text, as: kind) else {
                throw self.unreadable(name, text)
            }
            return value
        case .map(let map):
            guard !map.values.contains(where: \.isNull) else { return .null }
            if map.count == 1, map["timezone"] != nil {
                return try TemporalBuilder(base: .dateTime(context.now), map: map).build(kind)
            }
            return try TemporalBuilder(base: nil, map: map).build(kind)
        default:
            guard TemporalKind(argument) != nil else {
                throw wrongArgument(name, argument, "a text, a map or a time")
            }
            return try TemporalBuilder(base: argument).build(kind)
        }
    }

    private static func truncate(
        _ kind: TemporalKind, _ name: String, _ arguments: [Value], _ context: ExecutionContext
    ) throws -> Value {
        guard let unit = arguments[0].string else {
            throw wrongArgument(name + ".truncate", arguments[0], "a unit")
        }
        let value = arguments.count > 1 ? arguments[1] : .dateTime(context.now)
        if value.isNull { return .null }
        guard TemporalKind(value) != nil else { throw wrongArgument(name + ".truncate", value, "a time") }
        let map = arguments.count > 2 ? arguments[2].map ?? [:] : [:]
        return try TemporalBuilder(base: value).truncated(to: unit, map: map).build(kind)
    }

    // MARK: Durations

    private static var durations: [(String, ClosedRange<Int>, ScalarFunction)] {
        [
            unary("duration") { _, value in
                switch value {
                case .string(let text):
                    guard let amount = try TemporalText.duration(text) else {
                        throw self.unreadable("duration", text)
                    }
                    return .duration(amount)
                case .map(let map): return .duration(try self.duration(map))
                case .duration: return value
                default: throw wrongArgument("duration", value, "a text or a map")
                }
            },
            strict("duration.between", 2...2) { _, a in try .duration(DurationBetween(a[0], a[1]).whole()) },
            strict("duration.inMonths", 2...2) { _, a in
                try .duration(TemporalDuration(months: DurationBetween(a[0], a[1]).whole().months))
            },
            strict("duration.inDays", 2...2) { _, a in try .duration(DurationBetween(a[0], a[1]).days()) },
            strict("duration.inSeconds", 2...2) { _, a in try .duration(DurationBetween(a[0], a[1]).seconds())
            },
        ]
    }

    private static let units: [(name: String, one: TemporalDuration)] = [
        ("years", TemporalDuration(months: 12)), ("quarters", TemporalDuration(months: 3)),
        ("months", TemporalDuration(months: 1)), ("weeks", TemporalDuration(days: 7)),
        ("days", TemporalDuration(days: 1)),
        ("hours", TemporalDuration(seconds: 3600)), ("minutes", TemporalDuration(seconds: 60)),
        ("seconds", TemporalDuration(seconds: 1)), ("milliseconds", TemporalDuration(nanoseconds: 1_000_000)),
        ("microseconds", TemporalDuration(nanoseconds: 1000)),
        ("nanoseconds", TemporalDuration(nanoseconds: 1)),
    ]

    static func duration(_ map: [String: Value]) throws(CypherError) -> TemporalDuration {
        var sum = TemporalDuration()
        for (name, one) in self.units {
            switch map[name] {
            case nil, .null?: continue
            case .integer(let number)?: sum = try sum.adding(one.times(number), times: 1)
            case .float(let number)?: sum = try sum.adding(one.scaled(number), times: 1)
            case let other?: throw wrongArgument("duration", other, "numbers")
            }
        }
        return sum
    }

    static func unreadable(_ name: String, _ text: String) -> CypherError {
        CypherError(
            .argument, "InvalidArgumentValue", "`\(text.prefix(60))` cannot be read as a \(name)",
            hint: "write ISO 8601, such as 2026-11-24 or 2026-11-24T12:00:00Z")
    }
}

/// The five kinds of times.
enum TemporalKind {
    case date
    case localTime
    case time
    case localDateTime
    case dateTime

    /// The kind of a value; nil when it is no time.
    init?(_ value: Value) {
        switch value {
        case .date: self = .date
        case .localTime: self = .localTime
        case .time: self = .time
        case .localDateTime: self = .localDateTime
        case .dateTime: self = .dateTime
        default: return nil
        }
    }
}

/// How large times and durations may become, so that their arithmetic cannot overflow.
enum TemporalLimits {
    /// Seconds of 999,999,999 years.
    static let secondsLimit = 31_556_889_864_403_199

    static func seconds(_ seconds: Int) throws(CypherError) -> Int {
        guard abs(Double(seconds)) <= Double(self.secondsLimit) else { throw self.tooLarge() }
        return seconds
    }

    static func whole(_ number: Double) throws(CypherError) -> Int {
        guard number.isFinite, abs(number) <= 4e18 else { throw self.tooLarge() }
        return Int(number)
    }

    static func tooLarge() -> CypherError {
        CypherError(.arithmetic, "NumberOutOfRange", "the time or duration is out of range")
    }
}
