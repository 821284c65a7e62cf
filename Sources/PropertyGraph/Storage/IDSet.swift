/// A set of 32-bit numbers as a bitmap in pages: labels' nodes, free numbers.
///
/// Membership is O(1), iteration is in order and O(bound / 64 + members). Copying is O(1); a write copies one page of
/// 512 bytes. Pages without members take no memory.
package struct IDSet: Sendable, Sequence {
    private static let wordsPerPage = 64
    private static let bitsPerPage = 4096
    private var pages: [[UInt64]] = []

    /// How many members there are.
    package private(set) var count = 0

    /// The empty set.
    package init() {}

    /// Whether the number is in the set.
    package func contains(_ number: UInt32) -> Bool {
        let (page, word, bit) = Self.place(number)
        guard page < self.pages.count, !self.pages[page].isEmpty else { return false }
        return self.pages[page][word] & bit != 0
    }

    /// The members from `64 * number` on, by bit.
    func word(_ number: UInt32) -> UInt64 {
        let page = Int(number) / Self.wordsPerPage
        guard page < self.pages.count, !self.pages[page].isEmpty else { return 0 }
        return self.pages[page][Int(number) % Self.wordsPerPage]
    }

    /// Adds a number; does nothing when it is there already.
    package mutating func insert(_ number: UInt32) {
        let (page, word, bit) = Self.place(number)
        while self.pages.count <= page { self.pages.append([]) }
        if self.pages[page].isEmpty { self.pages[page] = [UInt64](repeating: 0, count: Self.wordsPerPage) }
        guard self.pages[page][word] & bit == 0 else { return }
        self.pages[page][word] |= bit
        self.count += 1
    }

    /// Takes a number out; does nothing when it is not there.
    package mutating func remove(_ number: UInt32) {
        guard self.contains(number) else { return }
        let (page, word, bit) = Self.place(number)
        self.pages[page][word] &= ~bit
        self.count -= 1
    }

    /// The least member that is not below a number. O(bound / 4096) and better.
    package func first(from number: UInt32) -> UInt32? {
        var iterator = Iterator(pages: self.pages, from: number)
        return iterator.next()
    }

    private static func place(_ number: UInt32) -> (page: Int, word: Int, bit: UInt64) {
        let number = Int(number)
        return (number / self.bitsPerPage, number % self.bitsPerPage / 64, 1 << UInt64(number % 64))
    }

    /// The members in order.
    package func makeIterator() -> Iterator { Iterator(pages: self.pages, from: 0) }

    /// The number of members, exactly, so that arrays made from the set are sized once.
    package var underestimatedCount: Int { self.count }

    /// Walks the set bits page by page.
    package struct Iterator: IteratorProtocol {
        private let pages: [[UInt64]]
        private var page: Int
        private var word: Int
        private var bits: UInt64 = 0

        fileprivate init(pages: [[UInt64]], from number: UInt32) {
            self.pages = pages
            let (page, word, bit) = IDSet.place(number)
            (self.page, self.word) = (page, word)
            if page < pages.count, !pages[page].isEmpty { self.bits = pages[page][word] & ~(bit - 1) }
        }

        /// The next member, or nil at the end.
        package mutating func next() -> UInt32? {
            while self.bits == 0 {
                self.word += 1
                if self.word == IDSet.wordsPerPage
                    || self.page < self.pages.count && self.pages[self.page].isEmpty
                {
                    (self.page, self.word) = (self.page + 1, 0)
                    while self.page < self.pages.count, self.pages[self.page].isEmpty { self.page += 1 }
                }
                guard self.page < self.pages.count else { return nil }
                self.bits = self.pages[self.page][self.word]
            }
            let bit = self.bits.trailingZeroBitCount
            self.bits &= self.bits - 1
            return UInt32(self.page * IDSet.bitsPerPage + self.word * 64 + bit)
        }
    }
}
