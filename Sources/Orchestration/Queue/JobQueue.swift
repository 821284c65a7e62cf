internal import GraphDatabase
internal import JSON
internal import JSONSchema
internal import PropertyGraph

/// What of a machine decides on the jobs that its workers may take.
struct MachineFacts {
    let id: String
    let labels: [String]
    let cores: Int
    let memoryBytes: Int
    /// From 0 to 1: whether its results were those that others found too.
    let reputation: Double

    func has(_ need: String) -> Bool {
        self.labels.contains { $0 == need || ($0.hasPrefix(need) && $0.dropFirst(need.count).first == "=") }
    }
}

/// A job that was taken from the queue for a worker, as its node says.
struct TakenJob {
    let node: NodeID
    let id: String
    let function: String
    let user: String
    let priority: Int
    let attempts: Int
    let input: String
    let timeoutSeconds: Int
    let deadline: ZonedDateTime?
    /// Its state: `queued` unless replicas of it run.
    let state: String
    /// On how many machines it is to run; 1 for most.
    let replicas: Int
    /// How many replicas are to be given out, this one among them.
    let replicasLeft: Int
    /// The machines that have a part in it.
    let avoids: [String]
    /// Whether a machine of good reputation may be believed alone.
    let isAdaptive: Bool
    /// Whether it is a step of a run, and may take results of others.
    let isStep: Bool
    /// The definition of its function.
    let definition: JSON
}

/// Who may take which job next: kept in memory from what is committed, rebuilt when the server starts.
///
/// The graph is what holds: a job that is taken is looked at again in the transaction that leases it. Everything that commits
/// is seen here, so that a job whose priority was set in the graph shell goes first too.
///
/// Why a lock and not an actor: the committing thread brings news, and writers take jobs within their transaction; neither may
/// suspend. It is held for microseconds; when much was imported, as long as reading that takes.
final class JobQueue: Sendable {
    fileprivate struct Delayed: Comparable {
        let time: Int
        let node: NodeID

        static func < (left: Delayed, right: Delayed) -> Bool {
            (left.time, left.node) < (right.time, right.node)
        }
    }

    /// What is known of a function version with jobs.
    fileprivate struct FunctionFacts {
        let isEnabled: Bool
        let needs: [String]
        let cores: Int
        let memoryBytes: Int
        let definition: JSON
        /// What calls take and give; nil for anything.
        let input: JSONSchema?
        let output: JSONSchema?
    }

    /// What was found out about one machine while it takes jobs.
    struct Round {
        let machine: MachineFacts
        /// The functions whose jobs its worker takes, by name or with their version; nil for all.
        private let only: Set<String>?
        /// Those whose jobs are asked for now, with their version; nil for all.
        private let brief: Set<String>?
        /// Whether it suits the jobs of a lane, by the lane's number.
        fileprivate var suits: [Int: Bool] = [:]

        init(_ machine: MachineFacts, only: Set<String>? = nil, brief: Set<String>? = nil) {
            self.machine = machine
            self.only = only
            self.brief = brief
        }

        /// Whether jobs of a function are asked for.
        fileprivate func asks(for function: String) -> Bool {
            guard self.brief?.contains(function) ?? true else { return false }
            guard let only else { return true }
            return only.contains(function) || only.contains(String(function.prefix { $0 != "@" }))
        }
    }

    fileprivate struct OpenJob {
        let function: String
        let user: String
        let parties: [LimitedParty]
    }

    fileprivate struct State {
        var functions: [String: FunctionFacts] = [:]
        var keys: QueueKeys?
        var ready = ReadyJobs()
        var delays = Heap<Delayed>()
        /// When delayed jobs may be taken; what of `delays` differs is old.
        var delayed: [NodeID: Int] = [:]
        var open: [NodeID: OpenJob] = [:]
        var limits = WorkLimits()
        var limited: [NodeID: LimitedParty] = [:]
        /// Who was passed over because of whom.
        var parked: [LimitedParty: [String]] = [:]
        /// When all were let go last, in microseconds.
        var unparkedAt = 0
        /// Counts what may let somebody take a job who could take none before.
        var news: UInt64 = 0
    }

    private let state = Locked(State())
    private let clock: @Sendable () -> ZonedDateTime

    /// The queue of a graph, which it follows from now on.
    init(_ database: GraphDatabase, clock: @escaping @Sendable () -> ZonedDateTime) {
        self.clock = clock
        database.observe { [self] nodes, graph in self.refresh(nodes, in: graph) }
        self.rebuild(database.snapshot())
    }

    private func rebuild(_ graph: GraphSnapshot) {
        let keys = QueueKeys(graph.tokens)
        var nodes: [NodeID] = []
        if let label = keys.job, let key = keys.key(.state) {
            for state in ["queued", "leased", "running"] {
                nodes += graph.nodes(label, where: key, equals: .string(state))
            }
        }
        for label in [keys.function, keys.functionVersion, keys.user, keys.group] {
            if let label { nodes += Array(graph.nodes(label)) }
        }
        self.refresh(nodes, in: graph)
    }

    // MARK: News

    /// Looks at nodes again that may have changed. O(nodes), each O(log n) at most.
    func refresh(_ nodes: [NodeID], in graph: GraphSnapshot) {
        let now = self.clock().epochMicroseconds
        self.state.withLock { state in
            let keys = state.keys(graph)
            var hasNewLimits = false
            for node in nodes {
                state.refresh(job: node, graph, keys, now)
                if state.refresh(limit: node, graph, keys) { hasNewLimits = true }
            }
            guard hasNewLimits else { return }
            state.recount(graph, keys, now)
            state.unparkAll()
        }
    }

    /// How much news there was when a job may be taken now, by somebody; nil when there is no job. `graph`: the newest.
    func news(in graph: GraphSnapshot) -> UInt64? {
        let now = self.clock().epochMicroseconds
        return self.state.withLock { state in
            state.awake(now, graph, state.keys(graph))
            return state.ready.count > 0 ? state.news : nil
        }
    }

    /// The numbers of names.
    func keys(_ graph: GraphSnapshot) -> QueueKeys { self.state.withLock { $0.keys(graph) } }

    // MARK: Taking

    /// Takes out the job that a machine's worker is to run next, and counts it as at work; nil when there is none for it.
    /// `graph` is that of the transaction. What becomes of the transaction is told by its commit, or by ``refresh(_:in:)``.
    func take(_ round: inout Round, in graph: GraphSnapshot) throws -> TakenJob? {
        let now = self.clock().epochMicroseconds
        return try self.state.withLock { state in
            let keys = state.keys(graph)
            state.awake(now, graph, keys)
            while let job = try state.next(&round, graph, keys, now) {
                guard let facts = JobFacts(job.node, graph, keys), facts.isWanted,
                    !facts.lane.avoids.contains(round.machine.id),
                    facts.availableAt ?? 0 <= now, facts.deadline ?? .max > now,
                    let function = try state.function(facts.lane.function, graph, keys)
                else { continue }
                func value(_ name: QueueKeys.Name) -> Value { keys.value(name, of: job.node, in: graph) }
                let parties = state.limits.parties(facts.lane.function, facts.user, graph, keys, now)
                state.begin(job.node, facts, parties)
                if !facts.hasBegun { state.limits.charge(parties, at: now) }
                state.ready.charge(job.user, priority: job.priority)
                return TakenJob(
                    node: job.node, id: value(.id).string ?? "", function: facts.lane.function,
                    user: facts.user, priority: facts.priority, attempts: value(.attempts).integer ?? 0,
                    input: value(.input).string ?? "{}",
                    timeoutSeconds: value(.timeoutSeconds).integer
                        ?? FunctionDefinition.standardTimeoutSeconds,
                    deadline: value(.deadline).dateTime, state: facts.state, replicas: facts.replicas,
                    replicasLeft: facts.replicasLeft, avoids: facts.lane.avoids,
                    isAdaptive: value(.adaptive) == .boolean(true), isStep: value(.run).string != nil,
                    definition: function.definition)
            }
            return nil
        }
    }

    // MARK: Looking

    /// Whether it is noted already that a worker has a function version ready. O(versions that it has).
    func provides(_ worker: String, _ function: String, in graph: GraphSnapshot) -> Bool {
        let keys = self.keys(graph)
        guard let provides = keys.provides, let start = keys.node(keys.worker, .id, worker, in: graph),
            let end = keys.node(keys.functionVersion, .id, function, in: graph)
        else { return false }
        var isThere = false
        graph.forEachNeighbour(of: start, .outgoing, type: provides) { node, _ in
            isThere = isThere || node == end
        }
        return isThere
    }

    /// What calls of a function version take; nil for anything.
    func inputSchema(of function: String, in graph: GraphSnapshot) throws -> JSONSchema? {
        try self.state.withLock { try $0.function(function, graph, $0.keys(graph))?.input }
    }

    /// What an attempt's function gives; nil for anything.
    func outputSchema(ofAttempt attempt: String, in graph: GraphSnapshot) throws -> JSONSchema? {
        try self.state.withLock { state in
            let keys = state.keys(graph)
            let job = attempt.prefix { $0 != "#" }
            guard let node = keys.node(keys.job, .id, String(job), in: graph),
                let function = keys.value(.function, of: node, in: graph).string
            else { return nil }
            return try state.function(function, graph, keys)?.output
        }
    }

    /// About how many jobs are taken before one.
    func ahead(of node: NodeID, in graph: GraphSnapshot) -> Int {
        self.state.withLock { state in
            JobFacts(node, graph, state.keys(graph)).map { state.ready.ahead(of: $0.ready(node)) } ?? 0
        }
    }

    /// The limit that keeps a job from being taken, if any: of its function first, then of its user, then of a group.
    func limit(of node: NodeID, in graph: GraphSnapshot) -> LimitReached? {
        let now = self.clock().epochMicroseconds
        return self.state.withLock { state in
            let keys = state.keys(graph)
            guard let facts = JobFacts(node, graph, keys) else { return nil }
            return state.limits.reached(
                state.limits.parties(facts.lane.function, facts.user, graph, keys, now), at: now)
        }
    }

    /// All limits, and how much of each is at work.
    func allLimits() -> [(party: LimitedParty, limit: WorkLimit, running: Int)] {
        self.state.withLock { state in
            state.limits.limits.map { ($0.key, $0.value, state.limits.running[$0.key] ?? 0) }
        }
    }

    /// How many elements taking jobs has looked at so far.
    var steps: Int { self.state.withLock { $0.ready.steps } }
}

extension JobQueue.State {
    fileprivate mutating func keys(_ graph: GraphSnapshot) -> QueueKeys {
        if let keys = self.keys, keys.suit(graph.tokens) { return keys }
        let keys = QueueKeys(graph.tokens)
        self.keys = keys
        return keys
    }

    // MARK: News

    fileprivate mutating func refresh(
        job node: NodeID, _ graph: GraphSnapshot, _ keys: QueueKeys, _ now: Int
    ) {
        guard let facts = JobFacts(node, graph, keys) else { return self.forget(node) }
        if facts.isOpen {
            if self.open[node] == nil {
                self.begin(
                    node, facts, self.limits.parties(facts.lane.function, facts.user, graph, keys, now))
            }
        } else {
            self.end(node)
        }
        guard facts.isWanted else { return self.leave(node) }
        guard let time = facts.availableAt, time > now else {
            self.delayed[node] = nil
            if self.ready.put(facts.ready(node)) { self.news += 1 }
            return
        }
        self.ready.remove(node)
        guard self.delayed[node] != time else { return }
        self.delayed[node] = time
        self.delays.insert(JobQueue.Delayed(time: time, node: node))
        if self.delays.count > 64, self.delays.count > 2 * self.delayed.count {
            self.delays = Heap(self.delayed.map { JobQueue.Delayed(time: $0.value, node: $0.key) })
        }
    }

    private mutating func leave(_ node: NodeID) {
        self.ready.remove(node)
        self.delayed[node] = nil
    }

    private mutating func forget(_ node: NodeID) {
        self.leave(node)
        self.end(node)
    }

    fileprivate mutating func begin(_ node: NodeID, _ facts: JobFacts, _ parties: [LimitedParty]) {
        // Replicas count as one.
        guard self.open[node] == nil else { return }
        self.open[node] = JobQueue.OpenJob(
            function: facts.lane.function, user: facts.user, parties: parties)
        self.limits.begin(parties)
    }

    private mutating func end(_ node: NodeID) {
        guard let job = self.open.removeValue(forKey: node) else { return }
        self.news += 1
        self.limits.end(job.parties)
        // One place is free: one of those who were passed over may try. Who gets nothing by it leaves the next second to others.
        for party in job.parties {
            guard var waiting = self.parked[party], !waiting.isEmpty else { continue }
            self.ready.unpark(waiting.removeFirst())
            self.parked[party] = waiting.isEmpty ? nil : waiting
        }
    }

    /// Reads the limit that a node has; whether it is another than before.
    fileprivate mutating func refresh(limit node: NodeID, _ graph: GraphSnapshot, _ keys: QueueKeys) -> Bool {
        var party: LimitedParty?
        for (label, kind, name) in [
            (keys.function, LimitedParty.Kind.function, QueueKeys.Name.name),
            (keys.functionVersion, .version, .id), (keys.user, .user, .id), (keys.group, .group, .id),
        ] {
            guard let label, graph.hasLabel(node, label) else { continue }
            party = keys.value(name, of: node, in: graph).string.map { LimitedParty(kind, $0) }
        }
        if let party, party.kind == .version {
            self.functions[party.id] = nil
            self.news += 1
        }
        let known = self.limited[node]
        guard party != nil || known != nil else { return false }
        func number(_ name: QueueKeys.Name) -> Int? {
            keys.value(name, of: node, in: graph).integer.map { max(0, $0) }
        }
        let limit = WorkLimit(maxRunning: number(.maxRunning), maxPerMinute: number(.maxPerMinute))
        let isLimit = limit.maxRunning != nil || limit.maxPerMinute != nil
        let before = known.flatMap { self.limits.limits[$0] }
        guard known != (isLimit ? party : nil) || (isLimit && before != limit) else { return false }
        if let known { self.limits.set(nil, for: known) }
        self.limited[node] = isLimit ? party : nil
        if isLimit, let party { self.limits.set(limit, for: party) }
        return true
    }

    /// Counts anew who has how much at work: groups are counted only when they have limits.
    fileprivate mutating func recount(_ graph: GraphSnapshot, _ keys: QueueKeys, _ now: Int) {
        for (node, job) in self.open {
            self.limits.end(job.parties)
            let parties = self.limits.parties(job.function, job.user, graph, keys, now)
            self.open[node] = JobQueue.OpenJob(function: job.function, user: job.user, parties: parties)
            self.limits.begin(parties)
        }
    }

    // MARK: Taking

    /// Lets go those whose time has come.
    fileprivate mutating func awake(_ now: Int, _ graph: GraphSnapshot, _ keys: QueueKeys) {
        while let next = self.delays.first, next.time <= now {
            self.delays.removeFirst()
            guard self.delayed[next.node] == next.time else { continue }
            self.delayed[next.node] = nil
            guard let facts = JobFacts(next.node, graph, keys), facts.isWanted else { continue }
            if self.ready.put(facts.ready(next.node)) { self.news += 1 }
        }
        if now >= self.unparkedAt + 1_000_000 || now < self.unparkedAt {
            self.unparkedAt = now
            self.unparkAll()
        }
    }

    fileprivate mutating func unparkAll() {
        if !self.parked.isEmpty { self.news += 1 }
        self.parked = [:]
        self.ready.unparkAll()
    }

    fileprivate mutating func function(
        _ id: String, _ graph: GraphSnapshot, _ keys: QueueKeys
    ) throws -> JobQueue.FunctionFacts? {
        if let facts = self.functions[id] { return facts }
        guard let node = keys.node(keys.functionVersion, .id, id, in: graph) else { return nil }
        func value(_ name: QueueKeys.Name) -> Value { keys.value(name, of: node, in: graph) }
        let definition = try JSON.parse(value(.definition).string ?? "null")
        // One that was registered before schemas were checked may be wrong: then it says nothing.
        func schema(_ side: String) -> JSONSchema? {
            FunctionDefinition.schema(side, in: definition).flatMap { try? JSONSchema($0.schema) }
        }
        let facts = JobQueue.FunctionFacts(
            isEnabled: value(.enabled) != .boolean(false),
            needs: value(.needs).list?.compactMap(\.string) ?? [], cores: value(.cores).integer ?? 0,
            memoryBytes: value(.memoryBytes).integer ?? 0,
            definition: definition, input: schema("input"), output: schema("output"))
        self.functions[id] = facts
        return facts
    }

    /// Takes out the job that comes first of those that a machine suits and no limit stops.
    fileprivate mutating func next(
        _ round: inout JobQueue.Round, _ graph: GraphSnapshot, _ keys: QueueKeys, _ now: Int
    ) throws -> ReadyJob? {
        // Lanes that came since the last job was taken.
        for (number, lane) in self.ready.lanesWithJobs where round.suits[number] == nil {
            round.suits[number] =
                try round.asks(for: lane.function) && self.suits(round.machine, lane, graph, keys)
        }
        let (suits, limits) = (round.suits, self.limits)
        var passedOver: [(party: LimitedParty, user: String)] = []
        let job = self.ready.take { number, lane in
            suits[number] == true
                && (!lane.avoids.isEmpty || limits.reachedByFunction(lane.function, at: now) == nil)
        } admits: { user in
            guard limits.hasUsersOrGroups,
                let reached = limits.reached(limits.parties(ofUser: user, graph, keys, now), at: now)
            else { return true }
            passedOver.append((reached.party, user))
            return false
        }
        for (party, user) in passedOver { self.parked[party, default: []].append(user) }
        return job
    }

    private mutating func suits(
        _ machine: MachineFacts, _ lane: JobLane, _ graph: GraphSnapshot, _ keys: QueueKeys
    ) throws -> Bool {
        guard let function = try self.function(lane.function, graph, keys) else { return false }
        return function.isEnabled && function.cores <= machine.cores
            && function.memoryBytes <= machine.memoryBytes && !lane.avoids.contains(machine.id)
            && (function.needs + lane.needs).allSatisfy { machine.has($0) }
    }
}
