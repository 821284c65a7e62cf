/// The slots of one page that are set: 128 bits, trivially copied.
struct Bitmap128: Hashable, Sendable {
    private var low: UInt64 = 0
    private var high: UInt64 = 0

    /// Nothing is set.
    init() {}

    /// How many slots are set.
    var count: Int { self.low.nonzeroBitCount + self.high.nonzeroBitCount }

    var isEmpty: Bool { self.low | self.high == 0 }

    /// The bits of slots 0 to 63, then those of 64 to 127.
    var words: (UInt64, UInt64) { (self.low, self.high) }

    subscript(slot: Int) -> Bool {
        get { (slot < 64 ? self.low >> UInt64(slot) : self.high >> UInt64(slot - 64)) & 1 != 0 }
        set {
            let bit = UInt64(1) << UInt64(slot & 63)
            switch (slot < 64, newValue) {
            case (true, true): self.low |= bit
            case (true, false): self.low &= ~bit
            case (false, true): self.high |= bit
            case (false, false): self.high &= ~bit
            }
        }
    }

    /// How many slots before this one are set: where the slot's value lies in a packed array.
    func rank(_ slot: Int) -> Int {
        if slot < 64 { return (self.low & ((1 << UInt64(slot)) - 1)).nonzeroBitCount }
        return self.low.nonzeroBitCount + (self.high & ((1 << UInt64(slot - 64)) - 1)).nonzeroBitCount
    }

    /// Calls the body for each set slot, in order.
    @inline(__always)
    func forEach(_ body: (Int) -> Void) {
        var bits = self.low
        while bits != 0 {
            body(bits.trailingZeroBitCount)
            bits &= bits - 1
        }
        bits = self.high
        while bits != 0 {
            body(64 + bits.trailingZeroBitCount)
            bits &= bits - 1
        }
    }
}
