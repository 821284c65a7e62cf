/// A set in order, as a persistent B+ tree: what indexes and the adjacency of nodes of very high degree lie in.
///
/// A value: copying is O(1); a write copies the nodes on one path that others hold. Looking up, adding, taking away, the
/// element at a position and the number of elements before another are O(log n).
struct SortedTree<Element: Comparable & Sendable>: Sendable {
    private var root = TreeNode<Element>()

    /// The empty set.
    init() {}

    /// A set of elements that are in order and differ. O(n).
    init(sorted elements: some RandomAccessCollection<Element>) {
        var level: ContiguousArray<TreeNode<Element>> = []
        var start = elements.startIndex
        while start != elements.endIndex {
            let end =
                elements.index(start, offsetBy: TreeShape.leaf * 7 / 8, limitedBy: elements.endIndex)
                ?? elements.endIndex
            level.append(TreeNode(elements: ContiguousArray(elements[start..<end])))
            start = end
        }
        while level.count > 1 {
            level = ContiguousArray(
                stride(from: 0, to: level.count, by: TreeShape.inner * 7 / 8).map { start in
                    TreeNode(
                        children: ContiguousArray(
                            level[start..<min(level.count, start + TreeShape.inner * 7 / 8)]))
                })
        }
        if let root = level.first { self.root = root }
    }

    /// How many elements there are. O(1).
    var count: Int { self.root.count }

    /// Adds an element; false when it is there already.
    @discardableResult
    mutating func insert(_ element: Element) -> Bool {
        let (isNew, split) = TreeNode.insert(element, into: &self.root)
        if let split { self.root = TreeNode(children: [self.root, split]) }
        return isNew
    }

    /// Takes an element away; false when it is not there.
    @discardableResult
    mutating func remove(_ element: Element) -> Bool {
        guard self.contains(element), TreeNode.remove(element, from: &self.root) else { return false }
        while self.root.children.count == 1 { self.root = self.root.children[0] }
        return true
    }

    func contains(_ element: Element) -> Bool {
        var node = self.root
        while !node.isLeaf { node = node.children[node.childIndex(of: element)] }
        let index = node.lowerBound(element)
        return index < node.keys.count && node.keys[index] == element
    }

    /// How many elements come before this one, which need not be there.
    func rank(_ element: Element) -> Int {
        var node = self.root
        var rank = 0
        while !node.isLeaf {
            let index = node.childIndex(of: element)
            for before in 0..<index { rank += node.sizes[before] }
            node = node.children[index]
        }
        return rank + node.lowerBound(element)
    }

    /// The least element that is not less than this one.
    func first(from element: Element) -> Element? {
        var node = self.root
        while !node.isLeaf { node = node.children[node.childIndex(of: element)] }
        let index = node.lowerBound(element)
        if index < node.keys.count { return node.keys[index] }
        // It is the first of the next leaf, if there is one.
        let rank = self.rank(element)
        return rank < self.count ? self[rank] : nil
    }

    /// The element at a position, from 0.
    subscript(position: Int) -> Element {
        var node = self.root
        var position = position
        while !node.isLeaf {
            var index = 0
            while position >= node.sizes[index] {
                position -= node.sizes[index]
                index += 1
            }
            node = node.children[index]
        }
        return node.keys[position]
    }

    /// Calls the body for the elements from a position on, in order, until it says false. O(log n) to start.
    /// - Returns: whether the body never said false.
    @discardableResult
    func forEach<Failure: Error>(
        from position: Int = 0, _ body: (Element) throws(Failure) -> Bool
    ) throws(Failure) -> Bool {
        try self.root.forEach(from: position, body)
    }

    /// Calls the body with the elements at a range of positions, in order and many at a time.
    func forEachRun(in range: Range<Int>, _ body: (UnsafeBufferPointer<Element>) -> Void) {
        self.root.forEachRun(in: range, body)
    }
}

/// How wide nodes are: a write copies one leaf and one inner node a level.
enum TreeShape {
    static let leaf = 256
    static let inner = 64
}

/// A node of a ``SortedTree``: a leaf with elements, or an inner node with children and the least element of each.
///
/// `@unchecked Sendable`: changed only while one tree alone holds it (`isKnownUniquelyReferenced` before every change).
private final class TreeNode<Element: Comparable & Sendable>: @unchecked Sendable {
    var keys: ContiguousArray<Element>
    var children: ContiguousArray<TreeNode>
    /// The number of elements below each child.
    var sizes: ContiguousArray<Int>
    var count: Int

    var isLeaf: Bool { self.children.isEmpty }

    init(elements: ContiguousArray<Element> = []) {
        self.keys = elements
        self.children = []
        self.sizes = []
        self.count = elements.count
    }

    /// Joins children, none of which is empty.
    init(children: ContiguousArray<TreeNode>) {
        self.keys = ContiguousArray(children.map { $0.keys[0] })
        self.children = children
        self.sizes = ContiguousArray(children.map(\.count))
        self.count = self.sizes.reduce(0, +)
    }

    private init(copying other: TreeNode) {
        self.keys = other.keys
        self.children = other.children
        self.sizes = other.sizes
        self.count = other.count
    }

    /// The first position whose key is not less than the element.
    func lowerBound(_ element: Element) -> Int {
        var (low, high) = (0, self.keys.count)
        while low < high {
            let middle = (low + high) / 2
            if self.keys[middle] < element { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// The child in which the element is or would be.
    func childIndex(of element: Element) -> Int {
        let index = self.lowerBound(element)
        if index < self.keys.count, self.keys[index] == element { return index }
        return max(0, index - 1)
    }

    static func insert(_ element: Element, into node: inout TreeNode) -> (isNew: Bool, split: TreeNode?) {
        if !isKnownUniquelyReferenced(&node) { node = TreeNode(copying: node) }
        let isNew: Bool
        if node.isLeaf {
            let index = node.lowerBound(element)
            guard index == node.keys.count || node.keys[index] != element else { return (false, nil) }
            node.keys.insert(element, at: index)
            isNew = true
        } else {
            let index = node.childIndex(of: element)
            let (added, split) = Self.insert(element, into: &node.children[index])
            isNew = added
            node.refresh(index)
            if let split {
                node.children.insert(split, at: index + 1)
                node.keys.insert(split.keys[0], at: index + 1)
                node.sizes.insert(split.count, at: index + 1)
            }
        }
        if isNew { node.count += 1 }
        let limit = node.isLeaf ? TreeShape.leaf : TreeShape.inner
        guard node.keys.count > limit else { return (isNew, nil) }
        // Elements that come in order would leave every node half empty if it were split in the middle.
        let isAppending = node.isLeaf && node.keys[limit] == element
        return (isNew, node.split(at: isAppending ? limit : limit / 2))
    }

    /// Cuts off what stands from a position on.
    private func split(at position: Int) -> TreeNode {
        let right =
            self.isLeaf
            ? TreeNode(elements: ContiguousArray(self.keys[position...]))
            : TreeNode(children: ContiguousArray(self.children[position...]))
        self.keys.removeSubrange(position...)
        if !self.isLeaf {
            self.children.removeSubrange(position...)
            self.sizes.removeSubrange(position...)
        }
        self.count -= right.count
        return right
    }

    /// Takes an element away that is there. An empty child goes; a small one joins its neighbour.
    static func remove(_ element: Element, from node: inout TreeNode) -> Bool {
        if !isKnownUniquelyReferenced(&node) { node = TreeNode(copying: node) }
        if node.isLeaf {
            let index = node.lowerBound(element)
            guard index < node.keys.count, node.keys[index] == element else { return false }
            node.keys.remove(at: index)
        } else {
            let index = node.childIndex(of: element)
            guard Self.remove(element, from: &node.children[index]) else { return false }
            if node.children[index].count == 0 {
                node.children.remove(at: index)
                node.keys.remove(at: index)
                node.sizes.remove(at: index)
            } else {
                node.refresh(index)
                node.joinSmall(index)
            }
        }
        node.count -= 1
        return true
    }

    private func refresh(_ index: Int) {
        self.keys[index] = self.children[index].keys[0]
        self.sizes[index] = self.children[index].count
    }

    private func joinSmall(_ index: Int) {
        let limit = self.children[index].isLeaf ? TreeShape.leaf : TreeShape.inner
        guard self.children[index].keys.count < limit / 4, self.children.count > 1 else { return }
        let left = index > 0 ? index - 1 : index
        let (a, b) = (self.children[left], self.children[left + 1])
        guard a.keys.count + b.keys.count <= limit else { return }
        self.children[left] =
            a.isLeaf ? TreeNode(elements: a.keys + b.keys) : TreeNode(children: a.children + b.children)
        self.children.remove(at: left + 1)
        self.keys.remove(at: left + 1)
        self.sizes.remove(at: left + 1)
        self.refresh(left)
    }

    func forEach<Failure: Error>(
        from position: Int, _ body: (Element) throws(Failure) -> Bool
    ) throws(Failure) -> Bool {
        guard !self.isLeaf else {
            guard position < self.keys.count else { return true }
            for index in position..<self.keys.count where try !body(self.keys[index]) { return false }
            return true
        }
        var skipped = position
        for index in self.children.indices {
            guard skipped < self.sizes[index] else {
                skipped -= self.sizes[index]
                continue
            }
            guard try self.children[index].forEach(from: skipped, body) else { return false }
            skipped = 0
        }
        return true
    }

    func forEachRun(in range: Range<Int>, _ body: (UnsafeBufferPointer<Element>) -> Void) {
        guard !self.isLeaf else {
            let range = range.clamped(to: 0..<self.keys.count)
            return self.keys.withUnsafeBufferPointer { body(UnsafeBufferPointer(rebasing: $0[range])) }
        }
        var start = 0
        for index in self.children.indices {
            let end = start + self.sizes[index]
            if start < range.upperBound, end > range.lowerBound {
                let lower = max(range.lowerBound - start, 0)
                self.children[index].forEachRun(in: lower..<max(lower, range.upperBound - start), body)
            }
            start = end
        }
    }
}
