/// A word, number, text or sign.
struct CELToken {
    enum Kind: Hashable {
        case name
        case sign
        case int
        case uint
        case double
        case string
        case bytes
        case end
    }

    let kind: Kind
    /// As written; for texts what they say.
    let text: String
    let place: CELPlace
    var bytes: [UInt8] = []
}

/// Splits an expression into tokens.
struct CELLexer {
    private let text: [Unicode.Scalar]
    private var at = 0
    private var line = 1
    private var lineStart = 0

    init(_ text: String) { self.text = Array(text.unicodeScalars) }

    static func tokens(_ text: String) throws(CELError) -> [CELToken] {
        var lexer = CELLexer(text)
        var tokens: [CELToken] = []
        repeat { tokens.append(try lexer.token()) } while tokens.last?.kind != .end
        return tokens
    }

    private var next: Unicode.Scalar? { self.at < self.text.count ? self.text[self.at] : nil }
    private var place: CELPlace { CELPlace(line: self.line, column: self.at - self.lineStart + 1) }

    private func peek(_ distance: Int) -> Unicode.Scalar? {
        self.at + distance < self.text.count ? self.text[self.at + distance] : nil
    }

    private mutating func step() {
        if self.next == "\n" {
            self.line += 1
            self.lineStart = self.at + 1
        }
        self.at += 1
    }

    private mutating func skipSpace() {
        while let scalar = self.next {
            if scalar == "/", self.peek(1) == "/" {
                while let scalar = self.next, scalar != "\n" { self.step() }
            } else if scalar.properties.isWhitespace {
                self.step()
            } else {
                return
            }
        }
    }

    private mutating func token() throws(CELError) -> CELToken {
        self.skipSpace()
        let place = self.place
        guard let first = self.next else { return CELToken(kind: .end, text: "", place: place) }
        if let text = try self.quoted() { return text }
        if Self.isNameStart(first) {
            let name = self.take { Self.isNameStart($0) || Self.isDigit($0) }
            return CELToken(kind: .name, text: name, place: place)
        }
        if Self.isDigit(first) || first == "." && self.peek(1).map(Self.isDigit) == true {
            return self.number(place)
        }
        for sign in ["==", "!=", "<=", ">=", "&&", "||"]
        where sign.unicodeScalars.elementsEqual(self.text[self.at..<min(self.at + 2, self.text.count)]) {
            self.at += 2
            return CELToken(kind: .sign, text: sign, place: place)
        }
        guard "+-*/%!<>?:.,()[]{}".unicodeScalars.contains(first) else {
            throw CELError(.syntax, "`\(first)` has no meaning here", place)
        }
        self.at += 1
        return CELToken(kind: .sign, text: String(first), place: place)
    }

    private mutating func take(_ fits: (Unicode.Scalar) -> Bool) -> String {
        var text = String.UnicodeScalarView()
        while let scalar = self.next, fits(scalar) {
            text.append(scalar)
            self.at += 1
        }
        return String(text)
    }

    private static func isNameStart(_ scalar: Unicode.Scalar) -> Bool {
        ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar) || scalar == "_"
    }

    private static func isDigit(_ scalar: Unicode.Scalar) -> Bool { ("0"..."9").contains(scalar) }

    // MARK: Numbers

    private mutating func number(_ place: CELPlace) -> CELToken {
        if self.next == "0", self.peek(1) == "x" || self.peek(1) == "X",
            self.peek(2)?.properties.isASCIIHexDigit == true
        {
            self.at += 2
            let digits = "0x" + self.take { $0.properties.isASCIIHexDigit }
            return CELToken(kind: self.takeUnsigned() ? .uint : .int, text: digits, place: place)
        }
        var text = self.take(Self.isDigit)
        var isDouble = false
        if self.next == ".", self.peek(1).map(Self.isDigit) == true {
            isDouble = true
            self.at += 1
            text += "." + self.take(Self.isDigit)
        }
        let signed = self.peek(1) == "+" || self.peek(1) == "-"
        if self.next == "e" || self.next == "E", self.peek(signed ? 2 : 1).map(Self.isDigit) == true {
            isDouble = true
            text += "e"
            self.at += 1
            if signed, let sign = self.next {
                text += String(sign)
                self.at += 1
            }
            text += self.take(Self.isDigit)
        }
        if isDouble { return CELToken(kind: .double, text: text, place: place) }
        return CELToken(kind: self.takeUnsigned() ? .uint : .int, text: text, place: place)
    }

    private mutating func takeUnsigned() -> Bool {
        guard self.next == "u" || self.next == "U" else { return false }
        self.at += 1
        return true
    }

    // MARK: Texts

    /// A text with its marks `r` and `b` and its quotes, one or three of them.
    private mutating func quoted() throws(CELError) -> CELToken? {
        var (length, isRaw, isBytes) = (0, false, false)
        while length < 2, let mark = self.peek(length) {
            if !isRaw, mark == "r" || mark == "R" {
                isRaw = true
            } else if !isBytes, mark == "b" || mark == "B" {
                isBytes = true
            } else {
                break
            }
            length += 1
        }
        guard let quote = self.peek(length), quote == "\"" || quote == "'" else { return nil }
        let place = self.place
        self.at += length
        let isLong = self.peek(1) == quote && self.peek(2) == quote
        self.at += isLong ? 3 : 1
        let bytes = try self.content(quote, isLong: isLong, isRaw: isRaw, isBytes: isBytes, place)
        return CELToken(
            kind: isBytes ? .bytes : .string, text: String(decoding: bytes, as: UTF8.self), place: place,
            bytes: bytes)
    }

    private mutating func content(
        _ quote: Unicode.Scalar, isLong: Bool, isRaw: Bool, isBytes: Bool, _ start: CELPlace
    ) throws(CELError) -> [UInt8] {
        var bytes: [UInt8] = []
        while let scalar = self.next {
            if scalar == quote, !isLong || self.peek(1) == quote && self.peek(2) == quote {
                self.at += isLong ? 3 : 1
                return bytes
            }
            if scalar == "\n", !isLong { break }
            if scalar == "\\", !isRaw {
                try self.escape(isBytes: isBytes, &bytes)
            } else {
                bytes += Array(UTF8.encode(scalar) ?? .init())
                self.step()
            }
        }
        throw CELError(.syntax, "the text that begins here has no end", start)
    }

    private static let simpleEscapes: [Unicode.Scalar: UInt8] = [
        "a": 7, "b": 8, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11, "\\": 92, "?": 63, "\"": 34, "'": 39,
        "`": 96,
    ]

    private mutating func escape(isBytes: Bool, _ bytes: inout [UInt8]) throws(CELError) {
        let place = self.place
        self.at += 1
        guard let mark = self.next else { throw CELError(.syntax, "`\\` at the end", place) }
        if let byte = Self.simpleEscapes[mark] {
            self.at += 1
            bytes.append(byte)
            return
        }
        let digits: (count: Int, radix: Int)? =
            switch mark {
            case "x", "X": (2, 16)
            case "u": (4, 16)
            case "U": (8, 16)
            case "0"..."3": (3, 8)
            default: nil
            }
        guard let digits, !isBytes || digits.count < 4 else {
            throw CELError(.syntax, "`\\\(mark)` is no escape", place)
        }
        if digits.radix == 16 { self.at += 1 }
        let end = min(self.at + digits.count, self.text.count)
        let text = String(String.UnicodeScalarView(self.text[self.at..<end]))
        guard end == self.at + digits.count, text.first?.isHexDigit == true,
            let number = UInt32(text, radix: digits.radix)
        else { throw CELError(.syntax, "`\\\(mark)` needs \(digits.count) digits", place) }
        self.at = end
        if isBytes {
            bytes.append(UInt8(truncatingIfNeeded: number))
        } else {
            guard let scalar = Unicode.Scalar(number) else {
                throw CELError(.syntax, "`\\\(mark)\(text)` is no character", place)
            }
            bytes += Array(UTF8.encode(scalar) ?? .init())
        }
    }
}
