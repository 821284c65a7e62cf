internal import PropertyGraph

/// Sorts rows, or keeps only the first few of them: O(n log limit) time and O(limit) memory.
struct Sorter {
    private struct Entry {
        let keys: [Value]
        let number: Int
        let row: Row
    }

    private let descending: [Bool]
    private let limit: Int
    private var entries: [Entry] = []
    private var added = 0
    /// The last of those that a cut left: what does not precede it is not among the first.
    private var worst: Entry?

    init(descending: [Bool], limit: Int) {
        self.descending = descending
        self.limit = limit
    }

    /// Adds a copy of a row; gives whether one more row is held.
    mutating func add(_ keys: [Value], _ row: Row) -> Bool {
        self.added += 1
        guard self.limit > 0 else { return false }
        if let worst = self.worst, !self.precedes(keys, worst) { return false }
        self.entries.append(Entry(keys: keys, number: self.added, row: row.copy()))
        // Twice the limit before each cut, so that cutting costs O(log n) a row.
        guard self.limit < 1 << 40, self.entries.count >= max(64, self.limit * 2) else { return true }
        self.entries.sort(by: self.precedes)
        self.entries.removeSubrange(self.limit...)
        self.worst = self.entries.last
        return false
    }

    mutating func sorted() -> [Row] {
        self.entries.sort(by: self.precedes)
        return self.entries.prefix(self.limit).map(\.row)
    }

    private func precedes(_ left: Entry, _ right: Entry) -> Bool {
        let order = self.order(left.keys, right.keys)
        return order == 0 ? left.number < right.number : order < 0
    }

    /// Whether a row that comes after another one in the input comes before it in the output.
    private func precedes(_ keys: [Value], _ earlier: Entry) -> Bool { self.order(keys, earlier.keys) < 0 }

    private func order(_ left: [Value], _ right: [Value]) -> Int {
        for index in self.descending.indices {
            let order = left[index].sortOrder(right[index])
            if order != 0 { return self.descending[index] ? -order : order }
        }
        return 0
    }
}
