internal import Authorization
internal import AccessControl
internal import GraphDatabase
internal import GraphStorage
internal import HTTPTypes
internal import Hummingbird

/// `GET /v1/export?format=jsonl|cypher|schema`: the graph as of now, as far as the caller sees it, as it is read; the sender waits for the reader.
struct ExportRoutes {
    let services: Services

    func add(to router: GuardedRouter) {
        router.get("/v1/export", .inHandler) { request, context in
            let name = request.parameter("db") ?? GraphCatalog.network
            try self.services.require(.graph(.read, name), context)
            let database = try await self.services.catalog.graph(name)
            let rules = self.services.access.now().rules(context.caller, on: name)
            let graph = try AuditChain.withoutHeads(await database.seen(under: rules))
            switch request.parameter("format") ?? "jsonl" {
            case "jsonl":
                return Self.response("application/x-ndjson") { writer in
                    var export = JSONLinesExport(graph)
                    while let bytes = export.next() { try await writer.write(ByteBuffer(bytes: bytes)) }
                    try await writer.finish(nil)
                }
            case "cypher":
                return Self.response("text/plain; charset=utf-8") { writer in
                    var export = CypherExport(graph)
                    while let bytes = export.next() { try await writer.write(ByteBuffer(bytes: bytes)) }
                    try await writer.finish(nil)
                }
            case "schema":
                return Response(
                    Array(CypherExport.schema(graph).utf8), type: "text/plain; charset=utf-8")
            case let other:
                throw HTTPProblem(
                    .badRequest, code: "invalid_format",
                    "there is no format `\(other)`; there are jsonl, cypher and schema")
            }
        }
    }

    private static func response(
        _ type: String, _ body: @escaping @Sendable (inout any ResponseBodyWriter) async throws -> Void
    ) -> Response {
        Response(status: .ok, headers: [.contentType: type], body: ResponseBody { try await body(&$0) })
    }
}
