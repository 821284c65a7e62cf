internal import PropertyGraph

/// Finds who has a relation on an object: those named on the way from the object, each checked where the model takes away
/// as well as gives.
struct SubjectListing {
    /// Which subjects are wanted.
    struct Filter: Hashable {
        let type: Int
        /// The relation of usersets, nil for single subjects and all of the type.
        let relation: Int?
    }

    private let view: AuthorizationView
    private let model: BoundModel
    private let graph: GraphSnapshot
    private let filter: Filter
    private let options: CheckOptions
    private let tuples: TupleReader
    private let seen: CheckMemory
    private var relationDepth = 0
    private var steps = 0
    private var named: [NodeID] = []
    private var isNamed: Set<NodeID> = []
    /// Not everything on the way was known.
    private var problem: AuthorizationError?
    /// Names all whom some relationship might grant it: times, conditions, intersections and exclusions do not matter.
    var grantsOnly = false

    init(_ view: AuthorizationView, filter: Filter, _ options: CheckOptions, seen: CheckMemory) {
        self.view = view
        self.model = view.bound
        self.graph = view.graph
        self.filter = filter
        self.options = options
        self.tuples = view.tuples(options)
        self.seen = seen
        seen.begin(relations: view.bound.relations.count)
    }

    /// All of them, in the order found.
    /// - Throws: ``AuthorizationError`` when it can not be said of some.
    mutating func all(_ object: NodeID, _ relation: Int) throws(AuthorizationError) -> [NodeID] {
        self.visit(object, relation, depth: 0)
        if let problem = self.problem { throw problem }
        if self.model.relations[relation].isMonotone || self.grantsOnly { return self.named }
        var found: [NodeID] = []
        let (view, options) = (self.view, self.options)
        for node in self.named {
            let decision = try view.authorizer.withMemory { memory throws(AuthorizationError) in
                var run = view.run(for: self.subject(node), options, memory)
                let decision = run.decide(object, relation)
                if decision == .unknown { throw run.problem ?? .tooLong(limit: options.limits.steps) }
                return decision
            }
            if decision == .yes { found.append(node) }
        }
        return found
    }

    private func subject(_ node: NodeID) -> CheckSubject {
        self.view.subject(
            self.filter.type, self.model.id(of: node, type: self.filter.type, in: self.graph),
            self.filter.relation)
    }

    private mutating func name(_ node: NodeID) {
        if self.isNamed.insert(node).inserted { self.named.append(node) }
    }

    private mutating func visit(_ object: NodeID, _ relation: Int, depth: Int) {
        let key = CheckMemory.key(object.index, relation)
        guard self.problem == nil || !self.isAtLimit, self.seen.state(key) == nil else { return }
        let isNew = self.seen.active[relation] == 0
        guard depth < self.options.limits.depth,
            !isNew || self.relationDepth < self.options.limits.relations
        else {
            self.problem = .tooDeep(limit: self.options.limits.relations)
            return
        }
        self.seen.set(key, 0)
        self.seen.active[relation] += 1
        self.relationDepth += isNew ? 1 : 0
        if self.filter.relation == relation { self.name(object) }
        self.walk(self.model.relations[relation].root, object, relation, depth: depth)
        self.relationDepth -= isNew ? 1 : 0
        self.seen.active[relation] -= 1
    }

    private var isAtLimit: Bool {
        switch self.problem {
        case .tooDeep, .tooLong: true
        default: false
        }
    }

    private mutating func walk(_ operation: Int, _ object: NodeID, _ relation: Int, depth: Int) {
        switch self.model.operations[operation] {
        case .direct: self.direct(object, relation, depth: depth)
        case .computed(let other): self.visit(object, other, depth: depth + 1)
        case .from(let place):
            let kind = self.model.tuplesets[place].relationshipType
            for target in self.model.tuplesets[place].targets {
                self.edges(into: object, kind, target.admission) { listing, parent in
                    listing.visit(parent, target.relation, depth: depth + 1)
                }
            }
        case .union(let operands), .intersection(let operands):
            // Of an intersection all parts: a wildcard in one may meet a single subject in another.
            for operand in operands {
                self.walk(self.model.operands[operand], object, relation, depth: depth)
            }
        case .exclusion(let base, _): self.walk(base, object, relation, depth: depth)
        }
    }

    private mutating func direct(_ object: NodeID, _ relation: Int, depth: Int) {
        let kind = self.model.relations[relation].relationshipType
        for admission in self.model.relations[relation].admissions {
            let userset = self.model.admissions[admission].relation
            let isUserset = self.model.admissions[admission].kind == .userset
            let isWanted =
                self.model.admissions[admission].subjectType == self.filter.type
                && (isUserset ? self.filter.relation == userset : self.filter.relation == nil)
            guard isWanted || isUserset else { continue }
            self.edges(into: object, kind, admission) { listing, node in
                if isWanted { listing.name(node) }
                if isUserset { listing.visit(node, userset, depth: depth + 1) }
            }
        }
    }

    private mutating func edges(
        into object: NodeID, _ kind: UInt32, _ admission: Int, _ body: (inout SubjectListing, NodeID) -> Void
    ) {
        guard kind != BoundModel.none else { return }
        let label = self.model.admissions[admission].label
        guard label != BoundModel.none else { return }
        let graph = self.graph
        graph.forEachEntry(into: object, RelationshipTypeID(kind)) { node, relationship in
            self.steps += 1
            guard self.steps <= self.options.limits.steps else {
                self.problem = .tooLong(limit: self.options.limits.steps)
                return false
            }
            guard graph.hasLabel(node, LabelID(label)) else { return true }
            let counts = self.tuples.decision(
                relationship, node, admission, isAssumed: self.grantsOnly)
            guard counts != .no else { return true }
            if counts == .unknown, self.problem == nil { self.problem = self.tuples.problem(relationship) }
            body(&self, node)
            return true
        }
    }
}
