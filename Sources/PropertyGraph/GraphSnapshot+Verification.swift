// Whether what is kept twice agrees: the law that every write must obey, checked from outside.

extension GraphSnapshot {
    /// Where the parts of the graph contradict each other; empty for a sound one. At most `limit` findings.
    ///
    /// Every relationship has both ends and stands at both, in order; labels' members, counts of labels, types and patterns,
    /// and free numbers are what a recount gives; each index holds just what it should, and constraints hold.
    /// O(entities, log n each).
    package func inconsistencies(limit: Int = 20) -> [String] {
        let verifier = GraphVerifier(graph: self, limit: limit)
        return verifier.run()
    }
}

private final class GraphVerifier {
    let graph: GraphSnapshot
    let limit: Int
    private var found: [String] = []

    init(graph: GraphSnapshot, limit: Int) {
        self.graph = graph
        self.limit = limit
    }

    func run() -> [String] {
        self.checkNodes()
        self.checkRelationships()
        self.checkAdjacency(.outgoing)
        self.checkAdjacency(.incoming)
        for index in self.graph.indexes { self.check(index) }
        for constraint in self.graph.constraints { self.check(constraint) }
        return self.found
    }

    private func expect(_ holds: Bool, _ message: @autoclosure () -> String) {
        if !holds, self.found.count < self.limit { self.found.append(message()) }
    }

    private func checkNodes() {
        var (count, members) = (0, [Int](repeating: 0, count: self.graph.labelMembers.count))
        for number in 0..<self.graph.nodeIDBound {
            let node = NodeID(number)
            let exists = self.graph.contains(node)
            self.expect(
                exists != self.graph.freeNodes.contains(number), "node \(number) is free and used, or neither"
            )
            guard exists else {
                let degree = self.graph.degree(of: node, .outgoing) + self.graph.degree(of: node, .incoming)
                self.expect(degree == 0, "node \(number) does not exist and has \(degree) relationships")
                continue
            }
            count += 1
            for label in self.graph.labels(of: node) {
                members[Int(label.index)] += 1
                let isMember = self.graph.labelMembers[Int(label.index)].contains(node)
                self.expect(
                    isMember, "node \(number) is not among those of `\(self.graph.tokens.name(label))`")
            }
        }
        self.expect(count == self.graph.nodeCount, "\(count) nodes are counted as \(self.graph.nodeCount)")
        for (label, members) in members.enumerated() {
            let counted = self.graph.labelMembers[label].count
            let name = self.graph.tokens.name(LabelID(UInt32(label)))
            self.expect(members == counted, "\(members) nodes of `\(name)` are counted as \(counted)")
        }
    }

    private func checkRelationships() {
        var count = 0
        var types = [Int](repeating: 0, count: self.graph.typeCounts.count)
        var patterns: [PatternCounts.Pattern: Int] = [:]
        for number in 0..<self.graph.relationshipIDBound {
            let record = self.graph.relationship(RelationshipID(number))
            let isFree = self.graph.freeRelationships.contains(number)
            self.expect((record != nil) != isFree, "relationship \(number) is free and used, or neither")
            guard let record else { continue }
            count += 1
            types[Int(record.type.index)] += 1
            for entry in self.graph.properties(of: RelationshipID(number)) {
                self.expect(
                    self.graph.mayHave(entry.key, record.type),
                    "relationship \(number) has a property that its type is said not to have")
            }
            let (source, target) = (
                self.graph.labelSet(of: record.source), self.graph.labelSet(of: record.target)
            )
            self.expect(
                source != NodePage.none && target != NodePage.none, "relationship \(number) lacks an end")
            patterns[.init(source: source, type: record.type.index, target: target), default: 0] += 1
            let out = self.graph.adjacency(of: record.source, .outgoing)
            let isOut = out[out.range(of: record.type, to: record.target)]
                .contains { $0.relationship.index == number }
            self.expect(isOut, "relationship \(number) does not stand at its source")
            let back = self.graph.adjacency(of: record.target, .incoming)
            let isBack = back[back.range(of: record.type, to: record.source)]
                .contains { $0.relationship.index == number }
            self.expect(isBack, "relationship \(number) does not stand at its target")
        }
        self.expect(
            count == self.graph.relationshipCount,
            "\(count) relationships are counted as \(self.graph.relationshipCount)")
        self.expect(types == self.graph.typeCounts, "relationships are counted wrongly by type")
        let counted = self.graph.patternCounts.sum { _ in true }
        self.expect(counted == count, "patterns count \(counted) relationships, there are \(count)")
        for (pattern, expected) in patterns {
            let counted = self.graph.patternCounts.sum { $0 == pattern }
            self.expect(
                counted == expected, "\(expected) relationships of a pattern are counted as \(counted)")
        }
    }

    private func checkAdjacency(_ direction: Direction) {
        var total = 0
        for number in 0..<self.graph.nodeIDBound {
            var last: AdjacencyEntry?
            let adjacency = self.graph.adjacency(of: NodeID(number), direction)
            adjacency.forEach(in: 0..<adjacency.count) { entry in
                total += 1
                self.expect(
                    last.map { $0 < entry } ?? true, "the adjacency of node \(number) is not in order")
                last = entry
                return true
            }
        }
        self.expect(
            total == self.graph.relationshipCount,
            "\(total) \(direction) entries for \(self.graph.relationshipCount) relationships")
    }

    private func check(_ index: PropertyIndex) {
        var expected: [UInt32: IndexKey] = [:]
        let isNode = index.definition.on == .node
        for id in 0..<(isNode ? self.graph.nodeIDBound : self.graph.relationshipIDBound) {
            if let key = self.graph.key(index, id) { expected[id] = key }
        }
        let name = index.definition.name
        self.expect(
            index.count == expected.count, "index `\(name)` holds \(index.count) of \(expected.count)")
        for (id, key) in expected where !index.contains(id, under: key) {
            self.expect(false, "index `\(name)` lacks \(index.definition.on.rawValue) \(id)")
        }
        let distinct = Set(expected.values).count
        self.expect(
            distinct == index.distinctCount,
            "index `\(name)` counts \(index.distinctCount) of \(distinct) values")
        if index.constraint != nil {
            self.expect(distinct == expected.count, "constraint `\(name)` does not hold: values come twice")
        }
    }

    private func check(_ constraint: ConstraintDefinition) {
        let isNode = constraint.kind.on == .node
        for id in 0..<(isNode ? self.graph.nodeIDBound : self.graph.relationshipIDBound) {
            let isCovered =
                isNode
                ? self.graph.tokens.label(constraint.entity).map { self.graph.hasLabel(NodeID(id), $0) }
                : self.graph.relationship(RelationshipID(id)).map {
                    self.graph.tokens.name($0.type) == constraint.entity
                }
            guard isCovered == true else { continue }
            do { try self.graph.check(constraint, id) } catch { self.expect(false, error.description) }
        }
    }
}
