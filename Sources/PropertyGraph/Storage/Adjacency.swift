/// One relationship as seen from one of its nodes.
package struct AdjacencyEntry: Hashable, Comparable, Sendable {
    /// The relationship's type.
    package let type: RelationshipTypeID
    /// The node at the other end.
    package let neighbour: NodeID
    /// The relationship itself.
    package let relationship: RelationshipID

    /// Joins the three.
    package init(type: RelationshipTypeID, neighbour: NodeID, relationship: RelationshipID) {
        self.type = type
        self.neighbour = neighbour
        self.relationship = relationship
    }

    /// Orders by type, then neighbour, then relationship.
    package static func < (left: AdjacencyEntry, right: AdjacencyEntry) -> Bool {
        (left.type, left.neighbour, left.relationship) < (right.type, right.neighbour, right.relationship)
    }
}

/// The relationships of one node in one direction, sorted by type, neighbour and relationship.
///
/// Finding a type or a neighbour is O(log degree); adding and taking away move the entries behind.
package struct Adjacency: Sendable {
    /// All entries in order.
    package private(set) var entries = ContiguousArray<AdjacencyEntry>()

    init() {}

    /// How many relationships there are.
    package var count: Int { self.entries.count }

    /// The entries of one type. O(log degree).
    package func entries(of type: RelationshipTypeID) -> ContiguousArray<AdjacencyEntry>.SubSequence {
        self.entries[self.range(of: type)]
    }

    /// Where the entries of one type lie in ``entries``. O(log degree).
    package func range(of type: RelationshipTypeID) -> Range<Int> {
        let first = self.firstIndex { $0.type < type }
        guard first < self.entries.count, self.entries[first].type == type else { return first..<first }
        return first..<self.firstIndex { $0.type <= type }
    }

    /// Where the entries of one type that lead to one node lie in ``entries``. O(log degree).
    package func range(of type: RelationshipTypeID, to neighbour: NodeID) -> Range<Int> {
        let first = self.firstIndex { ($0.type, $0.neighbour) < (type, neighbour) }
        var end = first
        while end < self.entries.count, self.entries[end].type == type,
            self.entries[end].neighbour == neighbour
        { end += 1 }
        return first..<end
    }

    /// The first position whose entry does not satisfy the predicate, which holds for a prefix.
    private func firstIndex(_ isBefore: (AdjacencyEntry) -> Bool) -> Int {
        var low = 0
        var high = self.entries.count
        while low < high {
            let middle = (low + high) / 2
            if isBefore(self.entries[middle]) { low = middle + 1 } else { high = middle }
        }
        return low
    }

    mutating func insert(_ entry: AdjacencyEntry) {
        self.entries.insert(entry, at: self.firstIndex { $0 < entry })
    }

    mutating func remove(_ entry: AdjacencyEntry) {
        let index = self.firstIndex { $0 < entry }
        guard index < self.entries.count, self.entries[index] == entry else { return }
        self.entries.remove(at: index)
    }

    /// Adds without keeping order, for bulk loading; ``sort()`` must follow.
    mutating func append(_ entry: AdjacencyEntry) { self.entries.append(entry) }

    mutating func sort() { self.entries.sort() }
}
