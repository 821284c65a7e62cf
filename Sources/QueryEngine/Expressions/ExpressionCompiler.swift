internal import Cypher
internal import PropertyGraph

/// Turns expressions into closures over rows, once per plan.
struct ExpressionCompiler {
    let planner: Planner
    /// Where variables lie.
    var scope: [String: Int]
    /// Expressions that were computed before (grouping keys, aggregates), and where they lie.
    var computed: [Expression: Int] = [:]

    func compile(_ expression: Expression) throws(CypherError) -> Evaluator {
        if let slot = self.computed[expression] { return { _, row in row[slot] } }
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
        { context, _ in
            guard let value = context.parameters[name] else {
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

    private func variable(_ name: String, _ range: SourceRange) throws(CypherError) -> Evaluator {
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
        let base = try self.compile(base)
        return { context, row in try Self.property(of: base(context, row), key, slot, context, range) }
    }

    static func property(
        of value: Value, _ key: String, _ slot: Int, _ context: ExecutionContext, _ range: SourceRange
    ) throws -> Value {
        switch value {
        case .node(let node):
            guard let id = context.key(slot) else { return .null }
            let property = context.graph.property(id, of: node)
            if property.isNull, !context.graph.contains(node) { throw self.deleted("node", range) }
            return property
        case .relationship(let relationship):
            guard let id = context.key(slot) else { return .null }
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
                return context.graph.property(id, of: node)
            case (.relationship(let relationship), .string(let key)):
                guard let id = context.graph.tokens.propertyKey(key) else { return .null }
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

    // MARK: Operators

    private func unary(
        _ sign: UnaryOperator, _ operand: Expression, _ range: SourceRange
    ) throws(CypherError) -> Evaluator {
        let operand = try self.compile(operand)
        return { context, row in
            let value = try operand(context, row)
            switch (sign, value) {
            case (_, .null): return .null
            case (.not, .boolean(let truth)): return .boolean(!truth)
            case (.minus, .integer(let number)):
                guard number != Int.min else {
                    throw CypherError(
                        .arithmetic, "IntegerOverflow", "-(\(number)) does not fit 64 bits", at: range)
                }
                return .integer(-number)
            case (.minus, .float(let number)): return .float(-number)
            case (.minus, .duration(let amount)): return .duration(try amount.scaled(-1))
            case (.plus, .integer), (.plus, .float): return value
            default:
                throw CypherError(
                    .type, "InvalidArgumentType", "`\(sign.rawValue)` cannot take \(value.typeName)",
                    at: range)
            }
        }
    }

    private func binary(
        _ sign: BinaryOperator, _ leftExpression: Expression, _ rightExpression: Expression,
        _ range: SourceRange
    ) throws(CypherError) -> Evaluator {
        let (left, right) = (try self.compile(leftExpression), try self.compile(rightExpression))
        switch sign {
        case .and, .or, .xor: return self.logical(sign, left, right, range)
        case .in: return self.membership(left, right, range)
        case .startsWith, .endsWith, .contains: return self.textTest(sign, left, right)
        case .matches:
            if case .string(let pattern) = rightExpression.kind {
                let known = try self.regularExpression(pattern, range)
                return self.regularExpression(left, { _, _ in known }, range)
            }
            return self.regularExpression(left, right, range)
        case .add, .subtract, .multiply, .divide, .modulo, .power:
            return { context, row in
                let (a, b) = (try left(context, row), try right(context, row))
                do throws(CypherError) {
                    let result = try Arithmetic.apply(sign, a, b)
                    if sign == .add { try context.hold(joined: result) }
                    return result
                } catch {
                    throw CypherError(error.kind, error.detail, error.message, at: range, hint: error.hint)
                }
            }
        }
    }

    private func logical(
        _ sign: BinaryOperator, _ left: @escaping Evaluator, _ right: @escaping Evaluator,
        _ range: SourceRange
    ) -> Evaluator {
        @Sendable func truth(_ value: Value) throws -> Bool? {
            switch value {
            case .boolean(let truth): return truth
            case .null: return nil
            default:
                throw CypherError(
                    .type, "InvalidArgumentType",
                    "`\(sign.rawValue)` takes true, false or null, not \(value.typeName)",
                    at: range)
            }
        }
        return { context, row in
            let a = try truth(left(context, row))
            if sign == .and, a == false { return .boolean(false) }
            if sign == .or, a == true { return .boolean(true) }
            let b = try truth(right(context, row))
            switch sign {
            case .and:
                if b == false { return .boolean(false) }
                return a == nil || b == nil ? .null : .boolean(true)
            case .or:
                if b == true { return .boolean(true) }
                return a == nil || b == nil ? .null : .boolean(false)
            default:
                guard let a, let b else { return .null }
                return .boolean(a != b)
            }
        }
    }

    private func membership(_ left: @escaping Evaluator, _ right: @escaping Evaluator, _ range: SourceRange)
        -> Evaluator
    {
        { context, row in
            let (value, container) = (try left(context, row), try right(context, row))
            if container.isNull { return .null }
            guard case .list(let list) = container else {
                throw CypherError(
                    .type, "InvalidArgumentType", "IN needs a list on its right, not \(container.typeName)",
                    at: range)
            }
            var unknown = false
            for element in list {
                switch value.isEqual(to: element) {
                case true?: return .boolean(true)
                case nil: unknown = true
                case false?: break
                }
            }
            return unknown ? .null : .boolean(false)
        }
    }

    private func textTest(_ sign: BinaryOperator, _ left: @escaping Evaluator, _ right: @escaping Evaluator)
        -> Evaluator
    {
        { context, row in
            guard case .string(let text) = try left(context, row),
                case .string(let part) = try right(context, row)
            else { return .null }
            switch sign {
            case .startsWith: return .boolean(text.utf8.starts(with: part.utf8))
            case .endsWith: return .boolean(text.utf8.reversed().starts(with: part.utf8.reversed()))
            default: return .boolean(TextSearch.contains(text, part))
            }
        }
    }

    private func regularExpression(
        _ pattern: String, _ range: SourceRange
    ) throws(CypherError) -> RegularExpression {
        do throws(CypherError) {
            return try RegularExpression(pattern)
        } catch {
            throw CypherError(error.kind, error.detail, error.message, at: range, hint: error.hint)
        }
    }

    private func regularExpression(
        _ left: @escaping Evaluator, _ right: @escaping Evaluator, _ range: SourceRange
    ) -> Evaluator {
        self.regularExpression(
            left,
            { context, row in
                guard case .string(let pattern) = try right(context, row) else { return nil }
                return try self.regularExpression(pattern, range)
            }, range)
    }

    private func regularExpression(
        _ left: @escaping Evaluator,
        _ expression: @escaping (ExecutionContext, Row) throws -> RegularExpression?, _ range: SourceRange
    ) -> Evaluator {
        { context, row in
            guard case .string(let text) = try left(context, row),
                let expression = try expression(context, row)
            else { return .null }
            return .boolean(try expression.matches(text) { try context.step() })
        }
    }

    private func comparison(_ first: Expression, _ links: [Comparison]) throws(CypherError) -> Evaluator {
        let first = try self.compile(first)
        var compiled: [(sign: Comparison.Sign, operand: Evaluator)] = []
        for link in links { compiled.append((link.sign, try self.compile(link.operand))) }
        if compiled.count == 1, let link = compiled.first {
            return { context, row in
                Self.truth(Self.compare(try first(context, row), link.sign, try link.operand(context, row)))
            }
        }
        return { [compiled] context, row in
            var left = try first(context, row)
            var unknown = false
            for link in compiled {
                let right = try link.operand(context, row)
                switch Self.compare(left, link.sign, right) {
                case false?: return .boolean(false)
                case nil: unknown = true
                case true?: break
                }
                left = right
            }
            return unknown ? .null : .boolean(true)
        }
    }

    private static func truth(_ truth: Bool?) -> Value { truth.map(Value.boolean) ?? .null }

    static func compare(_ left: Value, _ sign: Comparison.Sign, _ right: Value) -> Bool? {
        switch sign {
        case .equal: return left.isEqual(to: right)
        case .notEqual: return left.isEqual(to: right).map { !$0 }
        case .less, .lessOrEqual, .greater, .greaterOrEqual:
            if left.isNull || right.isNull { return nil }
            guard let order = left.compare(to: right) else {
                // NaN compares with numbers, to false.
                let numbers = [left, right].allSatisfy { ["INTEGER", "FLOAT"].contains($0.typeName) }
                return numbers ? false : nil
            }
            switch sign {
            case .less: return order < 0
            case .lessOrEqual: return order <= 0
            case .greater: return order > 0
            default: return order >= 0
            }
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
        let otherwise = try conditional.otherwise.map { (e) throws(CypherError) in try self.compile(e) }
        var branches: [(tests: [(isCondition: Bool, value: Evaluator)], then: Evaluator)] = []
        for branch in conditional.branches {
            var tests: [(isCondition: Bool, value: Evaluator)] = []
            for test in branch.tests {
                if case .holds = test {
                    tests.append((true, try self.compile(test.expression)))
                } else {
                    tests.append((false, try self.compile(test.expression)))
                }
            }
            branches.append((tests, try self.compile(branch.then)))
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

    // MARK: Lists

    /// A scope with a further variable, and its slot.
    private func inner(_ variable: String) -> (compiler: ExpressionCompiler, slot: Int) {
        let slot = self.planner.newSlot()
        var compiler = self
        compiler.scope[variable] = slot
        return (compiler, slot)
    }

    private static func elements(_ value: Value, _ range: SourceRange) throws -> [Value]? {
        switch value {
        case .list(let elements): return elements
        case .null: return nil
        default:
            throw CypherError(
                .type, "InvalidArgumentType", "a list is expected, not \(value.typeName)", at: range)
        }
    }

    private func listComprehension(_ comprehension: ListComprehension) throws(CypherError) -> Evaluator {
        let list = try self.compile(comprehension.list)
        let (inner, slot) = self.inner(comprehension.variable)
        let predicate = try comprehension.predicate.map { (e) throws(CypherError) in try inner.predicate(e) }
        let projection = try comprehension.projection.map { (e) throws(CypherError) in try inner.compile(e) }
        let range = comprehension.list.range
        return { context, row in
            guard let elements = try Self.elements(list(context, row), range) else { return .null }
            var result: [Value] = []
            for element in elements {
                try context.step()
                row[slot] = element
                if let predicate, try !predicate(context, row) { continue }
                result.append(try projection?(context, row) ?? element)
            }
            try context.hold(result.count)
            return .list(result)
        }
    }

    private func quantifier(
        _ quantifier: Quantifier, _ variable: String, _ list: Expression, _ predicate: Expression
    ) throws(CypherError) -> Evaluator {
        let range = list.range
        let list = try self.compile(list)
        let (inner, slot) = self.inner(variable)
        let test = try inner.compile(predicate)
        return { context, row in
            guard let elements = try Self.elements(list(context, row), range) else { return .null }
            var (yes, no, unknown) = (0, 0, 0)
            for element in elements {
                try context.step()
                row[slot] = element
                switch try test(context, row) {
                case .boolean(true): yes += 1
                case .boolean(false): no += 1
                default: unknown += 1
                }
            }
            switch quantifier {
            case .all: return no > 0 ? .boolean(false) : (unknown > 0 ? .null : .boolean(true))
            case .any: return yes > 0 ? .boolean(true) : (unknown > 0 ? .null : .boolean(false))
            case .none: return yes > 0 ? .boolean(false) : (unknown > 0 ? .null : .boolean(true))
            case .single: return yes > 1 ? .boolean(false) : (unknown > 0 ? .null : .boolean(yes == 1))
            }
        }
    }

    private func reduce(
        _ accumulator: String, _ initial: Expression, _ variable: String, _ list: Expression,
        _ step: Expression
    ) throws(CypherError) -> Evaluator {
        let range = list.range
        let (initial, list) = (try self.compile(initial), try self.compile(list))
        let (outer, accumulatorSlot) = self.inner(accumulator)
        let (inner, slot) = outer.inner(variable)
        let step = try inner.compile(step)
        return { context, row in
            guard let elements = try Self.elements(list(context, row), range) else { return .null }
            row[accumulatorSlot] = try initial(context, row)
            for element in elements {
                try context.step()
                row[slot] = element
                row[accumulatorSlot] = try step(context, row)
            }
            return row[accumulatorSlot]
        }
    }

    private func mapProjection(
        _ base: Expression, _ items: [ProjectionItem], _ range: SourceRange
    ) throws(CypherError) -> Evaluator {
        let base = try self.compile(base)
        var parts: [(ExecutionContext, Row, Value, inout [String: Value]) throws -> Void] = []
        for item in items {
            switch item {
            case .property(let key):
                let slot = self.planner.names.key(key)
                parts.append { context, _, value, map in
                    map[key] = try Self.property(of: value, key, slot, context, range)
                }
            case .allProperties:
                parts.append { context, _, value, map in
                    map.merge(context.propertyMap(of: value) ?? [:]) { _, new in new }
                }
            case .entry(let entry):
                let value = try self.compile(entry.value)
                parts.append { context, row, _, map in map[entry.key] = try value(context, row) }
            case .variable(let name, let range):
                let value = try self.variable(name, range)
                parts.append { context, row, _, map in map[name] = try value(context, row) }
            }
        }
        return { [parts] context, row in
            let value = try base(context, row)
            if value.isNull { return .null }
            var map: [String: Value] = [:]
            for part in parts { try part(context, row, value, &map) }
            return .map(map)
        }
    }
}

extension ExecutionContext {
    /// All properties of a node, relationship or map by name; nil for other values.
    func propertyMap(of value: Value) -> [String: Value]? {
        let properties: Properties
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

/// Search in texts by bytes.
enum TextSearch {
    static func contains(_ text: String, _ part: String) -> Bool {
        var (text, part) = (text, part)
        return text.withUTF8 { haystack in
            part.withUTF8 { needle in
                guard let first = needle.first else { return true }
                guard haystack.count >= needle.count else { return false }
                for start in 0...(haystack.count - needle.count) where haystack[start] == first {
                    var matched = 1
                    while matched < needle.count, haystack[start + matched] == needle[matched] {
                        matched += 1
                    }
                    if matched == needle.count { return true }
                }
                return false
            }
        }
    }
}
