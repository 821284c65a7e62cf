internal import AccessControl
internal import Authorization
internal import GraphDatabase
internal import HTTPTypes
internal import Hummingbird
internal import JSON
internal import PropertyGraph

/// AuthZEN: the OpenID Authorization API 1.0, over the store `plexus` and over each other under its own path. Beyond the
/// standard, `at` in a request's body asks as of another time.
struct AccessRoutes {
    let services: Services

    /// How many evaluations or results one request may have.
    private static let limit = 1000

    func add(to router: GuardedRouter) {
        for (path, suffix) in [("", ""), ("/stores/:id", ""), ("", "/stores/:id")] {
            router.get(RouterPath("\(path)/.well-known/authzen-configuration\(suffix)"), .nothing) {
                request, context in
                self.metadata(request, context)
            }
        }
        for path in ["", "/stores/:id"] {
            let access = path + "/access/v1"
            router.post(RouterPath("\(access)/evaluation"), .store(.check)) { request, context in
                let body = try await self.body(request)
                let asked = try Self.request(body)
                let store = try await self.store(context)
                let moment = try self.services.moment(body["at"])
                return Response(self.answer(asked, at: moment, try store.view(), context, store))
            }
            router.post(RouterPath("\(access)/evaluations"), .store(.check)) {
                try await self.evaluations($0, $1)
            }
            router.post(RouterPath("\(access)/search/subject"), .store(.check)) { request, context in
                try await self.search(request, context, without: .subject) { view, request, moment in
                    try view.subjects(request, at: moment).map(\.json)
                }
            }
            router.post(RouterPath("\(access)/search/resource"), .store(.check)) { request, context in
                try await self.search(request, context, without: .resource) { view, request, moment in
                    try view.resources(request, at: moment).map(\.json)
                }
            }
            router.post(RouterPath("\(access)/search/action"), .store(.check)) { request, context in
                try await self.search(request, context, without: .action) { view, request, moment in
                    try view.actions(request, at: moment).map { ["name": .string($0)] }
                }
            }
        }
    }

    private func store(_ context: APIContext) async throws -> AuthorizationStore {
        try await self.services.stores.store(context.parameters.get("id") ?? GraphCatalog.network)
    }

    private func metadata(_ request: Request, _ context: APIContext) -> Response {
        let forwarded = HTTPField.Name("X-Forwarded-Proto").flatMap { request.headers[$0] }
        let scheme = forwarded ?? request.head.scheme ?? "http"
        let store = context.parameters.get("id").map { "/stores/\($0)" } ?? ""
        let base = "\(scheme)://\(request.head.authority ?? "localhost")\(store)"
        return Response([
            "policy_decision_point": .string(base),
            "access_evaluation_endpoint": .string(base + "/access/v1/evaluation"),
            "access_evaluations_endpoint": .string(base + "/access/v1/evaluations"),
            "search_subject_endpoint": .string(base + "/access/v1/search/subject"),
            "search_resource_endpoint": .string(base + "/access/v1/search/resource"),
            "search_action_endpoint": .string(base + "/access/v1/search/action"),
        ])
    }

    // MARK: Reading

    private func body(_ request: Request) async throws -> JSON {
        let type = request.headers[.contentType] ?? ""
        guard type.split(separator: ";").first?.lowercased() == "application/json" else {
            throw HTTPProblem(
                .badRequest, code: "invalid_content_type", "send the request as application/json")
        }
        let body = try await request.json()
        guard body.object != nil else { throw Self.wrong("the body is an object") }
        return body
    }

    private static func wrong(_ detail: String) -> HTTPProblem {
        HTTPProblem(.badRequest, code: "invalid_request", detail)
    }

    /// What a search looks for.
    enum Wanted {
        case subject
        case resource
        case action
    }

    static func request(_ body: JSON, without wanted: Wanted? = nil) throws -> AccessRequest {
        let action = body["action"]
        var name = ""
        if wanted != .action {
            guard let given = action?["name"]?.string, !given.isEmpty else {
                throw Self.wrong("`action.name` is missing or not a text")
            }
            name = given
        }
        return AccessRequest(
            subject: try Self.entity(body, "subject", needsID: wanted != .subject), action: name,
            actionProperties: try Self.object(action?["properties"], "action.properties"),
            resource: try Self.entity(body, "resource", needsID: wanted != .resource),
            context: try Self.object(body["context"], "context"))
    }

    private static func entity(_ body: JSON, _ name: String, needsID: Bool) throws -> AccessEntity {
        let entity = body[name]
        guard let type = entity?["type"]?.string, !type.isEmpty else {
            throw Self.wrong("`\(name)` needs the text `type`")
        }
        let id = entity?["id"]?.string ?? ""
        guard !needsID || !id.isEmpty else { throw Self.wrong("`\(name)` needs the text `id`") }
        return AccessEntity(
            type: type, id: id,
            properties: try Self.object(entity?["properties"], "\(name).properties"))
    }

    private static func object(_ json: JSON?, _ name: String) throws -> JSON.Object {
        guard let json, json != .null else { return JSON.Object() }
        guard let object = json.object else { throw Self.wrong("`\(name)` is an object") }
        return object
    }

    // MARK: Answering

    /// The decision; what a policy does not know is denied, and said why.
    private func answer(
        _ request: AccessRequest, at moment: ZonedDateTime, _ view: AuthorizationView, _ context: APIContext,
        _ store: AuthorizationStore
    ) -> JSON {
        do {
            let isAllowed = try view.evaluate(request, at: moment)
            self.services.decisions.take(
                LoggedDecision(
                    subject: EntityReference(type: request.subject.type, id: request.subject.id),
                    relation: request.action,
                    object: EntityReference(type: request.resource.type, id: request.resource.id),
                    isAllowed: isAllowed, milliseconds: self.services.now.epochMilliseconds,
                    caller: context.caller.user), in: store)
            return ["decision": .bool(isAllowed)]
        } catch {
            return ["decision": false, "context": ["reason": .string(error.description)]]
        }
    }

    private func evaluations(_ request: Request, _ context: APIContext) async throws -> Response {
        let body = try await self.body(request)
        let store = try await self.store(context)
        let view = try store.view()
        let moment = try self.services.moment(body["at"])
        guard let items = body["evaluations"], items != .null, items != [] else {
            return Response(self.answer(try Self.request(body), at: moment, view, context, store))
        }
        guard let items = items.array, items.count <= Self.limit else {
            throw Self.wrong("`evaluations` is an array of at most \(Self.limit)")
        }
        let semantic = body["options"]?["evaluations_semantic"]?.string ?? "execute_all"
        let stop: Bool? =
            switch semantic {
            case "execute_all": nil
            case "deny_on_first_deny": false
            case "permit_on_first_permit": true
            default: throw Self.wrong("there is no semantic `\(semantic)`")
            }
        var answers: [JSON] = []
        for item in items {
            let answer = self.answer(item, defaults: body, at: moment, view, context, store)
            answers.append(answer)
            if let stop, answer["decision"] == .bool(stop) { break }
        }
        return Response(["evaluations": .array(answers)])
    }

    private func answer(
        _ item: JSON, defaults: JSON, at moment: ZonedDateTime, _ view: AuthorizationView,
        _ context: APIContext,
        _ store: AuthorizationStore
    ) -> JSON {
        var merged = JSON.Object()
        for name in ["subject", "action", "resource", "context"] {
            merged[name] = item[name] ?? defaults[name]
        }
        do {
            return self.answer(try Self.request(.object(merged)), at: moment, view, context, store)
        } catch {
            let message = (error as? HTTPProblem)?.detail ?? "\(error)"
            return [
                "decision": false,
                "context": ["error": ["status": 400, "message": .string(message)]],
            ]
        }
    }

    private func search(
        _ request: Request, _ context: APIContext, without wanted: Wanted,
        _ find: (AuthorizationView, AccessRequest, ZonedDateTime) throws -> [JSON]
    ) async throws -> Response {
        let body = try await self.body(request)
        let asked = try Self.request(body, without: wanted)
        let moment = try self.services.moment(body["at"])
        let view = try await self.store(context).view()
        var results: [JSON] = []
        do {
            results = try find(view, asked, moment)
        } catch let error as AuthorizationError {
            switch error {
            case .unknownType, .unknownRelation: break
            default: throw error
            }
        }
        return Response(try Self.page(results, body["page"]))
    }

    /// A part of the results: `page` has `limit` and `token`, the answer says `next_token`, empty at the end.
    private static func page(_ results: [JSON], _ page: JSON?) throws -> JSON {
        var start = 0
        if let token = page?["token"], token != .null, token != "" {
            guard let text = token.string, text.hasPrefix("p"), let number = Int(text.dropFirst()),
                (0...results.count).contains(number)
            else { throw Self.wrong("`page.token` is not one of this search") }
            start = number
        }
        var limit = Self.limit
        if let given = page?["limit"], given != .null {
            guard let number = given.int, (1...Self.limit).contains(number) else {
                throw Self.wrong("`page.limit` is 1 to \(Self.limit)")
            }
            limit = number
        }
        let shown = results[start...].prefix(limit)
        let next = start + shown.count < results.count ? "p\(start + shown.count)" : ""
        return [
            "results": .array(Array(shown)),
            "page": [
                "next_token": .string(next), "count": .int(shown.count), "total": .int(results.count),
            ],
        ]
    }
}

extension EntityReference {
    fileprivate var json: JSON { ["type": .string(self.type), "id": .string(self.id)] }
}
