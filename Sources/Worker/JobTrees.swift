internal import CGlibc
internal import Dispatch
internal import Glibc
internal import Synchronization

/// The processes of running jobs, with all that they started, wherever it went: into sessions of their own, or on its own
/// after its parents had ended.
///
/// A process belongs to a job when it is in the session of the job's first process, has the job's cookie in its environment,
/// or came from one that belongs to it. Processes whose parents end become children of this program (`PR_SET_CHILD_SUBREAPER`),
/// so that those which shed session and environment stay in sight too. Cgroups would do as much and more; most machines do
/// not let a program that is not root make them.
final class JobTrees: Sendable {
    /// The variable that each process of a job has.
    static let cookie = "PLEXUS_ATTEMPT"

    /// The variable of all that this program starts: the work folder.
    static let workVariable = "PLEXUS_WORK"

    /// The trees of this program, which is one worker.
    static let shared = JobTrees()

    private struct Job {
        let root: pid_t
        /// When its first process started, in the machine's ticks; for one that was there before, when the job began.
        let start: UInt64
        /// What its first process had for a cookie from the start.
        let cookie: String?
    }
    private struct State {
        var jobs: [String: Job] = [:]
        /// To which job processes belong, as far as that was seen; by number and start.
        var owners: [Identity: String] = [:]
        /// Processes that wait for jobs.
        var started: Set<pid_t> = []
        /// Since when children are known to have ended that nobody here seems to wait for.
        var ended: [Identity: ContinuousClock.Instant] = [:]
    }
    private struct Identity: Hashable {
        let pid: pid_t
        let start: UInt64
    }
    /// What a look at a job's processes found.
    struct Usage: Sendable {
        /// How many processes.
        var processes = 0
        /// Their memory, in bytes.
        var memory = 0
    }

    private let state = Mutex(State())
    /// Looks block for milliseconds: not on the cooperative pool.
    private let queue = DispatchQueue(label: "plexus-job-trees")

    private init() { _ = glibc_become_subreaper() }

    /// A job has begun with a process, which leads a session.
    /// `cookie`: that with which the process was started, where that is not the attempt.
    func begin(_ attempt: String, root: pid_t, cookie: String? = nil) {
        let start = ProcessTable.entry(root)?.start ?? 0
        self.state.withLock { $0.jobs[attempt] = Job(root: root, start: start, cookie: cookie) }
    }

    /// What a job uses now.
    func usage(_ attempt: String) async -> Usage {
        await self.onQueue { self.usageNow(attempt) }
    }

    /// Ends all processes of a job, and forgets it. Stops them first, so that none starts others meanwhile.
    func end(_ attempt: String) async {
        _ = await self.onQueue { self.endNow(attempt, sparesRoot: false) }
    }

    /// As ``end(_:)``, but for the job's first process, which goes on to the next job; gives how many were ended.
    func endAllButRoot(_ attempt: String) async -> Int {
        await self.onQueue { self.endNow(attempt, sparesRoot: true) }
    }

    /// Ends what workers before this one left running on the same folder: their jobs are lost and run elsewhere by now.
    func endLeftovers(of folder: String) async {
        await self.onQueue {
            for pid in ProcessTable().entries.keys
            where pid != getpid() && ProcessTable.variable(Self.workVariable, of: pid) == folder {
                kill(pid, SIGKILL)
            }
        }
    }

    private func onQueue<Result: Sendable>(_ body: @escaping @Sendable () -> Result) async -> Result {
        await withCheckedContinuation { continuation in
            self.queue.async { continuation.resume(returning: body()) }
        }
    }

    private func usageNow(_ attempt: String) -> Usage {
        var usage = Usage()
        for entry in self.members(of: attempt, ProcessTable()) where !entry.isZombie {
            usage.processes += 1
            usage.memory += ProcessTable.memory(of: entry.pid)
        }
        return usage
    }

    private func endNow(_ attempt: String, sparesRoot: Bool) -> Int {
        guard let ownRoot = self.state.withLock({ $0.jobs[attempt]?.root }) else { return 0 }
        defer { self.state.withLock { Self.forget(attempt, &$0) } }
        var stopped: Set<pid_t> = []
        var quietRounds = 0
        // What forks fast is not all seen at once. Each round stops what it sees; the stopped start nothing. What ends and what
        // it started may both escape one look.
        for _ in 0..<100 {
            let new = self.members(of: attempt, ProcessTable())
                .filter {
                    !$0.isZombie && !stopped.contains($0.pid) && !(sparesRoot && $0.pid == ownRoot)
                }
            quietRounds = new.isEmpty ? quietRounds + 1 : 0
            guard quietRounds < 2 else { break }
            for entry in new {
                kill(entry.pid, SIGSTOP)
                stopped.insert(entry.pid)
            }
        }
        for pid in stopped { kill(pid, SIGKILL) }
        // The first process is waited for by who started it; the others are ours to wait for, once they have come to us.
        var left = stopped.filter { $0 != ownRoot }
        for _ in 0..<100 where !left.isEmpty {
            left = left.filter { waitpid($0, nil, WNOHANG) != $0 && kill($0, 0) == 0 }
            if !left.isEmpty { usleep(1000) }
        }
        return stopped.count
    }

    /// Forgets a job whose first process has no children, when none came to us that we did not start: then there is nothing else of
    /// it, as whatever loses its parents comes to us. A few files instead of all of `/proc`; on a thread that may block.
    /// - Returns: whether that is so.
    func endAlone(_ attempt: String) -> Bool {
        guard let root = self.state.withLock({ $0.jobs[attempt]?.root }),
            let its = ProcessTable.children(of: root), its.isEmpty, let ours = ProcessTable.adoptedChildren()
        else { return false }
        return self.state.withLock { state in
            guard
                ours.allSatisfy({ child in
                    state.started.contains(child) || state.jobs.values.contains { $0.root == child }
                })
            else { return false }
            Self.forget(attempt, &state)
            return true
        }
    }

    private static func forget(_ attempt: String, _ state: inout State) {
        state.jobs[attempt] = nil
        if !state.owners.isEmpty { state.owners = state.owners.filter { $0.value != attempt } }
    }

    /// A process was started here that waits for jobs, or has ended.
    func started(_ pid: pid_t, hasEnded: Bool = false) {
        self.state.withLock { state in
            if hasEnded { state.started.remove(pid) } else { state.started.insert(pid) }
        }
    }

    /// The processes of a job in a table; notes for all jobs what belongs to them.
    private func members(of attempt: String, _ table: ProcessTable) -> [ProcessTable.Entry] {
        self.state.withLock { state in
            Self.note(table, &state)
            return table.entries.values.filter {
                state.owners[Identity(pid: $0.pid, start: $0.start)] == attempt
            }
        }
    }

    private static func note(_ table: ProcessTable, _ state: inout State) {
        let ownSession = getsid(0)
        let own = ProcessTable.program(of: getpid())
        var owners: [Identity: String] = [:]
        var children: [pid_t: [ProcessTable.Entry]] = [:]
        var cookies: [String: String] = [:]
        for (attempt, job) in state.jobs {
            cookies[attempt] = attempt
            if let cookie = job.cookie { cookies[cookie] = attempt }
        }
        let roots = Dictionary(state.jobs.map { ($0.value.root, $0.key) }) { first, _ in first }
        for entry in table.entries.values {
            children[entry.parent, default: []].append(entry)
            let identity = Identity(pid: entry.pid, start: entry.start)
            if let owner = state.owners[identity] {
                owners[identity] = owner
            } else if let owner = roots[entry.session] {
                owners[identity] = owner
            } else if entry.session != ownSession, entry.pid != getpid(), !entry.isZombie,
                let cookie = ProcessTable.variable(Self.cookie, of: entry.pid), let owner = cookies[cookie]
            {
                owners[identity] = owner
            }
        }
        // What came from them.
        var pending = Array(owners)
        while let (identity, owner) = pending.popLast() {
            for child in children[identity.pid] ?? [] {
                let known = Identity(pid: child.pid, start: child.start)
                if owners.updateValue(owners[known] ?? owner, forKey: known) == nil {
                    pending.append((known, owner))
                }
            }
        }
        // What came to us, and was not started here, is of the only job that was there when it began, if there is one only.
        var ended: [Identity: ContinuousClock.Instant] = [:]
        for child in children[getpid()] ?? [] where child.session != ownSession {
            let identity = Identity(pid: child.pid, start: child.start)
            if owners[identity] == nil, !child.isZombie,
                ProcessTable.runs(child.pid, without: Self.workVariable, besides: own)
            {
                let possible = state.jobs.filter {
                    $0.value.start <= child.start && $0.value.root != child.pid
                }
                if possible.count == 1 { owners[identity] = possible.first?.key }
            }
            guard child.isZombie, roots[child.pid] == nil else { continue }
            // Who started it would have waited for it by now.
            let since = state.ended[identity] ?? .now
            if .now - since > .seconds(5) {
                waitpid(child.pid, nil, WNOHANG)
            } else {
                ended[identity] = since
            }
        }
        state.owners = owners
        state.ended = ended
    }
}
