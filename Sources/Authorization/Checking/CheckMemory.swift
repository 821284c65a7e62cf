/// What a check remembers of pairs of object and relation. Kept from check to check, so that a check allocates nothing.
///
/// An open hash table whose entries belong to the check of their epoch: forgetting all is counting on.
///
/// `@unchecked Sendable`: one check has it at a time, which takes it from a pool and gives it back at its end.
final class CheckMemory: @unchecked Sendable {
    private struct Entry {
        var key: UInt64 = 0
        var epoch: UInt32 = 0
        var state: Int32 = 0
    }

    private var entries = ContiguousArray(repeating: Entry(), count: 256)
    private var epoch: UInt32 = 1
    private var count = 0
    /// How often each relation is being decided now.
    var active: ContiguousArray<UInt32> = []
    /// Whether the closure of a relation is known: see ``CheckRun/close(_:)``.
    var isClosed: ContiguousArray<Bool> = []
    private var givenUp: [Int] = []
    /// The pairs of closures, in the order found.
    var closure: ContiguousArray<UInt64> = []

    /// The state of a pair that was reached from the subject.
    static let reached: Int32 = 3
    /// From here on a state is the depth at which the pair is being decided.
    static let undecided: Int32 = 16

    /// Forgets all.
    func begin(relations: Int) {
        if self.epoch == .max {
            for index in self.entries.indices { self.entries[index].epoch = 0 }
            self.epoch = 0
        }
        self.epoch += 1
        self.count = 0
        if self.active.count != relations {
            self.active = ContiguousArray(repeating: 0, count: relations)
            self.isClosed = ContiguousArray(repeating: false, count: relations)
        } else {
            for index in 0..<relations { self.isClosed[index] = false }
        }
        self.closure.removeAll(keepingCapacity: true)
        self.givenUp.removeAll(keepingCapacity: true)
    }

    /// The closure of a relation can not be known.
    func giveUp(_ relation: Int) { self.givenUp.append(relation) }

    func isGivenUp(_ relation: Int) -> Bool { self.givenUp.contains(relation) }

    static func key(_ node: UInt32, _ relation: Int) -> UInt64 {
        UInt64(node) << 32 | UInt64(UInt32(truncatingIfNeeded: relation))
    }

    @inline(__always)
    private func place(_ key: UInt64) -> Int {
        let mask = self.entries.count - 1
        var place = Int(truncatingIfNeeded: (key &* 0x9E37_79B9_7F4A_7C15) >> 32) & mask
        while self.entries[place].epoch == self.epoch, self.entries[place].key != key {
            place = (place + 1) & mask
        }
        return place
    }

    /// The state of a pair; nil when nothing is known.
    @inline(__always)
    func state(_ key: UInt64) -> Int32? {
        let place = self.place(key)
        return self.entries[place].epoch == self.epoch && self.entries[place].state != .min
            ? self.entries[place].state : nil
    }

    @inline(__always)
    func set(_ key: UInt64, _ state: Int32) {
        let place = self.place(key)
        if self.entries[place].epoch != self.epoch {
            self.count += 1
            self.entries[place] = Entry(key: key, epoch: self.epoch, state: state)
            if self.count * 2 > self.entries.count { self.grow() }
        } else {
            self.entries[place].state = state
        }
    }

    /// Nothing is known of the pair any more. Its entry stays, as others may lie behind it.
    func forget(_ key: UInt64) { self.set(key, .min) }

    private func grow() {
        let old = self.entries
        self.entries = ContiguousArray(repeating: Entry(), count: old.count * 2)
        for entry in old where entry.epoch == self.epoch { self.entries[self.place(entry.key)] = entry }
    }

    /// Whether the tables are small enough to be kept for the next check.
    var isWorthKeeping: Bool { self.entries.count <= 1 << 16 }
}
