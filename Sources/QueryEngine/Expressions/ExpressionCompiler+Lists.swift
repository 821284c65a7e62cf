internal import Cypher
internal import PropertyGraph

// Comprehensions, quantifiers, reduce and map projections: what has variables of its own.

extension ExpressionCompiler {
    /// A scope with a further variable, and its slot.
    private func inner(_ variable: String) -> (compiler: ExpressionCompiler, slot: Int) {
        let slot = self.planner.newSlot()
        var compiler = self
        compiler.scope[variable] = slot
        // What was computed with another variable of the name is something else.
        compiler.computed = self.computed.filter { FreeNames.of($0.key)?.contains(variable) == false }
        compiler.shared = nil
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

    func listComprehension(_ comprehension: ListComprehension) throws(CypherError) -> Evaluator {
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

    func quantifier(
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

    func reduce(
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

    func mapProjection(
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
