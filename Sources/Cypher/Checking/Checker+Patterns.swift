extension Checker {
    /// Checks patterns of MATCH and gives the scope with what they bind.
    func match(_ patterns: [PatternPart], _ scope: Scope) throws(CypherError) -> Scope {
        var bound = scope
        var relationships: Set<String> = []
        for pattern in patterns {
            for node in pattern.nodes {
                guard let name = node.variable else { continue }
                try self.bind(name, .node, node.range, &bound)
            }
            for relationship in pattern.relationships {
                guard let name = relationship.variable else { continue }
                guard relationships.insert(name).inserted else {
                    throw CypherError(
                        .syntax, "RelationshipUniquenessViolation",
                        "relationship `\(name)` stands twice in one MATCH and could never match",
                        at: relationship.range)
                }
                try self.bind(
                    name, relationship.length == nil ? .relationship : .relationships, relationship.range,
                    &bound)
            }
            if let name = pattern.variable {
                guard bound[name] == nil else {
                    throw CypherError(
                        .syntax, "VariableAlreadyBound", "variable `\(name)` is already defined",
                        at: pattern.range)
                }
                bound.bind(name, .path)
            }
            if pattern.selection != .all, pattern.relationships.count != 1 {
                throw CypherError(
                    .syntax, "InvalidRelationshipPattern", "a shortest path has exactly one relationship",
                    at: pattern.range)
            }
        }
        // Properties and predicates may name anything of the whole MATCH.
        for pattern in patterns {
            for node in pattern.nodes { try self.checkParts(node.properties, node.predicate, bound) }
            for relationship in pattern.relationships {
                try self.checkParts(relationship.properties, relationship.predicate, bound)
            }
        }
        return bound
    }

    private func checkParts(
        _ properties: Expression?, _ predicate: Expression?, _ scope: Scope
    ) throws(CypherError) {
        if let properties {
            if case .parameter = properties.kind {
                throw CypherError(
                    .syntax, "InvalidParameterUse",
                    "a parameter cannot stand for the properties of a pattern in MATCH",
                    at: properties.range, hint: "write {key: $value}")
            }
            try self.check(properties, scope, .value)
        }
        if let predicate { try self.check(predicate, scope, .predicate) }
    }

    private func bind(
        _ name: String, _ kind: VariableKind, _ range: SourceRange, _ scope: inout Scope
    ) throws(CypherError) {
        let isListOfRelationships = kind == .relationships && scope[name] == .list
        if let known = scope[name], known != kind, known != .value, !isListOfRelationships {
            throw CypherError(
                .syntax, "VariableTypeConflict",
                "`\(name)` is \(known.words) and cannot be \(kind.words) as well", at: range)
        }
        if scope[name] != kind { scope.bind(name, kind) }
    }

    /// Checks a pattern of CREATE or MERGE and gives the scope with what it makes.
    func create(_ pattern: PatternPart, _ scope: Scope, merging: Bool) throws(CypherError) -> Scope {
        let clause = merging ? "MERGE" : "CREATE"
        var bound = scope
        if let name = pattern.variable, scope[name] != nil {
            throw CypherError(
                .syntax, "VariableAlreadyBound", "variable `\(name)` is already defined", at: pattern.range)
        }
        for node in pattern.nodes { try self.create(node, pattern, scope, &bound, clause) }
        for relationship in pattern.relationships {
            try self.create(relationship, scope, &bound, clause, needsDirection: !merging)
        }
        if let name = pattern.variable { bound.bind(name, .path) }
        let seen = merging ? scope : bound
        for properties in pattern.nodes.map(\.properties) + pattern.relationships.map(\.properties) {
            guard let properties else { continue }
            if merging, case .parameter = properties.kind {
                throw CypherError(
                    .syntax, "InvalidParameterUse",
                    "a parameter cannot stand for the properties of a pattern in MERGE",
                    at: properties.range, hint: "write {key: $value}")
            }
            try self.check(properties, seen, .value)
        }
        return bound
    }

    private func create(
        _ node: NodePattern, _ pattern: PatternPart, _ scope: Scope, _ bound: inout Scope, _ clause: String
    ) throws(CypherError) {
        if let labels = node.labels, labels.conjunction == nil {
            throw CypherError(
                .syntax, "UnexpectedSyntax", "\(clause) takes plain labels such as :A:B", at: node.range)
        }
        guard let name = node.variable else { return }
        if let known = bound[name] {
            let isAlone = pattern.relationships.isEmpty
            guard !isAlone, node.labels == nil, node.properties == nil else {
                throw CypherError(
                    .syntax, "VariableAlreadyBound", "`\(name)` is already defined and cannot be made again",
                    at: node.range)
            }
            guard known == .node || known == .value else {
                throw CypherError(
                    .syntax, "VariableTypeConflict", "`\(name)` is \(known.words) and cannot be a node",
                    at: node.range)
            }
        }
        bound.bind(name, .node)
    }

    private func create(
        _ relationship: RelationshipPattern, _ scope: Scope, _ bound: inout Scope, _ clause: String,
        needsDirection: Bool
    ) throws(CypherError) {
        guard relationship.length == nil else {
            throw CypherError(
                .syntax, "CreatingVarLength", "\(clause) cannot make paths of variable length",
                at: relationship.range)
        }
        guard case .name? = relationship.types else {
            throw CypherError(
                .syntax, "NoSingleRelationshipType", "\(clause) needs exactly one relationship type",
                at: relationship.range, hint: "write -[:TYPE]->")
        }
        if needsDirection, relationship.arrow == .either {
            throw CypherError(
                .syntax, "RequiresDirectedRelationship", "\(clause) needs a direction",
                at: relationship.range,
                hint: "write --> or <--")
        }
        guard let name = relationship.variable else { return }
        guard bound[name] == nil else {
            throw CypherError(
                .syntax, "VariableAlreadyBound", "variable `\(name)` is already defined",
                at: relationship.range)
        }
        bound.bind(name, .relationship)
    }
}
