/// Durable commits in stores of three sizes, each ten times the one before, all open at once and written to in turn.
func measureGrowth(_ workshop: Workshop) async throws {
    workshop.dropSnapshot()
    let sizes = [100, 10, 1].map(workshop.options.size.divided)
    var stores: [Store] = []
    for size in sizes { stores.append(try await Store(folder: try await workshop.copy(size))) }
    let (rounds, block) = (12, 100)
    var random = SplitMix64(seed: workshop.options.seed)
    var inserts: [[Double]] = []
    var updates: [[Double]] = []
    try workshop.settle()
    for round in 0..<rounds {
        var (inserted, updated) = ([Double](), [Double]())
        for (store, size) in zip(stores, sizes) {
            inserted.append(
                try await median(block) {
                    try await store.createRelationship(
                        type: "KNOWS", from: random.below(size.nodes), to: random.below(size.nodes))
                })
            updated.append(
                try await median(block) {
                    try await store.setAge(of: random.below(size.nodes), to: 100 + Int(random.below(1 << 30)))
                })
        }
        guard round >= 2 else { continue }
        inserts.append(inserted)
        updates.append(updated)
    }
    for store in stores { try await store.close() }
    note("\(inserts.count) rounds of \(block) commits a store and kind, p50")
    for (index, size) in sizes.enumerated() {
        note(
            "\(size.entities) entities: a relationship \(inserts.map { $0[index] }.median.microseconds), "
                + "a property \(updates.map { $0[index] }.median.microseconds)")
    }
    figure("commit_growth_ratio", ratios: inserts.map { $0[2] / $0[0] }, .atMost(1.5))
    figure("property_growth_ratio", ratios: updates.map { $0[2] / $0[0] }, .atMost(1.5))
}

private func median(_ count: Int, _ commit: () async throws -> Void) async throws -> Double {
    var latencies: [Double] = []
    for _ in 0..<count {
        let start = Clock.now()
        try await commit()
        latencies.append(Clock.seconds(since: start))
    }
    return latencies.median
}
