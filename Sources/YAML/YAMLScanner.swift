internal import JSON

/// Reads flow collections and quoted texts.
struct YAMLScanner {
    /// What is wrong.
    struct Problem: Error {
        let message: String
        /// Whether more text might mend it.
        let isAtEnd: Bool
    }

    private static let depthLimit = 100
    private let text: [Character]
    private(set) var at: Int

    init(_ text: [Character], from start: Int) {
        self.text = text
        self.at = start
    }

    var isAtEnd: Bool { self.at >= self.text.count }
    private var next: Character? { self.isAtEnd ? nil : self.text[self.at] }

    private func problem(_ message: String) -> Problem { Problem(message: message, isAtEnd: self.isAtEnd) }

    /// Skips space, line breaks and comments.
    mutating func skipSpace() {
        while let character = self.next {
            if character == "#", self.at == 0 || self.text[self.at - 1].isWhitespace {
                while let character = self.next, !character.isNewline { self.at += 1 }
            } else if character.isWhitespace {
                self.at += 1
            } else {
                return
            }
        }
    }

    mutating func value(depth: Int) throws(Problem) -> JSON {
        guard depth <= Self.depthLimit else {
            throw Problem(message: "nested deeper than \(Self.depthLimit) levels", isAtEnd: false)
        }
        self.skipSpace()
        switch self.next {
        case "[": return try self.list(depth: depth)
        case "{": return try self.map(depth: depth)
        case "\"", "'": return .string(try self.quoted())
        case nil: throw self.problem("a value is missing")
        default: return PlainScalar.value(self.plain())
        }
    }

    private mutating func list(depth: Int) throws(Problem) -> JSON {
        self.at += 1
        var elements: [JSON] = []
        while true {
            self.skipSpace()
            if self.take("]") { return .array(elements) }
            elements.append(try self.value(depth: depth + 1))
            self.skipSpace()
            if self.take("]") { return .array(elements) }
            guard self.take(",") else { throw self.problem("`,` or `]` is missing") }
        }
    }

    private mutating func map(depth: Int) throws(Problem) -> JSON {
        self.at += 1
        var members = JSON.Object()
        while true {
            self.skipSpace()
            if self.take("}") { return .object(members) }
            let name = self.next == "\"" || self.next == "'" ? try self.quoted() : self.plain()
            guard !self.isAtEnd else { throw self.problem("`}` is missing") }
            self.skipSpace()
            var value = JSON.null
            if self.take(":") {
                self.skipSpace()
                if self.next != ",", self.next != "}" { value = try self.value(depth: depth + 1) }
            }
            members[name] = value
            self.skipSpace()
            if self.take("}") { return .object(members) }
            guard self.take(",") else { throw self.problem("`,` or `}` is missing") }
        }
    }

    private mutating func take(_ sign: Character) -> Bool {
        guard self.next == sign else { return false }
        self.at += 1
        return true
    }

    private mutating func plain() -> String {
        var text = ""
        while let character = self.next {
            let after = self.at + 1 < self.text.count ? self.text[self.at + 1] : " "
            if ",[]{}".contains(character) { break }
            if character == ":", after.isWhitespace || ",[]{}".contains(after) { break }
            if character == "#", text.last?.isWhitespace ?? true { break }
            text.append(character.isNewline ? " " : character)
            self.at += 1
        }
        return text.trimmed
    }

    // MARK: Quoted texts

    mutating func quoted() throws(Problem) -> String {
        guard let quote = self.next else { throw self.problem("a text is missing") }
        self.at += 1
        var text = ""
        while let character = self.next {
            self.at += 1
            if character == quote {
                guard quote == "'", self.take("'") else { return text }
                text.append("'")
            } else if character == "\\", quote == "\"" {
                try self.escape(&text)
            } else if character.isNewline {
                self.fold(&text)
            } else {
                text.append(character)
            }
        }
        throw self.problem("the text that begins here has no end")
    }

    /// A line break in a quoted text is a space, and an empty line a line break.
    private mutating func fold(_ text: inout String) {
        while text.last == " " || text.last == "\t" { text.removeLast() }
        var breaks = 0
        while let character = self.next, character.isWhitespace {
            if character.isNewline { breaks += 1 }
            self.at += 1
        }
        text += breaks == 0 ? " " : String(repeating: "\n", count: breaks)
    }

    private static let escapes: [Character: String] = [
        "0": "\0", "a": "\u{7}", "b": "\u{8}", "t": "\t", "n": "\n", "v": "\u{B}", "f": "\u{C}", "r": "\r",
        "e": "\u{1B}", " ": " ", "\"": "\"", "/": "/", "\\": "\\", "N": "\u{85}", "_": "\u{A0}",
    ]

    private mutating func escape(_ text: inout String) throws(Problem) {
        guard let mark = self.next else { throw self.problem("`\\` at the end") }
        self.at += 1
        if let known = Self.escapes[mark] {
            text += known
            return
        }
        if mark.isNewline {
            while let character = self.next, character.isWhitespace { self.at += 1 }
            return
        }
        let counts: [Character: Int] = ["x": 2, "u": 4, "U": 8]
        guard let count = counts[mark] else {
            throw Problem(message: "`\\\(mark)` is no escape", isAtEnd: false)
        }
        let end = min(self.at + count, self.text.count)
        guard let number = UInt32(String(self.text[self.at..<end]), radix: 16),
            let scalar = Unicode.Scalar(number)
        else { throw Problem(message: "`\\\(mark)` needs \(count) digits", isAtEnd: false) }
        text.unicodeScalars.append(scalar)
        self.at = end
    }
}
