internal import PropertyGraph

/// Groups of rows with what their aggregates gathered so far.
final class Grouping {
    private let keys: [Evaluator]
    private let places: GroupPlaces
    /// The values of the keys, by number of the group.
    private var groups: ContiguousArray<[Value]> = []
    private let states: [ColumnAggregates]

    /// How many groups there are.
    var count: Int { self.groups.count }

    /// `isPart` when others gather other rows, so that what depends on the order of rows ends with ``SplitScan/Undone``.
    init(_ keys: [Evaluator], _ columns: [Planner.AggregateColumn], isPart: Bool = false) {
        self.keys = keys
        self.places = GroupPlaces(keys: keys.count)
        self.states = columns.map {
            ColumnAggregates(
                name: $0.name, isDistinct: $0.isDistinct, value: $0.value, further: $0.further, isPart: isPart
            )
        }
    }

    /// Takes in all rows of an operator.
    func addAll(of input: PlanNode, _ context: ExecutionContext, _ row: Row) throws {
        _ = try input.run(context, row) { row in
            try context.step()
            let number = try self.group(context) { try self.keys[$0](context, row) }
            for state in self.states { try state.add(row, to: number, context) }
            return true
        }
    }

    /// Takes in the groups of rows that come after its own.
    func addAll(of other: Grouping, _ context: ExecutionContext) throws {
        for (theirs, values) in other.groups.enumerated() {
            try context.step()
            let own = try self.group(context) { values[$0] }
            for (state, others) in zip(self.states, other.states) {
                try state.add(others, theirs, to: own, context)
            }
        }
    }

    private func group(_ context: ExecutionContext, _ key: (Int) throws -> Value) throws -> Int {
        let place = try self.places.place(self.groups.count, context, key)
        if place.isNew {
            try context.hold(place.values.count + self.states.count)
            self.start(place.values)
        }
        return place.number
    }

    private func start(_ values: [Value]) {
        self.groups.append(values)
        for state in self.states { state.addGroup() }
    }

    /// Gives the keys and the results of each group, in the order in which they came, until the body says false.
    func forEachGroup(_ context: ExecutionContext, _ body: ([Value], [Value]) throws -> Bool) throws -> Bool {
        if self.groups.isEmpty, self.keys.isEmpty { self.start([]) }
        for (number, values) in self.groups.enumerated() {
            try context.step()
            guard try body(values, self.states.map { try $0.finish(number, context) }) else { return false }
        }
        return true
    }
}

/// Which group a row belongs to, by its keys.
private final class GroupPlaces {
    private let keys: Int
    @exclusivity(unchecked) private var hasOne = false
    @exclusivity(unchecked) private var byNumber = NumberTable<Int>()
    @exclusivity(unchecked) private var byNode = NumberTable<Int>()
    @exclusivity(unchecked) private var byShortText = NumberTable<ShortText>()
    /// Their groups, by the numbers of these keys.
    @exclusivity(unchecked) private var byValue = KeyTable<Value>()
    @exclusivity(unchecked) private var valueGroups: ContiguousArray<Int> = []
    @exclusivity(unchecked) private var byValues = KeyTable<[Value]>()

    init(keys: Int) { self.keys = keys }

    /// The group of a row whose keys a closure computes, by number; `next` is the number that a new group gets.
    func place(
        _ next: Int, _ context: ExecutionContext, _ key: (Int) throws -> Value
    ) throws -> (number: Int, isNew: Bool, values: [Value]) {
        switch self.keys {
        case 0:
            defer { self.hasOne = true }
            return (0, !self.hasOne, [])
        case 1:
            let value = try key(0)
            let known = try self.known(value.equivalenceKey, next, context)
            return (known ?? next, known == nil, known == nil ? [value] : [])
        default:
            var values: [Value] = []
            for index in 0..<self.keys { values.append(try key(index)) }
            let normal = values.map(\.equivalenceKey)
            // With several keys all groups are in this table, so that its numbers are theirs.
            let (number, isNew) = try self.byValues.insert(normal, context)
            return (number, isNew, isNew ? values : [])
        }
    }

    /// The group of a single key; nil, and it is noted under the next number, when the key is new.
    private func known(_ key: Value, _ next: Int, _ context: ExecutionContext) throws -> Int? {
        switch key {
        case .integer(let number): return try self.byNumber.insert(number, next) { try context.pause(at: $0) }
        case .node(let node):
            return try self.byNode.insert(Int(node.index), next) { try context.pause(at: $0) }
        case .string(let text):
            if let short = ShortText(text) {
                return try self.byShortText.insert(short, next) { try context.pause(at: $0) }
            }
        default: break
        }
        let (number, isNew) = try self.byValue.insert(key, context)
        if !isNew { return self.valueGroups[number] }
        self.valueGroups.append(next)
        return nil
    }
}
