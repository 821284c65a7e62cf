/// Nodes of a label, or relationships of a type, in the order of some of their properties: equality, ranges, beginnings of
/// texts and the first of several keys in O(log n) plus what is found.
///
/// A persistent tree, so a snapshot keeps the index it was published with and copying is O(1).
package struct PropertyIndex: Sendable {
    /// Name, what it is on, and keys.
    package let definition: IndexDefinition
    /// The number of the label or relationship type.
    let entity: UInt32
    let keys: [PropertyKeyID]
    /// The constraint that this index keeps, if any.
    package let constraint: ConstraintDefinition?
    /// How many different keys there are: what the planner divides by. Exact.
    package private(set) var distinctCount = 0
    private var entries = SortedTree<Entry>()

    struct Entry: Comparable, Sendable {
        let key: IndexKey
        let id: UInt32

        static func < (left: Entry, right: Entry) -> Bool {
            left.key == right.key ? left.id < right.id : left.key < right.key
        }
    }

    init(
        definition: IndexDefinition, entity: UInt32, keys: [PropertyKeyID],
        constraint: ConstraintDefinition?
    ) {
        self.definition = definition
        self.entity = entity
        self.keys = keys
        self.constraint = constraint
    }

    /// How many entities the index holds.
    package var count: Int { self.entries.count }

    /// The nodes under a key of all values, in order of id. O(log n) plus the nodes found.
    package func nodes(_ key: IndexKey) -> [NodeID] {
        var nodes: [NodeID] = []
        self.forEach(key) { nodes.append(NodeID($0)) }
        return nodes
    }

    /// The first entity under a key of all values; nil when there is none. O(log n).
    package func first(_ key: IndexKey) -> UInt32? {
        guard let entry = self.entries.first(from: Entry(key: key, id: 0)), entry.key == key else {
            return nil
        }
        return entry.id
    }

    /// How many entities are under a key of all values. O(log n).
    package func count(_ key: IndexKey) -> Int {
        self.entries.rank(Entry(key: key, id: .max)) - self.entries.rank(Entry(key: key, id: 0))
    }

    /// How many entities are in a range. O(log n).
    package func count(_ range: IndexRange) -> Int {
        self.entries.rank(Entry(key: range.upper, id: 0)) - self.entries.rank(Entry(key: range.lower, id: 0))
    }

    /// Calls the body with the numbers of nodes or relationships in a range, in the order of keys, until it says false.
    package func forEach<Failure: Error>(
        in range: IndexRange, _ body: (UInt32) throws(Failure) -> Bool
    ) throws(Failure) {
        let first = self.entries.rank(Entry(key: range.lower, id: 0))
        try self.entries.forEach(from: first) { entry throws(Failure) in
            guard entry.key < range.upper else { return false }
            return try body(entry.id)
        }
    }

    /// All entities of the index in the order of keys, until the body says false.
    package func forEach<Failure: Error>(_ body: (UInt32) throws(Failure) -> Bool) throws(Failure) {
        try self.entries.forEach { entry throws(Failure) in try body(entry.id) }
    }

    private func forEach(_ key: IndexKey, _ body: (UInt32) -> Void) {
        self.entries.forEach(from: self.entries.rank(Entry(key: key, id: 0))) { entry in
            guard entry.key == key else { return false }
            body(entry.id)
            return true
        }
    }

    func contains(_ id: UInt32, under key: IndexKey) -> Bool {
        self.entries.contains(Entry(key: key, id: id))
    }

    /// The key of an entity with these properties, or nil when the index does not hold it.
    func key(_ property: (PropertyKeyID) -> Value) -> IndexKey? {
        if self.keys.count == 1 {
            let value = property(self.keys[0])
            guard self.definition.kind.holds(value) else { return nil }
            return IndexKey([value])
        }
        let values = self.keys.map(property)
        return values.allSatisfy(self.definition.kind.holds) ? IndexKey(values) : nil
    }

    mutating func insert(_ id: UInt32, under key: IndexKey) {
        if self.first(key) == nil { self.distinctCount += 1 }
        self.entries.insert(Entry(key: key, id: id))
    }

    mutating func remove(_ id: UInt32, under key: IndexKey) {
        self.entries.remove(Entry(key: key, id: id))
        if self.first(key) == nil { self.distinctCount -= 1 }
    }

    /// Takes over what another index over the same keys holds.
    mutating func adopt(_ other: PropertyIndex) {
        self.entries = other.entries
        self.distinctCount = other.distinctCount
    }

    /// An entity whose key another one has too. O(n), O(1) when there is none.
    func twins() -> UInt32? {
        guard self.distinctCount < self.entries.count else { return nil }
        var (last, twin): (Entry?, UInt32?) = (nil, nil)
        self.entries.forEach { entry in
            if let last, last.key == entry.key { twin = last.id }
            last = entry
            return twin == nil
        }
        return twin
    }

    /// Takes over all entries at once. O(n log n).
    /// - Returns: two entities with the same key, if there are any.
    mutating func build(
        _ entries: ContiguousArray<Entry>, _ checkpoint: Checkpoint? = nil
    ) throws(GraphError) -> (first: UInt32, second: UInt32)? {
        var (sorted, pace) = (entries, PacedCheckpoint(checkpoint))
        do {
            try sorted.sort { left, right in
                try pace.pass()
                return left < right
            }
        } catch {
            // Nothing else is thrown there.
            throw error as? GraphError ?? .interrupted
        }
        var distinct = sorted.isEmpty ? 0 : 1
        var twins: (UInt32, UInt32)?
        for index in sorted.indices.dropFirst() {
            if sorted[index].key == sorted[index - 1].key {
                twins = twins ?? (sorted[index - 1].id, sorted[index].id)
            } else {
                distinct += 1
            }
        }
        self.entries = SortedTree(sorted: sorted)
        self.distinctCount = distinct
        return twins
    }
}
