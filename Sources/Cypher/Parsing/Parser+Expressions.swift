// Operator precedence from loosest to tightest: OR, XOR, AND, NOT, comparisons, IS NULL and text and list
// operators, + -, * / %, ^, unary sign, then subscripts, properties and labels.

extension Parser {
    mutating func expression() throws(CypherError) -> Expression {
        try self.nested { parser throws(CypherError) in try parser.disjunction() }
    }

    private mutating func disjunction() throws(CypherError) -> Expression {
        var left = try self.exclusiveDisjunction()
        var links = 0
        while self.take("OR") {
            try self.count(&links)
            left = self.join(.or, left, try self.exclusiveDisjunction())
        }
        return left
    }

    private mutating func exclusiveDisjunction() throws(CypherError) -> Expression {
        var left = try self.conjunction()
        var links = 0
        while self.take("XOR") {
            try self.count(&links)
            left = self.join(.xor, left, try self.conjunction())
        }
        return left
    }

    private mutating func conjunction() throws(CypherError) -> Expression {
        var left = try self.negation()
        var links = 0
        while self.take("AND") {
            try self.count(&links)
            left = self.join(.and, left, try self.negation())
        }
        return left
    }

    private mutating func negation() throws(CypherError) -> Expression {
        let start = self.token.range
        guard self.take("NOT") else { return try self.comparison() }
        let operand = try self.nested { parser throws(CypherError) in try parser.negation() }
        return Expression(.unary(.not, operand), start.through(operand.range))
    }

    private func join(_ sign: BinaryOperator, _ left: Expression, _ right: Expression) -> Expression {
        Expression(.binary(sign, left, right), left.range.through(right.range))
    }

    private mutating func comparison() throws(CypherError) -> Expression {
        try self.comparisons(try self.suffixed(try self.sum()))
    }

    /// The comparisons that follow a value.
    private mutating func comparisons(_ first: Expression) throws(CypherError) -> Expression {
        var links: [Comparison] = []
        while case .sign(let text) = self.token.kind, let sign = Comparison.Sign(rawValue: text) {
            self.advance()
            links.append(Comparison(sign: sign, operand: try self.suffixed(try self.sum())))
        }
        guard !links.isEmpty else { return first }
        return Expression(.comparison(first, links), self.range(from: first.range))
    }

    private mutating func sum() throws(CypherError) -> Expression {
        var left = try self.product()
        var links = 0
        while true {
            try self.count(&links)
            if self.takeSign("+") || self.takeSign("||") {
                left = self.join(.add, left, try self.product())
            } else if self.takeSign("-") {
                left = self.join(.subtract, left, try self.product())
            } else {
                return left
            }
        }
    }

    private mutating func product() throws(CypherError) -> Expression {
        var left = try self.power()
        var links = 0
        while true {
            try self.count(&links)
            if self.takeSign("*") {
                left = self.join(.multiply, left, try self.power())
            } else if self.takeSign("/") {
                left = self.join(.divide, left, try self.power())
            } else if self.takeSign("%") {
                left = self.join(.modulo, left, try self.power())
            } else {
                return left
            }
        }
    }

    private mutating func power() throws(CypherError) -> Expression {
        var left = try self.signed()
        var links = 0
        while self.takeSign("^") {
            try self.count(&links)
            left = self.join(.power, left, try self.signed())
        }
        return left
    }

    private mutating func signed() throws(CypherError) -> Expression {
        let start = self.token.range
        if self.takeSign("-") {
            if case .tooLarge("9223372036854775808") = self.token.kind {
                self.advance()
                return Expression(.integer(Int.min), self.range(from: start))
            }
            if case .integer(let number) = self.token.kind, !self.isSign("^", at: 1), !self.isSign(".", at: 1)
            {
                self.advance()
                return Expression(.integer(-number), self.range(from: start))
            }
            let operand = try self.nested { parser throws(CypherError) in try parser.signed() }
            return Expression(.unary(.minus, operand), start.through(operand.range))
        }
        if self.takeSign("+") {
            let operand = try self.nested { parser throws(CypherError) in try parser.signed() }
            return Expression(.unary(.plus, operand), start.through(operand.range))
        }
        return try self.postfix()
    }

    /// `IS NULL`, `IN`, `STARTS WITH`, `ENDS WITH`, `CONTAINS`, `=~`.
    private mutating func suffixed(_ first: Expression) throws(CypherError) -> Expression {
        var left = first
        var links = 0
        while true {
            try self.count(&links)
            if self.take("IS") {
                left = try self.afterIs(left)
            } else if self.isSign(":"), self.isSign(":", at: 1) {
                left = try self.typeTest(left, negated: false)
            } else if self.take("IN") {
                left = self.join(.in, left, try self.textOperand())
            } else if self.isKeyword("STARTS"), self.isKeyword("WITH", at: 1) {
                self.advance()
                self.advance()
                left = self.join(.startsWith, left, try self.textOperand())
            } else if self.isKeyword("ENDS"), self.isKeyword("WITH", at: 1) {
                self.advance()
                self.advance()
                left = self.join(.endsWith, left, try self.textOperand())
            } else if self.take("CONTAINS") {
                left = self.join(.contains, left, try self.textOperand())
            } else if self.takeSign("=~") {
                left = self.join(.matches, left, try self.textOperand())
            } else {
                return left
            }
        }
    }

    /// `NULL`, `NOT NULL`, `:: INTEGER`, `TYPED INTEGER`, `NFC NORMALIZED`, a label.
    private mutating func afterIs(_ left: Expression) throws(CypherError) -> Expression {
        let negated = self.take("NOT")
        if self.take("NULL") {
            return Expression(.isNull(left, negated: negated), self.range(from: left.range))
        }
        if self.isKeyword("TYPED") || (self.isSign(":") && self.isSign(":", at: 1)) {
            return try self.typeTest(left, negated: negated)
        }
        let form = ["NFC", "NFD", "NFKC", "NFKD"].first { self.isKeyword($0) }
        if self.isKeyword("NORMALIZED", at: form == nil ? 0 : 1) {
            for _ in 0..<(form == nil ? 1 : 2) { self.advance() }
            return Expression(
                .isNormalized(left, form: form ?? "NFC", negated: negated), self.range(from: left.range))
        }
        guard case .variable = left.kind, !negated, self.startsLabelTest else {
            throw self.unexpected("expected NULL, a type or a label after IS", near: ["NULL", "TYPED"])
        }
        let labels = try self.labelExpression()
        return Expression(.hasLabels(left, labels), self.range(from: left.range))
    }

    private var startsLabelTest: Bool {
        switch self.token.kind {
        case .word, .sign("!"), .sign("%"), .sign("("): true
        default: false
        }
    }

    private mutating func typeTest(_ left: Expression, negated: Bool) throws(CypherError) -> Expression {
        if !self.take("TYPED") { for _ in 0..<2 { self.advance() } }
        let type = try self.valueType()
        return Expression(.isType(left, type, negated: negated), self.range(from: left.range))
    }

    /// `a STARTS WITH b + c` joins b and c first.
    private mutating func textOperand() throws(CypherError) -> Expression {
        try self.nested { parser throws(CypherError) in try parser.sum() }
    }

    // MARK: Atoms and what follows them

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
