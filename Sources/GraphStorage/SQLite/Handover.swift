internal import Foundation

/// A short queue from one thread to another: who is ahead waits.
///
/// `@unchecked Sendable`: what changes is touched under the lock only.
final class Handover<Element: Sendable>: @unchecked Sendable {
    private let capacity: Int
    private let condition = NSCondition()
    private var elements: [Element] = []
    private var isEnded = false

    init(capacity: Int) { self.capacity = capacity }

    /// Waits for room; false when the other side has ended it, and nothing more is wanted.
    func put(_ element: sending Element) -> Bool {
        self.condition.lock()
        defer { self.condition.unlock() }
        while self.elements.count >= self.capacity, !self.isEnded { self.condition.wait() }
        if self.isEnded { return false }
        self.elements.append(element)
        self.condition.signal()
        return true
    }

    /// Waits for an element; nil when there will be none.
    func take() -> Element? {
        self.condition.lock()
        defer { self.condition.unlock() }
        while self.elements.isEmpty, !self.isEnded { self.condition.wait() }
        if self.elements.isEmpty { return nil }
        defer { self.condition.signal() }
        return self.elements.removeFirst()
    }

    /// Ends the queue, from either side. What was put is still there to be taken.
    func end() {
        self.condition.lock()
        self.isEnded = true
        self.condition.broadcast()
        self.condition.unlock()
    }
}
