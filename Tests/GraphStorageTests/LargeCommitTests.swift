import Foundation
import GraphStorage
import PropertyGraph
import Testing

/// Commits of so many entities that the log does not spell them out: their rows are made on a second thread.
struct LargeCommitTests {
    private static let relationships = 60_001

    private static func commit(on graph: GraphSnapshot) throws -> GraphCommit {
        let transaction = GraphTransaction(graph)
        for number in 0..<501 {
            let properties: [String: Value] =
                number % 2 == 0
                ? ["n": .integer(number), "text \"ü\"": .string("\u{0}\u{1F600} \(number)")] : [:]
            let node = try transaction.createNode(
                labels: number % 3 == 0 ? ["A", "B"] : [], properties: properties)
            if number % 100 == 99 { try transaction.deleteNode(node) }
        }
        let nodes = Array(transaction.graph.allNodes())
        for number in 0..<Self.relationships {
            let relationship = try transaction.appendRelationship(
                type: transaction.relationshipType("T\(number % 5)"), from: nodes[number % nodes.count],
                to: nodes[number * 7 % nodes.count],
                properties: number % 11 == 0
                    ? [(try transaction.propertyKey("w"), .float(Double(number) / 3))] : [])
            if number % 30_000 == 12_345 { try transaction.deleteRelationship(relationship) }
        }
        // Of before: they are changed, not new.
        for node in graph.allNodes().prefix(50) {
            _ = try transaction.setProperty(transaction.propertyKey("n"), of: node, to: .string("changed"))
        }
        return try #require(try transaction.finish())
    }

    private static func images(_ graph: GraphSnapshot) -> [GraphChange?] {
        graph.allNodes().map { graph.image(of: $0) } + graph.allRelationships().map { graph.image(of: $0) }
    }

    @Test func twoLargeCommitsComeBackAsTheyWere() throws {
        let folder = try TemporaryFolder()
        let storage = try SQLiteStorage(path: folder.path + "/g.db")
        let first = try Self.commit(on: try storage.load())
        try storage.append([first])
        let second = try Self.commit(on: first.graph)
        try storage.append([second])
        try storage.close()
        let loaded = try SQLiteStorage(path: folder.path + "/g.db").load()
        #expect(loaded.relationshipCount == 2 * Self.relationships - 4)
        #expect(Self.images(loaded) == Self.images(second.graph))
        #expect(loaded.inconsistencies() == [])
    }

    @Test func aTableWithRowsThatTheGraphLacksRefusesTheCommitAndKeepsWhatItHad() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/g.db"
        let storage = try SQLiteStorage(path: path)
        let first = try Self.commit(on: try storage.load())
        try storage.append([first])
        try Self.execute("INSERT INTO relationship VALUES (90000, 'X', 0, 0, '{}', 0)", path)
        let error = #expect(throws: StorageError.self) {
            try storage.append([try Self.commit(on: first.graph)])
        }
        #expect(error?.code == "store_damaged")
        try Self.execute("DELETE FROM relationship WHERE id = 90000", path)
        #expect(Self.images(try storage.load()) == Self.images(first.graph))
        try storage.append([try Self.commit(on: first.graph)])
    }

    private static func execute(_ sql: String, _ path: String) throws {
        try python(
            "import sqlite3,sys; c=sqlite3.connect(sys.argv[1]); c.execute(sys.argv[2]); c.commit()", path,
            sql)
    }
}
