internal import Cypher
internal import Foundation
internal import PropertyGraph

/// Offsets and named zones as texts give them.
enum TimeZones {
    /// A zone: an offset, or a name whose offset depends on the moment.
    enum Zone: Equatable {
        case offset(Int)
        case named(String)
    }

    /// Reads `Z`, `+01:00`, `+0100`, `+01` or a name such as `Europe/Stockholm`.
    static func zone(_ text: String) throws(CypherError) -> Zone {
        if let seconds = self.offset(text) { return .offset(seconds) }
        guard TimeZone(identifier: text) != nil, text.contains("/") || text == "UTC" || text == "GMT" else {
            throw CypherError(.argument, "InvalidArgumentValue", "`\(text.prefix(60))` is no time zone")
        }
        return .named(text)
    }

    static func offset(_ text: String) -> Int? {
        if text == "Z" || text == "z" { return 0 }
        guard let sign = text.first, sign == "+" || sign == "-" else { return nil }
        let digits = text.dropFirst().filter { $0 != ":" }
        guard [2, 4, 6].contains(digits.count), digits.allSatisfy({ $0.isASCII && $0.isNumber }) else {
            return nil
        }
        let parts = stride(from: 0, to: digits.count, by: 2).map { Int(digits.dropFirst($0).prefix(2)) ?? 0 }
        let seconds =
            parts[0] * 3600 + (parts.count > 1 ? parts[1] * 60 : 0) + (parts.count > 2 ? parts[2] : 0)
        guard seconds <= 64_800 else { return nil }
        return sign == "-" ? -seconds : seconds
    }

    /// The offset of a zone at a moment in UTC seconds.
    static func offset(of zone: Zone, at seconds: Int) -> Int {
        switch zone {
        case .offset(let offset): offset
        case .named(let name):
            TimeZone(identifier: name)?.secondsFromGMT(for: Date(timeIntervalSince1970: Double(seconds))) ?? 0
        }
    }

    /// The moment that a clock of the zone shows as this.
    static func moment(_ local: LocalDateTime, _ zone: Zone) -> ZonedDateTime {
        var offset = self.offset(of: zone, at: local.seconds)
        // The offset depends on the moment and the moment on the offset: the second look settles it.
        offset = self.offset(of: zone, at: local.seconds - offset)
        return ZonedDateTime(
            seconds: local.seconds - offset, nanosecond: local.nanosecond, offsetSeconds: offset,
            zone: self.name(zone))
    }

    /// The same moment in another zone.
    static func moved(_ moment: ZonedDateTime, to zone: Zone) -> ZonedDateTime {
        ZonedDateTime(
            seconds: moment.seconds, nanosecond: moment.nanosecond,
            offsetSeconds: self.offset(of: zone, at: moment.seconds), zone: self.name(zone))
    }

    static func name(_ zone: Zone) -> String? {
        if case .named(let name) = zone { return name }
        return nil
    }
}
