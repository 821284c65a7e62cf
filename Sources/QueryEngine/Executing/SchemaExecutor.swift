internal import Cypher
internal import PropertyGraph

/// Runs changes and listings of indexes and constraints.
enum SchemaExecutor {
    static func run(
        _ command: SchemaCommand, _ graph: GraphSnapshot, _ transaction: GraphTransaction?
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
        case .createIndex(let name, let label, let keys, let ifNotExists):
            let definition = IndexDefinition(
                name: name ?? "index_\(label)_\(keys.joined(separator: "_"))".lowercased(), label: label,
                keys: keys)
            try self.tolerate(ifNotExists) { () throws(GraphError) in
                try transaction.createIndex(definition)
                counters.indexesAdded += 1
            }
        case .dropIndex(let name, let ifExists):
            try self.tolerate(ifExists) { () throws(GraphError) in
                try transaction.dropIndex(name: name)
                counters.indexesRemoved += 1
            }
        case .createConstraint(let name, let rule, let entity, let keys, let ifNotExists):
            let definition = ConstraintDefinition(
                name: name ?? "constraint_\(entity)_\(keys.joined(separator: "_"))".lowercased(),
                kind: self.kind(rule),
                entity: entity, keys: keys)
            try self.tolerate(ifNotExists) { () throws(GraphError) in
                try transaction.createConstraint(definition)
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

    private static func kind(_ rule: SchemaCommand.ConstraintRule) -> ConstraintDefinition.Kind {
        switch rule {
        case .unique: .unique
        case .nodeKey: .nodeKey
        case .nodePropertyExists: .nodePropertyExists
        case .relationshipPropertyExists: .relationshipPropertyExists
        }
    }

    private static func indexes(_ graph: GraphSnapshot) -> QueryResult {
        let rows: [[Value]] = graph.indexes.map { index in
            [
                .string(index.definition.name), .string("RANGE"), .string("NODE"),
                .list([.string(index.definition.label)]), .list(index.definition.keys.map(Value.string)),
                index.constraint.map { .string($0.name) } ?? .null,
            ]
        }
        return QueryResult(
            columns: ["name", "type", "entityType", "labelsOrTypes", "properties", "owningConstraint"],
            rows: rows,
            counters: QueryCounters(), graph: graph, plan: nil)
    }

    private static func constraints(_ graph: GraphSnapshot) -> QueryResult {
        let rows: [[Value]] = graph.constraints.map { rule in
            let isRelationship = rule.kind == .relationshipPropertyExists
            return [
                .string(rule.name), .string(rule.kind.rawValue.uppercased()),
                .string(isRelationship ? "RELATIONSHIP" : "NODE"), .list([.string(rule.entity)]),
                .list(rule.keys.map(Value.string)),
            ]
        }
        return QueryResult(
            columns: ["name", "type", "entityType", "labelsOrTypes", "properties"], rows: rows,
            counters: QueryCounters(), graph: graph, plan: nil)
    }
}
