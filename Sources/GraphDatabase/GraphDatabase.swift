internal import Foundation
package import GraphStorage
package import NamedResources
package import PropertyGraph
package import QueryEngine

/// One graph: read from memory, written through group commit to its storage.
///
/// Readers take ``snapshot()`` and never wait. Writers run one at a time, on the newest state, and are acknowledged when
/// the disk has what they did.
///
/// Why a mutex around the published snapshot and not an actor: readers must not suspend. The lock guards
/// one copy of a value and is never held across `await` or I/O.
package final class GraphDatabase: Sendable {
    /// The graph's name, `plexus` for the network itself.
    package let name: String
    /// Where commits go.
    package let storage: any GraphStorage
    /// Where named queries come from.
    package let resources: NamedResources
    /// Runs queries; one for all graphs of a catalog.
    package let engine: QueryEngine
    /// Where its queries run, with those of all graphs of the catalog.
    package let threads: QueryThreads
    private let published: PublishedGraph
    private let committer: Committer
    private let watchers: CommitWatchers
    private let observers: CommitObservers
    private let lastStep = Locked<Step?>(nil)

    /// In a structure of its own: a closure that lies in a generic box by itself is wrapped once more each time that it is read
    /// there, and calling it would cost more with each commit.
    private struct Step {
        let run: LastStep
    }

    /// What is done at the end of each transaction that wrote something, on the writer's thread.
    package typealias LastStep = @Sendable (GraphTransaction) throws -> Void

    /// Opens a graph that lies in a storage, reading all of it.
    /// - Throws: ``StorageError``.
    package convenience init(
        name: String, storage: any GraphStorage, resources: NamedResources = NamedResources()
    ) async throws {
        try await self.init(
            name: name, storage: storage, resources: resources, threads: QueryThreads(),
            engine: QueryEngine())
    }

    init(
        name: String, storage: any GraphStorage, resources: NamedResources, threads: QueryThreads,
        engine: QueryEngine
    ) async throws {
        let published = PublishedGraph(try await runBlocking { try storage.load() })
        let watchers = CommitWatchers()
        let observers = CommitObservers()
        self.name = name
        self.storage = storage
        self.resources = resources
        self.threads = threads
        self.engine = engine
        self.published = published
        self.watchers = watchers
        self.observers = observers
        self.committer = Committer(storage: storage, snapshot: { published.graph }) { graph, nodes in
            let replaced = published.publish(graph)
            observers.notify(nodes, graph)
            watchers.notify(graph.version)
            return replaced
        }
        self.committer.start()
    }

    deinit { self.committer.stop() }

    /// The graph as of the last durable commit. O(1).
    package func snapshot() -> GraphSnapshot { self.published.graph }

    /// Runs a change after those before it and returns when it is durable and visible to readers.
    ///
    /// The body sees its own writes and nobody else's unfinished ones. When it throws, nothing happened.
    /// It runs on the writer's own thread and holds the only writer.
    /// - Throws: what the body throws, ``GraphError``, or ``StorageError`` when the disk refuses.
    package func write<Result: Sendable>(
        _ body: @escaping @Sendable (GraphTransaction) throws -> Result
    ) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            self.submit(mayBlock: false, body) { continuation.resume(with: $0) }
        }
    }

    /// As ``write(_:)``, on the calling thread as far as that is free to commit: for threads that may block, never on the
    /// cooperative pool. One such writer alone costs little more than SQLite's own commit.
    /// - Throws: what the body throws, ``GraphError``, or ``StorageError`` when the disk refuses.
    package func writeBlocking<Result: Sendable>(
        _ body: @escaping @Sendable (GraphTransaction) throws -> Result
    ) throws -> Result {
        let outcome = BlockingOutcome<Result>()
        self.submit(mayBlock: true, body) { outcome.set($0) }
        return try outcome.wait().get()
    }

    func submit<Result: Sendable>(
        mayBlock: Bool, _ body: @escaping @Sendable (GraphTransaction) throws -> Result,
        _ end: @escaping @Sendable (Swift.Result<Result, any Error>) -> Void
    ) {
        let isTaken = self.committer.submit(
            mayBlock: mayBlock,
            Committer.Job { [lastStep] graph in
                Self.run(body, lastStep.withLock { $0 }?.run, &graph, end)
            } refuse: {
                end(.failure($0))
            })
        if !isTaken { end(.failure(DatabaseClosed())) }
    }

    private static func run<Result: Sendable>(
        _ body: (GraphTransaction) throws -> Result, _ lastStep: LastStep?, _ graph: inout GraphSnapshot?,
        _ end: @escaping @Sendable (Swift.Result<Result, any Error>) -> Void
    ) -> Committer.Outcome {
        let transaction = GraphTransaction(graph.take() ?? GraphSnapshot())
        do {
            let result = try body(transaction)
            if !transaction.isEmpty { try lastStep?(transaction) }
            let answer: Committer.Answer = { error in
                end(error.map { .failure($0) } ?? .success(result))
            }
            if let commit = try transaction.finish() { return .commit(commit, answer) }
            graph = transaction.graph
            return .unchanged(answer)
        } catch {
            end(.failure(error))
            graph = transaction.abandon()
            return .failed
        }
    }

    /// Adds a last step to all transactions from now on, if they have none yet; what it throws undoes a transaction.
    package func beforeCommits(_ make: () -> LastStep) {
        self.lastStep.withLock { step in
            if step == nil { step = Step(run: make()) }
        }
    }

    /// Numbers of commits from now on, newest only when the reader is slow. Ends with the task.
    package func commits() -> AsyncStream<UInt64> { self.watchers.stream() }

    /// Calls the body after each group of commits, on the committing thread and before anybody else learns of it, with the nodes
    /// that may be others than before, some of them twice, and the graph. The body is to be quick; it is kept as long as the
    /// database.
    package func observe(_ body: @escaping @Sendable ([NodeID], GraphSnapshot) -> Void) {
        self.observers.add(body)
    }

    /// Finishes waiting commits and closes the storage. Writes after it fail.
    /// - Throws: ``StorageError``.
    package func close() async throws {
        try await runBlocking { [committer, storage] in
            committer.stop()
            try storage.close()
        }
    }
}

/// The newest durable snapshot.
private final class PublishedGraph: Sendable {
    private let current: Locked<GraphSnapshot>

    init(_ graph: GraphSnapshot) { self.current = Locked(graph) }

    var graph: GraphSnapshot { self.current.withLock { $0 } }

    /// Gives back the old one, which may be freed with what only it holds: not under the lock.
    func publish(_ graph: GraphSnapshot) -> GraphSnapshot {
        self.current.withLock { current in
            defer { current = graph }
            return current
        }
    }
}

/// What a writer waits for whose thread may block.
final class BlockingOutcome<Value: Sendable>: Sendable {
    private let value = Locked<Result<Value, any Error>?>(nil)
    private let isThere = DispatchSemaphore(value: 0)

    func set(_ value: Result<Value, any Error>) {
        self.value.withLock { $0 = value }
        self.isThere.signal()
    }

    func wait() -> Result<Value, any Error> {
        self.isThere.wait()
        return self.value.withLock { $0 } ?? .failure(DatabaseClosed())
    }
}

/// A write came after the database was closed.
package struct DatabaseClosed: Error, CustomStringConvertible {
    /// What happened.
    package var description: String { "the graph is closed: the server is shutting down, or it was dropped" }
}

/// Everyone who follows what commits change.
private final class CommitObservers: Sendable {
    typealias Body = @Sendable ([NodeID], GraphSnapshot) -> Void
    private let bodies = Locked<[Body]>([])

    func add(_ body: @escaping Body) { self.bodies.withLock { $0.append(body) } }

    func notify(_ nodes: [NodeID], _ graph: GraphSnapshot) {
        for body in self.bodies.withLock({ $0 }) { body(nodes, graph) }
    }
}

/// Everyone who waits for the next commit.
private final class CommitWatchers: Sendable {
    private struct State {
        var next = 0
        var streams: [Int: AsyncStream<UInt64>.Continuation] = [:]
    }
    private let state = Locked(State())

    func stream() -> AsyncStream<UInt64> {
        AsyncStream(bufferingPolicy: .bufferingNewest(1)) { continuation in
            let number = self.state.withLock { state in
                state.next += 1
                state.streams[state.next] = continuation
                return state.next
            }
            continuation.onTermination = { [weak self] _ in
                self?.state.withLock { _ = $0.streams.removeValue(forKey: number) }
            }
        }
    }

    func notify(_ version: UInt64) {
        let streams = self.state.withLock { Array($0.streams.values) }
        for stream in streams { stream.yield(version) }
    }
}
