// Bringing many new relationships to their ends at once: each page of nodes is written once.

extension GraphSnapshot {
    /// Puts relationships that are in the table but not yet at their ends in order there, and counts their patterns.
    /// O(n log n) for n relationships, and each touched page is written once.
    mutating func settle(_ relationships: ContiguousArray<UInt32>) {
        guard !relationships.isEmpty else { return }
        var ends = ContiguousArray<RelationshipRecord>()
        ends.reserveCapacity(relationships.count)
        for id in relationships {
            ends.append(
                self.relationship(RelationshipID(id))
                    ?? RelationshipRecord(type: .init(0), source: .init(0), target: .init(0)))
        }
        self.countPatterns(ends)
        let bound = Int(self.nodeIDBound)
        Self.settle(relationships, ends, &self.outgoing, bound, isOutgoing: true)
        Self.settle(relationships, ends, &self.incoming, bound, isOutgoing: false)
    }

    private mutating func countPatterns(_ ends: ContiguousArray<RelationshipRecord>) {
        // Looked up once a node, not once a relationship: reads of nodes in random order miss the caches.
        var sets = ContiguousArray<UInt32>()
        if ends.count > Int(self.nodeIDBound) / 8 {
            sets.reserveCapacity(Int(self.nodeIDBound))
            for number in 0..<self.nodeIDBound { sets.append(self.labelSet(of: NodeID(number))) }
        }
        var counts: [PatternCounts.Pattern: Int] = [:]
        var (last, run) = (PatternCounts.Pattern(source: 0, type: 0, target: 0), 0)
        for record in ends {
            let source = sets.isEmpty ? self.labelSet(of: record.source) : sets[Int(record.source.index)]
            let target = sets.isEmpty ? self.labelSet(of: record.target) : sets[Int(record.target.index)]
            let pattern = PatternCounts.Pattern(source: source, type: record.type.index, target: target)
            if pattern != last {
                if run > 0 { counts[last, default: 0] += run }
                (last, run) = (pattern, 0)
            }
            run += 1
        }
        counts[last, default: 0] += run
        for (pattern, count) in counts { self.patternCounts.add(count, pattern) }
    }

    private static func settle(
        _ relationships: ContiguousArray<UInt32>, _ ends: ContiguousArray<RelationshipRecord>,
        _ table: inout PageTable<AdjacencyPage>, _ bound: Int, isOutgoing: Bool
    ) {
        // A counting sort by page.
        var starts = ContiguousArray<Int>(repeating: 0, count: bound >> AdjacencyPage.shift + 2)
        for record in ends {
            let node = isOutgoing ? record.source.index : record.target.index
            starts[Int(node) >> AdjacencyPage.shift + 1] += 1
        }
        for page in 1..<starts.count { starts[page] += starts[page - 1] }
        var order = ContiguousArray<Int32>(repeating: 0, count: ends.count)
        var next = starts
        for index in ends.indices {
            let node = isOutgoing ? ends[index].source.index : ends[index].target.index
            let page = Int(node) >> AdjacencyPage.shift
            order[next[page]] = Int32(truncatingIfNeeded: index)
            next[page] += 1
        }
        var added = ContiguousArray<(slot: Int, entry: AdjacencyEntry)>()
        for page in 0..<starts.count - 1 where starts[page] < starts[page + 1] {
            added.removeAll(keepingCapacity: true)
            for position in starts[page]..<starts[page + 1] {
                let index = Int(order[position])
                let record = ends[index]
                let node = isOutgoing ? record.source : record.target
                added.append(
                    (
                        node.adjacencySlot,
                        AdjacencyEntry(
                            type: record.type, neighbour: isOutgoing ? record.target : record.source,
                            relationship: RelationshipID(relationships[index]))
                    ))
            }
            table.update(UInt32(page << AdjacencyPage.shift)) { $0.merge(added) }
        }
    }
}
