internal import Cypher
internal import PropertyGraph

/// How the first node of a pattern, or of a part of it, is found.
extension MatchSolver {
    mutating func start(_ index: Int) throws(CypherError) {
        let input = self.node
        let slot = self.graph.nodes[index].slot
        var covered: String?
        if let seek = self.seek(index) {
            covered = seek.label
            self.sought.formUnion(seek.conditions)
            self.node = try self.indexSeek(seek, slot, input)
        } else if let (label, count) = self.labelCount(index) {
            let before = self.pending.map(\.expression)
            let scan = LabelScan(
                label: self.planner.names.label(label), slot: slot, tests: try self.columnTests(index))
            covered = label
            let left = Set(self.pending.map(\.expression))
            let tested = before.filter { !left.contains($0) }
            self.node = self.planner.node(
                "NodeByLabelScan",
                "\(self.graph.nodes[index].name ?? ""):\(label)"
                    + (scan.tests.isEmpty ? "" : ", \(scan.tests.count) comparisons by column"),
                rows: input.estimatedRows * max(1, tested.reduce(count) { $0 * self.share(of: $1) }),
                children: [input], scan: PlanNode.Scan(slot: slot, nodes: count)
            ) { context, row, emit in
                try input.run(context, row) { row in try scan.run(context, row, emit) }
            }
        } else {
            let rows = input.estimatedRows * Double(max(1, self.planner.graph.nodeCount))
            self.node = self.planner.node(
                "AllNodesScan", self.graph.nodes[index].name ?? "", rows: rows, children: [input],
                scan: PlanNode.Scan(slot: slot, nodes: Double(self.planner.graph.nodeCount))
            ) { context, row, emit in
                try input.run(context, row) { row in
                    let graph = context.graph
                    for number in context.range(ofScan: slot) {
                        try context.step()
                        if number & 127 == 0 { context.touch() }
                        guard graph.contains(NodeID(number)) else { continue }
                        row[slot] = .node(NodeID(number))
                        guard try emit(row) else { return false }
                    }
                    return true
                }
            }
        }
        self.bind(index, covered: covered)
    }

    /// Comparisons of the node's properties with what is known already; they are pending no more.
    mutating func columnTests(_ index: Int) throws(CypherError) -> [LabelScan.Test] {
        let names =
            self.graph.anonymous.filter { $0.value == index }.map(\.key)
            + [self.graph.nodes[index].name].compactMap { $0 }
        var (tests, rest): ([LabelScan.Test], [MatchGraph.Condition]) = ([], [])
        for condition in self.pending {
            guard case .comparison(let left, let links) = condition.expression.kind, links.count == 1,
                let test = try self.columnTest(left, links[0].sign, links[0].operand, names)
            else {
                rest.append(condition)
                continue
            }
            tests.append(test)
        }
        self.pending = rest
        return tests
    }

    func columnTest(
        _ left: Expression, _ sign: Comparison.Sign, _ right: Expression, _ names: [String]
    ) throws(CypherError) -> LabelScan.Test? {
        guard let key = Self.key(left, names) else {
            return Self.key(right, names) == nil
                ? nil : try self.columnTest(right, sign.mirrored, left, names)
        }
        // The value is computed before any node is there: only what cannot fail, or is known to be wanted.
        switch right.kind {
        case .parameter, .integer, .float, .string, .boolean: break
        default: return nil
        }
        return LabelScan.Test(
            key: self.planner.names.key(key), sign: sign, value: try self.compiler.compile(right))
    }
}
