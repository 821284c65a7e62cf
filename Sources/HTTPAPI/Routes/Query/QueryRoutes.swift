internal import AccessControl
internal import Cypher
internal import GraphDatabase
internal import Graphviz
internal import HTTPTypes
internal import Hummingbird
internal import JSON
internal import PropertyGraph
internal import QueryEngine
internal import Visualization

/// Neo4j's Query API: `POST /db/{name}/query/v2`, and transactions of several requests below `/tx`.
struct QueryRoutes {
    let services: Services

    func add(to router: GuardedRouter) {
        router.post("/db/:name/query/v2", .inHandler) { request, context in
            try await self.answering { try await self.query(request, context) }
        }
        router.on(.post, "/db/:name/query/v2/tx", .inHandler, form: .queryAPI) { request, context in
            try await self.answering { try await self.begin(request, context) }
        }
        router.post("/db/:name/query/v2/tx/:id", .inHandler) { request, context in
            try await self.answering { try await self.run(request, context) }
        }
        router.post("/db/:name/query/v2/tx/:id/commit", .inHandler) { request, context in
            try await self.answering { try await self.commit(request, context) }
        }
        router.delete("/db/:name/query/v2/tx/:id", .inHandler) { _, context in
            try await self.answering {
                self.services.transactions.end(try self.take(context))
                return Response(.object(JSON.Object()))
            }
        }
    }

    /// Errors in the Query API's own form.
    private func answering(_ body: () async throws -> Response) async throws -> Response {
        do {
            return try await body()
        } catch {
            guard let problem = ErrorMapping.queryProblem(error) else { throw error }
            throw problem
        }
    }

    private func name(_ context: APIContext) -> String {
        (context.parameters.get("name") ?? "").lowercased()
    }

    // MARK: A query by itself

    private func query(_ request: Request, _ context: APIContext) async throws -> Response {
        let asked = try await QueryRequest(request)
        guard let text = asked.statement else {
            throw StatusError(
                "Neo.ClientError.Request.Invalid", "the member `statement` is missing or not a text")
        }
        let statement = try self.services.catalog.engine.prepare(text)
        try await self.services.catalog.wait(for: asked.bookmarks)
        let name = (statement.statement.graph ?? self.name(context)).lowercased()
        context.inquiry.note()
        try self.services.access.require(context.caller, statement, on: name)
        let graph = try await self.graph(name, statement)
        let limits = self.limits(asked, statement, on: graph.name, context)
        if let command = statement.administration {
            guard asked.access == .write else { throw TransactionFailure.readOnly }
            try await self.services.catalog.run(command)
            let result = QueryResult(columns: [], rows: [], graph: graph.snapshot())
            return self.answer(QueryOutcome(statement, result, bookmark: graph.bookmark), asked)
        }
        let wantsPicture = request.headers[.accept]?.contains("image/svg+xml") ?? false
        if statement.isReadOnly, !statement.commitsInBatches, !wantsPicture || asked.format.isLines {
            if asked.format.isLines {
                let lines = QueryLines(format: asked.format, includesCounters: asked.includesCounters)
                return try await lines.response(statement, asked, limits, on: graph)
            }
            let document = QueryDocument(format: asked.format, includesCounters: asked.includesCounters)
            return try await document.response(statement, asked, limits, on: graph)
        }
        guard asked.access == .write || (statement.isReadOnly && !statement.commitsInBatches) else {
            throw TransactionFailure.readOnly
        }
        let result = try await graph.query(
            statement, parameters: asked.parameters, limits: limits)
        if wantsPicture {
            let picture = GraphPicture(rows: result.rows, graph: result.graph, limit: 500)
            let dot = picture.dot(view: nil, title: String(text.prefix(80)))
            return Response(
                try await self.services.pictures.render(dot, format: .svg), type: "image/svg+xml")
        }
        return self.answer(QueryOutcome(statement, result, bookmark: graph.bookmark), asked)
    }

    /// How far a statement may go, and on whose behalf.
    private func limits(
        _ asked: QueryRequest, _ statement: PreparedQuery, on graph: String, _ context: APIContext
    ) -> QueryLimits {
        var limits = asked.limits
        limits.caller = self.services.access.queryCaller(
            context.caller, statement, on: graph, self.services.catalog)
        return limits
    }

    /// A graph; commands about graphs may name `system`, as clients of Neo4j do.
    private func graph(_ name: String, _ statement: PreparedQuery?) async throws -> GraphDatabase {
        if name == "system", statement?.isAboutServer == true { return self.services.catalog.network }
        return try await self.services.catalog.graph(name)
    }

    private func answer(
        _ outcome: QueryOutcome, _ asked: QueryRequest, _ use: QueryTransactions.Use? = nil
    ) -> Response {
        if asked.format.isLines {
            let lines = QueryLines(format: asked.format, includesCounters: asked.includesCounters)
            return lines.response(outcome, use)
        }
        var document = outcome.document(asked.format, includesCounters: asked.includesCounters)
        if let use { document.append("transaction", use.json) }
        return self.answer(document, asked)
    }

    private func answer(_ document: JSON.Object, _ asked: QueryRequest) -> Response {
        var response = Response(.object(document), status: .accepted)
        response.headers[.contentType] = asked.format.mediaType
        return response
    }

    // MARK: Transactions

    /// The caller's own; what its statements ask is asked when they run.
    private func take(_ context: APIContext) throws -> QueryTransactions.Use {
        context.inquiry.note()
        return try self.services.transactions.take(
            context.parameters.get("id") ?? "", graph: self.name(context), user: context.user)
    }

    private func begin(_ request: Request, _ context: APIContext) async throws -> Response {
        let asked = try await QueryRequest(request)
        try self.services.require(.graph(.read, self.name(context)), or: nil, context)
        try await self.services.catalog.wait(for: asked.bookmarks)
        let transaction = ExplicitTransaction(
            on: try await self.graph(self.name(context), nil), access: asked.access,
            timeLimit: asked.timeLimit)
        return try await self.run(
            asked, self.services.transactions.open(transaction, user: context.user), context)
    }

    private func run(_ request: Request, _ context: APIContext) async throws -> Response {
        let asked = try await QueryRequest(request)
        return try await self.run(asked, self.take(context), context)
    }

    private func run(
        _ asked: QueryRequest, _ use: QueryTransactions.Use, _ context: APIContext
    ) async throws -> Response {
        guard let outcome = try await self.execute(asked, use, context) else {
            self.services.transactions.giveBack(use)
            return self.answer(["transaction": use.json], asked)
        }
        self.services.transactions.giveBack(use)
        return self.answer(outcome, asked, use)
    }

    /// Runs the statement of a request, if it has one. What fails ends the transaction.
    private func execute(
        _ asked: QueryRequest, _ use: QueryTransactions.Use, _ context: APIContext
    ) async throws -> QueryOutcome? {
        // With an empty statement the transaction is kept open, no more.
        guard let text = asked.statement, !text.isEmpty else { return nil }
        do {
            let statement = try self.services.catalog.engine.prepare(text)
            try self.services.access.require(context.caller, statement, on: use.transaction.database.name)
            let result = try await use.transaction.execute(
                statement, parameters: asked.parameters,
                limits: self.limits(asked, statement, on: use.transaction.database.name, context),
                catalog: self.services.catalog)
            return QueryOutcome(statement, result, bookmark: nil)
        } catch {
            self.services.transactions.end(use)
            throw error
        }
    }

    private func commit(_ request: Request, _ context: APIContext) async throws -> Response {
        let asked = try await QueryRequest(request)
        let use = try self.take(context)
        let outcome = try await self.execute(asked, use, context)
        defer { self.services.transactions.end(use) }
        let bookmark = try await use.transaction.commit()
        guard let outcome else {
            return self.answer(["bookmarks": [.string(bookmark.description)]], asked)
        }
        return self.answer(outcome.with(bookmark: bookmark), asked)
    }
}

extension QueryTransactions.Use {
    /// As the Query API names it.
    var json: JSON { ["id": .string(self.id), "expires": .string(self.expires.description)] }
}
