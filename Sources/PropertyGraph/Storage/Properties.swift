/// The properties of one node or relationship: few, sorted by key.
package struct Properties: Hashable, Sendable, Sequence {
    /// A key and what it holds; never ``Value/null``.
    package struct Entry: Hashable, Sendable {
        /// The key's number.
        package let key: PropertyKeyID
        /// The value.
        package let value: Value
    }

    private var entries: [Entry] = []

    /// No properties.
    package init() {}

    /// How many there are.
    package var count: Int { self.entries.count }

    /// The value under a key, ``Value/null`` when there is none. O(log n).
    package subscript(key: PropertyKeyID) -> Value {
        let index = self.index(of: key)
        return index < self.entries.count && self.entries[index].key == key
            ? self.entries[index].value : .null
    }

    /// The entries in order of key number.
    package func makeIterator() -> IndexingIterator<[Entry]> { self.entries.makeIterator() }

    /// What is to be set to make these properties others; null where one goes. O(n log n).
    func changes(to others: Properties) -> [(key: PropertyKeyID, value: Value)] {
        self.filter { others[$0.key].isNull }.map { ($0.key, .null) }
            + others.filter { self[$0.key] != $0.value }.map { ($0.key, $0.value) }
    }

    /// Sets or, with ``Value/null``, removes. Gives what was there before.
    @discardableResult
    mutating func set(_ key: PropertyKeyID, _ value: Value) -> Value {
        let index = self.index(of: key)
        let exists = index < self.entries.count && self.entries[index].key == key
        let old = exists ? self.entries[index].value : .null
        switch (exists, value.isNull) {
        case (true, true): self.entries.remove(at: index)
        case (true, false): self.entries[index] = Entry(key: key, value: value)
        case (false, true): break
        case (false, false): self.entries.insert(Entry(key: key, value: value), at: index)
        }
        return old
    }

    private func index(of key: PropertyKeyID) -> Int {
        var low = 0
        var high = self.entries.count
        while low < high {
            let middle = (low + high) / 2
            if self.entries[middle].key < key { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
