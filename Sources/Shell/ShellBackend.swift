package import JSON

/// Where a shell's statements run: a server, or a data folder.
package protocol ShellBackend: Sendable {
    /// Runs a statement, in the open transaction when there is one.
    /// - Returns: the Query API's answer, with counters.
    func run(_ statement: String, parameters: JSON.Object, graph: String) async throws -> JSON
    /// Runs a statement as ``run(_:parameters:graph:)`` and gives its rows as they come, so that none are held.
    /// - Parameters:
    ///   - statement: what to run.
    ///   - parameters: its parameters.
    ///   - graph: on which graph.
    ///   - take: gets the columns and some rows, or none with the columns alone.
    /// - Returns: the answer without its rows.
    /// - Throws: as ``run(_:parameters:graph:)``, also behind rows that were given; what `take` throws.
    func stream(
        _ statement: String, parameters: JSON.Object, graph: String,
        take: @escaping @Sendable (_ columns: [String], _ rows: [[JSON]]) throws -> Void
    ) async throws -> JSON
    /// Whether a transaction is open. A statement that fails ends it.
    func isInTransaction() async -> Bool
    /// Begins a transaction.
    func begin(graph: String) async throws
    /// Keeps what the transaction did.
    func commit() async throws
    /// Undoes what the transaction did.
    func rollback() async throws
    /// The named queries: comment and statement by name.
    func namedQueries() -> [String: String]
    /// Draws the nodes and relationships of an answer.
    /// `file`: where to; nil chooses a new file.
    /// - Returns: where the picture is.
    func draw(_ answer: JSON, file: String?) async throws -> String
    /// What to tell about an error that the backend threw.
    func message(_ error: any Error) -> String
}
