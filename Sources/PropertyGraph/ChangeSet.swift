/// What one commit did: for every entity it touched, how it is now. Self-contained: names instead of
/// numbers, whole images instead of steps, so applying a set twice gives the same graph as once.
package struct ChangeSet: Hashable, Sendable {
    /// The commit's number; a graph's sets are numbered from 1 without gaps.
    package var position: UInt64
    /// Schema first, then nodes, then relationships; deletions of relationships before those of nodes.
    package var changes: [GraphChange]
    /// Entries for journals that are to be durable together with the changes.
    package var journal: [JournalEntry]

    /// Joins number, changes and journal entries.
    package init(position: UInt64, changes: [GraphChange], journal: [JournalEntry] = []) {
        self.position = position
        self.changes = changes
        self.journal = journal
    }
}

/// One step of a ``ChangeSet``.
package enum GraphChange: Hashable, Sendable {
    /// The node exists, with just these labels and properties.
    case putNode(NodeID, labels: [String], properties: [NamedProperty])
    /// The node is gone; its relationships went before it.
    case deleteNode(NodeID)
    /// The relationship exists, with just these properties; type and ends never change.
    case putRelationship(
        RelationshipID, type: String, source: NodeID, target: NodeID, properties: [NamedProperty])
    /// The relationship is gone.
    case deleteRelationship(RelationshipID)
    /// An index was made.
    case createIndex(IndexDefinition)
    /// An index was dropped.
    case dropIndex(name: String)
    /// A constraint was made.
    case createConstraint(ConstraintDefinition)
    /// A constraint was dropped, its index with it.
    case dropConstraint(name: String)
}

/// A property with its key spelled out.
package struct NamedProperty: Hashable, Sendable {
    /// The key.
    package let key: String
    /// The value.
    package let value: Value

    /// Joins key and value.
    package init(key: String, value: Value) {
        self.key = key
        self.value = value
    }
}

/// One line of a journal: bulky history that is kept beside the graph, not in it.
package struct JournalEntry: Hashable, Sendable {
    /// The journal's name, such as `audit` or `job`.
    package let stream: String
    /// What it is about, such as a job's id; journals are searched by it.
    package let subject: String
    /// When, in milliseconds since 1970.
    package let milliseconds: Int
    /// What happened.
    package let fields: [NamedProperty]

    /// Joins journal, subject, time and fields.
    package init(stream: String, subject: String, milliseconds: Int, fields: [NamedProperty]) {
        self.stream = stream
        self.subject = subject
        self.milliseconds = milliseconds
        self.fields = fields
    }
}
