internal import GraphDatabase
package import JSON
internal import PropertyGraph

/// When the steps of a run ran or are expected to, which of them decide its end, and how much time the others have.
///
/// The critical path method (Kelley and Walker, 1959) over measured times; what has not run yet is expected to take the median of what
/// its function took before. O(steps + edges).
package struct RunTiming: Hashable, Sendable {
    /// One step. Times are milliseconds since the run's start.
    package struct Step: Hashable, Sendable {
        /// The job's id.
        package let job: String
        /// Its step's name, with those above it.
        package let name: String
        /// Its state.
        package let state: String
        /// Where it ran.
        package let machine: String?
        /// When it could start: measured where it has, else expected.
        package var start = 0
        /// When it ended: measured where it has, else expected.
        package var end = 0
        /// How long it took or is expected to take.
        package var duration = 0
        /// How much later it could end without the run ending later.
        package var slack = 0
        /// Whether the times are measured.
        package let isMeasured: Bool
        /// Whether the run ends later when this step does.
        package var isCritical = false
    }

    /// The steps in the order of the file.
    package let steps: [Step]
    /// Names of the steps that decide the end, in order.
    package let criticalPath: [String]
    /// When the run ended or is expected to, in milliseconds since its start.
    package let finish: Int
    /// Whether the run has ended.
    package let hasEnded: Bool

    init(steps: [Step], edges: [(source: Int, target: Int)], hasEnded: Bool, now: Int) {
        var steps = steps
        var before: [[Int]] = Array(repeating: [], count: steps.count)
        var after = before
        for edge in edges {
            before[edge.target].append(edge.source)
            after[edge.source].append(edge.target)
        }
        let order = Self.order(before, after)
        for index in order where !steps[index].isMeasured {
            let ready = before[index].map { steps[$0].end }.max() ?? 0
            let isOver = ["skipped", "cancelled", "succeeded", "failed"].contains(steps[index].state)
            if steps[index].state == "running" || steps[index].state == "leased" {
                steps[index].end = max(now, steps[index].start + steps[index].duration)
            } else {
                steps[index].start = isOver ? ready : max(ready, hasEnded ? ready : now)
                steps[index].end = steps[index].start + (isOver ? 0 : steps[index].duration)
            }
        }
        let finish = steps.map(\.end).max() ?? 0
        var latest = Array(repeating: finish, count: steps.count)
        for index in order.reversed() {
            for next in after[index] {
                latest[index] = min(latest[index], latest[next] - (steps[next].end - steps[next].start))
            }
            steps[index].slack = max(0, latest[index] - steps[index].end)
        }
        var path: [Int] = []
        var next = steps.indices.filter { steps[$0].end > steps[$0].start || steps.count == 1 }.max {
            steps[$0].end < steps[$1].end
        }
        while let index = next {
            path.append(index)
            steps[index].isCritical = true
            next = before[index].max { steps[$0].end < steps[$1].end }
            if path.count > steps.count { break }
        }
        self.steps = steps
        self.criticalPath = path.reversed().map { steps[$0].name }
        self.finish = finish
        self.hasEnded = hasEnded
    }

    /// Earlier steps before later ones (Kahn, 1962).
    private static func order(_ before: [[Int]], _ after: [[Int]]) -> [Int] {
        var open = before.map(\.count)
        var order = open.indices.filter { open[$0] == 0 }
        var at = 0
        while at < order.count {
            for next in after[order[at]] {
                open[next] -= 1
                if open[next] == 0 { order.append(next) }
            }
            at += 1
        }
        return order
    }

    /// As the API gives it.
    package var json: JSON {
        [
            "finish_ms": .int(self.finish), "ended": .bool(self.hasEnded),
            "critical_path": .array(self.criticalPath.map(JSON.string)),
            "steps": .array(
                self.steps.map { step in
                    [
                        "step": .string(step.name), "state": .string(step.state),
                        "machine": step.machine.map(JSON.string) ?? .null, "start_ms": .int(step.start),
                        "end_ms": .int(step.end), "duration_ms": .int(step.end - step.start),
                        "slack_ms": .int(step.slack), "measured": .bool(step.isMeasured),
                        "critical": .bool(step.isCritical),
                    ]
                }),
        ]
    }
}

extension Orchestrator {
    /// When a run's steps ran or are expected to.
    /// - Throws: ``OrchestrationError/notFound(what:name:hint:)``.
    package func timing(run: String) throws -> RunTiming {
        guard let record = try self.database.read("run", ["run": .string(run)]).first,
            let begin = record["created_at"]?.dateTime?.epochMilliseconds
        else {
            throw OrchestrationError.notFound(what: "run", name: run, hint: "see `plexus run list`")
        }
        let rows = try self.database.read("run_jobs", ["run": .string(run)])
        let expected = try self.expectedDurations(Set(rows.compactMap { $0["function"]?.string }))
        var numbers: [String: Int] = [:]
        var steps: [RunTiming.Step] = []
        for row in rows where row["parent"]?.string == nil {
            let (start, end) = (row["started_at"]?.dateTime, row["ended_at"]?.dateTime)
            var step = RunTiming.Step(
                job: row["id"]?.string ?? "", name: row["step"]?.string ?? "",
                state: row["state"]?.string ?? "",
                machine: row["machine"]?.string, isMeasured: start != nil && end != nil)
            step.duration = row["function"]?.string.flatMap { expected[$0] } ?? 0
            if let start { step.start = max(0, start.epochMilliseconds - begin) }
            if let end, start != nil { step.end = max(step.start, end.epochMilliseconds - begin) }
            numbers[step.job] = steps.count
            steps.append(step)
        }
        let edges = try self.database.read("run_order", ["run": .string(run)]).compactMap { row in
            if let source = row["source"]?.string.flatMap({ numbers[$0] }),
                let target = row["target"]?.string.flatMap({ numbers[$0] })
            {
                (source: source, target: target)
            } else {
                nil
            }
        }
        return RunTiming(
            steps: steps, edges: edges, hasEnded: record["state"] != .string("running"),
            now: max(0, self.clock().epochMilliseconds - begin))
    }

    /// The median of what functions took, in milliseconds.
    private func expectedDurations(_ functions: Set<String>) throws -> [String: Int] {
        guard !functions.isEmpty else { return [:] }
        var times: [String: [Int]] = [:]
        for row in try self.database.read(
            "function_durations", ["functions": .list(functions.sorted().map(Value.string))])
        {
            guard let start = row["started_at"]?.dateTime, let end = row["ended_at"]?.dateTime else {
                continue
            }
            times[row["function"]?.string ?? "", default: []].append(
                end.epochMilliseconds - start.epochMilliseconds)
        }
        return times.mapValues { $0.sorted()[$0.count / 2] }
    }
}
