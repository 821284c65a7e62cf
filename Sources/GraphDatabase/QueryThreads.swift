internal import Foundation
internal import PropertyGraph

/// Threads for queries: they may compute for seconds, and on the cooperative pool, which has a thread a core, two such
/// queries would keep health checks and heartbeats waiting. Dispatch does not help: it starts no more threads than cores
/// for work that computes. Here the kernel shares the cores among more threads than there are.
package final class QueryThreads: TaskExecutor {
    /// How many queries compute at once; more wait for one of these to end.
    static let count = 32
    /// How many queries may wait for slow readers at once, each with a thread, beside those that compute.
    static let waitingLimit = 256
    private let threads = JobThreads(count: count, waitingLimit: waitingLimit, name: "plexus-query")

    /// Runs the job of a task.
    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let executor = self.asUnownedTaskExecutor()
        self.threads.run { job.runSynchronously(on: executor) }
    }

    /// Runs a body on one of the threads, in turn.
    package func run(_ body: @escaping @Sendable () -> Void) { self.threads.run(body) }

    /// Waits, on one of the threads, for something that is not work, so that another query may compute meanwhile.
    /// - Returns: what the body gives, or nil without waiting when ``waitingLimit`` threads wait already.
    func wait<Result>(_ body: () -> Result) -> Result? { self.threads.wait(body) }
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

/// Threads that take jobs from one queue, first come first served. They are started as they are needed and end with their
/// owner.
private final class JobThreads: Sendable {
    private let queue: JobQueue

    init(count: Int, waitingLimit: Int, name: String) {
        self.queue = JobQueue(count: count, waitingLimit: waitingLimit, name: name)
    }

    deinit { self.queue.close() }

    func run(_ job: @escaping @Sendable () -> Void) { self.queue.add(job) }

    func wait<Result>(_ body: () -> Result) -> Result? {
        guard self.queue.beginWaiting() else { return nil }
        defer { self.queue.endWaiting() }
        return body()
    }
}

private final class JobQueue: Sendable {
    /// Plans recurse as deep as queries are long; the parser's limits are tested against this size.
    private static let stackBytes = 8 << 20

    private struct State {
        var jobs: [@Sendable () -> Void] = []
        /// Where the next job stands; those before it were taken.
        var first = 0
        /// All threads there are; those among them that sleep without a job, and those whose job waits.
        var threads = 0
        var idle = 0
        var waiting = 0
        var isClosed = false

        var queued: Int { self.jobs.count - self.first }
    }
    private let state = Locked(State())
    private let available = DispatchSemaphore(value: 0)
    private let count: Int
    private let waitingLimit: Int
    private let name: String

    init(count: Int, waitingLimit: Int, name: String) {
        self.count = count
        self.waitingLimit = waitingLimit
        self.name = name
    }

    func add(_ job: @escaping @Sendable () -> Void) {
        let (isNew, isIdle) = self.state.withLock { state in
            state.jobs.append(job)
            return (self.takeSeat(&state), state.idle > 0)
        }
        // Threads that are busy look for the next job themselves.
        if isNew { self.startThread() } else if isIdle { self.available.signal() }
    }

    /// Whether a thread is to be started for the queue, which then counts.
    private func takeSeat(_ state: inout State) -> Bool {
        guard state.queued > state.idle, state.threads - state.waiting < self.count else { return false }
        state.threads += 1
        return true
    }

    private func startThread() {
        let thread = Thread { while let job = self.next() { job() } }
        thread.name = self.name
        thread.stackSize = Self.stackBytes
        thread.start()
    }

    /// The next job, or nil when the thread is to end: because the queue was closed, or because threads that waited are
    /// back and there is one too many.
    private func next() -> (@Sendable () -> Void)? {
        while true {
            enum Step { case job(@Sendable () -> Void), end, sleep }
            let step: Step = self.state.withLock { state in
                if (state.isClosed && state.queued == 0) || state.threads - state.waiting > self.count {
                    state.threads -= 1
                    return .end
                }
                guard state.queued > 0 else {
                    state.idle += 1
                    return .sleep
                }
                let job = state.jobs[state.first]
                state.first += 1
                if state.first == state.jobs.count {
                    state.jobs.removeAll(keepingCapacity: true)
                    state.first = 0
                }
                return .job(job)
            }
            switch step {
            case .job(let job): return job
            case .end: return nil
            case .sleep:
                self.available.wait()
                self.state.withLock { $0.idle -= 1 }
            }
        }
    }

    func beginWaiting() -> Bool {
        let (mayWait, isNew) = self.state.withLock { state in
            guard state.waiting < self.waitingLimit else { return (false, false) }
            state.waiting += 1
            return (true, self.takeSeat(&state))
        }
        if isNew { self.startThread() }
        return mayWait
    }

    func endWaiting() { self.state.withLock { $0.waiting -= 1 } }

    /// Wakes all threads without a job, which ends them.
    func close() {
        let threads = self.state.withLock { state in
            state.isClosed = true
            return state.threads
        }
        for _ in 0..<threads { self.available.signal() }
    }
}
