/// A whole graph at one moment: a value that never changes under its reader.
///
/// Copying one is O(1) in the size of the graph. All reads are O(1) or O(log n) unless they say more, and none waits.
package struct GraphSnapshot: Sendable {
    private var storage = GraphFields()

    /// The fields, held by this snapshot alone.
    private var owned: GraphFields {
        mutating get {
            if !isKnownUniquelyReferenced(&self.storage) { self.storage = GraphFields(copying: self.storage) }
            return self.storage
        }
    }

    /// The number of the last commit that it shows, from 0 for the empty graph.
    package internal(set) var version: UInt64 {
        @inline(__always) _read { yield self.storage.version }
        _modify { yield &self.owned.version }
    }
    /// Names of labels, types and keys.
    package internal(set) var tokens: TokenTable {
        @inline(__always) _read { yield self.storage.tokens }
        _modify { yield &self.owned.tokens }
    }
    /// How many nodes there are.
    package internal(set) var nodeCount: Int {
        @inline(__always) _read { yield self.storage.nodeCount }
        _modify { yield &self.owned.nodeCount }
    }
    /// How many relationships there are.
    package internal(set) var relationshipCount: Int {
        @inline(__always) _read { yield self.storage.relationshipCount }
        _modify { yield &self.owned.relationshipCount }
    }
    /// Indexes, those of constraints among them, in order of creation.
    package internal(set) var indexes: [PropertyIndex] {
        @inline(__always) _read { yield self.storage.indexes }
        _modify { yield &self.owned.indexes }
    }
    /// Constraints in order of creation.
    package internal(set) var constraints: [ConstraintDefinition] {
        @inline(__always) _read { yield self.storage.constraints }
        _modify { yield &self.owned.constraints }
    }
    var nodes: PageTable<NodePage> {
        @inline(__always) _read { yield self.storage.nodes }
        _modify { yield &self.owned.nodes }
    }
    var outgoing: PageTable<AdjacencyPage> {
        @inline(__always) _read { yield self.storage.outgoing }
        _modify { yield &self.owned.outgoing }
    }
    var incoming: PageTable<AdjacencyPage> {
        @inline(__always) _read { yield self.storage.incoming }
        _modify { yield &self.owned.incoming }
    }
    var relationships: PageTable<RelationshipPage> {
        @inline(__always) _read { yield self.storage.relationships }
        _modify { yield &self.owned.relationships }
    }
    var labelSets: LabelSets {
        @inline(__always) _read { yield self.storage.labelSets }
        _modify { yield &self.owned.labelSets }
    }
    var labelMembers: [NodeSet] {
        @inline(__always) _read { yield self.storage.labelMembers }
        _modify { yield &self.owned.labelMembers }
    }
    var typeKeys: TypeKeys {
        @inline(__always) _read { yield self.storage.typeKeys }
        _modify { yield &self.owned.typeKeys }
    }
    var typeCounts: [Int] {
        @inline(__always) _read { yield self.storage.typeCounts }
        _modify { yield &self.owned.typeCounts }
    }
    var patternCounts: PatternCounts {
        @inline(__always) _read { yield self.storage.patternCounts }
        _modify { yield &self.owned.patternCounts }
    }
    /// Numbers below the bounds that are used by nobody: the next entities get them.
    var freeNodes: IDSet {
        @inline(__always) _read { yield self.storage.freeNodes }
        _modify { yield &self.owned.freeNodes }
    }
    var freeRelationships: IDSet {
        @inline(__always) _read { yield self.storage.freeRelationships }
        _modify { yield &self.owned.freeRelationships }
    }
    /// Off while images of a log are applied: they were checked when they were made, and within one commit a value may
    /// reach its new holder before it has left the old one.
    var checksUniqueness: Bool {
        @inline(__always) _read { yield self.storage.checksUniqueness }
        _modify { yield &self.owned.checksUniqueness }
    }

    /// What this snapshot does not show of the graph that it was made of; nil when it is all of it.
    package internal(set) var concealed: GraphRules? {
        @inline(__always) _read { yield self.storage.concealed }
        _modify { yield &self.owned.concealed }
    }

    /// An empty graph.
    package init() {}

    /// Whether both are the very same state in memory: then nothing differs. O(1); false says nothing.
    package func isIdentical(to other: GraphSnapshot) -> Bool { self.storage === other.storage }

    /// One past the greatest node number ever used.
    package var nodeIDBound: UInt32 { self.nodes.bound }
    /// One past the greatest relationship number ever used.
    package var relationshipIDBound: UInt32 { self.relationships.bound }

    // MARK: Nodes

    /// Whether the node exists.
    package func contains(_ node: NodeID) -> Bool { self.labelSet(of: node) != NodePage.none }

    /// The number of a node's label set, ``NodePage/none`` when there is no such node.
    func labelSet(of node: NodeID) -> UInt32 {
        self.nodes.read(pageOf: node.index) { $0.labelSets[node.slot] } ?? NodePage.none
    }

    /// A node's labels, sorted by number; empty when there is no such node.
    package func labels(of node: NodeID) -> [LabelID] {
        let set = self.labelSet(of: node)
        return set == NodePage.none ? [] : self.labelSets[set]
    }

    /// Whether a node carries a label.
    package func hasLabel(_ node: NodeID, _ label: LabelID) -> Bool {
        Int(label.index) < self.labelMembers.count && self.labelMembers[Int(label.index)].contains(node)
    }

    /// A node's property; null when the node or the property does not exist.
    package func property(_ key: PropertyKeyID, of node: NodeID) -> Value {
        self.nodes.read(pageOf: node.index) { $0.properties.value(key, node.slot) } ?? .null
    }

    /// All properties of a node.
    package func properties(of node: NodeID) -> Properties {
        self.nodes.read(pageOf: node.index) { $0.properties.properties(node.slot) } ?? Properties()
    }

    /// The nodes of a label.
    package func nodes(_ label: LabelID) -> NodeSet {
        Int(label.index) < self.labelMembers.count ? self.labelMembers[Int(label.index)] : NodeSet()
    }

    /// How many nodes carry a label.
    package func count(_ label: LabelID) -> Int { self.nodes(label).count }

    /// All nodes in order of id.
    package func allNodes() -> some Sequence<NodeID> {
        (0..<self.nodes.bound).lazy.map(NodeID.init).filter { self.contains($0) }
    }

    // MARK: Adjacency

    /// The relationships of a node in one direction, sorted by type and neighbour.
    package func adjacency(of node: NodeID, _ direction: Direction) -> Adjacency {
        let table = direction == .outgoing ? self.outgoing : self.incoming
        return table.read(pageOf: node.index) { Adjacency(page: $0, slot: node.adjacencySlot) } ?? Adjacency()
    }

    /// How many relationships a node has in one direction, of one type or of all.
    package func degree(of node: NodeID, _ direction: Direction, type: RelationshipTypeID? = nil) -> Int {
        guard let type else {
            let table = direction == .outgoing ? self.outgoing : self.incoming
            return table.read(pageOf: node.index) { $0.degree(node.adjacencySlot) } ?? 0
        }
        let slice = self.unsafeNeighbours(of: node, direction, type: type)
        return slice.isHub ? self.adjacency(of: node, direction).range(of: type).count : slice.nodes.count
    }

    // MARK: Relationships

    /// Whether the relationship exists.
    package func contains(_ relationship: RelationshipID) -> Bool {
        self.relationships.read(pageOf: relationship.index) {
            $0.type(relationship.slot) != RelationshipPage.none
        } ?? false
    }

    /// Type and ends of a relationship, or nil when there is none.
    package func relationship(_ relationship: RelationshipID) -> RelationshipRecord? {
        self.relationships.read(pageOf: relationship.index) { page in
            let (slot, type) = (relationship.slot, page.type(relationship.slot))
            guard type != RelationshipPage.none else { return nil }
            return RelationshipRecord(
                type: RelationshipTypeID(type), source: NodeID(page.source(slot)),
                target: NodeID(page.target(slot)))
        } ?? nil
    }

    /// A relationship's property; null when the relationship or the property does not exist.
    package func property(_ key: PropertyKeyID, of relationship: RelationshipID) -> Value {
        self.relationships.read(pageOf: relationship.index) {
            $0.properties.value(key, relationship.slot)
        } ?? .null
    }

    /// All properties of a relationship.
    package func properties(of relationship: RelationshipID) -> Properties {
        self.relationships.read(pageOf: relationship.index) {
            $0.properties.properties(relationship.slot)
        } ?? Properties()
    }

    /// How many relationships have a type.
    package func count(_ type: RelationshipTypeID) -> Int {
        Int(type.index) < self.typeCounts.count ? self.typeCounts[Int(type.index)] : 0
    }

    /// Whether some relationship of a type may have a property: false when none ever had. O(1).
    package func mayHave(_ key: PropertyKeyID, _ type: RelationshipTypeID) -> Bool {
        self.typeKeys.contains(type.index, key)
    }

    /// Takes note of a property of a relationship of a type.
    @inline(__always)
    mutating func note(_ key: PropertyKeyID, _ type: UInt32) {
        if !self.typeKeys.contains(type, key) { self.typeKeys.insert(type, key) }
    }

    /// How many relationships of a type lead from a label to a label; nil stands for any. Exact.
    /// O(different label sets and types).
    package func count(from source: LabelID?, _ type: RelationshipTypeID?, to target: LabelID?) -> Int {
        if source == nil, target == nil {
            return type.map { self.count($0) } ?? self.relationshipCount
        }
        return self.patternCounts.sum { pattern in
            (type.map { $0.index == pattern.type } ?? true)
                && (source.map { self.labelSets[pattern.source].contains($0) } ?? true)
                && (target.map { self.labelSets[pattern.target].contains($0) } ?? true)
        }
    }

    /// All relationships in order of id.
    package func allRelationships() -> some Sequence<RelationshipID> {
        (0..<self.relationships.bound).lazy.map(RelationshipID.init).filter { self.contains($0) }
    }

    // MARK: Indexes

    /// The index over exactly these keys of a label's nodes, if there is one that holds all values.
    package func index(label: LabelID, keys: [PropertyKeyID]) -> PropertyIndex? {
        self.index(on: .node, label.index, keys, .range)
    }

    func index(
        on kind: EntityKind, _ entity: UInt32, _ keys: [PropertyKeyID], _ values: IndexDefinition.Kind
    ) -> PropertyIndex? {
        self.indexes.first {
            $0.definition.on == kind && $0.entity == entity && $0.keys == keys && $0.definition.kind == values
        }
    }

    /// The nodes of a label whose property equals a value: by index where there is one, else by a scan
    /// of the label, O(nodes of the label).
    package func nodes(_ label: LabelID, where key: PropertyKeyID, equals value: Value) -> [NodeID] {
        guard let wanted = IndexKey([value]) else { return [] }
        if let index = self.index(label: label, keys: [key]) { return index.nodes(wanted) }
        return self.nodes(label).filter { IndexKey([self.property(key, of: $0)]) == wanted }
    }

    /// The first node of a label whose property is a text. O(log n) with an index on it, else O(nodes of the label).
    package func firstNode(_ label: LabelID, where key: PropertyKeyID, is text: String) -> NodeID? {
        let indexes = self.indexes
        // In place: an index is a structure of many parts.
        for place in indexes.indices
        where indexes[place].entity == label.index && indexes[place].keys.count == 1
            && indexes[place].keys[0] == key && indexes[place].definition.on == .node
            && indexes[place].definition.kind == .range
        {
            return indexes[place].first(IndexKey(text: text)).map(NodeID.init)
        }
        return self.nodes(label).first { self.property(key, of: $0) == .string(text) }
    }
}

/// What a snapshot consists of, behind one reference: copying a snapshot counts one, not one a field.
///
/// `@unchecked Sendable`: changed only by the one snapshot that holds it (``GraphSnapshot/owned``), so that accesses need no
/// checks of their own either.
private final class GraphFields: @unchecked Sendable {
    @exclusivity(unchecked) var version: UInt64
    @exclusivity(unchecked) var tokens: TokenTable
    @exclusivity(unchecked) var nodeCount: Int
    @exclusivity(unchecked) var relationshipCount: Int
    @exclusivity(unchecked) var indexes: [PropertyIndex]
    @exclusivity(unchecked) var constraints: [ConstraintDefinition]
    @exclusivity(unchecked) var nodes: PageTable<NodePage>
    @exclusivity(unchecked) var outgoing: PageTable<AdjacencyPage>
    @exclusivity(unchecked) var incoming: PageTable<AdjacencyPage>
    @exclusivity(unchecked) var relationships: PageTable<RelationshipPage>
    @exclusivity(unchecked) var labelSets: LabelSets
    @exclusivity(unchecked) var labelMembers: [NodeSet]
    @exclusivity(unchecked) var typeCounts: [Int]
    @exclusivity(unchecked) var typeKeys: TypeKeys
    @exclusivity(unchecked) var patternCounts: PatternCounts
    @exclusivity(unchecked) var freeNodes: IDSet
    @exclusivity(unchecked) var freeRelationships: IDSet
    @exclusivity(unchecked) var checksUniqueness: Bool
    @exclusivity(unchecked) var concealed: GraphRules?

    init() {
        self.version = 0
        self.tokens = TokenTable()
        self.nodeCount = 0
        self.relationshipCount = 0
        self.indexes = []
        self.constraints = []
        self.nodes = PageTable<NodePage>()
        self.outgoing = PageTable<AdjacencyPage>()
        self.incoming = PageTable<AdjacencyPage>()
        self.relationships = PageTable<RelationshipPage>()
        self.labelSets = LabelSets()
        self.labelMembers = []
        self.typeCounts = []
        self.typeKeys = TypeKeys()
        self.patternCounts = PatternCounts()
        self.freeNodes = IDSet()
        self.freeRelationships = IDSet()
        self.checksUniqueness = true
    }

    init(copying other: GraphFields) {
        self.version = other.version
        self.tokens = other.tokens
        self.nodeCount = other.nodeCount
        self.relationshipCount = other.relationshipCount
        self.indexes = other.indexes
        self.constraints = other.constraints
        self.nodes = other.nodes
        self.outgoing = other.outgoing
        self.incoming = other.incoming
        self.relationships = other.relationships
        self.labelSets = other.labelSets
        self.labelMembers = other.labelMembers
        self.typeCounts = other.typeCounts
        self.typeKeys = other.typeKeys
        self.patternCounts = other.patternCounts
        self.freeNodes = other.freeNodes
        self.freeRelationships = other.freeRelationships
        self.checksUniqueness = other.checksUniqueness
        self.concealed = other.concealed
    }
}

/// What the graph holds of one relationship, its properties aside.
package struct RelationshipRecord: Hashable, Sendable {
    /// Its type.
    package let type: RelationshipTypeID
    /// Where it starts.
    package let source: NodeID
    /// Where it ends.
    package let target: NodeID

    /// Joins the three.
    package init(type: RelationshipTypeID, source: NodeID, target: NodeID) {
        self.type = type
        self.source = source
        self.target = target
    }
}

extension NodeID {
    /// The place on its page.
    var slot: Int { Int(self.index) & PageShape.mask }
    /// The place on its page of relationships.
    var adjacencySlot: Int { Int(self.index) & (AdjacencyPage.size - 1) }
}

extension RelationshipID {
    /// The place on its page.
    var slot: Int { Int(self.index) & PageShape.mask }
}
