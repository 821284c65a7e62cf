extension Checker {
    /// Where an expression stands.
    enum Place {
        /// `RETURN`, `WITH`: aggregates may stand here.
        case projection
        /// `WHERE`: patterns may stand here.
        case predicate
        /// Anywhere else.
        case value
        /// Inside an aggregate function.
        case aggregate
    }

    func check(_ expression: Expression, _ scope: Scope, _ place: Place) throws(CypherError) {
        switch expression.kind {
        case .variable(let name):
            try self.require(name, scope, expression.range)
            if place == .predicate { try self.refuseEntity(expression, scope) }
        case .binary(let sign, let left, let right):
            try self.checkLogical(expression)
            for operand in [left, right] {
                try self.check(operand, scope, self.isLogical(expression) ? place : self.inner(place))
            }
            try self.checkOperands(sign, left, right, scope)
        case .countAll: try self.checkAggregate("count", expression.range, place)
        case .call(let call): try self.check(call, expression.range, scope, place)
        case .listComprehension(let comprehension):
            try self.check(comprehension.list, scope, self.inner(place))
            let inner = scope.adding([(comprehension.variable, self.elementKind(comprehension.list))])
            for part in [comprehension.predicate, comprehension.projection].compactMap({ $0 }) {
                try self.refuseAggregate(part)
                try self.check(part, inner, .value)
            }
        case .quantifier(_, let variable, let list, let predicate):
            try self.check(list, scope, self.inner(place))
            try self.check(predicate, scope.adding([(variable, self.elementKind(list))]), .value)
        case .reduce(let accumulator, let initial, let variable, let list, let step):
            try self.check(initial, scope, self.inner(place))
            try self.check(list, scope, self.inner(place))
            try self.check(step, scope.adding([(accumulator, .value), (variable, .value)]), .value)
        case .patternComprehension(let comprehension):
            let inner = try self.match([comprehension.pattern], scope)
            if let predicate = comprehension.predicate { try self.check(predicate, inner, .predicate) }
            try self.check(comprehension.projection, inner, .value)
        case .pattern(let pattern): try self.checkPredicate(pattern, scope, place, expression.range)
        case .exists(let query), .countSubquery(let query), .collectSubquery(let query):
            guard !query.isUpdating else {
                throw CypherError(
                    .syntax, "InvalidClauseComposition",
                    "a subquery in an expression cannot change the graph",
                    at: expression.range)
            }
            try self.columns(of: query, in: scope, isSubquery: true)
        case .mapProjection(let base, let items):
            try self.check(base, scope, self.inner(place))
            for item in items {
                if case .variable(let name, let range) = item { try self.require(name, scope, range) }
                if case .entry(let entry) = item { try self.check(entry.value, scope, self.inner(place)) }
            }
        case .property(let base, _):
            try self.check(base, scope, self.inner(place))
            if case .variable(let name) = base.kind, let kind = scope[name],
                kind == .path || kind == .relationships
            {
                throw CypherError(
                    .syntax, "InvalidArgumentType", "`\(name)` is \(kind.words) and has no properties",
                    at: expression.range)
            }
        case .hasLabels(let base, _):
            try self.check(base, scope, self.inner(place))
        default:
            try self.checkLogical(expression)
            // A pattern may stand below NOT, AND and OR of a predicate.
            for child in expression.children {
                try self.check(child, scope, self.isLogical(expression) ? place : self.inner(place))
            }
        }
    }

    /// `WHERE (n)`: a node is no condition.
    private func refuseEntity(_ expression: Expression, _ scope: Scope) throws(CypherError) {
        guard case .variable(let name) = expression.kind, let kind = scope[name] else { return }
        let isTruth: Bool =
            switch kind {
            case .node, .relationship, .relationships, .path: false
            case .plain(let type): type == nil || type == .boolean
            case .list, .value: true
            }
        guard !isTruth else { return }
        throw CypherError(
            .syntax, "InvalidArgumentType", "`\(name)` is \(kind.words) and no condition",
            at: expression.range,
            hint: kind == .node ? "write EXISTS { (\(name))--() } or a label, \(name):Label" : nil)
    }

    /// What the elements of a list are, as far as its text tells.
    private func elementKind(_ list: Expression) -> VariableKind {
        guard case .list(let elements) = list.kind, let first = elements.first?.plainType,
            elements.allSatisfy({ $0.plainType == first })
        else { return .value }
        return .plain(first)
    }

    private func plainType(_ expression: Expression, _ scope: Scope) -> PlainType? {
        if case .variable(let name) = expression.kind, case .plain(let type)? = scope[name] { return type }
        return expression.plainType
    }

    /// Refuses what no values of the operands' types could do: `'a' % 2`, `1 IN 'text'`.
    private func checkOperands(
        _ sign: BinaryOperator, _ left: Expression, _ right: Expression, _ scope: Scope
    ) throws(CypherError) {
        switch sign {
        case .in:
            guard let type = self.plainType(right, scope) else { return }
            throw CypherError(
                .syntax, "InvalidArgumentType", "IN needs a list on its right, not \(type.rawValue)",
                at: right.range)
        case .subtract, .multiply, .divide, .modulo, .power:
            guard let a = self.plainType(left, scope), let b = self.plainType(right, scope) else { return }
            guard !a.isNumber || !b.isNumber else { return }
            throw CypherError(
                .syntax, "InvalidArgumentType",
                "`\(sign.rawValue)` cannot take \(a.rawValue) and \(b.rawValue)",
                at: left.range.through(right.range))
        default: return
        }
    }

    private func inner(_ place: Place) -> Place { place == .predicate ? .value : place }

    /// Refuses operands of NOT, AND, OR and XOR that cannot be truth values.
    private func checkLogical(_ expression: Expression) throws(CypherError) {
        guard self.isLogical(expression) else { return }
        for operand in expression.children {
            switch operand.kind {
            case .integer, .float, .string, .list, .map:
                throw CypherError(
                    .syntax, "InvalidArgumentType", "a truth value is expected here", at: operand.range)
            default: continue
            }
        }
    }

    private func isLogical(_ expression: Expression) -> Bool {
        switch expression.kind {
        case .unary(.not, _), .binary(.and, _, _), .binary(.or, _, _), .binary(.xor, _, _): true
        default: false
        }
    }

    private func refuseAggregate(_ expression: Expression) throws(CypherError) {
        guard expression.containsAggregate(self.functions) else { return }
        throw CypherError(
            .syntax, "InvalidAggregation", "aggregates cannot stand inside a list comprehension",
            at: expression.range)
    }

    private func checkAggregate(_ name: String, _ range: SourceRange, _ place: Place) throws(CypherError) {
        switch place {
        case .projection: return
        case .aggregate:
            throw CypherError(
                .syntax, "NestedAggregation", "`\(name)` cannot stand inside another aggregate", at: range,
                hint: "aggregate in a WITH first")
        case .predicate, .value:
            throw CypherError(
                .syntax, "InvalidAggregation", "`\(name)` can only stand in WITH and RETURN", at: range,
                hint: "put it into a WITH before")
        }
    }

    private func check(
        _ call: FunctionCall, _ range: SourceRange, _ scope: Scope, _ place: Place
    ) throws(CypherError) {
        guard let arity = self.functions.arity(of: call.name) else {
            throw CypherError(
                .syntax, "UnknownFunction", "there is no function `\(call.name)`", at: range,
                hint: nearest(to: call.name, among: self.functions.names).map { "did you mean `\($0)`?" })
        }
        guard arity.contains(call.arguments.count) else {
            let wanted =
                arity.lowerBound == arity.upperBound
                ? "\(arity.lowerBound)"
                : (arity.upperBound >= 100
                    ? "at least \(arity.lowerBound)" : "\(arity.lowerBound) to \(arity.upperBound)")
            throw CypherError(
                .syntax, "InvalidNumberOfArguments",
                "`\(call.name)` takes \(wanted) argument\(wanted == "1" ? "" : "s"), here are \(call.arguments.count)",
                at: range)
        }
        let isAggregate = self.functions.isAggregate(call.name)
        if isAggregate {
            try self.checkAggregate(call.name, range, place)
            if let random = call.arguments.first(where: self.isRandom) {
                throw CypherError(
                    .syntax, "NonConstantExpression", "an aggregate cannot take what differs at each look",
                    at: random.range, hint: "name it in a WITH before")
            }
        }
        let takesPattern = call.name.lowercased() == "exists"
        for argument in call.arguments {
            if case .pattern(let pattern) = argument.kind, takesPattern {
                try self.checkNames(pattern, scope)
            } else {
                try self.check(argument, scope, isAggregate ? .aggregate : self.inner(place))
            }
        }
        try self.checkArgumentKinds(call, range, scope)
    }

    private func isRandom(_ expression: Expression) -> Bool {
        if case .call(let call) = expression.kind, ["rand", "randomuuid"].contains(call.name.lowercased()) {
            return true
        }
        return expression.children.contains(where: self.isRandom)
    }

    /// What can be told from the text: `length(node)`, `size(path)`, `type(node)`.
    private func checkArgumentKinds(
        _ call: FunctionCall, _ range: SourceRange, _ scope: Scope
    ) throws(CypherError) {
        guard let argument = call.arguments.first else { return }
        let kind: VariableKind
        if case .variable(let name) = argument.kind {
            kind = scope[name] ?? .value
        } else {
            kind = self.kind(of: argument, scope)
        }
        guard Self.refuses(call.name.lowercased(), kind) else { return }
        throw CypherError(
            .syntax, "InvalidArgumentType", "`\(call.name)` cannot take \(kind.words)", at: range)
    }

    private static func refuses(_ function: String, _ kind: VariableKind) -> Bool {
        if case .plain(let type) = kind {
            guard let type else { return false }
            switch function {
            case "properties", "keys": return type != .map
            case "length", "type", "labels", "nodes", "relationships", "startnode", "endnode", "id",
                "elementid":
                return true
            default: return false
            }
        }
        let refused: [VariableKind] =
            switch function {
            case "length": [.node, .relationship]
            case "size": [.path, .node, .relationship]
            case "type": [.node, .path, .relationships, .list]
            case "labels": [.relationship, .path, .relationships, .list]
            case "nodes", "relationships": [.node, .relationship, .list]
            case "properties": [.path, .relationships, .list]
            default: []
            }
        return refused.contains(kind)
    }

    private func checkPredicate(
        _ pattern: PatternPart, _ scope: Scope, _ place: Place, _ range: SourceRange
    ) throws(CypherError) {
        guard place == .predicate || pattern.selection != .all else {
            throw CypherError(
                .syntax, "UnexpectedSyntax", "a pattern can only stand where a condition is expected",
                at: range,
                hint: "use EXISTS { }, COUNT { } or a pattern comprehension")
        }
        try self.checkNames(pattern, scope)
    }

    /// A pattern used as a value may not bring new variables.
    private func checkNames(_ pattern: PatternPart, _ scope: Scope) throws(CypherError) {
        for node in pattern.nodes {
            if let name = node.variable { try self.require(name, scope, node.range) }
        }
        for relationship in pattern.relationships {
            if let name = relationship.variable { try self.require(name, scope, relationship.range) }
        }
        _ = try self.match([pattern], scope)
    }
}
