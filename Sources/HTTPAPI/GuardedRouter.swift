internal import Identity
internal import Authorization
package import AccessControl
internal import GraphDatabase
internal import HTTPTypes
internal import Hummingbird
internal import PropertyGraph
internal import Synchronization

/// What a route asks of the guard before its handler runs.
package enum Asks: Hashable, Sendable {
    /// Nothing: it shows nothing and changes nothing, to anybody.
    case nothing
    /// A permission on the network.
    case network(Permission.OnNetwork)
    /// A permission on the graph that a part of the path names.
    case graph(Permission.OnGraph, parameter: String)
    /// A permission on the graph of the network itself.
    case networkGraph(Permission.OnGraph)
    /// A permission on the graph of the store that `:id` names, `plexus` where the path has none.
    case store(Permission.OnGraph)
    /// A permission on what a part of the path names.
    case object(Permission.Hidden, Permission.OnObject, parameter: String)
    /// What only the body tells, or what is shown of a list: the handler asks. One that answers without having asked is
    /// a defect, and is answered as one.
    case inHandler
}

/// Notes whether a request's handler asked the guard.
package final class Inquiry: Sendable {
    private let hasAsked = Atomic(false)

    /// Somebody asked.
    func note() { self.hasAsked.store(true, ordering: .relaxed) }

    var isDone: Bool { self.hasAsked.load(ordering: .relaxed) }
}

/// A route as it was declared.
package struct DeclaredRoute: Hashable, Sendable {
    /// The method.
    package let method: String
    /// The path, with `{name}` for its parts that vary.
    package let path: String
    /// What it asks.
    package let asks: Asks
}

/// The only way to add a route: no route without what it asks.
final class GuardedRouter {
    typealias Handler = @Sendable (Request, APIContext) async throws -> Response

    private let router: Router<APIContext>
    private let services: Services
    /// All routes so far.
    private(set) var declared: [DeclaredRoute] = []

    init(_ router: Router<APIContext>, _ services: Services) {
        self.router = router
        self.services = services
    }

    func get(_ path: RouterPath, _ asks: Asks, _ handler: @escaping Handler) {
        self.on(.get, path, asks, handler)
    }

    func post(_ path: RouterPath, _ asks: Asks, _ handler: @escaping Handler) {
        self.on(.post, path, asks, handler)
    }

    func put(_ path: RouterPath, _ asks: Asks, _ handler: @escaping Handler) {
        self.on(.put, path, asks, handler)
    }

    func patch(_ path: RouterPath, _ asks: Asks, _ handler: @escaping Handler) {
        self.on(.patch, path, asks, handler)
    }

    func delete(_ path: RouterPath, _ asks: Asks, _ handler: @escaping Handler) {
        self.on(.delete, path, asks, handler)
    }

    func on(
        _ method: HTTPRequest.Method, _ path: RouterPath, _ asks: Asks, form: HTTPProblem.Form = .problem,
        _ handler: @escaping Handler
    ) {
        self.declared.append(DeclaredRoute(method: method.rawValue, path: path.description, asks: asks))
        let services = self.services
        self.router.on(path, method: method) { request, context in
            guard asks != .nothing else { return try await handler(request, context) }
            if case .nobody = context.caller { throw HTTPProblem.tokenMissing }
            do {
                try await services.ask(asks, context)
            } catch {
                // Each standard has its own form of errors.
                guard form != .problem else { throw error }
                let problem =
                    form == .queryAPI ? ErrorMapping.queryProblem(error) : ErrorMapping.problem(error)
                throw problem?.with(form: form) ?? error
            }
            let response = try await handler(request, context)
            guard context.inquiry.isDone else { throw UnguardedRoute(path: path.description) }
            return response
        }
    }
}

/// A handler answered without having asked the guard.
struct UnguardedRoute: Error {
    let path: String
}

extension HTTPProblem {
    static let tokenMissing = HTTPProblem(
        .unauthorized, code: "token_missing",
        "a token is needed: send `Authorization: Bearer TOKEN`, or set PLEXUS_TOKEN for the command line")
}

extension Services {
    fileprivate func ask(_ asks: Asks, _ context: APIContext) async throws {
        switch asks {
        case .nothing, .inHandler: break
        case .network(let what): try self.require(.network(what), context)
        case .graph(let what, let parameter): try self.require(.graph(what, context.part(parameter)), context)
        case .networkGraph(let what): try self.require(.graph(what, GraphCatalog.network), context)
        case .store(let what): try self.require(what, store: context.parameters.get("id"), context)
        case .object(let type, let what, let parameter):
            try self.require(.on(type, what, context.part(parameter)), context)
        }
    }

    /// - Throws: ``AccessDenied`` when the caller may do none of these.
    func require(_ permission: Permission, or other: Permission? = nil, _ context: APIContext) throws {
        context.inquiry.note()
        if let other {
            try self.access.require(context.caller, permission, other)
        } else {
            try self.access.require(context.caller, permission)
        }
    }

    /// A permission on the graph of a store, by the store's id or the graph's name.
    /// - Throws: ``AccessDenied``; ``StoreNotFound`` for those who may ask all graphs.
    func require(_ what: Permission.OnGraph, store id: String?, _ context: APIContext) throws {
        let id = id ?? GraphCatalog.network
        context.inquiry.note()
        if case .unchecked = context.caller { return }
        let graph = self.stores.graph(of: id) ?? id
        try self.access.require(context.caller, .graph(what, graph))
        // Checks tell by the whole graph who may do what; what shows or changes its tuples is for those who see it all.
        if what == .read || what == .write { try self.requireNoRules(on: graph, "its tuples", context) }
    }

    /// What is done with all of a graph is not for those from whom rules hide a part of it, or who may not write a part.
    /// - Throws: ``HTTPProblem`` when the caller has rules.
    func requireNoRules(on graph: String, _ what: String, _ context: APIContext) throws {
        guard self.access.now().rules(context.caller, on: graph) != nil else { return }
        throw HTTPProblem(
            .forbidden, code: "forbidden",
            "rules hide parts of the graph `\(graph)` from you or keep you from writing them, so \(what) are not for you; "
                + "use Cypher, which shows and writes the rest")
    }

    /// What belongs to somebody: they may, and those who operate the network.
    /// - Throws: ``AccessDenied``.
    func require(owner: String?, _ context: APIContext) throws {
        context.inquiry.note()
        if let owner, case .user(let principal) = context.caller, principal.user == owner,
            principal.scopes?.contains(.run) ?? true
        {
            return
        }
        try self.access.require(context.caller, .network(.operate))
    }

    /// What a caller may see of a list.
    func rights(_ context: APIContext) -> Rights {
        context.inquiry.note()
        return self.access.now()
    }
}
