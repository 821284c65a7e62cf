extension Parser {
    private static let shown = [
        "INDEX": "show indexes", "INDEXES": "show indexes", "CONSTRAINT": "show constraints",
        "CONSTRAINTS": "show constraints", "PROCEDURE": "show procedures", "PROCEDURES": "show procedures",
        "FUNCTION": "show functions", "FUNCTIONS": "show functions", "TRANSACTION": "show transactions",
        "TRANSACTIONS": "show transactions", "DATABASE": "show databases", "DATABASES": "show databases",
    ]

    /// `SHOW INDEXES YIELD name WHERE ... RETURN ...`, `TERMINATE TRANSACTION 'id'`; nil when it is something else.
    ///
    /// Both are calls of procedures that no other query can name, and what follows is as after any call.
    mutating func showCommand() throws(CypherError) -> Query? {
        guard self.isKeyword("SHOW") || self.isKeyword("TERMINATE") else { return nil }
        let start = self.token.range
        let call = self.take("SHOW") ? try self.shownCall() : try self.terminatedCall()
        var clauses = [Clause(kind: .call(call), range: self.range(from: start))]
        let isFiltered = call.predicate != nil
        let (order, skip, limit) = try self.ordering()
        let hasOrder = !order.isEmpty || skip != nil || limit != nil
        let predicate = !isFiltered && self.take("WHERE") ? try self.expression() : nil
        if hasOrder || predicate != nil {
            let projection = Projection(
                isDistinct: false, includesAll: true, items: [], order: order, skip: skip, limit: limit,
                range: start)
            clauses.append(Clause(kind: .with(projection, predicate: predicate), range: start))
        }
        if self.isKeyword("RETURN"), let clause = try self.clause() {
            clauses.append(clause)
        } else if clauses.count > 1 {
            let all = Projection(
                isDistinct: false, includesAll: true, items: [], order: [], skip: nil, limit: nil,
                range: start)
            clauses.append(Clause(kind: .returning(all), range: start))
        }
        return Query(parts: [SingleQuery(clauses: clauses)], keepsDuplicates: false)
    }

    private mutating func shownCall() throws(CypherError) -> ProcedureCall {
        var filters: [MapEntry] = []
        let start = self.token.range
        func filter(_ column: String, _ value: Expression.Kind) {
            filters.append(MapEntry(key: column, value: Expression(value, start)))
        }
        if self.take("DEFAULT") || self.take("HOME") { filter("default", .boolean(true)) }
        while Self.shown[self.token.keyword] == nil {
            let word = self.token.keyword
            guard ["ALL", "BUILT", "IN", "USER", "DEFINED", "RANGE", "TEXT", "UNIQUE"].contains(word) else {
                throw self.unexpected("expected what to show", near: Self.shown.keys.sorted())
            }
            if ["RANGE", "TEXT", "UNIQUE"].contains(word) { filter("type", .string(word)) }
            self.advance()
        }
        let name = Self.shown[self.token.keyword] ?? ""
        self.advance()
        if name == "show databases", case .word(let graph, let isQuoted) = self.token.kind,
            isQuoted || !["YIELD", "WHERE", "RETURN"].contains(self.token.keyword)
        {
            self.advance()
            filter("name", .string(graph.lowercased()))
        }
        if name == "show transactions", case .string(let id) = self.token.kind {
            self.advance()
            filter("transactionId", .string(id))
        }
        var yields = try self.yields()
        let predicate = self.take("WHERE") ? try self.expression() : nil
        // What is asked more of than to be shown gives all columns, not only the usual ones.
        if predicate != nil || self.isKeyword("RETURN") || self.isKeyword("ORDER") { yields = yields ?? [] }
        return ProcedureCall(
            name: name, arguments: [Expression(.map(filters), start)], yields: yields, predicate: predicate)
    }

    private mutating func terminatedCall() throws(CypherError) -> ProcedureCall {
        self.advance()
        guard self.take("TRANSACTION") || self.take("TRANSACTIONS") else {
            throw self.unexpected("expected TRANSACTION", near: ["TRANSACTION", "TRANSACTIONS"])
        }
        let start = self.token.range
        var ids: [Expression] = []
        repeat { ids.append(try self.expression()) } while self.takeSign(",")
        let list = Expression(.list(ids), self.range(from: start))
        let yields = try self.yields()
        let predicate = self.take("WHERE") ? try self.expression() : nil
        return ProcedureCall(
            name: "terminate transactions", arguments: [list], yields: yields ?? [], predicate: predicate)
    }
}
