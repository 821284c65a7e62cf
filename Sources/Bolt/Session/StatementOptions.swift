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

    /// Reads them.
    /// - Throws: ``StatusError`` for what cannot be done, ``BookmarkFailure``.
    package init(_ entries: [String: Value], connection filter: NotificationFilter) throws {
        self.filter = try filter.refined(by: entries)
        if let user = entries["imp_user"]?.string {
            throw StatusError(
                "Neo.ClientError.Security.Forbidden",
                "nobody may act as another user here: leave `impersonated_user` (`\(user)`) out")
        }
        self.graph = try Self.text("db", entries)?.lowercased()
        if self.graph == "system" { (self.graph, self.isSystem) = (nil, true) }
        if try Self.text("mode", entries) == "r" { self.access = .read }
        switch entries["tx_timeout"] {
        case nil, .null, .integer(0): break
        case .integer(let milliseconds) where (1...Self.timeLimit).contains(milliseconds):
            self.timeLimit = .milliseconds(milliseconds)
        default: throw Self.wrong("tx_timeout", "a number of milliseconds, at most a year")
        }
        switch entries["bookmarks"] {
        case nil, .null: break
        case .list(let texts):
            guard texts.count <= 10_000 else { throw Self.wrong("bookmarks", "at most 10000 texts") }
            for text in texts {
                guard let text = text.string else { throw Self.wrong("bookmarks", "a list of texts") }
                self.bookmarks.append(try Bookmark(text))
            }
        default: throw Self.wrong("bookmarks", "a list of texts")
        }
        switch entries["tx_metadata"] {
        case nil, .null, .map: break
        default: throw Self.wrong("tx_metadata", "a map")
        }
    }

    /// - Throws: ``StatusError`` when a statement cannot run where it was sent.
    package func check(_ statement: PreparedQuery) throws(StatusError) {
        guard self.isSystem, !statement.isAboutServer else { return }
        throw StatusError(
            "Neo.ClientError.Statement.UnsupportedAdministrationCommand",
            "`system` takes commands about graphs and SHOW only; name the graph that the statement is about")
    }

    private static func text(_ name: String, _ entries: [String: Value]) throws(StatusError) -> String? {
        switch entries[name] {
        case nil, .null: return nil
        case .string(let text): return text.isEmpty ? nil : text
        default: throw self.wrong(name, "a text")
        }
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
