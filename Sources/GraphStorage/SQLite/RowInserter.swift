internal import GRDBSQLite
internal import PropertyGraph

/// Puts batches of rows into their tables, many rows a statement, and lets SQLite number those that follow each other:
/// it finds the table's end once for all of them. One row a statement took 640 ns, 64 of them 290 ns each.
struct RowInserter {
    /// Rows a statement.
    private static let many = 64
    private let connection: SQLiteConnection
    private let nodes: (one: SQLiteStatement, many: SQLiteStatement)
    private let relationships: (one: SQLiteStatement, many: SQLiteStatement)

    init(_ connection: SQLiteConnection) throws(SQLiteFailure) {
        func prepare(_ table: String, _ columns: Int, rows: Int) throws(SQLiteFailure) -> SQLiteStatement {
            let row = "(" + Array(repeating: "?", count: columns).joined(separator: ", ") + ")"
            let values = Array(repeating: row, count: rows).joined(separator: ", ")
            // FAIL: the whole transaction is taken back then, so SQLite need not be able to take back the statement.
            return try SQLiteStatement(connection, "INSERT OR FAIL INTO \(table) VALUES \(values)")
        }
        self.connection = connection
        let node = "node (id, labels, properties, checksum)"
        let relationship = "relationship (id, type, source, target, properties, checksum)"
        self.nodes = (try prepare(node, 4, rows: 1), try prepare(node, 4, rows: Self.many))
        self.relationships = (
            try prepare(relationship, 6, rows: 1), try prepare(relationship, 6, rows: Self.many)
        )
    }

    /// Writes the rows of a batch, whose numbers the table does not have.
    func insert(_ batch: RowBatch) throws(SQLiteFailure) {
        let statements = batch.kind == .node ? self.nodes : self.relationships
        try batch.bytes.withUnsafeBufferPointer { bytes throws(SQLiteFailure) in
            var first = 0
            while first < batch.rows.count {
                let isRun = Self.beginsRun(batch.rows[first...])
                let next = first + (isRun ? Self.many : 1)
                try self.insert(
                    batch.rows[first..<next], batch.kind, bytes, isRun ? statements.many : statements.one)
                first = next
            }
        }
    }

    /// Whether the first rows have numbers that follow each other. Rows are in the order of their numbers.
    private static func beginsRun(_ rows: ArraySlice<RowBatch.Row>) -> Bool {
        guard rows.count >= Self.many, let first = rows.first?.id else { return false }
        return rows[rows.startIndex + Self.many - 1].id == first + UInt32(Self.many - 1)
    }

    private func insert(
        _ rows: ArraySlice<RowBatch.Row>, _ kind: EntityKind, _ bytes: UnsafeBufferPointer<UInt8>,
        _ statement: SQLiteStatement
    ) throws(SQLiteFailure) {
        var column: Int32 = 1
        for (index, row) in rows.enumerated() {
            if index > 0 { statement.bindNull(column) } else { statement.bind(column, Int64(row.id)) }
            Self.bind(row, kind, bytes, statement, column + 1)
            column += kind == .node ? 4 : 6
        }
        try statement.run()
        // A table with greater numbers than the first would number the others otherwise. Each gets the table's greatest
        // number and one, so the last one speaks for all.
        guard let last = rows.last?.id, self.connection.lastInsertedRow == Int64(last) else {
            throw SQLiteFailure(code: SQLITE_CORRUPT, message: "a table has rows that the graph lacks")
        }
    }

    /// Binds what follows a row's number.
    private static func bind(
        _ row: RowBatch.Row, _ kind: EntityKind, _ bytes: UnsafeBufferPointer<UInt8>,
        _ statement: SQLiteStatement, _ column: Int32
    ) {
        var column = column
        statement.bind(column, UnsafeBufferPointer(rebasing: bytes[row.start..<row.middle]))
        column += 1
        if kind == .relationship {
            statement.bind(column, Int64(row.source))
            statement.bind(column + 1, Int64(row.target))
            column += 2
        }
        statement.bind(column, UnsafeBufferPointer(rebasing: bytes[row.middle..<row.end]))
        statement.bind(column + 1, row.checksum)
    }
}
