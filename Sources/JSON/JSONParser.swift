/// Why a text is not JSON, and where.
package struct JSONError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong.
    package let message: String
    /// From 1.
    package let line: Int
    /// From 1, in bytes.
    package let column: Int

    /// `line 3, column 7: expected a value`.
    package var description: String { "line \(self.line), column \(self.column): \(self.message)" }
}

extension JSON {
    /// How deep arrays and objects may nest.
    package static let depthLimit = 512

    /// Parses a whole text (RFC 8259). O(bytes).
    /// - Throws: ``JSONError`` with the place of the first mistake.
    package static func parse(_ text: String) throws(JSONError) -> JSON {
        try Self.parse(utf8: Array(text.utf8))
    }

    /// Parses a whole text given as UTF-8 bytes. O(bytes).
    /// - Throws: ``JSONError`` with the place of the first mistake.
    package static func parse(utf8 bytes: [UInt8]) throws(JSONError) -> JSON {
        var parser = JSONParser(bytes: bytes)
        return try parser.document()
    }
}

private struct JSONParser {
    let bytes: [UInt8]
    var at = 0
    var depth = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    mutating func document() throws(JSONError) -> JSON {
        if self.bytes.starts(with: [0xEF, 0xBB, 0xBF]) { self.at = 3 }
        let value = try self.value()
        self.skipSpace()
        guard self.at == self.bytes.count else { throw self.error("unexpected text after the value") }
        return value
    }

    private mutating func value() throws(JSONError) -> JSON {
        self.skipSpace()
        guard let byte = self.peek else { throw self.error("expected a value, found the end of the text") }
        switch byte {
        case UInt8(ascii: "\""): return .string(try self.string())
        case UInt8(ascii: "{"): return try self.object()
        case UInt8(ascii: "["): return try self.array()
        case UInt8(ascii: "t"): return try self.word("true", .bool(true))
        case UInt8(ascii: "f"): return try self.word("false", .bool(false))
        case UInt8(ascii: "n"): return try self.word("null", .null)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try self.number()
        default: throw self.error("expected a value, found \(Self.shown(byte))")
        }
    }

    private mutating func object() throws(JSONError) -> JSON {
        try self.enter()
        var object = JSON.Object()
        self.skipSpace()
        if self.take("}") {
            self.depth -= 1
            return .object(object)
        }
        while true {
            self.skipSpace()
            guard self.peek == UInt8(ascii: "\"") else {
                throw self.error("expected a member name in double quotes")
            }
            let name = try self.string()
            self.skipSpace()
            guard self.take(":") else {
                throw self.error("expected `:` after the member name `\(name.prefix(40))`")
            }
            let value = try self.value()
            if object.members.count < 64 { object[name] = value } else { object.append(name, value) }
            self.skipSpace()
            if self.take(",") { continue }
            guard self.take("}") else { throw self.error("expected `,` or `}` in an object") }
            self.depth -= 1
            return .object(object)
        }
    }

    private mutating func array() throws(JSONError) -> JSON {
        try self.enter()
        var elements: [JSON] = []
        self.skipSpace()
        if self.take("]") {
            self.depth -= 1
            return .array(elements)
        }
        while true {
            elements.append(try self.value())
            self.skipSpace()
            if self.take(",") { continue }
            guard self.take("]") else { throw self.error("expected `,` or `]` in an array") }
            self.depth -= 1
            return .array(elements)
        }
    }

    private mutating func enter() throws(JSONError) {
        self.at += 1
        self.depth += 1
        guard self.depth <= JSON.depthLimit else {
            throw self.error("nested deeper than \(JSON.depthLimit) levels")
        }
    }

    private mutating func word(_ text: StaticString, _ value: JSON) throws(JSONError) -> JSON {
        let matches = text.withUTF8Buffer { self.bytes[self.at...].starts(with: $0) }
        guard matches else { throw self.error("expected `\(text)`") }
        self.at += text.utf8CodeUnitCount
        return value
    }

    private mutating func number() throws(JSONError) -> JSON {
        let start = self.at
        _ = self.take("-")
        let first = self.at
        let digits = self.digits()
        guard digits > 0 else { throw self.error("expected a digit") }
        guard digits == 1 || self.bytes[first] != UInt8(ascii: "0") else {
            throw self.error("a number must not start with 0")
        }
        var isWhole = true
        if self.take(".") {
            isWhole = false
            guard self.digits() > 0 else { throw self.error("expected a digit after the decimal point") }
        }
        if self.take("e") || self.take("E") {
            isWhole = false
            if !self.take("+") { _ = self.take("-") }
            guard self.digits() > 0 else { throw self.error("expected a digit in the exponent") }
        }
        let text = String(decoding: self.bytes[start..<self.at], as: UTF8.self)
        if isWhole, let number = Int(text) { return .int(number) }
        guard let number = Double(text), number.isFinite else {
            throw self.error("the number \(text.prefix(40)) is out of range")
        }
        return .double(number)
    }

    private mutating func digits() -> Int {
        let start = self.at
        while let byte = self.peek, (48...57).contains(byte) { self.at += 1 }
        return self.at - start
    }

    private mutating func string() throws(JSONError) -> String {
        self.at += 1
        let start = self.at
        self.skipPlainText()
        if self.peek == UInt8(ascii: "\"") {
            let text = try self.text(self.bytes[start..<self.at])
            self.at += 1
            return text
        }
        return try self.escapedString(Array(self.bytes[start..<self.at]))
    }

    private mutating func escapedString(_ head: [UInt8]) throws(JSONError) -> String {
        var result = head
        while let byte = self.peek {
            switch byte {
            case UInt8(ascii: "\""):
                let text = try self.text(result[...])
                self.at += 1
                return text
            case UInt8(ascii: "\\"):
                self.at += 1
                try self.escape(into: &result)
            case 0..<0x20: throw self.error("a control character in a string must be escaped")
            default:
                let start = self.at
                self.skipPlainText()
                result.append(contentsOf: self.bytes[start..<self.at])
            }
        }
        throw self.error("the string has no closing quote")
    }

    private mutating func skipPlainText() {
        self.at = self.bytes.withUnsafeBytes { PlainText.end(in: $0, from: self.at) }
    }

    private mutating func escape(into result: inout [UInt8]) throws(JSONError) {
        guard let byte = self.peek else { throw self.error("the string has no closing quote") }
        self.at += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): result.append(byte)
        case UInt8(ascii: "b"): result.append(8)
        case UInt8(ascii: "f"): result.append(12)
        case UInt8(ascii: "n"): result.append(10)
        case UInt8(ascii: "r"): result.append(13)
        case UInt8(ascii: "t"): result.append(9)
        case UInt8(ascii: "u"):
            var code = try self.hex()
            if (0xD800..<0xDC00).contains(code) {
                guard self.take("\\"), self.take("u") else { throw self.error("half of a surrogate pair") }
                let low = try self.hex()
                guard (0xDC00..<0xE000).contains(low) else { throw self.error("half of a surrogate pair") }
                code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
            }
            guard let scalar = Unicode.Scalar(code) else { throw self.error("half of a surrogate pair") }
            result.append(contentsOf: Array(String(Character(scalar)).utf8))
        default: throw self.error("unknown escape `\\\(Self.shown(byte))`")
        }
    }

    private mutating func hex() throws(JSONError) -> UInt32 {
        var code: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = self.peek, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw self.error("expected four hexadecimal digits after `\\u`")
            }
            code = code << 4 + UInt32(digit)
            self.at += 1
        }
        return code
    }

    private func text(_ bytes: ArraySlice<UInt8>) throws(JSONError) -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw self.error("the string is not valid UTF-8")
        }
        return text
    }

    private var peek: UInt8? { self.at < self.bytes.count ? self.bytes[self.at] : nil }

    private mutating func take(_ character: Character) -> Bool {
        guard let byte = self.peek, byte == character.asciiValue else { return false }
        self.at += 1
        return true
    }

    private mutating func skipSpace() {
        while let byte = self.peek, byte == 32 || byte == 10 || byte == 13 || byte == 9 { self.at += 1 }
    }

    private func error(_ message: String) -> JSONError {
        var line = 1
        var column = 1
        for byte in self.bytes.prefix(self.at) {
            if byte == 10 {
                line += 1
                column = 1
            } else {
                column += 1
            }
        }
        return JSONError(message: message, line: line, column: column)
    }

    private static func shown(_ byte: UInt8) -> String {
        (33..<127).contains(byte) ? "`\(Character(Unicode.Scalar(byte)))`" : "byte \(byte)"
    }
}
