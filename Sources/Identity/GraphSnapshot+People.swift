package import PropertyGraph

/// People and what belongs to them, in a graph.
extension GraphSnapshot {
    /// The node of a label with an id. O(log n).
    package func node(_ label: String, id: String) -> NodeID? {
        guard let label = self.tokens.label(label), let key = self.tokens.propertyKey("id") else {
            return nil
        }
        return self.nodes(label, where: key, equals: .string(id)).first
    }

    /// A property by name; nil where there is none.
    package func value(_ key: String, of node: NodeID) -> Value? {
        guard let key = self.tokens.propertyKey(key) else { return nil }
        let value = self.property(key, of: node)
        return value.isNull ? nil : value
    }

    /// A property that is a text.
    package func text(_ key: String, of node: NodeID) -> String? { self.value(key, of: node)?.string }

    /// Whose token it is.
    package func owner(ofToken token: NodeID) -> (node: NodeID, name: String)? {
        guard let owns = self.tokens.relationshipType("OWNS"),
            let owner = self.adjacency(of: token, .incoming).entries(of: owns).first,
            let name = self.text("id", of: owner.neighbour)
        else { return nil }
        return (owner.neighbour, name)
    }

    /// Whether a user may come in at all.
    package func isEnabled(_ user: NodeID) -> Bool { self.text("status", of: user) != "disabled" }

    /// What is kept of a user's password.
    func credential(of user: NodeID) -> NodeID? {
        guard let owns = self.tokens.relationshipType("OWNS"), let label = self.tokens.label("Credential")
        else {
            return nil
        }
        var found: NodeID?
        self.forEachNeighbour(of: user, .outgoing, type: owns) { node, _ in
            if self.hasLabel(node, label) { found = node }
        }
        return found
    }
}

extension GraphTransaction {
    /// Removes a node with its relationships. O(relationships).
    /// - Throws: ``GraphError``.
    package func deleteDetached(_ node: NodeID) throws(GraphError) {
        var relationships: [RelationshipID] = []
        for direction in [Direction.outgoing, .incoming] {
            self.graph.forEachNeighbour(of: node, direction) { relationships.append($1) }
        }
        // One from the node to itself is there twice.
        for relationship in Set(relationships) { try self.deleteRelationship(relationship) }
        try self.deleteNode(node)
    }
}
