internal import GRDBSQLite
internal import JSON
internal import PropertyGraph

/// Writes the tables of nodes, relationships and rules, and keeps count of what they hold. One thread at a time.
final class SQLiteRowWriter {
    /// What the tables hold, with what the open transaction of SQLite did.
    var state: TableState
    private let statements: Statements
    private let inserter: RowInserter
    private var checksum = RowChecksum()

    private struct Statements {
        let nodeChecksum, putNode, deleteNode: SQLiteStatement
        let relationshipChecksum, putRelationship, deleteRelationship: SQLiteStatement
        let addRule, ruleChecksum, dropRule: SQLiteStatement
        let putState: SQLiteStatement

        init(_ connection: SQLiteConnection) throws(SQLiteFailure) {
            func prepare(_ sql: String) throws(SQLiteFailure) -> SQLiteStatement {
                try SQLiteStatement(connection, sql)
            }
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
            self.putState = try prepare(
                """
                INSERT OR REPLACE INTO table_state (id, position, nodes, relationships, digest, checksum)
                VALUES (1, ?, ?, ?, ?, ?)
                """)
        }
    }

    init(_ connection: SQLiteConnection) throws(SQLiteFailure) {
        self.statements = try Statements(connection)
        self.inserter = try RowInserter(connection)
        self.state = try TableState(connection)
    }

    /// Writes the rows of all that a large commit adds. They are made on a second thread while this one writes.
    func writeNew(_ commit: GraphCommit) throws(SQLiteFailure) {
        let encoder = RowEncoder(commit)
        defer { encoder.stop() }
        while let batch = encoder.next() { try self.insert(batch) }
    }

    private func insert(_ batch: RowBatch) throws(SQLiteFailure) {
        try self.inserter.insert(batch)
        switch batch.kind {
        case .node: self.state.nodes += Int64(batch.rows.count)
        case .relationship: self.state.relationships += Int64(batch.rows.count)
        }
        for row in batch.rows { self.state.digest &+= row.checksum }
    }

    /// Writes what waits, in the order of the tables; new rows that follow each other go in together. A row that is not new
    /// may be one that its table lacks (its number was free), so what comes before it is written before it.
    func write(_ backlog: inout RowBacklog) throws(SQLiteFailure) {
        let count = backlog.count
        var new = RowBatch(.node, expecting: 0)
        try backlog.write { row, first, properties throws(SQLiteFailure) in
            if row.isNew, row.isDeleted { return }
            if !row.isNew || new.kind != row.kind {
                try self.insert(new)
                new = RowBatch(row.kind, expecting: row.isNew ? count : 0)
            }
            guard row.isNew else { return try self.write(row, first, properties) }
            let checksum =
                row.kind == .node
                ? self.checksum.ofNode(Int64(row.id), labels: first, properties)
                : self.checksum.ofRelationship(
                    Int64(row.id), type: first, Int64(row.source), Int64(row.target), properties)
            new.add(row, first, properties, checksum: checksum)
        }
        try self.insert(new)
    }

    /// Writes one row, or deletes it.
    func write(
        _ row: RowBacklog.Row, _ first: UnsafeBufferPointer<UInt8>, _ properties: UnsafeBufferPointer<UInt8>
    ) throws(SQLiteFailure) {
        switch row.kind {
        case .node: try self.writeNode(row, labels: first, properties)
        case .relationship: try self.writeRelationship(row, type: first, properties)
        }
    }

    private func writeNode(
        _ row: RowBacklog.Row, labels: UnsafeBufferPointer<UInt8>, _ properties: UnsafeBufferPointer<UInt8>
    ) throws(SQLiteFailure) {
        let id = Int64(row.id)
        if !row.isNew { try self.forget(id, self.statements.nodeChecksum, \.nodes) }
        if row.isDeleted {
            self.statements.deleteNode.bind(1, id)
            return try self.statements.deleteNode.run()
        }
        let checksum = self.checksum.ofNode(id, labels: labels, properties)
        let statement = self.statements.putNode
        statement.bind(1, id)
        statement.bind(2, labels)
        statement.bind(3, properties)
        statement.bind(4, checksum)
        try statement.run()
        self.state.nodes += 1
        self.state.digest &+= checksum
    }

    private func writeRelationship(
        _ row: RowBacklog.Row, type: UnsafeBufferPointer<UInt8>, _ properties: UnsafeBufferPointer<UInt8>
    ) throws(SQLiteFailure) {
        let id = Int64(row.id)
        if !row.isNew { try self.forget(id, self.statements.relationshipChecksum, \.relationships) }
        if row.isDeleted {
            self.statements.deleteRelationship.bind(1, id)
            return try self.statements.deleteRelationship.run()
        }
        let checksum = self.checksum.ofRelationship(
            id, type: type, Int64(row.source), Int64(row.target), properties)
        let statement = self.statements.putRelationship
        statement.bind(1, id)
        statement.bind(2, type)
        statement.bind(3, Int64(row.source))
        statement.bind(4, Int64(row.target))
        statement.bind(5, properties)
        statement.bind(6, checksum)
        try statement.run()
        self.state.relationships += 1
        self.state.digest &+= checksum
    }

    /// Takes a row, if there is one, out of the totals.
    private func forget(
        _ id: Int64, _ statement: SQLiteStatement, _ count: WritableKeyPath<TableState, Int64>
    ) throws(SQLiteFailure) {
        statement.bind(1, id)
        defer { statement.reset() }
        guard try statement.step() else { return }
        self.state.digest &-= statement.integer(0)
        self.state[keyPath: count] -= 1
    }

    /// Writes an index or a constraint, or takes one away.
    func apply(_ change: GraphChange) throws(SQLiteFailure) {
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
            if try statement.step() { self.state.digest &-= statement.integer(0) }
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
        self.state.digest &+= self.checksum.value
    }

    /// Notes the commit as of which the tables are.
    func note(position: Int64) throws(SQLiteFailure) {
        self.state.position = position
        let statement = self.statements.putState
        self.checksum.begin()
        for (index, number) in self.state.columns.enumerated() {
            self.checksum.add(number)
            statement.bind(Int32(index + 1), number)
        }
        statement.bind(5, self.checksum.value)
        try statement.run()
    }
}

/// The commit as of which the tables of nodes, relationships and rules are, how many rows they have, and the sum of the
/// rows' checksums. Later commits are in the log only.
struct TableState: Hashable {
    var position: Int64 = 0
    var nodes: Int64 = 0
    var relationships: Int64 = 0
    /// The sum over nodes, relationships and rules, wrapping.
    var digest: Int64 = 0

    var columns: [Int64] { [self.position, self.nodes, self.relationships, self.digest] }

    /// - Throws: a failure that says that the row is not what was written.
    init(_ connection: SQLiteConnection) throws(SQLiteFailure) {
        let row = try SQLiteStatement(
            connection, "SELECT position, nodes, relationships, digest, checksum FROM table_state")
        guard try row.step() else { throw Self.damaged }
        self.position = row.integer(0)
        self.nodes = row.integer(1)
        self.relationships = row.integer(2)
        self.digest = row.integer(3)
        guard Self.checksum(of: self.columns) == row.integer(4) else { throw Self.damaged }
    }

    static func checksum(of columns: [Int64]) -> Int64 {
        var checksum = RowChecksum()
        checksum.begin()
        for number in columns { checksum.add(number) }
        return checksum.value
    }

    private static let damaged = SQLiteFailure(
        code: SQLITE_CORRUPT, message: "the state of the tables is not what was written")
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
