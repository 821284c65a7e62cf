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
        before end: ZonedDateTime, by user: String?, at moment: ZonedDateTime
    ) async throws -> Int {
        let expired = self.expiring(from: nil, before: end)
        guard !expired.isEmpty else { return 0 }
        return try await self.database.write { transaction in
            var count = 0
            for one in expired where transaction.graph.contains(one.relationship) {
                // It may have been prolonged meanwhile.
                let validity = ValidityReader(graph: transaction.graph, at: end)
                guard case .expired = validity.validity(of: one.relationship) else { continue }
                try transaction.deleteRelationship(one.relationship)
                transaction.record(Self.line(one.tuple.key, isWrite: false, at: moment, by: user))
                count += 1
            }
            return count
        }
    }
}
