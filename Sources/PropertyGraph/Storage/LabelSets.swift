internal import HashTreeCollections

/// The different sets of labels that nodes carry, each with a number: nodes hold 4 bytes, not an array.
struct LabelSets: Sendable {
    private var sets: ContiguousArray<[LabelID]> = [[]]
    private var numbers: [[LabelID]: UInt32] = [[]: 0]

    /// How many sets there are; the empty one is number 0.
    var count: Int { self.sets.count }

    /// The labels of a set, sorted by number. O(1).
    subscript(number: UInt32) -> [LabelID] { self.sets[Int(number)] }

    /// The number of a set of labels that are sorted and differ.
    mutating func number(of labels: [LabelID]) -> UInt32 {
        if let number = self.numbers[labels] { return number }
        let number = UInt32(self.sets.count)
        self.sets.append(labels)
        self.numbers[labels] = number
        return number
    }
}

/// How many relationships of each type lead from nodes of one label set to nodes of another: exact, for the planner.
///
/// Kept by label sets, not labels, so that a relationship counts once whatever its ends are labelled.
struct PatternCounts: Sendable {
    struct Pattern: Hashable, Sendable {
        let source: UInt32
        let type: UInt32
        let target: UInt32
    }

    private var counts = TreeDictionary<Pattern, Int>()

    mutating func add(_ number: Int, _ pattern: Pattern) {
        let sum = (self.counts[pattern] ?? 0) + number
        self.counts[pattern] = sum == 0 ? nil : sum
    }

    /// The sum over all patterns that the body takes. O(patterns).
    func sum(where isWanted: (Pattern) -> Bool) -> Int {
        self.counts.reduce(0) { isWanted($1.key) ? $0 + $1.value : $0 }
    }
}
