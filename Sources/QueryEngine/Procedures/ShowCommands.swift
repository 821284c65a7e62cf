internal import Cypher
internal import PropertyGraph

/// What `SHOW` and `TERMINATE` run: procedures whose names no query can write, so that `YIELD`, `WHERE` and `RETURN` work
/// on them as on all others.
enum ShowCommands {
    static let all = [
        Procedure.listing("show indexes", outputs: Self.indexColumns, usualColumns: 9) { call in
            Self.indexes(call.graph)
        },
        Procedure.listing("show constraints", outputs: Self.constraintColumns, usualColumns: 6) { call in
            Self.constraints(call.graph)
        },
        Procedure.listing("show procedures", outputs: Self.procedureColumns, usualColumns: 4) { call in
            Self.procedures(call)
        },
        Procedure.listing("show functions", outputs: Self.functionColumns, usualColumns: 3) { call in
            Self.functions(call)
        },
        Procedure.listing("show transactions", outputs: Self.transactionColumns, usualColumns: 6) { call in
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
        .init("id", .integer), .init("populationPercent", .float), .init("indexProvider", .string),
        .init("lastRead", .dateTime), .init("readCount", .integer), .init("options", .map),
        .init("failureMessage", .string), .init("createStatement", .string),
    ]

    static func indexes(_ graph: GraphSnapshot) -> [[Value]] {
        graph.indexes.enumerated().map { number, index in
            [
                .string(index.definition.name), .string("ONLINE"),
                .string(index.definition.kind.rawValue.uppercased()),
                .string(index.definition.on.rawValue.uppercased()),
                .list([.string(index.definition.label)]), .list(index.definition.keys.map(Value.string)),
                index.constraint.map { .string($0.name) } ?? .null,
                .integer(index.count), .integer(index.distinctCount),
                .integer(number + 1), .float(100), .string("\(index.definition.kind.rawValue)-1.0"), .null,
                .null,
                .map([:]), .string(""),
                .string(index.constraint.map(self.statement) ?? self.statement(index.definition)),
            ]
        }
    }

    static let constraintColumns: [Procedure.Field] = [
        .init("name", .string), .init("type", .string), .init("entityType", .string),
        .init("labelsOrTypes", .list(.string)), .init("properties", .list(.string)),
        .init("propertyType", .string), .init("id", .integer), .init("ownedIndex", .string),
        .init("options", .map), .init("createStatement", .string),
    ]

    static func constraints(_ graph: GraphSnapshot) -> [[Value]] {
        graph.constraints.enumerated().map { number, rule in
            [
                .string(rule.name), .string(rule.kind.rawValue.uppercased()),
                .string(rule.kind.on.rawValue.uppercased()), .list([.string(rule.entity)]),
                .list(rule.keys.map(Value.string)), rule.type.map { .string($0.description) } ?? .null,
                .integer(number + 1), rule.kind.isIndexed ? .string(rule.name) : .null, .map([:]),
                .string(self.statement(rule)),
            ]
        }
    }

    // MARK: What makes them again

    private static func quoted(_ name: String) -> String { "`\(name.replacing("`", with: "``"))`" }

    private static func subject(_ kind: EntityKind, _ name: String) -> String {
        kind == .node ? "(n:\(self.quoted(name)))" : "()-[n:\(self.quoted(name))]-()"
    }

    private static func properties(_ keys: [String]) -> String {
        "(\(keys.map { "n." + self.quoted($0) }.joined(separator: ", ")))"
    }

    private static func statement(_ index: IndexDefinition) -> String {
        "CREATE \(index.kind.rawValue.uppercased()) INDEX \(self.quoted(index.name)) "
            + "FOR \(self.subject(index.on, index.label)) ON \(self.properties(index.keys))"
    }

    private static func statement(_ rule: ConstraintDefinition) -> String {
        let condition: String =
            switch rule.kind {
            case .unique, .relationshipUnique: "UNIQUE"
            case .nodeKey: "NODE KEY"
            case .relationshipKey: "RELATIONSHIP KEY"
            case .nodePropertyExists, .relationshipPropertyExists: "NOT NULL"
            case .nodePropertyType, .relationshipPropertyType: ":: \(rule.type?.description ?? "ANY")"
            }
        return "CREATE CONSTRAINT \(self.quoted(rule.name)) FOR \(self.subject(rule.kind.on, rule.entity)) "
            + "REQUIRE \(self.properties(rule.keys)) IS \(condition)"
    }

    static let procedureColumns: [Procedure.Field] = [
        .init("name", .string), .init("description", .string), .init("mode", .string),
        .init("worksOnSystem", .boolean), .init("signature", .string),
        .init("argumentDescription", .list(.map)), .init("returnDescription", .list(.map)),
        .init("admin", .boolean), .init("isDeprecated", .boolean),
    ]

    static func procedures(_ call: ProcedureContext) -> [[Value]] {
        call.procedures.all.map { procedure in
            [
                .string(procedure.name), .string(procedure.summary), .string("READ"), .boolean(false),
                .string(procedure.signature), self.described(procedure.inputs),
                self.described(procedure.outputs), .boolean(false), .boolean(false),
            ]
        }
    }

    private static func described(_ fields: [Procedure.Field]) -> Value {
        .list(
            fields.map { field in
                .map([
                    "name": .string(field.name), "type": .string(field.type.description),
                    "description": .string("\(field.name) :: \(field.type)"), "isDeprecated": .boolean(false),
                ])
            })
    }

    static let functionColumns: [Procedure.Field] = [
        .init("name", .string), .init("category", .string), .init("aggregating", .boolean),
        .init("minimumArguments", .integer), .init("maximumArguments", .integer),
        .init("isBuiltIn", .boolean),
    ]

    static func functions(_ call: ProcedureContext) -> [[Value]] {
        call.functions.names.sorted().map { name in
            let arity = call.functions.arity(of: name) ?? 0...0
            return [
                .string(name), .string(call.functions.category(of: name)),
                .boolean(call.functions.isAggregate(name)), .integer(arity.lowerBound),
                arity.upperBound >= FunctionRegistry.anyNumber ? .null : .integer(arity.upperBound),
                .boolean(true),
            ]
        }
    }

    static let transactionColumns: [Procedure.Field] = [
        .init("database", .string), .init("transactionId", .string), .init("currentQuery", .string),
        .init("startTime", .dateTime), .init("elapsedTime", ValueType(.named("DURATION"))),
        .init("status", .string), .init("username", .string),
    ]

    static func transactions(_ call: ProcedureContext) -> [[Value]] {
        let now = call.execution.now
        return call.running.all.filter(call.caller.sees).map { entry in
            [
                .string(entry.database), .string(entry.id), .string(String(entry.text.prefix(10_000))),
                .dateTime(entry.start),
                .duration(
                    TemporalDuration(
                        seconds: now.seconds - entry.start.seconds,
                        nanoseconds: now.nanosecond - entry.start.nanosecond)),
                .string(entry.isEnded ? "Terminated" : "Running"), .string(entry.user ?? ""),
            ]
        }
    }

    static let terminationColumns: [Procedure.Field] = [
        .init("transactionId", .string), .init("message", .string),
    ]

    static func terminate(_ call: ProcedureContext, _ arguments: [Value]) -> [[Value]] {
        let ids = arguments.flatMap { $0.list ?? [$0] }.compactMap(\.string)
        return ids.map { id in
            let found = call.running.terminate(id, by: call.caller)
            return [.string(id), .string(found ? "Transaction terminated." : "Transaction not found.")]
        }
    }
}
