import Foundation
import GraphStorage
import PropertyGraph
import Testing

/// A folder that is gone after the test.
final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
        self.path = NSTemporaryDirectory() + "plexus-test-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: self.path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: self.path) }
}

struct SQLiteStorageTests {
    static let values: [Value] = [
        .boolean(true), .integer(.min), .integer(.max), .float(0.1), .float(-0.0), .float(2),
        .float(.infinity), .string(""),
        .string("a \"quoted\" \\ text\n\u{0}\u{1F600}"), .list([]),
        .list([.integer(1), .string("x"), .float(2)]),
        .date(CalendarDate(days: 20_000)), .localTime(LocalTime(nanosecondOfDay: 1)),
        .time(ZonedTime(local: LocalTime(nanosecondOfDay: 3_600_000_000_000), offsetSeconds: 3600)),
        .localDateTime(LocalDateTime(seconds: -1, nanosecond: 5)),
        .dateTime(ZonedDateTime(seconds: 1, nanosecond: 2, offsetSeconds: -3600, zone: "Europe/Stockholm")),
        .duration(TemporalDuration(months: 14, days: -3, seconds: 5, nanoseconds: 7)),
        Point(system: .wgs84, x: 12.5, y: 55.7).map(Value.point) ?? .null,
        Point(system: .cartesian3D, x: -.infinity, y: .infinity, z: 0).map(Value.point) ?? .null,
    ]

    @Test func everyTypeOfValueComesBackAfterReopening() async throws {
        let folder = try TemporaryFolder()
        let storage = try SQLiteStorage(path: folder.path + "/g.db")
        let transaction = GraphTransaction(GraphSnapshot())
        var properties: [String: Value] = [:]
        for (index, value) in Self.values.enumerated() { properties["p\(index)"] = value }
        let node = try transaction.createNode(labels: ["A", "B"], properties: properties)
        _ = try transaction.createRelationship(type: "SELF", from: node, to: node, properties: properties)
        try storage.append([try #require(try transaction.finish())])
        try storage.close()

        let graph = try SQLiteStorage(path: folder.path + "/g.db").load()
        #expect(graph.version == 1)
        for (index, value) in Self.values.enumerated() {
            let key = try #require(graph.tokens.propertyKey("p\(index)"))
            #expect(graph.property(key, of: node) == value)
            #expect(graph.property(key, of: RelationshipID(0)) == value)
        }
    }

    @Test func constraintsAndIndexesComeBackAndHold() async throws {
        let folder = try TemporaryFolder()
        let storage = try SQLiteStorage(path: folder.path + "/g.db")
        let transaction = GraphTransaction(GraphSnapshot())
        try transaction.createConstraint(
            ConstraintDefinition(name: "c", kind: .unique, entity: "A", keys: ["x"]))
        try transaction.createIndex(IndexDefinition(name: "i", label: "A", keys: ["y"]))
        _ = try transaction.createNode(labels: ["A"], properties: ["x": .integer(1)])
        try storage.append([try #require(try transaction.finish())])
        let again = GraphTransaction(try storage.load())
        #expect(again.graph.indexes.map(\.definition.name).sorted() == ["c", "i"])
        #expect(throws: GraphError.self) {
            try again.createNode(labels: ["A"], properties: ["x": .integer(1)])
        }
    }

    @Test func theLogGivesChangeSetsAfterAPosition() async throws {
        let folder = try TemporaryFolder()
        let storage = try SQLiteStorage(path: folder.path + "/g.db")
        var graph = GraphSnapshot()
        for number in 0..<5 {
            let transaction = GraphTransaction(graph)
            _ = try transaction.createNode(labels: ["N"], properties: ["number": .integer(number)])
            let commit = try #require(try transaction.finish())
            try storage.append([commit])
            graph = commit.graph
        }
        let sets = try await storage.changes(after: 2, limit: 2)
        #expect(sets.map(\.position) == [3, 4])
        var loader = GraphLoader()
        for set in try await storage.changes(after: 0, limit: 10) {
            for change in set.changes { try loader.apply(change) }
        }
        #expect(loader.finish(version: 5).nodeCount == 5)
    }

    @Test func aJournalIsReadBySubjectInOrder() async throws {
        let folder = try TemporaryFolder()
        let storage = try SQLiteStorage(path: folder.path + "/g.db", retention: JournalRetention())
        let transaction = GraphTransaction(GraphSnapshot())
        for (subject, number) in [("a", 1), ("b", 2), ("a", 3)] {
            transaction.record(
                JournalEntry(
                    stream: "job", subject: subject, milliseconds: number,
                    fields: [NamedProperty(key: "n", value: .integer(number))]))
        }
        try storage.append([try #require(try transaction.finish())])
        let lines = try await storage.journal("job", subject: "a", after: 0, limit: 10)
        #expect(lines.map(\.entry.milliseconds) == [1, 3])
        #expect(try await storage.journal("job", subject: nil, after: 1, limit: 10).count == 2)
        #expect(try await storage.journal("other", subject: nil, after: 0, limit: 10).isEmpty)
    }

    @Test func aFileThatIsNoDatabaseIsNamedAsDamaged() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/g.db"
        try Data(repeating: 7, count: 8192).write(to: URL(fileURLWithPath: path))
        let error = #expect(throws: StorageError.self) { try SQLiteStorage(path: path) }
        #expect(error?.code == "store_damaged")
    }

    @Test func aStoreOfANewerProgramIsRefused() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/g.db"
        try SQLiteStorage(path: path).close()
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [
            "python3", "-c",
            "import sqlite3,sys; c=sqlite3.connect(sys.argv[1]); c.execute(\"INSERT INTO grdb_migrations VALUES ('99-future')\"); c.commit()",
            path,
        ]
        try process.run()
        process.waitUntilExit()
        let error = #expect(throws: StorageError.self) { try SQLiteStorage(path: path) }
        #expect(error?.code == "store_too_new")
    }

    @Test func oneFolderHasOneOwner() throws {
        let folder = try TemporaryFolder()
        let lock = try FolderLock(folder: folder.path)
        let error = #expect(throws: StorageError.self) { try FolderLock(folder: folder.path) }
        #expect(error?.description.contains("is in use by another process (pid ") == true)
        withExtendedLifetime(lock) {}
    }

    /// A process that another thread has just forked has the lock's file open too, until it becomes another program.
    @Test func aFolderIsFreeAtOnceWhoeverElseHasTheLocksFileOpen() throws {
        let folder = try TemporaryFolder()
        var lock: FolderLock? = try FolderLock(folder: folder.path)
        #expect(throws: StorageError.self) { try FolderLock(folder: folder.path) }
        let open = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").first { descriptor in
            (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/" + descriptor))
                == folder.path + "/plexus.lock"
        }
        let inherited = dup(try #require(open.flatMap { Int32($0) }))
        defer { close(inherited) }
        #expect(inherited >= 0)
        _ = lock.take()
        withExtendedLifetime(try FolderLock(folder: folder.path)) {}
    }
}
