internal import Cypher
internal import PropertyGraph

/// What lies between two times. When one of them has no date, it is taken on the other's; when one has no zone, in the
/// other's.
struct DurationBetween {
    private let from: LocalDateTime
    private let to: LocalDateTime
    /// Seconds between the moments; differs from the clocks when an offset changes in between.
    private let elapsed: Int

    init(_ from: Value, _ to: Value) throws(CypherError) {
        guard TemporalKind(from) != nil, TemporalKind(to) != nil else {
            throw wrongArgument("duration.between", TemporalKind(from) == nil ? from : to, "two times")
        }
        let day = Self.date(from) ?? Self.date(to)
        let zone = Self.zone(from) ?? Self.zone(to)
        let (a, b) = (Self.local(from, on: day), Self.local(to, on: day))
        let bothZoned = Self.zone(from) != nil && Self.zone(to) != nil
        guard let zone, bothZoned else {
            self.from = a
            self.to = b
            if let zone, day != nil {
                self.elapsed = TimeZones.moment(b, zone).seconds - TimeZones.moment(a, zone).seconds
            } else {
                self.elapsed = b.seconds - a.seconds
            }
            return
        }
        let (x, y) = (TimeZones.moment(a, zone), TimeZones.moment(b, Self.zone(to) ?? zone))
        self.from = a
        self.to = LocalDateTime(
            seconds: y.seconds + TimeZones.offset(of: zone, at: y.seconds), nanosecond: y.nanosecond)
        self.elapsed = y.seconds - x.seconds
    }

    private static func zone(_ value: Value) -> TimeZones.Zone? {
        switch value {
        case .time(let time): .offset(time.offsetSeconds)
        case .dateTime(let moment): moment.zone.map(TimeZones.Zone.named) ?? .offset(moment.offsetSeconds)
        default: nil
        }
    }

    private static func date(_ value: Value) -> CalendarDate? {
        switch value {
        case .date(let date): date
        case .localDateTime(let moment): moment.date
        case .dateTime(let moment): moment.local.date
        default: nil
        }
    }

    /// The day and clock of a value; a time without a date is taken on the given day.
    private static func local(_ value: Value, on day: CalendarDate?) -> LocalDateTime {
        let day = self.date(value) ?? day ?? CalendarDate(days: 0)
        return switch value {
        case .localTime(let time): LocalDateTime(date: day, time: time)
        case .time(let time): LocalDateTime(date: day, time: time.local)
        case .localDateTime(let moment): moment
        case .dateTime(let moment): moment.local
        default: LocalDateTime(date: day, time: LocalTime(nanosecondOfDay: 0))
        }
    }

    /// All in seconds.
    func seconds() -> TemporalDuration {
        TemporalDuration(seconds: self.elapsed, nanoseconds: self.to.nanosecond - self.from.nanosecond)
    }

    /// Whole days only.
    func days() -> TemporalDuration { TemporalDuration(days: self.wholeDays(from: self.from)) }

    /// Months, then days, then seconds.
    func whole() throws(CypherError) -> TemporalDuration {
        let (a, b) = (DateParts(self.from.date), DateParts(self.to.date))
        var months = (b.year - a.year) * 12 + b.month - a.month
        let isForward = self.from <= self.to
        // A month that is not full does not count.
        if isForward, try self.to < self.from.adding(months: months) { months -= 1 }
        if !isForward, try self.from.adding(months: months) < self.to { months += 1 }
        let middle = try self.from.adding(months: months)
        let days = self.wholeDays(from: middle)
        let seconds = self.to.seconds - middle.seconds - days * 86_400
        // Where an offset changed, the clocks differ from what has passed: within a day, what has passed counts.
        let correction = months == 0 && days == 0 ? self.elapsed - (self.to.seconds - self.from.seconds) : 0
        return TemporalDuration(
            months: months, days: days, seconds: seconds + correction,
            nanoseconds: self.to.nanosecond - middle.nanosecond)
    }

    private func wholeDays(from start: LocalDateTime) -> Int {
        let seconds = self.to.seconds - start.seconds
        let nanos = self.to.nanosecond - start.nanosecond
        // Towards zero, the nanoseconds included.
        if seconds > 0, nanos < 0 { return (seconds - 1) / 86_400 }
        if seconds < 0, nanos > 0 { return (seconds + 1) / 86_400 }
        return seconds / 86_400
    }
}

extension LocalDateTime {
    fileprivate func adding(months: Int) throws(CypherError) -> LocalDateTime {
        let moved = try TemporalArithmetic.shift(
            .localDateTime(self), by: TemporalDuration(months: months), times: 1)
        if case .localDateTime(let moment)? = moved { return moment }
        return self
    }
}
