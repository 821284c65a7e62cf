extension Parser {
    private static let clauseWords = [
        "MATCH", "OPTIONAL", "WITH", "RETURN", "CREATE", "MERGE", "SET", "REMOVE", "DELETE", "DETACH",
        "UNWIND", "CALL",
        "FOREACH", "WHERE", "ORDER", "SKIP", "LIMIT", "UNION",
    ]

    mutating func singleQuery() throws(CypherError) -> SingleQuery {
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
        return .call(
            ProcedureCall(
                name: name, arguments: arguments, yields: yields, predicate: predicate, isOptional: isOptional
            ))
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
