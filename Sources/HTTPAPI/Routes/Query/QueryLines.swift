internal import GraphDatabase
internal import HTTPTypes
internal import Hummingbird
internal import JSON
internal import QueryEngine

/// A result as JSON Lines: an event a line, `Header`, `Record` for each row, then `Summary` or `Error`. Rows are written as
/// the query gives them, so that results of any length need no memory.
struct QueryLines: Sendable {
    let format: QueryFormat
    let includesCounters: Bool

    /// Bytes of lines that are put together before they are sent.
    private static let pieceBytes = 32 << 10

    static func event(_ name: String, _ body: JSON) -> [UInt8] {
        var bytes: [UInt8] = []
        JSON.object(["$event": .string(name), "_body": body]).write(to: &bytes)
        bytes.append(UInt8(ascii: "\n"))
        return bytes
    }

    /// A result that is there.
    func response(_ outcome: QueryOutcome, _ use: QueryTransactions.Use?) -> Response {
        self.response { writer in
            var bytes = Self.event("Header", self.header(outcome.result.columns))
            for row in outcome.result.rows {
                bytes += Self.event(
                    "Record", .array(row.map { self.format.json($0, of: outcome.result.graph) }))
                if bytes.count >= Self.pieceBytes {
                    try await writer.write(ByteBuffer(bytes: bytes))
                    bytes = []
                }
            }
            var summary = outcome.summary(includesCounters: self.includesCounters)
            if let use { summary.append("transaction", use.json) }
            bytes += Self.event("Summary", .object(summary))
            try await writer.write(ByteBuffer(bytes: bytes))
        }
    }

    /// A read, run as its rows are sent.
    /// - Throws: what is wrong with the query before it runs; what goes wrong later is an event.
    func response(
        _ statement: PreparedQuery, _ asked: QueryRequest, _ limits: QueryLimits, on graph: GraphDatabase
    ) async throws -> Response {
        let format = self.format
        let stream = try await graph.rows(of: statement, parameters: asked.parameters, limits: limits) {
            JSONRows($0) { row, graph, _, bytes in
                bytes += Self.event(
                    "Record", .array((0..<row.count).map { format.json(row[$0], of: graph) }))
            }
        }
        return self.response { writer in
            let header = Self.event("Header", self.header(stream.planned.columns))
            try await writer.write(ByteBuffer(bytes: header))
            while true {
                let (pieces, end) = try await stream.next()
                for piece in pieces { try await writer.write(ByteBuffer(bytes: piece)) }
                guard let end else { continue }
                let last = try self.last(end, statement, stream.bookmark)
                return try await writer.write(ByteBuffer(bytes: last))
            }
        }
    }

    private func header(_ columns: [String]) -> JSON { ["fields": .array(columns.map(JSON.string))] }

    private func last(
        _ end: Result<QueryResult, any Error>, _ statement: PreparedQuery, _ bookmark: Bookmark
    ) throws -> [UInt8] {
        switch end {
        case .success(let result):
            let outcome = QueryOutcome(statement, result, bookmark: bookmark)
            return Self.event(
                "Summary", .object(outcome.summary(includesCounters: self.includesCounters)))
        case .failure(let error):
            guard let status = Neo4jStatus(error) else { throw error }
            return Self.event(
                "Error", [["code": .string(status.code), "message": .string(status.message)]])
        }
    }

    private func response(
        _ body: @escaping @Sendable (inout any ResponseBodyWriter) async throws -> Void
    ) -> Response {
        Response(
            status: .accepted, headers: [.contentType: self.format.mediaType],
            body: ResponseBody { writer in
                try await body(&writer)
                try await writer.finish(nil)
            })
    }
}
