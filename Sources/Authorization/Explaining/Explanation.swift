package import JSON
package import PropertyGraph

/// A decision and the reasons for it.
package struct Explanation: Hashable, Sendable {
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
    /// What grants, from the subject to the object, as short as can be; empty for a denial.
    package let path: [Step]
    /// For a denial: single changes that would grant, shortest path first.
    package let nearMisses: [NearMiss]
    /// Further facts, such as a subject that is not in the graph.
    package let notes: [String]

    /// One reason on the way from the subject to the object.
    package enum Step: Hashable, Sendable {
        /// A relationship of the graph: a tuple.
        case tuple(TupleStep)
        /// A rule of the model.
        case rule(object: EntityReference, relation: String, because: String)
        /// What takes the relation away.
        case excluded(object: EntityReference, relation: String, by: [Step])
    }

    /// A tuple on the way.
    package struct TupleStep: Hashable, Sendable {
        /// Who.
        package let subject: EntityReference
        /// What it has.
        package let relation: String
        /// On what.
        package let object: EntityReference
        /// The relationship; nil for one that is not there.
        package let relationship: RelationshipID?
        /// Why it does not count; nil when it does.
        package let problem: String?
        /// When it counts; empty for always.
        package let period: String
        /// Its condition.
        package let condition: String?
        /// Who wrote it.
        package let grantedBy: String?
        /// When it was written.
        package let grantedAt: String?
    }

    /// One change that would grant.
    package struct NearMiss: Hashable, Sendable {
        /// What keeps it from granting.
        package enum Kind: String, Hashable, Sendable {
            /// A relationship whose time is over.
            case expired
            /// A relationship whose time has not come.
            case notYetValid = "not_yet_valid"
            /// A condition that is false, or that needs parameters.
            case condition
            /// An exclusion.
            case excluded
            /// A relationship that is not there.
            case missing
            /// Several of these.
            case several
        }

        /// What keeps it from granting.
        package let kind: Kind
        /// What would grant.
        package let path: [Step]
    }
}

extension Explanation {
    /// The explanation for people, a line a reason.
    package var text: String {
        let question = "\(self.subject) \(self.relation) \(self.object)"
        if self.isAllowed {
            return (["allowed: \(question)"] + self.path.flatMap { $0.lines(indent: "  ") })
                .joined(separator: "\n")
        }
        var lines = ["denied: \(question)"] + self.notes.map { "  \($0)" }
        if self.nearMisses.isEmpty, self.notes.isEmpty {
            lines.append("  no relationship leads from the one to the other")
        }
        for (index, miss) in self.nearMisses.enumerated() {
            lines.append(index == 0 ? "  it would be allowed by:" : "  or by:")
            lines += miss.path.flatMap { $0.lines(indent: "    ") }
        }
        return lines.joined(separator: "\n")
    }

    /// The explanation for programs.
    package var json: JSON {
        [
            "decision": .bool(self.isAllowed), "subject": .string(self.subject.description),
            "relation": .string(self.relation), "object": .string(self.object.description),
            "at": .string(self.moment.description), "path": .array(self.path.map(\.json)),
            "near_misses": .array(
                self.nearMisses.map {
                    ["kind": .string($0.kind.rawValue), "path": .array($0.path.map(\.json))]
                }),
            "notes": .array(self.notes.map(JSON.string)), "text": .string(self.text),
        ]
    }
}

extension Explanation.Step {
    /// Lines for people.
    package func lines(indent: String) -> [String] {
        switch self {
        case .tuple(let tuple): [indent + tuple.text]
        case .rule(let object, let relation, let because):
            [
                "\(indent)on \(object), \(because)"
                    + (because.hasSuffix(relation) ? "" : " gives \(relation)")
            ]
        case .excluded(let object, let relation, let steps):
            ["\(indent)on \(object), \(relation) is taken away by:"]
                + steps.flatMap { $0.lines(indent: indent + "  ") }
        }
    }

    /// Its tuples.
    package var tuples: [Explanation.TupleStep] {
        switch self {
        case .tuple(let tuple): [tuple]
        case .rule: []
        case .excluded(_, _, let steps): steps.flatMap(\.tuples)
        }
    }

    /// The objects that it is about.
    var objects: [EntityReference] {
        switch self {
        case .tuple(let tuple): [tuple.object]
        case .rule(let object, _, _), .excluded(let object, _, _): [object]
        }
    }

    /// For programs.
    package var json: JSON {
        switch self {
        case .tuple(let tuple): tuple.json
        case .rule(let object, let relation, let because):
            [
                "kind": "rule", "object": .string(object.description), "relation": .string(relation),
                "because": .string(because),
            ]
        case .excluded(let object, let relation, let steps):
            [
                "kind": "excluded", "object": .string(object.description), "relation": .string(relation),
                "by": .array(steps.map(\.json)),
            ]
        }
    }
}

extension Explanation.TupleStep {
    /// One line for people.
    package var text: String {
        let when = [self.period, self.condition.map { "if \($0)" } ?? ""].filter { !$0.isEmpty }
        return "\(self.subject) --\(self.relation)--> \(self.object)"
            + (when.isEmpty ? "" : " (\(when.joined(separator: ", ")))")
            + (self.problem.map { " - \($0)" } ?? "")
    }

    /// For programs.
    package var json: JSON {
        [
            "kind": "tuple", "subject": .string(self.subject.description),
            "relation": .string(self.relation), "object": .string(self.object.description),
            "relationship": self.relationship.map { .int(Int($0.index)) } ?? .null,
            "valid": .bool(self.problem == nil), "reason": .string(self.problem ?? self.period),
            "condition": self.condition.map(JSON.string) ?? .null,
            "granted_by": self.grantedBy.map(JSON.string) ?? .null,
            "granted_at": self.grantedAt.map(JSON.string) ?? .null,
        ]
    }
}
