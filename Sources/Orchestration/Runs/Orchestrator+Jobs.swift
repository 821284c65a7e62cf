internal import Cryptography
internal import GraphDatabase
package import JSON
package import PropertyGraph

/// When a call is not made anew because one like it is there.
package struct JobUniqueness: Hashable, Sendable {
    /// How long a job stands for others like it.
    package enum Span: Hashable, Sendable {
        /// Until a worker takes it.
        case queued
        /// Until it has ended.
        case running
        /// So many seconds from when it was made, whatever becomes of it.
        case seconds(Int)
    }

    /// What makes calls alike, among those of one user and function; nil for the same input.
    package let key: String?
    /// How long.
    package let span: Span

    /// Joins the two.
    package init(key: String?, span: Span) {
        self.key = key
        self.span = span
    }
}

/// That a call runs on several machines, and is believed when enough of them find the same.
package struct JobReplication: Hashable, Sendable {
    /// On how many machines, at most 100.
    package let replicas: Int
    /// How many must find the same.
    package let quorum: Int
    /// What is the same.
    package let comparison: ResultComparison
    /// Whether a machine of good reputation is mostly believed alone.
    package let isAdaptive: Bool

    /// Joins the parts; without a quorum more than half must agree.
    package init(
        replicas: Int, quorum: Int? = nil, comparison: ResultComparison = .digest, isAdaptive: Bool = false
    ) {
        self.replicas = replicas
        self.quorum = quorum ?? replicas / 2 + 1
        self.comparison = comparison
        self.isAdaptive = isAdaptive
    }
}

/// A call of a function that somebody asks for.
package struct JobRequest: Hashable, Sendable {
    /// `name` or `name@version`.
    package let function: String
    /// A JSON object.
    package let input: JSON
    /// Higher goes first.
    package let priority: Int
    /// A customer's reference.
    package let customerReference: String?
    /// The same key from the same user means the same job.
    package let idempotencyKey: String?
    /// When it may be taken; nil for at once.
    package let availableAt: ZonedDateTime?
    /// When its result is of no use any more: a job that waits then fails, one that runs is killed.
    package let deadline: ZonedDateTime?
    /// Whether an earlier job may stand for it.
    package let unique: JobUniqueness?
    /// On how many machines it runs; nil for one.
    package let replication: JobReplication?

    /// Joins the parts.
    package init(
        function: String, input: JSON, priority: Int = 0, customerReference: String? = nil,
        idempotencyKey: String? = nil, availableAt: ZonedDateTime? = nil, deadline: ZonedDateTime? = nil,
        unique: JobUniqueness? = nil, replication: JobReplication? = nil
    ) {
        self.function = function
        self.input = input
        self.priority = priority
        self.customerReference = customerReference
        self.idempotencyKey = idempotencyKey
        self.availableAt = availableAt
        self.deadline = deadline
        self.unique = unique
        self.replication = replication
    }
}

/// A job, and whether it was made now or is that of an earlier request with the same key.
package struct SubmittedJob: Hashable, Sendable {
    /// Its id.
    package let id: String
    /// Whether it was made now.
    package let isNew: Bool
}

/// One reason why a job is where it is.
package struct JobReason: Hashable, Sendable {
    /// A word for machines.
    package let code: String
    /// A sentence for people, with what to do where something can be done.
    package let message: String
}

extension Orchestrator {
    /// How many jobs one request may make.
    package static let batchLimit = 10_000

    // MARK: Calls

    /// Calls one function, `name` or `name@version`.
    /// - Returns: the job's id.
    /// - Throws: as ``submit(_:startedBy:)``.
    package func call(
        _ function: String, input: JSON, priority: Int = 0, customerReference: String? = nil,
        startedBy: String
    ) async throws -> String {
        let request = JobRequest(
            function: function, input: input, priority: priority, customerReference: customerReference)
        return try await self.submit([request], startedBy: startedBy).first?.id ?? ""
    }

    /// Calls functions, all in one commit or none of them.
    /// - Returns: a job for each request, in their order.
    /// - Throws: ``OrchestrationError/notFound(what:name:hint:)``; ``OrchestrationError/conflict(_:)`` when a version is
    ///   disabled or a key stands for another call; ``OrchestrationError/invalid(what:problems:)`` for an input that is
    ///   no object, or too many.
    package func submit(_ requests: [JobRequest], startedBy: String) async throws -> [SubmittedJob] {
        guard requests.count <= Self.batchLimit else {
            throw OrchestrationError.invalid(
                what: "batch",
                problems: [Problem("", "\(requests.count) jobs; \(Self.batchLimit) at most in one")])
        }
        let registry = FunctionRegistry(database: self.database)
        var versions: [String: Value] = [:]
        for (index, request) in requests.enumerated() {
            guard request.input.object != nil else {
                throw OrchestrationError.invalid(
                    what: "input",
                    problems: [
                        Problem(
                            requests.count > 1 ? "job \(index)" : "",
                            "a JSON object is expected, not \(request.input.kind)")
                    ])
            }
            guard versions[request.function] == nil else { continue }
            let version = try registry.version(request.function)
            guard version["enabled"] != .boolean(false) else {
                throw OrchestrationError.conflict(
                    "function \(request.function) is disabled; see `plexus function enable`")
            }
            versions[request.function] = version["id"] ?? .null
        }
        try await self.check(requests, versions)
        let (now, known) = (self.clock(), versions)
        return try await self.database.write { transaction in
            try requests.map {
                try self.create(
                    $0, version: known[$0.function] ?? .null, startedBy: startedBy, now: now, in: transaction)
            }
        }
    }

    func create(
        _ request: JobRequest, version: Value, startedBy: String, now: ZonedDateTime,
        in transaction: GraphTransaction
    ) throws -> SubmittedJob {
        let input = request.input.text
        // One user's keys say nothing about another's.
        let key = request.idempotencyKey.map { startedBy + "\n" + $0 }
        if let key, let earlier = try self.run("job_of_key", in: transaction, ["key": .string(key)]).first {
            guard earlier["function"] == version, earlier["input"] == .string(input) else {
                throw OrchestrationError.conflict(
                    "the idempotency key `\(request.idempotencyKey ?? "")` stands for another call, job "
                        + "\(earlier["id"]?.string ?? ""); use a new key for a new call")
            }
            return SubmittedJob(id: earlier["id"]?.string ?? "", isNew: false)
        }
        let uniqueKey = request.unique.map { Self.key(of: $0, request, input, startedBy) }
        if let unique = request.unique, let uniqueKey,
            let earlier = try self.job(of: uniqueKey, standingFor: unique.span, now, in: transaction)
        {
            return SubmittedJob(id: earlier, isNew: false)
        }
        let job = try Secrets.identifier(milliseconds: now.epochMilliseconds)
        _ = try self.run(
            "job_create", in: transaction,
            [
                "job": .string(job), "function": version, "input": .string(input),
                "priority": .integer(request.priority),
                "reference": request.customerReference.map(Value.string) ?? .null,
                "key": key.map(Value.string) ?? .null,
                "unique_key": uniqueKey.map(Value.string) ?? .null,
                "available_at": request.availableAt.map(Value.dateTime) ?? .null,
                "deadline": request.deadline.map(Value.dateTime) ?? .null,
                "replicas": request.replication.map { .integer($0.replicas) } ?? .null,
                "quorum": request.replication.map { .integer($0.quorum) } ?? .null,
                "compare": request.replication.map { .string($0.comparison.text) } ?? .null,
                "adaptive": request.replication.map { .boolean($0.isAdaptive) } ?? .null,
                "started_by": .string(startedBy),
                "now": .dateTime(now),
            ])
        self.note(job, "created", ["state": .string("queued")], in: transaction)
        return SubmittedJob(id: job, isNew: true)
    }

    /// What calls that are alike share. One user's say nothing about another's.
    private static func key(
        of unique: JobUniqueness, _ request: JobRequest, _ input: String, _ user: String
    ) -> String {
        let name = request.function.split(separator: "@").first.map(String.init) ?? ""
        let own = unique.key.map { "key " + $0 } ?? "input " + SHA256.digest(Array(input.utf8))
        return [user, name, own].joined(separator: "\n")
    }

    /// The job that still stands for calls with a key. One that does not any more gives the key away.
    private func job(
        of key: String, standingFor span: JobUniqueness.Span, _ now: ZonedDateTime,
        in transaction: GraphTransaction
    ) throws -> String? {
        guard let job = try self.run("job_of_unique_key", in: transaction, ["key": .string(key)]).first,
            let id = job["id"]?.string, let state = job["state"]?.string
        else { return nil }
        let stands =
            switch span {
            case .queued: state == "queued"
            case .running: !self.jobStates.final.contains(state)
            case .seconds(let seconds):
                job["created_at"]?.dateTime.map { now.isBefore($0.adding(seconds: seconds)) } ?? false
            }
        if stands { return id }
        _ = try self.run("job_unique_key_free", in: transaction, ["job": .string(id)])
        return nil
    }

    // MARK: Changes

    /// Changes a job's priority, or whether it may be taken.
    /// - Throws: ``OrchestrationError/notFound(what:name:hint:)``; ``OrchestrationError/conflict(_:)`` when it has ended.
    package func change(
        job: String, priority: Int?, isEnabled: Bool?, by user: String
    ) async throws {
        try await self.database.write { transaction in
            let state = try self.state(ofJob: job, in: transaction)
            guard !self.jobStates.final.contains(state) else {
                throw OrchestrationError.conflict("job \(job) is \(state): it changes no more")
            }
            _ = try self.run(
                "job_change", in: transaction,
                [
                    "job": .string(job), "priority": priority.map(Value.integer) ?? .null,
                    "is_enabled": isEnabled.map(Value.boolean) ?? .null, "now": .dateTime(self.clock()),
                ])
            self.note(
                job, "changed",
                [
                    "priority": priority.map(Value.integer) ?? .null,
                    "is_enabled": isEnabled.map(Value.boolean) ?? .null, "by": .string(user),
                ], in: transaction)
        }
    }

    /// Cancels a job; its worker learns of it with its next heartbeat and kills the process. Jobs that need it are skipped.
    /// A job that is cancelled already stays so.
    /// - Throws: ``OrchestrationError/notFound(what:name:hint:)``; ``OrchestrationError/conflict(_:)`` when it has ended
    ///   otherwise.
    package func cancel(job: String, by user: String) async throws {
        try await self.database.write { transaction in
            let state = try self.state(ofJob: job, in: transaction)
            guard state != "cancelled" else { return }
            guard !self.jobStates.final.contains(state) else {
                throw OrchestrationError.conflict("job \(job) is \(state): there is nothing to cancel")
            }
            guard try self.run("job", in: transaction, ["job": .string(job)]).first?["run"]?.string != nil
            else {
                return try self.cancelNow(job, from: state, because: "cancelled by \(user)", in: transaction)
            }
            let flow = RunFlow(self, transaction)
            try flow.cancel(job, because: "cancelled by \(user)")
            try flow.go()
        }
    }

    /// Gives a single call that failed for good all its tries again.
    /// - Throws: ``OrchestrationError/notFound(what:name:hint:)``; ``OrchestrationError/conflict(_:)`` when it has not
    ///   failed, or is a step of a run.
    package func retry(job: String, by user: String) async throws {
        try await self.database.write { transaction in try self.retry(job, by: user, in: transaction) }
    }

    /// Tries all single calls again that failed for good, oldest first, in one commit.
    /// `function`: `name` or `name@version`; nil for all. `errorClass`: nil for all.
    /// - Returns: the jobs.
    /// - Throws: ``StorageError``.
    package func retryFailed(function: String?, errorClass: String?, by user: String) async throws -> [String]
    {
        try await self.database.write { transaction in
            let failed = try self.run(
                "jobs_failed", in: transaction,
                [
                    "function": function.map(Value.string) ?? .null,
                    "error_class": errorClass.map(Value.string) ?? .null, "limit": .integer(Self.batchLimit),
                ]
            ).compactMap { $0["id"]?.string }
            for job in failed { try self.retry(job, by: user, in: transaction) }
            return failed
        }
    }

    private func retry(_ job: String, by user: String, in transaction: GraphTransaction) throws {
        let state = try self.state(ofJob: job, in: transaction)
        guard state == "failed" else {
            throw OrchestrationError.conflict("job \(job) is \(state): only one that failed is tried again")
        }
        if let run = try self.run("job", in: transaction, ["job": .string(job)]).first?["run"]?.string {
            throw OrchestrationError.conflict(
                "job \(job) is a step of run \(run), which has gone on; see `plexus run retry \(run)`")
        }
        _ = try self.run("job_retry", in: transaction, ["job": .string(job)])
        try self.move(job, from: state, to: "queued", because: "tried again by \(user)", in: transaction)
    }

    /// Cancels all of a run that has not ended.
    /// - Throws: as ``cancel(job:by:)``.
    package func cancel(run: String, by user: String) async throws {
        try await self.database.write { transaction in
            guard let record = try self.run("run", in: transaction, ["run": .string(run)]).first else {
                throw OrchestrationError.notFound(what: "run", name: run, hint: "see `plexus run list`")
            }
            let state = record["state"]?.string ?? ""
            guard state != "cancelled" else { return }
            guard !self.runStates.final.contains(state) else {
                throw OrchestrationError.conflict("run \(run) is \(state): there is nothing to cancel")
            }
            for row in try self.run("run_open_job_ids", in: transaction, ["run": .string(run)]) {
                let job = row["id"]?.string ?? ""
                let state = try self.state(ofJob: job, in: transaction)
                try self.cancelNow(job, from: state, because: "cancelled by \(user)", in: transaction)
            }
            _ = try self.run("run_settle", in: transaction, ["run": .string(run)])
            let flow = RunFlow(self, transaction)
            try flow.end(try flow.facts(run), "cancelled")
            try flow.go()
        }
    }

    /// Ends a job's open attempts and moves it; what follows in its run is the caller's to do.
    func cancelNow(
        _ job: String, from state: String, because reason: String, in transaction: GraphTransaction
    ) throws {
        let now = Value.dateTime(self.clock())
        for attempt in try self.run("job_open_attempts", in: transaction, ["job": .string(job)]) {
            _ = try self.run(
                "attempt_end", in: transaction,
                [
                    "attempt": attempt["id"] ?? .null, "state": .string("cancelled"), "now": now,
                    "exit": .null,
                    "error": .string(reason), "error_class": .string("cancelled"),
                    "log": .string(""), "memory_bytes": .null,
                ])
        }
        try self.move(job, from: state, to: "cancelled", because: reason, in: transaction)
    }

    private func state(ofJob job: String, in transaction: GraphTransaction) throws -> String {
        guard let record = try self.run("job", in: transaction, ["job": .string(job)]).first else {
            throw OrchestrationError.notFound(what: "job", name: job, hint: "see `plexus job list`")
        }
        return record["state"]?.string ?? ""
    }

    // MARK: Explaining

    /// Why a job is where it is, in the order in which a person would mend it.
    /// - Throws: ``OrchestrationError/notFound(what:name:hint:)``.
    package func explain(job: String) throws -> [JobReason] {
        guard let record = try self.database.read("job", ["job": .string(job)]).first else {
            throw OrchestrationError.notFound(what: "job", name: job, hint: "see `plexus job list`")
        }
        let error = record["error"]?.string
        switch record["state"]?.string ?? "" {
        case "waiting": return try self.reasonsToWait(job)
        case "held":
            let (run, step) = (record["run"]?.string ?? "", record["step"]?.string ?? "")
            let who = (try? self.approver(run: run, step: step)) ?? "somebody"
            return [
                JobReason(
                    code: "approval", message: "\(who) must approve: `plexus run approve \(run) \(step)`")
            ]
        case "queued":
            var reasons = try self.reasonsToBeQueued(job)
            if let error, let attempts = record["attempts"]?.integer, attempts > 0 {
                let again = "try \(attempts) of \((record["retries"]?.integer ?? 0) + 1) ended: \(error)"
                reasons.append(JobReason(code: "tried_before", message: again))
            }
            return reasons
        case "leased", "running": return try self.reasonsOfReplicas(record) + self.reasonsToRun(job)
        case let state:
            let words = error.map { "it is \(state): \($0)" } ?? "it is \(state); nothing is left to do"
            return [JobReason(code: state, message: words)]
        }
    }

    private func reasonsToWait(_ job: String) throws -> [JobReason] {
        try self.database.read("job_waits_for", ["job": .string(job)]).map { row in
            let name = row["step"]?.string.map { "step \($0)" } ?? "job"
            let state = row["state"]?.string ?? ""
            return JobReason(
                code: "dependency_\(state)",
                message: "it waits for \(name) (\(row["id"]?.string ?? "")), which is \(state)")
        }
    }

    /// Where further replicas of a job may run, of which some ran or run.
    private func reasonsOfReplicas(_ record: Record) throws -> [JobReason] {
        guard let replicas = record["replicas"]?.integer, replicas > 1,
            let left = record["dispatch_left"]?.integer, left > 0
        else { return [] }
        let needed = record["quorum_now"]?.integer ?? record["quorum"]?.integer ?? replicas / 2 + 1
        let machines = (record["avoid_machines"]?.list ?? []).compactMap(\.string).joined(separator: ", ")
        let message =
            "\(needed) of \(replicas) machines must find the same, and \(left) more "
            + "\(left == 1 ? "is" : "are") to run it, other than \(machines); start a worker on another with `plexus worker`"
        var reasons = [JobReason(code: "another_machine", message: message)]
        let since = Value.dateTime(self.clock().adding(seconds: -Self.leaseSeconds))
        reasons += try self.reasonsOfMachines(record["id"]?.string ?? "", since: since)
        return reasons
    }

    private func reasonsToRun(_ job: String) throws -> [JobReason] {
        try self.database.read("job_open_attempts", ["job": .string(job)]).map { row in
            let place = "worker \(row["worker"]?.string ?? "") on \(row["machine"]?.string ?? "")"
            let lease = row["lease_until"]?.dateTime?.description ?? ""
            let code = row["state"]?.string ?? "running"
            let stage = row["preparing"]?.string.map { ": \($0)" } ?? ""
            let words = code == "leased" ? "prepares it\(stage)" : "runs it"
            return JobReason(code: code, message: "\(place) \(words); the lease holds until \(lease)")
        }
    }

    /// Why no machine may take a job; none when one may.
    private func reasonsOfMachines(_ job: String, since: Value) throws -> [JobReason] {
        let machines = try self.database.read("machines_for_job", ["job": .string(job), "since": since])
        let lacks = machines.map { ($0["lacks"]?.list ?? []).compactMap(\.string) }
        let fitting = zip(machines, lacks).filter { $0.1.isEmpty }.map(\.0)
        guard !fitting.isEmpty else {
            let words = zip(machines, lacks).map {
                "\($0["id"]?.string ?? "") lacks \($1.joined(separator: ", "))"
            }
            return [
                JobReason(
                    code: "no_machine_fits", message: "no machine fits: " + words.joined(separator: "; "))
            ]
        }
        guard fitting.allSatisfy({ $0["state"] == .string("draining") }) else { return [] }
        let names = fitting.compactMap { $0["id"]?.string }.joined(separator: ", ")
        return [
            JobReason(
                code: "draining",
                message: "the machines that fit take no more jobs: \(names); see `plexus machine resume`")
        ]
    }

    private func reasonsToBeQueued(_ job: String) throws -> [JobReason] {
        let since = Value.dateTime(self.clock().adding(seconds: -Self.leaseSeconds))
        guard let row = try self.database.read("job_queue", ["job": .string(job), "since": since]).first
        else { return [] }
        var reasons: [JobReason] = []
        func add(_ code: String, _ message: String) {
            reasons.append(JobReason(code: code, message: message))
        }
        if row["is_enabled"] == .boolean(false) {
            add("job_disabled", "the job is disabled; `plexus job enable \(job)` lets it go")
        }
        if row["function_enabled"] == .boolean(false) {
            let function = row["function"]?.string ?? ""
            add(
                "function_disabled",
                "\(function) is disabled; `plexus function enable \(function)` lets its jobs go")
        }
        if let time = row["available_at"]?.dateTime,
            (time.seconds, time.nanosecond) > (self.clock().seconds, self.clock().nanosecond)
        {
            add("not_yet", "it may be taken from \(time) on")
        }
        let workers = row["workers"]?.integer ?? 0
        guard workers > 0 else {
            add(
                "no_worker",
                "no worker was heard of in the last \(Self.leaseSeconds) s; start one with `plexus worker`")
            return reasons
        }
        reasons += try self.reasonsOfMachines(job, since: since)
        let node: NodeID? = if case .node(let node)? = row["node"] { node } else { nil }
        if let node, let reached = self.queue.limit(of: node, in: self.database.snapshot()) {
            add(reached.code, reached.explanation)
        }
        let slots = (row["slots"]?.list ?? []).compactMap(\.integer).reduce(0, +)
        let taken = row["taken"]?.integer ?? 0
        if taken >= slots {
            add("slots_taken", "all \(slots) slots of \(workers) worker\(workers == 1 ? "" : "s") are taken")
        }
        let ahead = node.map { self.queue.ahead(of: $0, in: self.database.snapshot()) } ?? 0
        if ahead > 0 {
            add(
                "behind_others",
                "about \(ahead) job\(ahead == 1 ? "" : "s") of higher priority, older, or of others whose turn it is "
                    + "go\(ahead == 1 ? "es" : "") first; `plexus job priority \(job) N` lets it go before those of less than N"
            )
        }
        if reasons.isEmpty { add("next", "nothing is in its way: a worker takes it with its next question") }
        return reasons
    }
}

extension LimitReached {
    /// `user_limit`, `group_rate`, ...
    var code: String {
        let kind = self.party.kind == .version ? "function" : self.party.kind.rawValue
        return kind + (self.next == nil ? "_limit" : "_rate")
    }

    /// What is reached, and how it is changed.
    var explanation: String {
        let way =
            self.party.kind == .version
            ? "its definition says so: register a version with another `max_running`"
            : "see `plexus limit set \(self.party)`"
        if let most = self.limit.maxRunning, self.next == nil {
            return
                "\(self.running) job\(self.running == 1 ? "" : "s") of \(self.party) are at work already, and \(most) may be; \(way)"
        }
        return "\(self.party) may begin \(self.limit.maxPerMinute ?? 0) jobs a minute, and has; \(way)"
    }
}
