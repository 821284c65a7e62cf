/// An IPv4 or IPv6 address.
package struct IPAddress: Hashable, Sendable {
    /// 32 or 128.
    let width: Int
    let bits: UInt128

    private init(width: Int, bits: UInt128) {
        self.width = width
        self.bits = bits
    }

    /// Reads `192.0.2.1` or `2001:db8::1`; nil for anything else.
    package init?(_ text: String) {
        if text.utf8.contains(UInt8(ascii: ":")) {
            guard let bits = Self.version6(text) else { return nil }
            self.init(width: 128, bits: bits)
        } else {
            guard let bits = Self.version4(text) else { return nil }
            self.init(width: 32, bits: UInt128(bits))
        }
    }

    private static func version4(_ text: some StringProtocol) -> UInt32? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var bits: UInt32 = 0
        for part in parts {
            // No leading zero: some readers take it for octal.
            guard part.utf8.allSatisfy({ (48...57).contains($0) }), part.utf8.count <= 3,
                part == "0" || part.utf8.first != 48, let byte = UInt8(part)
            else { return nil }
            bits = bits << 8 | UInt32(byte)
        }
        return bits
    }

    private static func version6(_ text: String) -> UInt128? {
        guard let gap = text.range(of: "::") else {
            guard let groups = Self.groups(text[...]), groups.count == 8 else { return nil }
            return Self.joined(groups)
        }
        let (before, after) = (text[..<gap.lowerBound], text[gap.upperBound...])
        guard let head = before.isEmpty ? [] : Self.groups(before),
            let tail = after.isEmpty ? [] : Self.groups(after), head.count + tail.count < 8
        else { return nil }
        return Self.joined(head + Array(repeating: 0, count: 8 - head.count - tail.count) + tail)
    }

    private static func joined(_ groups: [UInt16]) -> UInt128 {
        groups.reduce(0) { $0 << 16 | UInt128($1) }
    }

    /// Groups of sixteen bits; the last may be an IPv4 address.
    private static func groups(_ text: Substring) -> [UInt16]? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        var groups: [UInt16] = []
        for (index, part) in parts.enumerated() {
            if index == parts.count - 1, part.utf8.contains(UInt8(ascii: ".")) {
                guard let last = Self.version4(part) else { return nil }
                groups += [UInt16(last >> 16), UInt16(truncatingIfNeeded: last)]
            } else {
                guard (1...4).contains(part.utf8.count), part.utf8.first != UInt8(ascii: "+"),
                    let group = UInt16(part, radix: 16)
                else { return nil }
                groups.append(group)
            }
        }
        return groups.count <= 8 ? groups : nil
    }

    /// Whether the address lies in a network; nil when the text is no network such as `192.0.2.0/24`.
    package func isIn(_ network: String) -> Bool? {
        guard let slash = network.lastIndex(of: "/"), let base = IPAddress(String(network[..<slash])) else {
            return nil
        }
        let digits = network[network.index(after: slash)...]
        guard digits.utf8.allSatisfy({ (48...57).contains($0) }), let length = Int(digits),
            length <= base.width
        else { return nil }
        guard base.width == self.width else { return false }
        let shift = UInt128(self.width - length)
        return self.bits >> shift == base.bits >> shift
    }
}

extension IPAddress: CustomStringConvertible {
    /// Dotted for IPv4; groups, the longest run of zeros left out, for IPv6 (RFC 5952).
    package var description: String {
        if self.width == 32 {
            return (0..<4).map { String(UInt8(truncatingIfNeeded: self.bits >> (24 - 8 * $0))) }
                .joined(separator: ".")
        }
        let groups = (0..<8).map { UInt16(truncatingIfNeeded: self.bits >> (112 - 16 * $0)) }
        var best = 0..<0
        var start = 0
        for index in 0...8 where index == 8 || groups[index] != 0 {
            if index - start > max(1, best.count) { best = start..<index }
            start = index + 1
        }
        let text = { (part: ArraySlice<UInt16>) in
            part.map { String($0, radix: 16) }.joined(separator: ":")
        }
        return best.isEmpty
            ? text(groups[...]) : text(groups[..<best.lowerBound]) + "::" + text(groups[best.upperBound...])
    }
}

extension String {
    /// Where a part stands first.
    fileprivate func range(of part: String) -> Range<String.Index>? {
        var start = self.startIndex
        while start < self.endIndex {
            if self[start...].hasPrefix(part) {
                return start..<self.index(start, offsetBy: part.count)
            }
            start = self.index(after: start)
        }
        return nil
    }
}
