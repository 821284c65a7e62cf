package import JSON

/// A decision that a change turns around.
package struct FlippedDecision: Hashable, Sendable {
    /// Who.
    package let subject: EntityReference
    /// May do what.
    package let relation: String
    /// On what.
    package let object: EntityReference
    /// Whether it is allowed after the change.
    package let isAllowed: Bool
    /// The way that grants it, after the change or before it.
    package let path: [Explanation.Step]
}

/// Which decisions are compared.
package struct ComparedDecisions: Sendable {
    /// Whose decisions.
    package var subjects: [EntityReference]
    /// On which objects; nil for all of the types.
    package var objects: [EntityReference]?
    /// Of which types; nil for all.
    package var types: [String]?
    /// Which relations; nil for the actions of each type.
    package var relations: [String]?

    /// Joins the parts.
    package init(
        subjects: [EntityReference], objects: [EntityReference]? = nil, types: [String]? = nil,
        relations: [String]? = nil
    ) {
        self.subjects = subjects
        self.objects = objects
        self.types = types
        self.relations = relations
    }
}

extension AuthorizationView {
    /// The decisions that another view, such as one with changes, turns around: at most `limit` of them.
    ///
    /// O(what the subjects may do before and after).
    /// - Throws: ``AuthorizationError`` for names that the model does not have, and where a decision is not known.
    package func flips(
        to other: AuthorizationView, _ wanted: ComparedDecisions, _ options: CheckOptions, limit: Int
    ) throws(AuthorizationError) -> [FlippedDecision] {
        var flips: [FlippedDecision] = []
        for subject in wanted.subjects {
            for type in wanted.types ?? self.model.typeNames {
                for relation in self.model.actions(of: type)
                where wanted.relations?.contains(relation) ?? true {
                    flips += try self.flips(
                        to: other, subject, relation, type, wanted.objects, options)
                    if flips.count >= limit { return Array(flips.prefix(limit)) }
                }
            }
        }
        return flips
    }

    private func flips(
        to other: AuthorizationView, _ subject: EntityReference, _ relation: String, _ type: String,
        _ objects: [EntityReference]?, _ options: CheckOptions
    ) throws(AuthorizationError) -> [FlippedDecision] {
        let before: Set<EntityReference>
        let after: Set<EntityReference>
        if let objects {
            let objects = objects.filter { $0.type == type }
            before = try self.allowed(subject, relation, objects, options)
            after = try other.allowed(subject, relation, objects, options)
        } else {
            before = Set(try self.objects(of: type, subject, relation, options))
            after = Set(try other.objects(of: type, subject, relation, options))
        }
        var flips: [FlippedDecision] = []
        for object in before.symmetricDifference(after).sorted(by: { $0.id < $1.id }) {
            let isAllowed = after.contains(object)
            let explanation = try (isAllowed ? other : self).explain(subject, relation, object, options)
            flips.append(
                FlippedDecision(
                    subject: subject, relation: relation, object: object, isAllowed: isAllowed,
                    path: explanation.path))
        }
        return flips
    }

    private func allowed(
        _ subject: EntityReference, _ relation: String, _ objects: [EntityReference],
        _ options: CheckOptions
    ) throws(AuthorizationError) -> Set<EntityReference> {
        var allowed: Set<EntityReference> = []
        for object in objects where try self.check(subject, relation, object, options) {
            allowed.insert(object)
        }
        return allowed
    }

    /// All single entities of a type, in the order they came into the graph: at most `limit`.
    /// - Throws: ``AuthorizationError`` for a type that the model does not have.
    package func entities(
        of name: String, limit: Int
    ) throws(AuthorizationError) -> [EntityReference] {
        let type = try self.type(name)
        return Array(self.all(type).prefix(limit))
    }
}

extension FlippedDecision {
    /// For programs.
    package var json: JSON {
        [
            "subject": .string(self.subject.description), "relation": .string(self.relation),
            "object": .string(self.object.description), "before": .bool(!self.isAllowed),
            "after": .bool(self.isAllowed), "path": .array(self.path.map(\.json)),
        ]
    }
}
