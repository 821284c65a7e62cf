/// Numbers under whole numbers: open addressing with a cheap hash. Whoever makes his keys collide slows his own query, within
/// its limit of time.
struct NumberTable {
    private var keys: ContiguousArray<Int>
    /// Values plus one, 0 where there is none; twice as many places as keys at least.
    private var values: ContiguousArray<Int>
    private var count = 0

    init() {
        self.keys = ContiguousArray(repeating: 0, count: 64)
        self.values = ContiguousArray(repeating: 0, count: 64)
    }

    /// The value under a key; nil, and the given one is put there, when there is none.
    mutating func insert(_ key: Int, _ value: Int) -> Int? {
        let place = Self.place(of: key, self.keys, self.values)
        if self.values[place] > 0 { return self.values[place] - 1 }
        self.keys[place] = key
        self.values[place] = value + 1
        self.count += 1
        if self.count * 2 > self.values.count { self.grow() }
        return nil
    }

    private mutating func grow() {
        let size = self.values.count * 2
        var keys = ContiguousArray(repeating: 0, count: size)
        var values = ContiguousArray(repeating: 0, count: size)
        for index in self.values.indices where self.values[index] > 0 {
            let place = Self.place(of: self.keys[index], keys, values)
            keys[place] = self.keys[index]
            values[place] = self.values[index]
        }
        (self.keys, self.values) = (keys, values)
    }

    private static func place(of key: Int, _ keys: ContiguousArray<Int>, _ values: ContiguousArray<Int>)
        -> Int
    {
        let mask = values.count - 1
        var place =
            Int(truncatingIfNeeded: (UInt64(bitPattern: Int64(key)) &* 0x9E37_79B9_7F4A_7C15) >> 20) & mask
        while values[place] > 0, keys[place] != key { place = (place + 1) & mask }
        return place
    }
}
