/// The nodes of a label, kept with each snapshot. Costs are those of ``IDSet``.
package struct NodeSet: Sendable, Sequence {
    private var numbers = IDSet()

    /// The empty set.
    package init() {}

    /// How many nodes are in the set.
    package var count: Int { self.numbers.count }

    /// Whether the node is in the set.
    package func contains(_ node: NodeID) -> Bool { self.numbers.contains(node.index) }

    /// Adds a node; does nothing when it is there already.
    package mutating func insert(_ node: NodeID) { self.numbers.insert(node.index) }

    /// Takes a node out; does nothing when it is not there.
    package mutating func remove(_ node: NodeID) { self.numbers.remove(node.index) }

    /// Which of the 128 nodes from a number on, a multiple of 128, are members, by bit.
    package func bits(at first: NodeID) -> (UInt64, UInt64) {
        (self.numbers.word(first.index >> 6), self.numbers.word(first.index >> 6 + 1))
    }

    /// The number of members, exactly, so that arrays made from the set are sized once.
    package var underestimatedCount: Int { self.numbers.count }

    /// The members in order of id.
    package func makeIterator() -> Iterator { Iterator(numbers: self.numbers.makeIterator()) }

    /// Walks the members in order of id.
    package struct Iterator: IteratorProtocol {
        fileprivate var numbers: IDSet.Iterator

        /// The next member, or nil at the end.
        package mutating func next() -> NodeID? { self.numbers.next().map(NodeID.init) }
    }
}
