internal import AccessControl
internal import GraphDatabase
internal import HTTPTypes
internal import Hummingbird
internal import JSON
internal import Orchestration
internal import PropertyGraph

/// Jobs: calls of functions, alone and in batches.
struct JobRoutes {
    let services: Services

    func add(to router: GuardedRouter) {
        router.post("/v1/jobs", .inHandler) { request, context in try await self.submit(request, context) }
        router.post("/v1/jobs:batch", .inHandler) { request, context in
            try await self.submitBatch(request, context)
        }
        router.post("/v1/jobs:results", .inHandler) { request, context in
            try await self.results(request, context)
        }
        router.get("/v1/jobs", .inHandler) { try self.list($0, $1) }
        router.get("/v1/jobs/:id", .inHandler) { _, context in try self.job(context) }
        router.patch("/v1/jobs/:id", .network(.operate)) { request, context in
            try await self.change(request, context)
        }
        router.get("/v1/jobs/:id/result", .inHandler) { request, context in
            try await self.result(request, context)
        }
        router.get("/v1/jobs/:id/explain", .inHandler) { _, context in try self.explain(context) }
        router.post("/v1/jobs/:id/retry", .inHandler) { _, context in
            let id = self.id(context)
            _ = try self.record(id, context)
            try await self.services.orchestrator.retry(job: id, by: context.user)
            return Response(["id": .string(id), "state": "queued"])
        }
        router.post("/v1/jobs:retry", .network(.operate)) { request, context in
            let body = try await request.json()
            let jobs = try await self.services.orchestrator.retryFailed(
                function: body["function"]?.string, errorClass: body["error_class"]?.string, by: context.user)
            return Response(["jobs": .array(jobs.map(JSON.string))])
        }
        router.post("/v1/jobs/:id/cancel", .inHandler) { _, context in
            let id = self.id(context)
            _ = try self.record(id, context)
            try await self.services.orchestrator.cancel(job: id, by: context.user)
            return Response(["id": .string(id), "state": "cancelled"])
        }
    }

    private func id(_ context: APIContext) -> String { context.parameters.get("id") ?? "" }

    // MARK: Submitting

    private func submit(_ request: Request, _ context: APIContext) async throws -> Response {
        let job = try self.jobRequest(
            try await request.json(), at: nil, key: request.headers[.init("Idempotency-Key") ?? .accept])
        for function in self.functions([job]) {
            try self.services.require(.on(.function, .run, function), context)
        }
        let submitted = try await self.services.orchestrator.submit([job], startedBy: context.user)
        let isNew = submitted.first?.isNew ?? false
        let id = submitted.first?.id ?? ""
        let state = isNew ? "queued" : try self.record(id, context)["state"]?.string ?? ""
        return Response(["id": .string(id), "state": .string(state)], status: isNew ? .created : .ok)
    }

    private func submitBatch(_ request: Request, _ context: APIContext) async throws -> Response {
        guard let list = try await request.json()["jobs"]?.array else {
            throw HTTPProblem(.badRequest, code: "invalid_request", "the member `jobs` (a list) is missing")
        }
        let jobs = try list.enumerated().map { index, json in
            try self.jobRequest(json, at: index, key: json["idempotency_key"]?.string)
        }
        context.inquiry.note()
        for function in self.functions(jobs) {
            try self.services.require(.on(.function, .run, function), context)
        }
        let submitted = try await self.services.orchestrator.submit(jobs, startedBy: context.user)
        return Response(
            ["jobs": .array(submitted.map { ["id": .string($0.id), "created": .bool($0.isNew)] })],
            status: .created)
    }

    /// The functions that jobs call, those that compare their results among them.
    private func functions(_ jobs: [JobRequest]) -> [String] {
        var functions = Set(jobs.map(\.function))
        for job in jobs {
            if case .function(let name) = job.replication?.comparison { functions.insert(name) }
        }
        return functions.sorted()
    }

    private func jobRequest(_ json: JSON, at index: Int?, key: String?) throws -> JobRequest {
        let place = index.map { "job \($0): " } ?? ""
        guard let function = json["function"]?.string else {
            throw HTTPProblem(
                .badRequest, code: "invalid_request",
                place + "the member `function` (name or name@version) is missing")
        }
        if let priority = json["priority"], priority.int == nil {
            throw HTTPProblem(
                .badRequest, code: "invalid_request",
                place + "`priority` is a whole number, not \(priority.kind)")
        }
        guard key?.utf8.count ?? 0 <= 256 else {
            throw HTTPProblem(
                .badRequest, code: "invalid_request", place + "an idempotency key has at most 256 bytes")
        }
        return JobRequest(
            function: function, input: json["input"] ?? .object(JSON.Object()),
            priority: json["priority"]?.int ?? 0, customerReference: json["reference"]?.string,
            idempotencyKey: key,
            availableAt: try self.moment(json, "delay", "available_at", place),
            deadline: try self.moment(json, "timeout_after", "deadline", place),
            unique: try self.uniqueness(json, place), replication: try self.replication(json, place))
    }

    private func replication(_ json: JSON, _ place: String) throws -> JobReplication? {
        func refuse(_ message: String) -> HTTPProblem {
            HTTPProblem(.badRequest, code: "invalid_request", place + message)
        }
        func number(_ name: String, _ range: ClosedRange<Int>) throws -> Int? {
            guard let value = json[name], value != .null else { return nil }
            guard let number = value.int, range.contains(number) else {
                throw refuse("`\(name)` is a whole number from 1 to \(range.upperBound)")
            }
            return number
        }
        let replicas = try number("replicas", 1...100) ?? 1
        let quorum = try number("quorum", 1...replicas)
        var comparison = ResultComparison.digest
        if let value = json["compare"], value != .null {
            guard let read = value.string.flatMap(ResultComparison.init) else {
                throw refuse("`compare` is `digest`, `tolerance=1e-6` or `function=name@version`")
            }
            comparison = read
        }
        guard replicas > 1 else { return nil }
        return JobReplication(
            replicas: replicas, quorum: quorum, comparison: comparison,
            isAdaptive: json["adaptive"]?.bool ?? false)
    }

    /// `true`, or `{"key": ..., "while": "queued" | "running"}`, or `{"key": ..., "for": "10m"}`.
    private func uniqueness(_ json: JSON, _ place: String) throws -> JobUniqueness? {
        guard let value = json["unique"], value != .null, value != false else { return nil }
        func refuse() -> HTTPProblem {
            HTTPProblem(
                .badRequest, code: "invalid_request",
                place
                    + "`unique` is true, or an object of `key` (at most 256 bytes; without one, the input) and either `while` "
                    + "(\"queued\" or \"running\") or `for` (a time such as \"10m\")")
        }
        if value == true { return JobUniqueness(key: nil, span: .running) }
        guard let object = value.object, object.allSatisfy({ ["key", "while", "for"].contains($0.name) }),
            object["key"].map({ $0.string.map { $0.utf8.count <= 256 } ?? false }) ?? true
        else { throw refuse() }
        let span: JobUniqueness.Span
        switch (object["while"], object["for"]) {
        case (nil, nil), ("running", nil): span = .running
        case ("queued", nil): span = .queued
        case (nil, let time?):
            guard let seconds = time.int ?? time.string.flatMap(TimeSpan.seconds),
                (1...FunctionDefinition.longestTimeoutSeconds * 52).contains(seconds)
            else { throw refuse() }
            span = .seconds(seconds)
        default: throw refuse()
        }
        return JobUniqueness(key: object["key"]?.string, span: span)
    }

    /// A moment, given as a time from now (`30s`) in one member or as it is in the other.
    private func moment(
        _ json: JSON, _ span: String, _ moment: String, _ place: String
    ) throws -> ZonedDateTime? {
        if let value = json[span], value != .null {
            guard let seconds = value.int ?? value.string.flatMap(TimeSpan.seconds),
                (0...FunctionDefinition.longestTimeoutSeconds * 52).contains(seconds)
            else {
                throw HTTPProblem(
                    .badRequest, code: "invalid_request",
                    place + "`\(span)` is a time such as 30 or \"5m\", a year at most")
            }
            return self.services.now.adding(seconds: seconds)
        }
        guard let value = json[moment], value != .null else { return nil }
        guard let time = value.string.flatMap({ ZonedDateTime(iso: $0) }) else {
            throw HTTPProblem(
                .badRequest, code: "invalid_request",
                place + "`\(moment)` is a time such as \"2026-11-26T12:00:00Z\"")
        }
        return time
    }

    // MARK: Changing

    private func change(_ request: Request, _ context: APIContext) async throws -> Response {
        let body = try await request.json()
        guard body["priority"]?.int != nil || body["is_enabled"]?.bool != nil else {
            throw HTTPProblem(
                .badRequest, code: "invalid_request",
                "what may change is `priority` (a whole number) and `is_enabled` (true or false)")
        }
        try await self.services.orchestrator.change(
            job: self.id(context), priority: body["priority"]?.int, isEnabled: body["is_enabled"]?.bool,
            by: context.user)
        return try self.job(context)
    }

    // MARK: Reading

    private func list(_ request: Request, _ context: APIContext) throws -> Response {
        func filter(_ name: String) -> Value { request.parameter(name).map(Value.string) ?? .null }
        let limit = request.parameter("limit").flatMap(Int.init) ?? 100
        guard (1...10_000).contains(limit) else {
            throw HTTPProblem(.badRequest, code: "invalid_request", "`limit` is a number from 1 to 10000")
        }
        let records = try self.services.database.read(
            "jobs",
            [
                "state": filter("state"), "function": filter("function"), "run": filter("run"),
                "started_by": self.services.ownOnly(context), "limit": .integer(limit),
            ])
        return Response(self.services.list(records, "jobs"))
    }

    private func explain(_ context: APIContext) throws -> Response {
        let id = self.id(context)
        let record = try self.record(id, context)
        let reasons = try self.services.orchestrator.explain(job: id)
        return Response([
            "id": .string(id), "state": .string(record["state"]?.string ?? ""),
            "reasons": .array(
                reasons.map { ["code": .string($0.code), "message": .string($0.message)] }),
        ])
    }

    /// A job of the caller's own, or any for those who operate the network.
    private func record(_ id: String, _ context: APIContext) throws -> Record {
        let found = try self.services.database.read("job", ["job": .string(id)]).first
        try self.services.require(owner: found?["started_by"]?.string, context)
        guard let record = found else {
            throw OrchestrationError.notFound(what: "job", name: id, hint: nil)
        }
        return record
    }

    private func job(_ context: APIContext) throws -> Response {
        let id = self.id(context)
        var answer = self.services.object(try self.record(id, context))
        answer["attempts_made"] = .array(
            try self.services.database.read("job_attempts", ["job": .string(id)]).map {
                self.services.json($0)
            })
        return Response(.object(answer))
    }

    private func result(_ request: Request, _ context: APIContext) async throws -> Response {
        let id = self.id(context)
        let orchestrator = self.services.orchestrator
        var outcome = try self.outcome(id, context)
        if !orchestrator.hasEnded(job: id) {
            try await self.services.wait(request) { orchestrator.hasEnded(job: id) }
            outcome = try self.outcome(id, context)
        }
        let state = outcome.state
        guard orchestrator.hasEnded(job: id) else {
            return Response(["id": .string(id), "state": .string(state)], status: .accepted)
        }
        guard state == "succeeded", let digest = outcome.result
        else {
            throw HTTPProblem(
                .conflict, code: "job_\(state)", "job \(id) is \(state): \(outcome.error ?? "")")
        }
        return try await self.services.blob(digest, type: "application/json", request, context)
    }

    /// Where a job is that the caller may see.
    private func outcome(_ id: String, _ context: APIContext) throws -> JobOutcome {
        let found = self.services.orchestrator.outcome(ofJob: id)
        try self.services.require(owner: found?.owner, context)
        guard let outcome = found else { throw OrchestrationError.notFound(what: "job", name: id, hint: nil) }
        return outcome
    }

    // MARK: Many results

    /// How many bytes of results one answer carries; further ones are to be fetched one by one.
    private static let resultBytesLimit = 16 << 20

    /// Where many jobs are, and their results; waits for all of them with `wait`.
    private func results(_ request: Request, _ context: APIContext) async throws -> Response {
        let body = try await request.json()
        guard let ids = body["jobs"]?.array?.compactMap(\.string), ids.count <= Orchestrator.batchLimit,
            ids.count == body["jobs"]?.array?.count
        else {
            throw HTTPProblem(
                .badRequest, code: "invalid_request",
                "`jobs` is a list of at most \(Orchestrator.batchLimit) ids of jobs")
        }
        context.inquiry.note()
        for id in ids { _ = try self.outcome(id, context) }
        let orchestrator = self.services.orchestrator
        let ended = Locked(0)
        let wait = body["wait"]?.string.flatMap(TimeSpan.seconds) ?? body["wait"]?.int
        try await self.services.wait(seconds: wait) {
            // What has ended stays so: each is looked at until it has, one after the other.
            ended.withLock { ended in
                while ended < ids.count, orchestrator.hasEnded(job: ids[ended]) { ended += 1 }
                return ended == ids.count
            }
        }
        var results: [JSON] = []
        var known: [String: JSON] = [:]
        var bytesLeft = Self.resultBytesLimit
        for id in ids {
            let outcome = try self.outcome(id, context)
            var object: JSON.Object = ["id": .string(id), "state": .string(outcome.state)]
            if let error = outcome.error { object.append("error", .string(error)) }
            if let kind = outcome.errorClass { object.append("error_class", .string(kind)) }
            if outcome.state == "succeeded", let digest = outcome.result {
                object.append("sha256", .string(digest))
                let size = self.services.blobs.size(digest) ?? 0
                if size <= bytesLeft {
                    bytesLeft -= size
                    if known[digest] == nil, let bytes = try await self.services.blobs.read(digest) {
                        known[digest] = try JSON.parse(utf8: bytes)
                    }
                    if let result = known[digest] { object.append("result", result) }
                }
            }
            results.append(.object(object))
        }
        return Response(["jobs": .array(results)])
    }
}
