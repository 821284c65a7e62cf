import Foundation
import GRDB
@testable import GraphStorage
import PropertyGraph
import Testing

/// Disks that are full or cannot be written, and files of older programs.
struct DiskTests {
    /// Whether file systems can be mounted here; asked once.
    static let canMount: Bool = {
        guard getuid() == 0, let folder = try? TemporaryFolder() else { return false }
        guard (try? run("/bin/mount", ["-t", "tmpfs", "none", folder.path], mayFail: true)) == 0 else {
            return false
        }
        _ = try? run("/bin/umount", [folder.path])
        return true
    }()

    @Test(.enabled(if: Self.canMount, "needs root, and a kernel that lets it mount a tmpfs"))
    func aFullDiskFailsTheCommitAndNothingElse() throws {
        let folder = try TemporaryFolder()
        try run("/bin/mount", ["-t", "tmpfs", "-o", "size=2m", "none", folder.path])
        defer { _ = try? run("/bin/umount", ["-l", folder.path]) }
        let path = folder.path + "/g.db"
        let storage = try SQLiteStorage(path: path)
        var graph = try DamageTests.commit(0, to: storage, GraphSnapshot())
        try Data(count: 1 << 20).write(to: URL(fileURLWithPath: folder.path + "/ballast"))
        var number = 1
        var failure: StorageError?
        while failure == nil, number < 1000 {
            do {
                graph = try DamageTests.commit(number, to: storage, graph)
                number += 1
            } catch let error as StorageError {
                failure = error
            }
        }
        #expect(failure?.code == "disk_full")
        #expect(
            failure?.description == "the disk of \(path) is full; nothing of this commit was written")
        #expect(DamageTests.images(try storage.load()) == DamageTests.images(graph))
        try FileManager.default.removeItem(atPath: folder.path + "/ballast")
        graph = try DamageTests.commit(number, to: storage, graph)
        #expect(DamageTests.images(try storage.load()) == DamageTests.images(graph))
        try storage.close()
        #expect(SQLiteStorage.verify(path: path).problems == [])
    }

    @Test(.enabled(if: Self.canMount, "needs root, and a kernel that lets it mount a folder read-only"))
    func aFileThatCannotBeWrittenIsNamed() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/g.db"
        try DamageTests.makeStore(path).storage.close()
        try run("/bin/mount", ["--bind", folder.path, folder.path])
        defer { _ = try? run("/bin/umount", ["-l", folder.path]) }
        try run("/bin/mount", ["-o", "remount,ro,bind", folder.path])
        let error = #expect(throws: StorageError.self) { try SQLiteStorage(path: path) }
        #expect(error?.code == "store_read_only")
        #expect(error?.description == "\(path) cannot be written; check its owner and mode")
        #expect(SQLiteStorage.verify(path: path).problems == [])
    }

    @Test func aFileOfTheFirstFormIsBroughtToTheCurrentOne() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/g.db"
        try python(Self.firstForm, path)
        let before = SQLiteStorage.verify(path: path)
        #expect(before.problems == [])
        #expect((before.nodes, before.relationships, before.commits, before.journalLines) == (2, 1, 2, 1))
        // Verifying changed nothing of it, and what is restored from it can be opened.
        try python(
            """
            import sqlite3, sys
            c = sqlite3.connect(sys.argv[1])
            assert c.execute("SELECT identifier FROM grdb_migrations").fetchall() == [("1-graph",)]
            """, path)
        #expect(try SQLiteStorage.restore(path, to: folder.path + "/restored.db") == nil)
        let restored = try SQLiteStorage(path: folder.path + "/restored.db", retention: JournalRetention())
        #expect(try restored.load().nodeCount == 2)
        try restored.close()

        let storage = try SQLiteStorage(path: path, retention: JournalRetention())
        let graph = try storage.load()
        try storage.close()
        #expect(
            DamageTests.images(graph) == [
                .putNode(
                    NodeID(0), labels: ["A"],
                    properties: [NamedProperty(key: "id", value: .integer(1))]),
                .putNode(NodeID(2), labels: [], properties: []),
                .putRelationship(
                    RelationshipID(0), type: "R", source: NodeID(0), target: NodeID(2), properties: []),
                .createConstraint(
                    ConstraintDefinition(name: "c", kind: .unique, entity: "A", keys: ["id"])),
            ])
        let report = SQLiteStorage.verify(path: path)
        #expect(report.problems == [])
        #expect((report.nodes, report.relationships, report.commits, report.journalLines) == (2, 1, 2, 1))
        try python(
            """
            import sqlite3, sys
            c = sqlite3.connect(sys.argv[1])
            assert c.execute("SELECT count(*) FROM node").fetchone() == (2,)
            assert "checksum" not in [row[1] for row in c.execute("PRAGMA table_info(node)")]
            """, path + ".before-migration")
    }

    @Test func whatIsWrongInAFileOfTheFirstFormIsNamed() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/g.db"
        try python(Self.firstForm, path)
        try python(
            """
            import sqlite3, sys
            c = sqlite3.connect(sys.argv[1])
            c.execute("DELETE FROM node WHERE id = 2")
            c.commit()
            """, path)
        let problems = SQLiteStorage.verify(path: path).problems
        #expect(problems.map(\.place) == [.graph])
        #expect(problems.first?.what.contains("2") == true)
    }

    @Test(arguments: [
        ("UPDATE node SET properties = '{\"id\":2}' WHERE id = 0", StoreReport.Place.nodes, "node 0"),
        ("UPDATE change_log SET changes = '[ ]' WHERE position = 1", .file, "commit 1 of the log"),
        ("UPDATE change_log SET digest = digest + 1 WHERE position = 2", .file, "commit 2 of the log"),
    ])
    func whatIsWrongInAFileOfTheSecondFormIsNamedAndStays(
        sql: String, place: StoreReport.Place, what: String
    ) throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/g.db"
        try python(Self.firstForm, path)
        let queue = try DatabaseQueue(path: path)
        try SQLiteMigrations.migrator.migrate(queue, upTo: "2-checksums")
        #expect(SQLiteStorage.verify(path: path).problems == [])
        try queue.write { try $0.execute(sql: sql) }
        try queue.close()
        let expected = "\(what) is not what was written"
        #expect(
            SQLiteStorage.verify(path: path).problems.contains { $0.place == place && $0.what == expected })
        // Opening does not make damage look sound.
        for _ in 0..<2 {
            #expect(throws: StorageError.self) {
                try SQLiteStorage(path: path, retention: JournalRetention()).load()
            }
        }
    }

    /// The first form's SQL as it stood.
    private static let firstForm = """
        import sqlite3, sys
        c = sqlite3.connect(sys.argv[1])
        c.executescript('''
        CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY);
        INSERT INTO grdb_migrations VALUES ('1-graph');
        CREATE TABLE node (id INTEGER PRIMARY KEY, labels TEXT NOT NULL, properties TEXT NOT NULL) STRICT;
        CREATE TABLE relationship (
            id INTEGER PRIMARY KEY, type TEXT NOT NULL, source INTEGER NOT NULL, target INTEGER NOT NULL,
            properties TEXT NOT NULL) STRICT;
        CREATE TABLE schema_rule (
            sequence INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, kind TEXT NOT NULL,
            entity TEXT NOT NULL, keys TEXT NOT NULL) STRICT;
        CREATE TABLE change_log (
            position INTEGER PRIMARY KEY, committed_at INTEGER NOT NULL, encoding INTEGER NOT NULL,
            changes TEXT NOT NULL) STRICT;
        CREATE TABLE journal (
            sequence INTEGER PRIMARY KEY AUTOINCREMENT, stream TEXT NOT NULL, subject TEXT NOT NULL,
            at INTEGER NOT NULL, fields TEXT NOT NULL) STRICT;
        CREATE INDEX journal_by_subject ON journal (stream, subject);
        INSERT INTO node VALUES (0, '["A"]', '{"id":1}'), (2, '[]', '{}');
        INSERT INTO relationship VALUES (0, 'R', 0, 2, '{}');
        INSERT INTO schema_rule (name, kind, entity, keys) VALUES ('c', 'unique', 'A', '["id"]');
        INSERT INTO change_log VALUES (1, 0, 1, '[]'), (2, 0, 1, '[]');
        INSERT INTO journal (stream, subject, at, fields) VALUES ('job', 's', 1, '{"n":1}');
        ''')
        c.close()
        """
}
