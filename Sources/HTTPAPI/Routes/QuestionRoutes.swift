internal import AccessControl
internal import Authorization
internal import GraphDatabase
internal import HTTPTypes
internal import Hummingbird
internal import JSON
internal import PropertyGraph

/// OpenFGA's HTTP API: checks, lists and trees.
struct QuestionRoutes {
    let services: Services

    /// How many checks a batch may hold.
    private static let batchLimit = 1000

    func add(to router: GuardedRouter) {
        let stores = OpenFGARouter(router)
        stores.post("/stores/:id/check", .store(.check)) { try await self.check($0) }
        stores.post("/stores/:id/batch-check", .store(.check)) { try await self.batch($0) }
        stores.post("/stores/:id/expand", .store(.check)) { try await self.expand($0) }
        stores.post("/stores/:id/list-objects", .store(.check)) { try await self.objects($0) }
        stores.post("/stores/:id/streamed-list-objects", .store(.check)) {
            try await self.streamedObjects($0)
        }
        stores.post("/stores/:id/list-users", .store(.check)) { try await self.users($0) }
        stores.post("/stores/:id/relations", .store(.check)) { try await self.relations($0) }
    }

    /// The view that a request asks, with its own tuples.
    private func view(
        _ call: OpenFGACall, _ body: JSON, contextual: JSON? = nil
    ) async throws -> AuthorizationView {
        try self.view(
            call, body, in: try await self.services.stores.store(call.parameter("id")), contextual: contextual
        )
    }

    private func view(
        _ call: OpenFGACall, _ body: JSON, in store: AuthorizationStore, contextual: JSON? = nil
    ) throws -> AuthorizationView {
        try call.checkConsistency(body)
        let view = try store.view(model: call.model(body))
        let tuples = try (contextual ?? body["contextual_tuples"]?["tuple_keys"])?.array?.map {
            try Tuple(json: $0)
        }
        return try view.adding(tuples ?? [])
    }

    private func log(
        _ key: Tuple, _ isAllowed: Bool, _ call: OpenFGACall, in store: AuthorizationStore
    ) {
        self.services.decisions.take(
            LoggedDecision(
                subject: key.subject, relation: key.relation, object: key.object, isAllowed: isAllowed,
                milliseconds: self.services.now.epochMilliseconds, caller: call.user), in: store)
    }

    private func options(_ body: JSON) throws -> CheckOptions {
        let context = body["context"] ?? .null
        guard context == .null || context.object != nil else {
            throw HTTPProblem.openFGA("`context` is an object")
        }
        return CheckOptions(
            at: try self.services.moment(body["at"], form: .openFGA),
            context: context.object ?? JSON.Object(),
            limits: .openFGA)
    }

    /// Names that the model does not have are mistakes of the request here.
    private func lenient<Result>(_ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch let error as AuthorizationError {
            switch error {
            case .unknownType, .unknownRelation: throw HTTPProblem.openFGA(error.description)
            default: throw error
            }
        }
    }

    // MARK: Checks

    private func check(_ call: OpenFGACall) async throws -> Response {
        let body = try await call.body()
        let store = try await self.services.stores.store(call.parameter("id"))
        let view = try self.view(call, body, in: store)
        let key = try Tuple(json: body["tuple_key"] ?? .null)
        let isAllowed = try self.lenient {
            try view.check(key.subject, key.relation, key.object, try self.options(body))
        }
        self.log(key, isAllowed, call, in: store)
        return Response(["allowed": .bool(isAllowed), "resolution": ""])
    }

    private func batch(_ call: OpenFGACall) async throws -> Response {
        let body = try await call.body()
        guard let checks = body["checks"]?.array, !checks.isEmpty else {
            throw HTTPProblem.openFGA("`checks` is an array of at least one check")
        }
        guard checks.count <= Self.batchLimit else {
            throw AuthorizationError.tooMany(what: "checks", limit: Self.batchLimit)
        }
        let store = try await self.services.stores.store(call.parameter("id"))
        let view = try self.view(call, body, in: store)
        var answers = JSON.Object()
        var seen: Set<String> = []
        for check in checks {
            guard let id = check["correlation_id"]?.string, (1...36).contains(id.utf8.count) else {
                throw HTTPProblem.openFGA("a check needs a `correlation_id` of 1 to 36 bytes")
            }
            guard seen.insert(id).inserted else {
                throw HTTPProblem.openFGA("the correlation id `\(id)` is there twice")
            }
            answers.append(id, self.answer(check, view, call, store))
        }
        return Response(["result": .object(answers)])
    }

    private func answer(
        _ check: JSON, _ view: AuthorizationView, _ call: OpenFGACall, _ store: AuthorizationStore
    ) -> JSON {
        do {
            let tuples = try check["contextual_tuples"]?["tuple_keys"]?.array?.map { try Tuple(json: $0) }
            let key = try Tuple(json: check["tuple_key"] ?? .null)
            let isAllowed = try self.lenient {
                try view.adding(tuples ?? []).check(
                    key.subject, key.relation, key.object, try self.options(check))
            }
            self.log(key, isAllowed, call, in: store)
            return ["allowed": .bool(isAllowed)]
        } catch {
            let problem = ErrorMapping.problem(error)
            return [
                "allowed": false,
                "error": [
                    "input_error": .string(problem?.code ?? "internal_error"),
                    "message": .string(problem?.detail ?? "internal error"),
                ],
            ]
        }
    }

    private func expand(_ call: OpenFGACall) async throws -> Response {
        let body = try await call.body()
        let view = try await self.view(call, body)
        guard let relation = body["tuple_key"]?["relation"]?.string,
            let object = body["tuple_key"]?["object"]?.string
        else { throw HTTPProblem.openFGA("`tuple_key` needs the texts `relation` and `object`") }
        return Response(try view.expand(relation, try EntityReference(object), try self.options(body)))
    }

    /// All relations of a subject on an object at once.
    private func relations(_ call: OpenFGACall) async throws -> Response {
        let body = try await call.body()
        let view = try await self.view(call, body)
        guard let user = body["user"]?.string, let object = body["object"]?.string else {
            throw HTTPProblem.openFGA("`user` and `object` are needed")
        }
        let answers = try view.relations(
            try EntityReference(user), try EntityReference(object), try self.options(body))
        var (relations, errors) = ([JSON](), JSON.Object())
        for answer in answers {
            switch answer.result {
            case .success(true): relations.append(.string(answer.relation))
            case .success(false): break
            case .failure(let error): errors[answer.relation] = .string(error.description)
            }
        }
        return Response(["relations": .array(relations), "errors": .object(errors)])
    }

    // MARK: Lists

    private func listed(
        _ call: OpenFGACall, _ body: JSON
    ) async throws -> (objects: [EntityReference], options: CheckOptions) {
        let view = try await self.view(call, body)
        guard let type = body["type"]?.string, let relation = body["relation"]?.string,
            let user = body["user"]?.string
        else { throw HTTPProblem.openFGA("`type`, `relation` and `user` are needed") }
        let subject = try EntityReference(user)
        try view.requireSubject(subject, of: relation, type)
        let options = try self.options(body)
        return (try view.objects(of: type, subject, relation, options), options)
    }

    /// Never cut silently: with `page_size` the rest follows under `continuation_token`.
    private func objects(_ call: OpenFGACall) async throws -> Response {
        let body = try await call.body()
        var objects = try await self.listed(call, body).objects
        guard body["page_size"] != nil || body["continuation_token"] != nil else {
            return Response(["objects": .array(objects.map { .string($0.description) })])
        }
        let page = try Page(body, limit: 10_000)
        if let token = page.token {
            guard let start = Int(token), (0...objects.count).contains(start) else { throw Page.wrongToken }
            objects.removeFirst(start)
        }
        let next = (page.token.flatMap(Int.init) ?? 0) + page.size
        return Response([
            "objects": .array(objects.prefix(page.size).map { .string($0.description) }),
            "continuation_token": .string(Page.token(objects.count > page.size ? String(next) : nil)),
        ])
    }

    private func streamedObjects(_ call: OpenFGACall) async throws -> Response {
        let body = try await call.body()
        let objects = try await self.listed(call, body).objects
        var bytes: [UInt8] = []
        for object in objects {
            JSON.object(["result": ["object": .string(object.description)]]).write(to: &bytes)
            bytes.append(UInt8(ascii: "\n"))
        }
        return Response(bytes, type: "application/json")
    }

    private func users(_ call: OpenFGACall) async throws -> Response {
        let body = try await call.body()
        let view = try await self.view(call, body, contextual: body["contextual_tuples"])
        guard let type = body["object"]?["type"]?.string, let id = body["object"]?["id"]?.string,
            !type.isEmpty, !id.isEmpty, let relation = body["relation"]?.string
        else { throw HTTPProblem.openFGA("`object` with `type` and `id`, and `relation` are needed") }
        guard let filters = body["user_filters"]?.array, filters.count == 1,
            let wanted = filters[0]["type"]?.string, !wanted.isEmpty
        else { throw HTTPProblem.openFGA("`user_filters` is an array of one filter with a `type`") }
        let wantedRelation = filters[0]["relation"]?.string.flatMap { $0.isEmpty ? nil : $0 }
        let users = try view.subjects(
            of: wanted, userset: wantedRelation, relation, EntityReference(type: type, id: id),
            try self.options(body))
        return Response(["users": .array(users.map(\.userJSON))])
    }
}

extension AuthorizationView {
    /// Lists of objects take mistakes in the subject for mistakes of the request, as OpenFGA does.
    fileprivate func requireSubject(_ subject: EntityReference, of relation: String, _ type: String) throws {
        guard let definition = self.model.types[type], definition.relation(relation) != nil else { return }
        guard let subjectType = self.model.types[subject.type] else {
            throw HTTPProblem.openFGA("the model has no type `\(subject.type)`")
        }
        if let name = subject.relation, subjectType.relation(name) == nil {
            throw HTTPProblem.openFGA("type `\(subject.type)` has no relation `\(name)`")
        }
    }
}

extension EntityReference {
    /// As `list-users` answers.
    fileprivate var userJSON: JSON {
        if let relation = self.relation {
            return [
                "userset": [
                    "type": .string(self.type), "id": .string(self.id), "relation": .string(relation),
                ]
            ]
        }
        if self.id == "*" { return ["wildcard": ["type": .string(self.type)]] }
        return ["object": ["type": .string(self.type), "id": .string(self.id)]]
    }
}
