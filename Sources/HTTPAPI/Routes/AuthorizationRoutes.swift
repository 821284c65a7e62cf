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
        try self.services.stores.network.view().check(
            subject, relation, object, CheckOptions(at: self.services.now))
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
        let store = try await self.services.stores.store(body["store"]?.string ?? GraphCatalog.network)
        let tuples = try body["contextual_tuples"]?["tuple_keys"]?.array?.map { try Tuple(json: $0) }
        let options = CheckOptions(
            at: try self.services.moment(body["at"]), context: body["context"]?.object ?? JSON.Object())
        let explanation = try store.view(model: body["authorization_model_id"]?.string).adding(tuples ?? [])
            .explain(EntityReference(subject), relation, EntityReference(object), options)
        let dot = DecisionPicture(explanation).dot()
        if request.headers[.accept]?.contains("image/svg+xml") ?? false {
            return Response(try await self.services.pictures.render(dot, format: .svg), type: "image/svg+xml")
        }
        var answer = explanation.json.object ?? JSON.Object()
        answer["dot"] = .string(dot)
        return Response(.object(answer))
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
