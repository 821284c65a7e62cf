import Cypher
import Foundation
import GraphDatabase
import GraphStorage
import PropertyGraph
import QueryEngine
import Testing

struct GraphCatalogTests {
    /// Runs the body on a folder that is gone after it.
    private func withFolder(_ body: (String) async throws -> Void) async throws {
        let folder = NSTemporaryDirectory() + "plexus-test-" + UUID().uuidString
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await body(folder)
    }

    @Test func graphsAreMadeKeptApartReadAgainAndDropped() async throws {
        try await self.withFolder { folder in
            var catalog = try await GraphCatalog(folder: folder, creating: true)
            _ = try await catalog.query("CREATE DATABASE shop.two", on: "plexus")
            _ = try await catalog.query("DROP DATABASE shop.two IF EXISTS", on: "plexus")
            _ = try await catalog.query("CREATE DATABASE Shop IF NOT EXISTS", on: "plexus")
            _ = try await catalog.query("CREATE (:Product {name: 'tea'})", on: "shop")
            try await catalog.close()
            catalog = try await GraphCatalog(folder: folder, creating: false)
            #expect(catalog.names == ["plexus", "shop"])
            let found = try await catalog.query("MATCH (p:Product) RETURN p.name", on: "SHOP")
            #expect(found.rows == [[.string("tea")]])
            #expect(try await catalog.query("MATCH (p:Product) RETURN p", on: "plexus").rows.isEmpty)
            let shown = try await catalog.query("SHOW DATABASES", on: "shop")
            #expect(shown.rows.map { $0[0] } == [.string("plexus"), .string("shop")])
            let shop = try await catalog.graph("shop")
            _ = try await catalog.query("DROP DATABASE shop", on: "plexus")
            await #expect(throws: DatabaseClosed.self) {
                try await shop.write { _ = try $0.createNode(labels: []) }
            }
            await #expect(throws: GraphCatalogError.notFound("shop")) { try await catalog.graph("shop") }
            await #expect(throws: GraphCatalogError.isNetwork) {
                try await catalog.query("DROP DATABASE plexus", on: "plexus")
            }
            try await catalog.close()
        }
    }

    @Test(arguments: ["", "a", "../plexus", "a/b", "9abc", String(repeating: "a", count: 64), "caf\u{e9}"])
    func namesThatNoGraphCanHaveAreRefused(name: String) async throws {
        #expect(!GraphCatalog.isName(name))
    }

    @Test("Journals are read in Cypher, by administrators, not while writing")
    func journalsInCypher() async throws {
        try await self.withFolder { folder in
            let catalog = try await GraphCatalog(folder: folder, creating: true)
            for (name, subject) in [("plexus", "a"), ("shop", "b"), ("shop", "c")] {
                if name == "shop" { _ = try? await catalog.create("shop") }
                try await catalog.graph(name).write { transaction in
                    transaction.record(
                        JournalEntry(
                            stream: "moves", subject: subject, milliseconds: 4_000_000_000_000,
                            fields: [NamedProperty(key: "to", value: .string(subject))]))
                }
            }
            let all =
                "CALL db.journal('moves') YIELD subject, fields, time RETURN subject, fields.to, time.epochMillis"
            let rows = try await catalog.query(all, on: "shop").rows
            #expect(
                rows == [
                    [.string("b"), .string("b"), .integer(4_000_000_000_000)],
                    [.string("c"), .string("c"), .integer(4_000_000_000_000)],
                ])
            let one = "CALL db.journal('moves', {subject: 'c', limit: 1}) YIELD sequence RETURN sequence"
            let found = try await catalog.query(one, on: "shop").rows
            #expect(found == [[.integer(2)]])
            let later = "CALL db.journal('moves', {after: 1}) YIELD subject RETURN count(*)"
            #expect(try await catalog.query(later, on: "plexus").rows == [[.integer(0)]])
            var limits = QueryLimits.standard
            limits.caller = QueryCaller(user: "anne", graphs: ["shop"])
            for (text, limits) in [
                (all, limits), (all + " LIMIT 1 UNION MATCH (n) DELETE n RETURN 1, 2, 3", .standard),
                ("CALL db.journal('moves', {limit: 0})", .standard),
                ("CALL db.journal('moves') YIELD subject CREATE (n)", .standard),
            ] {
                await #expect(throws: CypherError.self) {
                    try await catalog.query(text, on: "shop", limits: limits)
                }
            }
            try await catalog.close()
        }
    }

    @Test func writersOnThreadsAndInTasksLoseNothingTogether() async throws {
        try await self.withFolder { folder in
            let catalog = try await GraphCatalog(folder: folder, creating: true)
            let graph = catalog.network
            let before = graph.snapshot().nodeCount
            try await withThrowingTaskGroup(of: Void.self) { group in
                for writer in 0..<4 {
                    group.addTask {
                        try await runBlocking {
                            for _ in 0..<50 {
                                try graph.writeBlocking { _ = try $0.createNode(labels: ["T\(writer)"]) }
                            }
                        }
                    }
                    group.addTask {
                        for _ in 0..<50 {
                            try await graph.write { _ = try $0.createNode(labels: ["A\(writer)"]) }
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(graph.snapshot().nodeCount == before + 400)
            #expect(graph.snapshot().inconsistencies() == [])
            try await catalog.close()
            let again = try await GraphCatalog(folder: folder, creating: false)
            #expect(again.network.snapshot().nodeCount == before + 400)
            try await again.close()
        }
    }

    @Test func aWriterThatFailsHalfwayLeavesTheOthersOfItsGroup() async throws {
        struct Refusal: Error {}
        try await self.withFolder { folder in
            let catalog = try await GraphCatalog(folder: folder, creating: true)
            let graph = catalog.network
            let before = graph.snapshot().nodeCount
            let kept = await withTaskGroup(of: Int.self) { group in
                for number in 0..<200 {
                    group.addTask {
                        do {
                            try await graph.write { transaction in
                                let node = try transaction.createNode(
                                    labels: ["N"], properties: ["n": .integer(number)])
                                let loop = try transaction.createRelationship(type: "R", from: node, to: node)
                                if number % 3 == 0 { throw Refusal() }
                                if number % 7 == 0 { try transaction.deleteRelationship(loop) }
                            }
                            return 1
                        } catch {
                            return 0
                        }
                    }
                }
                return await group.reduce(0, +)
            }
            #expect(kept == 133)
            #expect(graph.snapshot().nodeCount == before + kept)
            #expect(graph.snapshot().inconsistencies() == [])
            let memory = graph.snapshot()
            try await catalog.close()
            let again = try await GraphCatalog(folder: folder, creating: false)
            #expect(again.network.snapshot().relationshipCount == memory.relationshipCount)
            try await again.close()
        }
    }
}
