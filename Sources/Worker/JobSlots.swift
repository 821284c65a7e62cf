internal import JSON
internal import Synchronization

/// What a worker does and did since it started.
package struct WorkerFigures: Hashable, Sendable {
    /// How many jobs it runs at once at most.
    package var slots = 0
    /// How many run.
    package var running = 0
    /// How many wait here for a slot.
    package var waiting = 0
    /// How many ended, by `succeeded` or the class of the failure.
    package var ended: [String: Int] = [:]
    /// How long they ran together, in seconds.
    package var seconds = 0.0
}

/// The attempts that a worker holds: those at work in its slots, those that wait for a slot, and how many jobs it may ask for.
///
/// Jobs wait here only of functions whose calls are over in a moment on this machine, and only so many as are done in a
/// twentieth of a second: the next is there when a slot is free, and many are asked for, and told of, in one request. Those that
/// wait longer after all are given back.
final class JobSlots: Sendable {
    /// A job that was leased.
    struct Leased: Sendable {
        let attempt: String
        /// `name@version`, where the server said it.
        let function: String
        let job: JSON
        fileprivate let since: ContinuousClock.Instant

        fileprivate init?(_ job: JSON) {
            guard let attempt = job["attempt"]?.string else { return nil }
            let spec = job["function"].flatMap(FunctionSpec.init)
            self.attempt = attempt
            self.function = spec?.reference ?? ""
            self.job = job
            self.since = .now
        }
    }

    /// How many jobs to ask for; what was asked for is not asked for again before ``answer(_:_:)``.
    struct Demand: Sendable {
        /// For free slots.
        let limit: Int
        /// To wait for slots, of functions that are brief.
        let more: Int
        let briefFunctions: [String]

        /// As the server takes it.
        var json: JSON {
            [
                "max": .int(self.limit), "more": .int(self.more),
                "brief_functions": .array(self.briefFunctions.map(JSON.string)),
            ]
        }
    }

    private struct State {
        var waiting: [Leased] = []
        var busy = 0
        var asked = 0
        var askedMore = 0
        /// All that the server believes to be here.
        var held: Set<String> = []
        var tasks: [String: Task<Void, Never>] = [:]
        /// How long calls take, in seconds: a mean in which the last count most.
        var durations: [String: Double] = [:]
        var isClosed = false
        /// Those that ended; the rest of it is above.
        var figures = WorkerFigures()
    }

    /// How long a brief call takes at most, in seconds.
    private static let briefDuration = 0.02
    /// How much work may wait for each slot, in seconds.
    private static let waitingWork = 0.05
    /// How many jobs may wait.
    private static let waitingLimit = 64
    /// After what time a job that waits is given back.
    static let patience = Duration.seconds(1)

    private let count: Int
    private let state = Mutex(State())

    /// That many slots, all free.
    init(_ count: Int) { self.count = count }

    // MARK: Asking

    /// What to ask for now; nil when there is no room. `isIdle`: only when a slot is free.
    func demand(forFreeSlots isIdle: Bool = false) -> Demand? {
        self.state.withLock { state in
            let limit = max(0, self.count - state.busy - state.waiting.count - state.asked)
            guard !state.isClosed, limit > 0 || !isIdle else { return nil }
            let brief = state.durations.filter { $0.value < Self.briefDuration }
            var more = 0
            if let longest = brief.values.max() {
                let wanted = min(
                    Self.waitingLimit, Int(Self.waitingWork * Double(self.count) / max(longest, 0.0001)))
                let missing = wanted - state.waiting.count - state.askedMore
                // A few are not worth their request.
                more = missing > wanted / 2 ? missing : 0
            }
            guard limit > 0 || more > 0 else { return nil }
            state.asked += limit
            state.askedMore += more
            return Demand(limit: limit, more: more, briefFunctions: more > 0 ? Array(brief.keys) : [])
        }
    }

    /// What the server gave; gives the jobs to begin now.
    func answer(_ demand: Demand, _ jobs: [JSON]) -> [Leased] {
        self.state.withLock { state in
            state.asked -= demand.limit
            state.askedMore -= demand.more
            for job in jobs {
                guard let leased = Leased(job) else { continue }
                state.held.insert(leased.attempt)
                state.waiting.append(leased)
            }
            return self.next(&state)
        }
    }

    private func next(_ state: inout State) -> [Leased] {
        guard !state.isClosed else { return [] }
        let count = min(max(0, self.count - state.busy), state.waiting.count)
        defer { state.waiting.removeFirst(count) }
        state.busy += count
        return Array(state.waiting.prefix(count))
    }

    // MARK: Working

    /// Whose task works on an attempt, so that it can be stopped.
    func began(_ attempt: String, _ task: Task<Void, Never>) {
        let isHeld = self.state.withLock { state in
            // It may have been told of, or taken away, before this is known.
            guard state.held.contains(attempt) else { return false }
            state.tasks[attempt] = task
            return true
        }
        if !isHeld { task.cancel() }
    }

    /// A slot is free again; gives the jobs to begin now. `seconds`: how long the call took, where it came to one.
    func ended(_ function: String, seconds: Double?) -> [Leased] {
        self.state.withLock { state in
            if let seconds, !function.isEmpty {
                // One that is not brief counts at once; brief ones after a few.
                let known = state.durations[function] ?? seconds
                state.durations[function] =
                    seconds > Self.briefDuration ? max(seconds, known) : known * 0.5 + seconds * 0.5
            }
            state.busy -= 1
            return self.next(&state)
        }
    }

    /// The server knows what became of an attempt, or does not want to.
    func told(_ attempt: String) {
        self.state.withLock { state in
            state.held.remove(attempt)
            state.tasks[attempt] = nil
        }
    }

    /// An attempt was stopped, by the server, which then knows, or with the worker, which tells it at last.
    func stopped(_ attempt: String) { self.state.withLock { $0.tasks[attempt] = nil } }

    /// The server took an attempt away.
    func stop(_ attempt: String) {
        let task = self.state.withLock { state -> Task<Void, Never>? in
            state.waiting.removeAll { $0.attempt == attempt }
            state.held.remove(attempt)
            return state.tasks[attempt]
        }
        task?.cancel()
    }

    /// A call ended: for the figures.
    func count(_ outcome: String, seconds: Double) {
        self.state.withLock { state in
            state.figures.ended[outcome, default: 0] += 1
            state.figures.seconds += seconds
        }
    }

    // MARK: Looking

    /// What is to be known of the worker.
    var figures: WorkerFigures {
        self.state.withLock { state in
            var figures = state.figures
            (figures.slots, figures.running, figures.waiting) = (self.count, state.busy, state.waiting.count)
            return figures
        }
    }

    /// All attempts that the server believes to be here.
    var held: [String] { self.state.withLock { Array($0.held) } }

    /// Whether jobs wait for a slot.
    var hasWaiting: Bool { self.state.withLock { !$0.waiting.isEmpty } }

    /// Takes out those that have waited for too long.
    func overdue() -> [String] {
        let end = ContinuousClock.now - Self.patience
        return self.state.withLock { state in
            let old = state.waiting.filter { $0.since <= end }.map(\.attempt)
            state.waiting.removeAll { $0.since <= end }
            state.held.subtract(old)
            return old
        }
    }

    /// Begins no more jobs and asks for none.
    /// - Returns: the attempts of which the server believes still that they are here.
    func close() -> [String] {
        self.state.withLock { state in
            state.isClosed = true
            state.waiting = []
            defer { state.held = [] }
            return Array(state.held)
        }
    }
}
