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
                if let group = relationship.group { try self.bindGroup(group, relationship.range, &bound) }
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
                var seen = bound
                // In its own predicate a path's variable is one relationship.
                if relationship.length != nil, let name = relationship.variable {
                    seen.bind(name, .relationship)
                }
                try self.checkParts(relationship.properties, relationship.predicate, seen)
                if let group = relationship.group { try self.check(group, scope) }
            }
            if let predicate = pattern.predicate { try self.check(predicate, bound, .predicate) }
        }
        return bound
    }

    /// Outside of a group its names are lists.
    private func bindGroup(
        _ group: PathGroup, _ range: SourceRange, _ scope: inout Scope
    ) throws(CypherError) {
        for name in group.variables {
            guard scope[name] == nil else {
                throw CypherError(
                    .syntax, "VariableAlreadyBound",
                    "`\(name)` is already defined and cannot stand inside a quantified group as well",
                    at: range)
            }
        }
        for name in group.variables { scope.bind(name, .value) }
    }

    private func check(_ group: PathGroup, _ scope: Scope) throws(CypherError) {
        guard !group.relationships.isEmpty else {
            throw CypherError(
                .syntax, "InvalidRelationshipPattern", "a quantified group needs a relationship",
                at: group.nodes.first?.range)
        }
        guard group.relationships.allSatisfy({ $0.length == nil }) else {
            throw CypherError(
                .syntax, "InvalidRelationshipPattern", "quantifiers cannot stand inside each other",
                at: group.relationships.first?.range)
        }
        let part = PatternPart(
            variable: nil, selection: .all, nodes: group.nodes, relationships: group.relationships,
            range: group.nodes.first?.range ?? SourceRange(start: 0, end: 0))
        let inner = try self.match([part], scope)
        if let predicate = group.predicate { try self.check(predicate, inner, .predicate) }
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
