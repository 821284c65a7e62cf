package import GraphStorage
internal import PropertyGraph

/// What an import did.
package struct ImportSummary: Hashable, Sendable {
    /// Nodes that were not there.
    package var nodesCreated = 0
    /// Nodes that were there and were given the import's properties.
    package var nodesUpdated = 0
    /// Relationships that were not there.
    package var relationshipsCreated = 0
    /// Relationships that were there and were given the import's properties.
    package var relationshipsUpdated = 0
}

extension GraphDatabase {
    /// Brings records into the graph, all or none. Importing the same records twice changes nothing the
    /// second time: a node with a key is found by its first label and that key, a relationship by its type
    /// and ends.
    /// Each record comes with where it stands, for messages.
    /// - Throws: ``ImportError`` for an end that is nowhere; ``GraphError`` when a rule forbids it.
    package func importRecords(_ records: [(record: ImportRecord, file: String, line: Int)]) async throws
        -> ImportSummary
    {
        try await self.write { transaction in
            var importer = GraphImporter(transaction: transaction)
            for (record, file, line) in records {
                if case .node = record { try importer.add(record, file, line) }
            }
            for (record, file, line) in records {
                if case .relationship = record { try importer.add(record, file, line) }
            }
            return importer.summary
        }
    }
}

/// One import within a transaction.
private struct GraphImporter {
    let transaction: GraphTransaction
    var summary = ImportSummary()
    private var nodes: [String: NodeID] = [:]
    private var touched: Set<RelationshipID> = []

    init(transaction: GraphTransaction) { self.transaction = transaction }

    mutating func add(_ record: ImportRecord, _ file: String, _ line: Int) throws {
        switch record {
        case .node(let id, let labels, let key, let properties):
            self.nodes[id] = try self.node(labels, key, properties)
        case .relationship(let type, let start, let end, let properties):
            let (source, target) = (try self.end(start, file, line), try self.end(end, file, line))
            try self.relationship(type, source, target, properties)
        }
    }

    private mutating func node(_ labels: [String], _ key: String?, _ properties: [NamedProperty]) throws
        -> NodeID
    {
        if let key, let label = labels.first, let value = properties.first(where: { $0.key == key })?.value {
            let found = self.transaction.graph.nodes(
                try self.transaction.label(label), where: try self.transaction.propertyKey(key), equals: value
            )
            if let node = found.first {
                for property in properties {
                    try self.transaction.setProperty(
                        self.transaction.propertyKey(property.key), of: node, to: property.value)
                }
                for label in labels { try self.transaction.addLabel(self.transaction.label(label), to: node) }
                self.summary.nodesUpdated += 1
                return node
            }
        }
        self.summary.nodesCreated += 1
        return try self.transaction.createNode(
            labels: labels, properties: Dictionary(properties.map { ($0.key, $0.value) }) { _, last in last })
    }

    private func end(_ end: ImportRecord.Endpoint, _ file: String, _ line: Int) throws -> NodeID {
        if let node = self.nodes[end.id] { return node }
        if let label = end.label, let key = end.key {
            let graph = self.transaction.graph
            let rule = graph.constraints.first {
                $0.entity == label && $0.kind.isIndexed && $0.keys.count == 1
            }
            if let labelID = graph.tokens.label(label),
                let keyID = graph.tokens.propertyKey(rule?.keys.first ?? "id"),
                let node = graph.nodes(labelID, where: keyID, equals: .string(key)).first
            {
                return node
            }
        }
        throw ImportError(
            file: file, line: line, "there is no node `\(end.id)`, neither in the import nor in the graph")
    }

    private mutating func relationship(
        _ type: String, _ source: NodeID, _ target: NodeID, _ properties: [NamedProperty]
    ) throws {
        let typeID = try self.transaction.relationshipType(type)
        let adjacency = self.transaction.graph.adjacency(of: source, .outgoing)
        // Parallel relationships of one import stay apart: each existing one is taken once.
        let existing = adjacency.range(of: typeID, to: target).map { adjacency[$0].relationship }
            .first { !self.touched.contains($0) }
        if let existing {
            for property in properties {
                try self.transaction.setProperty(
                    self.transaction.propertyKey(property.key), of: existing, to: property.value)
            }
            self.touched.insert(existing)
            self.summary.relationshipsUpdated += 1
            return
        }
        var numbered: [(key: PropertyKeyID, value: Value)] = []
        for property in properties {
            numbered.append((try self.transaction.propertyKey(property.key), property.value))
        }
        self.touched.insert(
            try self.transaction.createRelationship(
                type: typeID, from: source, to: target, properties: numbered))
        self.summary.relationshipsCreated += 1
    }
}
