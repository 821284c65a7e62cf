internal import Cypher
internal import PropertyGraph

/// Which relationships of a node a step may take.
struct Hops {
    private let directions: [Direction]
    /// Slots of the types when they are plain alternatives: then only their runs are looked at.
    private let typeSlots: [Int]?
    private let test: ((ExecutionContext, RelationshipTypeID) -> Bool)?

    init(directions: [Direction], types: LabelExpression?, planner: Planner) {
        self.directions = directions
        let names = types?.alternatives
        self.typeSlots = names.map { names in
            var seen: [Int] = []
            for name in names {
                let slot = planner.names.type(name)
                if !seen.contains(slot) { seen.append(slot) }
            }
            return seen
        }
        self.test = names == nil ? types.map(planner.typeTest) : nil
    }

    /// Calls the body for each relationship of a node; false ends the walk. A loop is seen once.
    func forEach(
        _ node: NodeID, _ context: ExecutionContext, _ body: (AdjacencyEntry) throws -> Bool
    ) throws -> Bool {
        for (index, direction) in self.directions.enumerated() {
            let adjacency = context.graph.adjacency(of: node, direction)
            func visit(_ entry: AdjacencyEntry) throws -> Bool {
                if index == 1, entry.neighbour == node { return true }
                if let test = self.test, !test(context, entry.type) { return true }
                try context.step()
                return try body(entry)
            }
            guard let slots = self.typeSlots else {
                guard try adjacency.forEach(in: 0..<adjacency.count, visit) else { return false }
                continue
            }
            for slot in slots {
                guard let type = context.type(slot) else { continue }
                guard try adjacency.forEach(in: adjacency.range(of: type), visit) else { return false }
            }
        }
        return true
    }

    /// As ``forEach``, for relationships that lead to one node only: O(log degree) when the types are known.
    func forEach(
        _ node: NodeID, to end: NodeID, _ context: ExecutionContext, _ body: (AdjacencyEntry) throws -> Bool
    ) throws -> Bool {
        guard let slots = self.typeSlots else {
            return try self.forEach(node, context) { try $0.neighbour == end ? body($0) : true }
        }
        for (index, direction) in self.directions.enumerated() {
            if index == 1, node == end { continue }
            let adjacency = context.graph.adjacency(of: node, direction)
            for slot in slots {
                guard let type = context.type(slot) else { continue }
                for position in adjacency.range(of: type, to: end) {
                    try context.step()
                    guard try body(adjacency[position]) else { return false }
                }
            }
        }
        return true
    }
}

/// Steps from a bound node to its neighbours.
struct Expansion {
    let start: Int
    let end: Int
    let slot: Int
    let isEndBound: Bool
    /// Relationships of the same MATCH, which must all differ.
    let others: [Int]
    let hops: Hops

    func expand(_ context: ExecutionContext, _ row: Row, _ emit: Emit) throws -> Bool {
        guard case .node(let node) = row[self.start] else { return true }
        func take(_ entry: AdjacencyEntry) throws -> Bool {
            guard !self.isUsed(entry.relationship, row) else { return true }
            row[self.slot] = .relationship(entry.relationship)
            row[self.end] = .node(entry.neighbour)
            return try emit(row)
        }
        guard self.isEndBound || self.start == self.end else {
            return try self.hops.forEach(node, context, take)
        }
        guard case .node(let target) = row[self.end] else { return true }
        return try self.hops.forEach(node, to: target, context, take)
    }

    private func isUsed(_ relationship: RelationshipID, _ row: Row) -> Bool {
        for other in self.others {
            switch row[other] {
            case .relationship(let used): if used == relationship { return true }
            case .list(let used): if used.contains(.relationship(relationship)) { return true }
            default: break
            }
        }
        return false
    }

    /// All paths of a length, depth first, no relationship twice; without recursion, so that no path is too
    /// long for the stack.
    func walk(
        _ context: ExecutionContext, _ row: Row, minimum: Int, maximum: Int, reversed: Bool,
        condition: ((ExecutionContext, Row, RelationshipID) throws -> Bool)?, _ emit: Emit
    ) throws -> Bool {
        guard case .node(let first) = row[self.start] else { return true }
        var target: NodeID?
        if self.isEndBound || self.start == self.end {
            guard case .node(let node) = row[self.end] else { return true }
            target = node
        }
        var path: [RelationshipID] = []
        var nodes = [first]
        var pending: [[AdjacencyEntry]] = []

        func arrive(_ node: NodeID) throws -> Bool {
            guard path.count >= minimum, target == nil || target == node else { return true }
            let list = path.map(Value.relationship)
            row[self.slot] = .list(reversed ? list.reversed() : list)
            row[self.end] = .node(node)
            return try emit(row)
        }
        func next(_ node: NodeID) throws -> [AdjacencyEntry] {
            var entries: [AdjacencyEntry] = []
            guard path.count < maximum else { return entries }
            _ = try self.hops.forEach(node, context) { entry in
                if !path.contains(entry.relationship), !self.isUsed(entry.relationship, row),
                    try condition?(context, row, entry.relationship) ?? true
                {
                    entries.append(entry)
                }
                return true
            }
            return entries.reversed()
        }
        guard try arrive(first) else { return false }
        pending.append(try next(first))
        while !pending.isEmpty {
            guard let entry = pending[pending.count - 1].popLast() else {
                pending.removeLast()
                nodes.removeLast()
                _ = path.popLast()
                continue
            }
            try context.step()
            path.append(entry.relationship)
            nodes.append(entry.neighbour)
            guard try arrive(entry.neighbour) else { return false }
            pending.append(try next(entry.neighbour))
        }
        return true
    }
}

/// Breadth-first search between two bound nodes.
struct ShortestPathSearch {
    let start: Int
    let end: Int
    let slot: Int
    let hops: Hops
    let minimum: Int
    let maximum: Int
    let wantsAll: Bool

    func run(
        _ context: ExecutionContext, _ row: Row,
        _ condition: ((ExecutionContext, Row, RelationshipID) throws -> Bool)?, _ emit: Emit
    ) throws -> Bool {
        guard case .node(let source) = row[self.start], case .node(let target) = row[self.end] else {
            return true
        }
        if self.minimum == 0, source == target {
            row[self.slot] = .list([])
            return try emit(row)
        }
        // For each node reached: by which relationships, from which nodes of the level before.
        var parents: [NodeID: [(node: NodeID, relationship: RelationshipID)]] = [source: []]
        var levels: [NodeID: Int] = [source: 0]
        var frontier = [source]
        var depth = 0
        while !frontier.isEmpty, depth < self.maximum, levels[target] == nil || source == target {
            depth += 1
            var next: [NodeID] = []
            for node in frontier {
                _ = try self.hops.forEach(node, context) { entry in
                    guard try condition?(context, row, entry.relationship) ?? true else { return true }
                    if let level = levels[entry.neighbour] {
                        if level == depth, self.wantsAll {
                            parents[entry.neighbour]?.append((node, entry.relationship))
                        }
                        return true
                    }
                    try context.hold(1)
                    levels[entry.neighbour] = depth
                    parents[entry.neighbour] = [(node, entry.relationship)]
                    next.append(entry.neighbour)
                    return true
                }
            }
            frontier = next
        }
        guard source != target, levels[target] != nil else { return true }
        // Walks back from the target through all parents.
        var pending: [(node: NodeID, path: [RelationshipID])] = [(target, [])]
        while let (node, path) = pending.popLast() {
            try context.step()
            if node == source {
                row[self.slot] = .list(path.reversed().map(Value.relationship))
                guard try emit(row) else { return false }
                if !self.wantsAll { return true }
                continue
            }
            for parent in (parents[node] ?? []).reversed() {
                pending.append((parent.node, path + [parent.relationship]))
            }
        }
        return true
    }
}

/// Puts paths together from what a match bound.
enum PathBuilder {
    /// The path along nodes and relationships or lists of relationships; null when something is missing.
    static func path(_ nodes: [Value], _ relationships: [Value], _ graph: GraphSnapshot) -> Value {
        guard case .node(let first)? = nodes.first else { return .null }
        var walked = [first]
        var taken: [RelationshipID] = []
        for value in relationships {
            let list: [Value]
            switch value {
            case .relationship: list = [value]
            case .list(let elements): list = elements
            default: return .null
            }
            for case .relationship(let relationship) in list {
                guard let record = graph.relationship(relationship), let last = walked.last else {
                    return .null
                }
                taken.append(relationship)
                walked.append(record.source == last ? record.target : record.source)
            }
        }
        return Path(nodes: walked, relationships: taken).map(Value.path) ?? .null
    }

    /// Where a list of relationships starts and ends.
    static func ends(of list: [Value], _ graph: GraphSnapshot) -> (NodeID, NodeID)? {
        guard case .relationship(let first)? = list.first, let record = graph.relationship(first) else {
            return nil
        }
        var last = record.target
        for case .relationship(let relationship) in list.dropFirst() {
            guard let next = graph.relationship(relationship) else { return nil }
            last = next.source == last ? next.target : next.source
        }
        return (record.source, last)
    }
}
