internal import Cypher
internal import PropertyGraph

/// Some of the nodes and relationships of a MATCH, by place.
struct MatchPart {
    var nodes: Set<Int> = []
    var relationships: Set<Int> = []
}

// Two parts of a MATCH that are solved each for itself and joined by hashes: by equal values where nothing else holds them
// together, at a node where growing from one side alone would pass too much.

extension MatchSolver {
    /// What is looked up, and what it costs to look up a row and to hold one, in steps of growing.
    private static let buildCost = 2.0
    /// How much better a join must be expected to be: estimates err.
    private static let advantage = 2.0

    // MARK: By value

    /// Joins a part that nothing touches by conditions such as `a.x = b.y`; false when there are none, or going through the
    /// part once a row is as cheap.
    mutating func joinByValue() throws(CypherError) -> Bool {
        let probeRows = self.node.estimatedRows
        guard probeRows >= 2 else { return false }
        for start in self.graph.nodes.indices where self.isFree(start) {
            guard let part = self.component(of: start) else { continue }
            let names = self.names(of: part)
            let keys = self.pending.compactMap { self.keys($0.expression, names) }
            guard !keys.isEmpty else { continue }
            let build = try self.solved(part)
            // An index may find the few nodes that fit a row.
            let nested = part.nodes.map { self.seek($0)?.rows ?? .infinity }.min() ?? .infinity
            let scan =
                part.nodes.map {
                    self.labelCount($0)?.count ?? Double(self.planner.graph.nodeCount)
                }.min() ?? 1
            let perRow = nested == .infinity ? scan : nested + 2
            let hashed = build.node.estimatedRows * Self.buildCost + scan + probeRows
            guard probeRows * perRow > hashed * Self.advantage else { continue }
            var (left, right): ([Expression], [Expression]) = ([], [])
            for key in keys {
                left.append(key.bound)
                right.append(key.own)
            }
            let joined = self.pending.map(\.expression).filter { self.keys($0, names) != nil }
            let details = zip(left, right).map { "\(PlanText.text($0)) = \(PlanText.text($1))" }
            try self.join(
                part, build, on: (left, right), "ValueHashJoin", details.joined(separator: ", "),
                rows: max(probeRows, build.node.estimatedRows))
            self.pending.removeAll { joined.contains($0.expression) }
            return true
        }
        return false
    }

    /// The two sides of an equality between what is bound and the names of a part.
    private func keys(
        _ expression: Expression, _ names: Set<String>
    ) -> (bound: Expression, own: Expression)? {
        guard case .comparison(let left, let links) = expression.kind, links.count == 1,
            links[0].sign == .equal
        else { return nil }
        func fits(_ bound: Expression, _ own: Expression) -> Bool {
            guard let ours = FreeNames.of(own), let theirs = FreeNames.of(bound), !ours.isEmpty,
                ours.isSubset(of: names), !theirs.isEmpty, theirs.isDisjoint(with: names),
                bound.isPure, own.isPure
            else { return false }
            return theirs.intersection(self.graph.newNames).isSubset(of: self.boundNames)
        }
        if fits(left, links[0].operand) { return (left, links[0].operand) }
        if fits(links[0].operand, left) { return (links[0].operand, left) }
        return nil
    }

    /// All that hangs together with a node and touches nothing that is bound; nil when it cannot be solved for itself.
    private func component(of start: Int) -> MatchPart? {
        var part = MatchPart(nodes: [start], relationships: [])
        var isGrowing = true
        while isGrowing {
            isGrowing = false
            for (index, relationship) in self.graph.relationships.enumerated()
            where !part.relationships.contains(index) && !self.solved.contains(index)
                && (part.nodes.contains(relationship.from) || part.nodes.contains(relationship.to))
            {
                guard self.isPlain(relationship), self.isFree(relationship.from), self.isFree(relationship.to)
                else { return nil }
                part.relationships.insert(index)
                part.nodes.formUnion([relationship.from, relationship.to])
                isGrowing = true
            }
        }
        return part
    }

    private func isFree(_ node: Int) -> Bool {
        !self.boundNodes.contains(node) && self.part?.nodes.contains(node) ?? true
    }

    /// Whether it is one relationship of which only the types and conditions of the match are asked.
    private func isPlain(_ relationship: MatchGraph.Relationship) -> Bool {
        !relationship.isBound && relationship.selection == .all && relationship.pattern.group == nil
            && relationship.pattern.length == nil
    }

    // MARK: At a node

    /// Grows towards a node that is easy to find from both ends, where growing from one end alone would pass far more on the
    /// way; false when there is no such way.
    mutating func joinAtNode() throws(CypherError) -> Bool {
        guard self.graph.relationships.count - self.solved.count >= 2, !self.boundNodes.isEmpty,
            !self.pending.isEmpty
        else { return false }
        for target in self.graph.nodes.indices where self.isFree(target) && self.labelCount(target) != nil {
            guard let rows = self.ownRows(target), let way = self.way(to: target) else { continue }
            let factors = way.map { max(1, self.fanOut(self.graph.relationships[$0])) }
            func cost(_ rows: Double, _ factors: some Sequence<Double>) -> Double {
                var (rows, sum) = (rows, 0.0)
                for factor in factors {
                    rows *= factor
                    sum += rows
                }
                return sum
            }
            let bound = max(1, self.node.estimatedRows)
            let alone = cost(bound, factors)
            if way.count == 2, bound * rows <= 4, alone > 8 {
                // Neighbours of both ends are found by going along both lists at once.
                try self.start(target)
                return true
            }
            var best: (grown: Int, cost: Double)?
            for grown in 1..<way.count {
                let sum =
                    cost(bound, factors.prefix(grown))
                    + Self.buildCost * cost(rows, factors.dropFirst(grown).reversed())
                if sum < best?.cost ?? .infinity { best = (grown, sum) }
            }
            guard let best, best.cost * Self.advantage < alone, alone > 100 else { continue }
            try self.join(target, along: way, grown: best.grown)
            return true
        }
        return false
    }

    /// Grows along the first relationships of a way and joins what the others lead to from its end.
    private mutating func join(_ target: Int, along way: [Int], grown: Int) throws(CypherError) {
        for index in way.prefix(grown) where !self.solved.contains(index) {
            try self.grow(index)
            try self.applyConditions()
        }
        var part = MatchPart(nodes: [target], relationships: [])
        for index in way.dropFirst(grown) where !self.solved.contains(index) {
            part.relationships.insert(index)
            part.nodes.formUnion([
                self.graph.relationships[index].from, self.graph.relationships[index].to,
            ])
        }
        let shared = part.nodes.filter { self.boundNodes.contains($0) }
        guard shared.count == 1, let middle = shared.first else { return }
        let build = try self.solved(part)
        let slot = self.graph.nodes[middle].slot
        let rows =
            self.node.estimatedRows * build.node.estimatedRows / Double(max(1, self.planner.graph.nodeCount))
        try self.join(
            part, build, on: [{ _, row in row[slot] }], "NodeHashJoin", self.graph.nodes[middle].name ?? "",
            rows: max(1, rows))
    }

    /// How many nodes an index finds without a look at what is bound; nil when there is none.
    private func ownRows(_ node: Int) -> Double? {
        var solver = self
        solver.boundNames = []
        solver.pending = self.independent(self.names(of: MatchPart(nodes: [node], relationships: [])))
        return solver.seek(node).map(\.rows)
    }

    /// The shortest way of plain relationships from what is bound to a node, two at least; nil when there is none or it is
    /// shorter.
    private func way(to target: Int) -> [Int]? {
        var ways: [Int: [Int]] = [target: []]
        var (frontier, found) = ([target], nil as [Int]?)
        while !frontier.isEmpty, found == nil {
            var next: [Int] = []
            for node in frontier {
                for (index, relationship) in self.graph.relationships.enumerated()
                where !self.solved.contains(index) && self.part?.relationships.contains(index) ?? true
                    && (relationship.from == node || relationship.to == node)
                {
                    guard self.isPlain(relationship) else { return nil }
                    let other = relationship.from == node ? relationship.to : relationship.from
                    guard ways[other] == nil, let way = ways[node] else { continue }
                    ways[other] = [index] + way
                    if self.boundNodes.contains(other) {
                        found = found ?? ways[other]
                    } else {
                        next.append(other)
                    }
                }
            }
            frontier = next
        }
        return found.flatMap { $0.count >= 2 ? $0 : nil }
    }

    // MARK: Joining

    /// All names that a part gives.
    func names(of part: MatchPart) -> Set<String> {
        var names = Set(part.nodes.compactMap { self.graph.nodes[$0].name })
        names.formUnion(part.relationships.compactMap { self.graph.relationships[$0].name })
        for (name, node) in self.graph.anonymous where part.nodes.contains(node) { names.insert(name) }
        for (name, relationship) in self.graph.anonymousRelationships
        where part.relationships.contains(relationship) {
            names.insert(name)
        }
        return names
    }

    /// Conditions that need nothing but some names.
    private func independent(_ names: Set<String>) -> [MatchGraph.Condition] {
        self.pending.filter { condition in
            FreeNames.of(condition.expression).map { !$0.isEmpty && $0.isSubset(of: names) } ?? false
        }
    }

    /// A part solved for itself, from nothing that is bound.
    private func solved(_ part: MatchPart) throws(CypherError) -> MatchSolver {
        var solver = MatchSolver(
            planner: self.planner, graph: self.graph, node: self.planner.argument(), ignoresDuplicates: false)
        solver.boundNodes = []
        solver.part = part
        solver.pending = self.independent(self.names(of: part))
        try solver.solvePart()
        return solver
    }

    private mutating func join(
        _ part: MatchPart, _ build: MatchSolver, on keys: (bound: [Expression], own: [Expression]),
        _ name: String, _ details: String, rows: Double
    ) throws(CypherError) {
        let bound = try self.compiler.compile(keys.bound)
        let own = try self.compiler.compile(keys.own)
        try self.join(part, build, on: bound, own, name, details, rows: rows)
    }

    private mutating func join(
        _ part: MatchPart, _ build: MatchSolver, on keys: [Evaluator], _ name: String, _ details: String,
        rows: Double
    ) throws(CypherError) {
        try self.join(part, build, on: keys, keys, name, details, rows: rows)
    }

    private mutating func join(
        _ part: MatchPart, _ build: MatchSolver, on bound: [Evaluator], _ own: [Evaluator], _ name: String,
        _ details: String, rows: Double
    ) throws(CypherError) {
        let relationships = part.relationships.map { self.graph.relationships[$0] }
        let join = HashJoin(
            bound: bound, own: own,
            slots: part.nodes.filter { !self.boundNodes.contains($0) }.map { self.graph.nodes[$0].slot }
                .sorted()
                + relationships.map(\.slot).sorted(),
            different: self.different(relationships), build: build.node)
        let input = self.node
        self.node = self.planner.node(name, details, rows: rows, children: [input, build.node]) {
            context, row, emit in
            try join.run(input, context, row, emit)
        }
        self.boundNodes.formUnion(part.nodes)
        self.solved.formUnion(part.relationships)
        self.boundNames.formUnion(self.names(of: part))
        let done = Set(self.independent(self.names(of: part)).map(\.expression))
        self.pending.removeAll { done.contains($0.expression) && !build.pending.contains($0) }
    }

    /// Slots of relationships of both sides that could be one relationship: within a MATCH all are different.
    private func different(_ relationships: [MatchGraph.Relationship]) -> [(Int, Int)] {
        var pairs: [(Int, Int)] = []
        for own in relationships {
            for other in self.solved.map({ self.graph.relationships[$0] }) {
                if let types = own.pattern.types?.alternatives,
                    let others = other.pattern.types?.alternatives,
                    Set(types).isDisjoint(with: others)
                {
                    continue
                }
                pairs.append((own.slot, other.slot))
            }
        }
        return pairs
    }
}

extension Expression {
    /// Whether it gives the same for the same row each time.
    var isPure: Bool {
        switch self.kind {
        case .call(let call) where ["rand", "randomuuid"].contains(call.name.lowercased()): return false
        case .listComprehension(let comprehension):
            guard comprehension.predicate?.isPure ?? true, comprehension.projection?.isPure ?? true else {
                return false
            }
        case .quantifier(_, _, _, let predicate): guard predicate.isPure else { return false }
        case .reduce(_, _, _, _, let step): guard step.isPure else { return false }
        case .pattern, .exists, .countSubquery, .collectSubquery, .patternComprehension: return false
        default: break
        }
        return self.children.allSatisfy(\.isPure)
    }
}
