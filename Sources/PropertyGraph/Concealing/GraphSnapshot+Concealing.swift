/// A graph as somebody sees it from whom rules hide something: a snapshot of its own, from which the hidden things are gone.
///
/// Whatever reads it, be it a count, an index or a path, cannot find what is not there. It shares its pages with the whole graph
/// where nothing is hidden.
package struct ConcealedGraph: Sendable {
    /// The graph that it was made of, as it was then.
    private let whole: GraphSnapshot
    /// What is seen of it.
    package let seen: GraphSnapshot
    /// How many pages were looked at again since all were.
    private let refreshedPages: Int

    /// Hides what rules name. O(nodes of hidden labels and their relationships + nodes with properties that are hidden), and
    /// O(relationships) when rules name relationship types or properties.
    package init(_ whole: GraphSnapshot, _ rules: GraphRules) {
        self.whole = whole
        self.seen = Concealer(rules, whole).all()
        self.refreshedPages = 0
    }

    private init(_ whole: GraphSnapshot, _ seen: GraphSnapshot, refreshedPages: Int) {
        self.whole = whole
        self.seen = seen
        self.refreshedPages = refreshedPages
    }

    /// Whether it was made of this very state.
    package func isOf(_ graph: GraphSnapshot) -> Bool { self.whole.isIdentical(to: graph) }

    /// The version of the graph that it was made of.
    package var version: UInt64 { self.whole.version }

    /// The same of another state of the graph, made of what differs: O(pages + entities on changed pages). Made anew when
    /// names or indexes are not the same any more, or when little would still be shared with the whole graph.
    package func following(_ graph: GraphSnapshot, _ rules: GraphRules) -> ConcealedGraph {
        guard Self.areSame(self.whole, graph) else { return ConcealedGraph(graph, rules) }
        var nodes: [NodeID] = []
        var relationships: [RelationshipID] = []
        var pages = 0
        for page in 0..<max(graph.nodes.pageCount, self.whole.nodes.pageCount)
        where !graph.nodes.shares(page, with: self.whole.nodes) {
            pages += 1
            nodes += PageShape.numbers(of: page).map(NodeID.init)
        }
        for page in 0..<max(graph.relationships.pageCount, self.whole.relationships.pageCount)
        where !graph.relationships.shares(page, with: self.whole.relationships) {
            pages += 1
            relationships += PageShape.numbers(of: page).map(RelationshipID.init)
        }
        let refreshed = self.refreshedPages + pages
        guard refreshed <= 64 + graph.nodes.pageCount + graph.relationships.pageCount else {
            return ConcealedGraph(graph, rules)
        }
        var seen = self.seen
        Concealer(rules, graph).refresh(&seen, nodes, relationships)
        return ConcealedGraph(graph, seen, refreshedPages: refreshed)
    }

    /// Whether numbers mean the same in both, and both have the same indexes and constraints.
    private static func areSame(_ left: GraphSnapshot, _ right: GraphSnapshot) -> Bool {
        left.tokens.labels.names == right.tokens.labels.names
            && left.tokens.relationshipTypes.names == right.tokens.relationshipTypes.names
            && left.tokens.propertyKeys.names == right.tokens.propertyKeys.names
            && left.indexes.map(\.definition) == right.indexes.map(\.definition)
            && left.constraints == right.constraints
    }
}

extension GraphTransaction {
    /// Brings what is seen of the graph up to date after steps of the transaction, which has rules. O(steps).
    /// - Parameters:
    ///   - seen: what was seen at the mark.
    ///   - mark: how many steps had been taken: ``stepCount``.
    package func refresh(_ seen: inout GraphSnapshot, since mark: Int) {
        guard let rules = self.rules else { return seen = self.graph }
        self.settle()
        var nodes: [NodeID] = []
        var relationships: [RelationshipID] = []
        for step in self.undoLog.steps[min(mark, self.undoLog.steps.count)...] {
            switch step {
            case .createdNodes(let range): nodes += range.map(NodeID.init)
            case .createdRelationships(let range): relationships += range.map(RelationshipID.init)
            case .deletedNode(let node, _, _), .labels(let node, _), .nodeProperty(let node, _, _):
                nodes.append(node)
            case .deletedRelationship(let relationship, _, _), .relationshipProperty(let relationship, _, _):
                relationships.append(relationship)
            case .schema: break
            }
        }
        Concealer(rules, self.graph).refresh(&seen, nodes, relationships)
    }

    /// Begins a part whose steps ``refresh(_:since:)`` looks at.
    package func markStep() -> Int { self.undoLog.mark() }
}

/// Makes what is seen of a graph.
private struct Concealer {
    private let rules: NumberedRules
    private let whole: GraphSnapshot

    init(_ rules: GraphRules, _ whole: GraphSnapshot) {
        self.init(NumberedRules(rules, in: whole.tokens), whole)
    }

    init(_ rules: NumberedRules, _ whole: GraphSnapshot) {
        self.rules = rules
        self.whole = whole
    }

    /// Everything that is seen, out of a copy of the whole.
    func all() -> GraphSnapshot {
        var seen = self.whole
        self.conceal(&seen)
        self.hideSchema(&seen)
        var nodes: Set<NodeID> = []
        for label in self.rules.hidden.labels { nodes.formUnion(self.whole.nodes(label)) }
        for (label, keys) in self.rules.hidden.keysByLabel {
            for node in self.whole.nodes(label)
            where keys.contains(where: { !self.whole.property($0, of: node).isNull }) {
                nodes.insert(node)
            }
        }
        for key in self.rules.hidden.keys {
            self.whole.forEachColumn(of: key) { first, column in
                for slot in 0..<PageShape.size where !column[slot].isNull {
                    nodes.insert(NodeID(first.index + UInt32(slot)))
                }
            }
        }
        self.refresh(&seen, nodes.sorted(), self.affectedRelationships())
        return seen
    }

    /// Relationships that are hidden by their type, or have properties that are.
    private func affectedRelationships() -> [RelationshipID] {
        let hidden = self.rules.hidden
        guard !hidden.types.isEmpty || !hidden.keys.isEmpty || !hidden.keysByType.isEmpty else { return [] }
        return self.whole.allRelationships().filter { relationship in
            guard let type = self.whole.relationship(relationship)?.type else { return false }
            return hidden.types.contains(type)
                || self.whole.properties(of: relationship).contains { hidden.has($0.key, of: type) }
        }
    }

    private func conceal(_ seen: inout GraphSnapshot) {
        seen.adopt(self.whole.tokens.concealing(self.rules.hidden))
    }

    private func hideSchema(_ seen: inout GraphSnapshot) {
        let tokens = self.whole.tokens
        seen.indexes.removeAll { index in
            let definition = index.definition
            return !self.rules.shows(definition.on, definition.label, definition.keys, in: tokens)
        }
        seen.constraints.removeAll { rule in
            !self.rules.shows(rule.kind.on, rule.entity, rule.keys, in: tokens)
        }
    }

    /// Makes some entities what they are to be now; all others are already.
    func refresh(
        _ seen: inout GraphSnapshot, _ nodes: [NodeID], _ relationships: [RelationshipID]
    ) {
        seen.checksUniqueness = false
        if !self.whole.tokens.isAsLong(as: seen.tokens) { self.conceal(&seen) }
        var later = relationships
        // None of these steps fails: each is asked for only where it can be done. If one did, the graph would be empty.
        do {
            for node in nodes { try self.refresh(&seen, node, &later) }
            for relationship in later { try self.refresh(&seen, relationship) }
        } catch {
            seen = GraphSnapshot()
        }
        seen.checksUniqueness = true
        seen.version = self.whole.version
        seen.concealed = self.rules.rules
    }

    /// One node. Its relationships are left for later where they come or go with it.
    private func refresh(
        _ seen: inout GraphSnapshot, _ node: NodeID, _ later: inout [RelationshipID]
    ) throws(GraphError) {
        let labels = self.whole.labels(of: node)
        guard self.whole.contains(node), self.rules.shows(labels) else {
            guard seen.contains(node) else { return }
            for relationship in seen.relationships(at: node) { try seen.removeRelationship(relationship) }
            return try seen.removeNode(node)
        }
        let properties = self.rules.seen(self.whole.properties(of: node), of: labels)
        guard seen.contains(node) else {
            try seen.insertNode(node, labels: labels, properties: properties)
            later += self.whole.relationships(at: node)
            return
        }
        if seen.labels(of: node) != labels { try seen.setLabels(of: node, to: labels) }
        for (key, value) in seen.properties(of: node).changes(to: properties) {
            try seen.setProperty(key, of: node, to: value)
        }
    }

    /// One relationship, when all nodes are what they are to be.
    private func refresh(
        _ seen: inout GraphSnapshot, _ relationship: RelationshipID
    ) throws(GraphError) {
        let record = self.whole.relationship(relationship)
        let isSeen = record.map { self.rules.shows($0, in: self.whole) } ?? false
        if let old = seen.relationship(relationship), !isSeen || old != record {
            try seen.removeRelationship(relationship)
        }
        guard isSeen, let record else { return }
        let properties = self.rules.seen(self.whole.properties(of: relationship), of: record.type)
        guard seen.contains(relationship) else {
            return try seen.insertRelationship(relationship, record, properties)
        }
        for (key, value) in seen.properties(of: relationship).changes(to: properties) {
            try seen.setProperty(key, of: relationship, to: value)
        }
    }
}

extension GraphSnapshot {
    /// All relationships of a node, those to itself once. O(degree).
    fileprivate func relationships(at node: NodeID) -> Set<RelationshipID> {
        var all: Set<RelationshipID> = []
        for direction in [Direction.outgoing, .incoming] {
            self.forEachNeighbour(of: node, direction) { all.insert($1) }
        }
        return all
    }

    /// Names of property keys that at least one entity has, in order of number. O(pages).
    package var usedPropertyKeys: [String] {
        var used: Set<PropertyKeyID> = []
        for page in 0..<self.nodes.pageCount {
            self.nodes.read(page: page) { for column in $0.properties.columns { used.insert(column.key) } }
        }
        for page in 0..<self.relationships.pageCount {
            self.relationships.read(page: page) {
                for column in $0.properties.columns { used.insert(column.key) }
            }
        }
        return used.sorted().map(self.tokens.name)
    }
}

extension PageShape {
    /// The numbers of a page.
    fileprivate static func numbers(of page: Int) -> Range<UInt32> {
        UInt32(page << self.shift)..<UInt32((page + 1) << self.shift)
    }
}
