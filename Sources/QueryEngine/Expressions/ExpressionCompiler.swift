internal import Cypher
internal import PropertyGraph

/// Turns expressions into closures over rows, once per plan.
struct ExpressionCompiler {
    let planner: Planner
    /// Where variables lie.
    var scope: [String: Int]
    /// Expressions that were computed before (grouping keys, aggregates), and where they lie.
    var computed: [Expression: Int] = [:]

    /// What stands several times among the expressions that are compiled now.
    var shared: SharedExpressions?
    /// Whether what is compiled is always computed, so that others may rely on it.
    private var isCertain = true

    init(planner: Planner, scope: [String: Int]) {
        self.planner = planner
        self.scope = scope
    }

    /// For parts that may not be computed.
    var uncertain: ExpressionCompiler {
        var compiler = self
        compiler.isCertain = false
        return compiler
    }

    /// For expressions that are computed one after the other for each row.
    func sharing(_ expressions: [Expression]) -> ExpressionCompiler {
        var compiler = self
        compiler.shared = SharedExpressions(expressions) { self.planner.newSlot() }
        return compiler
    }

    func compile(_ expression: Expression) throws(CypherError) -> Evaluator {
        if let slot = self.computed[expression] { return { _, row in row[slot] } }
        guard let shared = self.shared else { return try self.compiled(expression) }
        guard expression.isInOrder else {
            var compiler = self
            compiler.shared = nil
            return try compiler.compiled(expression)
        }
        guard let (slot, isStored) = shared.slot(expression) else { return try self.compiled(expression) }
        if isStored { return { _, row in row[slot] } }
        let value = try self.compiled(expression)
        guard self.isCertain else { return value }
        shared.store(expression)
        return { context, row in
            let value = try value(context, row)
            row[slot] = value
            return value
        }
    }

    private func compiled(_ expression: Expression) throws(CypherError) -> Evaluator {
        switch expression.kind {
        case .null: return { _, _ in .null }
        case .boolean(let truth): return { _, _ in .boolean(truth) }
        case .integer(let number): return { _, _ in .integer(number) }
        case .float(let number): return { _, _ in .float(number) }
        case .string(let text): return { _, _ in .string(text) }
        case .parameter(let name): return self.parameter(name, expression.range)
        case .variable(let name): return try self.variable(name, expression.range)
        case .list(let elements): return self.list(try self.compile(elements))
        case .map(let entries): return try self.map(entries)
        case .property(let base, let key): return try self.property(base, key, expression.range)
        case .hasLabels(let base, let labels): return try self.hasLabels(base, labels, expression.range)
        case .subscripted(let base, let index): return try self.subscripted(base, index, expression.range)
        case .slice(let base, let from, let to): return try self.slice(base, from, to, expression.range)
        case .unary(let sign, let operand): return try self.unary(sign, operand, expression.range)
        case .binary(let sign, let left, let right):
            return try self.binary(sign, left, right, expression.range)
        case .comparison(let first, let links): return try self.comparison(first, links)
        case .isNull(let operand, let negated):
            let operand = try self.compile(operand)
            return { context, row in .boolean(try operand(context, row).isNull != negated) }
        case .isType(let operand, let type, let negated):
            let operand = try self.compile(operand)
            return { context, row in .boolean(type.contains(try operand(context, row)) != negated) }
        case .isNormalized(let operand, let form, let negated):
            let operand = try self.compile(operand)
            return { context, row in
                guard let text = try operand(context, row).string else { return .null }
                return .boolean(sameBytes(text, TextForm.normalized(text, form)) != negated)
            }
        case .call(let call): return try self.call(call, expression.range)
        case .countAll:
            throw CypherError(
                .syntax, "InvalidAggregation", "count(*) cannot stand here", at: expression.range)
        case .conditional(let conditional): return try self.conditional(conditional)
        case .listComprehension(let comprehension): return try self.listComprehension(comprehension)
        case .quantifier(let quantifier, let variable, let list, let predicate):
            return try self.quantifier(quantifier, variable, list, predicate)
        case .reduce(let accumulator, let initial, let variable, let list, let step):
            return try self.reduce(accumulator, initial, variable, list, step)
        case .mapProjection(let name, let items): return try self.mapProjection(name, items, expression.range)
        case .pattern(let pattern): return try self.planner.patternEvaluator(pattern, self.scope)
        case .patternComprehension(let comprehension):
            return try self.planner.comprehensionEvaluator(comprehension, self)
        case .exists(let query): return try self.planner.subqueryEvaluator(query, self.scope, .exists)
        case .countSubquery(let query): return try self.planner.subqueryEvaluator(query, self.scope, .count)
        case .collectSubquery(let query):
            return try self.planner.subqueryEvaluator(query, self.scope, .collect)
        }
    }

    func compile(_ expressions: [Expression]) throws(CypherError) -> [Evaluator] {
        var compiled: [Evaluator] = []
        for expression in expressions { compiled.append(try self.compile(expression)) }
        return compiled
    }

    /// Compiles a condition: null counts as not fulfilled, and anything but a truth value is an error.
    func predicate(_ expression: Expression) throws(CypherError) -> (ExecutionContext, Row) throws -> Bool {
        // What is mostly asked needs no value in between.
        if case .comparison(let first, let links) = expression.kind, links.count == 1, let link = links.first,
            self.computed[expression] == nil
        {
            let (left, right, sign) = (try self.compile(first), try self.compile(link.operand), link.sign)
            return { context, row in
                Self.compare(try left(context, row), sign, try right(context, row)) == true
            }
        }
        let value = try self.compile(expression)
        let range = expression.range
        return { context, row in
            switch try value(context, row) {
            case .boolean(let truth): return truth
            case .null: return false
            case let other:
                throw CypherError(
                    .type, "InvalidArgumentType", "a condition is true, false or null, not \(other.typeName)",
                    at: range)
            }
        }
    }

    // MARK: Leaves

    private func parameter(_ name: String, _ range: SourceRange) -> Evaluator {
        let slot = self.planner.names.parameter(name)
        return { context, _ in
            guard let value = context.parameter(slot) else {
                throw CypherError(
                    .parameterMissing, "MissingParameter", "the parameter $\(name) was not given", at: range,
                    hint: context.parameters.isEmpty
                        ? nil
                        : "given: \(context.parameters.keys.sorted().map { "$" + $0 }.joined(separator: ", "))"
                )
            }
            return value
        }
    }

    func variable(_ name: String, _ range: SourceRange) throws(CypherError) -> Evaluator {
        guard let slot = self.scope[name] else {
            throw CypherError(.syntax, "UndefinedVariable", "variable `\(name)` is not defined", at: range)
        }
        return { _, row in row[slot] }
    }

    private func list(_ elements: [Evaluator]) -> Evaluator {
        { context, row in
            let values = try elements.map { try $0(context, row) }
            try context.hold(nested: values)
            return .list(values)
        }
    }

    private func map(_ entries: [MapEntry]) throws(CypherError) -> Evaluator {
        var compiled: [(String, Evaluator)] = []
        for entry in entries { compiled.append((entry.key, try self.compile(entry.value))) }
        return { [compiled] context, row in
            var map: [String: Value] = [:]
            for (key, value) in compiled { map[key] = try value(context, row) }
            try context.hold(nested: map.values)
            return .map(map)
        }
    }

    // MARK: Access

    private func property(_ base: Expression, _ key: String, _ range: SourceRange) throws(CypherError)
        -> Evaluator
    {
        let slot = self.planner.names.key(key)
        if case .variable(let name) = base.kind, let variable = self.scope[name], self.computed[base] == nil {
            return { context, row in
                if case .node(let node) = row[variable], let id = context.key(slot) {
                    context.touch()
                    let value = context.graph.property(id, of: node)
                    if !value.isNull { return value }
                }
                return try Self.property(of: row[variable], key, slot, context, range)
            }
        }
        let base = try self.compile(base)
        return { context, row in try Self.property(of: base(context, row), key, slot, context, range) }
    }

    static func property(
        of value: Value, _ key: String, _ slot: Int, _ context: ExecutionContext, _ range: SourceRange
    ) throws -> Value {
        switch value {
        case .node(let node):
            guard let id = context.key(slot) else { return .null }
            context.touch()
            let property = context.graph.property(id, of: node)
            if property.isNull, !context.graph.contains(node) { throw self.deleted("node", range) }
            return property
        case .relationship(let relationship):
            guard let id = context.key(slot) else { return .null }
            context.touch()
            let property = context.graph.property(id, of: relationship)
            if property.isNull, !context.graph.contains(relationship) {
                throw self.deleted("relationship", range)
            }
            return property
        case .map(let entries): return entries[key] ?? .null
        case .null: return .null
        default:
            if let part = TemporalParts.part(key, of: value) { return part }
            throw CypherError(
                .type, "InvalidArgumentType",
                "\(value.typeName) has no properties; `.\(key)` needs a node, relationship or map",
                at: range)
        }
    }

    private static func deleted(_ what: String, _ range: SourceRange) -> CypherError {
        CypherError(
            .entityNotFound, "DeletedEntityAccess", "the \(what) was deleted in this query", at: range)
    }

    private func hasLabels(
        _ base: Expression, _ labels: LabelExpression, _ range: SourceRange
    ) throws(CypherError) -> Evaluator {
        let base = try self.compile(base)
        let isNode = self.planner.labelTest(labels)
        let isType = self.planner.typeTest(labels)
        return { context, row in
            switch try base(context, row) {
            case .null: return .null
            case .node(let node): return .boolean(isNode(context, node))
            case .relationship(let relationship):
                guard let record = context.graph.relationship(relationship) else { return .null }
                return .boolean(isType(context, record.type))
            case let other:
                throw CypherError(
                    .type, "InvalidArgumentType", "labels can be asked of nodes, not of \(other.typeName)",
                    at: range)
            }
        }
    }

    private func subscripted(
        _ base: Expression, _ index: Expression, _ range: SourceRange
    ) throws(CypherError) -> Evaluator {
        let (base, index) = (try self.compile(base), try self.compile(index))
        return { context, row in
            let (container, index) = (try base(context, row), try index(context, row))
            switch (container, index) {
            case (.null, _), (_, .null): return .null
            case (.list(let list), .integer(let number)):
                let position = number < 0 ? list.count + number : number
                return list.indices.contains(position) ? list[position] : .null
            case (.map(let map), .string(let key)): return map[key] ?? .null
            case (.node(let node), .string(let key)):
                guard let id = context.graph.tokens.propertyKey(key) else { return .null }
                context.touch()
                return context.graph.property(id, of: node)
            case (.relationship(let relationship), .string(let key)):
                guard let id = context.graph.tokens.propertyKey(key) else { return .null }
                context.touch()
                return context.graph.property(id, of: relationship)
            case (.list, let other):
                throw CypherError(
                    .type, "InvalidArgumentType", "a list's index is a whole number, not \(other.typeName)",
                    at: range)
            case (.map, let other), (.node, let other), (.relationship, let other):
                throw CypherError(
                    .type, "MapElementAccessByNonString", "a key is a text, not \(other.typeName)", at: range)
            case (let other, _):
                throw CypherError(
                    .type, "InvalidArgumentType", "\(other.typeName) has no elements to pick", at: range)
            }
        }
    }

    private func slice(
        _ base: Expression, _ from: Expression?, _ to: Expression?, _ range: SourceRange
    ) throws(CypherError) -> Evaluator {
        let base = try self.compile(base)
        let from = try from.map { (e) throws(CypherError) in try self.compile(e) }
        let to = try to.map { (e) throws(CypherError) in try self.compile(e) }
        return { context, row in
            let bounds = [try from?(context, row) ?? .integer(0), try to?(context, row) ?? .integer(Int.max)]
            let container = try base(context, row)
            if container.isNull || bounds.contains(where: \.isNull) { return .null }
            guard case .list(let list) = container, let first = bounds[0].integer,
                let last = bounds[1].integer
            else {
                throw CypherError(
                    .type, "InvalidArgumentType", "a range is taken from a list, between whole numbers",
                    at: range)
            }
            func place(_ number: Int) -> Int {
                max(0, min(list.count, number < 0 ? list.count + number : number))
            }
            let (start, end) = (place(first), place(last))
            return .list(start < end ? Array(list[start..<end]) : [])
        }
    }

    // MARK: Calls

    private func call(_ call: FunctionCall, _ range: SourceRange) throws(CypherError) -> Evaluator {
        guard let function = self.planner.functions.scalar(call.name) else {
            throw CypherError(
                .syntax,
                self.planner.functions.isAggregate(call.name) ? "InvalidAggregation" : "UnknownFunction",
                "`\(call.name)` cannot be called here", at: range)
        }
        if case .pattern(let pattern)? = call.arguments.first?.kind {
            let paths = try self.planner.pathsEvaluator(pattern, self.scope)
            return { context, row in
                let list = try paths(context, row)
                if call.name.lowercased() == "exists" { return .boolean(list.list?.isEmpty == false) }
                let argument = pattern.selection == .shortest ? list.list?.first ?? .null : list
                return try function(context, [argument])
            }
        }
        let arguments = try self.compile(call.arguments)
        return { context, row in
            let values = try arguments.map { try $0(context, row) }
            do {
                return try function(context, values)
            } catch let error as CypherError where error.range == nil {
                throw CypherError(error.kind, error.detail, error.message, at: range, hint: error.hint)
            }
        }
    }

    private func conditional(_ conditional: Conditional) throws(CypherError) -> Evaluator {
        let subject = try conditional.subject.map { (e) throws(CypherError) in try self.compile(e) }
        let uncertain = self.uncertain
        let otherwise = try conditional.otherwise.map { (e) throws(CypherError) in try uncertain.compile(e) }
        var branches: [(tests: [(isCondition: Bool, value: Evaluator)], then: Evaluator)] = []
        for branch in conditional.branches {
            var tests: [(isCondition: Bool, value: Evaluator)] = []
            for test in branch.tests {
                if case .holds = test {
                    tests.append((true, try uncertain.compile(test.expression)))
                } else {
                    tests.append((false, try uncertain.compile(test.expression)))
                }
            }
            branches.append((tests, try uncertain.compile(branch.then)))
        }
        return { [branches] context, row in
            let value = try subject?(context, row) ?? .null
            for branch in branches {
                for test in branch.tests {
                    let tested = try test.value(context, row)
                    let fits = test.isCondition ? tested == .boolean(true) : value.isEqual(to: tested) == true
                    if fits { return try branch.then(context, row) }
                }
            }
            return try otherwise?(context, row) ?? .null
        }
    }
}

extension ExecutionContext {
    /// All properties of a node, relationship or map by name; nil for other values.
    func propertyMap(of value: Value) -> [String: Value]? {
        let properties: Properties
        self.touch()
        switch value {
        case .node(let node): properties = self.graph.properties(of: node)
        case .relationship(let relationship):
            properties = self.graph.properties(of: relationship)
        case .map(let map): return map
        default: return nil
        }
        var map: [String: Value] = [:]
        for entry in properties { map[self.graph.tokens.name(entry.key)] = entry.value }
        return map
    }
}
