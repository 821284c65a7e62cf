/// A binary heap: the least element first.
struct Heap<Element: Comparable & Sendable>: Sendable {
    private(set) var elements: [Element] = []

    /// The least element. O(1).
    var first: Element? { self.elements.first }
    var isEmpty: Bool { self.elements.isEmpty }
    var count: Int { self.elements.count }

    init() {}

    /// The heap of some elements. O(n).
    init(_ elements: [Element]) {
        self.elements = elements
        for index in stride(from: elements.count / 2 - 1, through: 0, by: -1) { self.sink(index) }
    }

    /// O(log n), and O(1) for an element greater than all.
    mutating func insert(_ element: Element) {
        var index = self.elements.count
        self.elements.append(element)
        while index > 0 {
            let parent = (index - 1) / 2
            guard self.elements[index] < self.elements[parent] else { return }
            self.elements.swapAt(index, parent)
            index = parent
        }
    }

    /// Takes the least element out. O(log n).
    @discardableResult
    mutating func removeFirst() -> Element? {
        guard let first = self.elements.first, let last = self.elements.popLast() else { return nil }
        if !self.elements.isEmpty {
            self.elements[0] = last
            self.sink(0)
        }
        return first
    }

    /// Puts a greater element where the least was. O(log n).
    mutating func replaceFirst(with element: Element) {
        guard !self.elements.isEmpty else { return self.insert(element) }
        self.elements[0] = element
        self.sink(0)
    }

    private mutating func sink(_ start: Int) {
        var index = start
        while true {
            var least = index
            for child in [2 * index + 1, 2 * index + 2]
            where child < self.elements.count && self.elements[child] < self.elements[least] {
                least = child
            }
            guard least != index else { return }
            self.elements.swapAt(index, least)
            index = least
        }
    }
}
