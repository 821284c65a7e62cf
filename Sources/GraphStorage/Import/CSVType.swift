internal import Foundation
internal import PropertyGraph

/// The types that a column may have, by their names in a header.
enum CSVType: String, CaseIterable, Hashable {
    case int, integer, long, short, byte, float, double, boolean, string, char, date, localtime, time
    case localdatetime, datetime, duration, point

    /// A value of the type, or nil when the text is none.
    func value(_ text: ByteSlice, system: Point.System?) -> Value? {
        switch self {
        case .int, .integer, .long, .short, .byte: Self.integer(text).map(Value.integer)
        case .float, .double: Self.float(text).map(Value.float)
        case .boolean: text.equals("true") ? .boolean(true) : (text.equals("false") ? .boolean(false) : nil)
        case .string, .char: text.text.map(Value.string)
        case .date: text.text.flatMap { CalendarDate(iso: $0) }.map(Value.date)
        case .localtime: text.text.flatMap { LocalTime(iso: $0) }.map(Value.localTime)
        case .time: text.text.flatMap { ZonedTime(iso: $0) }.map(Value.time)
        case .localdatetime: text.text.flatMap { LocalDateTime(iso: $0) }.map(Value.localDateTime)
        case .datetime: text.text.flatMap { ZonedDateTime(iso: $0) }.map(Value.dateTime)
        case .duration: text.text.flatMap { TemporalDuration(iso: $0) }.map(Value.duration)
        case .point: text.text.flatMap { Point(entries: $0, system: system) }.map(Value.point)
        }
    }

    /// A whole number of 64 bits, with or without a sign.
    static func integer(_ text: ByteSlice) -> Int? {
        var at = 0
        let isNegative = text.count > 0 && text.start[0] == UInt8(ascii: "-")
        if isNegative || (text.count > 0 && text.start[0] == UInt8(ascii: "+")) { at = 1 }
        guard at < text.count else { return nil }
        var number = 0
        while at < text.count {
            let digit = Int(text.start[at]) - 48
            guard digit >= 0, digit < 10 else { return nil }
            // Negative while it grows: the least number has no positive counterpart.
            let (product, overflow) = number.multipliedReportingOverflow(by: 10)
            let (sum, overflowed) = product.subtractingReportingOverflow(digit)
            guard !overflow, !overflowed else { return nil }
            number = sum
            at += 1
        }
        return isNegative ? number : (number == Int.min ? nil : -number)
    }

    /// Powers of ten that a double holds exactly.
    private static let powers: [Double] = (0...22).map { Double("1e\($0)") ?? 1 }

    /// A number as `Double` reads it. Numbers of at most 15 digits and a small exponent are one exact
    /// multiplication or division of two exact doubles, so they are rounded once, as they must be.
    static func float(_ text: ByteSlice) -> Double? {
        var mantissa = 0
        var (digits, exponent, at) = (0, 0, 0)
        let isNegative = text.count > 0 && text.start[0] == UInt8(ascii: "-")
        if isNegative { at = 1 }
        var isAfterPoint = false
        while at < text.count {
            let byte = text.start[at]
            if byte >= 48, byte < 58, digits < 15 {
                mantissa = mantissa * 10 + Int(byte - 48)
                digits += 1
                if isAfterPoint { exponent -= 1 }
            } else if byte == UInt8(ascii: "."), !isAfterPoint, digits > 0 {
                isAfterPoint = true
            } else {
                return Self.slowFloat(text)
            }
            at += 1
        }
        guard digits > 0, text.start[text.count - 1] != UInt8(ascii: ".") else { return Self.slowFloat(text) }
        let number = Double(mantissa) / Self.powers[-exponent]
        return isNegative ? -number : number
    }

    private static func slowFloat(_ text: ByteSlice) -> Double? {
        guard let text = text.text, let number = Double(text) else { return nil }
        // What overflows is refused: only a text that says infinity is it.
        let saysSo = text.lowercased().contains("inf")
        return number.isInfinite && !saysSo ? nil : number
    }
}

extension Point {
    /// Reads `{latitude: 59.3, longitude: 18.1, height: 20.0, crs: 'wgs-84-3d'}` or `{x: 1.0, y: 2.0}`.
    /// - Parameters:
    ///   - text: the entries.
    ///   - system: what the header says; the point's own `crs` comes first.
    init?(entries text: String, system: Point.System?) {
        var parts: [String: String] = [:]
        for entry in text.split(whereSeparator: { "{},".contains($0) }) {
            let pair = entry.split(separator: ":", maxSplits: 1).map {
                $0.filter { !$0.isWhitespace && $0 != "'" && $0 != "\"" }
            }
            guard !(pair.first ?? "").isEmpty else { continue }
            guard pair.count == 2 else { return nil }
            parts[pair[0].lowercased()] = pair[1]
        }
        var given = system
        if let crs = parts["crs"] {
            guard let named = Point.System(name: crs) else { return nil }
            given = named
        } else if let srid = parts["srid"] {
            guard let numbered = Int(srid).flatMap(Point.System.init(rawValue:)) else { return nil }
            given = numbered
        }
        self.init(
            system: given, longitude: parts["longitude"].flatMap(Double.init),
            latitude: parts["latitude"].flatMap(Double.init), x: parts["x"].flatMap(Double.init),
            y: parts["y"].flatMap(Double.init), z: (parts["height"] ?? parts["z"]).flatMap(Double.init))
    }

    /// A point by the names of its coordinates; without a system they decide.
    init?(
        system: Point.System?, longitude: Double?, latitude: Double?, x: Double?, y: Double?, z: Double?
    ) {
        let isGeographic = longitude != nil || latitude != nil
        guard let first = longitude ?? x, let second = latitude ?? y else { return nil }
        let plain: Point.System = isGeographic ? .wgs84 : .cartesian
        let spatial: Point.System = isGeographic ? .wgs84With3D : .cartesian3D
        self.init(system: system ?? (z == nil ? plain : spatial), x: first, y: second, z: z)
    }
}
