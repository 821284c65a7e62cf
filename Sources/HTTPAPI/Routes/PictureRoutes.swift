internal import AccessControl
internal import GraphDatabase
internal import Graphviz
internal import HTTPTypes
internal import Hummingbird
internal import JSON
internal import Orchestration
internal import PropertyGraph
internal import Visualization

/// Pictures of runs, of views and of any DOT text.
struct PictureRoutes {
    let services: Services

    func add(to router: GuardedRouter) {
        router.get("/v1/runs/:id/:file", .inHandler) { request, context in
            try await self.run(request, context)
        }
        router.get("/v1/views", .inHandler) { _, context in
            let rights = self.services.rights(context)
            let seen = self.services.views.names.filter {
                rights.allows(context.caller, .on(.view, .see, $0))
            }
            let views = seen.map { name -> JSON in
                let view = try? self.services.views.view(name)
                return [
                    "name": .string(name), "title": .string(view?.title ?? ""),
                    "description": .string(view?.description ?? ""),
                    "parameters": .object(view?.parameters ?? JSON.Object()),
                ]
            }
            return Response(["views": .array(views)])
        }
        router.get("/v1/views/:file", .inHandler) { request, context in try await self.view(request, context)
        }
    }

    private func run(_ request: Request, _ context: APIContext) async throws -> Response {
        let (id, file) = (context.parameters.get("id") ?? "", context.parameters.get("file") ?? "")
        let owner = try self.services.database.read("run", ["run": .string(id)]).first?["started_by"]
        try self.services.require(owner: owner?.string, context)
        if file == "events" { return try await RunPage(services: self.services).events(id) }
        if file.hasPrefix("gantt.") {
            let timing = try self.services.orchestrator.timing(run: id)
            let bars = timing.steps.map { step in
                GanttPicture.Bar(
                    name: step.name, state: step.state, machine: step.machine ?? "", start: step.start,
                    end: step.end,
                    isMeasured: step.isMeasured, isCritical: step.isCritical)
            }
            guard file == "gantt.svg" else {
                throw HTTPProblem(
                    .notFound, code: "not_found", "there is no `\(file)` here; there is gantt.svg")
            }
            let path = timing.criticalPath.prefix(8).joined(separator: " > ")
            let picture = GanttPicture(title: "Run \(id), critical path: \(path)", bars: bars)
            return Response(
                Array(picture.svg().utf8), type: "image/svg+xml", headers: [.cacheControl: "no-cache"])
        }
        let format = try self.format(file, of: "graph")
        if format == .svg {
            let svg = try await RunPage(services: self.services).svg(id)
            return Response(svg, type: "image/svg+xml", headers: [.cacheControl: "no-cache"])
        }
        return try await self.picture(try await self.run(id, context), format)
    }

    private func format(_ file: String, of stem: String) throws -> PictureFormat {
        let parts = file.split(separator: ".", maxSplits: 1).map(String.init)
        guard parts.count == 2, parts[0] == stem, let format = PictureFormat(rawValue: parts[1]) else {
            let all = PictureFormat.allCases.map { "\(stem).\($0.rawValue)" }.joined(separator: ", ")
            throw HTTPProblem(.notFound, code: "not_found", "there is no `\(file)` here; there are \(all)")
        }
        return format
    }

    private func picture(_ dot: String, _ format: PictureFormat) async throws -> Response {
        // The DOT of a picture is what we wrote, not what the layout made of it.
        let bytes =
            format == .dot ? Array(dot.utf8) : try await self.services.pictures.render(dot, format: format)
        return Response(bytes, type: format.mediaType, headers: [.cacheControl: "no-cache"])
    }

    private func run(_ id: String, _ context: APIContext) async throws -> String {
        let found = try self.services.database.read("run", ["run": .string(id)]).first
        try self.services.require(owner: found?["started_by"]?.string, context)
        guard let run = found else {
            throw OrchestrationError.notFound(what: "run", name: id, hint: "see `plexus run list`")
        }
        let graph = try await self.services.pictures.parse(run["dot"]?.string ?? "")
        let states = try RunPage(services: self.services).states(id)
        let title =
            "\(run["pipeline"]?.string ?? "") \(run["version"]?.string ?? ""), run \(run["state"]?.string ?? "")"
        return RunPicture(graph: graph, title: title, states: states).dot()
    }

    private func view(_ request: Request, _ context: APIContext) async throws -> Response {
        let file = context.parameters.get("file") ?? ""
        let name = file.split(separator: ".", maxSplits: 1).first.map(String.init) ?? ""
        try self.services.require(.on(.view, .see, name), context)
        guard let view = try self.services.views.view(name) else {
            let names = self.services.views.names.joined(separator: ", ")
            throw HTTPProblem(.notFound, code: "not_found", "there is no view `\(name)`; there are \(names)")
        }
        let format = try self.format(file, of: name)
        var parameters: [String: Value] = [:]
        for (key, value) in request.uri.queryParameters {
            let text = String(value)
            parameters[String(key)] = (try? JSON.parse(text)).map { Value(plainJSON: $0) } ?? .string(text)
        }
        return try await self.picture(try await self.services.views.dot(view, parameters: parameters), format)
    }
}
