internal import Cryptography
internal import GraphDatabase
package import JSON
package import PropertyGraph

/// What a worker says of itself when it joins.
package struct WorkerIntroduction: Hashable, Sendable {
    /// The machine's name, its key in the graph.
    package let hostname: String
    /// Processor cores.
    package let cores: Int
    /// Main memory.
    package let memoryBytes: Int
    /// How many jobs it runs at once.
    package let slots: Int
    /// The version of the worker's software.
    package let software: String
    /// `key=value` texts.
    package let labels: [String]
    /// The functions whose jobs it takes, by `name` or `name@version`; nil for all.
    package let only: [String]?

    /// Reads the body of `POST /v1/workers`.
    /// - Throws: ``OrchestrationError/invalid(what:problems:)``.
    package init(json: JSON) throws(OrchestrationError) {
        var reader = DefinitionReader(json)
        self.hostname = reader.text("hostname") { (1...253).contains($0.utf8.count) } ?? ""
        self.cores = reader.integer("cores", in: 1...100_000) ?? 1
        self.memoryBytes = reader.integer("memory_bytes", in: 0...(1 << 60)) ?? 0
        self.slots = reader.integer("slots", in: 1...10_000) ?? 1
        self.software = reader.optionalText("software") { $0.utf8.count <= 200 } ?? ""
        self.labels = json["labels"]?.array?.compactMap(\.string) ?? []
        let only = json["only"]?.array?.compactMap(\.string) ?? []
        self.only = only.isEmpty ? nil : only
        guard reader.problems.isEmpty else { throw .invalid(what: "worker", problems: reader.problems) }
    }
}

/// A job in the hands of a worker, with all it needs to run it.
package struct LeasedJob: Hashable, Sendable {
    /// The job's id.
    package let job: String
    /// The attempt's id: `JOB#NUMBER`.
    package let attempt: String
    /// The definition of the function to call.
    package let definition: JSON
    /// Constant inputs.
    package let input: JSON
    /// Inputs that are results of earlier jobs.
    package let bindings: [Binding]
    /// Seconds until the process is to be killed.
    package let timeoutSeconds: Int

    /// One input that is (a member of) an earlier result.
    package struct Binding: Hashable, Sendable {
        /// The input's name.
        package let input: String
        /// The member of the result; nil for all of it.
        package let output: String?
        /// The result's digest.
        package let sha256: String
    }
}

/// How an attempt ended, as its worker tells it.
package struct AttemptOutcome: Hashable, Sendable {
    /// A result that is in the blob store.
    package struct Result: Hashable, Sendable {
        /// Its digest.
        package let sha256: String
        /// Its size in bytes.
        package let size: Int

        /// Joins digest and size.
        package init(sha256: String, size: Int) {
            self.sha256 = sha256
            self.size = size
        }
    }

    /// The result; nil when the attempt failed.
    package let result: Result?
    /// What went wrong, for people.
    package let error: String?
    /// `exit`, `timeout`, `output`, `prepare`, ... for machines.
    package let errorClass: String?
    /// The process's exit code.
    package let exit: Int?
    /// The end of what it printed.
    package let log: String
    /// The most memory it took; nil when that is not known.
    package let memoryBytes: Int?

    /// Joins the parts.
    package init(
        result: Result?, error: String?, errorClass: String?, exit: Int?, log: String, memoryBytes: Int? = nil
    ) {
        self.memoryBytes = memoryBytes
        self.result = result
        self.error = error
        self.errorClass = errorClass
        self.exit = exit
        self.log = log
    }
}

/// What a worker tells of one of its attempts.
package struct AttemptEvent: Sendable {
    /// What happened.
    package enum Kind: Sendable {
        /// The worker makes its function ready, and is at this stage.
        case preparing(String)
        /// Its process was started; the worker has the function, `name@version`, ready.
        case started(function: String)
        /// It ended.
        case ended(AttemptOutcome)
        /// Others may run it: the worker has no room for it after all, or is being stopped.
        case returned
    }

    /// The attempt's id.
    package let attempt: String
    /// What happened.
    package let kind: Kind
    /// How many seconds before it was told.
    package let secondsAgo: Double

    /// Joins the parts.
    package init(attempt: String, _ kind: Kind, secondsAgo: Double = 0) {
        self.attempt = attempt
        self.kind = kind
        self.secondsAgo = secondsAgo
    }
}

/// Jobs that a worker asks for.
package struct LeaseRequest: Hashable, Sendable {
    /// How many of any function.
    package let limit: Int
    /// How many besides, to be begun a little later, of functions whose calls are over in a moment.
    package let more: Int
    /// Those functions, `name@version`.
    package let briefFunctions: Set<String>

    /// Joins the parts.
    package init(limit: Int, more: Int = 0, of briefFunctions: Set<String> = []) {
        self.limit = limit
        self.more = more
        self.briefFunctions = briefFunctions
    }
}

extension AttemptEvent {
    /// The same of an attempt that ended in another way.
    fileprivate func ended(_ outcome: AttemptOutcome) -> AttemptEvent {
        AttemptEvent(attempt: self.attempt, .ended(outcome), secondsAgo: self.secondsAgo)
    }
}

extension Orchestrator {
    /// A worker joins; gives its id.
    /// - Throws: ``StorageError``.
    package func join(_ worker: WorkerIntroduction) async throws -> String {
        let now = self.clock()
        let id = try Secrets.identifier(milliseconds: now.epochMilliseconds)
        return try await self.database.write { transaction in
            _ = try self.run(
                "worker_join", in: transaction,
                [
                    "worker": .string(id), "machine": .string(worker.hostname),
                    "hostname": .string(worker.hostname), "cores": .integer(worker.cores),
                    "memory_bytes": .integer(worker.memoryBytes), "slots": .integer(worker.slots),
                    "software": .string(worker.software), "labels": .list(worker.labels.map(Value.string)),
                    "only": worker.only.map { .list($0.map(Value.string)) } ?? .null,
                    "now": .dateTime(now),
                ])
            return id
        }
    }

    /// Gives a worker up to `limit` jobs. The attempt's number is the fencing token: a report on an older
    /// attempt is refused.
    /// - Throws: ``OrchestrationError/notFound(what:name:hint:)`` for an unknown worker.
    package func lease(worker: String, limit: Int) async throws -> [LeasedJob] {
        try await self.lease(worker: worker, LeaseRequest(limit: limit))
    }

    /// Gives a worker jobs, as ``lease(worker:limit:)``.
    /// - Throws: ``OrchestrationError/notFound(what:name:hint:)`` for an unknown worker.
    package func lease(worker: String, _ request: LeaseRequest) async throws -> [LeasedJob] {
        try await self.takingJobs { taken in
            try await self.database.write { transaction in
                guard let jobs = try self.lease(worker, request, taken, in: transaction) else {
                    throw OrchestrationError.notFound(what: "worker", name: worker, hint: "join again")
                }
                return jobs
            }
        }
    }

    /// Does something that takes jobs from the queue, which get back there when the transaction does not come about.
    private func takingJobs<Result>(_ body: (Locked<[NodeID]>) async throws -> Result) async throws -> Result
    {
        let taken = Locked<[NodeID]>([])
        do {
            return try await body(taken)
        } catch {
            self.queue.refresh(taken.withLock { $0 }, in: self.database.snapshot())
            throw error
        }
    }

    /// - Returns: nil for an unknown worker.
    private func lease(
        _ worker: String, _ request: LeaseRequest, _ taken: Locked<[NodeID]>, in transaction: GraphTransaction
    ) throws -> [LeasedJob]? {
        guard let record = try self.run("worker", in: transaction, ["worker": .string(worker)]).first else {
            return nil
        }
        guard record["machine_state"] != .string("draining") else { return [] }
        let (now, machine) = (self.clock(), MachineFacts(record))
        let only = (record["only"]?.list).map { Set($0.compactMap(\.string)) }
        var leased: [LeasedJob] = []
        func take(_ count: Int, _ round: JobQueue.Round) throws {
            var round = round
            let end = leased.count + count
            while leased.count < end, let job = try self.queue.take(&round, in: transaction.graph) {
                taken.withLock { $0.append(job.node) }
                leased.append(try self.lease(job, to: worker, on: machine, now: now, in: transaction))
            }
        }
        try take(request.limit, JobQueue.Round(machine, only: only))
        if request.more > 0, leased.count >= request.limit, !request.briefFunctions.isEmpty {
            try take(
                request.more, JobQueue.Round(machine, only: only, brief: request.briefFunctions))
        }
        self.leases.extend(leased.map(\.attempt))
        return leased
    }

    private func lease(
        _ taken: TakenJob, to worker: String, on machine: MachineFacts, now: ZonedDateTime,
        in transaction: GraphTransaction
    ) throws -> LeasedJob {
        if taken.state == "queued" { try self.jobStates.check(taken.id, from: "queued", to: "leased") }
        let number = taken.attempts + 1
        let attempt = "\(taken.id)#\(number)"
        _ = try self.run(
            "job_lease", in: transaction,
            [
                "job": .string(taken.id), "attempt": .string(attempt), "number": .integer(number),
                "worker": .string(worker), "machine": .string(machine.id),
                "lease_until": .dateTime(now.adding(seconds: Self.leaseSeconds)), "now": .dateTime(now),
            ])
        if taken.replicas > 1 { try self.dispatch(taken, to: machine, in: transaction) }
        self.note(
            taken.id, "leased", ["attempt": .integer(number), "worker": .string(worker)], in: transaction)
        let bindings =
            taken.isStep ? try self.run("job_bindings", in: transaction, ["job": .string(taken.id)]) : []
        return LeasedJob(
            job: taken.id, attempt: attempt, definition: taken.definition,
            input: try JSON.parse(taken.input),
            bindings: bindings.map { row in
                LeasedJob.Binding(
                    input: row["input"]?.string ?? "", output: row["output"]?.string,
                    sha256: row["sha256"]?.string ?? "")
            },
            timeoutSeconds: min(
                taken.timeoutSeconds, taken.deadline.map { max(1, $0.seconds - now.seconds) } ?? .max))
    }

    /// A worker lives and still runs these attempts; gives those that it must stop.
    /// - Throws: ``OrchestrationError/notFound(what:name:hint:)`` for an unknown worker.
    package func heartbeat(
        worker: String, attempts: [String], load: Double, memoryFreeBytes: Int, figures: [String: Value] = [:]
    ) async throws -> [String] {
        let now = self.clock()
        return try await self.database.write { transaction in
            let known = try self.run(
                "worker_heartbeat", in: transaction,
                [
                    "worker": .string(worker), "load": .float(load),
                    "memory_free_bytes": .integer(memoryFreeBytes), "now": .dateTime(now),
                    "figures": figures.isEmpty ? .null : .map(figures),
                ])
            guard let machine = known.first?["machine"]?.string else {
                throw OrchestrationError.notFound(what: "worker", name: worker, hint: "join again")
            }
            // One line a minute is history enough; the newest figures are on the machine.
            if now.seconds % 60 < Self.heartbeatSeconds {
                var fields = figures
                fields["load"] = .float(load)
                fields["memory_free_bytes"] = .integer(memoryFreeBytes)
                self.note(machine, "heartbeat", fields, stream: "machine", in: transaction)
            }
            let kept = try self.run(
                "lease_extend", in: transaction,
                [
                    "worker": .string(worker), "attempts": .list(attempts.map(Value.string)),
                    "lease_until": .dateTime(now.adding(seconds: Self.leaseSeconds)),
                ])
            let keptIDs = Set(kept.compactMap { $0["id"]?.string })
            self.leases.extend(keptIDs)
            return attempts.filter { !keptIDs.contains($0) }
        }
    }

    /// Takes what a worker tells of its attempts, and gives it the jobs it asks for, all in one commit. An event that is refused
    /// changes nothing and does not keep the others from counting.
    /// - Returns: why events were refused, by their place in the list; the jobs.
    /// - Throws: ``StorageError``, ``DatabaseClosed``.
    package func report(
        _ events: [AttemptEvent], worker: String, asking request: LeaseRequest? = nil
    ) async throws -> (refused: [Int: OrchestrationError], jobs: [LeasedJob]) {
        var judged: [JudgedEvent] = []
        for event in events { judged.append(try await self.judged(event)) }
        do {
            return try await self.commit(judged, worker, request)
        } catch let error as OrchestrationError {
            guard judged.count > 1 || request != nil else { return ([0: error], []) }
        }
        // One of them broke off half way, which is rare: then each has a commit of its own.
        var refused: [Int: OrchestrationError] = [:]
        for (index, one) in judged.enumerated() {
            do {
                refused[index] = try await self.commit([one], worker, nil).refused[0]
            } catch let error as OrchestrationError {
                refused[index] = error
            }
        }
        guard let request else { return (refused, []) }
        return (refused, try await self.commit([], worker, request).jobs)
    }

    private func commit(
        _ events: [JudgedEvent], _ worker: String, _ request: LeaseRequest?
    ) async throws -> (refused: [Int: OrchestrationError], jobs: [LeasedJob]) {
        try await self.takingJobs { taken in
            try await self.database.write { transaction in
                let refused = try self.apply(events, worker, in: transaction)
                let jobs = try request.flatMap { try self.lease(worker, $0, taken, in: transaction) }
                return (refused, jobs ?? [])
            }
        }
    }

    private func apply(
        _ events: [JudgedEvent], _ worker: String, in transaction: GraphTransaction
    ) throws -> [Int: OrchestrationError] {
        var refused: [Int: OrchestrationError] = [:]
        // Attempts of which only this report says that they run: they need no second look.
        var begun: [String: HeldAttempt] = [:]
        for (index, (event, graph)) in events.enumerated() {
            do {
                switch event.kind {
                case .started(let function):
                    begun[event.attempt] = try self.start(event, worker, provides: function, in: transaction)
                case .ended(let outcome):
                    let held =
                        try begun.removeValue(forKey: event.attempt)
                        ?? self.held(event.attempt, by: worker, in: transaction)
                    try self.end(
                        held, event.attempt, outcome,
                        state: outcome.result == nil ? "failed" : "succeeded",
                        at: held.moment(self.clock(), event.secondsAgo), splicing: graph, in: transaction)
                case .preparing(let stage):
                    _ = try self.held(event.attempt, by: worker, in: transaction)
                    _ = try self.run(
                        "attempt_preparing", in: transaction,
                        ["attempt": .string(event.attempt), "stage": .string(stage)])
                case .returned:
                    try self.takeBack(event.attempt, from: worker, in: transaction)
                }
            } catch OrchestrationError.leaseLost(let attempt) {
                // Found out before anything was written.
                refused[index] = .leaseLost(attempt: attempt)
            }
        }
        return refused
    }

    /// An attempt that was never begun does not count; one that was is lost.
    private func takeBack(
        _ attempt: String, from worker: String, in transaction: GraphTransaction
    ) throws {
        let held = try self.held(attempt, by: worker, in: transaction)
        let wasBegun = held.attemptState == "running"
        let reason = wasBegun ? "its worker was stopped" : "its worker had no room for it after all"
        guard held.replicas == 1, !wasBegun else {
            let outcome = AttemptOutcome(
                result: nil, error: reason, errorClass: "worker_lost", exit: nil, log: "")
            return try self.end(held, attempt, outcome, state: "lost", at: self.clock(), in: transaction)
        }
        try self.jobStates.check(held.job, from: held.state, to: "queued")
        _ = try self.run(
            "job_returned", in: transaction,
            ["job": .string(held.job), "attempt": .string(attempt), "now": .dateTime(self.clock())])
        self.noteMove(held.job, from: held.state, to: "queued", because: reason, in: transaction)
    }

    private typealias JudgedEvent = (event: AttemptEvent, graph: PipelineDefinition?)

    /// An event with what is to be known of its result before it can count.
    private func judged(
        _ event: AttemptEvent
    ) async throws -> JudgedEvent {
        guard case .ended(let told) = event.kind, told.result != nil else { return (event, nil) }
        let outcome = try await self.checked(told, of: event.attempt)
        guard let result = outcome.result else {
            return (event.ended(outcome), nil)
        }
        do {
            return (event, try await self.dynamicGraph(of: event.attempt, result: result))
        } catch let error as StepValueError {
            let failure = AttemptOutcome(
                result: nil, error: error.message, errorClass: "output", exit: outcome.exit, log: outcome.log)
            return (event.ended(failure), nil)
        }
    }

    /// The process of an attempt was started.
    /// - Throws: ``OrchestrationError/leaseLost(attempt:)``.
    package func started(attempt: String, worker: String, provides function: String) async throws {
        let answer = try await self.report(
            [AttemptEvent(attempt: attempt, .started(function: function))], worker: worker)
        if let error = answer.refused[0] { throw error }
    }

    /// - Returns: what is known of the attempt then; nil when others may change its job before it ends.
    private func start(
        _ event: AttemptEvent, _ worker: String, provides function: String, in transaction: GraphTransaction
    ) throws -> HeldAttempt? {
        let attempt = event.attempt
        let held = try self.held(attempt, by: worker, in: transaction)
        let moment = held.moment(self.clock(), event.secondsAgo)
        let now = Value.dateTime(moment)
        if !self.queue.provides(worker, function, in: transaction.graph) {
            _ = try self.run(
                "worker_provides", in: transaction,
                ["worker": .string(worker), "function": .string(function), "now": now])
        }
        // Another replica of it may run already.
        guard held.state != "running" || held.replicas == 1 else {
            _ = try self.run("attempt_start", in: transaction, ["attempt": .string(attempt), "now": now])
            return nil
        }
        try self.jobStates.check(held.job, from: held.state, to: "running")
        _ = try self.run(
            "job_started", in: transaction,
            ["attempt": .string(attempt), "job": .string(held.job), "now": now])
        self.noteMove(held.job, from: held.state, to: "running", in: transaction)
        return held.replicas == 1 && held.run == nil ? held.running(since: moment) : nil
    }

    /// An attempt ended. A success is believed once; a failure is tried again while tries are left.
    /// - Throws: ``OrchestrationError/leaseLost(attempt:)``.
    package func ended(attempt: String, worker: String, _ outcome: AttemptOutcome) async throws {
        let answer = try await self.report([AttemptEvent(attempt: attempt, .ended(outcome))], worker: worker)
        if let error = answer.refused[0] { throw error }
    }

    /// Fails the jobs that wait still when their deadline has passed. Call it every second or so.
    /// - Returns: how many there were.
    /// - Throws: ``StorageError``.
    @discardableResult
    package func failExpired() async throws -> Int {
        let now = Value.dateTime(self.clock())
        guard try !self.database.read("jobs_expired", ["now": now]).isEmpty else { return 0 }
        return try await self.database.write { transaction in
            let expired = try self.run("jobs_expired", in: transaction, ["now": now])
            for row in expired {
                guard let job = row["id"]?.string, let state = row["state"]?.string else { continue }
                let reason = "its deadline passed while it waited"
                _ = try self.run(
                    "job_fail", in: transaction,
                    [
                        "job": .string(job), "error": .string(reason), "error_class": .string("deadline"),
                        "available_at": .null,
                    ])
                try self.move(job, from: state, to: "failed", because: reason, in: transaction)
                try self.follow(endOf: job, run: row["run"]?.string, in: transaction)
            }
            return expired.count
        }
    }

    /// Lets a machine take no more jobs, or take them again. What runs there goes on.
    /// - Throws: ``OrchestrationError/notFound(what:name:hint:)``.
    package func drain(machine: String, _ isDraining: Bool) async throws {
        let now = Value.dateTime(self.clock())
        try await self.database.write { transaction in
            let known = try self.run(
                "machine_set_state", in: transaction,
                ["machine": .string(machine), "state": .string(isDraining ? "draining" : "up"), "now": now])
            guard !known.isEmpty else { throw Self.unknown(machine) }
            self.note(machine, isDraining ? "draining" : "resumed", [:], stream: "machine", in: transaction)
        }
    }

    /// Forgets a machine and its workers.
    /// - Throws: ``OrchestrationError/notFound(what:name:hint:)``; ``OrchestrationError/conflict(_:)`` while jobs run there.
    package func remove(machine: String) async throws {
        try await self.database.write { transaction in
            let parameters: [String: Value] = ["machine": .string(machine)]
            guard let known = try self.run("machine", in: transaction, parameters).first else {
                throw Self.unknown(machine)
            }
            let running = known["attempts"]?.list?.count ?? 0
            guard running == 0 else {
                throw OrchestrationError.conflict(
                    "\(running) job\(running == 1 ? " is" : "s are") at work on \(machine); `plexus machine drain "
                        + "\(machine)` first, or cancel them")
            }
            _ = try self.run("machine_remove", in: transaction, parameters)
            self.note(machine, "removed", [:], stream: "machine", in: transaction)
        }
    }

    private static func unknown(_ machine: String) -> OrchestrationError {
        .notFound(what: "machine", name: machine, hint: "see `plexus machine list`")
    }

    /// Takes back every attempt whose lease ran out. Call it every second or so.
    /// - Returns: how many there were.
    /// - Throws: ``StorageError``.
    @discardableResult
    package func takeBackExpired() async throws -> Int {
        let open = try self.database.read("attempts_open").compactMap { $0["id"]?.string }
        let expired = self.leases.expired(of: open)
        guard !expired.isEmpty else { return 0 }
        return try await self.database.write { transaction in
            var count = 0
            for attempt in expired {
                // Its worker may have been heard of meanwhile.
                guard self.leases.expired(attempt), let held = try self.attempt(attempt, in: transaction),
                    held.attemptState == "leased" || held.attemptState == "running"
                else { continue }
                count += 1
                let outcome = AttemptOutcome(
                    result: nil,
                    error: "the worker \(held.worker) was not heard of for \(Self.leaseSeconds) s",
                    errorClass: "worker_lost", exit: nil, log: "")
                try self.end(held, attempt, outcome, state: "lost", at: self.clock(), in: transaction)
            }
            return count
        }
    }

    private struct HeldAttempt {
        let job: String
        let run: String?
        let worker: String
        var attemptState: String
        var state: String
        let attempts: Int
        let retries: Int
        let backoffSeconds: Int
        let retryOn: [String]?
        let replicas: Int
        /// When its process was started, or else it was leased.
        var since: ZonedDateTime?
        /// The replica whose result this job compares, and with that of which other.
        let compares: String?
        let comparesWith: String?

        /// The same when its process was started.
        func running(since moment: ZonedDateTime) -> HeldAttempt {
            var running = self
            (running.attemptState, running.state, running.since) = ("running", "running", moment)
            return running
        }

        /// When something happened that is told some seconds later; not before what happened last.
        func moment(_ now: ZonedDateTime, _ secondsAgo: Double) -> ZonedDateTime {
            guard secondsAgo > 0, let since = self.since else { return now }
            // A worker that was cut off tells of it the whole time later.
            let then = now.adding(milliseconds: -Int(min(secondsAgo, 1e9) * 1000))
            return then.epochMicroseconds < since.epochMicroseconds ? since : then
        }
    }

    /// Seconds until the next try: twice as long each time, at most 300, and a chance half of it, so that what failed
    /// together does not come back together.
    static func pause(after failures: Int, _ backoffSeconds: Int) -> Double {
        guard backoffSeconds > 0 else { return 0 }
        let whole = min(300, Double(backoffSeconds) * Double(1 << min(16, max(0, failures - 1))))
        return Double.random(in: whole / 2...whole)
    }

    /// Whether failures of a class are tried again when the function does not say which are.
    static func isTriedAgain(_ errorClass: String) -> Bool {
        errorClass != "prepare" && errorClass != "schema"
    }

    /// Notes why a job's last try failed, and when the next may begin.
    func noteFailure(
        _ job: String, _ error: String?, _ errorClass: String?, until next: ZonedDateTime?,
        in transaction: GraphTransaction
    ) throws {
        _ = try self.run(
            "job_fail", in: transaction,
            [
                "job": .string(job), "error": error.map(Value.string) ?? .null,
                "error_class": errorClass.map(Value.string) ?? .null,
                "available_at": next.map(Value.dateTime) ?? .null,
            ])
    }

    private func attempt(_ attempt: String, in transaction: GraphTransaction) throws -> HeldAttempt? {
        guard let row = try self.run("attempt", in: transaction, ["attempt": .string(attempt)]).first
        else { return nil }
        return HeldAttempt(
            job: row["job"]?.string ?? "", run: row["run"]?.string, worker: row["worker"]?.string ?? "",
            attemptState: row["state"]?.string ?? "", state: row["job_state"]?.string ?? "",
            attempts: (row["attempts"]?.integer ?? 0) - (row["tries_before"]?.integer ?? 0),
            retries: row["retries"]?.integer ?? 0, backoffSeconds: row["backoff_seconds"]?.integer ?? 1,
            retryOn: row["retry_on"]?.list?.compactMap(\.string), replicas: row["replicas"]?.integer ?? 1,
            since: row["since"]?.dateTime, compares: row["compares"]?.string,
            comparesWith: row["compares_with"]?.string)
    }

    private func held(_ attempt: String, by worker: String, in transaction: GraphTransaction) throws
        -> HeldAttempt
    {
        guard let held = try self.attempt(attempt, in: transaction), held.worker == worker,
            held.attemptState == "leased" || held.attemptState == "running"
        else { throw OrchestrationError.leaseLost(attempt: attempt) }
        return held
    }

    private func end(
        _ held: HeldAttempt, _ attempt: String, _ outcome: AttemptOutcome, state: String,
        at moment: ZonedDateTime, splicing graph: PipelineDefinition? = nil, in transaction: GraphTransaction
    ) throws {
        let now = Value.dateTime(moment)
        if let result = outcome.result, held.replicas == 1, graph == nil {
            return try self.succeed(held, attempt, result, outcome, now, in: transaction)
        }
        _ = try self.run(
            "attempt_end", in: transaction,
            [
                "attempt": .string(attempt), "state": .string(state), "now": now,
                "exit": outcome.exit.map(Value.integer) ?? .null,
                "error": outcome.error.map(Value.string) ?? .null,
                "error_class": outcome.errorClass.map(Value.string) ?? .null, "log": .string(outcome.log),
                "memory_bytes": outcome.memoryBytes.map(Value.integer) ?? .null,
            ])
        if held.replicas > 1 {
            if let result = outcome.result {
                try self.vote(attempt, of: held.job, result, in: transaction)
            }
            return try self.judge(held.job, last: outcome, splicing: graph, in: transaction)
        }
        if let graph {
            return try self.splice(graph, into: held.job, in: transaction)
        }
        let isLost = state == "lost"
        let limit = held.retries + 1 + (isLost ? Self.lostAttemptLimit : 0)
        let errorClass = outcome.errorClass ?? ""
        let isTriedAgain =
            held.attempts < limit && self.jobStates.allows(held.state, "queued")
            && (isLost || held.retryOn?.contains(errorClass) ?? Self.isTriedAgain(errorClass))
        // Another machine may do at once what one that died did not.
        let pause = Self.pause(after: held.attempts, held.backoffSeconds)
        let next = isTriedAgain && !isLost ? self.clock().adding(milliseconds: Int(pause * 1000)) : nil
        try self.noteFailure(held.job, outcome.error, outcome.errorClass, until: next, in: transaction)
        if isTriedAgain {
            try self.move(held.job, from: held.state, to: "queued", because: outcome.error, in: transaction)
        } else {
            try self.move(held.job, from: held.state, to: "failed", because: outcome.error, in: transaction)
            try self.follow(endOf: held.job, run: held.run, in: transaction)
            if let compared = held.compares, let other = held.comparesWith {
                try self.compared(compared, with: other, areEqual: false, in: transaction)
            }
        }
    }

    /// A result is believed: the attempt, its job and what the result is are one query, as this is what happens most.
    private func succeed(
        _ held: HeldAttempt, _ attempt: String, _ result: AttemptOutcome.Result, _ outcome: AttemptOutcome,
        _ now: Value, in transaction: GraphTransaction
    ) throws {
        try self.jobStates.check(held.job, from: held.state, to: "succeeded")
        _ = try self.run(
            "job_succeeded", in: transaction,
            [
                "job": .string(held.job), "attempt": .string(attempt), "sha256": .string(result.sha256),
                "size": .integer(result.size), "media_type": .string("application/json"), "now": now,
                "exit": outcome.exit.map(Value.integer) ?? .null, "log": .string(outcome.log),
                "memory_bytes": outcome.memoryBytes.map(Value.integer) ?? .null,
            ])
        self.noteMove(held.job, from: held.state, to: "succeeded", in: transaction)
        try self.follow(endOf: held.job, run: held.run, in: transaction)
        if let compared = held.compares, let other = held.comparesWith {
            let areEqual = try self.saysEqual(result)
            try self.compared(compared, with: other, areEqual: areEqual, in: transaction)
        }
    }
}

extension MachineFacts {
    /// The facts in a row of `queries/worker.cypher`.
    fileprivate init(_ record: Record) {
        let reputation: Double = if case .float(let number)? = record["reputation"] { number } else { 0.5 }
        self.init(
            id: record["machine"]?.string ?? "",
            labels: record["labels"]?.list?.compactMap(\.string) ?? [], cores: record["cores"]?.integer ?? 1,
            memoryBytes: record["memory_bytes"]?.integer ?? 0,
            reputation: reputation)
    }
}

extension ZonedDateTime {
    /// The moment some milliseconds later.
    func adding(milliseconds: Int) -> ZonedDateTime {
        let whole = self.nanosecond / 1_000_000 + milliseconds
        // Rounded down, whichever sign it has.
        let seconds = whole >= 0 ? whole / 1000 : (whole - 999) / 1000
        return ZonedDateTime(
            seconds: self.seconds + seconds,
            nanosecond: (whole - seconds * 1000) * 1_000_000 + self.nanosecond % 1_000_000,
            offsetSeconds: self.offsetSeconds, zone: self.zone)
    }

    /// The moment some seconds later.
    package func adding(seconds: Int) -> ZonedDateTime {
        ZonedDateTime(
            seconds: self.seconds + seconds, nanosecond: self.nanosecond, offsetSeconds: self.offsetSeconds,
            zone: self.zone)
    }
}
