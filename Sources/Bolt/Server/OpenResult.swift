internal import Cypher
internal import GraphDatabase
internal import NIOCore
internal import PropertyGraph
internal import QueryEngine

/// A result that a client has not read to its end. On the connection's event loop only.
final class OpenResult {
    /// Where rows come from.
    enum Source {
        /// All are encoded.
        case encoded
        /// A query that runs.
        case stream(ResultHandover<EncodedRows, QueryResult>)
        /// Rows that are held as values, and how many of them are encoded.
        case values(QueryResult, RecordEncoder, done: Int)
    }

    /// What is left of a query when its rows are gone. Not its snapshot: that would keep pages in memory.
    struct End {
        let counters: QueryCounters
        let plan: PlanDescription?

        init(_ result: QueryResult) {
            self.counters = result.counters
            self.plan = result.plan
        }
    }

    /// How many rows that are held as values are encoded at a time: about half a millisecond of the event loop.
    private static let batch = 500

    let statement: PreparedQuery
    let columns: [String]
    let graph: GraphDatabase
    let control: QueryControl
    private let notifications: [QueryNotification]
    /// The state that a query by itself has seen or made; nil within a transaction.
    let bookmark: Bookmark?
    private var source: Source
    private var pieces: [EncodedRows] = []
    private var end: Result<End, any Error>?
    /// When rows were first asked for.
    private var start: ContinuousClock.Instant?
    private var rowCount = 0
    /// Whether the client did not want all rows.
    var hasDropped = false

    init(
        _ statement: PreparedQuery, columns: [String], on graph: GraphDatabase, _ source: Source,
        control: QueryControl, notifications: [QueryNotification], bookmark: Bookmark?
    ) {
        self.statement = statement
        self.columns = columns
        self.graph = graph
        self.source = source
        self.control = control
        self.notifications = notifications
        self.bookmark = bookmark
    }

    /// A result that is complete.
    func fill(_ rows: EncodedRows, _ end: QueryResult) {
        if rows.count > 0 { self.pieces.append(rows) }
        self.end = .success(End(end))
    }

    /// What there is beyond what was taken.
    enum State {
        case rows
        case ended(Result<End, any Error>)
        /// It is not known yet; the hand-over tells.
        case unknown
    }

    /// Looks for more.
    var state: State {
        if self.pieces.isEmpty { self.refill() }
        if !self.pieces.isEmpty { return .rows }
        return self.end.map { .ended($0) } ?? .unknown
    }

    private func refill() {
        guard self.end == nil else { return }
        switch self.source {
        case .encoded: return
        case .stream(let handover):
            let (pieces, end) = handover.take()
            self.pieces = pieces
            self.end = end?.map { End($0) }
        case .values(let result, var encoder, let done):
            let next = min(done + Self.batch, result.rows.count)
            for row in result.rows[done..<next] { encoder.append(row) }
            if next > done { self.pieces = [encoder.take()] }
            guard next == result.rows.count else {
                self.source = .values(result, encoder, done: next)
                return
            }
            self.end = .success(End(result))
            self.source = .encoded
        }
    }

    /// Takes rows that are there, at most so many, as messages.
    func take(_ count: Int) -> (bytes: ByteBuffer, rows: Int) {
        guard let first = self.pieces.first else { return (ByteBuffer(), 0) }
        let rows = min(count, first.count)
        let bytes = self.pieces[0].take(rows)
        if self.pieces[0].count == 0 { self.pieces.removeFirst() }
        self.rowCount += rows
        return (bytes, rows)
    }

    /// Drops what was not taken.
    /// - Returns: the end when it is known, nil when a query was ended for it.
    func discard() -> Result<End?, any Error> {
        self.hasDropped = true
        switch self.source {
        case .values(let result, _, _): return .success(End(result))
        case .encoded: return self.end.map { $0.map { $0 } } ?? .success(nil)
        case .stream:
            self.pieces = []
            if case .ended(let end) = self.state { return end.map { $0 } }
            self.cancel()
            return .success(nil)
        }
    }

    /// Told when rows are asked for.
    func ask() { self.start = self.start ?? .now }

    /// Ends the query that feeds it.
    func cancel() {
        self.control.cancel()
        if case .stream(let handover) = self.source { handover.cancel() }
        self.pieces = []
    }

    /// What the client is told at the end; `result`: nil when the query was not run to its end.
    func summary(_ result: End?, version: BoltVersion) -> Metadata {
        let outcome: Summary.Outcome =
            self.hasDropped
            ? .dropped : self.columns.isEmpty ? .noColumns : self.rowCount > 0 ? .rows : .noRows
        let summary = Summary(
            kind: .string(self.statement.kind(columns: self.columns)), graph: self.graph.name,
            counters: result?.counters ?? QueryCounters(), plan: result?.plan,
            milliseconds: Int((self.start ?? .now).duration(to: .now) / .milliseconds(1)), outcome: outcome,
            bookmark: self.bookmark,
            notifications: self.notifications,
            isProfile: self.statement.statement.mode == .profile)
        return summary.metadata(version)
    }
}
