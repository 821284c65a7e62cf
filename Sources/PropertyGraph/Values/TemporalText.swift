// ISO 8601 text of temporal values, in the one canonical form that Cypher's `toString` gives and that
// stores and files hold. The freer forms that people type are parsed by the query engine's functions.

extension CalendarDate: CustomStringConvertible {
    /// `2026-11-24`; years past 9999 carry a sign.
    package var description: String {
        let (year, month, day) = CivilCalendar.civil(days: self.days)
        let magnitude = padded(abs(year), 4)
        let sign = year < 0 ? "-" : (year > 9999 ? "+" : "")
        return "\(sign)\(magnitude)-\(padded(month, 2))-\(padded(day, 2))"
    }
}

extension LocalTime: CustomStringConvertible {
    /// `12:31`, `12:31:14` or `12:31:14.645`: seconds when there are any, as many digits as needed.
    package var description: String {
        let (second, nanosecond) = floorDivide(self.nanosecondOfDay, by: 1_000_000_000)
        var text = "\(padded(second / 3600, 2)):\(padded(second / 60 % 60, 2))"
        if second % 60 != 0 || nanosecond != 0 { text += ":\(padded(second % 60, 2))" }
        if nanosecond != 0 { text += fraction(nanosecond) }
        return text
    }
}

extension ZonedTime: CustomStringConvertible {
    /// `12:31:14+01:00`, or `Z` for UTC.
    package var description: String { "\(self.local)\(offsetText(self.offsetSeconds))" }
}

extension LocalDateTime: CustomStringConvertible {
    /// `2026-11-24T12:31:14`.
    package var description: String { "\(self.date)T\(self.time)" }
}

extension ZonedDateTime: CustomStringConvertible {
    /// `2026-11-24T12:31:14+01:00[Europe/Stockholm]`.
    package var description: String {
        "\(self.local)\(offsetText(self.offsetSeconds))" + (self.zone.map { "[\($0)]" } ?? "")
    }
}

extension TemporalDuration: CustomStringConvertible {
    /// `P1Y2M3DT4H5M6.7S`; `PT0S` for nothing.
    package var description: String {
        var text = "P"
        if self.months / 12 != 0 { text += "\(self.months / 12)Y" }
        if self.months % 12 != 0 { text += "\(self.months % 12)M" }
        if self.days != 0 { text += "\(self.days)D" }
        let clock = self.clockText
        if !clock.isEmpty { text += "T" + clock }
        return text == "P" ? "PT0S" : text
    }

    private var clockText: String {
        // A negative part keeps its sign in every field: -1.5 s is seconds -2 and nanosecond 500,000,000.
        let borrows = self.seconds < 0 && self.nanosecond > 0
        let whole = borrows ? self.seconds + 1 : self.seconds
        let nanos = borrows ? 1_000_000_000 - self.nanosecond : self.nanosecond
        let negative = self.seconds < 0
        var text = ""
        if whole / 3600 != 0 { text += "\(whole / 3600)H" }
        if whole / 60 % 60 != 0 { text += "\(whole / 60 % 60)M" }
        let second = whole % 60
        if second != 0 || nanos != 0 {
            text += (negative && second == 0 ? "-" : "") + "\(second)"
            if nanos != 0 { text += fraction(nanos) }
            text += "S"
        }
        return text
    }
}

private func padded(_ number: Int, _ width: Int) -> String {
    let digits = String(number)
    return digits.utf8.count >= width
        ? digits : String(repeating: "0", count: width - digits.utf8.count) + digits
}

private func fraction(_ nanosecond: Int) -> String {
    var digits = padded(nanosecond, 9)
    while digits.hasSuffix("0") { digits.removeLast() }
    return "." + digits
}

private func offsetText(_ seconds: Int) -> String {
    guard seconds != 0 else { return "Z" }
    let magnitude = abs(seconds)
    let text = "\(seconds < 0 ? "-" : "+")\(padded(magnitude / 3600, 2)):\(padded(magnitude / 60 % 60, 2))"
    return magnitude % 60 == 0 ? text : text + ":\(padded(magnitude % 60, 2))"
}
