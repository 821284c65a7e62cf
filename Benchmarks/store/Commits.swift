import CStoreFloor
import Foundation
import GraphDatabase

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

/// As ``commit(to:nodes:seed:until:)``, on a thread that may block.
func commitBlocking(to store: Store, nodes: Int, seed: UInt64, until deadline: UInt64) throws -> [Double] {
    var random = SplitMix64(seed: seed)
    var latencies: [Double] = []
    var before = Clock.now()
    while before < deadline {
        try store.createRelationshipBlocking(
            type: "KNOWS", from: random.below(nodes), to: random.below(nodes))
        let after = Clock.now()
        latencies.append(Double(after - before) * 1e-9)
        before = after
    }
    return latencies
}

/// Who commits.
private enum Contender: Int, CaseIterable {
    case plain, lone, task, group

    var name: String {
        [
            "plain SQLite in C", "ours, 1 writer on a thread", "ours, 1 writer in a task",
            "ours, 32 writers in tasks",
        ][
            self.rawValue]
    }
}

/// What one contender did in one round.
private struct Turn {
    let latencies: [Double]
    let rate: Double

    init(_ work: () async throws -> [Double]) async throws {
        let start = Clock.now()
        self.latencies = try await work()
        self.rate = Double(self.latencies.count) / Clock.seconds(since: start)
    }
}

/// A turn of each contender, with the disk's own sync before each turn and after the last.
private struct Round {
    let turns: [Contender: Turn]
    let syncs: [Double]
}

/// The contenders, ready to run.
private struct Contest {
    let workshop: Workshop
    let size: GraphSize
    let store: Store
    let plain: PlainSQLite
    let seconds: Double

    /// Who goes first changes from round to round, so that what one leaves to the disk falls on each of the others.
    func round(_ number: Int) async throws -> Round {
        var turns: [Contender: Turn] = [:]
        var probes: [Double] = []
        for turn in 0..<Contender.allCases.count {
            probes.append(try syncs(self.workshop.file("sync"), appending: false, count: 8).median)
            guard let contender = Contender(rawValue: (number + turn) % Contender.allCases.count) else {
                continue
            }
            turns[contender] = try await Turn { try await self.run(contender, seed: UInt64(number)) }
        }
        probes.append(try syncs(self.workshop.file("sync"), appending: false, count: 8).median)
        return Round(turns: turns, syncs: probes)
    }

    private func run(_ contender: Contender, seed: UInt64) async throws -> [Double] {
        if contender == .plain { return try self.plain.run(seconds: self.seconds) }
        if contender == .lone {
            let deadline = Clock.now() + UInt64(self.seconds * 1e9)
            let (store, nodes) = (self.store, self.size.nodes)
            return try await runBlocking {
                try commitBlocking(to: store, nodes: nodes, seed: seed, until: deadline)
            }
        }
        return try await commit(
            self.store, writers: contender == .task ? 1 : 32, nodes: self.size.nodes, seconds: self.seconds,
            seed: seed)
    }
}

/// Durable commits of 1 and 32 writers beside plain SQLite, in short rounds.
///
/// Other work on the disk makes a sync cost ten times as much for a while, and whoever has his turn then loses. So
/// rounds count only when the disk's own sync, which no contender has a hand in, was quiet all through them.
func measureCommits(_ workshop: Workshop) async throws {
    workshop.dropSnapshot()
    let size = GraphSize(nodes: 10_000, relationships: 100_000)
    let contest = Contest(
        workshop: workshop, size: size, store: try await Store(folder: try await workshop.copy(size)),
        plain: try PlainSQLite(workshop.file("plain.db"), rows: size.entities, workshop.graph(size)),
        seconds: workshop.options.size == .small ? 0.1 : 0.25)
    try workshop.settle()
    let appending = try syncs(workshop.file("sync"), appending: true, count: 500)
    // The first rounds warm up.
    var all: [Round] = []
    for number in 0..<43 { all.append(try await contest.round(number)) }
    all.removeFirst(3)
    try await contest.store.close()
    let probes = all.flatMap(\.syncs)
    let limit = probes.quantile(0.25) * 2
    let quiet = all.filter { $0.syncs.allSatisfy { $0 <= limit } }
    note(
        "rounds of \(contest.seconds) s each, \(size.entities) entities; \(quiet.count) of \(all.count) rounds on a "
            + "quiet disk; fdatasync of 4 KiB p50 \(probes.median.microseconds) overwriting, "
            + "\(appending.median.microseconds) appending")
    if quiet.count < 10 {
        note("the disk was too restless: all rounds count, and the ratios are to be doubted")
    }
    report(quiet.count < 10 ? all : quiet)
}

private func report(_ rounds: [Round]) {
    func turns(_ contender: Contender) -> [Turn] { rounds.compactMap { $0.turns[contender] } }
    for contender in Contender.allCases {
        note(
            "\(contender.name): \(turns(contender).map(\.rate).median.short) commits/s, p50 "
                + "\(turns(contender).map(\.latencies.median).median.microseconds), p99 "
                + "\(turns(contender).map { $0.latencies.quantile(0.99) }.median.microseconds)")
    }
    figure(
        "group_commit_ratio", ratios: zip(turns(.group), turns(.plain)).map { $0.rate / $1.rate },
        .atLeast(10))
    figure(
        "lone_commit_latency_ratio",
        ratios: zip(turns(.lone), turns(.plain)).map { $0.latencies.median / $1.latencies.median },
        .atMost(1.3))
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
