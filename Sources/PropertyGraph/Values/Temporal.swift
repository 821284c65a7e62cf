/// A calendar day without a time or a zone.
package struct CalendarDate: Hashable, Comparable, Sendable {
    /// Years that Cypher allows.
    package static let years = -999_999_999...999_999_999

    /// Days since 1970-01-01.
    package let days: Int

    /// From a day number.
    package init(days: Int) { self.days = days }

    /// From year, month and day; nil when there is no such day.
    package init?(year: Int, month: Int, day: Int) {
        guard Self.years.contains(year), (1...12).contains(month),
            day >= 1, day <= CivilCalendar.days(inMonth: month, of: year)
        else { return nil }
        self.days = CivilCalendar.days(year: year, month: month, day: day)
    }

    /// Orders by day.
    package static func < (left: CalendarDate, right: CalendarDate) -> Bool { left.days < right.days }
}

/// A time of day without an offset.
package struct LocalTime: Hashable, Comparable, Sendable {
    /// Nanoseconds in a day.
    package static let nanosecondsPerDay = 86_400_000_000_000

    /// Nanoseconds since midnight, below ``nanosecondsPerDay``.
    package let nanosecondOfDay: Int

    /// From nanoseconds since midnight; values outside a day wrap around.
    package init(nanosecondOfDay: Int) {
        self.nanosecondOfDay = floorDivide(nanosecondOfDay, by: Self.nanosecondsPerDay).remainder
    }

    /// Orders by time.
    package static func < (left: LocalTime, right: LocalTime) -> Bool {
        left.nanosecondOfDay < right.nanosecondOfDay
    }
}

/// A time of day with its offset from UTC.
package struct ZonedTime: Hashable, Sendable {
    /// The time as the clock of that offset shows it.
    package let local: LocalTime
    /// Seconds east of UTC, within 18 hours.
    package let offsetSeconds: Int

    /// Joins a local time and its offset.
    package init(local: LocalTime, offsetSeconds: Int) {
        self.local = local
        self.offsetSeconds = offsetSeconds
    }
}

/// A day and time without an offset.
package struct LocalDateTime: Hashable, Comparable, Sendable {
    /// Seconds from 1970-01-01T00:00 on the same clock.
    package let seconds: Int
    /// 0 to 999,999,999.
    package let nanosecond: Int

    /// From seconds and nanoseconds.
    package init(seconds: Int, nanosecond: Int) {
        self.seconds = seconds
        self.nanosecond = nanosecond
    }

    /// Joins a day and a time.
    package init(date: CalendarDate, time: LocalTime) {
        let (seconds, nanosecond) = floorDivide(time.nanosecondOfDay, by: 1_000_000_000)
        self.init(seconds: date.days * 86_400 + seconds, nanosecond: nanosecond)
    }

    /// The day.
    package var date: CalendarDate { CalendarDate(days: floorDivide(self.seconds, by: 86_400).quotient) }

    /// The time of day.
    package var time: LocalTime {
        let second = floorDivide(self.seconds, by: 86_400).remainder
        return LocalTime(nanosecondOfDay: second * 1_000_000_000 + self.nanosecond)
    }

    /// Orders by day and time.
    package static func < (left: LocalDateTime, right: LocalDateTime) -> Bool {
        (left.seconds, left.nanosecond) < (right.seconds, right.nanosecond)
    }
}

/// A moment, with the offset or the named zone it was written in.
package struct ZonedDateTime: Hashable, Sendable {
    /// Seconds since 1970-01-01T00:00Z.
    package let seconds: Int
    /// 0 to 999,999,999.
    package let nanosecond: Int
    /// Seconds east of UTC at that moment.
    package let offsetSeconds: Int
    /// An IANA zone name such as `Europe/Stockholm`, when it was given.
    package let zone: String?

    /// A moment in UTC seconds with the offset it is shown in.
    package init(seconds: Int, nanosecond: Int = 0, offsetSeconds: Int = 0, zone: String? = nil) {
        self.seconds = seconds
        self.nanosecond = nanosecond
        self.offsetSeconds = offsetSeconds
        self.zone = zone
    }

    /// The same moment as the clock of its offset shows it.
    package var local: LocalDateTime {
        LocalDateTime(seconds: self.seconds + self.offsetSeconds, nanosecond: self.nanosecond)
    }

    /// Whether this moment comes before another; offsets play no part.
    package func isBefore(_ other: ZonedDateTime) -> Bool {
        (self.seconds, self.nanosecond) < (other.seconds, other.nanosecond)
    }

    /// Milliseconds since 1970-01-01T00:00Z; years past 292 million are cut to what 64 bits hold.
    package var epochMilliseconds: Int {
        let (product, overflow) = self.seconds.multipliedReportingOverflow(by: 1000)
        return overflow ? (self.seconds < 0 ? Int.min : Int.max) : product + self.nanosecond / 1_000_000
    }
}

/// An amount of time in three parts that do not convert into each other: months, days, seconds.
package struct TemporalDuration: Hashable, Sendable {
    /// Whole months; a year is 12.
    package let months: Int
    /// Whole days; a week is 7.
    package let days: Int
    /// Whole seconds.
    package let seconds: Int
    /// 0 to 999,999,999, added to `seconds`.
    package let nanosecond: Int

    /// From its parts; nanoseconds outside a second carry over.
    package init(months: Int = 0, days: Int = 0, seconds: Int = 0, nanoseconds: Int = 0) {
        let (carry, nanosecond) = floorDivide(nanoseconds, by: 1_000_000_000)
        self.months = months
        self.days = days
        let (sum, overflow) = seconds.addingReportingOverflow(carry)
        self.seconds = overflow ? (carry < 0 ? Int.min : Int.max) : sum
        self.nanosecond = nanosecond
    }
}
