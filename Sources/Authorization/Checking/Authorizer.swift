package import JSON
package import PropertyGraph
internal import Synchronization

/// What is asked beside who, what and on what.
package struct CheckOptions: Sendable {
    /// As of when.
    package var moment: ZonedDateTime
    /// Values for the parameters of conditions.
    package var context: JSON.Object
    /// How far it may go.
    package var limits: CheckLimits

    /// Joins the options.
    package init(
        at moment: ZonedDateTime, context: JSON.Object = JSON.Object(), limits: CheckLimits = .standard
    ) {
        self.moment = moment
        self.context = context
        self.limits = limits
    }
}

/// Decides by a model over the relationships of a graph (Zanzibar: Pang et al., USENIX ATC 2019).
///
/// A relationship is a tuple: `(:User {id:'anne'})-[:MEMBER]->(:Group {id:'eng'})` is
/// `group:eng#member@user:anne`. A relationship from a node whose type the model allows only as one userset
/// (`group#member`) means that userset; the property `subject_relation` names one explicitly. A subject
/// node with the id `*` stands for all of its type.
package struct Authorizer: Sendable {
    /// The model that decides.
    package let model: AuthorizationModel
    private let binding = ModelBinding()

    /// Decides by a model.
    package init(model: AuthorizationModel) { self.model = model }

    /// What this authorizer says of a graph: snapshots of one and the same graph, and no other, may be given.
    package func view(of graph: GraphSnapshot) -> AuthorizationView {
        let bound = self.binding.bound(self.model, to: graph)
        return AuthorizationView(
            graph: graph, authorizer: self, bound: bound, wildcards: bound.wildcards(in: graph),
            keys: bound.tupleKeys(in: graph))
    }

    /// As ``view(of:)``, of a snapshot that was published: what was found out of it once is known for all that ask of its version.
    package func view(ofPublished graph: GraphSnapshot) -> AuthorizationView {
        let known = self.binding.known(self.model, of: graph)
        return AuthorizationView(
            graph: graph, authorizer: self, bound: known.bound, wildcards: known.wildcards,
            keys: known.keys, known: known)
    }

    /// Whether the subject has the relation on the object, at a moment.
    /// - Throws: ``AuthorizationError`` as ``AuthorizationView/check(_:_:_:_:)``.
    package func check(
        _ subject: EntityReference, _ relation: String, _ object: EntityReference,
        in graph: GraphSnapshot, at moment: ZonedDateTime
    ) throws(AuthorizationError) -> Bool {
        try self.view(of: graph).check(subject, relation, object, CheckOptions(at: moment))
    }

    func withMemory<Result, Failure: Error>(
        _ body: (CheckMemory) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let memory = self.binding.memory()
        defer { self.binding.keep(memory) }
        return try body(memory)
    }
}

extension AuthorizationView {
    /// Whether the subject has the relation on the object.
    ///
    /// O(relationships looked at); a direct relationship is found in O(log degree), groups of groups are followed from the
    /// subject.
    /// - Throws: ``AuthorizationError`` for names that the model does not have, when the answer depends on a parameter that
    ///   nobody gave, or at a limit. Subjects and objects that are not in the graph are no error: they have no relations.
    package func check(
        _ subject: EntityReference, _ relation: String, _ object: EntityReference, _ options: CheckOptions
    ) throws(AuthorizationError) -> Bool {
        let question = try self.question(subject, relation, object)
        guard let target = self.node(question.objectType, object.id) else {
            return subject == EntityReference(type: object.type, id: object.id, relation: relation)
        }
        return try self.authorizer.withMemory { memory throws(AuthorizationError) in
            var run = self.run(for: self.subject(question), options, memory)
            switch run.decide(target, question.relation) {
            case .yes: return true
            case .no: return false
            case .unknown: throw run.problem ?? .tooLong(limit: options.limits.steps)
            }
        }
    }

    func run(for subject: CheckSubject, _ options: CheckOptions, _ memory: CheckMemory) -> CheckRun {
        CheckRun(
            model: self.bound, graph: self.graph, tuples: self.tuples(options), limits: options.limits,
            memory: memory, subject: subject, known: self.known)
    }

    // MARK: Names

    /// A question in numbers.
    struct Question {
        let subject: EntityReference
        let subjectType: Int
        let subjectRelation: Int?
        let objectType: Int
        let relation: Int
    }

    func question(
        _ subject: EntityReference, _ relation: String, _ object: EntityReference
    ) throws(AuthorizationError) -> Question {
        let objectType = try self.type(object.type)
        let subjectType = try self.type(subject.type)
        return Question(
            subject: subject, subjectType: subjectType,
            subjectRelation: try subject.relation.map { name throws(AuthorizationError) in
                try self.relation(name, of: subjectType)
            }, objectType: objectType, relation: try self.relation(relation, of: objectType))
    }

    func type(_ name: String) throws(AuthorizationError) -> Int {
        guard let place = self.bound.typePlaces[name] else {
            throw .unknownType(name, known: self.model.typeNames)
        }
        return place
    }

    func relation(_ name: String, of type: Int) throws(AuthorizationError) -> Int {
        guard let place = self.bound.types[type].relations[name] else {
            let type = self.bound.types[type].name
            throw .unknownRelation(
                name, type: type, known: self.model.types[type]?.relations.map(\.name) ?? [])
        }
        return place
    }

    func subject(_ question: Question) -> CheckSubject {
        self.subject(question.subjectType, question.subject.id, question.subjectRelation)
    }

    func subject(_ type: Int, _ id: String, _ relation: Int?) -> CheckSubject {
        let node = self.node(type, id)
        guard relation == nil, self.bound.types[type].isGrantedToAll else {
            return CheckSubject(type: type, node: node, relation: relation, isWildcard: false, wildcard: nil)
        }
        let isWildcard = id == "*"
        let wildcard: NodeID? =
            switch self.wildcards[type] {
            case .none: nil
            case .one(let one): one
            case .any: isWildcard ? node : self.node(type, "*")
            }
        return CheckSubject(
            type: type, node: node, relation: nil, isWildcard: isWildcard, wildcard: wildcard)
    }
}

/// The newest binding of a model to its graph, and memories for checks.
private final class ModelBinding: Sendable {
    private let newest = Mutex<BoundModel?>(nil)
    private let published = Mutex<PublishedGraph?>(nil)
    private let memories = Mutex<[CheckMemory]>([])

    func bound(_ model: AuthorizationModel, to graph: GraphSnapshot) -> BoundModel {
        self.newest.withLock { newest in
            if let newest, newest.fits(graph) { return newest }
            let bound = BoundModel(model, in: graph)
            newest = bound
            return bound
        }
    }

    func known(_ model: AuthorizationModel, of graph: GraphSnapshot) -> PublishedGraph {
        let known = self.published.withLock { known in known?.version == graph.version ? known : nil }
        if let known { return known }
        let made = PublishedGraph(self.bound(model, to: graph), in: graph)
        let replaced = self.published.withLock { known in
            // Who holds an older snapshot does not take what others know of a newer one.
            if let known, known.version > made.version { return nil as PublishedGraph? }
            defer { known = made }
            return known
        }
        // Freed here, not under the lock.
        withExtendedLifetime(replaced) {}
        return made
    }

    func memory() -> CheckMemory { self.memories.withLock { $0.popLast() } ?? CheckMemory() }

    func keep(_ memory: CheckMemory) {
        guard memory.isWorthKeeping else { return }
        self.memories.withLock { if $0.count < 64 { $0.append(memory) } }
    }
}
