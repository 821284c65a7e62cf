internal import AccessControl
internal import Authorization
internal import GraphDatabase
internal import Graphviz
internal import HTTPTypes
internal import Hummingbird
internal import JSON
internal import PropertyGraph
internal import QueryEngine
internal import Visualization

/// What a change would do, who may do what and why, and what runs out: answers as JSON, as CSV and as pictures.
struct ReviewRoutes {
    let services: Services

    private static let limit = 10_000

    func add(to router: GuardedRouter) {
        router.post("/v1/what-if", .inHandler) { try await self.whatIf($0, $1) }
        router.post("/v1/access-review", .inHandler) { try await self.review($0, $1) }
        router.get("/v1/expiring", .inHandler) { try await self.expiring($0, $1) }
        router.get("/v1/audit", .inHandler) { try await self.audit($0, $1) }
        router.delete("/v1/expired", .inHandler) { request, context in
            let store = try await self.store(request.parameter("store"), .write, context)
            let moment = try self.services.moment(request.parameter("before").map(JSON.string))
            let count = try await store.deleteExpired(before: moment, by: context.caller.user)
            return Response(["deleted": .int(count)])
        }
    }

    private func store(
        _ id: String?, _ what: Permission.OnGraph, _ context: APIContext
    ) async throws -> AuthorizationStore {
        try self.services.require(what, store: id, context)
        return try await self.services.stores.store(id ?? GraphCatalog.network)
    }

    private func options(_ body: JSON) throws -> CheckOptions {
        CheckOptions(
            at: try self.services.moment(body["at"]), context: body["context"]?.object ?? JSON.Object())
    }

    private static func wrong(_ detail: String) -> HTTPProblem {
        HTTPProblem(.badRequest, code: "invalid_request", detail)
    }

    private static func entities(_ json: JSON?) throws -> [EntityReference]? {
        try json?.array?.map { try EntityReference($0.string ?? "") }
    }

    private static func names(_ json: JSON?) -> [String]? { json?.array?.compactMap(\.string) }

    // MARK: What if

    /// `{store?, writes?, deletes?, statement?, parameters?, subjects | subject_type, objects? | object_types?, relations?}`
    private func whatIf(_ request: Request, _ context: APIContext) async throws -> Response {
        let body = try await request.json()
        let store = try await self.store(body["store"]?.string, .read, context)
        let view = try store.view(model: body["authorization_model_id"]?.string)
        let changed = try self.changed(view, store, body)
        guard
            let subjects = try Self.entities(body["subjects"])
                ?? body["subject_type"]?.string.map({ try view.entities(of: $0, limit: Self.limit) })
        else { throw Self.wrong("name `subjects`, or a `subject_type` for all of them") }
        let wanted = ComparedDecisions(
            subjects: subjects, objects: try Self.entities(body["objects"]),
            types: Self.names(body["object_types"]), relations: Self.names(body["relations"]))
        let flips = try view.flips(to: changed, wanted, try self.options(body), limit: Self.limit)
        return Response([
            "flipped": .array(flips.map(\.json)), "is_cut": .bool(flips.count >= Self.limit),
        ])
    }

    private func changed(
        _ view: AuthorizationView, _ store: AuthorizationStore, _ body: JSON
    ) throws -> AuthorizationView {
        let writes = try (body["writes"]?.array ?? []).map { try Tuple(json: $0) }
        let deletes = try (body["deletes"]?.array ?? []).map { try Tuple(json: $0) }
        var changed = try view.changed { editor throws(GraphError) in
            for tuple in deletes { try editor.delete(tuple) }
        }.adding(writes)
        if let statement = body["statement"]?.string {
            let prepared = try store.database.engine.prepare(statement)
            let transaction = GraphTransaction(changed.graph)
            var parameters: [String: Value] = [:]
            for member in body["parameters"]?.object ?? JSON.Object() {
                parameters[member.name] = Value(plainJSON: member.value)
            }
            _ = try prepared.run(in: transaction, parameters: parameters, now: self.services.now)
            changed = changed.replacing(transaction.graph)
        }
        return changed
    }

    // MARK: Reviews

    /// `{store?, subject | object, relations?}`
    private func review(_ request: Request, _ context: APIContext) async throws -> Response {
        let body = try await request.json()
        let view = try await self.store(body["store"]?.string, .read, context)
            .view(model: body["authorization_model_id"]?.string)
        let options = try self.options(body)
        let relations = Self.names(body["relations"])
        let limit = min(max(1, body["limit"]?.int ?? 1000), Self.limit)
        let review: AccessReview
        let subject = try body["subject"]?.string.map { try EntityReference($0) }
        let object = try body["object"]?.string.map { try EntityReference($0) }
        switch (subject, object) {
        case (let subject?, nil):
            review = try view.review(subject: subject, relations: relations, options, limit: limit)
        case (nil, let object?):
            review = try view.review(object: object, relations: relations, options, limit: limit)
        default: throw Self.wrong("name either a `subject` or an `object`")
        }
        let accept = request.headers[.accept] ?? ""
        if accept.contains("text/csv") {
            return Self.csv(
                ["subject", "relation", "object", "reason"],
                review.rows.map { [$0.subject.description, $0.relation, $0.object.description, $0.reason] })
        }
        let dot = Self.picture(review, subject: subject, object: object).dot()
        if accept.contains("image/svg+xml") {
            return Response(try await self.services.pictures.render(dot, format: .svg), type: "image/svg+xml")
        }
        var answer = review.json.object ?? JSON.Object()
        answer["dot"] = .string(dot)
        return Response(.object(answer))
    }

    private static func picture(
        _ review: AccessReview, subject: EntityReference?, object: EntityReference?
    ) -> DecisionPicture {
        var seen: Set<DecisionPicture.Link> = []
        let links = review.rows.prefix(200).flatMap { $0.path.flatMap(\.tuples) }.map { tuple in
            DecisionPicture.Link(
                from: "\(tuple.subject.type):\(tuple.subject.id)", to: tuple.object.description,
                label: tuple.relation, isValid: tuple.problem == nil)
        }.filter { seen.insert($0).inserted }
        let question =
            object.map { "who may do anything to \($0)" } ?? subject.map { "what \($0) may do" } ?? ""
        let first = subject ?? review.rows.first?.subject
        let last = object ?? review.rows.first?.object
        return DecisionPicture(
            question: question, subject: first?.description ?? "", object: last?.description ?? "",
            isAllowed: !review.rows.isEmpty, links: links, notes: review.notes)
    }

    // MARK: What runs out

    /// `?store=&days=30`
    private func expiring(_ request: Request, _ context: APIContext) async throws -> Response {
        let store = try await self.store(request.parameter("store"), .read, context)
        let days = request.parameter("days").map { Int($0) ?? -1 } ?? 30
        guard (0...36_500).contains(days) else { throw Self.wrong("`days` is 0 to 36500") }
        let now = self.services.now
        let end = ZonedDateTime(seconds: now.seconds + days * 86_400, nanosecond: now.nanosecond)
        let expiring = store.expiring(from: now, before: end)
        if request.headers[.accept]?.contains("text/csv") ?? false {
            return Self.csv(
                ["subject", "relation", "object", "valid_until", "granted_by"],
                expiring.map {
                    [
                        $0.tuple.subject.description, $0.tuple.relation, $0.tuple.object.description,
                        $0.until.rfc3339, $0.grantedBy ?? "",
                    ]
                })
        }
        return Response([
            "expiring": .array(
                expiring.map { one in
                    [
                        "subject": .string(one.tuple.subject.description),
                        "relation": .string(one.tuple.relation),
                        "object": .string(one.tuple.object.description),
                        "valid_until": .string(one.until.rfc3339),
                        "granted_by": one.grantedBy.map(JSON.string) ?? .null,
                    ]
                })
        ])
    }

    // MARK: Audit

    /// `?store=&stream=changes|decisions&subject=&after=&limit=`; `application/jsonl` for export.
    private func audit(_ request: Request, _ context: APIContext) async throws -> Response {
        let name = request.parameter("store")
        let graph = self.services.stores.graph(of: name ?? GraphCatalog.network) ?? name ?? ""
        try self.services.require(.network(.audit), or: .graph(.administer, graph), context)
        let store = try await self.services.stores.store(name ?? GraphCatalog.network)
        let stream: String
        switch request.parameter("stream") ?? "changes" {
        case "changes": stream = AuditChain.changes
        case "decisions": stream = AuditChain.decisions
        default: throw Self.wrong("`stream` is changes or decisions")
        }
        let after = request.parameter("after").map { Int($0) ?? -1 } ?? 0
        let limit = request.parameter("limit").map { Int($0) ?? 0 } ?? 100
        guard after >= 0, (1...Self.limit).contains(limit) else {
            throw Self.wrong("`after` is a line's sequence, `limit` 1 to \(Self.limit)")
        }
        let lines = try await store.audit(
            stream, subject: request.parameter("subject"), after: after, limit: limit)
        if request.headers[.accept]?.contains("application/jsonl") ?? false {
            var bytes: [UInt8] = []
            for line in lines {
                line.json.write(to: &bytes)
                bytes.append(UInt8(ascii: "\n"))
            }
            return Response(bytes, type: "application/jsonl")
        }
        return Response([
            "lines": .array(lines.map(\.json)),
            "next": lines.last.map { .int($0.sequence) } ?? .int(after),
        ])
    }

    private static func csv(_ columns: [String], _ rows: [[String]]) -> Response {
        let lines = ([columns] + rows).map { row in
            row.map { field in
                field.contains { ",\"\n\r".contains($0) }
                    ? "\"\(field.replacing("\"", with: "\"\""))\"" : field
            }.joined(separator: ",")
        }
        return Response(Array((lines.joined(separator: "\n") + "\n").utf8), type: "text/csv")
    }
}
