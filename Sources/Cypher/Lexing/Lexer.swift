/// Splits a query's text into tokens. O(bytes).
struct Lexer {
    private let bytes: [UInt8]
    private var at = 0

    init(_ text: String) { self.bytes = Array(text.utf8) }

    /// All tokens, the last of them `.end`.
    mutating func tokens() throws(CypherError) -> [Token] {
        var tokens: [Token] = []
        while true {
            try self.skipSpace()
            let start = self.at
            guard start < self.bytes.count else {
                tokens.append(Token(.end, SourceRange(start: start, end: start)))
                return tokens
            }
            let kind = try self.next()
            tokens.append(Token(kind, SourceRange(start: start, end: self.at)))
        }
    }

    private mutating func next() throws(CypherError) -> Token.Kind {
        let byte = self.bytes[self.at]
        switch byte {
        case UInt8(ascii: "'"), UInt8(ascii: "\""): return .string(try self.string(closing: byte))
        case UInt8(ascii: "`"): return .word(try self.quotedName(), isQuoted: true)
        case UInt8(ascii: "$"): return try self.parameter()
        case UInt8(ascii: "0")...UInt8(ascii: "9"): return try self.number()
        case UInt8(ascii: "."):
            let after = self.peek(1)
            if let after, Self.isDigit(after), !self.isAfterRangeDot { return try self.number() }
            return self.sign()
        default:
            if Self.startsName(byte) { return .word(self.name(), isQuoted: false) }
            if byte >= 0x80 { return try self.unicode() }
            return self.sign()
        }
    }

    /// `1..2` is a range: its second dot does not start a number.
    private var isAfterRangeDot: Bool { self.at > 0 && self.bytes[self.at - 1] == UInt8(ascii: ".") }

    private func peek(_ offset: Int) -> UInt8? {
        self.at + offset < self.bytes.count ? self.bytes[self.at + offset] : nil
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) }

    private static func startsName(_ byte: UInt8) -> Bool {
        (65...90).contains(byte) || (97...122).contains(byte) || byte == 95
    }

    private mutating func skipSpace() throws(CypherError) {
        while self.at < self.bytes.count {
            let byte = self.bytes[self.at]
            if byte == 32 || (9...13).contains(byte) {
                self.at += 1
            } else if byte == 0xC2, self.peek(1) == 0xA0 {
                self.at += 2
            } else if byte == UInt8(ascii: "/"), self.peek(1) == UInt8(ascii: "/") {
                while self.at < self.bytes.count, self.bytes[self.at] != 10 { self.at += 1 }
            } else if byte == UInt8(ascii: "/"), self.peek(1) == UInt8(ascii: "*") {
                try self.skipBlockComment()
            } else {
                return
            }
        }
    }

    private mutating func skipBlockComment() throws(CypherError) {
        let start = self.at
        self.at += 2
        while self.at + 1 < self.bytes.count {
            if self.bytes[self.at] == UInt8(ascii: "*"), self.bytes[self.at + 1] == UInt8(ascii: "/") {
                self.at += 2
                return
            }
            self.at += 1
        }
        throw CypherError(
            .syntax, "UnexpectedSyntax", "the comment is not closed",
            at: SourceRange(start: start, end: start + 2),
            hint: "close it with */")
    }

    private mutating func name() -> String {
        let start = self.at
        while self.at < self.bytes.count {
            let byte = self.bytes[self.at]
            guard Self.startsName(byte) || Self.isDigit(byte) || byte >= 0x80 else { break }
            if byte >= 0x80, !self.continuesName() { break }
            self.at += byte >= 0x80 ? self.scalarLength() : 1
        }
        return String(decoding: self.bytes[start..<self.at], as: UTF8.self)
    }

    private func scalarLength() -> Int {
        let byte = self.bytes[self.at]
        return byte >= 0xF0 ? 4 : (byte >= 0xE0 ? 3 : 2)
    }

    private func scalar() -> Unicode.Scalar? {
        let end = min(self.at + self.scalarLength(), self.bytes.count)
        return String(decoding: self.bytes[self.at..<end], as: UTF8.self).unicodeScalars.first
    }

    private func continuesName() -> Bool { self.scalar()?.properties.isXIDContinue ?? false }

    private mutating func unicode() throws(CypherError) -> Token.Kind {
        if self.scalar()?.properties.isXIDStart ?? false { return .word(self.name(), isQuoted: false) }
        let length = self.scalarLength()
        throw CypherError(
            .syntax, "InvalidUnicodeCharacter", "a character that Cypher does not know",
            at: SourceRange(start: self.at, end: min(self.at + length, self.bytes.count)))
    }

    private mutating func quotedName() throws(CypherError) -> String {
        let start = self.at
        self.at += 1
        var name: [UInt8] = []
        while self.at < self.bytes.count {
            let byte = self.bytes[self.at]
            self.at += 1
            if byte == UInt8(ascii: "`") {
                guard self.peek(0) == UInt8(ascii: "`") else { return String(decoding: name, as: UTF8.self) }
                self.at += 1
            }
            name.append(byte)
        }
        throw CypherError(
            .syntax, "UnexpectedSyntax", "the name in backticks is not closed",
            at: SourceRange(start: start, end: start + 1))
    }

    private mutating func parameter() throws(CypherError) -> Token.Kind {
        let start = self.at
        self.at += 1
        if self.peek(0) == UInt8(ascii: "`") { return .parameter(try self.quotedName()) }
        let nameStart = self.at
        while let byte = self.peek(0), Self.startsName(byte) || Self.isDigit(byte) || byte >= 0x80 {
            if byte >= 0x80, !self.continuesName() { break }
            self.at += byte >= 0x80 ? self.scalarLength() : 1
        }
        guard self.at > nameStart else {
            throw CypherError(
                .syntax, "UnexpectedSyntax", "a parameter needs a name after `$`",
                at: SourceRange(start: start, end: start + 1))
        }
        return .parameter(String(decoding: self.bytes[nameStart..<self.at], as: UTF8.self))
    }

    private mutating func sign() -> Token.Kind {
        let two = self.peek(1).map { [self.bytes[self.at], $0] } ?? []
        let pairs = ["<=", ">=", "<>", "..", "+=", "=~", "||"]
        if let pair = pairs.first(where: { Array($0.utf8) == two }) {
            self.at += 2
            return .sign(pair)
        }
        let byte = self.bytes[self.at]
        self.at += 1
        return .sign(String(Character(Unicode.Scalar(byte))))
    }

    private mutating func number() throws(CypherError) -> Token.Kind {
        let start = self.at
        if self.bytes[start] == UInt8(ascii: "0"), let next = self.peek(1) {
            switch next {
            case UInt8(ascii: "x"), UInt8(ascii: "X"): return try self.radix(16, skipping: 2)
            case UInt8(ascii: "o"), UInt8(ascii: "O"): return try self.radix(8, skipping: 2)
            default: break
            }
        }
        self.digits()
        var isFloat = false
        if self.peek(0) == UInt8(ascii: "."), let after = self.peek(1), Self.isDigit(after) {
            isFloat = true
            self.at += 1
            self.digits()
        }
        if let byte = self.peek(0), byte == UInt8(ascii: "e") || byte == UInt8(ascii: "E") {
            let signed = self.peek(1) == UInt8(ascii: "-") || self.peek(1) == UInt8(ascii: "+")
            if let digit = self.peek(signed ? 2 : 1), Self.isDigit(digit) {
                isFloat = true
                self.at += signed ? 2 : 1
                self.digits()
            }
        }
        return try self.numberValue(start, isFloat: isFloat)
    }

    private mutating func digits() {
        while let byte = self.peek(0), Self.isDigit(byte) || byte == 95 { self.at += 1 }
    }

    private mutating func numberValue(_ start: Int, isFloat: Bool) throws(CypherError) -> Token.Kind {
        let range = SourceRange(start: start, end: self.at)
        if let byte = self.peek(0), Self.startsName(byte) {
            while let byte = self.peek(0), Self.startsName(byte) || Self.isDigit(byte) { self.at += 1 }
            return .malformed("a number must not run into a name")
        }
        let text = String(decoding: self.bytes[start..<self.at].filter { $0 != 95 }, as: UTF8.self)
        if isFloat {
            guard let number = Double(text), number.isFinite else {
                throw CypherError(
                    .syntax, "FloatingPointOverflow", "the number \(text.prefix(40)) is too large", at: range)
            }
            return .float(number)
        }
        if text.utf8.count > 1, text.hasPrefix("0"), text.utf8.allSatisfy({ (48...55).contains($0) }) {
            return Int(text, radix: 8).map(Token.Kind.integer) ?? .tooLarge(text)
        }
        return Int(text).map(Token.Kind.integer) ?? .tooLarge(text)
    }

    private mutating func radix(_ radix: Int, skipping: Int) throws(CypherError) -> Token.Kind {
        self.at += skipping
        let digitsStart = self.at
        while let byte = self.peek(0), Self.startsName(byte) || Self.isDigit(byte) { self.at += 1 }
        let text = String(decoding: self.bytes[digitsStart..<self.at].filter { $0 != 95 }, as: UTF8.self)
        if let number = Int(text, radix: radix) { return .integer(number) }
        guard !text.isEmpty, text.allSatisfy({ $0.hexDigitValue.map { $0 < radix } ?? false }) else {
            return .malformed("`\(text.prefix(40))` is no number to the base \(radix)")
        }
        // The least integer is one further from 0 than the greatest.
        return .tooLarge(UInt64(text, radix: radix) == 1 << 63 ? "9223372036854775808" : text)
    }

    private mutating func string(closing quote: UInt8) throws(CypherError) -> String {
        let start = self.at
        self.at += 1
        var text: [UInt8] = []
        while self.at < self.bytes.count {
            let byte = self.bytes[self.at]
            self.at += 1
            if byte == quote { return String(decoding: text, as: UTF8.self) }
            if byte == UInt8(ascii: "\\") { try self.escape(into: &text) } else { text.append(byte) }
        }
        throw CypherError(
            .syntax, "UnexpectedSyntax", "the string is not closed",
            at: SourceRange(start: start, end: start + 1),
            hint: "close it with \(Character(Unicode.Scalar(quote)))")
    }

    private mutating func escape(into text: inout [UInt8]) throws(CypherError) {
        let start = self.at - 1
        let byte = self.peek(0) ?? 0
        self.at += 1
        switch byte {
        case UInt8(ascii: "\\"), UInt8(ascii: "'"), UInt8(ascii: "\""), UInt8(ascii: "`"): text.append(byte)
        case UInt8(ascii: "b"): text.append(8)
        case UInt8(ascii: "f"): text.append(12)
        case UInt8(ascii: "n"): text.append(10)
        case UInt8(ascii: "r"): text.append(13)
        case UInt8(ascii: "t"): text.append(9)
        case UInt8(ascii: "u"), UInt8(ascii: "U"):
            try self.unicodeEscape(byte == UInt8(ascii: "u") ? 4 : 8, from: start, into: &text)
        default:
            throw CypherError(
                .syntax, "UnexpectedSyntax", "an unknown escape in a string",
                at: SourceRange(start: start, end: min(self.at, self.bytes.count)),
                hint: "write \\\\ for a backslash")
        }
    }

    private mutating func unicodeEscape(
        _ length: Int, from start: Int, into text: inout [UInt8]
    ) throws(CypherError) {
        let end = min(self.at + length, self.bytes.count)
        let digits = String(decoding: self.bytes[self.at..<end], as: UTF8.self)
        guard digits.utf8.count == length, let code = UInt32(digits, radix: 16),
            let scalar = Unicode.Scalar(code)
        else {
            throw CypherError(
                .syntax, "InvalidUnicodeLiteral", "`\\u` needs \(length) hexadecimal digits of a character",
                at: SourceRange(start: start, end: end))
        }
        text.append(contentsOf: Array(String(Character(scalar)).utf8))
        self.at = end
    }
}
