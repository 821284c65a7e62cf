internal import Cypher
internal import PropertyGraph

/// Values of a property on some nodes of a label, spread over the graph: what share of all a condition lets pass, to a few
/// per cent. Where an index holds the property its exact counts are better.
struct ValueSample {
    /// Pages of 128 nodes that are looked at, and nodes on each: some microseconds.
    private static let pages = 6
    private static let nodesPerPage = 20

    /// Null where a node lacks the property.
    private let values: [Value]
    private let labelCount: Int

    init(_ label: LabelID, _ key: PropertyKeyID, _ graph: GraphSnapshot) {
        let members = graph.nodes(label)
        var values: [Value] = []
        let count = (Int(graph.nodeIDBound) + 127) / 128
        for step in 0..<min(count, Self.pages) {
            let first = NodeID(UInt32(step * count / min(count, Self.pages) * 128))
            let bits = members.bits(at: first)
            let column = graph.column(of: key, at: first)
            var taken = 0
            for slot in 0..<128 where taken < Self.nodesPerPage {
                let word = slot < 64 ? bits.0 : bits.1
                guard word >> UInt64(slot & 63) & 1 == 1 else { continue }
                taken += 1
                values.append(column?[slot] ?? .null)
            }
        }
        self.values = values
        self.labelCount = members.count
    }

    /// Nil when no node of the label was met.
    func share(_ passes: (Value) -> Bool) -> Double? {
        guard !self.values.isEmpty else { return nil }
        // Never none: what was not met may be there.
        return (Double(self.values.count { passes($0) }) + 0.5) / (Double(self.values.count) + 1)
    }

    /// The share of one value that is not known yet.
    var shareOfOne: Double? {
        let known = self.values.filter { !$0.isNull }
        guard !known.isEmpty else { return nil }
        let distinct = Set(known.map(\.equivalenceKey)).count
        // Mostly different values are taken for all different.
        let all = distinct * 10 > known.count * 9 ? max(distinct, self.labelCount) : distinct
        return Double(known.count) / Double(self.values.count) / Double(all)
    }
}

extension MatchSolver {
    /// What share of a label's nodes, or of the rows, a condition lets pass.
    func share(of condition: Expression) -> Double {
        switch condition.kind {
        case .comparison(let left, let links):
            guard links.count == 1, let link = links.first else { return 0.2 }
            if let share = self.share(left, link.sign, link.operand) { return share }
            if let share = self.share(link.operand, link.sign.mirrored, left) { return share }
            return link.sign == .equal ? 0.1 : 0.3
        case .binary(.in, let left, let right):
            guard let one = self.share(left, .equal, nil) else { return 0.3 }
            if case .list(let elements) = right.kind { return min(1, one * Double(elements.count)) }
            return min(1, one * 5)
        case .binary(.startsWith, let left, let right):
            guard let (label, key) = self.place(left), case .string(let prefix) = right.kind else {
                return 0.1
            }
            if let index = self.index(label, key), let range = IndexRange(startingWith: prefix) {
                return self.share(index.count(range), label)
            }
            return self.sample(label, key)?.share { $0.string?.hasPrefix(prefix) ?? false } ?? 0.1
        case .isNull(let operand, let negated):
            guard let (label, key) = self.place(operand) else { return negated ? 0.9 : 0.1 }
            return self.sample(label, key)?.share { $0.isNull != negated } ?? (negated ? 0.9 : 0.1)
        case .binary(.and, let left, let right): return self.share(of: left) * self.share(of: right)
        case .binary(.or, let left, let right): return min(1, self.share(of: left) + self.share(of: right))
        case .unary(.not, let operand): return max(0.05, 1 - self.share(of: operand))
        default: return 0.3
        }
    }

    /// The share of `name.key sign value`; nil when the left is no property of a node whose label is known.
    private func share(_ left: Expression, _ sign: Comparison.Sign, _ right: Expression?) -> Double? {
        guard let (label, key) = self.place(left) else { return nil }
        if let value = right?.literal {
            if let index = self.index(label, key), let count = Self.count(index, sign, value) {
                return self.share(count, label)
            }
            return self.sample(label, key)?.share { ExpressionCompiler.compare($0, sign, value) == true }
        }
        switch sign {
        case .equal:
            if let index = self.index(label, key), index.distinctCount > 0 {
                return self.share(index.count, label) / Double(index.distinctCount)
            }
            return self.sample(label, key)?.shareOfOne ?? 0.1
        case .notEqual: return 0.9
        default: return 0.3
        }
    }

    private func share(_ count: Int, _ label: String) -> Double {
        let graph = self.planner.graph
        let all = graph.tokens.label(label).map { graph.count($0) } ?? 0
        return min(1, max(Double(count), 0.5) / Double(max(1, all)))
    }

    /// How many entities an index holds of those that compare so.
    private static func count(_ index: PropertyIndex, _ sign: Comparison.Sign, _ value: Value) -> Int? {
        let range: IndexRange?
        switch sign {
        case .equal: return IndexKey([value]).map { index.count($0) }
        case .notEqual: return IndexKey([value]).map { index.count - index.count($0) }
        case .less: range = IndexRange(from: nil, to: .excluding(value))
        case .lessOrEqual: range = IndexRange(from: nil, to: .including(value))
        case .greater: range = IndexRange(from: .excluding(value), to: nil)
        case .greaterOrEqual: range = IndexRange(from: .including(value), to: nil)
        }
        return range.map { index.count($0) }
    }

    /// The rarest label of the node in `name.key`, and the key.
    private func place(_ expression: Expression) -> (label: String, key: String)? {
        guard case .property(let base, let key) = expression.kind, case .variable(let name) = base.kind,
            let node = self.graph.anonymous[name] ?? self.graph.nodes.firstIndex(where: { $0.name == name }),
            let label = self.labelCount(node)?.name
        else { return nil }
        return (label, key)
    }

    private func index(_ label: String, _ key: String) -> PropertyIndex? {
        self.planner.graph.indexes.first {
            $0.definition.label == label && $0.definition.on == .node && $0.definition.kind == .range
                && $0.definition.keys == [key]
        }
    }

    private func sample(_ label: String, _ key: String) -> ValueSample? {
        let graph = self.planner.graph
        guard let label = graph.tokens.label(label), let key = graph.tokens.propertyKey(key) else {
            return nil
        }
        return self.planner.sample(label, key)
    }

    /// Conditions on a node that need nothing that is not known.
    func knownConditions(on node: Int) -> [Expression] {
        guard !self.pending.isEmpty else { return [] }
        let names = self.names(of: MatchPart(nodes: [node], relationships: []))
        guard !names.isEmpty else { return [] }
        return self.pending.filter { condition in
            !condition.needs.isEmpty && !condition.needs.isDisjoint(with: names)
                && condition.needs.subtracting(names).isSubset(of: self.boundNames)
        }.map(\.expression)
    }

    /// How many relationships of its types a node at an end has on average, of those that lead to what the other end asks
    /// for: by exact counts of labels at both ends.
    func fanOut(_ relationship: MatchGraph.Relationship, from start: Int) -> Double {
        guard relationship.pattern.length == nil, let types = relationship.pattern.types?.alternatives else {
            return self.fanOut(relationship)
        }
        let graph = self.planner.graph
        let end = relationship.from == start ? relationship.to : relationship.from
        func label(_ node: Int) -> LabelID? { self.labelCount(node).flatMap { graph.tokens.label($0.name) } }
        let (own, other) = (label(start), label(end))
        guard own != nil || other != nil else { return self.fanOut(relationship) }
        var count = 0
        for type in types.compactMap({ graph.tokens.relationshipType($0) }) {
            if relationship.pattern.arrow == .either || relationship.from == start {
                count += graph.count(from: own, type, to: other)
            }
            if relationship.pattern.arrow == .either || relationship.to == start {
                count += graph.count(from: other, type, to: own)
            }
        }
        return Double(count) / Double(max(1, own.map { graph.count($0) } ?? graph.nodeCount))
    }
}

extension Expression {
    /// The value that the text says; nil when it must be computed.
    fileprivate var literal: Value? {
        switch self.kind {
        case .boolean(let truth): return .boolean(truth)
        case .integer(let number): return .integer(number)
        case .float(let number): return .float(number)
        case .string(let text): return .string(text)
        case .unary(.minus, let operand):
            switch operand.literal {
            case .integer(let number)? where number > Int.min: return .integer(-number)
            case .float(let number)?: return .float(-number)
            default: return nil
            }
        default: return nil
        }
    }
}
