/// Builds a snapshot from rows at start-up, or from change sets when following a log.
package struct GraphLoader: ~Copyable {
    private var graph: GraphSnapshot
    private var unsettled: ContiguousArray<UInt32> = []
    private var nodePage = OpenPage<NodePage>()
    private var relationshipPage = OpenPage<RelationshipPage>()

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
        let bound = self.nodePage.bound(self.graph.nodes)
        guard node.index >= bound, node.index < UInt32.max else { throw .outOfOrder }
        for number in bound..<node.index { self.graph.freeNodes.insert(number) }
        self.nodePage.open(node.index, &self.graph.nodes)
        self.nodePage.page.labelSets[node.slot] = set
        for label in self.graph.labelSets[set] { self.graph.labelMembers[Int(label.index)].insert(node) }
        self.graph.nodeCount += 1
    }

    /// Gives the node that was added last a property.
    package mutating func setProperty(_ key: PropertyKeyID, of node: NodeID, _ value: Value) {
        self.nodePage.page.properties.set(key, node.slot, value)
    }

    /// Adds a relationship between nodes that are there. Relationships come in order of id.
    /// - Throws: ``GraphError/outOfOrder``, ``GraphError/nodeNotFound(_:)``.
    package mutating func addRelationship(
        _ relationship: RelationshipID, _ record: RelationshipRecord
    ) throws(GraphError) {
        let bound = self.relationshipPage.bound(self.graph.relationships)
        guard relationship.index >= bound, relationship.index < UInt32.max else { throw .outOfOrder }
        guard self.isUsed(record.source) else { throw .nodeNotFound(record.source) }
        guard self.isUsed(record.target) else { throw .nodeNotFound(record.target) }
        for number in bound..<relationship.index { self.graph.freeRelationships.insert(number) }
        self.relationshipPage.open(relationship.index, &self.graph.relationships)
        self.relationshipPage.page.set(
            relationship.slot, type: record.type.index, source: record.source.index,
            target: record.target.index)
        self.graph.typeCounts[Int(record.type.index)] += 1
        self.graph.relationshipCount += 1
        self.unsettled.append(relationship.index)
    }

    /// Whether there is a node. Asks the free numbers and not the nodes' pages, which relationships meet in no order.
    private func isUsed(_ node: NodeID) -> Bool {
        node.index < self.nodePage.bound(self.graph.nodes) && !self.graph.freeNodes.contains(node.index)
    }

    /// Gives the relationship that was added last a property.
    package mutating func setProperty(_ key: PropertyKeyID, of relationship: RelationshipID, _ value: Value) {
        self.graph.note(key, self.relationshipPage.page.type(relationship.slot))
        self.relationshipPage.page.properties.set(key, relationship.slot, value)
    }

    private mutating func closePages() {
        self.nodePage.close(&self.graph.nodes)
        self.relationshipPage.close(&self.graph.relationships)
    }

    // MARK: Change sets

    /// Applies one change; applying a set of them again changes nothing.
    /// - Throws: ``GraphError`` when the images contradict each other: the log or file is damaged.
    package mutating func apply(_ change: GraphChange) throws(GraphError) {
        self.closePages()
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
                for (key, value) in self.graph.properties(of: relationship).changes(to: numbered) {
                    try self.graph.setProperty(key, of: relationship, to: value)
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
        self.closePages()
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

/// The page that rows in order of number go to, held beside its table: a row costs no look-up there.
private struct OpenPage<Page: StoredPage> {
    private(set) var page = Page()
    /// The greatest number that the page was opened for; nil while the table has all pages.
    private var last: UInt32?

    /// One past the greatest number of the table and the page.
    func bound(_ table: PageTable<Page>) -> UInt32 { self.last.map { $0 + 1 } ?? table.bound }

    /// Makes ``page`` that of a number, which is greater than those before.
    mutating func open(_ number: UInt32, _ table: inout PageTable<Page>) {
        if self.last.map({ $0 >> Page.shift != number >> Page.shift }) ?? true {
            self.close(&table)
            self.page = table.read(pageOf: number) { $0.copied() } ?? Page()
        }
        self.last = number
    }

    /// Puts the page into the table.
    mutating func close(_ table: inout PageTable<Page>) {
        guard let last = self.last else { return }
        table.place(self.page, at: last)
        (self.page, self.last) = (Page(), nil)
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
