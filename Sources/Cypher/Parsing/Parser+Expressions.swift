// Atoms, what follows them, and what begins with a word.

extension Parser {
    mutating func postfix() throws(CypherError) -> Expression {
        var left = try self.atom()
        var links = 0
        while true {
            try self.count(&links)
            if self.isSign("."), case .word = self.peek(1).kind {
                self.advance()
                let key = try self.name("a property")
                left = Expression(.property(left, key: key), self.range(from: left.range))
            } else if self.takeSign("[") {
                left = try self.subscripted(left)
            } else if self.isSign("{"), self.startsProjection, left.canBeProjected {
                left = try self.mapProjection(left)
            } else if self.isSign(":"), self.startsLabels {
                self.advance()
                let labels = try self.labelExpression()
                left = Expression(.hasLabels(left, labels), self.range(from: left.range))
            } else {
                return left
            }
        }
    }

    private var startsLabels: Bool {
        switch self.peek(1).kind {
        case .word, .sign("!"), .sign("%"), .sign("("): true
        default: false
        }
    }

    private mutating func subscripted(_ left: Expression) throws(CypherError) -> Expression {
        if self.takeSign("..") {
            let to = self.isSign("]") ? nil : try self.expression()
            try self.expectSign("]", "after the range")
            return Expression(.slice(left, from: nil, to: to), self.range(from: left.range))
        }
        let index = try self.expression()
        if self.takeSign("..") {
            let to = self.isSign("]") ? nil : try self.expression()
            try self.expectSign("]", "after the range")
            return Expression(.slice(left, from: index, to: to), self.range(from: left.range))
        }
        try self.expectSign("]", "after the index")
        return Expression(.subscripted(left, index), self.range(from: left.range))
    }

    private mutating func atom() throws(CypherError) -> Expression {
        let range = self.token.range
        switch self.token.kind {
        case .integer(let number): return self.literal(.integer(number))
        case .float(let number): return self.literal(.float(number))
        case .string(let text): return self.literal(.string(text))
        case .parameter(let name): return self.literal(.parameter(name))
        case .malformed(let reason):
            throw CypherError(.syntax, "InvalidNumberLiteral", reason, at: range)
        case .tooLarge(let text):
            throw CypherError(
                .syntax, "IntegerOverflow", "the number \(text.prefix(40)) does not fit 64 bits", at: range)
        case .sign("("): return try self.parenthesis()
        case .sign("["): return try self.bracket()
        case .sign("{"): return try self.mapLiteral()
        case .word(let text, let isQuoted): return try self.word(text, isQuoted: isQuoted)
        default: throw self.unexpected("expected an expression")
        }
    }

    private mutating func literal(_ kind: Expression.Kind) -> Expression {
        let range = self.token.range
        self.advance()
        return Expression(kind, range)
    }

    private mutating func parenthesis() throws(CypherError) -> Expression {
        if let pattern = self.patternPredicate() { return Expression(.pattern(pattern), pattern.range) }
        let start = self.token.range
        self.advance()
        let inner = try self.expression()
        guard self.takeSign(")") else {
            throw CypherError(
                .syntax, "UnexpectedSyntax", "the parenthesis is not closed", at: start,
                hint: "a `)` is missing")
        }
        return Expression(inner.kind, self.range(from: start))
    }

    mutating func mapLiteral() throws(CypherError) -> Expression {
        let start = self.token.range
        try self.expectSign("{")
        var entries: [MapEntry] = []
        if !self.isSign("}") {
            repeat { entries.append(try self.mapEntry()) } while self.takeSign(",")
        }
        try self.expectSign("}", "to end the map")
        return Expression(.map(entries), self.range(from: start))
    }

    private mutating func mapEntry() throws(CypherError) -> MapEntry {
        let key: String
        if case .string(let text) = self.token.kind {
            key = text
            self.advance()
        } else {
            key = try self.name("a key")
        }
        try self.expectSign(":", "after the key")
        return MapEntry(key: key, value: try self.expression())
    }

    /// A list, a list comprehension or a pattern comprehension.
    private mutating func bracket() throws(CypherError) -> Expression {
        let start = self.token.range
        self.advance()
        if case .word(let name, _) = self.token.kind, self.isKeyword("IN", at: 1) {
            if let comprehension = try self.listComprehension(name, start) { return comprehension }
        }
        if let comprehension = try self.patternComprehension(start) { return comprehension }
        var elements: [Expression] = []
        if !self.isSign("]") {
            repeat { elements.append(try self.expression()) } while self.takeSign(",")
        }
        try self.expectSign("]", "or `,` in a list")
        return Expression(.list(elements), self.range(from: start))
    }

    private mutating func listComprehension(
        _ variable: String, _ start: SourceRange
    ) throws(CypherError) -> Expression? {
        let (at, depth) = (self.at, self.depth)
        self.advance()
        self.advance()
        let list = try self.expression()
        guard self.isKeyword("WHERE") || self.isSign("|") || self.isSign("]") else {
            // `[x IN list, ...]` or `[x IN a AND b]` is a list of truth values.
            self.at = at
            self.depth = depth
            return nil
        }
        let predicate = self.take("WHERE") ? try self.expression() : nil
        let projection = self.takeSign("|") ? try self.expression() : nil
        try self.expectSign("]", "to end the comprehension")
        return Expression(
            .listComprehension(
                ListComprehension(
                    variable: variable, list: list, predicate: predicate, projection: projection)),
            self.range(from: start))
    }

    private mutating func patternComprehension(_ start: SourceRange) throws(CypherError) -> Expression? {
        let (at, depth) = (self.at, self.depth)
        var variable: String?
        if case .word(let name, _) = self.token.kind, self.isSign("=", at: 1), self.isSign("(", at: 2) {
            variable = name
            self.advance()
            self.advance()
        }
        guard self.isSign("("), let chain = self.patternPredicate(),
            self.isKeyword("WHERE") || self.isSign("|")
        else {
            self.at = at
            self.depth = depth
            return nil
        }
        let predicate = self.take("WHERE") ? try self.expression() : nil
        try self.expectSign("|", "in the pattern comprehension")
        let projection = try self.expression()
        try self.expectSign("]", "to end the comprehension")
        let pattern = PatternPart(
            variable: variable, selection: .all, nodes: chain.nodes, relationships: chain.relationships,
            range: chain.range)
        return Expression(
            .patternComprehension(
                PatternComprehension(pattern: pattern, predicate: predicate, projection: projection)),
            self.range(from: start))
    }

    // MARK: Words

    private mutating func word(_ text: String, isQuoted: Bool) throws(CypherError) -> Expression {
        let start = self.token.range
        if !isQuoted {
            switch self.token.keyword {
            case "NULL": return self.literal(.null)
            case "TRUE": return self.literal(.boolean(true))
            case "FALSE": return self.literal(.boolean(false))
            case "CASE": return try self.conditional()
            case "EXISTS" where self.isSign("{", at: 1):
                return Expression(.exists(try self.subquery()), self.range(from: start))
            case "COUNT" where self.isSign("{", at: 1):
                return Expression(.countSubquery(try self.subquery()), self.range(from: start))
            case "COLLECT" where self.isSign("{", at: 1):
                return Expression(.collectSubquery(try self.subquery()), self.range(from: start))
            case "COUNT" where self.isSign("(", at: 1) && self.isSign("*", at: 2) && self.isSign(")", at: 3):
                for _ in 0..<4 { self.advance() }
                return Expression(.countAll, self.range(from: start))
            case "ALL", "ANY", "NONE", "SINGLE":
                if self.isSign("(", at: 1), self.isKeyword("IN", at: 3) { return try self.quantifier() }
            case "REDUCE" where self.isSign("(", at: 1): return try self.reduce()
            case "SHORTESTPATH" where self.isSign("(", at: 1),
                "ALLSHORTESTPATHS" where self.isSign("(", at: 1):
                let pattern = try self.patternPart()
                return Expression(.pattern(pattern), pattern.range)
            default: break
            }
        }
        if let call = try self.functionCall() { return call }
        self.advance()
        return Expression(.variable(text), start)
    }

    /// `{` and then what can only be a map projection.
    private var startsProjection: Bool {
        switch self.peek(1).kind {
        case .sign("."), .sign("}"): true
        case .word: self.isSign(":", at: 2) || self.isSign(",", at: 2) || self.isSign("}", at: 2)
        default: false
        }
    }

    /// `EXISTS { (a)-->(b) WHERE p }` is short for `EXISTS { MATCH ... }`.
    private mutating func subquery() throws(CypherError) -> Query {
        self.advance()
        try self.expectSign("{")
        let start = self.token.range
        let query: Query
        if self.isSign("(") || (self.isSign("=", at: 1) && self.isSign("(", at: 2)) {
            let patterns = try self.matchedPatterns()
            let predicate = self.take("WHERE") ? try self.expression() : nil
            let clause = Clause(
                kind: .match(optional: false, patterns, predicate: predicate), range: self.range(from: start))
            query = Query(parts: [SingleQuery(clauses: [clause])], keepsDuplicates: false)
        } else {
            query = try self.query()
        }
        try self.expectSign("}", "to end the subquery")
        return query
    }

    private mutating func functionCall() throws(CypherError) -> Expression? {
        var offset = 1
        while self.isSign(".", at: offset), case .word = self.peek(offset + 1).kind { offset += 2 }
        guard self.isSign("(", at: offset) else { return nil }
        let start = self.token.range
        var name = try self.name("a function")
        while self.takeSign(".") { name += "." + (try self.name("a function")) }
        try self.expectSign("(")
        if name.lowercased() == "trim", let call = try self.trim(start) { return call }
        let isDistinct = self.take("DISTINCT")
        if !isDistinct, !self.isSign("(", at: 1), !self.isSign(".", at: 1), !self.isSign(")", at: 1),
            !self.isSign(",", at: 1)
        {
            // `count(ALL x)` is `count(x)`.
            _ = self.take("ALL")
        }
        var arguments: [Expression] = []
        if !self.isSign(")") {
            repeat { arguments.append(try self.expression()) } while self.takeSign(",")
        }
        try self.expectSign(")", "after the arguments of \(name)")
        return Expression(
            .call(FunctionCall(name: name, isDistinct: isDistinct, arguments: arguments)),
            self.range(from: start))
    }

    /// `trim(LEADING 'x' FROM text)`; nil, with nothing consumed, for the plain form.
    private mutating func trim(_ start: SourceRange) throws(CypherError) -> Expression? {
        let names = ["LEADING": "lTrim", "TRAILING": "rTrim", "BOTH": "bTrim"]
        guard let name = names[self.token.keyword], !self.isSign(")", at: 1), !self.isSign(".", at: 1) else {
            return nil
        }
        self.advance()
        var arguments: [Expression] = []
        if !self.isKeyword("FROM") { arguments.append(try self.expression()) }
        try self.expect("FROM")
        arguments.insert(try self.expression(), at: 0)
        try self.expectSign(")", "after the arguments of trim")
        return Expression(
            .call(FunctionCall(name: name, isDistinct: false, arguments: arguments)), self.range(from: start))
    }

    private mutating func conditional() throws(CypherError) -> Expression {
        let start = self.token.range
        self.advance()
        let subject = self.isKeyword("WHEN") ? nil : try self.expression()
        var branches: [Conditional.Branch] = []
        while self.take("WHEN") {
            var tests = [try self.test(of: subject)]
            while subject != nil, self.takeSign(",") { tests.append(try self.test(of: subject)) }
            try self.expect("THEN")
            branches.append(Conditional.Branch(tests: tests, then: try self.expression()))
        }
        guard !branches.isEmpty else { throw self.unexpected("expected WHEN", near: ["WHEN"]) }
        let otherwise = self.take("ELSE") ? try self.expression() : nil
        try self.expect("END")
        return Expression(
            .conditional(Conditional(subject: subject, branches: branches, otherwise: otherwise)),
            self.range(from: start))
    }

    /// What follows WHEN: a condition, a value that the subject equals, or the rest of a condition that begins with it.
    private mutating func test(of subject: Expression?) throws(CypherError) -> Conditional.Test {
        guard let subject else { return .holds(try self.expression()) }
        guard self.startsRestOfCondition else { return .equals(try self.expression()) }
        return .holds(try self.rest(of: subject))
    }

    private var startsRestOfCondition: Bool {
        if case .sign(let sign) = self.token.kind {
            return Comparison.Sign(rawValue: sign) != nil || sign == "=~"
        }
        switch self.token.keyword {
        case "IS": return !self.isSign("(", at: 1) && !self.isSign(".", at: 1)
        case "STARTS", "ENDS": return self.isKeyword("WITH", at: 1)
        case "CONTAINS", "IN": return true
        default: return false
        }
    }

    private mutating func rest(of subject: Expression) throws(CypherError) -> Expression {
        let first = try self.suffixed(subject)
        return try self.comparisons(first)
    }

    private mutating func quantifier() throws(CypherError) -> Expression {
        let start = self.token.range
        let quantifier = Quantifier(rawValue: self.token.keyword.lowercased()) ?? .all
        self.advance()
        try self.expectSign("(")
        let variable = try self.name("a variable")
        try self.expect("IN")
        let list = try self.expression()
        let predicate =
            self.take("WHERE") ? try self.expression() : Expression(.boolean(true), self.previousRange)
        try self.expectSign(")", "to end \(quantifier.rawValue)")
        return Expression(
            .quantifier(quantifier, variable: variable, list: list, predicate: predicate),
            self.range(from: start))
    }

    private mutating func reduce() throws(CypherError) -> Expression {
        let start = self.token.range
        self.advance()
        try self.expectSign("(")
        let accumulator = try self.name("a variable")
        try self.expectSign("=", "after the accumulator")
        let initial = try self.expression()
        try self.expectSign(",", "after the initial value")
        let variable = try self.name("a variable")
        try self.expect("IN")
        let list = try self.expression()
        try self.expectSign("|", "after the list")
        let step = try self.expression()
        try self.expectSign(")", "to end reduce")
        return Expression(
            .reduce(accumulator: accumulator, initial: initial, variable: variable, list: list, step: step),
            self.range(from: start))
    }

    private mutating func mapProjection(_ base: Expression) throws(CypherError) -> Expression {
        try self.expectSign("{")
        var items: [ProjectionItem] = []
        if !self.isSign("}") {
            repeat {
                if self.takeSign(".") {
                    items.append(self.takeSign("*") ? .allProperties : .property(try self.name("a property")))
                } else if case .word(let name, _) = self.token.kind, !self.isSign(":", at: 1) {
                    items.append(.variable(name, self.token.range))
                    self.advance()
                } else {
                    items.append(.entry(try self.mapEntry()))
                }
            } while self.takeSign(",")
        }
        try self.expectSign("}", "to end the map projection")
        return Expression(.mapProjection(base, items), self.range(from: base.range))
    }
}

extension Expression {
    /// Whether `{` after it can begin a map projection.
    fileprivate var canBeProjected: Bool {
        switch self.kind {
        case .variable, .property, .subscripted, .call: true
        default: false
        }
    }
}
