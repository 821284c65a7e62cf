internal import PropertyGraph

extension GraphSnapshot {
    /// Where the relationships of a type into a node lie; those into a hub lie elsewhere (``NeighbourSlice/isHub``). Valid as long as
    /// the snapshot is held.
    @inline(__always)
    func entries(into node: NodeID, _ type: RelationshipTypeID) -> NeighbourSlice {
        self.unsafeNeighbours(of: node, .incoming, type: type)
    }

    /// Calls the body for relationships of a type into a hub, until it says false.
    func forEachHubEntry(
        into node: NodeID, _ type: RelationshipTypeID, _ body: (NodeID, RelationshipID) -> Bool
    ) {
        let adjacency = self.adjacency(of: node, .incoming)
        adjacency.forEach(in: adjacency.range(of: type)) { body($0.neighbour, $0.relationship) }
    }

    /// Calls the body for relationships of a type from one node into a hub, until it says false. O(log degree).
    func forEachHubEntry(
        into node: NodeID, _ type: RelationshipTypeID, from source: NodeID, _ body: (RelationshipID) -> Bool
    ) {
        let adjacency = self.adjacency(of: node, .incoming)
        adjacency.forEach(in: adjacency.range(of: type, to: source)) { body($0.relationship) }
    }

    /// Calls the body for relationships of a type into a node, until it says false.
    @inline(__always)
    func forEachEntry(
        into node: NodeID, _ type: RelationshipTypeID, _ body: (NodeID, RelationshipID) -> Bool
    ) {
        self.forEachEntry(of: node, .incoming, type, body)
    }

    /// Calls the body for relationships of a type from a node, until it says false.
    @inline(__always)
    func forEachEntry(
        from node: NodeID, _ type: RelationshipTypeID, _ body: (NodeID, RelationshipID) -> Bool
    ) {
        self.forEachEntry(of: node, .outgoing, type, body)
    }

    @inline(__always)
    private func forEachEntry(
        of node: NodeID, _ direction: Direction, _ type: RelationshipTypeID,
        _ body: (NodeID, RelationshipID) -> Bool
    ) {
        let slice = self.unsafeNeighbours(of: node, direction, type: type)
        // The snapshot holds the memory, and this function holds the snapshot.
        defer { withExtendedLifetime(self) {} }
        for index in 0..<slice.nodes.count {
            guard body(NodeID(slice.nodes[index]), RelationshipID(slice.relationships[index])) else { return }
        }
        guard slice.isHub else { return }
        let adjacency = self.adjacency(of: node, direction)
        adjacency.forEach(in: adjacency.range(of: type)) { body($0.neighbour, $0.relationship) }
    }

    /// Calls the body for relationships of a type from one node into another, until it says false. O(log degree).
    @inline(__always)
    func forEachEntry(
        into node: NodeID, _ type: RelationshipTypeID, from source: NodeID, _ body: (RelationshipID) -> Bool
    ) {
        let slice = self.entries(into: node, type)
        defer { withExtendedLifetime(self) {} }
        var place = slice.firstIndex(of: source)
        while place < slice.nodes.count, slice.nodes[place] == source.index {
            guard body(slice[place].relationship) else { return }
            place += 1
        }
        if slice.isHub { self.forEachHubEntry(into: node, type, from: source, body) }
    }
}

extension NeighbourSlice {
    /// A neighbour, and the relationship.
    @inline(__always)
    subscript(index: Int) -> (node: NodeID, relationship: RelationshipID) {
        (NodeID(self.nodes[index]), RelationshipID(self.relationships[index]))
    }

    /// The first place whose neighbour is not before a node, when all are of one type. O(log degree).
    @inline(__always)
    func firstIndex(of node: NodeID) -> Int {
        var (low, high) = (0, self.nodes.count)
        while low < high {
            let middle = (low + high) / 2
            if self.nodes[middle] < node.index { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
