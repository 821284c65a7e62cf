internal import Foundation
internal import GRDBSQLite
internal import JSON
internal import PropertyGraph

/// Writes commits: rows of what they touch, their line in the log, lines of journals. One thread at a time.
final class SQLiteCommitWriter {
    /// How many change sets the log keeps for followers.
    static let logRetention: Int64 = 100_000
    /// A commit that touches more entities is not spelled out in the log: followers load the graph again.
    static let logEntityLimit = 50_000

    private let connection: SQLiteConnection
    private let retention: JournalRetention
    private var statements: Statements
    private var totals: StoreTotals
    private var before: StoreTotals
    /// When the group began, in milliseconds since 1970.
    private var now: Int64 = 0
    private var checksum = RowChecksum()
    private var labels: [UInt8] = []
    private var properties: [UInt8] = []
    /// The commit's changes in the log's form, made of the rows as they are written.
    private var log: [UInt8] = []
    private var isSpelledOut = false

    private struct Statements {
        let begin, commit, rollback: SQLiteStatement
        let nodeChecksum, putNode, deleteNode: SQLiteStatement
        let relationshipChecksum, putRelationship, deleteRelationship: SQLiteStatement
        let addRule, ruleChecksum, dropRule: SQLiteStatement
        let appendLog, trimLog: SQLiteStatement
        let appendJournal, trimJournalByAge, trimJournalByCount: SQLiteStatement

        init(_ connection: SQLiteConnection) throws(SQLiteFailure) {
            func prepare(_ sql: String) throws(SQLiteFailure) -> SQLiteStatement {
                try SQLiteStatement(connection, sql)
            }
            self.begin = try prepare("BEGIN IMMEDIATE")
            self.commit = try prepare("COMMIT")
            self.rollback = try prepare("ROLLBACK")
            self.nodeChecksum = try prepare("SELECT checksum FROM node WHERE id = ?")
            self.putNode = try prepare(
                "INSERT OR REPLACE INTO node (id, labels, properties, checksum) VALUES (?, ?, ?, ?)")
            self.deleteNode = try prepare("DELETE FROM node WHERE id = ?")
            self.relationshipChecksum = try prepare("SELECT checksum FROM relationship WHERE id = ?")
            self.putRelationship = try prepare(
                """
                INSERT OR REPLACE INTO relationship (id, type, source, target, properties, checksum)
                VALUES (?, ?, ?, ?, ?, ?)
                """)
            self.deleteRelationship = try prepare("DELETE FROM relationship WHERE id = ?")
            self.addRule = try prepare(
                """
                INSERT INTO schema_rule (name, kind, entity, keys, type, checksum)
                VALUES (?, ?, ?, ?, ?, ?)
                """)
            self.ruleChecksum = try prepare("SELECT checksum FROM schema_rule WHERE name = ?")
            self.dropRule = try prepare("DELETE FROM schema_rule WHERE name = ?")
            self.appendLog = try prepare(
                """
                INSERT INTO change_log
                    (position, committed_at, encoding, changes, nodes, relationships, digest, checksum)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?)
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
        self.totals = try StoreTotals(connection)
        self.before = self.totals
    }

    func begin() throws(SQLiteFailure) {
        self.before = self.totals
        self.now = Int64(Date().timeIntervalSince1970 * 1000)
        try self.statements.begin.run()
    }

    func commit() throws(SQLiteFailure) {
        do {
            try self.statements.commit.run()
        } catch {
            self.rollback()
            throw error
        }
    }

    func rollback() {
        self.totals = self.before
        // SQLite has rolled back by itself after some errors.
        if sqlite3_get_autocommit(self.connection.handle) == 0 { try? self.statements.rollback.run() }
    }

    /// Takes a commit into the transaction of SQLite that was begun.
    func append(_ commit: GraphCommit) throws(SQLiteFailure) {
        self.log.removeAll(keepingCapacity: true)
        self.isSpelledOut = commit.count <= Self.logEntityLimit
        for change in commit.schema {
            try self.apply(change)
            self.note { ChangeSetCoding.encode(change).write(to: &$0) }
        }
        for relationship in commit.touchedRelationships where !commit.graph.contains(relationship) {
            try self.delete(relationship)
        }
        for node in commit.touchedNodes {
            if commit.graph.contains(node) {
                try self.put(node, commit.graph, isNew: false)
            } else {
                try self.delete(node)
            }
        }
        for number in commit.newNodes where commit.graph.contains(NodeID(number)) {
            try self.put(NodeID(number), commit.graph, isNew: true)
        }
        for relationship in commit.touchedRelationships where commit.graph.contains(relationship) {
            try self.put(relationship, commit.graph, isNew: false)
        }
        for number in commit.newRelationships where commit.graph.contains(RelationshipID(number)) {
            try self.put(RelationshipID(number), commit.graph, isNew: true)
        }
        for entry in commit.journal { try self.append(entry) }
        try self.appendLog(commit, self.now)
    }

    /// Adds a step to the log's text.
    private func note(_ write: (inout [UInt8]) -> Void) {
        guard self.isSpelledOut else { return }
        self.log.append(self.log.isEmpty ? UInt8(ascii: "[") : UInt8(ascii: ","))
        write(&self.log)
    }

    // MARK: Rows

    private func put(_ node: NodeID, _ graph: GraphSnapshot, isNew: Bool) throws(SQLiteFailure) {
        if !isNew { try self.forget(Int64(node.index), self.statements.nodeChecksum, \.nodes) }
        self.labels.removeAll(keepingCapacity: true)
        StoredRow.write(labels: graph.labels(of: node), graph, to: &self.labels)
        self.properties.removeAll(keepingCapacity: true)
        StoredRow.write(graph.properties(of: node), graph, to: &self.properties)
        try self.labels.withUnsafeBufferPointer { labels throws(SQLiteFailure) in
            try self.properties.withUnsafeBufferPointer { properties throws(SQLiteFailure) in
                self.checksum.begin()
                self.checksum.add(Int64(node.index))
                self.checksum.add(labels)
                self.checksum.add(properties)
                let statement = self.statements.putNode
                statement.bind(1, Int64(node.index))
                statement.bind(2, labels)
                statement.bind(3, properties)
                statement.bind(4, self.checksum.value)
                try statement.run()
            }
        }
        self.totals.nodes += 1
        self.totals.digest &+= self.checksum.value
        self.note { log in
            log.append(contentsOf: "[\"putNode\",".utf8)
            StoredRow.write(Int(node.index), to: &log)
            log.append(UInt8(ascii: ","))
            log.append(contentsOf: self.labels)
            log.append(UInt8(ascii: ","))
            log.append(contentsOf: self.properties)
            log.append(UInt8(ascii: "]"))
        }
    }

    private func put(
        _ relationship: RelationshipID, _ graph: GraphSnapshot, isNew: Bool
    ) throws(SQLiteFailure) {
        guard let record = graph.relationship(relationship) else { return }
        if !isNew {
            try self.forget(Int64(relationship.index), self.statements.relationshipChecksum, \.relationships)
        }
        self.labels.removeAll(keepingCapacity: true)
        self.labels.append(contentsOf: graph.tokens.name(record.type).utf8)
        self.properties.removeAll(keepingCapacity: true)
        StoredRow.write(graph.properties(of: relationship), graph, to: &self.properties)
        try self.labels.withUnsafeBufferPointer { type throws(SQLiteFailure) in
            try self.properties.withUnsafeBufferPointer { properties throws(SQLiteFailure) in
                self.checksum.begin()
                self.checksum.add(Int64(relationship.index))
                self.checksum.add(type)
                self.checksum.add(Int64(record.source.index))
                self.checksum.add(Int64(record.target.index))
                self.checksum.add(properties)
                let statement = self.statements.putRelationship
                statement.bind(1, Int64(relationship.index))
                statement.bind(2, type)
                statement.bind(3, Int64(record.source.index))
                statement.bind(4, Int64(record.target.index))
                statement.bind(5, properties)
                statement.bind(6, self.checksum.value)
                try statement.run()
            }
        }
        self.totals.relationships += 1
        self.totals.digest &+= self.checksum.value
        self.note { log in
            log.append(contentsOf: "[\"putRelationship\",".utf8)
            StoredRow.write(Int(relationship.index), to: &log)
            log.append(UInt8(ascii: ","))
            JSON.write(graph.tokens.name(record.type), to: &log)
            for end in [record.source, record.target] {
                log.append(UInt8(ascii: ","))
                StoredRow.write(Int(end.index), to: &log)
            }
            log.append(UInt8(ascii: ","))
            log.append(contentsOf: self.properties)
            log.append(UInt8(ascii: "]"))
        }
    }

    private func delete(_ node: NodeID) throws(SQLiteFailure) {
        try self.forget(Int64(node.index), self.statements.nodeChecksum, \.nodes)
        self.statements.deleteNode.bind(1, Int64(node.index))
        try self.statements.deleteNode.run()
        self.note { ChangeSetCoding.encode(.deleteNode(node)).write(to: &$0) }
    }

    private func delete(_ relationship: RelationshipID) throws(SQLiteFailure) {
        try self.forget(Int64(relationship.index), self.statements.relationshipChecksum, \.relationships)
        self.statements.deleteRelationship.bind(1, Int64(relationship.index))
        try self.statements.deleteRelationship.run()
        self.note { ChangeSetCoding.encode(.deleteRelationship(relationship)).write(to: &$0) }
    }

    /// Takes a row, if there is one, out of the totals.
    private func forget(
        _ id: Int64, _ statement: SQLiteStatement, _ count: WritableKeyPath<StoreTotals, Int64>
    ) throws(SQLiteFailure) {
        statement.bind(1, id)
        defer { statement.reset() }
        guard try statement.step() else { return }
        self.totals.digest &-= statement.integer(0)
        self.totals[keyPath: count] -= 1
    }

    // MARK: Rules

    private func apply(_ change: GraphChange) throws(SQLiteFailure) {
        switch change {
        case .createIndex(let index):
            try self.addRule(
                index.name, SchemaRuleKind.text(of: index), index.label, index.keys, type: "")
        case .createConstraint(let rule):
            try self.addRule(
                rule.name, rule.kind.rawValue, rule.entity, rule.keys, type: rule.type?.description ?? "")
        case .dropIndex(let name), .dropConstraint(let name):
            let statement = self.statements.ruleChecksum
            statement.bind(1, copying: name)
            if try statement.step() { self.totals.digest &-= statement.integer(0) }
            statement.reset()
            self.statements.dropRule.bind(1, copying: name)
            try self.statements.dropRule.run()
        default: break
        }
    }

    private func addRule(
        _ name: String, _ kind: String, _ entity: String, _ keys: [String], type: String
    ) throws(SQLiteFailure) {
        self.checksum.begin()
        let statement = self.statements.addRule
        let texts = [name, kind, entity, JSON.array(keys.map(JSON.string)).text, type]
        for (index, text) in texts.enumerated() {
            self.checksum.add(text)
            statement.bind(Int32(index + 1), copying: text)
        }
        statement.bind(6, self.checksum.value)
        try statement.run()
        self.totals.digest &+= self.checksum.value
    }

    // MARK: Log and journals

    private func appendLog(_ commit: GraphCommit, _ now: Int64) throws(SQLiteFailure) {
        let encoding = self.isSpelledOut ? ChangeSetCoding.version : ChangeSetCoding.tooLarge
        if self.isSpelledOut {
            if self.log.isEmpty { self.log.append(UInt8(ascii: "[")) }
            self.log.append(UInt8(ascii: "]"))
        }
        let statement = self.statements.appendLog
        let position = Int64(commit.position)
        try self.log.withUnsafeBufferPointer { text throws(SQLiteFailure) in
            self.checksum.begin()
            for number in [position, now, Int64(encoding)] { self.checksum.add(number) }
            self.checksum.add(text)
            let totals = [self.totals.nodes, self.totals.relationships, self.totals.digest]
            for number in totals { self.checksum.add(number) }
            statement.bind(1, position)
            statement.bind(2, now)
            statement.bind(3, Int64(encoding))
            statement.bind(4, text)
            for (index, number) in totals.enumerated() { statement.bind(Int32(5 + index), number) }
            statement.bind(8, self.checksum.value)
            try statement.run()
        }
        guard position > Self.logRetention else { return }
        self.statements.trimLog.bind(1, position - Self.logRetention)
        try self.statements.trimLog.run()
    }

    private func append(_ entry: JournalEntry) throws(SQLiteFailure) {
        let sequence = self.totals.lastJournalLine + 1
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
        self.totals.lastJournalLine = sequence
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

/// How many rows a store has and the sum of their checksums, as of its last commit.
struct StoreTotals: Hashable {
    var position: Int64 = 0
    var nodes: Int64 = 0
    var relationships: Int64 = 0
    /// The sum over nodes, relationships and rules, wrapping.
    var digest: Int64 = 0
    var lastJournalLine: Int64 = 0

    /// Reads them from the log's last line.
    init(_ connection: SQLiteConnection) throws(SQLiteFailure) {
        let last = try SQLiteStatement(
            connection,
            """
            SELECT position, nodes, relationships, digest FROM change_log ORDER BY position DESC LIMIT 1
            """)
        if try last.step() {
            self.position = last.integer(0)
            self.nodes = last.integer(1)
            self.relationships = last.integer(2)
            self.digest = last.integer(3)
        }
        self.lastJournalLine =
            try connection.integer("SELECT seq FROM sqlite_sequence WHERE name = 'journal'") ?? 0
    }
}

/// What the rules' table calls indexes; constraints go by `ConstraintDefinition.Kind`.
enum SchemaRuleKind {
    static func text(of index: IndexDefinition) -> String {
        (index.on == .node ? "" : "relationship_") + (index.kind == .range ? "" : "text_") + "index"
    }

    static func index(_ text: String, name: String, entity: String, keys: [String]) -> IndexDefinition? {
        for on in [EntityKind.node, .relationship] {
            for kind in [IndexDefinition.Kind.range, .text] {
                let index = IndexDefinition(name: name, on: on, kind: kind, label: entity, keys: keys)
                if self.text(of: index) == text { return index }
            }
        }
        return nil
    }
}
