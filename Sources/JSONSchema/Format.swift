/// The formats of texts that are checked.
enum Format: String, CaseIterable, Sendable {
    case dateTime = "date-time"
    case date, time, email, hostname, ipv4, ipv6, uri, uuid

    /// Whether a text has the form.
    func fits(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        switch self {
        case .date: return Self.isDate(bytes[...])
        case .time: return Self.isTime(bytes[...])
        case .dateTime:
            guard bytes.count > 11, bytes[10] | 0x20 == UInt8(ascii: "t") else { return false }
            return Self.isDate(bytes[..<10]) && Self.isTime(bytes[11...])
        case .email:
            let parts = text.split(separator: "@", omittingEmptySubsequences: false)
            return parts.count == 2 && !parts[0].isEmpty && parts[0].utf8.count <= 64
                && parts[0].utf8.allSatisfy { $0 > 32 && $0 != 127 } && Self.isHostname(parts[1])
        case .hostname: return Self.isHostname(text[...])
        case .ipv4: return Self.isIPv4(text[...])
        case .ipv6: return Self.isIPv6(text[...])
        case .uri: return Self.isURI(bytes)
        case .uuid:
            return bytes.count == 36
                && bytes.enumerated().allSatisfy {
                    [8, 13, 18, 23].contains($0) ? $1 == UInt8(ascii: "-") : Self.isHex($1)
                }
        }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) }
    private static func isLetter(_ byte: UInt8) -> Bool { (97...122).contains(byte | 0x20) }
    private static func isHex(_ byte: UInt8) -> Bool { isDigit(byte) || (97...102).contains(byte | 0x20) }

    /// The number that two digits are; nil when they are none.
    private static func pair(_ bytes: ArraySlice<UInt8>, _ offset: Int) -> Int? {
        let start = bytes.startIndex + offset
        guard start + 1 < bytes.endIndex, isDigit(bytes[start]), isDigit(bytes[start + 1]) else { return nil }
        return Int(bytes[start] - 48) * 10 + Int(bytes[start + 1] - 48)
    }

    /// RFC 3339: `2026-11-27`, a day that there is.
    private static func isDate(_ bytes: ArraySlice<UInt8>) -> Bool {
        let dash = UInt8(ascii: "-")
        guard bytes.count == 10, let century = pair(bytes, 0), let rest = pair(bytes, 2),
            bytes[bytes.startIndex + 4] == dash, let month = pair(bytes, 5),
            bytes[bytes.startIndex + 7] == dash, let day = pair(bytes, 8), (1...12).contains(month)
        else { return false }
        let year = century * 100 + rest
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let days = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        return (1...days[month - 1]).contains(day)
    }

    /// RFC 3339: `23:59:60.5Z`, `12:00:00+02:00`.
    private static func isTime(_ bytes: ArraySlice<UInt8>) -> Bool {
        let colon = UInt8(ascii: ":")
        guard bytes.count >= 9, let hour = pair(bytes, 0), hour < 24, bytes[bytes.startIndex + 2] == colon,
            let minute = pair(bytes, 3), minute < 60, bytes[bytes.startIndex + 5] == colon,
            let second = pair(bytes, 6), second <= 60
        else { return false }
        var rest = bytes.dropFirst(8)
        if rest.first == UInt8(ascii: ".") {
            let digits = rest.dropFirst().prefix { isDigit($0) }
            guard !digits.isEmpty else { return false }
            rest = rest.dropFirst(1 + digits.count)
        }
        var offset = 0
        if rest.count == 6, rest.first == UInt8(ascii: "+") || rest.first == UInt8(ascii: "-") {
            guard let hours = pair(rest, 1), hours < 24, rest[rest.startIndex + 3] == colon,
                let minutes = pair(rest, 4), minutes < 60
            else { return false }
            offset = (hours * 60 + minutes) * (rest.first == UInt8(ascii: "+") ? -1 : 1)
        } else {
            guard rest.count == 1, let zone = rest.first, zone | 0x20 == UInt8(ascii: "z") else {
                return false
            }
        }
        // A leap second is the last of a day in UTC.
        return second < 60 || (hour * 60 + minute + offset + 2880) % 1440 == 1439
    }

    private static func isHostname(_ text: Substring) -> Bool {
        let labels = text.split(separator: ".", omittingEmptySubsequences: false)
        return (1...253).contains(text.utf8.count)
            && labels.allSatisfy { label in
                (1...63).contains(label.utf8.count) && label.utf8.first != UInt8(ascii: "-")
                    && label.utf8.last != UInt8(ascii: "-")
                    && label.utf8.allSatisfy { isDigit($0) || isLetter($0) || $0 == UInt8(ascii: "-") }
            }
    }

    private static func isIPv4(_ text: Substring) -> Bool {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4
            && parts.allSatisfy {
                (1...3).contains($0.utf8.count) && $0.utf8.allSatisfy(isDigit) && UInt8($0) != nil
                    && ($0 == "0" || !$0.hasPrefix("0"))
            }
    }

    private static func isIPv6(_ text: Substring) -> Bool {
        let halves = text.components(by: "::")
        guard halves.count <= 2 else { return false }
        var groups = 0
        for (index, half) in halves.enumerated() where !half.isEmpty {
            let parts = half.split(separator: ":", omittingEmptySubsequences: false)
            for (place, part) in parts.enumerated() {
                if part.contains("."), index == halves.count - 1, place == parts.count - 1, isIPv4(part) {
                    groups += 2
                } else if (1...4).contains(part.utf8.count), part.utf8.allSatisfy(isHex) {
                    groups += 1
                } else {
                    return false
                }
            }
        }
        return halves.count == 2 ? groups <= 7 : groups == 8
    }

    /// RFC 3986, as far as it is told apart from what is none: a scheme, a colon, and only what may stand in a URI.
    private static func isURI(_ bytes: [UInt8]) -> Bool {
        guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")), let first = bytes.first, isLetter(first),
            bytes[..<colon].allSatisfy({ isLetter($0) || isDigit($0) || "+-.".utf8.contains($0) })
        else { return false }
        var rest = bytes[(colon + 1)...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%") {
                guard rest.count >= 2, rest.prefix(2).allSatisfy(isHex) else { return false }
                rest = rest.dropFirst(2)
            } else if !isLetter(byte), !isDigit(byte), !"-._~:/?#[]@!$&'()*+,;=".utf8.contains(byte) {
                return false
            }
        }
        return true
    }
}

extension Substring {
    /// The parts between occurrences of a separator.
    fileprivate func components(by separator: String) -> [Substring] {
        var (parts, rest): ([Substring], Substring) = ([], self)
        while let range = rest.firstRange(of: separator) {
            parts.append(rest[..<range.lowerBound])
            rest = rest[range.upperBound...]
        }
        return parts + [rest]
    }
}
