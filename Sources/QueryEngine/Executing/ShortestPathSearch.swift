internal import Cypher
internal import PropertyGraph

/// Breadth-first search between two bound nodes, from both ends: level by level on the side that has fewer nodes to go on
/// from, until the sides meet.
struct ShortestPathSearch {
    let start: Int
    let end: Int
    let slot: Int
    let hops: Hops
    let minimum: Int
    let maximum: Int
    let wantsAll: Bool

    typealias Condition = (ExecutionContext, Row, RelationshipID) throws -> Bool

    func run(
        _ context: ExecutionContext, _ row: Row, _ condition: Condition?, _ emit: Emit
    ) throws -> Bool {
        guard case .node(let source) = row[self.start], case .node(let target) = row[self.end] else {
            return true
        }
        if self.minimum == 0, source == target {
            row[self.slot] = .list([])
            return try emit(row)
        }
        guard source != target else { return true }
        var sides = [Side(source, self.hops, self.wantsAll), Side(target, self.hops.reversed, self.wantsAll)]
        while sides[0].depth + sides[1].depth < self.maximum {
            let side = sides[0].frontier.count <= sides[1].frontier.count ? 0 : 1
            guard !sides[side].frontier.isEmpty else { return true }
            try sides[side].grow(context, row, condition)
            // Levels are whole, so the first to meet meet on shortest paths.
            let meeting = sides[side].frontier.filter { sides[1 - side].has($0) }
            guard !meeting.isEmpty else { continue }
            return try self.emit(meeting, sides, context, row, emit)
        }
        return true
    }

    private func emit(
        _ meeting: [NodeID], _ sides: [Side], _ context: ExecutionContext, _ row: Row, _ emit: Emit
    ) throws -> Bool {
        var wantsMore = true
        for node in meeting {
            let goesOn = try sides[0].forEachPath(to: node, context) { before in
                try sides[1].forEachPath(to: node, context) { after in
                    row[self.slot] = .list((before.reversed() + after).map(Value.relationship))
                    wantsMore = try emit(row)
                    return wantsMore && self.wantsAll
                }
            }
            guard goesOn else { break }
        }
        return wantsMore
    }
}

/// What was reached from one end.
private struct Side {
    private struct Step {
        let from: NodeID
        let relationship: RelationshipID
    }

    private let hops: Hops
    private let wantsAll: Bool
    private(set) var depth = 0
    private(set) var frontier: [NodeID]
    private var levels: [NodeID: Int]
    /// By which relationships a node was reached first, all of the level before when all paths are wanted.
    private var steps: [NodeID: [Step]] = [:]

    init(_ start: NodeID, _ hops: Hops, _ wantsAll: Bool) {
        self.hops = hops
        self.wantsAll = wantsAll
        self.frontier = [start]
        self.levels = [start: 0]
    }

    func has(_ node: NodeID) -> Bool { self.levels[node] != nil }

    /// Goes one level on.
    mutating func grow(
        _ context: ExecutionContext, _ row: Row, _ condition: ShortestPathSearch.Condition?
    ) throws {
        self.depth += 1
        var next: [NodeID] = []
        for node in self.frontier {
            _ = try self.hops.forEach(node, context) { entry in
                let level = self.levels[entry.neighbour]
                guard level == nil || level == self.depth && self.wantsAll,
                    try condition?(context, row, entry.relationship) ?? true
                else { return true }
                if level == nil {
                    try context.hold(1)
                    self.levels[entry.neighbour] = self.depth
                    next.append(entry.neighbour)
                }
                self.steps[entry.neighbour, default: []].append(
                    Step(from: node, relationship: entry.relationship))
                return true
            }
        }
        self.frontier = next
    }

    /// The relationships from a node back to the start, of each path that was found; false ends the walk.
    func forEachPath(
        to node: NodeID, _ context: ExecutionContext, _ body: ([RelationshipID]) throws -> Bool
    ) throws -> Bool {
        var pending: [(node: NodeID, path: [RelationshipID])] = [(node, [])]
        while let (node, path) = pending.popLast() {
            try context.step()
            guard let steps = self.steps[node], self.levels[node] != 0 else {
                guard try body(path) else { return false }
                continue
            }
            for step in steps.reversed() { pending.append((step.from, path + [step.relationship])) }
        }
        return true
    }
}
