/// Builds a snapshot from rows at start-up, or from change sets when following a log.
package struct GraphLoader {
    private var graph: GraphSnapshot
    private var unsettled: ContiguousArray<UInt32> = []

    /// Starts from a snapshot, the empty one at start-up.
    package init(_ graph: GraphSnapshot = GraphSnapshot()) {
        self.graph = graph
        self.graph.checksUniqueness = false
    }

    // MARK: Rows

    /// The number of a set of labels, for ``addNode(_:labels:)``.
    /// - Throws: ``GraphError/emptyName``.
    package mutating func labelSet(_ names: [String]) throws(GraphError) -> UInt32 {
        var labels: Set<LabelID> = []
        for name in names { labels.insert(try self.graph.internLabel(name)) }
        return self.graph.labelSets.number(of: labels.sorted())
    }

    /// The number of a relationship type.
    /// - Throws: ``GraphError/emptyName``.
    package mutating func type(_ name: String) throws(GraphError) -> RelationshipTypeID {
        try self.graph.internType(name)
    }

    /// The number of a property key.
    /// - Throws: ``GraphError/emptyName``.
    package mutating func key(_ name: String) throws(GraphError) -> PropertyKeyID {
        try self.graph.internKey(name)
    }

    /// Adds a node. Nodes come in order of id, before relationships and before indexes.
    /// - Throws: ``GraphError/outOfOrder``.
    package mutating func addNode(_ node: NodeID, labels set: UInt32) throws(GraphError) {
        let bound = self.graph.nodeIDBound
        guard node.index >= bound, node.index < UInt32.max else { throw .outOfOrder }
        for number in bound..<node.index { self.graph.freeNodes.insert(number) }
        self.graph.nodes.update(node.index) { $0.labelSets[node.slot] = set }
        for label in self.graph.labelSets[set] { self.graph.labelMembers[Int(label.index)].insert(node) }
        self.graph.nodeCount += 1
    }

    /// Gives the node that was added last a property.
    package mutating func setProperty(_ key: PropertyKeyID, of node: NodeID, _ value: Value) {
        self.graph.nodes.update(node.index) { $0.properties.set(key, node.slot, value) }
    }

    /// Adds a relationship between nodes that are there. Relationships come in order of id.
    /// - Throws: ``GraphError/outOfOrder``, ``GraphError/nodeNotFound(_:)``.
    package mutating func addRelationship(
        _ relationship: RelationshipID, _ record: RelationshipRecord
    ) throws(GraphError) {
        let bound = self.graph.relationshipIDBound
        guard relationship.index >= bound, relationship.index < UInt32.max else { throw .outOfOrder }
        guard self.graph.contains(record.source) else { throw .nodeNotFound(record.source) }
        guard self.graph.contains(record.target) else { throw .nodeNotFound(record.target) }
        for number in bound..<relationship.index { self.graph.freeRelationships.insert(number) }
        self.graph.relationships.update(relationship.index) { page in
            page.set(
                relationship.slot, type: record.type.index, source: record.source.index,
                target: record.target.index)
        }
        self.graph.typeCounts[Int(record.type.index)] += 1
        self.graph.relationshipCount += 1
        self.unsettled.append(relationship.index)
    }

    /// Gives the relationship that was added last a property.
    package mutating func setProperty(_ key: PropertyKeyID, of relationship: RelationshipID, _ value: Value) {
        self.graph.relationships.update(relationship.index) {
            $0.properties.set(key, relationship.slot, value)
        }
    }

    // MARK: Change sets

    /// Applies one change; applying a set of them again changes nothing.
    /// - Throws: ``GraphError`` when the images contradict each other: the log or file is damaged.
    package mutating func apply(_ change: GraphChange) throws(GraphError) {
        switch change {
        case .putNode(let node, let labels, let properties): try self.put(node, labels, properties)
        case .deleteNode(let node):
            self.settle()
            if self.graph.contains(node) { try self.graph.removeNode(node) }
        case .putRelationship(let relationship, let type, let source, let target, let properties):
            let record = RelationshipRecord(
                type: try self.graph.internType(type), source: source, target: target)
            try self.put(relationship, record, properties)
        case .deleteRelationship(let relationship):
            self.settle()
            if self.graph.contains(relationship) { try self.graph.removeRelationship(relationship) }
        case .createIndex(let definition): try self.graph.addIndex(definition)
        case .dropIndex(let name): try self.graph.removeIndex(name: name)
        case .createConstraint(let definition): try self.graph.addConstraint(definition)
        case .dropConstraint(let name): try self.graph.removeConstraint(name: name)
        }
    }

    private mutating func put(
        _ node: NodeID, _ labels: [String], _ properties: [NamedProperty]
    ) throws(GraphError) {
        var numbers: Set<LabelID> = []
        for label in labels { numbers.insert(try self.graph.internLabel(label)) }
        let (sorted, numbered) = (numbers.sorted(), try self.numbered(properties))
        guard self.graph.contains(node) else {
            return try self.graph.insertNode(node, labels: sorted, properties: numbered)
        }
        self.settle()
        for entry in self.graph.properties(of: node) where numbered[entry.key].isNull {
            try self.graph.setProperty(entry.key, of: node, to: .null)
        }
        if self.graph.labels(of: node) != sorted { try self.graph.setLabels(of: node, to: sorted) }
        for entry in numbered { try self.graph.setProperty(entry.key, of: node, to: entry.value) }
    }

    private mutating func put(
        _ relationship: RelationshipID, _ record: RelationshipRecord, _ properties: [NamedProperty]
    ) throws(GraphError) {
        let numbered = try self.numbered(properties)
        if let old = self.graph.relationship(relationship) {
            if old == record {
                for entry in self.graph.properties(of: relationship) where numbered[entry.key].isNull {
                    try self.graph.setProperty(entry.key, of: relationship, to: .null)
                }
                for entry in numbered {
                    try self.graph.setProperty(entry.key, of: relationship, to: entry.value)
                }
                return
            }
            // The number was given to another one.
            self.settle()
            try self.graph.removeRelationship(relationship)
        }
        try self.graph.insertRelationship(relationship, record, numbered, isSettled: false)
        self.unsettled.append(relationship.index)
    }

    /// Puts everything in order and gives the snapshot, as of a commit.
    package mutating func finish(version: UInt64) -> GraphSnapshot {
        self.settle()
        var graph = self.graph
        graph.version = version
        graph.checksUniqueness = true
        return graph
    }

    private mutating func settle() {
        self.graph.settle(self.unsettled)
        self.unsettled.removeAll(keepingCapacity: true)
    }

    private mutating func numbered(_ properties: [NamedProperty]) throws(GraphError) -> Properties {
        var numbered = Properties()
        for property in properties { numbered.set(try self.graph.internKey(property.key), property.value) }
        return numbered
    }
}

extension GraphSnapshot {
    /// The change that makes this node, or nil when there is none.
    package func image(of node: NodeID) -> GraphChange? {
        guard self.contains(node) else { return nil }
        return .putNode(
            node, labels: self.labels(of: node).map(self.tokens.name),
            properties: self.named(self.properties(of: node)))
    }

    /// The change that makes this relationship, or nil when there is none.
    package func image(of relationship: RelationshipID) -> GraphChange? {
        guard let record = self.relationship(relationship) else { return nil }
        return .putRelationship(
            relationship, type: self.tokens.name(record.type), source: record.source,
            target: record.target, properties: self.named(self.properties(of: relationship)))
    }

    private func named(_ properties: Properties) -> [NamedProperty] {
        properties.map { NamedProperty(key: self.tokens.name($0.key), value: $0.value) }
    }

    /// Takes over a table of names that grew from this snapshot's own.
    mutating func adopt(_ tokens: TokenTable) {
        self.tokens = tokens
        while self.labelMembers.count < tokens.labels.names.count { self.labelMembers.append(NodeSet()) }
        while self.typeCounts.count < tokens.relationshipTypes.names.count { self.typeCounts.append(0) }
    }
}
