package import GraphDatabase
package import PropertyGraph
package import QueryEngine

/// What RUN and BEGIN may say about how work is to be done.
package struct StatementOptions: Sendable {
    /// The graph; nil for the one that is always there.
    package var graph: String?
    /// Whether the graph was called `system`, where Neo4j takes commands about graphs: statements may be nothing else then.
    package var isSystem = false
    /// What is announced: reading or writing.
    package var access = ExplicitTransaction.Access.write
    /// How long the work may take; nil for the server's own limit.
    package var timeLimit: Duration?
    /// States that the work must see.
    package var bookmarks: [Bookmark] = []
    /// What the client is not told.
    package var filter = NotificationFilter()

    /// The longest time that a client may ask for, in milliseconds: a year.
    private static let timeLimit = 31_536_000_000
    /// The most bookmarks that are read.
    private static let bookmarkLimit = 10_000

    /// Reads them.
    /// - Throws: ``StatusError`` for what cannot be done, ``BookmarkFailure``.
    package init(_ entries: [String: Value], connection filter: NotificationFilter) throws {
        self.filter = filter
        guard !entries.isEmpty else { return }
        self.filter = try filter.refined(by: entries)
        for (name, value) in entries where value != .null {
            switch name {
            case "imp_user": throw Self.impersonation(value)
            case "db": self.setGraph(try Self.text(name, value).lowercased())
            case "mode": self.access = try Self.text(name, value) == "r" ? .read : .write
            case "tx_timeout": self.timeLimit = try Self.duration(name, value)
            case "bookmarks": self.bookmarks = try Self.bookmarks(name, value)
            case "tx_metadata":
                guard case .map = value else { throw Self.wrong(name, "a map") }
            default: continue
            }
        }
    }

    private mutating func setGraph(_ name: String) {
        self.isSystem = name == "system"
        self.graph = name.isEmpty || self.isSystem ? nil : name
    }

    private static func duration(_ name: String, _ value: Value) throws(StatusError) -> Duration? {
        guard let milliseconds = value.integer, (0...Self.timeLimit).contains(milliseconds) else {
            throw self.wrong(name, "a number of milliseconds, at most a year")
        }
        return milliseconds == 0 ? nil : .milliseconds(milliseconds)
    }

    private static func bookmarks(_ name: String, _ value: Value) throws -> [Bookmark] {
        guard case .list(let texts) = value, texts.count <= self.bookmarkLimit else {
            throw self.wrong(name, "a list of at most \(self.bookmarkLimit) texts")
        }
        return try texts.map { text in try Bookmark(self.text(name, text)) }
    }

    private static func impersonation(_ user: Value) -> StatusError {
        StatusError(
            "Neo.ClientError.Security.Forbidden",
            "nobody may act as another user here: leave `impersonated_user` (`\(user.string ?? "")`) out")
    }

    /// - Throws: ``StatusError`` when a statement cannot run where it was sent.
    package func check(_ statement: PreparedQuery) throws(StatusError) {
        guard self.isSystem, !statement.isAboutServer else { return }
        throw StatusError(
            "Neo.ClientError.Statement.UnsupportedAdministrationCommand",
            "`system` takes commands about graphs and SHOW only; name the graph that the statement is about")
    }

    private static func text(_ name: String, _ value: Value) throws(StatusError) -> String {
        guard let text = value.string else { throw self.wrong(name, "a text") }
        return text
    }

    private static func wrong(_ name: String, _ wanted: String) -> StatusError {
        StatusError("Neo.ClientError.Request.Invalid", "`\(name)` must be \(wanted)")
    }
}

/// Which notifications a client wants.
package struct NotificationFilter: Hashable, Sendable {
    /// Whether it wants none at all.
    package var isOff = false
    /// Whether it wants warnings only.
    package var wantsWarningsOnly = false
    /// Categories that it does not want.
    package var disabled: Set<String> = []

    /// Wants all.
    package init() {}

    /// The same with what a message says about it.
    /// - Throws: ``StatusError``.
    package func refined(by entries: [String: Value]) throws(StatusError) -> NotificationFilter {
        var filter = self
        switch entries["notifications_minimum_severity"]?.string?.uppercased() {
        case nil: break
        case "OFF": filter.isOff = true
        case "WARNING": (filter.isOff, filter.wantsWarningsOnly) = (false, true)
        case "INFORMATION": (filter.isOff, filter.wantsWarningsOnly) = (false, false)
        case let other?:
            throw StatusError(
                "Neo.ClientError.Request.Invalid",
                "`notifications_minimum_severity` is OFF, WARNING or INFORMATION, not \(other.prefix(40))")
        }
        let names = ["notifications_disabled_classifications", "notifications_disabled_categories"]
        for name in names {
            guard case .list(let categories) = entries[name] else { continue }
            filter.disabled = Set(categories.compactMap { $0.string?.uppercased() })
        }
        return filter
    }

    /// Whether a notification is wanted.
    package func admits(category: String, isWarning: Bool) -> Bool {
        !self.isOff && (isWarning || !self.wantsWarningsOnly) && !self.disabled.contains(category)
    }
}
