/// A set of nodes as a bitmap in pages: the nodes of a label, kept with each snapshot.
///
/// Membership is O(1), iteration is in order of id and O(bound / 64 + members). Copying is O(1); a
/// write copies one page of 512 bytes.
package struct NodeSet: Sendable, Sequence {
    private static let wordsPerPage = 64
    private var pages: [[UInt64]] = []

    /// How many nodes are in the set.
    package private(set) var count = 0

    /// The empty set.
    package init() {}

    /// Whether the node is in the set.
    package func contains(_ node: NodeID) -> Bool {
        let word = Int(node.index) / 64
        let page = word / Self.wordsPerPage
        guard page < self.pages.count else { return false }
        return self.pages[page][word % Self.wordsPerPage] & (1 << UInt64(node.index % 64)) != 0
    }

    /// Adds a node; does nothing when it is there already.
    package mutating func insert(_ node: NodeID) {
        let word = Int(node.index) / 64
        let page = word / Self.wordsPerPage
        while self.pages.count <= page {
            self.pages.append([UInt64](repeating: 0, count: Self.wordsPerPage))
        }
        let bit = UInt64(1) << UInt64(node.index % 64)
        guard self.pages[page][word % Self.wordsPerPage] & bit == 0 else { return }
        self.pages[page][word % Self.wordsPerPage] |= bit
        self.count += 1
    }

    /// Takes a node out; does nothing when it is not there.
    package mutating func remove(_ node: NodeID) {
        guard self.contains(node) else { return }
        let word = Int(node.index) / 64
        self.pages[word / Self.wordsPerPage][word % Self.wordsPerPage] &= ~(1 << UInt64(node.index % 64))
        self.count -= 1
    }

    /// The members in order of id.
    package func makeIterator() -> Iterator { Iterator(pages: self.pages) }

    /// The number of members, exactly, so that arrays made from the set are sized once.
    package var underestimatedCount: Int { self.count }

    /// Walks the set bits page by page.
    package struct Iterator: IteratorProtocol {
        private let pages: [[UInt64]]
        private var word = -1
        private var bits: UInt64 = 0

        fileprivate init(pages: [[UInt64]]) { self.pages = pages }

        /// The next member, or nil at the end.
        package mutating func next() -> NodeID? {
            while self.bits == 0 {
                self.word += 1
                let page = self.word / NodeSet.wordsPerPage
                guard page < self.pages.count else { return nil }
                self.bits = self.pages[page][self.word % NodeSet.wordsPerPage]
            }
            let bit = self.bits.trailingZeroBitCount
            self.bits &= self.bits - 1
            return NodeID(UInt32(self.word * 64 + bit))
        }
    }
}
