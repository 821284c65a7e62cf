package import PropertyGraph
package import QueryEngine

/// A read that runs as its rows are taken: the query waits for who reads, so that results of any length need no memory.
///
/// One task at a time takes. Whoever lets go of it ends the query.
package final class ResultStream<Piece: Sendable>: Sendable {
    /// The query with its plan.
    package let planned: PlannedQuery
    /// A state that holds what was read.
    package let bookmark: Bookmark
    private let handover: ResultHandover<Piece, QueryResult>
    private let signals: AsyncStream<Void>
    private let control: QueryControl

    fileprivate init(
        _ planned: PlannedQuery, _ bookmark: Bookmark, _ handover: ResultHandover<Piece, QueryResult>,
        _ signals: AsyncStream<Void>, _ control: QueryControl
    ) {
        self.planned = planned
        self.bookmark = bookmark
        self.handover = handover
        self.signals = signals
        self.control = control
    }

    deinit {
        self.control.cancel()
        self.handover.cancel()
    }

    /// The next pieces, waited for; the end comes with the last ones.
    /// - Throws: `CancellationError`.
    package func next() async throws -> (pieces: [Piece], end: Result<QueryResult, any Error>?) {
        while true {
            let (pieces, end) = self.handover.take()
            if !pieces.isEmpty || end != nil { return (pieces, end) }
            for await _ in self.signals { break }
            try Task.checkCancellation()
        }
    }
}

extension GraphDatabase {
    /// Begins a read whose rows are taken as they come.
    /// - Parameters:
    ///   - statement: what to run; it changes nothing.
    ///   - snapshot: the state to read; nil for the newest.
    ///   - parameters: the query's parameters.
    ///   - limits: how far it may go, and for whom.
    ///   - encoder: makes pieces of rows about the graph that it is given.
    /// - Returns: the rows to come.
    /// - Throws: what is wrong with the query before it runs.
    package func rows<Encoder: RowEncoder>(
        of statement: PreparedQuery, on snapshot: GraphSnapshot? = nil, parameters: [String: Value],
        limits: QueryLimits = .standard, encoder: @escaping @Sendable (GraphSnapshot) -> Encoder
    ) async throws -> ResultStream<Encoder.Piece> {
        let snapshot = snapshot ?? self.snapshot()
        let (signals, signal) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let control = QueryControl()
        let handover = ResultHandover<Encoder.Piece, QueryResult>(threads: self.threads) { signal.yield() }
        let planned = try await withCheckedThrowingContinuation { continuation in
            self.stream(
                statement, on: snapshot, parameters: parameters, limits: limits, control: control,
                encoder: encoder, to: handover
            ) { continuation.resume(with: $0) }
        }
        return ResultStream(
            planned, Bookmark(graph: self.name, version: snapshot.version), handover, signals, control)
    }
}
