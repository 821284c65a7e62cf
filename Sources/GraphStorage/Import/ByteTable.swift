internal import Foundation

/// Texts as bytes, each with a number: an open-addressing hash table over one arena.
///
/// Memory: 16 to 32 bytes an entry and the text. A look-up is one hash and about one cache miss, and makes no
/// `String`.
struct ByteTable {
    private struct Slot {
        /// The upper half of the hash.
        var hash: UInt32 = 0
        var number: UInt32 = 0
        /// Where the text begins in the arena.
        var start: UInt32 = 0
        /// The text's length plus 1; 0 when the slot is free.
        var length: UInt32 = 0
    }

    private var slots: [Slot]
    private var arena: [UInt8] = []
    private(set) var count = 0

    init() { self.slots = Array(repeating: Slot(), count: 16) }

    /// The number of a text, or nil.
    func number(_ text: ByteSlice) -> UInt32? {
        let slot = self.slots[self.slot(text, Self.hash(text))]
        return slot.length == 0 ? nil : slot.number
    }

    /// Gives a text its number, in place of the one it has.
    /// - Returns: false when the texts together would have more than 4 GiB; then nothing changed.
    mutating func set(_ text: ByteSlice, _ number: UInt32) -> Bool {
        let hash = Self.hash(text)
        let index = self.slot(text, hash)
        if self.slots[index].length > 0 {
            self.slots[index].number = number
            return true
        }
        guard self.arena.count + text.count < Int(UInt32.max) else { return false }
        self.slots[index] = Slot(
            hash: UInt32(truncatingIfNeeded: hash >> 32), number: number, start: UInt32(self.arena.count),
            length: UInt32(text.count) + 1)
        self.arena.append(contentsOf: UnsafeBufferPointer(start: text.start, count: text.count))
        self.count += 1
        if self.count * 4 > self.slots.count * 3 { self.grow() }
        return true
    }

    private func slot(_ text: ByteSlice, _ hash: UInt64) -> Int {
        let mask = self.slots.count - 1
        var index = Int(truncatingIfNeeded: hash >> 32) & mask
        let upper = UInt32(truncatingIfNeeded: hash >> 32)
        return self.slots.withUnsafeBufferPointer { slots in
            while slots[index].length > 0 {
                if slots[index].hash == upper, Int(slots[index].length) == text.count + 1,
                    self.holds(text, at: Int(slots[index].start))
                {
                    return index
                }
                index = (index + 1) & mask
            }
            return index
        }
    }

    private func holds(_ text: ByteSlice, at start: Int) -> Bool {
        self.arena.withUnsafeBufferPointer { arena in
            guard let base = arena.baseAddress else { return text.isEmpty }
            return memcmp(base + start, text.start, text.count) == 0
        }
    }

    private mutating func grow() {
        let mask = self.slots.count * 2 - 1
        var larger = Array(repeating: Slot(), count: mask + 1)
        for slot in self.slots where slot.length > 0 {
            var index = Int(slot.hash) & mask
            while larger[index].length > 0 { index = (index + 1) & mask }
            larger[index] = slot
        }
        self.slots = larger
    }

    /// Eight bytes at a step, each mixed by a multiplication to 128 bits.
    private static func hash(_ text: ByteSlice) -> UInt64 {
        let raw = UnsafeRawPointer(text.start)
        var hash: UInt64 = 0x9E37_79B9_7F4A_7C15 ^ UInt64(text.count)
        var at = 0
        while at + 8 <= text.count {
            hash = Self.mixed(hash ^ raw.loadUnaligned(fromByteOffset: at, as: UInt64.self))
            at += 8
        }
        var rest: UInt64 = 0
        while at < text.count {
            rest = rest << 8 | UInt64(text.start[at])
            at += 1
        }
        return Self.mixed(hash ^ rest)
    }

    private static func mixed(_ number: UInt64) -> UInt64 {
        let (high, low) = number.multipliedFullWidth(by: 0xD6E8_FEB8_6659_FD93)
        return high ^ low
    }
}

/// The nodes of an import by their ids.
///
/// Ids that are plain whole numbers below a bound that grows with the table lie in an array, 4 bytes each; all
/// others are texts of a ``ByteTable``.
struct NodeTable {
    private struct Space {
        /// Node numbers plus 1, by id; 0 where there is none.
        var dense: [UInt32] = []
        var texts = ByteTable()
        var count = 0
    }

    private var spaces: [Space] = []

    func node(_ id: ImportID) -> UInt32? {
        guard id.space < self.spaces.count else { return nil }
        if let number = id.number, number < self.spaces[id.space].dense.count {
            let node = self.spaces[id.space].dense[number]
            if node != 0 { return node - 1 }
        }
        return self.spaces[id.space].texts.number(id.text)
    }

    /// Remembers a node under an id that has none yet.
    /// - Returns: false when there is no room for more ids.
    mutating func insert(_ id: ImportID, _ node: UInt32) -> Bool {
        while self.spaces.count <= id.space { self.spaces.append(Space()) }
        self.spaces[id.space].count += 1
        let bound = (1 << 20) + 8 * self.spaces[id.space].count
        guard let number = id.number, number < bound else {
            return self.spaces[id.space].texts.set(id.text, node)
        }
        let missing = number + 1 - self.spaces[id.space].dense.count
        if missing > 0 {
            self.spaces[id.space].dense.append(contentsOf: repeatElement(0, count: missing))
        }
        self.spaces[id.space].dense[number] = node + 1
        return true
    }
}

/// The id of a node in an import, in place.
struct ImportID {
    /// The number of the id's space.
    var space = 0
    var text: ByteSlice

    /// The id as a number, when it is one in its plainest form: digits, no sign, no leading zero.
    var number: Int? {
        guard self.text.count > 0, self.text.count <= 15 else { return nil }
        var number = 0
        for index in 0..<self.text.count {
            let digit = Int(self.text.start[index]) - 48
            guard digit >= 0, digit < 10 else { return nil }
            number = number * 10 + digit
        }
        return self.text.start[0] == 48 && self.text.count > 1 ? nil : number
    }
}
