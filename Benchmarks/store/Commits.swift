import CStoreFloor
import Foundation

/// Plain SQLite in C with one table of relationships.
final class PlainSQLite {
    private let store: OpaquePointer
    private let graph: GeneratedGraph

    /// Makes a file with so many rows.
    init(_ path: String, rows: Int, _ graph: GeneratedGraph) throws {
        var store: OpaquePointer?
        try checkSQLite(
            floor_sqlite_make(&store, path, UInt64(rows), graph.sources, graph.targets, graph.sources.count),
            "making \(path)")
        guard let store else { throw BenchError("SQLite made nothing") }
        self.store = store
        self.graph = graph
    }

    deinit { floor_sqlite_close(self.store) }

    /// Commits one row a transaction for a time; seconds of each.
    func run(seconds: Double) throws -> [Double] {
        var count = 0
        let latencies = try [Double](unsafeUninitializedCapacity: 1_000_000) { buffer, initialized in
            try checkSQLite(
                floor_sqlite_run(
                    self.store, seconds, self.graph.sources, self.graph.targets, self.graph.sources.count,
                    buffer.baseAddress, buffer.count, &count),
                "committing")
            initialized = count
        }
        return latencies
    }
}

/// Throws when SQLite gave a code other than 0.
func checkSQLite(_ code: Int32, _ what: String) throws {
    guard code != 0 else { return }
    throw BenchError("\(what): \(String(cString: floor_sqlite_message(code)))")
}

/// Seconds that the disk takes to sync 4 KiB, each of many.
func syncs(_ path: String, appending: Bool, count: Int) throws -> [Double] {
    var seconds = [Double](repeating: 0, count: count)
    let code = floor_sync(path, appending ? 1 : 0, count, &seconds)
    guard code == 0 else { throw BenchError("\(path): \(String(cString: strerror(code)))") }
    return seconds
}

/// Commits relationships between random nodes, one a transaction, until a moment; seconds of each.
func commit(to store: Store, nodes: Int, seed: UInt64, until deadline: UInt64) async throws -> [Double] {
    var random = SplitMix64(seed: seed)
    var latencies: [Double] = []
    var before = Clock.now()
    while before < deadline {
        try await store.createRelationship(type: "KNOWS", from: random.below(nodes), to: random.below(nodes))
        let after = Clock.now()
        latencies.append(Double(after - before) * 1e-9)
        before = after
    }
    return latencies
}

/// What one contender did in one round.
private struct Round {
    let latencies: [Double]
    let seconds: Double

    var rate: Double { Double(self.latencies.count) / self.seconds }

    init(_ work: () async throws -> [Double]) async throws {
        let start = Clock.now()
        self.latencies = try await work()
        self.seconds = Clock.seconds(since: start)
    }
}

/// Durable commits of 1 and 32 writers beside plain SQLite, in rounds.
func measureCommits(_ workshop: Workshop) async throws {
    workshop.dropSnapshot()
    let size = GraphSize(nodes: 10_000, relationships: 100_000)
    let graph = workshop.graph(size)
    let store = try await Store(folder: try await workshop.copy(size))
    let plain = try PlainSQLite(workshop.file("plain.db"), rows: size.entities, graph)
    let (rounds, seconds) = (15, workshop.options.size == .small ? 0.2 : 0.6)
    var (plains, lones, groups) = ([Round](), [Round](), [Round]())
    var (overwriting, appending) = ([Double](), [Double]())
    try workshop.settle()
    for round in 0...rounds {
        overwriting += try syncs(workshop.file("sync"), appending: false, count: 50)
        appending += try syncs(workshop.file("sync"), appending: true, count: 50)
        // Who goes first changes, so that what one leaves to the disk falls on each of the others.
        for turn in 0..<3 {
            let seed = UInt64(round) * 1000
            switch (round + turn) % 3 {
            case 0: plains.append(try await Round { try plain.run(seconds: seconds) })
            case 1:
                lones.append(
                    try await Round {
                        try await commit(store, writers: 1, nodes: size.nodes, seconds: seconds, seed: seed)
                    })
            default:
                groups.append(
                    try await Round {
                        try await commit(
                            store, writers: 32, nodes: size.nodes, seconds: seconds, seed: seed + 1)
                    })
            }
        }
    }
    // The first round warms up.
    (plains, lones, groups) = (Array(plains.dropFirst()), Array(lones.dropFirst()), Array(groups.dropFirst()))
    try await store.close()
    note(
        "\(plains.count) rounds of \(seconds) s each, \(size.entities) entities; fdatasync of 4 KiB p50 "
            + "\(overwriting.median.microseconds) overwriting, \(appending.median.microseconds) appending")
    for (name, rounds) in [
        ("plain SQLite in C", plains), ("ours, 1 writer", lones), ("ours, 32 writers", groups),
    ] {
        note(
            "\(name): \(rounds.map(\.rate).median.short) commits/s, p50 "
                + "\(rounds.map(\.latencies.median).median.microseconds), p99 "
                + "\(rounds.map { $0.latencies.quantile(0.99) }.median.microseconds)")
    }
    figure("group_commit_ratio", ratios: zip(groups, plains).map { $0.rate / $1.rate }, .atLeast(10))
    figure(
        "lone_commit_latency_ratio",
        ratios: zip(lones, plains).map { $0.latencies.median / $1.latencies.median }, .atMost(1.3))
}

private func commit(
    _ store: Store, writers: Int, nodes: Int, seconds: Double, seed: UInt64
) async throws -> [Double] {
    let deadline = Clock.now() + UInt64(seconds * 1e9)
    return try await withThrowingTaskGroup(of: [Double].self) { group in
        for writer in 0..<writers {
            group.addTask {
                try await commit(to: store, nodes: nodes, seed: seed &+ UInt64(writer) << 32, until: deadline)
            }
        }
        var latencies: [Double] = []
        for try await more in group { latencies += more }
        return latencies
    }
}
