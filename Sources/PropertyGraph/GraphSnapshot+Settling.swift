internal import Dispatch

// Bringing many new relationships to their ends at once: each page of nodes is written once.

extension GraphSnapshot {
    /// From so many relationships on, both directions are settled at the same time.
    private static let parallelThreshold = 1 << 14

    /// Puts relationships that are in the table but not yet at their ends in order there, and counts their patterns.
    /// O(n log n) for n relationships, and each touched page is written once. Blocks; many are settled on two threads.
    mutating func settle(_ relationships: ContiguousArray<UInt32>) {
        guard !relationships.isEmpty else { return }
        let arrivals = Arrivals(relationships, self)
        guard relationships.count >= Self.parallelThreshold else {
            arrivals.settle(&self.outgoing, .outgoing)
            arrivals.settle(&self.incoming, .incoming)
            return self.countPatterns(arrivals.records)
        }
        // Each table is moved into its lock: with a second holder its pages would be copied.
        let outgoing = Locked(Self.taken(&self.outgoing))
        let incoming = Locked(Self.taken(&self.incoming))
        DispatchQueue.concurrentPerform(iterations: 2) { direction in
            if direction == 0 {
                outgoing.withLock { arrivals.settle(&$0, .outgoing) }
            } else {
                incoming.withLock { arrivals.settle(&$0, .incoming) }
            }
        }
        self.outgoing = outgoing.withLock { Self.taken(&$0) }
        self.incoming = incoming.withLock { Self.taken(&$0) }
        self.countPatterns(arrivals.records)
    }

    private static func taken(_ table: inout PageTable<AdjacencyPage>) -> PageTable<AdjacencyPage> {
        var taken = PageTable<AdjacencyPage>()
        swap(&taken, &table)
        return taken
    }

    private mutating func countPatterns(_ records: ContiguousArray<RelationshipRecord>) {
        var tally = PatternTally(
            labelSets: self.labelSets.count, types: self.typeCounts.count, expecting: records.count)
        if records.count > Int(self.nodeIDBound) / 8 {
            // Looked up once a node, not once a relationship: reads of nodes in random order miss the caches.
            let sets = (0..<self.nodeIDBound).map { self.labelSet(of: NodeID($0)) }
            for record in records {
                tally.add(sets[Int(record.source.index)], record.type.index, sets[Int(record.target.index)])
            }
        } else {
            for record in records {
                tally.add(
                    self.labelSet(of: record.source), record.type.index, self.labelSet(of: record.target))
            }
        }
        tally.forEach { self.patternCounts.add($1, $0) }
    }
}

/// Counts patterns of many relationships: in an array when there can be fewer of them, which saves a hash for each.
private struct PatternTally {
    private let labelSets: Int
    private let types: Int
    private var dense: ContiguousArray<Int> = []
    private var sparse: [PatternCounts.Pattern: Int] = [:]

    init(labelSets: Int, types: Int, expecting relationships: Int) {
        (self.labelSets, self.types) = (labelSets, types)
        let (pairs, overflow) = labelSets.multipliedReportingOverflow(by: labelSets)
        let (count, overflows) = pairs.multipliedReportingOverflow(by: types)
        guard !overflow, !overflows, count <= relationships else { return }
        self.dense = ContiguousArray(repeating: 0, count: count)
    }

    mutating func add(_ source: UInt32, _ type: UInt32, _ target: UInt32) {
        if self.dense.isEmpty {
            self.sparse[.init(source: source, type: type, target: target), default: 0] += 1
        } else {
            self.dense[(Int(source) * self.types + Int(type)) * self.labelSets + Int(target)] += 1
        }
    }

    func forEach(_ body: (PatternCounts.Pattern, Int) -> Void) {
        for (pattern, count) in self.sparse { body(pattern, count) }
        for (place, count) in self.dense.enumerated() where count > 0 {
            let (rest, target) = place.quotientAndRemainder(dividingBy: self.labelSets)
            let (source, type) = rest.quotientAndRemainder(dividingBy: self.types)
            body(.init(source: UInt32(source), type: UInt32(type), target: UInt32(target)), count)
        }
    }
}

/// Relationships on their way to their ends.
private struct Arrivals: Sendable {
    private let relationships: ContiguousArray<UInt32>
    let records: ContiguousArray<RelationshipRecord>
    /// One past the greatest node.
    private let nodeBound: Int

    init(_ relationships: ContiguousArray<UInt32>, _ graph: GraphSnapshot) {
        self.relationships = relationships
        self.nodeBound = Int(graph.nodeIDBound)
        var records = ContiguousArray<RelationshipRecord>()
        records.reserveCapacity(relationships.count)
        for id in relationships {
            records.append(
                graph.relationship(RelationshipID(id))
                    ?? RelationshipRecord(type: .init(0), source: .init(0), target: .init(0)))
        }
        self.records = records
    }

    /// Puts all of them into one direction's table.
    func settle(_ table: inout PageTable<AdjacencyPage>, _ direction: Direction) {
        let (order, starts) = self.orderedByPage(direction)
        var arriving = ContiguousArray<AdjacencyPage.Arrival>()
        for page in 0..<starts.count - 1 where starts[page] < starts[page + 1] {
            arriving.removeAll(keepingCapacity: true)
            for position in starts[page]..<starts[page + 1] {
                let index = Int(order[Int(position)])
                let record = self.records[index]
                let (node, neighbour) = record.ends(direction)
                arriving.append(
                    AdjacencyPage.Arrival(
                        slot: node.adjacencySlot,
                        entry: AdjacencyEntry(
                            type: record.type, neighbour: neighbour,
                            relationship: RelationshipID(self.relationships[index]))))
            }
            table.update(UInt32(page << AdjacencyPage.shift)) { $0.merge(&arriving) }
        }
    }

    /// A counting sort: the positions of ``records`` by the page of one end, and where each page's begin.
    private func orderedByPage(
        _ direction: Direction
    ) -> (order: ContiguousArray<UInt32>, starts: ContiguousArray<UInt32>) {
        var starts = ContiguousArray<UInt32>(
            repeating: 0, count: self.nodeBound >> AdjacencyPage.shift + 2)
        for record in self.records {
            starts[Int(record.ends(direction).node.index) >> AdjacencyPage.shift + 1] += 1
        }
        for page in 1..<starts.count { starts[page] += starts[page - 1] }
        var next = starts
        let order = ContiguousArray<UInt32>(unsafeUninitializedCapacity: self.records.count) { order, count in
            for index in self.records.indices {
                let page = Int(self.records[index].ends(direction).node.index) >> AdjacencyPage.shift
                order[Int(next[page])] = UInt32(truncatingIfNeeded: index)
                next[page] += 1
            }
            count = self.records.count
        }
        return (order, starts)
    }
}

extension RelationshipRecord {
    /// The node at which it stands in a direction, and the other one.
    @inline(__always)
    fileprivate func ends(_ direction: Direction) -> (node: NodeID, neighbour: NodeID) {
        direction == .outgoing ? (self.source, self.target) : (self.target, self.source)
    }
}
