internal import GraphDatabase
package import JSON
internal import PropertyGraph

extension Orchestrator {
    /// Everything that was done for a customer's reference: each run and single call with its steps, attempts, machines, inputs,
    /// outputs, errors, logs and cost. O(what there is).
    /// - Throws: ``OrchestrationError/notFound(what:name:hint:)`` when nothing was.
    package func trace(reference: String) throws -> JSON {
        let parameters: [String: Value] = ["reference": .string(reference)]
        let runs = try self.database.read("runs_of_reference", parameters).map { try self.traced(run: $0) }
        let calls = try self.database.read("jobs_of_reference", parameters).map { row -> JSON.Object in
            var call = self.object(row)
            try self.addAttempts(to: &call)
            return call
        }
        guard !runs.isEmpty || !calls.isEmpty else {
            throw OrchestrationError.notFound(
                what: "run or call with the reference", name: reference, hint: "see `plexus run list`")
        }
        let cost = (runs + calls).reduce(0) { $0 + ($1["cost_millis"]?.int ?? 0) }
        return [
            "reference": .string(reference), "cost_millis": .int(cost),
            "runs": .array(runs.map(JSON.object)), "calls": .array(calls.map(JSON.object)),
        ]
    }

    /// The trace of one run, by its id.
    /// - Throws: ``OrchestrationError/notFound(what:name:hint:)``.
    package func trace(run: String) throws -> JSON {
        guard let row = try self.database.read("run", ["run": .string(run)]).first else {
            throw OrchestrationError.notFound(what: "run", name: run, hint: "see `plexus run list`")
        }
        return .object(try self.traced(run: row))
    }

    private func traced(run row: Record) throws -> JSON.Object {
        var run = self.object(row)
        run["dot"] = nil
        run["parameters"] = run["parameters"]?.string.flatMap { try? JSON.parse($0) }
        var cost = 0
        let jobs = try self.database.read("run_jobs", ["run": row["id"] ?? .null]).map { row -> JSON in
            var job = self.object(row)
            for name in ["plan", "plan_step", "parent", "attempt", "element"] { job[name] = nil }
            try self.addAttempts(to: &job)
            cost += job["cost_millis"]?.int ?? 0
            for member in job.members where member.value == .null { job[member.name] = nil }
            return .object(job)
        }
        run["cost_millis"] = .int(cost)
        run["steps"] = .array(jobs)
        return run
    }

    private func addAttempts(to job: inout JSON.Object) throws {
        let id: [String: Value] = ["job": .string(job["id"]?.string ?? "")]
        let tries = try self.database.read("job_attempts", id)
        if let taken = try self.database.read("job_consumed", id).first {
            job["input"] = taken["input"]?.string.flatMap { try? JSON.parse($0) } ?? [:]
            job["inputs"] = self.json(taken["inputs"] ?? .null)
            // A call is paid when it succeeded, once.
            let isPaid = tries.contains { $0["state"] == .string("succeeded") }
            job["cost_millis"] = .int(isPaid ? taken["price_millis"]?.integer ?? 0 : 0)
        }
        job["attempts"] = .array(
            tries.map { row in
                var attempt = self.object(row)
                if let start = row["started_at"]?.dateTime, let end = row["ended_at"]?.dateTime {
                    attempt["milliseconds"] = .int(end.epochMilliseconds - start.epochMilliseconds)
                }
                return .object(attempt)
            })
    }

    func object(_ row: Record) -> JSON.Object {
        var object = JSON.Object()
        for field in row.fields { object.append(field.name, self.json(field.value)) }
        return object
    }

    private func json(_ value: Value) -> JSON {
        switch value {
        case .null: .null
        case .string(let text): .string(text)
        case .integer(let number): .int(number)
        case .float(let number): .double(number)
        case .boolean(let truth): .bool(truth)
        case .dateTime(let moment): .string(moment.description)
        case .list(let list): .array(list.map(self.json))
        case .map(let map):
            .object(
                map.sorted { $0.key < $1.key }.reduce(into: JSON.Object()) {
                    $0.append($1.key, self.json($1.value))
                })
        default: .string("\(value)")
        }
    }
}
