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
    /// One way by which a node was reached first; those of one node are chained.
    private struct Step {
        let from: Int
        let relationship: RelationshipID
        let next: Int
    }

    private let hops: Hops
    private let wantsAll: Bool
    private(set) var depth = 0
    private(set) var frontier: [NodeID]
    private var reached = NodeNumbers()
    /// By number of the node: its level, and the last of the ways to it, -1 for the start.
    private var levels: ContiguousArray<Int> = [0]
    private var lastSteps: ContiguousArray<Int> = [-1]
    private var steps: ContiguousArray<Step> = []

    init(_ start: NodeID, _ hops: Hops, _ wantsAll: Bool) {
        self.hops = hops
        self.wantsAll = wantsAll
        self.frontier = [start]
        _ = self.reached.insert(start)
    }

    func has(_ node: NodeID) -> Bool { self.reached.number(of: node) != nil }

    /// Goes one level on.
    mutating func grow(
        _ context: ExecutionContext, _ row: Row, _ condition: ShortestPathSearch.Condition?
    ) throws {
        self.depth += 1
        let first = self.reached.nodes.count
        for node in self.frontier {
            guard let from = self.reached.number(of: node) else { continue }
            _ = try self.hops.forEach(node, context) { entry in
                guard try condition?(context, row, entry.relationship) ?? true else { return true }
                let (number, isNew) = self.reached.insert(entry.neighbour)
                if isNew {
                    try context.hold(1)
                    self.levels.append(self.depth)
                    self.lastSteps.append(-1)
                }
                guard isNew || self.wantsAll && self.levels[number] == self.depth else { return true }
                self.steps.append(
                    Step(from: from, relationship: entry.relationship, next: self.lastSteps[number]))
                self.lastSteps[number] = self.steps.count - 1
                return true
            }
        }
        self.frontier = Array(self.reached.nodes[first...])
    }

    /// The relationships from a node back to the start, of each path that was found; false ends the walk.
    func forEachPath(
        to node: NodeID, _ context: ExecutionContext, _ body: ([RelationshipID]) throws -> Bool
    ) throws -> Bool {
        guard let number = self.reached.number(of: node) else { return true }
        guard self.lastSteps[number] >= 0 else { return try body([]) }
        // Depth first: for each node of the path the way that is taken, -1 when all were.
        var taken = [self.lastSteps[number]]
        var path: [RelationshipID] = []
        while let step = taken.last {
            try context.step()
            guard step >= 0 else {
                taken.removeLast()
                guard let before = taken.last else { break }
                path.removeLast()
                taken[taken.count - 1] = self.steps[before].next
                continue
            }
            path.append(self.steps[step].relationship)
            let further = self.lastSteps[self.steps[step].from]
            if further >= 0 {
                taken.append(further)
                continue
            }
            try context.step(by: path.count / 32)
            guard try body(path) else { return false }
            path.removeLast()
            taken[taken.count - 1] = self.steps[step].next
        }
        return true
    }
}
