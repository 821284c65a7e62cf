package import CEL

/// Types and their relations, as an OpenFGA model says them (schema 1.1 and 1.2). A value that never changes.
package struct AuthorizationModel: Hashable, Sendable {
    /// Types by name.
    package let types: [String: TypeDefinition]
    /// The names of the types in the order written.
    package let typeNames: [String]
    /// Conditions by name.
    package let conditions: [String: Condition]
    /// The names of the conditions in the order written.
    package let conditionNames: [String]
    /// `1.1` or `1.2`.
    package let schemaVersion: String

    init(types: [TypeDefinition], conditions: [Condition], schemaVersion: String) {
        self.typeNames = types.map(\.name)
        self.types = Dictionary(types.map { ($0.name, $0) }) { first, _ in first }
        self.conditionNames = conditions.map(\.name)
        self.conditions = Dictionary(conditions.map { ($0.name, $0) }) { first, _ in first }
        self.schemaVersion = schemaVersion
    }

    /// The relation of a type. O(1).
    package func relation(_ relation: String, of type: String) -> Relation? {
        self.types[type]?.relation(relation)
    }

    /// A type of subjects or objects.
    package struct TypeDefinition: Hashable, Sendable {
        /// Its name, such as `user`.
        package let name: String
        /// Relations in the order written.
        package let relations: [Relation]
        /// Where it was written, in a model of modules.
        package let origin: Origin?
        private let places: [String: Int]

        init(name: String, relations: [Relation], origin: Origin? = nil) {
            self.name = name
            self.relations = relations
            self.origin = origin
            self.places = Dictionary(relations.enumerated().map { ($1.name, $0) }) { first, _ in first }
        }

        /// The relation of a name. O(1).
        package func relation(_ name: String) -> Relation? { self.places[name].map { self.relations[$0] } }
    }

    /// A relation and who has it.
    package struct Relation: Hashable, Sendable {
        /// Its name, such as `can_run`.
        package let name: String
        /// Who has it.
        package let rewrite: Rewrite
        /// What subjects tuples of the relation may have; empty when there are no such tuples.
        package let restrictions: [Restriction]
        /// Where it was written, when another module than that of its type says it.
        package let origin: Origin?

        init(name: String, rewrite: Rewrite, restrictions: [Restriction], origin: Origin? = nil) {
            self.name = name
            self.rewrite = rewrite
            self.restrictions = restrictions
            self.origin = origin
        }
    }

    /// Who has a relation.
    package indirect enum Rewrite: Hashable, Sendable {
        /// Those with a tuple of the relation itself.
        case direct
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

        /// Whether tuples of the relation itself count somewhere in it.
        var hasDirect: Bool {
            switch self {
            case .direct: true
            case .computed, .from: false
            case .union(let parts), .intersection(let parts): parts.contains(where: \.hasDirect)
            case .exclusion(let base, let minus): base.hasDirect || minus.hasDirect
            }
        }
    }

    /// A kind of subject that tuples of a relation may have.
    package struct Restriction: Hashable, Sendable {
        /// The subject's type.
        package let type: String
        /// Which of them.
        package let kind: Kind
        /// The condition that such a tuple carries.
        package let condition: String?

        /// Joins type, kind and condition.
        package init(type: String, kind: Kind, condition: String? = nil) {
            self.type = type
            self.kind = kind
            self.condition = condition
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
    }

    /// A condition: an expression over typed parameters, true or false.
    package struct Condition: Hashable, Sendable {
        /// Its name.
        package let name: String
        /// What must be true.
        package let expression: CELExpression
        /// Where it was written, in a model of modules.
        package let origin: Origin?

        init(name: String, expression: CELExpression, origin: Origin? = nil) {
            self.name = name
            self.expression = expression
            self.origin = origin
        }

        /// Two conditions are the same when they say the same in the same words.
        package static func == (left: Condition, right: Condition) -> Bool {
            left.name == right.name && left.expression.text == right.expression.text
                && left.expression.parameters == right.expression.parameters && left.origin == right.origin
        }

        /// Agrees with `==`.
        package func hash(into hasher: inout Hasher) {
            hasher.combine(self.name)
            hasher.combine(self.expression.text)
        }
    }

    /// A module and its file.
    package struct Origin: Hashable, Sendable {
        /// The module's name.
        package let module: String
        /// The file, as `fga.mod` names it; empty when there is none.
        package let file: String
    }
}

extension AuthorizationModel.Restriction: CustomStringConvertible {
    /// As the model writes it.
    package var description: String {
        let subject =
            switch self.kind {
            case .object: self.type
            case .wildcard: "\(self.type):*"
            case .userset(let relation): "\(self.type)#\(relation)"
            }
        return subject + (self.condition.map { " with \($0)" } ?? "")
    }
}

/// Why a model is wrong, and where.
package struct ModelError: Error, Hashable, Sendable {
    /// What is wrong and what would be right.
    package let message: String
    /// The file, in a model of several; empty otherwise.
    package let file: String
    /// From 1; 0 for a model that is no text.
    package let line: Int
    /// From 1, in characters.
    package let column: Int
    /// The line it stands in.
    package let sourceLine: String

    init(message: String, file: String = "", line: Int = 0, column: Int = 0, sourceLine: String = "") {
        self.message = message
        self.file = file
        self.line = line
        self.column = column
        self.sourceLine = sourceLine
    }
}

extension ModelError: CustomStringConvertible {
    /// The message, the place, the line and a caret under the place.
    package var description: String {
        let file = self.file.isEmpty ? "" : self.file + ", "
        guard self.line > 0 else { return file + self.message }
        let indent = String(repeating: " ", count: max(0, self.column - 1))
        return
            "\(file)line \(self.line), column \(self.column): \(self.message)\n  \(self.sourceLine)\n  \(indent)^"
    }
}
