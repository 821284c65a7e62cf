internal import PropertyGraph

/// Sorts rows, or keeps only the first few of them: O(n log limit) time and O(limit) memory.
struct Sorter {
    private struct Entry {
        let keys: [Value]
        let number: Int
        let row: Row
    }

    /// What comes first: by keys, rows with the same ones as they came.
    private struct Order {
        let descending: [Bool]

        func precedes(_ left: Entry, _ right: Entry) -> Bool {
            let order = self.order(left.keys, right.keys)
            return order == 0 ? left.number < right.number : order < 0
        }

        func order(_ left: [Value], _ right: [Value]) -> Int {
            for index in self.descending.indices {
                let order = self.order(left[index], right[index], index)
                if order != 0 { return order }
            }
            return 0
        }

        func order(_ left: Value, _ right: Value, _ index: Int) -> Int {
            let order = left.sortOrder(right)
            return self.descending[index] ? -order : order
        }
    }

    private let order: Order
    private let limit: Int
    private var entries: [Entry] = []
    private var added = 0
    /// The last of those that a cut left: what does not precede it is not among the first.
    private var worst: Entry?

    init(descending: [Bool], limit: Int) {
        self.order = Order(descending: descending)
        self.limit = limit
    }

    /// Adds a copy of a row whose keys a closure computes; gives whether one more row is held.
    mutating func add(_ row: Row, _ context: ExecutionContext, _ key: (Int) throws -> Value) throws -> Bool {
        self.added += 1
        guard self.limit > 0 else { return false }
        let first = try key(0)
        // Most rows are not among the first few, and one key tells.
        if let worst = self.worst, self.order.order(first, worst.keys[0], 0) > 0 { return false }
        var keys = [first]
        for index in 1..<self.order.descending.count { keys.append(try key(index)) }
        if let worst = self.worst, self.order.order(keys, worst.keys) >= 0 { return false }
        self.entries.append(Entry(keys: keys, number: self.added, row: row.copy()))
        // Twice the limit before each cut, so that cutting costs O(log n) a row.
        guard self.limit < 1 << 40, self.entries.count >= max(64, self.limit * 2) else { return true }
        try self.sort(context)
        self.entries.removeSubrange(self.limit...)
        self.worst = self.entries.last
        return false
    }

    /// Gives the rows in order, until the body says false.
    mutating func forEachSorted(_ context: ExecutionContext, _ body: (Row) throws -> Bool) throws -> Bool {
        try self.sort(context)
        for index in self.entries.indices.prefix(self.limit) {
            try context.step()
            guard try body(self.entries[index].row) else { return false }
        }
        return true
    }

    private mutating func sort(_ context: ExecutionContext) throws {
        let order = self.order
        try context.sort(&self.entries, by: order.precedes)
    }
}
