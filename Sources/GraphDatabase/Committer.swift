internal import CGlibc
internal import Foundation
internal import GraphStorage
internal import PropertyGraph

/// Runs writers one after another and commits them in groups: writers that come while the disk syncs are the next group,
/// and share its sync.
///
/// One thread at a time has the part of the committer. A writer on a thread that may block takes it when nobody has it,
/// and then no other thread need wake: one writer alone costs what SQLite costs. For all others there is a thread of its
/// own. Within a group the graph changes in place; it is published when it is on the disk, and dropped when the disk
/// refuses. (Two threads, of which one syncs while the other runs the next writers, gave no more commits a second on two
/// cores: all writers of a group wait for its sync anyway.)
final class Committer: Sendable {
    /// How many entities a group may touch before it is closed.
    static let groupEntityLimit = 100_000

    /// What a writer came to.
    enum Outcome {
        /// Nothing is to be written; the writer may have seen commits of its group, so it waits for them.
        case unchanged(Answer)
        /// The writer failed and knows it.
        case failed
        /// The graph is in the commit.
        case commit(GraphCommit, Answer)
    }
    typealias Answer = @Sendable ((any Error)?) -> Void

    /// A writer that waits for its turn.
    struct Job: Sendable {
        /// Takes the graph, so that nobody else holds it and its pages change in place, and puts it back unless it gives a
        /// commit. A graph that is not there any more could not be brought back to what it was.
        let run: @Sendable (inout GraphSnapshot?) -> Outcome
        /// Tells a writer that did not run why not.
        let refuse: @Sendable (any Error) -> Void
    }

    private struct State {
        var jobs: [Job] = []
        /// Whether some thread has the part.
        var isActive = false
        /// Whether the one who has it sleeps until a job comes or its time is over.
        var isLingering = false
        var isStopped = false
        var pace = Pace()
    }

    private let state = Locked(State())
    private let wanted = DispatchSemaphore(value: 0)
    private let arrived = DispatchSemaphore(value: 0)
    private let ended = DispatchSemaphore(value: 0)
    private let storage: any GraphStorage
    private let snapshot: @Sendable () -> GraphSnapshot
    /// Takes the new graph and the nodes that may be others in it; gives back the graph that was there before.
    private let publish: @Sendable (GraphSnapshot, [NodeID]) -> GraphSnapshot

    init(
        storage: any GraphStorage, snapshot: @escaping @Sendable () -> GraphSnapshot,
        publish: @escaping @Sendable (GraphSnapshot, [NodeID]) -> GraphSnapshot
    ) {
        self.storage = storage
        self.snapshot = snapshot
        self.publish = publish
    }

    /// Each commit frees the pages that the one before replaced. Left alone, glibc gives such memory back to the kernel and
    /// takes it again, a page fault at a time: with 32 writers that was a tenth of the work.
    private static let allocator: Void = {
        mallopt(M_TRIM_THRESHOLD, 256 << 20)
        mallopt(M_TOP_PAD, 4 << 20)
        mallopt(M_MMAP_THRESHOLD, 64 << 20)
    }()

    /// Starts the thread, which ends with ``stop()``.
    func start() {
        _ = Self.allocator
        let thread = Thread { [self] in
            repeat {
                self.wanted.wait()
                self.runGroups(once: false)
            } while !self.state.withLock { $0.isStopped }
            self.ended.signal()
        }
        thread.name = "plexus-commit"
        // Plans recurse as deep as queries are long; the parser's limits are tested against this size.
        thread.stackSize = 8 << 20
        thread.start()
    }

    /// Queues a writer; false when no more are taken.
    /// `mayBlock`: whether the calling thread may do the committing. Then the writer has mostly been answered
    ///   when this returns.
    func submit(mayBlock: Bool = false, _ job: Job) -> Bool {
        enum Next { case refuse, nothing, wake, commit }
        let next: Next = self.state.withLock { state in
            guard !state.isStopped else { return .refuse }
            state.jobs.append(job)
            guard !state.isActive else {
                defer { state.isLingering = false }
                return state.isLingering ? .wake : .nothing
            }
            state.isActive = true
            return .commit
        }
        switch next {
        case .refuse: return false
        case .nothing: break
        case .wake: self.arrived.signal()
        case .commit where mayBlock: self.runGroups(once: true)
        case .commit: self.wanted.signal()
        }
        return true
    }

    /// Refuses further writers and waits for those that were taken. Blocks.
    func stop() {
        let (isFirst, isIdle) = self.state.withLock { state in
            defer { (state.isStopped, state.isActive) = (true, true) }
            return (!state.isStopped, !state.isActive)
        }
        guard isFirst else { return }
        // Else whoever has the part gives it to the thread, which ends, when nobody waits any more.
        if isIdle { self.wanted.signal() }
        self.ended.wait()
    }

    /// Commits groups until nobody waits; or one group, and gives the part to the thread.
    private func runGroups(once: Bool) {
        while let jobs = self.take() {
            self.commit(jobs)
            if once { break }
        }
        guard once else { return }
        // Jobs that came meanwhile, or the end, are the thread's.
        let isOpen = self.state.withLock { state in
            state.isActive = state.isStopped || !state.jobs.isEmpty
            return state.isActive
        }
        if isOpen { self.wanted.signal() }
    }

    /// All waiting writers; nil, and the part is free unless this is the end, when there are none.
    private func take() -> [Job]? {
        self.state.withLock { state in
            if state.jobs.isEmpty {
                state.isActive = state.isStopped
                return nil
            }
            defer { state.jobs.removeAll(keepingCapacity: true) }
            return state.jobs
        }
    }

    /// Writers that come before the deadline; empty when none does.
    private func linger(_ deadline: DispatchTime) -> [Job] {
        let jobs: [Job] = self.state.withLock { state in
            defer { state.jobs.removeAll(keepingCapacity: true) }
            state.isLingering = state.jobs.isEmpty && !state.isStopped
            return state.jobs
        }
        guard jobs.isEmpty else { return jobs }
        if self.arrived.wait(timeout: deadline) == .timedOut {
            let hasTimedOut = self.state.withLock { state in
                defer { state.isLingering = false }
                return state.isLingering || state.isStopped
            }
            if hasTimedOut { return [] }
            // Somebody was about to wake this thread: the signal must not be left for the next time.
            self.arrived.wait()
        }
        return self.state.withLock { state in
            defer { state.jobs.removeAll(keepingCapacity: true) }
            return state.jobs
        }
    }

    private func commit(_ first: [Job]) {
        var pace = self.state.withLock { $0.pace }
        var group = Group(graph: self.snapshot(), storage: self.storage)
        group.run(first)
        if group.count < pace.expected {
            let deadline = pace.deadline
            while group.count < pace.expected, group.entities < Self.groupEntityLimit {
                let jobs = self.linger(deadline)
                if jobs.isEmpty { break }
                group.run(jobs)
            }
        }
        let start = DispatchTime.now().uptimeNanoseconds
        let (answers, replaced) = group.finish(self.publish)
        pace.note(count: answers.count, nanoseconds: DispatchTime.now().uptimeNanoseconds - start)
        self.state.withLock { $0.pace = pace }
        for answer in answers { answer() }
        // What only the old graph held is freed while the writers wake.
        withExtendedLifetime(replaced) {}
    }
}

/// Writers that share a sync.
private struct Group {
    /// Nil only while a writer has it.
    private var graph: GraphSnapshot?
    private let storage: any GraphStorage
    private(set) var entities = 0
    private var hasBegun = false
    /// Why none of the group can be committed.
    private var failure: (any Error)?
    private var answers: [Committer.Answer] = []
    private var nodes: [NodeID] = []

    init(graph: GraphSnapshot, storage: any GraphStorage) {
        self.graph = graph
        self.storage = storage
    }

    var count: Int { self.answers.count }

    mutating func run(_ jobs: [Committer.Job]) { for job in jobs { self.run(job) } }

    private mutating func run(_ job: Committer.Job) {
        // After a failure the rest of the group does not run: it would build on what is not there.
        if let failure = self.failure { return job.refuse(failure) }
        switch job.run(&self.graph) {
        case .failed: if self.graph == nil { self.failure = GraphError.rollbackFailed }
        case .unchanged(let answer): self.answers.append(answer)
        case .commit(let commit, let answer):
            self.answers.append(answer)
            self.entities += commit.count
            do {
                if !self.hasBegun { try self.storage.beginGroup() }
                self.hasBegun = true
                try self.storage.append(commit)
            } catch {
                self.failure = error
            }
            self.nodes += commit.touchedNodes
            self.nodes += commit.newNodes.lazy.map(NodeID.init)
            self.graph = commit.graph
        }
    }

    /// Makes the group durable and publishes it.
    /// - Returns: what is left to do, telling the writers, and the graph that was replaced.
    mutating func finish(
        _ publish: (GraphSnapshot, [NodeID]) -> GraphSnapshot
    ) -> (answers: [() -> Void], replaced: GraphSnapshot?) {
        var replaced: GraphSnapshot?
        if self.hasBegun {
            if self.failure == nil {
                do { try self.storage.commitGroup() } catch { self.failure = error }
            } else {
                self.storage.rollbackGroup()
            }
            if self.failure == nil, let graph = self.graph.take() { replaced = publish(graph, self.nodes) }
        }
        let failure = self.failure
        return (self.answers.map { answer in { answer(failure) } }, replaced)
    }
}

/// How long a group waits for more: writers that were just answered come back within microseconds, and a group that closed
/// before them would make them wait for a whole sync. One writer alone is never waited for.
private struct Pace {
    private(set) var expected = 1
    private var nanoseconds: UInt64 = 0

    var deadline: DispatchTime {
        DispatchTime(uptimeNanoseconds: DispatchTime.now().uptimeNanoseconds + self.nanoseconds)
    }

    mutating func note(count: Int, nanoseconds: UInt64) {
        self.expected = count
        self.nanoseconds = min(max(nanoseconds / 4, 20_000), 1_000_000)
    }
}
