internal import AccessControl
internal import Authorization
internal import CEL
internal import GraphDatabase
internal import HTTPTypes
internal import Hummingbird
internal import JSON
internal import PropertyGraph

/// OpenFGA's HTTP API: stores, models, tuples, changes and assertions. Questions are in ``QuestionRoutes``.
struct OpenFGARoutes {
    let services: Services

    func add(to router: GuardedRouter) {
        let stores = OpenFGARouter(router)
        stores.post("/stores", .network(.createGraphs)) { try await self.create($0) }
        stores.get("/stores", .inHandler) { try self.list($0) }
        stores.get("/stores/:id", .store(.check)) { Response(try await self.store($0).information.json) }
        stores.delete("/stores/:id", .store(.administer)) { try await self.delete($0) }
        stores.post("/stores/:id/authorization-models", .store(.changeSchema)) {
            try await self.writeModel($0)
        }
        stores.get("/stores/:id/authorization-models", .store(.check)) { try await self.models($0) }
        stores.get("/stores/:id/authorization-models/:model", .store(.check)) { try await self.model($0) }
        stores.post("/stores/:id/write", .store(.write)) { try await self.write($0) }
        stores.post("/stores/:id/read", .store(.read)) { try await self.read($0) }
        stores.get("/stores/:id/changes", .store(.read)) { try await self.changes($0) }
        stores.put("/stores/:id/assertions/:model", .store(.changeSchema)) {
            try await self.writeAssertions($0)
        }
        stores.get("/stores/:id/assertions/:model", .store(.read)) { try await self.assertions($0) }
        stores.post("/stores/:id/delete", .store(.write)) { try await self.deleteByParts($0) }
    }

    private func store(_ call: OpenFGACall) async throws -> AuthorizationStore {
        try await self.services.stores.store(call.parameter("id"))
    }

    // MARK: Stores

    private func create(_ call: OpenFGACall) async throws -> Response {
        let body = try await call.body()
        guard let name = body["name"]?.string, (3...64).contains(name.utf8.count),
            name.unicodeScalars.allSatisfy({
                $0.isASCII && ($0.properties.isAlphabetic || $0.properties.numericType != nil)
                    || " .-/^_&@".unicodeScalars.contains($0)
            })
        else {
            throw HTTPProblem.openFGA("`name` is 3 to 64 letters, digits, spaces and signs of .-/^_&@")
        }
        let information = try await self.services.stores.create(
            name, at: self.services.now, administrator: call.context.caller.user)
        return Response(information.json, status: .created)
    }

    private func list(_ call: OpenFGACall) throws -> Response {
        let name = call.query("name")
        let rights = self.services.rights(call.context)
        let all = self.services.stores.all().filter {
            (name == nil || $0.name == name) && rights.allows(call.context.caller, .graph(.check, $0.graph))
        }
        let page = try Page(call)
        let start = try page.token.map { token in
            guard let index = all.firstIndex(where: { $0.id == token }) else { throw Page.wrongToken }
            return index
        }
        let rest = all[(start ?? 0)...]
        return Response([
            "stores": .array(rest.prefix(page.size).map(\.json)),
            "continuation_token": .string(Page.token(rest.dropFirst(page.size).first?.id)),
        ])
    }

    private func delete(_ call: OpenFGACall) async throws -> Response {
        try await self.services.stores.delete(call.parameter("id"))
        return Response(status: .noContent)
    }

    // MARK: Models

    private func writeModel(_ call: OpenFGACall) async throws -> Response {
        let store = try await self.store(call)
        let model = try await self.writtenModel(call)
        let orphans = store.orphans(of: model, limit: 1000)
        let id = try await store.write(model, at: self.services.now)
        var answer: JSON.Object = ["authorization_model_id": .string(id)]
        if !orphans.isEmpty {
            answer["orphaned_tuples"] = [
                "count": .int(orphans.count), "isComplete": .bool(orphans.count < 1000),
                "first": .array(orphans.prefix(20).map(\.json)),
            ]
        }
        return Response(.object(answer), status: .created)
    }

    /// OpenFGA's JSON, or as `text/plain` its language.
    private func writtenModel(_ call: OpenFGACall) async throws -> AuthorizationModel {
        guard call.request.headers[.contentType]?.hasPrefix("text/") ?? false else {
            return try AuthorizationModel(json: try await call.body())
        }
        return try AuthorizationModel.parse(try await call.text())
    }

    private func models(_ call: OpenFGACall) async throws -> Response {
        let all = try await self.store(call).models()
        let page = try Page(call)
        let start = try page.token.map { token in
            guard let index = all.firstIndex(where: { $0.id == token }) else { throw Page.wrongToken }
            return index
        }
        let rest = all[(start ?? 0)...]
        return Response([
            "authorization_models": .array(rest.prefix(page.size).map { $0.model.json(id: $0.id) }),
            "continuation_token": .string(Page.token(rest.dropFirst(page.size).first?.id)),
        ])
    }

    private func model(_ call: OpenFGACall) async throws -> Response {
        let id = call.parameter("model")
        return Response(["authorization_model": try await self.store(call).model(id).json(id: id)])
    }

    // MARK: Tuples

    private func write(_ call: OpenFGACall) async throws -> Response {
        let store = try await self.store(call)
        let body = try await call.body()
        var change = TupleChange()
        change.user = call.user
        change.writes = try self.tuples(body["writes"])
        change.deletes = try self.tuples(body["deletes"])
        change.ignoresDuplicates = try self.isIgnored(body["writes"]?["on_duplicate"], "on_duplicate")
        change.ignoresMissing = try self.isIgnored(body["deletes"]?["on_missing"], "on_missing")
        try await store.change(change, model: call.model(body), at: self.services.now)
        return Self.written([:], store)
    }

    private func tuples(_ json: JSON?) throws -> [Tuple] {
        guard let json, json != .null else { return [] }
        guard let keys = json["tuple_keys"]?.array else {
            throw HTTPProblem.openFGA("`tuple_keys` is an array of tuples")
        }
        return try keys.map { try Tuple(json: $0) }
    }

    private func isIgnored(_ json: JSON?, _ name: String) throws -> Bool {
        switch json?.string ?? "" {
        case "", "error": return false
        case "ignore": return true
        default: throw HTTPProblem.openFGA("`\(name)` is `error` or `ignore`")
        }
    }

    private func read(_ call: OpenFGACall) async throws -> Response {
        let store = try await self.store(call)
        let body = try await call.body()
        let page = try Page(body)
        let filter = try TupleFilter(json: body["tuple_key"])
        let after = try page.token.map { token in
            guard let number = UInt32(token) else { throw Page.wrongToken }
            return number
        }
        let found = store.tuples(filter, after: after, limit: page.size + 1)
        let shown = found.prefix(page.size)
        let last = found.count > page.size ? shown.last.map { String($0.relationship.index) } : nil
        let created = store.information.createdAt
        return Response([
            "tuples": .array(
                shown.map { stored in
                    [
                        "key": stored.tuple.json,
                        "timestamp": .string((stored.writtenAt ?? created ?? .start).rfc3339),
                    ]
                }),
            "continuation_token": .string(Page.token(last)),
        ])
    }

    /// Deletes all tuples of a kind: what OpenFGA's API has no call for.
    private func deleteByParts(_ call: OpenFGACall) async throws -> Response {
        let store = try await self.store(call)
        let body = try await call.body()
        let filter = try TupleFilter(json: body["tuple_key"])
        guard filter != TupleFilter() || body["all"]?.bool == true else {
            throw HTTPProblem.openFGA("name parts of the tuples to delete in `tuple_key`, or say `all: true`")
        }
        let count = try await store.delete(filter, by: call.user)
        return Self.written(["deleted": .int(count)], store)
    }

    /// An answer to a write, with the state that has it.
    private static func written(_ json: JSON, _ store: AuthorizationStore) -> Response {
        var response = Response(json)
        response.headers[.bookmark] = store.database.bookmark.description
        return response
    }

    private func changes(_ call: OpenFGACall) async throws -> Response {
        let store = try await self.store(call)
        let page = try Page(call)
        let type = call.query("type").flatMap { $0.isEmpty ? nil : $0 }
        let after = try page.token.map { token in
            let parts = token.split(separator: "|", omittingEmptySubsequences: false)
            guard parts.count == 2, let number = Int(parts[0]) else { throw Page.wrongToken }
            guard parts[1] == type ?? "" else {
                throw HTTPProblem.openFGA(
                    "the token is of another `type`", code: "mismatched_object_types_in_continuation")
            }
            return number
        }
        var since: Int?
        if let text = call.query("start_time"), !text.isEmpty {
            guard let moment = CELTimestamp(text) else {
                throw HTTPProblem.openFGA("`start_time` is a time such as 2026-11-24T12:00:00Z")
            }
            since = moment.seconds * 1000 + moment.nanosecond / 1_000_000
        }
        let changes = try await store.changes(
            after: after ?? 0, type: type, since: since, limit: page.size)
        let last = changes.last?.sequence ?? after
        return Response([
            "changes": .array(changes.map(\.json)),
            "continuation_token": .string(Page.token(last.map { "\($0)|\(type ?? "")" })),
        ])
    }

    // MARK: Assertions

    private func writeAssertions(_ call: OpenFGACall) async throws -> Response {
        let store = try await self.store(call)
        let id = call.parameter("model")
        let model = try store.model(id)
        guard let assertions = try await call.body()["assertions"]?.array else {
            throw HTTPProblem.openFGA("`assertions` is an array")
        }
        guard assertions.count <= 100 else {
            throw AuthorizationError.tooMany(what: "assertions", limit: 100)
        }
        for assertion in assertions {
            let tuple = try Tuple(json: assertion["tuple_key"] ?? .null)
            guard model.relation(tuple.relation, of: tuple.object.type) != nil,
                model.types[tuple.subject.type] != nil
            else { throw HTTPProblem.openFGA("the model does not know `\(tuple)`") }
            guard assertion["expectation"]?.bool != nil else {
                throw HTTPProblem.openFGA("`expectation` is true or false")
            }
            for contextual in assertion["contextual_tuples"]?.array ?? [] {
                let tuple = try Tuple(json: contextual)
                if let reason = model.misfit(tuple) {
                    throw AuthorizationError.invalidTuple(tuple.description, reason: reason)
                }
            }
        }
        try await store.write(assertions: assertions, model: id)
        return Response(status: .noContent)
    }

    private func assertions(_ call: OpenFGACall) async throws -> Response {
        let id = call.parameter("model")
        return Response([
            "authorization_model_id": .string(id),
            "assertions": .array(try await self.store(call).assertions(id)),
        ])
    }
}

extension TupleFilter {
    /// Reads the parts of a tuple that are given; `document:` is any of the type.
    init(json: JSON?) throws {
        let text = { (name: String) in json?[name]?.string.flatMap { $0.isEmpty ? nil : $0 } }
        self.init(
            subject: try text("user").map(Self.entity), relation: text("relation"),
            object: try text("object").map(Self.entity))
    }

    private static func entity(_ text: String) throws -> EntityReference {
        if text.hasSuffix(":"), text.utf8.count > 1 {
            return EntityReference(type: String(text.dropLast()), id: "")
        }
        return try EntityReference(text)
    }
}

extension StoreInformation {
    var json: JSON {
        let time = JSON.string((self.createdAt ?? .start).rfc3339)
        return [
            "id": .string(self.id), "name": .string(self.name), "created_at": time, "updated_at": time,
        ]
    }
}

extension AuthorizationModel {
    func json(id: String) -> JSON {
        var json: JSON.Object = ["id": .string(id)]
        for member in self.json.object ?? JSON.Object() { json[member.name] = member.value }
        return .object(json)
    }
}

extension AuthorizationStore.Change {
    var json: JSON {
        let (seconds, milliseconds) = self.milliseconds.quotientAndRemainder(dividingBy: 1000)
        let moment = ZonedDateTime(seconds: seconds, nanosecond: milliseconds * 1_000_000)
        return [
            "tuple_key": self.tuple.json,
            "operation": self.isWrite ? "TUPLE_OPERATION_WRITE" : "TUPLE_OPERATION_DELETE",
            "timestamp": .string(moment.rfc3339),
        ]
    }
}
