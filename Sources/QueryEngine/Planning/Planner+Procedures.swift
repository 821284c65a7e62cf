internal import Cypher
internal import PropertyGraph

extension Planner {
    /// `CALL name(...) YIELD ...`; `isAlone` when the clause is all of the query.
    func call(
        _ call: ProcedureCall, _ input: PlanNode, _ scope: [String: Int], _ range: SourceRange, isAlone: Bool
    ) throws(CypherError) -> (PlanNode, [(String, Int)]) {
        guard let procedure = self.services.procedures[call.name] else {
            let names = self.services.procedures.all.map(\.name)
            throw CypherError(
                .procedure, "ProcedureNotFound", "there is no procedure `\(call.name)`", at: range,
                hint: nearest(to: call.name, among: names).map { "did you mean `\($0)`?" })
        }
        let arguments = try self.arguments(call, procedure, scope, range, isAlone: isAlone)
        let columns = try self.columns(call, procedure, range, isAlone: isAlone)
        let named = columns.map { ($0.name, $0.slot) }
        let source = call.isOptional ? self.argument() : input
        var node = self.procedureCall(procedure, arguments, columns.map { ($0.column, $0.slot) }, source)
        if let predicate = call.predicate {
            node = try self.filter(node, predicate, scope.merging(named) { _, new in new })
        }
        return (call.isOptional ? self.optional(node, columns.map(\.slot), input) : node, named)
    }

    private func procedureCall(
        _ procedure: Procedure, _ arguments: [Evaluator], _ columns: [(column: Int, slot: Int)],
        _ input: PlanNode
    ) -> PlanNode {
        let services = self.services
        return self.node(
            "ProcedureCall", procedure.name, rows: input.estimatedRows * 10, children: [input]
        ) { context, row, emit in
            try input.run(context, row) { row in
                let call = ProcedureContext(
                    execution: context, functions: services.functions, procedures: services.procedures,
                    running: services.running)
                let results = try procedure.body(call, arguments.map { try $0(context, row) })
                // One without columns is called for what it does: the row goes on.
                if procedure.outputs.isEmpty { return try emit(row) }
                for result in results {
                    try context.step()
                    for (column, slot) in columns { row[slot] = result[column] }
                    guard try emit(row) else { return false }
                }
                return true
            }
        }
    }

    // MARK: Columns

    private func columns(
        _ call: ProcedureCall, _ procedure: Procedure, _ range: SourceRange, isAlone: Bool
    ) throws(CypherError) -> [(name: String, column: Int, slot: Int)] {
        let names = procedure.outputs.map(\.name)
        let all = names.map { ProcedureCall.Yield(column: $0, variable: $0) }
        let none = isAlone ? Array(all.prefix(procedure.usualColumns ?? all.count)) : []
        var columns: [(name: String, column: Int, slot: Int)] = []
        for yield in call.yields.map({ $0.isEmpty ? all : $0 }) ?? none {
            guard let column = names.firstIndex(of: yield.column) else {
                throw CypherError(
                    .syntax, "UndefinedVariable", "`\(procedure.name)` does not yield `\(yield.column)`",
                    at: range, hint: "it yields \(names.joined(separator: ", "))")
            }
            columns.append((yield.variable, column, self.newSlot()))
        }
        return columns
    }

    // MARK: Arguments

    private func arguments(
        _ call: ProcedureCall, _ procedure: Procedure, _ scope: [String: Int], _ range: SourceRange,
        isAlone: Bool
    ) throws(CypherError) -> [Evaluator] {
        let inputs = procedure.inputs
        guard let given = call.arguments ?? (inputs.isEmpty ? [] : nil) else {
            guard isAlone else {
                throw CypherError(
                    .syntax, "InvalidArgumentPassingMode",
                    "`\(procedure.name)` takes its arguments from parameters only when it is called alone",
                    at: range, hint: "write \(procedure.name)($name, ...)")
            }
            return try self.arguments(inputs.map { Expression(.parameter($0.name), range) }, inputs, scope)
        }
        let least = inputs.count - inputs.reversed().prefix { $0.fallback != nil }.count
        guard (least...inputs.count).contains(given.count) else {
            let wanted = least == inputs.count ? "\(least)" : "\(least) to \(inputs.count)"
            throw CypherError(
                .syntax, "InvalidNumberOfArguments",
                "`\(procedure.name)` takes \(wanted) arguments, here are \(given.count)", at: range,
                hint: "it is \(procedure.signature)")
        }
        let fallbacks = inputs.dropFirst(given.count).map { field -> Evaluator in
            { _, _ in field.fallback ?? .null }
        }
        return try self.arguments(given, inputs, scope) + fallbacks
    }

    private func arguments(
        _ given: [Expression], _ inputs: [Procedure.Field], _ scope: [String: Int]
    ) throws(CypherError) -> [Evaluator] {
        let compiler = ExpressionCompiler(planner: self, scope: scope)
        var arguments: [Evaluator] = []
        for (expression, field) in zip(given, inputs) {
            if let literal = expression.literal, field.type.accepting(literal) == nil {
                throw Self.wrongArgument(literal, field, expression.range, .syntax)
            }
            let value = try compiler.compile(expression)
            arguments.append { context, row in
                let value = try value(context, row)
                guard let accepted = field.type.accepting(value) else {
                    throw Self.wrongArgument(value, field, expression.range, .type)
                }
                return accepted
            }
        }
        return arguments
    }

    private static func wrongArgument(
        _ value: Value, _ field: Procedure.Field, _ range: SourceRange, _ kind: CypherError.Kind
    ) -> CypherError {
        CypherError(
            kind, "InvalidArgumentType", "`\(field.name)` is \(field.type), not \(value.typeName)", at: range)
    }
}

extension Expression {
    /// The value when the text says it; nil for what must be computed.
    fileprivate var literal: Value? {
        switch self.kind {
        case .null: .null
        case .boolean(let truth): .boolean(truth)
        case .integer(let number): .integer(number)
        case .float(let number): .float(number)
        case .string(let text): .string(text)
        default: nil
        }
    }
}
