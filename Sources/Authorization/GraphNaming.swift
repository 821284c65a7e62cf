internal import PropertyGraph

/// How names of models and names of the graph belong together: type `function_version` is label `FunctionVersion`, relation
/// `can_run` is relationship type `CAN_RUN`. One-to-one: names of other forms keep their letters, behind a `_` where they
/// could be mistaken for the name of another.
package enum GraphNaming {
    /// The property of a relationship that names a userset's relation: `member` of `group:eng#member`.
    package static let subjectRelation = "subject_relation"
    /// The property of a relationship that names its condition.
    package static let condition = "condition"
    /// The property of a relationship with the context of its condition, as JSON.
    package static let conditionContext = "condition_context"
    /// From when on a relationship counts.
    package static let validFrom = "valid_from"
    /// Until when a relationship counts.
    package static let validUntil = "valid_until"
    /// When a relationship was written as a tuple.
    package static let grantedAt = "granted_at"
    /// Who wrote it.
    package static let grantedBy = "granted_by"
    /// Labels that the room keeps things of its own under; types of such names are written otherwise.
    static let ownLabels: Set<String> = [
        "AuthorizationStore", "AuthorizationModel", "AuthorizationAssertions", "AuthorizationAudit",
    ]

    /// The label of a type.
    package static func label(_ type: String) -> String {
        if self.isPlain(type, partsBeginWithLetters: true) {
            let label = type.split(separator: "_").map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
            return self.ownLabels.contains(label) ? "_" + type : label
        }
        return self.escaped(type)
    }

    /// The relationship type of a relation.
    package static func relationshipType(_ relation: String) -> String {
        self.isPlain(relation, partsBeginWithLetters: false)
            ? relation.uppercased() : self.escaped(relation)
    }

    /// Small letters, digits and single `_` between them.
    private static func isPlain(_ name: String, partsBeginWithLetters: Bool) -> Bool {
        var mayBegin = true
        for byte in name.utf8 {
            switch byte {
            case 97...122: mayBegin = false
            case 48...57:
                if mayBegin, partsBeginWithLetters || byte == name.utf8.first { return false }
                mayBegin = false
            case 95:
                if mayBegin { return false }
                mayBegin = true
            default: return false
            }
        }
        return !mayBegin
    }

    private static func escaped(_ name: String) -> String {
        guard let first = name.utf8.first, first == 95 || (65...90).contains(first) else { return name }
        return "_" + name
    }

    /// The property that names nodes of a label: the key of its node-key constraint, `id` without one.
    static func key(_ label: String, in graph: GraphSnapshot) -> String {
        graph.constraints.first { $0.entity == label && $0.kind == .nodeKey && $0.keys.count == 1 }?.keys
            .first
            ?? "id"
    }
}
