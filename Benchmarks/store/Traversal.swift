import CStoreFloor

/// Working memory of walks, shared by both sides: a queue and a bit for each node.
final class WalkScratch {
    let queue: UnsafeMutablePointer<UInt32>
    let seen: UnsafeMutablePointer<UInt64>

    init(nodes: Int) {
        self.queue = .allocate(capacity: nodes + 1)
        self.queue.initialize(repeating: 0, count: nodes + 1)
        self.seen = .allocate(capacity: nodes / 64 + 1)
        self.seen.initialize(repeating: 0, count: nodes / 64 + 1)
    }

    deinit {
        self.queue.deallocate()
        self.seen.deallocate()
    }
}

/// Which relationships a walk follows.
protocol Steps {
    func forEach(from node: UInt32, _ body: (UInt32) -> Void)
}

/// All outgoing relationships.
struct AllSteps: Steps {
    let graph: Graph

    @inline(__always)
    func forEach(from node: UInt32, _ body: (UInt32) -> Void) { self.graph.forEachNeighbour(of: node, body) }
}

/// The outgoing relationships of one type.
struct TypedSteps: Steps {
    let graph: Graph
    let type: Graph.TypeNumber

    @inline(__always)
    func forEach(from node: UInt32, _ body: (UInt32) -> Void) {
        self.graph.forEachNeighbour(of: node, type: self.type, body)
    }
}

/// How many other nodes are within so many hops: step for step what `floor_reached` does.
@inline(__always)
func reached(from start: UInt32, hops: Int, by steps: some Steps, _ scratch: WalkScratch) -> Int {
    let (queue, seen) = (scratch.queue, scratch.seen)
    var (next, end, count) = (0, 1, 1)
    queue[0] = start
    seen[Int(start >> 6)] |= 1 << UInt64(start & 63)
    for _ in 0..<hops {
        while next < end {
            steps.forEach(from: queue[next]) { node in
                let (word, bit) = (Int(node >> 6), UInt64(1) &<< UInt64(node & 63))
                guard seen[word] & bit == 0 else { return }
                seen[word] |= bit
                queue[count] = node
                count &+= 1
            }
            next &+= 1
        }
        end = count
    }
    for index in 0..<count { seen[Int(queue[index] >> 6)] = 0 }
    return count - 1
}

/// One comparison: hops, type or not, and how many starts a round has.
private struct Walk {
    let hops: Int
    let isTyped: Bool
    let starts: Int

    var name: String { (self.hops == 2 ? "two_hop" : "three_hop") + (self.isTyped ? "_typed" : "") }
}

/// Walks of 2 and 3 hops from random starts, along all relationships and along those of one type.
func measureTraversal(_ workshop: Workshop) throws {
    let generated = workshop.graph
    let graph = try workshop.snapshot().graph
    let scratch = WalkScratch(nodes: generated.size.nodes)
    for isTyped in [false, true] {
        guard
            let csr = floor_csr_make(
                UInt32(generated.size.nodes), UInt64(generated.size.relationships), generated.sources,
                generated.targets, isTyped ? generated.relationshipTypes : nil)
        else { throw BenchError("no memory for the floor's CSR") }
        defer { floor_csr_free(csr) }
        for (hops, starts) in [(2, 500), (3, isTyped ? 500 : 200)] {
            let walk = Walk(hops: hops, isTyped: isTyped, starts: starts)
            try measure(walk, generated, graph, csr, scratch)
        }
    }
}

/// Each round has starts of its own, so neither side finds the other's data in the cache nor its own of the
/// round before; who goes first alternates. The first two rounds warm up.
private func measure(
    _ walk: Walk, _ generated: GeneratedGraph, _ graph: Graph, _ csr: OpaquePointer, _ scratch: WalkScratch
) throws {
    let types = try GeneratedGraph.types.map(graph.type)
    var (ours, floors, ratios, nodes, walked) = ([Double](), [Double](), [Double](), 0, UInt64(0))
    for round in 0..<35 {
        let starts = generated.randomNodes(walk.starts, stream: UInt64(walk.hops * 100 + round))
        let number = round % types.count
        let runOurs = {
            Clock.time {
                walk.isTyped
                    ? total(starts, walk.hops, TypedSteps(graph: graph, type: types[number]), scratch)
                    : total(starts, walk.hops, AllSteps(graph: graph), scratch)
            }
        }
        let runFloor = {
            Clock.time { floorTotal(starts, walk.hops, walk.isTyped ? UInt8(number) : nil, csr, scratch) }
        }
        let first = round % 2 == 0 ? runFloor() : runOurs()
        let second = round % 2 == 0 ? runOurs() : runFloor()
        let (floor, our) = round % 2 == 0 ? (first, second) : (second, first)
        try expectEqual(our.result, floor.result, walk.name)
        guard round >= 2 else { continue }
        ours.append(our.seconds)
        floors.append(floor.seconds)
        ratios.append(our.seconds / floor.seconds)
        nodes += our.result
        for start in starts {
            walked += floor_walked(
                csr, start, UInt32(walk.hops), walk.isTyped ? Int32(number) : -1, scratch.queue, scratch.seen)
        }
    }
    let edges = Double(walked) / Double(ratios.count)
    note(
        "\(ratios.count) rounds of \(walk.starts) starts, \(nodes / ratios.count / walk.starts) nodes reached over "
            + "\(Int(edges) / walk.starts) relationships a start; C \((floors.median / edges * 1e9).short) and ours "
            + "\((ours.median / edges * 1e9).short) ns a relationship")
    figure("\(walk.name)_ratio", ratios: ratios, .atMost(3))
}

@inline(never)
private func total(_ starts: [UInt32], _ hops: Int, _ steps: some Steps, _ scratch: WalkScratch) -> Int {
    var total = 0
    for start in starts { total += reached(from: start, hops: hops, by: steps, scratch) }
    return total
}

@inline(never)
private func floorTotal(
    _ starts: [UInt32], _ hops: Int, _ type: UInt8?, _ csr: OpaquePointer, _ scratch: WalkScratch
) -> Int {
    var total: UInt64 = 0
    for start in starts {
        if let type {
            total += floor_reached_typed(csr, start, UInt32(hops), type, scratch.queue, scratch.seen)
        } else {
            total += floor_reached(csr, start, UInt32(hops), scratch.queue, scratch.seen)
        }
    }
    return Int(total)
}
