import Foundation

/// A small read, two hops from a random node, each on a fresh snapshot, without a writer and beside one that commits
/// as fast as it can.
func measureReaders(_ workshop: Workshop) async throws {
    workshop.dropSnapshot()
    let size = workshop.options.size == .small ? Size.small.divided(by: 1) : Size.medium.divided(by: 1)
    let store = try await Store(folder: try await workshop.copy(size))
    let (rounds, seconds) = (10, workshop.options.size == .small ? 0.5 : 1.5)
    var (quiet, busy, rates) = ([[Double]](), [[Double]](), [Double]())
    try workshop.settle()
    for round in 0...rounds {
        // Both phases of a round read the same nodes in the same order; which is first alternates.
        let starts = workshop.graph(size).randomNodes(100_000, stream: UInt64(5000 + round))
        for turn in 0..<2 {
            let deadline = Clock.now() + UInt64(seconds * 1e9)
            if (round + turn) % 2 == 0 {
                quiet.append(await read(store, starts, size.nodes, until: deadline))
            } else {
                async let writer = commit(to: store, nodes: size.nodes, seed: UInt64(round), until: deadline)
                busy.append(await read(store, starts, size.nodes, until: deadline))
                rates.append(Double(try await writer.count) / seconds)
            }
        }
    }
    // The first round warms up.
    (quiet, busy) = (Array(quiet.dropFirst()), Array(busy.dropFirst()))
    try await store.close()
    note(
        "\(quiet.count) rounds of \(seconds) s each way, one reader, \(size.nodes) nodes and \(size.relationships) "
            + "relationships; the writer beside it commits \(rates.median.short)/s")
    for (name, rounds) in [("without a writer", quiet), ("beside a writer", busy)] {
        note(
            "\(name): p50 \(rounds.map(\.median).median.microseconds), p99 "
                + "\(rounds.map { $0.quantile(0.99) }.median.microseconds), p99.9 "
                + "\(rounds.map { $0.quantile(0.999) }.median.microseconds), longest "
                + "\(rounds.map { $0.quantile(1) }.median.microseconds), "
                + "\((Double(rounds.map(\.count).reduce(0, +)) / seconds / Double(rounds.count)).short) reads/s"
        )
    }
    figure(
        "reader_p99_ratio", ratios: zip(busy, quiet).map { $0.quantile(0.99) / $1.quantile(0.99) },
        .atMost(1.5))
}

/// Reads on a thread of its own until a moment; seconds of each.
private func read(_ store: Store, _ starts: [UInt32], _ nodes: Int, until deadline: UInt64) async -> [Double]
{
    await withCheckedContinuation { continuation in
        Thread {
            let scratch = WalkScratch(nodes: nodes)
            var (latencies, next) = ([Double](), 0)
            latencies.reserveCapacity(1_000_000)
            var before = Clock.now()
            while before < deadline {
                _ = reached(
                    from: starts[next], hops: 2, by: AllSteps(graph: store.snapshot()), scratch)
                next = (next + 1) % starts.count
                let after = Clock.now()
                latencies.append(Double(after - before) * 1e-9)
                before = after
            }
            continuation.resume(returning: latencies)
        }.start()
    }
}
