internal import Dispatch
internal import PropertyGraph

/// What a query makes and a connection takes, piece by piece: the query waits while more lies here than the limit, so a
/// reader that does not read costs a bounded piece of memory and a thread of ``QueryThreads/waitingLimit``.
///
/// One producer, on a thread for queries, and one consumer, on any thread that must not wait: it takes what is there and is
/// told when there is more.
package final class ResultHandover<Piece: Sendable, End: Sendable>: Sendable {
    /// Bytes that may lie here before the producer waits.
    package static var byteLimit: Int { 1 << 20 }
    /// Rows that may lie here before the producer waits.
    package static var rowLimit: Int { 1000 }

    private struct State {
        var pieces: [Piece] = []
        var bytes = 0
        var rows = 0
        var end: Result<End, any Error>?
        var isCancelled = false
        /// Whether the consumer found nothing and is to be told.
        var isWanted = false
        /// Whether the producer sleeps until there is room.
        var isFull = false

        var hasRoom: Bool { self.bytes < byteLimit && self.rows < rowLimit }
    }
    private let state = Locked(State())
    private let room = DispatchSemaphore(value: 0)
    private let threads: QueryThreads
    private let patience: Duration
    private let notify: @Sendable () -> Void

    /// - Parameters:
    ///   - threads: where the producer runs.
    ///   - patience: how long the producer waits for a consumer that takes nothing.
    ///   - notify: called, on the producer's thread, when something is there again after ``take()`` gave nothing.
    package init(
        threads: QueryThreads, patience: Duration = .seconds(600), notify: @escaping @Sendable () -> Void
    ) {
        self.threads = threads
        self.patience = patience
        self.notify = notify
    }

    /// Whether the consumer wants no more. The producer need not look here: ``push(_:rows:bytes:)`` does.
    package var isCancelled: Bool { self.state.withLock { $0.isCancelled } }

    /// Whether the producer has ended.
    package var isFinished: Bool { self.state.withLock { $0.end != nil } }

    /// Puts a piece here and waits for room for the next one.
    /// - Returns: how long it waited.
    /// - Throws: ``ReaderFailure``.
    package func push(_ piece: Piece, rows: Int, bytes: Int) throws(ReaderFailure) -> Duration {
        let (isCancelled, isWanted, isFull) = self.state.withLock { state in
            guard !state.isCancelled else { return (true, false, false) }
            state.pieces.append(piece)
            state.rows += rows
            state.bytes += bytes
            state.isFull = !state.hasRoom
            defer { state.isWanted = false }
            return (false, state.isWanted, state.isFull)
        }
        guard !isCancelled else { throw .gone }
        if isWanted { self.notify() }
        return isFull ? try self.waitForRoom() : .zero
    }

    private func waitForRoom() throws(ReaderFailure) -> Duration {
        let start = ContinuousClock.now
        let (seconds, _) = self.patience.components
        let outcome = self.threads.wait {
            self.room.wait(timeout: .now() + .seconds(Int(seconds)))
        }
        guard let outcome else { throw .tooManyWait(QueryThreads.waitingLimit) }
        guard outcome == .success else { throw .stalled(seconds: Int(seconds)) }
        guard !self.isCancelled else { throw .gone }
        return ContinuousClock.now - start
    }

    /// Ends the result.
    package func finish(_ end: Result<End, any Error>) {
        let isWanted = self.state.withLock { state in
            state.end = end
            defer { state.isWanted = false }
            return state.isWanted && !state.isCancelled
        }
        if isWanted { self.notify() }
    }

    /// Takes all that is there; the end comes with the last pieces. When it gives neither, the consumer is told of the next.
    package func take() -> (pieces: [Piece], end: Result<End, any Error>?) {
        let (pieces, end, isFull) = self.state.withLock { state in
            state.isWanted = state.pieces.isEmpty && state.end == nil
            defer {
                state.pieces = []
                (state.bytes, state.rows, state.isFull) = (0, 0, false)
            }
            return (state.pieces, state.end, state.isFull)
        }
        if isFull { self.room.signal() }
        return (pieces, end)
    }

    /// Wants no more: what is here is dropped, and the producer ends at its next piece.
    package func cancel() {
        let isFull = self.state.withLock { state in
            defer { state.isFull = false }
            state.isCancelled = true
            state.pieces = []
            return state.isFull
        }
        if isFull { self.room.signal() }
    }
}

/// Why a query stopped giving rows to its reader.
package enum ReaderFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// The reader wants no more.
    case gone
    /// The reader took nothing for so many seconds.
    case stalled(seconds: Int)
    /// As many results as may wait for slow readers wait already.
    case tooManyWait(Int)

    /// What happened, and what to do.
    package var description: String {
        switch self {
        case .gone: "the reader wants no more rows"
        case .stalled(let seconds): "nobody read the result for \(seconds) s; read faster, or ask for less"
        case .tooManyWait(let limit):
            "\(limit) results wait for slow readers already; read or discard some, then try again"
        }
    }
}
