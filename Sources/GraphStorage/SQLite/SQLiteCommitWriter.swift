internal import Foundation
internal import GRDBSQLite
internal import JSON
internal import PropertyGraph

/// Writes commits: their line in the log, lines of journals, and in time the rows of what they touch. One thread at a time.
///
/// A group of commits that are not too large writes a line of the log and nothing else, mostly one page of the file; the
/// rows wait in a ``RowBacklog`` for those of others. ``TableState`` says how far the tables are; whoever loads the graph
/// takes the rest from the log.
final class SQLiteCommitWriter {
    /// How many change sets the log keeps for followers.
    static let logRetention: Int64 = 100_000
    /// A commit that touches more entities is not spelled out in the log: followers load the graph again.
    static let logEntityLimit = 50_000
    /// From so many rows, bytes of them, or commits on, rows are written with the commit that brings them.
    static let backlogRows = 512
    static let backlogBytes = 1 << 20
    static let backlogCommits: Int64 = 4096

    private let connection: SQLiteConnection
    private let retention: JournalRetention
    private let statements: Statements
    private let rows: SQLiteRowWriter
    private var backlog = RowBacklog()
    private var progress: Progress
    private var before: (progress: Progress, state: TableState, backlog: RowBacklog.Mark)
    private var isInGroup = false
    /// Whether SQLite has a transaction for the group: only what is more than a line of the log needs one.
    private var isOpen = false
    /// Whether the tables lack commits that the backlog does not have either: nobody loaded the graph.
    private var isBehind: Bool
    /// When the group began, in milliseconds since 1970.
    private var now: Int64 = 0
    private var checksum = RowChecksum()
    /// An entity's texts: labels or type, and properties.
    private var first: [UInt8] = []
    private var properties: [UInt8] = []
    /// The group's changes in the log's form, made of the rows, as far as they have no line yet.
    private var log: [UInt8] = []
    /// Whether the commit has steps already.
    private var hasSteps = false
    private var isSpelledOut = false
    /// Whether the commit's rows go into their tables at once.
    private var isDirect = false

    /// How far log and journals are.
    private struct Progress {
        var position: Int64
        var journalLine: Int64
    }

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
        self.progress = Progress(
            position: try connection.integer("SELECT max(position) FROM change_log") ?? 0,
            journalLine: try connection.integer("SELECT seq FROM sqlite_sequence WHERE name = 'journal'") ?? 0
        )
        self.before = (self.progress, self.rows.state, self.backlog.mark)
        self.isBehind = self.rows.state.position != self.progress.position
    }

    // MARK: Groups

    func begin() throws(SQLiteFailure) {
        guard !self.isBehind else {
            throw SQLiteFailure(code: SQLITE_MISUSE, message: "a graph is loaded before it is written")
        }
        self.before = (self.progress, self.rows.state, self.backlog.mark)
        self.now = Int64(Date().timeIntervalSince1970 * 1000)
        self.log.removeAll(keepingCapacity: self.log.count < 1 << 21)
        self.isInGroup = true
    }

    private func open() throws(SQLiteFailure) {
        guard !self.isOpen else { return }
        try self.statements.begin.run()
        self.isOpen = true
    }

    func commit() throws(SQLiteFailure) {
        do {
            if self.isRowTime { try self.writeRows() }
            // Alone, the line is a transaction of its own.
            try self.writeLine()
            if self.isOpen { try self.statements.commit.run() }
        } catch {
            self.rollback()
            throw error
        }
        (self.isInGroup, self.isOpen) = (false, false)
        self.backlog.forget()
    }

    func rollback() {
        (self.isInGroup, self.isOpen) = (false, false)
        self.progress = self.before.progress
        self.rows.state = self.before.state
        self.backlog.goBack(to: self.before.backlog)
        // SQLite has rolled back by itself after some errors.
        if sqlite3_get_autocommit(self.connection.handle) == 0 { try? self.statements.rollback.run() }
    }

    /// Brings the tables up to date, unless a group is being written: that one is followed by another call.
    func catchUp() throws(SQLiteFailure) {
        guard !self.isInGroup, !self.isBehind, self.lag > 0 else { return }
        try self.begin()
        do {
            try self.writeRows()
        } catch {
            self.rollback()
            throw error
        }
        try self.commit()
    }

    /// How many commits the tables are behind the log.
    private var lag: Int64 { self.progress.position - self.rows.state.position }

    private var isRowTime: Bool {
        self.backlog.count >= Self.backlogRows || self.backlog.size >= Self.backlogBytes
            || self.lag >= Self.backlogCommits
    }

    private func writeRows() throws(SQLiteFailure) {
        try self.open()
        try self.rows.write(&self.backlog)
        try self.rows.note(position: self.progress.position)
        guard self.progress.position > Self.logRetention else { return }
        self.statements.trimLog.bind(1, self.progress.position - Self.logRetention)
        try self.statements.trimLog.run()
    }

    /// Takes note that a graph was loaded, and of what the log had and the tables lacked.
    func remember(_ changes: [GraphChange], _ graph: GraphSnapshot) throws(SQLiteFailure) {
        guard self.isBehind else { return }
        (self.isSpelledOut, self.isDirect) = (false, false)
        for change in changes {
            switch change {
            case .putNode(let node, _, _), .deleteNode(let node):
                try self.write(node, graph, isNew: false)
            case .putRelationship(let relationship, _, _, _, _), .deleteRelationship(let relationship):
                try self.write(relationship, graph, isNew: false)
            default: break
            }
        }
        self.isBehind = false
    }

    // MARK: Commits

    /// Takes a commit into the group.
    func append(_ commit: GraphCommit) throws(SQLiteFailure) {
        self.isSpelledOut = commit.count <= Self.logEntityLimit
        self.isDirect = !self.isSpelledOut || !commit.schema.isEmpty
        // What came before must not be written after this commit.
        if self.isDirect {
            try self.writeRows()
            try self.writeLine()
        }
        self.beginSteps()
        for change in commit.schema {
            try self.rows.apply(change)
            self.note { ChangeSetCoding.encode(change).write(to: &$0) }
        }
        for relationship in commit.touchedRelationships where !commit.graph.contains(relationship) {
            try self.write(relationship, commit.graph, isNew: false)
        }
        for node in commit.touchedNodes { try self.write(node, commit.graph, isNew: false) }
        if self.isSpelledOut {
            for number in commit.newNodes where commit.graph.contains(NodeID(number)) {
                try self.write(NodeID(number), commit.graph, isNew: true)
            }
        }
        for relationship in commit.touchedRelationships where commit.graph.contains(relationship) {
            try self.write(relationship, commit.graph, isNew: false)
        }
        if self.isSpelledOut {
            for number in commit.newRelationships where commit.graph.contains(RelationshipID(number)) {
                try self.write(RelationshipID(number), commit.graph, isNew: true)
            }
        } else {
            try self.rows.writeNew(commit)
        }
        self.endSteps()
        self.progress.position = Int64(commit.position)
        for entry in commit.journal { try self.append(entry) }
        guard self.isDirect else { return }
        if self.isSpelledOut { try self.writeLine() } else { try self.writeLine(ChangeSetCoding.tooLarge) }
        try self.rows.note(position: self.progress.position)
    }

    private func write(_ node: NodeID, _ graph: GraphSnapshot, isNew: Bool) throws(SQLiteFailure) {
        var row = RowBacklog.Row(kind: .node, id: node.index)
        guard graph.contains(node) else {
            row.isDeleted = true
            self.note { ChangeSetCoding.encode(.deleteNode(node)).write(to: &$0) }
            return try self.write(row)
        }
        row.isNew = isNew
        self.first.removeAll(keepingCapacity: true)
        StoredRow.write(labels: graph.labels(of: node), graph, to: &self.first)
        self.properties.removeAll(keepingCapacity: true)
        StoredRow.write(graph.properties(of: node), graph, to: &self.properties)
        self.note { log in
            log.append(contentsOf: "[\"putNode\",".utf8)
            StoredRow.write(Int(node.index), to: &log)
            log.append(UInt8(ascii: ","))
            log.append(contentsOf: self.first)
            log.append(UInt8(ascii: ","))
            log.append(contentsOf: self.properties)
            log.append(UInt8(ascii: "]"))
        }
        try self.write(row)
    }

    private func write(
        _ relationship: RelationshipID, _ graph: GraphSnapshot, isNew: Bool
    ) throws(SQLiteFailure) {
        var row = RowBacklog.Row(kind: .relationship, id: relationship.index)
        guard let record = graph.relationship(relationship) else {
            row.isDeleted = true
            self.note { ChangeSetCoding.encode(.deleteRelationship(relationship)).write(to: &$0) }
            return try self.write(row)
        }
        row.isNew = isNew
        (row.source, row.target) = (record.source.index, record.target.index)
        let type = graph.tokens.name(record.type)
        self.first.removeAll(keepingCapacity: true)
        self.first.append(contentsOf: type.utf8)
        self.properties.removeAll(keepingCapacity: true)
        StoredRow.write(graph.properties(of: relationship), graph, to: &self.properties)
        self.note { log in
            log.append(contentsOf: "[\"putRelationship\",".utf8)
            StoredRow.write(Int(relationship.index), to: &log)
            log.append(UInt8(ascii: ","))
            JSON.write(type, to: &log)
            for end in [record.source, record.target] {
                log.append(UInt8(ascii: ","))
                StoredRow.write(Int(end.index), to: &log)
            }
            log.append(UInt8(ascii: ","))
            log.append(contentsOf: self.properties)
            log.append(UInt8(ascii: "]"))
        }
        try self.write(row)
    }

    /// Writes a row with the texts that were made last, now or in time.
    private func write(_ row: RowBacklog.Row) throws(SQLiteFailure) {
        guard self.isDirect else { return self.backlog.append(row, self.first, self.properties) }
        try self.first.withUnsafeBufferPointer { first throws(SQLiteFailure) in
            try self.properties.withUnsafeBufferPointer { properties throws(SQLiteFailure) in
                try self.rows.write(row, first, properties)
            }
        }
    }

    // MARK: Log and journals

    /// Begins a commit in the log's text.
    private func beginSteps() {
        guard self.isSpelledOut else { return }
        self.log.append(self.log.isEmpty ? UInt8(ascii: "[") : UInt8(ascii: ","))
        self.log.append(UInt8(ascii: "["))
        self.hasSteps = false
    }

    /// Adds a step.
    private func note(_ write: (inout [UInt8]) -> Void) {
        guard self.isSpelledOut else { return }
        if self.hasSteps { self.log.append(UInt8(ascii: ",")) }
        self.hasSteps = true
        write(&self.log)
    }

    private func endSteps() {
        if self.isSpelledOut { self.log.append(UInt8(ascii: "]")) }
    }

    /// Writes the line of the commits that have none yet.
    private func writeLine() throws(SQLiteFailure) {
        guard !self.log.isEmpty else { return }
        self.log.append(UInt8(ascii: "]"))
        try self.writeLine(ChangeSetCoding.version)
        self.log.removeAll(keepingCapacity: true)
    }

    private func writeLine(_ encoding: Int) throws(SQLiteFailure) {
        let (position, statement) = (self.progress.position, self.statements.appendLog)
        try self.log.withUnsafeBufferPointer { text throws(SQLiteFailure) in
            self.checksum.begin()
            self.checksum.add(position)
            self.checksum.add(self.now)
            self.checksum.add(Int64(encoding))
            self.checksum.add(text)
            statement.bind(1, position)
            statement.bind(2, self.now)
            statement.bind(3, Int64(encoding))
            statement.bind(4, text)
            statement.bind(5, self.checksum.value)
            try statement.run()
        }
    }

    private func append(_ entry: JournalEntry) throws(SQLiteFailure) {
        try self.open()
        let sequence = self.progress.journalLine + 1
        let fields = NamedProperty.storedJSON(entry.fields).text
        self.checksum.begin()
        self.checksum.add(sequence)
        self.checksum.add(entry.stream)
        self.checksum.add(entry.subject)
        self.checksum.add(Int64(entry.milliseconds))
        self.checksum.add(fields)
        let statement = self.statements.appendJournal
        statement.bind(1, sequence)
        statement.bind(2, copying: entry.stream)
        statement.bind(3, copying: entry.subject)
        statement.bind(4, Int64(entry.milliseconds))
        statement.bind(5, copying: fields)
        statement.bind(6, self.checksum.value)
        try statement.run()
        self.progress.journalLine = sequence
        if let age = self.retention.milliseconds {
            self.statements.trimJournalByAge.bind(1, self.now - Int64(age))
            try self.statements.trimJournalByAge.run()
        }
        if let lines = self.retention.lines, sequence > Int64(lines) {
            self.statements.trimJournalByCount.bind(1, sequence - Int64(lines))
            try self.statements.trimJournalByCount.run()
        }
    }
}
