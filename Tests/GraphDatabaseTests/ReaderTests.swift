import Foundation
import GraphDatabase
import GraphStorage
import PropertyGraph
import Synchronization
import Testing

private final class Flag: Sendable {
    let isSet = Atomic(false)
}

struct ReaderTests {
    /// Each commit gives two nodes the same new number: a reader that sees two numbers saw half a commit.
    @Test func aThousandReadersEachSeeWholeCommitsOnly() async throws {
        let folder = NSTemporaryDirectory() + "plexus-readers-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let database = try await GraphDatabase(
            name: "g", storage: try SQLiteStorage(path: folder + "/g.db", durability: .relaxed))
        try await database.write { transaction in
            for _ in 0..<2 { _ = try transaction.createNode(labels: ["N"], properties: ["n": .integer(0)]) }
        }
        let over = Flag()
        let torn = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<1000 {
                group.addTask {
                    var (torn, last) = (0, UInt64(0))
                    repeat {
                        let graph = database.snapshot()
                        guard let key = graph.tokens.propertyKey("n") else { continue }
                        let numbers = [NodeID(0), NodeID(1)].map { graph.property(key, of: $0) }
                        if numbers[0] != numbers[1] || graph.version < last { torn += 1 }
                        last = graph.version
                        await Task.yield()
                    } while !over.isSet.load(ordering: .acquiring)
                    return torn
                }
            }
            for number in 1...200 {
                try await database.write { transaction in
                    let key = try transaction.propertyKey("n")
                    for node in [NodeID(0), NodeID(1)] {
                        try transaction.setProperty(key, of: node, to: .integer(number))
                    }
                }
            }
            over.isSet.store(true, ordering: .releasing)
            return try await group.reduce(0, +)
        }
        #expect(torn == 0)
        #expect(database.snapshot().version == 201)
        try await database.close()
    }
}
