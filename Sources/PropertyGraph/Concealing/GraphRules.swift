/// What somebody may not see, or not write, of a graph that he may read: by names, as they may not be in the graph yet.
///
/// A node that carries a hidden label is hidden, whatever else it carries; a relationship is when its type or one of its ends
/// is. What is hidden cannot be written either.
package struct GraphRules: Hashable, Sendable {
    /// Names of things in a graph.
    package struct Names: Hashable, Sendable {
        fileprivate var labels: Set<ExactText> = []
        fileprivate var types: Set<ExactText> = []
        fileprivate var properties: Set<Property> = []
    }

    /// A property: of all that have it, or of the nodes of a label and the relationships of a type of that name.
    fileprivate struct Property: Hashable, Sendable {
        let holder: ExactText?
        let key: ExactText
    }

    /// What a rule can be about.
    package enum Target: Sendable {
        /// Nodes that carry a label.
        case label(String)
        /// Relationships of a type.
        case type(String)
        /// A property; of all entities without a holder, else of nodes that carry the label and relationships of the type
        /// of that name.
        case property(String, of: String?)
    }

    fileprivate private(set) var hidden = Names()
    fileprivate private(set) var locked = Names()

    /// No rules.
    package init() {}

    /// Whether there are none.
    package var isEmpty: Bool { self == GraphRules() }

    /// Whether nothing is hidden: then all of the graph is seen.
    package var showsAll: Bool { self.hidden == Names() }

    /// Adds a rule that hides something.
    package mutating func hide(_ target: Target) { self.hidden.add(target) }

    /// Adds a rule that keeps something from being written.
    package mutating func lock(_ target: Target) { self.locked.add(target) }
}

extension GraphRules.Names {
    fileprivate mutating func add(_ target: GraphRules.Target) {
        switch target {
        case .label(let name): self.labels.insert(ExactText(text: name))
        case .type(let name): self.types.insert(ExactText(text: name))
        case .property(let key, let holder):
            self.properties.insert(
                GraphRules.Property(holder: holder.map(ExactText.init), key: ExactText(text: key)))
        }
    }
}

/// Rules by the numbers that names have in one graph.
struct NumberedRules: Sendable {
    let rules: GraphRules
    private(set) var hidden = Numbers()
    private(set) var locked = Numbers()

    /// Labels, types and properties by number.
    struct Numbers: Sendable {
        var labels: Set<LabelID> = []
        var types: Set<RelationshipTypeID> = []
        /// Properties of all that have them.
        var keys: Set<PropertyKeyID> = []
        /// Properties of nodes of a label.
        var keysByLabel: [LabelID: Set<PropertyKeyID>] = [:]
        /// Properties of relationships of a type.
        var keysByType: [RelationshipTypeID: Set<PropertyKeyID>] = [:]

        func has(_ key: PropertyKeyID, of labels: [LabelID]) -> Bool {
            self.keys.contains(key) || labels.contains { self.keysByLabel[$0]?.contains(key) ?? false }
        }

        func has(_ key: PropertyKeyID, of type: RelationshipTypeID) -> Bool {
            self.keys.contains(key) || self.keysByType[type]?.contains(key) ?? false
        }
    }

    /// Looks names up; those that a graph does not have are about nothing in it.
    init(_ rules: GraphRules, in tokens: TokenTable) {
        var tokens = tokens
        self.init(rules, naming: &tokens)
    }

    /// Looks names up, and gives new ones a number.
    init(_ rules: GraphRules, naming tokens: inout TokenTable) {
        self.rules = rules
        self.hidden = Self.numbers(rules.hidden, &tokens)
        self.locked = Self.numbers(rules.locked, &tokens)
    }

    private static func numbers(_ names: GraphRules.Names, _ tokens: inout TokenTable) -> Numbers {
        var numbers = Numbers()
        for label in names.labels { numbers.labels.insert(tokens.internLabel(label.text)) }
        for type in names.types { numbers.types.insert(tokens.internRelationshipType(type.text)) }
        for property in names.properties {
            let key = tokens.internPropertyKey(property.key.text)
            guard let holder = property.holder?.text else {
                numbers.keys.insert(key)
                continue
            }
            numbers.keysByLabel[tokens.internLabel(holder), default: []].insert(key)
            numbers.keysByType[tokens.internRelationshipType(holder), default: []].insert(key)
        }
        return numbers
    }

    // MARK: What is seen

    func shows(_ labels: [LabelID]) -> Bool {
        self.hidden.labels.isEmpty || !labels.contains(where: self.hidden.labels.contains)
    }

    /// Whether a relationship with these ends is seen in a graph that hides nothing.
    func shows(_ record: RelationshipRecord, in graph: GraphSnapshot) -> Bool {
        !self.hidden.types.contains(record.type) && self.shows(graph.labels(of: record.source))
            && self.shows(graph.labels(of: record.target))
    }

    /// What is seen of a node's properties.
    func seen(_ properties: Properties, of labels: [LabelID]) -> Properties {
        var seen = properties
        for entry in properties where self.hidden.has(entry.key, of: labels) { seen.set(entry.key, .null) }
        return seen
    }

    /// What is seen of a relationship's properties.
    func seen(_ properties: Properties, of type: RelationshipTypeID) -> Properties {
        var seen = properties
        for entry in properties where self.hidden.has(entry.key, of: type) { seen.set(entry.key, .null) }
        return seen
    }

    /// Whether an index or constraint is about nothing that is hidden.
    func shows(_ kind: EntityKind, _ entity: String, _ keys: [String], in tokens: TokenTable) -> Bool {
        let names = self.rules.hidden
        let isHidden =
            kind == .node
            ? names.labels.contains(ExactText(text: entity)) : names.types.contains(ExactText(text: entity))
        return !isHidden
            && !keys.contains { key in
                names.properties.contains(.init(holder: nil, key: ExactText(text: key)))
                    || names.properties.contains(
                        .init(holder: ExactText(text: entity), key: ExactText(text: key)))
            }
    }

    // MARK: What may be written

    /// - Throws: ``GraphError/forbidden(_:)`` when one of the labels may not be put on nodes or taken away.
    func requireWritable(_ labels: [LabelID], _ tokens: TokenTable) throws(GraphError) {
        for label in labels where self.locked.labels.contains(label) || self.hidden.labels.contains(label) {
            throw .forbidden("label `\(tokens.name(label))`")
        }
    }

    /// - Throws: ``GraphError/forbidden(_:)`` when relationships of the type may not be made, changed or deleted.
    func requireWritable(_ type: RelationshipTypeID, _ tokens: TokenTable) throws(GraphError) {
        guard !self.locked.types.contains(type), !self.hidden.types.contains(type) else {
            throw .forbidden("relationship type `\(tokens.name(type))`")
        }
    }

    /// - Throws: ``GraphError/forbidden(_:)`` when a node with the labels may not have the property written.
    func requireWritable(
        _ key: PropertyKeyID, of labels: [LabelID], _ tokens: TokenTable
    ) throws(GraphError) {
        guard !self.locked.has(key, of: labels), !self.hidden.has(key, of: labels) else {
            throw .forbidden("property `\(tokens.name(key))`")
        }
    }

    /// - Throws: ``GraphError/forbidden(_:)`` when a relationship of the type may not have the property written.
    func requireWritable(
        _ key: PropertyKeyID, of type: RelationshipTypeID, _ tokens: TokenTable
    ) throws(GraphError) {
        guard !self.locked.has(key, of: type), !self.hidden.has(key, of: type) else {
            throw .forbidden("property `\(tokens.name(key))`")
        }
    }

    /// - Throws: ``GraphError/forbidden(_:)`` when indexes and constraints about this may not be made or dropped.
    func requireWritable(_ kind: EntityKind, _ entity: String, _ keys: [String]) throws(GraphError) {
        for names in [self.rules.hidden, self.rules.locked] {
            let name = ExactText(text: entity)
            if kind == .node, names.labels.contains(name) { throw .forbidden("label `\(entity)`") }
            if kind == .relationship, names.types.contains(name) {
                throw .forbidden("relationship type `\(entity)`")
            }
            for key in keys {
                let key = ExactText(text: key)
                if names.properties.contains(.init(holder: nil, key: key))
                    || names.properties.contains(.init(holder: name, key: key))
                {
                    throw .forbidden("property `\(key.text)`")
                }
            }
        }
    }

    /// - Throws: ``GraphError/forbidden(_:)`` when a label may not be put on a node, also because rules about the label's
    ///   properties name one that the node has: that would be a way to write it.
    func requireAddable(_ label: LabelID, to node: NodeID, _ graph: GraphSnapshot) throws(GraphError) {
        let labels = graph.labels(of: node)
        try self.requireWritable([label] + labels, graph.tokens)
        let ruled = [self.hidden, self.locked].compactMap { $0.keysByLabel[label] }
        guard !ruled.isEmpty, !labels.contains(label) else { return }
        for entry in self.seen(graph.properties(of: node), of: labels)
        where ruled.contains(where: { $0.contains(entry.key) }) {
            throw .forbidden("property `\(graph.tokens.name(entry.key))`")
        }
    }

    /// - Throws: ``GraphError/forbidden(_:)`` when a label may not be taken away: without it, rules about its properties
    ///   would not hold any more.
    func requireRemovable(_ label: LabelID, from node: NodeID, _ graph: GraphSnapshot) throws(GraphError) {
        try self.requireWritable([label] + graph.labels(of: node), graph.tokens)
        guard self.hidden.keysByLabel[label] == nil, self.locked.keysByLabel[label] == nil else {
            throw .forbidden("label `\(graph.tokens.name(label))`")
        }
    }

    /// - Throws: ``GraphError/forbidden(_:)``, ``GraphError/nodeHasHiddenRelationships(_:)``, or what is true of a node with
    ///   relationships that are all seen. O(degree).
    func requireDeletable(_ node: NodeID, _ graph: GraphSnapshot) throws(GraphError) {
        try self.requireWritable(graph.labels(of: node), graph.tokens)
        var (seen, hidden) = (0, 0)
        for direction in [Direction.outgoing, .incoming] {
            graph.forEachNeighbour(of: node, direction) { _, relationship in
                guard let record = graph.relationship(relationship) else { return }
                if self.shows(record, in: graph) { seen += 1 } else { hidden += 1 }
            }
        }
        if seen > 0 { throw .nodeHasRelationships(node, count: seen) }
        if hidden > 0 { throw .nodeHasHiddenRelationships(node) }
    }

    /// - Throws: ``GraphError/nodeHasHiddenRelationships(_:)`` when one of a node's relationships is not seen.
    func requireSeen(
        _ relationships: Set<RelationshipID>, of node: NodeID, _ graph: GraphSnapshot
    ) throws(GraphError) {
        for relationship in relationships {
            guard let record = graph.relationship(relationship) else { continue }
            guard self.shows(record, in: graph) else { throw .nodeHasHiddenRelationships(node) }
        }
    }
}
