internal import Cypher
internal import PropertyGraph

extension Planner {
    /// `WITH` and `RETURN`: columns, grouping, DISTINCT, order, SKIP and LIMIT.
    func project(
        _ projection: Projection, _ input: PlanNode, _ scope: [String: Int]
    ) throws(CypherError) -> (PlanNode, [(String, Int)]) {
        var columns: [(String, Int)] =
            projection.includesAll ? scope.sorted { $0.key < $1.key }.map { ($0.key, $0.value) } : []
        let aggregates = projection.items.contains { $0.expression.containsAggregate(self.functions) }
        var compiler = ExpressionCompiler(planner: self, scope: scope)
        var node = input
        if aggregates { (node, compiler) = try self.aggregate(projection, input, scope) }
        let all = columns
        var assignments: [(slot: Int, value: Evaluator)] = []
        let sharing = compiler.sharing(projection.items.map(\.expression))
        for item in projection.items {
            let value = try sharing.compile(item.expression)
            let slot = self.newSlot()
            assignments.append((slot, value))
            columns.append((item.name, slot))
        }
        node = self.projection(node, assignments, projection)
        // ORDER BY may name columns and, unless rows were joined, what was there before.
        var after = compiler
        for (name, slot) in columns { after.scope[name] = slot }
        for (item, column) in zip(projection.items, columns.dropFirst(all.count)) {
            after.computed[item.expression] = column.1
        }
        if projection.isDistinct { node = self.distinct(node, columns.map(\.1)) }
        node = try self.order(projection, node, after)
        return (node, columns)
    }

    private func projection(
        _ input: PlanNode, _ assignments: [(slot: Int, value: Evaluator)], _ projection: Projection
    ) -> PlanNode {
        guard !assignments.isEmpty else { return input }
        let details = projection.items.map(\.name).joined(separator: ", ")
        return self.node("Projection", details, rows: input.estimatedRows, children: [input]) {
            context, row, emit in
            try input.run(context, row) { row in
                try context.step()
                for assignment in assignments { row[assignment.slot] = try assignment.value(context, row) }
                return try emit(row)
            }
        }
    }

    // MARK: Order

    private func order(
        _ projection: Projection, _ input: PlanNode, _ compiler: ExpressionCompiler
    ) throws(CypherError) -> PlanNode {
        var node = input
        let constant = ExpressionCompiler(planner: self, scope: [:])
        let skip = try projection.skip.map { (e) throws(CypherError) in (try constant.compile(e), e.range) }
        let limit = try projection.limit.map { (e) throws(CypherError) in (try constant.compile(e), e.range) }
        if !projection.order.isEmpty {
            var keys: [(value: Evaluator, isDescending: Bool)] = []
            for item in projection.order {
                keys.append((try compiler.compile(item.expression), item.isDescending))
            }
            node = self.sort(node, keys, projection, skip: skip, limit: limit)
        }
        if let skip { node = self.skip(node, skip.0, skip.1) }
        if let limit { node = self.limit(node, limit.0, limit.1) }
        return node
    }

    private func sort(
        _ input: PlanNode, _ keys: [(value: Evaluator, isDescending: Bool)], _ projection: Projection,
        skip: (Evaluator, SourceRange)?, limit: (Evaluator, SourceRange)?
    ) -> PlanNode {
        let details = projection.order.map { PlanText.text($0.expression) + ($0.isDescending ? " DESC" : "") }
        let name = limit == nil ? "Sort" : "Top"
        return self.node(
            name, details.joined(separator: ", "), rows: input.estimatedRows, children: [input]
        ) { context, row, emit in
            var wanted = Int.max
            if let limit {
                let most = try Self.bound(limit.0, limit.1, context)
                let first = try skip.map { try Self.bound($0.0, $0.1, context) } ?? 0
                let (sum, overflow) = most.addingReportingOverflow(first)
                wanted = overflow ? Int.max : sum
            }
            var sorter = Sorter(descending: keys.map(\.isDescending), limit: wanted)
            return try context.holding(&sorter) { sorter in
                _ = try input.run(context, row) { row in
                    try context.step()
                    if try sorter.add(row, context, { try keys[$0].value(context, row) }) {
                        try context.hold(row.count + keys.count)
                    }
                    return true
                }
                return try sorter.forEachSorted(context, emit)
            }
        }
    }

    static func bound(_ value: Evaluator, _ range: SourceRange, _ context: ExecutionContext) throws -> Int {
        guard let number = try value(context, Row(count: 0)).integer else {
            throw CypherError(.syntax, "InvalidArgumentType", "SKIP and LIMIT need a whole number", at: range)
        }
        guard number >= 0 else {
            throw CypherError(
                .syntax, "NegativeIntegerArgument", "SKIP and LIMIT need a number from 0", at: range)
        }
        return number
    }

    private func skip(_ input: PlanNode, _ count: @escaping Evaluator, _ range: SourceRange) -> PlanNode {
        self.node("Skip", rows: input.estimatedRows, children: [input]) { context, row, emit in
            var left = try Self.bound(count, range, context)
            return try input.run(context, row) { row in
                if left > 0 {
                    left -= 1
                    return true
                }
                return try emit(row)
            }
        }
    }

    private func limit(_ input: PlanNode, _ count: @escaping Evaluator, _ range: SourceRange) -> PlanNode {
        // Work that writes must not be cut short: the rows it gives are.
        let mustFinish = input.writes
        return self.node("Limit", rows: min(input.estimatedRows, 10), children: [input]) {
            context, row, emit in
            var left = try Self.bound(count, range, context)
            var wantsMore = true
            if left == 0, !mustFinish { return true }
            _ = try input.run(context, row) { row in
                guard left > 0 else { return mustFinish }
                left -= 1
                wantsMore = try emit(row)
                return mustFinish || (wantsMore && left > 0)
            }
            return wantsMore
        }
    }

    // MARK: Grouping

    private func aggregate(
        _ projection: Projection, _ input: PlanNode, _ scope: [String: Int]
    ) throws(CypherError) -> (PlanNode, ExpressionCompiler) {
        var calls: [Expression] = []
        for item in projection.items { self.aggregateCalls(item.expression, &calls) }
        for item in projection.order { self.aggregateCalls(item.expression, &calls) }
        let grouped = projection.items.map(\.expression).filter { !$0.containsAggregate(self.functions) }
        let before = ExpressionCompiler(planner: self, scope: scope)
            .sharing(grouped + calls.compactMap(\.firstArgument))
        var after = ExpressionCompiler(planner: self, scope: [:])
        var keys: [(slot: Int, value: Evaluator)] = []
        if projection.includesAll {
            for (_, slot) in scope.sorted(by: { $0.key < $1.key }) {
                keys.append((slot, { _, row in row[slot] }))
            }
            after.scope = scope
        }
        for item in projection.items where !item.expression.containsAggregate(self.functions) {
            let slot = self.newSlot()
            keys.append((slot, try before.compile(item.expression)))
            after.computed[item.expression] = slot
            if case .variable(let name) = item.expression.kind { after.scope[name] = slot }
        }
        var columns: [AggregateColumn] = []
        for call in calls {
            let slot = self.newSlot()
            after.computed[call] = slot
            columns.append(try self.aggregateColumn(call, slot, before))
        }
        let details = projection.items.map(\.name).joined(separator: ", ")
        let node = self.aggregation(input, keys, columns, details)
        return (node, after)
    }

    struct AggregateColumn {
        let slot: Int
        let name: String
        let isDistinct: Bool
        let value: Evaluator
        let further: Evaluator?
    }

    private func aggregateColumn(
        _ call: Expression, _ slot: Int, _ compiler: ExpressionCompiler
    ) throws(CypherError) -> AggregateColumn {
        guard case .call(let function) = call.kind else {
            return AggregateColumn(
                slot: slot, name: "count", isDistinct: false, value: { _, _ in .boolean(true) },
                further: nil)
        }
        let value = try compiler.compile(function.arguments[0])
        // Not all aggregates ask for it.
        let further = try function.arguments.dropFirst().first.map { (e) throws(CypherError) in
            try compiler.uncertain.compile(e)
        }
        return AggregateColumn(
            slot: slot, name: function.name, isDistinct: function.isDistinct, value: value, further: further)
    }

    func aggregateCalls(_ expression: Expression, _ calls: inout [Expression]) {
        switch expression.kind {
        case .countAll: if !calls.contains(expression) { calls.append(expression) }
        case .call(let call) where self.functions.isAggregate(call.name):
            if !calls.contains(expression) { calls.append(expression) }
        case .listComprehension(let comprehension): self.aggregateCalls(comprehension.list, &calls)
        default: for child in expression.children { self.aggregateCalls(child, &calls) }
        }
    }

    private func aggregation(
        _ input: PlanNode, _ keys: [(slot: Int, value: Evaluator)], _ columns: [AggregateColumn],
        _ details: String
    ) -> PlanNode {
        let rows = keys.isEmpty ? 1 : max(1, input.estimatedRows.squareRoot())
        let split = SplitScan(input)
        return self.node("EagerAggregation", details, rows: rows, children: [input]) { context, row, emit in
            var grouping = Grouping(keys.map(\.value), columns)
            return try context.holding(&grouping) { grouping in
                if let whole = try split?.run(input, keys.map(\.value), columns, context, row) {
                    grouping = whole
                } else {
                    try grouping.addAll(of: input, context, row)
                }
                return try grouping.forEachGroup(context) { values, results in
                    for (key, value) in zip(keys, values) { row[key.slot] = value }
                    for (column, result) in zip(columns, results) { row[column.slot] = result }
                    return try emit(row)
                }
            }
        }
    }
}

extension Expression {
    /// What is counted, summed and so on.
    fileprivate var firstArgument: Expression? {
        if case .call(let call) = self.kind { call.arguments.first } else { nil }
    }
}
