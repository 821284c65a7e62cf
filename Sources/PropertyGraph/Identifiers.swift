/// The identity of one node: a dense index into the node table, stable while the node lives.
package struct NodeID: Hashable, Comparable, Sendable {
    /// The index, below ``GraphSnapshot/nodeIDBound``.
    package let index: UInt32

    /// Wraps an index. Says nothing about whether a node lives there.
    package init(_ index: UInt32) { self.index = index }

    /// Orders by index, which is the order of creation.
    package static func < (left: NodeID, right: NodeID) -> Bool { left.index < right.index }
}

/// The identity of one relationship: a dense index into the relationship table, stable while it lives.
package struct RelationshipID: Hashable, Comparable, Sendable {
    /// The index, below ``GraphSnapshot/relationshipIDBound``.
    package let index: UInt32

    /// Wraps an index. Says nothing about whether a relationship lives there.
    package init(_ index: UInt32) { self.index = index }

    /// Orders by index, which is the order of creation.
    package static func < (left: RelationshipID, right: RelationshipID) -> Bool { left.index < right.index }
}

/// A label's number in its graph's ``TokenTable``.
package struct LabelID: Hashable, Comparable, Sendable {
    /// Position in the table of labels, from 0.
    package let index: UInt32

    /// Wraps a position.
    package init(_ index: UInt32) { self.index = index }

    /// Orders by position.
    package static func < (left: LabelID, right: LabelID) -> Bool { left.index < right.index }
}

/// A relationship type's number in its graph's ``TokenTable``.
package struct RelationshipTypeID: Hashable, Comparable, Sendable {
    /// Position in the table of types, from 0.
    package let index: UInt32

    /// Wraps a position.
    package init(_ index: UInt32) { self.index = index }

    /// Orders by position.
    package static func < (left: RelationshipTypeID, right: RelationshipTypeID) -> Bool {
        left.index < right.index
    }
}

/// A property key's number in its graph's ``TokenTable``.
package struct PropertyKeyID: Hashable, Comparable, Sendable {
    /// Position in the table of keys, from 0.
    package let index: UInt32

    /// Wraps a position.
    package init(_ index: UInt32) { self.index = index }

    /// Orders by position.
    package static func < (left: PropertyKeyID, right: PropertyKeyID) -> Bool { left.index < right.index }
}

/// Which end of its relationships a node is seen from.
package enum Direction: Sendable, Hashable {
    /// Relationships that start at the node.
    case outgoing
    /// Relationships that end at the node.
    case incoming

    /// The other one.
    package var reversed: Direction { self == .outgoing ? .incoming : .outgoing }
}
