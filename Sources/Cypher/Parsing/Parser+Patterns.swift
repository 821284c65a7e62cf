extension Parser {
    /// Patterns of CREATE, of which there may be any number.
    mutating func patterns() throws(CypherError) -> [PatternPart] {
        var parts = [try self.patternPart()]
        while self.takeSign(",") { parts.append(try self.patternPart()) }
        return parts
    }

    /// Patterns to be matched: each node and relationship is an operator over the one before.
    mutating func matchedPatterns() throws(CypherError) -> [PatternPart] {
        let parts = try self.patterns()
        var links = 0
        for part in parts { for _ in part.nodes { try self.count(&links) } }
        return parts
    }

    mutating func patternPart() throws(CypherError) -> PatternPart {
        let start = self.token.range
        var variable: String?
        if case .word(let name, _) = self.token.kind, self.isSign("=", at: 1) {
            variable = name
            self.advance()
            self.advance()
        }
        var selection = PatternPart.Selection.all
        if self.isSign("(", at: 1) {
            switch self.token.keyword {
            case "SHORTESTPATH": selection = .shortest
            case "ALLSHORTESTPATHS": selection = .allShortest
            default: break
            }
        }
        if selection != .all {
            self.advance()
            self.advance()
        }
        let (nodes, relationships) = try self.chain()
        if selection != .all { try self.expectSign(")", "at the end of the shortest path") }
        return PatternPart(
            variable: variable, selection: selection, nodes: nodes, relationships: relationships,
            range: self.range(from: start))
    }

    private mutating func chain() throws(CypherError) -> ([NodePattern], [RelationshipPattern]) {
        var nodes = [try self.nodePattern()]
        var relationships: [RelationshipPattern] = []
        var links = 0
        while self.isSign("-") || (self.isSign("<") && self.isSign("-", at: 1)) {
            try self.count(&links)
            relationships.append(try self.relationshipPattern())
            nodes.append(try self.nodePattern())
        }
        return (nodes, relationships)
    }

    /// A pattern with at least one relationship, or nil with nothing consumed: in an expression, `(a)` may
    /// as well be a parenthesis.
    mutating func patternPredicate() -> PatternPart? {
        switch self.peek(1).kind {
        case .word, .sign(":"), .sign(")"), .sign("{"): break
        default: return nil
        }
        let (start, depth) = (self.at, self.depth)
        let range = self.token.range
        if let (nodes, relationships) = try? self.chain(), !relationships.isEmpty {
            return PatternPart(
                variable: nil, selection: .all, nodes: nodes, relationships: relationships,
                range: self.range(from: range))
        }
        self.at = start
        self.depth = depth
        return nil
    }

    private mutating func nodePattern() throws(CypherError) -> NodePattern {
        let start = self.token.range
        try self.expectSign("(", "to start a node")
        var variable: String?
        if case .word(let name, let isQuoted) = self.token.kind, isQuoted || !self.isKeyword("WHERE") {
            variable = name
            self.advance()
        }
        let labels = self.takeSign(":") || self.take("IS") ? try self.labelExpression() : nil
        let properties = try self.patternProperties()
        let predicate = self.take("WHERE") ? try self.expression() : nil
        try self.expectSign(")", "to end a node")
        return NodePattern(
            variable: variable, labels: labels, properties: properties, predicate: predicate,
            range: self.range(from: start))
    }

    private mutating func patternProperties() throws(CypherError) -> Expression? {
        if self.isSign("{") { return try self.mapLiteral() }
        if case .parameter(let name) = self.token.kind {
            let range = self.token.range
            self.advance()
            return Expression(.parameter(name), range)
        }
        return nil
    }

    private mutating func relationshipPattern() throws(CypherError) -> RelationshipPattern {
        let start = self.token.range
        let pointsLeft = self.takeSign("<")
        try self.expectSign("-", "in a relationship")
        var variable: String?
        var types: LabelExpression?
        var length: RelationshipPattern.Length?
        var properties: Expression?
        var predicate: Expression?
        if self.takeSign("[") {
            if case .word(let name, let isQuoted) = self.token.kind, isQuoted || !self.isKeyword("WHERE") {
                variable = name
                self.advance()
            }
            if self.takeSign(":") { types = try self.labelExpression() }
            if self.takeSign("*") { length = try self.length() }
            properties = try self.patternProperties()
            if self.take("WHERE") { predicate = try self.expression() }
            try self.expectSign("]", "to end a relationship")
        }
        try self.expectSign("-", "in a relationship")
        let pointsRight = self.takeSign(">")
        return RelationshipPattern(
            variable: variable, types: types,
            arrow: pointsLeft == pointsRight ? .either : (pointsLeft ? .left : .right), length: length,
            properties: properties, predicate: predicate, range: self.range(from: start))
    }

    private mutating func length() throws(CypherError) -> RelationshipPattern.Length {
        let minimum = try self.bound()
        guard self.takeSign("..") else { return .init(minimum: minimum, maximum: minimum) }
        return .init(minimum: minimum, maximum: try self.bound())
    }

    private mutating func bound() throws(CypherError) -> Int? {
        if self.isSign("-"), case .integer = self.peek(1).kind {
            throw CypherError(
                .syntax, "InvalidRelationshipPattern", "the length of a path cannot be negative",
                at: self.token.range)
        }
        guard case .integer(let number) = self.token.kind else { return nil }
        self.advance()
        return number
    }

    // MARK: Labels

    mutating func labelExpression() throws(CypherError) -> LabelExpression {
        try self.nested { parser throws(CypherError) in
            var left = try parser.labelConjunction()
            var links = 0
            while parser.takeSign("|") {
                try parser.count(&links)
                // `:A|:B` is the old way to write `:A|B`.
                _ = parser.takeSign(":")
                left = .or(left, try parser.labelConjunction())
            }
            return left
        }
    }

    private mutating func labelConjunction() throws(CypherError) -> LabelExpression {
        var left = try self.labelPrimary()
        var links = 0
        while self.takeSign("&") || self.takeSign(":") {
            try self.count(&links)
            left = .and(left, try self.labelPrimary())
        }
        return left
    }

    private mutating func labelPrimary() throws(CypherError) -> LabelExpression {
        if self.takeSign("!") {
            return try self.nested { parser throws(CypherError) in .not(try parser.labelPrimary()) }
        }
        if self.takeSign("%") { return .any }
        if self.takeSign("(") {
            let inner = try self.labelExpression()
            try self.expectSign(")", "in the label expression")
            return inner
        }
        return .name(try self.name("a label or type"))
    }
}
