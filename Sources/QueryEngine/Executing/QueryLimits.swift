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

    /// Joins the limits.
    package init(seconds: Double = 60, rows: Int = 10_000_000, heldValues: Int = 50_000_000) {
        self.seconds = seconds
        self.rows = rows
        self.heldValues = heldValues
    }

    /// A minute, 10 M rows, 50 M held values.
    package static let standard = QueryLimits()
}
