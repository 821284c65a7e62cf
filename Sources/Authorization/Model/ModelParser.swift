internal import CEL

/// What one text of a model says: a whole model, or a module of one.
struct ModelPart {
    struct TypePart {
        let name: String
        let place: ModelSource.Place
        /// Whether it adds to a type of another module.
        let isExtension: Bool
        let relations: [AuthorizationModel.Relation]
    }

    let source: ModelSource
    let schemaVersion: String
    /// The module's name; nil for a whole model.
    let module: String?
    var types: [TypePart] = []
    var conditions: [(condition: AuthorizationModel.Condition, place: ModelSource.Place)] = []
    /// Where names are said, for errors that are found later.
    var mentions: [ModelMention: ModelSource.Place] = [:]
}

/// A name that a definition says.
struct ModelMention: Hashable {
    /// The type, or the condition.
    let definition: String
    /// The relation; empty for the definition itself.
    var relation = ""
    /// What is said; empty for the relation itself.
    var name = ""
}

/// Reads the OpenFGA language.
struct ModelParser {
    private static let nestingLimit = 64
    private let source: ModelSource
    private let tokens: [ModelSource.Token]
    private var at = 0
    private var depth = 0
    private var part: ModelPart
    /// What is being defined.
    private var definition = ModelMention(definition: "")
    private var restrictions: [AuthorizationModel.Restriction] = []

    static func parse(_ source: ModelSource) throws(ModelError) -> ModelPart {
        var parser = ModelParser(source)
        return try parser.whole()
    }

    private init(_ source: ModelSource) {
        self.source = source
        self.tokens = source.tokens
        self.part = ModelPart(source: source, schemaVersion: "", module: nil)
    }

    // MARK: Grammar

    private mutating func whole() throws(ModelError) -> ModelPart {
        if self.take("module") {
            let name = try self.name("a module name")
            self.part = ModelPart(source: self.source, schemaVersion: "1.2", module: name)
        } else {
            try self.expect("model", "a model starts with `model`, a module with `module`")
            try self.expect("schema", "`schema 1.1` follows `model`")
            guard let version = self.next(), ["1.1", "1.2"].contains(version.text) else {
                throw self.error("only schemas 1.1 and 1.2 are read", back: 1)
            }
            self.part = ModelPart(source: self.source, schemaVersion: version.text, module: nil)
        }
        while let token = self.peek {
            if self.take("condition") {
                try self.condition()
            } else if self.part.module != nil, self.take("extend") {
                try self.expect("type", "`type` follows `extend`")
                try self.type(isExtension: true)
            } else {
                let wanted = self.part.module == nil ? "`type`" : "`type`, `extend type`"
                try self.expect("type", "expected \(wanted) or `condition`, found `\(token.text)`")
                try self.type(isExtension: false)
            }
        }
        return self.part
    }

    private mutating func type(isExtension: Bool) throws(ModelError) {
        let place = self.place
        let name = try self.name("a type name")
        self.definition = ModelMention(definition: name)
        if !isExtension { self.mention("", place) }
        var relations: [AuthorizationModel.Relation] = []
        if self.take("relations") {
            while self.take("define") {
                let relation = try self.relation()
                guard !relations.contains(where: { $0.name == relation.name }) else {
                    throw self.source.error(
                        "relation `\(relation.name)` is defined twice in type `\(name)`",
                        at: self.part.mentions[self.definition] ?? place)
                }
                relations.append(relation)
            }
        }
        self.part.types.append(
            ModelPart.TypePart(name: name, place: place, isExtension: isExtension, relations: relations))
    }

    private mutating func relation() throws(ModelError) -> AuthorizationModel.Relation {
        let place = self.place
        let name = try self.name("a relation name")
        self.definition.relation = name
        self.part.mentions[self.definition] = place
        try self.expect(":", "`:` follows the relation name")
        self.restrictions = []
        let rewrite = try self.expression()
        return AuthorizationModel.Relation(name: name, rewrite: rewrite, restrictions: self.restrictions)
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
            try self.refuseMixed("but not")
            return .exclusion(first, minus)
        }
        guard let sign = self.peek?.text, sign == "or" || sign == "and" else { return first }
        var parts = [first]
        while self.take(sign) { parts.append(try self.operand()) }
        try self.refuseMixed(sign)
        return sign == "or" ? .union(parts) : .intersection(parts)
    }

    private func refuseMixed(_ sign: String) throws(ModelError) {
        guard let token = self.peek, ["or", "and", "but"].contains(token.text) else { return }
        throw self.error("put parentheses around one side to mix `\(sign)` with `\(token.text)`")
    }

    private mutating func operand() throws(ModelError) -> AuthorizationModel.Rewrite {
        if self.take("[") {
            try self.restrictionList()
            return .direct
        }
        if self.take("(") {
            let inner = try self.expression()
            try self.expect(")", "`)` is missing")
            return inner
        }
        let relation = try self.mentionedName("a relation, `[` or `(`")
        guard self.take("from") else { return .computed(relation) }
        return .from(tupleset: try self.mentionedName("a relation after `from`"), relation: relation)
    }

    private mutating func restrictionList() throws(ModelError) {
        var listed: Set<AuthorizationModel.Restriction> = []
        repeat {
            let place = self.place
            let type = try self.mentionedName("a type")
            var kind = AuthorizationModel.Restriction.Kind.object
            if self.take(":") {
                try self.expect("*", "`*` follows `:` in a list of types")
                kind = .wildcard
            } else if self.take("#") {
                kind = .userset(try self.mentionedName("a relation after `#`"))
            }
            let condition = self.take("with") ? try self.mentionedName("a condition after `with`") : nil
            let restriction = AuthorizationModel.Restriction(type: type, kind: kind, condition: condition)
            guard listed.insert(restriction).inserted else {
                throw self.source.error("`\(restriction)` is listed twice", at: place)
            }
            if !self.restrictions.contains(restriction) { self.restrictions.append(restriction) }
        } while self.take(",")
        try self.expect("]", "`,` or `]` is missing in a list of types")
    }

    // MARK: Conditions

    private mutating func condition() throws(ModelError) {
        let place = self.place
        let name = try self.name("a condition name")
        guard !self.part.conditions.contains(where: { $0.condition.name == name }) else {
            throw self.source.error("condition `\(name)` is defined twice", at: place)
        }
        try self.expect("(", "`(` follows the condition name")
        var parameters: [CELParameter] = []
        while !self.take(")") {
            if !parameters.isEmpty { try self.expect(",", "`,` or `)` is missing between parameters") }
            let parameter = try self.name("a parameter name")
            guard !parameters.contains(where: { $0.name == parameter }) else {
                throw self.error("parameter `\(parameter)` is declared twice", back: 1)
            }
            try self.expect(":", "`:` follows the parameter name")
            parameters.append(CELParameter(name: parameter, type: try self.parameterType()))
        }
        guard !parameters.isEmpty else { throw self.error("a condition has parameters", back: 1) }
        let expression = try self.body(parameters)
        self.part.conditions.append(
            (AuthorizationModel.Condition(name: name, expression: expression), place))
    }

    private mutating func parameterType() throws(ModelError) -> CELType {
        self.depth += 1
        defer { self.depth -= 1 }
        guard self.depth <= Self.nestingLimit else {
            throw self.error("nested deeper than \(Self.nestingLimit) levels")
        }
        let name = try self.name("a type")
        if let plain = CELType.named[name], plain != .bytes { return plain }
        guard name == "list" || name == "map" else {
            throw self.error("`\(name)` is no type of a parameter", back: 1)
        }
        try self.expect("<", "`<` follows `\(name)`")
        let element = try self.parameterType()
        try self.expect(">", "`>` is missing")
        return name == "list" ? .list(element) : .map(.string, element)
    }

    private mutating func body(_ parameters: [CELParameter]) throws(ModelError) -> CELExpression {
        guard let open = self.peek, open.text == "{" else { throw self.error("`{` is missing") }
        guard let (text, end) = self.text(after: open.place) else { throw self.error("`}` is missing") }
        while let token = self.peek, token.place <= end { self.at += 1 }
        // Space at the ends is left out, and counted for the places of errors.
        let lead = text.prefix { $0.isWhitespace }
        do {
            return try CELExpression(
                text.trimmed, parameters: parameters, result: .bool)
        } catch {
            let skipped = lead.filter(\.isNewline).count
            let first = skipped == 0 ? open.place.column + lead.count : lead.lastLineCount
            let line = open.place.line + skipped + error.place.line - 1
            let column = error.place.line == 1 ? first + error.place.column : error.place.column
            throw self.source.error(
                error.message, at: ModelSource.Place(line: line, column: column))
        }
    }

    /// The text between a brace and the one that closes it, as written, and the place of the latter.
    private func text(after open: ModelSource.Place) -> (text: String, end: ModelSource.Place)? {
        var text = ""
        var (line, column, depth) = (open.line, open.column, 1)
        while line <= self.source.lines.count {
            let characters = Array(self.source.lines[line - 1])
            var quote: Character?
            while column < characters.count {
                let character = characters[column]
                if let inside = quote {
                    if character == "\\", column + 1 < characters.count {
                        text.append(character)
                        column += 1
                    } else if character == inside {
                        quote = nil
                    }
                } else if character == "\"" || character == "'" {
                    quote = character
                } else if character == "{" {
                    depth += 1
                } else if character == "}" {
                    depth -= 1
                    if depth == 0 { return (text, ModelSource.Place(line: line, column: column + 1)) }
                }
                text.append(characters[column])
                column += 1
            }
            (line, column) = (line + 1, 0)
            text.append("\n")
        }
        return nil
    }

    // MARK: Tokens

    private var peek: ModelSource.Token? { self.at < self.tokens.count ? self.tokens[self.at] : nil }

    private var place: ModelSource.Place { self.peek?.place ?? ModelSource.Place(line: 1, column: 1) }

    private mutating func next() -> ModelSource.Token? {
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

    private mutating func mentionedName(_ what: String) throws(ModelError) -> String {
        let place = self.place
        let name = try self.name(what)
        self.mention(name, place)
        return name
    }

    /// Keeps where a name is said first.
    private mutating func mention(_ name: String, _ place: ModelSource.Place) {
        var mention = self.definition
        mention.name = name
        if self.part.mentions[mention] == nil { self.part.mentions[mention] = place }
    }

    private func error(_ message: String, back: Int = 0) -> ModelError {
        let index = min(self.at - back, self.tokens.count - 1)
        guard index >= 0, !self.tokens.isEmpty else {
            return self.source.error(message, at: ModelSource.Place(line: 1, column: 1))
        }
        let token = self.tokens[index]
        let isAtEnd = self.at - back >= self.tokens.count
        return self.source.error(
            message,
            at: ModelSource.Place(
                line: token.place.line, column: token.place.column + (isAtEnd ? token.text.count : 0)))
    }
}

extension StringProtocol {
    /// Without space at the ends.
    var trimmed: String {
        var text = self[...]
        while text.first?.isWhitespace == true { text.removeFirst() }
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }

    /// How many characters stand after the last line break.
    fileprivate var lastLineCount: Int { self.reversed().prefix { !$0.isNewline }.count }
}
