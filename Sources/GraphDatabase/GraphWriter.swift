internal import GraphStorage
internal import PropertyGraph

/// Runs writers one after another and commits them in groups: while the disk syncs one group, the next
/// gathers.
actor GraphWriter {
    private struct Waiting {
        let changes: ChangeSet
        let graph: GraphSnapshot
        let publish: @Sendable (GraphSnapshot) -> Void
        let acknowledge: CheckedContinuation<Void, any Error>
    }

    private let thread = WriterThread()
    private let storage: any GraphStorage
    /// What the next writer builds on; ahead of ``durable`` while commits wait for the disk.
    private var head: GraphSnapshot
    private var durable: GraphSnapshot
    private var waiting: [Waiting] = []
    private var isCommitting = false
    private var isStopped = false
    private var idle: [CheckedContinuation<Void, Never>] = []

    nonisolated var unownedExecutor: UnownedSerialExecutor { self.thread.asUnownedSerialExecutor() }

    init(storage: any GraphStorage, graph: GraphSnapshot) {
        self.storage = storage
        self.head = graph
        self.durable = graph
    }

    func run<Result: Sendable>(
        _ body: @Sendable (GraphTransaction) throws -> Result,
        publish: @escaping @Sendable (GraphSnapshot) -> Void
    ) async throws -> Result {
        guard !self.isStopped else { throw DatabaseClosed() }
        let transaction = GraphTransaction(self.head)
        let result = try body(transaction)
        guard let (changes, graph) = try transaction.finish() else { return result }
        self.head = graph
        try await withCheckedThrowingContinuation { continuation in
            self.waiting.append(
                Waiting(changes: changes, graph: graph, publish: publish, acknowledge: continuation))
            guard !self.isCommitting else { return }
            self.isCommitting = true
            Task { await self.commitAll() }
        }
        return result
    }

    /// Refuses further writers and waits for those that were accepted.
    func stop() async {
        self.isStopped = true
        guard self.isCommitting else { return }
        await withCheckedContinuation { self.idle.append($0) }
    }

    private func commitAll() async {
        while !self.waiting.isEmpty {
            let group = self.waiting
            self.waiting.removeAll(keepingCapacity: true)
            do {
                try await self.storage.append(group.map(\.changes))
                self.acknowledge(group)
            } catch {
                self.fail(group, error)
            }
        }
        self.isCommitting = false
        for continuation in self.idle { continuation.resume() }
        self.idle.removeAll()
    }

    private func acknowledge(_ group: [Waiting]) {
        guard let last = group.last else { return }
        self.durable = last.graph
        last.publish(last.graph)
        for commit in group { commit.acknowledge.resume() }
    }

    /// Takes back everything that is not on disk: later writers built on what failed.
    private func fail(_ group: [Waiting], _ error: any Error) {
        let lost = group + self.waiting
        self.waiting.removeAll()
        self.head = self.durable.keepingNames(of: self.head)
        for commit in lost { commit.acknowledge.resume(throwing: error) }
    }
}

/// A write came after the database was closed.
package struct DatabaseClosed: Error, CustomStringConvertible {
    /// What happened.
    package var description: String { "the graph is closed: the server is shutting down" }
}
