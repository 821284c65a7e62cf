/// Types and their relations, as an OpenFGA model says them (schema 1.1).
package struct AuthorizationModel: Hashable, Sendable {
    /// Types by name.
    package let types: [String: TypeDefinition]
    /// The text it was read from.
    package let source: String

    /// A type of subjects or objects.
    package struct TypeDefinition: Hashable, Sendable {
        /// Its name, such as `user`.
        package let name: String
        /// Relations in the order written.
        package let relations: [Relation]

        /// The relation of a name.
        package func relation(_ name: String) -> Relation? { self.relations.first { $0.name == name } }
    }

    /// A relation and who has it.
    package struct Relation: Hashable, Sendable {
        /// Its name, such as `can_run`.
        package let name: String
        /// Who has it.
        package let rewrite: Rewrite
        /// Where it is defined.
        package let line: Int
    }

    /// Who has a relation.
    package indirect enum Rewrite: Hashable, Sendable {
        /// Those with a tuple of the relation itself.
        case direct([Restriction])
        /// Those with another relation on the same object.
        case computed(String)
        /// `relation from tupleset`: those with a relation on an object that the tupleset names.
        case from(tupleset: String, relation: String)
        /// Those in any of these.
        case union([Rewrite])
        /// Those in all of these.
        case intersection([Rewrite])
        /// Those in the first and not in the second.
        case exclusion(Rewrite, Rewrite)
    }

    /// A kind of subject that tuples of a relation may have.
    package struct Restriction: Hashable, Sendable, CustomStringConvertible {
        /// The subject's type.
        package let type: String
        /// Which of them.
        package let kind: Kind

        /// Joins type and kind.
        package init(type: String, kind: Kind) {
            self.type = type
            self.kind = kind
        }

        /// One subject, all of a type, or all with a relation to one object.
        package enum Kind: Hashable, Sendable {
            /// `user`
            case object
            /// `user:*`
            case wildcard
            /// `group#member`
            case userset(String)
        }

        /// As the model writes it.
        package var description: String {
            switch self.kind {
            case .object: self.type
            case .wildcard: "\(self.type):*"
            case .userset(let relation): "\(self.type)#\(relation)"
            }
        }
    }

    /// The direct restrictions anywhere in a rewrite.
    static func restrictions(_ rewrite: Rewrite) -> [Restriction] {
        switch rewrite {
        case .direct(let restrictions): restrictions
        case .computed, .from: []
        case .union(let parts), .intersection(let parts): parts.flatMap(Self.restrictions)
        case .exclusion(let base, let minus): Self.restrictions(base) + Self.restrictions(minus)
        }
    }
}

/// Why a model is wrong, and where.
package struct ModelError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong and what would be right.
    package let message: String
    /// From 1.
    package let line: Int
    /// From 1, in characters.
    package let column: Int
    /// The line it stands in.
    package let sourceLine: String

    /// The message, the place, the line and a caret under the place.
    package var description: String {
        let indent = String(repeating: " ", count: max(0, self.column - 1))
        return "line \(self.line), column \(self.column): \(self.message)\n  \(self.sourceLine)\n  \(indent)^"
    }
}
