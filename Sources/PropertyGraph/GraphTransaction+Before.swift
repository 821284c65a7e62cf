/// What is asked of a graph to see what its relationships say.
package protocol RelationshipReading {
    /// Names and their numbers.
    var tokens: TokenTable { get }
    /// Type and ends; nil when there is none of that number.
    func relationship(_ relationship: RelationshipID) -> RelationshipRecord?
    /// A node's labels.
    func labels(of node: NodeID) -> [LabelID]
    /// A node's property, null where there is none.
    func property(_ key: PropertyKeyID, of node: NodeID) -> Value
    /// A relationship's property, null where there is none.
    func property(_ key: PropertyKeyID, of relationship: RelationshipID) -> Value
}

extension GraphSnapshot: RelationshipReading {}

/// A graph as it was before a transaction, as far as relationships that were there before and their ends are concerned.
package struct GraphBefore: RelationshipReading {
    private struct Was {
        var labels: [LabelID]?
        var properties: [PropertyKeyID: Value] = [:]
        /// All there were when it was deleted.
        var deleted: Properties?
    }
    private let graph: GraphSnapshot
    private var nodes: [NodeID: Was] = [:]
    private var relationships: [RelationshipID: Was] = [:]
    private var records: [RelationshipID: RelationshipRecord] = [:]

    init(_ graph: GraphSnapshot, _ log: UndoLog) {
        self.graph = graph
        // The first that a step says of a thing is how it was.
        for step in log.steps {
            switch step {
            case .createdNodes, .createdRelationships, .schema: break
            case .deletedNode(let node, let labels, let properties):
                var was = self.nodes[node] ?? Was()
                was.labels = was.labels ?? labels
                was.deleted = properties
                self.nodes[node] = was
            case .deletedRelationship(let relationship, let record, let properties):
                self.records[relationship] = record
                self.relationships[relationship, default: Was()].deleted = properties
            case .labels(let node, let labels):
                var was = self.nodes[node] ?? Was()
                was.labels = was.labels ?? labels
                self.nodes[node] = was
            case .nodeProperty(let node, let key, let value):
                if self.nodes[node]?.properties[key] == nil {
                    self.nodes[node, default: Was()].properties[key] = value
                }
            case .relationshipProperty(let relationship, let key, let value):
                if self.relationships[relationship]?.properties[key] == nil {
                    self.relationships[relationship, default: Was()].properties[key] = value
                }
            }
        }
    }

    package var tokens: TokenTable { self.graph.tokens }

    package func relationship(_ relationship: RelationshipID) -> RelationshipRecord? {
        self.records[relationship] ?? self.graph.relationship(relationship)
    }

    package func labels(of node: NodeID) -> [LabelID] {
        self.nodes[node]?.labels ?? self.graph.labels(of: node)
    }

    package func property(_ key: PropertyKeyID, of node: NodeID) -> Value {
        Self.value(key, self.nodes[node]) ?? self.graph.property(key, of: node)
    }

    package func property(_ key: PropertyKeyID, of relationship: RelationshipID) -> Value {
        Self.value(key, self.relationships[relationship]) ?? self.graph.property(key, of: relationship)
    }

    private static func value(_ key: PropertyKeyID, _ was: Was?) -> Value? {
        was?.properties[key] ?? was?.deleted?[key]
    }
}

/// Relationships that say something else after a transaction than before it.
package struct RelationshipTouches {
    /// One of them.
    package struct Touch: Hashable {
        /// Which.
        package let relationship: RelationshipID
        /// Whether the transaction made it.
        package let isNew: Bool
    }
    /// In the order of what happened to them first; only a part when there are too many.
    package fileprivate(set) var list: [Touch] = []
    /// Whether there are more than were wanted.
    package fileprivate(set) var isCut = false
}

extension GraphTransaction {
    /// The graph before the transaction. Holds the graph: to be gone before the next step. O(steps).
    package func before() -> GraphBefore { GraphBefore(self.graph, self.undoLog) }

    /// Relationships that were made, removed or whose properties changed, and those of older nodes whose labels, or whose
    /// property of one of the keys, changed. O(steps + relationships of such nodes).
    package func touchedRelationships(naming keys: Set<PropertyKeyID>, limit: Int) -> RelationshipTouches {
        self.settle()
        var touches = RelationshipTouches()
        var seen: Set<RelationshipID> = []
        func touch(_ relationship: RelationshipID, isNew: Bool) {
            guard touches.list.count < limit else {
                touches.isCut = true
                return
            }
            guard seen.insert(relationship).inserted else { return }
            touches.list.append(.init(relationship: relationship, isNew: isNew))
        }
        for step in self.undoLog.steps where !touches.isCut {
            switch step {
            case .createdNodes, .deletedNode, .schema: break
            case .createdRelationships(let range):
                for number in range where !touches.isCut { touch(RelationshipID(number), isNew: true) }
            case .deletedRelationship(let relationship, _, _), .relationshipProperty(let relationship, _, _):
                touch(relationship, isNew: false)
            case .nodeProperty(let node, let key, _):
                guard keys.contains(key) else { break }
                self.forEachOlderRelationship(of: node) { touch($0, isNew: false) }
            case .labels(let node, _): self.forEachOlderRelationship(of: node) { touch($0, isNew: false) }
            }
        }
        return touches
    }

    private func forEachOlderRelationship(of node: NodeID, _ body: (RelationshipID) -> Void) {
        guard self.graph.contains(node) else { return }
        let made = self.undoLog.steps.compactMap { step -> Range<UInt32>? in
            if case .createdRelationships(let range) = step { range } else { nil }
        }
        for direction in [Direction.outgoing, .incoming] {
            self.graph.forEachNeighbour(of: node, direction) { _, relationship in
                if !made.contains(where: { $0.contains(relationship.index) }) { body(relationship) }
            }
        }
    }
}
