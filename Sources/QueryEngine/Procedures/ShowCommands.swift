internal import Cypher
internal import PropertyGraph

/// What `SHOW` and `TERMINATE` run: procedures whose names no query can write, so that `YIELD`, `WHERE` and `RETURN` work
/// on them as on all others.
enum ShowCommands {
    static let all = [
        Procedure("show indexes", outputs: Self.indexColumns) { call, _ in Self.indexes(call.graph) },
        Procedure("show constraints", outputs: Self.constraintColumns) { call, _ in
            Self.constraints(call.graph)
        },
        Procedure("show procedures", outputs: Self.procedureColumns) { call, _ in Self.procedures(call) },
        Procedure("show functions", outputs: Self.functionColumns) { call, _ in Self.functions(call) },
        Procedure("show transactions", outputs: Self.transactionColumns) { call, _ in
            Self.transactions(call)
        },
        Procedure(
            "terminate transactions", inputs: [.init("ids", .any)], outputs: Self.terminationColumns
        ) { call, arguments in Self.terminate(call, arguments) },
    ]

    static let indexColumns: [Procedure.Field] = [
        .init("name", .string), .init("state", .string), .init("type", .string), .init("entityType", .string),
        .init("labelsOrTypes", .list(.string)), .init("properties", .list(.string)),
        .init("owningConstraint", .string), .init("entries", .integer), .init("distinctValues", .integer),
    ]

    static func indexes(_ graph: GraphSnapshot) -> [[Value]] {
        graph.indexes.map { index in
            [
                .string(index.definition.name), .string("ONLINE"),
                .string(index.definition.kind.rawValue.uppercased()),
                .string(index.definition.on.rawValue.uppercased()),
                .list([.string(index.definition.label)]), .list(index.definition.keys.map(Value.string)),
                index.constraint.map { .string($0.name) } ?? .null,
                .integer(index.count), .integer(index.distinctCount),
            ]
        }
    }

    static let constraintColumns: [Procedure.Field] = [
        .init("name", .string), .init("type", .string), .init("entityType", .string),
        .init("labelsOrTypes", .list(.string)), .init("properties", .list(.string)),
        .init("propertyType", .string),
    ]

    static func constraints(_ graph: GraphSnapshot) -> [[Value]] {
        graph.constraints.map { rule in
            [
                .string(rule.name), .string(rule.kind.rawValue.uppercased()),
                .string(rule.kind.on.rawValue.uppercased()), .list([.string(rule.entity)]),
                .list(rule.keys.map(Value.string)), rule.type.map { .string($0.description) } ?? .null,
            ]
        }
    }

    static let procedureColumns: [Procedure.Field] = [
        .init("name", .string), .init("description", .string), .init("mode", .string),
        .init("worksOnSystem", .boolean), .init("signature", .string),
    ]

    static func procedures(_ call: ProcedureContext) -> [[Value]] {
        call.procedures.all.map { procedure in
            [
                .string(procedure.name), .string(procedure.summary), .string("READ"), .boolean(false),
                .string(procedure.signature),
            ]
        }
    }

    static let functionColumns: [Procedure.Field] = [
        .init("name", .string), .init("category", .string), .init("aggregating", .boolean),
        .init("minimumArguments", .integer), .init("maximumArguments", .integer),
    ]

    static func functions(_ call: ProcedureContext) -> [[Value]] {
        call.functions.names.sorted().map { name in
            let arity = call.functions.arity(of: name) ?? 0...0
            return [
                .string(name), .string(call.functions.category(of: name)),
                .boolean(call.functions.isAggregate(name)), .integer(arity.lowerBound),
                arity.upperBound >= FunctionRegistry.anyNumber ? .null : .integer(arity.upperBound),
            ]
        }
    }

    static let transactionColumns: [Procedure.Field] = [
        .init("database", .string), .init("transactionId", .string), .init("currentQuery", .string),
        .init("startTime", .dateTime), .init("elapsedTime", ValueType(.named("DURATION"))),
        .init("status", .string),
    ]

    static func transactions(_ call: ProcedureContext) -> [[Value]] {
        let now = call.execution.now
        return call.running.all.map { entry in
            [
                .string(entry.database), .string(entry.id), .string(String(entry.text.prefix(10_000))),
                .dateTime(entry.start),
                .duration(
                    TemporalDuration(
                        seconds: now.seconds - entry.start.seconds,
                        nanoseconds: now.nanosecond - entry.start.nanosecond)),
                .string(entry.isEnded ? "Terminated" : "Running"),
            ]
        }
    }

    static let terminationColumns: [Procedure.Field] = [
        .init("transactionId", .string), .init("message", .string),
    ]

    static func terminate(_ call: ProcedureContext, _ arguments: [Value]) -> [[Value]] {
        let ids = arguments.flatMap { $0.list ?? [$0] }.compactMap(\.string)
        return ids.map { id in
            let found = call.running.terminate(id)
            return [.string(id), .string(found ? "Transaction terminated." : "Transaction not found.")]
        }
    }
}
