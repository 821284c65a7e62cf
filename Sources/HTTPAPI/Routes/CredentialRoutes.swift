internal import AccessControl
internal import HTTPTypes
internal import Hummingbird
internal import JSON
internal import Orchestration

/// What opens private repositories of functions. Publishers set it and see which there are; only workers get the secrets.
struct CredentialRoutes {
    let services: Services

    func add(to router: GuardedRouter) {
        router.get("/v1/credentials", .network(.publish)) { _, _ in
            let all = try await self.services.credentials.all()
            return Response(["credentials": .array(all.map(\.openJSON))])
        }
        router.put("/v1/credentials", .network(.publish)) { request, _ in
            let credential = try RepositoryCredential(json: try await request.json())
            try await self.services.credentials.set(credential)
            return Response(credential.openJSON)
        }
        router.delete("/v1/credentials", .network(.publish)) { request, _ in
            try await self.services.credentials.remove(request.parameter("prefix") ?? "")
            return Response(status: .noContent)
        }
        router.get("/v1/credentials:for", .network(.work)) { request, _ in
            let repository = request.parameter("repository") ?? ""
            let credential = try await self.services.credentials.credential(for: repository)
            return Response(["credential": credential?.json ?? .null])
        }
    }
}
