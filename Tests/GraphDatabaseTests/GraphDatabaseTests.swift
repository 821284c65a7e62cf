import Foundation
import GraphDatabase
import GraphStorage
import PropertyGraph
import Testing

/// A storage in memory that counts groups and can be told to fail.
private final class MemoryStorage: GraphStorage {
    struct State {
        var positions: [UInt64] = []
        var group: [UInt64] = []
        var groups = 0
        var failures = 0
    }
    let state = Locked(State())

    func load() throws(StorageError) -> GraphSnapshot { GraphSnapshot() }

    func beginGroup() throws(StorageError) { self.state.withLock { $0.group = [] } }

    func append(_ commit: GraphCommit) throws(StorageError) {
        self.state.withLock { $0.group.append(commit.position) }
    }

    func commitGroup() throws(StorageError) {
        // As long as a disk might take.
        usleep(2000)
        try self.state.withLock { state throws(StorageError) in
            if state.failures > 0 {
                state.failures -= 1
                throw StorageError.diskFull(path: "memory")
            }
            state.groups += 1
            state.positions += state.group
        }
    }

    func rollbackGroup() {}

    func changes(after position: UInt64, limit: Int) async throws -> [ChangeSet] { [] }
    func journal(_ stream: String, subject: String?, after sequence: Int, limit: Int) async throws
        -> [JournalLine]
    { [] }
    func newestLines(
        of stream: String, subject: String?, before sequence: Int?, limit: Int
    ) async throws -> [JournalLine] { [] }
    func close() throws(StorageError) {}
}

struct GraphDatabaseTests {
    @Test func manyWritersShareFewGroupsAndLoseNothing() async throws {
        let storage = MemoryStorage()
        let database = try await GraphDatabase(name: "g", storage: storage)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<200 {
                group.addTask {
                    try await database.write {
                        _ = try $0.createNode(labels: ["N"], properties: ["n": .integer(number)])
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(database.snapshot().nodeCount == 200)
        let state = storage.state.withLock { $0 }
        #expect(state.positions == Array(1...200))
        #expect(state.groups < 200)
    }

    @Test func whatTheDiskRefusesIsNeverSeen() async throws {
        let storage = MemoryStorage()
        let database = try await GraphDatabase(name: "g", storage: storage)
        try await database.write { _ = try $0.createNode(labels: ["Kept"]) }
        storage.state.withLock { $0.failures = 1 }
        let outcomes = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<20 {
                group.addTask {
                    (try? await database.write { _ = try $0.createNode(labels: ["Maybe"]) }) != nil
                }
            }
            return await group.reduce(into: [Bool]()) { $0.append($1) }
        }
        let kept = outcomes.filter { $0 }.count
        #expect(kept < 20)
        #expect(database.snapshot().nodeCount == 1 + kept)
        let positions = storage.state.withLock { $0.positions }
        #expect(positions == (1...UInt64(1 + kept)).map { $0 })
    }

    @Test func aBodyThatThrowsChangesNothing() async throws {
        let database = try await GraphDatabase(name: "g", storage: MemoryStorage())
        await #expect(throws: GraphError.self) {
            try await database.write { transaction in
                _ = try transaction.createNode(labels: ["A"])
                try transaction.deleteNode(NodeID(99))
            }
        }
        #expect(database.snapshot().nodeCount == 0)
    }

    @Test func aReaderKeepsItsSnapshotWhileOthersWrite() async throws {
        let database = try await GraphDatabase(name: "g", storage: MemoryStorage())
        let before = database.snapshot()
        _ = try await database.query("CREATE (:A)")
        #expect(before.nodeCount == 0)
        #expect(database.snapshot().nodeCount == 1)
    }

    @Test func aClosedDatabaseRefusesWriters() async throws {
        let database = try await GraphDatabase(name: "g", storage: MemoryStorage())
        try await database.close()
        await #expect(throws: DatabaseClosed.self) {
            try await database.write { _ = try $0.createNode(labels: []) }
        }
    }

    private func files(_ text: String) -> ImportFiles {
        var files = ImportFiles()
        files.addLines(.bytes(Array(text.utf8)), name: "f")
        return files
    }

    @Test func importingTwiceChangesNothingTheSecondTime() async throws {
        let database = try await GraphDatabase(name: "g", storage: MemoryStorage())
        let files = self.files(
            """
            {"type":"relationship","label":"R","start":{"id":"a"},"end":{"id":"b"},"properties":{"w":1}}
            {"type":"node","id":"a","labels":["A"],"key":"id","properties":{"id":"a"}}
            {"type":"node","id":"b","labels":["A"],"key":"id","properties":{"id":"b"}}
            """)
        let first = try await database.importFiles(files)
        let second = try await database.importFiles(files)
        #expect((first.nodesCreated, first.relationshipsCreated) == (2, 1))
        #expect((second.nodesCreated, second.nodesUpdated) == (0, 2))
        #expect((second.relationshipsCreated, second.relationshipsUpdated) == (0, 1))
        #expect(database.snapshot().relationshipCount == 1)
    }

    @Test func anEndThatIsNowhereStopsTheWholeImport() async throws {
        let database = try await GraphDatabase(name: "g", storage: MemoryStorage())
        let files = self.files(
            """
            {"type":"node","id":"a","labels":["A"]}
            {"type":"relationship","label":"R","start":{"id":"a"},"end":{"id":"x"}}
            """)
        let error = await #expect(throws: ImportError.self) { try await database.importFiles(files) }
        #expect(
            error?.description == "f, line 2: there is no node `x`, neither in the import nor in the graph")
        #expect(database.snapshot().nodeCount == 0)
    }
}
