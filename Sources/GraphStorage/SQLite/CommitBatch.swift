internal import Synchronization

/// Commits that the commit log has and the tables do not have yet: their rows, their lines of the log, and lines of journals.
///
/// `@unchecked Sendable`: the committing thread's own until it is handed over; from then on touched under the lock of
/// ``SQLiteTables`` only.
final class CommitBatch: @unchecked Sendable {
    /// A line of the log, of a group of commits.
    struct Line {
        let position, milliseconds: Int64
        let encoding: Int
        /// Where its text begins; it ends where the next one's begins.
        fileprivate let start: Int
    }

    /// A line of a journal, with its fields as they are stored.
    struct JournalRow {
        let sequence: Int64
        let stream, subject: String
        let milliseconds: Int64
        let fields: String
    }

    /// Rows of nodes and relationships.
    var rows = RowBacklog()
    private var lines: [Line] = []
    private var text: [UInt8] = []
    private var journal: [JournalRow] = []
    /// How many lines are written, by a transaction of SQLite that has not ended.
    private var written = (lines: 0, journal: 0)
    private let isHandedOver = Atomic(false)

    /// A moment to which a batch can go back.
    struct Mark {
        fileprivate let rows: RowBacklog.Mark
        fileprivate let lines, text, journal: Int
    }

    var mark: Mark {
        Mark(
            rows: self.rows.mark, lines: self.lines.count, text: self.text.count, journal: self.journal.count)
    }

    /// Whether it was handed over and is not in the tables yet.
    var waits: Bool { self.isHandedOver.load(ordering: .acquiring) }

    /// From now on the batch is touched under the lock of the tables only, until it waits no more.
    func handOver() { self.isHandedOver.store(true, ordering: .releasing) }

    /// Whether there is nothing to write.
    var isEmpty: Bool { self.rows.count == 0 && self.lines.isEmpty && self.journal.isEmpty }

    /// How many bytes of text wait, about.
    var size: Int { self.rows.size + self.text.count }

    /// The last commit that has a line here.
    var last: Int64? { self.lines.last?.position }

    func addLine(position: Int64, milliseconds: Int64, encoding: Int, _ text: [UInt8]) {
        self.lines.append(
            Line(
                position: position, milliseconds: milliseconds, encoding: encoding, start: self.text.count))
        self.text.append(contentsOf: text)
    }

    func add(_ row: JournalRow) { self.journal.append(row) }

    /// Hands over the lines that wait. They stay until ``forget()``.
    func writeLines(
        _ line: (Line, UnsafeBufferPointer<UInt8>) throws(SQLiteFailure) -> Void,
        journal: (JournalRow) throws(SQLiteFailure) -> Void
    ) throws(SQLiteFailure) {
        for index in self.written.lines..<self.lines.count {
            let end = index + 1 < self.lines.count ? self.lines[index + 1].start : self.text.count
            let range = self.lines[index].start..<end
            try self.text.withUnsafeBufferPointer { text throws(SQLiteFailure) in
                try line(self.lines[index], UnsafeBufferPointer(rebasing: text[range]))
            }
        }
        for row in self.journal[self.written.journal...] { try journal(row) }
        self.written = (self.lines.count, self.journal.count)
    }

    /// The transaction ended: nothing waits any more.
    func forget() {
        self.rows.forget()
        self.lines.removeAll(keepingCapacity: true)
        self.text.removeAll(keepingCapacity: self.text.count < 1 << 21)
        self.journal.removeAll(keepingCapacity: self.journal.count < 4096)
        self.written = (0, 0)
        self.isHandedOver.store(false, ordering: .releasing)
    }

    /// The transaction was taken back: what it wrote waits again, and what came after the mark never was.
    func goBack(to mark: Mark? = nil) {
        self.written = (0, 0)
        self.rows.goBack(to: mark?.rows ?? self.rows.mark)
        guard let mark else { return }
        self.lines.removeLast(self.lines.count - mark.lines)
        self.text.removeLast(self.text.count - mark.text)
        self.journal.removeLast(self.journal.count - mark.journal)
    }
}
