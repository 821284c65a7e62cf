internal import Cypher
internal import PropertyGraph

extension Planner {
    /// What is wanted of a subquery's rows.
    enum SubqueryUse {
        case exists
        case count
        case collect
    }

    func subqueryEvaluator(
        _ query: Query, _ scope: [String: Int], _ use: SubqueryUse
    ) throws(CypherError) -> Evaluator {
        if let degree = self.degreeEvaluator(query, scope, use) { return degree }
        let (node, columns) = try self.plan(query, scope: scope)
        let column = columns.first?.1
        return { context, row in
            var count = 0
            var values: [Value] = []
            _ = try node.run(context, row) { row in
                count += 1
                if use == .collect, let column {
                    try context.hold(1)
                    values.append(row[column])
                }
                return use != .exists
            }
            switch use {
            case .exists: return .boolean(count > 0)
            case .count: return .integer(count)
            case .collect: return .list(values)
            }
        }
    }

    /// `(a)-->(b)` as a condition; `shortestPath(...)` as a value.
    func patternEvaluator(_ pattern: PatternPart, _ scope: [String: Int]) throws(CypherError) -> Evaluator {
        if pattern.selection != .all {
            let paths = try self.pathsEvaluator(pattern, scope)
            return { context, row in
                let list = try paths(context, row)
                return pattern.selection == .shortest ? list.list?.first ?? .null : list
            }
        }
        let graph = MatchGraph([pattern], nil, scope: scope) { self.newSlot() }
        let node = try self.solve(graph, self.argument())
        return { context, row in .boolean(try !node.run(context, row) { _ in false }) }
    }

    /// All paths that match a pattern, as a list.
    func pathsEvaluator(_ pattern: PatternPart, _ scope: [String: Int]) throws(CypherError) -> Evaluator {
        let named = PatternPart(
            variable: "  path", selection: pattern.selection, nodes: pattern.nodes,
            relationships: pattern.relationships,
            range: pattern.range)
        let graph = MatchGraph([named], nil, scope: scope) { self.newSlot() }
        let node = try self.solve(graph, self.argument())
        let slot = graph.innerScope["  path"] ?? 0
        return { context, row in
            .list(try node.collect(context, row).map { $0[slot] })
        }
    }

    func comprehensionEvaluator(
        _ comprehension: PatternComprehension, _ compiler: ExpressionCompiler
    ) throws(CypherError) -> Evaluator {
        let graph = MatchGraph([comprehension.pattern], comprehension.predicate, scope: compiler.scope) {
            self.newSlot()
        }
        let node = try self.solve(graph, self.argument())
        var inner = compiler
        inner.scope = graph.innerScope
        let projection = try inner.compile(comprehension.projection)
        return { context, row in
            var values: [Value] = []
            _ = try node.run(context, row) { row in
                try context.hold(1)
                values.append(try projection(context, row))
                return true
            }
            return .list(values)
        }
    }
}
