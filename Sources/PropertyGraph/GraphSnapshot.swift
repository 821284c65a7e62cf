/// A whole graph at one moment: a value that never changes under its reader.
///
/// Copying one is O(1) in the size of the graph. All reads are O(1) or O(log n) unless they say more.
package struct GraphSnapshot: Sendable {
    /// The number of the last commit that it shows, from 0 for the empty graph.
    package internal(set) var version: UInt64 = 0
    /// Names of labels, types and keys.
    package internal(set) var tokens = TokenTable()
    /// How many nodes there are.
    package internal(set) var nodeCount = 0
    /// How many relationships there are.
    package internal(set) var relationshipCount = 0
    /// Indexes, those of constraints among them, in order of creation.
    package internal(set) var indexes: [PropertyIndex] = []
    /// Constraints in order of creation.
    package internal(set) var constraints: [ConstraintDefinition] = []

    var nodes = PagedTable<NodeRecord>()
    var relationships = PagedTable<RelationshipRecord>()
    var labelSets: [NodeSet] = []
    var typeCounts: [Int] = []

    /// An empty graph.
    package init() {}

    /// One past the greatest node number ever used.
    package var nodeIDBound: UInt32 { self.nodes.bound }
    /// One past the greatest relationship number ever used.
    package var relationshipIDBound: UInt32 { self.relationships.bound }

    // MARK: Nodes

    /// Whether the node exists.
    package func contains(_ node: NodeID) -> Bool { self.nodes.read(node.index) { _ in true } ?? false }

    /// Everything about a node, or nil when there is none.
    package func node(_ node: NodeID) -> NodeRecord? { self.nodes[node.index] }

    /// A node's labels, sorted by number; empty when there is no such node.
    package func labels(of node: NodeID) -> [LabelID] { self.nodes.read(node.index) { $0.labels } ?? [] }

    /// Whether a node carries a label.
    package func hasLabel(_ node: NodeID, _ label: LabelID) -> Bool {
        Int(label.index) < self.labelSets.count && self.labelSets[Int(label.index)].contains(node)
    }

    /// A node's property; null when the node or the property does not exist.
    package func property(_ key: PropertyKeyID, of node: NodeID) -> Value {
        self.nodes.read(node.index) { $0.properties[key] } ?? .null
    }

    /// All properties of a node.
    package func properties(of node: NodeID) -> Properties {
        self.nodes.read(node.index) { $0.properties } ?? Properties()
    }

    /// The relationships of a node in one direction, sorted by type and neighbour.
    package func adjacency(of node: NodeID, _ direction: Direction) -> Adjacency {
        self.nodes.read(node.index) { $0.adjacency(direction) } ?? Adjacency()
    }

    /// How many relationships a node has in one direction, of one type or of all.
    package func degree(of node: NodeID, _ direction: Direction, type: RelationshipTypeID? = nil) -> Int {
        let adjacency = self.adjacency(of: node, direction)
        guard let type else { return adjacency.count }
        return adjacency.range(of: type).count
    }

    /// The nodes of a label.
    package func nodes(_ label: LabelID) -> NodeSet {
        Int(label.index) < self.labelSets.count ? self.labelSets[Int(label.index)] : NodeSet()
    }

    /// How many nodes carry a label.
    package func count(_ label: LabelID) -> Int { self.nodes(label).count }

    /// All nodes in order of id.
    package func allNodes() -> some Sequence<NodeID> {
        (0..<self.nodes.bound).lazy.map(NodeID.init).filter { self.contains($0) }
    }

    // MARK: Relationships

    /// Whether the relationship exists.
    package func contains(_ relationship: RelationshipID) -> Bool {
        self.relationships.read(relationship.index) { _ in true } ?? false
    }

    /// Type, ends and properties of a relationship, or nil when there is none.
    package func relationship(_ relationship: RelationshipID) -> RelationshipRecord? {
        self.relationships[relationship.index]
    }

    /// A relationship's property; null when the relationship or the property does not exist.
    package func property(_ key: PropertyKeyID, of relationship: RelationshipID) -> Value {
        self.relationships.read(relationship.index) { $0.properties[key] } ?? .null
    }

    /// How many relationships have a type.
    package func count(_ type: RelationshipTypeID) -> Int {
        Int(type.index) < self.typeCounts.count ? self.typeCounts[Int(type.index)] : 0
    }

    /// All relationships in order of id.
    package func allRelationships() -> some Sequence<RelationshipID> {
        (0..<self.relationships.bound).lazy.map(RelationshipID.init).filter { self.contains($0) }
    }

    // MARK: Indexes

    /// The index over exactly these keys of a label, if there is one.
    package func index(label: LabelID, keys: [PropertyKeyID]) -> PropertyIndex? {
        self.indexes.first { $0.label == label && $0.keys == keys }
    }

    /// The indexes that cover a label.
    package func indexes(label: LabelID) -> [PropertyIndex] { self.indexes.filter { $0.label == label } }

    /// The nodes of a label whose property equals a value: by index where there is one, else by a scan
    /// of the label, O(nodes of the label).
    package func nodes(_ label: LabelID, where key: PropertyKeyID, equals value: Value) -> [NodeID] {
        guard let wanted = IndexKey([value]) else { return [] }
        if let index = self.index(label: label, keys: [key]) { return index.nodes(wanted) }
        return self.nodes(label).filter { IndexKey([self.property(key, of: $0)]) == wanted }
    }
}
