package import PropertyGraph

/// Decides by a model over the relationships of a graph (Zanzibar: Pang et al., USENIX ATC 2019).
///
/// A relationship is a tuple: `(:User {id:'anne'})-[:MEMBER]->(:Group {id:'eng'})` is
/// `group:eng#member@user:anne`. A relationship from a node whose type the model allows only as one userset
/// (`group#member`) means that userset; the property `subject_relation` names one explicitly. A subject
/// node with the id `*` stands for all of its type.
package struct Authorizer: Sendable {
    /// How many relations deep a check may go.
    package static let depthLimit = 100
    /// How many (object, relation) pairs a check may look at.
    package static let stepLimit = 1_000_000

    /// The model that decides.
    package let model: AuthorizationModel

    /// Decides by a model.
    package init(model: AuthorizationModel) { self.model = model }

    /// Whether the subject has the relation on the object, at a moment.
    ///
    /// O(relationships looked at); a direct relationship is found in O(log degree).
    /// - Throws: ``AuthorizationError`` for names the model does not have, or at a limit. Subjects and
    ///   objects that are not in the graph are no error: they have no relations.
    package func check(
        _ subject: EntityReference, _ relation: String, _ object: EntityReference,
        in graph: GraphSnapshot, at moment: ZonedDateTime
    ) throws(AuthorizationError) -> Bool {
        try self.walk(subject, relation, object, in: graph, at: moment, mode: .valid).isAllowed
    }

    /// The decision and why: the granting path, or for a denial what would grant if it counted.
    /// - Throws: ``AuthorizationError`` as ``check(_:_:_:in:at:)``.
    package func explain(
        _ subject: EntityReference, _ relation: String, _ object: EntityReference,
        in graph: GraphSnapshot, at moment: ZonedDateTime
    ) throws(AuthorizationError) -> Explanation {
        let decision = try self.walk(subject, relation, object, in: graph, at: moment, mode: .valid)
        var nearMiss: [Explanation.Step] = []
        if !decision.isAllowed {
            // The same walk over relationships that do not count now: what it finds is what is missing.
            let missed = try self.walk(subject, relation, object, in: graph, at: moment, mode: .anyTime)
            if missed.isAllowed { nearMiss = missed.path }
        }
        return Explanation(
            subject: subject, relation: relation, object: object, moment: moment,
            isAllowed: decision.isAllowed, path: decision.path, nearMiss: nearMiss,
            notes: self.notes(subject, object, in: graph, isAllowed: decision.isAllowed))
    }

    private func notes(
        _ subject: EntityReference, _ object: EntityReference, in graph: GraphSnapshot, isAllowed: Bool
    ) -> [String] {
        guard !isAllowed else { return [] }
        let naming = GraphNaming(graph: graph)
        return [subject, object].compactMap { entity in
            entity.id == "*" || naming.node(entity.type, entity.id) != nil
                ? nil : "\(entity.type):\(entity.id) is not in the graph"
        }
    }

    private func walk(
        _ subject: EntityReference, _ relation: String, _ object: EntityReference,
        in graph: GraphSnapshot, at moment: ZonedDateTime, mode: CheckWalk.Mode
    ) throws(AuthorizationError) -> (isAllowed: Bool, path: [Explanation.Step]) {
        try self.checkNames(subject, relation, object)
        let naming = GraphNaming(graph: graph)
        guard let target = naming.node(object.type, object.id) else { return (false, []) }
        var walk = CheckWalk(model: self.model, naming: naming, subject: subject, at: moment, mode: mode)
        return try walk.run(object: target, type: object.type, relation: relation)
    }

    private func checkNames(
        _ subject: EntityReference, _ relation: String, _ object: EntityReference
    ) throws(AuthorizationError) {
        for entity in [subject, object] where self.model.types[entity.type] == nil {
            throw .unknownType(entity.type, known: Array(self.model.types.keys))
        }
        if let name = subject.relation, self.model.types[subject.type]?.relation(name) == nil {
            throw .unknownRelation(
                name, type: subject.type, known: self.model.types[subject.type]?.relations.map(\.name) ?? [])
        }
        guard self.model.types[object.type]?.relation(relation) != nil else {
            throw .unknownRelation(
                relation, type: object.type, known: self.model.types[object.type]?.relations.map(\.name) ?? []
            )
        }
    }
}
