internal import Cypher
internal import PropertyGraph

extension PatternPart {
    /// The pattern as `shortestPath(...)` where a breadth-first search gives what its selector wants; nil elsewhere.
    var asShortestPath: PatternPart? {
        guard let selector = self.selector, self.predicate == nil, self.relationships.count == 1,
            let length = self.relationships[0].length, self.relationships[0].group == nil,
            length.minimum ?? 1 <= 1, self.nodes[0].variable != self.nodes[1].variable
        else { return nil }
        let selection: Selection
        switch selector {
        case .any(1), .shortest(1): selection = .shortest
        case .groups(1): selection = .allShortest
        default: return nil
        }
        return PatternPart(
            variable: self.variable, selection: selection, nodes: self.nodes,
            relationships: self.relationships, range: self.range)
    }
}

extension Planner {
    /// Patterns of which some say how many paths they want: those come last, each a match of its own, of whose paths between
    /// the same two ends the wanted ones are kept.
    func select(
        _ patterns: [PatternPart], _ predicate: Expression?, _ input: PlanNode, _ scope: [String: Int]
    ) throws(CypherError) -> (PlanNode, names: [String: Int]) {
        var node = input
        var names: [String: Int] = [:]
        let plain = patterns.filter { $0.selector == nil && $0.predicate == nil }
        var conditions = predicate.map(\.conjuncts) ?? []
        for part in [plain] + patterns.filter({ $0.selector != nil || $0.predicate != nil }).map({ [$0] })
        where !part.isEmpty {
            let known = scope.merging(names) { _, new in new }
            let own = try self.selected(part, &conditions, &node, known)
            names.merge(own) { _, new in new }
        }
        for condition in conditions {
            node = try self.filter(node, condition, scope.merging(names) { _, new in new })
        }
        return (node, names)
    }

    private func selected(
        _ parts: [PatternPart], _ conditions: inout [Expression], _ node: inout PlanNode,
        _ scope: [String: Int]
    ) throws(CypherError) -> [String: Int] {
        // Conditions on the ends hold for all paths between them or for none: they go before the choice.
        let ends = Set(parts.flatMap { [$0.nodes.first, $0.nodes.last] }.compactMap { $0?.variable })
        let allowed = ends.union(scope.keys)
        var early = parts.compactMap(\.predicate)
        conditions.removeAll { condition in
            guard let names = FreeNames.of(condition), names.isSubset(of: allowed) else { return false }
            early.append(condition)
            return true
        }
        let predicate = early.first.map { first in early.dropFirst().reduce(first) { $0.and($1) } }
        let selector = parts.first?.selector
        let matched = selector == nil ? parts : parts.map { $0.unselected($0.variable ?? "  path") }
        let graph = MatchGraph(matched, predicate, scope: scope) { self.newSlot() }
        if let selector, let path = graph.paths.first {
            let inner = try self.solve(graph, self.argument())
            node = self.selection(selector, node, inner, path.slot)
        } else {
            node = try self.solve(graph, node)
        }
        return graph.innerScope.filter { !$0.key.hasPrefix("  ") && graph.newNames.contains($0.key) }
    }

    private func selection(
        _ selector: PatternPart.Selector, _ input: PlanNode, _ inner: PlanNode, _ slot: Int
    ) -> PlanNode {
        self.node(
            "SelectPaths", "\(selector)", rows: input.estimatedRows, children: [input, inner]
        ) { context, row, emit in
            try input.run(context, row) { row in
                var order: [[NodeID]] = []
                var paths: [[NodeID]: [(length: Int, row: Row)]] = [:]
                for found in try inner.collect(context, row) {
                    guard case .path(let path) = found[slot], let first = path.nodes.first,
                        let last = path.nodes.last
                    else { continue }
                    if paths[[first, last]] == nil { order.append([first, last]) }
                    paths[[first, last], default: []].append((path.relationships.count, found))
                }
                for ends in order {
                    for row in Self.chosen(selector, paths[ends] ?? []) {
                        guard try emit(row) else { return false }
                    }
                }
                return true
            }
        }
    }

    private static func chosen(
        _ selector: PatternPart.Selector, _ paths: [(length: Int, row: Row)]
    ) -> [Row] {
        switch selector {
        case .any(let count), .shortest(let count):
            return self.byLength(paths).prefix(count).map(\.row)
        case .groups(let count):
            let lengths = Set(paths.map(\.length)).sorted().prefix(count)
            return self.byLength(paths).filter { lengths.contains($0.length) }.map(\.row)
        }
    }

    /// Shortest first; those of one length as they were found.
    private static func byLength(_ paths: [(length: Int, row: Row)]) -> [(length: Int, row: Row)] {
        paths.enumerated().sorted {
            ($0.element.length, $0.offset) < ($1.element.length, $1.offset)
        }
        .map(\.element)
    }
}

extension Expression {
    /// The parts that `AND` joins.
    var conjuncts: [Expression] {
        guard case .binary(.and, let left, let right) = self.kind else { return [self] }
        return left.conjuncts + right.conjuncts
    }

    func and(_ other: Expression) -> Expression {
        Expression(.binary(.and, self, other), self.range)
    }
}
