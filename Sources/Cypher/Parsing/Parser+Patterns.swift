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
        let selector = try self.selector()
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
        let chain = try self.chain()
        if selection != .all { try self.expectSign(")", "at the end of the shortest path") }
        var part = PatternPart(
            variable: variable, selection: selection, nodes: chain.nodes,
            relationships: chain.relationships, range: self.range(from: start))
        part.selector = selector
        part.predicate = chain.predicate
        return part
    }

    /// `ANY 2`, `SHORTEST 2 GROUPS`, `ALL SHORTEST`; nil for all paths.
    private mutating func selector() throws(CypherError) -> PatternPart.Selector? {
        switch self.token.keyword {
        case "ANY":
            self.advance()
            if self.take("SHORTEST") { return self.endSelector(.shortest(1)) }
            return self.endSelector(.any(try self.selectedCount() ?? 1))
        case "ALL":
            self.advance()
            return self.endSelector(self.take("SHORTEST") ? .groups(1) : nil)
        case "SHORTEST":
            self.advance()
            let count = try self.selectedCount()
            _ = self.take("PATH") || self.take("PATHS")
            if self.take("GROUP") || self.take("GROUPS") { return .groups(count ?? 1) }
            return .shortest(count ?? 1)
        default: return nil
        }
    }

    private mutating func endSelector(_ selector: PatternPart.Selector?) -> PatternPart.Selector? {
        _ = self.take("PATH") || self.take("PATHS")
        return selector
    }

    private mutating func selectedCount() throws(CypherError) -> Int? {
        guard case .integer(let count) = self.token.kind else { return nil }
        guard count > 0 else {
            throw CypherError(
                .syntax, "NegativeIntegerArgument", "the number of paths is at least 1", at: self.token.range)
        }
        self.advance()
        return count
    }

    private struct Chain {
        var nodes: [NodePattern] = []
        var relationships: [RelationshipPattern] = []
        var predicate: Expression?
    }

    /// Nodes and what lies between them: relationships, or groups that are walked again and again.
    private mutating func chain() throws(CypherError) -> Chain {
        var chain = Chain()
        var links = 0
        if self.startsGroup { try self.group(&chain) } else { chain.nodes.append(try self.nodePattern()) }
        while true {
            if self.isSign("(") {
                try self.count(&links)
                guard self.startsGroup else { throw self.unexpected("expected `-`") }
                try self.group(&chain)
            } else if self.isSign("-") || (self.isSign("<") && self.isSign("-", at: 1)) {
                try self.count(&links)
                chain.relationships.append(try self.relationshipPattern())
                chain.nodes.append(try self.nodePattern())
            } else {
                return chain
            }
        }
    }

    /// `((`: no node begins so.
    private var startsGroup: Bool { self.isSign("(") && self.isSign("(", at: 1) }

    /// `((a)-->(b) WHERE p){1,3}`, with the nodes at its ends: one is made up where none is written. Without a quantifier
    /// it is only a parenthesis.
    private mutating func group(_ chain: inout Chain) throws(CypherError) {
        let start = self.token.range
        let inner = try self.nested { parser throws(CypherError) in
            try parser.expectSign("(")
            var inner = try parser.chain()
            if parser.take("WHERE") { inner.predicate = try parser.expression() }
            try parser.expectSign(")", "to end the group")
            return inner
        }
        guard let length = try self.quantifier() else {
            guard chain.nodes.isEmpty else {
                throw self.unexpected("expected a quantifier such as {1,3}, + or * after the group")
            }
            chain = inner
            return
        }
        if chain.nodes.isEmpty { chain.nodes.append(Self.anyNode(at: start.start)) }
        var relationship = RelationshipPattern(
            variable: nil, types: nil, arrow: .right, length: length, properties: nil, predicate: nil,
            range: self.range(from: start))
        relationship.group = PathGroup(
            nodes: inner.nodes, relationships: inner.relationships, predicate: inner.predicate)
        chain.relationships.append(relationship)
        if self.isSign("("), !self.startsGroup {
            chain.nodes.append(try self.nodePattern())
        } else {
            chain.nodes.append(Self.anyNode(at: self.previousRange.end))
        }
    }

    private static func anyNode(at place: Int) -> NodePattern {
        NodePattern(
            variable: nil, labels: nil, properties: nil, predicate: nil,
            range: SourceRange(start: place, end: place))
    }

    /// `{1,3}`, `{2}`, `+`, `*`; nil when none stands here.
    private mutating func quantifier() throws(CypherError) -> RelationshipPattern.Length? {
        if self.takeSign("+") { return .init(minimum: 1, maximum: nil) }
        if self.takeSign("*") { return .init(minimum: 0, maximum: nil) }
        let range = self.token.range
        guard self.takeSign("{") else { return nil }
        let minimum = try self.bound()
        guard self.takeSign(",") else {
            try self.expectSign("}", "after the quantifier")
            return .init(minimum: minimum, maximum: minimum)
        }
        let maximum = try self.bound()
        try self.expectSign("}", "after the quantifier")
        guard maximum.map({ $0 >= (minimum ?? 0) && $0 > 0 }) ?? true else {
            throw CypherError(
                .syntax, "InvalidRelationshipPattern",
                "a quantifier's upper bound is not below its lower one",
                at: self.range(from: range))
        }
        return .init(minimum: minimum ?? 0, maximum: maximum)
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
        if let chain = try? self.chain(), !chain.relationships.isEmpty {
            return PatternPart(
                variable: nil, selection: .all, nodes: chain.nodes, relationships: chain.relationships,
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
        if self.startsVariable { variable = try self.name("a variable") }
        let labels = self.takeSign(":") || self.take("IS") ? try self.labelExpression() : nil
        let properties = try self.patternProperties()
        let predicate = self.take("WHERE") ? try self.expression() : nil
        try self.expectSign(")", "to end a node")
        return NodePattern(
            variable: variable, labels: labels, properties: properties, predicate: predicate,
            range: self.range(from: start))
    }

    /// A name that is not the first word of what may stand after it.
    private var startsVariable: Bool {
        guard case .word(_, let isQuoted) = self.token.kind else { return false }
        if isQuoted { return true }
        if self.isKeyword("IS") { return !self.isName(at: 1) || self.isKeyword("WHERE", at: 1) }
        return !self.isKeyword("WHERE") || self.isSign(")", at: 1) || self.isSign("]", at: 1)
    }

    private func isName(at offset: Int) -> Bool {
        switch self.peek(offset).kind {
        case .word, .sign("%"), .sign("!"), .sign("("): true
        default: false
        }
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
            if self.startsVariable { variable = try self.name("a variable") }
            if self.takeSign(":") || self.take("IS") { types = try self.labelExpression() }
            if self.takeSign("*") { length = try self.length() }
            if self.isSign("..") {
                throw CypherError(
                    .syntax, "InvalidRelationshipPattern", "a path of variable length needs a `*`",
                    at: self.token.range, hint: "write *..")
            }
            properties = try self.patternProperties()
            if self.take("WHERE") { predicate = try self.expression() }
            try self.expectSign("]", "to end a relationship")
        }
        try self.expectSign("-", "in a relationship")
        let pointsRight = self.takeSign(">")
        if length == nil { length = try self.quantifier() }
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
