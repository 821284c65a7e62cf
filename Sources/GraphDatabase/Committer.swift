internal import Foundation
internal import GraphStorage
internal import PropertyGraph
internal import Synchronization

/// Runs writers one after another on a thread of its own, and commits them in groups: writers that come while the disk
/// syncs are the next group, and share its sync.
///
/// One thread for both, and no state between memory and disk: what a group did is published when it is on the disk, and
/// dropped when the disk refuses. Two threads, of which one syncs while the other runs writers, gave no more commits
/// a second on two cores, since all writers of a group wait for its sync anyway.
final class Committer: Sendable {
    /// How many entities a group may touch before it is closed.
    static let groupEntityLimit = 100_000

    /// What a writer came to.
    enum Outcome {
        /// Nothing is to be written; the writer may have seen commits of its group, so it waits for them.
        case unchanged(@Sendable ((any Error)?) -> Void)
        /// The writer failed and knows it.
        case failed
        case commit(GraphCommit, @Sendable ((any Error)?) -> Void)
    }
    typealias Job = @Sendable (GraphSnapshot) -> Outcome

    private struct State {
        var jobs: [Job] = []
        /// Whether the thread sleeps and must be woken.
        var isAsleep = false
        var isStopped = false
    }

    private let state = Mutex(State())
    private let awake = DispatchSemaphore(value: 0)
    private let ended = DispatchSemaphore(value: 0)
    private let storage: any GraphStorage
    private let snapshot: @Sendable () -> GraphSnapshot
    private let publish: @Sendable (GraphSnapshot) -> Void

    init(
        storage: any GraphStorage, snapshot: @escaping @Sendable () -> GraphSnapshot,
        publish: @escaping @Sendable (GraphSnapshot) -> Void
    ) {
        self.storage = storage
        self.snapshot = snapshot
        self.publish = publish
    }

    /// Starts the thread, which ends with ``stop()``.
    func start() {
        let thread = Thread { [self] in self.run() }
        thread.name = "plexus-commit"
        // Plans recurse as deep as queries are long; the parser's limits are tested against this size.
        thread.stackSize = 8 << 20
        thread.start()
    }

    /// Queues a writer; false when no more are taken.
    func submit(_ job: @escaping Job) -> Bool {
        let (isTaken, mustWake) = self.state.withLock { state in
            guard !state.isStopped else { return (false, false) }
            state.jobs.append(job)
            defer { state.isAsleep = false }
            return (true, state.isAsleep)
        }
        if mustWake { self.awake.signal() }
        return isTaken
    }

    /// Refuses further writers and waits for those that were taken. Blocks.
    func stop() {
        let (isFirst, mustWake) = self.state.withLock { state in
            defer { (state.isStopped, state.isAsleep) = (true, false) }
            return (!state.isStopped, state.isAsleep)
        }
        if mustWake { self.awake.signal() }
        if isFirst { self.ended.wait() }
    }

    private func run() {
        var pace = Pace()
        while let first = self.next(waiting: nil) {
            var group = Group(graph: self.snapshot())
            self.run(first, in: &group)
            let deadline = pace.deadline
            while group.entities < Self.groupEntityLimit, group.count < pace.expected,
                let jobs = self.next(waiting: deadline), !jobs.isEmpty
            {
                self.run(jobs, in: &group)
            }
            self.commit(group, &pace)
        }
        self.ended.signal()
    }

    private func run(_ jobs: [Job], in group: inout Group) {
        for job in jobs { group.add(job(group.graph)) }
    }

    /// All waiting writers; waits for one, to a deadline if there is one. Empty at the deadline, nil at the end.
    private func next(waiting deadline: DispatchTime?) -> [Job]? {
        while true {
            let (jobs, isStopped): ([Job], Bool) = self.state.withLock { state in
                defer { state.jobs.removeAll(keepingCapacity: true) }
                if state.jobs.isEmpty, !state.isStopped { state.isAsleep = true }
                return (state.jobs, state.isStopped)
            }
            if !jobs.isEmpty { return jobs }
            if isStopped { return deadline == nil ? nil : [] }
            guard let deadline else {
                self.awake.wait()
                continue
            }
            guard self.awake.wait(timeout: deadline) == .timedOut else { continue }
            let hasTimedOut = self.state.withLock { state in
                defer { state.isAsleep = false }
                return state.isAsleep
            }
            if hasTimedOut { return [] }
            // Somebody was about to wake this thread: the signal must not be left for the next sleep.
            self.awake.wait()
        }
    }

    private func commit(_ group: Group, _ pace: inout Pace) {
        guard let last = group.commits.last else {
            return group.answer(nil)
        }
        let start = DispatchTime.now().uptimeNanoseconds
        do {
            try self.storage.append(group.commits)
        } catch {
            return group.answer(error)
        }
        self.publish(last.graph)
        pace.note(count: group.count, nanoseconds: DispatchTime.now().uptimeNanoseconds - start)
        group.answer(nil)
    }
}

/// Writers that share a sync.
private struct Group {
    private(set) var graph: GraphSnapshot
    private(set) var commits: [GraphCommit] = []
    private(set) var entities = 0
    private var answers: [@Sendable ((any Error)?) -> Void] = []

    init(graph: GraphSnapshot) { self.graph = graph }

    var count: Int { self.answers.count }

    mutating func add(_ outcome: Committer.Outcome) {
        switch outcome {
        case .failed: break
        case .unchanged(let answer): self.answers.append(answer)
        case .commit(let commit, let answer):
            self.graph = commit.graph
            self.commits.append(commit)
            self.entities += commit.count
            self.answers.append(answer)
        }
    }

    func answer(_ error: (any Error)?) { for answer in self.answers { answer(error) } }
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
