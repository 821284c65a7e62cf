internal import Cypher

/// Reads a file of the allowed folder for `LOAD CSV`: calls the body with each row and its line, from 1, until it wants no
/// more.
package typealias CSVFiles =
    @Sendable (_ url: String, _ separator: Character, _ row: ([String], _ line: Int) throws -> Bool) throws ->
    Void

/// What all queries of an engine share, and what checking them needs to know of it.
struct QueryServices: FunctionSignatures {
    let functions = FunctionRegistry.standard
    let procedures: ProcedureRegistry
    let running = RunningQueries()
    let concealed = ConcealedGraphs()
    let files: CSVFiles?

    init(procedures: ProcedureRegistry, files: CSVFiles?) {
        self.procedures = procedures
        self.files = files
    }

    func arity(of name: String) -> ClosedRange<Int>? { self.functions.arity(of: name) }

    func isAggregate(_ name: String) -> Bool { self.functions.isAggregate(name) }

    var names: [String] { self.functions.names }

    func columns(ofProcedure name: String) -> [String]? { self.procedures[name]?.outputs.map(\.name) }
}
