package import PropertyGraph
internal import Synchronization

/// The queries that run now, so that they can be listed and ended.
package final class RunningQueries: Sendable {
    /// One of them.
    package final class Entry: Sendable {
        fileprivate let number: Int
        /// The graph's name.
        package let database: String
        /// The text.
        package let text: String
        /// When it began.
        package let start: ZonedDateTime
        /// Who runs it; nil when nobody had to say.
        package let user: String?
        private let ended = Atomic(false)

        /// As `plexus-transaction-7`.
        package var id: String { RunningQueries.prefix + "\(self.number)" }

        init(number: Int, database: String, text: String, start: ZonedDateTime, user: String?) {
            self.number = number
            self.database = database
            self.text = text
            self.start = start
            self.user = user
        }

        /// Whether somebody wants its end.
        package var isEnded: Bool { self.ended.load(ordering: .relaxed) }

        func end() { self.ended.store(true, ordering: .relaxed) }
    }

    private struct State {
        var next = 1
        var entries: [Int: Entry] = [:]
    }
    private static let prefix = "plexus-transaction-"
    private let state = Locked(State())

    init() {}

    func begin(_ text: String, database: String, at start: ZonedDateTime, user: String?) -> Entry {
        self.state.withLock { state in
            let entry = Entry(
                number: state.next, database: database, text: text, start: start, user: user)
            state.next += 1
            state.entries[entry.number] = entry
            return entry
        }
    }

    func finish(_ entry: Entry) { self.state.withLock { _ = $0.entries.removeValue(forKey: entry.number) } }

    /// Asks a query to end at its next look at the clock; whether there is one of that name that the caller may end.
    package func terminate(_ id: String, by caller: QueryCaller = .administrator) -> Bool {
        guard id.hasPrefix(Self.prefix), let number = Int(id.dropFirst(Self.prefix.count)),
            let entry = self.state.withLock({ $0.entries[number] }), caller.sees(entry)
        else { return false }
        entry.end()
        return true
    }

    /// All, oldest first.
    package var all: [Entry] {
        self.state.withLock { Array($0.entries.values) }
            .sorted { $0.start.isBefore($1.start) || ($0.start == $1.start && $0.number < $1.number) }
    }
}
