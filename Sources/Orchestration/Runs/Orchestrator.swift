package import GraphDatabase
package import Graphviz
package import PropertyGraph

/// Runs, jobs and the workers that take them. All state is in the graph; every step is one commit, and
/// only transitions that `schema/states/*.dot` draws can happen.
package struct Orchestrator: Sendable {
    /// How long a worker may be silent before its jobs go to others, in seconds.
    package static let leaseSeconds = 15
    /// How often a worker is to send a heartbeat, in seconds.
    package static let heartbeatSeconds = 5
    /// How often a job may lose its worker before it is given up, retries aside.
    package static let lostAttemptLimit = 3

    let database: GraphDatabase
    let jobStates: StateMachine
    let runStates: StateMachine
    let clock: @Sendable () -> ZonedDateTime
    /// Where results are, for decisions that look into them.
    let blobs: BlobStore?
    /// Reads graphs that functions make, at arm's length.
    let parse: (@Sendable (String) async throws -> DotGraph)?
    let plans = PipelinePlans()
    /// Chance, from 0 to below 1: which results of trusted machines are checked.
    let random: @Sendable () -> Double
    /// Who may take which job next.
    let queue: JobQueue
    /// Until when workers hold what they took.
    let leases: LeaseTimes

    /// The orchestrator of a graph, with the state machines and the clock it is to keep.
    ///
    /// `blobs` is where results are; without it no condition, fan-out or choice can look into them. `parse` reads graphs that functions
    /// make; without it there are no dynamic steps. `uptime` gives seconds that never jump, as the clock may.
    package init(
        database: GraphDatabase, jobStates: StateMachine, runStates: StateMachine, blobs: BlobStore? = nil,
        parse: (@Sendable (String) async throws -> DotGraph)? = nil,
        random: @escaping @Sendable () -> Double = { Double.random(in: 0..<1) },
        uptime: (@Sendable () -> Double)? = nil,
        clock: @escaping @Sendable () -> ZonedDateTime
    ) {
        self.database = database
        self.jobStates = jobStates
        self.runStates = runStates
        self.clock = clock
        self.blobs = blobs
        self.parse = parse
        self.random = random
        self.queue = JobQueue(database, clock: clock)
        let start = SuspendingClock.now
        self.leases = LeaseTimes(uptime: uptime ?? { (SuspendingClock.now - start) / .seconds(1) })
    }

    /// Nil when no job may be taken now by anybody; else a number, and while it is the same, a worker that could take no job still
    /// cannot, but for what its machine has free: asked before the dearer look for a job.
    package var queueNews: UInt64? { self.queue.news(in: self.database.snapshot()) }

    /// How many elements of the queue taking jobs has looked at so far.
    package var queueSteps: Int { self.queue.steps }

    // MARK: Steps shared by all verbs

    /// Runs a named query in a transaction.
    func run(_ name: String, in transaction: GraphTransaction, _ parameters: [String: Value]) throws
        -> [Record]
    {
        try self.database.run(name, parameters, in: transaction)
    }

    /// Moves a job along a drawn transition and notes it in the journal.
    func move(
        _ job: String, from: String, to: String, because reason: String? = nil,
        in transaction: GraphTransaction
    ) throws {
        try self.jobStates.check(job, from: from, to: to)
        _ = try self.run(
            "job_transition", in: transaction,
            ["job": .string(job), "state": .string(to), "now": .dateTime(self.clock())])
        self.noteMove(job, from: from, to: to, because: reason, in: transaction)
    }

    /// Writes into the journal that a job was moved.
    func noteMove(
        _ job: String, from: String, to: String, because reason: String? = nil,
        in transaction: GraphTransaction
    ) {
        self.note(
            job, "moved",
            ["from": .string(from), "to": .string(to), "reason": reason.map(Value.string) ?? .null],
            in: transaction)
    }

    /// Writes a line about a job, or what else the journal is about, into it; durable with the commit.
    func note(
        _ job: String, _ event: String, _ fields: [String: Value], stream: String = "job",
        in transaction: GraphTransaction
    ) {
        var named = [NamedProperty(key: "event", value: .string(event))]
        for (key, value) in fields.sorted(by: { $0.key < $1.key }) where !value.isNull {
            named.append(NamedProperty(key: key, value: value))
        }
        transaction.record(
            JournalEntry(
                stream: stream, subject: job, milliseconds: self.clock().epochMilliseconds, fields: named))
    }

    /// After a job ended, well or badly: everything that follows in its run.
    func follow(endOf job: String, run: String?, in transaction: GraphTransaction) throws {
        guard run != nil else { return }
        let flow = RunFlow(self, transaction)
        flow.note(ended: job)
        try flow.go()
    }
}
