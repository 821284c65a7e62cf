/// The names of a graph: labels, relationship types and property keys, each with a small number.
///
/// Numbers are given in order of first use and never taken back, so a compiled query may keep them.
/// Look-up by name and by number is O(1); adding a name to a shared table copies it, O(names).
package struct TokenTable: Sendable {
    /// Node labels.
    package private(set) var labels = NameTable()
    /// Relationship types.
    package private(set) var relationshipTypes = NameTable()
    /// Property keys of nodes and relationships.
    package private(set) var propertyKeys = NameTable()

    /// An empty table.
    package init() {}

    /// The label's number, or nil when no node ever had it.
    package func label(_ name: String) -> LabelID? { self.labels[name].map(LabelID.init) }

    /// The type's number, or nil when no relationship ever had it.
    package func relationshipType(_ name: String) -> RelationshipTypeID? {
        self.relationshipTypes[name].map(RelationshipTypeID.init)
    }

    /// The key's number, or nil when no property ever had it.
    package func propertyKey(_ name: String) -> PropertyKeyID? {
        self.propertyKeys[name].map(PropertyKeyID.init)
    }

    /// The label's name; empty for a number of another graph.
    package func name(_ label: LabelID) -> String { self.labels.name(label.index) }

    /// The type's name; empty for a number of another graph.
    package func name(_ type: RelationshipTypeID) -> String { self.relationshipTypes.name(type.index) }

    /// The key's name; empty for a number of another graph.
    package func name(_ key: PropertyKeyID) -> String { self.propertyKeys.name(key.index) }

    mutating func internLabel(_ name: String) -> LabelID { LabelID(self.labels.intern(name)) }

    mutating func internRelationshipType(_ name: String) -> RelationshipTypeID {
        RelationshipTypeID(self.relationshipTypes.intern(name))
    }

    mutating func internPropertyKey(_ name: String) -> PropertyKeyID {
        PropertyKeyID(self.propertyKeys.intern(name))
    }

    /// Whether both have as many names: of two tables of one graph, the same.
    func isAsLong(as other: TokenTable) -> Bool {
        self.labels.names.count == other.labels.names.count
            && self.relationshipTypes.names.count == other.relationshipTypes.names.count
            && self.propertyKeys.names.count == other.propertyKeys.names.count
    }

    /// Without the names of what rules hide everywhere; all others keep their numbers.
    func concealing(_ hidden: NumberedRules.Numbers) -> TokenTable {
        var table = self
        for label in hidden.labels { table.labels.blank(label.index) }
        for type in hidden.types { table.relationshipTypes.blank(type.index) }
        for key in hidden.keys { table.propertyKeys.blank(key.index) }
        return table
    }
}

/// Names numbered from 0 in order of first use.
package struct NameTable: Sendable {
    /// All names, by number.
    package private(set) var names: [String] = []
    private var numbers: [ExactText: UInt32] = [:]

    subscript(name: String) -> UInt32? { self.numbers[ExactText(text: name)] }

    func name(_ number: UInt32) -> String {
        Int(number) < self.names.count ? self.names[Int(number)] : ""
    }

    mutating func intern(_ name: String) -> UInt32 {
        if let number = self[name] { return number }
        let number = UInt32(self.names.count)
        self.names.append(name)
        self.numbers[ExactText(text: name)] = number
        return number
    }

    /// Forgets a name; its number is given to no other.
    mutating func blank(_ number: UInt32) {
        guard Int(number) < self.names.count else { return }
        self.numbers[ExactText(text: self.names[Int(number)])] = nil
        self.names[Int(number)] = ""
    }
}
