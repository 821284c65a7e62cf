internal import GraphDatabase
internal import JSON
internal import PropertyGraph
internal import QueryEngine

// What starts runs by itself. A trigger and the run it starts are one commit: no time is missed or taken twice.

extension PipelineRegistry {
    /// The triggers of a version that was registered take the place of those of earlier ones.
    func arm(_ definition: PipelineDefinition, now: ZonedDateTime, in transaction: GraphTransaction) throws {
        _ = try self.database.run(
            "triggers_clear", ["pipeline": .string(definition.name)], in: transaction)
        for trigger in definition.triggers {
            let next =
                trigger.kind == .schedule
                ? (try? CronSchedule(trigger.expression))?.next(after: now.seconds) : nil
            _ = try self.database.run(
                "trigger_arm",
                [
                    "id": .string("\(definition.name):\(trigger.kind.rawValue)"),
                    "pipeline": .string(definition.name), "kind": .string(trigger.kind.rawValue),
                    "expression": .string(trigger.expression), "catch_up": .string(definition.catchUp),
                    "next_at": next.map { .dateTime(ZonedDateTime(seconds: $0)) } ?? .null,
                    "now": .dateTime(now),
                ], in: transaction)
        }
    }
}

extension Orchestrator {
    /// The most runs that a schedule with `catch_up=all` starts at once.
    private static let catchUpLimit = 100

    /// Starts the runs whose time has come, and those whose query has begun to return rows. Call it every second or so.
    /// - Returns: the runs' ids.
    /// - Throws: ``StorageError``.
    @discardableResult
    package func fireTriggers() async throws -> [String] {
        let now = self.clock()
        var runs: [String] = []
        for row in try self.database.read("triggers", ["kind": .string("schedule")]) {
            guard row["is_on"] == .boolean(true), let next = row["next_at"]?.dateTime,
                next.epochMilliseconds <= now.epochMilliseconds
            else { continue }
            runs += try await self.fire(schedule: row["id"]?.string ?? "", now: now)
        }
        for row in try self.database.read("triggers", ["kind": .string("query")])
        where row["is_on"] == .boolean(true) {
            runs += try await self.fire(query: row)
        }
        return runs
    }

    private func fire(schedule id: String, now: ZonedDateTime) async throws -> [String] {
        try await self.database.write { transaction in
            let rows = try self.run("triggers", in: transaction, ["kind": .string("schedule")])
            guard let row = rows.first(where: { $0["id"] == .string(id) }),
                let due = row["next_at"]?.dateTime?.seconds, due <= now.seconds,
                let schedule = try? CronSchedule(row["expression"]?.string ?? "")
            else { return [] }
            var times = [due]
            while let next = schedule.next(after: times[times.count - 1]), next <= now.seconds,
                times.count < Self.catchUpLimit
            {
                times.append(next)
            }
            switch row["catch_up"]?.string {
            case "all": break
            // A time that has just come is not a missed one.
            case "none": times = times.suffix(1).filter { now.seconds - $0 < 60 }
            default: times = times.suffix(1)
            }
            var runs: [String] = []
            for time in times {
                let moment = JSON.string(ZonedDateTime(seconds: time).description)
                if let run = try self.start(by: row, ["time": moment], in: transaction) { runs.append(run) }
            }
            let next = schedule.next(after: now.seconds)
            try self.set(
                trigger: id, ["next_at": next.map { .dateTime(ZonedDateTime(seconds: $0)) } ?? .null],
                in: transaction)
            return runs
        }
    }

    private func fire(query row: Record) async throws -> [String] {
        let id = row["id"]?.string ?? ""
        let before = row["has_rows"] == .boolean(true)
        let rows: [JSON]
        do {
            let result = try await self.database.query(row["expression"]?.string ?? "")
            rows = result.rows.prefix(1000).map { values in
                var object = JSON.Object()
                for (column, value) in zip(result.columns, values) {
                    object.append(column, value.triggerJSON)
                }
                return .object(object)
            }
        } catch {
            let text = "\(error)"
            guard row["last_error"]?.string != text else { return [] }
            try await self.database.write { transaction in
                try self.set(trigger: id, ["last_error": .string(text)], in: transaction)
            }
            return []
        }
        guard rows.isEmpty == before else { return [] }
        return try await self.database.write { transaction in
            try self.set(trigger: id, ["has_rows": .boolean(!rows.isEmpty)], in: transaction)
            guard !rows.isEmpty else { return [] }
            return try self.start(by: row, ["rows": .array(rows)], in: transaction).map { [$0] } ?? []
        }
    }

    /// A blob has arrived.
    /// - Returns: the runs that it starts.
    /// - Throws: ``StorageError``.
    @discardableResult
    package func blobArrived(_ digest: String, mediaType: String) async throws -> [String] {
        let triggers = try self.database.read("triggers", ["kind": .string("blob")]).filter {
            $0["is_on"] == .boolean(true) && Self.matches(mediaType, $0["expression"]?.string ?? "")
        }
        guard !triggers.isEmpty else { return [] }
        return try await self.database.write { transaction in
            try triggers.compactMap {
                try self.start(
                    by: $0, ["blob": .string(digest), "media_type": .string(mediaType)], in: transaction)
            }
        }
    }

    /// `*`, `text/*` or a whole media type; what follows a `;` does not count.
    static func matches(_ mediaType: String, _ pattern: String) -> Bool {
        let type = mediaType.lowercased().prefix { $0 != ";" }
        if pattern == "*" || pattern == "*/*" { return true }
        if pattern.hasSuffix("/*") { return type.hasPrefix(pattern.lowercased().dropLast()) }
        return type == pattern.lowercased()
    }

    /// A run has ended: starts those that wait for it.
    func fire(endOf facts: RunFlow.RunFacts, _ state: String, _ flow: RunFlow) throws {
        for row in try flow.run("triggers", ["kind": .string("run")]) where row["is_on"] == .boolean(true) {
            let parts = (row["expression"]?.string ?? "").split(separator: ":").map(String.init)
            guard parts.first == facts.pipeline, (parts.count > 1 ? parts[1] : "succeeded") == state else {
                continue
            }
            _ = try self.start(by: row, ["run": .string(facts.id)], in: flow.transaction)
        }
    }

    /// Starts the run of a trigger; one that cannot start is noted at the trigger, and nothing else fails by it.
    private func start(
        by trigger: Record, _ given: JSON.Object, in transaction: GraphTransaction
    ) throws -> String? {
        let (id, pipeline) = (trigger["id"]?.string ?? "", trigger["pipeline"]?.string ?? "")
        let flow = RunFlow(self, transaction)
        do {
            let versions = try flow.run("pipeline_versions", ["name": .string(pipeline)])
            guard let version = versions.last?["id"]?.string else { return nil }
            let names = try flow.plan(version).definition.parameters.map(\.name)
            var request = RunRequest(pipeline: version, startedBy: "trigger:\(id)")
            request.cause = id
            for member in given where names.contains(member.name) {
                request.parameters[member.name] = member.value
            }
            let run = try self.start(request, version: version, flow)
            try flow.go()
            try self.set(
                trigger: id, ["last_run": .string(run), "fired_at": .dateTime(self.clock())], in: transaction)
            return run
        } catch let error as OrchestrationError {
            try self.set(trigger: id, ["last_error": .string(error.description)], in: transaction)
            return nil
        }
    }

    private func set(
        trigger id: String, _ values: [String: Value], in transaction: GraphTransaction
    ) throws {
        var parameters: [String: Value] = [
            "id": .string(id), "next_at": .null, "has_rows": .null, "is_on": .null, "last_run": .null,
            "last_error": .null, "fired_at": .null,
        ]
        parameters.merge(values) { $1 }
        _ = try self.run("trigger_set", in: transaction, parameters)
    }
}

extension Value {
    /// As a trigger hands it to a run.
    fileprivate var triggerJSON: JSON {
        switch self {
        case .null: .null
        case .string(let text): .string(text)
        case .integer(let number): .int(number)
        case .float(let number): .double(number)
        case .boolean(let truth): .bool(truth)
        case .list(let list): .array(list.map(\.triggerJSON))
        case .dateTime(let moment): .string(moment.description)
        case .date(let date): .string(date.description)
        default: .string(self.typeName)
        }
    }
}
