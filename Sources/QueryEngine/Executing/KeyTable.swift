/// Keys numbered in the order in which they came. Open addressing over their hashes, which are kept: a table that grows
/// moves numbers only, and looks now and then whether the query is to end.
struct KeyTable<Key: Hashable> {
    /// The keys, by number.
    private(set) var keys: ContiguousArray<Key> = []
    private var hashes: ContiguousArray<Int> = []
    /// Numbers plus one, 0 where there is none; twice as many places as keys at least.
    private var places = ContiguousArray<UInt32>(repeating: 0, count: 64)

    /// The number of a key, nil when it is not there.
    func number(of key: Key) -> Int? {
        let entry = self.places[self.place(of: key, key.hashValue)]
        return entry == 0 ? nil : Int(entry) - 1
    }

    /// The number of a key, which gets the next one when it is not there.
    mutating func insert(_ key: Key, _ context: ExecutionContext) throws -> (number: Int, isNew: Bool) {
        let hash = key.hashValue
        let place = self.place(of: key, hash)
        let entry = self.places[place]
        if entry > 0 { return (Int(entry) - 1, false) }
        self.keys.append(key)
        self.hashes.append(hash)
        self.places[place] = UInt32(self.keys.count)
        if self.keys.count * 2 > self.places.count { try self.grow(context) }
        return (self.keys.count - 1, true)
    }

    /// Where a key stands, or could stand.
    private func place(of key: Key, _ hash: Int) -> Int {
        let mask = self.places.count - 1
        var place = hash & mask
        while case let entry = self.places[place], entry > 0 {
            let number = Int(entry) - 1
            if self.hashes[number] == hash, self.keys[number] == key { return place }
            place = (place + 1) & mask
        }
        return place
    }

    private mutating func grow(_ context: ExecutionContext) throws {
        let mask = self.places.count * 2 - 1
        var places = ContiguousArray<UInt32>(repeating: 0, count: mask + 1)
        for (number, hash) in self.hashes.enumerated() {
            try context.pause(at: number)
            var place = hash & mask
            while places[place] > 0 { place = (place + 1) & mask }
            places[place] = UInt32(number + 1)
        }
        self.places = places
    }
}
