internal import PropertyGraph

/// One import within a transaction: knows which nodes the ids mean, and what was there before.
struct GraphImport {
    private(set) var summary = ImportSummary()
    private let transaction: GraphTransaction
    /// The graph before the import; its look-ups stay right while adjacency is out of order.
    private let base: GraphSnapshot
    private let firstNewNode: UInt32
    private var nodes = NodeTable()
    private var identities: [Identity] = []
    /// Relationships from before that stand for one of the import: each is taken once.
    private var taken: Set<RelationshipID> = []
    /// Keys of nodes that ends name without a property, by label.
    private var endKeys: [LabelID: PropertyKeyID] = [:]

    init(_ transaction: GraphTransaction) {
        self.transaction = transaction
        self.base = transaction.graph
        self.firstNewNode = transaction.graph.nodeIDBound
        transaction.usesFreeNumbers = false
    }

    // MARK: Nodes

    mutating func addNode(_ row: borrowing ImportRow) throws {
        do {
            if let number = self.nodes.node(row.id) {
                let node = NodeID(number)
                try self.update(node, row)
                return
            }
            let node = try self.findOrCreate(row)
            guard self.nodes.insert(row.id, node.index) else {
                throw ImportError(
                    file: row.file, line: row.line, "the ids of the import have more than 4 GiB together")
            }
        } catch let error as GraphError {
            throw ImportError(file: row.file, line: row.line, error.description)
        }
    }

    private mutating func findOrCreate(_ row: borrowing ImportRow) throws -> NodeID {
        guard let key = row.key, let label = row.labels.first,
            let value = row.properties.last(where: { $0.key == key })?.value, !value.isNull
        else { return try self.create(row) }
        let identity = self.identity(label, key, row)
        if let node = self.identities[identity].node(value, in: self.base) {
            try self.update(node, row)
            self.summary.nodesUpdated += node.index < self.firstNewNode ? 1 : 0
            return node
        }
        let node = try self.create(row)
        self.identities[identity].remember(node, under: value)
        return node
    }

    private mutating func create(_ row: borrowing ImportRow) throws -> NodeID {
        let node = try self.transaction.createNode(labels: row.labels, properties: row.properties)
        self.summary.nodesCreated += 1
        return node
    }

    private func update(_ node: NodeID, _ row: borrowing ImportRow) throws {
        for (key, value) in row.properties { try self.transaction.setProperty(key, of: node, to: value) }
        for label in row.labels { try self.transaction.addLabel(label, to: node) }
    }

    private mutating func identity(_ label: LabelID, _ key: PropertyKeyID, _ row: borrowing ImportRow) -> Int
    {
        let space = row.isKeyedByID ? row.id.space : nil
        let index: Int
        if let known = self.identities.firstIndex(where: { $0.label == label && $0.key == key }) {
            index = known
        } else {
            index = self.identities.count
            self.identities.append(Identity(label: label, key: key, space: space, base: self.base))
        }
        if self.identities[index].space != space || space == nil {
            self.identities[index].share(self.transaction.graph, from: self.firstNewNode)
        }
        return index
    }

    // MARK: Relationships

    /// Adds a relationship.
    /// - Parameters:
    ///   - row: the relationship.
    ///   - isComplete: whether all nodes of the import are known; if not, an end that is not known is no mistake yet.
    /// - Returns: false when it has to wait for its ends.
    /// - Throws: ``ImportError``.
    mutating func addRelationship(_ row: borrowing ImportRow, isComplete: Bool = true) throws -> Bool {
        let source = self.nodes.node(row.start.id)
        let target = self.nodes.node(row.end.id)
        if !isComplete, source == nil || target == nil { return false }
        let start = try source.map { NodeID($0) } ?? self.find(row.start, row)
        let end = try target.map { NodeID($0) } ?? self.find(row.end, row)
        do {
            if start.index < self.firstNewNode, end.index < self.firstNewNode,
                let existing = self.existing(row.type, start, end)
            {
                for (key, value) in row.properties {
                    try self.transaction.setProperty(key, of: existing, to: value)
                }
                self.summary.relationshipsUpdated += 1
                return true
            }
            _ = try self.transaction.appendRelationship(
                type: row.type, from: start, to: end, properties: row.properties)
            self.summary.relationshipsCreated += 1
        } catch {
            throw ImportError(file: row.file, line: row.line, error.description)
        }
        return true
    }

    /// A relationship from before that nothing of the import stands for yet: parallel ones stay apart.
    private mutating func existing(
        _ type: RelationshipTypeID, _ source: NodeID, _ target: NodeID
    ) -> RelationshipID? {
        let adjacency = self.base.adjacency(of: source, .outgoing)
        for index in adjacency.range(of: type, to: target) {
            let relationship = adjacency[index].relationship
            if self.taken.insert(relationship).inserted { return relationship }
        }
        return nil
    }

    /// An end that the import does not hold, in the graph.
    private mutating func find(_ end: ImportRow.End, _ row: borrowing ImportRow) throws(ImportError) -> NodeID
    {
        if let label = end.label, let text = end.key?.text, let key = self.endKey(label) {
            let index: Int
            if let known = self.identities.firstIndex(where: { $0.label == label && $0.key == key }) {
                index = known
            } else {
                index = self.identities.count
                self.identities.append(Identity(label: label, key: key, space: nil, base: self.base))
            }
            if let node = self.identities[index].node(.string(text), in: self.base) { return node }
            if let number = end.key.flatMap(CSVType.integer),
                let node = self.identities[index].node(.integer(number), in: self.base)
            {
                return node
            }
        }
        throw ImportError(
            file: row.file, line: row.line,
            "there is no node `\(end.id.text.shown)`, neither in the import nor in the graph")
    }

    /// The key of a label's nodes: by the graph's rule, else `id`.
    private mutating func endKey(_ label: LabelID) -> PropertyKeyID? {
        if let known = self.endKeys[label] { return known }
        let tokens = self.transaction.graph.tokens
        let name = tokens.name(label)
        let rule = self.base.constraints.first {
            $0.entity == name && $0.kind.isIndexed && $0.keys.count == 1
        }
        let key = tokens.propertyKey(rule?.keys.first ?? "id")
        if let key { self.endKeys[label] = key }
        return key
    }
}

/// Nodes of a label by a property: how records are recognised that the graph has already.
private struct Identity {
    let label: LabelID
    let key: PropertyKeyID
    /// The id space whose ids are the property's values, so that equal values are seen as equal ids; nil when
    /// values are to be compared, see ``share(_:from:)``.
    private(set) var space: Int?
    private let hasIndex: Bool
    private let isNew: Bool
    /// Nodes of before, made at the first look-up when there is no index.
    private var before: [Value: NodeID]?
    /// Nodes of this import, when values are compared.
    private var created: [Value: NodeID]?

    init(label: LabelID, key: PropertyKeyID, space: Int?, base: GraphSnapshot) {
        self.label = label
        self.key = key
        self.space = space
        self.hasIndex = base.index(label: label, keys: [key]) != nil
        self.isNew = base.count(label) == 0
    }

    mutating func node(_ value: Value, in base: GraphSnapshot) -> NodeID? {
        if let node = self.created?[Self.normal(value)] { return node }
        if self.isNew { return nil }
        if self.hasIndex { return base.nodes(self.label, where: self.key, equals: value).first }
        if let before = self.before { return before[Self.normal(value)] }
        var before: [Value: NodeID] = [:]
        for node in base.nodes(self.label) {
            let value = base.property(self.key, of: node)
            if !value.isNull, before[Self.normal(value)] == nil { before[Self.normal(value)] = node }
        }
        self.before = before
        return before[Self.normal(value)]
    }

    mutating func remember(_ node: NodeID, under value: Value) {
        self.created?[Self.normal(value)] = node
    }

    /// From now on compares values: records of more than one id space are the label's, or ids say nothing.
    mutating func share(_ graph: GraphSnapshot, from firstNew: UInt32) {
        guard self.created == nil else { return }
        self.space = nil
        var created: [Value: NodeID] = [:]
        // A label without nodes, by far the commonest case, costs nothing here.
        if graph.count(self.label) > 0 {
            for node in graph.nodes(self.label) where node.index >= firstNew {
                let value = graph.property(self.key, of: node)
                if !value.isNull { created[Self.normal(value)] = node }
            }
        }
        self.created = created
    }

    /// One value for numbers that are equal.
    private static func normal(_ value: Value) -> Value {
        guard case .float(let number) = value, let whole = Int(exactly: number) else { return value }
        return .integer(whole)
    }
}
