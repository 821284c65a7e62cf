internal import Foundation
internal import GRDB
internal import JSON

/// The steps that bring a file to the current form, oldest first. A released step never changes.
enum SQLiteMigrations {
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1-graph", migrate: Self.makeGraph)
        migrator.registerMigration("2-checksums", migrate: Self.addChecksums)
        migrator.registerMigration("3-table-state", migrate: Self.addTableState)
        return migrator
    }

    private static func makeGraph(_ db: Database) throws {
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

    /// A checksum a row, and beside each commit how many rows there are and the sum of their checksums.
    private static func addChecksums(_ db: Database) throws {
        try db.execute(
            sql: """
                ALTER TABLE node ADD COLUMN checksum INTEGER NOT NULL DEFAULT 0;
                ALTER TABLE relationship ADD COLUMN checksum INTEGER NOT NULL DEFAULT 0;
                ALTER TABLE schema_rule ADD COLUMN type TEXT NOT NULL DEFAULT '';
                ALTER TABLE schema_rule ADD COLUMN checksum INTEGER NOT NULL DEFAULT 0;
                ALTER TABLE journal ADD COLUMN checksum INTEGER NOT NULL DEFAULT 0;
                ALTER TABLE change_log ADD COLUMN nodes INTEGER NOT NULL DEFAULT 0;
                ALTER TABLE change_log ADD COLUMN relationships INTEGER NOT NULL DEFAULT 0;
                ALTER TABLE change_log ADD COLUMN digest INTEGER NOT NULL DEFAULT 0;
                ALTER TABLE change_log ADD COLUMN checksum INTEGER NOT NULL DEFAULT 0;
                """)
        var digest: Int64 = 0
        digest &+= try self.fill(db, "node", ["id"], ["labels", "properties"])
        digest &+= try self.fill(db, "relationship", ["id"], ["type", "source", "target", "properties"])
        digest &+= try self.fill(db, "schema_rule", [], ["name", "kind", "entity", "keys", "type"])
        _ = try self.fill(db, "journal", ["sequence"], ["stream", "subject", "at", "fields"])
        try db.execute(
            sql: """
                UPDATE change_log SET nodes = (SELECT count(*) FROM node),
                    relationships = (SELECT count(*) FROM relationship), digest = ?
                WHERE position = (SELECT max(position) FROM change_log)
                """, arguments: [digest])
        _ = try self.fill(
            db, "change_log", ["position"],
            ["committed_at", "encoding", "changes", "nodes", "relationships", "digest"])
    }

    /// Tables of nodes, relationships and rules may be behind the log; a row of its own says which commit they are as of, and
    /// lines of the log say that no more.
    private static func addTableState(_ db: Database) throws {
        try self.forEachChecksum(
            db, "change_log",
            ["position", "committed_at", "encoding", "changes", "nodes", "relationships", "digest"]
        ) { row, checksum in
            // What is damaged must not get a new checksum that fits.
            guard checksum == row["checksum"] as Int64 else {
                throw StorageError.damaged(
                    "commit \(row["position"] as Int64) of the log is not what was written")
            }
        }
        try db.execute(
            sql: """
                CREATE TABLE table_state (     -- what node, relationship and schema_rule hold
                    id INTEGER PRIMARY KEY CHECK (id = 1),
                    position INTEGER NOT NULL,  -- the commit that they are as of; later ones are in change_log
                    nodes INTEGER NOT NULL,
                    relationships INTEGER NOT NULL,
                    digest INTEGER NOT NULL,    -- the sum of their checksums
                    checksum INTEGER NOT NULL
                ) STRICT;
                """)
        let last = try Row.fetchOne(
            db,
            sql: """
                SELECT position, nodes, relationships, digest FROM change_log ORDER BY position DESC LIMIT 1
                """)
        let state = (0..<4).map { column in last.map { $0[column] as Int64 } ?? 0 }
        try db.execute(
            sql: "INSERT INTO table_state VALUES (1, ?, ?, ?, ?, ?)",
            arguments: StatementArguments(state + [TableState.checksum(of: state)]))
        for column in ["nodes", "relationships", "digest"] {
            try db.execute(sql: "ALTER TABLE change_log DROP COLUMN \(column)")
        }
        _ = try self.fill(db, "change_log", ["position"], ["committed_at", "encoding", "changes"])
    }

    /// Sets the checksum of every row, of columns in this order, and gives the sum.
    private static func fill(
        _ db: Database, _ table: String, _ identity: [String], _ columns: [String]
    ) throws -> Int64 {
        var sum: Int64 = 0
        var results: [(Int64, Int64)] = []
        try self.forEachChecksum(db, table, identity + columns) { row, checksum in
            results.append((row["row_number"], checksum))
            sum &+= checksum
        }
        let update = try db.makeStatement(sql: "UPDATE \(table) SET checksum = ? WHERE rowid = ?")
        for (number, value) in results { try update.execute(arguments: [value, number]) }
        return sum
    }

    /// Every row, its number as `row_number` and the stored checksum with it, and the checksum that columns in this order have.
    private static func forEachChecksum(
        _ db: Database, _ table: String, _ columns: [String], _ body: (Row, Int64) throws -> Void
    ) throws {
        var checksum = RowChecksum()
        let rows = try Row.fetchCursor(
            db,
            sql: "SELECT rowid AS row_number, checksum, \(columns.joined(separator: ", ")) FROM \(table)")
        while let row = try rows.next() {
            checksum.begin()
            for name in columns {
                switch (row[name] as DatabaseValue).storage {
                case .int64(let number): checksum.add(number)
                case .string(let text): checksum.add(text)
                default: throw StorageError.damaged("\(table) has a value of a wrong type in `\(name)`")
                }
            }
            try body(row, checksum.value)
        }
    }
}
