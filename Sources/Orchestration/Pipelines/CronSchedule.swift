internal import Foundation

/// Times that come again: the five fields of cron and a time zone, such as `0 6 * * 1-5 Europe/Berlin`, or `@hourly`, `@daily`, `@weekly`,
/// `@monthly`, `@yearly`. Without a zone it is UTC.
///
/// As in cron(5), when both days are restricted, either suffices. A time that a change of clocks leaves out does not come; one that it
/// brings twice comes once.
package struct CronSchedule: Hashable, Sendable {
    /// The zone's name.
    package let zone: String
    private let minutes: [Int]
    private let hours: [Int]
    private let days: Set<Int>
    private let months: Set<Int>
    private let weekdays: Set<Int>
    private let eitherDay: Bool
    private let timeZone: TimeZone

    private static let macros = [
        "@hourly": "0 * * * *", "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@weekly": "0 0 * * 0",
        "@monthly": "0 0 1 * *", "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *",
    ]
    private static let monthNames = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ]
    private static let dayNames = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]

    /// Reads a text.
    /// - Throws: ``CronError`` naming the field.
    package init(_ text: String) throws(CronError) {
        var words = text.split(separator: " ").map(String.init)
        if let first = words.first, first.hasPrefix("@") {
            guard let fields = Self.macros[first] else {
                let known = Self.macros.keys.sorted().joined(separator: ", ")
                throw CronError("`\(first)` is no schedule", hint: "there are \(known)")
            }
            words = fields.split(separator: " ").map(String.init) + words.dropFirst()
        }
        guard words.count == 5 || words.count == 6 else {
            throw CronError(
                "`\(text)` has \(words.count) fields",
                hint:
                    "minute, hour, day, month, weekday and, if not UTC, the zone: `0 6 * * 1-5 Europe/Berlin`"
            )
        }
        self.zone = words.count == 6 ? words[5] : "UTC"
        guard let timeZone = TimeZone(identifier: self.zone) else {
            throw CronError("there is no time zone `\(self.zone)`", hint: "such as `Europe/Berlin` or `UTC`")
        }
        self.timeZone = timeZone
        self.minutes = try Self.field(words[0], "minute", 0...59).sorted()
        self.hours = try Self.field(words[1], "hour", 0...23).sorted()
        self.days = try Self.field(words[2], "day", 1...31)
        self.months = try Self.field(words[3], "month", 1...12, names: Self.monthNames)
        self.weekdays = Set(
            try Self.field(words[4], "weekday", 0...7, names: Self.dayNames).map { $0 == 7 ? 0 : $0 })
        self.eitherDay = !words[2].hasPrefix("*") && !words[4].hasPrefix("*")
    }

    private static func field(
        _ text: String, _ name: String, _ range: ClosedRange<Int>, names: [String] = []
    ) throws(CronError) -> Set<Int> {
        var values: Set<Int> = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let halves = part.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
            let step = halves.count > 1 ? Int(halves[1]) ?? 0 : 1
            var (low, high) = (range.lowerBound, range.upperBound)
            if halves[0] != "*" {
                let ends = halves[0].split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
                    .map { end -> Int? in
                        if let index = names.firstIndex(of: end.lowercased()) {
                            return index + range.lowerBound
                        }
                        return Int(end)
                    }
                guard let first = ends[0], let last = ends[ends.count - 1] else {
                    throw CronError("the \(name) `\(part)` is no number", hint: nil)
                }
                low = first
                high = ends.count == 1 && halves.count > 1 ? range.upperBound : last
            }
            guard step > 0, low <= high, range.contains(low), range.contains(high) else {
                throw CronError(
                    "the \(name) `\(part)` is not from \(range.lowerBound) to \(range.upperBound)", hint: nil)
            }
            values.formUnion(stride(from: low, through: high, by: step))
        }
        return values
    }

    /// The first such time after a moment, both in seconds since 1970; nil when there is none within eight years, as for 30 February.
    package func next(after moment: Int) -> Int? {
        let localStart = moment + self.offset(moment)
        let firstDay = Self.floor(localStart, 86_400)
        for day in firstDay...(firstDay + 8 * 366) where self.admits(day: day) {
            var best: Int?
            for hour in self.hours {
                for minute in self.minutes {
                    let local = day * 86_400 + hour * 3600 + minute * 60
                    // Local times of a gap have no moment; of those that come twice the first counts.
                    guard let time = self.moment(ofLocal: local), time > moment else { continue }
                    best = min(best ?? time, time)
                }
            }
            if let best { return best }
        }
        return nil
    }

    private func moment(ofLocal local: Int) -> Int? {
        let candidates = [local - self.offset(local - 86_400), local - self.offset(local + 86_400)]
        return candidates.filter { $0 + self.offset($0) == local }.min()
    }

    private func offset(_ moment: Int) -> Int {
        self.timeZone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(moment)))
    }

    private func admits(day: Int) -> Bool {
        let (month, dayOfMonth) = Self.civil(day)
        guard self.months.contains(month) else { return false }
        // 1970-01-01 was a Thursday.
        let weekday = ((day + 4) % 7 + 7) % 7
        let (byDay, byWeekday) = (self.days.contains(dayOfMonth), self.weekdays.contains(weekday))
        return self.eitherDay ? byDay || byWeekday : byDay && byWeekday
    }

    /// Month and day of a day since 1970 (Hinnant, "chrono-Compatible Low-Level Date Algorithms", civil_from_days).
    private static func civil(_ day: Int) -> (month: Int, day: Int) {
        let shifted = day + 719_468
        let era = self.floor(shifted, 146_097)
        let dayOfEra = shifted - era * 146_097
        let year = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * year + year / 4 - year / 100)
        let month = (5 * dayOfYear + 2) / 153
        return (month < 10 ? month + 3 : month - 9, dayOfYear - (153 * month + 2) / 5 + 1)
    }

    private static func floor(_ number: Int, _ divisor: Int) -> Int {
        number >= 0 ? number / divisor : -((-number + divisor - 1) / divisor)
    }
}

/// Why a text is no schedule.
package struct CronError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong.
    package let message: String
    /// What would be right.
    package let hint: String?

    init(_ message: String, hint: String?) {
        self.message = message
        self.hint = hint
    }

    /// Both.
    package var description: String { self.message + (self.hint.map { "; \($0)" } ?? "") }
}
