internal import PropertyGraph

/// Looks for single changes that would turn a "no" into a "yes", by trying those that lie on the ways to the object.
struct NearMisses {
    private struct Candidate {
        let assumption: Assumption
        let kind: Explanation.NearMiss.Kind
        /// For an exclusion: what excludes.
        var minus: (operation: Int, node: NodeID, relation: Int)?
    }

    private static let goalLimit = 5000
    private static let candidateLimit = 1000
    private let view: AuthorizationView
    private let model: BoundModel
    private let graph: GraphSnapshot
    private let question: AuthorizationView.Question
    private let options: CheckOptions
    private let tuples: TupleReader
    private var candidates: [Candidate] = []
    private var seen: Set<UInt64> = []

    init(_ view: AuthorizationView, _ question: AuthorizationView.Question, _ options: CheckOptions) {
        self.view = view
        self.model = view.bound
        self.graph = view.graph
        self.question = question
        self.options = options
        self.tuples = view.tuples(options)
    }

    /// The nearest ones, those with the shortest path first.
    mutating func find(_ object: NodeID, limit: Int = 3) -> [Explanation.NearMiss] {
        self.collect(object, self.question.relation)
        // Something that is there and does not grant says more than something that is not there.
        let there = self.misses(object, self.candidates.filter { $0.kind != .missing }, limit: limit)
        if !there.isEmpty { return there }
        if let several = self.several(object) { return [several] }
        return self.misses(object, self.candidates.filter { $0.kind == .missing }, limit: limit)
    }

    /// A path over all that does not count, and what excludes on it.
    private func several(_ object: NodeID) -> Explanation.NearMiss? {
        guard let path = self.path(object, .allGrant) else { return nil }
        let onTheWay = Set(path.flatMap(\.objects))
        let exclusions = self.candidates.compactMap { candidate -> Explanation.Step? in
            guard let minus = candidate.minus else { return nil }
            let step = self.exclusion(minus)
            guard case .excluded(let object, _, let by) = step, !by.isEmpty, onTheWay.contains(object)
            else { return nil }
            return step
        }
        return Explanation.NearMiss(kind: .several, path: path + exclusions)
    }

    private func misses(
        _ object: NodeID, _ candidates: [Candidate], limit: Int
    ) -> [Explanation.NearMiss] {
        var found: [Explanation.NearMiss] = []
        for candidate in candidates.prefix(Self.candidateLimit) {
            guard var path = self.path(object, candidate.assumption) else { continue }
            if let minus = candidate.minus { path.append(self.exclusion(minus)) }
            found.append(Explanation.NearMiss(kind: candidate.kind, path: path))
        }
        return Array(found.sorted { $0.path.count < $1.path.count }.prefix(limit))
    }

    /// The shortest path when something is taken for granted; nil when even that does not grant.
    private func path(_ object: NodeID, _ assumption: Assumption) -> [Explanation.Step]? {
        self.view.authorizer.withMemory { memory in
            var run = self.view.run(for: self.view.subject(self.question), self.options, memory)
            run.assumption = assumption
            guard run.decide(object, self.question.relation) == .yes else { return nil }
            var derivation = Derivation(self.view, subject: self.question.subject, run: run)
            return derivation.path(object, self.question.relation)
        }
    }

    private func exclusion(_ minus: (operation: Int, node: NodeID, relation: Int)) -> Explanation.Step {
        let relation = self.model.relations[minus.relation]
        let steps = self.view.authorizer.withMemory { memory in
            let run = self.view.run(for: self.view.subject(self.question), self.options, memory)
            var derivation = Derivation(self.view, subject: self.question.subject, run: run)
            return self.relations(minus.operation, minus.relation).lazy
                .map { derivation.path(minus.node, $0) }.first { !$0.isEmpty } ?? []
        }
        return .excluded(
            object: self.model.reference(minus.node, type: relation.type, in: self.graph),
            relation: relation.name, by: steps)
    }

    /// The relations on the same object that an operation names.
    private func relations(_ operation: Int, _ relation: Int) -> [Int] {
        switch self.model.operations[operation] {
        case .direct, .from: [relation]
        case .computed(let other): [other]
        case .union(let operands), .intersection(let operands):
            operands.flatMap { self.relations(self.model.operands[$0], relation) }
        case .exclusion(let base, _): self.relations(base, relation)
        }
    }

    // MARK: What lies on the way

    private mutating func collect(_ object: NodeID, _ relation: Int) {
        var pending = [(object, relation)]
        while let (node, relation) = pending.popLast() {
            guard self.seen.count < Self.goalLimit,
                self.seen.insert(CheckMemory.key(node.index, relation)).inserted
            else { continue }
            self.collect(self.model.relations[relation].root, node, relation, &pending)
        }
    }

    private mutating func collect(
        _ operation: Int, _ node: NodeID, _ relation: Int, _ pending: inout [(NodeID, Int)]
    ) {
        switch self.model.operations[operation] {
        case .direct: self.direct(node, relation, &pending)
        case .computed(let other): pending.append((node, other))
        case .from(let place):
            let tupleset = self.model.tuplesets[place]
            for target in tupleset.targets {
                self.edges(into: node, tupleset.relationshipType, target.admission) {
                    pending.append(($0, target.relation))
                }
            }
        case .union(let operands), .intersection(let operands):
            for operand in operands { self.collect(self.model.operands[operand], node, relation, &pending) }
        case .exclusion(let base, let minus):
            self.candidates.append(
                Candidate(
                    assumption: .notExcluded(node: node.index, relation: relation), kind: .excluded,
                    minus: (minus, node, relation)))
            self.collect(base, node, relation, &pending)
        }
    }

    private mutating func direct(_ node: NodeID, _ relation: Int, _ pending: inout [(NodeID, Int)]) {
        let kind = self.model.relations[relation].relationshipType
        let subject = self.view.subject(self.question)
        for admission in self.model.relations[relation].admissions {
            let known = self.model.admissions[admission]
            if known.kind == .object, known.subjectType == subject.type, subject.relation == nil,
                !subject.isWildcard
            {
                self.candidates.append(
                    Candidate(
                        assumption: .granted(node: node.index, relation: relation), kind: .missing))
            }
            if known.kind == .userset {
                self.edges(into: node, kind, admission) { pending.append(($0, known.relation)) }
            } else if let source = subject.node(for: known) {
                self.edges(into: node, kind, admission, from: source) { _ in }
            }
        }
    }

    /// Passes on what tuples lead from, and keeps those that do not count.
    private mutating func edges(
        into node: NodeID, _ kind: UInt32, _ admission: Int, from only: NodeID? = nil,
        _ body: (NodeID) -> Void
    ) {
        let label = self.model.admissions[admission].label
        guard kind != BoundModel.none, label != BoundModel.none else { return }
        let (graph, tuples) = (self.graph, self.tuples)
        var found: [Candidate] = []
        func look(_ source: NodeID, _ relationship: RelationshipID) {
            guard graph.hasLabel(source, LabelID(label)),
                tuples.decision(relationship, source, admission, isAssumed: true) == .yes
            else { return }
            if tuples.decision(relationship, source, admission, isAssumed: false) != .yes {
                found.append(
                    Candidate(
                        assumption: .counts(relationship.index),
                        kind: Self.kind(tuples.validity(of: relationship))))
            }
            body(source)
        }
        if let only {
            graph.forEachEntry(into: node, RelationshipTypeID(kind), from: only) {
                look(only, $0)
                return true
            }
        } else {
            graph.forEachEntry(into: node, RelationshipTypeID(kind)) {
                look($0, $1)
                return found.count < Self.candidateLimit
            }
        }
        self.candidates += found
    }

    private static func kind(_ validity: Validity) -> Explanation.NearMiss.Kind {
        switch validity {
        case .expired: .expired
        case .notYet: .notYetValid
        case .unreadable: .expired
        case .valid: .condition
        }
    }
}
