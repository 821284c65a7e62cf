internal import PropertyGraph

/// `moment.year`, `amount.days`, `point.x`.
enum TemporalParts {
    /// One part of a time, duration or point; nil when it has no such part.
    static func part(_ key: String, of value: Value) -> Value? {
        switch value {
        case .date(let date): self.part(key, date: date)
        case .localTime(let time): self.part(key, time: time)
        case .time(let time): self.zonePart(key, time.offsetSeconds, nil) ?? self.part(key, time: time.local)
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
        default:
            self.zonePart(key, moment.offsetSeconds, moment.zone) ?? self.part(key, date: moment.local.date)
                ?? self.part(key, time: moment.local.time)
        }
    }

    private static func zonePart(_ key: String, _ offset: Int, _ zone: String?) -> Value? {
        let text = ZonedTime(local: LocalTime(nanosecondOfDay: 0), offsetSeconds: offset).description
            .dropFirst(5)
        switch key {
        case "timezone": return .string(zone ?? String(text))
        case "offset": return .string(String(text))
        case "offsetMinutes": return .integer(offset / 60)
        case "offsetSeconds": return .integer(offset)
        default: return nil
        }
    }

    private static func part(_ key: String, date: CalendarDate) -> Value? {
        let parts = DateParts(date)
        switch key {
        case "year": return .integer(parts.year)
        case "quarter": return .integer(parts.quarter)
        case "month": return .integer(parts.month)
        case "week": return .integer(parts.week)
        case "weekYear": return .integer(parts.weekYear)
        case "day": return .integer(parts.day)
        case "dayOfWeek", "weekDay": return .integer(parts.dayOfWeek)
        case "dayOfQuarter": return .integer(parts.dayOfQuarter)
        case "ordinalDay": return .integer(parts.ordinalDay)
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
        func scaled(_ factor: Int, _ more: Int) -> Value {
            let (product, overflow) = amount.seconds.multipliedReportingOverflow(by: factor)
            let (sum, second) = product.addingReportingOverflow(more)
            return overflow || second ? .null : .integer(sum)
        }
        switch key {
        case "years": return .integer(amount.months / 12)
        case "quarters": return .integer(amount.months / 3)
        case "months": return .integer(amount.months)
        case "quartersOfYear": return .integer(amount.months / 3 % 4)
        case "monthsOfYear": return .integer(amount.months % 12)
        case "monthsOfQuarter": return .integer(amount.months % 3)
        case "weeks": return .integer(amount.days / 7)
        case "days": return .integer(amount.days)
        case "daysOfWeek": return .integer(amount.days % 7)
        case "hours": return .integer(amount.seconds / 3600)
        case "minutes": return .integer(amount.seconds / 60)
        case "seconds": return .integer(amount.seconds)
        case "minutesOfHour": return .integer(amount.seconds / 60 % 60)
        case "secondsOfMinute": return .integer(amount.seconds % 60)
        case "milliseconds": return scaled(1000, amount.nanosecond / 1_000_000)
        case "microseconds": return scaled(1_000_000, amount.nanosecond / 1000)
        case "nanoseconds": return scaled(1_000_000_000, amount.nanosecond)
        case "millisecondsOfSecond": return .integer(amount.nanosecond / 1_000_000)
        case "microsecondsOfSecond": return .integer(amount.nanosecond / 1000)
        case "nanosecondsOfSecond": return .integer(amount.nanosecond)
        default: return nil
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
