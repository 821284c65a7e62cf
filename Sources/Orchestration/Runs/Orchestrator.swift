internal import Cryptography
package import GraphDatabase
package import JSON
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

    /// The orchestrator of a graph, with the state machines and the clock it is to keep.
    package init(
        database: GraphDatabase, jobStates: StateMachine, runStates: StateMachine,
        clock: @escaping @Sendable () -> ZonedDateTime
    ) {
        self.database = database
        self.jobStates = jobStates
        self.runStates = runStates
        self.clock = clock
    }

    // MARK: Starting

    /// Starts a run of a pipeline version, `name` or `name@version`.
    /// - Returns: the run's id.
    /// - Throws: ``OrchestrationError/notFound(what:name:hint:)``, or ``OrchestrationError/invalid(what:problems:)``
    ///   when a parameter is unknown or has no value.
    package func startRun(
        _ reference: String, parameters: JSON.Object, customerReference: String?, startedBy: String
    ) async throws -> String {
        let version = try PipelineRegistry(database: self.database).version(reference)
        let values = try Self.values(of: version, given: parameters, pipeline: reference)
        let now = self.clock()
        let run = try Secrets.identifier(milliseconds: now.epochMilliseconds)
        let filled = JSON.object(values).text
        return try await self.database.write { transaction in
            let jobs = try self.run(
                "run_start", in: transaction,
                [
                    "run": .string(run), "version": version["id"] ?? .null, "parameters": .string(filled),
                    "reference": customerReference.map(Value.string) ?? .null,
                    "started_by": .string(startedBy), "now": .dateTime(now),
                ])
            _ = try self.run("run_connect", in: transaction, ["run": .string(run)])
            let byName = Dictionary(values.map { ($0.name, $0.value) }) { _, last in last }
            for job in jobs {
                let template = try JSON.parse(job["constants"]?.string ?? "{}")
                let input = Template.fill(template, from: byName)
                _ = try self.run(
                    "job_set_input", in: transaction,
                    ["job": job["id"] ?? .null, "input": .string(input.text)])
                self.note(
                    job["id"]?.string ?? "", "created", ["state": job["state"] ?? .null], in: transaction)
            }
            return run
        }
    }

    private static func values(
        of version: Record, given: JSON.Object, pipeline: String
    ) throws -> JSON.Object {
        var values = (try JSON.parse(version["parameters"]?.string ?? "{}")).object ?? JSON.Object()
        let known = values.members.map(\.name)
        var problems: [Problem] = []
        for member in given {
            if known.contains(member.name) {
                values[member.name] = member.value
            } else {
                let list = known.isEmpty ? "none" : known.joined(separator: ", ")
                problems.append(Problem("parameter \(member.name)", "is unknown; the pipeline takes \(list)"))
            }
        }
        guard problems.isEmpty else {
            throw OrchestrationError.invalid(what: "run of `\(pipeline)`", problems: problems)
        }
        return values
    }

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
        self.note(
            job, "moved",
            ["from": .string(from), "to": .string(to), "reason": reason.map(Value.string) ?? .null],
            in: transaction)
    }

    /// Writes a line about a job into the journal `job`, durable with the commit.
    func note(_ job: String, _ event: String, _ fields: [String: Value], in transaction: GraphTransaction) {
        var named = [NamedProperty(key: "event", value: .string(event))]
        for (key, value) in fields.sorted(by: { $0.key < $1.key }) where !value.isNull {
            named.append(NamedProperty(key: key, value: value))
        }
        transaction.record(
            JournalEntry(
                stream: "job", subject: job, milliseconds: self.clock().epochMilliseconds, fields: named))
    }

    /// After a job ended well: lets those go that waited for it, and ends the run when all is done.
    func follow(successOf job: String, run: String?, in transaction: GraphTransaction) throws {
        for next in try self.run("job_ready_after", in: transaction, ["job": .string(job)]) {
            try self.move(next["id"]?.string ?? "", from: "waiting", to: "queued", in: transaction)
        }
        try self.endIfDone(run, in: transaction)
    }

    /// After a job ended badly: those that needed it are skipped, and the run ends when nothing is left.
    func follow(failureOf job: String, run: String?, in transaction: GraphTransaction) throws {
        for next in try self.run("job_blocked_after", in: transaction, ["job": .string(job)]) {
            try self.move(
                next["id"]?.string ?? "", from: "waiting", to: "skipped", because: "\(job) did not succeed",
                in: transaction)
        }
        try self.endIfDone(run, in: transaction)
    }

    private func endIfDone(_ run: String?, in transaction: GraphTransaction) throws {
        guard let run,
            let counts = try self.run("run_open_jobs", in: transaction, ["run": .string(run)]).first,
            counts["open"] == .integer(0)
        else { return }
        let state =
            counts["failed"] != .integer(0)
            ? "failed" : (counts["cancelled"] != .integer(0) ? "cancelled" : "succeeded")
        try self.runStates.check(run, from: "running", to: state)
        _ = try self.run(
            "run_end", in: transaction,
            ["run": .string(run), "state": .string(state), "now": .dateTime(self.clock())])
    }
}
