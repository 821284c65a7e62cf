internal import Cypher
internal import PropertyGraph

/// How a pattern grows from what is bound over its next relationship.
extension MatchSolver {
    mutating func grow(_ index: Int) throws(CypherError) {
        let relationship = self.graph.relationships[index]
        let others = self.others(relationship)
        if relationship.isBound {
            self.checkRelationship(relationship)
        } else if let group = relationship.pattern.group {
            try self.repeats(group, relationship, others)
        } else if relationship.selection != .all {
            try self.shortest(relationship)
        } else if let closing = self.closing(index) {
            self.intersect(relationship, self.graph.relationships[closing])
            self.finish(closing)
        } else {
            let startsAtFrom = self.boundNodes.contains(relationship.from)
            try self.expand(relationship, from: startsAtFrom, others)
        }
        self.finish(index)
        for end in [relationship.from, relationship.to] where !self.boundNodes.contains(end) {
            self.bind(end, by: relationship)
        }
    }

    /// The relationships so far that could be the one that is next.
    func others(_ relationship: MatchGraph.Relationship) -> [MatchGraph.Relationship] {
        self.solved.map { self.graph.relationships[$0] }.filter { other in
            guard let types = other.pattern.types?.alternatives,
                let own = relationship.pattern.types?.alternatives
            else { return true }
            // What is of different types is different.
            return !Set(types).isDisjoint(with: own)
        }
    }

    mutating func finish(_ index: Int) {
        self.solved.insert(index)
        if let name = self.graph.relationships[index].name { self.boundNames.insert(name) }
        for (name, number) in self.graph.anonymousRelationships where number == index {
            self.boundNames.insert(name)
        }
    }

    /// Another relationship from a bound node to the node that this one leads to: then only neighbours of both are wanted.
    func closing(_ index: Int) -> Int? {
        func end(_ number: Int) -> Int? {
            let relationship = self.graph.relationships[number]
            let pattern = relationship.pattern
            guard !relationship.isBound, pattern.length == nil, pattern.group == nil,
                relationship.selection == .all, pattern.arrow != .either,
                pattern.types?.alternatives?.count == 1
            else { return nil }
            switch (self.boundNodes.contains(relationship.from), self.boundNodes.contains(relationship.to)) {
            case (true, false): return relationship.to
            case (false, true): return relationship.from
            default: return nil
            }
        }
        guard let wanted = end(index) else { return nil }
        return self.graph.relationships.indices.first {
            $0 != index && !self.solved.contains($0) && end($0) == wanted
        }
    }

    mutating func intersect(
        _ first: MatchGraph.Relationship, _ second: MatchGraph.Relationship
    ) {
        let intersection = Intersection(
            first: self.expansion(first, self.others(first)),
            second: self.expansion(second, self.others(second)))
        let input = self.node
        let rows = input.estimatedRows * max(0.1, min(self.fanOut(first), self.fanOut(second)) / 4)
        let details = "\(self.details(first)) and \(self.details(second))"
        self.node = self.planner.node("ExpandIntersect", details, rows: rows, children: [input]) {
            context, row, emit in
            try input.run(context, row) { row in try intersection.expand(context, row, emit) }
        }
    }

    /// The step from the end that is bound.
    func expansion(
        _ relationship: MatchGraph.Relationship, _ others: [MatchGraph.Relationship]
    ) -> Expansion {
        let startsAtFrom = self.boundNodes.contains(relationship.from)
        let (start, end) =
            startsAtFrom ? (relationship.from, relationship.to) : (relationship.to, relationship.from)
        return Expansion(
            start: self.graph.nodes[start].slot, end: self.graph.nodes[end].slot, slot: relationship.slot,
            isEndBound: self.boundNodes.contains(end), others: others.map(\.slot),
            hops: self.hops(relationship, reversed: !startsAtFrom))
    }

    func hops(_ relationship: MatchGraph.Relationship, reversed: Bool) -> Hops {
        let arrow = relationship.pattern.arrow
        let directions: [Direction] =
            arrow == .either ? [.outgoing, .incoming] : [reversed ? .incoming : .outgoing]
        return Hops(
            directions: directions, types: relationship.pattern.types, planner: self.planner)
    }

    /// The condition on each relationship of a path of variable length.
    func stepCondition(
        _ relationship: MatchGraph.Relationship
    ) throws(CypherError) -> ((ExecutionContext, Row, RelationshipID) throws -> Bool)? {
        guard relationship.pattern.length != nil else { return nil }
        var wanted: [(key: Int, value: Evaluator)] = []
        if case .map(let entries)? = relationship.pattern.properties?.kind {
            for entry in entries {
                wanted.append((self.planner.names.key(entry.key), try self.compiler.compile(entry.value)))
            }
        }
        let predicate = try self.stepPredicate(relationship)
        guard !wanted.isEmpty || predicate != nil else { return nil }
        return { [wanted] context, row, relationship in
            if let predicate, try !predicate(context, row, relationship) { return false }
            for (slot, value) in wanted {
                guard let key = context.key(slot) else { return false }
                context.touch()
                let found = context.graph.property(key, of: relationship)
                guard try found.isEqual(to: value(context, row)) == true else { return false }
            }
            return true
        }
    }

    /// `-[r* WHERE r.open]->`: there the variable is one relationship.
    func stepPredicate(
        _ relationship: MatchGraph.Relationship
    ) throws(CypherError) -> ((ExecutionContext, Row, RelationshipID) throws -> Bool)? {
        guard let predicate = relationship.pattern.predicate else { return nil }
        var compiler = self.compiler
        let slot = self.planner.newSlot()
        if let name = relationship.pattern.variable { compiler.scope[name] = slot }
        let test = try compiler.predicate(predicate)
        return { context, row, relationship in
            row[slot] = .relationship(relationship)
            return try test(context, row)
        }
    }

    /// A quantified group: its pattern is a match of its own that begins where the one before ended.
    mutating func repeats(
        _ group: PathGroup, _ relationship: MatchGraph.Relationship, _ others: [MatchGraph.Relationship]
    ) throws(CypherError) {
        guard let firstNode = group.nodes.first else { return }
        let name = firstNode.variable ?? "  first"
        let first = self.planner.newSlot()
        var nodes = group.nodes
        nodes[0] = firstNode.named(name)
        let part = PatternPart(
            variable: "  group", selection: .all, nodes: nodes, relationships: group.relationships,
            range: firstNode.range)
        let scope = self.graph.scope.merging([name: first]) { _, new in new }
        let inner = MatchGraph([part], group.predicate, scope: scope) { self.planner.newSlot() }
        let step = try self.planner.solve(inner, self.planner.argument())
        let last = inner.paths.first?.nodes.last ?? 0
        let length = relationship.pattern.length
        let walk = GroupWalk(
            start: self.graph.nodes[relationship.from].slot, end: self.graph.nodes[relationship.to].slot,
            slot: relationship.slot,
            isEndBound: self.boundNodes.contains(relationship.to) || relationship.from == relationship.to,
            others: others.map(\.slot), step: step, first: first, last: inner.nodes[last].slot,
            relationships: inner.relationships.map(\.slot),
            lists: relationship.lists.map { (inner.innerScope[$0.key] ?? first, $0.value) },
            minimum: length?.minimum ?? 0, maximum: length?.maximum ?? Int.max)
        let input = self.node
        self.node = self.planner.node(
            "Repeat", self.details(relationship), rows: input.estimatedRows * 10, children: [input, step]
        ) { context, row, emit in
            try input.run(context, row) { row in try walk.run(context, row, emit) }
        }
        self.boundNames.formUnion(relationship.lists.keys)
    }

    mutating func expand(
        _ relationship: MatchGraph.Relationship, from startsAtFrom: Bool, _ others: [MatchGraph.Relationship]
    ) throws(CypherError) {
        let expansion = self.expansion(relationship, others)
        let input = self.node
        let name = (expansion.isEndBound ? "ExpandInto" : "ExpandAll")
        let start = startsAtFrom ? relationship.from : relationship.to
        let rows =
            input.estimatedRows
            * (expansion.isEndBound ? 1 : max(0.1, self.fanOut(relationship, from: start)))
        let details = self.details(relationship)
        guard let length = relationship.pattern.length else {
            self.node = self.planner.node(name, details, rows: rows, children: [input]) {
                context, row, emit in
                try input.run(context, row) { row in try expansion.expand(context, row, emit) }
            }
            return
        }
        let condition = try self.stepCondition(relationship)
        let (minimum, maximum) = (length.minimum ?? 1, length.maximum ?? Int.max)
        if minimum <= 1, self.onlyReaches(relationship) {
            self.node = self.planner.node(
                "VarLengthExpand(Distinct)", details, rows: rows, children: [input]
            ) { context, row, emit in
                try input.run(context, row) { row in
                    try expansion.reach(
                        context, row, includesStart: minimum == 0, maximum: maximum, condition: condition,
                        emit)
                }
            }
            return
        }
        let reversed = !startsAtFrom
        self.node = self.planner.node("VarLengthExpand", details, rows: rows, children: [input]) {
            context, row, emit in
            try input.run(context, row) { row in
                try expansion.walk(
                    context, row, minimum: minimum, maximum: maximum, reversed: reversed,
                    condition: condition, emit)
            }
        }
    }

    /// Whether only the ends of a path of variable length matter, not the paths, and no other relationship of the match could
    /// be one of the path's.
    func onlyReaches(_ relationship: MatchGraph.Relationship) -> Bool {
        guard self.ignoresDuplicates, relationship.name == nil, relationship.pattern.arrow != .either,
            let own = relationship.pattern.types?.alternatives
        else { return false }
        return self.graph.relationships.enumerated().allSatisfy { index, other in
            if other.slot == relationship.slot {
                return !self.graph.paths.contains { $0.relationships.contains(index) }
            }
            return other.pattern.types?.alternatives.map { Set($0).isDisjoint(with: own) } ?? false
        }
    }

    func details(_ relationship: MatchGraph.Relationship) -> String {
        func name(_ index: Int) -> String { "(\(self.graph.nodes[index].name ?? ""))" }
        let pattern = relationship.pattern
        var inside = (relationship.name ?? "") + (pattern.types.map { ":" + PlanText.text($0) } ?? "")
        if let length = pattern.length {
            inside += "*\(length.minimum.map(String.init) ?? "")..\(length.maximum.map(String.init) ?? "")"
        }
        return name(relationship.from) + "-[\(inside)]-" + (pattern.arrow == .either ? "" : ">")
            + name(relationship.to)
    }

    /// A relationship from before: its ends must be those of the pattern.
    mutating func checkRelationship(_ relationship: MatchGraph.Relationship) {
        let input = self.node
        let from = (self.graph.nodes[relationship.from].slot, self.boundNodes.contains(relationship.from))
        let to = (self.graph.nodes[relationship.to].slot, self.boundNodes.contains(relationship.to))
        let isEither = relationship.pattern.arrow == .either
        let slot = relationship.slot
        let test = relationship.pattern.types.map(self.planner.typeTest)
        let isList = relationship.pattern.length != nil
        self.node = self.planner.node(
            "ProjectEndpoints", relationship.name ?? "", rows: input.estimatedRows, children: [input]
        ) { context, row, emit in
            try input.run(context, row) { row in
                func ends(_ source: NodeID, _ target: NodeID) throws -> Bool {
                    if from.1 {
                        guard row[from.0] == .node(source) else { return true }
                    } else {
                        row[from.0] = .node(source)
                    }
                    if to.1 {
                        guard row[to.0] == .node(target) else { return true }
                    } else {
                        if from.0 == to.0, source != target { return true }
                        row[to.0] = .node(target)
                    }
                    return try emit(row)
                }
                if isList {
                    guard case .list(let list) = row[slot],
                        let (source, target) = PathBuilder.ends(of: list, context.graph)
                    else { return true }
                    return try ends(source, target)
                }
                context.touch()
                guard case .relationship(let id) = row[slot], let record = context.graph.relationship(id),
                    test?(context, record.type) ?? true
                else { return true }
                guard try ends(record.source, record.target) else { return false }
                guard isEither, record.source != record.target else { return true }
                return try ends(record.target, record.source)
            }
        }
    }

    mutating func shortest(_ relationship: MatchGraph.Relationship) throws(CypherError) {
        let search = ShortestPathSearch(
            start: self.graph.nodes[relationship.from].slot, end: self.graph.nodes[relationship.to].slot,
            slot: relationship.slot, hops: self.hops(relationship, reversed: false),
            minimum: relationship.pattern.length?.minimum ?? 1,
            maximum: relationship.pattern.length.map { $0.maximum ?? Int.max } ?? 1,
            wantsAll: relationship.selection == .allShortest)
        let condition = try self.stepCondition(relationship)
        let input = self.node
        self.node = self.planner.node(
            "ShortestPath", self.details(relationship), rows: input.estimatedRows, children: [input]
        ) { context, row, emit in
            try input.run(context, row) { row in try search.run(context, row, condition, emit) }
        }
    }
}
