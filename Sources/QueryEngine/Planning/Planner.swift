internal import Cypher
internal import PropertyGraph

/// Turns a checked query into a tree of operators, choosing by the graph's counts where a match starts and
/// in which order it grows.
///
/// All variables of a query share one row; each has a slot of its own, also when names repeat in subqueries.
final class Planner {
    /// The graph whose counts guide the choices.
    let graph: GraphSnapshot
    let services: QueryServices
    var functions: FunctionRegistry { self.services.functions }
    var names = TokenNames()
    private(set) var slotCount = 0
    /// Whether the match that is planned next feeds somebody who does not ask how often a row comes.
    var ignoresDuplicates = false
    private var nodeCount = 0
    /// By label and key.
    private var samples: [[UInt32]: ValueSample] = [:]

    init(graph: GraphSnapshot, services: QueryServices) {
        self.graph = graph
        self.services = services
    }

    /// Values of a property; looked at once a plan.
    func sample(_ label: LabelID, _ key: PropertyKeyID) -> ValueSample {
        let place = [label.index, key.index]
        if let known = self.samples[place] { return known }
        let sample = ValueSample(label, key, self.graph)
        self.samples[place] = sample
        return sample
    }

    func newSlot() -> Int {
        self.slotCount += 1
        return self.slotCount - 1
    }

    func node(
        _ name: String, _ details: String = "", rows: Double, children: [PlanNode] = [],
        scan: PlanNode.Scan? = nil,
        _ run: @escaping Run
    ) -> PlanNode {
        self.nodeCount += 1
        return PlanNode(
            number: self.nodeCount, name, details, rows: rows, children: children, scan: scan, run)
    }

    /// The start of every branch: gives the argument row once.
    func argument() -> PlanNode { self.node("Argument", rows: 1) { _, row, emit in try emit(row) } }

    /// A query's plan, with the columns it returns: name and slot.
    func plan(_ query: Query, scope: [String: Int]) throws(CypherError) -> (
        node: PlanNode, columns: [(String, Int)]
    ) {
        if query.parts.count == 1 { return try self.plan(query.parts[0], scope) }
        var parts: [PlanNode] = []
        var columns: [(String, Int)] = []
        for (index, part) in query.parts.enumerated() {
            var (node, own) = try self.plan(part, scope)
            if index == 0 {
                columns = own.map { ($0.0, self.newSlot()) }
            }
            let moves = columns.compactMap { name, slot in
                own.first { $0.0 == name }.map { (from: $0.1, to: slot) }
            }
            let inner = node
            node = self.node("Projection", rows: inner.estimatedRows, children: [inner]) {
                context, row, emit in
                try inner.run(context, row) { row in
                    for move in moves { row[move.to] = row[move.from] }
                    return try emit(row)
                }
            }
            own = columns
            parts.append(node)
        }
        let all = parts
        let union = self.node(
            "Union", rows: all.reduce(0) { $0 + $1.estimatedRows }, children: all
        ) { context, row, emit in
            for part in all { guard try part.run(context, row, emit) else { return false } }
            return true
        }
        return (query.keepsDuplicates ? union : self.distinct(union, columns.map(\.1)), columns)
    }

    private func plan(
        _ query: SingleQuery, _ outer: [String: Int]
    ) throws(CypherError) -> (PlanNode, [(String, Int)]) {
        var node = self.argument()
        var scope = outer
        if query.clauses.count == 1, let clause = query.clauses.first, case .call(let call) = clause.kind {
            // A procedure called alone shows its columns.
            let (node, columns) = try self.call(call, node, scope, clause.range, isAlone: true)
            return (node, columns)
        }
        var clauses = query.clauses[...]
        var stream = RowStream(
            query, self.functions,
            keepsUnique: self.graph.indexes.contains { $0.constraint != nil })
        while let clause = clauses.popFirst() {
            if !stream.joins(clause, bound: Set(scope.keys)) { node = self.eager(node) }
            if case .create(let patterns) = clause.kind {
                var all = [patterns]
                var seen = Set(scope.keys).union(clause.createdNames)
                while let next = clauses.first, case .create(let more) = next.kind,
                    stream.joinsOnly(next, bound: seen)
                {
                    all.append(more)
                    seen.formUnion(next.createdNames)
                    clauses.removeFirst()
                }
                (node, scope) = try self.create(all, node, scope)
                continue
            }
            if !stream.isUpdating, let projection = clauses.first?.projection,
                let degrees = try self.degreeGrouping(clause, projection, node, scope)
            {
                let next = clauses.removeFirst()
                guard case .with(_, let predicate) = next.kind else {
                    return try self.project(degrees.projection, degrees.node, degrees.scope)
                }
                (node, scope) = try self.with(degrees.projection, predicate, degrees.node, degrees.scope)
                continue
            }
            if case .returning(let projection) = clause.kind {
                let (projected, columns) = try self.project(projection, node, scope)
                return (projected, columns)
            }
            self.ignoresDuplicates = clauses.first?.projection.map(self.ignoresDuplicates) ?? false
            (node, scope) = try self.plan(clause, node, scope)
            self.ignoresDuplicates = false
        }
        let last = node
        let empty = self.node("EmptyResult", rows: 0, children: [last]) { context, row, _ in
            try last.run(context, row) { _ in true }
        }
        // Inside EXISTS { } and COUNT { } the rows of a query without RETURN count; at the top they do not show.
        return (query.clauses.contains(where: Self.isUpdate) ? empty : last, [])
    }

    /// Whether a projection gives the same however often a row comes.
    private func ignoresDuplicates(_ projection: Projection) -> Bool {
        var calls: [Expression] = []
        for item in projection.items { self.aggregateCalls(item.expression, &calls) }
        for item in projection.order { self.aggregateCalls(item.expression, &calls) }
        guard !calls.isEmpty else { return projection.isDistinct }
        return calls.allSatisfy { call in
            guard case .call(let function) = call.kind else { return false }
            return function.isDistinct || ["min", "max"].contains(function.name.lowercased())
        }
    }

    private static func isUpdate(_ clause: Clause) -> Bool {
        switch clause.kind {
        case .create, .merge, .set, .remove, .delete, .forEach: true
        default: false
        }
    }

    func plan(
        _ clause: Clause, _ input: PlanNode, _ scope: [String: Int]
    ) throws(CypherError) -> (PlanNode, [String: Int]) {
        switch clause.kind {
        case .match(let optional, let patterns, let predicate):
            return try self.match(patterns, predicate, optional: optional, input, scope)
        case .unwind(let list, let variable): return try self.unwind(list, variable, input, scope)
        case .with(let projection, let predicate): return try self.with(projection, predicate, input, scope)
        case .returning(let projection): return (try self.project(projection, input, scope).0, scope)
        case .call(let call):
            let (node, columns) = try self.call(call, input, scope, clause.range, isAlone: false)
            return (node, scope.merging(columns) { _, new in new })
        case .subquery(let call): return try self.subquery(call, input, scope)
        case .loadCSV(let load): return try self.loadCSV(load, input, scope, clause.range)
        case .finish:
            let node = self.node("Finish", rows: 0, children: [input]) { context, row, _ in
                try input.run(context, row) { _ in true }
            }
            return (node, scope)
        default: return try self.update(clause, input, scope)
        }
    }

    private func unwind(
        _ list: Expression, _ variable: String, _ input: PlanNode, _ scope: [String: Int]
    ) throws(CypherError) -> (PlanNode, [String: Int]) {
        let elements = try ExpressionCompiler(planner: self, scope: scope).compile(list)
        let slot = self.newSlot()
        let node = self.node(
            "Unwind", variable, rows: input.estimatedRows * 10, children: [input]
        ) { context, row, emit in
            try input.run(context, row) { row in
                let value = try elements(context, row)
                if value.isNull { return true }
                var list = value.list ?? [value]
                return try context.holding(&list) { list in
                    for element in list {
                        try context.step()
                        row[slot] = element
                        guard try emit(row) else { return false }
                    }
                    return true
                }
            }
        }
        return (node, scope.merging([variable: slot]) { _, new in new })
    }

    private func with(
        _ projection: Projection, _ predicate: Expression?, _ input: PlanNode, _ scope: [String: Int]
    ) throws(CypherError) -> (PlanNode, [String: Int]) {
        let (node, columns) = try self.project(projection, input, scope)
        let next = Dictionary(columns) { first, _ in first }
        guard let predicate else { return (node, next) }
        return (try self.filter(node, predicate, scope.merging(next) { _, new in new }), next)
    }

    func filter(
        _ input: PlanNode, _ predicate: Expression, _ scope: [String: Int], share: Double = 0.3
    ) throws(CypherError) -> PlanNode {
        let test = try ExpressionCompiler(planner: self, scope: scope).sharing([predicate]).predicate(
            predicate)
        return self.node(
            "Filter", PlanText.text(predicate), rows: input.estimatedRows * share, children: [input]
        ) { context, row, emit in
            try input.run(context, row) { row in
                try context.step()
                return try test(context, row) ? try emit(row) : true
            }
        }
    }

    func distinct(_ input: PlanNode, _ slots: [Int]) -> PlanNode {
        self.node("Distinct", rows: input.estimatedRows, children: [input]) { context, row, emit in
            var seen = KeyTable<[Value]>()
            return try context.holding(&seen) { seen in
                try input.run(context, row) { row in
                    let key = slots.map { row[$0].equivalenceKey }
                    guard try seen.insert(key, context).isNew else { return true }
                    try context.hold(slots.count)
                    return try emit(row)
                }
            }
        }
    }
}

extension Clause {
    /// What a WITH or RETURN projects.
    fileprivate var projection: Projection? {
        switch self.kind {
        case .with(let projection, _), .returning(let projection): projection
        default: nil
        }
    }
}
