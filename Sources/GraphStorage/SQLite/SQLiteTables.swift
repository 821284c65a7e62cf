internal import Foundation
internal import JSON
internal import PropertyGraph

/// Brings commits into SQLite's tables: rows, lines of the log and of journals, a batch a transaction.
///
/// `@unchecked Sendable`: everything in it is touched within ``withLock(_:)`` only.
final class SQLiteTables: @unchecked Sendable {
    /// How many change sets the log keeps for followers.
    static let logRetention: Int64 = 100_000

    private let lock = NSLock()
    private let connection: SQLiteConnection
    private let retention: JournalRetention
    private let statements: Statements
    private var checksum = RowChecksum()
    /// Whether a transaction of SQLite is open: a group that is more than records of the commit log.
    private(set) var isOpen = false
    private var before: (state: TableState, logPosition: Int64, journalLine: Int64)
    /// The tables of nodes, relationships and rules.
    let rows: SQLiteRowWriter
    /// The last commit that the log's table has.
    private(set) var logPosition: Int64
    /// The last line of the journals.
    private(set) var journalLine: Int64

    private struct Statements {
        let begin, commit, rollback: SQLiteStatement
        let appendLog, trimLog: SQLiteStatement
        let appendJournal, trimJournalByAge, trimJournalByCount: SQLiteStatement

        init(_ connection: SQLiteConnection) throws(SQLiteFailure) {
            func prepare(_ sql: String) throws(SQLiteFailure) -> SQLiteStatement {
                try SQLiteStatement(connection, sql)
            }
            self.begin = try prepare("BEGIN IMMEDIATE")
            self.commit = try prepare("COMMIT")
            self.rollback = try prepare("ROLLBACK")
            self.appendLog = try prepare(
                """
                INSERT INTO change_log (position, committed_at, encoding, changes, checksum)
                VALUES (?, ?, ?, ?, ?)
                """)
            self.trimLog = try prepare("DELETE FROM change_log WHERE position <= ?")
            self.appendJournal = try prepare(
                """
                INSERT INTO journal (sequence, stream, subject, at, fields, checksum)
                VALUES (?, ?, ?, ?, ?, ?)
                """)
            // Oldest first and a few at a time: no commit pays for more than it adds, twice over.
            self.trimJournalByAge = try prepare(
                """
                DELETE FROM journal WHERE sequence IN (
                    SELECT sequence FROM journal ORDER BY sequence LIMIT 2) AND at < ?
                """)
            self.trimJournalByCount = try prepare(
                """
                DELETE FROM journal WHERE sequence IN (
                    SELECT sequence FROM journal ORDER BY sequence LIMIT 2) AND sequence <= ?
                """)
        }
    }

    init(_ connection: SQLiteConnection, retention: JournalRetention) throws(SQLiteFailure) {
        self.connection = connection
        self.retention = retention
        self.statements = try Statements(connection)
        self.rows = try SQLiteRowWriter(connection)
        self.logPosition = try connection.integer("SELECT max(position) FROM change_log") ?? 0
        self.journalLine =
            try connection.integer("SELECT seq FROM sqlite_sequence WHERE name = 'journal'") ?? 0
        self.before = (self.rows.state, self.logPosition, self.journalLine)
    }

    func withLock<Result>(
        _ body: (SQLiteTables) throws(SQLiteFailure) -> Result
    ) throws(SQLiteFailure) -> Result {
        self.lock.lock()
        defer { self.lock.unlock() }
        return try body(self)
    }

    // MARK: Transactions

    func begin() throws(SQLiteFailure) {
        self.before = (self.rows.state, self.logPosition, self.journalLine)
        try self.statements.begin.run()
        self.isOpen = true
    }

    /// Ends the transaction; when that fails, ``rollback()`` must follow.
    func commit() throws(SQLiteFailure) {
        try self.statements.commit.run()
        self.isOpen = false
    }

    func rollback() {
        self.isOpen = false
        (self.rows.state, self.logPosition, self.journalLine) = self.before
        // SQLite has rolled back by itself after some errors.
        if self.connection.isInTransaction { try? self.statements.rollback.run() }
    }

    /// Brings a batch into the tables, in a transaction of its own. Then it is empty; when this throws it is what it was.
    func bring(_ batch: CommitBatch) throws(SQLiteFailure) {
        guard !batch.isEmpty else { return batch.forget() }
        try self.begin()
        do throws(SQLiteFailure) {
            try self.write(batch)
            try self.commit()
        } catch {
            self.rollback()
            batch.goBack()
            throw error
        }
        batch.forget()
    }

    /// Writes what waits in a batch. It stays there until the transaction ends.
    func write(_ batch: CommitBatch) throws(SQLiteFailure) {
        try batch.writeLines(
            { line, text throws(SQLiteFailure) in
                try self.writeLine(line.position, line.milliseconds, line.encoding, text)
            },
            journal: { row throws(SQLiteFailure) in try self.write(row) })
        try self.rows.write(&batch.rows)
        let position = max(self.rows.state.position, batch.last ?? self.logPosition)
        try self.rows.note(position: position)
        guard position > Self.logRetention else { return }
        self.statements.trimLog.bind(1, position - Self.logRetention)
        try self.statements.trimLog.run()
    }

    /// Brings in what the commit log has of a process that was killed. The tables of nodes and relationships stay behind
    /// until the graph is loaded.
    func bring(_ records: [CommitLog.Record]) throws {
        guard !records.isEmpty else { return }
        try self.begin()
        do {
            for record in records {
                if !record.line.isEmpty {
                    try record.line.withUnsafeBufferPointer { line throws(SQLiteFailure) in
                        try self.writeLine(record.last, record.milliseconds, record.encoding, line)
                    }
                }
                for row in try JournalCoding.rows(record.journal) { try self.write(row) }
            }
            try self.commit()
        } catch {
            self.rollback()
            throw error
        }
    }

    // MARK: Log and journals

    private func writeLine(
        _ position: Int64, _ milliseconds: Int64, _ encoding: Int, _ text: UnsafeBufferPointer<UInt8>
    ) throws(SQLiteFailure) {
        self.checksum.begin()
        self.checksum.add(position)
        self.checksum.add(milliseconds)
        self.checksum.add(Int64(encoding))
        self.checksum.add(text)
        let statement = self.statements.appendLog
        statement.bind(1, position)
        statement.bind(2, milliseconds)
        statement.bind(3, Int64(encoding))
        statement.bind(4, text)
        statement.bind(5, self.checksum.value)
        try statement.run()
        self.logPosition = position
    }

    private func write(_ row: CommitBatch.JournalRow) throws(SQLiteFailure) {
        self.checksum.begin()
        self.checksum.add(row.sequence)
        self.checksum.add(row.stream)
        self.checksum.add(row.subject)
        self.checksum.add(row.milliseconds)
        self.checksum.add(row.fields)
        let statement = self.statements.appendJournal
        statement.bind(1, row.sequence)
        statement.bind(2, copying: row.stream)
        statement.bind(3, copying: row.subject)
        statement.bind(4, row.milliseconds)
        statement.bind(5, copying: row.fields)
        statement.bind(6, self.checksum.value)
        try statement.run()
        self.journalLine = row.sequence
        if let age = self.retention.milliseconds {
            self.statements.trimJournalByAge.bind(1, Int64(Date().timeIntervalSince1970 * 1000) - Int64(age))
            try self.statements.trimJournalByAge.run()
        }
        if let lines = self.retention.lines, row.sequence > Int64(lines) {
            self.statements.trimJournalByCount.bind(1, row.sequence - Int64(lines))
            try self.statements.trimJournalByCount.run()
        }
    }
}

/// Lines of journals in a record of the commit log: a JSON array of `[sequence, stream, subject, at, fields]`.
enum JournalCoding {
    static func append(_ row: CommitBatch.JournalRow, to text: inout [UInt8]) {
        text.append(UInt8(ascii: text.isEmpty ? "[" : ","))
        let line: JSON = [
            .int(Int(row.sequence)), .string(row.stream), .string(row.subject), .int(Int(row.milliseconds)),
            .string(row.fields),
        ]
        line.write(to: &text)
    }

    /// Reads a text that ``append(_:to:)`` made and `]` ended; empty for none.
    /// - Throws: ``StorageError/damaged(_:)``.
    static func rows(_ text: [UInt8]) throws(StorageError) -> [CommitBatch.JournalRow] {
        if text.isEmpty { return [] }
        guard let lines = (try? JSON.parse(utf8: text))?.array else {
            throw .damaged("lines of journals in the commit log are unreadable")
        }
        var rows: [CommitBatch.JournalRow] = []
        for line in lines {
            guard let columns = line.array, columns.count == 5, let sequence = columns[0].int,
                let stream = columns[1].string, let subject = columns[2].string, let time = columns[3].int,
                let fields = columns[4].string
            else { throw .damaged("a line of a journal in the commit log is unreadable") }
            rows.append(
                .init(
                    sequence: Int64(sequence), stream: stream, subject: subject, milliseconds: Int64(time),
                    fields: fields))
        }
        return rows
    }
}
