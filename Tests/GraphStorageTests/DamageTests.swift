import Foundation
import GraphStorage
import PropertyGraph
import TestSupport
import Testing

/// What happens to files outside of the program: flipped bits, cut ends, full disks, files that cannot be written.
struct DamageTests {
    /// How many seeds; `PLEXUS_TORTURE` makes them more.
    static let seeds = 0..<(ProcessInfo.processInfo.environment["PLEXUS_TORTURE"] == nil ? 10 : 200)
    static let flipsPerSeed = 30

    /// Everything of a graph, in order.
    static func images(_ graph: GraphSnapshot) -> [GraphChange] {
        (0..<graph.nodeIDBound).compactMap { graph.image(of: NodeID($0)) }
            + (0..<graph.relationshipIDBound).compactMap { graph.image(of: RelationshipID($0)) }
            + graph.indexes.filter { $0.constraint == nil }.map { .createIndex($0.definition) }
            + graph.constraints.map { .createConstraint($0) }
    }

    /// Adds a commit of some nodes, relationships and lines of a journal.
    static func commit(
        _ number: Int, to storage: SQLiteStorage, _ graph: GraphSnapshot
    ) throws -> GraphSnapshot {
        let transaction = GraphTransaction(graph)
        if number == 0 {
            try transaction.createConstraint(
                ConstraintDefinition(name: "c", kind: .unique, entity: "A", keys: ["id"]))
            try transaction.createIndex(IndexDefinition(name: "i", label: "A", keys: ["text"]))
        }
        var nodes: [NodeID] = []
        for item in 0..<20 {
            nodes.append(
                try transaction.createNode(
                    labels: ["A", "B"],
                    properties: [
                        "id": .integer(number * 100 + item), "text": .string("text \(number) \(item)"),
                    ]))
        }
        for (source, target) in zip(nodes, nodes.dropFirst()) {
            _ = try transaction.createRelationship(
                type: "NEXT", from: source, to: target, properties: ["w": .float(0.5)])
        }
        transaction.record(
            JournalEntry(
                stream: "job", subject: "s", milliseconds: number,
                fields: [NamedProperty(key: "n", value: .integer(number))]))
        let commit = try #require(try transaction.finish())
        try storage.append([commit])
        return commit.graph
    }

    /// A store of ten commits; the graph after each.
    static func makeStore(_ path: String) throws -> (storage: SQLiteStorage, states: [GraphSnapshot]) {
        let storage = try SQLiteStorage(path: path, retention: JournalRetention())
        var states = [GraphSnapshot()]
        for number in 0..<10 {
            states.append(try Self.commit(number, to: storage, try #require(states.last)))
        }
        return (storage, states)
    }

    static func read(_ path: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: path)) }

    /// Opens what lies in a file of these bytes. Nil when a `StorageError` said no.
    static func load(_ path: String, _ files: [String: Data]) throws -> GraphSnapshot? {
        StoreFiles.remove(path)
        for (ending, file) in files { try file.write(to: URL(fileURLWithPath: path + ending)) }
        do throws(StorageError) {
            let storage = try SQLiteStorage(path: path)
            let graph = try storage.load()
            try storage.close()
            return graph
        } catch {
            // A damaged name of a table or of a step of the form is told in other words, but told.
            #expect(
                ["store_damaged", "store_failed", "store_too_new", "store_read_only", "store_unreachable"]
                    .contains(error.code), "\(error)")
            return nil
        }
    }

    /// The files of a store at work, by what their names have after its own.
    private static func files(_ path: String) throws -> [String: Data] {
        var files: [String: Data] = [:]
        // The commit log is mostly zeros.
        for ending in [""] + StoreFiles.data {
            let file = try Self.read(path + ending)
            files[ending] = ending == "-commits" ? file.prefix(1 << 18) : file
        }
        return files
    }

    private static func flip(_ bytes: inout Data, _ position: Int, _ bit: Int) {
        bytes[position] ^= UInt8(1 << bit)
    }

    @Test(arguments: Self.seeds) func aFlippedBitNeverMakesAnotherGraph(seed: Int) throws {
        let folder = try TemporaryFolder()
        let (storage, states) = try Self.makeStore(folder.path + "/g.db")
        try storage.close()
        let whole = try Self.read(folder.path + "/g.db")
        let expected = Self.images(try #require(states.last))
        var random = SplitMix(seed: UInt64(seed))
        var places = (0..<Self.flipsPerSeed).map { _ in Int.random(in: 0..<whole.count, using: &random) }
        for page in stride(from: 0, to: whole.count, by: 4096) {
            places.append(page + Int.random(in: 0..<12, using: &random))
        }
        for place in places {
            var bytes = whole
            let bit = Int.random(in: 0..<8, using: &random)
            Self.flip(&bytes, place, bit)
            let graph = try Self.load(folder.path + "/copy.db", ["": bytes])
            #expect(
                graph.map { Self.images($0) == expected } ?? true,
                "bit \(bit) of byte \(place) made another graph")
        }
    }

    @Test(arguments: Self.seeds, StoreFiles.data)
    func aFlippedBitInALogLosesTheLastCommitAtMost(seed: Int, ending: String) throws {
        let folder = try TemporaryFolder()
        let (storage, states) = try Self.makeStore(folder.path + "/g.db")
        var files = try Self.files(folder.path + "/g.db")
        let log = try #require(files[ending])
        let last = states.suffix(2).map(Self.images)
        #expect(try Self.load(folder.path + "/copy.db", files).map(Self.images) == last.last)
        var random = SplitMix(seed: UInt64(seed))
        for _ in 0..<Self.flipsPerSeed {
            // The commit log's records begin in blocks, and have little behind them.
            let place =
                ending == "-wal"
                ? Int.random(in: 0..<log.count, using: &random)
                : Int.random(in: 0..<12, using: &random) * 4096 + Int.random(in: 0..<400, using: &random)
            let bit = Int.random(in: 0..<8, using: &random)
            var bytes = log
            Self.flip(&bytes, place, bit)
            files[ending] = bytes
            let graph = try Self.load(folder.path + "/copy.db", files)
            #expect(
                graph.map { last.contains(Self.images($0)) } ?? true,
                "bit \(bit) of byte \(place) of \(ending) made another graph, version \(graph?.version ?? 0)")
        }
        try storage.close()
    }

    @Test func aFileThatWasCutIsRefusedOrWhole() throws {
        let folder = try TemporaryFolder()
        let (storage, states) = try Self.makeStore(folder.path + "/g.db")
        try storage.close()
        let whole = try Self.read(folder.path + "/g.db")
        let expected = Self.images(try #require(states.last))
        for length in Array(stride(from: 1, to: whole.count, by: 1500)) + [whole.count - 1] {
            let graph = try Self.load(folder.path + "/copy.db", ["": whole.prefix(length)])
            #expect(graph.map { Self.images($0) == expected } ?? true, "cut at \(length)")
        }
    }

    @Test(arguments: StoreFiles.data)
    func aLogThatWasCutGivesAnEarlierCommitWhole(ending: String) throws {
        let folder = try TemporaryFolder()
        let (storage, states) = try Self.makeStore(folder.path + "/g.db")
        var files = try Self.files(folder.path + "/g.db")
        let log = try #require(files[ending])
        let known = states.map(Self.images)
        for length in stride(from: 0, to: min(log.count, 100_000), by: 2000) {
            files[ending] = log.prefix(length)
            let graph = try Self.load(folder.path + "/copy.db", files)
            guard let graph else { continue }
            #expect(Self.images(graph) == known[Int(graph.version)], "cut at \(length)")
        }
        try storage.close()
    }

    @Test func aSoundStoreIsCountedAndNothingOfItChanges() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/g.db"
        let (storage, _) = try Self.makeStore(path)
        let busy = SQLiteStorage.verify(path: path)
        #expect(busy.problems == [] && busy.version == 10)
        try storage.close()
        let before = try Self.read(path)
        for ending in ["-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + ending) }
        let report = SQLiteStorage.verify(path: path)
        #expect(report.problems == [])
        #expect((report.nodes, report.relationships, report.rules) == (200, 190, 2))
        #expect((report.commits, report.journalLines, report.version) == (10, 10, 10))
        #expect(try Self.read(path) == before)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["g.db"])
    }

    @Test(arguments: [
        ("UPDATE node SET properties = '{}' WHERE id = 3", ["nodes: node 3 is not what was written"]),
        (
            "UPDATE node SET labels = '[]' WHERE id IN (3, 5)",
            ["nodes: node 3 is not what was written", "nodes: node 5 is not what was written"]
        ),
        (
            "UPDATE relationship SET target = 1 WHERE id = 7",
            ["relationships: relationship 7 is not what was written"]
        ),
        ("UPDATE schema_rule SET kind = 'x' WHERE name = 'c'", ["rules: rule c is not what was written"]),
        (
            "UPDATE change_log SET encoding = 0 WHERE position = 4",
            ["commits: commit 4 is not what was written"]
        ),
        ("DELETE FROM change_log WHERE position = 4", ["commits: commit 4 is missing"]),
        ("DELETE FROM change_log WHERE position IN (4, 5, 6)", ["commits: commits 4 to 6 are missing"]),
        ("UPDATE journal SET at = 9 WHERE sequence = 2", ["journal: line 2 is not what was written"]),
        ("DELETE FROM journal WHERE sequence IN (5, 6)", ["journal: lines 5 to 6 are missing"]),
        (
            "DELETE FROM relationship WHERE id = 0",
            [
                "graph: commit 10 left 200 nodes and 190 relationships, and the file holds 200 and 189"
            ]
        ),
        (
            "DELETE FROM node WHERE id = 0; UPDATE journal SET at = 9 WHERE sequence = 2",
            ["journal: line 2 is not what was written", "graph: node 0 does not exist or was deleted"]
        ),
    ]) func whatIsWrongIsNamed(sql: String, problems: [String]) throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/g.db"
        try Self.makeStore(path).storage.close()
        try python(
            "import sqlite3,sys; c=sqlite3.connect(sys.argv[1]); c.executescript(sys.argv[2]); c.commit(); c.close()",
            path, sql)
        let report = SQLiteStorage.verify(path: path)
        #expect(report.problems.map { "\($0.place.rawValue): \($0.what)" } == problems)
    }

    @Test func aRestoredGraphIsTheOneThatWasCopiedAndTheOldOneIsKept() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/g.db"
        let (storage, states) = try Self.makeStore(path)
        try storage.backup(to: folder.path + "/copy")
        let later = try Self.commit(10, to: storage, try #require(states.last))
        try storage.close()
        let kept = try SQLiteStorage.restore(folder.path + "/copy", to: path)
        #expect(kept == path + ".before-restore")
        let restored = try SQLiteStorage(path: path)
        #expect(Self.images(try restored.load()) == Self.images(try #require(states.last)))
        try restored.close()
        let old = try SQLiteStorage(path: path + ".before-restore")
        #expect(Self.images(try old.load()) == Self.images(later))
        try old.close()
        #expect(
            try SQLiteStorage.restore(folder.path + "/copy", to: path) == path + ".before-restore-2")
    }
}

/// Runs a Python script with arguments.
func python(_ script: String, _ arguments: String...) throws {
    try run("/usr/bin/env", ["python3", "-c", script] + arguments)
}

/// Runs a program and expects that it is content.
@discardableResult func run(_ program: String, _ arguments: [String], mayFail: Bool = false) throws -> Int32 {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    try process.run()
    process.waitUntilExit()
    if !mayFail { #expect(process.terminationStatus == 0, "\(program) \(arguments)") }
    return process.terminationStatus
}
