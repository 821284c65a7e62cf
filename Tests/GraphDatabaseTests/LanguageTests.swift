import Cypher
import Foundation
import GraphDatabase
import GraphStorage
import PropertyGraph
import QueryEngine
import Testing

/// What the language needs a whole catalog for: other graphs, files, several transactions, running queries.
struct LanguageTests {
    private func withCatalog(_ body: (GraphCatalog) async throws -> Void) async throws {
        let folder = NSTemporaryDirectory() + "plexus-test-" + UUID().uuidString
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let catalog = try await GraphCatalog(folder: folder, durability: .relaxed, creating: true)
        try await body(catalog)
        try await catalog.close()
    }

    private func rows(_ query: String, _ catalog: GraphCatalog) async throws -> [[Value]] {
        try await catalog.query(query, on: "plexus").rows
    }

    @Test func useChoosesAnotherGraph() async throws {
        try await self.withCatalog { catalog in
            _ = try await self.rows("CREATE DATABASE shop", catalog)
            _ = try await self.rows("USE shop CREATE (:Tea)", catalog)
            #expect(try await self.rows("USE shop MATCH (n:Tea) RETURN count(n)", catalog) == [[.integer(1)]])
            #expect(try await self.rows("MATCH (n:Tea) RETURN count(n)", catalog) == [[.integer(0)]])
            #expect(
                try await self.rows("SHOW DATABASES YIELD name WHERE name <> 'plexus' RETURN name", catalog)
                    == [[.string("shop")]])
            #expect(try await self.rows("SHOW DATABASE shop YIELD name", catalog) == [[.string("shop")]])
        }
    }

    @Test func batchesAreCommittedOneByOne() async throws {
        try await self.withCatalog { catalog in
            let result = try await catalog.query(
                "UNWIND range(1, 10) AS i CALL (i) { CREATE (:Row {i: i}) } IN TRANSACTIONS OF 3 ROWS",
                on: "plexus")
            #expect(result.counters.nodesCreated == 10)
            #expect(
                try await self.rows("MATCH (r:Row) RETURN count(r), sum(r.i)", catalog) == [
                    [.integer(10), .integer(55)]
                ])
            let before = catalog.network.snapshot().version
            _ = try await self.rows(
                "MATCH (r:Row) CALL (r) { SET r.seen = true } IN TRANSACTIONS OF 5 ROWS", catalog)
            #expect(catalog.network.snapshot().version == before + 2)
        }
    }

    /// What the graph's counts say before the first batch need not hold in the second.
    @Test func aBatchSeesLabelsAsTheBatchBeforeLeftThem() async throws {
        try await self.withCatalog { catalog in
            _ = try await catalog.query("CREATE (:A)-[:R]->(:B)", on: "plexus")
            _ = try await catalog.query(
                """
                MATCH (a:A)-[:R]->(b:B) UNWIND [1, 2, 3] AS i
                CALL (a, i) { MATCH (a)-[:R]->(c:B) CREATE (a)-[:R]->(:C {i: i}) } IN TRANSACTIONS OF 1 ROW
                """, on: "plexus")
            #expect(try await self.rows("MATCH (c:C) RETURN count(c)", catalog) == [[.integer(3)]])
        }
    }

    @Test(arguments: [
        ("ON ERROR FAIL", 4, nil as String?), ("ON ERROR CONTINUE", 8, "[true, true, false, true, true]"),
        ("ON ERROR BREAK", 4, "[true, true, false, false, false]"),
    ])
    func aBatchThatFailsTakesOnlyItselfBack(mode: String, kept: Int, committed: String?) async throws {
        try await self.withCatalog { catalog in
            let report =
                committed == nil ? "" : "REPORT STATUS AS s WITH s.committed AS c RETURN collect(c) AS cs"
            let query = """
                UNWIND range(1, 10) AS i CALL (i) { CREATE (:Row {i: 10 / (6 - i)}) }
                IN TRANSACTIONS OF 2 ROWS \(mode) \(report)
                """
            do {
                let rows = try await self.rows(query, catalog)
                let flags = rows[0][0].list?.enumerated().filter { $0.offset % 2 == 0 }.map {
                    $0.element.boolean
                }
                #expect(flags.map { "\($0.map { $0 ?? false })" } == committed)
            } catch let error as CypherError {
                #expect(committed == nil && error.detail == "DivisionByZero")
            }
            #expect(try await self.rows("MATCH (r:Row) RETURN count(r)", catalog) == [[.integer(kept)]])
        }
    }

    @Test func filesAreLoadedFromTheImportFolderOnly() async throws {
        try await self.withCatalog { catalog in
            let folder = catalog.folder + "/import"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            try "name,age\nAnne,34\n\"Bob, jr\",\n".write(
                toFile: folder + "/people.csv", atomically: true, encoding: .utf8)
            try "a;b\n1;2\n".write(toFile: folder + "/plain.csv", atomically: true, encoding: .utf8)
            #expect(
                try await self.rows(
                    "LOAD CSV WITH HEADERS FROM 'file:///people.csv' AS row RETURN row.name, toInteger(row.age)",
                    catalog) == [[.string("Anne"), .integer(34)], [.string("Bob, jr"), .null]])
            #expect(
                try await self.rows(
                    "LOAD CSV FROM 'plain.csv' AS row FIELDTERMINATOR ';' RETURN row[1]", catalog)
                    == [[.string("b")], [.string("2")]])
            #expect(
                try await self.rows(
                    "LOAD CSV WITH HEADERS FROM 'people.csv' AS row CREATE (:Loaded {name: row.name}) WITH count(*) AS c RETURN c",
                    catalog) == [[.integer(2)]])
            #expect(
                try await self.rows("LOAD CSV FROM 'plain.csv' AS row RETURN file(), linenumber()", catalog)
                    == [[.string("plain.csv"), .integer(1)], [.string("plain.csv"), .integer(2)]])
            try FileManager.default.createSymbolicLink(
                atPath: folder + "/link.csv", withDestinationPath: "/etc/passwd")
            for place in [
                "../plexus.db", "file:///../plexus.db", "link.csv", "http://127.0.0.1/x.csv", "none.csv",
                "%2e%2e/plexus.db", "",
            ] {
                await #expect(throws: (any Error).self, "\(place)") {
                    try await self.rows("LOAD CSV FROM '\(place)' AS row RETURN row", catalog)
                }
            }
        }
    }

    @Test func aRunningQueryIsListedAndEnded() async throws {
        try await self.withCatalog { catalog in
            let long = Task {
                try await catalog.query(
                    "UNWIND range(1, 10000) AS a UNWIND range(1, 10000) AS b UNWIND range(1, 10000) AS c RETURN count(*)",
                    on: "plexus")
            }
            var id: String?
            while id == nil {
                let rows = try await self.rows(
                    "SHOW TRANSACTIONS YIELD transactionId AS id, currentQuery AS q WHERE q STARTS WITH 'UNWIND' RETURN id",
                    catalog)
                id = rows.first?[0].string
                await Task.yield()
            }
            let ended = try await self.rows("TERMINATE TRANSACTION '\(id ?? "")' YIELD message", catalog)
            #expect(ended == [[.string("Transaction terminated.")]])
            await #expect(throws: CypherError.self) { try await long.value }
        }
    }
}
