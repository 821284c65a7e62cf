internal import GraphDatabase
internal import HTTPTypes
internal import Hummingbird
internal import JSON
internal import PropertyGraph
internal import QueryEngine

/// The result of a read as one JSON document, sent as the query gives its rows.
///
/// A result of up to ``heldBytes`` is answered whole, so that what goes wrong with it has its own status. What goes wrong
/// later stands behind the rows that were sent, as the member `errors`, where Neo4j's Query API has it.
struct QueryDocument: Sendable {
    let format: QueryFormat
    let includesCounters: Bool

    /// Bytes of an answer that are held before its head is sent.
    private static let heldBytes = 256 << 10

    /// Runs a read and answers.
    /// - Throws: what goes wrong before anything was sent.
    func response(
        _ statement: PreparedQuery, _ asked: QueryRequest, _ limits: QueryLimits, on graph: GraphDatabase
    ) async throws -> Response {
        let format = self.format
        let stream = try await graph.rows(of: statement, parameters: asked.parameters, limits: limits) {
            JSONRows($0) { row, graph, isFirst, bytes in
                if !isFirst { bytes.append(UInt8(ascii: ",")) }
                JSON.array((0..<row.count).map { format.json(row[$0], of: graph) }).write(to: &bytes)
            }
        }
        var head = Array("{\"data\":{\"fields\":".utf8)
        JSON.array(stream.planned.columns.map(JSON.string)).write(to: &head)
        head += Array(",\"values\":[".utf8)
        while head.count < Self.heldBytes {
            let (pieces, end) = try await stream.next()
            for piece in pieces { head += piece }
            guard let end else { continue }
            head += self.tail(QueryOutcome(statement, try end.get(), bookmark: stream.bookmark))
            let bytes = ByteBuffer(bytes: head)
            return self.response(ResponseBody(byteBuffer: bytes))
        }
        return self.response(
            ResponseBody { [head] writer in
                try await writer.write(ByteBuffer(bytes: head))
                while true {
                    let (pieces, end) = try await stream.next()
                    for piece in pieces { try await writer.write(ByteBuffer(bytes: piece)) }
                    guard let end else { continue }
                    try await writer.write(
                        ByteBuffer(bytes: try self.tail(end, statement, stream.bookmark)))
                    return try await writer.finish(nil)
                }
            })
    }

    private func response(_ body: ResponseBody) -> Response {
        Response(status: .accepted, headers: [.contentType: self.format.mediaType], body: body)
    }

    private func tail(
        _ end: Result<QueryResult, any Error>, _ statement: PreparedQuery, _ bookmark: Bookmark
    ) throws -> [UInt8] {
        switch end {
        case .success(let result): return self.tail(QueryOutcome(statement, result, bookmark: bookmark))
        case .failure(let error):
            // The answer of a defect of ours is cut off: nobody takes it for whole.
            guard let status = Neo4jStatus(error) else { throw error }
            return Self.tail([
                "errors": [["code": .string(status.code), "message": .string(status.message)]]
            ])
        }
    }

    private func tail(_ outcome: QueryOutcome) -> [UInt8] {
        Self.tail(outcome.summary(includesCounters: self.includesCounters))
    }

    /// The end of the rows, and further members.
    private static func tail(_ members: JSON.Object) -> [UInt8] {
        var bytes: [UInt8] = []
        JSON.object(members).write(to: &bytes)
        return Array("]},".utf8) + bytes.dropFirst()
    }
}
