extension Expression {
    /// The expressions directly inside that see the same variables; bodies of comprehensions, quantifiers,
    /// `reduce` and subqueries are not among them, their lists are.
    package var children: [Expression] {
        switch self.kind {
        case .null, .boolean, .integer, .float, .string, .variable, .parameter, .countAll, .pattern, .exists,
            .countSubquery, .collectSubquery, .patternComprehension:
            []
        case .list(let elements): elements
        case .map(let entries): entries.map(\.value)
        case .property(let base, _), .hasLabels(let base, _), .unary(_, let base), .isNull(let base, _),
            .isType(let base, _, _), .isNormalized(let base, _, _):
            [base]
        case .subscripted(let base, let index): [base, index]
        case .slice(let base, let from, let to): [base] + [from, to].compactMap { $0 }
        case .binary(_, let left, let right): [left, right]
        case .comparison(let first, let links): [first] + links.map(\.operand)
        case .call(let call): call.arguments
        case .conditional(let conditional):
            [conditional.subject, conditional.otherwise].compactMap { $0 }
                + conditional.branches.flatMap { $0.tests.map(\.expression) + [$0.then] }
        case .listComprehension(let comprehension): [comprehension.list]
        case .quantifier(_, _, let list, _): [list]
        case .reduce(_, let initial, _, let list, _): [initial, list]
        case .mapProjection(let base, let items):
            [base] + items.compactMap { if case .entry(let entry) = $0 { entry.value } else { nil } }
        }
    }

    /// Whether an aggregate function is called anywhere inside, subqueries aside.
    package func containsAggregate(_ functions: some FunctionSignatures) -> Bool {
        switch self.kind {
        case .countAll: true
        case .call(let call) where functions.isAggregate(call.name): true
        case .listComprehension(let comprehension):
            [comprehension.list, comprehension.predicate, comprehension.projection].contains {
                $0?.containsAggregate(functions) ?? false
            }
        case .quantifier(_, _, let list, let predicate):
            list.containsAggregate(functions) || predicate.containsAggregate(functions)
        default: self.children.contains { $0.containsAggregate(functions) }
        }
    }
}
