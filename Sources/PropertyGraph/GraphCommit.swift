/// What a transaction did, on its way to the disk: numbers of what it touched, and the graph as it is after.
///
/// Images of entities are read from the graph when they are written, so a commit of ten million entities holds no copy of
/// them.
package struct GraphCommit: Sendable {
    /// The commit's number; a graph's commits are numbered from 1 without gaps.
    package let position: UInt64
    /// The graph after the commit.
    package let graph: GraphSnapshot
    /// Changes of indexes and constraints, in order.
    package let schema: [GraphChange]
    /// Entries for journals that are to be durable together with the changes.
    package let journal: [JournalEntry]
    /// Numbers of nodes that were not in the graph before: all of them are new.
    package let newNodes: Range<UInt32>
    /// Numbers of relationships that were not in the graph before: all of them are new.
    package let newRelationships: Range<UInt32>
    /// Nodes with older numbers that were changed, deleted or put where one had been, in order.
    package let touchedNodes: [NodeID]
    /// Relationships with older numbers that were changed, deleted or put where one had been, in order.
    package let touchedRelationships: [RelationshipID]

    /// How many entities are touched.
    package var count: Int {
        self.newNodes.count + self.newRelationships.count + self.touchedNodes.count
            + self.touchedRelationships.count
    }

    /// The commit spelled out. O(entities touched).
    package var changeSet: ChangeSet {
        var changes = self.schema
        var deletedNodes: [GraphChange] = []
        var relationships: [GraphChange] = []
        for node in self.touchedNodes {
            if let image = self.graph.image(of: node) {
                changes.append(image)
            } else {
                deletedNodes.append(.deleteNode(node))
            }
        }
        for number in self.newNodes {
            if let image = self.graph.image(of: NodeID(number)) { changes.append(image) }
        }
        for relationship in self.touchedRelationships {
            if let image = self.graph.image(of: relationship) {
                relationships.append(image)
            } else {
                changes.append(.deleteRelationship(relationship))
            }
        }
        for number in self.newRelationships {
            if let image = self.graph.image(of: RelationshipID(number)) { relationships.append(image) }
        }
        return ChangeSet(
            position: self.position, changes: changes + deletedNodes + relationships, journal: self.journal)
    }
}
