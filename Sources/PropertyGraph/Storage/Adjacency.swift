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
        if left.type != right.type { return left.type < right.type }
        if left.neighbour != right.neighbour { return left.neighbour < right.neighbour }
        return left.relationship < right.relationship
    }
}

/// The relationships of one node in one direction, sorted by type, neighbour and relationship.
///
/// Finding a type or a neighbour is O(log degree). An entry by position is O(1), for nodes of very high degree O(log degree);
/// to walk many use ``forEach(in:_:)``.
package struct Adjacency: Sendable, RandomAccessCollection {
    private enum Place: Sendable {
        /// Entries of a block from `start` on.
        case page(AdjacencyPage, start: Int)
        case hub(SortedTree<AdjacencyEntry>)
    }

    private let place: Place
    /// How many relationships there are.
    package let count: Int

    init() {
        self.place = .hub(SortedTree())
        self.count = 0
    }

    init(page: AdjacencyPage, slot: Int) {
        if let hub = page.hub(slot) {
            self.place = .hub(hub)
            self.count = hub.count
        } else {
            let range = page.range(slot)
            self.place = .page(page, start: range.lowerBound)
            self.count = range.count
        }
    }

    /// Always 0.
    package var startIndex: Int { 0 }
    /// Same as ``count``.
    package var endIndex: Int { self.count }

    /// The entry at a position.
    package subscript(position: Int) -> AdjacencyEntry {
        precondition(position >= 0 && position < self.count, "no such entry")
        switch self.place {
        case .page(let page, let start): return page.entry(start + position)
        case .hub(let entries): return entries[position]
        }
    }

    /// Calls the body for the entries of a range in order until it says false.
    /// - Returns: whether the body never said false.
    @discardableResult
    package func forEach<Failure: Error>(
        in range: Range<Int>, _ body: (AdjacencyEntry) throws(Failure) -> Bool
    ) throws(Failure) -> Bool {
        switch self.place {
        case .page(let page, let start):
            for position in range {
                guard try body(page.entry(start + position)) else { return false }
            }
            return true
        case .hub(let entries):
            var left = range.count
            guard left > 0 else { return true }
            var isWanted = true
            try entries.forEach(from: range.lowerBound) { entry throws(Failure) in
                isWanted = try body(entry)
                left -= 1
                return isWanted && left > 0
            }
            return isWanted
        }
    }

    /// As ``forEach(in:_:)``, for nodes of very high degree, with many entries at a time; does nothing for others.
    func forEachHubRun(in range: Range<Int>, _ body: (UnsafeBufferPointer<AdjacencyEntry>) -> Void) {
        if case .hub(let entries) = self.place { entries.forEachRun(in: range, body) }
    }

    /// The entries of one type. O(log degree).
    package func entries(of type: RelationshipTypeID) -> Slice<Adjacency> { self[self.range(of: type)] }

    /// Where the entries of one type lie. O(log degree).
    package func range(of type: RelationshipTypeID) -> Range<Int> {
        let lower = self.position(AdjacencyEntry(type: type, neighbour: .init(0), relationship: .init(0)))
        guard type.index < UInt32.max else { return lower..<self.count }
        let next = RelationshipTypeID(type.index + 1)
        return lower..<self.position(AdjacencyEntry(type: next, neighbour: .init(0), relationship: .init(0)))
    }

    /// Where the relationships of one type to one neighbour lie. O(log degree).
    package func range(of type: RelationshipTypeID, to neighbour: NodeID) -> Range<Int> {
        let lower = self.position(AdjacencyEntry(type: type, neighbour: neighbour, relationship: .init(0)))
        let last = AdjacencyEntry(type: type, neighbour: neighbour, relationship: .init(.max))
        return lower..<self.position(last)
    }

    /// Calls the body for each pair of entries, one of a range here and one of a range there, that have the same neighbour,
    /// until it says false. Both ranges are of one type each. O(shorter · log longer), or O(both) when they are much alike.
    /// - Returns: whether the body never said false.
    package func forEachCommonNeighbour(
        in range: Range<Int>, with other: Adjacency, in otherRange: Range<Int>,
        _ body: (AdjacencyEntry, AdjacencyEntry) throws -> Bool
    ) rethrows -> Bool {
        var (left, right) = (range.lowerBound, otherRange.lowerBound)
        while left < range.upperBound, right < otherRange.upperBound {
            let (a, b) = (self.neighbour(left), other.neighbour(right))
            if a < b {
                left = self.firstPlace(of: b, in: left + 1..<range.upperBound)
            } else if b < a {
                right = other.firstPlace(of: a, in: right + 1..<otherRange.upperBound)
            } else {
                var (leftEnd, rightEnd) = (left + 1, right + 1)
                while leftEnd < range.upperBound, self.neighbour(leftEnd) == a { leftEnd += 1 }
                while rightEnd < otherRange.upperBound, other.neighbour(rightEnd) == a { rightEnd += 1 }
                for mine in left..<leftEnd {
                    for theirs in right..<rightEnd {
                        guard try body(self[mine], other[theirs]) else { return false }
                    }
                }
                (left, right) = (leftEnd, rightEnd)
            }
        }
        return true
    }

    @inline(__always)
    private func neighbour(_ position: Int) -> UInt32 {
        switch self.place {
        case .page(let page, let start): page.neighbours[start + position]
        case .hub(let entries): entries[position].neighbour.index
        }
    }

    /// The first place whose neighbour is not before one, looked for in steps that double.
    @inline(__always)
    private func firstPlace(of neighbour: UInt32, in range: Range<Int>) -> Int {
        var (low, step) = (range.lowerBound, 1)
        while low + step < range.upperBound, self.neighbour(low + step) < neighbour {
            low += step
            step *= 2
        }
        var high = Swift.min(low + step, range.upperBound)
        while low < high {
            let middle = (low + high) / 2
            if self.neighbour(middle) < neighbour { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// How many entries come before this one.
    private func position(_ entry: AdjacencyEntry) -> Int {
        switch self.place {
        case .page(let page, let start): page.lowerBound(entry, in: start..<start + self.count) - start
        case .hub(let entries): entries.rank(entry)
        }
    }
}
