package import GraphStorage
package import NamedResources
package import PropertyGraph
internal import QueryEngine
internal import Synchronization

/// One graph: read from memory, written through group commit to its storage.
///
/// Readers take ``snapshot()`` and never wait. Writers run one at a time; a writer may build on commits
/// that are not on disk yet, and is acknowledged after them.
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
    let engine = QueryEngine()
    let threads = QueryThreads()
    /// Held as long as the graph is open.
    private let lock: FolderLock?
    private let published: Mutex<GraphSnapshot>
    private let writer: GraphWriter
    private let watchers = CommitWatchers()

    /// Opens a graph that lies in a storage, reading all of it.
    /// - Throws: ``StorageError``.
    package init(
        name: String, storage: any GraphStorage, resources: NamedResources = NamedResources(),
        lock: FolderLock? = nil
    ) async throws {
        self.lock = lock
        let graph = try await storage.load()
        self.resources = resources
        self.name = name
        self.storage = storage
        self.published = Mutex(graph)
        self.writer = GraphWriter(storage: storage, graph: graph)
    }

    /// The graph as of the last durable commit. O(1).
    package func snapshot() -> GraphSnapshot { self.published.withLock { $0 } }

    /// Runs a change after those before it and returns when it is durable and visible to readers.
    ///
    /// The body sees its own writes and nobody else's unfinished ones. When it throws, nothing happened.
    /// It must not block: it holds the only writer.
    /// - Throws: what the body throws, ``GraphError``, or ``StorageError`` when the disk refuses.
    package func write<Result: Sendable>(
        _ body: @Sendable (GraphTransaction) throws -> Result
    ) async throws -> Result {
        try await self.writer.run(body) { graph in self.publish(graph) }
    }

    private func publish(_ graph: GraphSnapshot) {
        self.published.withLock { $0 = graph }
        self.watchers.notify(graph.version)
    }

    /// Numbers of commits from now on, newest only when the reader is slow. Ends with the task.
    package func commits() -> AsyncStream<UInt64> { self.watchers.stream() }

    /// Finishes waiting commits and closes the storage. Writes after it fail.
    /// - Throws: ``StorageError``.
    package func close() async throws {
        await self.writer.stop()
        try await self.storage.close()
    }
}

/// Everyone who waits for the next commit.
private final class CommitWatchers: Sendable {
    private struct State {
        var next = 0
        var streams: [Int: AsyncStream<UInt64>.Continuation] = [:]
    }
    private let state = Mutex(State())

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
