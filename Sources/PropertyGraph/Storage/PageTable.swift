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

/// References a block. Copying a block counts each of its references once more, reading goes through one block a level: 8 a
/// block made commits no faster and walks a third slower.
private enum BlockShape {
    static let size = 32
    static let shift = 5
    static let mask = 31
}

/// Pages by number, below a tree of blocks of 32 references that grows at the top.
///
/// A value: copying is O(1). A write copies what it touches and others hold: one page, and a block of each level.
/// Reading counts no references.
///
/// `@unchecked Sendable`: a block is changed only while one table alone holds it, which ``update(_:_:)`` sees to.
struct PageTable<Page: StoredPage>: @unchecked Sendable {
    /// One past the greatest number that ever lay here.
    private(set) var bound: UInt32 = 0
    private var root = ReferenceBlock.make()
    /// How far a page's number is shifted to give the place in the root; 0 when that holds pages.
    private var rootShift = 0

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
        var shift = self.rootShift
        guard page >> shift < BlockShape.size else { return nil }
        var block = Unmanaged.passUnretained(self.root)
        while shift > 0 {
            guard let next: Unmanaged<ReferenceBlock> = block.child(page >> shift & BlockShape.mask) else {
                return nil
            }
            block = next
            shift &-= BlockShape.shift
        }
        return block.child(page & BlockShape.mask)
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

    /// The block with the page of a number, held by this table alone.
    private mutating func ownedBlock(of number: UInt32) -> ReferenceBlock {
        let page = Int(number) >> Page.shift
        while page >> self.rootShift >= BlockShape.size {
            self.root = ReferenceBlock.make(above: self.root)
            self.rootShift += BlockShape.shift
        }
        if !isKnownUniquelyReferenced(&self.root) { self.root = self.root.copied() }
        self.bound = max(self.bound, number + 1)
        var (block, shift) = (self.root, self.rootShift)
        while shift > 0 {
            block = block.owned(page >> shift & BlockShape.mask) {
                ReferenceBlock.make()
            } copy: {
                unsafeDowncast($0, to: ReferenceBlock.self).copied()
            }
            shift -= BlockShape.shift
        }
        return block
    }
}

/// A block of references, to pages or to other blocks, that can be read without counting them. Not generic: the
/// compiler leaves copies of generic optional references to the runtime, at ten times the cost.
private final class ReferenceBlock: ManagedBuffer<Void, AnyObject?> {
    /// A block of no references, or of one at the first place.
    static func make(above first: ReferenceBlock? = nil) -> ReferenceBlock {
        let block = unsafeDowncast(
            self.create(minimumCapacity: BlockShape.size) { _ in () }, to: ReferenceBlock.self)
        block.withUnsafeMutablePointerToElements { children in
            children.initialize(repeating: nil, count: BlockShape.size)
            children[0] = first
        }
        return block
    }

    /// The same references.
    func copied() -> ReferenceBlock {
        let block = Self.make()
        block.withUnsafeMutablePointerToElements { children in
            self.withUnsafeMutablePointerToElements { own in
                // One by one: a copy of the whole range goes through the runtime's description of the type.
                for index in 0..<BlockShape.size {
                    if let child = own[index] { children[index] = child }
                }
            }
        }
        return block
    }

    func place(_ child: AnyObject, at index: Int) {
        self.withUnsafeMutablePointerToElements { $0[index] = child }
    }

    /// The child, made or copied first unless this block alone holds it.
    @inline(__always)
    func owned<Child: AnyObject>(_ index: Int, make: () -> Child, copy: (AnyObject) -> Child) -> Child {
        self.withUnsafeMutablePointerToElements { children in
            // Asked before a local reference exists, which would count as a second holder.
            let isOwned = isKnownUniquelyReferenced(&children[index])
            if isOwned, let child = children[index] { return unsafeDowncast(child, to: Child.self) }
            let child = children[index].map(copy) ?? make()
            children[index] = child
            return child
        }
    }

    deinit {
        self.withUnsafeMutablePointerToElements { children in
            _ = children.deinitialize(count: BlockShape.size)
        }
    }
}

extension Unmanaged<ReferenceBlock> {
    /// The address of a block's child alone. Whoever reads through it holds the block.
    @inline(__always)
    fileprivate func child<Child: AnyObject>(_ index: Int) -> Unmanaged<Child>? {
        self._withUnsafeGuaranteedRef { block in
            block.withUnsafeMutablePointerToElements { children in
                UnsafeRawPointer(children + index).load(as: UnsafeRawPointer?.self).map {
                    Unmanaged<Child>.fromOpaque($0)
                }
            }
        }
    }
}
