// Reading much at once: neighbours and columns as plain memory, without counting references.

extension GraphSnapshot {
    /// Calls the body for each relationship of a node in one direction, sorted by type, neighbour and relationship.
    /// About the cost of a loop over a CSR: nothing is retained.
    @inlinable
    package func forEachNeighbour(
        of node: NodeID, _ direction: Direction, _ body: (NodeID, RelationshipID) -> Void
    ) {
        let slice = self.adjacencySlice(of: node, direction, type: nil)
        for index in 0..<slice.count {
            body(NodeID(slice.neighbours[index]), RelationshipID(slice.relationships[index]))
        }
        if slice.isHub { self.forEachHubEntry(of: node, direction, type: nil, body) }
        withExtendedLifetime(self) {}
    }

    /// As ``forEachNeighbour(of:_:_:)``, for one type. O(log degree) to find where it begins.
    @inlinable
    package func forEachNeighbour(
        of node: NodeID, _ direction: Direction, type: RelationshipTypeID,
        _ body: (NodeID, RelationshipID) -> Void
    ) {
        let slice = self.adjacencySlice(of: node, direction, type: type)
        for index in 0..<slice.count {
            body(NodeID(slice.neighbours[index]), RelationshipID(slice.relationships[index]))
        }
        if slice.isHub { self.forEachHubEntry(of: node, direction, type: type, body) }
        withExtendedLifetime(self) {}
    }

    /// Where a node's entries lie in memory; valid as long as the snapshot is held.
    @usableFromInline
    func adjacencySlice(of node: NodeID, _ direction: Direction, type: RelationshipTypeID?) -> AdjacencySlice
    {
        func slice(_ page: AdjacencyPage) -> AdjacencySlice {
            var range = page.range(node.slot)
            if let type { range = page.range(range, type: type.index) }
            return AdjacencySlice(
                neighbours: page.neighbours + range.lowerBound,
                relationships: page.relationships + range.lowerBound, count: range.count,
                isHub: range.isEmpty && !page.hubs.isEmpty)
        }
        let found =
            direction == .outgoing
            ? self.outgoing.read(pageOf: node.index, slice) : self.incoming.read(pageOf: node.index, slice)
        return found ?? AdjacencySlice.empty
    }

    @usableFromInline
    func forEachHubEntry(
        of node: NodeID, _ direction: Direction, type: RelationshipTypeID?,
        _ body: (NodeID, RelationshipID) -> Void
    ) {
        let adjacency = self.adjacency(of: node, direction)
        adjacency.forEach(in: type.map { adjacency.range(of: $0) } ?? 0..<adjacency.count) { entry in
            body(entry.neighbour, entry.relationship)
            return true
        }
    }

    /// Calls the body for each page of 128 node numbers on which a node has the key: with the page's first number and
    /// the key's values there. O(pages of the graph).
    package func forEachColumn(of key: PropertyKeyID, _ body: (_ first: NodeID, NodeColumn) -> Void) {
        for page in 0..<self.nodes.pageCount {
            self.nodes.read(page: page) { content in
                for column in content.properties.columns where column.key == key {
                    body(NodeID(UInt32(page << PageShape.shift)), NodeColumn(column: column))
                }
            }
        }
    }

    /// The values of a key on the page of 128 node numbers that begins at a number, if any node there has it.
    package func column(of key: PropertyKeyID, at first: NodeID) -> NodeColumn? {
        self.nodes.read(pageOf: first.index) { page in
            page.properties.column(key).map(NodeColumn.init(column:))
        } ?? nil
    }
}

/// One key's values on a page of 128 nodes, by type.
package struct NodeColumn: Sendable {
    fileprivate let column: PropertyColumn

    /// Which of the 128 nodes have the key, by bit: the first 64, then the others. Values below are packed: one for each.
    package var present: (UInt64, UInt64) { self.column.present.words }

    /// The values when all are integers.
    package var integers: ContiguousArray<Int>? {
        if case .integers(let values) = self.column.values { values } else { nil }
    }

    /// The values when all are floats.
    package var floats: ContiguousArray<Double>? {
        if case .floats(let values) = self.column.values { values } else { nil }
    }

    /// The values when all are texts: a code for each, and the texts by code. Equal texts may have several codes.
    package var strings: (codes: ContiguousArray<UInt8>, dictionary: ContiguousArray<String>)? {
        if case .strings(let values) = self.column.values { (values.codes, values.dictionary) } else { nil }
    }

    /// The value of the node at a place, 0 to 127; null when it has none.
    package subscript(slot: Int) -> Value { self.column[slot] }
}

/// A node's entries as plain memory.
@usableFromInline
struct AdjacencySlice {
    @usableFromInline let neighbours: UnsafeMutablePointer<UInt32>
    @usableFromInline let relationships: UnsafeMutablePointer<UInt32>
    @usableFromInline let count: Int
    /// Whether the entries lie elsewhere.
    @usableFromInline let isHub: Bool

    // Safe: one word that nobody writes or reads, the count being 0.
    nonisolated(unsafe) static let empty: AdjacencySlice = {
        let word = UnsafeMutablePointer<UInt32>.allocate(capacity: 1)
        return AdjacencySlice(neighbours: word, relationships: word, count: 0, isHub: false)
    }()

    init(
        neighbours: UnsafeMutablePointer<UInt32>, relationships: UnsafeMutablePointer<UInt32>, count: Int,
        isHub: Bool
    ) {
        self.neighbours = neighbours
        self.relationships = relationships
        self.count = count
        self.isHub = isHub
    }
}
