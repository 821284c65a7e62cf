internal import Cypher
internal import PropertyGraph

/// Constructors of times and durations: from now, from text, from parts.
enum TemporalFunctions {
    static var all: [(String, ClosedRange<Int>, ScalarFunction)] {
        [
            self.constructor(
                "date", now: { .date($0.local.date) }, text: { CalendarDate(iso: $0).map(Value.date) }
            ) {
                try .date($0.date())
            },
            self.constructor(
                "localtime", now: { .localTime($0.local.time) },
                text: { LocalTime(iso: $0).map(Value.localTime) }
            ) { try .localTime($0.time()) },
            self.constructor(
                "time", now: { .time(ZonedTime(local: $0.local.time, offsetSeconds: 0)) },
                text: { text in
                    (ZonedTime(iso: text)
                        ?? LocalTime(iso: text).map { ZonedTime(local: $0, offsetSeconds: 0) })
                        .map(Value.time)
                }
            ) { try .time(ZonedTime(local: $0.time(), offsetSeconds: $0.offset())) },
            self.constructor(
                "localdatetime", now: { .localDateTime($0.local) },
                text: { self.localDateTime($0).map(Value.localDateTime) }
            ) { try .localDateTime(LocalDateTime(date: $0.date(), time: $0.time())) },
            self.constructor(
                "datetime", now: { .dateTime($0) },
                text: { text in
                    if let moment = ZonedDateTime(iso: text) { return .dateTime(moment) }
                    return self.localDateTime(text).map {
                        .dateTime(ZonedDateTime(seconds: $0.seconds, nanosecond: $0.nanosecond))
                    }
                }
            ) { parts in
                if let seconds = parts.whole("epochSeconds") {
                    return .dateTime(ZonedDateTime(seconds: seconds))
                }
                if let millis = parts.whole("epochMillis") {
                    let (seconds, rest) = floorDivide(millis, by: 1000)
                    return .dateTime(ZonedDateTime(seconds: seconds, nanosecond: rest * 1_000_000))
                }
                let local = try LocalDateTime(date: parts.date(), time: parts.time())
                let offset = try parts.offset()
                return .dateTime(
                    ZonedDateTime(
                        seconds: local.seconds - offset, nanosecond: local.nanosecond, offsetSeconds: offset))
            },
            unary("duration") { _, value in
                switch value {
                case .string(let text):
                    guard let amount = TemporalDuration(iso: text) else {
                        throw self.unreadable("duration", text)
                    }
                    return .duration(amount)
                case .map(let map): return .duration(TemporalParts(map: map).duration())
                case .duration: return value
                default: throw wrongArgument("duration", value, "a text or a map")
                }
            },
            strict("duration.between", 2...2) { _, a in
                guard let from = self.instant(a[0]), let to = self.instant(a[1]) else {
                    throw wrongArgument("duration.between", a[0], "two times")
                }
                let (days, seconds) = (to.seconds - from.seconds).quotientAndRemainder(dividingBy: 86_400)
                return .duration(
                    TemporalDuration(
                        days: days, seconds: seconds, nanoseconds: to.nanosecond - from.nanosecond))
            },
            strict("duration.inSeconds", 2...2) { _, a in
                guard let from = self.instant(a[0]), let to = self.instant(a[1]) else {
                    throw wrongArgument("duration.inSeconds", a[0], "two times")
                }
                return .duration(
                    TemporalDuration(
                        seconds: to.seconds - from.seconds, nanoseconds: to.nanosecond - from.nanosecond))
            },
            strict("duration.inDays", 2...2) { _, a in
                guard let from = self.instant(a[0]), let to = self.instant(a[1]) else {
                    throw wrongArgument("duration.inDays", a[0], "two times")
                }
                return .duration(TemporalDuration(days: (to.seconds - from.seconds) / 86_400))
            },
        ]
    }

    private static func constructor(
        _ name: String, now: @escaping @Sendable (ZonedDateTime) -> Value,
        text: @escaping @Sendable (String) -> Value?,
        parts: @escaping @Sendable (TemporalParts) throws -> Value
    ) -> (String, ClosedRange<Int>, ScalarFunction) {
        (
            name, 0...1,
            { context, arguments in
                guard let argument = arguments.first else { return now(context.now) }
                switch argument {
                case .null: return .null
                case .string(let source):
                    guard let value = text(source) else { throw self.unreadable(name, source) }
                    return value
                case .map(let map): return try parts(TemporalParts(map: map))
                default:
                    guard let moment = TemporalParts(moment: argument) else {
                        throw wrongArgument(name, argument, "a text, a map or a time")
                    }
                    return try parts(moment)
                }
            }
        )
    }

    private static func localDateTime(_ text: String) -> LocalDateTime? {
        LocalDateTime(iso: text)
            ?? CalendarDate(iso: text).map { LocalDateTime(date: $0, time: LocalTime(nanosecondOfDay: 0)) }
    }

    static func unreadable(_ name: String, _ text: String) -> CypherError {
        CypherError(
            .argument, "InvalidArgumentValue", "`\(text.prefix(60))` cannot be read as a \(name)",
            hint: "write ISO 8601, such as 2026-11-24 or 2026-11-24T12:00:00Z")
    }

    private static func instant(_ value: Value) -> (seconds: Int, nanosecond: Int)? {
        switch value {
        case .date(let date): (date.days * 86_400, 0)
        case .localDateTime(let moment): (moment.seconds, moment.nanosecond)
        case .dateTime(let moment): (moment.seconds, moment.nanosecond)
        case .localTime(let time):
            (time.nanosecondOfDay / 1_000_000_000, time.nanosecondOfDay % 1_000_000_000)
        default: nil
        }
    }
}

/// The parts of a time: `{year: 2026, month: 11}`, `moment.year`.
struct TemporalParts {
    private let map: [String: Value]

    init(map: [String: Value]) {
        var map = map
        // `{date: d, hour: 12}` starts from the parts of d.
        for key in ["datetime", "date", "time"] {
            guard let base = map[key], let parts = TemporalParts(moment: base) else { continue }
            map.merge(parts.map) { given, _ in given }
        }
        self.map = map
    }

    init?(moment: Value) {
        var map: [String: Value] = [:]
        for key in ["year", "month", "day", "hour", "minute", "second", "nanosecond", "offsetSeconds"] {
            if let part = Self.part(key, of: moment) { map[key] = part }
        }
        guard !map.isEmpty else { return nil }
        self.map = map
    }

    func whole(_ key: String) -> Int? { self.map[key]?.integer }

    private func number(_ key: String) -> Double {
        switch self.map[key] {
        case .integer(let number)?: Double(number)
        case .float(let number)?: number
        default: 0
        }
    }

    func date() throws(CypherError) -> CalendarDate {
        guard let year = self.whole("year"),
            let date = CalendarDate(year: year, month: self.whole("month") ?? 1, day: self.whole("day") ?? 1)
        else { throw CypherError(.argument, "InvalidArgumentValue", "there is no such day") }
        return date
    }

    func time() throws(CypherError) -> LocalTime {
        let (hour, minute, second) = (
            self.whole("hour") ?? 0, self.whole("minute") ?? 0, self.whole("second") ?? 0
        )
        let nanos =
            (self.whole("millisecond") ?? 0) * 1_000_000 + (self.whole("microsecond") ?? 0) * 1000
            + (self.whole("nanosecond") ?? 0)
        guard (0..<24).contains(hour), (0..<60).contains(minute), (0..<60).contains(second),
            (0..<1_000_000_000).contains(nanos)
        else { throw CypherError(.argument, "InvalidArgumentValue", "there is no such time of day") }
        return LocalTime(nanosecondOfDay: ((hour * 60 + minute) * 60 + second) * 1_000_000_000 + nanos)
    }

    func offset() throws(CypherError) -> Int {
        if let seconds = self.whole("offsetSeconds") { return seconds }
        guard let zone = self.map["timezone"]?.string else { return 0 }
        if zone == "Z" || zone == "UTC" { return 0 }
        guard let time = ZonedTime(iso: "00:00" + zone) else {
            throw CypherError(
                .argument, "InvalidArgumentValue", "`\(zone)` is not an offset such as +01:00",
                hint: "named zones are not known yet")
        }
        return time.offsetSeconds
    }

    func duration() -> TemporalDuration {
        let months = self.number("years") * 12 + self.number("quarters") * 3 + self.number("months")
        let days = self.number("weeks") * 7 + self.number("days")
        let seconds = self.number("hours") * 3600 + self.number("minutes") * 60 + self.number("seconds")
        let nanos =
            self.number("milliseconds") * 1e6 + self.number("microseconds") * 1e3 + self.number("nanoseconds")
        return TemporalDuration(months: 1).scaled(months)
            .adding(TemporalDuration(days: 1).scaled(days), times: 1)
            .adding(TemporalDuration(seconds: 1).scaled(seconds), times: 1)
            .adding(TemporalDuration(nanoseconds: Int(exactly: nanos.rounded()) ?? 0), times: 1)
    }

    /// One part of a time or duration or point, or nil when it has no such part.
    static func part(_ key: String, of value: Value) -> Value? {
        switch value {
        case .date(let date): self.part(key, date: date)
        case .localTime(let time): self.part(key, time: time)
        case .time(let time):
            key == "offsetSeconds" ? .integer(time.offsetSeconds) : self.part(key, time: time.local)
        case .localDateTime(let moment):
            self.part(key, date: moment.date) ?? self.part(key, time: moment.time)
        case .dateTime(let moment): self.part(key, moment)
        case .duration(let amount): self.part(key, amount)
        case .point(let point): self.part(key, point)
        default: nil
        }
    }

    private static func part(_ key: String, _ moment: ZonedDateTime) -> Value? {
        switch key {
        case "epochSeconds": .integer(moment.seconds)
        case "epochMillis": .integer(moment.epochMilliseconds)
        case "offsetSeconds": .integer(moment.offsetSeconds)
        case "timezone": .string(moment.zone ?? "Z")
        default: self.part(key, date: moment.local.date) ?? self.part(key, time: moment.local.time)
        }
    }

    private static func part(_ key: String, date: CalendarDate) -> Value? {
        let (year, month, day) = CivilCalendar.civil(days: date.days)
        switch key {
        case "year": return .integer(year)
        case "quarter": return .integer((month - 1) / 3 + 1)
        case "month": return .integer(month)
        case "day": return .integer(day)
        case "dayOfWeek", "weekDay": return .integer(floorDivide(date.days + 3, by: 7).remainder + 1)
        case "ordinalDay": return .integer(date.days - CivilCalendar.days(year: year, month: 1, day: 1) + 1)
        default: return nil
        }
    }

    private static func part(_ key: String, time: LocalTime) -> Value? {
        let (second, nanosecond) = floorDivide(time.nanosecondOfDay, by: 1_000_000_000)
        switch key {
        case "hour": return .integer(second / 3600)
        case "minute": return .integer(second / 60 % 60)
        case "second": return .integer(second % 60)
        case "millisecond": return .integer(nanosecond / 1_000_000)
        case "microsecond": return .integer(nanosecond / 1000)
        case "nanosecond": return .integer(nanosecond)
        default: return nil
        }
    }

    private static func part(_ key: String, _ amount: TemporalDuration) -> Value? {
        switch key {
        case "years": .integer(amount.months / 12)
        case "months": .integer(amount.months)
        case "monthsOfYear": .integer(amount.months % 12)
        case "weeks": .integer(amount.days / 7)
        case "days": .integer(amount.days)
        case "hours": .integer(amount.seconds / 3600)
        case "minutes": .integer(amount.seconds / 60)
        case "seconds": .integer(amount.seconds)
        case "milliseconds": .integer(amount.seconds * 1000 + amount.nanosecond / 1_000_000)
        default: nil
        }
    }

    private static func part(_ key: String, _ point: Point) -> Value? {
        switch key {
        case "x", "longitude": .float(point.x)
        case "y", "latitude": .float(point.y)
        case "z", "height": point.z.map(Value.float)
        case "crs": .string(point.system.name)
        case "srid": .integer(point.system.rawValue)
        default: nil
        }
    }
}
