// Steps that change a snapshot in place. Only ``GraphTransaction`` and ``GraphLoader`` call them, each on
// a copy of its own; every step either happens whole or throws and leaves the snapshot as it was.

extension GraphSnapshot {
    mutating func internLabel(_ name: String) throws(GraphError) -> LabelID {
        guard !name.isEmpty else { throw .emptyName }
        let label = self.tokens.internLabel(name)
        while self.labelMembers.count <= Int(label.index) { self.labelMembers.append(NodeSet()) }
        return label
    }

    mutating func internType(_ name: String) throws(GraphError) -> RelationshipTypeID {
        guard !name.isEmpty else { throw .emptyName }
        let type = self.tokens.internRelationshipType(name)
        while self.typeCounts.count <= Int(type.index) { self.typeCounts.append(0) }
        return type
    }

    mutating func internKey(_ name: String) throws(GraphError) -> PropertyKeyID {
        guard !name.isEmpty else { throw .emptyName }
        return self.tokens.internPropertyKey(name)
    }

    // MARK: Nodes

    /// Makes a node at a number that is free.
    mutating func insertNode(
        _ node: NodeID, labels: [LabelID], properties: Properties
    ) throws(GraphError) {
        let moves = try self.moves(.node, node.index) { _, index in
            labels.contains(LabelID(index.entity)) ? (nil, index.key { properties[$0] }) : nil
        }
        let set = self.labelSets.number(of: labels)
        let bound = self.nodes.bound
        self.nodes.update(node.index) { page in
            page.labelSets[node.slot] = set
            for entry in properties { page.properties.set(entry.key, node.slot, entry.value) }
        }
        for label in labels { self.labelMembers[Int(label.index)].insert(node) }
        // Numbers that were jumped over can be used later.
        if node.index > bound { for number in bound..<node.index { self.freeNodes.insert(number) } }
        self.freeNodes.remove(node.index)
        self.nodeCount += 1
        self.apply(moves, node.index)
    }

    mutating func removeNode(_ node: NodeID) throws(GraphError) {
        guard self.contains(node) else { throw .nodeNotFound(node) }
        let degree = self.degree(of: node, .outgoing) + self.degree(of: node, .incoming)
        guard degree == 0 else { throw .nodeHasRelationships(node, count: degree) }
        let moves = try self.moves(.node, node.index) { graph, index in
            graph.hasLabel(node, LabelID(index.entity))
                ? (index.key { graph.property($0, of: node) }, nil) : nil
        }
        for label in self.labels(of: node) { self.labelMembers[Int(label.index)].remove(node) }
        self.nodes.update(node.index) { page in
            page.labelSets[node.slot] = NodePage.none
            page.properties.replace(node.slot, with: Properties())
        }
        self.freeNodes.insert(node.index)
        self.nodeCount -= 1
        self.apply(moves, node.index)
    }

    /// Gives a node just these labels, sorted. O(degree) when it has relationships: exact counts by label move.
    mutating func setLabels(of node: NodeID, to labels: [LabelID]) throws(GraphError) {
        let old = self.labels(of: node)
        let moves = try self.moves(.node, node.index) { graph, index in
            let label = LabelID(index.entity)
            switch (old.contains(label), labels.contains(label)) {
            case (true, false): return (index.key { graph.property($0, of: node) }, nil)
            case (false, true): return (nil, index.key { graph.property($0, of: node) })
            default: return nil
            }
        }
        let set = self.labelSets.number(of: labels)
        self.recount(node, from: self.labelSet(of: node), to: set)
        self.nodes.update(node.index) { $0.labelSets[node.slot] = set }
        for label in labels where !old.contains(label) { self.labelMembers[Int(label.index)].insert(node) }
        for label in old where !labels.contains(label) { self.labelMembers[Int(label.index)].remove(node) }
        self.apply(moves, node.index)
    }

    /// Sets or, with null, removes one property of a node that exists.
    mutating func setProperty(_ key: PropertyKeyID, of node: NodeID, to value: Value) throws(GraphError) {
        let moves = try self.moves(.node, node.index) { graph, index in
            guard index.keys.contains(key), graph.hasLabel(node, LabelID(index.entity)) else { return nil }
            return (
                index.key { graph.property($0, of: node) },
                index.key { $0 == key ? value : graph.property($0, of: node) }
            )
        }
        self.nodes.update(node.index) { $0.properties.set(key, node.slot, value) }
        self.apply(moves, node.index)
    }

    /// Moves the counts of a node's relationships to another label set.
    private mutating func recount(_ node: NodeID, from old: UInt32, to new: UInt32) {
        guard old != new else { return }
        var changes: [PatternCounts.Pattern: Int] = [:]
        self.adjacency(of: node, .outgoing).forEach(in: 0..<self.degree(of: node, .outgoing)) { entry in
            let isLoop = entry.neighbour == node
            let target = self.labelSet(of: entry.neighbour)
            let type = entry.type.index
            changes[.init(source: old, type: type, target: isLoop ? old : target), default: 0] -= 1
            changes[.init(source: new, type: type, target: isLoop ? new : target), default: 0] += 1
            return true
        }
        self.adjacency(of: node, .incoming).forEach(in: 0..<self.degree(of: node, .incoming)) { entry in
            guard entry.neighbour != node else { return true }
            let source = self.labelSet(of: entry.neighbour)
            let type = entry.type.index
            changes[.init(source: source, type: type, target: old), default: 0] -= 1
            changes[.init(source: source, type: type, target: new), default: 0] += 1
            return true
        }
        for (pattern, change) in changes { self.patternCounts.add(change, pattern) }
    }

    // MARK: Relationships

    /// Makes a relationship at a number that is free; its ends see it only after ``settle(_:)`` when `isSettled` is false.
    mutating func insertRelationship(
        _ relationship: RelationshipID, _ record: RelationshipRecord, _ properties: Properties,
        isSettled: Bool = true
    ) throws(GraphError) {
        guard self.isUsed(record.source) else { throw .nodeNotFound(record.source) }
        guard self.isUsed(record.target) else { throw .nodeNotFound(record.target) }
        let moves = try self.moves(.relationship, relationship.index) { _, index in
            index.entity == record.type.index ? (nil, index.key { properties[$0] }) : nil
        }
        let bound = self.relationships.bound
        for entry in properties { self.note(entry.key, record.type.index) }
        self.relationships.update(relationship.index) { page in
            page.set(
                relationship.slot, type: record.type.index, source: record.source.index,
                target: record.target.index)
            for entry in properties { page.properties.set(entry.key, relationship.slot, entry.value) }
        }
        if relationship.index > bound {
            for number in bound..<relationship.index { self.freeRelationships.insert(number) }
        }
        self.freeRelationships.remove(relationship.index)
        self.typeCounts[Int(record.type.index)] += 1
        self.relationshipCount += 1
        self.apply(moves, relationship.index)
        guard isSettled else { return }
        self.patternCounts.add(1, self.pattern(record))
        let (out, back) = Self.entries(relationship, record)
        self.outgoing.update(record.source.index) { $0.insert(out, record.source.adjacencySlot) }
        self.incoming.update(record.target.index) { $0.insert(back, record.target.adjacencySlot) }
    }

    mutating func removeRelationship(_ relationship: RelationshipID) throws(GraphError) {
        guard let record = self.relationship(relationship) else { throw .relationshipNotFound(relationship) }
        let moves = try self.moves(.relationship, relationship.index) { graph, index in
            index.entity == record.type.index
                ? (index.key { graph.property($0, of: relationship) }, nil) : nil
        }
        self.relationships.update(relationship.index) { page in
            page.set(relationship.slot, type: RelationshipPage.none, source: 0, target: 0)
            page.properties.replace(relationship.slot, with: Properties())
        }
        self.freeRelationships.insert(relationship.index)
        self.typeCounts[Int(record.type.index)] -= 1
        self.relationshipCount -= 1
        self.apply(moves, relationship.index)
        self.patternCounts.add(-1, self.pattern(record))
        let (out, back) = Self.entries(relationship, record)
        self.outgoing.update(record.source.index) { $0.remove(out, record.source.adjacencySlot) }
        self.incoming.update(record.target.index) { $0.remove(back, record.target.adjacencySlot) }
    }

    /// Sets or, with null, removes one property of a relationship that exists.
    mutating func setProperty(
        _ key: PropertyKeyID, of relationship: RelationshipID, to value: Value
    ) throws(GraphError) {
        let type = self.relationship(relationship)?.type.index
        let moves = try self.moves(.relationship, relationship.index) { graph, index in
            guard index.entity == type, index.keys.contains(key) else { return nil }
            return (
                index.key { graph.property($0, of: relationship) },
                index.key { $0 == key ? value : graph.property($0, of: relationship) }
            )
        }
        if let type, !value.isNull { self.note(key, type) }
        self.relationships.update(relationship.index) { $0.properties.set(key, relationship.slot, value) }
        self.apply(moves, relationship.index)
    }

    /// Whether there is a node, as ``contains(_:)-(NodeID)`` says. Asks the free numbers and not the nodes' pages, which many
    /// relationships meet in no order and out of the processor's caches.
    private func isUsed(_ node: NodeID) -> Bool {
        node.index < self.nodeIDBound && !self.freeNodes.contains(node.index)
    }

    private func pattern(_ record: RelationshipRecord) -> PatternCounts.Pattern {
        PatternCounts.Pattern(
            source: self.labelSet(of: record.source), type: record.type.index,
            target: self.labelSet(of: record.target))
    }

    private static func entries(
        _ relationship: RelationshipID, _ record: RelationshipRecord
    ) -> (out: AdjacencyEntry, back: AdjacencyEntry) {
        (
            AdjacencyEntry(type: record.type, neighbour: record.target, relationship: relationship),
            AdjacencyEntry(type: record.type, neighbour: record.source, relationship: relationship)
        )
    }

    // MARK: Indexes

    /// An index and the keys that an entity leaves and gets there.
    private typealias Move = (index: Int, from: IndexKey?, to: IndexKey?)

    /// What has to move in the indexes; all uniqueness is checked before anything moves.
    private func moves(
        _ kind: EntityKind, _ id: UInt32,
        _ keys: (GraphSnapshot, PropertyIndex) -> (from: IndexKey?, to: IndexKey?)?
    ) throws(GraphError) -> [Move] {
        var moves: [Move] = []
        for position in self.indexes.indices where self.indexes[position].definition.on == kind {
            guard let (from, to) = keys(self, self.indexes[position]), from != to else { continue }
            if let to, self.checksUniqueness, self.indexes[position].constraint != nil,
                let holder = self.indexes[position].first(to), holder != id
            {
                throw self.alreadyExists(self.indexes[position], holder)
            }
            moves.append((position, from, to))
        }
        return moves
    }

    private mutating func apply(_ moves: [Move], _ id: UInt32) {
        for move in moves {
            if let from = move.from { self.indexes[move.index].remove(id, under: from) }
            if let to = move.to { self.indexes[move.index].insert(id, under: to) }
        }
    }

    /// Somebody else has the values already: those of the holder.
    func alreadyExists(_ index: PropertyIndex, _ holder: UInt32) -> GraphError {
        let values = index.keys.map { self.value($0, index.definition.on, holder) }
        return .alreadyExists(
            constraint: index.constraint?.name ?? index.definition.name, on: index.definition.on,
            entity: index.definition.label, keys: index.definition.keys, values: values, holder: holder)
    }

    func value(_ key: PropertyKeyID, _ kind: EntityKind, _ id: UInt32) -> Value {
        switch kind {
        case .node: self.property(key, of: NodeID(id))
        case .relationship: self.property(key, of: RelationshipID(id))
        }
    }
}
