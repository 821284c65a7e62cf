internal import AccessControl
internal import HTTPTypes
internal import Hummingbird
internal import JSON
internal import Orchestration

/// Limits of functions, users and groups: how many jobs at once, how many a minute.
struct LimitRoutes {
    let services: Services

    func add(to router: GuardedRouter) {
        router.get("/v1/limits", .network(.operate)) { _, _ in
            Response([
                "limits": .array(
                    self.services.orchestrator.limits().map {
                        [
                            "kind": .string($0.party.kind.rawValue), "id": .string($0.party.id),
                            "max_running": $0.limit.maxRunning.map(JSON.int) ?? .null,
                            "max_per_minute": $0.limit.maxPerMinute.map(JSON.int) ?? .null,
                            "running": .int($0.running),
                        ]
                    })
            ])
        }
        router.put("/v1/limits/:kind/:id", .network(.operate)) { request, context in
            try await self.set(request, context)
        }
    }

    private func set(_ request: Request, _ context: APIContext) async throws -> Response {
        guard let kind = LimitedParty.Kind(rawValue: context.part("kind")) else {
            throw HTTPProblem(
                .notFound, code: "not_found",
                "limits are for a function, a user or a group, not a `\(context.part("kind"))`")
        }
        let body = try await request.json()
        func number(_ name: String) throws -> Int? {
            guard let value = body[name], value != .null else { return nil }
            guard let number = value.int, (0...1_000_000).contains(number) else {
                throw HTTPProblem(
                    .badRequest, code: "invalid_request",
                    "`\(name)` is a whole number from 0 to 1000000, or null for no limit")
            }
            return number
        }
        let limit = WorkLimit(
            maxRunning: try number("max_running"), maxPerMinute: try number("max_per_minute"))
        let party = LimitedParty(kind, context.part("id"))
        try await self.services.orchestrator.set(limit, for: party)
        return Response([
            "kind": .string(kind.rawValue), "id": .string(party.id),
            "max_running": limit.maxRunning.map(JSON.int) ?? .null,
            "max_per_minute": limit.maxPerMinute.map(JSON.int) ?? .null,
        ])
    }
}
