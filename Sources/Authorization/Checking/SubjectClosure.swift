internal import PropertyGraph

extension CheckRun {
    /// More relationships than this are not followed from the subject.
    private static let closureLimit = 1_000_000

    /// Finds all objects on which the subject has a closed relation, going up from the subject; they are remembered as
    /// decided. False when that can not be said for sure, because a condition on the way is unknown, or at the limit.
    mutating func close(_ relation: Int) -> Bool {
        if self.memory.isClosed[relation] { return true }
        guard !self.memory.isGivenUp(relation) else { return false }
        let support = self.model.relations[relation].support
        // What others know is all that is reached, and no more than this relation needs.
        let key = self.memory.closure.isEmpty ? self.closureKey(relation) : nil
        if let key, let closure = self.known?.closure(key) {
            self.steps += closure.steps
            for pair in closure.pairs { self.memory.set(pair, CheckMemory.reached) }
            self.memory.closure.append(contentsOf: closure.pairs)
            for part in support { self.memory.isClosed[part] = true }
            return true
        }
        let before = (steps: self.steps, isTimeless: self.tuples.isTimeless)
        self.tuples.isTimeless = true
        defer { self.tuples.isTimeless = before.isTimeless && self.tuples.isTimeless }
        // From the start: what was found for others leads on here too.
        var found = 0
        var isSure = true
        if let node = self.subject.node, let own = self.subject.relation, support.contains(own) {
            self.reach(node, own)
        }
        for part in support {
            for admission in self.model.relations[part].admissions {
                guard let node = self.subject.node(for: self.model.admissions[admission]) else { continue }
                isSure = isSure && self.follow(node, part, admission)
            }
        }
        while isSure, found < self.memory.closure.count {
            let key = self.memory.closure[found]
            found += 1
            let (node, known) = (NodeID(UInt32(key >> 32)), Int(UInt32(truncatingIfNeeded: key)))
            isSure = self.climb(node, known, support)
        }
        if isSure {
            for part in support { self.memory.isClosed[part] = true }
            if let key, self.tuples.isTimeless {
                self.known?.keep(
                    .init(pairs: self.memory.closure, steps: self.steps - before.steps), key)
            }
        } else {
            self.memory.giveUp(relation)
        }
        return isSure
    }

    private func closureKey(_ relation: Int) -> PublishedGraph.ClosureKey? {
        guard self.known != nil else { return nil }
        return PublishedGraph.ClosureKey(
            type: self.subject.type, node: self.subject.node, subjectRelation: self.subject.relation,
            isWildcard: self.subject.isWildcard, relation: relation)
    }

    private mutating func reach(_ node: NodeID, _ relation: Int) {
        let key = CheckMemory.key(node.index, relation)
        guard self.memory.state(key) != CheckMemory.reached else { return }
        self.memory.set(key, CheckMemory.reached)
        self.memory.closure.append(key)
    }

    /// What follows from having a relation on a node: relations on the same node, and those on the objects whose tuples
    /// name the userset.
    private mutating func climb(_ node: NodeID, _ known: Int, _ support: [Int]) -> Bool {
        for part in support {
            if self.model.relations[part].type == self.model.relations[known].type,
                self.model.computes(part, known)
            {
                self.reach(node, part)
            }
            for admission in self.model.relations[part].admissions {
                guard self.model.admissions[admission].kind == .userset,
                    self.model.admissions[admission].relation == known
                else { continue }
                guard self.follow(node, part, admission) else { return false }
            }
        }
        return true
    }

    /// Reaches the objects of tuples from a node; false when it is not sure which count.
    private mutating func follow(_ node: NodeID, _ relation: Int, _ admission: Int) -> Bool {
        let kind = self.model.relations[relation].relationshipType
        guard kind != BoundModel.none else { return true }
        let label = self.model.types[self.model.relations[relation].type].label
        var isSure = true
        let graph = self.graph
        graph.forEachEntry(from: node, RelationshipTypeID(kind)) { object, relationship in
            self.steps += 1
            guard self.steps <= Self.closureLimit else {
                isSure = false
                return false
            }
            guard self.has(object, label) else { return true }
            switch self.tuples.decision(relationship, node, admission, isAssumed: false) {
            case .yes: self.reach(object, relation)
            case .no: break
            case .unknown: isSure = false
            }
            return isSure
        }
        return isSure
    }
}

extension BoundModel {
    /// Whether a closed relation is had by those who have another on the same object.
    func computes(_ relation: Int, _ other: Int) -> Bool {
        self.computes(at: self.relations[relation].root, other)
    }

    private func computes(at place: Int, _ other: Int) -> Bool {
        switch self.operations[place] {
        case .computed(let known): known == other
        case .union(let operands): operands.contains { self.computes(at: self.operands[$0], other) }
        default: false
        }
    }
}
