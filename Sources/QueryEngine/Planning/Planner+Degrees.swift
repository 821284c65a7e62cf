internal import Cypher
internal import PropertyGraph

/// A pattern of one relationship between a node that is known and one of which nothing else is wanted: how many there are
/// is a degree, and no relationship need be looked at.
struct DegreePattern {
    /// The known node's variable.
    let start: String
    /// Names that only stand for what is counted.
    let counted: Set<String>
    private let hops: Hops
    private let label: Int?
    private let implications: [Int]

    /// - Returns: nil when the pattern says more.
    init?(_ pattern: PatternPart, from start: String, _ planner: Planner) {
        guard pattern.selection == .all, pattern.selector == nil, pattern.predicate == nil,
            pattern.variable == nil,
            pattern.nodes.count == 2, let relationship = pattern.relationships.first,
            relationship.length == nil, relationship.group == nil, relationship.properties == nil,
            relationship.predicate == nil, relationship.arrow != .either,
            let types = relationship.types?.alternatives, Set(types).count == types.count
        else { return nil }
        let isFirst = pattern.nodes[0].variable == start
        let other = pattern.nodes[isFirst ? 1 : 0]
        guard isFirst || pattern.nodes[1].variable == start, other.variable != start,
            other.properties == nil, other.predicate == nil
        else { return nil }
        let isOutgoing = isFirst == (relationship.arrow == .right)
        switch other.labels {
        case nil: (self.label, self.implications) = (nil, [])
        case .name(let name)?:
            self.label = planner.names.label(name)
            self.implications = types.map { planner.implication($0, name, isTarget: isOutgoing) }
        default: return nil
        }
        self.start = start
        self.counted = Set([relationship.variable, other.variable].compactMap { $0 })
        self.hops = Hops(
            directions: [isOutgoing ? .outgoing : .incoming], types: relationship.types, planner: planner
        )
    }

    /// How many relationships of the pattern a node has.
    func count(_ node: NodeID, _ context: ExecutionContext, isImplied: Bool) throws -> Int {
        guard let label = self.label, !isImplied else { return try self.hops.count(node, to: nil, context) }
        guard let label = context.label(label) else { return 0 }
        return try self.hops.count(node, to: label, context)
    }

    /// Whether all nodes at the other ends have the label: then degrees tell.
    func isImplied(_ context: ExecutionContext) -> Bool { self.implications.allSatisfy(context.holds) }
}

extension Planner {
    /// The slot of "all relationships of the type have nodes of the label at that end".
    func implication(_ type: String, _ label: String, isTarget: Bool) -> Int {
        let (type, label) = (self.names.type(type), self.names.label(label))
        return self.names.implication(.init(type: type, label: label, isTarget: isTarget))
    }

    /// `COUNT { (a)-[:T]->(:B) }` and `EXISTS { ... }` of a bound node; nil when the query says more.
    func degreeEvaluator(_ query: Query, _ scope: [String: Int], _ use: SubqueryUse) -> Evaluator? {
        guard use != .collect, query.parts.count == 1, query.parts[0].clauses.count == 1,
            case .match(false, let patterns, nil) = query.parts[0].clauses[0].kind, patterns.count == 1,
            let pattern = patterns.first
        else { return nil }
        for node in pattern.nodes {
            guard let name = node.variable, let slot = scope[name], node.labels == nil,
                node.properties == nil, node.predicate == nil,
                let degree = DegreePattern(pattern, from: name, self),
                degree.counted.isDisjoint(with: scope.keys)
            else { continue }
            return { context, row in
                guard case .node(let node) = row[slot] else {
                    return use == .exists ? .boolean(false) : .integer(0)
                }
                let count = try degree.count(node, context, isImplied: degree.isImplied(context))
                return use == .exists ? .boolean(count > 0) : .integer(count)
            }
        }
        return nil
    }

    /// `MATCH (a)-[r:T]->() RETURN a.x, count(r)`: the sum of degrees, by group. Nil when the clauses say more.
    func degreeGrouping(
        _ match: Clause, _ projection: Projection, _ input: PlanNode, _ scope: [String: Int]
    ) throws(CypherError) -> (node: PlanNode, scope: [String: Int], projection: Projection)? {
        guard case .match(false, let patterns, let predicate) = match.kind, patterns.count == 1,
            let pattern = patterns.first, !projection.includesAll
        else { return nil }
        for node in pattern.nodes {
            guard let name = node.variable, let degree = DegreePattern(pattern, from: name, self),
                degree.counted.isDisjoint(with: scope.keys),
                let rewritten = self.sums(projection, degree.counted),
                predicate.map({ Self.ignores($0, degree.counted) }) ?? true
            else { continue }
            let alone = PatternPart(
                variable: nil, selection: .all, nodes: [node], relationships: [], range: pattern.range)
            let (matched, names) = try self.match([alone], predicate, optional: false, input, scope)
            guard let start = names[name] else { return nil }
            let slot = self.newSlot()
            let counted = self.node(
                "GetDegree", "(\(name))", rows: matched.estimatedRows, children: [matched]
            ) { context, row, emit in
                let isImplied = degree.isImplied(context)
                return try matched.run(context, row) { row in
                    guard case .node(let node) = row[start] else { return true }
                    let count = try degree.count(node, context, isImplied: isImplied)
                    guard count > 0 else { return true }
                    row[slot] = .integer(count)
                    return try emit(row)
                }
            }
            return (counted, names.merging([Self.degreeName: slot]) { _, new in new }, rewritten)
        }
        return nil
    }

    private static let degreeName = "  degree"

    private static func ignores(_ expression: Expression, _ names: Set<String>) -> Bool {
        FreeNames.of(expression)?.isDisjoint(with: names) ?? false
    }

    /// The projection with counts as sums of degrees; nil when it needs more than counts of what is counted.
    private func sums(_ projection: Projection, _ counted: Set<String>) -> Projection? {
        var hasCount = false
        func sum(_ expression: Expression) -> Expression? {
            switch expression.kind {
            case .countAll: break
            case .call(let call) where call.name.lowercased() == "count" && !call.isDistinct:
                guard case .variable(let name)? = call.arguments.first?.kind, counted.contains(name) else {
                    return nil
                }
            default:
                let isPlain = !expression.containsAggregate(self.functions)
                return isPlain && Self.ignores(expression, counted) ? expression : nil
            }
            hasCount = true
            let degree = Expression(.variable(Self.degreeName), expression.range)
            return Expression(
                .call(FunctionCall(name: "sum", isDistinct: false, arguments: [degree])), expression.range)
        }
        var items: [Projection.Item] = []
        for item in projection.items {
            guard let value = sum(item.expression) else { return nil }
            items.append(item.with(value))
        }
        var order: [Projection.SortItem] = []
        for item in projection.order {
            guard let value = sum(item.expression) else { return nil }
            order.append(item.with(value))
        }
        return hasCount ? projection.with(items: items, order: order) : nil
    }
}
