internal import Cryptography
internal import GraphDatabase
internal import PropertyGraph

/// Ids of requests that came without one.
enum RequestID {
    /// A new one; nil when the system has no randomness.
    static func next() -> String? {
        try? Secrets.identifier(milliseconds: GraphDatabase.now().epochMilliseconds)
    }
}

/// Times as HTTP's headers have them (RFC 9110, IMF-fixdate).
enum HTTPDate {
    private static let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// As `Thu, 26 Nov 2026 08:09:21 GMT`, of seconds since 1970.
    static func text(_ seconds: Int) -> String {
        let day = seconds / 86_400
        let rest = seconds % 86_400
        let (year, month, date) = self.civil(day)
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "\(self.days[day % 7]), \(two(date)) \(self.months[month - 1]) \(year) "
            + "\(two(rest / 3600)):\(two(rest / 60 % 60)):\(two(rest % 60)) GMT"
    }

    /// Year, month and day of a day since 1970.
    ///
    /// - Source: Howard Hinnant, chrono-compatible low-level date algorithms, `civil_from_days`.
    private static func civil(_ day: Int) -> (year: Int, month: Int, day: Int) {
        let shifted = day + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let part = (5 * dayOfYear + 2) / 153
        let month = part < 10 ? part + 3 : part - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * part + 2) / 5 + 1)
    }
}
