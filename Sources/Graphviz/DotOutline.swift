/// Where things stand in a DOT text: libcgraph keeps no places, so this scan finds them.
///
/// It follows the grammar of the DOT language (graphviz.org/doc/info/lang.html) as far as places need it and never fails: what it does not
/// understand it passes over. O(bytes).
package struct DotOutline: Sendable {
    /// A place in the text.
    package struct Place: Hashable, Sendable {
        /// From 1.
        package let line: Int
        /// From 1, in characters.
        package let column: Int

        /// Joins line and column.
        package init(line: Int, column: Int) {
            self.line = line
            self.column = column
        }
    }

    /// What an attribute belongs to.
    package enum Owner: Hashable, Sendable {
        /// The graph itself.
        case graph
        /// A subgraph.
        case subgraph(String)
        /// `node [...]`, `edge [...]`: defaults.
        case defaults(String)
        /// A node.
        case node(String)
        /// An edge, by its ends.
        case edge(String, String)
    }

    /// `name=value` somewhere.
    package struct Attribute: Hashable, Sendable {
        /// What it belongs to.
        package let owner: Owner
        /// Left of `=`.
        package let name: String
        /// Right of `=`.
        package let value: String
        /// Where the name stands.
        package let place: Place
        /// The bytes of the name, quotes included.
        package let nameRange: Range<Int>
        /// The bytes of the value, quotes included.
        package let valueRange: Range<Int>
    }

    /// First mentions of nodes.
    package private(set) var nodes: [String: Place] = [:]
    /// Mentions of edges by their ends, in order.
    package private(set) var edges: [Owner: [Place]] = [:]
    /// All attributes in the order of the text.
    package private(set) var attributes: [Attribute] = []
    /// The bytes of the word `graph` or `digraph`.
    package private(set) var keyword: Range<Int>?
    /// The bytes of each `--`.
    package private(set) var undirectedOperators: [Range<Int>] = []
    private var byOwner: [Owner: [Int]] = [:]

    /// Scans a text.
    package init(_ text: String) {
        var scanner = Scanner(text)
        scanner.graph(into: &self)
    }

    /// Where an attribute of something is set, its own place before that of defaults.
    package func attribute(_ name: String, of owner: Owner) -> Attribute? {
        self.byOwner[owner]?.lazy.map { self.attributes[$0] }.last { $0.name == name }
    }

    /// Where an edge stands; `index` counts edges with the same ends from 0.
    package func edge(_ tail: String, _ head: String, _ index: Int) -> Place? {
        guard let places = self.edges[.edge(tail, head)] ?? self.edges[.edge(head, tail)] else { return nil }
        return index < places.count ? places[index] : places.last
    }

    fileprivate mutating func add(_ attribute: Attribute) {
        self.byOwner[attribute.owner, default: []].append(self.attributes.count)
        self.attributes.append(attribute)
    }

    fileprivate mutating func add(node: String, _ place: Place) {
        if self.nodes[node] == nil { self.nodes[node] = place }
    }

    fileprivate mutating func add(edge: Owner, _ place: Place) { self.edges[edge, default: []].append(place) }

    fileprivate mutating func note(keyword: Range<Int>) { self.keyword = keyword }

    fileprivate mutating func note(undirected range: Range<Int>) { self.undirectedOperators.append(range) }
}

private struct Scanner {
    enum Token: Equatable {
        case id(String, quoted: Bool)
        case mark(UInt8)
        case arrow
        case line
        case end
    }

    private static let deepest = 200

    let bytes: [UInt8]
    var at = 0
    var line = 1
    var lineStart = 0
    /// The start of a line, how far it was counted, and the column there.
    private var counted = (line: 0, at: 0, column: 1)
    var token = Token.end
    var range = 0..<0
    var place = DotOutline.Place(line: 1, column: 1)

    init(_ text: String) {
        self.bytes = Array(text.utf8)
        self.advance()
    }

    // MARK: Grammar

    mutating func graph(into outline: inout DotOutline) {
        if self.isWord("strict") { self.advance() }
        guard self.isWord("graph") || self.isWord("digraph") else { return }
        outline.note(keyword: self.range)
        self.advance()
        if case .id = self.token { self.advance() }
        guard self.take(UInt8(ascii: "{")) else { return }
        _ = self.statements(.graph, &outline, depth: 0)
    }

    /// Up to the closing brace; gives the names of all nodes inside.
    private mutating func statements(
        _ owner: DotOutline.Owner, _ outline: inout DotOutline, depth: Int
    ) -> [String] {
        var inside: [String] = []
        while self.token != .end {
            if self.take(UInt8(ascii: "}")) { break }
            if !self.statement(owner, &outline, &inside, depth: depth) { self.advance() }
        }
        return inside
    }

    private mutating func statement(
        _ owner: DotOutline.Owner, _ outline: inout DotOutline, _ inside: inout [String], depth: Int
    ) -> Bool {
        for kind in ["graph", "node", "edge"] where self.isWord(kind) {
            self.advance()
            self.attributeLists([kind == "graph" ? owner : .defaults(kind)], &outline)
            return true
        }
        let start = self.place
        guard let first = self.endpoint(&outline, depth: depth) else { return false }
        if first.isPlain, self.token == .mark(UInt8(ascii: "=")), let name = first.names.first {
            self.assignment(name, first.range, start, [owner], &outline)
            return true
        }
        var ends = [first]
        while self.token == .arrow || self.token == .line {
            if self.token == .line { outline.note(undirected: self.range) }
            self.advance()
            guard let next = self.endpoint(&outline, depth: depth) else { break }
            ends.append(next)
        }
        for end in ends {
            for name in end.names { outline.add(node: name, end.place) }
            inside += end.names
        }
        guard ends.count > 1 else {
            self.attributeLists(first.names.prefix(1).map { .node($0) }, &outline)
            return true
        }
        var owners: [DotOutline.Owner] = []
        for (tail, head) in zip(ends, ends.dropFirst()) {
            // Sets of nodes on both sides make an edge for each pair; places of millions of them help nobody.
            for tailName in tail.names.prefix(1000) {
                for headName in head.names.prefix(1000) {
                    let edge = DotOutline.Owner.edge(tailName, headName)
                    outline.add(edge: edge, tail.place)
                    owners.append(edge)
                }
            }
        }
        self.attributeLists(Array(owners.prefix(10_000)), &outline)
        return true
    }

    private struct Endpoint {
        let names: [String]
        let place: DotOutline.Place
        let range: Range<Int>
        let isPlain: Bool
    }

    private mutating func endpoint(_ outline: inout DotOutline, depth: Int) -> Endpoint? {
        let (place, range) = (self.place, self.range)
        if self.isWord("subgraph") || self.token == .mark(UInt8(ascii: "{")) {
            var name = ""
            if self.isWord("subgraph") {
                self.advance()
                if case .id(let text, _) = self.token {
                    name = text
                    self.advance()
                }
            }
            guard self.take(UInt8(ascii: "{")), depth < Self.deepest else { return nil }
            let names = self.statements(.subgraph(name), &outline, depth: depth + 1)
            return Endpoint(names: names, place: place, range: range, isPlain: false)
        }
        guard case .id(let name, _) = self.token else { return nil }
        self.advance()
        // Ports: `name:port:compass`.
        while self.token == .mark(UInt8(ascii: ":")) {
            self.advance()
            if case .id = self.token { self.advance() }
        }
        return Endpoint(names: [name], place: place, range: range, isPlain: true)
    }

    private mutating func attributeLists(_ owners: [DotOutline.Owner], _ outline: inout DotOutline) {
        while self.take(UInt8(ascii: "[")) {
            while self.token != .end, self.token != .mark(UInt8(ascii: "]")) {
                let (place, range) = (self.place, self.range)
                guard case .id(let name, _) = self.token else {
                    self.advance()
                    continue
                }
                self.advance()
                if self.token == .mark(UInt8(ascii: "=")) {
                    self.assignment(name, range, place, owners, &outline)
                }
            }
            _ = self.take(UInt8(ascii: "]"))
        }
    }

    private mutating func assignment(
        _ name: String, _ nameRange: Range<Int>, _ place: DotOutline.Place, _ owners: [DotOutline.Owner],
        _ outline: inout DotOutline
    ) {
        self.advance()
        guard case .id(let value, _) = self.token else { return }
        for owner in owners {
            outline.add(
                DotOutline.Attribute(
                    owner: owner, name: name, value: value, place: place, nameRange: nameRange,
                    valueRange: self.range))
        }
        self.advance()
    }

    private func isWord(_ word: String) -> Bool {
        if case .id(let text, quoted: false) = self.token { return text.lowercased() == word }
        return false
    }

    private mutating func take(_ mark: UInt8) -> Bool {
        guard self.token == .mark(mark) else { return false }
        self.advance()
        return true
    }

    // MARK: Tokens

    private func byte(_ offset: Int = 0) -> UInt8 {
        self.at + offset < self.bytes.count ? self.bytes[self.at + offset] : 0
    }

    private mutating func advance() {
        self.skipBlanks()
        let start = self.at
        self.place = DotOutline.Place(line: self.line, column: self.column(start))
        guard self.at < self.bytes.count else {
            self.token = .end
            self.range = start..<start
            return
        }
        switch self.byte() {
        case UInt8(ascii: "\""): self.quoted()
        case UInt8(ascii: "<"): self.html()
        case UInt8(ascii: "-") where self.byte(1) == UInt8(ascii: ">"):
            self.at += 2
            self.token = .arrow
        case UInt8(ascii: "-") where self.byte(1) == UInt8(ascii: "-"):
            self.at += 2
            self.token = .line
        case let byte where Self.isWord(byte) || byte == UInt8(ascii: "-"):
            self.at += 1
            while Self.isWord(self.byte()), self.at < self.bytes.count { self.at += 1 }
            self.token = .id(String(decoding: self.bytes[start..<self.at], as: UTF8.self), quoted: false)
        case let byte:
            self.at += 1
            self.token = .mark(byte)
        }
        self.range = start..<self.at
    }

    /// In characters: bytes that begin one, counted on from the token before, so that a long line is not counted again and again.
    private mutating func column(_ end: Int) -> Int {
        if self.counted.line != self.lineStart || self.counted.at > end {
            self.counted = (self.lineStart, self.lineStart, 1)
        }
        for byte in self.bytes[self.counted.at..<end] where byte & 0xC0 != 0x80 { self.counted.column += 1 }
        self.counted.at = end
        return self.counted.column
    }

    private mutating func newLine() {
        self.line += 1
        self.lineStart = self.at + 1
    }

    private mutating func skipBlanks() {
        while self.at < self.bytes.count {
            switch self.byte() {
            case 10:
                self.newLine()
                self.at += 1
            case 9, 11, 12, 13, 32: self.at += 1
            case UInt8(ascii: "#") where self.at == self.lineStart: self.skipLine()
            case UInt8(ascii: "/") where self.byte(1) == UInt8(ascii: "/"): self.skipLine()
            case UInt8(ascii: "/") where self.byte(1) == UInt8(ascii: "*"):
                self.at += 2
                while self.at < self.bytes.count,
                    !(self.byte() == UInt8(ascii: "*") && self.byte(1) == UInt8(ascii: "/"))
                {
                    if self.byte() == 10 { self.newLine() }
                    self.at += 1
                }
                self.at = min(self.at + 2, self.bytes.count)
            default: return
            }
        }
    }

    private mutating func skipLine() {
        while self.at < self.bytes.count, self.byte() != 10 { self.at += 1 }
    }

    /// `"..."`, also several joined by `+`.
    private mutating func quoted() {
        var text: [UInt8] = []
        while true {
            self.at += 1
            while self.at < self.bytes.count, self.byte() != UInt8(ascii: "\"") {
                let isEscape = self.byte() == UInt8(ascii: "\\")
                if isEscape, self.byte(1) == UInt8(ascii: "\"") {
                    self.at += 1
                } else if isEscape, self.byte(1) == UInt8(ascii: "\\") {
                    text.append(UInt8(ascii: "\\"))
                    self.at += 1
                } else if isEscape, self.byte(1) == 10 {
                    self.at += 1
                    self.newLine()
                    self.at += 1
                    continue
                }
                if self.byte() == 10 { self.newLine() }
                text.append(self.byte())
                self.at += 1
            }
            self.at = min(self.at + 1, self.bytes.count)
            let (end, line, lineStart) = (self.at, self.line, self.lineStart)
            self.skipBlanks()
            guard self.byte() == UInt8(ascii: "+") else {
                (self.at, self.line, self.lineStart) = (end, line, lineStart)
                break
            }
            self.at += 1
            self.skipBlanks()
            guard self.byte() == UInt8(ascii: "\"") else { break }
        }
        self.token = .id(String(decoding: text, as: UTF8.self), quoted: true)
    }

    private mutating func html() {
        let start = self.at
        var depth = 0
        repeat {
            switch self.byte() {
            case UInt8(ascii: "<"): depth += 1
            case UInt8(ascii: ">"): depth -= 1
            case 10: self.newLine()
            default: break
            }
            self.at += 1
        } while depth > 0 && self.at < self.bytes.count
        self.token = .id(String(decoding: self.bytes[start..<self.at], as: UTF8.self), quoted: true)
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) || byte == 95
            || byte >= 0x80 || byte == 46
    }
}
