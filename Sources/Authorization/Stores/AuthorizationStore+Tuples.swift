internal import GraphDatabase
internal import GraphStorage
internal import JSON
package import PropertyGraph

/// A change of tuples: all of it happens, or nothing.
package struct TupleChange: Sendable {
    /// Tuples to write.
    package var writes: [Tuple] = []
    /// Tuples to delete; their conditions do not matter.
    package var deletes: [Tuple] = []
    /// A tuple that is there already is no error, if its condition is the same.
    package var ignoresDuplicates = false
    /// A tuple that is not there is no error.
    package var ignoresMissing = false
    /// Who does it.
    package var user: String?
    /// Until when what is written counts; nil for always.
    package var validUntil: ZonedDateTime?
    /// A tuple that is there already is written anew, with this change's end.
    package var replacesExisting = false

    /// An empty change.
    package init() {}

    /// How many tuples one change may hold.
    package static let limit = 10_000
}

/// A tuple as it is stored.
package struct StoredTuple: Sendable {
    /// The tuple.
    package let tuple: Tuple
    /// The relationship that it is.
    package let relationship: RelationshipID
    /// When it was written; nil when it was not written as a tuple.
    package let writtenAt: ZonedDateTime?
}

/// Which tuples are wanted: by any of their parts.
package struct TupleFilter: Hashable, Sendable {
    /// Of one subject, or with an empty id of one type.
    package var subject: EntityReference?
    /// Of one relation.
    package var relation: String?
    /// Of one object, or with an empty id of one type.
    package var object: EntityReference?

    /// All tuples.
    package init(
        subject: EntityReference? = nil, relation: String? = nil, object: EntityReference? = nil
    ) {
        self.subject = subject
        self.relation = relation
        self.object = object
    }

    /// Whether a tuple is one of these.
    package func admits(_ tuple: Tuple) -> Bool {
        if let relation = self.relation, relation != tuple.relation { return false }
        if let object = self.object,
            object.type != tuple.object.type || !object.id.isEmpty && object.id != tuple.object.id
        {
            return false
        }
        guard let subject = self.subject else { return true }
        return subject.type == tuple.subject.type
            && (subject.id.isEmpty
                || subject.id == tuple.subject.id && subject.relation == tuple.subject.relation)
    }
}

extension AuthorizationStore {
    // MARK: Writing

    /// Writes and deletes tuples.
    /// - Throws: ``AuthorizationError``, ``GraphError``, ``StorageError``.
    package func change(
        _ change: TupleChange, model id: String? = nil, at moment: ZonedDateTime
    ) async throws {
        let model = try self.view(model: id).model
        try Self.check(change, model)
        try await self.database.write { transaction in
            transaction.actor = change.user
            let editor = TupleEditor(transaction)
            for tuple in change.deletes { try Self.delete(tuple, change, editor) }
            for tuple in change.writes {
                if change.replacesExisting {
                    try editor.delete(tuple)
                } else if try Self.isThere(tuple, change, editor, transaction) {
                    continue
                }
                let relationship = try editor.write(tuple, at: moment, by: change.user)
                if let end = change.validUntil {
                    try transaction.setProperty(
                        transaction.propertyKey(GraphNaming.validUntil), of: relationship, to: .dateTime(end))
                }
            }
        }
    }

    private static func check(
        _ change: TupleChange, _ model: AuthorizationModel
    ) throws(AuthorizationError) {
        guard !change.writes.isEmpty || !change.deletes.isEmpty else {
            throw .invalidWrite("a change needs tuples to write or to delete")
        }
        guard change.writes.count + change.deletes.count <= TupleChange.limit else {
            throw .tooMany(what: "tuples of a change", limit: TupleChange.limit)
        }
        var seen: Set<Tuple> = []
        for tuple in change.writes + change.deletes {
            guard seen.insert(tuple.key).inserted else { throw .duplicateTuple(tuple.description) }
        }
        for tuple in change.writes {
            if let reason = model.misfit(tuple) {
                throw .invalidInput("tuple `\(tuple)` does not fit the model: \(reason)")
            }
        }
    }

    private static func delete(
        _ tuple: Tuple, _ change: TupleChange, _ editor: TupleEditor
    ) throws {
        guard try editor.delete(tuple) || change.ignoresMissing else {
            throw AuthorizationError.writeRefused(
                "cannot delete a tuple which does not exist: user: '\(tuple.subject)', relation: '\(tuple.relation)', object: '\(tuple.object)'"
            )
        }
    }

    private static func isThere(
        _ tuple: Tuple, _ change: TupleChange, _ editor: TupleEditor, _ transaction: GraphTransaction
    ) throws -> Bool {
        let known = editor.relationships(of: tuple)
        guard let first = known.first else { return false }
        let condition = transaction.graph.text(GraphNaming.condition, of: first)
        let context = transaction.graph.text(GraphNaming.conditionContext, of: first)
            .flatMap { try? JSON.parse($0) }
        let isSame =
            condition == tuple.condition?.name
            && (context?.object ?? JSON.Object()) == (tuple.condition?.context ?? JSON.Object())
        guard change.ignoresDuplicates, isSame else {
            throw AuthorizationError.writeRefused(
                "cannot write a tuple which already exists: user: '\(tuple.subject)', relation: '\(tuple.relation)', object: '\(tuple.object)'"
                    + (change.ignoresDuplicates ? " with another condition" : ""))
        }
        return true
    }

    // MARK: Reading

    /// Tuples by any of their parts, in the order of their relationships' numbers, after one of these.
    ///
    /// With a subject or an object O(its relationships), else O(relationships of the graph after the last one).
    package func tuples(
        _ filter: TupleFilter, after last: UInt32?, limit: Int
    ) -> [StoredTuple] {
        let graph = self.database.snapshot()
        let names = self.names(in: graph)
        let written = graph.tokens.propertyKey(GraphNaming.grantedAt)
        var found: [StoredTuple] = []
        self.relationships(filter, after: last, in: graph) { relationship in
            guard let tuple = names.tuple(relationship, in: graph), filter.admits(tuple) else { return true }
            found.append(
                StoredTuple(
                    tuple: tuple, relationship: relationship,
                    writtenAt: written.flatMap { graph.property($0, of: relationship).dateTime }))
            return found.count < limit
        }
        return found
    }

    private func relationships(
        _ filter: TupleFilter, after last: UInt32?, in graph: GraphSnapshot,
        _ body: (RelationshipID) -> Bool
    ) {
        let first = last.map { $0 &+ 1 } ?? 0
        guard let (entity, direction) = Self.narrowest(filter) else {
            var next = first
            while next < graph.relationshipIDBound {
                let relationship = RelationshipID(next)
                if graph.contains(relationship), !body(relationship) { return }
                next += 1
            }
            return
        }
        let editor = TupleEditor(GraphTransaction(graph))
        guard let node = editor.node(entity) else { return }
        let type = filter.relation.flatMap {
            graph.tokens.relationshipType(GraphNaming.relationshipType($0))
        }
        guard filter.relation == nil || type != nil else { return }
        var relationships: [RelationshipID] = []
        graph.forEachNeighbour(of: node, direction, type: type) { _, relationship in
            if relationship.index >= first { relationships.append(relationship) }
        }
        for relationship in relationships.sorted() where !body(relationship) { return }
    }

    private static func narrowest(_ filter: TupleFilter) -> (EntityReference, Direction)? {
        if let object = filter.object, !object.id.isEmpty { return (object, .incoming) }
        if let subject = filter.subject, !subject.id.isEmpty { return (subject, .outgoing) }
        return nil
    }

    /// Deletes all tuples of a kind, so many at a time, and gives how many went.
    /// - Throws: ``GraphError``, ``StorageError``.
    package func delete(_ filter: TupleFilter, by user: String?) async throws -> Int {
        var count = 0
        while true {
            let tuples = self.tuples(filter, after: nil, limit: 1000)
            guard !tuples.isEmpty else { return count }
            try await self.database.write { transaction in
                transaction.actor = user
                for stored in tuples where transaction.graph.contains(stored.relationship) {
                    try transaction.deleteRelationship(stored.relationship)
                }
            }
            count += tuples.count
        }
    }

    /// Tuples that one model takes and another does not, at most `limit` of them.
    package func orphans(of model: AuthorizationModel, limit: Int) -> [Tuple] {
        var found: [Tuple] = []
        var last: UInt32?
        while found.count < limit {
            let tuples = self.tuples(TupleFilter(), after: last, limit: 1000)
            found += tuples.map(\.tuple).filter { model.misfit($0) != nil }
            guard tuples.count == 1000 else { break }
            last = tuples.last?.relationship.index
        }
        return Array(found.prefix(limit))
    }

    // MARK: Changes

    /// A change of a tuple.
    package struct Change: Sendable {
        /// Its number; grows.
        package let sequence: Int
        /// Whether the tuple was written, not deleted.
        package let isWrite: Bool
        /// Which tuple.
        package let tuple: Tuple
        /// When, in milliseconds since 1970.
        package let milliseconds: Int
        /// Who did it.
        package let user: String?
    }

    /// Changes of tuples after one of them, oldest first, of one type of objects or of all, from a time on.
    /// - Throws: ``StorageError``.
    package func changes(
        after sequence: Int, type: String?, since milliseconds: Int? = nil, limit: Int
    ) async throws -> [Change] {
        var found: [Change] = []
        var last = sequence
        while found.count < limit {
            let lines = try await self.database.storage.journal(
                AuditChain.changes, subject: type, after: last, limit: limit)
            for line in lines where milliseconds.map({ line.entry.milliseconds >= $0 }) ?? true {
                guard found.count < limit, let change = Change(line.sequence, line.entry) else { continue }
                found.append(change)
            }
            guard let newest = lines.last?.sequence, lines.count == limit else { break }
            last = newest
        }
        return found
    }
}

extension AuthorizationStore {
    /// The number of the newest change; 0 when there is none.
    /// - Throws: ``StorageError``.
    package func newestChange() async throws -> Int {
        try await self.database.storage.newestLines(
            of: AuditChain.changes, subject: nil, before: nil, limit: 1
        ).first?.sequence ?? 0
    }
}

extension AuthorizationStore.Change {
    fileprivate init?(_ sequence: Int, _ entry: JournalEntry) {
        var (operation, text, user) = ("", "", String?.none)
        for field in entry.fields {
            switch field.key {
            case "operation": operation = field.value.string ?? ""
            case "tuple": text = field.value.string ?? ""
            case "by": user = field.value.string
            default: break
            }
        }
        guard let json = try? JSON.parse(text), let tuple = try? Tuple(json: json) else { return nil }
        self.init(
            sequence: sequence, isWrite: operation == "write", tuple: tuple,
            milliseconds: entry.milliseconds, user: user)
    }
}
