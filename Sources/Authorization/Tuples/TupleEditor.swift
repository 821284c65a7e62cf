internal import JSON
package import PropertyGraph

/// Writes tuples into a graph as relationships, and finds and removes them there.
package struct TupleEditor {
    private let transaction: GraphTransaction

    /// Works in a transaction.
    package init(_ transaction: GraphTransaction) { self.transaction = transaction }

    /// The relationships that are this tuple, whatever its condition. O(log n), or O(nodes of a type) without an index.
    package func relationships(of tuple: Tuple) -> [RelationshipID] {
        let graph = self.transaction.graph
        guard let source = self.node(tuple.subject), let target = self.node(tuple.object),
            let type = graph.tokens.relationshipType(GraphNaming.relationshipType(tuple.relation))
        else { return [] }
        let key = graph.tokens.propertyKey(GraphNaming.subjectRelation)
        var found: [RelationshipID] = []
        graph.forEachEntry(into: target, type, from: source) { relationship in
            let relation = key.flatMap { graph.property($0, of: relationship).string }
            if relation == tuple.subject.relation { found.append(relationship) }
            return true
        }
        return found
    }

    func node(_ entity: EntityReference) -> NodeID? {
        let graph = self.transaction.graph
        let name = GraphNaming.label(entity.type)
        guard let label = graph.tokens.label(name),
            let key = graph.tokens.propertyKey(GraphNaming.key(name, in: graph))
        else { return nil }
        return graph.nodes(label, where: key, equals: .string(entity.id)).first
    }

    private func nodeMadeIfMissing(_ entity: EntityReference) throws(GraphError) -> NodeID {
        if let node = self.node(entity) { return node }
        let label = GraphNaming.label(entity.type)
        let key = GraphNaming.key(label, in: self.transaction.graph)
        return try self.transaction.createNode(labels: [label], properties: [key: .string(entity.id)])
    }

    /// Writes a tuple, and the nodes that it names when they are not there.
    /// - Throws: ``GraphError`` when a constraint of the graph forbids it.
    @discardableResult
    package func write(
        _ tuple: Tuple, at moment: ZonedDateTime? = nil, by user: String? = nil
    ) throws(GraphError) -> RelationshipID {
        var properties: [String: Value] = [:]
        properties[GraphNaming.subjectRelation] = tuple.subject.relation.map(Value.string)
        properties[GraphNaming.condition] = tuple.condition.map { .string($0.name) }
        if let context = tuple.condition?.context, !context.members.isEmpty {
            properties[GraphNaming.conditionContext] = .string(JSON.object(context).text)
        }
        properties[GraphNaming.grantedAt] = moment.map(Value.dateTime)
        properties[GraphNaming.grantedBy] = user.map(Value.string)
        let source = try self.nodeMadeIfMissing(tuple.subject)
        let target = try self.nodeMadeIfMissing(tuple.object)
        return try self.transaction.createRelationship(
            type: GraphNaming.relationshipType(tuple.relation), from: source, to: target,
            properties: properties)
    }

    /// Removes a tuple; false when it was not there.
    /// - Throws: ``GraphError``.
    @discardableResult
    package func delete(_ tuple: Tuple) throws(GraphError) -> Bool {
        let relationships = self.relationships(of: tuple)
        for relationship in relationships { try self.transaction.deleteRelationship(relationship) }
        return !relationships.isEmpty
    }
}
