/// What an index or a constraint is on.
package enum EntityKind: String, Hashable, Sendable {
    /// Nodes of a label.
    case node
    /// Relationships of a type.
    case relationship
}

/// What an index is called and what it covers: nodes of a label, or relationships of a type, that have all of the keys.
package struct IndexDefinition: Hashable, Sendable {
    /// Which values an index holds.
    package enum Kind: String, Hashable, Sendable {
        /// Values of all types, in order.
        case range
        /// Texts only.
        case text

        func holds(_ value: Value) -> Bool { self == .range ? !value.isNull : value.string != nil }
    }

    /// Unique among indexes and constraints of a graph.
    package let name: String
    /// Nodes or relationships.
    package let on: EntityKind
    /// Which values it holds.
    package let kind: Kind
    /// The label of the nodes, or the type of the relationships.
    package let label: String
    /// The property keys, in order.
    package let keys: [String]

    /// Joins the parts. At least one key is expected.
    package init(
        name: String, on: EntityKind = .node, kind: Kind = .range, label: String, keys: [String]
    ) {
        self.name = name
        self.on = on
        self.kind = kind
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
        /// Where a node of the label has the key, its value is of the type.
        case nodePropertyType = "node_property_type"
        /// No two relationships of the type agree in all keys.
        case relationshipUnique = "relationship_unique"
        /// As `relationshipUnique`, and each relationship of the type has all keys.
        case relationshipKey = "relationship_key"
        /// Each relationship of the type has the key.
        case relationshipPropertyExists = "relationship_property_exists"
        /// Where a relationship of the type has the key, its value is of the type.
        case relationshipPropertyType = "relationship_property_type"

        /// Whether the rule is kept by an index.
        package var isIndexed: Bool {
            switch self {
            case .unique, .nodeKey, .relationshipUnique, .relationshipKey: true
            default: false
            }
        }

        /// Whether the rule asks for the properties to be there.
        var needsProperties: Bool {
            switch self {
            case .nodeKey, .nodePropertyExists, .relationshipKey, .relationshipPropertyExists: true
            default: false
            }
        }

        /// What it is on.
        package var on: EntityKind {
            switch self {
            case .unique, .nodeKey, .nodePropertyExists, .nodePropertyType: .node
            default: .relationship
            }
        }
    }

    /// Unique among indexes and constraints of a graph.
    package let name: String
    /// The rule.
    package let kind: Kind
    /// The label or the relationship type.
    package let entity: String
    /// The property keys, in order.
    package let keys: [String]
    /// The type that a rule about types asks for.
    package let type: PropertyType?

    /// Joins the parts. At least one key is expected.
    package init(name: String, kind: Kind, entity: String, keys: [String], type: PropertyType? = nil) {
        self.name = name
        self.kind = kind
        self.entity = entity
        self.keys = keys
        self.type = type
    }
}

/// A type that a property can be bound to: one of Cypher's, a list of one, or several of these.
package struct PropertyType: Hashable, Sendable, CustomStringConvertible {
    /// Names of single types, as Cypher writes them.
    package static let names: Set<String> = [
        "BOOLEAN", "STRING", "INTEGER", "FLOAT", "DATE", "LOCAL TIME", "ZONED TIME", "LOCAL DATETIME",
        "ZONED DATETIME", "DURATION", "POINT",
    ]

    /// The types that are allowed, such as `INTEGER` and `LIST<STRING NOT NULL>`, sorted.
    package let alternatives: [String]

    /// Reads `INTEGER`, `LIST<FLOAT NOT NULL>` or several with `|` between; nil for what is no type of properties.
    package init?(_ text: String) {
        var alternatives: Set<String> = []
        for part in text.split(separator: "|") {
            let words = part.uppercased().split(whereSeparator: \.isWhitespace).joined(separator: " ")
            guard let name = Self.normalised(words) else { return nil }
            alternatives.insert(name)
        }
        guard !alternatives.isEmpty else { return nil }
        self.alternatives = alternatives.sorted()
    }

    private static let synonyms = [
        "BOOL": "BOOLEAN", "INT": "INTEGER", "SIGNED INTEGER": "INTEGER", "VARCHAR": "STRING",
        "TIME WITHOUT TIMEZONE": "LOCAL TIME", "TIME WITH TIMEZONE": "ZONED TIME",
        "TIMESTAMP WITHOUT TIMEZONE": "LOCAL DATETIME", "TIMESTAMP WITH TIMEZONE": "ZONED DATETIME",
    ]

    private static func normalised(_ text: String) -> String? {
        let name = self.synonyms[text] ?? text
        if self.names.contains(name) { return name }
        guard name.hasPrefix("LIST<") || name.hasPrefix("LIST <"), name.hasSuffix(">") else { return nil }
        guard let open = name.firstIndex(of: "<") else { return nil }
        var element = name[name.index(after: open)...].dropLast().split(separator: " ").joined(separator: " ")
        guard element.hasSuffix(" NOT NULL") else { return nil }
        element.removeLast(" NOT NULL".count)
        guard let element = self.normalised(element), self.names.contains(element) else { return nil }
        return "LIST<\(element) NOT NULL>"
    }

    /// `FLOAT | INTEGER`
    package var description: String { self.alternatives.joined(separator: " | ") }

    /// Whether a value is of one of the types.
    package func admits(_ value: Value) -> Bool {
        if let elements = value.list {
            return self.alternatives.contains { name in
                name.hasPrefix("LIST<") && elements.allSatisfy { name == "LIST<\($0.typeName) NOT NULL>" }
            }
        }
        return self.alternatives.contains(value.typeName)
    }
}
