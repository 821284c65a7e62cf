package import Cypher
package import PropertyGraph

/// Runs Cypher over snapshots and transactions of one graph; keeps what it has parsed.
package final class QueryEngine: Sendable {
    /// How many parsed queries are kept.
    package static let planLimit = 1000
    /// Longer texts are not kept: they are scripts of data, not queries that come again.
    package static let keptTextLimit = 16_384

    private let services: QueryServices
    private let cache = Locked<[String: PreparedQuery]>([:])

    /// An engine with further procedures, and with files that `LOAD CSV` may read.
    package init(procedures: [Procedure] = [], files: CSVFiles? = nil) {
        self.services = QueryServices(procedures: ProcedureRegistry(procedures), files: files)
    }

    /// The queries that run now.
    package var running: RunningQueries { self.services.running }

    /// What somebody sees of a graph from whom rules hide something; queries of callers with the same rules share it.
    package func seen(_ graph: GraphSnapshot, under rules: GraphRules, database: String) -> GraphSnapshot {
        self.services.concealed.seen(graph, rules, database: database)
    }

    /// Adds a procedure, in place of an earlier one of that name.
    /// - Throws: ``CypherError`` when a procedure of every graph has the name, or there are too many.
    package func define(_ procedure: Procedure) throws(CypherError) {
        try self.services.procedures.define(procedure)
        self.forget()
    }

    /// Takes away a procedure that was defined, or all of them.
    package func removeProcedure(_ name: String?) {
        if let name {
            self.services.procedures.remove(name)
        } else {
            self.services.procedures.removeDefined()
        }
        self.forget()
    }

    /// What was checked against other procedures is checked anew.
    private func forget() { self.cache.withLock { $0.removeAll() } }

    /// A query that was read and checked before; nil when that is to be done.
    package func known(_ text: String) -> PreparedQuery? { self.cache.withLock { $0[text] } }

    /// Reads and checks a query. Parsing is done once a text.
    /// - Throws: ``CypherError``.
    package func prepare(_ text: String) throws(CypherError) -> PreparedQuery {
        if let known = self.known(text) { return known }
        let prepared = PreparedQuery(
            statement: try CypherParser.parse(text, functions: self.services), services: self.services)
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
        try CypherParser.parseScript(text, functions: self.services).map {
            PreparedQuery(statement: $0, services: self.services)
        }
    }
}

/// A query that was read and checked, ready to run any number of times.
///
/// Its plan is kept, and made anew when the graph's indexes have changed or its counts have doubled or halved.
package struct PreparedQuery: Sendable {
    /// What was read.
    package let statement: Statement
    fileprivate let services: QueryServices
    private let plans = PlanCache()

    init(statement: Statement, services: QueryServices) {
        self.statement = statement
        self.services = services
    }

    /// Whether it changes nothing: then it can run on a snapshot.
    package var isReadOnly: Bool {
        switch self.statement.body {
        case .query(let query): self.statement.mode == .explain || !query.isUpdating
        case .schema: false
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

    /// Whether it is about the server and not about what is in a graph: commands about whole graphs, `SHOW`, `TERMINATE`,
    /// and calls of `dbms.*` and `db.ping`.
    package var isAboutServer: Bool {
        guard case .query(let query) = self.statement.body else { return self.administration != nil }
        return query.parts.allSatisfy { part in
            guard case .call(let call)? = part.clauses.first?.kind else { return false }
            return call.name.contains(" ") || call.name.hasPrefix("dbms.") || call.name == "db.ping"
        }
    }

    /// What kind of statement it is, by Neo4j's letters: `r` reads, `w` writes, `rw` writes and gives rows, `s` changes the
    /// schema or the graphs there are.
    package func kind(columns: [String]) -> String {
        switch self.statement.body {
        case .schema, .administration: "s"
        case .query where self.isReadOnly && !self.commitsInBatches: "r"
        case .query: columns.isEmpty ? "w" : "rw"
        }
    }

    /// Whether it commits as it goes (`CALL { } IN TRANSACTIONS`): then it runs on a snapshot, with a `commit`.
    package var commitsInBatches: Bool {
        guard case .query(let query) = self.statement.body, self.statement.mode != .explain else {
            return false
        }
        return query.commitsInBatches
    }

    /// Runs on a snapshot; `commit` is for queries that commit as they go.
    /// - Throws: ``CypherError``; another query that changes the graph is refused.
    package func run(
        on graph: GraphSnapshot, parameters: [String: Value] = [:], limits: QueryLimits = .standard,
        now: ZonedDateTime, database: String = "", commit: BatchCommit? = nil, control: QueryControl? = nil
    ) throws(CypherError) -> QueryResult {
        let call = QueryCall(
            snapshot: self.seen(graph, limits.caller, database), parameters: parameters, limits: limits,
            now: now, database: database, concealed: self.services.concealed,
            commit: commit, control: control)
        return try self.run(call)
    }

    /// What a caller sees of a graph; all of it when no rules are made for him.
    private func seen(_ graph: GraphSnapshot, _ caller: QueryCaller, _ database: String) -> GraphSnapshot {
        guard let rules = caller.rules else { return graph }
        return self.services.concealed.seen(graph, rules, database: database)
    }

    /// Makes what a caller sees of a graph, so that running the query as the graph's writer does not: others would wait.
    package func prepareSight(of graph: GraphSnapshot, limits: QueryLimits, database: String) {
        _ = self.seen(graph, limits.caller, database)
    }

    /// Runs in a transaction. When it throws, the transaction is as before.
    /// - Throws: ``CypherError``.
    package func run(
        in transaction: GraphTransaction, parameters: [String: Value] = [:], limits: QueryLimits = .standard,
        now: ZonedDateTime, preparedIndex: PreparedIndex? = nil, database: String = "",
        control: QueryControl? = nil
    ) throws(CypherError) -> QueryResult {
        let savepoint = transaction.savepoint()
        if let user = limits.caller.user { transaction.actor = user }
        var seen: GraphSnapshot?
        if let rules = limits.caller.rules {
            transaction.restrict(to: rules)
            seen = self.services.concealed.seen(
                transaction.graph, rules, database: database, isCommitted: false)
        }
        defer { transaction.liftRules() }
        do {
            let call = QueryCall(
                snapshot: seen, transaction: transaction, parameters: parameters, limits: limits,
                now: now, database: database, concealed: self.services.concealed, control: control,
                preparedIndex: preparedIndex)
            return try self.run(call)
        } catch {
            transaction.rollback(to: savepoint)
            throw error
        }
    }

    /// The query with its plan for what a caller sees of a graph, which are made if need be.
    /// - Throws: ``CypherError``.
    package func planned(
        on graph: GraphSnapshot, limits: QueryLimits, database: String
    ) throws(CypherError) -> PlannedQuery {
        let graph = self.seen(graph, limits.caller, database)
        guard case .query(let query) = self.statement.body else {
            return PlannedQuery(query: self, graph: graph, plan: nil)
        }
        do {
            let plan = try self.plans.plan(query, graph, self.services)
            return PlannedQuery(query: self, graph: graph, plan: plan)
        } catch {
            throw error.with(source: self.statement.source)
        }
    }

    /// As ``planned(on:limits:database:)`` when there is a plan that suits the graph; nil when something is to be made.
    package func known(on graph: GraphSnapshot, limits: QueryLimits, database: String) -> PlannedQuery? {
        guard let rules = limits.caller.rules else { return self.known(onSeen: graph) }
        return self.services.concealed.known(graph, rules, database: database).flatMap(self.known(onSeen:))
    }

    /// As ``known(on:limits:database:)`` on the graph of a result, which shows what the result's reader may see.
    package func known(onSeen graph: GraphSnapshot) -> PlannedQuery? {
        self.plans.known(suiting: graph).map { PlannedQuery(query: self, graph: graph, plan: $0) }
    }

    /// Runs and holds the rows.
    private func run(_ call: QueryCall) throws(CypherError) -> QueryResult {
        var rows: [[Value]] = []
        do {
            let result = try self.execute(call) { row, context in
                let values = row.values
                for value in values { try context.hold(contentsOf: value) }
                rows.append(values)
                return true
            }
            return result.with(rows: rows)
        } catch {
            Leftovers.free([rows])
            rows = []
            throw self.cypherError(error)
                ?? CypherError(.semantic, "ProcedureFailed", "\(error)").with(source: self.statement.source)
        }
    }

    func cypherError(_ error: any Error) -> CypherError? {
        switch error {
        case let error as CypherError: error.with(source: self.statement.source)
        case let error as GraphError:
            ExecutionContext.cypherError(error).with(source: self.statement.source)
        default: nil
        }
    }

    func execute(
        _ call: QueryCall, _ sink: (ResultRow, ExecutionContext) throws -> Bool
    ) throws -> QueryResult {
        switch self.statement.body {
        case .query(let query): try self.execute(query, call, sink)
        case .schema(let command): try SchemaExecutor.run(command, call)
        case .administration:
            throw CypherError(
                .semantic, "NotSupported", "commands about whole graphs do not run inside one of them")
        }
    }

    private func execute(
        _ query: Query, _ call: QueryCall, _ sink: (ResultRow, ExecutionContext) throws -> Bool
    ) throws -> QueryResult {
        let entry = self.services.running.begin(
            self.statement.source, database: call.database, at: call.now, user: call.limits.caller.user)
        defer { self.services.running.finish(entry) }
        let plan = try call.plan ?? self.plans.plan(query, call.graph, self.services)
        let (root, columns) = (plan.root, plan.columns)
        let names = columns.map(\.name)
        if self.statement.mode == .explain {
            return QueryResult(
                columns: names, rows: [], counters: QueryCounters(), graph: call.graph,
                plan: PlanDescription(root))
        }
        let context = ExecutionContext(call, names: plan.names, entry: entry)
        if self.statement.mode == .profile { context.profile = QueryProfile() }
        var count = 0
        var row = Row(count: plan.slotCount)
        do {
            try context.holding(&row) { row in
                _ = try root.run(context, row) { row in
                    guard !columns.isEmpty else { return true }
                    try context.step()
                    guard count < call.limits.rows else {
                        throw CypherError(
                            .limit, "RowLimit", "the result has more than \(call.limits.rows) rows",
                            hint: "use LIMIT"
                        )
                    }
                    count += 1
                    return try sink(ResultRow(row: row, columns: columns), context)
                }
            }
        } catch {
            Leftovers.free(context.takeAbandoned())
            throw error
        }
        return QueryResult(
            columns: names, rows: [], counters: context.counters, graph: context.graph,
            plan: context.profile.map { PlanDescription(root, $0) })
    }
}

extension PlannedQuery {
    /// Runs a read and gives its rows one after another instead of holding them; the result has none.
    /// - Throws: ``CypherError``, and what the sink throws.
    package func stream(
        parameters: [String: Value] = [:], limits: QueryLimits = .standard, now: ZonedDateTime,
        database: String = "", control: QueryControl? = nil, to sink: RowSink
    ) throws -> QueryResult {
        let call = QueryCall(
            snapshot: self.graph, parameters: parameters, limits: limits, now: now, database: database,
            concealed: self.query.services.concealed, control: control, plan: self.plan)
        do {
            return try self.query.execute(call) { row, _ in try sink(row) }
        } catch {
            throw self.query.cypherError(error) ?? error
        }
    }
}

/// One run of a query: where, with what, and within which limits.
struct QueryCall {
    /// What a read sees, and in a transaction what a caller with rules does; else nil there, as nobody else may hold its graph
    /// while the query writes: each page that it changes would be copied.
    let snapshot: GraphSnapshot?
    var transaction: GraphTransaction?
    let parameters: [String: Value]
    let limits: QueryLimits
    /// The moment that all of the query's clocks show.
    let now: ZonedDateTime
    /// The graph's name.
    let database: String
    /// What callers with rules see of graphs.
    let concealed: ConcealedGraphs
    /// Runs a body in a transaction of its own and commits it; nil where queries cannot commit as they go.
    var commit: BatchCommit?
    var control: QueryControl?
    var preparedIndex: PreparedIndex?
    var plan: Plan?

    /// The graph as of now, as far as the caller sees it.
    var graph: GraphSnapshot { self.snapshot ?? self.transaction?.graph ?? GraphSnapshot() }
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

    fileprivate func with(rows: [[Value]]) -> QueryResult {
        QueryResult(
            columns: self.columns, rows: rows, counters: self.counters, graph: self.graph, plan: self.plan)
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
    /// What came of it; nil without PROFILE.
    package let measured: Measured?
    /// What feeds it.
    package let children: [PlanDescription]

    /// What PROFILE measured of one operator alone.
    package struct Measured: Hashable, Sendable {
        /// How many rows came.
        package let rows: Int
        /// How many nodes, relationships and rows it looked at.
        package let steps: Int
        /// How many values it kept in memory.
        package let heldValues: Int
        /// How many pages of the graph it looked at, each as often as it was: columns of properties, neighbours, members of
        /// labels, indexes.
        package let pages: Int
        /// How long it took.
        package let milliseconds: Double
    }

    init(_ node: PlanNode, _ profile: QueryProfile? = nil) {
        self.name = node.name
        self.details = node.details
        self.estimatedRows = node.estimatedRows
        self.measured = profile.map { profile in
            let figures = profile[node.number]
            return Measured(
                rows: figures.rows, steps: figures.steps, heldValues: figures.held, pages: figures.pages,
                milliseconds: Double(figures.nanoseconds) / 1e6)
        }
        self.children = node.children.map { PlanDescription($0, profile) }
    }

    /// The tree as text, root first.
    package var text: String { self.lines(indent: 0).joined(separator: "\n") }

    private func lines(indent: Int) -> [String] {
        let estimate =
            self.estimatedRows < 10 ? (self.estimatedRows * 10).rounded() / 10 : self.estimatedRows.rounded()
        var line = String(repeating: "  ", count: indent) + "+ " + self.name
        if !self.details.isEmpty { line += "  " + self.details }
        line += "  (about \(estimate < 1e15 ? "\(estimate)".replacing(".0", with: "") : "very many") rows"
        if let measured = self.measured {
            line +=
                ", actually \(measured.rows); \(measured.steps) steps, \(measured.pages) pages touched, \(measured.heldValues) values held, "
            line += "\((measured.milliseconds * 1000).rounded() / 1000) ms"
        }
        line += ")"
        return [line] + self.children.flatMap { $0.lines(indent: indent + 1) }
    }
}
