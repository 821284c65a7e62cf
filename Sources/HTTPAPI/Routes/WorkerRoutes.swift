internal import AccessControl
internal import Authorization
internal import GraphDatabase
internal import HTTPTypes
internal import Hummingbird
internal import Identity
internal import JSON
internal import Orchestration
internal import PropertyGraph

/// The worker protocol: join, lease, report, heartbeat.
struct WorkerRoutes {
    let services: Services

    func add(to router: GuardedRouter) {
        router.post("/v1/workers", .network(.work)) { request, _ in
            let id = try await self.services.orchestrator.join(
                WorkerIntroduction(json: try await request.json()))
            return Response(
                [
                    "id": .string(id), "heartbeat_seconds": .int(Orchestrator.heartbeatSeconds),
                    "lease_seconds": .int(Orchestrator.leaseSeconds),
                ], status: .created)
        }
        router.post("/v1/machines:invite", .network(.addMachines)) { try await self.invite($0, $1) }
        router.post("/v1/workers:join", .network(.addMachines)) { request, context in
            let hostname = try await request.json()["hostname"]?.string ?? ""
            let token = request.headers[.authorization].map { String($0.dropFirst("Bearer ".count)) }
            // Who came in otherwise, as with a password, has nothing to use up.
            let invitation = token.flatMap { $0.hasPrefix(TokenAuthority.prefix) ? $0 : nil }
            let answer = try await self.directory(context).join(hostname: hostname, invitation: invitation)
            return Response(answer, status: .created)
        }
        router.get("/v1/machines", .network(.operate)) { _, _ in
            let graph = self.services.database.snapshot()
            let rows = try self.services.database.read("machines").map { record -> JSON in
                var object = JSON.Object()
                for field in record.fields { object.append(field.name, graph.plainJSON(field.value)) }
                return .object(object)
            }
            return Response(["machines": .array(rows)])
        }
        router.get("/v1/machines/:machine", .network(.operate)) { _, context in
            let machine = context.part("machine")
            guard let row = try self.services.database.read("machine", ["machine": .string(machine)]).first
            else { throw self.unknown(machine) }
            return Response(self.services.json(row))
        }
        router.post("/v1/machines/:machine/:change", .network(.operate)) { _, context in
            let (machine, change) = (context.part("machine"), context.part("change"))
            guard change == "drain" || change == "resume" else {
                throw HTTPProblem(
                    .notFound, code: "not_found", "a machine can be drained or resumed, not `\(change)`")
            }
            try await self.services.orchestrator.drain(machine: machine, change == "drain")
            return Response(["id": .string(machine), "state": change == "drain" ? "draining" : "up"])
        }
        router.delete("/v1/machines/:machine", .network(.operate)) { _, context in
            let machine = context.part("machine")
            try await self.services.orchestrator.remove(machine: machine)
            try await self.directory(context).shutOut(machine: machine)
            return Response(status: .noContent)
        }
        router.post("/v1/workers/:id/lease", .network(.work)) { request, context in
            try await self.lease(request, context)
        }
        router.post("/v1/workers/:id/report", .network(.work)) { request, context in
            try await self.report(request, context)
        }
        router.post("/v1/workers/:id/heartbeat", .network(.work)) { request, context in
            try await self.heartbeat(request, context)
        }
    }

    private func directory(_ context: APIContext) -> Directory {
        Directory(
            store: self.services.stores.network, authenticator: self.services.authenticator,
            actor: context.caller.user)
    }

    private func invite(_ request: Request, _ context: APIContext) async throws -> Response {
        let body = try await request.jsonOrNothing() ?? [:]
        let (uses, time) = (body["uses"]?.int ?? 1, body["expires_in"]?.string ?? "1h")
        guard (1...1000).contains(uses) else {
            throw HTTPProblem(.badRequest, code: "invalid_request", "`uses` is from 1 to 1000")
        }
        guard let seconds = TimeSpan.seconds(time), (1...30 * 86_400).contains(seconds) else {
            throw HTTPProblem(
                .badRequest, code: "invalid_request", "`expires_in` is a time of up to 30 days, such as 1h")
        }
        let end = self.services.now.adding(seconds: seconds)
        return Response(try await self.directory(context).invite(uses: uses, until: end), status: .created)
    }

    private func unknown(_ machine: String) -> OrchestrationError {
        .notFound(what: "machine", name: machine, hint: "see `plexus machine list`")
    }

    private func worker(_ context: APIContext) -> String { context.parameters.get("id") ?? "" }

    /// Long poll: answers at once when there is work, else when some comes or the time is over.
    private func lease(_ request: Request, _ context: APIContext) async throws -> Response {
        let body = try await request.json()
        let worker = self.worker(context)
        let asked = Self.leaseRequest(body, atLeast: 1)
        let wait = min(60, body["wait"]?.string.flatMap(TimeSpan.seconds) ?? body["wait"]?.int ?? 0)
        let orchestrator = self.services.orchestrator
        let commits = self.services.database.commits()
        let before = orchestrator.queueNews
        var jobs = try await orchestrator.lease(worker: worker, asked)
        if jobs.isEmpty, wait > 0 {
            // What a worker that is gone would be given stays for others.
            let end = ConnectionEnd.of(context.channel)
            jobs = try await self.lease(worker, asked, within: wait, commits, before, until: end)
        }
        return Response(["jobs": .array(jobs.map(\.json))])
    }

    /// Waits for jobs.
    private func lease(
        _ worker: String, _ asked: LeaseRequest, within wait: Int, _ commits: AsyncStream<UInt64>,
        _ before: UInt64?, until end: AsyncStream<Void>
    ) async throws -> [LeasedJob] {
        let orchestrator = self.services.orchestrator
        return try await withThrowingTaskGroup(of: [LeasedJob].self) { group in
            group.addTask {
                // Commits that bring nothing to the queue wake nobody.
                var known = before
                for await _ in commits {
                    let news = orchestrator.queueNews
                    guard news != nil, news != known else { continue }
                    known = news
                    let jobs = try await orchestrator.lease(worker: worker, asked)
                    if !jobs.isEmpty { return jobs }
                }
                return []
            }
            // Jobs whose time comes, and machines that have room again, make no commit.
            group.addTask {
                while !Task.isCancelled {
                    try await Task.sleep(for: .seconds(1))
                    guard orchestrator.queueNews != nil else { continue }
                    let jobs = try await orchestrator.lease(worker: worker, asked)
                    if !jobs.isEmpty { return jobs }
                }
                return []
            }
            group.addTask {
                try await Task.sleep(for: .seconds(wait))
                return []
            }
            group.addTask {
                for await _ in end {}
                return []
            }
            var jobs = try await group.next() ?? []
            group.cancelAll()
            // A lease that came in the same moment must not be lost.
            while let more = try? await group.next() { jobs += more }
            return jobs
        }
    }

    private static func leaseRequest(_ json: JSON, atLeast least: Int) -> LeaseRequest {
        LeaseRequest(
            limit: max(least, min(1000, json["max"]?.int ?? 1)),
            more: max(0, min(1000, json["more"]?.int ?? 0)),
            of: Set(json["brief_functions"]?.array?.compactMap(\.string) ?? []))
    }

    /// Takes what became of attempts, and gives the jobs that the worker asks for with it.
    private func report(_ request: Request, _ context: APIContext) async throws -> Response {
        let body = try await request.json()
        guard let events = body["events"]?.array else {
            throw HTTPProblem(.badRequest, code: "invalid_request", "the member `events` (a list) is missing")
        }
        let results = try await self.storeResults(of: events)
        let asked = body["lease"].map { Self.leaseRequest($0, atLeast: 0) }
        let (refused, jobs) = try await self.services.orchestrator.report(
            try zip(events, results).map { try self.event($0, result: $1) }, worker: self.worker(context),
            asking: asked)
        // One alone is answered as before; of several, or with jobs, each has its own answer.
        if events.count == 1, asked == nil, let error = refused[0] { throw error }
        return Response([
            "accepted": .int(events.count - refused.count), "jobs": .array(jobs.map(\.json)),
            "refused": .array(
                refused.sorted { $0.key < $1.key }.map { index, error in
                    [
                        "event": .int(index), "attempt": events[index]["attempt"] ?? .null,
                        "code": .string(error.code), "detail": .string(error.description),
                    ]
                }),
        ])
    }

    /// Stores the results that events bring with them, all at once, as their syncs can be one; gives what each is.
    private func storeResults(of events: [JSON]) async throws -> [AttemptOutcome.Result?] {
        let blobs = self.services.blobs
        return try await withThrowingTaskGroup(of: (Int, AttemptOutcome.Result).self) { group in
            for (index, event) in events.enumerated() {
                guard let text = event["result"]?["text"]?.string else { continue }
                let told = event["result"]?["sha256"]?.string
                group.addTask {
                    let bytes = Array(text.utf8)
                    let found = try await blobs.store(bytes)
                    // What came is kept a while, as all that nothing refers to.
                    guard told ?? found == found else {
                        throw OrchestrationError.digestMismatch(expected: told ?? "", found: found)
                    }
                    return (index, AttemptOutcome.Result(sha256: found, size: bytes.count))
                }
            }
            var results = [AttemptOutcome.Result?](repeating: nil, count: events.count)
            for try await (index, result) in group { results[index] = result }
            return results
        }
    }

    private func event(_ event: JSON, result stored: AttemptOutcome.Result?) throws -> AttemptEvent {
        guard let attempt = event["attempt"]?.string, let kind = event["event"]?.string else {
            throw HTTPProblem(
                .badRequest, code: "invalid_request", "an event needs the texts `attempt` and `event`")
        }
        let log = String((event["log"]?.string ?? "").suffix(16_384))
        let memory = event["memory_bytes"]?.int
        let secondsAgo = max(0, event["seconds_ago"]?.double ?? 0)
        switch kind {
        case "started":
            return AttemptEvent(
                attempt: attempt, .started(function: event["function"]?.string ?? ""), secondsAgo: secondsAgo)
        case "preparing":
            let stage = String((event["stage"]?.string ?? "").prefix(1000))
            return AttemptEvent(attempt: attempt, .preparing(stage))
        case "returned": return AttemptEvent(attempt: attempt, .returned)
        case "succeeded":
            guard let result = stored ?? self.services.blobs.result(event["result"]?["sha256"]?.string) else {
                throw HTTPProblem(
                    .badRequest, code: "result_missing",
                    "a success needs `result.text`, or `result.sha256` of a blob that was sent before")
            }
            return AttemptEvent(
                attempt: attempt,
                .ended(
                    AttemptOutcome(
                        result: result, error: nil, errorClass: nil, exit: 0,
                        log: log, memoryBytes: memory)), secondsAgo: secondsAgo)
        case "failed":
            return AttemptEvent(
                attempt: attempt,
                .ended(
                    AttemptOutcome(
                        result: nil, error: event["error"]?.string ?? "it failed without saying why",
                        errorClass: event["error_class"]?.string ?? "unknown", exit: event["exit"]?.int,
                        log: log, memoryBytes: memory)), secondsAgo: secondsAgo)
        default:
            throw HTTPProblem(
                .badRequest, code: "invalid_request",
                "an event is preparing, started, succeeded, failed or returned, not `\(kind.prefix(40))`")
        }
    }

    private func heartbeat(_ request: Request, _ context: APIContext) async throws -> Response {
        let body = try await request.json()
        let stop = try await self.services.orchestrator.heartbeat(
            worker: self.worker(context), attempts: body["attempts"]?.array?.compactMap(\.string) ?? [],
            load: body["load"]?.double ?? 0, memoryFreeBytes: body["memory_free_bytes"]?.int ?? 0,
            figures: Self.figures(body["figures"]?.object ?? JSON.Object()))
        return Response(["stop": .array(stop.map(JSON.string))])
    }

    /// What a worker may say of its machine beside load and memory: numbers, texts, and lists of them, by these names.
    private static let figureNames: Set<String> = [
        "cpu_percent", "core_percent", "disk_bytes", "disk_free_bytes", "temperatures",
        "network_received_bytes",
        "network_sent_bytes", "gpus",
    ]

    private static func figures(_ object: JSON.Object) -> [String: Value] {
        func value(_ json: JSON) -> Value? {
            if let number = json.int { return .integer(number) }
            if let number = json.double { return .float(number) }
            return json.string.map { .string(String($0.prefix(1000))) }
        }
        var figures: [String: Value] = [:]
        for member in object where Self.figureNames.contains(member.name) {
            if let list = member.value.array {
                figures[member.name] = .list(list.prefix(1024).compactMap(value))
            } else if let figure = value(member.value) {
                figures[member.name] = figure
            }
        }
        return figures
    }
}

extension BlobStore {
    fileprivate func result(_ digest: String?) -> AttemptOutcome.Result? {
        digest.flatMap { digest in self.size(digest).map { AttemptOutcome.Result(sha256: digest, size: $0) } }
    }
}

extension LeasedJob {
    var json: JSON {
        [
            "job": .string(self.job), "attempt": .string(self.attempt), "function": self.definition,
            "input": self.input,
            "timeout_seconds": .int(self.timeoutSeconds), "limits": FunctionLimits(self.definition).json,
            "bindings": .array(
                self.bindings.map {
                    [
                        "input": .string($0.input), "output": $0.output.map(JSON.string) ?? .null,
                        "sha256": .string($0.sha256),
                    ]
                }),
        ]
    }
}
