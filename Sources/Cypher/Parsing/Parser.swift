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

    private static let clauseWords = [
        "MATCH", "OPTIONAL", "WITH", "RETURN", "CREATE", "MERGE", "SET", "REMOVE", "DELETE", "DETACH",
        "UNWIND", "CALL",
        "FOREACH", "WHERE", "ORDER", "SKIP", "LIMIT", "UNION",
    ]

    private mutating func singleQuery() throws(CypherError) -> SingleQuery {
        var clauses: [Clause] = []
        var links = 0
        while let clause = try self.clause() {
            // Clauses of one kind that only make entities run as one: they are no chain.
            if case .create = clause.kind, case .create? = clauses.last?.kind {
            } else {
                try self.count(&links)
            }
            clauses.append(clause)
        }
        guard !clauses.isEmpty else { throw self.unexpected("expected a clause", near: Self.clauseWords) }
        return SingleQuery(clauses: clauses)
    }

    mutating func clause() throws(CypherError) -> Clause? {
        let start = self.token.range
        let kind: Clause.Kind
        switch self.token.keyword {
        case "MATCH":
            self.advance()
            kind = try self.match(optional: false)
        case "OPTIONAL":
            self.advance()
            if self.take("CALL") {
                kind = try self.call(isOptional: true)
            } else {
                try self.expect("MATCH")
                kind = try self.match(optional: true)
            }
        case "LOAD":
            self.advance()
            kind = try self.loadCSV()
        case "FINISH":
            self.advance()
            kind = .finish
        case "UNWIND":
            self.advance()
            let list = try self.expression()
            try self.expect("AS")
            kind = .unwind(list, variable: try self.name("a variable"))
        case "WITH":
            self.advance()
            let projection = try self.projection(start)
            kind = .with(projection, predicate: self.take("WHERE") ? try self.expression() : nil)
        case "RETURN":
            self.advance()
            kind = .returning(try self.projection(start))
        case "CREATE", "INSERT":
            self.advance()
            kind = .create(try self.patterns())
        case "MERGE":
            self.advance()
            kind = try self.merge()
        case "SET":
            self.advance()
            kind = .set(try self.setItems())
        case "REMOVE":
            self.advance()
            kind = .remove(try self.removeItems())
        case "DETACH":
            self.advance()
            try self.expect("DELETE")
            kind = .delete(try self.expressions(), detach: true)
        case "DELETE":
            self.advance()
            kind = .delete(try self.expressions(), detach: false)
        case "NODETACH":
            self.advance()
            try self.expect("DELETE")
            kind = .delete(try self.expressions(), detach: false)
        case "ORDER", "SKIP", "OFFSET", "LIMIT":
            // On its own it is `WITH *` with the same.
            let (order, skip, limit) = try self.ordering()
            let projection = Projection(
                isDistinct: false, includesAll: true, items: [], order: order, skip: skip, limit: limit,
                range: self.range(from: start))
            kind = .with(projection, predicate: nil)
        case "FOREACH":
            self.advance()
            kind = try self.forEach()
        case "CALL":
            self.advance()
            kind = try self.call(isOptional: false)
        default: return nil
        }
        return Clause(kind: kind, range: self.range(from: start))
    }

    private mutating func match(optional: Bool) throws(CypherError) -> Clause.Kind {
        let patterns = try self.matchedPatterns()
        return .match(
            optional: optional, patterns, predicate: self.take("WHERE") ? try self.expression() : nil)
    }

    private mutating func merge() throws(CypherError) -> Clause.Kind {
        let pattern = try self.patternPart()
        var onCreate: [SetItem] = []
        var onMatch: [SetItem] = []
        while self.isKeyword("ON") {
            self.advance()
            if self.take("CREATE") {
                try self.expect("SET")
                onCreate += try self.setItems()
            } else {
                try self.expect("MATCH")
                try self.expect("SET")
                onMatch += try self.setItems()
            }
        }
        return .merge(pattern, onCreate: onCreate, onMatch: onMatch)
    }

    private mutating func expressions() throws(CypherError) -> [Expression] {
        var list = [try self.expression()]
        while self.takeSign(",") { list.append(try self.expression()) }
        return list
    }

    private mutating func setItems() throws(CypherError) -> [SetItem] {
        var items: [SetItem] = []
        repeat {
            let start = self.token.range
            if case .word(let variable, _) = self.token.kind,
                self.isSign("=", at: 1) || self.isSign("+=", at: 1)
            {
                let merges = self.isSign("+=", at: 1)
                self.advance()
                self.advance()
                items.append(
                    .properties(
                        variable, value: try self.expression(), merges: merges, self.range(from: start)))
            } else if let variable = self.labelledVariable() {
                items.append(.labels(variable, try self.labelNames(), self.range(from: start)))
            } else {
                let target = try self.postfix()
                try self.expectSign("=", "after the property")
                switch target.kind {
                case .property(let entity, let key):
                    items.append(.property(entity, key: key, value: try self.expression()))
                case .subscripted(let entity, let key):
                    items.append(.element(entity, key: key, value: try self.expression()))
                default:
                    throw CypherError(
                        .syntax, "UnexpectedSyntax", "SET needs a property, a variable or labels on its left",
                        at: target.range)
                }
            }
        } while self.takeSign(",")
        return items
    }

    private mutating func removeItems() throws(CypherError) -> [RemoveItem] {
        var items: [RemoveItem] = []
        repeat {
            let start = self.token.range
            if let variable = self.labelledVariable() {
                items.append(.labels(variable, try self.labelNames(), self.range(from: start)))
            } else {
                let target = try self.postfix()
                switch target.kind {
                case .property(let entity, let key): items.append(.property(entity, key: key))
                case .subscripted(let entity, let key): items.append(.element(entity, key: key))
                default:
                    throw CypherError(
                        .syntax, "UnexpectedSyntax", "REMOVE needs a property or labels", at: target.range)
                }
            }
        } while self.takeSign(",")
        return items
    }

    /// The variable before `:A` or `IS A`, consumed; nil when something else stands here.
    private mutating func labelledVariable() -> String? {
        guard case .word(let variable, _) = self.token.kind,
            self.isSign(":", at: 1) || self.isKeyword("IS", at: 1)
        else { return nil }
        self.advance()
        return variable
    }

    private mutating func labelNames() throws(CypherError) -> [String] {
        var names: [String] = []
        while self.takeSign(":") || (names.isEmpty && self.take("IS"))
            || (!names.isEmpty && self.takeSign("&"))
        {
            names.append(try self.name("a label"))
        }
        return names
    }

    private mutating func forEach() throws(CypherError) -> Clause.Kind {
        try self.nested { parser throws(CypherError) in
            try parser.expectSign("(", "after FOREACH")
            let variable = try parser.name("a variable")
            try parser.expect("IN")
            let list = try parser.expression()
            try parser.expectSign("|", "after the list")
            var clauses: [Clause] = []
            var links = 0
            while let clause = try parser.clause() {
                try parser.count(&links)
                clauses.append(clause)
            }
            try parser.expectSign(")", "at the end of FOREACH")
            return .forEach(variable: variable, list: list, clauses)
        }
    }

    private mutating func call(isOptional: Bool) throws(CypherError) -> Clause.Kind {
        if self.isSign("{") || self.isSign("(") {
            return .subquery(try self.subqueryCall(isOptional: isOptional))
        }
        var name = try self.name("a procedure")
        while self.takeSign(".") { name += "." + (try self.name("a procedure")) }
        var arguments: [Expression]?
        if self.takeSign("(") {
            arguments = self.isSign(")") ? [] : try self.expressions()
            try self.expectSign(")", "after the arguments")
        }
        let yields = try self.yields()
        let predicate = yields != nil && self.take("WHERE") ? try self.expression() : nil
        return .call(ProcedureCall(name: name, arguments: arguments, yields: yields, predicate: predicate))
    }

    /// `YIELD a, b AS c`; empty for `YIELD *`, nil when the word is not there.
    mutating func yields() throws(CypherError) -> [ProcedureCall.Yield]? {
        guard self.take("YIELD") else { return nil }
        // `YIELD -` is the old way to take no columns.
        guard !self.takeSign("*"), !self.takeSign("-") else { return [] }
        var yields: [ProcedureCall.Yield] = []
        repeat {
            let column = try self.name("a column")
            let variable = self.take("AS") ? try self.name("a variable") : column
            yields.append(ProcedureCall.Yield(column: column, variable: variable))
        } while self.takeSign(",")
        return yields
    }

    private mutating func subqueryCall(isOptional: Bool) throws(CypherError) -> SubqueryCall {
        let imports = try self.imports()
        try self.expectSign("{", "before the subquery")
        let query = try self.query()
        try self.expectSign("}", "at the end of the subquery")
        return SubqueryCall(
            query: query, imports: imports, isOptional: isOptional, batches: try self.batches())
    }

    private mutating func imports() throws(CypherError) -> SubqueryCall.Imports {
        guard self.takeSign("(") else { return .leadingWith }
        var names: [String] = []
        if self.takeSign("*") {
            try self.expectSign(")", "after the variables")
            return .all
        }
        while !self.isSign(")") {
            names.append(try self.name("a variable"))
            guard self.takeSign(",") else { break }
        }
        try self.expectSign(")", "after the variables")
        return .names(names)
    }

    /// `IN TRANSACTIONS OF 500 ROWS ON ERROR CONTINUE REPORT STATUS AS s`; nil without it.
    private mutating func batches() throws(CypherError) -> SubqueryCall.Batches? {
        guard self.isKeyword("IN"), !self.isSign("(", at: 1) else { return nil }
        self.advance()
        if !self.isKeyword("TRANSACTIONS") {
            // `IN 4 CONCURRENT TRANSACTIONS`: here writers go one after another all the same.
            if !self.isKeyword("CONCURRENT") { _ = try self.expression() }
            try self.expect("CONCURRENT")
        }
        try self.expect("TRANSACTIONS")
        var rows: Expression?
        if self.take("OF") {
            rows = try self.expression()
            guard self.take("ROWS") || self.take("ROW") else {
                throw self.unexpected("expected ROWS", near: ["ROWS"])
            }
        }
        var failure = SubqueryCall.Batches.Failure.fail
        if self.take("ON") {
            try self.expect("ERROR")
            if self.take("CONTINUE") {
                failure = .continue
            } else if self.take("BREAK") {
                failure = .stop
            } else {
                try self.expect("FAIL")
            }
        }
        var status: String?
        if self.take("REPORT") {
            try self.expect("STATUS")
            try self.expect("AS")
            status = try self.name("a variable")
        }
        return SubqueryCall.Batches(rows: rows, failure: failure, status: status)
    }

    private mutating func loadCSV() throws(CypherError) -> Clause.Kind {
        try self.expect("CSV")
        var hasHeaders = false
        if self.take("WITH") {
            try self.expect("HEADERS")
            hasHeaders = true
        }
        try self.expect("FROM")
        let url = try self.expression()
        try self.expect("AS")
        let variable = try self.name("a variable")
        var separator = ","
        if self.take("FIELDTERMINATOR") {
            let range = self.token.range
            guard case .string(let text) = self.token.kind, text.utf8.count == 1 else {
                throw CypherError(
                    .syntax, "UnexpectedSyntax", "FIELDTERMINATOR needs a text of one ASCII character",
                    at: range)
            }
            separator = text
            self.advance()
        }
        return .loadCSV(LoadCSV(hasHeaders: hasHeaders, url: url, variable: variable, separator: separator))
    }

    mutating func projection(_ start: SourceRange) throws(CypherError) -> Projection {
        let isDistinct = self.take("DISTINCT")
        if !isDistinct { _ = self.isKeyword("ALL") && self.isSign("*", at: 1) && self.take("ALL") }
        var includesAll = false
        var items: [Projection.Item] = []
        if self.takeSign("*") { includesAll = true } else { items.append(try self.projectionItem()) }
        while self.takeSign(",") { items.append(try self.projectionItem()) }
        let (order, skip, limit) = try self.ordering()
        return Projection(
            isDistinct: isDistinct, includesAll: includesAll, items: items, order: order, skip: skip,
            limit: limit,
            range: self.range(from: start))
    }

    /// `ORDER BY ... SKIP ... LIMIT ...`, all of which may be missing.
    mutating func ordering() throws(CypherError) -> (
        order: [Projection.SortItem], skip: Expression?, limit: Expression?
    ) {
        var order: [Projection.SortItem] = []
        if self.take("ORDER") {
            try self.expect("BY")
            repeat {
                let key = try self.expression()
                let isDescending = self.take("DESC") || self.take("DESCENDING")
                if !isDescending, !self.take("ASC") { _ = self.take("ASCENDING") }
                order.append(Projection.SortItem(expression: key, isDescending: isDescending))
            } while self.takeSign(",")
        }
        let skip = self.take("SKIP") || self.take("OFFSET") ? try self.expression() : nil
        let limit = self.take("LIMIT") ? try self.expression() : nil
        return (order, skip, limit)
    }

    private mutating func projectionItem() throws(CypherError) -> Projection.Item {
        let expression = try self.expression()
        if self.take("AS") {
            return Projection.Item(
                expression: expression, name: try self.name("a name after AS"), isAliased: true)
        }
        if case .variable(let name) = expression.kind {
            return Projection.Item(expression: expression, name: name, isAliased: true)
        }
        return Projection.Item(expression: expression, name: self.text(expression.range), isAliased: false)
    }
}
