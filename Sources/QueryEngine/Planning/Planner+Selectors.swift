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

extension PatternPart {
    /// Whether it is a `shortestPath(...)` that must fulfil conditions on the path: then longer paths may be the answer.
    func isSearched(under conditions: [Expression]) -> Bool {
        self.selection != .all && conditions.contains { self.isOfPath($0) }
    }

    /// Whether a condition names the path or its relationships.
    fileprivate func isOfPath(_ condition: Expression) -> Bool {
        let names = [self.variable, self.relationships.first?.variable].compactMap { $0 }
        return !(FreeNames.of(condition) ?? []).isDisjoint(with: names)
    }
}

extension Planner {
    /// `shortestPath(...)` with conditions on the path. Both ends come first. Between them the breadth-first search goes
    /// before: when what it finds fulfils the conditions, nothing shorter does. Only else all paths are looked at.
    private func searched(
        _ part: PatternPart, _ conditions: inout [Expression], _ node: inout PlanNode, _ scope: [String: Int]
    ) throws(CypherError) -> [String: Int] {
        let ends = part.nodes.enumerated().map { $1.named($1.variable ?? "  end\($0)") }
        let parts = ends.map {
            PatternPart(variable: nil, selection: .all, nodes: [$0], relationships: [], range: $0.range)
        }
        let early = try self.selected(parts, &conditions, &node, scope, keepsHidden: true)
        let known = scope.merging(early) { _, new in new }
        let ofPath = conditions.filter(part.isOfPath)
        conditions.removeAll(where: part.isOfPath)
        let predicate = ofPath.dropFirst().reduce(ofPath.first) { $0?.and($1) ?? $1 }
        let bare = PatternPart(
            variable: part.variable ?? "  path", selection: part.selection,
            nodes: ends.map { $0.bare }, relationships: part.relationships, range: part.range)
        let first = MatchGraph([bare], predicate, scope: known) { self.newSlot() }
        let search = try self.solve(first, self.argument())
        let all = MatchGraph([bare.unselected(bare.variable ?? "")], predicate, scope: known) {
            self.newSlot()
        }
        let selector: PatternPart.Selector = part.selection == .shortest ? .shortest(1) : .groups(1)
        let fallback = self.selection(
            selector, self.argument(), try self.solve(all, self.argument()), all.paths.first?.slot ?? 0)
        let moves = first.newNames.compactMap { name in
            all.innerScope[name].flatMap { from in first.innerScope[name].map { (from: from, to: $0) } }
        }
        node = self.firstOrElse(search, fallback, moves, node)
        return early.merging(first.innerScope.filter { first.newNames.contains($0.key) }) { _, new in new }
            .filter { !$0.key.hasPrefix("  ") }
    }

    /// The rows of the first, or when it has none, those of the second with its values where the first's would be.
    private func firstOrElse(
        _ first: PlanNode, _ second: PlanNode, _ moves: [(from: Int, to: Int)], _ input: PlanNode
    ) -> PlanNode {
        self.node(
            "FirstOrElse", rows: input.estimatedRows, children: [input, first, second]
        ) { context, row, emit in
            try input.run(context, row) { row in
                var found = false
                let goesOn = try first.run(context, row) { row in
                    found = true
                    return try emit(row)
                }
                if found || !goesOn { return goesOn }
                return try second.run(context, row) { row in
                    for move in moves { row[move.to] = row[move.from] }
                    return try emit(row)
                }
            }
        }
    }

    /// Patterns of which some say how many paths they want: those come last, each a match of its own, of whose paths between
    /// the same two ends the wanted ones are kept.
    func select(
        _ patterns: [PatternPart], _ all: [Expression], _ input: PlanNode, _ scope: [String: Int]
    ) throws(CypherError) -> (PlanNode, names: [String: Int]) {
        var (node, conditions) = (input, all)
        var names: [String: Int] = [:]
        func isSelective(_ part: PatternPart) -> Bool {
            part.selector != nil || part.predicate != nil || part.isSearched(under: all)
        }
        let plain = patterns.filter { !isSelective($0) }
        for parts in [plain] + patterns.filter(isSelective).map({ [$0] }) where !parts.isEmpty {
            let known = scope.merging(names) { _, new in new }
            let own: [String: Int]
            if let part = parts.first, part.isSearched(under: all) {
                own = try self.searched(part, &conditions, &node, known)
            } else {
                own = try self.selected(parts, &conditions, &node, known)
            }
            names.merge(own) { _, new in new }
        }
        for condition in conditions {
            node = try self.filter(node, condition, scope.merging(names) { _, new in new })
        }
        return (node, names)
    }

    private func selected(
        _ parts: [PatternPart], _ conditions: inout [Expression], _ node: inout PlanNode,
        _ scope: [String: Int], keepsHidden: Bool = false
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
        return graph.innerScope.filter {
            (keepsHidden || !$0.key.hasPrefix("  ")) && graph.newNames.contains($0.key)
        }
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
                let all = try inner.collect(context, row)
                defer { context.release(all.count * row.count) }
                for found in all {
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
