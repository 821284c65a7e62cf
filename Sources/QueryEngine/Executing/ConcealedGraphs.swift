package import PropertyGraph

/// Graphs as those see them from whom rules hide something, kept from query to query: all users with the same rules share one,
/// and a commit costs a look at what it changed.
package final class ConcealedGraphs: Sendable {
    /// How many are kept: each may hold as much again as its graph.
    private static let limit = 16

    private struct Key: Hashable {
        let database: String
        let rules: GraphRules
    }

    /// One of them: the newest that was made, and a lock for making the next, which may take long.
    private final class Entry: Sendable {
        let newest = Locked<ConcealedGraph?>(nil)
        let making = Locked(())
        let lastUse = Locked(ContinuousClock.now)
    }

    private struct Kept {
        var entries: [Key: Entry] = [:]
        /// Used last, last.
        var order: [Key] = []
    }
    private let kept = Locked(Kept())
    private let idle: Duration

    /// - Parameter idle: how long one is kept that nobody asks for: it holds pages that the graph has replaced since.
    package init(idle: Duration = .seconds(600)) { self.idle = idle }

    /// How many are kept now.
    package var count: Int { self.kept.withLock { $0.entries.count } }

    private func entry(_ key: Key) -> Entry {
        let (entry, isNew) = self.kept.withLock { kept in
            kept.order.removeAll { $0 == key }
            kept.order.append(key)
            if let entry = kept.entries[key] { return (entry, false) }
            if kept.order.count > Self.limit { kept.entries[kept.order.removeFirst()] = nil }
            let entry = Entry()
            kept.entries[key] = entry
            return (entry, true)
        }
        if isNew {
            let idle = self.idle
            Task { [weak self] in
                repeat { try? await Task.sleep(for: idle) } while self?.isKept(entry, key) == true
            }
        } else {
            entry.lastUse.withLock { $0 = .now }
        }
        return entry
    }

    /// Whether somebody has asked for it of late; if not, it is forgotten.
    private func isKept(_ entry: Entry, _ key: Key) -> Bool {
        self.kept.withLock { kept in
            guard kept.entries[key] === entry else { return false }
            guard entry.lastUse.withLock({ $0 }) + self.idle <= .now else { return true }
            kept.entries[key] = nil
            kept.order.removeAll { $0 == key }
            return false
        }
    }

    /// What is seen of a graph; nil when that is to be made first. Does not wait.
    func known(_ graph: GraphSnapshot, _ rules: GraphRules, database: String) -> GraphSnapshot? {
        guard !rules.showsAll, graph.concealed == nil else { return graph }
        let newest = self.entry(Key(database: database, rules: rules)).newest.withLock { $0 }
        return newest.flatMap { $0.isOf(graph) ? $0.seen : nil }
    }

    /// What is seen of a graph. O(1) when somebody with the same rules has asked of the same state, else the cost of
    /// ``ConcealedGraph/following(_:_:)``. `isCommitted`: whether others will see this state, so that keeping it is worth while.
    package func seen(
        _ graph: GraphSnapshot, _ rules: GraphRules, database: String, isCommitted: Bool = true
    ) -> GraphSnapshot {
        guard !rules.showsAll, graph.concealed == nil else { return graph }
        let entry = self.entry(Key(database: database, rules: rules))
        let newest = entry.newest.withLock { $0 }
        if let newest, newest.isOf(graph) { return newest.seen }
        guard isCommitted, newest.map({ $0.version <= graph.version }) ?? true else {
            return (newest?.following(graph, rules) ?? ConcealedGraph(graph, rules)).seen
        }
        // Who comes meanwhile waits for the same.
        return entry.making.withLock { _ in
            let newest = entry.newest.withLock { $0 }
            if let newest, newest.isOf(graph) { return newest.seen }
            let made = newest?.following(graph, rules) ?? ConcealedGraph(graph, rules)
            entry.newest.withLock { $0 = made }
            return made.seen
        }
    }
}
