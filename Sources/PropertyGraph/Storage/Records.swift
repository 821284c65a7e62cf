/// What the graph holds of one node.
package struct NodeRecord: Sendable {
    /// Its labels, sorted by number.
    package internal(set) var labels: [LabelID]
    /// Its properties.
    package internal(set) var properties: Properties
    /// Relationships that start here.
    package internal(set) var outgoing = Adjacency()
    /// Relationships that end here.
    package internal(set) var incoming = Adjacency()

    /// The relationships of one direction.
    package func adjacency(_ direction: Direction) -> Adjacency {
        direction == .outgoing ? self.outgoing : self.incoming
    }
}

/// What the graph holds of one relationship.
package struct RelationshipRecord: Sendable {
    /// Its type.
    package let type: RelationshipTypeID
    /// Where it starts.
    package let source: NodeID
    /// Where it ends.
    package let target: NodeID
    /// Its properties.
    package internal(set) var properties: Properties
}
