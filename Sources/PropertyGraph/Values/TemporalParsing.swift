// Reads the canonical ISO 8601 forms that TemporalText.swift writes, and RFC 3339. Every initialiser
// gives nil for text it does not take; none traps.

extension CalendarDate {
    /// Reads `2026-11-24`.
    package init?(iso text: String) {
        var reader = ISOReader(text)
        guard let date = reader.date(), reader.isAtEnd else { return nil }
        self = date
    }
}

extension LocalTime {
    /// Reads `12:31`, `12:31:14` or `12:31:14.645`.
    package init?(iso text: String) {
        var reader = ISOReader(text)
        guard let time = reader.time(), reader.isAtEnd else { return nil }
        self = time
    }
}

extension ZonedTime {
    /// Reads `12:31:14+01:00`.
    package init?(iso text: String) {
        var reader = ISOReader(text)
        guard let time = reader.time(), let offset = reader.offset(), reader.isAtEnd else { return nil }
        self.init(local: time, offsetSeconds: offset)
    }
}

extension LocalDateTime {
    /// Reads `2026-11-24T12:31:14`.
    package init?(iso text: String) {
        var reader = ISOReader(text)
        guard let local = reader.dateTime(), reader.isAtEnd else { return nil }
        self = local
    }
}

extension ZonedDateTime {
    /// Reads `2026-11-24T12:31:14Z`, with an offset, and with a zone name in brackets after the offset.
    package init?(iso text: String) {
        var reader = ISOReader(text)
        guard let local = reader.dateTime(), let offset = reader.offset() else { return nil }
        let zone = reader.zone()
        guard reader.isAtEnd else { return nil }
        self.init(
            seconds: local.seconds - offset, nanosecond: local.nanosecond, offsetSeconds: offset, zone: zone)
    }
}

extension TemporalDuration {
    /// Reads `P1Y2M3DT4H5M6.7S`; each number may carry a sign, weeks are allowed.
    package init?(iso text: String) {
        var reader = ISOReader(text)
        guard let duration = reader.duration(), reader.isAtEnd else { return nil }
        self = duration
    }
}

private struct ISOReader {
    private let bytes: [UInt8]
    private var at = 0

    init(_ text: String) { self.bytes = Array(text.utf8) }

    var isAtEnd: Bool { self.at == self.bytes.count }

    /// Adds to a part, which may come several times; false when it is too large.
    private static func add(_ number: Int, to part: inout Int) -> Bool {
        let (sum, overflow) = part.addingReportingOverflow(number)
        part = sum
        return !overflow && sum != .min
    }

    private var next: UInt8? { self.at < self.bytes.count ? self.bytes[self.at] : nil }

    private mutating func take(_ character: Character) -> Bool {
        guard let byte = self.next, byte == character.asciiValue else { return false }
        self.at += 1
        return true
    }

    private mutating func digits(_ count: ClosedRange<Int>) -> Int? {
        let start = self.at
        var number = 0
        while let byte = self.next, (48...57).contains(byte), self.at - start < count.upperBound {
            number = number * 10 + Int(byte - 48)
            self.at += 1
        }
        return count.contains(self.at - start) ? number : nil
    }

    mutating func date() -> CalendarDate? {
        let negative = self.take("-")
        let signed = negative || self.take("+")
        guard let year = self.digits(signed ? 4...9 : 4...4), self.take("-"),
            let month = self.digits(2...2), self.take("-"), let day = self.digits(2...2)
        else { return nil }
        return CalendarDate(year: negative ? -year : year, month: month, day: day)
    }

    mutating func time() -> LocalTime? {
        guard let hour = self.digits(2...2), hour < 24, self.take(":"),
            let minute = self.digits(2...2), minute < 60
        else { return nil }
        var second = 0
        var nanosecond = 0
        if self.take(":") {
            guard let value = self.digits(2...2), value < 60 else { return nil }
            second = value
            if self.take(".") {
                guard let fraction = self.fraction() else { return nil }
                nanosecond = fraction
            }
        }
        return LocalTime(nanosecondOfDay: ((hour * 60 + minute) * 60 + second) * 1_000_000_000 + nanosecond)
    }

    private mutating func fraction() -> Int? {
        let start = self.at
        guard var number = self.digits(1...9) else { return nil }
        for _ in (self.at - start)..<9 { number *= 10 }
        return number
    }

    mutating func dateTime() -> LocalDateTime? {
        guard let date = self.date(), self.take("T"), let time = self.time() else { return nil }
        return LocalDateTime(date: date, time: time)
    }

    mutating func offset() -> Int? {
        if self.take("Z") { return 0 }
        let sign = self.take("+") ? 1 : (self.take("-") ? -1 : 0)
        guard sign != 0, let hours = self.digits(2...2), hours <= 18 else { return nil }
        _ = self.take(":")
        let minutes = self.digits(2...2) ?? 0
        var seconds = 0
        if self.take(":") {
            guard let value = self.digits(2...2) else { return nil }
            seconds = value
        }
        return sign * ((hours * 60 + minutes) * 60 + seconds)
    }

    mutating func zone() -> String? {
        guard self.take("[") else { return nil }
        let start = self.at
        while let byte = self.next, byte != UInt8(ascii: "]") { self.at += 1 }
        let name = String(decoding: self.bytes[start..<self.at], as: UTF8.self)
        return self.take("]") ? name : nil
    }

    mutating func duration() -> TemporalDuration? {
        let negative = self.take("-")
        guard self.take("P") else { return nil }
        var parts = (months: 0, days: 0, seconds: 0, nanoseconds: 0)
        var clock = false
        var found = false
        while let byte = self.next {
            if byte == UInt8(ascii: "T") {
                guard !clock else { return nil }
                clock = true
                self.at += 1
                continue
            }
            let sign = self.take("-") ? -1 : 1
            guard let number = self.digits(1...15) else { return nil }
            let nanos = self.take(".") ? self.fraction() : 0
            guard let nanos, let unit = self.next else { return nil }
            self.at += 1
            found = true
            switch (unit, clock) {
            case (UInt8(ascii: "Y"), false):
                guard Self.add(sign * number * 12, to: &parts.months) else { return nil }
            case (UInt8(ascii: "M"), false):
                guard Self.add(sign * number, to: &parts.months) else { return nil }
            case (UInt8(ascii: "W"), false):
                guard Self.add(sign * number * 7, to: &parts.days) else { return nil }
            case (UInt8(ascii: "D"), false):
                guard Self.add(sign * number, to: &parts.days) else { return nil }
            case (UInt8(ascii: "H"), true):
                guard Self.add(sign * number * 3600, to: &parts.seconds) else { return nil }
            case (UInt8(ascii: "M"), true):
                guard Self.add(sign * number * 60, to: &parts.seconds) else { return nil }
            case (UInt8(ascii: "S"), true):
                guard Self.add(sign * number, to: &parts.seconds) else { return nil }
                guard Self.add(sign * nanos, to: &parts.nanoseconds) else { return nil }
            default: return nil
            }
        }
        guard found else { return nil }
        let sign = negative ? -1 : 1
        return TemporalDuration(
            months: sign * parts.months, days: sign * parts.days, seconds: sign * parts.seconds,
            nanoseconds: sign * parts.nanoseconds)
    }
}
