/// A page of a ``PageTable``: something for neighbouring numbers.
///
/// A page is changed only while one table alone holds it, which ``PageTable/update(_:_:)`` sees to, and never
/// after it was shared; that is what makes pages safe to send.
protocol StoredPage: AnyObject, Sendable {
    /// The binary logarithm of how many numbers a page is for.
    static var shift: Int { get }
    /// An empty page.
    init()
    /// A page with the same content that nobody else holds.
    func copied() -> Self
}

/// Entities a page of properties. Measured best between 64 and 128 (MEASUREMENTS.md, adjacency layouts).
enum PageShape {
    static let size = 128
    static let shift = 7
    static let mask = 127
}

/// References a block: a write copies two blocks and the root.
private enum BlockShape {
    static let size = 32
    static let shift = 5
    static let mask = 31
}

/// Pages by number, below blocks of 32 references in two levels and a root.
///
/// A value: copying is O(1). A write copies what it touches and others hold: one page, two blocks of references, and the
/// root's reference for each 1,024 pages. Reading counts no references.
struct PageTable<Page: StoredPage>: Sendable {
    /// One past the greatest number that ever lay here.
    private(set) var bound: UInt32 = 0
    private var root = ReferenceBlock(capacity: 4)

    /// How many pages the numbers below ``bound`` take.
    var pageCount: Int { (Int(self.bound) + (1 << Page.shift) - 1) >> Page.shift }

    /// Reads the page of a number without holding it; nil when it was never written. O(1).
    @inline(__always)
    func read<Result>(pageOf number: UInt32, _ body: (Page) -> Result) -> Result? {
        self.read(page: Int(number) >> Page.shift, body)
    }

    /// Reads a page without holding it; nil when it was never written. O(1).
    @inline(__always)
    func read<Result>(page: Int, _ body: (Page) -> Result) -> Result? {
        guard let page = self.unretained(page) else { return nil }
        return page._withUnsafeGuaranteedRef { body($0) }
    }

    /// The page of a number without holding it; nil when it was never written. Valid as long as the table is held.
    @inline(__always)
    func unretained(pageOf number: UInt32) -> Unmanaged<Page>? {
        self.unretained(Int(number) >> Page.shift)
    }

    /// The page itself, held by the caller; nil when it was never written.
    func page(_ page: Int) -> Page? { self.unretained(page)?.takeUnretainedValue() }

    /// Whether both tables hold the very same page there: then nothing in it differs.
    func shares(_ page: Int, with other: PageTable) -> Bool {
        self.unretained(page)?.toOpaque() == other.unretained(page)?.toOpaque()
    }

    @inline(__always)
    private func unretained(_ page: Int) -> Unmanaged<Page>? {
        let group = page >> BlockShape.shift
        let section = group >> BlockShape.shift
        guard section < self.root.capacity, let section = self.root.block(section),
            let group = section._withUnsafeGuaranteedRef({ $0.block(group & BlockShape.mask) })
        else { return nil }
        return group._withUnsafeGuaranteedRef { $0.unretained(page & BlockShape.mask) }
    }

    /// Changes the page of a number, in place when nobody else holds it.
    mutating func update<Result, Failure: Error>(
        _ number: UInt32, _ body: (Page) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let block = self.ownedBlock(of: number)
        return try body(
            block.owned(Int(number) >> Page.shift & BlockShape.mask) {
                Page()
            } copy: {
                unsafeDowncast($0, to: Page.self).copied()
            })
    }

    /// Puts a whole page, which the table holds alone from now on, where that of a number was.
    mutating func place(_ page: Page, at number: UInt32) {
        self.ownedBlock(of: number).place(page, at: Int(number) >> Page.shift & BlockShape.mask)
    }

    private mutating func ownedBlock(of number: UInt32) -> ReferenceBlock {
        let group = Int(number) >> (Page.shift + BlockShape.shift)
        let section = group >> BlockShape.shift
        if !isKnownUniquelyReferenced(&self.root) || section >= self.root.capacity {
            self.root = ReferenceBlock(
                copying: self.root,
                capacity: section < self.root.capacity
                    ? self.root.capacity : max(section + 1, self.root.capacity * 3 / 2))
        }
        self.bound = max(self.bound, number + 1)
        return self.root.ownedBlock(section).ownedBlock(group & BlockShape.mask)
    }
}

/// A fixed number of references, to pages or to other blocks, that can be read without counting them. Not generic: the
/// compiler leaves copies of generic optional references to the runtime, at ten times the cost.
///
/// `@unchecked Sendable`: changed only while one table alone holds it (``PageTable/update(_:_:)``).
private final class ReferenceBlock: @unchecked Sendable {
    let capacity: Int
    private let children: UnsafeMutablePointer<AnyObject?>

    init(capacity: Int) {
        self.capacity = capacity
        self.children = .allocate(capacity: capacity)
        self.children.initialize(repeating: nil, count: capacity)
    }

    /// The same references, with room for at least so many.
    init(copying other: ReferenceBlock, capacity: Int) {
        self.capacity = capacity
        self.children = .allocate(capacity: capacity)
        self.children.initialize(repeating: nil, count: capacity)
        // One by one: a copy of the whole range goes through the runtime's description of the type.
        for index in 0..<other.capacity {
            if let child = other.children[index] { self.children[index] = child }
        }
    }

    /// The child's address alone. Whoever reads through it holds the block.
    @inline(__always)
    func unretained<Child: AnyObject>(_ index: Int) -> Unmanaged<Child>? {
        UnsafeRawPointer(self.children + index).load(as: UnsafeRawPointer?.self).map {
            Unmanaged<Child>.fromOpaque($0)
        }
    }

    @inline(__always)
    func block(_ index: Int) -> Unmanaged<ReferenceBlock>? { self.unretained(index) }

    /// The child, made or copied first unless this block alone holds it.
    @inline(__always)
    func owned<Child: AnyObject>(_ index: Int, make: () -> Child, copy: (AnyObject) -> Child) -> Child {
        // Asked before a local reference exists, which would count as a second holder.
        let isOwned = isKnownUniquelyReferenced(&self.children[index])
        if isOwned, let child = self.children[index] { return unsafeDowncast(child, to: Child.self) }
        let child = self.children[index].map(copy) ?? make()
        self.children[index] = child
        return child
    }

    func place(_ child: AnyObject, at index: Int) { self.children[index] = child }

    func ownedBlock(_ index: Int) -> ReferenceBlock {
        self.owned(index) {
            ReferenceBlock(capacity: BlockShape.size)
        } copy: {
            ReferenceBlock(
                copying: unsafeDowncast($0, to: ReferenceBlock.self), capacity: BlockShape.size)
        }
    }

    deinit {
        for index in 0..<self.capacity { self.children[index] = nil }
        self.children.deallocate()
    }
}
