internal import Cypher
internal import PropertyGraph

extension Planner {
    func match(
        _ patterns: [PatternPart], _ predicate: Expression?, optional: Bool, _ input: PlanNode,
        _ scope: [String: Int]
    ) throws(CypherError) -> (PlanNode, [String: Int]) {
        // What is planned inside of this match is asked by others.
        let ignoresDuplicates = self.ignoresDuplicates && !optional
        self.ignoresDuplicates = false
        guard optional else {
            let (node, names) = try self.solve(patterns, predicate, input, scope, ignoresDuplicates)
            return (node, scope.merging(names) { _, new in new })
        }
        let (inner, names) = try self.solve(patterns, predicate, self.argument(), scope)
        let visible = scope.merging(names) { _, new in new }
        return (self.optional(inner, Array(names.values), input), visible)
    }

    /// For each row what the inner operator gives, or the row with nulls when that is nothing.
    func optional(_ inner: PlanNode, _ slots: [Int], _ input: PlanNode) -> PlanNode {
        self.node(
            "Optional", rows: max(input.estimatedRows, input.estimatedRows * inner.estimatedRows),
            children: [input, inner]
        ) { context, row, emit in
            try input.run(context, row) { row in
                var found = false
                let goesOn = try inner.run(context, row) { row in
                    found = true
                    return try emit(row)
                }
                if found || !goesOn { return goesOn }
                for slot in slots { row[slot] = .null }
                return try emit(row)
            }
        }
    }

    /// Solves patterns and gives the names that they bring.
    private func solve(
        _ patterns: [PatternPart], _ predicate: Expression?, _ input: PlanNode, _ scope: [String: Int],
        _ ignoresDuplicates: Bool = false
    ) throws(CypherError) -> (PlanNode, names: [String: Int]) {
        let plain = patterns.map { $0.asShortestPath ?? $0 }
        let conditions = predicate.map(\.conjuncts) ?? []
        let isSelective = plain.contains { $0.selector != nil || $0.predicate != nil }
        if isSelective || patterns.contains(where: { $0.isSearched(under: conditions) }) {
            return try self.select(plain, conditions, input, scope)
        }
        let graph = MatchGraph(plain, predicate, scope: scope) { self.newSlot() }
        // What has a name of our own making stays inside.
        let names = graph.innerScope.filter { !$0.key.hasPrefix("  ") && graph.newNames.contains($0.key) }
        return (try self.solve(graph, input, ignoresDuplicates), names)
    }

    /// Grows a match from what is bound: the cheapest relationship first, a new start when nothing touches.
    func solve(
        _ graph: MatchGraph, _ input: PlanNode, _ ignoresDuplicates: Bool = false
    ) throws(CypherError) -> PlanNode {
        var solver = MatchSolver(
            planner: self, graph: graph, node: input, ignoresDuplicates: ignoresDuplicates)
        return try solver.solve()
    }

    // MARK: Tests

    func labelTest(_ labels: LabelExpression) -> (ExecutionContext, NodeID) -> Bool {
        switch labels {
        case .name(let name):
            let slot = self.names.label(name)
            return { context, node in
                context.touch()
                return context.label(slot).map { context.graph.hasLabel(node, $0) } ?? false
            }
        case .any:
            return { context, node in
                context.touch()
                return !context.graph.labels(of: node).isEmpty
            }
        case .not(let inner):
            let test = self.labelTest(inner)
            return { context, node in !test(context, node) }
        case .and(let left, let right):
            let (a, b) = (self.labelTest(left), self.labelTest(right))
            return { context, node in a(context, node) && b(context, node) }
        case .or(let left, let right):
            let (a, b) = (self.labelTest(left), self.labelTest(right))
            return { context, node in a(context, node) || b(context, node) }
        }
    }

    func typeTest(_ types: LabelExpression) -> (ExecutionContext, RelationshipTypeID) -> Bool {
        switch types {
        case .name(let name):
            let slot = self.names.type(name)
            return { context, type in context.type(slot) == type }
        case .any: return { _, _ in true }
        case .not(let inner):
            let test = self.typeTest(inner)
            return { context, type in !test(context, type) }
        case .and(let left, let right):
            let (a, b) = (self.typeTest(left), self.typeTest(right))
            return { context, type in a(context, type) && b(context, type) }
        case .or(let left, let right):
            let (a, b) = (self.typeTest(left), self.typeTest(right))
            return { context, type in a(context, type) || b(context, type) }
        }
    }
}

/// The state of solving one MATCH.
struct MatchSolver {
    let planner: Planner
    let graph: MatchGraph
    var node: PlanNode
    var boundNodes: Set<Int>
    var solved: Set<Int> = []
    var boundNames: Set<String> = []
    var pending: [MatchGraph.Condition]

    /// Whether nobody asks how often a row comes.
    let ignoresDuplicates: Bool
    /// Conditions that an index has seen to: what comes fulfils them.
    var sought: Set<Expression> = []
    /// The only nodes and relationships to solve; nil for all.
    var part: MatchPart?

    init(planner: Planner, graph: MatchGraph, node: PlanNode, ignoresDuplicates: Bool) {
        self.ignoresDuplicates = ignoresDuplicates
        self.planner = planner
        self.graph = graph
        self.node = node
        self.pending = graph.conditions
        self.boundNodes = Set(graph.nodes.indices.filter { graph.nodes[$0].isBound })
    }

    var compiler: ExpressionCompiler {
        ExpressionCompiler(planner: self.planner, scope: self.graph.innerScope)
    }

    mutating func solve() throws(CypherError) -> PlanNode {
        for index in self.boundNodes.sorted() { self.checkBound(index) }
        try self.solvePart()
        for path in self.graph.paths {
            self.bindPath(path)
            self.boundNames.insert(path.name)
        }
        try self.applyConditions()
        // What is left needs nothing that is not there: subqueries that may name anything.
        for condition in self.pending {
            self.node = try self.planner.filter(self.node, condition.expression, self.graph.innerScope)
        }
        return self.node
    }

    /// Binds all nodes and relationships, and applies the conditions that need no paths.
    mutating func solvePart() throws(CypherError) {
        try self.applyConditions()
        while true {
            if try self.joinAtNode() {
                // Done.
            } else if let next = self.cheapestRelationship() {
                try self.grow(next)
            } else if try self.joinByValue() {
                // Done.
            } else if let next = self.cheapestStart() {
                try self.start(next)
            } else {
                break
            }
            try self.applyConditions()
        }
    }

    // MARK: Choosing

    func cheapestRelationship() -> Int? {
        var best: (index: Int, cost: Double)?
        for (index, relationship) in self.graph.relationships.enumerated()
        where !self.solved.contains(index) && self.part?.relationships.contains(index) ?? true {
            let ends = [relationship.from, relationship.to].filter { self.boundNodes.contains($0) }.count
            let needsBoth = relationship.selection != .all
            guard relationship.isBound || (needsBoth ? ends == 2 : ends > 0) else { continue }
            // Groups are walked from their left end.
            if relationship.pattern.group != nil, !self.boundNodes.contains(relationship.from) { continue }
            let start = self.boundNodes.contains(relationship.from) ? relationship.from : relationship.to
            let cost = relationship.isBound || ends == 2 ? 0 : self.fanOut(relationship, from: start)
            if cost < best?.cost ?? .infinity { best = (index, cost) }
        }
        return best?.index
    }

    /// How many relationships of its types a node of the graph has on average; hops multiply.
    func fanOut(_ relationship: MatchGraph.Relationship) -> Double {
        let graph = self.planner.graph
        var count = Double(graph.relationshipCount)
        if let names = relationship.pattern.types?.alternatives {
            count = names.reduce(0) { sum, name in
                sum + (graph.tokens.relationshipType(name).map { Double(graph.count($0)) } ?? 0)
            }
        }
        let average =
            count / Double(max(1, graph.nodeCount)) * (relationship.pattern.arrow == .either ? 2 : 1)
        return relationship.pattern.length == nil ? average : max(average, average * average * 4)
    }

    func cheapestStart() -> Int? {
        let unbound = self.graph.nodes.indices.filter {
            !self.boundNodes.contains($0) && self.part?.nodes.contains($0) ?? true
        }
        guard unbound.count > 1 else { return unbound.first }
        let costs = unbound.map(self.cardinality)
        return zip(unbound, costs).min { $0.1 < $1.1 }?.0
    }

    func cardinality(_ index: Int) -> Double {
        if let seek = self.seek(index) { return seek.rows }
        let all = self.labelCount(index)?.count ?? Double(self.planner.graph.nodeCount)
        return self.knownConditions(on: index).reduce(all) { $0 * self.share(of: $1) }
    }

    /// The rarest label that the node must have.
    func labelCount(_ index: Int) -> (name: String, count: Double)? {
        let graph = self.planner.graph
        let names = self.graph.nodes[index].labels.flatMap { $0.conjunction ?? [] }
        return names.map { name in (name, graph.tokens.label(name).map { Double(graph.count($0)) } ?? 0) }
            .min { $0.1 < $1.1 }
    }

    /// Marks a node as bound and checks all labels it must have. `arrival` is the relationship that led there,
    /// `covered` a label that all nodes that come have.
    mutating func bind(
        _ index: Int, by arrival: MatchGraph.Relationship? = nil, covered: String? = nil
    ) {
        self.boundNodes.insert(index)
        if let name = self.graph.nodes[index].name { self.boundNames.insert(name) }
        for (name, node) in self.graph.anonymous where node == index { self.boundNames.insert(name) }
        if let covered, self.graph.nodes[index].labels == [.name(covered)] { return }
        self.checkLabels(index, by: arrival)
    }

    /// Whether all relationships of a pattern's types lead to (or from) nodes of the only label that a node must have; nil
    /// when the graph's counts cannot tell. Asked when the plan runs: the counts are exact.
    func implication(
        _ index: Int, _ arrival: MatchGraph.Relationship?
    ) -> ((ExecutionContext) -> Bool)? {
        guard let arrival, arrival.pattern.arrow != .either, arrival.pattern.length == nil,
            self.graph.nodes[index].labels.count == 1,
            case .name(let name) = self.graph.nodes[index].labels[0],
            let types = arrival.pattern.types?.alternatives
        else { return nil }
        let isTarget = arrival.to == index
        let slots = types.map { self.planner.implication($0, name, isTarget: isTarget) }
        return { context in slots.allSatisfy(context.holds) }
    }

    mutating func checkLabels(_ index: Int, by arrival: MatchGraph.Relationship? = nil) {
        let (slot, input) = (self.graph.nodes[index].slot, self.node)
        guard
            let labels = self.graph.nodes[index].labels.reduce(
                nil, { all, next in all.map { .and($0, next) } ?? next })
        else { return }
        let test = self.planner.labelTest(labels)
        let isImplied = self.implication(index, arrival)
        self.node = self.planner.node(
            "Filter", "\(self.graph.nodes[index].name ?? ""):\(PlanText.text(labels))",
            rows: input.estimatedRows,
            children: [input]
        ) { context, row, emit in
            if let isImplied, isImplied(context) { return try input.run(context, row, emit) }
            return try input.run(context, row) { row in
                guard case .node(let node) = row[slot], test(context, node) else { return true }
                return try emit(row)
            }
        }
    }

    /// A node bound before may be null (after OPTIONAL MATCH): then nothing matches.
    mutating func checkBound(_ index: Int) {
        if let name = self.graph.nodes[index].name { self.boundNames.insert(name) }
        let (slot, input) = (self.graph.nodes[index].slot, self.node)
        self.node = self.planner.node(
            "Filter", "\(self.graph.nodes[index].name ?? "") IS NOT NULL", rows: input.estimatedRows,
            children: [input]
        ) { context, row, emit in
            try input.run(context, row) { row in
                switch row[slot] {
                case .node: return try emit(row)
                case .null: return true
                case let other:
                    throw CypherError(
                        .type, "InvalidArgumentType", "a pattern needs a node here, not \(other.typeName)")
                }
            }
        }
        self.checkLabels(index)
    }

    mutating func applyConditions() throws(CypherError) {
        var rest: [MatchGraph.Condition] = []
        for condition in self.pending {
            if FreeNames.of(condition.expression) != nil, condition.needs.isSubset(of: self.boundNames) {
                self.node = try self.planner.filter(
                    self.node, condition.expression, self.graph.innerScope,
                    share: self.sought.contains(condition.expression)
                        ? 1 : self.share(of: condition.expression))
            } else {
                rest.append(condition)
            }
        }
        self.pending = rest
    }

    mutating func bindPath(_ path: MatchGraph.Path) {
        let input = self.node
        let nodes = path.nodes.map { self.graph.nodes[$0].slot }
        let relationships = path.relationships.map { self.graph.relationships[$0].slot }
        let slot = path.slot
        self.node = self.planner.node("PathBuild", path.name, rows: input.estimatedRows, children: [input]) {
            context, row, emit in
            try input.run(context, row) { row in
                context.touch(nodes.count)
                row[slot] = PathBuilder.path(
                    nodes.map { row[$0] }, relationships.map { row[$0] }, context.graph)
                return try emit(row)
            }
        }
    }
}
