package import JSON
package import PropertyGraph

/// A decision and the reasons for it.
package struct Explanation: Hashable, Sendable {
    /// One reason on the way from the subject to the object.
    package enum Step: Hashable, Sendable {
        /// A relationship of the graph: a tuple.
        case tuple(
            subject: EntityReference, relation: String, object: EntityReference, relationship: RelationshipID,
            validity: Validity, period: String)
        /// A rule of the model.
        case rule(object: EntityReference, relation: String, because: String)
    }

    /// Who asks.
    package let subject: EntityReference
    /// What for.
    package let relation: String
    /// On what.
    package let object: EntityReference
    /// As of when.
    package let moment: ZonedDateTime
    /// The decision.
    package let isAllowed: Bool
    /// What grants, from the subject to the object; empty for a denial.
    package let path: [Step]
    /// For a denial: a path that would grant if all of its relationships counted; empty when there is none.
    package let nearMiss: [Step]
    /// Further facts, such as a subject that is not in the graph.
    package let notes: [String]
}

extension Explanation {
    /// The explanation for people, a line a reason.
    package var text: String {
        let question = "\(self.subject) \(self.relation) \(self.object)"
        var lines: [String] = []
        if self.isAllowed {
            lines.append("allowed: \(question)")
            lines += self.path.map { "  \($0.text)" }
        } else {
            lines.append("denied: \(question)")
            lines += self.notes.map { "  \($0)" }
            if self.nearMiss.isEmpty {
                if self.notes.isEmpty { lines.append("  no relationship leads from the one to the other") }
            } else {
                lines.append("  it would be allowed by:")
                lines += self.nearMiss.map { "    \($0.text)" }
            }
        }
        return lines.joined(separator: "\n")
    }

    /// The explanation for programs.
    package var json: JSON {
        [
            "decision": .bool(self.isAllowed), "subject": .string(self.subject.description),
            "relation": .string(self.relation), "object": .string(self.object.description),
            "at": .string(self.moment.description), "path": .array(self.path.map(\.json)),
            "near_misses": .array(self.nearMiss.isEmpty ? [] : [.array(self.nearMiss.map(\.json))]),
            "notes": .array(self.notes.map(JSON.string)), "text": .string(self.text),
        ]
    }
}

extension Explanation.Step {
    /// One line for people.
    package var text: String {
        switch self {
        case .tuple(let subject, let relation, let object, _, let validity, let period):
            "\(subject) --\(relation)--> \(object)"
                + (period.isEmpty ? "" : " (\(period))")
                + (validity == .valid ? "" : " - \(validity.reason)")
        case .rule(let object, let relation, let because):
            "on \(object), \(because)"
                + (because.hasSuffix(relation) ? "" : " gives \(relation)")
        }
    }

    var json: JSON {
        switch self {
        case .tuple(let subject, let relation, let object, let relationship, let validity, let period):
            [
                "kind": "tuple", "subject": .string(subject.description), "relation": .string(relation),
                "object": .string(object.description), "relationship": .int(Int(relationship.index)),
                "valid": .bool(validity == .valid),
                "reason": .string(validity == .valid ? period : validity.reason),
            ]
        case .rule(let object, let relation, let because):
            [
                "kind": "rule", "object": .string(object.description), "relation": .string(relation),
                "because": .string(because),
            ]
        }
    }
}
