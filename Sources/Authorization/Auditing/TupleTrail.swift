package import GraphDatabase
internal import JSON
internal import PropertyGraph

/// Writes each change of a tuple into the audit journal, in the commit that makes it, whoever makes it and however: over
/// OpenFGA's API, as a relationship in Cypher, or by an import.
package final class TupleTrail: Sendable {
    /// Of a commit that changes more, a line says how many.
    static let limit = 100_000
    /// What of a relationship decides when it counts.
    private static let meaningful = [
        GraphNaming.subjectRelation, GraphNaming.condition, GraphNaming.conditionContext,
        GraphNaming.validFrom, GraphNaming.validUntil,
    ]

    private let models = StoreModels()

    private init() {}

    /// Follows a graph from now on; once is enough.
    package static func follow(_ database: GraphDatabase) {
        database.beforeCommits {
            let trail = TupleTrail()
            return { try trail.note($0) }
        }
    }

    /// Follows all graphs of a catalog.
    package static func follow(_ catalog: GraphCatalog) { catalog.beforeUse { Self.follow($0) } }

    private struct Event {
        let tuple: Tuple
        let isWrite: Bool
        var from: Value = .null
        var until: Value = .null
    }

    private func note(_ transaction: GraphTransaction) throws {
        let moment = GraphDatabase.now().epochMilliseconds
        let lines: [JournalEntry] =
            switch self.events(transaction) {
            case .none: []
            case .some(let events): events.map { Self.line($0, moment, transaction.actor) }
            case .tooMany: [Self.bulkLine(moment, transaction.actor)]
            }
        try AuditChain.append(lines, to: AuditChain.changes, in: transaction)
    }

    private enum Found {
        case none
        case some([Event])
        case tooMany
    }

    private func events(_ transaction: GraphTransaction) -> Found {
        let names = self.models.names(in: transaction.graph)
        guard !names.isEmpty else { return .none }
        let touches = transaction.touchedRelationships(naming: names.namingKeys, limit: Self.limit)
        guard !touches.list.isEmpty else { return .none }
        guard !touches.isCut else { return .tooMany }
        let (before, after) = (transaction.before(), transaction.graph)
        var events: [Event] = []
        var deletes: [Tuple: Int] = [:]
        for touch in touches.list {
            let old = touch.isNew ? nil : names.tuple(touch.relationship, in: before)
            let new = names.tuple(touch.relationship, in: after)
            if let old, new?.key != old.key {
                deletes[old.key] = events.count
                events.append(Event(tuple: old.key, isWrite: false))
            }
            guard let new, new.key != old?.key || Self.says(touch.relationship, before, after) else {
                continue
            }
            let event = Event(
                tuple: new, isWrite: true, from: Self.value(GraphNaming.validFrom, touch.relationship, after),
                until: Self.value(GraphNaming.validUntil, touch.relationship, after))
            // Written anew in place of one that was deleted: one change.
            if let index = deletes.removeValue(forKey: new.key) {
                events[index] = event
            } else {
                events.append(event)
            }
        }
        return events.isEmpty ? .none : .some(events)
    }

    /// Whether the relationship counts at other times, or under another condition.
    private static func says(
        _ relationship: RelationshipID, _ before: GraphBefore, _ after: GraphSnapshot
    ) -> Bool {
        Self.meaningful.contains {
            Self.value($0, relationship, before) != Self.value($0, relationship, after)
        }
    }

    private static func value(
        _ name: String, _ relationship: RelationshipID, _ graph: some RelationshipReading
    ) -> Value {
        graph.tokens.propertyKey(name).map { graph.property($0, of: relationship) } ?? .null
    }

    // MARK: Lines

    private static func line(_ event: Event, _ milliseconds: Int, _ actor: String?) -> JournalEntry {
        var fields = [
            NamedProperty(key: "operation", value: .string(event.isWrite ? "write" : "delete")),
            NamedProperty(key: "tuple", value: .string(event.tuple.json.text)),
        ]
        for (key, value) in [(GraphNaming.validFrom, event.from), (GraphNaming.validUntil, event.until)]
        where !value.isNull {
            fields.append(NamedProperty(key: key, value: .string("\(value)")))
        }
        if let actor { fields.append(NamedProperty(key: "by", value: .string(actor))) }
        return JournalEntry(
            stream: AuditChain.changes, subject: event.tuple.object.type, milliseconds: milliseconds,
            fields: fields)
    }

    private static func bulkLine(_ milliseconds: Int, _ actor: String?) -> JournalEntry {
        var fields = [
            NamedProperty(key: "operation", value: .string("more than \(Self.limit) relationships at once"))
        ]
        if let actor { fields.append(NamedProperty(key: "by", value: .string(actor))) }
        return JournalEntry(
            stream: AuditChain.changes, subject: "", milliseconds: milliseconds, fields: fields)
    }
}
