internal import GraphDatabase
internal import PropertyGraph

/// A limit that is set, and how much of it is used.
package struct LimitInUse: Hashable, Sendable {
    /// Whose it is.
    package let party: LimitedParty
    /// What it allows.
    package let limit: WorkLimit
    /// How many jobs are at work now.
    package let running: Int
}

extension Orchestrator {
    /// Sets how many jobs of a function, a user or a group may be at work at once, and how many may begin a minute: properties of
    /// its node. What runs already goes on.
    /// - Throws: ``OrchestrationError/notFound(what:name:hint:)``; ``OrchestrationError/conflict(_:)`` for a version of a function,
    ///   which never changes.
    package func set(_ limit: WorkLimit, for party: LimitedParty) async throws {
        let (query, list) =
            switch party.kind {
            case .function: ("limit_function", "plexus function list")
            case .user: ("limit_user", "plexus user list")
            case .group: ("limit_group", "plexus group list")
            case .version:
                throw OrchestrationError.conflict(
                    "versions never change: limit the function, or register a version with another `max_running`"
                )
            }
        try await self.database.write { transaction in
            let known = try self.run(
                query, in: transaction,
                [
                    "id": .string(party.id), "max_running": limit.maxRunning.map(Value.integer) ?? .null,
                    "max_per_minute": limit.maxPerMinute.map(Value.integer) ?? .null,
                ])
            guard !known.isEmpty else {
                throw OrchestrationError.notFound(
                    what: party.kind.rawValue, name: party.id, hint: "see `\(list)`")
            }
        }
    }

    /// All limits, by kind and name.
    package func limits() -> [LimitInUse] {
        self.queue.allLimits().map { LimitInUse(party: $0.party, limit: $0.limit, running: $0.running) }
            .sorted { ($0.party.kind.rawValue, $0.party.id) < ($1.party.kind.rawValue, $1.party.id) }
    }
}
