internal import PropertyGraph

/// Rows that the log has and their tables do not have yet: a commit writes its line of the log, and the rows of some
/// hundred commits go into their tables together, each page of them once.
struct RowBacklog {
    /// A row as it is to be, or that it is to go.
    struct Row {
        let kind: EntityKind
        let id: UInt32
        /// The ends of a relationship.
        var source: UInt32 = 0
        var target: UInt32 = 0
        /// Whether its table has surely no row of this number.
        var isNew = false
        var isDeleted = false
        /// Where its texts are: labels or type, then properties.
        fileprivate var start = 0
        fileprivate var middle = 0
        fileprivate var end = 0

        init(kind: EntityKind, id: UInt32) { (self.kind, self.id) = (kind, id) }
    }

    private var rows: ContiguousArray<Row> = []
    private var bytes: [UInt8] = []
    /// How many of the rows are written, by a transaction of SQLite that has not ended.
    private var written = 0

    /// A moment to which a backlog can go back.
    struct Mark {
        fileprivate let rows: Int
        fileprivate let bytes: Int
    }

    var mark: Mark { Mark(rows: self.rows.count, bytes: self.bytes.count) }

    /// How many rows wait.
    var count: Int { self.rows.count - self.written }

    /// How many bytes of text they have, at most.
    var size: Int { self.bytes.count }

    mutating func append(_ row: Row, _ first: [UInt8] = [], _ properties: [UInt8] = []) {
        var row = row
        row.start = self.bytes.count
        self.bytes.append(contentsOf: first)
        row.middle = self.bytes.count
        self.bytes.append(contentsOf: properties)
        row.end = self.bytes.count
        self.rows.append(row)
    }

    /// Hands each waiting row over, the last state of each, in the order of their tables. They stay until ``forget()``.
    mutating func write(
        _ body: (Row, _ first: UnsafeBufferPointer<UInt8>, _ properties: UnsafeBufferPointer<UInt8>)
            throws(SQLiteFailure) -> Void
    ) throws(SQLiteFailure) {
        // Table, number and place in one number.
        var order: ContiguousArray<UInt64> = []
        order.reserveCapacity(self.count)
        for index in self.written..<self.rows.count {
            let row = self.rows[index]
            let table: UInt64 = row.kind == .node ? 0 : 1
            order.append(table << 63 | UInt64(row.id) << 31 | UInt64(index))
        }
        order.sort()
        var first = 0
        for position in order.indices {
            let next = position + 1
            if next < order.count, order[next] >> 31 == order[position] >> 31 { continue }
            var row = self.rows[Int(order[position] & 0x7FFF_FFFF)]
            row.isNew = self.rows[Int(order[first] & 0x7FFF_FFFF)].isNew
            first = next
            try self.bytes.withUnsafeBufferPointer { bytes throws(SQLiteFailure) in
                try body(
                    row, UnsafeBufferPointer(rebasing: bytes[row.start..<row.middle]),
                    UnsafeBufferPointer(rebasing: bytes[row.middle..<row.end]))
            }
        }
        self.written = self.rows.count
    }

    /// The transaction ended: what it wrote waits no more.
    mutating func forget() {
        if self.written == self.rows.count {
            self.rows.removeAll(keepingCapacity: self.rows.count < 4096)
            self.bytes.removeAll(keepingCapacity: self.bytes.count < 1 << 21)
        } else if self.written > 0 {
            self.rows.removeFirst(self.written)
        }
        self.written = 0
    }

    /// The transaction was taken back: what it wrote waits again, and what came after the mark never was.
    mutating func goBack(to mark: Mark) {
        self.written = 0
        self.rows.removeLast(self.rows.count - mark.rows)
        self.bytes.removeLast(self.bytes.count - mark.bytes)
    }
}
