internal import AccessControl
internal import GraphDatabase
internal import Graphviz
internal import HTTPTypes
internal import Hummingbird
internal import JSON
internal import Orchestration
internal import PropertyGraph
internal import Visualization

/// Functions, pipelines and runs.
struct OrchestrationRoutes {
    let services: Services

    func add(to router: GuardedRouter) {
        router.get("/v1/functions", .inHandler) { _, context in
            self.visible(try self.services.functions.list(), .function, "functions", context)
        }
        router.post("/v1/functions", .inHandler) { try await self.registerFunction($0, $1) }
        router.get("/v1/functions/:name", .object(.function, .see, parameter: "name")) { _, context in
            try self.function(context, version: nil)
        }
        router.get("/v1/functions/:name/versions/:version", .object(.function, .see, parameter: "name")) {
            _, context in
            try self.function(context, version: context.parameters.get("version"))
        }
        router.get("/v1/functions/:name/statistics", .inHandler) { request, context in
            try self.statistics(request, context)
        }
        router.post("/v1/functions/:name/versions/:version/:change", .inHandler) { _, context in
            try self.services.require(
                .on(.function, .publish, context.parameters.get("name") ?? ""), or: .network(.operate),
                context)
            return try await self.enable(context)
        }
        router.get("/v1/pipelines", .inHandler) { _, context in
            self.visible(try self.services.pipelines.list(), .pipeline, "pipelines", context)
        }
        router.post("/v1/pipelines", .network(.enter)) { try await self.registerPipeline($0, $1) }
        router.post("/v1/pipelines/validate", .network(.enter)) { request, _ in
            try await self.validatePipeline(request)
        }
        router.get("/v1/pipelines/:name", .object(.pipeline, .see, parameter: "name")) { _, context in
            Response(
                self.services.json(try self.services.pipelines.version(context.parameters.get("name") ?? "")))
        }
        router.post("/v1/pipelines/:name/runs", .object(.pipeline, .run, parameter: "name")) {
            request, context in
            try await self.startRun(request, context)
        }
        router.get("/v1/runs", .inHandler) { _, context in
            let runs = try self.services.database.read(
                "runs", ["started_by": self.services.ownOnly(context), "limit": .integer(100)])
            return Response(self.services.list(runs, "runs"))
        }
        router.get("/v1/runs/:id", .inHandler) { request, context in try await self.run(request, context) }
        router.post("/v1/runs/:id/cancel", .inHandler) { _, context in
            let id = context.parameters.get("id") ?? ""
            let owner = try self.services.database.read("run", ["run": .string(id)]).first?["started_by"]
            try self.services.require(owner: owner?.string, context)
            try await self.services.orchestrator.cancel(run: id, by: context.user)
            return Response(["id": .string(id), "state": "cancelled"])
        }
    }

    /// What of a list the caller may see.
    private func visible(
        _ records: [Record], _ type: Permission.Hidden, _ name: String, _ context: APIContext
    ) -> Response {
        let rights = self.services.rights(context)
        return Response(
            self.services.list(
                records.filter { rights.allows(context.caller, .on(type, .see, $0["name"]?.string ?? "")) },
                name))
    }

    // MARK: Functions

    private func registerFunction(_ request: Request, _ context: APIContext) async throws -> Response {
        let definition = try FunctionDefinition(json: try await request.json())
        try self.services.require(
            .on(.function, .publish, definition.reference), or: .network(.publish), context)
        let isNew = try await self.services.functions.register(definition, now: self.services.now)
        return Response(
            ["id": .string(definition.reference), "created": .bool(isNew)], status: isNew ? .created : .ok)
    }

    /// For whom publishes the function, and whom machines and costs are no secret to.
    private func statistics(_ request: Request, _ context: APIContext) throws -> Response {
        let name = context.part("name")
        try self.services.require(.on(.function, .publish, name), or: .network(.operate), context)
        _ = try self.services.functions.version(name)
        var since: ZonedDateTime?
        if let text = request.parameter("since") {
            guard
                let moment = ZonedDateTime(iso: text)
                    ?? TimeSpan.seconds(text).map({ self.services.now.adding(seconds: -$0) })
            else {
                throw HTTPProblem(
                    .badRequest, code: "invalid_request",
                    "`since` is a time such as \"2026-11-26T12:00:00Z\", or how long ago, such as \"7d\"")
            }
            since = moment
        }
        let found = try FunctionStatistics(of: name, since: since, in: self.services.database)
        return Response([
            "versions": .array(found.versions.map { self.services.json($0) }),
            "machines": .array(found.machines.map { self.services.json($0) }),
            "regressions": .array(
                found.regressions.map {
                    [
                        "version": .string($0.version), "before": .string($0.before),
                        "measure": .string($0.measure), "message": .string($0.message),
                    ]
                }),
        ])
    }

    private func function(_ context: APIContext, version: String?) throws -> Response {
        let name = context.parameters.get("name") ?? ""
        let record = try self.services.functions.version(version.map { "\(name)@\($0)" } ?? name)
        var answer = self.services.object(record)
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

    /// A pipeline from a body: DOT, or JSON `{"dot", "mapping"}`.
    private func reading(_ request: Request) async throws -> PipelineReading {
        let bytes: [UInt8]
        do {
            bytes = Array((try await request.body.collect(upTo: Request.bodyLimit)).readableBytesView)
        } catch {
            throw HTTPProblem(
                .contentTooLarge, code: "body_too_large", "a pipeline has at most \(Request.bodyLimit) bytes")
        }
        var dot = String(decoding: bytes, as: UTF8.self)
        var mapping: PipelineMapping?
        if request.headers[.contentType]?.hasPrefix("application/json") ?? false,
            let json = try? JSON.parse(utf8: bytes), let text = json["dot"]?.string
        {
            dot = text
            if let given = json["mapping"], given != .null {
                mapping = try PipelineMapping(given.string ?? given.text)
            }
        }
        return PipelineReading(
            graph: try await self.services.pictures.parse(dot), dot: dot, mapping: mapping)
    }

    private func registerPipeline(_ request: Request, _ context: APIContext) async throws -> Response {
        let reading = try await self.reading(request)
        let definition = reading.definition
        try self.services.require(
            .on(.pipeline, .publish, definition.name), or: .network(.publish), context)
        let isNew = try await self.services.pipelines.register(reading, now: self.services.now)
        return Response(
            [
                "id": .string(definition.reference), "digest": .string(definition.digest),
                "steps": .int(definition.steps.count),
                "created": .bool(isNew),
            ], status: isNew ? .created : .ok)
    }

    private func validatePipeline(_ request: Request) async throws -> Response {
        let problems: [PipelineProblem]
        do {
            problems = try self.services.pipelines.problems(of: try await self.reading(request))
        } catch let error as GraphvizError {
            guard let problem = PipelineProblem(error) else { throw error }
            problems = [problem]
        }
        return Response([
            "valid": .bool(!problems.contains { $0.severity == .error }),
            "problems": .array(problems.map(\.json)),
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
        let owner = try self.services.database.read("run", ["run": .string(id)]).first?["started_by"]
        try self.services.require(owner: owner?.string, context)
        try await self.services.wait(request) {
            try self.services.database.read("run", ["run": .string(id)]).first.map {
                $0["state"] != .string("running")
            } ?? true
        }
        guard let record = try self.services.database.read("run", ["run": .string(id)]).first else {
            throw OrchestrationError.notFound(what: "run", name: id, hint: "see `plexus run list`")
        }
        var answer = self.services.object(record)
        answer["dot"] = nil
        answer["jobs"] = .array(
            try self.services.database.read("run_jobs", ["run": .string(id)]).map { self.services.json($0) })
        return Response(.object(answer))
    }
}
