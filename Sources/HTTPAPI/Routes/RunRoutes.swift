internal import AccessControl
internal import Authorization
internal import Foundation
internal import GraphDatabase
internal import HTTPTypes
internal import Hummingbird
internal import JSON
internal import Orchestration
internal import PropertyGraph

/// What can be done with a run after it has started: approvals, repetition, backfills, traces.
struct RunRoutes {
    let services: Services

    func add(to router: GuardedRouter) {
        router.post("/v1/runs/:id/steps/:step", .inHandler) { request, context in
            try await self.decide(request, context)
        }
        router.post("/v1/runs/:id/retry", .inHandler) { request, context in
            let name = context.parameters.get("id")?.removingPercentEncoding ?? ""
            let run = try self.services.orchestrator.newestRun(name)
            try self.requireOwner(run, context)
            return try await self.retry(run, request, context)
        }
        router.post("/v1/pipelines/:name/backfill", .object(.pipeline, .run, parameter: "name")) {
            request, context in
            try await self.backfill(request, context)
        }
        router.get("/v1/triggers", .network(.operate)) { _, _ in
            Response(
                self.services.list(
                    try self.services.database.read("triggers", ["kind": .null]), "triggers"))
        }
        router.get("/v1/trace/:reference", .network(.operate)) { _, context in
            let reference = context.parameters.get("reference")?.removingPercentEncoding ?? ""
            return Response(try await self.services.orchestrator.trace(reference: reference))
        }
        router.get("/v1/runs/:id/timing", .inHandler) { _, context in
            try self.requireOwner(context.parameters.get("id") ?? "", context)
            return Response(
                try self.services.orchestrator.timing(run: context.parameters.get("id") ?? "").json)
        }
        router.get("/v1/lineage/:id", .network(.operate)) { _, context in
            Response(try self.services.orchestrator.lineage(of: context.parameters.get("id") ?? "").json)
        }
    }

    /// A run is shown to who started it, and to those who operate the network.
    private func requireOwner(_ id: String, _ context: APIContext) throws {
        let owner = try self.services.database.read("run", ["run": .string(id)]).first?["started_by"]
        try self.services.require(owner: owner?.string, context)
    }

    /// `POST /v1/runs/{id}/steps/{step}:approve` and `:reject`.
    private func decide(_ request: Request, _ context: APIContext) async throws -> Response {
        let run = context.parameters.get("id") ?? ""
        let text = context.parameters.get("step") ?? ""
        let path = text.removingPercentEncoding ?? text
        guard let verb = ["approve", "reject"].first(where: { path.hasSuffix(":" + $0) }) else {
            throw HTTPProblem(
                .notFound, code: "not_found", "a step can be approved or rejected: .../steps/STEP:approve")
        }
        let step = String(path.dropLast(verb.count + 1))
        context.inquiry.note()
        let approver = try self.services.orchestrator.approver(run: run, step: step)
        guard try await self.may(context, approver) else {
            throw HTTPProblem(
                .forbidden, code: "not_an_approver",
                "\(context.user) is not of \(approver), who must approve step \(step)")
        }
        let comment = try await request.jsonOrNothing()?["comment"]?.string
        try await self.services.orchestrator.decide(
            run: run, step: step, isApproved: verb == "approve", by: context.user, comment: comment)
        return Response([
            "run": .string(run), "step": .string(step),
            "decision": .string(verb == "approve" ? "approved" : "rejected"), "by": .string(context.user),
        ])
    }

    /// Whether the user is the approver, a member of the group that is, or an administrator of the network.
    private func may(_ context: APIContext, _ approver: String) async throws -> Bool {
        guard self.services.needsToken else { return true }
        let user = "user:\(context.user)"
        if approver == user { return true }
        let store = try await self.services.stores.store(GraphCatalog.network)
        let view = try store.view(model: nil)
        let options = CheckOptions(at: self.services.now)
        let group = approver.hasSuffix("#member") ? String(approver.dropLast(7)) : approver
        if group.hasPrefix("group:") {
            let isMember = try view.check(
                EntityReference(user), "member", EntityReference(group), options)
            if isMember { return true }
        }
        return try view.check(
            EntityReference(user), "administrator", EntityReference("network:plexus"), options)
    }

    private func retry(_ run: String, _ request: Request, _ context: APIContext) async throws -> Response {
        let body = try await request.jsonOrNothing() ?? .null
        let functions = body["functions"]?.array?.compactMap(\.string) ?? []
        let run = try await self.services.orchestrator.retry(
            run: run, from: body["from"]?.string, functions: functions,
            by: context.user)
        return Response(["id": .string(run), "state": "running"], status: .created)
    }

    private func backfill(_ request: Request, _ context: APIContext) async throws -> Response {
        let body = try await request.json()
        let ranges = (body["ranges"]?.object ?? [:]).map { ($0.name, $0.value.array ?? [$0.value]) }
        var run = RunRequest(
            pipeline: context.parameters.get("name") ?? "", parameters: body["parameters"]?.object ?? [:],
            customerReference: body["reference"]?.string, startedBy: context.user)
        run.cause = "backfill"
        let backfill = try await self.services.orchestrator.backfill(
            run, over: ranges.map { (name: $0.0, values: $0.1) })
        return Response(
            ["id": .string(backfill.id), "runs": .array(backfill.runs.map(JSON.string))], status: .created)
    }
}
