internal import CEL
internal import PropertyGraph

/// A model in the numbers of one graph, laid out flat: what the loops of checks read.
///
/// Relations, types and conditions are numbered; who has a relation is a tree of ``Operation``s. Numbers of labels and
/// relationship types that the graph does not have yet are ``none``: nothing can be found under them.
final class BoundModel: Sendable {
    static let none = UInt32.max

    struct BoundType: Sendable {
        let name: String
        let label: UInt32
        /// The property that names nodes of the type.
        let key: PropertyKeyID?
        let relations: [String: Int]
        /// Whether some relation may be granted to all of the type.
        var isGrantedToAll = false
        /// Whether tuples may name some of the type, or all, as their subjects.
        var isSubject = false
    }

    struct BoundRelation: Sendable {
        let type: Int
        let name: String
        let relationshipType: UInt32
        /// Its place in ``operations``.
        var root = 0
        /// Its subjects, places in ``admissions``.
        var admissions = 0..<0
        var hasUsersets = false
        /// Only tuples with single subjects or wildcards: one look at the object's relationships decides.
        var isFlat = false
        /// Only tuples and relations of this kind: who has it can be followed from the subject.
        var isClosed = false
        /// Closed, and its usersets lead back to itself: groups of groups. Only these are followed from the subject, which is
        /// in few groups; a closed relation of documents may hold on thousands.
        var isRecursive = false
        /// For closed ones: the relations that it is made of, itself among them.
        var support: [Int] = []
        /// Nothing that it rests on is an intersection or an exclusion: more tuples never take it away.
        var isMonotone = true
    }

    /// A kind of subject that tuples of a relation may have, whatever their conditions.
    struct Admission: Sendable {
        enum Kind: UInt8, Sendable {
            case object
            case wildcard
            case userset
        }

        let kind: Kind
        /// The relation whose tuples these are.
        let owner: Int
        let subjectType: Int
        let label: UInt32
        /// The userset's relation.
        let relation: Int
        /// Whether a relationship without `subject_relation` means this userset.
        let isImplied: Bool
        /// Whether tuples without a condition count.
        var isUnconditional: Bool
        /// The conditions that tuples may have instead.
        var conditions: [Int]
    }

    enum Operation: Sendable {
        case direct
        case computed(Int)
        /// Place in ``tuplesets``.
        case from(Int)
        case union(Range<Int>)
        case intersection(Range<Int>)
        case exclusion(base: Int, minus: Int)
    }

    /// `relation from tupleset`
    struct Tupleset: Sendable {
        let relationshipType: UInt32
        let tupleset: Int
        let relation: String
        /// What the tupleset's subjects are asked for, by their type.
        let targets: [(admission: Int, relation: Int)]
    }

    let model: AuthorizationModel
    let types: [BoundType]
    let typePlaces: [String: Int]
    let relations: [BoundRelation]
    let admissions: [Admission]
    let operations: [Operation]
    /// Operands of unions and intersections, places in ``operations``.
    let operands: [Int]
    let tuplesets: [Tupleset]
    let conditions: [AuthorizationModel.Condition]
    let conditionPlaces: [String: Int]
    /// The names of all conditions' parameters.
    let parameters: Set<String>
    let subjectRelation: PropertyKeyID?
    let condition: PropertyKeyID?
    let conditionContext: PropertyKeyID?
    let validFrom: PropertyKeyID?
    let validUntil: PropertyKeyID?
    /// What the numbers rest on.
    private let stamp: Stamp

    private struct Stamp: Equatable {
        let labels: Int
        let relationshipTypes: Int
        let keys: Int
        let constraints: [ConstraintDefinition]

        init(_ graph: GraphSnapshot) {
            self.labels = graph.tokens.labels.names.count
            self.relationshipTypes = graph.tokens.relationshipTypes.names.count
            self.keys = graph.tokens.propertyKeys.names.count
            self.constraints = graph.constraints
        }
    }

    init(_ model: AuthorizationModel, in graph: GraphSnapshot) {
        let binder = ModelBinder(model, in: graph)
        self.model = model
        self.types = binder.types
        self.typePlaces = binder.typePlaces
        self.relations = binder.relations
        self.admissions = binder.admissions
        self.operations = binder.operations
        self.operands = binder.operands
        self.tuplesets = binder.tuplesets
        self.conditions = model.conditionNames.compactMap { model.conditions[$0] }
        self.conditionPlaces = binder.conditionPlaces
        self.parameters = Set(self.conditions.flatMap { $0.expression.parameters.map(\.name) })
        self.subjectRelation = graph.tokens.propertyKey(GraphNaming.subjectRelation)
        self.condition = graph.tokens.propertyKey(GraphNaming.condition)
        self.conditionContext = graph.tokens.propertyKey(GraphNaming.conditionContext)
        self.validFrom = graph.tokens.propertyKey(GraphNaming.validFrom)
        self.validUntil = graph.tokens.propertyKey(GraphNaming.validUntil)
        self.stamp = Stamp(graph)
    }

    /// Whether the numbers hold in a later snapshot of the same graph.
    func fits(_ graph: GraphSnapshot) -> Bool { self.stamp == Stamp(graph) }

    /// The relation of a type by names; nil when there is none.
    func relation(_ relation: String, of type: String) -> Int? {
        self.typePlaces[type].flatMap { self.types[$0].relations[relation] }
    }

    /// The node that a type and an id mean. O(log n) with an index on the type's key.
    func node(_ type: Int, _ id: String, in graph: GraphSnapshot) -> NodeID? {
        let type = self.types[type]
        guard type.label != Self.none, let key = type.key else { return nil }
        return graph.firstNode(LabelID(type.label), where: key, is: id)
    }

    /// The nodes that stand for all of a type.
    enum Wildcard: Sendable {
        case none
        case one(NodeID)
        /// Those whose id says so.
        case any
    }

    /// The nodes that stand for all of each type. O(types * log n).
    func wildcards(in graph: GraphSnapshot) -> ContiguousArray<Wildcard> {
        ContiguousArray(self.types.map { self.wildcard($0, in: graph) })
    }

    private func wildcard(_ type: BoundType, in graph: GraphSnapshot) -> Wildcard {
        // Found anew with each commit: types that nobody is asked for, or has, cost nothing.
        guard type.isSubject, type.label != Self.none, graph.count(LabelID(type.label)) > 0,
            let key = type.key
        else { return .none }
        guard let index = graph.index(label: LabelID(type.label), keys: [key]) else { return .any }
        let text = IndexKey(text: "*")
        guard let first = index.first(text) else { return .none }
        return index.count(text) == 1 ? .one(NodeID(first)) : .any
    }

    /// What tuples of a relation may say of themselves.
    struct TupleKeys: OptionSet {
        let rawValue: UInt8

        static let subjectRelation = TupleKeys(rawValue: 1)
        static let condition = TupleKeys(rawValue: 2)
        static let validity = TupleKeys(rawValue: 4)
    }

    /// What tuples of each relation may say of themselves in a graph: what none says need not be looked for. O(relations).
    func tupleKeys(in graph: GraphSnapshot) -> ContiguousArray<TupleKeys> {
        ContiguousArray(
            self.relations.map { relation in
                guard relation.relationshipType != Self.none else { return [] }
                let type = RelationshipTypeID(relation.relationshipType)
                func may(_ key: PropertyKeyID?) -> Bool { key.map { graph.mayHave($0, type) } ?? false }
                var keys: TupleKeys = []
                if may(self.subjectRelation) { keys.insert(.subjectRelation) }
                if may(self.condition) { keys.insert(.condition) }
                if may(self.validFrom) || may(self.validUntil) { keys.insert(.validity) }
                return keys
            })
    }

    /// What a node is called as one of a type.
    func id(of node: NodeID, type: Int, in graph: GraphSnapshot) -> String {
        self.types[type].key.flatMap { graph.property($0, of: node).string } ?? "\(node.index)"
    }

    /// A node as subject or object.
    func reference(
        _ node: NodeID, type: Int, relation: String? = nil, in graph: GraphSnapshot
    ) -> EntityReference {
        EntityReference(
            type: self.types[type].name, id: self.id(of: node, type: type, in: graph), relation: relation)
    }
}

/// Numbers the parts of a model.
private struct ModelBinder {
    private let model: AuthorizationModel
    private(set) var types: [BoundModel.BoundType] = []
    private(set) var typePlaces: [String: Int] = [:]
    private(set) var relations: [BoundModel.BoundRelation] = []
    private(set) var admissions: [BoundModel.Admission] = []
    private(set) var operations: [BoundModel.Operation] = []
    private(set) var operands: [Int] = []
    private(set) var tuplesets: [BoundModel.Tupleset] = []
    private(set) var conditionPlaces: [String: Int] = [:]

    init(_ model: AuthorizationModel, in graph: GraphSnapshot) {
        self.model = model
        for (place, name) in model.conditionNames.enumerated() { self.conditionPlaces[name] = place }
        self.number(in: graph)
        for place in self.relations.indices { self.admit(place) }
        for place in self.relations.indices {
            guard let relation = self.definition(place) else { continue }
            let root = self.add(relation.rewrite, place)
            self.relations[place].root = root
        }
        for place in self.relations.indices { self.classify(place) }
        self.markMonotone()
        for admission in self.admissions {
            self.types[admission.subjectType].isSubject = true
            if admission.kind == .wildcard { self.types[admission.subjectType].isGrantedToAll = true }
        }
    }

    private func definition(_ place: Int) -> AuthorizationModel.Relation? {
        let relation = self.relations[place]
        return self.model.relation(relation.name, of: self.types[relation.type].name)
    }

    private func place(_ relation: String, _ type: Int) -> Int? { self.types[type].relations[relation] }

    private mutating func number(in graph: GraphSnapshot) {
        for name in self.model.typeNames {
            guard let type = self.model.types[name] else { continue }
            let label = GraphNaming.label(name)
            var places: [String: Int] = [:]
            for relation in type.relations {
                places[relation.name] = self.relations.count
                let kind = graph.tokens.relationshipType(GraphNaming.relationshipType(relation.name))
                self.relations.append(
                    BoundModel.BoundRelation(
                        type: self.types.count, name: relation.name,
                        relationshipType: kind?.index ?? BoundModel.none))
            }
            self.typePlaces[name] = self.types.count
            self.types.append(
                BoundModel.BoundType(
                    name: name, label: graph.tokens.label(label)?.index ?? BoundModel.none,
                    key: graph.tokens.propertyKey(GraphNaming.key(label, in: graph)), relations: places))
        }
    }

    /// Joins restrictions that differ in their conditions only.
    private mutating func admit(_ place: Int) {
        guard let relation = self.definition(place) else { return }
        let first = self.admissions.count
        for restriction in relation.restrictions {
            guard let type = self.typePlaces[restriction.type] else { continue }
            let (kind, target) = self.kind(restriction, type)
            let condition = restriction.condition.flatMap { self.conditionPlaces[$0] }
            let same = self.admissions.indices[first...].first {
                let known = self.admissions[$0]
                return known.kind == kind && known.subjectType == type && known.relation == target
            }
            if let same {
                if let condition { self.admissions[same].conditions.append(condition) }
                if condition == nil { self.admissions[same].isUnconditional = true }
                continue
            }
            let others = relation.restrictions.filter {
                $0.type == restriction.type && $0.kind != .wildcard && $0.kind != restriction.kind
            }
            self.admissions.append(
                BoundModel.Admission(
                    kind: kind, owner: place, subjectType: type, label: self.types[type].label,
                    relation: target,
                    isImplied: kind == .userset && others.isEmpty, isUnconditional: condition == nil,
                    conditions: condition.map { [$0] } ?? []))
        }
        self.relations[place].admissions = first..<self.admissions.count
        self.relations[place].hasUsersets = self.admissions[first...].contains { $0.kind == .userset }
    }

    private func kind(
        _ restriction: AuthorizationModel.Restriction, _ type: Int
    ) -> (BoundModel.Admission.Kind, Int) {
        switch restriction.kind {
        case .object: (.object, -1)
        case .wildcard: (.wildcard, -1)
        case .userset(let name): (.userset, self.place(name, type) ?? -1)
        }
    }

    // MARK: Who has a relation

    private mutating func add(_ rewrite: AuthorizationModel.Rewrite, _ relation: Int) -> Int {
        let operation: BoundModel.Operation
        switch rewrite {
        case .direct: operation = .direct
        case .computed(let name):
            operation = .computed(self.place(name, self.relations[relation].type) ?? relation)
        case .from(let tupleset, let name): operation = .from(self.tupleset(tupleset, name, relation))
        case .union(let parts): operation = .union(self.add(all: parts, relation))
        case .intersection(let parts): operation = .intersection(self.add(all: parts, relation))
        case .exclusion(let base, let minus):
            operation = .exclusion(base: self.add(base, relation), minus: self.add(minus, relation))
        }
        self.operations.append(operation)
        return self.operations.count - 1
    }

    private mutating func add(all parts: [AuthorizationModel.Rewrite], _ relation: Int) -> Range<Int> {
        var places: [Int] = []
        for part in parts { places.append(self.add(part, relation)) }
        self.operands += places
        return self.operands.count - places.count..<self.operands.count
    }

    private mutating func tupleset(_ tupleset: String, _ name: String, _ relation: Int) -> Int {
        let place = self.place(tupleset, self.relations[relation].type) ?? relation
        var targets: [(admission: Int, relation: Int)] = []
        for admission in self.relations[place].admissions {
            let type = self.admissions[admission].subjectType
            if let target = self.place(name, type) { targets.append((admission, target)) }
        }
        self.tuplesets.append(
            BoundModel.Tupleset(
                relationshipType: self.relations[place].relationshipType, tupleset: place, relation: name,
                targets: targets))
        return self.tuplesets.count - 1
    }

    /// Finds the relations that rest on an intersection or an exclusion.
    private mutating func markMonotone() {
        var isChanging = true
        while isChanging {
            isChanging = false
            for place in self.relations.indices where self.relations[place].isMonotone {
                guard !self.isMonotone(self.relations[place].root, place) else { continue }
                self.relations[place].isMonotone = false
                isChanging = true
            }
        }
    }

    private func isMonotone(_ operation: Int, _ relation: Int) -> Bool {
        switch self.operations[operation] {
        case .direct:
            self.relations[relation].admissions.allSatisfy {
                self.admissions[$0].kind != .userset
                    || self.relations[self.admissions[$0].relation].isMonotone
            }
        case .computed(let other): self.relations[other].isMonotone
        case .from(let place):
            self.tuplesets[place].targets.allSatisfy { self.relations[$0.relation].isMonotone }
        case .union(let operands):
            self.operands[operands].allSatisfy { self.isMonotone($0, relation) }
        case .intersection, .exclusion: false
        }
    }

    private mutating func classify(_ place: Int) {
        if let relation = self.definition(place), relation.rewrite == .direct {
            self.relations[place].isFlat = !self.relations[place].hasUsersets
        }
        var support: [Int] = []
        var pending = [place]
        while let next = pending.popLast() {
            guard !support.contains(next) else { continue }
            support.append(next)
            guard let parts = self.closedParts(next) else { return }
            pending += parts
        }
        self.relations[place].isClosed = true
        self.relations[place].support = support
        self.relations[place].isRecursive = support.contains { part in
            self.admissions[self.relations[part].admissions].contains {
                $0.kind == .userset && $0.relation == place
            }
        }
    }

    /// The relations that a relation is made of, when it is made of tuples and relations only.
    private func closedParts(_ place: Int) -> [Int]? {
        var parts = self.relations[place].admissions.compactMap {
            self.admissions[$0].kind == .userset ? self.admissions[$0].relation : nil
        }
        var pending = [self.relations[place].root]
        while let next = pending.popLast() {
            switch self.operations[next] {
            case .direct: break
            case .computed(let relation): parts.append(relation)
            case .union(let operands): pending += self.operands[operands]
            case .from, .intersection, .exclusion: return nil
            }
        }
        return parts
    }
}
