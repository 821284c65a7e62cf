import Cypher
import Foundation
import GraphDatabase
import GraphStorage
import PropertyGraph
import QueryEngine
import Testing

@Suite(.timeLimit(.minutes(2)))
struct ExplicitTransactionTests {
    private static func withGraph(_ body: (GraphDatabase) async throws -> Void) async throws {
        let folder = NSTemporaryDirectory() + "plexus-test-" + UUID().uuidString
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let catalog = try await GraphCatalog(folder: folder, durability: .relaxed, creating: true)
        try await body(catalog.network)
        try await catalog.close()
    }

    /// Runs a statement where the transaction wants it and gives the only value.
    @discardableResult
    private static func run(_ text: String, in transaction: ExplicitTransaction) async throws -> Value? {
        let statement = try transaction.database.engine.prepare(text)
        switch try transaction.place(for: statement) {
        case .snapshot(let snapshot):
            return try statement.run(on: snapshot, now: GraphDatabase.now()).rows.first?.first
        case .writer: return try await transaction.run(statement, parameters: [:]).rows.first?.first
        case .catalog: return nil
        }
    }

    private static func count(_ graph: GraphDatabase) async throws -> Value? {
        try await graph.query("MATCH (t:T) RETURN count(t)").rows.first?.first
    }

    @Test func itSeesItsOwnWritesAndNobodyElseDoesUntilItIsCommitted() async throws {
        try await Self.withGraph { graph in
            let transaction = ExplicitTransaction(on: graph)
            try await Self.run("CREATE (:T)", in: transaction)
            try await Self.run("CREATE (:T)", in: transaction)
            #expect(try await Self.run("MATCH (t:T) RETURN count(t)", in: transaction) == .integer(2))
            #expect(try await Self.count(graph) == .integer(0))
            let bookmark = try await transaction.commit()
            #expect(try await Self.count(graph) == .integer(2))
            #expect(bookmark == Bookmark(graph: "plexus", version: graph.snapshot().version))
            await #expect(throws: TransactionFailure.ended) { try await transaction.commit() }
            await #expect(throws: TransactionFailure.ended) {
                try await Self.run("RETURN 1", in: transaction)
            }
        }
    }

    @Test func takenBackNothingOfItHappened() async throws {
        try await Self.withGraph { graph in
            let transaction = ExplicitTransaction(on: graph)
            try await Self.run("CREATE (:T)", in: transaction)
            transaction.rollback()
            #expect(try await Self.count(graph) == .integer(0))
            // The writer is free.
            _ = try await graph.query("CREATE (:T)")
            #expect(try await Self.count(graph) == .integer(1))
            await #expect(throws: TransactionFailure.ended) { try await transaction.commit() }
        }
    }

    @Test func forgottenItIsTakenBack() async throws {
        try await Self.withGraph { graph in
            try await Self.run("CREATE (:T)", in: ExplicitTransaction(on: graph))
            _ = try await graph.query("CREATE (:Other)")
            #expect(try await Self.count(graph) == .integer(0))
        }
    }

    @Test func readsStayOnOneStateAndHoldNobodyUp() async throws {
        try await Self.withGraph { graph in
            let transaction = ExplicitTransaction(on: graph)
            #expect(try await Self.run("MATCH (t:T) RETURN count(t)", in: transaction) == .integer(0))
            _ = try await graph.query("CREATE (:T)")
            #expect(try await Self.run("MATCH (t:T) RETURN count(t)", in: transaction) == .integer(0))
            #expect(try transaction.commitIfUnwritten() != nil)
        }
    }

    @Test func whatItReadMustStillBeTrueWhenItWrites() async throws {
        try await Self.withGraph { graph in
            let transaction = ExplicitTransaction(on: graph)
            try await Self.run("MATCH (t:T) RETURN count(t)", in: transaction)
            _ = try await graph.query("CREATE (:T)")
            await #expect(throws: TransactionFailure.outdated) {
                try await Self.run("CREATE (:T)", in: transaction)
            }
            #expect(try await Self.count(graph) == .integer(1))
            // One that has not read begins at the newest state.
            let other = ExplicitTransaction(on: graph)
            try await Self.run("CREATE (:T)", in: other)
            _ = try await other.commit()
            #expect(try await Self.count(graph) == .integer(2))
        }
    }

    @Test func aFailureEndsIt() async throws {
        try await Self.withGraph { graph in
            let transaction = ExplicitTransaction(on: graph)
            try await Self.run("CREATE (:T)", in: transaction)
            await #expect(throws: CypherError.self) {
                try await Self.run("CREATE (:T {x: 1 / 0})", in: transaction)
            }
            await #expect(throws: TransactionFailure.ended) { try await transaction.commit() }
            #expect(try await Self.count(graph) == .integer(0))
        }
    }

    @Test func aSilentOneGivesTheWriterBack() async throws {
        try await Self.withGraph { graph in
            let transaction = ExplicitTransaction(on: graph, idleSeconds: 0)
            _ = try? await Self.run("CREATE (:T)", in: transaction)
            _ = try await graph.query("CREATE (:Other)")
            await #expect(throws: TransactionFailure.self) { try await transaction.commit() }
            #expect(try await Self.count(graph) == .integer(0))
        }
    }

    @Test func itsOwnTimeLimitEndsIt() async throws {
        try await Self.withGraph { graph in
            let transaction = ExplicitTransaction(on: graph, timeLimit: .milliseconds(100))
            try await Self.run("CREATE (:T)", in: transaction)
            // Waits for the writer, which comes back when the time is over.
            _ = try await graph.query("CREATE (:Other)")
            await #expect(throws: TransactionFailure.timedOut) {
                try await Self.run("RETURN 1", in: transaction)
            }
            #expect(try await Self.count(graph) == .integer(0))
        }
    }

    @Test func oneForReadingRefusesToWrite() async throws {
        try await Self.withGraph { graph in
            let transaction = ExplicitTransaction(on: graph, access: .read)
            try await Self.run("MATCH (t:T) RETURN t", in: transaction)
            await #expect(throws: TransactionFailure.readOnly) {
                try await Self.run("CREATE (:T)", in: transaction)
            }
        }
    }

    @Test(arguments: [
        ("USE other RETURN 1", TransactionFailure.otherGraph(named: "other", here: "plexus")),
        (
            "UNWIND [1] AS x CALL (x) { CREATE (:T) } IN TRANSACTIONS",
            .notInTransaction("CALL { } IN TRANSACTIONS")
        ),
        ("DROP DATABASE other", .notInTransaction("a command about whole graphs after other statements")),
    ])
    func whatRunsByItselfIsRefused(text: String, failure: TransactionFailure) async throws {
        try await Self.withGraph { graph in
            let transaction = ExplicitTransaction(on: graph)
            try await Self.run("RETURN 1", in: transaction)
            await #expect(throws: failure) { try await Self.run(text, in: transaction) }
        }
    }

    @Test func manyTogetherLoseNothing() async throws {
        try await Self.withGraph { graph in
            _ = try await graph.query("CREATE (:Counter {n: 0})")
            try await withThrowingTaskGroup(of: Void.self) { group in
                for worker in 0..<8 {
                    group.addTask {
                        for round in 0..<20 {
                            let transaction = ExplicitTransaction(on: graph)
                            try await Self.run("MATCH (c:Counter) SET c.n = c.n + 1", in: transaction)
                            try await Self.run(
                                "CREATE (:T {worker: \(worker), round: \(round)})", in: transaction)
                            if round % 4 == 3 {
                                transaction.rollback()
                            } else {
                                _ = try await transaction.commit()
                            }
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await Self.count(graph) == .integer(120))
            let counter = try await graph.query("MATCH (c:Counter) RETURN c.n")
            #expect(counter.rows == [[.integer(120)]])
            #expect(graph.snapshot().inconsistencies() == [])
        }
    }

    @Test func aGraphThatIsClosedEndsIt() async throws {
        try await Self.withGraph { graph in
            let transaction = ExplicitTransaction(on: graph)
            try await graph.close()
            await #expect(throws: DatabaseClosed.self) { try await Self.run("CREATE (:T)", in: transaction) }
        }
    }

    @Test func bookmarksAreReadAndWaitedFor() async throws {
        try await Self.withGraph { graph in
            let next = graph.snapshot().version + 1
            async let wait: Void = graph.wait(for: next, seconds: 60)
            _ = try await graph.query("CREATE (:T)")
            try await wait
            let late = Bookmark(graph: "plexus", version: next + 100)
            await #expect(throws: BookmarkFailure.notReached(late, seconds: 0)) {
                try await graph.wait(for: late.version, seconds: 0)
            }
            #expect(try Bookmark(late.description) == late)
            for text in ["", "plexus", "plexus:plexus", "plexus:plexus:x", "other:plexus:1", "plexus:A:1"] {
                #expect(throws: BookmarkFailure.invalid(text)) { try Bookmark(text) }
            }
        }
    }
}
