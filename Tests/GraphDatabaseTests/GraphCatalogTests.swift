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
