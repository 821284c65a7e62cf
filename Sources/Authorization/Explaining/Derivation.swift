internal import PropertyGraph

/// Finds the shortest way in which a relation is granted: of all pairs of object and relation that grant on the way, the
/// least number of tuples, by coming closer step by step until nothing gets shorter.
struct Derivation {
    private struct Goal: Hashable {
        let node: NodeID
        let relation: Int
    }

    /// How a pair is granted.
    private indirect enum Reason {
        /// By itself: the subject is the userset.
        case itself
        case tuple(RelationshipID?, NodeID?, admission: Int?)
        case userset(RelationshipID, Goal, admission: Int)
        case computed(Goal)
        case parent(RelationshipID, Goal, admission: Int, tupleset: Int)
        case all([Reason])
    }

    private static let goalLimit = 20_000
    private let view: AuthorizationView
    private let model: BoundModel
    private let graph: GraphSnapshot
    private let subject: EntityReference
    private var run: CheckRun
    private var goals: [Goal] = []
    private var seen: Set<Goal> = []
    private var best: [Goal: (size: Int, reason: Reason)] = [:]

    init(_ view: AuthorizationView, subject: EntityReference, run: CheckRun) {
        self.view = view
        self.model = view.bound
        self.graph = view.graph
        self.subject = subject
        self.run = run
    }

    /// The steps from the subject to the object; empty when the run does not grant.
    mutating func path(_ object: NodeID, _ relation: Int) -> [Explanation.Step] {
        let goal = Goal(node: object, relation: relation)
        self.visit(goal)
        self.settle()
        return self.steps(goal, depth: 0)
    }

    private mutating func settle() {
        var isShrinking = true
        while isShrinking {
            isShrinking = false
            for goal in self.goals.reversed() {
                guard let found = self.reason(self.model.relations[goal.relation].root, goal),
                    found.size < self.best[goal]?.size ?? .max
                else { continue }
                self.best[goal] = found
                isShrinking = true
            }
        }
    }

    // MARK: Pairs that grant

    private mutating func visit(_ first: Goal) {
        var pending = [first]
        while let goal = pending.popLast() {
            guard self.goals.count < Self.goalLimit, self.seen.insert(goal).inserted,
                self.run.decide(goal.node, goal.relation) == .yes
            else { continue }
            self.goals.append(goal)
            if self.run.subject.isUserset(goal.node, goal.relation) { self.best[goal] = (0, .itself) }
            pending += self.parts(self.model.relations[goal.relation].root, goal)
        }
    }

    private mutating func parts(_ operation: Int, _ goal: Goal) -> [Goal] {
        switch self.model.operations[operation] {
        case .direct: return self.usersets(goal).map(\.goal)
        case .computed(let other): return [Goal(node: goal.node, relation: other)]
        case .from(let place): return self.parents(place, goal).map(\.goal)
        case .union(let operands), .intersection(let operands):
            var parts: [Goal] = []
            for operand in operands { parts += self.parts(self.model.operands[operand], goal) }
            return parts
        case .exclusion(let base, _): return self.parts(base, goal)
        }
    }

    private mutating func usersets(
        _ goal: Goal
    ) -> [(relationship: RelationshipID, goal: Goal, admission: Int)] {
        var found: [(relationship: RelationshipID, goal: Goal, admission: Int)] = []
        let kind = self.model.relations[goal.relation].relationshipType
        guard kind != BoundModel.none else { return [] }
        let graph = self.graph
        for admission in self.model.relations[goal.relation].admissions
        where self.model.admissions[admission].kind == .userset {
            let relation = self.model.admissions[admission].relation
            graph.forEachEntry(into: goal.node, RelationshipTypeID(kind)) { node, relationship in
                if self.run.has(node, self.model.admissions[admission].label),
                    self.run.accepts(relationship, node, admission) == .yes
                {
                    found.append((relationship, Goal(node: node, relation: relation), admission))
                }
                return true
            }
        }
        return found
    }

    private mutating func parents(
        _ place: Int, _ goal: Goal
    ) -> [(relationship: RelationshipID, goal: Goal, admission: Int)] {
        var found: [(relationship: RelationshipID, goal: Goal, admission: Int)] = []
        let tupleset = self.model.tuplesets[place]
        guard tupleset.relationshipType != BoundModel.none else { return [] }
        let graph = self.graph
        for target in tupleset.targets {
            graph.forEachEntry(into: goal.node, RelationshipTypeID(tupleset.relationshipType)) {
                node, relationship in
                if self.run.has(node, self.model.admissions[target.admission].label),
                    self.run.accepts(relationship, node, target.admission) == .yes
                {
                    found.append(
                        (relationship, Goal(node: node, relation: target.relation), target.admission))
                }
                return true
            }
        }
        return found
    }

    // MARK: The shortest reason as far as is known

    private mutating func reason(_ operation: Int, _ goal: Goal) -> (size: Int, reason: Reason)? {
        switch self.model.operations[operation] {
        case .direct: return self.direct(goal)
        case .computed(let other):
            let part = Goal(node: goal.node, relation: other)
            return self.best[part].map { ($0.size, .computed(part)) }
        case .from(let place):
            return self.shortest(
                self.parents(place, goal).map {
                    ($0.goal, .parent($0.relationship, $0.goal, admission: $0.admission, tupleset: place))
                })
        case .union(let operands):
            var shortest: (size: Int, reason: Reason)?
            for operand in operands {
                guard let found = self.reason(self.model.operands[operand], goal),
                    found.size < shortest?.size ?? .max
                else { continue }
                shortest = found
            }
            return shortest
        case .intersection(let operands):
            var (size, reasons) = (0, [Reason]())
            for operand in operands {
                guard let found = self.reason(self.model.operands[operand], goal) else { return nil }
                size += found.size
                reasons.append(found.reason)
            }
            return (size, .all(reasons))
        case .exclusion(let base, let minus):
            let excluded = self.run.evaluate(minus, goal.node, goal.relation, depth: 0)
            let isExcluded = excluded.decision != .no || excluded.cut != Answer.sure
            let isAssumed =
                self.run.assumption == .notExcluded(node: goal.node.index, relation: goal.relation)
                || self.run.assumption == .allGrant
            return isExcluded && !isAssumed ? nil : self.reason(base, goal)
        }
    }

    private func shortest(_ ways: [(Goal, Reason)]) -> (size: Int, reason: Reason)? {
        var shortest: (size: Int, reason: Reason)?
        for (part, reason) in ways {
            guard let size = self.best[part]?.size, size + 1 < shortest?.size ?? .max else { continue }
            shortest = (size + 1, reason)
        }
        return shortest
    }

    private mutating func direct(_ goal: Goal) -> (size: Int, reason: Reason)? {
        if self.run.assumption == .granted(node: goal.node.index, relation: goal.relation) {
            return (1, .tuple(nil, nil, admission: nil))
        }
        let kind = self.model.relations[goal.relation].relationshipType
        guard kind != BoundModel.none else { return nil }
        let graph = self.graph
        for admission in self.model.relations[goal.relation].admissions {
            guard let node = self.run.subject.node(for: self.model.admissions[admission]) else { continue }
            var found: RelationshipID?
            graph.forEachEntry(into: goal.node, RelationshipTypeID(kind), from: node) { relationship in
                if self.run.accepts(relationship, node, admission) == .yes { found = relationship }
                return found == nil
            }
            if let found { return (1, .tuple(found, node, admission: admission)) }
        }
        return self.shortest(
            self.usersets(goal).map {
                ($0.goal, .userset($0.relationship, $0.goal, admission: $0.admission))
            })
    }

    // MARK: Steps

    private func steps(_ goal: Goal, depth: Int) -> [Explanation.Step] {
        guard depth < 1000, let reason = self.best[goal]?.reason else { return [] }
        return self.steps(reason, goal, depth: depth)
    }

    private func steps(_ reason: Reason, _ goal: Goal, depth: Int) -> [Explanation.Step] {
        let here = self.reference(goal)
        let relation = self.model.relations[goal.relation].name
        switch reason {
        case .itself: return []
        case .tuple(let relationship, let node, let admission):
            let subject = admission.flatMap { admission in
                node.map { self.subject($0, admission) }
            }
            return [
                .tuple(
                    self.tuple(relationship, subject ?? self.subject, relation, here))
            ]
        case .userset(let relationship, let part, let admission):
            let subject = self.subject(part.node, admission)
            return self.steps(part, depth: depth + 1)
                + [.tuple(self.tuple(relationship, subject, relation, here))]
        case .computed(let part):
            let name = self.model.relations[part.relation].name
            return self.steps(part, depth: depth + 1)
                + [.rule(object: here, relation: relation, because: "\(name) implies \(relation)")]
        case .parent(let relationship, let part, let admission, let place):
            let tupleset = self.model.relations[self.model.tuplesets[place].tupleset].name
            let name = self.model.tuplesets[place].relation
            return self.steps(part, depth: depth + 1) + [
                .tuple(self.tuple(relationship, self.subject(part.node, admission), tupleset, here)),
                .rule(object: here, relation: relation, because: "\(name) from \(tupleset)"),
            ]
        case .all(let reasons):
            return reasons.flatMap { self.steps($0, goal, depth: depth + 1) }
        }
    }

    private func reference(_ goal: Goal) -> EntityReference {
        self.model.reference(
            goal.node, type: self.model.relations[goal.relation].type, in: self.graph)
    }

    private func subject(_ node: NodeID, _ admission: Int) -> EntityReference {
        let admission = self.model.admissions[admission]
        return self.model.reference(
            node, type: admission.subjectType,
            relation: admission.kind == .userset ? self.model.relations[admission.relation].name : nil,
            in: self.graph)
    }

    private func tuple(
        _ relationship: RelationshipID?, _ subject: EntityReference, _ relation: String,
        _ object: EntityReference
    ) -> Explanation.TupleStep {
        guard let relationship else {
            return Explanation.TupleStep(
                subject: subject, relation: relation, object: object, relationship: nil,
                problem: "there is no such relationship", period: "", condition: nil, grantedBy: nil,
                grantedAt: nil)
        }
        return Explanation.TupleStep(
            subject: subject, relation: relation, object: object, relationship: relationship,
            problem: self.run.tuples.reason(relationship), period: self.graph.period(of: relationship),
            condition: self.graph.text(GraphNaming.condition, of: relationship),
            grantedBy: self.graph.text(GraphNaming.grantedBy, of: relationship),
            grantedAt: self.graph.text(GraphNaming.grantedAt, of: relationship))
    }
}

extension GraphSnapshot {
    /// A relationship's property for people; nil when it has none.
    func text(_ key: String, of relationship: RelationshipID) -> String? {
        guard let key = self.tokens.propertyKey(key) else { return nil }
        return switch self.property(key, of: relationship) {
        case .dateTime(let moment): moment.description
        case .localDateTime(let moment): moment.description
        case .date(let date): date.description
        case .string(let text): text
        default: nil
        }
    }

    /// When a relationship counts; empty for always.
    func period(of relationship: RelationshipID) -> String {
        let from = self.text(GraphNaming.validFrom, of: relationship)
        let until = self.text(GraphNaming.validUntil, of: relationship)
        return [from.map { "from \($0)" }, until.map { "until \($0)" }].compactMap { $0 }
            .joined(separator: " ")
    }
}
