package import PropertyGraph

/// What a query may use before it is ended with an error.
package struct QueryLimits: Hashable, Sendable {
    /// How deep lists and maps may lie in each other.
    package static let depth = 500

    /// Seconds of running time.
    package var seconds: Double
    /// Rows of the result.
    package var rows: Int
    /// Rows and list elements held in memory at once.
    package var heldValues: Int
    /// On whose behalf: whose queries it may see and end, and which graphs it is told of.
    package var caller = QueryCaller.administrator

    /// Joins the limits.
    package init(seconds: Double = 60, rows: Int = 10_000_000, heldValues: Int = 50_000_000) {
        self.seconds = seconds
        self.rows = rows
        self.heldValues = heldValues
    }

    /// A minute, 10 M rows, 50 M held values.
    package static let standard = QueryLimits()
}

/// On whose behalf a query runs.
package struct QueryCaller: Hashable, Sendable {
    /// The user's name; nil when nobody had to say.
    package let user: String?
    /// The graphs that it may know of; nil for all, and then it may also see and end the queries of others.
    package let graphs: Set<String>?
    /// What it may not see or not write of the graph that the query is about; nil for nothing.
    package let rules: GraphRules?

    /// Names a user, and what it may know of.
    package init(user: String?, graphs: Set<String>? = nil, rules: GraphRules? = nil) {
        self.user = user
        self.graphs = graphs
        self.rules = rules?.isEmpty ?? true ? nil : rules
    }

    /// Somebody with all rights and no name.
    package static let administrator = QueryCaller(user: nil)

    /// Whether it may see and end a query.
    func sees(_ entry: RunningQueries.Entry) -> Bool { self.graphs == nil || entry.user == self.user }
}
