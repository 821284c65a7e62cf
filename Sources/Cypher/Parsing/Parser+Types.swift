extension Parser {
    /// `INTEGER NOT NULL | LIST<STRING>`: alternatives, each with what follows it.
    mutating func valueType() throws(CypherError) -> ValueType {
        try self.nested { parser throws(CypherError) in
            var alternatives = [try parser.alternativeType()]
            var links = 0
            while parser.takeSign("|") {
                try parser.count(&links)
                alternatives.append(try parser.alternativeType())
            }
            return ValueType(alternatives)
        }
    }

    private mutating func alternativeType() throws(CypherError) -> ValueType.Alternative {
        var kind = try self.typeKind()
        var isNullable = try self.takesNull()
        var links = 0
        // `INTEGER NOT NULL LIST` is the other way to write `LIST<INTEGER NOT NULL>`.
        while self.take("LIST") || self.take("ARRAY") {
            try self.count(&links)
            kind = .list(ValueType([ValueType.Alternative(kind: kind, isNullable: isNullable)]))
            isNullable = try self.takesNull()
        }
        if kind == .nothing { isNullable = false }
        return ValueType.Alternative(kind: kind, isNullable: isNullable)
    }

    private mutating func takesNull() throws(CypherError) -> Bool {
        if self.takeSign("!") { return false }
        if self.takeSign("?") { return true }
        guard self.isKeyword("NOT"), self.isKeyword("NULL", at: 1) else { return true }
        self.advance()
        self.advance()
        return false
    }

    private static let plainTypes = [
        "BOOLEAN": "BOOLEAN", "BOOL": "BOOLEAN", "STRING": "STRING", "VARCHAR": "STRING",
        "INTEGER": "INTEGER", "INT": "INTEGER", "FLOAT": "FLOAT", "DATE": "DATE", "DURATION": "DURATION",
        "POINT": "POINT", "NODE": "NODE", "VERTEX": "NODE", "RELATIONSHIP": "RELATIONSHIP",
        "EDGE": "RELATIONSHIP", "MAP": "MAP", "PATH": "PATH", "DATETIME": "ZONED DATETIME",
        "LOCALDATETIME": "LOCAL DATETIME", "LOCALTIME": "LOCAL TIME",
    ]

    private mutating func typeKind() throws(CypherError) -> ValueType.Kind {
        let (word, range) = (self.token.keyword, self.token.range)
        _ = try self.name("a type")
        if let name = Self.plainTypes[word] { return .named(name) }
        switch word {
        case "SIGNED", "ANY": return try self.prefixedType(word)
        case "NUMBER": return .number
        case "NULL": return .null
        case "NOTHING": return .nothing
        case "LIST", "ARRAY": return .list(try self.elementType())
        case "PROPERTY":
            try self.expect("VALUE")
            return .property
        case "LOCAL", "ZONED":
            guard self.take("TIME") else {
                try self.expect("DATETIME")
                return .named(word + " DATETIME")
            }
            return .named(word + " TIME")
        case "TIME": return .named(try self.takesZone() + " TIME")
        case "TIMESTAMP": return .named(try self.takesZone() + " DATETIME")
        default:
            throw CypherError(
                .syntax, "UnexpectedSyntax", "`\(word.prefix(40))` is no type", at: range,
                hint: nearest(to: word, among: Self.plainTypes.keys.sorted()).map { "did you mean \($0)?" })
        }
    }

    /// `SIGNED INTEGER`, `ANY PROPERTY VALUE`, `ANY NODE`, `ANY<INTEGER | STRING>`, `ANY`.
    private mutating func prefixedType(_ word: String) throws(CypherError) -> ValueType.Kind {
        if word == "SIGNED" {
            try self.expect("INTEGER")
            return .named("INTEGER")
        }
        if self.take("PROPERTY") {
            try self.expect("VALUE")
            return .property
        }
        if self.take("VALUE") { return .any }
        if let name = Self.plainTypes[self.token.keyword], self.token.keyword != "" {
            self.advance()
            return .named(name)
        }
        return .any
    }

    /// `WITH TIME ZONE`, `WITHOUT TIME ZONE`; with one when nothing is said.
    private mutating func takesZone() throws(CypherError) -> String {
        guard self.isKeyword("WITH") || self.isKeyword("WITHOUT"), self.isKeyword("TIME", at: 1) else {
            return "ZONED"
        }
        let isZoned = self.isKeyword("WITH")
        for _ in 0..<2 { self.advance() }
        guard self.take("ZONE") || self.take("TIMEZONE") else { throw self.unexpected("expected ZONE") }
        return isZoned ? "ZONED" : "LOCAL"
    }

    /// `<INTEGER>`; anything without it, also after the procedures' old `LIST? OF INTEGER`.
    private mutating func elementType() throws(CypherError) -> ValueType {
        if self.isSign("?"), self.isKeyword("OF", at: 1) { self.advance() }
        if self.take("OF") { return try self.valueType() }
        guard self.takeSign("<") else { return .any }
        let element = try self.valueType()
        try self.expectSign(">", "after the type of the elements")
        return element
    }
}
