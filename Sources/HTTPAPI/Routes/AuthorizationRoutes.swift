package import Authorization
internal import GraphDatabase
internal import Graphviz
internal import HTTPTypes
internal import Hummingbird
internal import JSON
internal import PropertyGraph
package import Visualization

/// AuthZEN, OpenFGA and Plexus's own explanations, over the store `plexus`.
struct AuthorizationRoutes {
    let services: Services

    func add(to router: Router<APIContext>) {
        router.get("/.well-known/authzen-configuration") { request, _ in
            let base = "http://" + (request.head.authority ?? "localhost")
            return Response([
                "policy_decision_point": .string(base),
                "access_evaluation_endpoint": .string(base + "/access/v1/evaluation"),
            ])
        }
        router.post("/access/v1/evaluation") { request, _ in try await self.evaluation(request) }
        router.get("/stores/:id/authorization-models") { _, context in try self.models(context) }
        router.post("/stores/:id/check") { request, context in
            do {
                return try await self.check(request, context)
            } catch {
                guard let problem = ErrorMapping.problem(error) else { throw error }
                throw problem.with(form: .openFGA)
            }
        }
        router.post("/v1/explain") { request, _ in try await self.explain(request) }
    }

    // MARK: AuthZEN 1.0

    private func evaluation(_ request: Request) async throws -> Response {
        guard request.headers[.contentType]?.hasPrefix("application/json") ?? false else {
            throw HTTPProblem(
                .badRequest, code: "invalid_content_type", "send the request as application/json")
        }
        let body = try await request.json()
        let subject = try self.entity(body, "subject")
        let resource = try self.entity(body, "resource")
        guard let action = body["action"]?["name"]?.string, !action.isEmpty else {
            throw HTTPProblem(.badRequest, code: "invalid_request", "`action.name` is missing or not a text")
        }
        do throws(AuthorizationError) {
            return Response(["decision": .bool(try self.decide(subject, action, resource))])
        } catch {
            switch error {
            case .unknownType, .unknownRelation:
                // The standard answers what a policy does not know with "no", and may say why.
                return Response(["decision": false, "context": ["reason": .string(error.description)]])
            default: throw error
            }
        }
    }

    private func entity(_ body: JSON, _ name: String) throws -> EntityReference {
        guard let type = body[name]?["type"]?.string, let id = body[name]?["id"]?.string, !type.isEmpty,
            !id.isEmpty
        else {
            throw HTTPProblem(
                .badRequest, code: "invalid_request", "`\(name)` needs the texts `type` and `id`")
        }
        return EntityReference(type: type, id: id)
    }

    private func decide(
        _ subject: EntityReference, _ relation: String, _ object: EntityReference
    ) throws(AuthorizationError) -> Bool {
        try self.services.authorizer.check(
            subject, relation, object, in: self.services.database.snapshot(), at: self.services.now)
    }

    // MARK: OpenFGA

    private func requireStore(_ context: APIContext) throws {
        let id = context.parameters.get("id") ?? ""
        guard id == self.services.database.name else {
            throw HTTPProblem(
                .notFound, code: "store_id_not_found",
                "there is no store `\(id)`; there is `\(self.services.database.name)`")
        }
    }

    private func models(_ context: APIContext) throws -> Response {
        try self.requireStore(context)
        return Response(["source": .string(self.services.authorizer.model.text)])
    }

    private func check(_ request: Request, _ context: APIContext) async throws -> Response {
        try self.requireStore(context)
        let body = try await request.json(form: .openFGA)
        guard let key = body["tuple_key"], let user = key["user"]?.string,
            let relation = key["relation"]?.string,
            let object = key["object"]?.string
        else {
            throw HTTPProblem(
                .badRequest, code: "validation_error",
                "`tuple_key` needs the texts `user`, `relation` and `object`")
        }
        for unsupported in ["contextual_tuples", "context"] where !(body[unsupported]?.isEmptyOrNull ?? true)
        {
            throw HTTPProblem(
                .badRequest, code: "validation_error", "`\(unsupported)` is not supported by this version")
        }
        let allowed = try self.decide(EntityReference(user), relation, EntityReference(object))
        return Response(["allowed": .bool(allowed), "resolution": ""])
    }

    // MARK: Explanations

    private func explain(_ request: Request) async throws -> Response {
        let body = try await request.json()
        guard let subject = body["subject"]?.string, let relation = body["relation"]?.string,
            let object = body["object"]?.string
        else {
            throw HTTPProblem(
                .badRequest, code: "invalid_request",
                "`subject`, `relation` and `object` are needed, such as user:anne, can_run, function:clean")
        }
        if let store = body["store"]?.string, store != self.services.database.name {
            throw HTTPProblem(.notFound, code: "not_found", "there is no store `\(store)`")
        }
        var moment = self.services.now
        if let text = body["at"]?.string {
            guard let given = ZonedDateTime(iso: text) else {
                throw HTTPProblem(
                    .badRequest, code: "invalid_time",
                    "`at` is not a time such as 2026-11-24T12:00:00Z: \(text.prefix(60))")
            }
            moment = given
        }
        let explanation = try self.services.authorizer.explain(
            EntityReference(subject), relation, EntityReference(object),
            in: self.services.database.snapshot(), at: moment)
        let dot = DecisionPicture(explanation).dot()
        if request.headers[.accept]?.contains("image/svg+xml") ?? false {
            return Response(try await self.services.pictures.render(dot, format: .svg), type: "image/svg+xml")
        }
        var answer = explanation.json.object ?? JSON.Object()
        answer["dot"] = .string(dot)
        return Response(.object(answer))
    }
}

extension JSON {
    /// Whether there is nothing in it.
    var isEmptyOrNull: Bool {
        switch self {
        case .null: true
        case .object(let object): object.members.allSatisfy(\.value.isEmptyOrNull)
        case .array(let elements): elements.isEmpty
        default: false
        }
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
