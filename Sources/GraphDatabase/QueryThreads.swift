internal import Foundation
internal import Synchronization

/// Threads for queries: they may compute for seconds, and on the cooperative pool, which has a thread a core, two such
/// queries would keep health checks and heartbeats waiting. Dispatch does not help: it starts no more threads than cores
/// for work that computes. Here the kernel shares the cores among more threads than there are.
final class QueryThreads: TaskExecutor {
    /// How many queries compute at once; more wait for one of these to end.
    static let count = 32
    private let threads = JobThreads(count: count, name: "plexus-query")

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let executor = self.asUnownedTaskExecutor()
        self.threads.run { job.runSynchronously(on: executor) }
    }
}

/// Runs a body that blocks on a thread of its own, so that the cooperative pool stays free.
package func runBlocking<Result: Sendable>(
    _ body: @escaping @Sendable () throws -> Result
) async throws -> Result {
    try await withCheckedThrowingContinuation { continuation in
        let thread = Thread { continuation.resume(with: Swift.Result { try body() }) }
        thread.name = "plexus-blocking"
        thread.stackSize = 8 << 20
        thread.start()
    }
}

/// Threads that take jobs from one queue, first come first served. They end with their owner.
private final class JobThreads: Sendable {
    /// Plans recurse as deep as queries are long; the parser's limits are tested against this size.
    private static let stackBytes = 8 << 20
    private let queue = JobQueue()
    private let count: Int

    init(count: Int, name: String) {
        self.count = count
        for number in 0..<count {
            let thread = Thread { [queue] in while let job = queue.next() { job() } }
            thread.name = "\(name)-\(number)"
            thread.stackSize = Self.stackBytes
            thread.start()
        }
    }

    deinit { self.queue.close(threads: self.count) }

    func run(_ job: @escaping @Sendable () -> Void) { self.queue.add(job) }
}

private final class JobQueue: Sendable {
    private struct State {
        var jobs: [@Sendable () -> Void] = []
        /// Where the next job stands; those before it were taken.
        var first = 0
    }
    private let state = Mutex(State())
    private let available = DispatchSemaphore(value: 0)

    func add(_ job: @escaping @Sendable () -> Void) {
        self.state.withLock { $0.jobs.append(job) }
        self.available.signal()
    }

    /// Waits for a job; nil when the queue was closed.
    func next() -> (@Sendable () -> Void)? {
        self.available.wait()
        return self.state.withLock { state in
            guard state.first < state.jobs.count else { return nil }
            let job = state.jobs[state.first]
            state.first += 1
            if state.first == state.jobs.count {
                state.jobs.removeAll(keepingCapacity: true)
                state.first = 0
            }
            return job
        }
    }

    /// Wakes all threads without a job, which ends them.
    func close(threads: Int) { for _ in 0..<threads { self.available.signal() } }
}
