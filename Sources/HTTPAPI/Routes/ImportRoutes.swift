internal import AccessControl
internal import Foundation
internal import GraphDatabase
package import GraphStorage
internal import HTTPTypes
internal import Hummingbird
package import JSON

/// `POST /v1/import`: nodes and relationships as JSON Lines, all or none.
///
/// The body goes to a file first, as it comes, and from there into the graph: a slow sender must not hold the
/// graph's only writer.
struct ImportRoutes {
    /// The most bytes of an import: 64 GiB.
    static let bodyLimit = 64 << 30
    let services: Services

    func add(to router: GuardedRouter) {
        router.post("/v1/import", .inHandler) { try await self.take($0, $1) }
        router.post("/v1/import/cypher", .inHandler) { request, context in
            let graph = try await self.graph(request, context)
            try await self.spooled(request) { path in
                try await graph.importScript(
                    .file(path), name: request.parameter("file") ?? "script", by: context.caller.user)
            }
            return Response(["status": "done"])
        }
    }

    /// The graph that `db` names, if the caller may write it.
    private func graph(_ request: Request, _ context: APIContext) async throws -> GraphDatabase {
        let name = request.parameter("db") ?? GraphCatalog.network
        try self.services.require(.graph(.write, name), context)
        try self.services.requireNoRules(on: name, "imports", context)
        return try await self.services.catalog.graph(name)
    }

    private func take(_ request: Request, _ context: APIContext) async throws -> Response {
        let graph = try await self.graph(request, context)
        return try await self.spooled(request) { path in
            var files = ImportFiles()
            files.addLines(.file(path), name: request.parameter("file") ?? "import")
            return Response(try await graph.importFiles(files, by: context.caller.user).json)
        }
    }

    /// Keeps the body in a file while the work on it runs.
    private func spooled<Result>(
        _ request: Request, _ body: (String) async throws -> Result
    ) async throws -> Result {
        let spool = FileManager.default.temporaryDirectory.appending(
            path: "plexus-import-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: spool) }
        try await self.store(request.body, at: spool.path)
        do {
            return try await body(spool.path)
        } catch let error as ImportError {
            throw HTTPProblem(.badRequest, code: "invalid_import", error.description)
        }
    }

    private func store(_ body: RequestBody, at path: String) async throws {
        guard
            FileManager.default.createFile(
                atPath: path, contents: nil, attributes: [.posixPermissions: 0o600]),
            let file = FileHandle(forWritingAtPath: path)
        else {
            throw HTTPProblem(
                HTTPResponse.Status(code: 507), code: "no_space",
                "there is no place to keep the import's body")
        }
        defer { try? file.close() }
        var count = 0
        for try await buffer in body {
            count += buffer.readableBytes
            guard count <= Self.bodyLimit else {
                throw HTTPProblem(
                    .contentTooLarge, code: "body_too_large",
                    "an import has at most \(Self.bodyLimit) bytes; split the files")
            }
            do {
                try file.write(contentsOf: Data(buffer.readableBytesView))
            } catch {
                throw HTTPProblem(
                    HTTPResponse.Status(code: 507), code: "no_space",
                    "the import's body cannot be kept: \(error.localizedDescription)")
            }
        }
    }
}

extension ImportSummary {
    /// For answers.
    package var json: JSON {
        [
            "nodes_created": .int(self.nodesCreated), "nodes_updated": .int(self.nodesUpdated),
            "relationships_created": .int(self.relationshipsCreated),
            "relationships_updated": .int(self.relationshipsUpdated),
        ]
    }
}
