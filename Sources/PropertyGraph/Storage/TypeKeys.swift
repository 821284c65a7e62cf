/// Which properties relationships of a type have, or had once: whoever looks for another one need not look at any.
///
/// Grows only: a property that the last relationship of a type lost counts until the graph is loaded again.
struct TypeKeys: Sendable {
    /// By type, the first 64 keys as bits.
    private var first: ContiguousArray<UInt64> = []
    /// The others, below their type.
    private var others: Set<UInt64> = []

    private static func pair(_ type: UInt32, _ key: PropertyKeyID) -> UInt64 {
        UInt64(type) << 32 | UInt64(key.index)
    }

    func contains(_ type: UInt32, _ key: PropertyKeyID) -> Bool {
        guard key.index < 64 else { return self.others.contains(Self.pair(type, key)) }
        return Int(type) < self.first.count && self.first[Int(type)] >> UInt64(key.index) & 1 == 1
    }

    mutating func insert(_ type: UInt32, _ key: PropertyKeyID) {
        guard key.index < 64 else {
            self.others.insert(Self.pair(type, key))
            return
        }
        while self.first.count <= Int(type) { self.first.append(0) }
        self.first[Int(type)] |= 1 << UInt64(key.index)
    }
}
