/// Changes to a graph that happen together or not at all.
///
/// Works on a snapshot of its own, ``graph``, in which it sees its own writes. Nobody else sees anything
/// until the owner publishes that snapshot; dropping the transaction undoes it. Not `Sendable`: one task
/// at a time. Each step is O(log n) unless it says more.
///
/// Numbers of deleted entities are used again, by later transactions only: within one, a number is one entity.
package final class GraphTransaction {
    /// The graph as this transaction sees it.
    package private(set) var graph: GraphSnapshot
    private let base: Base
    private var touched = Touched()
    var undoLog = UndoLog()
    /// Who changes the graph, where somebody has to say: for those who keep a record of it.
    package var actor: String?
    /// What may not be written now; nil when everything may.
    var rules: NumberedRules?
    /// Whether taking something back failed: then nothing can be believed.
    private var isBroken = false
    /// Whether new entities get numbers of deleted ones; if not, whatever the transaction makes has greater numbers than
    /// what was there.
    package var usesFreeNumbers = true
    /// From where on numbers that were free at the start are looked for.
    private var nextFreeNode: UInt32 = 0
    private var nextFreeRelationship: UInt32 = 0
    /// Relationships that are not yet at their ends.
    private var unsettled: ContiguousArray<UInt32> = []

    /// What is needed of the graph as it was: not the graph, which would keep pages from being changed in place.
    private struct Base {
        let version: UInt64
        let nodeIDBound: UInt32
        let relationshipIDBound: UInt32
        let freeNodes: IDSet
        let freeRelationships: IDSet
    }

    fileprivate struct Touched {
        /// Older numbers only: newer ones are a range.
        var nodes: Set<NodeID> = []
        var relationships: Set<RelationshipID> = []
        var schema: [GraphChange] = []
        var journal: [JournalEntry] = []
    }

    /// Where to go back to: a state of the transaction.
    package struct Savepoint {
        fileprivate let mark: Int
        fileprivate let touched: Touched
    }

    /// Starts from a snapshot, whose pages change in place as far as nobody else holds them. O(1).
    package init(_ base: consuming GraphSnapshot) {
        self.base = Base(
            version: base.version, nodeIDBound: base.nodeIDBound,
            relationshipIDBound: base.relationshipIDBound,
            freeNodes: base.freeNodes, freeRelationships: base.freeRelationships)
        self.graph = base
    }

    /// Whether nothing was written yet.
    package var isEmpty: Bool {
        self.undoLog.steps.isEmpty && self.touched.journal.isEmpty
    }

    /// Remembers the state. O(1).
    package func savepoint() -> Savepoint { Savepoint(mark: self.undoLog.mark(), touched: self.touched) }

    /// Undoes everything since the savepoint. Names stay known, so that compiled queries stay right; numbers of what was
    /// made since are free. O(steps since).
    package func rollback(to savepoint: Savepoint) {
        self.settle()
        do {
            try self.undoLog.undo(to: savepoint.mark, in: &self.graph)
        } catch {
            self.isBroken = true
        }
        self.touched = savepoint.touched
    }

    /// Undoes everything and gives the graph as it was, but for names and for numbers that are free now; nil when that
    /// failed. The transaction is over.
    package func abandon() -> GraphSnapshot? {
        self.rollback(to: Savepoint(mark: 0, touched: Touched()))
        return self.isBroken ? nil : self.graph
    }

    /// Keeps what rules forbid from being written until ``liftRules()``; what they name gets numbers.
    package func restrict(to rules: GraphRules) {
        var tokens = self.graph.tokens
        self.rules = NumberedRules(rules, naming: &tokens)
        self.graph.adopt(tokens)
    }

    /// Everything may be written again.
    package func liftRules() { self.rules = nil }

    private func touch(_ node: NodeID) {
        if node.index < self.base.nodeIDBound { self.touched.nodes.insert(node) }
    }

    private func touch(_ relationship: RelationshipID) {
        if relationship.index < self.base.relationshipIDBound {
            self.touched.relationships.insert(relationship)
        }
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
        if let rules = self.rules {
            try rules.requireWritable(labels, self.graph.tokens)
            for (key, value) in properties where !value.isNull {
                try rules.requireWritable(key, of: labels, self.graph.tokens)
            }
        }
        let node = try self.freeNode()
        let sorted = labels.count < 2 ? labels : Set(labels).sorted()
        try self.graph.insertNode(node, labels: sorted, properties: self.checked(properties))
        self.undoLog.created(node)
        self.touch(node)
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

    /// A number that was free when the transaction began and still is, else a new one.
    private func freeNode() throws(GraphError) -> NodeID {
        while self.usesFreeNumbers, let number = self.base.freeNodes.first(from: self.nextFreeNode) {
            self.nextFreeNode = number + 1
            if self.graph.freeNodes.contains(number) { return NodeID(number) }
        }
        guard self.graph.nodeIDBound < UInt32.max else { throw .full }
        return NodeID(self.graph.nodeIDBound)
    }

    private func freeRelationship() throws(GraphError) -> RelationshipID {
        while self.usesFreeNumbers,
            let number = self.base.freeRelationships.first(from: self.nextFreeRelationship)
        {
            self.nextFreeRelationship = number + 1
            if self.graph.freeRelationships.contains(number) { return RelationshipID(number) }
        }
        guard self.graph.relationshipIDBound < UInt32.max else { throw .full }
        return RelationshipID(self.graph.relationshipIDBound)
    }

    /// Removes a node that has no relationships.
    /// - Throws: ``GraphError/nodeNotFound(_:)``, ``GraphError/nodeHasRelationships(_:count:)``.
    package func deleteNode(_ node: NodeID) throws(GraphError) {
        self.settle()
        let (labels, properties) = (self.graph.labels(of: node), self.graph.properties(of: node))
        try self.rules?.requireDeletable(node, self.graph)
        try self.graph.removeNode(node)
        self.undoLog.append(.deletedNode(node, labels: labels, properties))
        self.touch(node)
    }

    /// Removes a node and its relationships; gives how many relationships went. O(degree).
    /// - Throws: ``GraphError/nodeNotFound(_:)``.
    @discardableResult
    package func detachDeleteNode(_ node: NodeID) throws(GraphError) -> Int {
        self.settle()
        guard self.graph.contains(node) else { throw .nodeNotFound(node) }
        var gone: Set<RelationshipID> = []
        for direction in [Direction.outgoing, .incoming] {
            self.graph.forEachNeighbour(of: node, direction) { gone.insert($1) }
        }
        try self.rules?.requireWritable(self.graph.labels(of: node), self.graph.tokens)
        try self.rules?.requireSeen(gone, of: node, self.graph)
        for relationship in gone.sorted() { try self.deleteRelationship(relationship) }
        try self.deleteNode(node)
        return gone.count
    }

    /// Adds a label; false when the node has it already. O(degree): counts of patterns move with it.
    /// - Throws: ``GraphError`` when there is no such node or a constraint forbids it.
    @discardableResult
    package func addLabel(_ label: LabelID, to node: NodeID) throws(GraphError) -> Bool {
        try self.rules?.requireAddable(label, to: node, self.graph)
        guard try !self.has(node, label) else { return false }
        try self.setLabels(of: node) { ($0 + [label]).sorted() }
        return true
    }

    /// Takes a label away; false when the node does not have it. O(degree), as ``addLabel(_:to:)``.
    /// - Throws: ``GraphError/nodeNotFound(_:)``.
    @discardableResult
    package func removeLabel(_ label: LabelID, from node: NodeID) throws(GraphError) -> Bool {
        try self.rules?.requireRemovable(label, from: node, self.graph)
        guard try self.has(node, label) else { return false }
        try self.setLabels(of: node) { $0.filter { $0 != label } }
        return true
    }

    private func has(_ node: NodeID, _ label: LabelID) throws(GraphError) -> Bool {
        guard self.graph.contains(node) else { throw .nodeNotFound(node) }
        return self.graph.hasLabel(node, label)
    }

    private func setLabels(of node: NodeID, to change: ([LabelID]) -> [LabelID]) throws(GraphError) {
        self.settle()
        let labels = self.graph.labels(of: node)
        try self.graph.setLabels(of: node, to: change(labels))
        self.undoLog.append(.labels(node, labels))
        self.touch(node)
    }

    /// Sets or, with null, removes a node's property; gives the value before.
    /// - Throws: ``GraphError`` when the value is not storable, or a constraint forbids it.
    @discardableResult
    package func setProperty(
        _ key: PropertyKeyID, of node: NodeID, to value: Value
    ) throws(GraphError) -> Value {
        guard self.graph.contains(node) else { throw .nodeNotFound(node) }
        if let rules = self.rules {
            let labels = self.graph.labels(of: node)
            try rules.requireWritable(labels, self.graph.tokens)
            try rules.requireWritable(key, of: labels, self.graph.tokens)
        }
        try self.checkStorable(key, value)
        let old = self.graph.property(key, of: node)
        if old != value {
            try self.graph.setProperty(key, of: node, to: value)
            self.undoLog.append(.nodeProperty(node, key, old))
            self.touch(node)
        }
        return old
    }

    // MARK: Relationships

    /// Makes a relationship. Null values are left out.
    /// - Throws: ``GraphError`` when an end does not exist, a value is not storable or a constraint forbids it.
    package func createRelationship(
        type: RelationshipTypeID, from source: NodeID, to target: NodeID,
        properties: [(key: PropertyKeyID, value: Value)]
    ) throws(GraphError) -> RelationshipID {
        try self.insert(
            RelationshipRecord(type: type, source: source, target: target), properties, isSettled: true)
    }

    /// Makes a relationship that its ends see only after ``settle()``, which the end of the transaction calls: for many at
    /// once, a small part of the cost of ``createRelationship(type:from:to:properties:)-(RelationshipTypeID,_,_,_)``.
    /// - Throws: ``GraphError`` as that.
    package func appendRelationship(
        type: RelationshipTypeID, from source: NodeID, to target: NodeID,
        properties: [(key: PropertyKeyID, value: Value)]
    ) throws(GraphError) -> RelationshipID {
        let relationship = try self.insert(
            RelationshipRecord(type: type, source: source, target: target), properties, isSettled: false)
        self.unsettled.append(relationship.index)
        return relationship
    }

    private func insert(
        _ record: RelationshipRecord, _ properties: [(key: PropertyKeyID, value: Value)], isSettled: Bool
    ) throws(GraphError) -> RelationshipID {
        if let rules = self.rules {
            try rules.requireWritable(record.type, self.graph.tokens)
            for (key, value) in properties where !value.isNull {
                try rules.requireWritable(key, of: record.type, self.graph.tokens)
            }
        }
        let relationship = try self.freeRelationship()
        try self.graph.insertRelationship(
            relationship, record, self.checked(properties), isSettled: isSettled)
        self.undoLog.created(relationship)
        self.touch(relationship)
        return relationship
    }

    /// Brings relationships that were appended to their ends. O(n log n) for n of them.
    package func settle() {
        guard !self.unsettled.isEmpty else { return }
        self.graph.settle(self.unsettled)
        self.unsettled = []
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
        self.settle()
        guard let record = self.graph.relationship(relationship) else {
            throw .relationshipNotFound(relationship)
        }
        try self.rules?.requireWritable(record.type, self.graph.tokens)
        let properties = self.graph.properties(of: relationship)
        try self.graph.removeRelationship(relationship)
        self.undoLog.append(.deletedRelationship(relationship, record, properties))
        self.touch(relationship)
    }

    /// Sets or, with null, removes a relationship's property; gives the value before.
    /// - Throws: ``GraphError`` when there is no such relationship, the value is not storable or a constraint forbids it.
    @discardableResult
    package func setProperty(
        _ key: PropertyKeyID, of relationship: RelationshipID, to value: Value
    ) throws(GraphError) -> Value {
        guard let record = self.graph.relationship(relationship) else {
            throw .relationshipNotFound(relationship)
        }
        if let rules = self.rules {
            try rules.requireWritable(record.type, self.graph.tokens)
            try rules.requireWritable(key, of: record.type, self.graph.tokens)
        }
        try self.checkStorable(key, value)
        let old = self.graph.property(key, of: relationship)
        if old != value {
            try self.graph.setProperty(key, of: relationship, to: value)
            self.undoLog.append(.relationshipProperty(relationship, key, old))
            self.touch(relationship)
        }
        return old
    }

    // MARK: Schema

    /// Makes an index over what is there and what comes. O(n log n) for n entities, or with a prepared one
    /// (``GraphSnapshot/prepare(_:)``) O(pages + what changed since).
    /// - Throws: ``GraphError/schemaExists(name:)`` when the name or the same keys are taken, and what the checkpoint throws.
    package func createIndex(
        _ definition: IndexDefinition, prepared: PreparedIndex? = nil, checkpoint: Checkpoint? = nil
    ) throws(GraphError) {
        try self.rules?.requireWritable(definition.on, definition.label, definition.keys)
        try self.change(.createIndex(definition)) { graph throws(GraphError) in
            try graph.addIndex(definition, prepared: prepared, checkpoint: checkpoint)
        }
    }

    /// Drops an index.
    /// - Throws: ``GraphError/schemaNotFound(name:)``, ``GraphError/indexOwnedByConstraint(name:)``.
    package func dropIndex(name: String) throws(GraphError) {
        if let rules = self.rules,
            let index = self.graph.indexes.first(where: { $0.definition.name == name })?.definition
        {
            try rules.requireWritable(index.on, index.label, index.keys)
        }
        try self.change(.dropIndex(name: name)) { graph throws(GraphError) in
            try graph.removeIndex(name: name)
        }
    }

    /// Makes a constraint after checking what is there. O(nodes of the label or all relationships).
    /// - Throws: ``GraphError`` when the name is taken or something breaks the rule already, and what the checkpoint throws.
    package func createConstraint(
        _ definition: ConstraintDefinition, prepared: PreparedIndex? = nil, checkpoint: Checkpoint? = nil
    ) throws(GraphError) {
        try self.rules?.requireWritable(definition.kind.on, definition.entity, definition.keys)
        try self.change(.createConstraint(definition)) { graph throws(GraphError) in
            try graph.addConstraint(definition, prepared: prepared, checkpoint: checkpoint)
        }
    }

    /// Drops a constraint and its index.
    /// - Throws: ``GraphError/schemaNotFound(name:)``.
    package func dropConstraint(name: String) throws(GraphError) {
        if let rules = self.rules, let rule = self.graph.constraints.first(where: { $0.name == name }) {
            try rules.requireWritable(rule.kind.on, rule.entity, rule.keys)
        }
        try self.change(.dropConstraint(name: name)) { graph throws(GraphError) in
            try graph.removeConstraint(name: name)
        }
    }

    private func change(
        _ change: GraphChange, _ body: (inout GraphSnapshot) throws(GraphError) -> Void
    ) throws(GraphError) {
        let (indexes, constraints) = (self.graph.indexes, self.graph.constraints)
        try body(&self.graph)
        self.undoLog.append(.schema(indexes, constraints))
        self.touched.schema.append(change)
    }

    // MARK: The end

    /// Adds a line to a journal; it becomes durable together with the changes.
    package func record(_ entry: JournalEntry) { self.touched.journal.append(entry) }

    /// Checks what holds only at the end (properties that must exist or be of a type) and gives the commit, whose graph is
    /// to be published, or nil when nothing changed. O(entities touched).
    /// - Throws: ``GraphError/propertyMissing(constraint:entity:key:)``,
    ///   ``GraphError/propertyType(constraint:entity:key:wanted:found:)``.
    package func finish() throws(GraphError) -> GraphCommit? {
        guard !self.isBroken else { throw .rollbackFailed }
        guard !self.isEmpty else { return nil }
        self.settle()
        try self.checkConstraints()
        self.graph.version = self.base.version + 1
        return GraphCommit(
            position: self.graph.version, graph: self.graph, schema: self.touched.schema,
            journal: self.touched.journal,
            newNodes: self.base.nodeIDBound..<self.graph.nodeIDBound,
            newRelationships: self.base.relationshipIDBound..<self.graph.relationshipIDBound,
            touchedNodes: self.touched.nodes.sorted(),
            touchedRelationships: self.touched.relationships.sorted())
    }

    private func checkConstraints() throws(GraphError) {
        let hasNodes = !self.touched.nodes.isEmpty || self.graph.nodeIDBound > self.base.nodeIDBound
        let hasRelationships =
            !self.touched.relationships.isEmpty
            || self.graph.relationshipIDBound > self.base.relationshipIDBound
        for constraint in self.graph.constraints
        where constraint.kind.needsProperties || constraint.type != nil {
            switch constraint.kind.on {
            case .node:
                guard hasNodes, let label = self.graph.tokens.label(constraint.entity) else { continue }
                for node in self.touched.nodes where self.graph.hasLabel(node, label) {
                    try self.graph.check(constraint, node.index)
                }
                for number in self.base.nodeIDBound..<self.graph.nodeIDBound
                where self.graph.hasLabel(NodeID(number), label) {
                    try self.graph.check(constraint, number)
                }
            case .relationship:
                guard hasRelationships, let type = self.graph.tokens.relationshipType(constraint.entity)
                else { continue }
                for relationship in self.touched.relationships
                where self.graph.relationship(relationship)?.type == type {
                    try self.graph.check(constraint, relationship.index)
                }
                for number in self.base.relationshipIDBound..<self.graph.relationshipIDBound
                where self.graph.relationship(RelationshipID(number))?.type == type {
                    try self.graph.check(constraint, number)
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
