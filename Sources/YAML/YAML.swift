package import JSON

/// Reads YAML 1.2 as far as people write it by hand: block and flow collections, all kinds of scalars, comments, anchors and
/// aliases, the core schema's types. Not known are tags, complex keys and several documents in one text.
package enum YAML {
    /// Reads a text.
    /// - Throws: ``YAMLError`` with the place of the first mistake.
    package static func parse(_ text: String) throws(YAMLError) -> JSON {
        var parser = YAMLParser(text)
        return try parser.document()
    }
}

/// Why a text is no YAML that is known here, and where.
package struct YAMLError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong.
    package let message: String
    /// From 1.
    package let line: Int
    /// From 1, in characters.
    package let column: Int

    /// The place and the message.
    package var description: String { "line \(self.line), column \(self.column): \(self.message)" }
}

/// What a plain scalar is by the core schema.
enum PlainScalar {
    static func value(_ text: String) -> JSON {
        switch text {
        case "", "~", "null", "Null", "NULL": return .null
        case "true", "True", "TRUE": return .bool(true)
        case "false", "False", "FALSE": return .bool(false)
        case ".inf", ".Inf", ".INF", "+.inf": return .double(.infinity)
        case "-.inf": return .double(-.infinity)
        case ".nan", ".NaN", ".NAN": return .double(.nan)
        default: break
        }
        guard let first = text.utf8.first, first == 43 || first == 45 || first == 46 || self.isDigit(first)
        else { return .string(text) }
        if text.hasPrefix("0x"), let number = Int(text.dropFirst(2), radix: 16) { return .int(number) }
        if text.hasPrefix("0o"), let number = Int(text.dropFirst(2), radix: 8) { return .int(number) }
        if let number = Int(text) { return .int(number) }
        let isNumber = text.utf8.allSatisfy { self.isDigit($0) || "+-.eE".utf8.contains($0) }
        if isNumber, text.utf8.contains(where: self.isDigit), let number = Double(text) {
            return .double(number)
        }
        return .string(text)
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) }
}
