// Indexes and constraints: made, dropped and checked.

/// An index built from a snapshot while others went on writing; ``GraphTransaction/createIndex(_:prepared:)`` brings it up
/// to date.
package struct PreparedIndex: Sendable {
    let index: PropertyIndex
    let base: GraphSnapshot
}

/// Asked now and then by long work on a graph: it goes on unless this throws ``GraphError/interrupted``.
package typealias Checkpoint = () throws(GraphError) -> Void

/// Asks a checkpoint once in 1,024 calls.
struct PacedCheckpoint {
    private let checkpoint: Checkpoint?
    private var count = 0

    init(_ checkpoint: Checkpoint?) { self.checkpoint = checkpoint }

    @inline(__always)
    mutating func pass() throws(GraphError) {
        self.count &+= 1
        if self.count & 1023 == 0 { try self.checkpoint?() }
    }
}

extension GraphSnapshot {
    /// Builds what an index would hold, without changing anything: the long part of making one. O(n log n).
    /// - Returns: nil when the graph has no such label, type or keys yet, or the index is there already: then making it
    ///   is quick; nil also when the checkpoint ended it.
    package func prepare(_ definition: IndexDefinition, checkpoint: Checkpoint? = nil) -> PreparedIndex? {
        var copy = self
        guard (try? copy.addIndex(definition, checkpoint: checkpoint)) != nil, let index = copy.indexes.last
        else { return nil }
        return PreparedIndex(index: index, base: self)
    }

    /// Makes an index over what is there. O(n log n), or O(what changed) with a prepared one.
    mutating func addIndex(
        _ definition: IndexDefinition, for constraint: ConstraintDefinition? = nil,
        prepared: PreparedIndex? = nil, checkpoint: Checkpoint? = nil
    ) throws(GraphError) {
        try checkpoint?()
        guard !self.isSchemaNameTaken(definition.name) || constraint?.name == definition.name else {
            throw .schemaExists(name: definition.name)
        }
        let entity =
            definition.on == .node
            ? try self.internLabel(definition.label).index : try self.internType(definition.label).index
        var keys: [PropertyKeyID] = []
        for key in definition.keys { keys.append(try self.internKey(key)) }
        if let same = self.index(on: definition.on, entity, keys, definition.kind) {
            throw .schemaExists(name: same.definition.name)
        }
        var index = PropertyIndex(definition: definition, entity: entity, keys: keys, constraint: constraint)
        if let prepared, prepared.index.entity == entity, prepared.index.keys == keys {
            index.adopt(prepared.index)
            self.catchUp(&index, since: prepared.base)
            if constraint != nil, let twins = index.twins() { throw self.alreadyExists(index, twins) }
        } else if let twins = try index.build(self.entries(of: index, checkpoint), checkpoint),
            constraint != nil
        {
            throw self.alreadyExists(index, twins.first)
        }
        self.indexes.append(index)
    }

    private func entries(
        of index: PropertyIndex, _ checkpoint: Checkpoint?
    ) throws(GraphError) -> ContiguousArray<PropertyIndex.Entry> {
        var entries = ContiguousArray<PropertyIndex.Entry>()
        var pace = PacedCheckpoint(checkpoint)
        switch index.definition.on {
        case .node:
            for node in self.nodes(LabelID(index.entity)) {
                try pace.pass()
                guard let key = index.key({ self.property($0, of: node) }) else { continue }
                entries.append(PropertyIndex.Entry(key: key, id: node.index))
            }
        case .relationship:
            for id in 0..<self.relationshipIDBound {
                try pace.pass()
                guard let key = self.key(index, id) else { continue }
                entries.append(PropertyIndex.Entry(key: key, id: id))
            }
        }
        return entries
    }

    /// The key of an entity in an index as things are now; nil when the index does not hold it.
    func key(_ index: PropertyIndex, _ id: UInt32) -> IndexKey? {
        switch index.definition.on {
        case .node:
            guard self.hasLabel(NodeID(id), LabelID(index.entity)) else { return nil }
        case .relationship:
            guard self.relationship(RelationshipID(id))?.type.index == index.entity else { return nil }
        }
        return index.key { self.value($0, index.definition.on, id) }
    }

    /// Moves entities that changed since a snapshot: those on pages that are not the same. O(pages + changes).
    private func catchUp(_ index: inout PropertyIndex, since base: GraphSnapshot) {
        let isNode = index.definition.on == .node
        let pages = max(
            isNode ? self.nodes.pageCount : self.relationships.pageCount,
            isNode ? base.nodes.pageCount : base.relationships.pageCount)
        for page in 0..<pages {
            let isSame =
                isNode
                ? self.nodes.shares(page, with: base.nodes)
                : self.relationships.shares(page, with: base.relationships)
            if isSame { continue }
            for id in UInt32(page << PageShape.shift)..<UInt32((page + 1) << PageShape.shift) {
                let (from, to) = (base.key(index, id), self.key(index, id))
                guard from != to else { continue }
                if let from { index.remove(id, under: from) }
                if let to { index.insert(id, under: to) }
            }
        }
    }

    mutating func removeIndex(name: String) throws(GraphError) {
        guard let position = self.indexes.firstIndex(where: { $0.definition.name == name }) else {
            throw .schemaNotFound(name: name)
        }
        guard self.indexes[position].constraint == nil else { throw .indexOwnedByConstraint(name: name) }
        self.indexes.remove(at: position)
    }

    /// Adds a constraint after checking all that is there. O(nodes of the label or all relationships).
    mutating func addConstraint(
        _ definition: ConstraintDefinition, prepared: PreparedIndex? = nil, checkpoint: Checkpoint? = nil
    ) throws(GraphError) {
        try checkpoint?()
        guard !self.isSchemaNameTaken(definition.name) else { throw .schemaExists(name: definition.name) }
        let twin = self.constraints.first {
            $0.kind == definition.kind && $0.entity == definition.entity && $0.keys == definition.keys
        }
        if let twin { throw .schemaExists(name: twin.name) }
        try self.checkAll(definition, checkpoint)
        if definition.kind.isIndexed {
            try self.addIndex(
                definition.index, for: definition, prepared: prepared, checkpoint: checkpoint)
        }
        self.constraints.append(definition)
    }

    mutating func removeConstraint(name: String) throws(GraphError) {
        guard let position = self.constraints.firstIndex(where: { $0.name == name }) else {
            throw .schemaNotFound(name: name)
        }
        self.constraints.remove(at: position)
        self.indexes.removeAll { $0.constraint?.name == name }
    }

    private func isSchemaNameTaken(_ name: String) -> Bool {
        self.constraints.contains { $0.name == name } || self.indexes.contains { $0.definition.name == name }
    }

    private mutating func checkAll(
        _ definition: ConstraintDefinition, _ checkpoint: Checkpoint?
    ) throws(GraphError) {
        guard definition.kind.needsProperties || definition.type != nil else { return }
        var pace = PacedCheckpoint(checkpoint)
        switch definition.kind.on {
        case .node:
            let label = try self.internLabel(definition.entity)
            for node in self.nodes(label) {
                try pace.pass()
                try self.check(definition, node.index)
            }
        case .relationship:
            let type = try self.internType(definition.entity)
            for relationship in self.allRelationships() {
                try pace.pass()
                guard self.relationship(relationship)?.type == type else { continue }
                try self.check(definition, relationship.index)
            }
        }
    }

    /// Throws when an entity lacks a property that the constraint asks for, or has one of another type.
    func check(_ constraint: ConstraintDefinition, _ id: UInt32) throws(GraphError) {
        for name in constraint.keys {
            let value = self.tokens.propertyKey(name).map { self.value($0, constraint.kind.on, id) } ?? .null
            if value.isNull {
                guard !constraint.kind.needsProperties else {
                    throw .propertyMissing(constraint: constraint.name, entity: constraint.entity, key: name)
                }
            } else if let type = constraint.type, !type.admits(value) {
                throw .propertyType(
                    constraint: constraint.name, entity: constraint.entity, key: name,
                    wanted: type.description, found: value.typeName)
            }
        }
    }
}

extension ConstraintDefinition {
    /// The index that keeps a rule about uniqueness.
    package var index: IndexDefinition {
        IndexDefinition(name: self.name, on: self.kind.on, label: self.entity, keys: self.keys)
    }
}
