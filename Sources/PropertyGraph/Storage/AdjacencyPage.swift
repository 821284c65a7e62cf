/// The relationships of 16 neighbouring nodes in one direction.
///
/// A small CSR in one block: where each node's entries begin, then neighbours, relationships and types, each side by
/// side and sorted within a node by (type, neighbour, relationship). Walking neighbours touches 4 bytes an edge. A node of
/// more than ``hubDegree`` relationships keeps them in a tree of its own, so that one more costs O(log degree).
///
/// `@unchecked Sendable`: see ``StoredPage``.
final class AdjacencyPage: StoredPage, @unchecked Sendable {
    /// 16 nodes: a commit copies the pages of the two ends, and with 128 nodes of ten relationships that was a third of its
    /// time; walks cost the same.
    static let shift = 4
    static let size = 1 << shift
    /// From this degree on a node's entries lie in a tree.
    static let hubDegree = 1024
    private static let offsetCount = AdjacencyPage.size + 1

    private var words: UnsafeMutablePointer<UInt32>
    private(set) var capacity: Int
    private(set) var hubs: ContiguousArray<Hub> = []

    struct Hub: Sendable {
        let slot: Int
        var entries: SortedTree<AdjacencyEntry>
    }

    init() {
        self.capacity = 0
        self.words = Self.allocate(0)
        self.words.initialize(repeating: 0, count: Self.offsetCount)
    }

    private init(copying other: AdjacencyPage) {
        let count = other.count
        // A page is copied to be changed: room for some entries saves a second copy.
        self.capacity = count + max(4, count / 16)
        self.words = Self.allocate(self.capacity)
        self.hubs = other.hubs
        self.move(from: other.words, capacity: other.capacity, count: count)
    }

    func copied() -> Self { Self(copying: self) }

    deinit { self.words.deallocate() }

    private static func allocate(_ capacity: Int) -> UnsafeMutablePointer<UInt32> {
        .allocate(capacity: Self.offsetCount + 3 * capacity)
    }

    private func move(from old: UnsafeMutablePointer<UInt32>, capacity: Int, count: Int) {
        self.words.update(from: old, count: Self.offsetCount)
        for column in 0..<3 {
            (self.words + Self.offsetCount + column * self.capacity)
                .update(from: old + Self.offsetCount + column * capacity, count: count)
        }
    }

    // MARK: Reading

    /// How many entries lie in the block, those of hubs aside.
    var count: Int { Int(self.words[AdjacencyPage.size]) }
    var neighbours: UnsafeMutablePointer<UInt32> { self.words + Self.offsetCount }
    var relationships: UnsafeMutablePointer<UInt32> { self.neighbours + self.capacity }
    var types: UnsafeMutablePointer<UInt32> { self.relationships + self.capacity }

    /// Where a node's entries lie in the block; empty for hubs.
    @inline(__always)
    func range(_ slot: Int) -> Range<Int> {
        Range(uncheckedBounds: (Int(self.words[slot]), Int(self.words[slot + 1])))
    }

    func hub(_ slot: Int) -> SortedTree<AdjacencyEntry>? {
        self.hubs.isEmpty ? nil : self.hubs.first { $0.slot == slot }?.entries
    }

    func entry(_ index: Int) -> AdjacencyEntry {
        AdjacencyEntry(
            type: RelationshipTypeID(self.types[index]), neighbour: NodeID(self.neighbours[index]),
            relationship: RelationshipID(self.relationships[index]))
    }

    func degree(_ slot: Int) -> Int { self.hub(slot)?.count ?? self.range(slot).count }

    /// The first place in a range whose entry is not before the given one.
    func lowerBound(_ entry: AdjacencyEntry, in range: Range<Int>) -> Int {
        var (low, high) = (range.lowerBound, range.upperBound)
        while low < high {
            let middle = (low + high) / 2
            if self.entry(middle) < entry { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// The entries of one type in a node's range. O(1) when all are of it or none can be, else O(log degree).
    @inline(__always)
    func range(_ range: Range<Int>, type: UInt32) -> Range<Int> {
        guard let last = range.last else { return range }
        let types = self.types
        if types[range.lowerBound] == type, types[last] == type { return range }
        if range.count <= 64 {
            // Counting has no branch to guess wrong and runs in vectors: faster than halving while entries are few.
            var (before, until) = (0, 0)
            for index in range {
                before &+= types[index] < type ? 1 : 0
                until &+= types[index] <= type ? 1 : 0
            }
            return Range(uncheckedBounds: (range.lowerBound &+ before, range.lowerBound &+ until))
        }
        let lower = Self.firstIndex(types, range) { $0 < type }
        return lower..<Self.firstIndex(types, lower..<range.upperBound) { $0 <= type }
    }

    private static func firstIndex(
        _ types: UnsafeMutablePointer<UInt32>, _ range: Range<Int>, _ isBefore: (UInt32) -> Bool
    ) -> Int {
        var (low, high) = (range.lowerBound, range.upperBound)
        while low < high {
            let middle = (low + high) / 2
            if isBefore(types[middle]) { low = middle + 1 } else { high = middle }
        }
        return low
    }

    // MARK: Changing

    func insert(_ entry: AdjacencyEntry, _ slot: Int) {
        if let hub = self.hubs.firstIndex(where: { $0.slot == slot }) {
            self.hubs[hub].entries.insert(entry)
            return
        }
        let range = self.range(slot)
        let index = self.lowerBound(entry, in: range)
        if self.count == self.capacity { self.grow(to: self.capacity + max(16, self.capacity / 4)) }
        self.shift(from: index, by: 1)
        self.write(entry, at: index)
        for later in slot + 1...AdjacencyPage.size { self.words[later] += 1 }
        if range.count + 1 > Self.hubDegree { self.makeHub(slot) }
    }

    func remove(_ entry: AdjacencyEntry, _ slot: Int) {
        if let hub = self.hubs.firstIndex(where: { $0.slot == slot }) {
            self.hubs[hub].entries.remove(entry)
            if self.hubs[hub].entries.count <= Self.hubDegree / 2 { self.endHub(hub) }
            return
        }
        let range = self.range(slot)
        let index = self.lowerBound(entry, in: range)
        guard index < range.upperBound, self.entry(index) == entry else { return }
        self.shift(from: index + 1, by: -1)
        for later in slot + 1...AdjacencyPage.size { self.words[later] -= 1 }
    }

    /// An entry on its way into the page, packed so that it sorts by two comparisons of numbers.
    struct Arrival {
        let slot: UInt32
        let relationship: UInt32
        /// The type above the neighbour.
        let key: UInt64

        @inline(__always)
        init(slot: Int, entry: AdjacencyEntry) {
            self.slot = UInt32(truncatingIfNeeded: slot)
            self.relationship = entry.relationship.index
            self.key = UInt64(entry.type.index) << 32 | UInt64(entry.neighbour.index)
        }

        var entry: AdjacencyEntry {
            AdjacencyEntry(
                type: RelationshipTypeID(UInt32(truncatingIfNeeded: self.key >> 32)),
                neighbour: NodeID(UInt32(truncatingIfNeeded: self.key)),
                relationship: RelationshipID(self.relationship))
        }

        /// Orders as entries of one node.
        @inline(__always)
        static func isBefore(_ left: Arrival, _ right: Arrival) -> Bool {
            left.key != right.key ? left.key < right.key : left.relationship < right.relationship
        }
    }

    /// Merges entries for many nodes of the page in one pass, and uses up their array. O((old + new) log degree).
    func merge(_ arriving: inout ContiguousArray<Arrival>) {
        if !self.hubs.isEmpty {
            for arrival in arriving { self.insertIntoHub(arrival) }
            arriving.removeAll { self.hub(Int($0.slot)) != nil }
        }
        for slot in 0..<AdjacencyPage.size {
            for index in self.range(slot) { arriving.append(Arrival(slot: slot, entry: self.entry(index))) }
        }
        withUnsafeTemporaryAllocation(of: Arrival.self, capacity: arriving.count) { sorted in
            withUnsafeTemporaryAllocation(of: Int.self, capacity: AdjacencyPage.size + 1) { starts in
                Self.sort(arriving, into: sorted, starts)
                self.replace(with: sorted, starts)
            }
        }
    }

    /// Makes these the entries that are not in trees, those of each node from its start on.
    private func replace(
        with sorted: UnsafeMutableBufferPointer<Arrival>, _ starts: UnsafeMutableBufferPointer<Int>
    ) {
        self.words.deallocate()
        self.words = Self.allocate(sorted.count)
        self.capacity = sorted.count
        self.words[0] = 0
        var end = 0
        for slot in 0..<AdjacencyPage.size {
            let entries = UnsafeMutableBufferPointer(rebasing: sorted[starts[slot]..<starts[slot + 1]])
            if entries.count > Self.hubDegree {
                self.hubs.append(Hub(slot: slot, entries: SortedTree(sorted: entries.map(\.entry))))
            } else {
                for arrival in entries {
                    self.write(arrival.entry, at: end)
                    end += 1
                }
            }
            self.words[slot + 1] = UInt32(end)
        }
    }

    private func insertIntoHub(_ arrival: Arrival) {
        guard let hub = self.hubs.firstIndex(where: { $0.slot == arrival.slot }) else { return }
        self.hubs[hub].entries.insert(arrival.entry)
    }

    /// Fills two buffers, which are not initialized: the entries slot by slot and in order within each, and where each
    /// slot begins.
    private static func sort(
        _ arriving: ContiguousArray<Arrival>, into sorted: UnsafeMutableBufferPointer<Arrival>,
        _ starts: UnsafeMutableBufferPointer<Int>
    ) {
        starts.initialize(repeating: 0)
        for arrival in arriving { starts[Int(arrival.slot) + 1] += 1 }
        for slot in 0..<AdjacencyPage.size { starts[slot + 1] += starts[slot] }
        // From the last on, each slot's start moves from its end to where it is.
        for arrival in arriving.reversed() {
            let slot = Int(arrival.slot) + 1
            starts[slot] -= 1
            sorted.initializeElement(at: starts[slot], to: arrival)
        }
        for slot in 0..<AdjacencyPage.size { starts[slot] = starts[slot + 1] }
        starts[AdjacencyPage.size] = arriving.count
        for slot in 0..<AdjacencyPage.size where starts[slot + 1] - starts[slot] > 1 {
            var entries = UnsafeMutableBufferPointer(rebasing: sorted[starts[slot]..<starts[slot + 1]])
            entries.sort(by: Arrival.isBefore)
        }
    }

    private func write(_ entry: AdjacencyEntry, at index: Int) {
        self.neighbours[index] = entry.neighbour.index
        self.relationships[index] = entry.relationship.index
        self.types[index] = entry.type.index
    }

    /// Moves everything from a place on by some places; the offsets are the caller's.
    private func shift(from index: Int, by distance: Int) {
        let count = self.count - index
        for column in [self.neighbours, self.relationships, self.types] {
            (column + index + distance).update(from: column + index, count: count)
        }
    }

    private func grow(to capacity: Int) {
        let (old, oldCapacity, count) = (self.words, self.capacity, self.count)
        self.words = Self.allocate(capacity)
        self.capacity = capacity
        self.move(from: old, capacity: oldCapacity, count: count)
        old.deallocate()
    }

    private func makeHub(_ slot: Int) {
        let range = self.range(slot)
        let entries = range.map(self.entry)
        self.hubs.append(Hub(slot: slot, entries: SortedTree(sorted: entries)))
        self.shift(from: range.upperBound, by: -range.count)
        for later in slot + 1...AdjacencyPage.size { self.words[later] -= UInt32(range.count) }
    }

    private func endHub(_ hub: Int) {
        let (slot, entries) = (self.hubs[hub].slot, self.hubs[hub].entries)
        self.hubs.remove(at: hub)
        let added = entries.count
        if self.count + added > self.capacity { self.grow(to: self.count + added + 16) }
        var index = self.range(slot).lowerBound
        self.shift(from: index, by: added)
        entries.forEach { entry in
            self.write(entry, at: index)
            index += 1
            return true
        }
        for later in slot + 1...AdjacencyPage.size { self.words[later] += UInt32(added) }
    }
}
