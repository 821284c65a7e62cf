/// Puts lines together to statements, each ended by a `;` that is in no text, name or comment, and to commands of the
/// shell: lines that begin with `:` where a statement could begin.
package struct StatementReader: Sendable {
    /// What was read.
    package enum Item: Hashable, Sendable {
        /// A statement in Cypher, without its `;`.
        case statement(String)
        /// A command, with its `:`.
        case command(String)
    }

    private enum Place {
        case code, lineComment, blockComment
        case quoted(UInt8)
    }

    private var text: [UInt8] = []
    private var place = Place.code
    private var isEscaped = false

    /// A reader with nothing read.
    package init() {}

    /// The beginning of a statement that has not ended.
    package var pending: String { self.isBlank ? "" : String(decoding: self.text, as: UTF8.self) }

    private var isBlank: Bool { self.text.allSatisfy { [0x20, 0x09, 0x0A, 0x0D].contains($0) } }

    /// Takes a line without its end. O(its length).
    package mutating func take(_ line: String) -> [Item] {
        if self.isBlank, case .code = self.place, line.drop(while: { $0 == " " || $0 == "\t" }).hasPrefix(":")
        {
            self.text.removeAll()
            return [.command(Self.trimmed(line))]
        }
        var items: [Item] = []
        for byte in Array(line.utf8) + [0x0A] {
            if let statement = self.take(byte), !statement.isEmpty { items.append(.statement(statement)) }
        }
        return items
    }

    /// The statement that the input ended in, if it is more than blanks.
    package mutating func finish() -> Item? {
        defer { self.clear() }
        let rest = Self.trimmed(self.pending)
        return rest.isEmpty ? nil : .statement(rest)
    }

    /// Gives up what has not ended.
    package mutating func clear() {
        self.text.removeAll()
        (self.place, self.isEscaped) = (.code, false)
    }

    private mutating func take(_ byte: UInt8) -> String? {
        let last = self.text.last
        self.text.append(byte)
        switch self.place {
        case .code:
            switch byte {
            case UInt8(ascii: "'"), UInt8(ascii: "\""), UInt8(ascii: "`"): self.place = .quoted(byte)
            case UInt8(ascii: "/") where last == UInt8(ascii: "/"): self.place = .lineComment
            case UInt8(ascii: "*") where last == UInt8(ascii: "/"): self.place = .blockComment
            case UInt8(ascii: ";"):
                self.text.removeLast()
                defer { self.text.removeAll() }
                return Self.trimmed(String(decoding: self.text, as: UTF8.self))
            default: break
            }
        case .quoted(let quote):
            if self.isEscaped {
                self.isEscaped = false
            } else if byte == UInt8(ascii: "\\"), quote != UInt8(ascii: "`") {
                self.isEscaped = true
            } else if byte == quote {
                self.place = .code
            }
        case .lineComment: if byte == 0x0A { self.place = .code }
        case .blockComment:
            if byte == UInt8(ascii: "/"), last == UInt8(ascii: "*") { self.place = .code }
        }
        return nil
    }

    private static func trimmed(_ text: String) -> String {
        let blanks: Set<Character> = [" ", "\t", "\n", "\r", "\r\n"]
        var rest = text[...]
        while let first = rest.first, blanks.contains(first) { rest.removeFirst() }
        while let last = rest.last, blanks.contains(last) { rest.removeLast() }
        return String(rest)
    }

    /// A statement on one line, as the history keeps it; nil when a comment to the end of a line makes that impossible.
    package static func onOneLine(_ statement: String) -> String? {
        guard statement.contains("\n") else { return statement }
        guard !statement.contains("//") else { return nil }
        return statement.split(separator: "\n").map { self.trimmed(String($0)) }.joined(separator: " ")
    }
}
