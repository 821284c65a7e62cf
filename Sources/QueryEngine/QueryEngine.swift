package import Cypher
package import PropertyGraph
internal import Synchronization

/// Runs Cypher over snapshots and transactions of one graph; keeps what it has parsed.
package final class QueryEngine: Sendable {
    /// How many parsed queries are kept.
    package static let planLimit = 1000
    /// Longer texts are not kept: they are scripts of data, not queries that come again.
    package static let keptTextLimit = 16_384

    private let functions = FunctionRegistry.standard
    private let procedures: ProcedureRegistry
    private let cache = Mutex<[String: PreparedQuery]>([:])

    /// An engine with further procedures.
    package init(procedures: ProcedureRegistry = ProcedureRegistry()) { self.procedures = procedures }

    /// Reads and checks a query. Parsing is done once a text.
    /// - Throws: ``CypherError``.
    package func prepare(_ text: String) throws(CypherError) -> PreparedQuery {
        if let known = self.cache.withLock({ $0[text] }) { return known }
        let prepared = PreparedQuery(
            statement: try CypherParser.parse(text, functions: self.functions), functions: self.functions,
            procedures: self.procedures)
        guard text.utf8.count <= Self.keptTextLimit else { return prepared }
        self.cache.withLock { cache in
            // Dropping all at the limit keeps the cache simple; busy queries are back at once.
            if cache.count >= Self.planLimit { cache.removeAll() }
            cache[text] = prepared
        }
        return prepared
    }

    /// Reads and checks statements separated by `;`, as in a script.
    /// - Throws: ``CypherError``.
    package func prepareScript(_ text: String) throws(CypherError) -> [PreparedQuery] {
        try CypherParser.parseScript(text, functions: self.functions).map {
            PreparedQuery(statement: $0, functions: self.functions, procedures: self.procedures)
        }
    }
}

/// A query that was read and checked, ready to run any number of times.
///
/// Plans are made for a snapshot's counts and made anew for each run: planning costs microseconds, and
/// closures of a plan are not shared between tasks.
package struct PreparedQuery: Sendable {
    /// What was read.
    package let statement: Statement
    private let functions: FunctionRegistry
    private let procedures: ProcedureRegistry

    init(statement: Statement, functions: FunctionRegistry, procedures: ProcedureRegistry) {
        self.statement = statement
        self.functions = functions
        self.procedures = procedures
    }

    /// Whether it changes nothing: then it can run on a snapshot.
    package var isReadOnly: Bool {
        switch self.statement.body {
        case .query(let query): self.statement.mode == .explain || !query.isUpdating
        case .schema(let command): command == .showIndexes || command == .showConstraints
        case .administration: true
        }
    }

    /// The index that running this makes, be it one that keeps a constraint; nil when it makes none. Preparing it on a
    /// snapshot (`GraphSnapshot.prepare(_:)`) leaves little to do while other writers wait.
    package var index: IndexDefinition? {
        guard case .schema(let command) = self.statement.body else { return nil }
        return SchemaExecutor.index(command)
    }

    /// The command about whole graphs that this is; nil when it is a query or a command about the schema.
    package var administration: AdministrationCommand? {
        guard case .administration(let command) = self.statement.body else { return nil }
        return command
    }

    /// Runs on a snapshot.
    /// - Throws: ``CypherError``; a query that changes the graph is refused.
    package func run(
        on graph: GraphSnapshot, parameters: [String: Value] = [:], limits: QueryLimits = .standard,
        now: ZonedDateTime
    ) throws(CypherError) -> QueryResult {
        try self.run(graph, nil, parameters, limits, now)
    }

    /// Runs in a transaction. When it throws, the transaction is as before.
    /// - Throws: ``CypherError``.
    package func run(
        in transaction: GraphTransaction, parameters: [String: Value] = [:], limits: QueryLimits = .standard,
        now: ZonedDateTime, preparedIndex: PreparedIndex? = nil
    ) throws(CypherError) -> QueryResult {
        let savepoint = transaction.savepoint()
        do {
            return try self.run(transaction.graph, transaction, parameters, limits, now, preparedIndex)
        } catch {
            transaction.rollback(to: savepoint)
            throw error
        }
    }

    private func run(
        _ graph: GraphSnapshot, _ transaction: GraphTransaction?, _ parameters: [String: Value],
        _ limits: QueryLimits,
        _ now: ZonedDateTime, _ preparedIndex: PreparedIndex? = nil
    ) throws(CypherError) -> QueryResult {
        do {
            switch self.statement.body {
            case .query(let query):
                return try self.run(query, graph, transaction, parameters, limits, now)
            case .schema(let command):
                return try SchemaExecutor.run(command, graph, transaction, preparedIndex)
            case .administration:
                throw CypherError(
                    .semantic, "NotSupported", "commands about whole graphs do not run inside one of them")
            }
        } catch let error as CypherError {
            throw error.with(source: self.statement.source)
        } catch let error as GraphError {
            throw ExecutionContext.cypherError(error).with(source: self.statement.source)
        } catch {
            throw CypherError(.semantic, "ProcedureFailed", "\(error)").with(source: self.statement.source)
        }
    }

    private func run(
        _ query: Query, _ graph: GraphSnapshot, _ transaction: GraphTransaction?,
        _ parameters: [String: Value],
        _ limits: QueryLimits, _ now: ZonedDateTime
    ) throws -> QueryResult {
        let planner = Planner(graph: graph, functions: self.functions, procedures: self.procedures)
        var (root, columns) = try planner.plan(query, scope: [:])
        // A procedure called alone shows its columns.
        if columns.isEmpty, case .call? = query.parts.first?.clauses.last?.kind,
            let clause = query.parts.first?.clauses.last
        {
            var scope: [String: Int] = [:]
            (root, scope) = try planner.plan(clause, planner.argument(), [:])
            columns = scope.sorted { $0.value < $1.value }.map { ($0.key, $0.value) }
        }
        let names = columns.map(\.0)
        if self.statement.mode == .explain {
            return QueryResult(
                columns: names, rows: [], counters: QueryCounters(), graph: graph, plan: PlanDescription(root)
            )
        }
        let context = ExecutionContext(
            graph: graph, transaction: transaction, parameters: parameters, limits: limits, now: now,
            names: planner.names)
        context.isProfiling = self.statement.mode == .profile
        var rows: [[Value]] = []
        let empty = Row(repeating: .null, count: planner.slotCount)
        _ = try root.run(context, empty) { row in
            guard !columns.isEmpty else { return true }
            guard rows.count < limits.rows else {
                throw CypherError(
                    .limit, "RowLimit", "the result has more than \(limits.rows) rows", hint: "use LIMIT")
            }
            try context.hold(columns.count)
            rows.append(columns.map { row[$0.1] })
            return true
        }
        return QueryResult(
            columns: names, rows: rows, counters: context.counters, graph: context.graph,
            plan: context.isProfiling ? PlanDescription(root, rows: context.rowCounts) : nil)
    }
}

/// What a query gave.
package struct QueryResult: Sendable {
    /// Names of the columns.
    package let columns: [String]
    /// The rows, each with a value a column.
    package let rows: [[Value]]
    /// What was changed.
    package let counters: QueryCounters
    /// The graph that nodes and relationships in the rows belong to.
    package let graph: GraphSnapshot
    /// The plan, for EXPLAIN and PROFILE.
    package let plan: PlanDescription?

    /// Joins the parts.
    package init(
        columns: [String], rows: [[Value]], counters: QueryCounters = QueryCounters(), graph: GraphSnapshot,
        plan: PlanDescription? = nil
    ) {
        self.columns = columns
        self.rows = rows
        self.counters = counters
        self.graph = graph
        self.plan = plan
    }
}

/// A plan as EXPLAIN and PROFILE show it.
package struct PlanDescription: Hashable, Sendable {
    /// The operator's name.
    package let name: String
    /// What it works on.
    package let details: String
    /// How many rows were expected.
    package let estimatedRows: Double
    /// How many rows came; nil without PROFILE.
    package let rows: Int?
    /// What feeds it.
    package let children: [PlanDescription]

    init(_ node: PlanNode, rows: [Int: Int]? = nil) {
        self.name = node.name
        self.details = node.details
        self.estimatedRows = node.estimatedRows
        self.rows = rows.map { $0[node.number] ?? 0 }
        self.children = node.children.map { PlanDescription($0, rows: rows) }
    }

    /// The tree as text, root first.
    package var text: String { self.lines(indent: 0).joined(separator: "\n") }

    private func lines(indent: Int) -> [String] {
        let estimate =
            self.estimatedRows < 10 ? (self.estimatedRows * 10).rounded() / 10 : self.estimatedRows.rounded()
        var line = String(repeating: "  ", count: indent) + "+ " + self.name
        if !self.details.isEmpty { line += "  " + self.details }
        line += "  (about \(estimate < 1e15 ? "\(estimate)".replacing(".0", with: "") : "very many") rows"
        line += self.rows.map { ", actually \($0))" } ?? ")"
        return [line] + self.children.flatMap { $0.lines(indent: indent + 1) }
    }
}
