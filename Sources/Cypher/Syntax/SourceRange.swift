/// A stretch of a query's text, in bytes of its UTF-8 form.
package struct SourceRange: Hashable, Sendable {
    /// The first byte.
    package let start: Int
    /// One past the last byte.
    package let end: Int

    /// From first byte to one past the last.
    package init(start: Int, end: Int) {
        self.start = start
        self.end = max(start, end)
    }

    /// The stretch from the start of one to the end of another.
    package func through(_ other: SourceRange) -> SourceRange {
        SourceRange(start: self.start, end: other.end)
    }
}
