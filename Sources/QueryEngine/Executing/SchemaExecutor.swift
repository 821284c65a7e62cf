internal import Cypher
internal import PropertyGraph

/// Runs changes and listings of indexes and constraints.
enum SchemaExecutor {
    static func run(
        _ command: SchemaCommand, _ graph: GraphSnapshot, _ transaction: GraphTransaction?,
        _ prepared: PreparedIndex? = nil
    ) throws -> QueryResult {
        var counters = QueryCounters()
        switch command {
        case .showIndexes: return self.indexes(graph)
        case .showConstraints: return self.constraints(graph)
        default: break
        }
        guard let transaction else {
            throw CypherError(.semantic, "ReadOnly", "the command changes the schema, and this is a read")
        }
        switch command {
        case .createIndex(_, _, _, _, _, let ifNotExists):
            guard let definition = Self.index(command) else { break }
            try self.tolerate(ifNotExists) { () throws(GraphError) in
                try transaction.createIndex(definition, prepared: prepared)
                counters.indexesAdded += 1
            }
        case .dropIndex(let name, let ifExists):
            try self.tolerate(ifExists) { () throws(GraphError) in
                try transaction.dropIndex(name: name)
                counters.indexesRemoved += 1
            }
        case .createConstraint(_, _, _, _, let ifNotExists):
            let definition = try Self.constraint(command)
            try self.tolerate(ifNotExists) { () throws(GraphError) in
                try transaction.createConstraint(definition, prepared: prepared)
                counters.constraintsAdded += 1
            }
        case .dropConstraint(let name, let ifExists):
            try self.tolerate(ifExists) { () throws(GraphError) in
                try transaction.dropConstraint(name: name)
                counters.constraintsRemoved += 1
            }
        case .showIndexes, .showConstraints: break
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

    /// `IF [NOT] EXISTS` lets pass that something is there already, or is not there.
    private static func tolerate(_ isTolerant: Bool, _ body: () throws(GraphError) -> Void) throws(GraphError)
    {
        do {
            try body()
        } catch {
            switch error {
            case .schemaExists where isTolerant, .schemaNotFound where isTolerant: return
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

    private static func indexes(_ graph: GraphSnapshot) -> QueryResult {
        let rows: [[Value]] = graph.indexes.map { index in
            [
                .string(index.definition.name), .string(index.definition.kind.rawValue.uppercased()),
                .string(index.definition.on.rawValue.uppercased()),
                .list([.string(index.definition.label)]), .list(index.definition.keys.map(Value.string)),
                index.constraint.map { .string($0.name) } ?? .null,
                .integer(index.count), .integer(index.distinctCount),
            ]
        }
        return QueryResult(
            columns: [
                "name", "type", "entityType", "labelsOrTypes", "properties", "owningConstraint", "entries",
                "distinctValues",
            ],
            rows: rows,
            counters: QueryCounters(), graph: graph, plan: nil)
    }

    private static func constraints(_ graph: GraphSnapshot) -> QueryResult {
        let rows: [[Value]] = graph.constraints.map { rule in
            [
                .string(rule.name), .string(rule.kind.rawValue.uppercased()),
                .string(rule.kind.on.rawValue.uppercased()), .list([.string(rule.entity)]),
                .list(rule.keys.map(Value.string)), rule.type.map { .string($0.description) } ?? .null,
            ]
        }
        return QueryResult(
            columns: ["name", "type", "entityType", "labelsOrTypes", "properties", "propertyType"],
            rows: rows,
            counters: QueryCounters(), graph: graph, plan: nil)
    }
}
