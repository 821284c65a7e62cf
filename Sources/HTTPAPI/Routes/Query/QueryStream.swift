internal import GraphDatabase
internal import PropertyGraph
internal import QueryEngine

/// A read that runs as its rows are taken: the query waits for who reads, so that results of any length need no memory.
///
/// Whoever lets go of it ends the query.
final class QueryStream: Sendable {
    /// The query with its plan.
    let planned: PlannedQuery
    /// A state that holds what was read.
    let bookmark: Bookmark
    private let handover: ResultHandover<[UInt8], QueryResult>
    private let signals: AsyncStream<Void>
    private let control: QueryControl

    /// Begins a read on the newest snapshot.
    /// - Parameters:
    ///   - statement: what to run; it changes nothing.
    ///   - asked: the request, for its parameters.
    ///   - limits: how far it may go, and for whom.
    ///   - graph: the graph.
    ///   - encode: makes the bytes of a row, `isFirst` for the first of all.
    /// - Throws: what is wrong with the query before it runs.
    static func begin(
        _ statement: PreparedQuery, _ asked: QueryRequest, _ limits: QueryLimits, on graph: GraphDatabase,
        encode: @escaping @Sendable (ResultRow, GraphSnapshot, _ isFirst: Bool, inout [UInt8]) -> Void
    ) async throws -> QueryStream {
        let snapshot = graph.snapshot()
        let (signals, signal) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let control = QueryControl()
        let handover = ResultHandover<[UInt8], QueryResult>(threads: graph.threads) { signal.yield() }
        let planned = try await withCheckedThrowingContinuation { continuation in
            graph.stream(
                statement, on: snapshot, parameters: asked.parameters, limits: limits, control: control,
                encoder: { JSONRows(graph: $0, encode: encode) }, to: handover
            ) { continuation.resume(with: $0) }
        }
        return QueryStream(
            planned, Bookmark(graph: graph.name, version: snapshot.version), handover, signals, control)
    }

    private init(
        _ planned: PlannedQuery, _ bookmark: Bookmark, _ handover: ResultHandover<[UInt8], QueryResult>,
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
    func next() async throws -> (pieces: [[UInt8]], end: Result<QueryResult, any Error>?) {
        while true {
            let (pieces, end) = self.handover.take()
            if !pieces.isEmpty || end != nil { return (pieces, end) }
            for await _ in self.signals { break }
            try Task.checkCancellation()
        }
    }
}

/// Makes bytes of rows.
private struct JSONRows: RowEncoder {
    let graph: GraphSnapshot
    let encode: @Sendable (ResultRow, GraphSnapshot, Bool, inout [UInt8]) -> Void
    private var piece: [UInt8] = []
    private(set) var rows = 0
    private var isFirst = true

    init(
        graph: GraphSnapshot,
        encode: @escaping @Sendable (ResultRow, GraphSnapshot, Bool, inout [UInt8]) -> Void
    ) {
        self.graph = graph
        self.encode = encode
    }

    var bytes: Int { self.piece.count }

    mutating func append(_ row: ResultRow) {
        self.encode(row, self.graph, self.isFirst, &self.piece)
        self.isFirst = false
        self.rows += 1
    }

    mutating func take() -> [UInt8] {
        defer { (self.piece, self.rows) = ([], 0) }
        return self.piece
    }
}
