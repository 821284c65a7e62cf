internal import Foundation
internal import GRDBSQLite
internal import Glibc
internal import JSON
internal import PropertyGraph

/// Writes commits. One thread at a time.
///
/// A group of commits that are not too large is a record of the ``CommitLog`` and nothing else; its rows and lines wait in a
/// ``CommitBatch`` until ``SQLiteTables`` takes them, which another thread does beside the next commits. Changes of the
/// schema, commits that touch very many entities, and groups for which the log has no room are a transaction of SQLite
/// together with all that waits.
final class SQLiteCommitWriter {
    /// A commit that touches more entities is not spelled out in the log: followers load the graph again.
    static let logEntityLimit = 50_000
    /// From so many rows or bytes of text on, a batch is handed over.
    static let batchRows = 8192
    static let batchBytes = 2 << 20

    private let path: String
    private let durability: Durability
    private let tables: SQLiteTables
    /// Nil until the first commit needs it.
    private var commitLog: CommitLog?
    /// What the commits since the last handing over brought.
    private var batch = CommitBatch()
    /// What the other thread brings into the tables; empty when it has.
    private(set) var handedOver: CommitBatch?
    private var spare: CommitBatch? = CommitBatch()
    /// Whether the batch is to be handed over when the group ends.
    private var isWanted = false
    private var progress: Progress
    private var before: (progress: Progress, batch: CommitBatch.Mark)
    private var isInGroup = false
    /// Whether the group is a transaction of SQLite.
    private var isOpen = false
    /// Whether the tables lack commits that the batch does not have either: nobody loaded the graph.
    private var isBehind: Bool
    /// When the group began, in milliseconds since 1970.
    private var now: Int64 = 0
    /// An entity's texts: labels or type, and properties.
    private var first: [UInt8] = []
    private var properties: [UInt8] = []
    /// The group's changes in the log's form, made of the rows, as far as they have no line yet.
    private var log: [UInt8] = []
    /// The group's lines of journals, for its record.
    private var journal: [UInt8] = []
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

    /// `path`: the store's file; the commit log is beside it.
    init(_ tables: SQLiteTables, path: String, durability: Durability) {
        self.tables = tables
        self.path = path
        self.durability = durability
        self.progress = Progress(position: tables.logPosition, journalLine: tables.journalLine)
        self.before = (self.progress, self.batch.mark)
        self.isBehind = tables.rows.state.position != self.progress.position
    }

    // MARK: Groups

    func begin() throws(SQLiteFailure) {
        guard !self.isBehind else {
            throw SQLiteFailure(code: SQLITE_MISUSE, message: "a graph is loaded before it is written")
        }
        self.before = (self.progress, self.batch.mark)
        self.now = Int64(Date().timeIntervalSince1970 * 1000)
        self.log.removeAll(keepingCapacity: self.log.count < 1 << 21)
        self.journal.removeAll(keepingCapacity: true)
        self.isInGroup = true
    }

    /// Makes the group durable.
    /// - Returns: whether a batch waits for the other thread.
    func commit() throws(SQLiteFailure) -> Bool {
        do {
            if self.isOpen {
                try self.commitTables()
            } else if try !self.appendRecord() {
                try self.openTables()
                try self.commitTables()
            }
        } catch {
            self.rollback()
            throw error
        }
        self.isInGroup = false
        let isDue =
            self.isWanted || self.batch.rows.count >= Self.batchRows || self.batch.size >= Self.batchBytes
            || self.commitLog?.isHalfFull == true
        if isDue { self.handOver() }
        return isDue && self.handedOver != nil
    }

    /// Writes the group as a record of the commit log; false when it has no room.
    private func appendRecord() throws(SQLiteFailure) -> Bool {
        if self.log.isEmpty, self.journal.isEmpty { return true }
        if !self.log.isEmpty { self.log.append(UInt8(ascii: "]")) }
        if !self.journal.isEmpty { self.journal.append(UInt8(ascii: "]")) }
        let log: CommitLog
        if let made = self.commitLog {
            log = made
        } else {
            do throws(SQLiteFailure) {
                log = try CommitLog(path: self.path + CommitLog.ending, durability: self.durability)
            } catch {
                // The tables may need less.
                guard error.code == SQLITE_FULL else { throw error }
                self.reopenLine()
                return false
            }
            self.commitLog = log
        }
        let isWritten = try log.append(
            first: self.before.progress.position + 1, last: self.progress.position, milliseconds: self.now,
            encoding: ChangeSetCoding.version, line: self.log, journal: self.journal)
        if isWritten { self.addLine() } else { self.reopenLine() }
        return isWritten
    }

    private func reopenLine() { if !self.log.isEmpty { self.log.removeLast() } }

    /// Begins a transaction of SQLite and writes all that waits. Waits for the other thread.
    private func openTables() throws(SQLiteFailure) {
        guard !self.isOpen else { return }
        try self.tables.withLock { tables throws(SQLiteFailure) in
            try tables.begin()
            self.isOpen = true
            if let waiting = self.handedOver, waiting.waits { try tables.write(waiting) }
        }
        try self.writeBatch()
    }

    private func writeBatch() throws(SQLiteFailure) {
        self.endLine()
        try self.tables.withLock { tables throws(SQLiteFailure) in try tables.write(self.batch) }
    }

    private func commitTables() throws(SQLiteFailure) {
        try self.writeBatch()
        try self.tables.withLock { tables throws(SQLiteFailure) in
            try tables.commit()
            self.handedOver?.forget()
            self.batch.forget()
        }
        self.isOpen = false
        self.takeBack()
        self.commitLog?.restart()
    }

    func rollback() {
        self.isInGroup = false
        self.progress = self.before.progress
        if self.isOpen {
            try? self.tables.withLock { tables in
                tables.rollback()
                if let waiting = self.handedOver, waiting.waits { waiting.goBack() }
            }
        }
        self.isOpen = false
        self.batch.goBack(to: self.before.batch)
    }

    // MARK: Batches

    /// Gives the batch to the other thread, unless that has one still.
    private func handOver() {
        self.takeBack()
        guard self.handedOver == nil, !self.batch.isEmpty else { return }
        self.isWanted = false
        self.batch.handOver()
        self.handedOver = self.batch
        self.batch = self.spare ?? CommitBatch()
        self.spare = nil
        self.commitLog?.turn()
    }

    /// Takes note that the other thread has done its work.
    func takeBack() {
        guard let batch = self.handedOver, !batch.waits else { return }
        self.spare = batch
        self.handedOver = nil
    }

    /// What the other thread is to bring into the tables now; when a group is being written, it is told of when that ends.
    func nextBatch() -> CommitBatch? {
        if self.handedOver == nil {
            if self.isInGroup { self.isWanted = true } else if !self.isBehind { self.handOver() }
        }
        return self.handedOver
    }

    /// Brings all commits that were acknowledged into the tables; false when a group is being written.
    func catchUp() throws(SQLiteFailure) -> Bool {
        if self.isBehind { return true }
        guard !self.isInGroup else { return false }
        try self.tables.withLock { tables throws(SQLiteFailure) in
            if let waiting = self.handedOver, waiting.waits { try tables.bring(waiting) }
            try tables.bring(self.batch)
        }
        self.takeBack()
        self.commitLog?.restart()
        return true
    }

    /// Removes the commit log, after everything was brought into the tables.
    func removeLog() {
        self.commitLog = nil
        unlink(self.path + CommitLog.ending)
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
            try self.openTables()
            try self.writeBatch()
        }
        self.beginSteps()
        for change in commit.schema {
            try self.tables.withLock { tables throws(SQLiteFailure) in try tables.rows.apply(change) }
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
            try self.tables.withLock { tables throws(SQLiteFailure) in try tables.rows.writeNew(commit) }
        }
        self.endSteps()
        self.progress.position = Int64(commit.position)
        for entry in commit.journal { self.append(entry) }
        guard !self.isSpelledOut else { return }
        self.batch.addLine(
            position: self.progress.position, milliseconds: self.now, encoding: ChangeSetCoding.tooLarge, [])
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
        guard self.isDirect else { return self.batch.rows.append(row, self.first, self.properties) }
        try self.tables.withLock { tables throws(SQLiteFailure) in try self.write(row, tables) }
    }

    private func write(_ row: RowBacklog.Row, _ tables: SQLiteTables) throws(SQLiteFailure) {
        try self.first.withUnsafeBufferPointer { first throws(SQLiteFailure) in
            try self.properties.withUnsafeBufferPointer { properties throws(SQLiteFailure) in
                try tables.rows.write(row, first, properties)
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

    /// Makes a line of the commits that have none yet.
    private func endLine() {
        guard !self.log.isEmpty else { return }
        self.log.append(UInt8(ascii: "]"))
        self.addLine()
    }

    private func addLine() {
        guard !self.log.isEmpty else { return }
        self.batch.addLine(
            position: self.progress.position, milliseconds: self.now, encoding: ChangeSetCoding.version,
            self.log)
        self.log.removeAll(keepingCapacity: true)
    }

    private func append(_ entry: JournalEntry) {
        self.progress.journalLine += 1
        let row = CommitBatch.JournalRow(
            sequence: self.progress.journalLine, stream: entry.stream, subject: entry.subject,
            milliseconds: Int64(entry.milliseconds), fields: NamedProperty.storedJSON(entry.fields).text)
        self.batch.add(row)
        if !self.isOpen { JournalCoding.append(row, to: &self.journal) }
    }
}
