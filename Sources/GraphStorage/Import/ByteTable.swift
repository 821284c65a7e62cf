internal import Foundation

/// Texts as bytes, each with a number: an open-addressing hash table. Texts of at most 8 bytes lie in the table, longer
/// ones in an arena beside it.
///
/// Memory: 16 to 43 bytes an entry, and the text if it is long. A look-up is one hash and about one cache miss,
/// two for a long text, and makes no `String`.
struct ByteTable {
    private struct Slot {
        /// The text itself, if it is short; else the upper half of its hash and, below, where it begins in the arena.
        var content: UInt64 = 0
        var number: UInt32 = 0
        /// The text's length plus 1; 0 when the slot is free.
        var length: UInt32 = 0

        var isShort: Bool { self.length <= 9 }
    }

    private var slots: [Slot]
    private var arena: [UInt8] = []
    private(set) var count = 0
    /// Drawn for each table, so that nobody can prepare texts that all fall into one place.
    private let seed = UInt64.random(in: 0...UInt64.max)

    init() { self.slots = Array(repeating: Slot(), count: 16) }

    /// The number of a text, or nil.
    func number(_ text: ByteSlice) -> UInt32? {
        let slot = self.slots[self.slot(text)]
        return slot.length == 0 ? nil : slot.number
    }

    /// Gives a text its number, in place of the one it has.
    /// - Returns: false when the texts together would have more than 4 GiB; then nothing changed.
    mutating func set(_ text: ByteSlice, _ number: UInt32) -> Bool {
        let index = self.slot(text)
        if self.slots[index].length > 0 {
            self.slots[index].number = number
            return true
        }
        var content = text.count <= 8 ? Self.packed(text) : self.hash(text) & ~0xFFFF_FFFF
        if text.count > 8 {
            guard self.arena.count + text.count < Int(UInt32.max) else { return false }
            content |= UInt64(self.arena.count)
            self.arena.append(contentsOf: UnsafeBufferPointer(start: text.start, count: text.count))
        }
        self.slots[index] = Slot(content: content, number: number, length: UInt32(text.count) + 1)
        self.count += 1
        if self.count * 4 > self.slots.count * 3 { self.grow() }
        return true
    }

    /// The slot of a text, or the free one where it belongs.
    private func slot(_ text: ByteSlice) -> Int {
        let length = UInt32(text.count) + 1
        let mask = self.slots.count - 1
        let isShort = text.count <= 8
        let content = isShort ? Self.packed(text) : self.hash(text)
        var index = Int((isShort ? self.hash(packed: content, length) : content) >> 32) & mask
        return self.slots.withUnsafeBufferPointer { slots in
            while slots[index].length > 0 {
                if slots[index].length == length {
                    if isShort {
                        if slots[index].content == content { return index }
                    } else if slots[index].content >> 32 == content >> 32,
                        self.holds(text, at: Int(UInt32(truncatingIfNeeded: slots[index].content)))
                    {
                        return index
                    }
                }
                index = (index + 1) & mask
            }
            return index
        }
    }

    private func holds(_ text: ByteSlice, at start: Int) -> Bool {
        self.arena.withUnsafeBufferPointer { arena in
            guard let base = arena.baseAddress else { return false }
            return memcmp(base + start, text.start, text.count) == 0
        }
    }

    private mutating func grow() {
        let mask = self.slots.count * 2 - 1
        var larger = Array(repeating: Slot(), count: mask + 1)
        for slot in self.slots where slot.length > 0 {
            let hash = slot.isShort ? self.hash(packed: slot.content, slot.length) : slot.content
            var index = Int(hash >> 32) & mask
            while larger[index].length > 0 { index = (index + 1) & mask }
            larger[index] = slot
        }
        self.slots = larger
    }

    /// A text of at most 8 bytes as a number.
    private static func packed(_ text: ByteSlice) -> UInt64 {
        if text.count == 8 { return UnsafeRawPointer(text.start).loadUnaligned(as: UInt64.self) }
        var packed: UInt64 = 0
        for index in 0..<text.count { packed = packed << 8 | UInt64(text.start[index]) }
        return packed
    }

    private func hash(packed: UInt64, _ length: UInt32) -> UInt64 {
        Self.mixed(packed ^ self.seed ^ UInt64(length) << 56)
    }

    /// The hash of a longer text: eight bytes at a step, each mixed by a multiplication to 128 bits.
    private func hash(_ text: ByteSlice) -> UInt64 {
        let raw = UnsafeRawPointer(text.start)
        var hash: UInt64 = self.seed ^ UInt64(text.count)
        var at = 0
        while at + 8 <= text.count {
            hash = Self.mixed(hash ^ raw.loadUnaligned(fromByteOffset: at, as: UInt64.self))
            at += 8
        }
        // The last eight bytes again, some for the second time: there are at least nine.
        return Self.mixed(hash ^ raw.loadUnaligned(fromByteOffset: text.count - 8, as: UInt64.self))
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
