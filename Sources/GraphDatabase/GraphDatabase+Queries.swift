internal import Cypher
internal import Foundation
internal import NamedResources
package import PropertyGraph
package import QueryEngine

extension GraphDatabase {
    /// Runs a query: on a snapshot when it reads only, else in a transaction of its own.
    /// - Throws: ``CypherError``, ``GraphError`` for rules that are checked at the end, ``StorageError``.
    package func query(
        _ text: String, parameters: [String: Value] = [:], limits: QueryLimits = .standard
    ) async throws -> QueryResult {
        try await self.query(self.engine.prepare(text), parameters: parameters, limits: limits)
    }

    /// Runs a query that was read and checked, as ``query(_:parameters:limits:)``.
    /// - Throws: as that.
    package func query(
        _ prepared: PreparedQuery, parameters: [String: Value] = [:], limits: QueryLimits = .standard,
        control: QueryControl? = nil
    ) async throws -> QueryResult {
        guard !prepared.isReadOnly, !prepared.commitsInBatches else {
            return try await withTaskExecutorPreference(self.threads) {
                try await self.read(prepared, parameters, limits, control)
            }
        }
        // The long part of making an index does not hold the writer.
        let index = prepared.index
        let preparedIndex =
            index == nil
            ? nil
            : await withTaskExecutorPreference(self.threads) {
                await self.prepare(index, limits, control)
            }
        if limits.caller.rules != nil {
            await withTaskExecutorPreference(self.threads) { await self.prepareSight(prepared, limits) }
        }
        return try await self.write { transaction in
            try prepared.run(
                in: transaction, parameters: parameters, limits: limits, now: Self.now(),
                preparedIndex: preparedIndex, database: self.name, control: control)
        }
    }

    /// Runs a read on a snapshot of this graph, on a thread for queries, and holds its rows.
    /// - Throws: ``CypherError``.
    package func query(
        _ prepared: PreparedQuery, on snapshot: GraphSnapshot, parameters: [String: Value],
        limits: QueryLimits = .standard, control: QueryControl? = nil
    ) async throws -> QueryResult {
        try await withTaskExecutorPreference(self.threads) {
            try await self.read(prepared, parameters, limits, control, on: snapshot)
        }
    }

    /// The newest snapshot, as far as somebody sees it whom rules keep from seeing all, made on a thread for queries.
    package func seen(under rules: GraphRules?) async -> GraphSnapshot {
        let snapshot = self.snapshot()
        guard let rules else { return snapshot }
        return await withTaskExecutorPreference(self.threads) { await self.seen(snapshot, rules) }
    }

    @concurrent private func seen(_ snapshot: GraphSnapshot, _ rules: GraphRules) async -> GraphSnapshot {
        self.engine.seen(snapshot, under: rules, database: self.name)
    }

    @concurrent private func prepareSight(_ prepared: PreparedQuery, _ limits: QueryLimits) async {
        prepared.prepareSight(of: self.snapshot(), limits: limits, database: self.name)
    }

    /// Nil when there is nothing to prepare, or the time for it is over: then the command itself ends at once.
    @concurrent private func prepare(
        _ index: IndexDefinition?, _ limits: QueryLimits, _ control: QueryControl?
    ) async -> PreparedIndex? {
        let deadline = ContinuousClock.now + .seconds(limits.seconds)
        return index.flatMap {
            self.snapshot().prepare($0) { () throws(GraphError) in
                guard !Task.isCancelled, control?.isCancelled != true, ContinuousClock.now < deadline else {
                    throw .interrupted
                }
            }
        }
    }

    /// On the executor that the task prefers.
    @concurrent private func read(
        _ prepared: PreparedQuery, _ parameters: [String: Value], _ limits: QueryLimits,
        _ control: QueryControl?, on snapshot: GraphSnapshot? = nil
    ) async throws -> QueryResult {
        try prepared.run(
            on: snapshot ?? self.snapshot(), parameters: parameters, limits: limits, now: Self.now(),
            database: self.name,
            commit: prepared.commitsInBatches ? { try self.commit($0) } : nil, control: control)
    }

    /// For `CALL { } IN TRANSACTIONS`: writes, waits, and gives the graph as it is then.
    private func commit(_ body: (GraphTransaction) throws -> Void) throws -> GraphSnapshot {
        try withoutActuallyEscaping(body) { body in
            // Safe: `writeBlocking` returns only when the body has run, so that one thread at a time is in it.
            nonisolated(unsafe) let body = body
            try self.writeBlocking { transaction in try body(transaction) }
        }
        return self.snapshot()
    }

    /// Runs statements separated by `;`, all in one transaction.
    /// - Throws: as ``query(_:parameters:limits:)``; then nothing of the script happened.
    package func runScript(_ text: String) async throws {
        let statements = try self.engine.prepareScript(text)
        try await self.write { transaction in
            for statement in statements { _ = try statement.run(in: transaction, now: Self.now()) }
        }
    }

    /// Runs a query of `queries/` on the newest snapshot.
    /// - Throws: ``CypherError``, also when there is no such file.
    package func read(_ name: String, _ parameters: [String: Value] = [:]) throws -> [Record] {
        let prepared = try self.engine.prepare(self.text(of: name))
        return Record.list(try prepared.run(on: self.snapshot(), parameters: parameters, now: Self.now()))
    }

    /// Runs a query of `queries/` in a transaction.
    /// - Throws: ``CypherError``, also when there is no such file.
    package func run(
        _ name: String, _ parameters: [String: Value] = [:], in transaction: GraphTransaction
    ) throws -> [Record] {
        let prepared = try self.engine.prepare(self.text(of: name))
        return Record.list(try prepared.run(in: transaction, parameters: parameters, now: Self.now()))
    }

    private func text(of name: String) throws(CypherError) -> String {
        guard let text = self.resources.text("queries/\(name).cypher") else {
            throw CypherError(.argument, "QueryNotFound", "there is no query `queries/\(name).cypher`")
        }
        return text
    }

    /// This moment in UTC.
    package static func now() -> ZonedDateTime {
        let time = Date().timeIntervalSince1970
        let seconds = time.rounded(.down)
        return ZonedDateTime(seconds: Int(seconds), nanosecond: Int((time - seconds) * 1e6) * 1000)
    }
}

/// One row of a named query, by column.
package struct Record: Sendable {
    /// The columns and their values, in order.
    package let fields: [(name: String, value: Value)]

    /// The value of a column; nil when there is no such column.
    package subscript(name: String) -> Value? { self.fields.first { $0.name == name }?.value }

    static func list(_ result: QueryResult) -> [Record] {
        result.rows.map { row in Record(fields: Array(zip(result.columns, row)).map { (name: $0, value: $1) })
        }
    }
}
