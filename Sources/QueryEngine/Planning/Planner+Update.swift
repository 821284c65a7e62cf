internal import Cypher
internal import PropertyGraph

/// Does the work of an updating clause for one row, which it may extend.
private typealias Update = (ExecutionContext, inout Row) throws -> Void

extension Planner {
    /// `CREATE`, `MERGE`, `SET`, `REMOVE`, `DELETE`, `FOREACH`.
    ///
    /// Each row is taken as it comes; where no match may see what the clause makes, an `Eager` stands before it.
    func update(
        _ clause: Clause, _ input: PlanNode, _ scope: [String: Int]
    ) throws(CypherError) -> (PlanNode, [String: Int]) {
        if case .merge(let pattern, let onCreate, let onMatch) = clause.kind {
            return try self.merge(pattern, onCreate, onMatch, input, scope)
        }
        var next = scope
        let (name, update) = try self.compile(clause, &next)
        guard case .delete = clause.kind else { return (self.updating(name, [update], input), next) }
        return (self.deleting(name, update, input), next)
    }

    /// `CREATE` clauses that follow one another are one operator: scripts of data have thousands.
    func create(
        _ clauses: [[PatternPart]], _ input: PlanNode, _ scope: [String: Int]
    ) throws(CypherError) -> (PlanNode, [String: Int]) {
        var next = scope
        var updates: [Update] = []
        for patterns in clauses { updates.append(try self.create(patterns, &next)) }
        return (self.updating("Create", updates, input), next)
    }

    /// Gathers all rows before it gives one: for those whose order would show.
    func eager(_ input: PlanNode) -> PlanNode {
        self.node("Eager", rows: input.estimatedRows, children: [input]) { context, row, emit in
            for row in try input.collect(context, row) {
                try context.step()
                guard try emit(row) else { return false }
            }
            return true
        }
    }

    /// The updates for each row. All rows are taken, also when nobody wants what comes of them.
    private func updating(_ name: String, _ updates: [Update], _ input: PlanNode) -> PlanNode {
        self.node(name, rows: input.estimatedRows, children: [input]) { context, row, emit in
            var wantsMore = true
            _ = try input.run(context, row) { row in
                try context.step()
                var row = row
                for update in updates { try update(context, &row) }
                if wantsMore { wantsMore = try emit(row) }
                return true
            }
            return wantsMore
        }
    }

    /// DELETE for all rows before one goes on: relationships of all rows go before nodes.
    private func deleting(_ name: String, _ update: @escaping Update, _ input: PlanNode) -> PlanNode {
        self.node(name, rows: input.estimatedRows, children: [input]) { context, row, emit in
            var rows = try input.collect(context, row)
            for index in rows.indices {
                try context.step()
                try update(context, &rows[index])
            }
            try context.deleteSetAside()
            for row in rows { guard try emit(row) else { return false } }
            return true
        }
    }

    private func compile(_ clause: Clause, _ scope: inout [String: Int]) throws(CypherError) -> (
        String, Update
    ) {
        switch clause.kind {
        case .create(let patterns): return ("Create", try self.create(patterns, &scope))
        case .set(let items): return ("SetProperty", try self.set(items, scope))
        case .remove(let items): return ("RemoveProperty", try self.remove(items, scope))
        case .delete(let expressions, let detach):
            return (detach ? "DetachDelete" : "Delete", try self.delete(expressions, detach, scope))
        case .forEach(let variable, let list, let clauses):
            return ("Foreach", try self.forEach(variable, list, clauses, scope))
        default:
            throw CypherError(
                .syntax, "InvalidClauseComposition", "the clause cannot stand here", at: clause.range)
        }
    }

    private func forEach(
        _ variable: String, _ list: Expression, _ clauses: [Clause], _ scope: [String: Int]
    ) throws(CypherError) -> Update {
        let elements = try ExpressionCompiler(planner: self, scope: scope).compile(list)
        var inner = scope
        let slot = self.newSlot()
        inner[variable] = slot
        var updates: [Update] = []
        for clause in clauses {
            if case .merge(let pattern, let onCreate, let onMatch) = clause.kind {
                let (node, next) = try self.merge(pattern, onCreate, onMatch, self.argument(), inner)
                inner = next
                updates.append { context, row in
                    // Further matches do the same work; the clauses after go on from the last.
                    for result in try node.collect(context, row) { row = result }
                }
            } else {
                updates.append(try self.compile(clause, &inner).1)
            }
        }
        return { [updates] context, row in
            let value = try elements(context, row)
            guard !value.isNull else { return }
            for element in value.list ?? [value] {
                try context.step()
                var out = row
                out[slot] = element
                for update in updates { try update(context, &out) }
            }
            try context.deleteSetAside()
        }
    }

    // MARK: CREATE and MERGE

    private func create(_ patterns: [PatternPart], _ scope: inout [String: Int]) throws(CypherError) -> Update
    {
        var updates: [Update] = []
        for pattern in patterns { updates.append(try self.create(pattern, &scope)) }
        return { [updates] context, row in for update in updates { try update(context, &row) } }
    }

    private func create(_ pattern: PatternPart, _ scope: inout [String: Int]) throws(CypherError) -> Update {
        var slots: [Int] = []
        var updates: [Update] = []
        for node in pattern.nodes {
            if let slot = node.variable.flatMap({ scope[$0] }) {
                slots.append(slot)
                continue
            }
            let slot = self.newSlot()
            slots.append(slot)
            updates.append(try self.createNode(node, slot, scope))
            if let name = node.variable { scope[name] = slot }
        }
        var relationshipSlots: [Int] = []
        for (index, relationship) in pattern.relationships.enumerated() {
            let slot = self.newSlot()
            relationshipSlots.append(slot)
            let isLeft = relationship.arrow == .left
            updates.append(
                try self.createRelationship(
                    relationship, slot, from: slots[isLeft ? index + 1 : index],
                    to: slots[isLeft ? index : index + 1], scope))
            if let name = relationship.variable { scope[name] = slot }
        }
        if let name = pattern.variable {
            let slot = self.newSlot()
            scope[name] = slot
            updates.append { [slots, relationshipSlots] context, row in
                row[slot] = PathBuilder.path(
                    slots.map { row[$0] }, relationshipSlots.map { row[$0] }, context.graph)
            }
        }
        return { [updates] context, row in for update in updates { try update(context, &row) } }
    }

    private func createNode(_ node: NodePattern, _ slot: Int, _ scope: [String: Int]) throws(CypherError)
        -> Update
    {
        let labels = node.labels?.conjunction ?? []
        let properties = try self.properties(node.properties, scope)
        return { context, row in
            let values = try properties(context, row)
            let node = try context.write { transaction throws(GraphError) in
                var numbers: [LabelID] = []
                for label in labels { numbers.append(try transaction.label(label)) }
                return try transaction.createNode(
                    labels: numbers, properties: Self.numbered(values, transaction))
            }
            row[slot] = .node(node)
            context.counters.nodesCreated += 1
            context.counters.labelsAdded += Set(labels).count
            context.counters.propertiesSet += values.filter { !$0.value.isNull }.count
        }
    }

    private func createRelationship(
        _ relationship: RelationshipPattern, _ slot: Int, from: Int, to: Int, _ scope: [String: Int]
    ) throws(CypherError) -> Update {
        guard case .name(let type)? = relationship.types else {
            throw CypherError(
                .syntax, "NoSingleRelationshipType", "a relationship type is needed", at: relationship.range)
        }
        let properties = try self.properties(relationship.properties, scope)
        let range = relationship.range
        return { context, row in
            guard case .node(let source) = row[from], case .node(let target) = row[to] else {
                let missing = row[from].isNull || row[to].isNull
                throw CypherError(
                    .semantic, "InvalidArgumentType",
                    missing ? "a relationship cannot start or end at null" : "a relationship needs two nodes",
                    at: range)
            }
            let values = try properties(context, row)
            let created = try context.write { transaction throws(GraphError) in
                try transaction.createRelationship(
                    type: transaction.relationshipType(type), from: source, to: target,
                    properties: Self.numbered(values, transaction))
            }
            row[slot] = .relationship(created)
            context.counters.relationshipsCreated += 1
            context.counters.propertiesSet += values.filter { !$0.value.isNull }.count
        }
    }

    private static func numbered(
        _ values: [(key: String, value: Value)], _ transaction: GraphTransaction
    ) throws(GraphError) -> [(key: PropertyKeyID, value: Value)] {
        var numbered: [(key: PropertyKeyID, value: Value)] = []
        for (key, value) in values { numbered.append((try transaction.propertyKey(key), value)) }
        return numbered
    }

    /// The properties of a pattern to be made: a map or a parameter.
    private func properties(
        _ expression: Expression?, _ scope: [String: Int]
    ) throws(CypherError) -> (ExecutionContext, Row) throws -> [(key: String, value: Value)] {
        guard let expression else { return { _, _ in [] } }
        let value = try ExpressionCompiler(planner: self, scope: scope).compile(expression)
        return { context, row in
            switch try value(context, row) {
            case .map(let map): return map.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
            case .null: return []
            case let other:
                throw CypherError(
                    .type, "InvalidArgumentType", "properties come from a map, not from \(other.typeName)",
                    at: expression.range)
            }
        }
    }

    private func merge(
        _ pattern: PatternPart, _ onCreate: [SetItem], _ onMatch: [SetItem], _ input: PlanNode,
        _ scope: [String: Int]
    ) throws(CypherError) -> (PlanNode, [String: Int]) {
        let graph = MatchGraph([pattern], nil, scope: scope) { self.newSlot() }
        let search = try self.solve(graph, self.argument())
        let matched = graph.innerScope.filter { !$0.key.hasPrefix("  ") }
        var made = scope
        let create = try self.create(pattern, &made)
        // What MERGE makes goes to the slots that matching fills.
        let moves = matched.compactMap { name, slot in made[name].map { (from: $0, to: slot) } }
        let (created, found) = (try self.set(onCreate, matched), try self.set(onMatch, matched))
        let checks = try self.mergeChecks(pattern, scope)
        let node = self.node("Merge", rows: input.estimatedRows, children: [input, search]) {
            context, row, emit in
            var wantsMore = true
            _ = try input.run(context, row) { row in
                try context.step()
                for check in checks { try check(context, row) }
                var results = try search.collect(context, row)
                if results.isEmpty {
                    var out = row
                    try create(context, &out)
                    for move in moves { out[move.to] = out[move.from] }
                    try created(context, &out)
                    results = [out]
                } else {
                    for index in results.indices { try found(context, &results[index]) }
                }
                for result in results where wantsMore { wantsMore = try emit(result) }
                return true
            }
            return wantsMore
        }
        return (node, matched)
    }

    /// A null in MERGE could match nothing and would make a node anew each time.
    private func mergeChecks(
        _ pattern: PatternPart, _ scope: [String: Int]
    ) throws(CypherError) -> [(ExecutionContext, Row) throws -> Void] {
        var checks: [(ExecutionContext, Row) throws -> Void] = []
        let compiler = ExpressionCompiler(planner: self, scope: scope)
        for properties in pattern.nodes.map(\.properties) + pattern.relationships.map(\.properties) {
            guard case .map(let entries)? = properties?.kind else { continue }
            for entry in entries {
                let value = try compiler.compile(entry.value)
                checks.append { context, row in
                    guard try value(context, row).isNull else { return }
                    throw CypherError(
                        .semantic, "MergeReadOwnWrites", "MERGE cannot look for `\(entry.key)` = null",
                        at: entry.value.range)
                }
            }
        }
        return checks
    }

    // MARK: SET and REMOVE

    private func set(_ items: [SetItem], _ scope: [String: Int]) throws(CypherError) -> Update {
        var updates: [Update] = []
        let compiler = ExpressionCompiler(planner: self, scope: scope)
        for item in items {
            switch item {
            case .property(let entity, let key, let value):
                let (target, value) = (try compiler.compile(entity), try compiler.compile(value))
                let range = entity.range
                updates.append { context, row in
                    let entity = try target(context, row)
                    try Self.set(entity, [(key, value(context, row))], context, range)
                }
            case .element(let entity, let key, let value):
                let (target, value) = (try compiler.compile(entity), try compiler.compile(value))
                let (key, range) = (try self.propertyName(key, compiler), entity.range)
                updates.append { context, row in
                    let entity = try target(context, row)
                    guard let key = try key(context, row) else { return }
                    try Self.set(entity, [(key, value(context, row))], context, range)
                }
            case .properties(let variable, let value, let merges, let range):
                let target = try compiler.compile(Expression(.variable(variable), range))
                let value = try compiler.compile(value)
                updates.append { context, row in
                    let entity = try target(context, row)
                    if entity.isNull { return }
                    let given = try value(context, row)
                    guard let map = context.propertyMap(of: given) else {
                        throw CypherError(
                            .type, "InvalidArgumentType",
                            "properties come from a map, node or relationship, not from \(given.typeName)",
                            at: range)
                    }
                    var changes = map.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
                    if !merges {
                        for key in (context.propertyMap(of: entity) ?? [:]).keys.sorted()
                        where map[key] == nil {
                            changes.append((key, .null))
                        }
                    }
                    try Self.set(entity, changes, context, range)
                }
            case .labels(let variable, let labels, let range):
                let target = try compiler.compile(Expression(.variable(variable), range))
                updates.append { context, row in
                    guard let node = try Self.node(target(context, row), range) else { return }
                    context.counters.labelsAdded += try context.write { transaction throws(GraphError) in
                        var added = 0
                        for label in labels {
                            if try transaction.addLabel(transaction.label(label), to: node) { added += 1 }
                        }
                        return added
                    }
                }
            }
        }
        return { [updates] context, row in for update in updates { try update(context, &row) } }
    }

    /// The name that `n[key]` means; nil for null.
    private func propertyName(
        _ key: Expression, _ compiler: ExpressionCompiler
    ) throws(CypherError) -> (ExecutionContext, Row) throws -> String? {
        let value = try compiler.compile(key)
        return { context, row in
            switch try value(context, row) {
            case .string(let name): return name
            case .null: return nil
            case let other:
                throw CypherError(
                    .type, "InvalidArgumentType", "a key is a text, not \(other.typeName)", at: key.range)
            }
        }
    }

    private static func set(
        _ entity: Value, _ changes: [(String, Value)], _ context: ExecutionContext, _ range: SourceRange
    ) throws {
        switch entity {
        case .null: return
        case .node(let node):
            try context.write { transaction throws(GraphError) in
                for (key, value) in changes {
                    try transaction.setProperty(transaction.propertyKey(key), of: node, to: value)
                }
            }
        case .relationship(let relationship):
            try context.write { transaction throws(GraphError) in
                for (key, value) in changes {
                    try transaction.setProperty(transaction.propertyKey(key), of: relationship, to: value)
                }
            }
        default:
            throw CypherError(
                .type, "InvalidArgumentType",
                "properties can be set on nodes and relationships, not on \(entity.typeName)",
                at: range)
        }
        context.counters.propertiesSet += changes.count
    }

    private static func node(_ value: Value, _ range: SourceRange) throws(CypherError) -> NodeID? {
        switch value {
        case .null: return nil
        case .node(let node): return node
        default:
            throw CypherError(
                .type, "InvalidArgumentType", "labels belong to nodes, not to \(value.typeName)", at: range)
        }
    }

    private func remove(_ items: [RemoveItem], _ scope: [String: Int]) throws(CypherError) -> Update {
        var updates: [Update] = []
        let compiler = ExpressionCompiler(planner: self, scope: scope)
        for item in items {
            switch item {
            case .property(let entity, let key):
                let target = try compiler.compile(entity)
                let range = entity.range
                updates.append { context, row in
                    let entity = try target(context, row)
                    guard context.propertyMap(of: entity)?[key] != nil else { return }
                    try Self.set(entity, [(key, .null)], context, range)
                }
            case .element(let entity, let key):
                let target = try compiler.compile(entity)
                let (key, range) = (try self.propertyName(key, compiler), entity.range)
                updates.append { context, row in
                    let entity = try target(context, row)
                    guard let key = try key(context, row), context.propertyMap(of: entity)?[key] != nil else {
                        return
                    }
                    try Self.set(entity, [(key, .null)], context, range)
                }
            case .labels(let variable, let labels, let range):
                let target = try compiler.compile(Expression(.variable(variable), range))
                updates.append { context, row in
                    guard let node = try Self.node(target(context, row), range) else { return }
                    context.counters.labelsRemoved += try context.write { transaction throws(GraphError) in
                        var removed = 0
                        for label in labels {
                            if try transaction.removeLabel(transaction.label(label), from: node) {
                                removed += 1
                            }
                        }
                        return removed
                    }
                }
            }
        }
        return { [updates] context, row in for update in updates { try update(context, &row) } }
    }

    // MARK: DELETE

    /// Relationships of all rows go before nodes, so that the order of rows does not matter.
    private func delete(_ expressions: [Expression], _ detach: Bool, _ scope: [String: Int])
        throws(CypherError) -> Update
    {
        self.names.deletes = true
        let compiled = try ExpressionCompiler(planner: self, scope: scope).compile(expressions)
        let ranges = expressions.map(\.range)
        return { context, row in
            for (value, range) in zip(compiled, ranges) {
                try Self.delete(value(context, row), detach, context, range)
            }
        }
    }

    /// Deletes a node's relationships one by one: a node can have millions, and somebody may want the query to end.
    private static func detach(_ node: NodeID, _ context: ExecutionContext) throws {
        var relationships: [RelationshipID] = []
        for direction in [Direction.outgoing, .incoming] {
            context.graph.forEachNeighbour(of: node, direction) { neighbour, relationship in
                // A loop is at both ends.
                if direction == .outgoing || neighbour != node { relationships.append(relationship) }
            }
        }
        // In the order in which they were made, as those who keep a record of changes tell them.
        try context.sort(&relationships, by: <)
        for relationship in relationships {
            try context.write { transaction throws(GraphError) in
                try transaction.deleteRelationship(relationship)
            }
            context.counters.relationshipsDeleted += 1
        }
    }

    private static func delete(
        _ value: Value, _ detach: Bool, _ context: ExecutionContext, _ range: SourceRange
    ) throws {
        switch value {
        case .null: return
        case .relationship(let relationship):
            guard context.graph.contains(relationship) else { return }
            try context.write { transaction throws(GraphError) in
                try transaction.deleteRelationship(relationship)
            }
            context.counters.relationshipsDeleted += 1
        case .node(let node):
            guard context.graph.contains(node) else { return }
            if detach {
                try self.detach(node, context)
                try context.write { transaction throws(GraphError) in try transaction.deleteNode(node) }
                context.counters.nodesDeleted += 1
            } else {
                context.deletedLater.append(node)
            }
        case .path(let path):
            for relationship in path.relationships {
                try self.delete(.relationship(relationship), detach, context, range)
            }
            for node in path.nodes { try self.delete(.node(node), detach, context, range) }
        case .list(let elements): for element in elements { try self.delete(element, detach, context, range) }
        default:
            throw CypherError(
                .type, "InvalidArgumentType",
                "DELETE takes nodes, relationships and paths, not \(value.typeName)", at: range)
        }
    }
}

extension ExecutionContext {
    /// Deletes the nodes that plain DELETE has set aside, now that all relationships of the clause are gone.
    func deleteSetAside() throws(CypherError) {
        let nodes = self.deletedLater
        self.deletedLater = []
        for node in nodes where self.graph.contains(node) {
            try self.write { transaction throws(GraphError) in try transaction.deleteNode(node) }
            self.counters.nodesDeleted += 1
        }
    }
}
