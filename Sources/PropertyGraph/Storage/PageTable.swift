/// A page of a ``PageTable``: something for 128 neighbouring numbers.
///
/// A page is changed only while one table alone holds it, which ``PageTable/update(_:_:)`` sees to, and never
/// after it was shared; that is what makes pages safe to send.
protocol StoredPage: AnyObject, Sendable {
    /// An empty page.
    init()
    /// A page with the same content that nobody else holds.
    func copied() -> Self
}

/// How numbers are split into pages. Measured best between 64 and 128 numbers a page (MEASUREMENTS.md, adjacency
/// layouts); 64 references a block make a write copy few of them.
enum PageShape {
    static let size = 128
    static let shift = 7
    static let mask = 127
    static let blockSize = 64
    static let blockShift = 6
    static let blockMask = 63
}

/// Pages by number, below blocks of 64 references in two levels and a root.
///
/// A value: copying is O(1). A write copies what it touches and others hold: one page, two blocks of references, and the
/// root's `bound` / 524,288 references. Reading counts no references.
struct PageTable<Page: StoredPage>: Sendable {
    private typealias Group = ReferenceBlock<Page>
    private typealias Section = ReferenceBlock<ReferenceBlock<Page>>

    /// One past the greatest number that ever lay here.
    private(set) var bound: UInt32 = 0
    private var root = ReferenceBlock<ReferenceBlock<ReferenceBlock<Page>>>(capacity: 4)

    /// How many pages the numbers below ``bound`` take.
    var pageCount: Int { (Int(self.bound) + PageShape.mask) >> PageShape.shift }

    /// Reads the page of a number without holding it; nil when it was never written. O(1).
    @inline(__always)
    func read<Result>(pageOf number: UInt32, _ body: (Page) -> Result) -> Result? {
        self.read(page: Int(number) >> PageShape.shift, body)
    }

    /// Reads a page without holding it; nil when it was never written. O(1).
    @inline(__always)
    func read<Result>(page: Int, _ body: (Page) -> Result) -> Result? {
        guard let page = self.unretained(page) else { return nil }
        return page._withUnsafeGuaranteedRef { body($0) }
    }

    /// The page itself, held by the caller; nil when it was never written.
    func page(_ page: Int) -> Page? { self.unretained(page)?.takeUnretainedValue() }

    /// Whether both tables hold the very same page there: then nothing in it differs.
    func shares(_ page: Int, with other: PageTable) -> Bool {
        self.unretained(page)?.toOpaque() == other.unretained(page)?.toOpaque()
    }

    @inline(__always)
    private func unretained(_ page: Int) -> Unmanaged<Page>? {
        let group = page >> PageShape.blockShift
        let section = group >> PageShape.blockShift
        guard section < self.root.capacity, let section = self.root.unretained(section) else { return nil }
        return section._withUnsafeGuaranteedRef { section in
            section.unretained(group & PageShape.blockMask)?._withUnsafeGuaranteedRef { group in
                group.unretained(page & PageShape.blockMask)
            }
        }
    }

    /// Changes the page of a number, in place when nobody else holds it.
    mutating func update<Result, Failure: Error>(
        _ number: UInt32, _ body: (Page) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let page = Int(number) >> PageShape.shift
        let group = page >> PageShape.blockShift
        let section = group >> PageShape.blockShift
        if !isKnownUniquelyReferenced(&self.root) || section >= self.root.capacity {
            self.root = ReferenceBlock(copying: self.root, capacity: max(self.root.capacity, section + 1))
        }
        self.bound = max(self.bound, number + 1)
        let owned = self.root.owned(section) {
            Section(capacity: PageShape.blockSize)
        } copy: {
            Section(copying: $0, capacity: PageShape.blockSize)
        }.owned(group & PageShape.blockMask) {
            Group(capacity: PageShape.blockSize)
        } copy: {
            Group(copying: $0, capacity: PageShape.blockSize)
        }
        return try body(
            owned.owned(page & PageShape.blockMask) {
                Page()
            } copy: {
                $0.copied()
            })
    }
}

/// A fixed number of references that can be read without counting them.
///
/// `@unchecked Sendable`: changed only while one table alone holds it (``PageTable/update(_:_:)``).
private final class ReferenceBlock<Child: AnyObject & Sendable>: @unchecked Sendable {
    let capacity: Int
    private let children: UnsafeMutablePointer<Child?>

    init(capacity: Int) {
        self.capacity = capacity
        self.children = .allocate(capacity: capacity)
        self.children.initialize(repeating: nil, count: capacity)
    }

    /// The same references, with room for at least so many.
    init(copying other: ReferenceBlock, capacity: Int) {
        self.capacity = capacity
        self.children = .allocate(capacity: capacity)
        self.children.initialize(from: other.children, count: other.capacity)
        (self.children + other.capacity).initialize(repeating: nil, count: capacity - other.capacity)
    }

    /// The child's address alone. Whoever reads through it holds the block.
    @inline(__always)
    func unretained(_ index: Int) -> Unmanaged<Child>? {
        UnsafeRawPointer(self.children + index).load(as: UnsafeRawPointer?.self).map {
            Unmanaged<Child>.fromOpaque($0)
        }
    }

    /// The child, made or copied first unless this block alone holds it.
    func owned(_ index: Int, make: () -> Child, copy: (Child) -> Child) -> Child {
        // Asked before a local reference exists, which would count as a second holder.
        let isOwned = isKnownUniquelyReferenced(&self.children[index])
        if isOwned, let child = self.children[index] { return child }
        let child = self.children[index].map(copy) ?? make()
        self.children[index] = child
        return child
    }

    deinit {
        self.children.deinitialize(count: self.capacity)
        self.children.deallocate()
    }
}
