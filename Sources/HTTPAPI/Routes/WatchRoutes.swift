internal import AccessControl
internal import Authorization
internal import GraphDatabase
internal import HTTPTypes
internal import Hummingbird
internal import JSON
internal import NIOCore
internal import PropertyGraph
internal import ServiceLifecycle

/// What changes in a store, told as it happens: tuples, and decisions that somebody wants to know of.
struct WatchRoutes {
    let services: Services

    /// The most decisions that one watcher follows.
    private static let checkLimit = 1000
    /// Changes that are read at once.
    private static let pageSize = 500

    func add(to router: GuardedRouter) {
        let stores = OpenFGARouter(router)
        stores.get("/stores/:id/watch", .store(.read)) { call in
            var parts = JSON.Object()
            for name in ["user", "relation", "object"] { parts[name] = call.query(name).map(JSON.string) }
            let place =
                HTTPField.Name("Last-Event-ID").flatMap { call.request.headers[$0] }
                ?? call.query("continuation_token")
            return try await self.watch(
                call, ["tuple_key": .object(parts), "continuation_token": place.map(JSON.string) ?? .null])
        }
        stores.post("/stores/:id/watch", .store(.read)) { try await self.watch($0, try await $0.body()) }
    }

    /// A decision that is followed.
    private struct Followed {
        let key: Tuple
        let context: JSON.Object
        /// What was told last; nil at first, and for a check that fails.
        var isAllowed: Bool?
        var problem: String?
        var wasTold = false
    }

    /// `{tuple_key?, continuation_token?, checks?: [{tuple_key, context?}], authorization_model_id?}`
    private func watch(_ call: OpenFGACall, _ body: JSON) async throws -> Response {
        let store = try await self.services.stores.store(call.parameter("id"))
        let filter = try TupleFilter(json: body["tuple_key"])
        let page = try Page(["continuation_token": body["continuation_token"] ?? .null])
        let model = call.model(body)
        let followed = try (body["checks"]?.array ?? []).map { check in
            Followed(
                key: try Tuple(json: check["tuple_key"] ?? .null),
                context: check["context"]?.object ?? JSON.Object())
        }
        guard followed.count <= Self.checkLimit else {
            throw AuthorizationError.tooMany(what: "checks", limit: Self.checkLimit)
        }
        // Names that the model does not have are a mistake of the request, not an event.
        let view = try store.view(model: model)
        for one in followed { try view.requireNames(one.key) }
        let start: Int
        if let token = page.token {
            guard let number = token.split(separator: "|").first.flatMap({ Int($0) }) else {
                throw Page.wrongToken
            }
            start = number
        } else {
            start = try await store.newestChange()
        }
        let services = self.services
        var headers: HTTPFields = [:]
        headers[.contentType] = "text/event-stream"
        headers[.cacheControl] = "no-store"
        return Response(
            status: .ok, headers: headers,
            body: .init { [followed] writer in
                var (followed, last, version) = (followed, start, UInt64?.none)
                try await writer.write(ByteBuffer(string: ": watching\n\n"))
                for await beat in Self.beats(store.database).cancelOnGracefulShutdown() {
                    let newest = store.database.snapshot().version
                    while version != newest {
                        let changes = try await store.changes(after: last, type: nil, limit: Self.pageSize)
                        for change in changes where filter.admits(change.tuple) {
                            try await writer.write(Self.event(change))
                        }
                        last = changes.last?.sequence ?? last
                        if changes.count < Self.pageSize { version = newest }
                    }
                    for index in followed.indices {
                        guard
                            let event = Self.event(
                                &followed[index], store, model: model, at: services.now)
                        else { continue }
                        try await writer.write(event)
                    }
                    // A line that says nothing shows both sides that the other is there.
                    if case .time(let second) = beat, second.isMultiple(of: 15) {
                        try await writer.write(ByteBuffer(string: ":\n\n"))
                    }
                }
                try await writer.finish(nil)
            })
    }

    private enum Beat {
        case commit
        case time(Int)
    }

    /// At once, after commits, and every second: time alone ends permissions too. Ends when the server is to stop.
    private static func beats(_ database: GraphDatabase) -> AsyncStream<Beat> {
        AsyncStream(bufferingPolicy: .bufferingNewest(1)) { continuation in
            continuation.yield(.commit)
            let task = Task {
                await withTaskGroup(of: Void.self) { group in
                    group.addTask {
                        for await _ in database.commits() { continuation.yield(.commit) }
                    }
                    group.addTask {
                        var second = 0
                        while (try? await Task.sleep(for: .seconds(1))) != nil {
                            second += 1
                            continuation.yield(.time(second))
                        }
                    }
                }
            }
            continuation.onTermination = { _ in task.cancel() }
        }
    }

    private static func event(_ change: AuthorizationStore.Change) -> ByteBuffer {
        var data = change.json.object ?? JSON.Object()
        data["by"] = change.user.map(JSON.string) ?? .null
        let id = Page.token("\(change.sequence)|")
        return ByteBuffer(string: "id: \(id)\nevent: change\ndata: \(JSON.object(data).text)\n\n")
    }

    /// What is to be told of a decision; nil when it is as it was.
    private static func event(
        _ followed: inout Followed, _ store: AuthorizationStore, model: String?, at moment: ZonedDateTime
    ) -> ByteBuffer? {
        var (isAllowed, problem) = (Bool?.none, String?.none)
        do {
            let key = followed.key
            isAllowed = try store.view(model: model).check(
                key.subject, key.relation, key.object,
                CheckOptions(at: moment, context: followed.context, limits: .openFGA))
        } catch {
            problem = "\(error)"
        }
        guard !followed.wasTold || isAllowed != followed.isAllowed || problem != followed.problem else {
            return nil
        }
        let data: JSON = [
            "tuple_key": followed.key.json, "allowed": isAllowed.map(JSON.bool) ?? .null,
            "before": followed.wasTold ? followed.isAllowed.map(JSON.bool) ?? .null : .null,
            "error": problem.map(JSON.string) ?? .null, "at": .string(moment.rfc3339),
        ]
        followed.isAllowed = isAllowed
        followed.problem = problem
        followed.wasTold = true
        return ByteBuffer(string: "event: decision\ndata: \(data.text)\n\n")
    }
}

extension AuthorizationView {
    /// - Throws: a mistake of the request when the model does not know a type or the relation.
    fileprivate func requireNames(_ key: Tuple) throws {
        guard self.model.relation(key.relation, of: key.object.type) != nil,
            self.model.types[key.subject.type] != nil
        else { throw HTTPProblem.openFGA("the model does not know `\(key)`") }
    }
}
