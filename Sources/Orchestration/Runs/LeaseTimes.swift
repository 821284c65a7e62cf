internal import PropertyGraph

/// Until when workers hold attempts, on a clock that nobody sets: when the machine's time jumps, or it slept, no job is taken
/// from a worker that lives, and none stays with one that died.
///
/// Kept in memory: after a start every open attempt has a whole lease again, within which its worker is heard of or not.
final class LeaseTimes: Sendable {
    private let ends = Locked<[String: Double]>([:])
    private let uptime: @Sendable () -> Double

    /// `uptime`: seconds that never jump.
    init(uptime: @escaping @Sendable () -> Double) { self.uptime = uptime }

    /// The worker of these attempts lives: their leases begin anew.
    func extend(_ attempts: some Sequence<String>) {
        let end = self.uptime() + Double(Orchestrator.leaseSeconds)
        self.ends.withLock { ends in
            for attempt in attempts { ends[attempt] = end }
        }
    }

    /// Whether the lease of one attempt ran out.
    func expired(_ attempt: String) -> Bool {
        let now = self.uptime()
        return self.ends.withLock { $0[attempt].map { $0 < now } ?? false }
    }

    /// Those of all open attempts whose leases ran out. Forgets attempts that are not open. O(open attempts).
    func expired(of open: [String]) -> [String] {
        let now = self.uptime()
        return self.ends.withLock { ends in
            var kept: [String: Double] = [:]
            kept.reserveCapacity(open.count)
            for attempt in open { kept[attempt] = ends[attempt] ?? now + Double(Orchestrator.leaseSeconds) }
            ends = kept
            return open.filter { kept[$0].map { $0 < now } ?? false }
        }
    }
}
