internal import PropertyGraph

extension GraphSnapshot {
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
        let slice = self.unsafeNeighbours(of: node, .incoming, type: type)
        defer { withExtendedLifetime(self) {} }
        var (low, high) = (0, slice.nodes.count)
        while low < high {
            let middle = (low + high) / 2
            if slice.nodes[middle] < source.index { low = middle + 1 } else { high = middle }
        }
        while low < slice.nodes.count, slice.nodes[low] == source.index {
            guard body(RelationshipID(slice.relationships[low])) else { return }
            low += 1
        }
        guard slice.isHub else { return }
        let adjacency = self.adjacency(of: node, .incoming)
        adjacency.forEach(in: adjacency.range(of: type, to: source)) { body($0.relationship) }
    }
}
