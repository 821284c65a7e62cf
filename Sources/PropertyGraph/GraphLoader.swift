/// Builds a snapshot from images of its entities: at start-up and when following a log.
package struct GraphLoader {
    private var graph: GraphSnapshot
    private var unsorted: Set<UInt32> = []

    /// Starts from a snapshot, the empty one at start-up.
    package init(_ graph: GraphSnapshot = GraphSnapshot()) { self.graph = graph }

    /// Applies one change. Relationships added here are put in order by ``finish(version:)``.
    /// - Throws: ``GraphError`` when the images contradict each other: the log or file is damaged.
    package mutating func apply(_ change: GraphChange) throws(GraphError) {
        switch change {
        case .putNode(let node, let labels, let properties):
            var numbers: [LabelID] = []
            for label in labels { numbers.append(try self.graph.internLabel(label)) }
            try self.graph.putNode(
                node, labels: numbers.sorted(), properties: try self.numbered(properties))
        case .deleteNode(let node): try self.graph.removeNode(node)
        case .putRelationship(let relationship, let type, let source, let target, let properties):
            let numbered = try self.numbered(properties)
            guard !self.graph.contains(relationship) else {
                return try self.graph.setProperties(of: relationship, numbered)
            }
            let record = RelationshipRecord(
                type: try self.graph.internType(type), source: source, target: target,
                properties: numbered)
            try self.graph.insertRelationship(relationship, record, sorted: false)
            self.unsorted.insert(source.index)
            self.unsorted.insert(target.index)
        case .deleteRelationship(let relationship):
            self.sort()
            try self.graph.removeRelationship(relationship)
        case .createIndex(let definition): try self.graph.addIndex(definition)
        case .dropIndex(let name): try self.graph.removeIndex(name: name)
        case .createConstraint(let definition): try self.graph.addConstraint(definition)
        case .dropConstraint(let name): try self.graph.removeConstraint(name: name)
        }
    }

    /// Puts adjacency in order and gives the snapshot, as of a commit.
    package mutating func finish(version: UInt64) -> GraphSnapshot {
        self.sort()
        self.graph.version = version
        return self.graph
    }

    private mutating func sort() {
        for node in self.unsorted {
            self.graph.nodes.update(node) {
                $0?.outgoing.sort()
                $0?.incoming.sort()
            }
        }
        self.unsorted.removeAll(keepingCapacity: true)
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
        guard let record = self.node(node) else { return nil }
        return .putNode(
            node, labels: record.labels.map(self.tokens.name), properties: self.named(record.properties))
    }

    /// The change that makes this relationship, or nil when there is none.
    package func image(of relationship: RelationshipID) -> GraphChange? {
        guard let record = self.relationship(relationship) else { return nil }
        return .putRelationship(
            relationship, type: self.tokens.name(record.type), source: record.source,
            target: record.target, properties: self.named(record.properties))
    }

    private func named(_ properties: Properties) -> [NamedProperty] {
        properties.map { NamedProperty(key: self.tokens.name($0.key), value: $0.value) }
    }

    /// Takes over a table of names that grew from this snapshot's own.
    mutating func adopt(_ tokens: TokenTable) {
        self.tokens = tokens
        while self.labelSets.count < tokens.labels.names.count { self.labelSets.append(NodeSet()) }
        while self.typeCounts.count < tokens.relationshipTypes.names.count { self.typeCounts.append(0) }
    }
}

extension GraphSnapshot {
    /// This snapshot with the names of a later one, so that numbers given there are never given again.
    package func keepingNames(of later: GraphSnapshot) -> GraphSnapshot {
        var graph = self
        graph.adopt(later.tokens)
        return graph
    }
}
