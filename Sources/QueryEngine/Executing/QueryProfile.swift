internal import Dispatch

/// What PROFILE measures, by operator: the time and work of each are its own, without those of the operators that feed it
/// and those it feeds. One task at a time.
final class QueryProfile {
    struct Figures {
        var rows = 0
        var nanoseconds: UInt64 = 0
        /// Nodes, relationships and rows that were looked at.
        var steps = 0
        /// Values that were kept in memory.
        var held = 0
        /// Pages of the graph that were looked at.
        var pages = 0
    }

    private var figures: [Int: Figures] = [:]
    private var current = 0
    private var since = DispatchTime.now().uptimeNanoseconds
    private var before = (steps: 0, held: 0, pages: 0)

    subscript(number: Int) -> Figures { self.figures[number] ?? Figures() }

    func countRow(of number: Int) { self.figures[number, default: Figures()].rows += 1 }

    /// Charges what was done since the last call to the operator that was at work, and gives that one's number; another is
    /// at work from now on.
    func enter(_ number: Int, steps: Int, held: Int, pages: Int) -> Int {
        let now = DispatchTime.now().uptimeNanoseconds
        var own = self[self.current]
        own.nanoseconds += now - self.since
        own.steps += steps - self.before.steps
        own.pages += pages - self.before.pages
        own.held += max(0, held - self.before.held)
        self.figures[self.current] = own
        defer { (self.current, self.since, self.before) = (number, now, (steps, held, pages)) }
        return self.current
    }
}
