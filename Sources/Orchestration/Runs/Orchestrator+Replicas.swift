internal import GraphDatabase
internal import JSON
internal import PropertyGraph

/// A job that runs on several machines, whose results are believed when enough of them are equal.
struct ReplicatedJob {
    /// One of its tries.
    struct Replica {
        let id: String
        let state: String
        let machine: String
        let result: String?
        let size: Int
        /// The first replica with an equal result, perhaps itself; nil while that is being found out.
        let leader: String?
        let comparing: Int
        let errorClass: String

        var isOpen: Bool { self.state == "leased" || self.state == "running" }
        var isVote: Bool { self.state == "succeeded" && self.result != nil }
        var isLost: Bool { self.state == "lost" }
        var hasFailed: Bool { self.state == "failed" || self.isLost }
    }

    let id: String
    let state: String
    let run: String?
    let replicas: Int
    /// How many equal results are enough, this time.
    let needed: Int
    /// Whether one machine was to be believed alone.
    let isTrusting: Bool
    let comparison: ResultComparison
    let retries: Int
    let retryOn: [String]?
    let backoffSeconds: Int
    let user: String
    let priority: Int
    let tries: [Replica]

    var votes: [Replica] { self.tries.filter(\.isVote) }
    var open: [Replica] { self.tries.filter(\.isOpen) }

    /// The largest set of equal results; of equally large ones that with the oldest.
    var best: [Replica] {
        let votes = self.votes
        return votes.filter { $0.leader == $0.id }
            .map { leader in votes.filter { $0.leader == leader.id } }
            .reduce([]) { $1.count > $0.count ? $1 : $0 }
    }

    /// How many further tries there may be: one for each replica that has given no result, and for each failure that is tried again.
    var left: Int {
        let failed = self.tries.filter(\.hasFailed)
        let lost = failed.count(where: \.isLost)
        let repeatable = failed.count { !$0.isLost && self.isTriedAgain($0.errorClass) }
        let forgiven = min(lost, Orchestrator.lostAttemptLimit) + min(repeatable, self.retries)
        return max(0, self.replicas - self.votes.count - self.open.count - (failed.count - forgiven))
    }

    private func isTriedAgain(_ errorClass: String) -> Bool {
        self.retryOn?.contains(errorClass) ?? Orchestrator.isTriedAgain(errorClass)
    }

    /// Whether enough results may still turn out equal.
    var isUndecided: Bool {
        let compared = self.votes.count { $0.leader == nil }
        return self.best.count + compared + self.open.count + self.left >= self.needed
    }

    /// Which machine found what: `2f9c1a... on a, b; 77e0b2... on c`.
    var findings: String {
        Dictionary(grouping: self.votes, by: { $0.result ?? "" }).sorted { $0.key < $1.key }
            .map { "\($0.key.prefix(16)) on " + $0.value.map(\.machine).joined(separator: ", ") }
            .joined(separator: "; ")
    }
}

extension Orchestrator {
    /// From which reputation on a machine may be believed alone, by jobs that allow it.
    package static let goodReputation = 0.9
    /// The least part of such a machine's jobs that others check all the same.
    package static let leastCheckedPart = 0.05
    /// The largest results that are compared by more than their digests, in bytes.
    static let comparedBytesLimit = 1 << 20

    // MARK: Giving out

    /// Notes that a replica was given to a machine.
    func dispatch(
        _ taken: TakenJob, to machine: MachineFacts, in transaction: GraphTransaction
    ) throws {
        var left = taken.replicasLeft - 1
        var trusted = Value.null
        if taken.isAdaptive, taken.avoids.isEmpty, machine.reputation >= Self.goodReputation,
            self.random() >= max(Self.leastCheckedPart, 1 - machine.reputation)
        {
            (left, trusted) = (0, .integer(1))
        }
        try self.dispatch(
            taken.id, left: left, avoid: taken.avoids + [machine.id], trusted: trusted, isIdle: false,
            in: transaction)
    }

    private func dispatch(
        _ job: String, left: Int, avoid: [String], trusted: Value, isIdle: Bool,
        in transaction: GraphTransaction
    ) throws {
        _ = try self.run(
            "job_dispatch", in: transaction,
            [
                "job": .string(job), "left": .integer(left),
                "avoid": .list(Set(avoid).sorted().map(Value.string)),
                "quorum_now": trusted, "is_idle": .boolean(isIdle),
            ])
    }

    // MARK: Judging

    /// A replica gave a result: it is compared with those before it.
    func vote(
        _ attempt: String, of job: String, _ result: AttemptOutcome.Result, in transaction: GraphTransaction
    ) throws {
        let facts = try self.replicas(of: job, in: transaction)
        let leaders = facts.votes.filter { $0.leader == $0.id && $0.id != attempt }
        var equal = facts.votes.first { $0.result == result.sha256 && $0.leader != nil }?.leader
        var compared: [ReplicatedJob.Replica] = []
        if equal == nil {
            switch facts.comparison {
            case .digest: break
            case .tolerance(let tolerance):
                let own = try self.json(result.sha256)
                equal = try leaders.first { leader in
                    guard let own, let other = try self.json(leader.result ?? "") else { return false }
                    return ResultComparison.areNear(own, other, tolerance)
                }?.id
            case .function: compared = leaders
            }
        }
        var comparing = 0
        if case .function(let function) = facts.comparison {
            for leader in compared {
                let isAsked = try self.compare(
                    attempt, result.sha256, leader, by: function, for: facts, in: transaction)
                comparing += isAsked ? 1 : 0
            }
        }
        let leader = equal ?? (comparing == 0 ? attempt : nil)
        _ = try self.run(
            "attempt_vote", in: transaction,
            [
                "attempt": .string(attempt), "sha256": .string(result.sha256),
                "size": .integer(result.size),
                "agrees_with": leader.map(Value.string) ?? .null, "comparing": .integer(comparing),
                "now": .dateTime(self.clock()),
            ])
    }

    /// Starts a job that compares two results; false when they are too large or the function is gone: then they differ.
    private func compare(
        _ attempt: String, _ digest: String, _ leader: ReplicatedJob.Replica, by function: String,
        for job: ReplicatedJob, in transaction: GraphTransaction
    ) throws -> Bool {
        guard let left = try self.json(leader.result ?? ""), let right = try self.json(digest),
            let version = try? FunctionRegistry(database: self.database).version(function)["id"]
        else { return false }
        let request = JobRequest(
            function: function, input: ["left": left, "right": right], priority: job.priority)
        let made = try self.create(
            request, version: version, startedBy: job.user, now: self.clock(), in: transaction)
        _ = try self.run(
            "job_compares", in: transaction,
            ["job": .string(made.id), "attempt": .string(attempt), "other": .string(leader.id)])
        return true
    }

    /// A job that compares two replicas' results has ended.
    func compared(
        _ attempt: String, with leader: String, areEqual: Bool, in transaction: GraphTransaction
    ) throws {
        guard let row = try self.run("attempt", in: transaction, ["attempt": .string(attempt)]).first,
            let job = row["job"]?.string
        else { return }
        let facts = try self.replicas(of: job, in: transaction)
        guard let replica = facts.tries.first(where: { $0.id == attempt }), replica.leader == nil else {
            return
        }
        let open = replica.comparing - 1
        let found = areEqual ? leader : open <= 0 ? attempt : nil
        _ = try self.run(
            "attempt_agrees", in: transaction,
            [
                "attempt": .string(attempt), "agrees_with": found.map(Value.string) ?? .null,
                "comparing": .integer(max(0, open)),
            ])
        if !self.jobStates.final.contains(facts.state) { try self.judge(job, in: transaction) }
    }

    /// What a comparing function's result says.
    func saysEqual(_ result: AttemptOutcome.Result?) throws -> Bool {
        try result.flatMap { try self.json($0.sha256) }?["equal"] == true
    }

    private func json(_ digest: String) throws -> JSON? {
        do {
            return try self.blobs?.readNow(digest, limit: Self.comparedBytesLimit).flatMap {
                try? JSON.parse(utf8: $0)
            }
        } catch OrchestrationError.tooLarge {
            return nil
        }
    }

    /// Believes a result, goes on, or gives up. `last`: how the try ended that asks.
    func judge(
        _ job: String, last: AttemptOutcome? = nil, splicing graph: PipelineDefinition? = nil,
        in transaction: GraphTransaction
    ) throws {
        let facts = try self.replicas(of: job, in: transaction)
        let best = facts.best
        if best.count >= facts.needed, let winner = best.first, let digest = winner.result {
            return try self.believe(facts, best, digest, winner.size, splicing: graph, in: transaction)
        }
        if facts.isUndecided { return try self.goOn(facts, last, in: transaction) }
        var (reason, errorClass) = (last?.error, last?.errorClass)
        if !facts.votes.isEmpty {
            reason = "no \(facts.needed) of \(facts.replicas) machines found the same: \(facts.findings)"
            errorClass = "quorum"
        }
        try self.stop(facts, because: "no quorum", in: transaction)
        try self.noteFailure(job, reason, errorClass, until: nil, in: transaction)
        try self.move(job, from: facts.state, to: "failed", because: reason, in: transaction)
        try self.follow(endOf: job, run: facts.run, in: transaction)
    }

    private func believe(
        _ facts: ReplicatedJob, _ best: [ReplicatedJob.Replica], _ digest: String, _ size: Int,
        splicing graph: PipelineDefinition?, in transaction: GraphTransaction
    ) throws {
        try self.stop(facts, because: "others agreed first", in: transaction)
        // One result alone says nothing of its machine.
        for vote in facts.votes where facts.votes.count > 1 && vote.leader != nil {
            try self.judge(vote, hasAgreed: vote.leader == best.first?.leader, on: facts.id, in: transaction)
        }
        if let graph { return try self.splice(graph, into: facts.id, in: transaction) }
        _ = try self.run(
            "job_result_give", in: transaction,
            [
                "job": .string(facts.id), "sha256": .string(digest), "size": .integer(size),
                "media_type": .string("application/json"), "now": .dateTime(self.clock()),
            ])
        try self.move(facts.id, from: facts.state, to: "succeeded", in: transaction)
        try self.follow(endOf: facts.id, run: facts.run, in: transaction)
    }

    private func judge(
        _ vote: ReplicatedJob.Replica, hasAgreed: Bool, on job: String, in transaction: GraphTransaction
    ) throws {
        _ = try self.run(
            "attempt_verdict", in: transaction,
            [
                "attempt": .string(vote.id), "verdict": .string(hasAgreed ? "agreed" : "disagreed"),
            ])
        _ = try self.run(
            "machine_verdict", in: transaction,
            ["machine": .string(vote.machine), "agreed": .boolean(hasAgreed)])
        guard !hasAgreed else { return }
        self.note(
            vote.machine, "disagreed",
            ["job": .string(job), "result": vote.result.map(Value.string) ?? .null], stream: "machine",
            in: transaction)
    }

    private func goOn(
        _ facts: ReplicatedJob, _ last: AttemptOutcome?, in transaction: GraphTransaction
    ) throws {
        let (votes, open) = (facts.votes, facts.open)
        let isIdle = open.isEmpty
        // The one machine that was to be believed alone failed: the next may be another.
        let staysTrusting = facts.isTrusting && !isIdle
        try self.dispatch(
            facts.id, left: staysTrusting ? 0 : facts.left, avoid: (votes + open).map(\.machine),
            trusted: staysTrusting ? .integer(1) : .null, isIdle: isIdle, in: transaction)
        if let last, last.result == nil {
            let pause = Self.pause(after: facts.tries.count(where: \.hasFailed), facts.backoffSeconds)
            let isLost = last.errorClass == "worker_lost"
            try self.noteFailure(
                facts.id, last.error, last.errorClass,
                until: isLost ? nil : self.clock().adding(milliseconds: Int(pause * 1000)), in: transaction)
        }
        if isIdle, votes.isEmpty {
            try self.move(facts.id, from: facts.state, to: "queued", because: last?.error, in: transaction)
        }
    }

    private func stop(
        _ facts: ReplicatedJob, because reason: String, in transaction: GraphTransaction
    ) throws {
        for attempt in facts.open {
            _ = try self.run(
                "attempt_end", in: transaction,
                [
                    "attempt": .string(attempt.id), "state": .string("cancelled"),
                    "now": .dateTime(self.clock()), "exit": .null, "error": .string(reason),
                    "error_class": .string("cancelled"), "log": .string(""), "memory_bytes": .null,
                ])
        }
    }

    private func replicas(of job: String, in transaction: GraphTransaction) throws -> ReplicatedJob {
        guard let row = try self.run("job_replicas", in: transaction, ["job": .string(job)]).first else {
            throw OrchestrationError.notFound(what: "job", name: job, hint: nil)
        }
        let replicas = max(1, row["replicas"]?.integer ?? 1)
        let tries = try self.run("job_votes", in: transaction, ["job": .string(job)]).map { row in
            ReplicatedJob.Replica(
                id: row["id"]?.string ?? "", state: row["state"]?.string ?? "",
                machine: row["machine"]?.string ?? "", result: row["result"]?.string,
                size: row["size"]?.integer ?? 0, leader: row["agrees_with"]?.string,
                comparing: row["comparing"]?.integer ?? 0, errorClass: row["error_class"]?.string ?? "")
        }
        return ReplicatedJob(
            id: job, state: row["state"]?.string ?? "", run: row["run"]?.string, replicas: replicas,
            needed: row["quorum_now"]?.integer ?? row["quorum"]?.integer ?? replicas / 2 + 1,
            isTrusting: row["quorum_now"]?.integer != nil,
            comparison: row["compare"]?.string.flatMap(ResultComparison.init) ?? .digest,
            retries: row["retries"]?.integer ?? 0, retryOn: row["retry_on"]?.list?.compactMap(\.string),
            backoffSeconds: row["backoff_seconds"]?.integer ?? 1, user: row["started_by"]?.string ?? "",
            priority: row["priority"]?.integer ?? 0, tries: tries)
    }
}
