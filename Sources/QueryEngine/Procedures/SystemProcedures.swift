internal import Cypher
internal import PropertyGraph

/// `dbms.*`: what the engine can do.
enum SystemProcedures {
    static let all = [
        Procedure(
            "dbms.components", "Name, version and edition, as drivers and browsers ask for them.",
            outputs: [
                .init("name", .string), .init("versions", .list(.string)), .init("edition", .string),
            ]
        ) { _, _ in [[.string("Plexus Kernel"), .list([.string("5.26.0")]), .string("community")]] },
        Procedure("dbms.procedures", "All procedures.", outputs: ShowCommands.procedureColumns) { call, _ in
            ShowCommands.procedures(call)
        },
        Procedure("dbms.functions", "All functions.", outputs: ShowCommands.functionColumns) { call, _ in
            ShowCommands.functions(call)
        },
        Procedure(
            "dbms.listTransactions", "The queries that run now.", outputs: ShowCommands.transactionColumns
        ) { call, _ in ShowCommands.transactions(call) },
        Procedure(
            "dbms.killTransactions", "Ends queries.", inputs: [.init("ids", .list(.string))],
            outputs: ShowCommands.terminationColumns
        ) { call, arguments in ShowCommands.terminate(call, arguments) },
        Procedure(
            "dbms.listConfig", "There are no settings to read.",
            inputs: [.init("searchString", .string, fallback: .string(""))],
            outputs: [.init("name", .string), .init("value", .string)]
        ) { _, _ in [] },
        Procedure(
            "dbms.clientConfig", "There are no settings to read.",
            outputs: [.init("name", .string), .init("value", .string)]
        ) { _, _ in [] },
    ]
}
