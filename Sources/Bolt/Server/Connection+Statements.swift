internal import AccessControl
internal import Cypher
internal import GraphDatabase
internal import NIOCore
internal import PropertyGraph
internal import QueryEngine

/// Statements and their results.
extension Connection {
    /// The longest text, in bytes, of a statement that may run on the event loop.
    private static let briefText = 4096
    /// The most rows, and the most values held, of such a statement.
    private static let briefRows = 256
    private static let briefValues = 10_000
    /// Bytes of rows that are sent before others on the event loop have their turn.
    private static let turnBytes = 1 << 20
    /// Rows in pieces of fewer bytes are put together with what else is to be sent.
    private static let copiedBytes = 4096

    // MARK: RUN

    /// A statement that is ready to run, and where. A class: it goes through many hands.
    private final class Call: Sendable {
        let request: BoltRequest
        let statement: PreparedQuery
        let parameters: [String: Value]
        let options: StatementOptions
        let graph: GraphDatabase
        let limits: QueryLimits

        init(
            _ request: BoltRequest, _ statement: PreparedQuery, _ parameters: [String: Value],
            _ options: StatementOptions, _ graph: GraphDatabase, _ limits: QueryLimits
        ) {
            self.request = request
            self.statement = statement
            self.parameters = parameters
            self.options = options
            self.graph = graph
            self.limits = limits
        }
    }

    func run(
        _ request: BoltRequest, _ text: String, _ parameters: [String: Value], _ entries: [String: Value]
    ) {
        let options: StatementOptions
        do {
            options =
                if self.transaction != nil, let given = self.transactionOptions {
                    given
                } else { try StatementOptions(entries, connection: self.filter) }
        } catch {
            return self.fail(request, error)
        }
        let catalog = self.configuration.catalog
        let known = catalog.engine.known(text)
        let graph = self.transaction?.database ?? self.graphAtHand(options)
        if let known, let graph, self.transaction != nil || known.statement.graph == nil {
            return self.run(self.call(request, known, parameters, options, graph))
        }
        let isInTransaction = self.transaction != nil
        let task = TaskBox()
        let back = self.start(request) { task.cancel() }
        task.run {
            do {
                let statement = try await catalog.prepare(text)
                var found = graph
                if !isInTransaction { found = try await catalog.find(statement, options) }
                guard let found else { throw TransactionFailure.ended }
                back { connection in
                    connection.run(connection.call(request, statement, parameters, options, found))
                }
            } catch {
                back { $0.fail(request, error) }
            }
        }
    }

    private func call(
        _ request: BoltRequest, _ statement: PreparedQuery, _ parameters: [String: Value],
        _ options: StatementOptions, _ graph: GraphDatabase
    ) -> Call {
        var limits = QueryLimits.standard
        if let limit = options.timeLimit { limits.seconds = min(limits.seconds, limit / .seconds(1)) }
        if let transaction = self.transaction { limits = transaction.limits(limits) }
        limits.caller = self.configuration.access.queryCaller(
            self.caller, statement, on: graph.name, self.configuration.catalog)
        return Call(request, statement, parameters, options, graph, limits)
    }

    private func run(_ call: Call) {
        do {
            try call.options.check(call.statement)
            try self.configuration.access.require(self.caller, call.statement, on: call.graph.name)
            if let transaction = self.transaction {
                return try self.run(call, in: transaction)
            }
            if let command = call.statement.administration { return try self.administer(call, command) }
            guard !call.statement.isReadOnly || call.statement.commitsInBatches else {
                return self.read(call, on: call.graph.snapshot())
            }
            guard call.options.access == .write else { throw TransactionFailure.readOnly }
            self.write(call, in: nil)
        } catch {
            self.fail(call.request, error)
        }
    }

    private func run(_ call: Call, in transaction: ExplicitTransaction) throws {
        switch try transaction.place(for: call.statement) {
        case .snapshot(let snapshot): self.read(call, on: snapshot)
        case .writer: self.write(call, in: transaction)
        case .catalog(let command): try self.administer(call, command)
        }
    }

    private func administer(_ call: Call, _ command: AdministrationCommand) throws {
        guard call.options.access == .write else { throw TransactionFailure.readOnly }
        let catalog = self.configuration.catalog
        let back = self.start(call.request)
        Task {
            do {
                try await catalog.run(command)
                let result = QueryResult(columns: [], rows: [], graph: catalog.network.snapshot())
                back { $0.open(call, result, QueryControl()) }
            } catch {
                back { $0.fail(call.request, error) }
            }
        }
    }

    /// Runs a query that may change the graph; its rows are held until the client has them, not the writer.
    private func write(_ call: Call, in transaction: ExplicitTransaction?) {
        let control = QueryControl()
        let back = self.start(call.request) { control.cancel() }
        Task {
            do {
                let result =
                    if let transaction {
                        try await transaction.run(
                            call.statement, parameters: call.parameters, limits: call.limits,
                            control: control)
                    } else {
                        try await call.graph.query(
                            call.statement, parameters: call.parameters, limits: call.limits,
                            control: control)
                    }
                back { $0.open(call, result, control) }
            } catch {
                back { $0.fail(call.request, error) }
            }
        }
    }

    private func open(_ call: Call, _ result: QueryResult, _ control: QueryControl) {
        self.open(
            call, columns: result.columns, .values(result, self.encoders(result.graph), done: 0), control,
            nil, version: call.graph.snapshot().version)
    }

    /// Makes the encoder of rows about a graph, on any thread.
    private var encoders: @Sendable (GraphSnapshot) -> RecordEncoder {
        let (version, usesUTC) = (self.version, self.usesUTC)
        return { RecordEncoder(snapshot: $0, version: version, utcPatch: usesUTC) }
    }

    /// Runs a read: here when it is brief, else on a thread that hands its rows over.
    private func read(_ call: Call, on snapshot: GraphSnapshot) {
        if let planned = call.statement.known(
            on: snapshot, limits: call.limits, database: call.graph.name), planned.isBrief,
            call.statement.statement.source.utf8.count <= Self.briefText, self.readBriefly(call, planned)
        {
            return
        }
        let control = QueryControl()
        guard let loop = self.context?.eventLoop else { return }
        let me = NIOLoopBound(self, eventLoop: loop)
        let handover = ResultHandover<EncodedRows, QueryResult>(threads: call.graph.threads) {
            loop.execute { me.value.pump() }
        }
        let back = self.start(call.request) {
            control.cancel()
            handover.cancel()
        }
        call.graph.stream(
            call.statement, on: snapshot, parameters: call.parameters, limits: call.limits, control: control,
            encoder: self.encoders, to: handover
        ) { planned in
            back { connection in
                do {
                    let planned = try planned.get()
                    connection.open(
                        call, columns: planned.columns, .stream(handover), control, planned,
                        version: snapshot.version)
                } catch {
                    connection.fail(call.request, error)
                }
            }
        }
    }

    /// Whether the read is done; it is not when it turned out to take more than a moment.
    private func readBriefly(_ call: Call, _ planned: PlannedQuery) -> Bool {
        let control = QueryControl(isBrief: true)
        var encoder = self.encoders(planned.graph)
        var limits = call.limits
        (limits.rows, limits.heldValues) = (Self.briefRows, Self.briefValues)
        do {
            let result = try planned.stream(
                parameters: call.parameters, limits: limits, now: GraphDatabase.now(),
                database: call.graph.name, control: control
            ) { row in
                encoder.append(row)
                return true
            }
            let opened = self.open(
                call, columns: result.columns, .encoded, control, planned, version: planned.graph.version)
            opened.fill(encoder.take(), result)
            return true
        } catch let error as CypherError where error.kind == .limit {
            return false
        } catch {
            self.fail(call.request, error)
            return true
        }
    }

    @discardableResult
    private func open(
        _ call: Call, columns: [String], _ source: OpenResult.Source, _ control: QueryControl,
        _ planned: PlannedQuery?, version: UInt64
    ) -> OpenResult {
        let isInTransaction = self.transaction != nil
        let result = OpenResult(
            call.statement, columns: columns, on: call.graph, source, control: control,
            notifications: self.notifications(planned, call.options.filter),
            bookmark: isInTransaction ? nil : Bookmark(graph: call.graph.name, version: version))
        let number = self.conversation.nextResult
        self.results[number] = result
        var metadata: Metadata = [("t_first", .integer(0)), ("fields", .list(columns.map(Value.string)))]
        if isInTransaction { metadata.append(("qid", .integer(number))) }
        if self.version >= BoltVersion(5, 8), !isInTransaction {
            metadata.append(("db", .string(call.graph.name)))
        }
        self.succeed(call.request, metadata)
        return result
    }

    private func notifications(
        _ planned: PlannedQuery?, _ filter: NotificationFilter
    ) -> [QueryNotification] {
        guard let planned else { return [] }
        return QueryNotification.all(planned).filter {
            filter.admits(category: $0.category, isWarning: $0.severity == "WARNING")
        }
    }

    // MARK: PULL and DISCARD

    func ask(_ request: BoltRequest, _ number: Int, _ count: Int, isDiscard: Bool) {
        guard let result = self.results[number] else {
            return self.fail(request, TransactionFailure.ended)
        }
        result.ask()
        // Plans come, and profiles are true, only when the query has run to its end.
        if isDiscard, count == -1, result.statement.statement.mode == .run {
            return self.conclude(request, number, result.discard())
        }
        self.await(request)
        self.demand = Demand(
            number: number, result: result, left: count == -1 ? .max : count, isDiscard: isDiscard)
        self.pump()
    }

    /// Goes on with a PULL or DISCARD that waited for rows, or for the client to read.
    func pump() {
        guard let demand = self.demand, let running = self.running else { return }
        self.serve(running.request, demand)
        self.advance()
    }

    /// Sends what is there.
    private func serve(_ request: BoltRequest, _ given: Demand) {
        var demand = given
        var sent = 0
        self.demand = nil
        while true {
            switch demand.result.state {
            case .ended(let end):
                self.running = nil
                return self.conclude(request, demand.number, end.map { $0 })
            case .rows where demand.left == 0:
                self.running = nil
                return self.succeed(request, [("has_more", .boolean(true))], hasMore: true)
            case .unknown: break
            case .rows:
                guard sent < Self.turnBytes, demand.isDiscard || self.context?.channel.isWritable == true
                else { break }
                let (bytes, rows) = demand.result.take(demand.left)
                if demand.left != .max { demand.left -= rows }
                sent += bytes.readableBytes
                if demand.isDiscard { demand.result.hasDropped = true } else { self.sendRows(bytes) }
                continue
            }
            self.demand = demand
            if sent >= Self.turnBytes { self.pumpLater() }
            // The channel may take it at once and call for more before this returns.
            return self.flush()
        }
    }

    private func sendRows(_ bytes: ByteBuffer) {
        guard bytes.readableBytes > Self.copiedBytes else { return self.writer.write(bytes) }
        self.send(self.writer.take())
        self.send(bytes)
    }

    private func pumpLater() {
        guard let loop = self.context?.eventLoop else { return }
        let me = NIOLoopBound(self, eventLoop: loop)
        loop.execute { me.value.pump() }
    }

    /// Answers for the last of a result.
    private func conclude(
        _ request: BoltRequest, _ number: Int, _ end: Result<OpenResult.End?, any Error>
    ) {
        guard let result = self.results.removeValue(forKey: number) else { return }
        switch end {
        case .success(let end): self.succeed(request, result.summary(end, version: self.version))
        case .failure(let error): self.fail(request, error)
        }
    }
}

extension GraphCatalog {
    /// Reads and checks a statement on a thread for queries.
    fileprivate nonisolated func prepare(_ text: String) async throws -> PreparedQuery {
        let engine = self.engine
        return try await withTaskExecutorPreference(self.network.threads) {
            try await prepared(text, by: engine)
        }
    }

    /// The graph that a statement is about, as soon as it has the states that the client has seen.
    fileprivate nonisolated func find(
        _ statement: PreparedQuery, _ options: StatementOptions
    ) async throws -> GraphDatabase {
        try await self.wait(for: options.bookmarks)
        return try await self.graph(statement.statement.graph ?? options.graph ?? Self.network)
    }
}

/// On the executor that the task prefers.
@concurrent private func prepared(_ text: String, by engine: QueryEngine) async throws -> PreparedQuery {
    try engine.prepare(text)
}
