internal import Foundation
internal import PropertyGraph

/// Times and places as PackStream has them: structures told apart by a letter.
enum TemporalStructure {
    static let date = UInt8(ascii: "D")
    static let time = UInt8(ascii: "T")
    static let localTime = UInt8(ascii: "t")
    static let localDateTime = UInt8(ascii: "d")
    static let duration = UInt8(ascii: "E")
    static let point2D = UInt8(ascii: "X")
    static let point3D = UInt8(ascii: "Y")
    /// Seconds in UTC, with an offset: 5.x, and 4.4 after the `utc` patch.
    static let dateTimeUTC = UInt8(ascii: "I")
    /// Seconds as the clock of the offset shows them: 4.4 without the patch.
    static let dateTimeLocal = UInt8(ascii: "F")

    /// As ``dateTimeUTC`` with the name of a zone.
    static let zonedUTC = UInt8(ascii: "i")
    /// As ``dateTimeLocal`` with the name of a zone.
    static let zonedLocal = UInt8(ascii: "f")

    /// Seconds that a moment may have, so that no sum of it with an offset overflows.
    private static let seconds = -40_000_000_000_000_000...40_000_000_000_000_000
    private static let offsets = -64_800...64_800
    private static let nanoseconds = 0...999_999_999

    /// The value that a structure means.
    /// - Throws: ``PackStreamError/invalidStructure(tag:)`` when its fields do not fit or nobody knows the tag.
    static func value(_ tag: UInt8, _ fields: [Value]) throws(PackStreamError) -> Value {
        let numbers = fields.compactMap(\.integer)
        let value: Value? =
            switch (tag, fields.count, numbers.count) {
            case (Self.date, 1, 1): self.day(numbers[0])
            case (Self.localTime, 1, 1): self.localTime(numbers[0]).map { .localTime($0) }
            case (Self.time, 2, 2): self.zonedTime(numbers[0], numbers[1])
            case (Self.localDateTime, 2, 2): self.localMoment(numbers[0], numbers[1])
            case (Self.dateTimeUTC, 3, 3): self.moment(numbers[0], numbers[1], numbers[2])
            case (Self.dateTimeLocal, 3, 3): self.moment(local: numbers[0], numbers[1], numbers[2])
            case (Self.zonedUTC, 3, 2), (Self.zonedLocal, 3, 2):
                self.zoned(fields, isLocal: tag == Self.zonedLocal)
            case (Self.duration, 4, 4):
                .duration(
                    TemporalDuration(
                        months: numbers[0], days: numbers[1], seconds: numbers[2], nanoseconds: numbers[3]))
            case (Self.point2D, 3, 1), (Self.point3D, 4, 1): self.point(fields)
            default: nil
            }
        guard let value else { throw .invalidStructure(tag: tag) }
        return value
    }

    private static func day(_ days: Int) -> Value? {
        let first = CalendarDate(year: CalendarDate.years.lowerBound, month: 1, day: 1)
        let last = CalendarDate(year: CalendarDate.years.upperBound, month: 12, day: 31)
        guard let first, let last, (first.days...last.days).contains(days) else { return nil }
        return .date(CalendarDate(days: days))
    }

    private static func localTime(_ nanosecond: Int) -> LocalTime? {
        guard (0..<LocalTime.nanosecondsPerDay).contains(nanosecond) else { return nil }
        return LocalTime(nanosecondOfDay: nanosecond)
    }

    private static func zonedTime(_ nanosecond: Int, _ offset: Int) -> Value? {
        guard let local = self.localTime(nanosecond), self.offsets.contains(offset) else { return nil }
        return .time(ZonedTime(local: local, offsetSeconds: offset))
    }

    private static func localMoment(_ seconds: Int, _ nanosecond: Int) -> Value? {
        guard self.seconds.contains(seconds), self.nanoseconds.contains(nanosecond) else { return nil }
        return .localDateTime(LocalDateTime(seconds: seconds, nanosecond: nanosecond))
    }

    private static func moment(_ seconds: Int, _ nanosecond: Int, _ offset: Int) -> Value? {
        guard self.seconds.contains(seconds), self.nanoseconds.contains(nanosecond),
            self.offsets.contains(offset)
        else { return nil }
        return .dateTime(ZonedDateTime(seconds: seconds, nanosecond: nanosecond, offsetSeconds: offset))
    }

    private static func moment(local seconds: Int, _ nanosecond: Int, _ offset: Int) -> Value? {
        guard self.seconds.contains(seconds), self.offsets.contains(offset) else { return nil }
        return self.moment(seconds - offset, nanosecond, offset)
    }

    private static func zoned(_ fields: [Value], isLocal: Bool) -> Value? {
        guard var seconds = fields[0].integer, let nanosecond = fields[1].integer,
            let name = fields[2].string, let zone = TimeZone(identifier: name),
            self.seconds.contains(seconds), self.nanoseconds.contains(nanosecond)
        else { return nil }
        var offset = Self.offset(of: zone, at: seconds)
        if isLocal {
            // The offset depends on the moment and the moment on the offset: the second look settles it.
            offset = Self.offset(of: zone, at: seconds - offset)
            seconds -= offset
        }
        return .dateTime(
            ZonedDateTime(seconds: seconds, nanosecond: nanosecond, offsetSeconds: offset, zone: name))
    }

    private static func offset(of zone: TimeZone, at seconds: Int) -> Int {
        zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(seconds)))
    }

    private static func point(_ fields: [Value]) -> Value? {
        let coordinates = fields.dropFirst().compactMap { field -> Double? in
            if case .float(let number) = field { return number }
            return nil
        }
        guard coordinates.count == fields.count - 1, let number = fields[0].integer,
            let system = Point.System(rawValue: number),
            let point = Point(
                system: system, x: coordinates[0], y: coordinates[1],
                z: coordinates.count > 2 ? coordinates[2] : nil)
        else { return nil }
        return .point(point)
    }
}
