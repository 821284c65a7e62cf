/// Elements by dense number, in pages of ``pageSize`` behind a table of two levels.
///
/// A value: copying is O(1), and a write copies only the page it touches and the group of pages that
/// holds it (at most `pageSize` and `groupSize` references), in place while nobody else holds them.
/// Arrays give exactly that sharing, so no reference counts are handled here.
struct PagedTable<Element: Sendable>: Sendable {
    /// Elements in a page. Measured best between 64 and 128 for two-level tables (MEASUREMENTS.md).
    static var pageSize: Int { 128 }
    /// Pages in a group.
    static var groupSize: Int { 256 }

    private var groups: [[ContiguousArray<Element?>]] = []

    /// One past the greatest number that ever held an element.
    private(set) var bound: UInt32 = 0

    /// The element, or nil where there is none. O(1).
    subscript(number: UInt32) -> Element? {
        guard number < self.bound else { return nil }
        let (group, page, slot) = Self.place(number)
        return self.groups[group][page][slot]
    }

    /// Reads one element where it lies, without copying it out.
    @inline(__always)
    func read<Result>(_ number: UInt32, _ body: (borrowing Element) -> Result) -> Result? {
        guard number < self.bound else { return nil }
        let (group, page, slot) = Self.place(number)
        guard let element = self.groups[group][page][slot] else { return nil }
        return body(element)
    }

    /// Changes one element where it lies; `nil` before means it is new, `nil` after removes it.
    mutating func update<Result, Failure: Error>(
        _ number: UInt32, _ body: (inout Element?) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        self.grow(past: number)
        let (group, page, slot) = Self.place(number)
        return try body(&self.groups[group][page][slot])
    }

    private mutating func grow(past number: UInt32) {
        guard number >= self.bound else { return }
        let (group, page, _) = Self.place(number)
        let first = max(self.groups.count - 1, 0)
        while self.groups.count <= group { self.groups.append([]) }
        for index in first...group {
            let wanted = index == group ? page + 1 : Self.groupSize
            while self.groups[index].count < wanted {
                self.groups[index].append(ContiguousArray(repeating: nil, count: Self.pageSize))
            }
        }
        self.bound = number + 1
    }

    private static func place(_ number: UInt32) -> (group: Int, page: Int, slot: Int) {
        let index = Int(number)
        let page = index / self.pageSize
        return (page / self.groupSize, page % self.groupSize, index % self.pageSize)
    }
}
