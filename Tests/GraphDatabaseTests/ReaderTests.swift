import Foundation
import GraphDatabase
import GraphStorage
import PropertyGraph
import Synchronization
import Testing

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
        let isOver = Mutex(false)
        let (torn, slowest) = try await withThrowingTaskGroup(of: (torn: Int, slowest: Duration).self) {
            group in
            for _ in 0..<1000 {
                group.addTask {
                    var (torn, slowest, last) = (0, Duration.zero, UInt64(0))
                    repeat {
                        let start = ContinuousClock.now
                        let graph = database.snapshot()
                        slowest = max(slowest, ContinuousClock.now - start)
                        guard let key = graph.tokens.propertyKey("n") else { continue }
                        let numbers = [NodeID(0), NodeID(1)].map { graph.property(key, of: $0) }
                        if numbers[0] != numbers[1] || graph.version < last { torn += 1 }
                        last = graph.version
                        await Task.yield()
                    } while !isOver.withLock { $0 }
                    return (torn, slowest)
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
            isOver.withLock { $0 = true }
            return try await group.reduce((0, Duration.zero)) { ($0.0 + $1.torn, max($0.1, $1.slowest)) }
        }
        #expect(torn == 0)
        // A reader that waited for a commit or a disk would take far longer than the kernel takes to share the cores.
        #expect(slowest < .milliseconds(500))
        #expect(database.snapshot().version == 201)
        try await database.close()
    }
}
