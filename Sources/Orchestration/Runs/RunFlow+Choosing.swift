internal import GraphDatabase
internal import JSON
internal import PropertyGraph

// Alternatives explored side by side.
extension RunFlow {
    private struct Alternative {
        let job: String
        let step: String
        let state: String
        var metric: Double?
        var isAcceptable = false
        let lost: String?
        let isChosen: Bool

        var hasEnded: Bool { ["succeeded", "failed", "skipped", "cancelled"].contains(self.state) }
    }

    /// A member of a branch has ended: when that decides the choice, the winner stays and the others have lost.
    func choose(_ job: FlowJob) throws {
        guard let branch = try self.plan(job.plan).branchOf[job.planStep],
            branch.alternatives.contains(job.planStep), job.lost != "lost"
        else { return }
        let prefix = String(job.id.dropLast(job.planStep.count))
        let ids = branch.alternatives.map { Value.string(prefix + $0) }
        var alternatives = try self.run("jobs_of", ["ids": .list(ids)]).map { row in
            try self.judged(row, branch, job)
        }
        if alternatives.contains(where: \.isChosen), branch.choice != .all { return }
        if branch.choice == .first,
            let winner = alternatives.first(where: { $0.job == job.id && $0.isAcceptable })
        {
            return try self.settle(branch, winners: [winner.job], alternatives, prefix)
        }
        guard alternatives.allSatisfy(\.hasEnded) else { return }
        alternatives = alternatives.filter { $0.lost != "lost" || $0.isAcceptable }
        let good = alternatives.filter(\.isAcceptable)
        let winners: [String]
        switch branch.choice {
        case .all: winners = good.map(\.job)
        case .first: winners = good.prefix(1).map(\.job)
        case .min:
            winners = good.min { ($0.metric ?? .infinity) < ($1.metric ?? .infinity) }.map { [$0.job] } ?? []
        case .max:
            winners =
                good.max { ($0.metric ?? -.infinity) < ($1.metric ?? -.infinity) }.map { [$0.job] } ?? []
        }
        guard !winners.isEmpty else {
            // Nothing was good enough: what follows is blocked, as after a failure.
            for alternative in alternatives where alternative.state == "succeeded" {
                try self.set(alternative.job, ["lost": .string("rejected")])
            }
            return
        }
        try self.settle(branch, winners: winners, alternatives, prefix)
    }

    private func judged(
        _ row: Record, _ branch: PipelineDefinition.Branch, _ job: FlowJob
    ) throws -> Alternative {
        var alternative = Alternative(
            job: row["id"]?.string ?? "", step: row["step"]?.string ?? "", state: row["state"]?.string ?? "",
            lost: row["lost"]?.string, isChosen: row["chosen"] == .boolean(true))
        guard alternative.state == "succeeded" else { return alternative }
        do {
            var environment = try self.environment(of: job)
            environment.state = alternative.state
            if branch.metric != nil || branch.accept != nil, let digest = row["sha256"]?.string {
                environment.outputs = try self.value(digest)
            }
            if let start = row["started_at"]?.dateTime, let end = row["ended_at"]?.dateTime {
                environment.duration = .double(Double(end.epochMilliseconds - start.epochMilliseconds) / 1000)
            }
            if let metric = branch.metric {
                let number = try PipelineExpression.number(metric, environment)
                alternative.metric = number
                try self.set(alternative.job, ["metric": .float(number)])
            }
            alternative.isAcceptable =
                try branch.accept.map { try PipelineExpression.holds($0, environment) } ?? true
        } catch let error as PipelineExpressionError {
            try self.set(alternative.job, ["comment": .string(error.description)])
        } catch let error as StepValueError {
            try self.set(alternative.job, ["comment": .string(error.message)])
        }
        return alternative
    }

    private func settle(
        _ branch: PipelineDefinition.Branch, winners: [String], _ alternatives: [Alternative],
        _ prefix: String
    ) throws {
        for winner in winners { _ = try self.run("job_chosen", ["job": .string(winner)]) }
        for alternative in alternatives where !winners.contains(alternative.job) {
            try self.set(alternative.job, ["lost": .string("lost")])
            guard !alternative.hasEnded else { continue }
            if branch.keepsLosers {
                // It runs on, and nobody waits for it.
                self.note(ended: alternative.job)
            } else {
                try self.cancel(alternative.job, because: "another alternative of \(branch.name) was chosen")
            }
        }
        guard !branch.keepsLosers, branch.choice == .first || branch.choice == .all else { return }
        // What leads to losers alone need not go on either.
        let wanted = Set(winners.map { String($0.dropFirst(prefix.count)) })
        for member in branch.members where !branch.alternatives.contains(member) {
            let plan = try self.job(prefix + member).map { try self.plan($0.plan) }
            guard let plan, !Self.leads(from: member, to: wanted, plan),
                let job = try self.job(prefix + member),
                !["succeeded", "failed", "skipped", "cancelled"].contains(job.state)
            else { continue }
            try self.set(job.id, ["lost": .string("lost")])
            try self.cancel(job.id, because: "another alternative of \(branch.name) was chosen")
        }
    }

    private static func leads(from step: String, to wanted: Set<String>, _ plan: PipelinePlan) -> Bool {
        var seen: Set<String> = [step]
        var pending = [step]
        while let next = pending.popLast() {
            if wanted.contains(next) { return true }
            for number in plan.outgoing[next] ?? [] {
                let target = plan.definition.edges[number].target
                if seen.insert(target).inserted { pending.append(target) }
            }
        }
        return false
    }

    /// Cancels a job and all below it, in whatever state.
    func cancel(_ id: String, because reason: String) throws {
        guard let job = try self.job(id) else { return }
        if job.kind != "call" || job.state == "running" {
            for row in try self.run("job_descendants", ["job": .string(id)]) {
                let child = row["id"]?.string ?? ""
                try self.orchestrator.cancelNow(
                    child, from: row["state"]?.string ?? "", because: reason, in: self.transaction)
            }
        }
        try self.orchestrator.cancelNow(id, from: job.state, because: reason, in: self.transaction)
        self.note(ended: id)
    }
}
