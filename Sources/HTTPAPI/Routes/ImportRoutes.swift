package import GraphDatabase
internal import GraphStorage
internal import HTTPTypes
internal import Hummingbird
package import JSON

/// `POST /v1/import`: nodes and relationships as JSON Lines, all or none.
struct ImportRoutes {
    /// The most bytes of an import.
    static let bodyLimit = 1 << 30
    let services: Services

    func add(to router: Router<APIContext>) {
        router.post("/v1/import") { request, _ in try await self.take(request) }
        router.post("/v1/import/cypher") { request, _ in
            let text = String(buffer: try await self.body(request))
            try await self.services.database.runScript(text)
            return Response(["status": "done"])
        }
    }

    private func body(_ request: Request) async throws -> ByteBuffer {
        do {
            return try await request.body.collect(upTo: Self.bodyLimit)
        } catch {
            throw HTTPProblem(
                .contentTooLarge, code: "body_too_large",
                "an import has at most \(Self.bodyLimit) bytes; split the files")
        }
    }

    private func take(_ request: Request) async throws -> Response {
        let body = try await self.body(request)
        var records: [(record: ImportRecord, file: String, line: Int)] = []
        var number = 0
        for line in body.readableBytesView.split(separator: 10, omittingEmptySubsequences: false) {
            number += 1
            if line.allSatisfy({ $0 == 32 || $0 == 13 || $0 == 9 }) { continue }
            let text = String(decoding: line, as: UTF8.self)
            do {
                let file = request.parameter("file") ?? "import"
                records.append((try ImportRecord(jsonLine: text, file: file, line: number), file, number))
            } catch {
                throw HTTPProblem(.badRequest, code: "invalid_import", "\(error)")
            }
        }
        do {
            let summary = try await self.services.database.importRecords(records)
            return Response(summary.json)
        } catch let error as ImportError {
            throw HTTPProblem(.badRequest, code: "invalid_import", error.description)
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
