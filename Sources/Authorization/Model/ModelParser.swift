extension AuthorizationModel {
    /// Reads a model in the OpenFGA language.
    /// - Throws: ``ModelError`` with the place of the first mistake.
    package static func parse(_ source: String) throws(ModelError) -> AuthorizationModel {
        var parser = ModelParser(source)
        let types = try parser.model()
        var byName: [String: TypeDefinition] = [:]
        for type in types { byName[type.name] = type }
        let model = AuthorizationModel(types: byName, source: source)
        try parser.check(model, types)
        return model
    }
}

/// Words and signs of a model, line by line: `#` starts a comment at the start of a line or after space.
private struct ModelParser {
    private struct Token {
        let text: String
        let line: Int
        let column: Int
    }

    private static let nestingLimit = 64
    private let lines: [String]
    private var tokens: [Token] = []
    private var at = 0
    private var depth = 0

    init(_ source: String) {
        self.lines = source.split(separator: "\n", omittingEmptySubsequences: false).map {
            String($0.hasSuffix("\r") ? $0.dropLast() : $0)
        }
        for (index, line) in self.lines.enumerated() { self.scan(Array(line), line: index + 1) }
    }

    private mutating func scan(_ line: [Character], line number: Int) {
        var at = 0
        while at < line.count {
            let character = line[at]
            if character.isWhitespace {
                at += 1
            } else if character == "#", at == 0 || line[at - 1].isWhitespace {
                return
            } else if Self.isWord(character) {
                let start = at
                while at < line.count, Self.isWord(line[at]) { at += 1 }
                self.tokens.append(Token(text: String(line[start..<at]), line: number, column: start + 1))
            } else {
                self.tokens.append(Token(text: String(character), line: number, column: at + 1))
                at += 1
            }
        }
    }

    private static func isWord(_ character: Character) -> Bool {
        character.isLetter || character.isNumber || character == "_" || character == "-" || character == "."
    }

    // MARK: Grammar

    mutating func model() throws(ModelError) -> [AuthorizationModel.TypeDefinition] {
        try self.expect("model", "a model starts with `model`")
        try self.expect("schema", "`schema 1.1` follows `model`")
        guard let version = self.next(), version.text == "1.1" else {
            throw self.error("only schema 1.1 is read", back: 1)
        }
        var types: [AuthorizationModel.TypeDefinition] = []
        while let token = self.peek {
            if token.text == "condition" { throw self.error("conditions are not supported yet") }
            try self.expect("type", "expected `type`, found `\(token.text)`")
            types.append(try self.type())
        }
        guard !types.isEmpty else { throw self.error("the model has no types") }
        return types
    }

    private mutating func type() throws(ModelError) -> AuthorizationModel.TypeDefinition {
        let name = try self.name("a type name")
        var relations: [AuthorizationModel.Relation] = []
        if self.take("relations") {
            while self.take("define") {
                let line = self.tokens[self.at - 1].line
                let relation = try self.name("a relation name")
                guard !relations.contains(where: { $0.name == relation }) else {
                    throw self.error("relation `\(relation)` is defined twice in type `\(name)`", back: 1)
                }
                try self.expect(":", "`:` follows the relation name")
                let rewrite = try self.expression()
                relations.append(AuthorizationModel.Relation(name: relation, rewrite: rewrite, line: line))
            }
        }
        return AuthorizationModel.TypeDefinition(name: name, relations: relations)
    }

    private mutating func expression() throws(ModelError) -> AuthorizationModel.Rewrite {
        self.depth += 1
        defer { self.depth -= 1 }
        guard self.depth <= Self.nestingLimit else {
            throw self.error("nested deeper than \(Self.nestingLimit) levels")
        }
        let first = try self.operand()
        if self.take("but") {
            try self.expect("not", "`not` follows `but`")
            let minus = try self.operand()
            if let token = self.peek, ["or", "and", "but"].contains(token.text) {
                throw self.error("put parentheses around one side to mix `but not` with `\(token.text)`")
            }
            return .exclusion(first, minus)
        }
        guard let sign = self.peek?.text, sign == "or" || sign == "and" else { return first }
        var parts = [first]
        while self.take(sign) { parts.append(try self.operand()) }
        if let token = self.peek, ["or", "and", "but"].contains(token.text) {
            throw self.error("put parentheses around one side to mix `\(sign)` with `\(token.text)`")
        }
        return sign == "or" ? .union(parts) : .intersection(parts)
    }

    private mutating func operand() throws(ModelError) -> AuthorizationModel.Rewrite {
        if self.take("[") { return .direct(try self.restrictions()) }
        if self.take("(") {
            let inner = try self.expression()
            try self.expect(")", "`)` is missing")
            return inner
        }
        let relation = try self.name("a relation, `[` or `(`")
        guard self.take("from") else { return .computed(relation) }
        return .from(tupleset: try self.name("a relation after `from`"), relation: relation)
    }

    private mutating func restrictions() throws(ModelError) -> [AuthorizationModel.Restriction] {
        var restrictions: [AuthorizationModel.Restriction] = []
        repeat {
            let type = try self.name("a type")
            var kind = AuthorizationModel.Restriction.Kind.object
            if self.take(":") {
                try self.expect("*", "`*` follows `:` in a list of types")
                kind = .wildcard
            } else if self.take("#") {
                kind = .userset(try self.name("a relation after `#`"))
            }
            if self.peek?.text == "with" { throw self.error("conditions are not supported yet") }
            restrictions.append(AuthorizationModel.Restriction(type: type, kind: kind))
        } while self.take(",")
        try self.expect("]", "`,` or `]` is missing in a list of types")
        return restrictions
    }

    // MARK: Checks over the whole model

    func check(
        _ model: AuthorizationModel, _ types: [AuthorizationModel.TypeDefinition]
    ) throws(ModelError) {
        var seen: Set<String> = []
        for type in types {
            guard seen.insert(type.name).inserted else {
                throw self.error("type `\(type.name)` is defined twice", line: 1)
            }
            for relation in type.relations { try self.check(relation.rewrite, relation, type, model) }
        }
    }

    private func check(
        _ rewrite: AuthorizationModel.Rewrite, _ relation: AuthorizationModel.Relation,
        _ type: AuthorizationModel.TypeDefinition, _ model: AuthorizationModel
    ) throws(ModelError) {
        switch rewrite {
        case .direct(let restrictions):
            for restriction in restrictions {
                guard let subject = model.types[restriction.type] else {
                    throw self.error("there is no type `\(restriction.type)`", line: relation.line)
                }
                if case .userset(let name) = restriction.kind, subject.relation(name) == nil {
                    throw self.error("type `\(subject.name)` has no relation `\(name)`", line: relation.line)
                }
            }
        case .computed(let name):
            guard type.relation(name) != nil else {
                throw self.error("type `\(type.name)` has no relation `\(name)`", line: relation.line)
            }
        case .from(let tupleset, let name): try self.checkFrom(tupleset, name, relation, type, model)
        case .union(let parts), .intersection(let parts):
            for part in parts { try self.check(part, relation, type, model) }
        case .exclusion(let base, let minus):
            try self.check(base, relation, type, model)
            try self.check(minus, relation, type, model)
        }
    }

    private func checkFrom(
        _ tupleset: String, _ name: String, _ relation: AuthorizationModel.Relation,
        _ type: AuthorizationModel.TypeDefinition, _ model: AuthorizationModel
    ) throws(ModelError) {
        guard case .direct(let restrictions)? = type.relation(tupleset)?.rewrite else {
            throw self.error(
                "`\(tupleset)` after `from` must be a relation of type `\(type.name)` with a list of types only",
                line: relation.line)
        }
        guard restrictions.contains(where: { model.types[$0.type]?.relation(name) != nil }) else {
            throw self.error("no type that `\(tupleset)` names has a relation `\(name)`", line: relation.line)
        }
    }

    // MARK: Tokens

    private var peek: Token? { self.at < self.tokens.count ? self.tokens[self.at] : nil }

    private mutating func next() -> Token? {
        guard let token = self.peek else { return nil }
        self.at += 1
        return token
    }

    private mutating func take(_ text: String) -> Bool {
        guard self.peek?.text == text else { return false }
        self.at += 1
        return true
    }

    private mutating func expect(_ text: String, _ message: String) throws(ModelError) {
        guard self.take(text) else { throw self.error(message) }
    }

    private mutating func name(_ what: String) throws(ModelError) -> String {
        guard let token = self.peek, let first = token.text.first, first.isLetter || first == "_" else {
            throw self.error("expected \(what)")
        }
        self.at += 1
        return token.text
    }

    private func error(_ message: String, back: Int = 0) -> ModelError {
        let index = min(self.at - back, self.tokens.count - 1)
        guard index >= 0, !self.tokens.isEmpty else {
            return ModelError(message: message, line: 1, column: 1, sourceLine: self.lines.first ?? "")
        }
        let token = self.tokens[index]
        let isAtEnd = self.at - back >= self.tokens.count
        return ModelError(
            message: message, line: token.line, column: token.column + (isAtEnd ? token.text.count : 0),
            sourceLine: self.lines[token.line - 1])
    }

    private func error(_ message: String, line: Int) -> ModelError {
        let text = self.lines[line - 1]
        let column = text.prefix { $0.isWhitespace }.count + 1
        return ModelError(message: message, line: line, column: column, sourceLine: text)
    }
}
