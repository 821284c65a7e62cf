extension Parser {
    /// `CREATE INDEX`, `DROP CONSTRAINT`, `SHOW INDEXES`, ...; nil when it is a query.
    mutating func schemaCommand() throws(CypherError) -> SchemaCommand? {
        switch (self.token.keyword, self.peek(1).keyword) {
        case ("CREATE", "INDEX"), ("CREATE", "RANGE"), ("CREATE", "TEXT"):
            self.advance()
            _ = self.take("RANGE") || self.take("TEXT")
            try self.expect("INDEX")
            return try self.createIndex()
        case ("CREATE", "CONSTRAINT"):
            self.advance()
            self.advance()
            return try self.createConstraint()
        case ("DROP", "INDEX"):
            self.advance()
            self.advance()
            let name = try self.name("the index's name")
            return .dropIndex(name: name, ifExists: try self.ifExists(negated: false))
        case ("DROP", "CONSTRAINT"):
            self.advance()
            self.advance()
            let name = try self.name("the constraint's name")
            return .dropConstraint(name: name, ifExists: try self.ifExists(negated: false))
        case ("SHOW", "INDEX"), ("SHOW", "INDEXES"):
            self.advance()
            self.advance()
            return .showIndexes
        case ("SHOW", "CONSTRAINT"), ("SHOW", "CONSTRAINTS"):
            self.advance()
            self.advance()
            return .showConstraints
        case ("SHOW", _), ("DROP", _):
            throw CypherError(
                .syntax, "UnexpectedSyntax", "expected INDEXES or CONSTRAINTS", at: self.peek(1).range)
        default: return nil
        }
    }

    private mutating func ifExists(negated: Bool) throws(CypherError) -> Bool {
        guard self.take("IF") else { return false }
        if negated { try self.expect("NOT") }
        try self.expect("EXISTS")
        return true
    }

    private mutating func ruleName() throws(CypherError) -> String? {
        if self.isKeyword("IF") || self.isKeyword("FOR") { return nil }
        return try self.name("a name")
    }

    private mutating func createIndex() throws(CypherError) -> SchemaCommand {
        let name = try self.ruleName()
        let ifNotExists = try self.ifExists(negated: true)
        try self.expect("FOR")
        let (variable, label) = try self.labelledNode()
        try self.expect("ON")
        try self.expectSign("(", "before the properties")
        let keys = try self.keys(of: variable)
        try self.expectSign(")", "after the properties")
        return .createIndex(name: name, label: label, keys: keys, ifNotExists: ifNotExists)
    }

    private mutating func createConstraint() throws(CypherError) -> SchemaCommand {
        let name = try self.ruleName()
        let ifNotExists = try self.ifExists(negated: true)
        try self.expect("FOR")
        let isRelationship = self.isSign(")", at: 1)
        let (variable, entity) = isRelationship ? try self.typedRelationship() : try self.labelledNode()
        try self.expect("REQUIRE")
        let inParentheses = self.takeSign("(")
        let keys = try self.keys(of: variable)
        if inParentheses { try self.expectSign(")", "after the properties") }
        try self.expect("IS")
        let rule: SchemaCommand.ConstraintRule
        if self.take("UNIQUE") {
            rule = .unique
        } else if self.take("NODE") {
            try self.expect("KEY")
            rule = .nodeKey
        } else {
            try self.expect("NOT")
            try self.expect("NULL")
            rule = isRelationship ? .relationshipPropertyExists : .nodePropertyExists
        }
        guard !isRelationship || rule == .relationshipPropertyExists else {
            throw self.unexpected("relationships can only be required to have a property: IS NOT NULL")
        }
        return .createConstraint(name: name, rule, entity: entity, keys: keys, ifNotExists: ifNotExists)
    }

    private mutating func labelledNode() throws(CypherError) -> (variable: String, label: String) {
        try self.expectSign("(", "to start a node")
        let variable = try self.name("a variable")
        try self.expectSign(":", "before the label")
        let label = try self.name("a label")
        try self.expectSign(")", "to end the node")
        return (variable, label)
    }

    private mutating func typedRelationship() throws(CypherError) -> (variable: String, type: String) {
        for sign in ["(", ")", "-", "["] { try self.expectSign(sign) }
        let variable = try self.name("a variable")
        try self.expectSign(":", "before the type")
        let type = try self.name("a type")
        for sign in ["]", "-"] { try self.expectSign(sign) }
        _ = self.takeSign(">")
        for sign in ["(", ")"] { try self.expectSign(sign) }
        return (variable, type)
    }

    private mutating func keys(of variable: String) throws(CypherError) -> [String] {
        var keys: [String] = []
        repeat {
            let range = self.token.range
            guard try self.name("a property") == variable else {
                throw CypherError(
                    .syntax, "UndefinedVariable", "expected a property of `\(variable)`", at: range)
            }
            try self.expectSign(".", "before the property")
            keys.append(try self.name("a property"))
        } while self.takeSign(",")
        return keys
    }
}
