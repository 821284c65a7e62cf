import Foundation
import GraphStorage
import PropertyGraph
import TestSupport
import Testing

/// The log is ahead of the tables: what is read back is the same, whenever the process ends.
struct BacklogTests {
    /// A store, and the graph that it should hold.
    private final class Subject {
        let folder: TemporaryFolder
        private(set) var path: String
        private(set) var storage: SQLiteStorage
        private(set) var graph = GraphSnapshot()
        private(set) var journalLines = 0
        private var copies = 0

        init() throws {
            self.folder = try TemporaryFolder()
            self.path = self.folder.path + "/g.db"
            self.storage = try SQLiteStorage(path: self.path)
            _ = try self.storage.load()
        }

        /// Commits changes of the newest graph, each on top of the one before, or takes all of them back.
        func commit(
            keeping isKept: Bool = true, _ bodies: [(GraphTransaction) throws -> Void]
        ) throws {
            var (graph, journalLines) = (self.graph, self.journalLines)
            try self.storage.beginGroup()
            for body in bodies {
                let transaction = GraphTransaction(graph)
                try body(transaction)
                guard let commit = try transaction.finish() else { continue }
                try self.storage.append(commit)
                graph = commit.graph
                journalLines += commit.journal.count
            }
            guard isKept else { return self.storage.rollbackGroup() }
            try self.storage.commitGroup()
            (self.graph, self.journalLines) = (graph, journalLines)
        }

        /// Opens the files as they are now, as after kill -9.
        func crash() throws {
            self.copies += 1
            let copy = self.folder.path + "/crashed\(self.copies).db"
            for suffix in [""] + StoreFiles.data
            where FileManager.default.fileExists(atPath: self.path + suffix) {
                try FileManager.default.copyItem(atPath: self.path + suffix, toPath: copy + suffix)
            }
            self.path = copy
            try self.reopen()
        }

        func closeAndReopen() throws {
            try self.storage.close()
            try self.reopen()
        }

        private func reopen() throws {
            self.storage = try SQLiteStorage(path: self.path)
            let loaded = try self.storage.load()
            #expect(loaded.version == self.graph.version)
            #expect(Self.images(loaded) == Self.images(self.graph))
            #expect(loaded.indexes.map(\.definition.name) == self.graph.indexes.map(\.definition.name))
            #expect(loaded.inconsistencies(limit: 1).isEmpty)
            self.graph = loaded
        }

        private static func images(_ graph: GraphSnapshot) -> [String] {
            graph.allNodes().map { node in
                let labels = graph.labels(of: node).map { graph.tokens.name($0) }.sorted()
                let properties = graph.properties(of: node).map {
                    "\(graph.tokens.name($0.key)): \($0.value)"
                }
                return "\(node.index) \(labels) \(properties.sorted())"
            }
                + graph.allRelationships().map { relationship in
                    let properties = graph.properties(of: relationship)
                    let record = graph.relationship(relationship)
                    let type = record.map { graph.tokens.name($0.type) } ?? ""
                    return "\(relationship.index) \(type) \(record?.source.index ?? 0) "
                        + "\(record?.target.index ?? 0) \(properties.map { "\($0.value)" })"
                }
        }

        /// Runs a query in the file with SQLite's own program and gives the first column's sum.
        func expect(_ sql: String, _ value: Int, _ place: SourceLocation = #_sourceLocation) throws {
            let result = try run(
                "/usr/bin/env",
                [
                    "python3", "-c",
                    "import sqlite3,sys; sys.exit(sqlite3.connect(sys.argv[1]).execute(sys.argv[2]).fetchone()[0] != "
                        + "int(sys.argv[3]))", self.path, sql, "\(value)",
                ], mayFail: true)
            #expect(result == 0, "\(sql) is not \(value)", sourceLocation: place)
        }
    }

    @Test func whatIsInTheLogOnlyIsThereAfterACrash() throws {
        let subject = try Subject()
        for number in 0..<3 {
            try subject.commit([
                { _ = try $0.createNode(labels: ["A"], properties: ["n": .integer(number)]) }
            ])
        }
        #expect(SQLiteStorage.verify(path: subject.path).version == 3)
        try subject.crash()
        try subject.commit([{ try $0.deleteNode(NodeID(1)) }])
        try subject.closeAndReopen()
        try subject.expect("SELECT count(*) FROM node", 2)
        try subject.expect("SELECT position FROM table_state", 4)
    }

    @Test func tablesCatchUpByThemselves() throws {
        let subject = try Subject()
        try subject.commit([{ _ = try $0.createNode(labels: ["A"]) }])
        let deadline = Date().addingTimeInterval(30)
        let script = """
            import sqlite3,sys,time
            c = sqlite3.connect(sys.argv[1])
            end = time.time() + 20
            while c.execute("SELECT count(*) FROM node").fetchone()[0] == 0 and time.time() < end: time.sleep(0.05)
            sys.exit(time.time() >= end)
            """
        try python(script, subject.path)
        #expect(Date() < deadline)
    }

    @Test func aGroupTakenBackLeavesNothingBehind() throws {
        let subject = try Subject()
        try subject.commit([{ _ = try $0.createNode(labels: ["A"]) }])
        try subject.commit(keeping: false, [{ _ = try $0.createNode(labels: ["B"]) }])
        // An index makes its group write rows at once; those of before wait again.
        try subject.commit(
            keeping: false, [{ try $0.createIndex(IndexDefinition(name: "i", label: "A", keys: ["n"])) }])
        try subject.commit([{ _ = try $0.createNode(labels: ["C"]) }])
        try subject.storage.catchUp()
        try subject.expect("SELECT count(*) FROM node", 2)
        try subject.closeAndReopen()
    }

    /// Numbers that were free are taken by rows that are not new, and lie between those of new rows: each row keeps its own.
    @Test(arguments: [62, 63, 64, 100, 200])
    func rowsKeepTheirNumbersAroundFreeOnes(count: Int) throws {
        let subject = try Subject()
        func create(_ number: Int, _ transaction: GraphTransaction) throws -> NodeID {
            try transaction.createNode(labels: ["A"], properties: ["n": .integer(number)])
        }
        func createAndDelete(_ transaction: GraphTransaction) throws {
            let first = try create(-1, transaction)
            let second = try create(-2, transaction)
            let (third, fourth) = (try create(-3, transaction), try create(-4, transaction))
            let ends = [(first, second), (second, third), (third, fourth), (fourth, first)]
            let made = try ends.map { try transaction.createRelationship(type: "R", from: $0.0, to: $0.1) }
            for relationship in [made[0], made[2]] { try transaction.deleteRelationship(relationship) }
            try transaction.detachDeleteNode(first)
            try transaction.detachDeleteNode(third)
        }
        try subject.commit([
            { transaction in
                let nodes = try (0..<count).map { try create($0, transaction) }
                for node in nodes {
                    _ = try transaction.createRelationship(type: "R", from: node, to: nodes[0])
                }
            }
        ])
        try subject.commit([createAndDelete])
        // The first of the two free numbers is taken, the other one stays free; then more new ones.
        try subject.commit([{ _ = try create(1000, $0) }])
        try subject.commit([
            { transaction in for number in 0..<count { _ = try create(number, transaction) } }
        ])
        try subject.storage.catchUp()
        try subject.closeAndReopen()
        #expect(SQLiteStorage.verify(path: subject.path).problems.isEmpty)
    }

    @Test func aGroupIsOneLineAndItsCommitsAreToldApart() async throws {
        let subject = try Subject()
        try subject.commit((0..<3).map { _ in { _ = try $0.createNode(labels: ["A"]) } })
        try subject.commit([{ _ = try $0.createNode(labels: ["A"]) }])
        let sets = try await subject.storage.changes(after: 1, limit: 2)
        #expect(sets.map(\.position) == [2, 3])
        try subject.expect("SELECT count(*) FROM change_log", 2)
        #expect(try await subject.storage.changes(after: 3, limit: 9).map(\.position) == [4])
    }

    @Test func aLogThatWasCutOffBehindTheTablesIsNamed() throws {
        let subject = try Subject()
        for _ in 0..<3 { try subject.commit([{ _ = try $0.createNode(labels: ["A"]) }]) }
        try subject.storage.close()
        try python(
            "import sqlite3,sys; c=sqlite3.connect(sys.argv[1]); c.execute('DELETE FROM change_log WHERE position = 3');"
                + "c.commit(); c.close()", subject.path)
        #expect(throws: StorageError.damaged("the log lacks commit 3")) {
            try SQLiteStorage(path: subject.path).load()
        }
    }

    @Test(arguments: 1...6 as ClosedRange<UInt64>)
    func randomCommitsComeBackWheneverTheProcessEnds(seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        let subject = try Subject()
        for step in 0..<60 {
            var bodies: [(GraphTransaction) throws -> Void] = []
            for _ in 0..<Int.random(in: 1...12, using: &random) {
                let seed = random.next()
                bodies.append { try Self.change($0, SplitMix(seed: seed)) }
            }
            if Int.random(in: 0..<15, using: &random) == 0 {
                let index = IndexDefinition(name: "i\(step)", label: "A", keys: ["n\(step)"])
                bodies.append { try $0.createIndex(index) }
            }
            try subject.commit(keeping: Int.random(in: 0..<5, using: &random) > 0, bodies)
            switch Int.random(in: 0..<12, using: &random) {
            case 0: try subject.crash()
            case 1: try subject.closeAndReopen()
            case 2: try subject.storage.catchUp()
            default: break
            }
        }
        try subject.closeAndReopen()
        #expect(SQLiteStorage.verify(path: subject.path).problems.isEmpty)
        try subject.expect("SELECT count(*) FROM journal", subject.journalLines)
        try subject.expect("SELECT max(sequence) FROM journal", subject.journalLines)
    }

    @Test func batchesGoIntoTheTablesBesideTheCommits() throws {
        let subject = try Subject()
        for number in 0..<300 {
            try subject.commit([
                { transaction in
                    for _ in 0..<150 {
                        _ = try transaction.createNode(labels: ["A"], properties: ["n": .integer(number)])
                    }
                }
            ])
            if number == 150 || number == 299 { try subject.crash() }
        }
        #expect(SQLiteStorage.verify(path: subject.path).problems.isEmpty)
        try subject.closeAndReopen()
        try subject.expect("SELECT count(*) FROM node", 300 * 150)
        try subject.expect("SELECT max(position) FROM change_log", 300)
    }

    @Test func aCommitThatTheCommitLogHasNoRoomForIsThereAfterACrash() throws {
        let subject = try Subject()
        let text = Value.string(String(repeating: "x", count: 3 << 20))
        try subject.commit([{ _ = try $0.createNode(labels: ["A"]) }])
        try subject.commit([{ _ = try $0.createNode(labels: ["A"], properties: ["text": text]) }])
        try subject.commit([{ _ = try $0.createNode(labels: ["A"]) }])
        try subject.crash()
        try subject.commit([{ _ = try $0.createNode(labels: ["A"]) }])
        try subject.closeAndReopen()
        try subject.expect("SELECT count(*) FROM node", 4)
    }

    @Test func aStoreThatWasClosedIsOneFile() throws {
        let subject = try Subject()
        try subject.commit([{ _ = try $0.createNode(labels: ["A"]) }])
        #expect(FileManager.default.fileExists(atPath: subject.path + "-commits"))
        try subject.storage.close()
        #expect(!FileManager.default.fileExists(atPath: subject.path + "-commits"))
        #expect((try? Data(contentsOf: URL(fileURLWithPath: subject.path + "-wal")))?.isEmpty ?? true)
    }

    private static func change(_ transaction: GraphTransaction, _ generator: SplitMix) throws {
        var random = generator
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            let nodes = transaction.graph.allNodes().shuffled(using: &random)
            let relationships = transaction.graph.allRelationships().shuffled(using: &random)
            let number = Value.integer(Int.random(in: 0..<9, using: &random))
            if number == .integer(0) {
                transaction.record(
                    JournalEntry(
                        stream: "job", subject: "é\"", milliseconds: Int(Date().timeIntervalSince1970 * 1000),
                        fields: [NamedProperty(key: "n", value: number)]))
            }
            switch Int.random(in: 0..<10, using: &random) {
            case 8:
                try transaction.deleteNode(transaction.createNode(labels: ["A"], properties: ["n": number]))
            case 9:
                for _ in 0..<Int.random(in: 1...70, using: &random) {
                    _ = try transaction.createNode(labels: ["A"], properties: ["n": number])
                }
            case 0 where !nodes.isEmpty: try transaction.detachDeleteNode(nodes[0])
            case 1 where !relationships.isEmpty: try transaction.deleteRelationship(relationships[0])
            case 2 where !nodes.isEmpty:
                try transaction.setProperty(transaction.propertyKey("n"), of: nodes[0], to: number)
            case 3 where !relationships.isEmpty:
                try transaction.setProperty(transaction.propertyKey("r"), of: relationships[0], to: number)
            case 4 where !nodes.isEmpty: try transaction.addLabel(transaction.label("B"), to: nodes[0])
            case 5 where nodes.count > 1, 6 where nodes.count > 1:
                _ = try transaction.createRelationship(
                    type: "R", from: nodes[0], to: nodes[1], properties: ["r": number])
            default: _ = try transaction.createNode(labels: ["A"], properties: ["n": number])
            }
        }
    }
}
