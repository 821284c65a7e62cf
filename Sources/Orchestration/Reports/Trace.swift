internal import GraphDatabase
package import JSON
internal import PropertyGraph

extension Orchestrator {
    /// Everything that was done for a customer's reference: each run and single call with its steps, attempts, machines, inputs,
    /// outputs, errors, logs and cost. O(what there is).
    /// - Throws: ``OrchestrationError/notFound(what:name:hint:)`` when nothing was.
    package func trace(reference: String) async throws -> JSON {
        let parameters: [String: Value] = ["reference": .string(reference)]
        var runs: [JSON.Object] = []
        for row in try self.database.read("runs_of_reference", parameters) {
            runs.append(try await self.traced(run: row))
        }
        var calls: [JSON.Object] = []
        for row in try self.database.read("jobs_of_reference", parameters) {
            var call = self.object(row)
            try await self.addAttempts(to: &call)
            calls.append(call)
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
    package func trace(run: String) async throws -> JSON {
        guard let row = try self.database.read("run", ["run": .string(run)]).first else {
            throw OrchestrationError.notFound(what: "run", name: run, hint: "see `plexus run list`")
        }
        return .object(try await self.traced(run: row))
    }

    /// The run of an id, or the newest of a customer's reference; the text itself when there is none.
    package func newestRun(_ text: String) throws -> String {
        guard try self.database.read("run", ["run": .string(text)]).isEmpty else { return text }
        return try self.database.read("runs_of_reference", ["reference": .string(text)]).last?["id"]?.string
            ?? text
    }

    private func traced(run row: Record) async throws -> JSON.Object {
        var run = self.object(row)
        run["dot"] = nil
        run["parameters"] = run["parameters"]?.string.flatMap { try? JSON.parse($0) }
        var cost = 0
        var jobs: [JSON] = []
        for row in try self.database.read("run_jobs", ["run": row["id"] ?? .null]) {
            var job = self.object(row)
            for name in ["plan", "plan_step", "parent", "attempt", "element"] { job[name] = nil }
            try await self.addAttempts(to: &job)
            cost += job["cost_millis"]?.int ?? 0
            for member in job.members where member.value == .null { job[member.name] = nil }
            jobs.append(.object(job))
        }
        run["cost_millis"] = .int(cost)
        run["steps"] = .array(jobs)
        return run
    }

    /// Results up to so many bytes are shown as they are.
    private static let shownBytes = 2000

    private func addAttempts(to job: inout JSON.Object) async throws {
        if let digest = job["result"]?.string, job["result_bytes"]?.int ?? .max <= Self.shownBytes,
            let bytes = try? await self.blobs?.read(digest), let value = try? JSON.parse(utf8: bytes)
        {
            job["output"] = value
        }
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
