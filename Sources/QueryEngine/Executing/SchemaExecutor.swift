internal import Cypher
internal import PropertyGraph

/// Runs changes and listings of indexes and constraints.
enum SchemaExecutor {
    static func run(_ command: SchemaCommand, _ call: QueryCall) throws -> QueryResult {
        do {
            return try self.execute(command, call)
        } catch let error as GraphError {
            throw ExecutionContext.cypherError(error, for: call.limits.caller)
        }
    }

    private static func execute(_ command: SchemaCommand, _ call: QueryCall) throws -> QueryResult {
        var counters = QueryCounters()
        let (prepared, clock) = (call.preparedIndex, ExecutionContext(call, names: TokenNames()))
        guard let transaction = call.transaction else {
            throw CypherError(.semantic, "ReadOnly", "the command changes the schema, and this is a read")
        }
        switch command {
        case .createIndex(_, _, _, _, _, let ifNotExists):
            guard let definition = Self.index(command) else { break }
            try self.tolerate(ifNotExists, clock) { checkpoint throws(GraphError) in
                try transaction.createIndex(definition, prepared: prepared, checkpoint: checkpoint)
                counters.indexesAdded += 1
            }
        case .dropIndex(let name, let ifExists):
            try self.tolerate(ifExists, clock) { _ throws(GraphError) in
                try transaction.dropIndex(name: name)
                counters.indexesRemoved += 1
            }
        case .createConstraint(_, _, _, _, let ifNotExists):
            let definition = try Self.constraint(command)
            try self.tolerate(ifNotExists, clock) { checkpoint throws(GraphError) in
                try transaction.createConstraint(definition, prepared: prepared, checkpoint: checkpoint)
                counters.constraintsAdded += 1
            }
        case .dropConstraint(let name, let ifExists):
            try self.tolerate(ifExists, clock) { _ throws(GraphError) in
                try transaction.dropConstraint(name: name)
                counters.constraintsRemoved += 1
            }
        }
        return QueryResult(columns: [], rows: [], counters: counters, graph: transaction.graph, plan: nil)
    }

    /// The index that a command makes, be it one that keeps a constraint; nil when it makes none.
    static func index(_ command: SchemaCommand) -> IndexDefinition? {
        switch command {
        case .createIndex(let name, let isRelationship, let isText, let entity, let keys, _):
            IndexDefinition(
                name: name ?? "index_\(entity)_\(keys.joined(separator: "_"))".lowercased(),
                on: isRelationship ? .relationship : .node, kind: isText ? .text : .range, label: entity,
                keys: keys)
        case .createConstraint:
            (try? self.constraint(command)).flatMap { $0.kind.isIndexed ? $0.index : nil }
        default: nil
        }
    }

    private static func constraint(_ command: SchemaCommand) throws(CypherError) -> ConstraintDefinition {
        guard case .createConstraint(let name, let rule, let entity, let keys, _) = command else {
            throw CypherError(.semantic, "SchemaRule", "the command makes no constraint")
        }
        let (kind, typeName) = self.kind(rule)
        if let typeName, PropertyType(typeName) == nil {
            throw CypherError(
                .argument, "InvalidPropertyType", "`\(typeName)` is no type of properties",
                hint: "one of \(PropertyType.names.sorted().joined(separator: ", ")), LIST<TYPE NOT NULL>, "
                    + "or several with | between")
        }
        return ConstraintDefinition(
            name: name ?? "constraint_\(entity)_\(keys.joined(separator: "_"))".lowercased(),
            kind: kind, entity: entity, keys: keys, type: typeName.flatMap { PropertyType($0) })
    }

    /// `IF [NOT] EXISTS` lets pass that something is there already, or is not there. The body gets what it asks now and then
    /// whether the command is to end.
    private static func tolerate(
        _ isTolerant: Bool, _ clock: ExecutionContext,
        _ body: (@escaping Checkpoint) throws(GraphError) -> Void
    ) throws {
        var end: CypherError?
        do throws(GraphError) {
            try body { () throws(GraphError) in
                do throws(CypherError) {
                    try clock.pause()
                } catch {
                    end = error
                    throw .interrupted
                }
            }
        } catch {
            switch error {
            case .schemaExists where isTolerant, .schemaNotFound where isTolerant: return
            case .interrupted: throw end ?? ExecutionContext.cypherError(error)
            default: throw error
            }
        }
    }

    private static func kind(
        _ rule: SchemaCommand.ConstraintRule
    ) -> (ConstraintDefinition.Kind, typeName: String?) {
        switch rule {
        case .unique: (.unique, nil)
        case .nodeKey: (.nodeKey, nil)
        case .nodePropertyExists: (.nodePropertyExists, nil)
        case .nodePropertyType(let type): (.nodePropertyType, type)
        case .relationshipUnique: (.relationshipUnique, nil)
        case .relationshipKey: (.relationshipKey, nil)
        case .relationshipPropertyExists: (.relationshipPropertyExists, nil)
        case .relationshipPropertyType(let type): (.relationshipPropertyType, type)
        }
    }
}
