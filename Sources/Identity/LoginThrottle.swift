internal import Synchronization

/// Makes guessing passwords slow: after ``freeFailures`` wrong ones under a name, nobody comes in under it for a second, and
/// each further one doubles that, up to ``longestSeconds``. Names that do not exist are treated alike.
///
/// Kept in memory: a restart forgets it, which an attacker cannot bring about.
package final class LoginThrottle: Sendable {
    /// How many wrong passwords cost nothing.
    package static let freeFailures = 5
    /// How long a name is locked at most.
    package static let longestSeconds = 900
    /// For how many names failures are remembered at once.
    package static let nameLimit = 10_000

    private struct Entry {
        var failures = 0
        /// Nobody comes in before, in seconds of the clock that is given.
        var until = 0.0
    }
    private let entries = Mutex<[String: Entry]>([:])

    /// Nobody failed yet.
    package init() {}

    /// How many seconds to wait before the next try under a name; nil for none.
    package func wait(_ name: String, at seconds: Double) -> Int? {
        self.entries.withLock { entries in
            guard let entry = entries[name], entry.until > seconds else { return nil }
            return Int((entry.until - seconds).rounded(.up))
        }
    }

    /// A wrong password was given. O(1); O(names) when there are too many.
    package func failed(_ name: String, at seconds: Double) {
        self.entries.withLock { entries in
            if entries.count >= Self.nameLimit, entries[name] == nil {
                entries = entries.filter { $0.value.until > seconds }
                // All are locked: whoever tries so many names finds the newest unlocked, the passwords still hashed.
                guard entries.count < Self.nameLimit else { return }
            }
            var entry = entries[name] ?? Entry()
            entry.failures += 1
            let extra = entry.failures - Self.freeFailures
            if extra >= 0 {
                let delay = extra >= 10 ? Self.longestSeconds : min(Self.longestSeconds, 1 << extra)
                entry.until = seconds + Double(delay)
            }
            entries[name] = entry
        }
    }

    /// The right password was given.
    package func succeeded(_ name: String) { self.entries.withLock { _ = $0.removeValue(forKey: name) } }
}
