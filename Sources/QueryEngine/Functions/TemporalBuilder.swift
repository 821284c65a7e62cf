internal import Cypher
internal import PropertyGraph

/// Puts a time together from the parts of another and a map that overrides some of them.
struct TemporalBuilder {
    private var date: CalendarDate?
    private var time: LocalTime?
    private var zone: TimeZones.Zone?
    /// What the offset was at the moment that the time was taken from; a time of day has no date to tell it.
    private var offset: Int?
    /// The zone that the time is to be shown in; a time with a zone of its own keeps its moment.
    private var wanted: TimeZones.Zone?
    private var map: [String: Value] = [:]
    /// Truncated parts stay; what the map says below them is added.
    private var addsNanoseconds = false

    init(base: Value?, map: [String: Value] = [:]) throws(CypherError) {
        self.map = map
        if let base { self.take(base, dateToo: true, timeToo: true) }
        if let value = map["datetime"] { self.take(value, dateToo: true, timeToo: true) }
        if let value = map["date"] { self.take(value, dateToo: true, timeToo: false) }
        if let value = map["time"] { self.take(value, dateToo: false, timeToo: true) }
        if let wanted = map["timezone"]?.string { self.wanted = try TimeZones.zone(wanted) }
    }

    private mutating func take(_ value: Value, dateToo: Bool, timeToo: Bool) {
        var (date, time, zone): (CalendarDate?, LocalTime?, TimeZones.Zone?) = (nil, nil, nil)
        switch value {
        case .date(let day): date = day
        case .localTime(let clock): time = clock
        case .time(let clock): (time, zone) = (clock.local, .offset(clock.offsetSeconds))
        case .localDateTime(let moment): (date, time) = (moment.date, moment.time)
        case .dateTime(let moment):
            (date, time) = (moment.local.date, moment.local.time)
            zone = moment.zone.map(TimeZones.Zone.named) ?? .offset(moment.offsetSeconds)
        default: return
        }
        if dateToo, let date { self.date = date }
        if timeToo {
            if let time { self.time = time }
            if let zone {
                self.zone = zone
                self.offset = value.dateTime?.offsetSeconds
            }
        }
    }

    func build(_ kind: TemporalKind) throws(CypherError) -> Value {
        switch kind {
        case .date: return .date(self.canMove ? try self.builtMoment().local.date : try self.builtDate())
        case .localTime: return .localTime(try self.builtTime())
        case .time: return .time(try self.builtZonedTime())
        case .localDateTime:
            if self.canMove {
                let local = try self.builtMoment().local
                return .localDateTime(local)
            }
            return .localDateTime(LocalDateTime(date: try self.builtDate(), time: try self.builtTime()))
        case .dateTime: return .dateTime(try self.builtMoment())
        }
    }

    private var canMove: Bool {
        self.wanted != nil && self.zone != nil && self.date != nil && self.time != nil
    }

    private func builtZonedTime() throws(CypherError) -> ZonedTime {
        let time = try self.builtTime()
        let day = (self.date ?? CalendarDate(days: 20_000)).days * 86_400
        let own = self.zone.map { self.offset ?? TimeZones.offset(of: $0, at: day) }
        guard let wanted = self.wanted else { return ZonedTime(local: time, offsetSeconds: own ?? 0) }
        let offset = TimeZones.offset(of: wanted, at: day)
        let shift = own.map { offset - $0 } ?? 0
        let nanos = floorDivide(time.nanosecondOfDay + shift * 1_000_000_000, by: 86_400_000_000_000)
            .remainder
        return ZonedTime(local: LocalTime(nanosecondOfDay: nanos), offsetSeconds: offset)
    }

    private func builtMoment() throws(CypherError) -> ZonedDateTime {
        if let moment = try self.epochMoment() { return moment }
        let local = LocalDateTime(date: try self.builtDate(), time: try self.builtTime())
        guard let wanted = self.wanted else { return TimeZones.moment(local, self.zone ?? .offset(0)) }
        guard let zone = self.zone else { return TimeZones.moment(local, wanted) }
        return TimeZones.moved(TimeZones.moment(local, zone), to: wanted)
    }

    private func epochMoment() throws(CypherError) -> ZonedDateTime? {
        let moment: ZonedDateTime
        if let seconds = self.whole("epochSeconds") {
            let nanos = try self.part("nanosecond", 0...999_999_999) ?? 0
            moment = ZonedDateTime(seconds: try TemporalLimits.seconds(seconds), nanosecond: nanos)
        } else if let millis = self.whole("epochMillis") {
            let nanos = try self.part("nanosecond", 0...999_999) ?? 0
            let (seconds, rest) = floorDivide(millis, by: 1000)
            moment = ZonedDateTime(seconds: seconds, nanosecond: rest * 1_000_000 + nanos)
        } else {
            return nil
        }
        return self.wanted.map { TimeZones.moved(moment, to: $0) } ?? moment
    }

    private func whole(_ key: String) -> Int? { self.map[key]?.integer }

    private func part(_ key: String, _ range: ClosedRange<Int>) throws(CypherError) -> Int? {
        guard let value = self.map[key] else { return nil }
        guard let number = value.integer, range.contains(number) else {
            throw CypherError(
                .argument, "InvalidArgumentValue",
                "`\(key)` is a whole number from \(range.lowerBound) to \(range.upperBound), not \(ValueText.text(value) ?? value.typeName)"
            )
        }
        return number
    }

    // MARK: Dates

    private func builtDate() throws(CypherError) -> CalendarDate {
        let base = self.date.map(DateParts.init)
        guard let year = try self.part("year", CalendarDate.years) ?? base?.year else {
            throw CypherError(.argument, "InvalidArgumentValue", "a date needs at least a `year`")
        }
        var date: CalendarDate?
        if let week = try self.part("week", 1...53) {
            let day = try self.part("dayOfWeek", 1...7) ?? base?.dayOfWeek ?? 1
            let weekYear = self.whole("year") ?? base?.weekYear ?? year
            date = DateParts.date(weekYear: weekYear, week: week, dayOfWeek: day)
        } else if let ordinal = try self.part("ordinalDay", 1...366) {
            date = CalendarDate(days: CivilCalendar.days(year: year, month: 1, day: 1) + ordinal - 1)
            if ordinal == 366, !CivilCalendar.isLeap(year) { date = nil }
        } else if let quarter = try self.part("quarter", 1...4) {
            let day = try self.part("dayOfQuarter", 1...92) ?? base?.dayOfQuarter ?? 1
            date = CalendarDate(
                days: CivilCalendar.days(year: year, month: quarter * 3 - 2, day: 1) + day - 1)
        } else if let day = try self.part("dayOfWeek", 1...7), let base {
            date = DateParts.date(weekYear: base.weekYear, week: base.week, dayOfWeek: day)
        } else if let day = try self.part("dayOfQuarter", 1...92), let base {
            date = CalendarDate(
                days: CivilCalendar.days(year: year, month: base.quarter * 3 - 2, day: 1) + day - 1)
        } else {
            let month = try self.part("month", 1...12) ?? base?.month ?? 1
            date = CalendarDate(year: year, month: month, day: try self.part("day", 1...31) ?? base?.day ?? 1)
        }
        guard let date else { throw CypherError(.argument, "InvalidArgumentValue", "there is no such day") }
        return date
    }

    // MARK: Times

    private func builtTime() throws(CypherError) -> LocalTime {
        let base = self.time?.nanosecondOfDay ?? 0
        let hour = try self.part("hour", 0...23) ?? base / 3_600_000_000_000
        let minute = try self.part("minute", 0...59) ?? base / 60_000_000_000 % 60
        let second = try self.part("second", 0...59) ?? base / 1_000_000_000 % 60
        let millis = try self.part("millisecond", 0...999)
        let micros = try self.part("microsecond", 0...(millis == nil ? 999_999 : 999))
        let nanos = try self.part(
            "nanosecond", 0...(micros != nil ? 999 : (millis != nil ? 999_999 : 999_999_999)))
        var fraction = base % 1_000_000_000
        if millis != nil || micros != nil || nanos != nil {
            let given = (millis ?? 0) * 1_000_000 + (micros ?? 0) * 1000 + (nanos ?? 0)
            fraction = self.addsNanoseconds ? fraction + given : given
        }
        return LocalTime(nanosecondOfDay: ((hour * 60 + minute) * 60 + second) * 1_000_000_000 + fraction)
    }

    // MARK: Truncation

    /// The start of the unit that the time lies in, with the map's parts put over it.
    func truncated(to unit: String, map: [String: Value]) throws(CypherError) -> TemporalBuilder {
        var builder = self
        let nanos = self.time?.nanosecondOfDay ?? 0
        let sizes = [
            "hour": 3_600_000_000_000, "minute": 60_000_000_000, "second": 1_000_000_000,
            "millisecond": 1_000_000,
            "microsecond": 1000,
        ]
        if let size = sizes[unit] {
            guard self.time != nil else {
                throw CypherError(.argument, "InvalidArgumentValue", "a day cannot be cut to the \(unit)")
            }
            builder.time = LocalTime(nanosecondOfDay: nanos / size * size)
        } else {
            builder.time = LocalTime(nanosecondOfDay: 0)
            if unit != "day" {
                guard let date = self.date else {
                    throw CypherError(.argument, "InvalidArgumentValue", "a time of day has no \(unit)")
                }
                builder.date = try DateParts(date).start(of: unit)
            }
        }
        builder.addsNanoseconds = true
        builder.map = map
        if let zone = map["timezone"]?.string {
            builder.zone = try TimeZones.zone(zone)
            builder.offset = nil
        }
        return builder
    }
}

/// A day seen as year, quarter, month, week and so on.
struct DateParts {
    let date: CalendarDate
    let year: Int
    let month: Int
    let day: Int

    init(_ date: CalendarDate) {
        self.date = date
        (self.year, self.month, self.day) = CivilCalendar.civil(days: date.days)
    }

    var quarter: Int { (self.month - 1) / 3 + 1 }
    var dayOfWeek: Int { floorDivide(self.date.days + 3, by: 7).remainder + 1 }
    var ordinalDay: Int { self.date.days - CivilCalendar.days(year: self.year, month: 1, day: 1) + 1 }
    var dayOfQuarter: Int {
        self.date.days - CivilCalendar.days(year: self.year, month: self.quarter * 3 - 2, day: 1) + 1
    }

    /// The year of ISO 8601 that the week belongs to: that of its Thursday.
    var weekYear: Int { CivilCalendar.civil(days: self.date.days - self.dayOfWeek + 4).year }

    var week: Int { (self.date.days - Self.firstMonday(of: self.weekYear)) / 7 + 1 }

    /// The Monday of week 1, which holds 4 January.
    private static func firstMonday(of year: Int) -> Int {
        let fourth = CivilCalendar.days(year: year, month: 1, day: 4)
        return fourth - floorDivide(fourth + 3, by: 7).remainder
    }

    static func date(weekYear: Int, week: Int, dayOfWeek: Int) -> CalendarDate? {
        let date = CalendarDate(days: self.firstMonday(of: weekYear) + (week - 1) * 7 + dayOfWeek - 1)
        return week == 53 && DateParts(date).weekYear != weekYear ? nil : date
    }

    func start(of unit: String) throws(CypherError) -> CalendarDate {
        func first(year: Int, month: Int = 1) -> CalendarDate {
            CalendarDate(days: CivilCalendar.days(year: year, month: month, day: 1))
        }
        switch unit {
        case "millennium": return first(year: floorDivide(self.year, by: 1000).quotient * 1000)
        case "century": return first(year: floorDivide(self.year, by: 100).quotient * 100)
        case "decade": return first(year: floorDivide(self.year, by: 10).quotient * 10)
        case "year": return first(year: self.year)
        case "weekYear": return CalendarDate(days: Self.firstMonday(of: self.weekYear))
        case "quarter": return first(year: self.year, month: self.quarter * 3 - 2)
        case "month": return first(year: self.year, month: self.month)
        case "week": return CalendarDate(days: self.date.days - self.dayOfWeek + 1)
        default:
            throw CypherError(.argument, "InvalidArgumentValue", "`\(unit.prefix(40))` is no unit of time")
        }
    }
}
