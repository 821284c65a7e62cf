internal import Cypher
internal import PropertyGraph

/// Indexes and columns that find a pattern's nodes from values that are known already.
extension MatchSolver {
    struct Seek {
        let index: PropertyIndex
        let label: String
        /// Values of all keys, or of all but the last when that has a range.
        let values: [Expression]
        /// The last value is a list, each element of which is looked up.
        var isList = false
        var range: SeekRange?
        var rows: Double
        /// What it sees to.
        var conditions: [Expression] = []
    }

    /// What a condition says of a key that is not one value.
    struct SeekRange {
        var lower: (value: Expression, isIncluded: Bool)?
        var upper: (value: Expression, isIncluded: Bool)?
        var prefix: Expression?
    }

    /// An index that finds the node from values that are known already.
    func seek(_ index: Int) -> Seek? {
        let node = self.graph.nodes[index]
        let names =
            self.graph.anonymous.filter { $0.value == index }.map(\.key) + [node.name].compactMap { $0 }
        guard !names.isEmpty else { return nil }
        var known: [String: (value: Expression, isList: Bool)] = [:]
        for condition in self.pending {
            guard let (key, value, isList) = Self.equality(condition.expression, names),
                let needs = FreeNames.of(value),
                needs.intersection(self.graph.newNames).isSubset(of: self.boundNames)
            else { continue }
            known[key] = (value, isList)
        }
        let ranges = self.ranges(names)
        guard !known.isEmpty || !ranges.isEmpty else { return nil }
        var best: Seek?
        for label in node.labels.flatMap({ $0.conjunction ?? [] }) {
            for candidate in self.planner.graph.indexes
            where candidate.definition.label == label && candidate.definition.on == .node
                && candidate.definition.kind == .range
            {
                let keys = candidate.definition.keys
                let found = keys.compactMap { known[$0] }
                let lists = found.filter(\.isList).count
                let count = self.labelCount(index)?.count ?? 1
                if found.count == keys.count - 1, lists == 0, let last = keys.last, known[last] == nil,
                    let range = ranges[last]
                {
                    let share = range.prefix != nil || range.lower != nil && range.upper != nil ? 0.05 : 0.3
                    let rows = max(1, found.isEmpty ? count * share : count * share / 10)
                    if rows < best?.rows ?? .infinity {
                        best = Seek(
                            index: candidate, label: label, values: found.map(\.value), range: range,
                            rows: rows)
                    }
                    continue
                }
                guard found.count == keys.count, lists == 0 || found.count == 1 else { continue }
                let rows = max(1, count / Double(max(1, candidate.distinctCount))) * (lists > 0 ? 5 : 1)
                if rows < best?.rows ?? .infinity {
                    best = Seek(
                        index: candidate, label: label, values: found.map(\.value), isList: lists > 0,
                        rows: rows)
                }
            }
        }
        guard var best else { return nil }
        let keys = best.index.definition.keys
        best.conditions = self.pending.map(\.expression).filter { condition in
            guard let key = Self.comparedKey(condition, names), keys.contains(key) else { return false }
            return known[key] != nil || key == keys.last && ranges[key] != nil
        }
        if keys.count == 1, let all = self.labelCount(index)?.count {
            best.rows = max(1, best.conditions.reduce(all) { $0 * self.share(of: $1) })
        }
        return best
    }

    /// The key of a node of these names that a condition compares.
    static func comparedKey(_ condition: Expression, _ names: [String]) -> String? {
        switch condition.kind {
        case .comparison(let left, let links) where links.count == 1:
            self.key(left, names) ?? self.key(links[0].operand, names)
        case .binary(.in, let left, _), .binary(.startsWith, let left, _): self.key(left, names)
        default: nil
        }
    }

    /// Ranges of keys whose bounds are known already: `key < value` and the like, either way round and in chains.
    func ranges(_ names: [String]) -> [String: SeekRange] {
        var ranges: [String: SeekRange] = [:]
        func isKnown(_ value: Expression) -> Bool {
            guard let needs = FreeNames.of(value) else { return false }
            return needs.intersection(self.graph.newNames).isSubset(of: self.boundNames)
        }
        func note(_ left: Expression, _ sign: Comparison.Sign, _ right: Expression) {
            if let key = Self.key(left, names), isKnown(right) {
                switch sign {
                case .less, .lessOrEqual:
                    ranges[key, default: SeekRange()].upper = (right, sign == .lessOrEqual)
                case .greater, .greaterOrEqual:
                    ranges[key, default: SeekRange()].lower = (right, sign == .greaterOrEqual)
                default: break
                }
            } else if Self.key(right, names) != nil, Self.key(left, names) == nil {
                note(right, sign.mirrored, left)
            }
        }
        for condition in self.pending {
            switch condition.expression.kind {
            case .comparison(let first, let links):
                var left = first
                for link in links {
                    note(left, link.sign, link.operand)
                    left = link.operand
                }
            case .binary(.startsWith, let left, let right):
                if let key = Self.key(left, names), isKnown(right) {
                    ranges[key, default: SeekRange()].prefix = right
                }
            default: break
            }
        }
        return ranges
    }

    /// The key of `name.key`.
    static func key(_ side: Expression, _ names: [String]) -> String? {
        guard case .property(let base, let key) = side.kind, case .variable(let name) = base.kind,
            names.contains(name)
        else { return nil }
        return key
    }

    /// `name.key = value`, either way round, or `name.key IN list`.
    static func equality(
        _ expression: Expression, _ names: [String]
    ) -> (key: String, value: Expression, isList: Bool)? {
        func key(_ side: Expression) -> String? { self.key(side, names) }
        switch expression.kind {
        case .comparison(let left, let links):
            guard links.count == 1, links[0].sign == .equal else { return nil }
            if let key = key(left) { return (key, links[0].operand, false) }
            if let key = key(links[0].operand) { return (key, left, false) }
            return nil
        case .binary(.in, let left, let right): return key(left).map { ($0, right, true) }
        default: return nil
        }
    }

    func indexSeek(_ seek: Seek, _ slot: Int, _ input: PlanNode) throws(CypherError) -> PlanNode {
        let values = try self.compiler.compile(seek.values)
        let range = try seek.range.map { (range) throws(CypherError) in try self.rangeEvaluator(range, values)
        }
        let (definition, isList) = (seek.index.definition, seek.isList)
        let details = "\(definition.label)(\(definition.keys.joined(separator: ", ")))"
        return self.planner.node(
            range == nil ? "NodeIndexSeek" : "NodeIndexSeekByRange", details,
            rows: input.estimatedRows * seek.rows, children: [input]
        ) { context, row, emit in
            try input.run(context, row) { row in
                guard let index = context.graph.indexes.first(where: { $0.definition == definition }) else {
                    return true
                }
                var nodes: [NodeID] = []
                if let range {
                    if let found = try range(context, row) {
                        try index.forEach(in: found) { number throws(CypherError) in
                            try context.pause(at: nodes.count)
                            nodes.append(NodeID(number))
                            return true
                        }
                    }
                } else if isList {
                    var found: Set<NodeID> = []
                    for value in try values[0](context, row).list ?? [] {
                        if let key = IndexKey([value]) { found.formUnion(index.nodes(key)) }
                    }
                    nodes = found.sorted()
                } else {
                    nodes = IndexKey(try values.map { try $0(context, row) }).map { index.nodes($0) } ?? []
                }
                context.touch(1 + nodes.count / 64)
                for node in nodes {
                    try context.step()
                    row[slot] = .node(node)
                    guard try emit(row) else { return false }
                }
                return true
            }
        }
    }

    /// The stretch of an index for the first keys' values and a range of the last; nil when nothing lies there.
    func rangeEvaluator(
        _ range: SeekRange, _ values: [Evaluator]
    ) throws(CypherError) -> (ExecutionContext, Row) throws -> IndexRange? {
        let compiler = self.compiler
        let lower = try range.lower.map { (bound) throws(CypherError) in
            (try compiler.compile(bound.value), bound.isIncluded)
        }
        let upper = try range.upper.map { (bound) throws(CypherError) in
            (try compiler.compile(bound.value), bound.isIncluded)
        }
        let prefix = try range.prefix.map { (value) throws(CypherError) in try compiler.compile(value) }
        func bound(_ value: Value, _ isIncluded: Bool) -> IndexRange.Bound {
            isIncluded ? .including(value) : .excluding(value)
        }
        return { context, row in
            let first = try values.map { try $0(context, row) }
            if let prefix {
                guard let text = try prefix(context, row).string else { return nil }
                return IndexRange(equal: first, startingWith: text)
            }
            return IndexRange(
                equal: first, from: try lower.map { bound(try $0.0(context, row), $0.1) },
                to: try upper.map { bound(try $0.0(context, row), $0.1) })
        }
    }
}

extension Comparison.Sign {
    /// The sign with its sides changed over.
    var mirrored: Comparison.Sign {
        switch self {
        case .less: .greater
        case .lessOrEqual: .greaterOrEqual
        case .greater: .less
        case .greaterOrEqual: .lessOrEqual
        case .equal, .notEqual: self
        }
    }
}
