// Steps that change a snapshot in place. Only ``GraphTransaction`` and ``GraphLoader`` call them, each on
// a copy of its own; every step either happens whole or throws and leaves the snapshot as it was.

extension GraphSnapshot {
    mutating func internLabel(_ name: String) throws(GraphError) -> LabelID {
        guard !name.isEmpty else { throw .emptyName }
        let label = self.tokens.internLabel(name)
        while self.labelSets.count <= Int(label.index) { self.labelSets.append(NodeSet()) }
        return label
    }

    mutating func internType(_ name: String) throws(GraphError) -> RelationshipTypeID {
        guard !name.isEmpty else { throw .emptyName }
        let type = self.tokens.internRelationshipType(name)
        while self.typeCounts.count <= Int(type.index) { self.typeCounts.append(0) }
        return type
    }

    mutating func internKey(_ name: String) throws(GraphError) -> PropertyKeyID {
        guard !name.isEmpty else { throw .emptyName }
        return self.tokens.internPropertyKey(name)
    }

    /// Makes, replaces or, with nil, removes a node's labels and properties; relationships stay.
    mutating func putNode(
        _ node: NodeID, labels: [LabelID], properties: Properties
    ) throws(GraphError) {
        let before = self.nodes.read(node.index) { ($0.labels, $0.properties) }
        try self.reindex(node, before: before, after: (labels, properties))
        let old = before?.0 ?? []
        for label in labels where !old.contains(label) { self.labelSets[Int(label.index)].insert(node) }
        for label in old where !labels.contains(label) { self.labelSets[Int(label.index)].remove(node) }
        self.nodes.update(node.index) { record in
            if record == nil {
                record = NodeRecord(labels: labels, properties: properties)
            } else {
                record?.labels = labels
                record?.properties = properties
            }
        }
        if before == nil { self.nodeCount += 1 }
    }

    mutating func removeNode(_ node: NodeID) throws(GraphError) {
        guard let record = self.nodes[node.index] else { throw .nodeNotFound(node) }
        let degree = record.outgoing.count + record.incoming.count
        guard degree == 0 else { throw .nodeHasRelationships(node, count: degree) }
        try self.reindex(node, before: (record.labels, record.properties), after: nil)
        for label in record.labels { self.labelSets[Int(label.index)].remove(node) }
        self.nodes.update(node.index) { $0 = nil }
        self.nodeCount -= 1
    }

    mutating func insertRelationship(
        _ relationship: RelationshipID, _ record: RelationshipRecord, sorted: Bool = true
    ) throws(GraphError) {
        guard self.contains(record.source) else { throw .nodeNotFound(record.source) }
        guard self.contains(record.target) else { throw .nodeNotFound(record.target) }
        let out = AdjacencyEntry(type: record.type, neighbour: record.target, relationship: relationship)
        let back = AdjacencyEntry(type: record.type, neighbour: record.source, relationship: relationship)
        self.nodes.update(record.source.index) {
            sorted ? $0?.outgoing.insert(out) : $0?.outgoing.append(out)
        }
        self.nodes.update(record.target.index) {
            sorted ? $0?.incoming.insert(back) : $0?.incoming.append(back)
        }
        self.relationships.update(relationship.index) { $0 = record }
        self.typeCounts[Int(record.type.index)] += 1
        self.relationshipCount += 1
    }

    mutating func removeRelationship(_ relationship: RelationshipID) throws(GraphError) {
        guard let record = self.relationships[relationship.index] else {
            throw .relationshipNotFound(relationship)
        }
        let out = AdjacencyEntry(type: record.type, neighbour: record.target, relationship: relationship)
        let back = AdjacencyEntry(type: record.type, neighbour: record.source, relationship: relationship)
        self.nodes.update(record.source.index) { $0?.outgoing.remove(out) }
        self.nodes.update(record.target.index) { $0?.incoming.remove(back) }
        self.relationships.update(relationship.index) { $0 = nil }
        self.typeCounts[Int(record.type.index)] -= 1
        self.relationshipCount -= 1
    }

    mutating func setProperties(
        of relationship: RelationshipID, _ properties: Properties
    ) throws(GraphError) {
        guard self.contains(relationship) else { throw .relationshipNotFound(relationship) }
        self.relationships.update(relationship.index) { $0?.properties = properties }
    }

    /// Moves a node between index keys; all uniqueness is checked before anything moves.
    private mutating func reindex(
        _ node: NodeID, before: (labels: [LabelID], properties: Properties)?,
        after: (labels: [LabelID], properties: Properties)?
    ) throws(GraphError) {
        var moves: [(index: Int, from: IndexKey?, to: IndexKey?)] = []
        for (position, index) in self.indexes.enumerated() {
            let from = before.flatMap { index.key(labels: $0.labels, properties: $0.properties) }
            let to = after.flatMap { index.key(labels: $0.labels, properties: $0.properties) }
            guard from != to else { continue }
            if let to, let constraint = index.constraint, let after,
                let holder = index.nodes(to).first(where: { $0 != node })
            {
                throw .alreadyExists(
                    constraint: constraint.name, label: constraint.entity, keys: constraint.keys,
                    values: index.keys.map { after.properties[$0] }, holder: holder)
            }
            moves.append((position, from, to))
        }
        for move in moves {
            if let from = move.from { self.indexes[move.index].remove(node, under: from) }
            if let to = move.to { self.indexes[move.index].insert(node, under: to) }
        }
    }

    // MARK: Schema

    /// Builds an index over the nodes that are there. O(nodes of the label).
    mutating func addIndex(
        _ definition: IndexDefinition, for constraint: ConstraintDefinition? = nil
    ) throws(GraphError) {
        guard !self.isSchemaNameTaken(definition.name) || constraint?.name == definition.name else {
            throw .schemaExists(name: definition.name)
        }
        let label = try self.internLabel(definition.label)
        var keys: [PropertyKeyID] = []
        for key in definition.keys { keys.append(try self.internKey(key)) }
        if let same = self.index(label: label, keys: keys) {
            throw .schemaExists(name: same.definition.name)
        }
        var index = PropertyIndex(definition: definition, label: label, keys: keys, constraint: constraint)
        for node in self.nodes(label) {
            let properties = self.properties(of: node)
            guard let key = index.key(labels: [label], properties: properties) else { continue }
            if let constraint, let holder = index.nodes(key).first {
                throw .alreadyExists(
                    constraint: constraint.name, label: constraint.entity, keys: constraint.keys,
                    values: keys.map { properties[$0] }, holder: holder)
            }
            index.insert(node, under: key)
        }
        self.indexes.append(index)
    }

    mutating func removeIndex(name: String) throws(GraphError) {
        guard let position = self.indexes.firstIndex(where: { $0.definition.name == name }) else {
            throw .schemaNotFound(name: name)
        }
        guard self.indexes[position].constraint == nil else { throw .indexOwnedByConstraint(name: name) }
        self.indexes.remove(at: position)
    }

    /// Adds a constraint after checking all that is there. O(nodes of the label or all relationships).
    mutating func addConstraint(_ definition: ConstraintDefinition) throws(GraphError) {
        guard !self.isSchemaNameTaken(definition.name) else { throw .schemaExists(name: definition.name) }
        let twin = self.constraints.first {
            $0.kind == definition.kind && $0.entity == definition.entity && $0.keys == definition.keys
        }
        if let twin { throw .schemaExists(name: twin.name) }
        try self.checkExistence(of: definition)
        if definition.kind.isIndexed {
            let index = IndexDefinition(
                name: definition.name, label: definition.entity, keys: definition.keys)
            try self.addIndex(index, for: definition)
        }
        self.constraints.append(definition)
    }

    mutating func removeConstraint(name: String) throws(GraphError) {
        guard let position = self.constraints.firstIndex(where: { $0.name == name }) else {
            throw .schemaNotFound(name: name)
        }
        self.constraints.remove(at: position)
        self.indexes.removeAll { $0.constraint?.name == name }
    }

    private func isSchemaNameTaken(_ name: String) -> Bool {
        self.constraints.contains { $0.name == name } || self.indexes.contains { $0.definition.name == name }
    }

    private mutating func checkExistence(of definition: ConstraintDefinition) throws(GraphError) {
        switch definition.kind {
        case .unique: break
        case .nodeKey, .nodePropertyExists:
            let label = try self.internLabel(definition.entity)
            for node in self.nodes(label) { try self.check(definition, self.properties(of: node)) }
        case .relationshipPropertyExists:
            let type = try self.internType(definition.entity)
            for relationship in self.allRelationships() {
                guard let record = self.relationship(relationship), record.type == type else { continue }
                try self.check(definition, record.properties)
            }
        }
    }

    /// Throws when a property that the constraint asks for is missing.
    func check(_ constraint: ConstraintDefinition, _ properties: Properties) throws(GraphError) {
        for name in constraint.keys {
            if let key = self.tokens.propertyKey(name), !properties[key].isNull { continue }
            throw .propertyMissing(constraint: constraint.name, entity: constraint.entity, key: name)
        }
    }
}
