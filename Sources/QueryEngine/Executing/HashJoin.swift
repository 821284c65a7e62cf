internal import PropertyGraph

/// Rows of one side under their keys, looked up by the rows of the other: each side is gone through once. Null, and what is
/// not equal to itself, joins nothing.
///
/// Holds the built side, counted against the memory limit; the other side streams. The built side is gone through when the
/// first row asks, and depends on no row.
struct HashJoin {
    /// The keys of rows that stream.
    let bound: [Evaluator]
    /// The keys of rows that are built.
    let own: [Evaluator]
    /// What a built row gives.
    let slots: [Int]
    /// Relationships that must not be one and the same.
    let different: [(Int, Int)]
    let build: PlanNode

    func run(
        _ input: PlanNode, _ context: ExecutionContext, _ row: Row, _ emit: Emit
    ) throws -> Bool {
        var table: JoinTable?
        defer { context.release(table?.held ?? 0) }
        return try context.holding(&table) { table in try self.probe(&table, input, context, row, emit) }
    }

    private func probe(
        _ table: inout JoinTable?, _ input: PlanNode, _ context: ExecutionContext, _ row: Row, _ emit: Emit
    ) throws -> Bool {
        try input.run(context, row) { row in
            let built = try table ?? self.table(context, row)
            table = built
            try context.step()
            guard let keys = try Self.keys(self.bound, context, row) else { return true }
            var entry = built.first(keys)
            while entry >= 0 {
                try context.step()
                built.take(entry, self.slots, into: row)
                let next = built.next(entry)
                if built.isEqual(entry, keys), self.areDifferent(row) {
                    guard try emit(row) else { return false }
                }
                entry = next
            }
            return true
        }
    }

    private func table(_ context: ExecutionContext, _ row: Row) throws -> JoinTable {
        var table = JoinTable(keys: self.own.count, slots: self.slots.count)
        return try context.holding(&table) { table in try self.fill(table, context, row) }
    }

    private func fill(_ table: JoinTable, _ context: ExecutionContext, _ row: Row) throws -> JoinTable {
        // In a row of its own: the node where both sides meet has one slot.
        _ = try self.build.run(context, row.copy()) { row in
            guard let keys = try Self.keys(self.own, context, row) else { return true }
            try context.hold(table.heldPerRow)
            try table.add(keys, row, self.slots, context)
            return true
        }
        return table
    }

    /// Nil when one of them is null.
    private static func keys(_ keys: [Evaluator], _ context: ExecutionContext, _ row: Row) throws -> [Value]?
    {
        var values: [Value] = []
        values.reserveCapacity(keys.count)
        for key in keys {
            let value = try key(context, row)
            if value.isNull { return nil }
            values.append(value)
        }
        return values
    }

    private func areDifferent(_ row: Row) -> Bool {
        for (left, right) in self.different {
            switch (row[left], row[right]) {
            case (.relationship(let a), .relationship(let b)): if a == b { return false }
            case (.relationship, .list(let list)): if list.contains(row[left]) { return false }
            default: break
            }
        }
        return true
    }
}

/// The built side of a join: flat arrays, the rows of one key in a chain as they came.
private final class JoinTable {
    let heldPerRow: Int
    private let keyCount: Int
    private let slotCount: Int
    private var numbers = KeyTable<Value>()
    /// By number of the key: its first row and its last.
    private var firsts: ContiguousArray<Int> = []
    private var lasts: ContiguousArray<Int> = []
    private var keys: ContiguousArray<Value> = []
    private var values: ContiguousArray<Value> = []
    private var following: ContiguousArray<Int> = []

    var held: Int { self.following.count * self.heldPerRow }

    init(keys: Int, slots: Int) {
        (self.keyCount, self.slotCount) = (keys, slots)
        self.heldPerRow = keys + slots + 1
    }

    func add(_ keys: [Value], _ row: Row, _ slots: [Int], _ context: ExecutionContext) throws {
        let entry = self.following.count
        self.following.append(-1)
        self.keys.append(contentsOf: keys)
        for slot in slots { self.values.append(row[slot]) }
        let (number, isNew) = try self.numbers.insert(Self.hashed(keys), context)
        if isNew {
            self.firsts.append(entry)
            self.lasts.append(entry)
        } else {
            self.following[self.lasts[number]] = entry
            self.lasts[number] = entry
        }
    }

    /// The first row that may have these keys; -1 for none.
    func first(_ keys: [Value]) -> Int {
        self.numbers.number(of: Self.hashed(keys)).map { self.firsts[$0] } ?? -1
    }

    /// The next one; -1 for none.
    func next(_ entry: Int) -> Int { self.following[entry] }

    /// Whether the keys are equal as `=` says, which is more than to be hashed alike.
    func isEqual(_ entry: Int, _ keys: [Value]) -> Bool {
        for index in 0..<self.keyCount
        where self.keys[entry * self.keyCount + index].isEqual(to: keys[index]) != true {
            return false
        }
        return true
    }

    func take(_ entry: Int, _ slots: [Int], into row: Row) {
        for (index, slot) in slots.enumerated() { row[slot] = self.values[entry * self.slotCount + index] }
    }

    private static func hashed(_ keys: [Value]) -> Value {
        keys.count == 1 ? keys[0].joinKey : .list(keys.map(\.joinKey))
    }
}

extension Value {
    /// What all values have in common that `=` calls equal.
    fileprivate var joinKey: Value {
        switch self {
        case .time(let time): .integer(time.utcNanoseconds)
        case .list(let elements): .list(elements.map(\.joinKey))
        case .map(let entries): .map(entries.mapValues(\.joinKey))
        default: self.equivalenceKey
        }
    }
}
