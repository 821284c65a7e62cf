/// A key without references, that mixes its bits by itself.
protocol PlainKey: BitwiseCopyable, Equatable {
    /// A key for places where there is none.
    static var none: Self { get }
    /// Its bits, spread: the lower ones choose the place.
    var mixed: UInt64 { get }
}

extension Int: PlainKey {
    static var none: Int { 0 }
    var mixed: UInt64 { (UInt64(bitPattern: Int64(self)) &* 0x9E37_79B9_7F4A_7C15) >> 20 }
}

/// A text of at most 15 bytes in UTF-8, as two numbers: names of cities, states and kinds are mostly as short.
struct ShortText: PlainKey {
    private let low: UInt64
    /// The length in the highest byte.
    private let high: UInt64

    static var none: ShortText { ShortText(low: 0, high: 0) }

    private init(low: UInt64, high: UInt64) { (self.low, self.high) = (low, high) }

    /// Nil for a text that is longer.
    init?(_ text: String) {
        let count = text.utf8.count
        guard count <= 15 else { return nil }
        var (low, high) = (UInt64(0), UInt64(count) << 56)
        let isDone: Void? = text.utf8.withContiguousStorageIfAvailable { bytes in
            for index in 0..<min(8, bytes.count) { low |= UInt64(bytes[index]) << (8 * UInt64(index)) }
            if bytes.count > 8 {
                for index in 8..<bytes.count { high |= UInt64(bytes[index]) << (8 * UInt64(index - 8)) }
            }
        }
        guard isDone != nil else { return nil }
        self.init(low: low, high: high)
    }

    var mixed: UInt64 {
        let product = (self.low ^ (self.high &* 0xD6E8_FEB8_6659_FD93)) &* 0x9E37_79B9_7F4A_7C15
        return product >> 20
    }
}

/// Numbers under keys: open addressing with a cheap hash. Whoever makes his keys collide slows his own query, within its limit
/// of time.
struct NumberTable<Key: PlainKey> {
    private var keys: ContiguousArray<Key>
    /// Values plus one, 0 where there is none; twice as many places as keys at least.
    private var values: ContiguousArray<Int>
    private var count = 0

    init() {
        self.keys = ContiguousArray(repeating: .none, count: 64)
        self.values = ContiguousArray(repeating: 0, count: 64)
    }

    /// The value under a key; nil, and the given one is put there, when there is none. A table that grows calls `pause` with
    /// numbers that count up.
    mutating func insert(_ key: Key, _ value: Int, _ pause: (Int) throws -> Void) rethrows -> Int? {
        let place = Self.place(of: key, self.keys, self.values)
        if self.values[place] > 0 { return self.values[place] - 1 }
        self.keys[place] = key
        self.values[place] = value + 1
        self.count += 1
        if self.count * 2 > self.values.count { try self.grow(pause) }
        return nil
    }

    private mutating func grow(_ pause: (Int) throws -> Void) rethrows {
        let size = self.values.count * 2
        var keys = ContiguousArray(repeating: Key.none, count: size)
        var values = ContiguousArray(repeating: 0, count: size)
        for index in self.values.indices where self.values[index] > 0 {
            try pause(index)
            let place = Self.place(of: self.keys[index], keys, values)
            keys[place] = self.keys[index]
            values[place] = self.values[index]
        }
        (self.keys, self.values) = (keys, values)
    }

    private static func place(of key: Key, _ keys: ContiguousArray<Key>, _ values: ContiguousArray<Int>)
        -> Int
    {
        let mask = values.count - 1
        var place = Int(truncatingIfNeeded: key.mixed) & mask
        while values[place] > 0, keys[place] != key { place = (place + 1) & mask }
        return place
    }
}
