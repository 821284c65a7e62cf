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

    init(descending: [Bool], limit: Int) {
        self.descending = descending
        self.limit = limit
    }

    /// Adds a row; gives whether one more row is held.
    mutating func add(_ keys: [Value], _ row: Row) -> Bool {
        self.added += 1
        guard self.limit > 0 else { return false }
        self.entries.append(Entry(keys: keys, number: self.added, row: row))
        // Twice the limit before each cut, so that cutting costs O(log n) a row.
        guard self.limit < 1 << 40, self.entries.count >= max(64, self.limit * 2) else { return true }
        self.entries.sort(by: self.precedes)
        self.entries.removeSubrange(self.limit...)
        return false
    }

    mutating func sorted() -> [Row] {
        self.entries.sort(by: self.precedes)
        return self.entries.prefix(self.limit).map(\.row)
    }

    private func precedes(_ left: Entry, _ right: Entry) -> Bool {
        for index in self.descending.indices {
            let order = left.keys[index].sortOrder(right.keys[index])
            if order != 0 { return self.descending[index] ? order > 0 : order < 0 }
        }
        return left.number < right.number
    }
}
