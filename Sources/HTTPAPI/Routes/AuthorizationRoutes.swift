internal import AccessControl
package import Authorization
internal import GraphDatabase
internal import Graphviz
internal import HTTPTypes
internal import Hummingbird
internal import JSON
internal import PropertyGraph
package import Visualization

/// What neither OpenFGA nor AuthZEN have a call for.
struct AuthorizationRoutes {
    let services: Services

    func add(to router: GuardedRouter) {
        router.post("/v1/explain", .inHandler) { try await self.explain($0, $1) }
        router.post("/v1/who-granted", .inHandler) { try await self.whoGranted($0, $1) }
    }

    private func explain(_ request: Request, _ context: APIContext) async throws -> Response {
        let body = try await request.json()
        try self.services.require(.check, store: body["store"]?.string, context)
        let explanation = try await self.explanation(body).explanation
        let dot = DecisionPicture(explanation).dot()
        if request.headers[.accept]?.contains("image/svg+xml") ?? false {
            return Response(try await self.services.pictures.render(dot, format: .svg), type: "image/svg+xml")
        }
        var answer = explanation.json.object ?? JSON.Object()
        answer["dot"] = .string(dot)
        return Response(.object(answer))
    }

    /// The body as for an explanation: what the decision rests on, with the lines of the audit journal.
    private func whoGranted(_ request: Request, _ context: APIContext) async throws -> Response {
        let body = try await request.json()
        let name = body["store"]?.string ?? GraphCatalog.network
        try self.services.require(
            .network(.audit), or: .graph(.administer, self.services.stores.graph(of: name) ?? name), context)
        let (explanation, store) = try await self.explanation(body)
        return Response(try await store.whoGranted(explanation).json)
    }

    private func explanation(
        _ body: JSON
    ) async throws -> (explanation: Explanation, store: AuthorizationStore) {
        guard let subject = body["subject"]?.string, let relation = body["relation"]?.string,
            let object = body["object"]?.string
        else {
            throw HTTPProblem(
                .badRequest, code: "invalid_request",
                "`subject`, `relation` and `object` are needed, such as user:anne, can_run, function:clean")
        }
        let store = try await self.services.stores.store(body["store"]?.string ?? GraphCatalog.network)
        let tuples = try body["contextual_tuples"]?["tuple_keys"]?.array?.map { try Tuple(json: $0) }
        let options = CheckOptions(
            at: try self.services.moment(body["at"]), context: body["context"]?.object ?? JSON.Object())
        let explanation = try store.view(model: body["authorization_model_id"]?.string).adding(tuples ?? [])
            .explain(EntityReference(subject), relation, EntityReference(object), options)
        return (explanation, store)
    }
}

extension DecisionPicture {
    /// The picture of an explanation.
    package init(_ explanation: Explanation) {
        let steps = explanation.isAllowed ? explanation.path : explanation.nearMisses.first?.path ?? []
        let links = steps.flatMap(\.tuples).map { tuple in
            let more = tuple.problem ?? tuple.period
            return Link(
                from: "\(tuple.subject.type):\(tuple.subject.id)", to: tuple.object.description,
                label: tuple.relation + (more.isEmpty ? "" : "\n\(more)"), isValid: tuple.problem == nil)
        }
        let rules = steps.flatMap { step -> [String] in
            if case .rule = step { step.lines(indent: "") } else { [] }
        }
        self.init(
            question: "\(explanation.subject) \(explanation.relation) \(explanation.object)",
            subject: "\(explanation.subject.type):\(explanation.subject.id)",
            object: explanation.object.description,
            isAllowed: explanation.isAllowed, links: links, notes: explanation.notes + rules)
    }
}
