internal import PropertyGraph

/// Finds the objects on which a subject has a relation, going from the subject along the model backwards.
///
/// What is reached over tuples and unions only is sure; what passes an exclusion is asked for what excludes it, what passes
/// an intersection, or a condition that is not known, is checked.
struct ObjectListing {
    private struct Pending {
        let node: NodeID
        let relation: Int
        /// It may depend on something unknown.
        let isSure: Bool
    }

    private let view: AuthorizationView
    private let model: BoundModel
    private let graph: GraphSnapshot
    private let consequences: ModelConsequences
    private let target: Int
    private var run: CheckRun
    private let seen: CheckMemory
    private var pending: ContiguousArray<Pending> = []
    private(set) var found: [NodeID] = []

    private enum Seen {
        static let unsure: Int32 = 0
        static let sure: Int32 = 1
    }

    init(_ view: AuthorizationView, run: CheckRun, target: Int, seen: CheckMemory) {
        self.view = view
        self.model = view.bound
        self.graph = view.graph
        self.run = run
        self.target = target
        self.seen = seen
        self.consequences = view.bound.consequences(for: target)
        seen.begin(relations: 0)
    }

    /// All of them, in the order found.
    /// - Throws: ``AuthorizationError`` when it can not be said of some.
    mutating func all() throws(AuthorizationError) -> [NodeID] {
        self.start()
        while let next = self.pending.popLast() {
            guard self.run.step() else { throw .tooLong(limit: self.run.limits.steps) }
            for consequence in self.consequences.after[next.relation] { self.follow(consequence, next) }
        }
        for node in self.unsure() {
            switch self.run.decide(node, self.target) {
            case .yes: self.found.append(node)
            case .no: break
            case .unknown: throw self.run.problem ?? .tooLong(limit: self.run.limits.steps)
            }
        }
        return self.found
    }

    private var doubtful: ContiguousArray<NodeID> = []

    /// Objects that were only reached over something unknown.
    private func unsure() -> [NodeID] {
        self.doubtful.filter {
            self.seen.state(CheckMemory.key($0.index, self.target)) == Seen.unsure
        }
    }

    private mutating func start() {
        let subject = self.run.subject
        if let node = subject.node, let relation = subject.relation, self.consequences.isRelevant[relation] {
            self.reach(node, relation, isSure: true)
        }
        for relation in self.consequences.relevant where self.consequences.counts(direct: relation) {
            for admission in self.model.relations[relation].admissions {
                guard let node = subject.node(for: self.model.admissions[admission]) else { continue }
                self.tuples(from: node, relation, admission, isSure: true)
            }
        }
    }

    private mutating func follow(_ consequence: ModelConsequences.Consequence, _ from: Pending) {
        switch consequence.way {
        case .sameObject: self.arrive(from.node, consequence, isSure: from.isSure)
        case .userset(let admission):
            self.tuples(from: from.node, consequence.relation, admission, isSure: from.isSure)
        case .tupleset(let place, let admission):
            let kind = self.model.tuplesets[place].relationshipType
            guard kind != BoundModel.none else { return }
            self.edges(from: from.node, RelationshipTypeID(kind), consequence.relation, admission) {
                listing, object, counts in
                listing.arrive(object, consequence, isSure: from.isSure && counts == .yes)
            }
        }
    }

    /// The objects of tuples of a relation from a node.
    private mutating func tuples(from node: NodeID, _ relation: Int, _ admission: Int, isSure: Bool) {
        let kind = self.model.relations[relation].relationshipType
        guard kind != BoundModel.none, let own = self.consequences.direct[relation] else { return }
        self.edges(from: node, RelationshipTypeID(kind), relation, admission) { listing, object, counts in
            listing.arrive(object, own, isSure: isSure && counts == .yes)
        }
    }

    private mutating func edges(
        from node: NodeID, _ kind: RelationshipTypeID, _ relation: Int, _ admission: Int,
        _ body: (inout ObjectListing, NodeID, Decision) -> Void
    ) {
        let label = self.model.types[self.model.relations[relation].type].label
        let graph = self.graph
        graph.forEachEntry(from: node, kind) { object, relationship in
            guard self.run.has(object, label) else { return true }
            let counts = self.run.accepts(relationship, node, admission)
            if counts != .no { body(&self, object, counts) }
            return true
        }
    }

    /// The subject is where one part of a relation's definition holds on an object.
    private mutating func arrive(
        _ object: NodeID, _ consequence: ModelConsequences.Consequence, isSure: Bool
    ) {
        let relation = consequence.relation
        guard self.isNew(object, relation, isSure: isSure) else { return }
        guard isSure else { return self.reach(object, relation, isSure: false) }
        switch self.decide(object, consequence) {
        case .yes: self.reach(object, relation, isSure: true)
        case .no: break
        case .unknown: self.reach(object, relation, isSure: false)
        }
    }

    private mutating func decide(
        _ object: NodeID, _ consequence: ModelConsequences.Consequence
    ) -> Decision {
        if self.run.grantsOnly { return .yes }
        guard !consequence.needsCheck else { return self.run.decide(object, consequence.relation) }
        for minus in consequence.exclusions {
            let excluded = self.run.evaluate(minus, object, consequence.relation, depth: 0)
            if excluded.decision == .yes { return .no }
            guard excluded.decision == .no, excluded.cut == Answer.sure else {
                return self.run.decide(object, consequence.relation)
            }
        }
        return .yes
    }

    private func isNew(_ object: NodeID, _ relation: Int, isSure: Bool) -> Bool {
        guard let state = self.seen.state(CheckMemory.key(object.index, relation)) else { return true }
        return isSure && state == Seen.unsure
    }

    private mutating func reach(_ object: NodeID, _ relation: Int, isSure: Bool) {
        self.seen.set(CheckMemory.key(object.index, relation), isSure ? Seen.sure : Seen.unsure)
        self.pending.append(Pending(node: object, relation: relation, isSure: isSure))
        guard relation == self.target else { return }
        if isSure { self.found.append(object) } else { self.doubtful.append(object) }
    }
}

/// What follows from having a relation, on the way to one relation.
struct ModelConsequences {
    enum Way {
        /// On the same object.
        case sameObject
        /// On objects whose tuples name the userset.
        case userset(admission: Int)
        /// On objects that name the object in a tupleset.
        case tupleset(Int, admission: Int)
    }

    struct Consequence {
        let way: Way
        let relation: Int
        /// It stands in an intersection.
        let needsCheck: Bool
        /// Operations that must say "no".
        let exclusions: [Int]
    }

    /// By relation.
    fileprivate(set) var after: [[Consequence]]
    /// How tuples of a relation lead to the relation itself.
    fileprivate(set) var direct: [Consequence?]
    fileprivate(set) var relevant: [Int] = []
    fileprivate(set) var isRelevant: [Bool]

    func counts(direct relation: Int) -> Bool { self.direct[relation] != nil }
}

extension BoundModel {
    /// What leads to a relation.
    func consequences(for target: Int) -> ModelConsequences {
        var builder = ConsequenceBuilder(self)
        builder.add(target)
        return builder.result
    }
}

private struct ConsequenceBuilder {
    private let model: BoundModel
    private(set) var result: ModelConsequences

    init(_ model: BoundModel) {
        self.model = model
        let count = model.relations.count
        self.result = ModelConsequences(
            after: Array(repeating: [], count: count), direct: Array(repeating: nil, count: count),
            isRelevant: Array(repeating: false, count: count))
    }

    mutating func add(_ target: Int) {
        var pending = [target]
        while let relation = pending.popLast() {
            guard !self.result.isRelevant[relation] else { continue }
            self.result.isRelevant[relation] = true
            self.result.relevant.append(relation)
            self.walk(
                self.model.relations[relation].root, relation, needsCheck: false, exclusions: [], &pending)
        }
    }

    private mutating func walk(
        _ operation: Int, _ relation: Int, needsCheck: Bool, exclusions: [Int], _ pending: inout [Int]
    ) {
        let consequence = { (way: ModelConsequences.Way) in
            ModelConsequences.Consequence(
                way: way, relation: relation, needsCheck: needsCheck, exclusions: exclusions)
        }
        switch self.model.operations[operation] {
        case .direct:
            self.result.direct[relation] = consequence(.sameObject)
            for admission in self.model.relations[relation].admissions
            where self.model.admissions[admission].kind == .userset {
                let userset = self.model.admissions[admission].relation
                self.result.after[userset].append(consequence(.userset(admission: admission)))
                pending.append(userset)
            }
        case .computed(let other):
            self.result.after[other].append(consequence(.sameObject))
            pending.append(other)
        case .from(let place):
            for target in self.model.tuplesets[place].targets {
                self.result.after[target.relation].append(
                    consequence(.tupleset(place, admission: target.admission)))
                pending.append(target.relation)
            }
        case .union(let operands):
            for operand in operands {
                self.walk(
                    self.model.operands[operand], relation, needsCheck: needsCheck, exclusions: exclusions,
                    &pending)
            }
        case .intersection(let operands):
            // Whoever is in all is in the first.
            guard let first = operands.first else { return }
            self.walk(
                self.model.operands[first], relation, needsCheck: true, exclusions: exclusions, &pending)
        case .exclusion(let base, let minus):
            // What excludes may rest on the relation itself: then only a check from the relation on tells.
            self.walk(
                base, relation, needsCheck: needsCheck || self.rests(minus, on: relation),
                exclusions: exclusions + [minus], &pending)
        }
    }

    /// Whether what an operation says may depend on a relation.
    private func rests(_ operation: Int, on relation: Int) -> Bool {
        var seen: Set<Int> = []
        var pending = self.model.parts(of: operation, in: relation)
        while let next = pending.popLast() {
            if next == relation { return true }
            guard seen.insert(next).inserted else { continue }
            pending += self.model.parts(of: self.model.relations[next].root, in: next)
        }
        return false
    }
}

extension BoundModel {
    /// The relations that an operation names.
    func parts(of operation: Int, in relation: Int) -> [Int] {
        switch self.operations[operation] {
        case .direct:
            self.relations[relation].admissions.compactMap {
                self.admissions[$0].kind == .userset ? self.admissions[$0].relation : nil
            }
        case .computed(let other): [other]
        case .from(let place): self.tuplesets[place].targets.map(\.relation)
        case .union(let operands), .intersection(let operands):
            operands.flatMap { self.parts(of: self.operands[$0], in: relation) }
        case .exclusion(let base, let minus):
            self.parts(of: base, in: relation) + self.parts(of: minus, in: relation)
        }
    }
}
