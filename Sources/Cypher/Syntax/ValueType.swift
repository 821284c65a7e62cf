/// A type of values as `IS :: INTEGER NOT NULL` and procedures' signatures write it.
package struct ValueType: Hashable, Sendable {
    /// The kinds of values.
    package indirect enum Kind: Hashable, Sendable {
        /// Anything.
        case any
        /// No value at all.
        case nothing
        /// Only null.
        case null
        /// A kind by the name that values carry, such as `INTEGER` or `ZONED DATETIME`.
        case named(String)
        /// An integer or a float.
        case number
        /// What a property can hold.
        case property
        /// A list of such elements.
        case list(ValueType)
    }

    /// One of several that `|` joins.
    package struct Alternative: Hashable, Sendable {
        /// What it is.
        package let kind: Kind
        /// Whether null is one of its values.
        package let isNullable: Bool

        /// Joins the two.
        package init(kind: Kind, isNullable: Bool) {
            self.kind = kind
            self.isNullable = isNullable
        }
    }

    /// At least one.
    package let alternatives: [Alternative]

    /// Joins the alternatives.
    package init(_ alternatives: [Alternative]) { self.alternatives = alternatives }

    /// A single kind that includes null.
    package init(_ kind: Kind) { self.alternatives = [Alternative(kind: kind, isNullable: true)] }

    /// Anything.
    package static let any = ValueType(.any)
    /// Texts.
    package static let string = ValueType(.named("STRING"))
    /// Whole numbers.
    package static let integer = ValueType(.named("INTEGER"))
    /// Fractions.
    package static let float = ValueType(.named("FLOAT"))
    /// Truth values.
    package static let boolean = ValueType(.named("BOOLEAN"))
    /// Maps.
    package static let map = ValueType(.named("MAP"))
    /// Nodes.
    package static let node = ValueType(.named("NODE"))
    /// Relationships.
    package static let relationship = ValueType(.named("RELATIONSHIP"))
    /// Paths.
    package static let path = ValueType(.named("PATH"))
    /// Moments with a zone.
    package static let dateTime = ValueType(.named("ZONED DATETIME"))

    /// Lists of a type.
    package static func list(_ element: ValueType) -> ValueType { ValueType(.list(element)) }
}

extension ValueType: CustomStringConvertible {
    /// As Cypher writes it.
    package var description: String {
        self.alternatives.map { alternative in
            let takesNull = alternative.isNullable || alternative.kind == .nothing
            return Self.text(alternative.kind) + (takesNull ? "" : " NOT NULL")
        }
        .joined(separator: " | ")
    }

    private static func text(_ kind: Kind) -> String {
        switch kind {
        case .any: "ANY"
        case .nothing: "NOTHING"
        case .null: "NULL"
        case .named(let name): name
        case .number: "INTEGER | FLOAT"
        case .property: "PROPERTY VALUE"
        case .list(let element): "LIST<\(element)>"
        }
    }
}
