internal import Cypher
internal import PropertyGraph

/// Which relationships of a node a step may take.
struct Hops {
    private let directions: [Direction]
    /// Slots of the types when they are plain alternatives: then only their runs are looked at.
    private let typeSlots: [Int]?
    private let test: ((ExecutionContext, RelationshipTypeID) -> Bool)?

    private init(_ directions: [Direction], like other: Hops) {
        self.directions = directions
        self.typeSlots = other.typeSlots
        self.test = other.test
    }

    /// The same relationships, from their other ends.
    var reversed: Hops {
        Hops(self.directions.count > 1 ? self.directions : self.directions.map(\.reversed), like: self)
    }

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
        if context.transaction == nil, let slots = self.typeSlots, self.directions.count == 1 {
            for slot in slots {
                guard let type = context.type(slot) else { continue }
                guard try self.forEach(node, type, context, body) else { return false }
            }
            return true
        }
        for (index, direction) in self.directions.enumerated() {
            context.touch()
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

    /// One type's relationships one way, as plain memory: the context holds the snapshot, and a read changes nothing.
    @inline(__always)
    private func forEach(
        _ node: NodeID, _ type: RelationshipTypeID, _ context: ExecutionContext,
        _ body: (AdjacencyEntry) throws -> Bool
    ) throws -> Bool {
        context.touch()
        let slice = context.graph.unsafeNeighbours(of: node, self.directions[0], type: type)
        guard !slice.isHub else {
            let adjacency = context.graph.adjacency(of: node, self.directions[0])
            return try adjacency.forEach(in: adjacency.range(of: type)) { entry in
                try context.step()
                return try body(entry)
            }
        }
        for index in slice.nodes.indices {
            try context.step()
            let entry = AdjacencyEntry(
                type: type, neighbour: NodeID(slice.nodes[index]),
                relationship: RelationshipID(slice.relationships[index]))
            guard try body(entry) else { return false }
        }
        return true
    }

    /// How many relationships of its types a node has, of those that lead to nodes of a label or to any: O(log degree), with
    /// a label that must be looked at O(degree).
    func count(_ node: NodeID, to label: LabelID?, _ context: ExecutionContext) throws -> Int {
        var count = 0
        if let label {
            _ = try self.forEach(node, context) { entry in
                context.touch()
                if context.graph.hasLabel(entry.neighbour, label) { count += 1 }
                return true
            }
            return count
        }
        for direction in self.directions {
            context.touch()
            guard let slots = self.typeSlots else {
                count += context.graph.degree(of: node, direction)
                continue
            }
            for slot in slots {
                guard let type = context.type(slot) else { continue }
                count += context.graph.degree(of: node, direction, type: type)
            }
        }
        return count
    }

    /// The entries of a node when the hops go one way and along one type; nil when they do not.
    func run(_ node: NodeID, _ context: ExecutionContext) -> (Adjacency, Range<Int>)? {
        guard self.directions.count == 1, let slot = self.typeSlots?.first else { return nil }
        context.touch()
        let adjacency = context.graph.adjacency(of: node, self.directions[0])
        return (adjacency, context.type(slot).map { adjacency.range(of: $0) } ?? 0..<0)
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
            context.touch()
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

    /// Where paths start, and where they must end if that is known; nil when an end that is known is no node.
    private func ends(_ row: Row) -> (first: NodeID, target: NodeID?)? {
        guard case .node(let first) = row[self.start] else { return nil }
        guard self.isEndBound || self.start == self.end else { return (first, nil) }
        guard case .node(let target) = row[self.end] else { return nil }
        return (first, target)
    }

    func isUsed(_ relationship: RelationshipID, _ row: Row) -> Bool {
        for other in self.others {
            switch row[other] {
            case .relationship(let used): if used == relationship { return true }
            case .list(let used): if used.contains(.relationship(relationship)) { return true }
            default: break
            }
        }
        return false
    }

    /// Each node that some path of at most so many relationships reaches, once: breadth first. For those who do not ask how
    /// often, and relationships with a direction: there the shortest walk to a node takes no relationship twice.
    func reach(
        _ context: ExecutionContext, _ row: Row, includesStart: Bool, maximum: Int,
        condition: ((ExecutionContext, Row, RelationshipID) throws -> Bool)?, _ emit: Emit
    ) throws -> Bool {
        guard let (first, target) = self.ends(row) else { return true }
        func arrive(_ node: NodeID) throws -> Bool {
            guard target == nil || target == node else { return true }
            row[self.end] = .node(node)
            return try emit(row)
        }
        if includesStart {
            guard try arrive(first) else { return false }
        }
        var reached = NodeNumbers()
        if includesStart { _ = reached.insert(first) }
        var (frontier, depth, goesOn) = ([first], 0, true)
        while !frontier.isEmpty, depth < maximum, goesOn {
            depth += 1
            let before = reached.nodes.count
            for node in frontier where depth == 1 || node != first {
                goesOn = try self.hops.forEach(node, context) { entry in
                    guard try condition?(context, row, entry.relationship) ?? true,
                        reached.insert(entry.neighbour).isNew
                    else { return true }
                    try context.hold(1)
                    return try arrive(entry.neighbour)
                }
                if !goesOn { break }
            }
            frontier = Array(reached.nodes[before...])
        }
        context.release(reached.nodes.count)
        return goesOn
    }

    /// So many relationships of a path are looked through in the time of a step.
    private static let pathPace = 32

    /// All paths of a length, depth first, no relationship twice; without recursion, so that no path is too
    /// long for the stack.
    func walk(
        _ context: ExecutionContext, _ row: Row, minimum: Int, maximum: Int, reversed: Bool,
        condition: ((ExecutionContext, Row, RelationshipID) throws -> Bool)?, _ emit: Emit
    ) throws -> Bool {
        guard let (first, target) = self.ends(row) else { return true }
        var path: [RelationshipID] = []
        var nodes = [first]
        var pending: [[AdjacencyEntry]] = []

        func arrive(_ node: NodeID) throws -> Bool {
            guard path.count >= minimum, target == nil || target == node else { return true }
            // A long path is more than a step, to write down and to look through.
            try context.step(by: path.count / Self.pathPace)
            let list = path.map(Value.relationship)
            row[self.slot] = .list(reversed ? list.reversed() : list)
            row[self.end] = .node(node)
            return try emit(row)
        }
        func next(_ node: NodeID) throws -> [AdjacencyEntry] {
            var entries: [AdjacencyEntry] = []
            guard path.count < maximum else { return entries }
            _ = try self.hops.forEach(node, context) { entry in
                try context.step(by: path.count / Self.pathPace)
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

/// Steps from two bound nodes to the neighbours that they share: what a triangle needs, without a look at neighbours that
/// only one of them has.
struct Intersection {
    let first: Expansion
    /// From another bound node to the same end.
    let second: Expansion

    func expand(_ context: ExecutionContext, _ row: Row, _ emit: Emit) throws -> Bool {
        guard case .node(let left) = row[self.first.start], case .node(let right) = row[self.second.start],
            let (a, aRange) = self.first.hops.run(left, context),
            let (b, bRange) = self.second.hops.run(right, context)
        else { return true }
        // What galloping looks at, whether or not it finds anything.
        try context.step(by: min(aRange.count, bRange.count))
        return try a.forEachCommonNeighbour(in: aRange, with: b, in: bRange) { one, other in
            guard one.relationship != other.relationship, !self.first.isUsed(one.relationship, row),
                !self.second.isUsed(other.relationship, row)
            else { return true }
            row[self.first.slot] = .relationship(one.relationship)
            row[self.second.slot] = .relationship(other.relationship)
            row[self.first.end] = .node(one.neighbour)
            return try emit(row)
        }
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
