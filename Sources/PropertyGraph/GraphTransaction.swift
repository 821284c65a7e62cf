/// Changes to a graph that happen together or not at all.
///
/// Works on a snapshot of its own, ``graph``, in which it sees its own writes. Nobody else sees anything
/// until the owner publishes that snapshot; dropping the transaction undoes it. Not `Sendable`: one task
/// at a time. Each step is O(log n) unless it says more.
package final class GraphTransaction {
    /// The graph as this transaction sees it.
    package private(set) var graph: GraphSnapshot
    private let base: GraphSnapshot
    private var touched = Touched()

    fileprivate struct Touched {
        var nodes: Set<NodeID> = []
        var relationships: Set<RelationshipID> = []
        var schema: [GraphChange] = []
        var journal: [JournalEntry] = []
    }

    /// Where to go back to: a state of the transaction.
    package struct Savepoint {
        fileprivate let graph: GraphSnapshot
        fileprivate let touched: Touched
    }

    /// Starts from a snapshot. O(1).
    package init(_ base: GraphSnapshot) {
        self.base = base
        self.graph = base
    }

    /// Whether nothing was written yet.
    package var isEmpty: Bool {
        self.touched.nodes.isEmpty && self.touched.relationships.isEmpty && self.touched.schema.isEmpty
            && self.touched.journal.isEmpty
    }

    /// Remembers the state. O(entities touched so far).
    package func savepoint() -> Savepoint { Savepoint(graph: self.graph, touched: self.touched) }

    /// Undoes everything since the savepoint. Names stay known, so that compiled queries stay right.
    package func rollback(to savepoint: Savepoint) {
        let tokens = self.graph.tokens
        self.graph = savepoint.graph
        self.graph.adopt(tokens)
        self.touched = savepoint.touched
    }

    // MARK: Names

    /// The number of a label, made when it is new.
    package func label(_ name: String) throws(GraphError) -> LabelID { try self.graph.internLabel(name) }

    /// The number of a relationship type, made when it is new.
    package func relationshipType(_ name: String) throws(GraphError) -> RelationshipTypeID {
        try self.graph.internType(name)
    }

    /// The number of a property key, made when it is new.
    package func propertyKey(_ name: String) throws(GraphError) -> PropertyKeyID {
        try self.graph.internKey(name)
    }

    // MARK: Nodes

    /// Makes a node. Null values are left out.
    /// - Throws: ``GraphError`` when a value is not storable or a constraint forbids it.
    package func createNode(
        labels: [LabelID], properties: [(key: PropertyKeyID, value: Value)]
    ) throws(GraphError) -> NodeID {
        guard self.graph.nodeIDBound < UInt32.max else { throw .full }
        let node = NodeID(self.graph.nodeIDBound)
        let sorted = Set(labels).sorted()
        try self.graph.putNode(node, labels: sorted, properties: self.checked(properties))
        self.touched.nodes.insert(node)
        return node
    }

    /// Makes a node, with names instead of numbers.
    /// - Throws: ``GraphError`` as ``createNode(labels:properties:)-(LabelID,_)``.
    package func createNode(
        labels: [String], properties: [String: Value] = [:]
    ) throws(GraphError) -> NodeID {
        var numbers: [LabelID] = []
        for label in labels { numbers.append(try self.label(label)) }
        return try self.createNode(labels: numbers, properties: self.numbered(properties))
    }

    /// Removes a node that has no relationships.
    /// - Throws: ``GraphError/nodeNotFound(_:)``, ``GraphError/nodeHasRelationships(_:count:)``.
    package func deleteNode(_ node: NodeID) throws(GraphError) {
        try self.graph.removeNode(node)
        self.touched.nodes.insert(node)
    }

    /// Removes a node and its relationships; gives how many relationships went. O(degree).
    /// - Throws: ``GraphError/nodeNotFound(_:)``.
    @discardableResult
    package func detachDeleteNode(_ node: NodeID) throws(GraphError) -> Int {
        guard let record = self.graph.node(node) else { throw .nodeNotFound(node) }
        var gone: Set<RelationshipID> = []
        for entry in record.outgoing.entries { gone.insert(entry.relationship) }
        for entry in record.incoming.entries { gone.insert(entry.relationship) }
        for relationship in gone { try self.deleteRelationship(relationship) }
        try self.deleteNode(node)
        return gone.count
    }

    /// Adds a label; false when the node has it already.
    /// - Throws: ``GraphError`` when there is no such node or a constraint forbids it.
    @discardableResult
    package func addLabel(_ label: LabelID, to node: NodeID) throws(GraphError) -> Bool {
        guard let record = self.graph.node(node) else { throw .nodeNotFound(node) }
        guard !record.labels.contains(label) else { return false }
        let labels = (record.labels + [label]).sorted()
        try self.graph.putNode(node, labels: labels, properties: record.properties)
        self.touched.nodes.insert(node)
        return true
    }

    /// Takes a label away; false when the node does not have it.
    /// - Throws: ``GraphError/nodeNotFound(_:)``.
    @discardableResult
    package func removeLabel(_ label: LabelID, from node: NodeID) throws(GraphError) -> Bool {
        guard let record = self.graph.node(node) else { throw .nodeNotFound(node) }
        guard record.labels.contains(label) else { return false }
        let labels = record.labels.filter { $0 != label }
        try self.graph.putNode(node, labels: labels, properties: record.properties)
        self.touched.nodes.insert(node)
        return true
    }

    /// Sets or, with null, removes a node's property; gives the value before.
    /// - Throws: ``GraphError`` when the value is not storable, or a constraint forbids it.
    @discardableResult
    package func setProperty(
        _ key: PropertyKeyID, of node: NodeID, to value: Value
    ) throws(GraphError) -> Value {
        guard let record = self.graph.node(node) else { throw .nodeNotFound(node) }
        try self.checkStorable(key, value)
        var properties = record.properties
        let old = properties.set(key, value)
        if old != value {
            try self.graph.putNode(node, labels: record.labels, properties: properties)
            self.touched.nodes.insert(node)
        }
        return old
    }

    // MARK: Relationships

    /// Makes a relationship. Null values are left out.
    /// - Throws: ``GraphError`` when an end does not exist or a value is not storable.
    package func createRelationship(
        type: RelationshipTypeID, from source: NodeID, to target: NodeID,
        properties: [(key: PropertyKeyID, value: Value)]
    ) throws(GraphError) -> RelationshipID {
        guard self.graph.relationshipIDBound < UInt32.max else { throw .full }
        let relationship = RelationshipID(self.graph.relationshipIDBound)
        let record = RelationshipRecord(
            type: type, source: source, target: target, properties: try self.checked(properties))
        try self.graph.insertRelationship(relationship, record)
        self.touched.relationships.insert(relationship)
        return relationship
    }

    /// Makes a relationship, with names instead of numbers.
    /// - Throws: ``GraphError`` as the other form.
    package func createRelationship(
        type: String, from source: NodeID, to target: NodeID, properties: [String: Value] = [:]
    ) throws(GraphError) -> RelationshipID {
        try self.createRelationship(
            type: self.relationshipType(type), from: source, to: target,
            properties: self.numbered(properties))
    }

    /// Removes a relationship.
    /// - Throws: ``GraphError/relationshipNotFound(_:)``.
    package func deleteRelationship(_ relationship: RelationshipID) throws(GraphError) {
        try self.graph.removeRelationship(relationship)
        self.touched.relationships.insert(relationship)
    }

    /// Sets or, with null, removes a relationship's property; gives the value before.
    /// - Throws: ``GraphError`` when there is no such relationship or the value is not storable.
    @discardableResult
    package func setProperty(
        _ key: PropertyKeyID, of relationship: RelationshipID, to value: Value
    ) throws(GraphError) -> Value {
        guard let record = self.graph.relationship(relationship) else {
            throw .relationshipNotFound(relationship)
        }
        try self.checkStorable(key, value)
        var properties = record.properties
        let old = properties.set(key, value)
        try self.graph.setProperties(of: relationship, properties)
        self.touched.relationships.insert(relationship)
        return old
    }

    // MARK: Schema

    /// Makes an index over what is there and what comes. O(nodes of the label).
    /// - Throws: ``GraphError/schemaExists(name:)`` when the name or the same keys are taken.
    package func createIndex(_ definition: IndexDefinition) throws(GraphError) {
        try self.graph.addIndex(definition)
        self.touched.schema.append(.createIndex(definition))
    }

    /// Drops an index.
    /// - Throws: ``GraphError/schemaNotFound(name:)``, ``GraphError/indexOwnedByConstraint(name:)``.
    package func dropIndex(name: String) throws(GraphError) {
        try self.graph.removeIndex(name: name)
        self.touched.schema.append(.dropIndex(name: name))
    }

    /// Makes a constraint after checking what is there. O(nodes of the label or all relationships).
    /// - Throws: ``GraphError`` when the name is taken or something breaks the rule already.
    package func createConstraint(_ definition: ConstraintDefinition) throws(GraphError) {
        try self.graph.addConstraint(definition)
        self.touched.schema.append(.createConstraint(definition))
    }

    /// Drops a constraint and its index.
    /// - Throws: ``GraphError/schemaNotFound(name:)``.
    package func dropConstraint(name: String) throws(GraphError) {
        try self.graph.removeConstraint(name: name)
        self.touched.schema.append(.dropConstraint(name: name))
    }

    // MARK: The end

    /// Adds a line to a journal; it becomes durable together with the changes.
    package func record(_ entry: JournalEntry) { self.touched.journal.append(entry) }

    /// Checks what holds only at the end (properties that must exist) and gives the change set and the
    /// snapshot to publish, or nil when nothing changed. O(entities touched).
    /// - Throws: ``GraphError/propertyMissing(constraint:entity:key:)``.
    package func finish() throws(GraphError) -> (changes: ChangeSet, graph: GraphSnapshot)? {
        guard !self.isEmpty else { return nil }
        try self.checkExistence()
        var changes = self.touched.schema
        var deletedNodes: [GraphChange] = []
        var relationships: [GraphChange] = []
        for node in self.touched.nodes.sorted() {
            if let image = self.graph.image(of: node) {
                changes.append(image)
            } else if self.base.contains(node) {
                deletedNodes.append(.deleteNode(node))
            }
        }
        for relationship in self.touched.relationships.sorted() {
            if let image = self.graph.image(of: relationship) {
                relationships.append(image)
            } else if self.base.contains(relationship) {
                changes.append(.deleteRelationship(relationship))
            }
        }
        self.graph.version = self.base.version + 1
        let set = ChangeSet(
            position: self.graph.version, changes: changes + deletedNodes + relationships,
            journal: self.touched.journal)
        return (set, self.graph)
    }

    private func checkExistence() throws(GraphError) {
        for constraint in self.graph.constraints {
            switch constraint.kind {
            case .unique: break
            case .nodeKey, .nodePropertyExists:
                guard let label = self.graph.tokens.label(constraint.entity) else { continue }
                for node in self.touched.nodes where self.graph.hasLabel(node, label) {
                    try self.graph.check(constraint, self.graph.properties(of: node))
                }
            case .relationshipPropertyExists:
                guard let type = self.graph.tokens.relationshipType(constraint.entity) else { continue }
                for relationship in self.touched.relationships {
                    guard let record = self.graph.relationship(relationship), record.type == type
                    else { continue }
                    try self.graph.check(constraint, record.properties)
                }
            }
        }
    }

    private func checked(
        _ properties: [(key: PropertyKeyID, value: Value)]
    ) throws(GraphError) -> Properties {
        var checked = Properties()
        for (key, value) in properties {
            try self.checkStorable(key, value)
            checked.set(key, value)
        }
        return checked
    }

    private func checkStorable(_ key: PropertyKeyID, _ value: Value) throws(GraphError) {
        guard value.isNull || value.isStorable else {
            throw .notStorable(key: self.graph.tokens.name(key), typeName: value.typeName)
        }
    }

    private func numbered(
        _ properties: [String: Value]
    ) throws(GraphError) -> [(key: PropertyKeyID, value: Value)] {
        var numbered: [(key: PropertyKeyID, value: Value)] = []
        // Sorted so that numbers of new keys do not depend on the dictionary's order.
        for (key, value) in properties.sorted(by: { $0.key < $1.key }) {
            numbered.append((try self.propertyKey(key), value))
        }
        return numbered
    }
}
