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
}

/// A text that equals others by its bytes: names that are spelled differently are different names.
private struct ExactText: Hashable, Sendable {
    let text: String

    static func == (left: ExactText, right: ExactText) -> Bool { sameBytes(left.text, right.text) }

    func hash(into hasher: inout Hasher) { hasher.combine(bytesOf: self.text) }
}
