internal import PropertyGraph

/// A state of a graph that whoever holds the bookmark has seen: work that is given it sees at least as much.
///
/// As text `plexus:NAME:VERSION`; clients must not look into it.
package struct Bookmark: Hashable, Sendable, CustomStringConvertible {
    /// The graph's name.
    package let graph: String
    /// Its number of commits.
    package let version: UInt64

    private static let prefix = "plexus:"

    /// Joins the parts.
    package init(graph: String, version: UInt64) {
        self.graph = graph
        self.version = version
    }

    /// Reads one that this program wrote.
    /// - Throws: ``BookmarkFailure/invalid(_:)``.
    package init(_ text: String) throws(BookmarkFailure) {
        let utf8 = text.utf8
        guard text.hasPrefix(Self.prefix), let colon = utf8.lastIndex(of: UInt8(ascii: ":")),
            let start = utf8.index(utf8.startIndex, offsetBy: Self.prefix.utf8.count, limitedBy: colon),
            let version = UInt64(text[utf8.index(after: colon)...])
        else { throw .invalid(String(text.prefix(80))) }
        let name = text[start..<colon]
        // Mostly it is this one, whose name is not to be made anew.
        let graph = name == GraphCatalog.network ? GraphCatalog.network : String(name)
        guard GraphCatalog.isName(graph) else { throw .invalid(String(text.prefix(80))) }
        self.init(graph: graph, version: version)
    }

    /// The text that clients get.
    package var description: String { "plexus:\(self.graph):\(self.version)" }
}

/// Why work cannot begin after a bookmark.
package enum BookmarkFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// It is none of ours.
    case invalid(String)
    /// The graph did not get that far in time: it may have been restored from a backup.
    case notReached(Bookmark, seconds: Int)

    /// What is wrong, and what to do.
    package var description: String {
        switch self {
        case .invalid(let text): "`\(text)` is no bookmark of this server"
        case .notReached(let bookmark, let seconds):
            "graph `\(bookmark.graph)` did not reach version \(bookmark.version) within \(seconds) s; "
                + "was it restored from a backup? Begin without the bookmark"
        }
    }

    var neo4jCode: String {
        switch self {
        case .invalid: "Neo.ClientError.Transaction.InvalidBookmark"
        case .notReached: "Neo.TransientError.Transaction.BookmarkTimeout"
        }
    }
}

extension GraphDatabase {
    /// The newest state.
    package var bookmark: Bookmark { Bookmark(graph: self.name, version: self.snapshot().version) }

    /// Waits until the graph has a version.
    /// - Throws: ``BookmarkFailure/notReached(_:seconds:)``; `CancellationError` when the task is cancelled.
    package func wait(for version: UInt64, seconds: Int) async throws {
        guard self.snapshot().version < version else { return }
        let commits = self.commits()
        // A commit between the look and the stream would not be seen by either.
        guard self.snapshot().version < version else { return }
        let isReached = try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                for await reached in commits where reached >= version { return true }
                return false
            }
            group.addTask {
                try await Task.sleep(for: .seconds(seconds))
                return false
            }
            defer { group.cancelAll() }
            return try await group.next() ?? false
        }
        guard isReached else {
            throw BookmarkFailure.notReached(Bookmark(graph: self.name, version: version), seconds: seconds)
        }
    }
}

extension GraphCatalog {
    /// How long work waits for a state that its bookmarks name, in seconds.
    package static let bookmarkSeconds = 30

    /// Waits until the graphs have the states that bookmarks name.
    /// - Throws: ``BookmarkFailure``, ``GraphCatalogError``, ``StorageError``.
    package nonisolated func wait(for bookmarks: [Bookmark], seconds: Int = bookmarkSeconds) async throws {
        for bookmark in bookmarks {
            try await self.graph(bookmark.graph).wait(for: bookmark.version, seconds: seconds)
        }
    }
}
