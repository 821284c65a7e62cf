internal import Cypher

/// The nodes and relationships of one MATCH, before an order is chosen.
struct MatchGraph {
    struct Node {
        let name: String?
        let slot: Int
        var isBound: Bool
        var labels: [LabelExpression] = []
    }

    struct Relationship {
        let name: String?
        let slot: Int
        let isBound: Bool
        let from: Int
        let to: Int
        let pattern: RelationshipPattern
        let selection: PatternPart.Selection
        /// Where the lists of a quantified group lie, by the names inside of it.
        var lists: [String: Int] = [:]
    }

    struct Path {
        let slot: Int
        let name: String
        let nodes: [Int]
        let relationships: [Int]
    }

    /// A condition and the names of this MATCH that it needs.
    struct Condition: Equatable {
        let expression: Expression
        let needs: Set<String>
    }

    var nodes: [Node] = []
    var relationships: [Relationship] = []
    var paths: [Path] = []
    var conditions: [Condition] = []
    private var nodesByName: [String: Int] = [:]
    private(set) var newNames: Set<String> = []
    let scope: [String: Int]
    private(set) var innerScope: [String: Int]

    init(
        _ patterns: [PatternPart], _ predicate: Expression?, scope: [String: Int], newSlot: () -> Int
    ) {
        self.scope = scope
        self.innerScope = scope
        for pattern in patterns { self.add(pattern, newSlot) }
        for pattern in patterns { self.addConditions(of: pattern) }
        if let predicate { self.addCondition(predicate) }
    }

    private mutating func add(_ pattern: PatternPart, _ newSlot: () -> Int) {
        let nodes = pattern.nodes.map { self.add($0, newSlot) }
        var relationships: [Int] = []
        for (index, relationship) in pattern.relationships.enumerated() {
            let bound = relationship.variable.flatMap { self.scope[$0] }
            let slot = bound ?? newSlot()
            if let name = relationship.variable, bound == nil {
                self.newNames.insert(name)
                self.innerScope[name] = slot
            }
            relationships.append(self.relationships.count)
            var lists: [String: Int] = [:]
            for name in relationship.group?.variables ?? [] where lists[name] == nil {
                lists[name] = newSlot()
                self.newNames.insert(name)
            }
            self.innerScope.merge(lists) { _, new in new }
            let left = relationship.arrow == .left
            self.relationships.append(
                Relationship(
                    name: relationship.variable, slot: slot, isBound: bound != nil,
                    from: nodes[left ? index + 1 : index], to: nodes[left ? index : index + 1],
                    pattern: relationship, selection: pattern.selection, lists: lists))
        }
        if let name = pattern.variable {
            let slot = newSlot()
            self.newNames.insert(name)
            self.innerScope[name] = slot
            self.paths.append(Path(slot: slot, name: name, nodes: nodes, relationships: relationships))
        }
    }

    private mutating func add(_ pattern: NodePattern, _ newSlot: () -> Int) -> Int {
        if let name = pattern.variable, let index = self.nodesByName[name] {
            if let labels = pattern.labels { self.nodes[index].labels.append(labels) }
            return index
        }
        let bound = pattern.variable.flatMap { self.scope[$0] }
        let slot = bound ?? newSlot()
        var node = Node(name: pattern.variable, slot: slot, isBound: bound != nil)
        if let labels = pattern.labels { node.labels.append(labels) }
        self.nodes.append(node)
        if let name = pattern.variable {
            self.nodesByName[name] = self.nodes.count - 1
            if bound == nil {
                self.newNames.insert(name)
                self.innerScope[name] = slot
            }
        }
        return self.nodes.count - 1
    }

    // MARK: Conditions

    /// `{key: value}` is `entity.key = value`; entities without a name get one that no query can write.
    private mutating func addConditions(of pattern: PatternPart) {
        for node in pattern.nodes {
            let index =
                node.variable.flatMap { self.nodesByName[$0] } ?? self.anonymousNode(of: node, pattern)
            guard let index else { continue }
            let name = node.variable ?? "  n\(index)"
            if node.variable == nil, node.properties != nil || node.predicate != nil {
                self.innerScope[name] = self.nodes[index].slot
                self.newNames.insert(name)
                self.nodesByName[name] = index
                self.anonymous[name] = index
            }
            self.addProperties(node.properties, of: name)
            if let predicate = node.predicate { self.addCondition(predicate) }
        }
        for relationship in pattern.relationships where relationship.length == nil {
            let found = self.relationships.firstIndex { $0.pattern.range == relationship.range }
            guard let index = found else { continue }
            let name = relationship.variable ?? "  r\(index)"
            if relationship.variable == nil, relationship.properties != nil {
                self.innerScope[name] = self.relationships[index].slot
                self.newNames.insert(name)
                self.anonymousRelationships[name] = index
            }
            self.addProperties(relationship.properties, of: name)
            if let predicate = relationship.predicate { self.addCondition(predicate) }
        }
    }

    /// Names given here to nodes and relationships without one.
    private(set) var anonymous: [String: Int] = [:]
    private(set) var anonymousRelationships: [String: Int] = [:]

    private func anonymousNode(of node: NodePattern, _ pattern: PatternPart) -> Int? {
        // Nodes were added in the order of their patterns; an anonymous one is the one at its place.
        guard let position = pattern.nodes.firstIndex(where: { $0.range == node.range }) else { return nil }
        if position < pattern.relationships.count,
            let relationship = self.relationships.first(where: {
                $0.pattern.range == pattern.relationships[position].range
            })
        {
            return relationship.pattern.arrow == .left ? relationship.to : relationship.from
        }
        if let last = pattern.relationships.last,
            let relationship = self.relationships.first(where: { $0.pattern.range == last.range })
        {
            return relationship.pattern.arrow == .left ? relationship.from : relationship.to
        }
        return self.nodes.indices.first {
            self.nodes[$0].name == nil && !self.anonymous.values.contains($0) && !self.isInRelationship($0)
        }
    }

    private func isInRelationship(_ node: Int) -> Bool {
        self.relationships.contains { $0.from == node || $0.to == node }
    }

    private mutating func addProperties(_ properties: Expression?, of name: String) {
        guard case .map(let entries)? = properties?.kind else { return }
        for entry in entries {
            let range = entry.value.range
            let property = Expression(.property(Expression(.variable(name), range), key: entry.key), range)
            self.addCondition(
                Expression(.comparison(property, [Comparison(sign: .equal, operand: entry.value)]), range))
        }
    }

    private mutating func addCondition(_ expression: Expression) {
        if case .binary(.and, let left, let right) = expression.kind {
            self.addCondition(left)
            self.addCondition(right)
            return
        }
        if case .hasLabels(let base, let labels) = expression.kind, case .variable(let name) = base.kind,
            let index = self.nodesByName[name], !self.nodes[index].isBound
        {
            self.nodes[index].labels.append(labels)
            return
        }
        let names = FreeNames.of(expression) ?? self.newNames
        self.conditions.append(Condition(expression: expression, needs: names.intersection(self.newNames)))
    }
}

/// The variables an expression names.
enum FreeNames {
    /// All names in it, more rather than fewer; nil when it holds a subquery, which may name anything.
    static func of(_ expression: Expression) -> Set<String>? {
        var names: Set<String> = []
        return self.add(expression, &names) ? names : nil
    }

    private static func add(_ expression: Expression, _ names: inout Set<String>) -> Bool {
        switch expression.kind {
        case .variable(let name): names.insert(name)
        case .mapProjection(_, let items):
            for case .variable(let name, _) in items { names.insert(name) }
        case .pattern(let pattern): return self.add(pattern, &names)
        case .exists, .countSubquery, .collectSubquery, .patternComprehension: return false
        case .listComprehension(let comprehension):
            for part in [comprehension.predicate, comprehension.projection] {
                guard part.map({ self.add($0, &names) }) ?? true else { return false }
            }
        case .quantifier(_, _, _, let predicate): guard self.add(predicate, &names) else { return false }
        case .reduce(_, _, _, _, let step): guard self.add(step, &names) else { return false }
        default: break
        }
        return expression.children.allSatisfy { self.add($0, &names) }
    }

    private static func add(_ pattern: PatternPart, _ names: inout Set<String>) -> Bool {
        for node in pattern.nodes {
            if let name = node.variable { names.insert(name) }
            for part in [node.properties, node.predicate] {
                guard part.map({ self.add($0, &names) }) ?? true else { return false }
            }
        }
        for relationship in pattern.relationships {
            guard relationship.group == nil else { return false }
            if let name = relationship.variable { names.insert(name) }
            for part in [relationship.properties, relationship.predicate] {
                guard part.map({ self.add($0, &names) }) ?? true else { return false }
            }
        }
        return true
    }
}
