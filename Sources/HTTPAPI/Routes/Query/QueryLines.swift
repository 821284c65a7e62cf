internal import GraphDatabase
internal import HTTPTypes
internal import Hummingbird
internal import JSON
internal import PropertyGraph
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
        let snapshot = graph.snapshot()
        let (signals, signal) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let control = QueryControl()
        let handover = ResultHandover<[UInt8], QueryResult>(threads: graph.threads) { signal.yield() }
        let planned = try await withCheckedThrowingContinuation { continuation in
            graph.stream(
                statement, on: snapshot, parameters: asked.parameters, limits: limits,
                control: control, encoder: { LineEncoder(format: self.format, graph: $0) }, to: handover
            ) { continuation.resume(with: $0) }
        }
        let bookmark = Bookmark(graph: graph.name, version: snapshot.version)
        return self.response { writer in
            defer {
                control.cancel()
                handover.cancel()
            }
            try await writer.write(ByteBuffer(bytes: Self.event("Header", self.header(planned.columns))))
            while true {
                let (pieces, end) = handover.take()
                for piece in pieces { try await writer.write(ByteBuffer(bytes: piece)) }
                if let end {
                    let last = try self.last(end, statement, bookmark)
                    return try await writer.write(ByteBuffer(bytes: last))
                }
                if pieces.isEmpty { for await _ in signals { break } }
                try Task.checkCancellation()
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

/// Makes `Record` events of rows.
private struct LineEncoder: RowEncoder {
    private let format: QueryFormat
    private let graph: GraphSnapshot
    private var piece: [UInt8] = []
    private(set) var rows = 0

    init(format: QueryFormat, graph: GraphSnapshot) {
        self.format = format
        self.graph = graph
    }

    var bytes: Int { self.piece.count }

    mutating func append(_ row: ResultRow) {
        self.piece += QueryLines.event(
            "Record", .array((0..<row.count).map { self.format.json(row[$0], of: self.graph) }))
        self.rows += 1
    }

    mutating func take() -> [UInt8] {
        defer { (self.piece, self.rows) = ([], 0) }
        return self.piece
    }
}
