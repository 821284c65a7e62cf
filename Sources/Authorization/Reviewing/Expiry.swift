internal import GraphDatabase
package import PropertyGraph

extension AuthorizationStore {
    /// A tuple whose time runs out.
    package struct ExpiringTuple: Sendable {
        /// The tuple.
        package let tuple: Tuple
        /// The relationship that it is.
        package let relationship: RelationshipID
        /// When it no longer counts.
        package let until: ZonedDateTime
        /// Who wrote it, where that is known.
        package let grantedBy: String?
    }

    /// Tuples that run out from a time on and before another, soonest first. O(relationships of the graph).
    package func expiring(from start: ZonedDateTime?, before end: ZonedDateTime) -> [ExpiringTuple] {
        let graph = self.database.snapshot()
        guard graph.tokens.propertyKey(GraphNaming.validUntil) != nil else { return [] }
        let names = self.names(in: graph)
        let validity = ValidityReader(graph: graph, at: end)
        var found: [ExpiringTuple] = []
        for relationship in graph.allRelationships() {
            // At the end of the time they have expired, by then and not before its start.
            guard case .expired(let until) = validity.validity(of: relationship),
                start.map({ !until.isBefore($0) }) ?? true,
                let tuple = names.tuple(relationship, in: graph)
            else { continue }
            found.append(
                ExpiringTuple(
                    tuple: tuple, relationship: relationship, until: until,
                    grantedBy: graph.text(GraphNaming.grantedBy, of: relationship)))
        }
        return found.sorted { $0.until.isBefore($1.until) }
    }

    /// Deletes the tuples that ran out before a time, and gives how many went.
    /// - Throws: ``GraphError``, ``StorageError``.
    package func deleteExpired(
        before end: ZonedDateTime, by user: String?
    ) async throws -> Int {
        let expired = self.expiring(from: nil, before: end)
        guard !expired.isEmpty else { return 0 }
        return try await self.database.write { transaction in
            transaction.actor = user
            // Some may have been prolonged or deleted meanwhile.
            let validity = ValidityReader(graph: transaction.graph, at: end)
            let there = expired.filter {
                guard transaction.graph.contains($0.relationship),
                    case .expired = validity.validity(of: $0.relationship)
                else { return false }
                return true
            }
            for one in there { try transaction.deleteRelationship(one.relationship) }
            return there.count
        }
    }
}
