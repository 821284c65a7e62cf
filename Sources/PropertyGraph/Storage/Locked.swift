internal import Foundation

/// A value behind a lock of the system's. The standard library's mutex would do as well, but the thread sanitizer does not
/// know it and reports a race at each access.
///
/// `@unchecked Sendable`: the value is touched under the lock only.
package final class Locked<Value>: @unchecked Sendable {
    private let lock = NSLock()
    private var value: Value

    /// Takes the value, which nobody else may hold on to.
    package init(_ value: sending Value) { self.value = value }

    /// Runs with the value, alone.
    package func withLock<Result, Failure: Error>(
        _ body: (inout Value) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        self.lock.lock()
        defer { self.lock.unlock() }
        return try body(&self.value)
    }
}
