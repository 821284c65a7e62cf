package import JSON

/// A fact as OpenFGA's API sends it: a subject has a relation to an object, perhaps under a condition.
package struct Tuple: Hashable, Sendable, CustomStringConvertible {
    /// Who.
    package let subject: EntityReference
    /// What it has.
    package let relation: String
    /// On what.
    package let object: EntityReference
    /// Under which condition.
    package let condition: UsedCondition?

    /// A condition of the model with values of its own.
    package struct UsedCondition: Hashable, Sendable {
        /// The condition's name.
        package let name: String
        /// Values of some of its parameters; they win over those of a request.
        package let context: JSON.Object

        /// Joins name and values.
        package init(name: String, context: JSON.Object = JSON.Object()) {
            self.name = name
            self.context = context
        }
    }

    /// Joins the parts.
    package init(
        subject: EntityReference, relation: String, object: EntityReference,
        condition: UsedCondition? = nil
    ) {
        self.subject = subject
        self.relation = relation
        self.object = object
        self.condition = condition
    }

    /// The tuple as texts write it: `group:eng#member@user:anne`.
    package var description: String { "\(self.object)#\(self.relation)@\(self.subject)" }

    /// The same but for the condition: what makes two tuples the same fact.
    package var key: Tuple { Tuple(subject: self.subject, relation: self.relation, object: self.object) }
}

extension Tuple {
    /// Reads `{"user", "relation", "object", "condition"?}`.
    /// - Throws: ``AuthorizationError/invalidInput(_:)``, ``AuthorizationError/malformed(_:)``.
    package init(json: JSON) throws(AuthorizationError) {
        guard let user = json["user"]?.string, let relation = json["relation"]?.string,
            let object = json["object"]?.string
        else { throw .invalidInput("a tuple needs the texts `user`, `relation` and `object`") }
        var condition: UsedCondition?
        if let given = json["condition"], given != .null {
            guard let name = given["name"]?.string, !name.isEmpty else {
                throw .invalidInput("the condition of a tuple needs a `name`")
            }
            let context = given["context"] ?? .null
            guard context == .null || context.object != nil else {
                throw .invalidInput("the `context` of a condition is an object")
            }
            condition = UsedCondition(name: name, context: context.object ?? JSON.Object())
        }
        let target = try EntityReference(object)
        guard target.relation == nil else { throw .malformed(object) }
        guard !relation.isEmpty, relation.utf8.count <= 50, Self.isName(relation) else {
            throw .invalidInput("`\(relation.prefix(60))` is no relation")
        }
        self.init(
            subject: try EntityReference(user), relation: relation, object: target, condition: condition)
    }

    /// Whether a text has nothing that separates parts of a tuple.
    private static func isName(_ text: String) -> Bool {
        guard text.isASCII else {
            return !text.contains { ":#@*".contains($0) || $0.isWhitespace }
        }
        return !text.utf8.contains { ":#@*".utf8.contains($0) || $0.isASCIIWhitespace }
    }

    /// As OpenFGA's API sends it.
    package var json: JSON {
        [
            "user": .string(self.subject.description), "relation": .string(self.relation),
            "object": .string(self.object.description), "condition": self.condition?.json ?? .null,
        ]
    }
}

extension Tuple.UsedCondition {
    /// As OpenFGA's API sends it.
    package var json: JSON { ["name": .string(self.name), "context": .object(self.context)] }
}
