package import Cypher
internal import Dispatch
package import PropertyGraph
package import QueryEngine

/// Statements that a client sends one after another and that happen together or not at all.
///
/// It reads on one snapshot. The first statement that may write takes the only writer of the graph, and everything after
/// it runs there, on the newest state and on what the transaction itself has written. All other writers wait meanwhile, so
/// the writer is given back when the client is silent for ``idleSeconds``: the transaction is then over, and nothing of it
/// happened. If the transaction had read before, and others have committed since, it ends instead of writing: what it read
/// is not true any more, and a client that begins again reads the new state. So transactions are serializable.
///
/// One statement at a time; the end may come at any time and from any thread. A statement that fails ends the transaction.
package final class ExplicitTransaction: Sendable {
    /// How long a transaction that holds the writer may be silent, in seconds.
    package static let idleSeconds = 30

    /// What a client wants to do.
    package enum Access: Sendable {
        /// Nothing is written; statements that could are refused.
        case read
        /// Anything.
        case write
    }

    /// Where a statement is to run.
    package enum Place: Sendable {
        /// On a snapshot, by the caller; on failure it calls ``ExplicitTransaction/rollback()``.
        case snapshot(GraphSnapshot)
        /// By ``ExplicitTransaction/run(_:parameters:limits:control:)``.
        case writer
        /// By ``GraphCatalog/run(_:)``, at once and for good.
        case catalog(AdministrationCommand)
    }

    private enum Stage {
        /// Nothing was read or written yet.
        case fresh
        /// It holds a command about whole graphs, and nothing else: drivers know no other way to send one with retries.
        case administrating
        case reading(GraphSnapshot)
        case writing(WriterLease)
        case over(TransactionFailure)
    }

    /// The graph.
    package let database: GraphDatabase
    private let access: Access
    private let idleSeconds: Int
    private let deadline: ContinuousClock.Instant?
    private let stage = Locked(Stage.fresh)

    /// Begins. O(1); nothing is held yet.
    /// - Parameters:
    ///   - database: the graph that all statements are about.
    ///   - access: what the client announced.
    ///   - timeLimit: how long all of it may take; nil for no limit.
    ///   - idleSeconds: how long the writer waits for a silent client.
    package init(
        on database: GraphDatabase, access: Access = .write, timeLimit: Duration? = nil,
        idleSeconds: Int = ExplicitTransaction.idleSeconds
    ) {
        self.database = database
        self.access = access
        self.idleSeconds = idleSeconds
        self.deadline = timeLimit.map { .now + $0 }
    }

    deinit { self.rollback() }

    /// Where a statement is to run.
    /// - Throws: ``TransactionFailure`` when it may not run here, or the transaction is over.
    package func place(for statement: PreparedQuery) throws(TransactionFailure) -> Place {
        try self.admit(statement)
        return try self.stage.withLock { stage throws(TransactionFailure) in
            if let command = statement.administration { return try Self.administer(&stage, command) }
            switch stage {
            case .over(let reason): throw reason
            case .administrating:
                throw .notInTransaction("a statement after a command about whole graphs")
            case .writing: return .writer
            case .reading(let snapshot): return statement.isReadOnly ? .snapshot(snapshot) : .writer
            case .fresh:
                guard statement.isReadOnly else { return .writer }
                let snapshot = self.database.snapshot()
                stage = .reading(snapshot)
                return .snapshot(snapshot)
            }
        }
    }

    private static func administer(
        _ stage: inout Stage, _ command: AdministrationCommand
    ) throws(TransactionFailure) -> Place {
        switch stage {
        case .over(let reason): throw reason
        case .fresh, .administrating: stage = .administrating
        case .reading, .writing:
            throw .notInTransaction("a command about whole graphs after other statements")
        }
        return .catalog(command)
    }

    private func admit(_ statement: PreparedQuery) throws(TransactionFailure) {
        if let name = statement.statement.graph?.lowercased(), name != self.database.name {
            throw .otherGraph(named: name, here: self.database.name)
        }
        if statement.commitsInBatches { throw .notInTransaction("CALL { } IN TRANSACTIONS") }
        if self.access == .read, !statement.isReadOnly || statement.administration != nil { throw .readOnly }
        if let deadline = self.deadline, ContinuousClock.now >= deadline {
            self.end(.timedOut)
            throw .timedOut
        }
    }

    /// Limits for the next statement: what is left of the transaction's own time counts.
    package func limits(_ limits: QueryLimits) -> QueryLimits {
        guard let deadline = self.deadline else { return limits }
        var limits = limits
        limits.seconds = min(limits.seconds, (deadline - .now) / .seconds(1))
        return limits
    }

    /// Runs a statement as the writer of the graph, for which it waits if others write.
    /// - Throws: ``CypherError``, ``TransactionFailure``, ``StorageError``; the transaction is then over.
    package func run(
        _ statement: PreparedQuery, parameters: [String: Value], limits: QueryLimits = .standard,
        control: QueryControl? = nil
    ) async throws -> QueryResult {
        try self.admit(statement)
        let lease = try self.lease()
        do {
            return try await lease.run { transaction in
                try statement.run(
                    in: transaction, parameters: parameters, limits: self.limits(limits),
                    now: GraphDatabase.now(), database: self.database.name, control: control)
            }
        } catch {
            self.rollback()
            throw error
        }
    }

    /// Runs a statement where it is to run, and holds its rows.
    /// - Throws: ``CypherError``, ``TransactionFailure``, ``GraphCatalogError``, ``StorageError``; the transaction is then over.
    package func execute(
        _ statement: PreparedQuery, parameters: [String: Value], limits: QueryLimits = .standard,
        control: QueryControl? = nil, catalog: GraphCatalog
    ) async throws -> QueryResult {
        do {
            switch try self.place(for: statement) {
            case .writer:
                return try await self.run(
                    statement, parameters: parameters, limits: limits, control: control)
            case .catalog(let command):
                try await catalog.run(command)
                return QueryResult(columns: [], rows: [], graph: self.database.snapshot())
            case .snapshot(let snapshot):
                return try await self.database.query(
                    statement, on: snapshot, parameters: parameters, limits: self.limits(limits),
                    control: control)
            }
        } catch {
            self.rollback()
            throw error
        }
    }

    /// The lease of the writer, taken with the first use.
    private func lease() throws(TransactionFailure) -> WriterLease {
        let (lease, isNew) = try self.stage.withLock { stage throws(TransactionFailure) in
            var base: UInt64?
            switch stage {
            case .over(let reason): throw reason
            case .writing(let lease): return (lease, false)
            case .reading(let snapshot): base = snapshot.version
            case .administrating: throw .notInTransaction("a statement after a command about whole graphs")
            case .fresh: break
            }
            let lease = WriterLease(base: base, idleSeconds: self.idleSeconds, deadline: self.deadline)
            // The snapshot goes: while somebody holds it, each write copies pages.
            stage = .writing(lease)
            return (lease, true)
        }
        if isNew {
            self.database.submit(mayBlock: false, { try lease.serve($0) }, { lease.finish($0) })
        }
        return lease
    }

    /// Makes what the transaction did durable and visible.
    /// - Returns: a state of the graph that holds all of it.
    /// - Throws: ``TransactionFailure`` when it is over already, ``GraphError`` for rules that are checked at the end,
    ///   ``StorageError``.
    package func commit() async throws -> Bookmark {
        let stage = self.stage.withLock { stage in
            defer { stage = .over(.ended) }
            return stage
        }
        switch stage {
        case .over(let reason):
            self.stage.withLock { $0 = .over(reason) }
            throw reason
        case .fresh, .administrating: return self.database.bookmark
        case .reading(let snapshot): return Bookmark(graph: self.database.name, version: snapshot.version)
        case .writing(let lease):
            try await lease.commit()
            return self.database.bookmark
        }
    }

    /// As ``commit()`` when there is nothing to wait for; nil when there is.
    /// - Throws: ``TransactionFailure`` when it is over already.
    package func commitIfUnwritten() throws(TransactionFailure) -> Bookmark? {
        try self.stage.withLock { stage throws(TransactionFailure) in
            switch stage {
            case .over(let reason): throw reason
            case .writing: return nil
            case .fresh, .administrating:
                stage = .over(.ended)
                return self.database.bookmark
            case .reading(let snapshot):
                stage = .over(.ended)
                return Bookmark(graph: self.database.name, version: snapshot.version)
            }
        }
    }

    /// Ends the transaction; nothing of it happened. Does not wait, and does nothing when it is over already. A statement
    /// that runs should be cancelled first: the writer is free when it ends.
    package func rollback() { self.end(.ended) }

    private func end(_ reason: TransactionFailure) {
        let lease: WriterLease? = self.stage.withLock { stage in
            if case .over = stage { return nil }
            defer { stage = .over(reason) }
            if case .writing(let lease) = stage { return lease }
            return nil
        }
        lease?.rollback()
    }
}

/// Holds the writer of a graph for one transaction and runs its statements there, as they come.
private final class WriterLease: Sendable {
    private enum Step: Sendable {
        case run(@Sendable (GraphTransaction) -> Void, refuse: @Sendable (any Error) -> Void)
        case commit
    }
    private struct State {
        var steps: [Step] = []
        /// Why no more steps are taken.
        var end: (any Error)?
        var isRolledBack = false
        var committing: CheckedContinuation<Void, any Error>?
    }
    private let state = Locked(State())
    private let arrived = DispatchSemaphore(value: 0)
    private let base: UInt64?
    private let idleSeconds: Int
    private let deadline: ContinuousClock.Instant?

    /// `base`: the version that was read before; nil when nothing was.
    init(base: UInt64?, idleSeconds: Int, deadline: ContinuousClock.Instant?) {
        self.base = base
        self.idleSeconds = idleSeconds
        self.deadline = deadline
    }

    /// Runs a step as the writer.
    func run<Result: Sendable>(
        _ body: @escaping @Sendable (GraphTransaction) throws -> Result
    ) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            let step = Step.run(
                { transaction in continuation.resume(with: Swift.Result { try body(transaction) }) },
                refuse: { continuation.resume(throwing: $0) })
            if let end = self.add(step) { continuation.resume(throwing: end) }
        }
    }

    /// Commits, and returns when it is durable.
    func commit() async throws {
        try await withCheckedThrowingContinuation { continuation in
            let end: (any Error)? = self.state.withLock { state in
                if let end = state.end { return end }
                state.committing = continuation
                state.steps.append(.commit)
                return nil
            }
            if let end { return continuation.resume(throwing: end) }
            self.arrived.signal()
        }
    }

    func rollback() {
        self.state.withLock { $0.isRolledBack = true }
        self.arrived.signal()
    }

    /// Queues a step; gives the reason when none are taken any more.
    private func add(_ step: Step) -> (any Error)? {
        let end: (any Error)? = self.state.withLock { state in
            if state.end == nil { state.steps.append(step) }
            return state.end
        }
        if end == nil { self.arrived.signal() }
        return end
    }

    /// The body of the write: returns to commit, throws to take everything back.
    func serve(_ transaction: GraphTransaction) throws {
        do {
            guard self.base == nil || self.base == transaction.graph.version else {
                throw TransactionFailure.outdated
            }
            while case .run(let body, _) = try self.next() { body(transaction) }
        } catch {
            self.close(error)
            throw error
        }
    }

    /// The next step, waited for.
    private func next() throws(TransactionFailure) -> Step {
        while true {
            let step = try self.state.withLock { state throws(TransactionFailure) -> Step? in
                guard !state.isRolledBack else { throw .ended }
                return state.steps.isEmpty ? nil : state.steps.removeFirst()
            }
            if let step { return step }
            let left = self.deadline.map { max(0, ($0 - .now) / .seconds(1)) } ?? .infinity
            let isDeadline = left < Double(self.idleSeconds)
            let wait = min(left, Double(self.idleSeconds))
            guard self.arrived.wait(timeout: .now() + wait) == .timedOut else { continue }
            // What came just now is still done: the client does not know of the end.
            guard self.state.withLock({ $0.steps.isEmpty }) else { continue }
            throw isDeadline ? .timedOut : .idle(seconds: self.idleSeconds)
        }
    }

    /// Takes no more steps and refuses those that wait.
    private func close(_ reason: any Error) {
        let steps = self.state.withLock { state in
            state.end = state.end ?? reason
            defer { state.steps = [] }
            return state.steps
        }
        for case .run(_, let refuse) in steps { refuse(reason) }
    }

    /// The write is over.
    func finish(_ result: Result<Void, any Error>) {
        if case .failure(let error) = result {
            self.close(error)
        } else {
            self.close(TransactionFailure.ended)
        }
        let committing = self.state.withLock { state in
            defer { state.committing = nil }
            return state.committing
        }
        committing?.resume(with: result)
    }
}

/// Why a transaction, or a statement in it, ended.
package enum TransactionFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// It read, others committed, and now it would write.
    case outdated
    /// It held the writer and said nothing for so many seconds.
    case idle(seconds: Int)
    /// The time that its client set is over.
    case timedOut
    /// It was committed or taken back before.
    case ended
    /// It was begun for reading, and the statement could write.
    case readOnly
    /// A statement that only runs by itself.
    case notInTransaction(String)
    /// A statement with `USE` of another graph.
    case otherGraph(named: String, here: String)

    /// What happened, and what to do.
    package var description: String {
        switch self {
        case .outdated:
            "others changed the graph after this transaction had read it; nothing of it happened: try again"
        case .idle(let seconds):
            "the transaction held the writer of the graph and was silent for \(seconds) s; nothing of it happened"
        case .timedOut: "the transaction took longer than its own limit; nothing of it happened"
        case .ended: "the transaction is over; begin another one"
        case .readOnly: "writing is not allowed in a transaction, or query, of access mode READ"
        case .notInTransaction(let what):
            "\(what) cannot run inside a transaction; send it as a query of its own"
        case .otherGraph(let name, let here):
            "the transaction is one on graph `\(here)`; begin another one for `\(name)`"
        }
    }

    var neo4jCode: String {
        switch self {
        case .outdated: "Neo.TransientError.Transaction.Outdated"
        case .idle: "Neo.TransientError.Transaction.LeaseExpired"
        case .timedOut: "Neo.ClientError.Transaction.TransactionTimedOutClientConfiguration"
        case .ended: "Neo.ClientError.Transaction.TransactionNotFound"
        case .readOnly: "Neo.ClientError.Statement.AccessMode"
        case .notInTransaction: "Neo.ClientError.Transaction.TransactionStartFailed"
        case .otherGraph: "Neo.ClientError.Statement.ArgumentError"
        }
    }
}
