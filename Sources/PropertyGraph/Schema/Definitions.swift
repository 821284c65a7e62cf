/// What an index is called and what it covers: nodes of a label that have all of the keys.
package struct IndexDefinition: Hashable, Sendable {
    /// Unique among indexes and constraints of a graph.
    package let name: String
    /// The label of the nodes covered.
    package let label: String
    /// The property keys, in order.
    package let keys: [String]

    /// Joins name, label and keys. At least one key is expected.
    package init(name: String, label: String, keys: [String]) {
        self.name = name
        self.label = label
        self.keys = keys
    }
}

/// What must hold for the nodes of a label or the relationships of a type.
package struct ConstraintDefinition: Hashable, Sendable {
    /// The rule.
    package enum Kind: String, Hashable, Sendable {
        /// No two nodes of the label agree in all keys.
        case unique
        /// As `unique`, and each node of the label has all keys.
        case nodeKey = "node_key"
        /// Each node of the label has the key.
        case nodePropertyExists = "node_property_exists"
        /// Each relationship of the type has the key.
        case relationshipPropertyExists = "relationship_property_exists"

        /// Whether the rule is kept by an index on nodes.
        package var isIndexed: Bool { self == .unique || self == .nodeKey }
    }

    /// Unique among indexes and constraints of a graph.
    package let name: String
    /// The rule.
    package let kind: Kind
    /// The label, or for ``Kind/relationshipPropertyExists`` the relationship type.
    package let entity: String
    /// The property keys, in order.
    package let keys: [String]

    /// Joins name, rule, label or type, and keys. At least one key is expected.
    package init(name: String, kind: Kind, entity: String, keys: [String]) {
        self.name = name
        self.kind = kind
        self.entity = entity
        self.keys = keys
    }
}
