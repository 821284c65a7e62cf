internal import Cypher
internal import GraphDatabase
internal import PropertyGraph
internal import QueryEngine

/// What a client is told of a result when it has all rows.
struct Summary {
    /// `r`, `rw`, `w` or `s`.
    let kind: Value
    let graph: String
    let counters: QueryCounters
    let plan: PlanDescription?
    /// How long rows took from the first PULL on, in milliseconds.
    let milliseconds: Int
    /// Whether there were rows, columns at all, and whether the client dropped some.
    let outcome: Outcome
    /// A state that holds what a query by itself did.
    let bookmark: Bookmark?
    let notifications: [QueryNotification]
    let isProfile: Bool

    /// How a result ended, by GQL.
    enum Outcome {
        case rows
        case noRows
        case noColumns
        case dropped

        private static let success = Self.status("00000", "note: successful completion")
        private static let noData = Self.status("02000", "note: no data")
        private static let omitted = Self.status("00001", "note: successful completion - omitted result")

        private static func status(_ code: String, _ description: String) -> Value {
            .map(["gql_status": .string(code), "status_description": .string(description)])
        }

        var status: Value {
            switch self {
            case .rows: Self.success
            case .noRows: Self.noData
            case .noColumns, .dropped: Self.omitted
            }
        }
    }

    /// As SUCCESS says it.
    func metadata(_ version: BoltVersion) -> Metadata {
        var metadata: Metadata = []
        metadata.reserveCapacity(8)
        metadata.append(("type", self.kind))
        if let bookmark = self.bookmark { metadata.append(("bookmark", .string(bookmark.description))) }
        metadata.append(("t_last", .integer(self.milliseconds)))
        metadata.append(("db", .string(self.graph)))
        let stats = self.counters == QueryCounters() ? [:] : self.counters.boltStatistics
        if !stats.isEmpty { metadata.append(("stats", .map(stats))) }
        if let plan = self.plan { metadata.append((self.isProfile ? "profile" : "plan", plan.boltValue)) }
        if version >= BoltVersion(5, 5) {
            metadata.append(
                ("statuses", .list([self.outcome.status] + self.notifications.map(\.status))))
        } else if !self.notifications.isEmpty {
            metadata.append(("notifications", .list(self.notifications.map(\.value))))
        }
        return metadata
    }
}

extension QueryCounters {
    /// By the names that drivers know, those that are not 0.
    fileprivate var boltStatistics: [String: Value] {
        var stats: [String: Value] = [:]
        for (name, count) in self.all where count > 0 { stats[Self.boltName(name)] = .integer(count) }
        if !stats.isEmpty { stats["contains-updates"] = .boolean(true) }
        return stats
    }

    /// `nodesCreated` as `nodes-created`.
    private static func boltName(_ name: String) -> String {
        name.map { $0.isUppercase ? "-" + $0.lowercased() : String($0) }.joined()
    }
}

extension PlanDescription {
    /// As drivers read plans and profiles.
    fileprivate var boltValue: Value {
        var arguments: [String: Value] = [
            "Details": .string(self.details), "EstimatedRows": .float(self.estimatedRows),
        ]
        var plan: [String: Value] = [
            "operatorType": .string(self.name), "identifiers": .list([]),
            "children": .list(self.children.map(\.boltValue)),
        ]
        if let measured = self.measured {
            plan["dbHits"] = .integer(measured.steps)
            plan["rows"] = .integer(measured.rows)
            plan["time"] = .integer(Int(measured.milliseconds * 1e6))
            // The graph is in memory: each page is a hit.
            plan["pageCacheHits"] = .integer(measured.pages)
            plan["pageCacheMisses"] = .integer(0)
            plan["pageCacheHitRatio"] = .float(measured.pages > 0 ? 1 : 0)
            arguments["Rows"] = .integer(measured.rows)
            arguments["DbHits"] = .integer(measured.steps)
            arguments["Pages"] = .integer(measured.pages)
            arguments["HeldValues"] = .integer(measured.heldValues)
        }
        plan["args"] = .map(arguments)
        return .map(plan)
    }
}
