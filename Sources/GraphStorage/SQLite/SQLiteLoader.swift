internal import JSON
internal import PropertyGraph

/// Reads a graph from a store, and every row's checksum with it.
struct SQLiteLoader: ~Copyable {
    private var connection: SQLiteConnection
    private var loader = GraphLoader()
    private var checksum = RowChecksum()
    private var digest: Int64 = 0
    private var counts: (nodes: Int64, relationships: Int64) = (0, 0)
    /// Numbers of label sets, types and keys by their text in the rows.
    private var labelSets = ByteTable()
    private var types = ByteTable()
    private var keys = ByteTable()

    /// What the commit log has beside the file.
    private let records: [CommitLog.Record]

    init(_ connection: SQLiteConnection, _ records: [CommitLog.Record] = []) {
        self.connection = connection
        self.records = records
    }

    /// The graph as of the last commit of the log, and what the log has that the tables lack.
    /// - Throws: ``StorageError``, ``SQLiteFailure``, `GraphError` for rows that contradict each other.
    mutating func load() throws -> (graph: GraphSnapshot, behind: [GraphChange]) {
        self.connection = try self.connection.unlockedReader()
        try self.connection.execute("BEGIN")
        defer { try? self.connection.execute("COMMIT") }
        let state = try TableState(self.connection)
        try self.loadNodes()
        try self.loadRelationships()
        let rules = try self.rules()
        guard
            self.counts.nodes == state.nodes, self.counts.relationships == state.relationships,
            self.digest == state.digest
        else {
            throw StorageError.damaged(
                "commit \(state.position) left \(state.nodes) nodes and \(state.relationships) "
                    + "relationships, and the file holds \(self.counts.nodes) and \(self.counts.relationships)"
                    + (self.counts == (state.nodes, state.relationships) ? " of another state" : ""))
        }
        let (position, changes) = try self.changes(after: state.position)
        for change in changes { try self.loader.apply(change) }
        for rule in rules { try self.loader.apply(rule) }
        return (self.loader.finish(version: UInt64(position)), changes)
    }

    /// What the log has after a commit, and its last commit.
    private mutating func changes(after position: Int64) throws -> (last: Int64, changes: [GraphChange]) {
        let rows = try SQLiteStatement(
            self.connection,
            """
            SELECT position, committed_at, encoding, changes, checksum
            FROM change_log WHERE position >= ? ORDER BY position
            """)
        rows.bind(1, max(1, position))
        // The line with the tables' own state is there too, as its last commit: else the log was cut off before it.
        var (last, changes): (Int64, [GraphChange]) = (max(0, position - 1), [])
        while try rows.step() {
            let line = try StoredLogLine(rows, &self.checksum)
            defer { last = line.position }
            if line.position == position { continue }
            for set in try line.changeSets(asked: UInt64(position)) {
                guard set.position == last + 1 else { throw Self.missing(last + 1) }
                last = Int64(set.position)
                changes += set.changes
            }
        }
        guard last >= position else { throw Self.missing(position) }
        for record in self.records where record.last > last && !record.line.isEmpty {
            for set in try record.changeSets() {
                guard set.position == last + 1 else { throw Self.missing(last + 1) }
                last = Int64(set.position)
                changes += set.changes
            }
        }
        return (last, changes)
    }

    private static func missing(_ position: Int64) -> StorageError {
        .damaged("the log lacks commit \(position)")
    }

    private mutating func loadNodes() throws {
        let rows = try SQLiteStatement(
            self.connection, "SELECT id, labels, properties, checksum FROM node ORDER BY id")
        while try rows.step() {
            let (id, labels, properties) = (rows.integer(0), rows.bytes(1), rows.bytes(2))
            let checksum = self.checksum.ofNode(id, labels: labels, properties)
            guard checksum == rows.integer(3), let number = UInt32(exactly: id) else {
                throw StorageError.damaged("node \(id) is not what was written")
            }
            let node = NodeID(number)
            try self.loader.addNode(node, labels: try self.labelSet(labels, id))
            try self.readProperties(properties, "node", id) { loader, key, value in
                loader.setProperty(key, of: node, value)
            }
            self.counts.nodes += 1
            self.digest &+= checksum
        }
    }

    private mutating func labelSet(_ text: UnsafeBufferPointer<UInt8>, _ id: Int64) throws -> UInt32 {
        guard let slice = ByteSlice(text) else { throw Self.unreadable("labels", "node", id) }
        if let known = self.labelSets.number(slice) { return known }
        guard let names = (try? JSON.parse(utf8: Array(text)))?.array else {
            throw Self.unreadable("labels", "node", id)
        }
        let set = try self.loader.labelSet(names.compactMap(\.string))
        _ = self.labelSets.set(slice, set)
        return set
    }

    private static func unreadable(_ part: String, _ kind: String, _ id: Int64) -> StorageError {
        .damaged("the \(part) of \(kind) \(id) are unreadable")
    }

    private mutating func loadRelationships() throws {
        let rows = try SQLiteStatement(
            self.connection,
            "SELECT id, type, source, target, properties, checksum FROM relationship ORDER BY id")
        while try rows.step() {
            let (id, type, properties) = (rows.integer(0), rows.bytes(1), rows.bytes(4))
            let (source, target) = (rows.integer(2), rows.integer(3))
            let checksum = self.checksum.ofRelationship(id, type: type, source, target, properties)
            guard checksum == rows.integer(5), let number = UInt32(exactly: id),
                let from = UInt32(exactly: source), let to = UInt32(exactly: target)
            else { throw StorageError.damaged("relationship \(id) is not what was written") }
            let relationship = RelationshipID(number)
            try self.loader.addRelationship(
                relationship,
                RelationshipRecord(type: try self.type(type), source: NodeID(from), target: NodeID(to)))
            try self.readProperties(properties, "relationship", id) { loader, key, value in
                loader.setProperty(key, of: relationship, value)
            }
            self.counts.relationships += 1
            self.digest &+= checksum
        }
    }

    private mutating func type(_ text: UnsafeBufferPointer<UInt8>) throws -> RelationshipTypeID {
        guard let slice = ByteSlice(text) else { throw GraphError.emptyName }
        if let known = self.types.number(slice) { return RelationshipTypeID(known) }
        let type = try self.loader.type(String(decoding: text, as: UTF8.self))
        _ = self.types.set(slice, type.index)
        return type
    }

    private mutating func key(_ text: UnsafeBufferPointer<UInt8>) throws -> PropertyKeyID? {
        guard let slice = ByteSlice(text) else { return nil }
        if let known = self.keys.number(slice) { return PropertyKeyID(known) }
        guard let name = StoredRowReader.string(text) else { return nil }
        let key = try self.loader.key(name)
        _ = self.keys.set(slice, key.index)
        return key
    }

    private mutating func readProperties(
        _ text: UnsafeBufferPointer<UInt8>, _ kind: String, _ id: Int64,
        _ body: (inout GraphLoader, PropertyKeyID, Value) -> Void
    ) throws {
        // Most relationships have none.
        if text.count == 2 { return }
        var reader = StoredRowReader(text)
        var isWrong = !reader.begin()
        while !isWrong, let name = reader.name(isWrong: &isWrong) {
            guard let key = try self.key(name), let value = reader.value() else {
                isWrong = true
                break
            }
            body(&self.loader, key, value)
        }
        if isWrong { throw Self.unreadable("properties", kind, id) }
    }

    private mutating func rules() throws -> [GraphChange] {
        let rows = try SQLiteStatement(
            self.connection,
            "SELECT name, kind, entity, keys, type, checksum FROM schema_rule ORDER BY sequence")
        var rules: [GraphChange] = []
        while try rows.step() {
            self.checksum.begin()
            for column in Int32(0)..<5 { self.checksum.add(rows.text(column)) }
            let (name, kind, entity) = (rows.string(0), rows.string(1), rows.string(2))
            guard self.checksum.value == rows.integer(5),
                let names = (try? JSON.parse(rows.string(3)))?.array,
                let rule = Self.rule(name, kind, entity, names.compactMap(\.string), rows.string(4))
            else { throw StorageError.damaged("the rule `\(name)` is not what was written") }
            rules.append(rule)
            self.digest &+= self.checksum.value
        }
        return rules
    }

    private static func rule(
        _ name: String, _ kind: String, _ entity: String, _ keys: [String], _ type: String
    ) -> GraphChange? {
        if let index = SchemaRuleKind.index(kind, name: name, entity: entity, keys: keys) {
            return .createIndex(index)
        }
        guard let kind = ConstraintDefinition.Kind(rawValue: kind),
            type.isEmpty || PropertyType(type) != nil
        else { return nil }
        return .createConstraint(
            ConstraintDefinition(
                name: name, kind: kind, entity: entity, keys: keys, type: PropertyType(type)))
    }
}
