internal import Cypher
internal import PropertyGraph

/// Reads the many forms of ISO 8601 that people type.
enum TemporalText {
    static func parse(_ text: String, as kind: TemporalKind) throws(CypherError) -> Value? {
        switch kind {
        case .date: return self.date(text).map(Value.date)
        case .localTime: return self.time(text).map(Value.localTime)
        case .time:
            let (clock, zone) = self.splitZone(text)
            guard let time = self.time(clock) else { return nil }
            let offset = zone.isEmpty ? 0 : TimeZones.offset(zone)
            return offset.map { .time(ZonedTime(local: time, offsetSeconds: $0)) }
        case .localDateTime: return self.localDateTime(text).map(Value.localDateTime)
        case .dateTime: return try self.dateTime(text).map(Value.dateTime)
        }
    }

    private static func dateTime(_ text: String) throws(CypherError) -> ZonedDateTime? {
        var rest = text
        var named: TimeZones.Zone?
        if let open = rest.firstIndex(of: "["), rest.hasSuffix("]") {
            named = try TimeZones.zone(String(rest[rest.index(after: open)...].dropLast()))
            rest = String(rest[..<open])
        }
        guard let split = rest.firstIndex(of: "T") else {
            return self.date(rest).map {
                TimeZones.moment(
                    LocalDateTime(date: $0, time: LocalTime(nanosecondOfDay: 0)), named ?? .offset(0))
            }
        }
        let (clock, zone) = self.splitZone(String(rest[rest.index(after: split)...]))
        guard let date = self.date(String(rest[..<split])), let time = self.time(clock) else { return nil }
        let local = LocalDateTime(date: date, time: time)
        if let named { return TimeZones.moment(local, named) }
        if zone.isEmpty { return TimeZones.moment(local, .offset(0)) }
        return TimeZones.offset(zone).map { TimeZones.moment(local, .offset($0)) }
    }

    private static func localDateTime(_ text: String) -> LocalDateTime? {
        guard let split = text.firstIndex(of: "T") else {
            return self.date(text).map { LocalDateTime(date: $0, time: LocalTime(nanosecondOfDay: 0)) }
        }
        guard let date = self.date(String(text[..<split])),
            let time = self.time(String(text[text.index(after: split)...]))
        else { return nil }
        return LocalDateTime(date: date, time: time)
    }

    /// A clock and what follows it: `12:31+01:00` is `12:31` and `+01:00`.
    private static func splitZone(_ text: String) -> (clock: String, zone: String) {
        guard let start = text.firstIndex(where: { "+-Zz".contains($0) }) else { return (text, "") }
        return (String(text[..<start]), String(text[start...]))
    }

    // MARK: Dates

    private static func date(_ text: String) -> CalendarDate? {
        if let date = CalendarDate(iso: text) { return date }
        let parts = text.split(separator: "-", omittingEmptySubsequences: false).map(String.init)
        guard text.utf8.allSatisfy({ (48...57).contains($0) || [45, 81, 87].contains($0) }) else {
            return nil
        }
        switch parts.count {
        case 1: return self.compactDate(text)
        case 2 where parts[0].count == 4: return self.date(year: parts[0], parts[1], nil)
        case 3 where parts[0].count == 4: return self.date(year: parts[0], parts[1], parts[2])
        default: return nil
        }
    }

    /// `2015`, `201507`, `20150721`, `2015W30`, `2015W302`, `2015Q2`, `2015202`
    private static func compactDate(_ text: String) -> CalendarDate? {
        guard text.count >= 4 else { return nil }
        let (year, rest) = (String(text.prefix(4)), String(text.dropFirst(4)))
        switch (rest.first, rest.count) {
        case (nil, _): return self.date(year: year, "01", nil)
        case ("W", 3): return self.date(year: year, rest, nil)
        case ("W", 4): return self.date(year: year, String(rest.prefix(3)), String(rest.suffix(1)))
        case ("Q", 4): return self.date(year: year, String(rest.prefix(2)), String(rest.suffix(2)))
        case (_, 2): return self.date(year: year, rest, nil)
        case (_, 3): return self.date(year: year, rest, nil)
        case (_, 4): return self.date(year: year, String(rest.prefix(2)), String(rest.suffix(2)))
        default: return nil
        }
    }

    /// The middle is a month, `W30`, `Q2` or, with three digits, a day of the year.
    private static func date(year: String, _ middle: String, _ last: String?) -> CalendarDate? {
        guard let year = Int(year) else { return nil }
        let day = last.map { Int($0) ?? -1 } ?? 1
        switch middle.first {
        case "W":
            guard let week = Int(middle.dropFirst()), (1...53).contains(week), (1...7).contains(day) else {
                return nil
            }
            return DateParts.date(weekYear: year, week: week, dayOfWeek: day)
        case "Q":
            guard let quarter = Int(middle.dropFirst()), (1...4).contains(quarter), (1...92).contains(day)
            else { return nil }
            return CalendarDate(
                days: CivilCalendar.days(year: year, month: quarter * 3 - 2, day: 1) + day - 1)
        default:
            guard let number = Int(middle) else { return nil }
            if middle.count == 3, last == nil, (1...366).contains(number) {
                return CalendarDate(days: CivilCalendar.days(year: year, month: 1, day: 1) + number - 1)
            }
            return middle.count == 2 ? CalendarDate(year: year, month: number, day: day) : nil
        }
    }

    // MARK: Times

    /// `21:40:32.142`, `214032.142`, `21:40`, `2140`, `21`
    private static func time(_ text: String) -> LocalTime? {
        let halves = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false).map(
            String.init)
        let digits = (halves.first ?? "").filter { $0 != ":" }
        guard [2, 4, 6].contains(digits.count), digits.utf8.allSatisfy({ (48...57).contains($0) }) else {
            return nil
        }
        var canonical = stride(from: 0, to: digits.count, by: 2)
            .map { String(digits.dropFirst($0).prefix(2)) }.joined(separator: ":")
        if digits.count == 2 { canonical += ":00" }
        if halves.count == 2 { canonical += "." + halves[1] }
        return LocalTime(iso: canonical)
    }

    // MARK: Durations

    static func duration(_ text: String) throws(CypherError) -> TemporalDuration? {
        if let plain = TemporalDuration(iso: text), !text.contains(".") { return plain }
        guard text.hasPrefix("P") else { return nil }
        let halves = text.dropFirst().split(separator: "T", maxSplits: 1, omittingEmptySubsequences: false)
            .map(String.init)
        if let dates = self.dated(halves) { return dates }
        var map: [String: Value] = [:]
        let units: [[Character: String]] = [
            ["Y": "years", "M": "months", "W": "weeks", "D": "days"],
            ["H": "hours", "M": "minutes", "S": "seconds"],
        ]
        for (index, half) in halves.enumerated() {
            var number = ""
            for character in half {
                if let unit = units[index][character] {
                    guard let value = Double(number) else { return nil }
                    map[unit] = .float(value)
                    number = ""
                } else {
                    number.append(character)
                }
            }
            guard number.isEmpty else { return nil }
        }
        return map.isEmpty ? nil : try TemporalFunctions.duration(map)
    }

    /// `P2012-02-02T14:37:21.545`
    private static func dated(_ halves: [String]) -> TemporalDuration? {
        let parts = (halves.first ?? "").split(separator: "-").map { Int($0) }
        guard parts.count == 3, let years = parts[0], let months = parts[1], let days = parts[2] else {
            return nil
        }
        let time = halves.count == 2 ? self.time(halves[1]) : LocalTime(nanosecondOfDay: 0)
        guard let time, years < 1_000_000_000 else { return nil }
        return TemporalDuration(months: years * 12 + months, days: days, nanoseconds: time.nanosecondOfDay)
    }
}
