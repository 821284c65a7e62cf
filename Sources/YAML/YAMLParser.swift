internal import JSON

/// Reads YAML line by line: blocks by their indentation, what stands in one line by character.
struct YAMLParser {
    private struct Line {
        let number: Int
        /// How far its content is indented; grows when the `- ` before it is taken away.
        var indent: Int
        var text: [Character]
    }

    private static let depthLimit = 100
    private var lines: [Line] = []
    private var at = 0
    private var depth = 0
    private var anchors: [String: JSON] = [:]
    /// How many values aliases stood for.
    private var aliasCount = 0

    init(_ text: String) {
        let rows = text.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" }
        for (index, row) in rows.enumerated() {
            let indent = row.prefix { $0 == " " }.count
            self.lines.append(Line(number: index + 1, indent: indent, text: Array(row.dropFirst(indent))))
        }
    }

    private func error(_ message: String, _ column: Int? = nil) -> YAMLError {
        guard let line = self.lines.indices.contains(self.at) ? self.lines[self.at] : self.lines.last else {
            return YAMLError(message: message, line: 1, column: 1)
        }
        return YAMLError(message: message, line: line.number, column: (column ?? 0) + line.indent + 1)
    }

    mutating func document() throws(YAMLError) -> JSON {
        self.skipEmpty()
        while self.at < self.lines.count, self.lines[self.at].text.first == "%" { self.at += 1 }
        self.skipEmpty()
        if self.isMark("---") { self.at += 1 }
        let value = try self.block(0)
        self.skipEmpty()
        if self.isMark("...") { self.at += 1 }
        self.skipEmpty()
        guard self.at >= self.lines.count else {
            throw self.error(
                self.isMark("---") ? "only one document is read" : "this does not belong to what is above")
        }
        return value
    }

    private func isMark(_ mark: String) -> Bool {
        self.at < self.lines.count && self.lines[self.at].indent == 0
            && String(self.lines[self.at].text).trimmed == mark
    }

    private mutating func skipEmpty() {
        while self.at < self.lines.count {
            let text = self.lines[self.at].text
            guard text.first(where: { !$0.isWhitespace }).map({ $0 == "#" }) ?? true else { return }
            self.at += 1
        }
    }

    // MARK: Blocks

    /// The value whose lines are indented at least so far; null when there are none.
    private mutating func block(_ least: Int) throws(YAMLError) -> JSON {
        self.skipEmpty()
        guard self.at < self.lines.count, self.lines[self.at].indent >= least, !self.isMark("..."),
            !self.isMark("---")
        else { return .null }
        self.depth += 1
        defer { self.depth -= 1 }
        guard self.depth <= Self.depthLimit else {
            throw self.error("nested deeper than \(Self.depthLimit) levels")
        }
        let line = self.lines[self.at]
        if line.text.first == "\t" { throw self.error("a tab does not indent") }
        if Self.isItem(line.text) { return try self.sequence(line.indent) }
        if try self.key(line.text) != nil { return try self.mapping(line.indent) }
        return try self.inline(line.text, from: 0, parent: least - 1)
    }

    private static func isItem(_ text: [Character]) -> Bool {
        text.first == "-" && (text.count == 1 || text[1] == " ")
    }

    private mutating func sequence(_ indent: Int) throws(YAMLError) -> JSON {
        var elements: [JSON] = []
        while true {
            self.skipEmpty()
            guard self.at < self.lines.count, self.lines[self.at].indent == indent,
                Self.isItem(self.lines[self.at].text)
            else { break }
            let text = self.lines[self.at].text
            let space = text.dropFirst().prefix { $0 == " " }.count
            if text.dropFirst(1 + space).first.map({ $0 == "#" }) ?? true {
                self.at += 1
                elements.append(try self.block(indent + 1))
            } else {
                // What follows the mark is a block of its own, indented as far as it stands.
                self.lines[self.at].indent = indent + 1 + space
                self.lines[self.at].text = Array(text.dropFirst(1 + space))
                elements.append(try self.block(indent + 1))
            }
        }
        try self.checkIndent(indent)
        return .array(elements)
    }

    private func checkIndent(_ indent: Int) throws(YAMLError) {
        guard self.at < self.lines.count, self.lines[self.at].indent > indent else { return }
        throw self.error("this is indented further than what it belongs to")
    }

    private mutating func mapping(_ indent: Int) throws(YAMLError) -> JSON {
        var members = JSON.Object()
        while true {
            self.skipEmpty()
            guard self.at < self.lines.count, self.lines[self.at].indent == indent, !self.isMark("---"),
                !self.isMark("...")
            else { break }
            let text = self.lines[self.at].text
            guard !Self.isItem(text), let key = try self.key(text) else {
                throw self.error("a key with `:` is missing")
            }
            guard members[key.name] == nil else { throw self.error("the key `\(key.name)` is there twice") }
            members.append(key.name, try self.member(text, from: key.end, indent))
        }
        try self.checkIndent(indent)
        return .object(members)
    }

    private mutating func member(
        _ text: [Character], from start: Int, _ indent: Int
    ) throws(YAMLError) -> JSON {
        var start = start
        let anchor = Self.anchor(text, &start)
        let value: JSON
        if start >= text.count || text[start] == "#" {
            self.at += 1
            self.skipEmpty()
            let isList =
                self.at < self.lines.count && self.lines[self.at].indent == indent
                && Self.isItem(self.lines[self.at].text)
            value = try isList ? self.sequence(indent) : self.block(indent + 1)
        } else {
            value = try self.inline(text, from: start, parent: indent)
        }
        if let anchor { self.anchors[anchor] = value }
        return value
    }

    private static func anchor(_ text: [Character], _ start: inout Int) -> String? {
        while start < text.count, text[start].isWhitespace { start += 1 }
        guard start < text.count, text[start] == "&" else { return nil }
        let name = text[(start + 1)...].prefix { !$0.isWhitespace }
        start += 1 + name.count
        while start < text.count, text[start].isWhitespace { start += 1 }
        return String(name)
    }

    /// The key that a line begins with, and where what follows its `:` begins.
    private func key(_ text: [Character]) throws(YAMLError) -> (name: String, end: Int)? {
        var index = 0
        let name: String
        if let quote = text.first, quote == "\"" || quote == "'" {
            var scanner = YAMLScanner(text, from: 0)
            guard let quoted = try? scanner.quoted() else { return nil }
            name = quoted
            index = scanner.at
            while index < text.count, text[index] == " " { index += 1 }
            guard index < text.count, text[index] == ":" else { return nil }
        } else {
            guard let first = text.first, !"[{|>&*!%@`#".contains(first) else { return nil }
            while index < text.count {
                if text[index] == ":", index + 1 == text.count || text[index + 1].isWhitespace { break }
                if text[index] == "#", index > 0, text[index - 1].isWhitespace { return nil }
                index += 1
            }
            guard index < text.count else { return nil }
            name = String(text[..<index]).trimmed
            if name == "?" || name.hasPrefix("? ") { throw self.error("keys of several lines are not known") }
        }
        return (name, index + 1)
    }

    // MARK: Values that begin in a line

    private mutating func inline(
        _ text: [Character], from start: Int, parent: Int
    ) throws(YAMLError) -> JSON {
        var start = start
        let anchor = Self.anchor(text, &start)
        guard start < text.count else {
            self.at += 1
            return .null
        }
        let value: JSON
        switch text[start] {
        case "*": value = try self.alias(text, from: start)
        case "|", ">": value = .string(try self.literal(text, from: start, parent: parent))
        case "[", "{", "\"", "'": value = try self.scanned(text, from: start)
        case "!": throw self.error("tags are not known", start)
        case "%", "@", "`": throw self.error("a text can not begin with `\(text[start])`", start)
        default: value = self.plain(text, from: start, parent: parent)
        }
        if let anchor { self.anchors[anchor] = value }
        return value
    }

    private mutating func alias(_ text: [Character], from start: Int) throws(YAMLError) -> JSON {
        let name = String(text[(start + 1)...].prefix { !$0.isWhitespace })
        guard let value = self.anchors[name] else {
            throw self.error("there is no anchor `\(name)` above", start)
        }
        self.aliasCount += value.weight
        guard self.aliasCount <= 100_000 else { throw self.error("aliases stand for too much", start) }
        self.at += 1
        return value
    }

    /// A flow collection or a quoted text, which may go on in the following lines.
    private mutating func scanned(_ text: [Character], from start: Int) throws(YAMLError) -> JSON {
        var joined = Array(text[start...])
        let first = self.at
        while true {
            var scanner = YAMLScanner(joined, from: 0)
            do throws(YAMLScanner.Problem) {
                let value = try scanner.value(depth: 0)
                scanner.skipSpace()
                guard scanner.isAtEnd else {
                    throw YAMLScanner.Problem(
                        message: "this does not belong to what is before it", isAtEnd: false)
                }
                self.at += 1
                return value
            } catch {
                guard error.isAtEnd, self.at + 1 < self.lines.count else {
                    let line = self.lines[first]
                    throw YAMLError(
                        message: error.message, line: line.number, column: line.indent + start + 1)
                }
                self.at += 1
                joined += ["\n"] + self.lines[self.at].text
            }
        }
    }

    /// Text after `|` or `>`.
    private mutating func literal(
        _ text: [Character], from start: Int, parent: Int
    ) throws(YAMLError) -> String {
        let isFolded = text[start] == ">"
        var (chomping, explicit): (Character?, Int?) = (nil, nil)
        for character in String(text[(start + 1)...]).trimmed {
            if character == "#" { break }
            if character == "+" || character == "-" {
                chomping = character
            } else if let digit = character.wholeNumberValue, digit > 0 {
                explicit = digit
            } else if !character.isWhitespace {
                throw self.error("`\(character)` has no meaning after `\(text[start])`", start)
            }
        }
        self.at += 1
        var rows: [String] = []
        var indent = explicit.map { max(0, parent) + $0 }
        while self.at < self.lines.count {
            let line = self.lines[self.at]
            let isEmpty = line.text.allSatisfy(\.isWhitespace)
            if !isEmpty {
                if indent == nil { indent = line.indent }
                guard let indent, line.indent >= indent, line.indent > parent else { break }
            }
            let extra = max(0, line.indent - (indent ?? line.indent))
            rows.append(isEmpty ? "" : String(repeating: " ", count: extra) + String(line.text))
            self.at += 1
        }
        return Self.chomped(rows, chomping, isFolded: isFolded)
    }

    private static func chomped(_ rows: [String], _ chomping: Character?, isFolded: Bool) -> String {
        var rows = rows
        var ends = 0
        while rows.last?.isEmpty == true {
            rows.removeLast()
            ends += 1
        }
        guard !rows.isEmpty else { return chomping == "+" ? String(repeating: "\n", count: ends) : "" }
        var text = isFolded ? self.folded(rows) : rows.joined(separator: "\n")
        if chomping != "-" { text += "\n" }
        if chomping == "+" { text += String(repeating: "\n", count: ends) }
        return text
    }

    /// Lines joined by spaces; empty lines are line breaks, and lines that are indented further stay.
    private static func folded(_ rows: [String]) -> String {
        var text = rows.first ?? ""
        var breaks = 0
        var last = text
        for row in rows.dropFirst() {
            if row.isEmpty {
                breaks += 1
                continue
            }
            let isKept = row.first == " " || last.first == " "
            if breaks == 0 {
                text += isKept ? "\n" : " "
            } else {
                text += String(repeating: "\n", count: breaks + (isKept ? 1 : 0))
            }
            text += row
            (breaks, last) = (0, row)
        }
        return text
    }

    /// A text without quotes; lines that are indented further go on with it.
    private mutating func plain(_ text: [Character], from start: Int, parent: Int) -> JSON {
        var parts = [Self.withoutComment(Array(text[start...]))]
        self.at += 1
        var isCommented = parts[0].count < String(text[start...]).trimmed.count
        while !isCommented, self.at < self.lines.count {
            let line = self.lines[self.at]
            let row = String(line.text).trimmed
            guard !row.isEmpty, line.indent > parent, row.first != "#", !self.isMark("---"),
                !self.isMark("...")
            else { break }
            guard !Self.isItem(line.text), (try? self.key(line.text)) ?? nil == nil else { break }
            let part = Self.withoutComment(line.text)
            isCommented = part.count < row.count
            parts.append(part)
            self.at += 1
        }
        return parts.count == 1 ? PlainScalar.value(parts[0]) : .string(parts.joined(separator: " "))
    }

    private static func withoutComment(_ text: [Character]) -> String {
        for index in text.indices where text[index] == "#" && (index == 0 || text[index - 1].isWhitespace) {
            return String(text[..<index]).trimmed
        }
        return String(text).trimmed
    }
}

extension StringProtocol {
    /// Without space at the ends.
    var trimmed: String {
        var text = self[...]
        while text.first?.isWhitespace == true { text.removeFirst() }
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }
}

extension JSON {
    /// How many values it holds.
    fileprivate var weight: Int {
        switch self {
        case .array(let elements): elements.reduce(1) { $0 + $1.weight }
        case .object(let members): members.reduce(1) { $0 + $1.value.weight }
        default: 1
        }
    }
}
