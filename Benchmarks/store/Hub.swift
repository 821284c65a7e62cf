/// A node with as many relationships as the size has nodes takes one more, in memory, out and in.
///
/// Each transaction starts from the newest snapshot while somebody holds that snapshot, so nothing changes in
/// place. Letting go of the one before it is the reader's cost and outside the time; the whole is noted too.
func measureHub(_ workshop: Workshop) throws {
    let degree = workshop.options.size.nodes
    let others = degree / 10
    var random = SplitMix64(seed: workshop.options.seed)
    let (source, target) = (UInt32(others), UInt32(others + 1))
    var builder = GraphBuilder()
    for node in 0..<(others + 2) { try builder.addNode(UInt32(node), nil) }
    for number in 0..<degree {
        try builder.addRelationship(UInt32(2 * number), type: "KNOWS", from: source, to: random.below(others))
        try builder.addRelationship(
            UInt32(2 * number + 1), type: "KNOWS", from: random.below(others), to: target)
    }
    let graph = builder.finish()
    note("a node with \(degree) relationships takes one more, 1000 transactions each way")
    let outgoing = try insertMany(into: graph) { (source, random.below(others)) }
    let incoming = try insertMany(into: graph) { (random.below(others), target) }
    for (name, run) in [("outgoing", outgoing), ("incoming", incoming)] {
        note(
            "\(name): p50 \(run.seconds.median.microseconds), p99 \(run.seconds.quantile(0.99).microseconds); "
                + "with the release of the old snapshot \(run.whole.microseconds) each")
    }
    figure("hub_insert_us", max(outgoing.seconds.median, incoming.seconds.median) * 1e6, "us", .atMost(50))
}

private func insertMany(
    into graph: Graph, _ ends: () -> (source: UInt32, target: UInt32)
) throws -> (seconds: [Double], whole: Double) {
    let (warmUp, count) = (50, 1000)
    var (newest, held) = (graph, graph)
    var seconds: [Double] = []
    var start = Clock.now()
    for number in 0..<(warmUp + count) {
        if number == warmUp { start = Clock.now() }
        let (source, target) = ends()
        let insertion = try Clock.time { try newest.inserting(type: "KNOWS", from: source, to: target) }
        held = newest
        newest = insertion.result
        if number >= warmUp { seconds.append(insertion.seconds) }
    }
    let whole = Clock.seconds(since: start) / Double(count)
    try expectEqual(
        newest.relationships, graph.relationships + warmUp + count, "relationships after the inserts")
    try expectEqual(held.relationships, newest.relationships - 1, "relationships of the held snapshot")
    return (seconds, whole)
}
