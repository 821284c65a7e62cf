package import PropertyGraph
package import QueryEngine

/// Turns rows into pieces of an answer: bytes of a wire, mostly.
package protocol RowEncoder: Sendable {
    /// Some rows in the form of the wire.
    associatedtype Piece: Sendable

    /// How many rows the next piece has so far.
    var rows: Int { get }
    /// How many bytes it has so far.
    var bytes: Int { get }

    /// Puts a row into the next piece.
    mutating func append(_ row: ResultRow)
    /// Gives the piece and begins another.
    mutating func take() -> Piece
}

/// Gathers rows into pieces that are worth waking somebody, without keeping the first ones waiting.
private struct Pieces<Encoder: RowEncoder> {
    /// Bytes after which a piece is given away.
    private static var byteGoal: Int { 64 << 10 }
    /// How long a row waits for others to come.
    private static var patience: Duration { .milliseconds(5) }

    private var encoder: Encoder
    private let handover: ResultHandover<Encoder.Piece, QueryResult>
    private let control: QueryControl
    /// Rows after which a piece is given away: few at first, so that whoever waits sees something at once.
    private var rowGoal = 1
    private var start = ContinuousClock.now

    init(
        _ encoder: Encoder, _ handover: ResultHandover<Encoder.Piece, QueryResult>, _ control: QueryControl
    ) {
        self.encoder = encoder
        self.handover = handover
        self.control = control
    }

    mutating func append(_ row: ResultRow) throws {
        self.encoder.append(row)
        if self.encoder.rows >= self.rowGoal || self.encoder.bytes >= Self.byteGoal || self.isLate {
            try self.flush()
        }
    }

    /// Looking at the clock costs as much as a small row: only every 16th does.
    private var isLate: Bool {
        self.encoder.rows & 15 == 1 && ContinuousClock.now - self.start > Self.patience
    }

    mutating func flush() throws {
        guard self.encoder.rows > 0 else { return }
        let (rows, bytes) = (self.encoder.rows, self.encoder.bytes)
        let waited = try self.handover.push(self.encoder.take(), rows: rows, bytes: bytes)
        if waited > .zero { self.control.addWait(waited) }
        self.rowGoal = min(self.rowGoal * 4, ResultHandover<Encoder.Piece, QueryResult>.rowLimit)
        self.start = .now
    }
}

extension GraphDatabase {
    /// Runs a read on a thread for queries and hands its rows over as they come, so that a slow reader makes the query wait
    /// instead of filling memory. Waiting does not count against the query's time, and there is no limit of rows.
    ///
    /// Cancelling takes both: `control` for a query that computes, the hand-over for one that waits.
    ///
    /// `encoder` is given the graph that the rows are about: what the caller sees of the snapshot. `begin` is told the plan, or why the query cannot run, before there is anything to take.
    package func stream<Encoder: RowEncoder>(
        _ statement: PreparedQuery, on snapshot: GraphSnapshot, parameters: [String: Value],
        limits: QueryLimits, control: QueryControl, encoder: @escaping @Sendable (GraphSnapshot) -> Encoder,
        to handover: ResultHandover<Encoder.Piece, QueryResult>,
        begin: @escaping @Sendable (Result<PlannedQuery, any Error>) -> Void
    ) {
        var limits = limits
        limits.rows = .max
        let (name, boundless) = (self.name, limits)
        self.threads.run {
            let planned: PlannedQuery
            do {
                planned = try statement.planned(on: snapshot, limits: boundless, database: name)
            } catch {
                return begin(.failure(error))
            }
            begin(.success(planned))
            var pieces = Pieces(encoder(planned.graph), handover, control)
            let end = Result {
                let result = try planned.stream(
                    parameters: parameters, limits: boundless, now: GraphDatabase.now(), database: name,
                    control: control
                ) { row in
                    try pieces.append(row)
                    return true
                }
                return result
            }
            do {
                // Also when the query failed: what came before that is given all the same.
                try pieces.flush()
                handover.finish(end)
            } catch {
                handover.finish(.failure(error))
            }
        }
    }
}
