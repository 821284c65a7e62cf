internal import GraphDatabase
internal import Graphviz
internal import HTTPTypes
internal import Hummingbird
internal import JSON
internal import Orchestration
internal import PropertyGraph
internal import Visualization

/// Functions, pipelines, runs and jobs.
struct OrchestrationRoutes {
    let services: Services

    func add(to router: Router<APIContext>) {
        router.get("/v1/functions") { _, _ in
            Response(self.list(try self.services.functions.list(), "functions"))
        }
        router.post("/v1/functions") { request, _ in try await self.registerFunction(request) }
        router.get("/v1/functions/:name") { _, context in try self.function(context, version: nil) }
        router.get("/v1/functions/:name/versions/:version") { _, context in
            try self.function(context, version: context.parameters.get("version"))
        }
        router.post("/v1/functions/:name/versions/:version/:change") { _, context in
            try await self.enable(context)
        }
        router.get("/v1/pipelines") { _, _ in
            Response(self.list(try self.services.pipelines.list(), "pipelines"))
        }
        router.post("/v1/pipelines") { request, _ in try await self.registerPipeline(request) }
        router.post("/v1/pipelines/validate") { request, _ in try await self.validatePipeline(request) }
        router.get("/v1/pipelines/:name") { _, context in
            Response(self.json(try self.services.pipelines.version(context.parameters.get("name") ?? "")))
        }
        router.post("/v1/pipelines/:name/runs") { request, context in
            try await self.startRun(request, context)
        }
        router.get("/v1/runs") { _, _ in
            Response(self.list(try self.services.database.read("runs", ["limit": .integer(100)]), "runs"))
        }
        router.get("/v1/runs/:id") { request, context in try await self.run(request, context) }
        router.post("/v1/jobs") { request, context in try await self.call(request, context) }
        router.get("/v1/jobs/:id") { _, context in try self.job(context) }
        router.get("/v1/jobs/:id/result") { request, context in try await self.result(request, context) }
    }

    // MARK: Functions

    private func registerFunction(_ request: Request) async throws -> Response {
        let definition = try FunctionDefinition(json: try await request.json())
        let isNew = try await self.services.functions.register(definition, now: self.services.now)
        return Response(
            ["id": .string(definition.reference), "created": .bool(isNew)], status: isNew ? .created : .ok)
    }

    private func function(_ context: APIContext, version: String?) throws -> Response {
        let name = context.parameters.get("name") ?? ""
        let record = try self.services.functions.version(version.map { "\(name)@\($0)" } ?? name)
        var answer = self.object(record)
        answer["definition"] = try JSON.parse(record["definition"]?.string ?? "null")
        return Response(.object(answer))
    }

    private func enable(_ context: APIContext) async throws -> Response {
        let reference = "\(context.parameters.get("name") ?? "")@\(context.parameters.get("version") ?? "")"
        let change = context.parameters.get("change") ?? ""
        guard change == "enable" || change == "disable" else {
            throw HTTPProblem(
                .notFound, code: "not_found", "a version can be enabled or disabled, not `\(change)`")
        }
        try await self.services.functions.setEnabled(change == "enable", reference, now: self.services.now)
        return Response(["id": .string(reference), "enabled": .bool(change == "enable")])
    }

    // MARK: Pipelines and runs

    private func definition(_ request: Request) async throws -> PipelineDefinition {
        let bytes: [UInt8]
        do {
            bytes = Array((try await request.body.collect(upTo: Request.bodyLimit)).readableBytesView)
        } catch {
            throw HTTPProblem(
                .contentTooLarge, code: "body_too_large", "a pipeline has at most \(Request.bodyLimit) bytes")
        }
        let dot = String(decoding: bytes, as: UTF8.self)
        return try PipelineDefinition(graph: try await self.services.pictures.parse(dot), dot: dot)
    }

    private func registerPipeline(_ request: Request) async throws -> Response {
        let definition = try await self.definition(request)
        let isNew = try await self.services.pipelines.register(definition, now: self.services.now)
        let id = "\(definition.name)@\(definition.version)"
        return Response(
            [
                "id": .string(id), "digest": .string(definition.digest),
                "steps": .int(definition.steps.count),
                "created": .bool(isNew),
            ], status: isNew ? .created : .ok)
    }

    private func validatePipeline(_ request: Request) async throws -> Response {
        var problems: [Problem] = []
        do {
            problems = try self.services.pipelines.problems(of: try await self.definition(request))
        } catch OrchestrationError.invalid(_, let found) {
            problems = found
        }
        return Response([
            "valid": .bool(problems.isEmpty),
            "problems": .array(
                problems.map { ["place": .string($0.place), "message": .string($0.message)] }),
        ])
    }

    private func startRun(_ request: Request, _ context: APIContext) async throws -> Response {
        let body = try await request.json()
        let run = try await self.services.orchestrator.startRun(
            context.parameters.get("name") ?? "", parameters: body["parameters"]?.object ?? JSON.Object(),
            customerReference: body["reference"]?.string, startedBy: context.user)
        return Response(["id": .string(run), "state": "running"], status: .created)
    }

    private func run(_ request: Request, _ context: APIContext) async throws -> Response {
        let id = context.parameters.get("id") ?? ""
        try await self.wait(request) {
            try self.services.database.read("run", ["run": .string(id)]).first.map {
                $0["state"] != .string("running")
            } ?? true
        }
        guard let record = try self.services.database.read("run", ["run": .string(id)]).first else {
            throw OrchestrationError.notFound(what: "run", name: id, hint: "see `plexus run list`")
        }
        var answer = self.object(record)
        answer["dot"] = nil
        answer["jobs"] = .array(
            try self.services.database.read("run_jobs", ["run": .string(id)]).map { self.json($0) })
        return Response(.object(answer))
    }

    /// With `?wait=30s`: returns when the condition holds, or the time is over.
    private func wait(_ request: Request, until isDone: @escaping @Sendable () throws -> Bool) async throws {
        guard let text = request.parameter("wait"), let seconds = TimeSpan.seconds(text), try !isDone() else {
            return
        }
        let database = self.services.database
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                // The commits are followed before the first look, so that none is missed.
                let commits = database.commits()
                if try isDone() { return }
                for await _ in commits where try isDone() { return }
            }
            group.addTask { try await Task.sleep(for: .seconds(min(seconds, 60))) }
            _ = try await group.next()
            group.cancelAll()
        }
    }

    // MARK: Jobs

    private func call(_ request: Request, _ context: APIContext) async throws -> Response {
        let body = try await request.json()
        guard let function = body["function"]?.string else {
            throw HTTPProblem(
                .badRequest, code: "invalid_request",
                "the member `function` (name or name@version) is missing")
        }
        let job = try await self.services.orchestrator.call(
            function, input: body["input"] ?? .object(JSON.Object()), priority: body["priority"]?.int ?? 0,
            customerReference: body["reference"]?.string, startedBy: context.user)
        return Response(["id": .string(job), "state": "queued"], status: .created)
    }

    private func jobRecord(_ id: String) throws -> Record {
        guard let record = try self.services.database.read("job", ["job": .string(id)]).first else {
            throw OrchestrationError.notFound(what: "job", name: id, hint: nil)
        }
        return record
    }

    private func job(_ context: APIContext) throws -> Response {
        let id = context.parameters.get("id") ?? ""
        var answer = self.object(try self.jobRecord(id))
        answer["attempts_made"] = .array(
            try self.services.database.read("job_attempts", ["job": .string(id)]).map { self.json($0) })
        return Response(.object(answer))
    }

    private func result(_ request: Request, _ context: APIContext) async throws -> Response {
        let id = context.parameters.get("id") ?? ""
        let ends: Set<String> = ["succeeded", "failed", "skipped", "cancelled"]
        try await self.wait(request) { ends.contains(try self.jobRecord(id)["state"]?.string ?? "") }
        let record = try self.jobRecord(id)
        let state = record["state"]?.string ?? ""
        guard ends.contains(state) else {
            return Response(["id": .string(id), "state": .string(state)], status: .accepted)
        }
        guard state == "succeeded",
            let digest = try self.services.database.read("job_result", ["job": .string(id)]).first?["sha256"]?
                .string,
            let bytes = try await self.services.blobs.read(digest)
        else {
            throw HTTPProblem(
                .conflict, code: "job_\(state)", "job \(id) is \(state): \(record["error"]?.string ?? "")")
        }
        return Response(bytes, type: "application/json")
    }

    // MARK: Records

    private func object(_ record: Record) -> JSON.Object {
        let graph = self.services.database.snapshot()
        var object = JSON.Object()
        for field in record.fields { object.append(field.name, graph.plainJSON(field.value)) }
        return object
    }

    private func json(_ record: Record) -> JSON { .object(self.object(record)) }

    private func list(_ records: [Record], _ name: String) -> JSON {
        .object([name: .array(records.map { self.json($0) })])
    }
}
