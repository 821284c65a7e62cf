internal import Foundation

/// A point in time from the year 1 to the year 9999, UTC.
package struct CELTimestamp: Hashable, Comparable, Sendable {
    /// Seconds since 1970.
    package let seconds: Int
    /// From 0 to 999,999,999.
    package let nanosecond: Int

    static let range = -62_135_596_800...253_402_300_799

    /// Nil outside of the years.
    package init?(seconds: Int, nanosecond: Int = 0) {
        guard Self.range.contains(seconds), (0..<1_000_000_000).contains(nanosecond) else { return nil }
        self.seconds = seconds
        self.nanosecond = nanosecond
    }

    /// Reads RFC 3339, such as `2026-11-24T12:00:00.5Z` or with `+02:00`; nil for anything else.
    package init?(_ text: String) {
        var reader = DigitReader(text)
        guard let year = reader.digits(4), reader.take("-"), let month = reader.digits(2), reader.take("-"),
            let day = reader.digits(2), reader.take("T") || reader.take("t"), let hour = reader.digits(2),
            reader.take(":"), let minute = reader.digits(2), reader.take(":"),
            let second = reader.digits(2), (1...12).contains(month), day >= 1,
            day <= CivilDate.days(of: month, in: year), hour < 24, minute < 60, second < 60
        else { return nil }
        var nanosecond = 0
        if reader.take(".") {
            guard let fraction = reader.fraction() else { return nil }
            nanosecond = fraction
        }
        guard let offset = reader.offset(), reader.isAtEnd else { return nil }
        let days = CivilDate(year: year, month: month, day: day).days
        self.init(
            seconds: days * 86_400 + hour * 3600 + minute * 60 + second - offset, nanosecond: nanosecond)
    }

    /// Earlier ones come first.
    package static func < (left: CELTimestamp, right: CELTimestamp) -> Bool {
        (left.seconds, left.nanosecond) < (right.seconds, right.nanosecond)
    }

    /// The time some nanoseconds later; nil outside of the years.
    func adding(_ nanoseconds: Int) -> CELTimestamp? {
        let (seconds, rest) = floorDivide(nanoseconds, by: 1_000_000_000)
        let sum = self.nanosecond + rest
        let carry = sum >= 1_000_000_000 ? 1 : 0
        return CELTimestamp(
            seconds: self.seconds + seconds + carry, nanosecond: sum - carry * 1_000_000_000)
    }

    /// The nanoseconds from the other to this; nil when they do not fit.
    func since(_ other: CELTimestamp) -> Int? {
        let (product, isTooLong) = (self.seconds - other.seconds).multipliedReportingOverflow(
            by: 1_000_000_000)
        let (sum, isOver) = product.addingReportingOverflow(self.nanosecond - other.nanosecond)
        return isTooLong || isOver ? nil : sum
    }

    /// Seconds east of UTC in a zone such as `Europe/Stockholm` or `+02:00`; nil for no zone.
    func offset(in zone: String) -> Int? {
        var reader = DigitReader(zone)
        if let first = zone.utf8.first, first == 43 || first == 45 || (48...57).contains(first) {
            if (48...57).contains(first) { reader = DigitReader("+" + zone) }
            guard let offset = reader.offset(), reader.isAtEnd else { return nil }
            return offset
        }
        return TimeZone(identifier: zone)?.secondsFromGMT(
            for: Date(timeIntervalSince1970: Double(self.seconds)))
    }
}

extension CELTimestamp: CustomStringConvertible {
    /// RFC 3339 in UTC, with as many digits of the second as there are.
    package var description: String {
        let (days, second) = floorDivide(self.seconds, by: 86_400)
        let date = CivilDate(days: days)
        let clock = [second / 3600, second / 60 % 60, second % 60].map { padded($0, 2) }
        return "\(padded(date.year, 4))-\(padded(date.month, 2))-\(padded(date.day, 2))T"
            + clock.joined(separator: ":") + fractionText(self.nanosecond) + "Z"
    }
}

/// Lengths of time, in nanoseconds.
enum CELDuration {
    private static let units: [(name: String, nanoseconds: Int)] = [
        ("ns", 1), ("us", 1000), ("µs", 1000), ("ms", 1_000_000), ("s", 1_000_000_000),
        ("m", 60_000_000_000), ("h", 3_600_000_000_000),
    ]

    /// Reads numbers with units, such as `1h30m`, `-1.5s` or `300ms`; nil for anything else.
    static func parse(_ text: String) -> Int? {
        var reader = DigitReader(text)
        let isNegative = reader.take("-")
        if !isNegative { _ = reader.take("+") }
        if reader.rest == "0" { return 0 }
        guard !reader.isAtEnd else { return nil }
        var total = 0
        while !reader.isAtEnd {
            guard let part = self.part(&reader) else { return nil }
            let (sum, isOver) = total.addingReportingOverflow(isNegative ? -part : part)
            guard !isOver else { return nil }
            total = sum
        }
        return total
    }

    private static func part(_ reader: inout DigitReader) -> Int? {
        let whole = reader.allDigits()
        var fraction: Int?
        if reader.take(".") { fraction = reader.fraction() }
        guard whole != nil || fraction != nil else { return nil }
        let unit = reader.takeWhile { !(48...57).contains($0) && $0 != UInt8(ascii: ".") }
        guard let size = Self.units.first(where: { $0.name == unit })?.nanoseconds else { return nil }
        let (product, isOver) = (whole ?? 0).multipliedReportingOverflow(by: size)
        guard !isOver else { return nil }
        // The fraction counts billionths of the unit.
        let small = Double(fraction ?? 0) * Double(size) / 1e9
        let (sum, isTooMuch) = product.addingReportingOverflow(Int(small))
        return isTooMuch ? nil : sum
    }

    /// In seconds, such as `1.5s`.
    static func text(_ nanoseconds: Int) -> String {
        let sign = nanoseconds < 0 ? "-" : ""
        let size = nanoseconds.magnitude
        return "\(sign)\(size / 1_000_000_000)\(fractionText(Int(size % 1_000_000_000)))s"
    }
}

/// A day of the Gregorian calendar.
struct CivilDate {
    let year: Int
    let month: Int
    let day: Int

    init(year: Int, month: Int, day: Int) {
        self.year = year
        self.month = month
        self.day = day
    }

    /// The day so many days after the first of 1970. Counts in cycles of 400 years from a first of March.
    init(days: Int) {
        let (cycle, day) = floorDivide(days + 719_468, by: 146_097)
        let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365
        let dayOfYear = day - (365 * year + year / 4 - year / 100)
        let month = (5 * dayOfYear + 2) / 153
        self.day = dayOfYear - (153 * month + 2) / 5 + 1
        self.month = month < 10 ? month + 3 : month - 9
        self.year = year + cycle * 400 + (self.month <= 2 ? 1 : 0)
    }

    /// Days since the first of 1970.
    var days: Int {
        let year = self.month <= 2 ? self.year - 1 : self.year
        let (cycle, yearOfCycle) = floorDivide(year, by: 400)
        let dayOfYear = (153 * (self.month + (self.month > 2 ? -3 : 9)) + 2) / 5 + self.day - 1
        return cycle * 146_097 + yearOfCycle * 365 + yearOfCycle / 4 - yearOfCycle / 100 + dayOfYear - 719_468
    }

    static func days(of month: Int, in year: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }
}

/// Reads digits and signs from the front of a text.
private struct DigitReader {
    private var text: Substring.UTF8View

    init(_ text: String) { self.text = text[...].utf8 }

    var isAtEnd: Bool { self.text.isEmpty }
    var rest: String { String(Substring(self.text)) }

    mutating func take(_ sign: Unicode.Scalar) -> Bool {
        guard let first = self.text.first, UInt32(first) == sign.value else { return false }
        self.text.removeFirst()
        return true
    }

    mutating func takeWhile(_ fits: (UInt8) -> Bool) -> String {
        let part = self.text.prefix(while: fits)
        self.text = self.text.dropFirst(part.count)
        return String(Substring(part))
    }

    mutating func digits(_ count: Int) -> Int? {
        let part = self.text.prefix(count)
        guard part.count == count, part.allSatisfy({ (48...57).contains($0) }) else { return nil }
        self.text = self.text.dropFirst(count)
        return part.reduce(0) { $0 * 10 + Int($1 - 48) }
    }

    mutating func allDigits() -> Int? { Int(self.takeWhile { (48...57).contains($0) }) }

    /// Digits after a point, as billionths; those after the ninth are left out.
    mutating func fraction() -> Int? {
        let digits = self.takeWhile { (48...57).contains($0) }
        guard !digits.isEmpty else { return nil }
        let kept = String(digits.prefix(9))
        return Int(kept + String(repeating: "0", count: 9 - kept.utf8.count))
    }

    /// `Z` or `+02:00`, in seconds.
    mutating func offset() -> Int? {
        if self.take("Z") || self.take("z") { return 0 }
        let isWest = self.take("-")
        guard isWest || self.take("+"), let hours = self.digits(2), self.take(":"),
            let minutes = self.digits(2), hours < 24, minutes < 60
        else { return nil }
        return (hours * 3600 + minutes * 60) * (isWest ? -1 : 1)
    }
}

/// The quotient rounded down, and what is left, which has the divisor's sign.
func floorDivide(_ number: Int, by divisor: Int) -> (quotient: Int, remainder: Int) {
    let (quotient, remainder) = number.quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
}

private func padded(_ number: Int, _ width: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
}

private func fractionText(_ nanosecond: Int) -> String {
    guard nanosecond > 0 else { return "" }
    var digits = padded(nanosecond, 9)
    while digits.hasSuffix("0") { digits.removeLast() }
    return "." + digits
}
