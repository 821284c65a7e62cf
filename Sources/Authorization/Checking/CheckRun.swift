internal import PropertyGraph

/// One check: a walk from the object towards the subject (Zanzibar: Pang et al., USENIX ATC 2019).
///
/// A pair of object and relation that is met again while it is being decided counts as "no" there (a least fixed point); a
/// "no" that rests on such a cut is not remembered, because another road may still turn it into "yes". Groups are followed
/// from the subject upwards (``close(_:)``): it is in few groups, and a group has many members.
struct CheckRun {
    let model: BoundModel
    let graph: GraphSnapshot
    let tuples: TupleReader
    let limits: CheckLimits
    let memory: CheckMemory
    let subject: CheckSubject
    /// What is known of the graph, when it is one that was published.
    let known: PublishedGraph?
    var assumption: Assumption?
    /// For lists of candidates: intersections and exclusions do not matter.
    var grantsOnly = false
    var steps = 0
    private(set) var problem: AuthorizationError?
    private var relationDepth = 0

    init(
        model: BoundModel, graph: GraphSnapshot, tuples: TupleReader, limits: CheckLimits,
        memory: CheckMemory, subject: CheckSubject, known: PublishedGraph?
    ) {
        self.model = model
        self.graph = graph
        self.tuples = tuples
        self.limits = limits
        self.memory = memory
        self.subject = subject
        self.known = known
        memory.begin(relations: model.relations.count)
    }

    /// Whether the subject has the relation on the object.
    mutating func decide(_ object: NodeID, _ relation: Int) -> Decision {
        self.decide(object, relation, depth: 0).decision
    }

    mutating func unknown(_ problem: AuthorizationError) -> Answer {
        if self.problem == nil { self.problem = problem }
        return .unknown
    }

    /// Counts a look at a relationship; false when the limit is reached.
    @inline(__always)
    mutating func step() -> Bool {
        self.steps += 1
        return self.steps <= self.limits.steps
    }

    // MARK: Pairs

    mutating func decide(_ object: NodeID, _ relation: Int, depth: Int) -> Answer {
        if self.subject.isUserset(object, relation) { return .yes }
        if self.model.relations[relation].isFlat { return self.direct(object, relation, depth: depth) }
        let key = CheckMemory.key(object.index, relation)
        if self.followsFromSubject(relation) {
            return self.memory.state(key) == CheckMemory.reached ? .yes : .no
        }
        if let state = self.memory.state(key) {
            if state == CheckMemory.reached { return .yes }
            guard state < CheckMemory.undecided else {
                return Answer(decision: .no, cut: Int(state - CheckMemory.undecided))
            }
            return Answer(Decision(rawValue: UInt8(truncatingIfNeeded: state)) ?? .unknown)
        }
        return self.enter(object, relation, key, depth: depth)
    }

    /// Whether all objects are known on which the subject has the relation, by going up from the subject.
    private mutating func followsFromSubject(_ relation: Int) -> Bool {
        self.model.relations[relation].isRecursive && self.assumption == nil
            && self.model.relations[relation].support.count + self.relationDepth <= self.limits.relations
            && self.close(relation)
    }

    private mutating func enter(_ object: NodeID, _ relation: Int, _ key: UInt64, depth: Int) -> Answer {
        let isNew = self.memory.active[relation] == 0
        guard depth < self.limits.depth, !isNew || self.relationDepth < self.limits.relations else {
            return self.unknown(
                .tooDeep(limit: depth < self.limits.depth ? self.limits.relations : self.limits.depth))
        }
        guard self.step() else { return self.unknown(.tooLong(limit: self.limits.steps)) }
        self.relationDepth += isNew ? 1 : 0
        self.memory.active[relation] += 1
        self.memory.set(key, CheckMemory.undecided + Int32(truncatingIfNeeded: depth))
        var answer = self.evaluate(self.model.relations[relation].root, object, relation, depth: depth)
        self.memory.active[relation] -= 1
        self.relationDepth -= isNew ? 1 : 0
        if answer.decision == .yes || answer.cut >= depth {
            answer.cut = Answer.sure
            self.memory.set(key, Int32(answer.decision.rawValue))
        } else {
            self.memory.forget(key)
        }
        return answer
    }

    // MARK: Operations

    mutating func evaluate(_ place: Int, _ object: NodeID, _ relation: Int, depth: Int) -> Answer {
        switch self.model.operations[place] {
        case .direct: return self.direct(object, relation, depth: depth)
        case .computed(let other): return self.decide(object, other, depth: depth + 1)
        case .from(let place): return self.from(place, object, depth: depth)
        case .union(let operands):
            var result = Answer.no
            for operand in operands {
                let answer = self.evaluate(self.model.operands[operand], object, relation, depth: depth)
                if answer.decision == .yes { return .yes }
                result.join(answer)
            }
            return result
        case .intersection(let operands):
            var result = Answer.yes
            for operand in operands {
                let answer = self.evaluate(self.model.operands[operand], object, relation, depth: depth)
                if answer.decision == .no, answer.cut == Answer.sure { return .no }
                result = Answer(
                    decision: result.decision.and(answer.decision), cut: min(result.cut, answer.cut))
            }
            return result
        case .exclusion(let base, let minus):
            let answer = self.evaluate(base, object, relation, depth: depth)
            guard answer.decision != .no else { return answer }
            let excluded = self.evaluate(minus, object, relation, depth: depth)
            return self.excluding(answer, excluded, object, relation)
        }
    }

    /// A "no" that rests on a cut is not sure, and what is not surely not excluded is not granted.
    private func excluding(
        _ base: Answer, _ excluded: Answer, _ object: NodeID, _ relation: Int
    ) -> Answer {
        if excluded.decision == .no, excluded.cut == Answer.sure { return base }
        if let assumption = self.assumption,
            assumption == .allGrant
                || assumption == .notExcluded(node: object.index, relation: relation)
        {
            return base
        }
        return Answer(
            decision: excluded.decision == .unknown ? .unknown : .no, cut: min(base.cut, excluded.cut))
    }

    private mutating func from(_ place: Int, _ object: NodeID, depth: Int) -> Answer {
        let kind = self.model.tuplesets[place].relationshipType
        guard kind != BoundModel.none else { return .no }
        var result = Answer.no
        let graph = self.graph
        let parents = graph.entries(into: object, RelationshipTypeID(kind))
        defer { withExtendedLifetime(graph) {} }
        // Not a closure in the usual case: it would copy the run.
        for index in 0..<parents.nodes.count {
            let (parent, relationship) = parents[index]
            self.join(place, parent, relationship, &result, depth: depth)
            if result.decision == .yes { return result }
        }
        guard parents.isHub else { return result }
        graph.forEachHubEntry(into: object, RelationshipTypeID(kind)) { parent, relationship in
            self.join(place, parent, relationship, &result, depth: depth)
            return result.decision != .yes
        }
        return result
    }

    /// What one parent says of a relation that is had from parents.
    private mutating func join(
        _ place: Int, _ parent: NodeID, _ relationship: RelationshipID, _ result: inout Answer, depth: Int
    ) {
        for target in self.model.tuplesets[place].targets {
            guard self.has(parent, self.model.admissions[target.admission].label) else { continue }
            let counts = self.accepts(relationship, parent, target.admission)
            guard counts != .no else { continue }
            var answer = self.decide(parent, target.relation, depth: depth + 1)
            answer.decision = answer.decision.and(counts)
            result.join(answer)
            if result.decision == .yes { return }
        }
    }

    @inline(__always)
    func has(_ node: NodeID, _ label: UInt32) -> Bool {
        label != BoundModel.none && self.graph.hasLabel(node, LabelID(label))
    }

    // MARK: Tuples

    /// Tuples of the relation itself: the subject, then wildcards, then usersets.
    private mutating func direct(_ object: NodeID, _ relation: Int, depth: Int) -> Answer {
        if self.assumption == .granted(node: object.index, relation: relation) { return .yes }
        let kind = self.model.relations[relation].relationshipType
        guard kind != BoundModel.none else { return .no }
        let graph = self.graph
        let tuples = graph.entries(into: object, RelationshipTypeID(kind))
        defer { withExtendedLifetime(graph) {} }
        guard !tuples.nodes.isEmpty || tuples.isHub else { return .no }
        var result = Answer.no
        for admission in self.model.relations[relation].admissions {
            guard let node = self.subject.node(for: self.model.admissions[admission]) else { continue }
            result.join(Answer(self.probe(object, RelationshipTypeID(kind), tuples, node, admission)))
            if result.decision == .yes { return result }
        }
        if self.model.relations[relation].hasUsersets {
            result.join(self.usersets(object, relation, RelationshipTypeID(kind), tuples, depth: depth))
        }
        return result
    }

    /// Whether a tuple from one node counts.
    private mutating func probe(
        _ object: NodeID, _ kind: RelationshipTypeID, _ tuples: NeighbourSlice, _ node: NodeID,
        _ admission: Int
    ) -> Decision {
        var decision = Decision.no
        var place = tuples.firstIndex(of: node)
        while place < tuples.nodes.count, tuples.nodes[place] == node.index {
            let counts = self.accepts(tuples[place].relationship, node, admission)
            if counts == .yes { return .yes }
            if counts != .no { decision = counts }
            place += 1
        }
        guard tuples.isHub else { return decision }
        self.graph.forEachHubEntry(into: object, kind, from: node) { relationship in
            let counts = self.accepts(relationship, node, admission)
            if counts != .no { decision = counts }
            return counts != .yes
        }
        return decision
    }

    private mutating func usersets(
        _ object: NodeID, _ relation: Int, _ kind: RelationshipTypeID, _ tuples: NeighbourSlice, depth: Int
    ) -> Answer {
        // Few tuples that name no userset at all need not know the subject's groups.
        if !tuples.isHub, tuples.nodes.count <= 4, !self.mayNameUserset(tuples, relation) { return .no }
        if let answer = self.usersetsOfSubject(object, relation, kind, tuples) { return answer }
        var result = Answer.no
        let graph = self.graph
        graph.forEachEntry(into: object, kind) { node, relationship in
            guard self.step() else {
                result.join(self.unknown(.tooLong(limit: self.limits.steps)))
                return false
            }
            for admission in self.model.relations[relation].admissions {
                guard self.model.admissions[admission].kind == .userset,
                    self.has(node, self.model.admissions[admission].label)
                else { continue }
                let counts = self.accepts(relationship, node, admission)
                guard counts != .no else { continue }
                var answer = self.decide(node, self.model.admissions[admission].relation, depth: depth + 1)
                answer.decision = answer.decision.and(counts)
                result.join(answer)
                if result.decision == .yes { return false }
            }
            return true
        }
        return result
    }

    /// Whether one of the tuples comes from a node of which a userset is had.
    private func mayNameUserset(_ tuples: NeighbourSlice, _ relation: Int) -> Bool {
        for index in 0..<tuples.nodes.count {
            for admission in self.model.relations[relation].admissions
            where self.model.admissions[admission].kind == .userset {
                if self.has(NodeID(tuples.nodes[index]), self.model.admissions[admission].label) {
                    return true
                }
            }
        }
        return false
    }

    /// The same from the other side, when all usersets that may be named are groups that are followed from the subject: the
    /// smaller side is gone through, the subject's groups or the object's tuples. Nil when it is another case.
    private mutating func usersetsOfSubject(
        _ object: NodeID, _ relation: Int, _ kind: RelationshipTypeID, _ tuples: NeighbourSlice
    ) -> Answer? {
        for admission in self.model.relations[relation].admissions
        where self.model.admissions[admission].kind == .userset {
            guard self.followsFromSubject(self.model.admissions[admission].relation) else { return nil }
        }
        var result = Answer.no
        let count = self.memory.closure.count
        guard tuples.isHub || tuples.nodes.count > 4 * count else {
            return self.usersetsAmongTuples(tuples, relation)
        }
        for place in 0..<count {
            let key = self.memory.closure[place]
            let (node, known) = (NodeID(UInt32(key >> 32)), Int(UInt32(truncatingIfNeeded: key)))
            for admission in self.model.relations[relation].admissions
            where self.model.admissions[admission].kind == .userset
                && self.model.admissions[admission].relation == known
            {
                guard self.step() else { return self.unknown(.tooLong(limit: self.limits.steps)) }
                result.join(Answer(self.probe(object, kind, tuples, node, admission)))
                if result.decision == .yes { return result }
            }
        }
        return result
    }

    /// Goes through the object's tuples; of those that name no group of the subject nothing is read.
    private mutating func usersetsAmongTuples(_ tuples: NeighbourSlice, _ relation: Int) -> Answer {
        var result = Answer.no
        for index in 0..<tuples.nodes.count {
            guard self.step() else { return self.unknown(.tooLong(limit: self.limits.steps)) }
            let (node, relationship) = tuples[index]
            for admission in self.model.relations[relation].admissions
            where self.model.admissions[admission].kind == .userset
                && self.memory.state(
                    CheckMemory.key(node.index, self.model.admissions[admission].relation))
                    == CheckMemory.reached
            {
                result.join(Answer(self.accepts(relationship, node, admission)))
                if result.decision == .yes { return result }
            }
        }
        return result
    }

    /// Whether a relationship is a tuple of this kind that counts now.
    mutating func accepts(_ relationship: RelationshipID, _ node: NodeID, _ admission: Int) -> Decision {
        let decision = self.tuples.decision(
            relationship, node, admission,
            isAssumed: self.assumption.map {
                $0 == .counts(relationship.index) || $0 == .allCount || $0 == .allGrant
            } ?? false)
        guard decision == .unknown else { return decision }
        if self.problem == nil { self.problem = self.tuples.problem(relationship) }
        return .unknown
    }
}

extension Answer {
    /// Either of two: "yes" wins, then what is unknown.
    @inline(__always)
    mutating func join(_ other: Answer) {
        if other.decision == .yes {
            self = .yes
        } else if self.decision != .yes {
            self.cut = min(self.cut, other.cut)
            if other.decision == .unknown { self.decision = .unknown }
        }
    }
}
