internal import Foundation
internal import GRDB
internal import JSON
package import PropertyGraph

/// A graph in one SQLite file: rows of nodes and relationships as they are now, the log of change sets
/// that led there, and journals. WAL; commits wait for the disk unless told otherwise.
package final class SQLiteStorage: GraphStorage {
    /// How many change sets the log keeps for followers.
    package static let logRetention: UInt64 = 100_000

    private let pool: DatabasePool
    private let path: String

    /// Opens or makes the file and brings it to the current migration, after a copy of an older file
    /// was put beside it.
    /// - Throws: ``StorageError``.
    package init(path: String, durability: Durability = .full) async throws {
        self.path = path
        do {
            var configuration = Configuration()
            configuration.busyMode = .timeout(5)
            configuration.maximumReaderCount = 4
            let pool = try DatabasePool(path: path, configuration: configuration)
            self.pool = pool
            // GRDB's pool sets NORMAL itself while opening, so FULL has to come after.
            let level = durability == .full ? "FULL" : "NORMAL"
            try await pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = \(level)") }
            try await Self.migrate(pool, path: path)
        } catch {
            throw Self.storageError(error, path: path)
        }
    }

    private static func migrate(_ pool: DatabasePool, path: String) async throws {
        let migrator = SQLiteMigrations.migrator
        let (applied, isNew) = try await pool.read { db in
            (try migrator.appliedIdentifiers(db), try db.tableExists("node") == false)
        }
        let known = Set(migrator.migrations)
        if let unknown = applied.subtracting(known).min() {
            throw StorageError.tooNew(path: path, version: unknown)
        }
        guard applied != known else { return }
        if !isNew {
            let backup = try DatabaseQueue(path: path + ".before-migration")
            try pool.backup(to: backup)
        }
        try migrator.migrate(pool)
    }

    package func load() async throws -> GraphSnapshot {
        do {
            return try await self.pool.read { db in try SQLiteReader(db).snapshot() }
        } catch {
            throw Self.storageError(error, path: self.path)
        }
    }

    package func append(_ sets: [ChangeSet]) async throws {
        do {
            try await self.pool.write { db in
                let writer = try SQLiteWriter(db)
                for set in sets { try writer.append(set) }
            }
        } catch {
            throw Self.storageError(error, path: self.path)
        }
    }

    package func changes(after position: UInt64, limit: Int) async throws -> [ChangeSet] {
        do {
            return try await self.pool.read { db in
                try SQLiteReader(db).changes(after: position, limit: limit)
            }
        } catch {
            throw Self.storageError(error, path: self.path)
        }
    }

    package func journal(
        _ stream: String, subject: String?, after sequence: Int, limit: Int
    ) async throws -> [JournalLine] {
        do {
            return try await self.pool.read { db in
                try SQLiteReader(db).journal(stream, subject: subject, after: sequence, limit: limit)
            }
        } catch {
            throw Self.storageError(error, path: self.path)
        }
    }

    package func close() async throws {
        do {
            try await self.pool.writeWithoutTransaction { db in
                _ = try db.checkpoint(.truncate)
            }
            try self.pool.close()
        } catch {
            throw Self.storageError(error, path: self.path)
        }
    }

    private static func storageError(_ error: any Error, path: String) -> StorageError {
        if let error = error as? StorageError { return error }
        guard let error = error as? DatabaseError else { return .failed(path: path, reason: "\(error)") }
        let reason = error.message ?? "SQLite error \(error.resultCode.rawValue)"
        switch error.resultCode {
        case .SQLITE_FULL: return .diskFull(path: path)
        case .SQLITE_READONLY: return .readOnly(path: path)
        case .SQLITE_CANTOPEN: return .unreachable(path: path, reason: reason)
        case .SQLITE_CORRUPT, .SQLITE_NOTADB: return .damaged("\(path): \(reason)")
        default: return .failed(path: path, reason: reason)
        }
    }
}

/// The steps that bring a file to the current form, oldest first. A released step never changes.
enum SQLiteMigrations {
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1-graph") { db in
            try db.execute(
                sql: """
                    CREATE TABLE node (
                        id INTEGER PRIMARY KEY,
                        labels TEXT NOT NULL,      -- JSON array of names
                        properties TEXT NOT NULL   -- JSON object; {"$datetime": "..."} for types JSON lacks
                    ) STRICT;
                    CREATE TABLE relationship (
                        id INTEGER PRIMARY KEY,
                        type TEXT NOT NULL,
                        source INTEGER NOT NULL,
                        target INTEGER NOT NULL,
                        properties TEXT NOT NULL
                    ) STRICT;
                    CREATE TABLE schema_rule (
                        sequence INTEGER PRIMARY KEY AUTOINCREMENT,
                        name TEXT NOT NULL UNIQUE,
                        kind TEXT NOT NULL,        -- index, unique, node_key, ...
                        entity TEXT NOT NULL,      -- label or relationship type
                        keys TEXT NOT NULL         -- JSON array of property keys
                    ) STRICT;
                    CREATE TABLE change_log (
                        position INTEGER PRIMARY KEY,
                        committed_at INTEGER NOT NULL,  -- milliseconds since 1970
                        encoding INTEGER NOT NULL,
                        changes TEXT NOT NULL
                    ) STRICT;
                    CREATE TABLE journal (
                        sequence INTEGER PRIMARY KEY AUTOINCREMENT,
                        stream TEXT NOT NULL,
                        subject TEXT NOT NULL,
                        at INTEGER NOT NULL,
                        fields TEXT NOT NULL
                    ) STRICT;
                    CREATE INDEX journal_by_subject ON journal (stream, subject);
                    """)
        }
        return migrator
    }
}

/// Writes change sets within one SQLite transaction.
struct SQLiteWriter {
    private let db: Database
    private let putNode: Statement
    private let deleteNode: Statement
    private let putRelationship: Statement
    private let deleteRelationship: Statement
    private let appendLog: Statement
    private let trimLog: Statement
    private let appendJournal: Statement

    init(_ db: Database) throws {
        self.db = db
        self.putNode = try db.cachedStatement(
            sql: "INSERT OR REPLACE INTO node (id, labels, properties) VALUES (?, ?, ?)")
        self.deleteNode = try db.cachedStatement(sql: "DELETE FROM node WHERE id = ?")
        self.putRelationship = try db.cachedStatement(
            sql: """
                INSERT OR REPLACE INTO relationship (id, type, source, target, properties)
                VALUES (?, ?, ?, ?, ?)
                """)
        self.deleteRelationship = try db.cachedStatement(sql: "DELETE FROM relationship WHERE id = ?")
        self.appendLog = try db.cachedStatement(
            sql: "INSERT INTO change_log (position, committed_at, encoding, changes) VALUES (?, ?, ?, ?)")
        self.trimLog = try db.cachedStatement(sql: "DELETE FROM change_log WHERE position <= ?")
        self.appendJournal = try db.cachedStatement(
            sql: "INSERT INTO journal (stream, subject, at, fields) VALUES (?, ?, ?, ?)")
    }

    func append(_ set: ChangeSet) throws {
        for change in set.changes { try self.apply(change) }
        for entry in set.journal {
            try self.appendJournal.execute(arguments: [
                entry.stream, entry.subject, entry.milliseconds, NamedProperty.storedJSON(entry.fields).text,
            ])
        }
        try self.appendLog.execute(arguments: [
            Int64(set.position), Int64(Date().timeIntervalSince1970 * 1000), ChangeSetCoding.version,
            ChangeSetCoding.encode(set.changes),
        ])
        if set.position > SQLiteStorage.logRetention {
            try self.trimLog.execute(arguments: [Int64(set.position - SQLiteStorage.logRetention)])
        }
    }

    private func apply(_ change: GraphChange) throws {
        switch change {
        case .putNode(let node, let labels, let properties):
            let names = JSON.array(labels.map(JSON.string)).text
            try self.putNode.execute(arguments: [
                Int64(node.index), names, NamedProperty.storedJSON(properties).text,
            ])
        case .deleteNode(let node): try self.deleteNode.execute(arguments: [Int64(node.index)])
        case .putRelationship(let relationship, let type, let source, let target, let properties):
            try self.putRelationship.execute(arguments: [
                Int64(relationship.index), type, Int64(source.index), Int64(target.index),
                NamedProperty.storedJSON(properties).text,
            ])
        case .deleteRelationship(let relationship):
            try self.deleteRelationship.execute(arguments: [Int64(relationship.index)])
        case .createIndex(let index):
            try self.addRule(index.name, "index", index.label, index.keys)
        case .createConstraint(let rule):
            try self.addRule(rule.name, rule.kind.rawValue, rule.entity, rule.keys)
        case .dropIndex(let name), .dropConstraint(let name):
            try self.db.execute(sql: "DELETE FROM schema_rule WHERE name = ?", arguments: [name])
        }
    }

    private func addRule(_ name: String, _ kind: String, _ entity: String, _ keys: [String]) throws {
        try self.db.execute(
            sql: "INSERT INTO schema_rule (name, kind, entity, keys) VALUES (?, ?, ?, ?)",
            arguments: [name, kind, entity, JSON.array(keys.map(JSON.string)).text])
    }
}

/// Reads graph, log and journals within one SQLite transaction.
struct SQLiteReader {
    private let db: Database

    init(_ db: Database) { self.db = db }

    func snapshot() throws -> GraphSnapshot {
        var loader = GraphLoader()
        do {
            try self.loadNodes(into: &loader)
            try self.loadRelationships(into: &loader)
            try self.loadRules(into: &loader)
        } catch let error as GraphError {
            throw StorageError.damaged(error.description)
        }
        let position = try Int64.fetchOne(self.db, sql: "SELECT max(position) FROM change_log") ?? 0
        return loader.finish(version: UInt64(position))
    }

    private func loadNodes(into loader: inout GraphLoader) throws {
        let rows = try Row.fetchCursor(self.db, sql: "SELECT id, labels, properties FROM node ORDER BY id")
        while let row = try rows.next() {
            let id: Int64 = row[0]
            guard let index = UInt32(exactly: id), let labels = Self.names(row[1]),
                let properties = Self.properties(row[2])
            else { throw StorageError.damaged("node \(id) is unreadable") }
            try loader.apply(.putNode(NodeID(index), labels: labels, properties: properties))
        }
    }

    private func loadRelationships(into loader: inout GraphLoader) throws {
        let rows = try Row.fetchCursor(
            self.db, sql: "SELECT id, type, source, target, properties FROM relationship ORDER BY id")
        while let row = try rows.next() {
            let id: Int64 = row[0]
            guard let index = UInt32(exactly: id), let source = UInt32(exactly: row[2] as Int64),
                let target = UInt32(exactly: row[3] as Int64), let properties = Self.properties(row[4])
            else { throw StorageError.damaged("relationship \(id) is unreadable") }
            try loader.apply(
                .putRelationship(
                    RelationshipID(index), type: row[1], source: NodeID(source), target: NodeID(target),
                    properties: properties))
        }
    }

    private func loadRules(into loader: inout GraphLoader) throws {
        let rows = try Row.fetchCursor(
            self.db, sql: "SELECT name, kind, entity, keys FROM schema_rule ORDER BY sequence")
        while let row = try rows.next() {
            let (name, kind, entity): (String, String, String) = (row[0], row[1], row[2])
            guard let keys = Self.names(row[3]) else {
                throw StorageError.damaged("the rule `\(name)` is unreadable")
            }
            if kind == "index" {
                try loader.apply(.createIndex(IndexDefinition(name: name, label: entity, keys: keys)))
            } else if let kind = ConstraintDefinition.Kind(rawValue: kind) {
                let rule = ConstraintDefinition(name: name, kind: kind, entity: entity, keys: keys)
                try loader.apply(.createConstraint(rule))
            } else {
                throw StorageError.damaged("the rule `\(name)` has the unknown kind `\(kind)`")
            }
        }
    }

    func changes(after position: UInt64, limit: Int) throws -> [ChangeSet] {
        let oldest = try Int64.fetchOne(self.db, sql: "SELECT min(position) FROM change_log") ?? 0
        guard oldest <= 1 || position + 1 >= UInt64(oldest) else {
            throw StorageError.logTruncated(asked: position, oldest: UInt64(oldest))
        }
        let rows = try Row.fetchAll(
            self.db,
            sql:
                "SELECT position, encoding, changes FROM change_log WHERE position > ? ORDER BY position LIMIT ?",
            arguments: [Int64(clamping: position), limit])
        return try rows.map { row in
            ChangeSet(
                position: UInt64(row[0] as Int64),
                changes: try ChangeSetCoding.decode(row[2], version: row[1]))
        }
    }

    func journal(_ stream: String, subject: String?, after sequence: Int, limit: Int) throws -> [JournalLine]
    {
        let rows = try Row.fetchAll(
            self.db,
            sql: """
                SELECT sequence, subject, at, fields FROM journal
                WHERE stream = :stream AND sequence > :after AND (:subject IS NULL OR subject = :subject)
                ORDER BY sequence LIMIT :limit
                """,
            arguments: ["stream": stream, "after": sequence, "subject": subject, "limit": limit])
        return try rows.map { row in
            guard let fields = Self.properties(row[3]) else {
                throw StorageError.damaged("line \(row[0] as Int64) of the journal is unreadable")
            }
            return JournalLine(
                sequence: row[0],
                entry: JournalEntry(
                    stream: stream, subject: row[1], milliseconds: row[2], fields: fields))
        }
    }

    private static func names(_ text: String) -> [String]? {
        (try? JSON.parse(text))?.array?.compactMap(\.string)
    }

    private static func properties(_ text: String) -> [NamedProperty]? {
        (try? JSON.parse(text)).flatMap(NamedProperty.list(storedJSON:))
    }
}
