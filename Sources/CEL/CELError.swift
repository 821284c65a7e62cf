/// Where something stands in an expression.
package struct CELPlace: Hashable, Sendable {
    /// From 1.
    package let line: Int
    /// From 1, in characters.
    package let column: Int
}

/// Why an expression is wrong or gave no value.
package struct CELError: Error, Hashable, Sendable {
    /// What kind of mistake it is.
    package enum Kind: Hashable, Sendable {
        /// It is not of the language.
        case syntax
        /// Its types or names do not fit.
        case type
        /// It could not be computed from these values.
        case evaluation
        /// It cost more than allowed.
        case limit
    }

    /// What kind of mistake it is.
    package let kind: Kind
    /// What is wrong and what would be right.
    package let message: String
    /// Where.
    package let place: CELPlace

    init(_ kind: Kind, _ message: String, _ place: CELPlace) {
        self.kind = kind
        self.message = message
        self.place = place
    }
}

extension CELError: CustomStringConvertible {
    /// The place and the message.
    package var description: String {
        "line \(self.place.line), column \(self.place.column): \(self.message)"
    }
}
