extension Parser {
    /// `CREATE INDEX`, `DROP CONSTRAINT`, `SHOW INDEXES`, ...; nil when it is a query.
    mutating func schemaCommand() throws(CypherError) -> SchemaCommand? {
        switch (self.token.keyword, self.peek(1).keyword) {
        case ("CREATE", "INDEX"), ("CREATE", "RANGE"), ("CREATE", "TEXT"):
            self.advance()
            let isText = self.take("TEXT")
            if !isText { _ = self.take("RANGE") }
            try self.expect("INDEX")
            return try self.createIndex(isText: isText)
        case ("CREATE", "FULLTEXT"), ("CREATE", "POINT"), ("CREATE", "VECTOR"), ("CREATE", "LOOKUP"):
            throw CypherError(
                .syntax, "NotSupported", "there are no \(self.peek(1).keyword) indexes here",
                at: self.peek(1).range, hint: "there are RANGE indexes, the standard, and TEXT indexes")
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
        default: return nil
        }
    }

    /// `CREATE DATABASE`, `DROP DATABASE`, `SHOW DATABASES`; nil when it is a query. Comes after ``schemaCommand()``.
    mutating func administrationCommand() throws(CypherError) -> AdministrationCommand? {
        switch (self.token.keyword, self.peek(1).keyword) {
        case ("CREATE", "DATABASE"):
            self.advance()
            self.advance()
            let name = try self.databaseName()
            return .createDatabase(name: name, ifNotExists: try self.ifExists(negated: true))
        case ("DROP", "DATABASE"):
            self.advance()
            self.advance()
            let name = try self.databaseName()
            return .dropDatabase(name: name, ifExists: try self.ifExists(negated: false))
        case ("DROP", _):
            self.advance()
            throw self.unexpected(
                "expected INDEX, CONSTRAINT or DATABASE", near: ["INDEX", "CONSTRAINT", "DATABASE"])
        default: return nil
        }
    }

    /// `a.b` without quotes is one name here.
    mutating func databaseName() throws(CypherError) -> String {
        var name = try self.name("the graph's name")
        while self.takeSign(".") { name += "." + (try self.name("the rest of the graph's name")) }
        return name
    }

    private mutating func ifExists(negated: Bool) throws(CypherError) -> Bool {
        guard self.take("IF") else { return false }
        if negated { try self.expect("NOT") }
        try self.expect("EXISTS")
        return true
    }

    /// `OPTIONS {}`: there are none that matter here.
    private mutating func skipOptions() throws(CypherError) {
        if self.take("OPTIONS") { _ = try self.mapLiteral() }
    }

    private mutating func ruleName() throws(CypherError) -> String? {
        if self.isKeyword("IF") || self.isKeyword("FOR") { return nil }
        return try self.name("a name")
    }

    private mutating func createIndex(isText: Bool) throws(CypherError) -> SchemaCommand {
        let name = try self.ruleName()
        let ifNotExists = try self.ifExists(negated: true)
        try self.expect("FOR")
        let isRelationship = self.isSign(")", at: 1)
        let (variable, entity) = isRelationship ? try self.typedRelationship() : try self.labelledNode()
        try self.expect("ON")
        try self.expectSign("(", "before the properties")
        let keys = try self.keys(of: variable)
        try self.expectSign(")", "after the properties")
        try self.skipOptions()
        return .createIndex(
            name: name, isRelationship: isRelationship, isText: isText, entity: entity, keys: keys,
            ifNotExists: ifNotExists)
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
        let rule = try self.constraintRule(isRelationship)
        try self.skipOptions()
        return .createConstraint(name: name, rule, entity: entity, keys: keys, ifNotExists: ifNotExists)
    }

    private mutating func constraintRule(
        _ isRelationship: Bool
    ) throws(CypherError) -> SchemaCommand.ConstraintRule {
        if self.take("TYPED") || (self.isSign(":", at: 1) && self.takeSign(":") && self.takeSign(":")) {
            let type = try self.typeName()
            return isRelationship ? .relationshipPropertyType(type) : .nodePropertyType(type)
        }
        if self.take("NOT") {
            try self.expect("NULL")
            return isRelationship ? .relationshipPropertyExists : .nodePropertyExists
        }
        let isNamed = self.take(isRelationship ? "RELATIONSHIP" : "NODE")
        if isNamed, self.take("KEY") { return isRelationship ? .relationshipKey : .nodeKey }
        try self.expect("UNIQUE")
        return isRelationship ? .relationshipUnique : .unique
    }

    /// The text of a type up to the statement's end or its options, `LIST<STRING NOT NULL>` for one. Whether there is such
    /// a type is for others to say.
    private mutating func typeName() throws(CypherError) -> String {
        let start = self.token.range.start
        _ = try self.name("a type")
        while self.token.kind != .end, !self.isSign(";"), !self.isKeyword("OPTIONS") { self.advance() }
        return self.text(SourceRange(start: start, end: self.previousRange.end))
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
