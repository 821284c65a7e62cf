internal import GraphDatabase
internal import PropertyGraph
internal import QueryEngine

/// Makes bytes of rows.
struct JSONRows: RowEncoder {
    /// Appends the bytes of a row about a graph; `isFirst` for the first of all.
    typealias Encode =
        @Sendable (_ row: ResultRow, _ graph: GraphSnapshot, _ isFirst: Bool, _ bytes: inout [UInt8]) -> Void

    private let graph: GraphSnapshot
    private let encode: Encode
    private var piece: [UInt8] = []
    private(set) var rows = 0
    private var isFirst = true

    init(_ graph: GraphSnapshot, _ encode: @escaping Encode) {
        self.graph = graph
        self.encode = encode
    }

    var bytes: Int { self.piece.count }

    mutating func append(_ row: ResultRow) {
        self.encode(row, self.graph, self.isFirst, &self.piece)
        self.isFirst = false
        self.rows += 1
    }

    mutating func take() -> [UInt8] {
        defer { (self.piece, self.rows) = ([], 0) }
        return self.piece
    }
}
