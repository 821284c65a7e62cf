internal import Cypher
internal import PropertyGraph

extension Comparison.Sign {
    /// The sign with its sides changed over.
    var mirrored: Comparison.Sign {
        switch self {
        case .less: .greater
        case .lessOrEqual: .greaterOrEqual
        case .greater: .less
        case .greaterOrEqual: .lessOrEqual
        case .equal, .notEqual: self
        }
    }
}

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
    private var sought: Set<Expression> = []
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

    private func cheapestRelationship() -> Int? {
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

    private func cheapestStart() -> Int? {
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

    struct Seek {
        let index: PropertyIndex
        let label: String
        /// Values of all keys, or of all but the last when that has a range.
        let values: [Expression]
        /// The last value is a list, each element of which is looked up.
        var isList = false
        var range: SeekRange?
        var rows: Double
        /// What it sees to.
        var conditions: [Expression] = []
    }

    /// What a condition says of a key that is not one value.
    struct SeekRange {
        var lower: (value: Expression, isIncluded: Bool)?
        var upper: (value: Expression, isIncluded: Bool)?
        var prefix: Expression?
    }

    /// An index that finds the node from values that are known already.
    func seek(_ index: Int) -> Seek? {
        let node = self.graph.nodes[index]
        let names =
            self.graph.anonymous.filter { $0.value == index }.map(\.key) + [node.name].compactMap { $0 }
        guard !names.isEmpty else { return nil }
        var known: [String: (value: Expression, isList: Bool)] = [:]
        for condition in self.pending {
            guard let (key, value, isList) = Self.equality(condition.expression, names),
                let needs = FreeNames.of(value),
                needs.intersection(self.graph.newNames).isSubset(of: self.boundNames)
            else { continue }
            known[key] = (value, isList)
        }
        let ranges = self.ranges(names)
        guard !known.isEmpty || !ranges.isEmpty else { return nil }
        var best: Seek?
        for label in node.labels.flatMap({ $0.conjunction ?? [] }) {
            for candidate in self.planner.graph.indexes
            where candidate.definition.label == label && candidate.definition.on == .node
                && candidate.definition.kind == .range
            {
                let keys = candidate.definition.keys
                let found = keys.compactMap { known[$0] }
                let lists = found.filter(\.isList).count
                let count = self.labelCount(index)?.count ?? 1
                if found.count == keys.count - 1, lists == 0, let last = keys.last, known[last] == nil,
                    let range = ranges[last]
                {
                    let share = range.prefix != nil || range.lower != nil && range.upper != nil ? 0.05 : 0.3
                    let rows = max(1, found.isEmpty ? count * share : count * share / 10)
                    if rows < best?.rows ?? .infinity {
                        best = Seek(
                            index: candidate, label: label, values: found.map(\.value), range: range,
                            rows: rows)
                    }
                    continue
                }
                guard found.count == keys.count, lists == 0 || found.count == 1 else { continue }
                let rows = max(1, count / Double(max(1, candidate.distinctCount))) * (lists > 0 ? 5 : 1)
                if rows < best?.rows ?? .infinity {
                    best = Seek(
                        index: candidate, label: label, values: found.map(\.value), isList: lists > 0,
                        rows: rows)
                }
            }
        }
        guard var best else { return nil }
        let keys = best.index.definition.keys
        best.conditions = self.pending.map(\.expression).filter { condition in
            guard let key = Self.comparedKey(condition, names), keys.contains(key) else { return false }
            return known[key] != nil || key == keys.last && ranges[key] != nil
        }
        if keys.count == 1, let all = self.labelCount(index)?.count {
            best.rows = max(1, best.conditions.reduce(all) { $0 * self.share(of: $1) })
        }
        return best
    }

    /// The key of a node of these names that a condition compares.
    private static func comparedKey(_ condition: Expression, _ names: [String]) -> String? {
        switch condition.kind {
        case .comparison(let left, let links) where links.count == 1:
            self.key(left, names) ?? self.key(links[0].operand, names)
        case .binary(.in, let left, _), .binary(.startsWith, let left, _): self.key(left, names)
        default: nil
        }
    }

    /// Ranges of keys whose bounds are known already: `key < value` and the like, either way round and in chains.
    private func ranges(_ names: [String]) -> [String: SeekRange] {
        var ranges: [String: SeekRange] = [:]
        func isKnown(_ value: Expression) -> Bool {
            guard let needs = FreeNames.of(value) else { return false }
            return needs.intersection(self.graph.newNames).isSubset(of: self.boundNames)
        }
        func note(_ left: Expression, _ sign: Comparison.Sign, _ right: Expression) {
            if let key = Self.key(left, names), isKnown(right) {
                switch sign {
                case .less, .lessOrEqual:
                    ranges[key, default: SeekRange()].upper = (right, sign == .lessOrEqual)
                case .greater, .greaterOrEqual:
                    ranges[key, default: SeekRange()].lower = (right, sign == .greaterOrEqual)
                default: break
                }
            } else if Self.key(right, names) != nil, Self.key(left, names) == nil {
                note(right, sign.mirrored, left)
            }
        }
        for condition in self.pending {
            switch condition.expression.kind {
            case .comparison(let first, let links):
                var left = first
                for link in links {
                    note(left, link.sign, link.operand)
                    left = link.operand
                }
            case .binary(.startsWith, let left, let right):
                if let key = Self.key(left, names), isKnown(right) {
                    ranges[key, default: SeekRange()].prefix = right
                }
            default: break
            }
        }
        return ranges
    }

    /// The key of `name.key`.
    private static func key(_ side: Expression, _ names: [String]) -> String? {
        guard case .property(let base, let key) = side.kind, case .variable(let name) = base.kind,
            names.contains(name)
        else { return nil }
        return key
    }

    /// `name.key = value`, either way round, or `name.key IN list`.
    private static func equality(
        _ expression: Expression, _ names: [String]
    ) -> (key: String, value: Expression, isList: Bool)? {
        func key(_ side: Expression) -> String? { self.key(side, names) }
        switch expression.kind {
        case .comparison(let left, let links):
            guard links.count == 1, links[0].sign == .equal else { return nil }
            if let key = key(left) { return (key, links[0].operand, false) }
            if let key = key(links[0].operand) { return (key, left, false) }
            return nil
        case .binary(.in, let left, let right): return key(left).map { ($0, right, true) }
        default: return nil
        }
    }

    // MARK: Starting

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
    private mutating func columnTests(_ index: Int) throws(CypherError) -> [LabelScan.Test] {
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

    private func columnTest(
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

    private func indexSeek(_ seek: Seek, _ slot: Int, _ input: PlanNode) throws(CypherError) -> PlanNode {
        let values = try self.compiler.compile(seek.values)
        let range = try seek.range.map { (range) throws(CypherError) in try self.rangeEvaluator(range, values)
        }
        let (definition, isList) = (seek.index.definition, seek.isList)
        let details = "\(definition.label)(\(definition.keys.joined(separator: ", ")))"
        return self.planner.node(
            range == nil ? "NodeIndexSeek" : "NodeIndexSeekByRange", details,
            rows: input.estimatedRows * seek.rows, children: [input]
        ) { context, row, emit in
            try input.run(context, row) { row in
                guard let index = context.graph.indexes.first(where: { $0.definition == definition }) else {
                    return true
                }
                var nodes: [NodeID] = []
                if let range {
                    if let found = try range(context, row) {
                        try index.forEach(in: found) { number throws(CypherError) in
                            try context.pause(at: nodes.count)
                            nodes.append(NodeID(number))
                            return true
                        }
                    }
                } else if isList {
                    var found: Set<NodeID> = []
                    for value in try values[0](context, row).list ?? [] {
                        if let key = IndexKey([value]) { found.formUnion(index.nodes(key)) }
                    }
                    nodes = found.sorted()
                } else {
                    nodes = IndexKey(try values.map { try $0(context, row) }).map { index.nodes($0) } ?? []
                }
                context.touch(1 + nodes.count / 64)
                for node in nodes {
                    try context.step()
                    row[slot] = .node(node)
                    guard try emit(row) else { return false }
                }
                return true
            }
        }
    }

    /// The stretch of an index for the first keys' values and a range of the last; nil when nothing lies there.
    private func rangeEvaluator(
        _ range: SeekRange, _ values: [Evaluator]
    ) throws(CypherError) -> (ExecutionContext, Row) throws -> IndexRange? {
        let compiler = self.compiler
        let lower = try range.lower.map { (bound) throws(CypherError) in
            (try compiler.compile(bound.value), bound.isIncluded)
        }
        let upper = try range.upper.map { (bound) throws(CypherError) in
            (try compiler.compile(bound.value), bound.isIncluded)
        }
        let prefix = try range.prefix.map { (value) throws(CypherError) in try compiler.compile(value) }
        func bound(_ value: Value, _ isIncluded: Bool) -> IndexRange.Bound {
            isIncluded ? .including(value) : .excluding(value)
        }
        return { context, row in
            let first = try values.map { try $0(context, row) }
            if let prefix {
                guard let text = try prefix(context, row).string else { return nil }
                return IndexRange(equal: first, startingWith: text)
            }
            return IndexRange(
                equal: first, from: try lower.map { bound(try $0.0(context, row), $0.1) },
                to: try upper.map { bound(try $0.0(context, row), $0.1) })
        }
    }

    /// Marks a node as bound and checks all labels it must have. `arrival` is the relationship that led there,
    /// `covered` a label that all nodes that come have.
    private mutating func bind(
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
    private func implication(
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

    private mutating func checkLabels(_ index: Int, by arrival: MatchGraph.Relationship? = nil) {
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
    private mutating func checkBound(_ index: Int) {
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

    // MARK: Growing

    mutating func grow(_ index: Int) throws(CypherError) {
        let relationship = self.graph.relationships[index]
        let others = self.others(relationship)
        if relationship.isBound {
            self.checkRelationship(relationship)
        } else if let group = relationship.pattern.group {
            try self.repeats(group, relationship, others)
        } else if relationship.selection != .all {
            try self.shortest(relationship)
        } else if let closing = self.closing(index) {
            self.intersect(relationship, self.graph.relationships[closing])
            self.finish(closing)
        } else {
            let startsAtFrom = self.boundNodes.contains(relationship.from)
            try self.expand(relationship, from: startsAtFrom, others)
        }
        self.finish(index)
        for end in [relationship.from, relationship.to] where !self.boundNodes.contains(end) {
            self.bind(end, by: relationship)
        }
    }

    /// The relationships so far that could be the one that is next.
    private func others(_ relationship: MatchGraph.Relationship) -> [MatchGraph.Relationship] {
        self.solved.map { self.graph.relationships[$0] }.filter { other in
            guard let types = other.pattern.types?.alternatives,
                let own = relationship.pattern.types?.alternatives
            else { return true }
            // What is of different types is different.
            return !Set(types).isDisjoint(with: own)
        }
    }

    private mutating func finish(_ index: Int) {
        self.solved.insert(index)
        if let name = self.graph.relationships[index].name { self.boundNames.insert(name) }
        for (name, number) in self.graph.anonymousRelationships where number == index {
            self.boundNames.insert(name)
        }
    }

    /// Another relationship from a bound node to the node that this one leads to: then only neighbours of both are wanted.
    private func closing(_ index: Int) -> Int? {
        func end(_ number: Int) -> Int? {
            let relationship = self.graph.relationships[number]
            let pattern = relationship.pattern
            guard !relationship.isBound, pattern.length == nil, pattern.group == nil,
                relationship.selection == .all, pattern.arrow != .either,
                pattern.types?.alternatives?.count == 1
            else { return nil }
            switch (self.boundNodes.contains(relationship.from), self.boundNodes.contains(relationship.to)) {
            case (true, false): return relationship.to
            case (false, true): return relationship.from
            default: return nil
            }
        }
        guard let wanted = end(index) else { return nil }
        return self.graph.relationships.indices.first {
            $0 != index && !self.solved.contains($0) && end($0) == wanted
        }
    }

    private mutating func intersect(
        _ first: MatchGraph.Relationship, _ second: MatchGraph.Relationship
    ) {
        let intersection = Intersection(
            first: self.expansion(first, self.others(first)),
            second: self.expansion(second, self.others(second)))
        let input = self.node
        let rows = input.estimatedRows * max(0.1, min(self.fanOut(first), self.fanOut(second)) / 4)
        let details = "\(self.details(first)) and \(self.details(second))"
        self.node = self.planner.node("ExpandIntersect", details, rows: rows, children: [input]) {
            context, row, emit in
            try input.run(context, row) { row in try intersection.expand(context, row, emit) }
        }
    }

    /// The step from the end that is bound.
    private func expansion(
        _ relationship: MatchGraph.Relationship, _ others: [MatchGraph.Relationship]
    ) -> Expansion {
        let startsAtFrom = self.boundNodes.contains(relationship.from)
        let (start, end) =
            startsAtFrom ? (relationship.from, relationship.to) : (relationship.to, relationship.from)
        return Expansion(
            start: self.graph.nodes[start].slot, end: self.graph.nodes[end].slot, slot: relationship.slot,
            isEndBound: self.boundNodes.contains(end), others: others.map(\.slot),
            hops: self.hops(relationship, reversed: !startsAtFrom))
    }

    private func hops(_ relationship: MatchGraph.Relationship, reversed: Bool) -> Hops {
        let arrow = relationship.pattern.arrow
        let directions: [Direction] =
            arrow == .either ? [.outgoing, .incoming] : [reversed ? .incoming : .outgoing]
        return Hops(
            directions: directions, types: relationship.pattern.types, planner: self.planner)
    }

    /// The condition on each relationship of a path of variable length.
    private func stepCondition(
        _ relationship: MatchGraph.Relationship
    ) throws(CypherError) -> ((ExecutionContext, Row, RelationshipID) throws -> Bool)? {
        guard relationship.pattern.length != nil else { return nil }
        var wanted: [(key: Int, value: Evaluator)] = []
        if case .map(let entries)? = relationship.pattern.properties?.kind {
            for entry in entries {
                wanted.append((self.planner.names.key(entry.key), try self.compiler.compile(entry.value)))
            }
        }
        let predicate = try self.stepPredicate(relationship)
        guard !wanted.isEmpty || predicate != nil else { return nil }
        return { [wanted] context, row, relationship in
            if let predicate, try !predicate(context, row, relationship) { return false }
            for (slot, value) in wanted {
                guard let key = context.key(slot) else { return false }
                context.touch()
                let found = context.graph.property(key, of: relationship)
                guard try found.isEqual(to: value(context, row)) == true else { return false }
            }
            return true
        }
    }

    /// `-[r* WHERE r.open]->`: there the variable is one relationship.
    private func stepPredicate(
        _ relationship: MatchGraph.Relationship
    ) throws(CypherError) -> ((ExecutionContext, Row, RelationshipID) throws -> Bool)? {
        guard let predicate = relationship.pattern.predicate else { return nil }
        var compiler = self.compiler
        let slot = self.planner.newSlot()
        if let name = relationship.pattern.variable { compiler.scope[name] = slot }
        let test = try compiler.predicate(predicate)
        return { context, row, relationship in
            row[slot] = .relationship(relationship)
            return try test(context, row)
        }
    }

    /// A quantified group: its pattern is a match of its own that begins where the one before ended.
    private mutating func repeats(
        _ group: PathGroup, _ relationship: MatchGraph.Relationship, _ others: [MatchGraph.Relationship]
    ) throws(CypherError) {
        guard let firstNode = group.nodes.first else { return }
        let name = firstNode.variable ?? "  first"
        let first = self.planner.newSlot()
        var nodes = group.nodes
        nodes[0] = firstNode.named(name)
        let part = PatternPart(
            variable: "  group", selection: .all, nodes: nodes, relationships: group.relationships,
            range: firstNode.range)
        let scope = self.graph.scope.merging([name: first]) { _, new in new }
        let inner = MatchGraph([part], group.predicate, scope: scope) { self.planner.newSlot() }
        let step = try self.planner.solve(inner, self.planner.argument())
        let last = inner.paths.first?.nodes.last ?? 0
        let length = relationship.pattern.length
        let walk = GroupWalk(
            start: self.graph.nodes[relationship.from].slot, end: self.graph.nodes[relationship.to].slot,
            slot: relationship.slot,
            isEndBound: self.boundNodes.contains(relationship.to) || relationship.from == relationship.to,
            others: others.map(\.slot), step: step, first: first, last: inner.nodes[last].slot,
            relationships: inner.relationships.map(\.slot),
            lists: relationship.lists.map { (inner.innerScope[$0.key] ?? first, $0.value) },
            minimum: length?.minimum ?? 0, maximum: length?.maximum ?? Int.max)
        let input = self.node
        self.node = self.planner.node(
            "Repeat", self.details(relationship), rows: input.estimatedRows * 10, children: [input, step]
        ) { context, row, emit in
            try input.run(context, row) { row in try walk.run(context, row, emit) }
        }
        self.boundNames.formUnion(relationship.lists.keys)
    }

    private mutating func expand(
        _ relationship: MatchGraph.Relationship, from startsAtFrom: Bool, _ others: [MatchGraph.Relationship]
    ) throws(CypherError) {
        let expansion = self.expansion(relationship, others)
        let input = self.node
        let name = (expansion.isEndBound ? "ExpandInto" : "ExpandAll")
        let start = startsAtFrom ? relationship.from : relationship.to
        let rows =
            input.estimatedRows
            * (expansion.isEndBound ? 1 : max(0.1, self.fanOut(relationship, from: start)))
        let details = self.details(relationship)
        guard let length = relationship.pattern.length else {
            self.node = self.planner.node(name, details, rows: rows, children: [input]) {
                context, row, emit in
                try input.run(context, row) { row in try expansion.expand(context, row, emit) }
            }
            return
        }
        let condition = try self.stepCondition(relationship)
        let (minimum, maximum) = (length.minimum ?? 1, length.maximum ?? Int.max)
        if minimum <= 1, self.onlyReaches(relationship) {
            self.node = self.planner.node(
                "VarLengthExpand(Distinct)", details, rows: rows, children: [input]
            ) { context, row, emit in
                try input.run(context, row) { row in
                    try expansion.reach(
                        context, row, includesStart: minimum == 0, maximum: maximum, condition: condition,
                        emit)
                }
            }
            return
        }
        let reversed = !startsAtFrom
        self.node = self.planner.node("VarLengthExpand", details, rows: rows, children: [input]) {
            context, row, emit in
            try input.run(context, row) { row in
                try expansion.walk(
                    context, row, minimum: minimum, maximum: maximum, reversed: reversed,
                    condition: condition, emit)
            }
        }
    }

    /// Whether only the ends of a path of variable length matter, not the paths, and no other relationship of the match could
    /// be one of the path's.
    private func onlyReaches(_ relationship: MatchGraph.Relationship) -> Bool {
        guard self.ignoresDuplicates, relationship.name == nil, relationship.pattern.arrow != .either,
            let own = relationship.pattern.types?.alternatives
        else { return false }
        return self.graph.relationships.enumerated().allSatisfy { index, other in
            if other.slot == relationship.slot {
                return !self.graph.paths.contains { $0.relationships.contains(index) }
            }
            return other.pattern.types?.alternatives.map { Set($0).isDisjoint(with: own) } ?? false
        }
    }

    private func details(_ relationship: MatchGraph.Relationship) -> String {
        func name(_ index: Int) -> String { "(\(self.graph.nodes[index].name ?? ""))" }
        let pattern = relationship.pattern
        var inside = (relationship.name ?? "") + (pattern.types.map { ":" + PlanText.text($0) } ?? "")
        if let length = pattern.length {
            inside += "*\(length.minimum.map(String.init) ?? "")..\(length.maximum.map(String.init) ?? "")"
        }
        return name(relationship.from) + "-[\(inside)]-" + (pattern.arrow == .either ? "" : ">")
            + name(relationship.to)
    }

    /// A relationship from before: its ends must be those of the pattern.
    private mutating func checkRelationship(_ relationship: MatchGraph.Relationship) {
        let input = self.node
        let from = (self.graph.nodes[relationship.from].slot, self.boundNodes.contains(relationship.from))
        let to = (self.graph.nodes[relationship.to].slot, self.boundNodes.contains(relationship.to))
        let isEither = relationship.pattern.arrow == .either
        let slot = relationship.slot
        let test = relationship.pattern.types.map(self.planner.typeTest)
        let isList = relationship.pattern.length != nil
        self.node = self.planner.node(
            "ProjectEndpoints", relationship.name ?? "", rows: input.estimatedRows, children: [input]
        ) { context, row, emit in
            try input.run(context, row) { row in
                func ends(_ source: NodeID, _ target: NodeID) throws -> Bool {
                    if from.1 {
                        guard row[from.0] == .node(source) else { return true }
                    } else {
                        row[from.0] = .node(source)
                    }
                    if to.1 {
                        guard row[to.0] == .node(target) else { return true }
                    } else {
                        if from.0 == to.0, source != target { return true }
                        row[to.0] = .node(target)
                    }
                    return try emit(row)
                }
                if isList {
                    guard case .list(let list) = row[slot],
                        let (source, target) = PathBuilder.ends(of: list, context.graph)
                    else { return true }
                    return try ends(source, target)
                }
                context.touch()
                guard case .relationship(let id) = row[slot], let record = context.graph.relationship(id),
                    test?(context, record.type) ?? true
                else { return true }
                guard try ends(record.source, record.target) else { return false }
                guard isEither, record.source != record.target else { return true }
                return try ends(record.target, record.source)
            }
        }
    }

    private mutating func shortest(_ relationship: MatchGraph.Relationship) throws(CypherError) {
        let search = ShortestPathSearch(
            start: self.graph.nodes[relationship.from].slot, end: self.graph.nodes[relationship.to].slot,
            slot: relationship.slot, hops: self.hops(relationship, reversed: false),
            minimum: relationship.pattern.length?.minimum ?? 1,
            maximum: relationship.pattern.length.map { $0.maximum ?? Int.max } ?? 1,
            wantsAll: relationship.selection == .allShortest)
        let condition = try self.stepCondition(relationship)
        let input = self.node
        self.node = self.planner.node(
            "ShortestPath", self.details(relationship), rows: input.estimatedRows, children: [input]
        ) { context, row, emit in
            try input.run(context, row) { row in try search.run(context, row, condition, emit) }
        }
    }

    private mutating func bindPath(_ path: MatchGraph.Path) {
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
