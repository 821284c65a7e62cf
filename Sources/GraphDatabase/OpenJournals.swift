internal import Cypher
internal import GraphStorage
internal import PropertyGraph
internal import QueryEngine

/// The journals of the graphs that are open, for `CALL db.journal(...)`.
final class OpenJournals: Sendable {
    private struct Graph {
        weak var database: GraphDatabase?
    }
    /// The most lines that a call gives.
    private static let limit = 100_000
    private let graphs = Locked<[String: Graph]>([:])

    /// Adds a graph that was opened; it is not held.
    func add(_ database: GraphDatabase) {
        self.graphs.withLock { $0[database.name] = Graph(database: database) }
    }

    /// `db.journal(stream, {subject, after, limit})`
    var procedure: Procedure {
        Procedure(
            "db.journal",
            "Lines of a journal, such as `authorization-changes`, oldest first: after a line's number, about one subject or all.",
            inputs: [.init("stream", .string), .init("options", .map, fallback: .map([:]))],
            outputs: [
                .init("sequence", .integer), .init("time", .dateTime), .init("subject", .string),
                .init("fields", .map),
            ]
        ) { [self] call, arguments in
            // Journals tell what all users did.
            guard call.caller.graphs == nil else {
                throw CypherError(
                    .procedure, "Forbidden", "journals are shown to administrators of the network",
                    hint: "auditors read GET /v1/audit")
            }
            guard !call.isWriting else {
                throw CypherError(
                    .procedure, "ProcedureFailed", "journals cannot be read by a query that also writes",
                    hint: "read first, then write what was read")
            }
            let options = arguments[1].map ?? [:]
            let after = options["after"]?.integer ?? 0
            let limit = options["limit"]?.integer ?? 1000
            guard let stream = arguments[0].string, after >= 0, (1...Self.limit).contains(limit) else {
                throw CypherError(
                    .argument, "InvalidArgument",
                    "db.journal takes the name of a journal, and of its options `after` is 0 or a line's number, `limit` 1 to \(Self.limit)"
                )
            }
            let lines = try self.lines(
                of: call.database, stream, subject: options["subject"]?.string, after: after, limit: limit)
            try call.hold(lines.reduce(0) { $0 + 4 + $1.entry.fields.count })
            return lines.map { line in
                let fields = line.entry.fields.map { ($0.key, $0.value) }
                return [
                    .integer(line.sequence),
                    .dateTime(
                        ZonedDateTime(
                            seconds: line.entry.milliseconds / 1000,
                            nanosecond: line.entry.milliseconds % 1000 * 1_000_000)),
                    .string(line.entry.subject), .map(Dictionary(fields) { $1 }),
                ]
            }
        }
    }

    /// Waits for the storage on the query's thread, which is not one of the cooperative pool.
    private func lines(
        of name: String, _ stream: String, subject: String?, after: Int, limit: Int
    ) throws -> [JournalLine] {
        guard let database = self.graphs.withLock({ $0[name]?.database }) else { return [] }
        let outcome = BlockingOutcome<[JournalLine]>()
        Task {
            do {
                outcome.set(
                    .success(
                        try await database.storage.journal(
                            stream, subject: subject, after: after, limit: limit)))
            } catch {
                outcome.set(.failure(error))
            }
        }
        return try database.threads.wait { outcome.wait() }?.get() ?? outcome.wait().get()
    }
}
