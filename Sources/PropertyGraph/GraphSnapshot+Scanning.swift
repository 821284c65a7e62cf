// Reading much at once: neighbours and columns as plain memory, without counting references.

extension GraphSnapshot {
    /// Calls the body for each relationship of a node in one direction, of one type or of all, sorted by type, neighbour
    /// and relationship. Nothing is retained; the body is called across rooms, some ns each.
    package func forEachNeighbour(
        of node: NodeID, _ direction: Direction, type: RelationshipTypeID? = nil,
        _ body: (NodeID, RelationshipID) -> Void
    ) {
        let slice = self.unsafeNeighbours(of: node, direction, type: type)
        for (index, neighbour) in slice.nodes.enumerated() {
            body(NodeID(neighbour), RelationshipID(slice.relationships[index]))
        }
        if slice.isHub {
            self.forEachHubRun(of: node, direction, type: type) { run in
                for entry in run { body(entry.neighbour, entry.relationship) }
            }
        }
        withExtendedLifetime(self) {}
    }

    /// Where a node's neighbours lie in memory, valid as long as the snapshot is held: for loops that must cost what a loop
    /// over a CSR costs. When ``NeighbourSlice/isHub`` is true they lie elsewhere: call
    /// ``forEachHubRun(of:_:type:_:)``. O(1), with a type O(log degree).
    package func unsafeNeighbours(
        of node: NodeID, _ direction: Direction, type: RelationshipTypeID? = nil
    ) -> NeighbourSlice {
        let page =
            direction == .outgoing
            ? self.outgoing.unretained(pageOf: node.index) : self.incoming.unretained(pageOf: node.index)
        guard let page else { return NeighbourSlice() }
        return page._withUnsafeGuaranteedRef { page in
            var range = page.range(node.adjacencySlot)
            if let type { range = page.range(range, type: type.index) }
            return NeighbourSlice(
                nodes: UnsafeBufferPointer(start: page.neighbours + range.lowerBound, count: range.count),
                relationships: UnsafeBufferPointer(
                    start: page.relationships + range.lowerBound, count: range.count),
                isHub: range.isEmpty && !page.hubs.isEmpty)
        }
    }

    /// Calls the body with the entries of a node of very high degree, in order and many at a time; does nothing for other
    /// nodes.
    package func forEachHubRun(
        of node: NodeID, _ direction: Direction, type: RelationshipTypeID?,
        _ body: (UnsafeBufferPointer<AdjacencyEntry>) -> Void
    ) {
        let adjacency = self.adjacency(of: node, direction)
        adjacency.forEachHubRun(in: type.map { adjacency.range(of: $0) } ?? 0..<adjacency.count, body)
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

    /// The values when all are days.
    package var dates: ContiguousArray<CalendarDate>? {
        if case .dates(let values) = self.column.values { values } else { nil }
    }

    /// The values when all are days with a time and without an offset.
    package var localDateTimes: ContiguousArray<LocalDateTime>? {
        if case .localDateTimes(let values) = self.column.values { values } else { nil }
    }

    /// The values when all are texts: a code for each, and the texts by code, each of them once.
    package var strings: (codes: ContiguousArray<UInt8>, dictionary: ContiguousArray<String>)? {
        if case .strings(let values) = self.column.values { (values.codes, values.dictionary) } else { nil }
    }

    /// The code of a text among ``strings``; nil when no node of the page has it.
    package func code(of text: String) -> UInt8? {
        if case .strings(let values) = self.column.values { values.code(of: text) } else { nil }
    }

    /// The value of the node at a place, 0 to 127; null when it has none.
    package subscript(slot: Int) -> Value { self.column[slot] }
}

/// A node's neighbours and the relationships to them, side by side, as plain memory that the snapshot owns.
package struct NeighbourSlice {
    /// Numbers of the nodes at the other ends.
    package let nodes: UnsafeBufferPointer<UInt32>
    /// Numbers of the relationships, one for each of ``nodes``.
    package let relationships: UnsafeBufferPointer<UInt32>
    /// Whether the node may have its relationships elsewhere.
    package let isHub: Bool

    fileprivate init(
        nodes: UnsafeBufferPointer<UInt32> = .init(start: nil, count: 0),
        relationships: UnsafeBufferPointer<UInt32> = .init(start: nil, count: 0), isHub: Bool = false
    ) {
        self.nodes = nodes
        self.relationships = relationships
        self.isHub = isHub
    }
}
