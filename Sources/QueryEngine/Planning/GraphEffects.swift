internal import Cypher

/// What a clause may read of a graph and what it may change there, more rather than less: whether a later row of one clause
/// can touch what another one reads for an earlier row.
struct GraphEffects {
    /// Some names, or all there are.
    enum Names {
        case some(Set<String>)
        case all

        static let none = Names.some([])

        var isEmpty: Bool {
            if case .some(let names) = self { names.isEmpty } else { false }
        }

        mutating func add(_ other: Names) {
            if case .some(let own) = self, case .some(let others) = other {
                self = .some(own.union(others))
            } else {
                self = .all
            }
        }

        mutating func add(_ name: String) { self.add(.some([name])) }

        func meets(_ other: Names) -> Bool {
            switch (self, other) {
            case (.some(let own), .some(let others)): !own.isDisjoint(with: others)
            case (.some(let names), .all), (.all, .some(let names)): !names.isEmpty
            case (.all, .all): true
            }
        }
    }

    /// Labels by which nodes are found; all when nodes are found without one.
    private var foundNodes = Names.none
    /// Types by which relationships are found.
    private var foundTypes = Names.none
    /// Labels that nodes are asked for.
    private var readLabels = Names.none
    private var readKeys = Names.none

    private var createsNodes = false
    private var createdLabels = Names.none
    private var createdTypes = Names.none
    private var createdKeys = Names.none
    /// Whether values must differ from node to node: then what is made and what is changed may be in each other's way.
    var keepsUnique = false
    private var changedLabels = Names.none
    private var changedKeys = Names.none
    private var deletes = false

    /// Nothing is read or changed.
    static let none = GraphEffects()

    private var reads: Bool {
        ![self.foundNodes, self.foundTypes, self.readLabels, self.readKeys].allSatisfy(\.isEmpty)
    }

    private var writes: Bool {
        self.deletes || self.createsNodes
            || ![self.createdTypes, self.changedLabels, self.changedKeys].allSatisfy(\.isEmpty)
    }

    mutating func add(_ other: GraphEffects) {
        self.foundNodes.add(other.foundNodes)
        self.foundTypes.add(other.foundTypes)
        self.readLabels.add(other.readLabels)
        self.readKeys.add(other.readKeys)
        self.createsNodes = self.createsNodes || other.createsNodes
        self.createdLabels.add(other.createdLabels)
        self.createdTypes.add(other.createdTypes)
        self.createdKeys.add(other.createdKeys)
        self.changedLabels.add(other.changedLabels)
        self.changedKeys.add(other.changedKeys)
        self.deletes = self.deletes || other.deletes
    }

    /// Whether the order of the two matters row by row: then one must be done with all rows before the other begins.
    func conflicts(with other: GraphEffects) -> Bool {
        self.disturbs(other) || other.disturbs(self) || self.overwrites(other)
            || self.keepsUnique && (self.hinders(other) || other.hinders(self))
    }

    /// Whether what this changes is what the other reads.
    private func disturbs(_ other: GraphEffects) -> Bool {
        if self.deletes, other.reads { return true }
        // A node without a label of those looked for is found only where all are.
        if self.createsNodes, case .all = other.foundNodes { return true }
        return self.createdLabels.meets(other.foundNodes) || self.createdTypes.meets(other.foundTypes)
            || self.changedLabels.meets(other.foundNodes) || self.changedLabels.meets(other.readLabels)
            || self.changedKeys.meets(other.readKeys)
    }

    /// Whether this changes what would make a new node or relationship one too many, or lets it be made.
    private func hinders(_ other: GraphEffects) -> Bool {
        self.changedKeys.meets(other.createdKeys) || self.changedLabels.meets(other.createdLabels)
    }

    /// Whether both change the same, so that the later one must win; nodes and relationships made are new to both.
    private func overwrites(_ other: GraphEffects) -> Bool {
        self.deletes && other.writes || other.deletes && self.writes
            || self.changedKeys.meets(other.changedKeys) || self.changedLabels.meets(other.changedLabels)
    }
}

// MARK: Clauses

extension GraphEffects {
    /// What a clause does where some names stand for nodes already.
    init(_ clause: Clause, bound: Set<String> = []) {
        switch clause.kind {
        case .match(_, let patterns, let predicate):
            for pattern in patterns { self.read(pattern) }
            self.read(predicate)
        case .unwind(let list, _): self.read(list)
        case .with(let projection, let predicate):
            self.read(projection)
            self.read(predicate)
        case .returning(let projection): self.read(projection)
        case .create(let patterns): for pattern in patterns { self.create(pattern, bound) }
        case .merge(let pattern, let onCreate, let onMatch):
            self.read(pattern)
            self.create(pattern, bound)
            for item in onCreate + onMatch { self.set(item) }
        case .set(let items): for item in items { self.set(item) }
        case .remove(let items): for item in items { self.remove(item) }
        case .delete(let expressions, _):
            for expression in expressions { self.read(expression) }
            self.deletes = true
        case .forEach(_, let list, let clauses):
            self.read(list)
            for clause in clauses { self.add(GraphEffects(clause)) }
        case .call(let call):
            for argument in call.arguments ?? [] { self.read(argument) }
            self.readAll()
        case .subquery(let call):
            for clause in call.query.parts.flatMap(\.clauses) { self.add(GraphEffects(clause)) }
        case .loadCSV(let load): self.read(load.url)
        case .finish: break
        }
    }

    /// What is still read of a projection once all rows are in: of one that sorts or groups nothing of what it sorts and
    /// groups by.
    init(after projection: Projection, predicate: Expression?, _ functions: FunctionRegistry) {
        self.read(predicate)
        guard projection.order.isEmpty else { return }
        for item in projection.items where item.expression.containsAggregate(functions) {
            if case .call(let call) = item.expression.kind, functions.isAggregate(call.name) { continue }
            self.read(item.expression)
        }
    }

    private mutating func create(_ pattern: PatternPart, _ bound: Set<String>) {
        for node in pattern.nodes {
            if let name = node.variable, bound.contains(name) { continue }
            self.createsNodes = true
            self.createdLabels.add(.some(Set(node.labels?.conjunction ?? [])))
            self.createKeys(of: node.properties)
        }
        for relationship in pattern.relationships {
            self.createdTypes.add(relationship.types?.alternatives.map { .some(Set($0)) } ?? .all)
            self.createKeys(of: relationship.properties)
        }
    }

    private mutating func createKeys(of properties: Expression?) {
        guard let properties else { return }
        self.read(properties)
        if case .map(let entries) = properties.kind {
            self.createdKeys.add(.some(Set(entries.map(\.key))))
        } else {
            self.createdKeys = .all
        }
    }

    private mutating func set(_ item: SetItem) {
        switch item {
        case .property(let entity, let key, let value):
            self.read(entity)
            self.read(value)
            self.changedKeys.add(key)
        case .element(let entity, let key, let value):
            for expression in [entity, key, value] { self.read(expression) }
            self.changedKeys = .all
        case .properties(_, let value, let merges, _):
            self.read(value)
            if merges, case .map(let entries) = value.kind {
                self.changedKeys.add(.some(Set(entries.map(\.key))))
            } else {
                self.changedKeys = .all
                // `SET a = b` takes what b has.
                if case .variable = value.kind { self.readKeys = .all }
            }
        case .labels(_, let labels, _): self.changedLabels.add(.some(Set(labels)))
        }
    }

    private mutating func remove(_ item: RemoveItem) {
        switch item {
        case .property(let entity, let key):
            self.read(entity)
            self.changedKeys.add(key)
        case .element(let entity, let key):
            self.read(entity)
            self.read(key)
            self.changedKeys = .all
        case .labels(_, let labels, _): self.changedLabels.add(.some(Set(labels)))
        }
    }
}

// MARK: What is read

extension GraphEffects {
    private mutating func readAll() {
        (self.foundNodes, self.foundTypes, self.readLabels, self.readKeys) = (.all, .all, .all, .all)
    }

    private mutating func read(_ projection: Projection) {
        for item in projection.items { self.read(item.expression) }
        for item in projection.order { self.read(item.expression) }
    }

    private mutating func read(_ pattern: PatternPart) {
        self.read(pattern.predicate)
        // A node with relationships is found by them, be it looked for first: a new one comes with new relationships.
        let isAlone = pattern.relationships.allSatisfy { $0.length.map { $0.minimum == 0 } ?? false }
        for node in pattern.nodes { self.read(node, isAlone: isAlone) }
        for relationship in pattern.relationships { self.read(relationship) }
    }

    private mutating func read(_ node: NodePattern, isAlone: Bool) {
        if let labels = node.labels {
            // One label of a conjunction finds the node, any of them may.
            self.foundNodes.add(labels.conjunction.map { .some(Set($0)) } ?? .all)
            self.readLabels.add(labels.conjunction.map { .some(Set($0)) } ?? .all)
        } else if isAlone {
            self.foundNodes = .all
        }
        self.readKeys(of: node.properties)
        self.read(node.predicate)
    }

    private mutating func read(_ relationship: RelationshipPattern) {
        self.foundTypes.add(relationship.types?.alternatives.map { .some(Set($0)) } ?? .all)
        self.readKeys(of: relationship.properties)
        self.read(relationship.predicate)
        guard let group = relationship.group else { return }
        for node in group.nodes { self.read(node, isAlone: true) }
        for inner in group.relationships { self.read(inner) }
        self.read(group.predicate)
    }

    /// `{key: value}` in a pattern looks at these keys.
    private mutating func readKeys(of properties: Expression?) {
        guard let properties else { return }
        self.read(properties)
        if case .map(let entries) = properties.kind {
            self.readKeys.add(.some(Set(entries.map(\.key))))
        } else {
            self.readKeys = .all
        }
    }

    private static let plainFunctions: Set<String> = [
        "id", "elementid", "type", "startnode", "endnode", "nodes", "relationships", "length", "size",
        "coalesce",
        "count", "collect", "sum", "avg", "min", "max", "head", "last", "range", "tostring", "tointeger",
        "tofloat",
        "toboolean", "abs", "rand", "randomuuid", "timestamp", "date", "datetime", "localdatetime", "time",
        "localtime", "duration", "linenumber", "file", "split", "tolower", "toupper", "trim", "replace",
        "substring", "left", "right", "round", "floor", "ceil", "sign", "sqrt", "point", "reverse", "tail",
        "isempty",
    ]

    private mutating func read(_ expression: Expression?) {
        guard let expression else { return }
        switch expression.kind {
        case .property(_, let key): self.readKeys.add(key)
        case .hasLabels: self.readLabels = .all
        case .subscripted(_, let index):
            // `list[0]` reads nothing, `n['key']` and `n[key]` do.
            if case .integer = index.kind { break }
            self.readKeys = .all
        case .mapProjection: self.readKeys = .all
        case .call(let call) where !Self.plainFunctions.contains(call.name.lowercased()):
            // Of the graph at hand: `labels(n)`, `properties(n)`; what it finds there is no function's.
            self.readLabels = .all
            self.readKeys = .all
        case .pattern, .exists, .countSubquery, .collectSubquery, .patternComprehension: self.readAll()
        case .listComprehension(let comprehension):
            self.read(comprehension.predicate)
            self.read(comprehension.projection)
        case .quantifier(_, _, _, let predicate): self.read(predicate)
        case .reduce(_, _, _, _, let step): self.read(step)
        default: break
        }
        for child in expression.children { self.read(child) }
    }
}
