internal import Cypher
internal import PropertyGraph

/// Walks a quantified group such as `((a)-->(b)){1,3}`, depth first, no relationship twice; without recursion, so that no
/// path is too long for the stack.
struct GroupWalk {
    let start: Int
    let end: Int
    /// Where the list of all relationships goes.
    let slot: Int
    let isEndBound: Bool
    /// Relationships of the same MATCH, which must all differ.
    let others: [Int]
    /// The group's own pattern, from its first node.
    let step: PlanNode
    let first: Int
    let last: Int
    let relationships: [Int]
    /// Where one walk has a value, and where the list of them goes.
    let lists: [(inner: Int, outer: Int)]
    let minimum: Int
    let maximum: Int

    private struct Level {
        /// Walks from here that are still to be tried.
        var pending: [Row]
        /// How many there were.
        let count: Int
        /// The relationships taken to come here.
        let taken: Int
    }

    func run(_ context: ExecutionContext, _ row: Row, _ emit: Emit) throws -> Bool {
        guard case .node(let node) = row[self.start] else { return true }
        var used = Set(self.others.flatMap { row[$0].list ?? [row[$0]] })
        var path: [Value] = []
        var walks: [Row] = []
        guard try self.arrive(node, path, walks, row, emit) else { return false }
        var levels = [try self.level(node, 0, used, context, row, taken: 0)]
        while let level = levels.last {
            guard let walk = levels[levels.count - 1].pending.popLast() else {
                levels.removeLast()
                context.release(level.count)
                for relationship in path.suffix(level.taken) { used.remove(relationship) }
                path.removeLast(level.taken)
                _ = walks.popLast()
                continue
            }
            try context.step(by: 1 + path.count / 32)
            let taken = self.relationships.map { walk[$0] }
            path += taken
            used.formUnion(taken)
            walks.append(walk)
            guard case .node(let node) = walk[self.last] else { continue }
            guard try self.arrive(node, path, walks, row, emit) else { return false }
            levels.append(try self.level(node, walks.count, used, context, row, taken: taken.count))
        }
        return true
    }

    private func arrive(
        _ node: NodeID, _ path: [Value], _ walks: [Row], _ row: Row, _ emit: Emit
    ) throws -> Bool {
        guard walks.count >= self.minimum, !self.isEndBound || row[self.end] == .node(node) else {
            return true
        }
        row[self.slot] = .list(path)
        row[self.end] = .node(node)
        for (inner, outer) in self.lists { row[outer] = .list(walks.map { $0[inner] }) }
        return try emit(row)
    }

    /// The walks of one more round, last first.
    private func level(
        _ node: NodeID, _ rounds: Int, _ used: Set<Value>, _ context: ExecutionContext, _ row: Row, taken: Int
    ) throws -> Level {
        guard rounds < self.maximum else { return Level(pending: [], count: 0, taken: taken) }
        row[self.first] = .node(node)
        var found: [Row] = []
        _ = try self.step.run(context, row) { walk in
            guard !self.relationships.contains(where: { used.contains(walk[$0]) }) else { return true }
            try context.hold(walk.count)
            found.append(walk.copy())
            return true
        }
        return Level(pending: found.reversed(), count: found.count * row.count, taken: taken)
    }
}
