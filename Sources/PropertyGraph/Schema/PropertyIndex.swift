internal import HashTreeCollections

/// Property values as an index compares them: numbers that are equal are the same key.
package struct IndexKey: Hashable, Sendable {
    private let values: [Value]

    /// The key of the values, or nil when one of them is null or NaN, which no index holds.
    package init?(_ values: [Value]) {
        var normal: [Value] = []
        normal.reserveCapacity(values.count)
        for value in values {
            guard let value = Self.normalised(value) else { return nil }
            normal.append(value)
        }
        self.values = normal
    }

    private static func normalised(_ value: Value) -> Value? {
        switch value {
        case .null: return nil
        case .float(let number):
            if number.isNaN { return nil }
            if let whole = Int(exactly: number) { return .integer(whole) }
            return value
        default: return value
        }
    }
}

/// Nodes of a label by the values of some keys: equality look-ups in O(log n).
///
/// A persistent hash trie, so a snapshot keeps the index it was published with and copying is O(1).
package struct PropertyIndex: Sendable {
    /// Name, label and keys.
    package let definition: IndexDefinition
    let label: LabelID
    let keys: [PropertyKeyID]
    /// The constraint that this index keeps, if any.
    package let constraint: ConstraintDefinition?
    private var entries = TreeDictionary<IndexKey, Postings>()

    private enum Postings: Sendable {
        case one(NodeID)
        case many(TreeSet<NodeID>)
    }

    init(
        definition: IndexDefinition, label: LabelID, keys: [PropertyKeyID],
        constraint: ConstraintDefinition?
    ) {
        self.definition = definition
        self.label = label
        self.keys = keys
        self.constraint = constraint
    }

    /// How many different keys there are: what the planner divides by.
    package var distinctCount: Int { self.entries.count }

    /// The nodes under a key, in order of id. O(log n) plus the nodes found.
    package func nodes(_ key: IndexKey) -> [NodeID] {
        switch self.entries[key] {
        case nil: []
        case .one(let node): [node]
        case .many(let nodes): nodes.sorted()
        }
    }

    /// How many nodes are under a key. O(log n).
    package func count(_ key: IndexKey) -> Int {
        switch self.entries[key] {
        case nil: 0
        case .one: 1
        case .many(let nodes): nodes.count
        }
    }

    /// The key of a node with these labels and properties, or nil when the index does not cover it.
    func key(labels: [LabelID], properties: Properties) -> IndexKey? {
        guard labels.contains(self.label) else { return nil }
        return IndexKey(self.keys.map { properties[$0] })
    }

    mutating func insert(_ node: NodeID, under key: IndexKey) {
        switch self.entries[key] {
        case nil: self.entries[key] = .one(node)
        case .one(let other): self.entries[key] = .many([other, node])
        case .many(var nodes):
            self.entries[key] = nil
            nodes.insert(node)
            self.entries[key] = .many(nodes)
        }
    }

    mutating func remove(_ node: NodeID, under key: IndexKey) {
        switch self.entries[key] {
        case nil: break
        case .one(let other): if other == node { self.entries[key] = nil }
        case .many(var nodes):
            self.entries[key] = nil
            nodes.remove(node)
            if nodes.count == 1, let last = nodes.first {
                self.entries[key] = .one(last)
            } else {
                self.entries[key] = .many(nodes)
            }
        }
    }
}
