internal import HTTPTypes
package import Hummingbird
internal import JSON
internal import Logging
internal import NamedResources

/// All routes over the services, ready for a server; `isReady` decides what `/readyz` answers.
package func plexusRouter(
    _ services: Services, bolt: BoltAddress? = nil, isReady: @escaping @Sendable () -> Bool
) -> Router<APIContext> {
    plexusRoutes(services, bolt: bolt, isReady: isReady).router
}

/// The same, with all that was declared.
package func plexusRoutes(
    _ services: Services, bolt: BoltAddress? = nil, isReady: @escaping @Sendable () -> Bool
) -> (router: Router<APIContext>, declared: [DeclaredRoute]) {
    let all = Router(context: APIContext.self)
    all.add(middleware: ObservingMiddleware(services: services))
    all.add(middleware: AuthenticationMiddleware(services: services))
    all.add(middleware: BookmarkMiddleware(services: services))
    let router = GuardedRouter(all, services)
    router.get("/healthz", .nothing) { _, _ in Response(["status": "ok"]) }
    router.get("/readyz", .nothing) { _, _ in
        isReady()
            ? Response(["status": "ready"])
            : Response(["status": "starting or shutting down"], status: .serviceUnavailable)
    }
    router.get("/", .nothing) { request, context in
        Response(discovery(request, bolt, isEncrypted: await context.isEncrypted()))
    }
    QueryRoutes(services: services).add(to: router)
    ProcedureRoutes(services: services).add(to: router)
    AuthorizationRoutes(services: services).add(to: router)
    OpenFGARoutes(services: services).add(to: router)
    AccessRoutes(services: services).add(to: router)
    ReviewRoutes(services: services).add(to: router)
    AdministrationRoutes(services: services).add(to: router)
    QuestionRoutes(services: services).add(to: router)
    WatchRoutes(services: services).add(to: router)
    OrchestrationRoutes(services: services).add(to: router)
    RunRoutes(services: services).add(to: router)
    JobRoutes(services: services).add(to: router)
    LimitRoutes(services: services).add(to: router)
    WorkerRoutes(services: services).add(to: router)
    BlobRoutes(services: services).add(to: router)
    CredentialRoutes(services: services).add(to: router)
    MetricsRoutes(services: services).add(to: router)
    PictureRoutes(services: services).add(to: router)
    RunPage(services: services).add(to: router)
    ImportRoutes(services: services).add(to: router)
    ExportRoutes(services: services).add(to: router)
    BackupRoutes(services: services).add(to: router)
    addDescription(to: router, services)
    return (all, router.declared)
}

/// `/openapi.json` and `/docs`: all routes, these too.
private func addDescription(to router: GuardedRouter, _ services: Services) {
    let own = ["/openapi.json", "/docs"].map { DeclaredRoute(method: "GET", path: $0, asks: .nothing) }
    let words = services.resources.text("schema/http.yaml") ?? ""
    var json: JSON = [:]
    do {
        json = try OpenAPIDocument(router.declared + own, describedBy: words).json
    } catch {
        // A file of an operator's own.
        services.logger.error("schema/http.yaml cannot be read, /openapi.json and /docs are empty: \(error)")
    }
    let (text, page) = (Array(json.text.utf8), Array(OpenAPIPage.html(json).utf8))
    router.get("/openapi.json", .nothing) { _, _ in Response(text, type: "application/json") }
    router.get("/docs", .nothing) { _, _ in
        Response(
            page, type: "text/html; charset=utf-8",
            headers: [
                .contentSecurityPolicy: "default-src 'none'; style-src 'unsafe-inline'",
                .xContentTypeOptions: "nosniff",
            ])
    }
}

/// Where Bolt is served, as the document at `/` tells clients.
package struct BoltAddress: Hashable, Sendable {
    /// The port.
    package let port: Int
    /// Whether connections are encrypted.
    package let isEncrypted: Bool

    /// Joins the parts.
    package init(port: Int, isEncrypted: Bool) {
        self.port = port
        self.isEncrypted = isEncrypted
    }
}

/// What Neo4j's clients look for first: where queries are sent, by the name under which the client found the server.
private func discovery(_ request: Request, _ bolt: BoltAddress?, isEncrypted: Bool) -> JSON {
    let authority = request.head.authority ?? "localhost"
    var document: JSON.Object = [
        "neo4j_version": "5.26.0", "neo4j_edition": "community", "plexus": .string(plexusVersion),
        "query": .string("http\(isEncrypted ? "s" : "")://\(authority)/db/{databaseName}/query/v2"),
    ]
    if let bolt {
        // Without the port, which follows the last colon unless that is inside of an IPv6 address.
        let isAddress = authority.hasSuffix("]")
        let colon = isAddress ? nil : authority.lastIndex(of: ":")
        let host = colon.map { String(authority[..<$0]) } ?? authority
        let suffix = bolt.isEncrypted ? "+s" : ""
        document.append("bolt_routing", .string("neo4j\(suffix)://\(host):\(bolt.port)"))
        document.append("bolt_direct", .string("bolt\(suffix)://\(host):\(bolt.port)"))
    }
    return .object(document)
}

/// The version of this program.
package let plexusVersion = "0.1.0"
