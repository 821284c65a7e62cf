internal import HTTPTypes
package import Hummingbird
internal import JSON

/// All routes over the services, ready for a server; `isReady` decides what `/readyz` answers.
package func plexusRouter(
    _ services: Services, isReady: @escaping @Sendable () -> Bool
) -> Router<APIContext> {
    let router = Router(context: APIContext.self)
    router.add(middleware: ObservingMiddleware(services: services))
    router.add(middleware: AuthenticationMiddleware(services: services))
    router.get("/healthz") { _, _ in Response(["status": "ok"]) }
    router.get("/readyz") { _, _ in
        isReady()
            ? Response(["status": "ready"])
            : Response(["status": "starting or shutting down"], status: .serviceUnavailable)
    }
    router.get("/") { _, _ in
        Response([
            "neo4j_version": "5.26.0", "neo4j_edition": "community", "query": "/db/{databaseName}/query/v2",
            "plexus": .string(plexusVersion),
        ])
    }
    QueryRoutes(services: services).add(to: router)
    ProcedureRoutes(services: services).add(to: router)
    AuthorizationRoutes(services: services).add(to: router)
    OpenFGARoutes(services: services).add(to: router)
    AccessRoutes(services: services).add(to: router)
    ReviewRoutes(services: services).add(to: router)
    QuestionRoutes(services: services).add(to: router)
    OrchestrationRoutes(services: services).add(to: router)
    WorkerRoutes(services: services).add(to: router)
    PictureRoutes(services: services).add(to: router)
    ImportRoutes(services: services).add(to: router)
    ExportRoutes(services: services).add(to: router)
    BackupRoutes(services: services).add(to: router)
    return router
}

/// The version of this program.
package let plexusVersion = "0.1.0"
