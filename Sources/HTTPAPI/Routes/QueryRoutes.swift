internal import Cypher
internal import GraphDatabase
internal import HTTPTypes
internal import Hummingbird
package import JSON
internal import PropertyGraph
package import QueryEngine

/// Neo4j's Query API: `POST /db/{name}/query/v2`.
struct QueryRoutes {
    let services: Services

    func add(to router: Router<APIContext>) {
        router.post("/db/:name/query/v2") { request, context in
            do {
                return try await self.query(request, context)
            } catch {
                guard let problem = ErrorMapping.problem(error) else { throw error }
                throw problem.with(form: .queryAPI)
            }
        }
    }

    private func query(_ request: Request, _ context: APIContext) async throws -> Response {
        let name = context.parameters.get("name") ?? ""
        let body = try await request.json(form: .queryAPI)
        guard let statement = body["statement"]?.string else {
            throw HTTPProblem(
                .badRequest, code: "Neo.ClientError.Request.Invalid",
                "the member `statement` is missing or not a text")
        }
        var parameters: [String: Value] = [:]
        for member in body["parameters"]?.object ?? JSON.Object() {
            parameters[member.name] = Value(plainJSON: member.value)
        }
        let result: QueryResult
        do {
            result = try await self.services.catalog.query(statement, on: name, parameters: parameters)
        } catch GraphCatalogError.notFound(name.lowercased()) {
            throw HTTPProblem(
                .notFound, code: "Neo.ClientError.Database.DatabaseNotFound",
                GraphCatalogError.notFound(name).description)
        }
        let isTyped = request.headers[.accept]?.contains(GraphSnapshot.typedJSONType) ?? false
        var response = Response(
            result.queryAPIJSON(includesCounters: body["includeCounters"]?.bool ?? false, isTyped: isTyped),
            status: .accepted)
        if isTyped { response.headers[.contentType] = GraphSnapshot.typedJSONType }
        return response
    }
}

extension QueryResult {
    /// The result as the Query API's plain or typed JSON.
    package func queryAPIJSON(includesCounters: Bool, isTyped: Bool = false) -> JSON {
        var answer: JSON.Object = [
            "data": [
                "fields": .array(self.columns.map(JSON.string)),
                "values": .array(
                    self.rows.map { row in
                        .array(row.map { isTyped ? self.graph.typedJSON($0) : self.graph.plainJSON($0) })
                    }),
            ],
            "bookmarks": [.string("plexus:\(self.graph.version)")],
        ]
        if includesCounters {
            var counters: JSON.Object = [
                "containsUpdates": .bool(self.counters.all.contains { $0.count > 0 })
            ]
            for (name, count) in self.counters.all { counters.append(name, .int(count)) }
            answer["counters"] = .object(counters)
        }
        if let plan = self.plan { answer["queryPlan"] = plan.json }
        return .object(answer)
    }
}

extension PlanDescription {
    var json: JSON {
        var object: JSON.Object = [
            "operatorType": .string(self.name), "details": .string(self.details),
            "estimatedRows": .double(self.estimatedRows), "children": .array(self.children.map(\.json)),
            "text": .string(self.text),
        ]
        if let measured = self.measured {
            object.append("rows", .int(measured.rows))
            object.append("steps", .int(measured.steps))
            object.append("heldValues", .int(measured.heldValues))
            object.append("milliseconds", .double(measured.milliseconds))
        }
        return .object(object)
    }
}
