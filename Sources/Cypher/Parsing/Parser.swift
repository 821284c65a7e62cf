/// Reads Cypher by recursive descent: one method a rule of the grammar.
struct Parser {
    /// How deep expressions and subqueries may nest.
    static let nestingLimit = 200
    /// How many operators, clauses or hops may follow one another: each is a frame of the stack when it runs.
    static let chainLimit = 500
    /// How long a statement may be, in bytes.
    static let lengthLimit = 16 << 20

    let source: String
    let bytes: [UInt8]
    let tokens: [Token]
    var at = 0
    var depth = 0

    init(_ source: String) throws(CypherError) {
        guard source.utf8.count <= Self.lengthLimit else {
            throw CypherError(
                .syntax, "UnexpectedSyntax", "the query is longer than \(Self.lengthLimit) bytes")
        }
        self.source = source
        self.bytes = Array(source.utf8)
        var lexer = Lexer(source)
        self.tokens = try lexer.tokens()
    }

    // MARK: Tokens

    var token: Token { self.tokens[self.at] }

    var previousRange: SourceRange {
        self.at > 0 ? self.tokens[self.at - 1].range : SourceRange(start: 0, end: 0)
    }

    func peek(_ offset: Int) -> Token { self.tokens[min(self.at + offset, self.tokens.count - 1)] }

    mutating func advance() { if self.at < self.tokens.count - 1 { self.at += 1 } }

    func isKeyword(_ word: String, at offset: Int = 0) -> Bool { self.peek(offset).keyword == word }

    func isSign(_ sign: String, at offset: Int = 0) -> Bool { self.peek(offset).kind == .sign(sign) }

    mutating func take(_ word: String) -> Bool {
        guard self.token.keyword == word else { return false }
        self.advance()
        return true
    }

    mutating func takeSign(_ sign: String) -> Bool {
        guard self.token.kind == .sign(sign) else { return false }
        self.advance()
        return true
    }

    mutating func expect(_ word: String) throws(CypherError) {
        guard self.take(word) else { throw self.unexpected("expected \(word)", near: [word]) }
    }

    mutating func expectSign(_ sign: String, _ why: String = "") throws(CypherError) {
        guard self.takeSign(sign) else {
            let error = self.unexpected("expected `\(sign)`\(why.isEmpty ? "" : " " + why)")
            guard error.hint == nil, let hint = self.missingBracket(sign) else { throw error }
            throw CypherError(error.kind, error.detail, error.message, at: error.range, hint: hint)
        }
    }

    /// Where the bracket was opened that should be closed here; nil when the sign closes nothing.
    private func missingBracket(_ sign: String) -> String? {
        guard let opening = [")": "(", "]": "[", "}": "{"][sign] else { return nil }
        var closed = 0
        for token in self.tokens[..<self.at].reversed() {
            if token.kind == .sign(sign) { closed += 1 }
            guard token.kind == .sign(opening) else { continue }
            guard closed > 0 else {
                return "a `\(sign)` is missing for the `\(opening)` at \(self.place(token))"
            }
            closed -= 1
        }
        return nil
    }

    private func place(_ token: Token) -> String {
        let before = self.bytes[..<token.range.start]
        let lineStart = before.lastIndex(of: 10).map { $0 + 1 } ?? 0
        let column = String(decoding: before[lineStart...], as: UTF8.self).count + 1
        return "line \(before.count { $0 == 10 } + 1), column \(column)"
    }

    mutating func name(_ what: String) throws(CypherError) -> String {
        guard case .word(let text, _) = self.token.kind else { throw self.unexpected("expected \(what)") }
        self.advance()
        return text
    }

    /// An error at the current token.
    func unexpected(_ message: String, near words: [String] = []) -> CypherError {
        var shown = "`" + self.text(self.token.range).prefix(40) + "`"
        if case .end = self.token.kind { shown = "the end of the query" }
        var hint: String?
        if case .word(let text, false) = self.token.kind, let word = nearest(to: text, among: words),
            word != text
        {
            hint = "did you mean \(word)?"
        }
        return CypherError(
            .syntax, "UnexpectedSyntax", "\(message), found \(shown)", at: self.token.range, hint: hint)
    }

    func text(_ range: SourceRange) -> String {
        String(decoding: self.bytes[range.start..<range.end], as: UTF8.self)
    }

    func range(from start: SourceRange) -> SourceRange { start.through(self.previousRange) }

    mutating func nested<Result>(_ body: (inout Parser) throws(CypherError) -> Result) throws(CypherError)
        -> Result
    {
        self.depth += 1
        defer { self.depth -= 1 }
        guard self.depth <= Self.nestingLimit else {
            throw CypherError(
                .syntax, "UnexpectedSyntax", "nested deeper than \(Self.nestingLimit) levels",
                at: self.token.range)
        }
        return try body(&self)
    }

    /// Counts one more link of a chain.
    func count(_ links: inout Int) throws(CypherError) {
        links += 1
        guard links <= Self.chainLimit else {
            throw CypherError(
                .syntax, "UnexpectedSyntax",
                "more than \(Self.chainLimit) operators, clauses or hops in a row",
                at: self.token.range, hint: "use a list with IN, UNWIND or reduce, or several statements")
        }
    }

    // MARK: Statements

    mutating func statement() throws(CypherError) -> Statement {
        var mode = Statement.Mode.run
        if self.take("EXPLAIN") { mode = .explain } else if self.take("PROFILE") { mode = .profile }
        let graph = self.isKeyword("USE") ? try self.useClause() : nil
        let start = self.token.range.start
        let body: Statement.Body
        if let command = try self.schemaCommand() {
            body = .schema(command)
        } else if let command = try self.administrationCommand() {
            body = .administration(command)
        } else if let query = try self.showCommand() {
            body = .query(query)
        } else {
            body = .query(try self.query())
        }
        let end = self.previousRange.end
        return Statement(
            graph: graph, mode: mode, body: body,
            source: self.text(SourceRange(start: min(start, end), end: end)))
    }

    private mutating func useClause() throws(CypherError) -> String {
        self.advance()
        _ = self.take("GRAPH")
        return try self.databaseName()
    }

    mutating func query() throws(CypherError) -> Query {
        try self.nested { parser throws(CypherError) in
            var parts = [try parser.singleQuery()]
            var keeps: Bool?
            var links = 0
            while parser.isKeyword("UNION") {
                try parser.count(&links)
                let range = parser.token.range
                parser.advance()
                let all = parser.take("ALL")
                if !all { _ = parser.take("DISTINCT") }
                if let keeps, keeps != all {
                    throw CypherError(
                        .syntax, "InvalidClauseComposition",
                        "UNION and UNION ALL cannot be mixed in one query", at: range)
                }
                keeps = all
                parts.append(try parser.singleQuery())
            }
            return Query(parts: parts, keepsDuplicates: keeps ?? false)
        }
    }
}
