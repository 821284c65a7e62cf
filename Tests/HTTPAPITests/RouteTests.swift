import NamedResources
import AccessControl
import Authorization
import Foundation
import GraphDatabase
import Graphviz
import HTTPAPI
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Identity
import JSON
import Logging
import Orchestration
import PropertyGraph
import Testing

/// All of the server but its sockets, on a folder of its own.
final class Household: Sendable {
    let services: Services
    let administrator: String
    private let folder: String

    deinit { try? FileManager.default.removeItem(atPath: self.folder) }

    init() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(
            path: "plexus-http-\(UUID().uuidString)"
        ).path
        self.folder = folder
        let catalog = try await GraphCatalog(folder: folder, creating: true)
        let database = catalog.network
        self.administrator = try #require(
            try await TokenAuthority(database: database).bootstrap(now: GraphDatabase.now().epochMilliseconds)
        )
        let model = try AuthorizationModel.parse(database.resources.text("schema/network.fga") ?? "")
        let stores = StoreDirectory(catalog: catalog)
        try await stores.network.ensure(model, origin: "schema/network.fga", at: GraphDatabase.now())
        let states = StateMachine(name: "states", initial: [], final: [], transitions: [])
        self.services = Services(
            catalog: catalog, resources: database.resources,
            authenticator: try Authenticator(database: database),
            access: Guard(model: model, database: database), stores: stores, decisions: DecisionLog(rate: 0),
            orchestrator: Orchestrator(
                database: database, jobStates: states, runStates: states, clock: { GraphDatabase.now() }),
            blobs: try BlobStore(folder: folder + "/blobs"), credentials: CredentialStore(folder: folder),
            pictures: PictureProcess(executable: "/bin/false"),
            needsToken: true, logger: Logger(label: "test"))
    }

    /// A token of a new user without any rights.
    func stranger(_ name: String = "stranger", scopes: Set<Scope>? = nil) async throws -> String {
        _ = try await self.services.database.query(
            "MERGE (:User {id: $name})", parameters: ["name": .string(name)])
        let made = try await self.services.authenticator.tokens.create(
            for: name, TokenTerms(name: "test", scopes: scopes), at: GraphDatabase.now())
        return try #require(made).token
    }

    var routes: (router: Router<APIContext>, declared: [DeclaredRoute]) {
        plexusRoutes(self.services) { true }
    }

    static func headers(_ token: String) -> HTTPFields {
        [.authorization: "Bearer \(token)", .contentType: "application/json"]
    }
}

@Suite("Every route asks")
struct RouteTests {
    /// Lists that show somebody without rights nothing, and are right to say so.
    private static let emptyLists: Set<String> = [
        "GET /stores", "GET /v1/functions", "GET /v1/pipelines", "GET /v1/runs", "GET /v1/jobs",
        "GET /v1/views",
        "GET /v1/zones", "GET /v1/accounts",
    ]

    /// Bodies that are right enough to come to the question.
    private static let bodies: [String: String] = [
        "/v1/jobs": #"{"function": "clean"}"#, "/v1/jobs:batch": #"{"jobs": [{"function": "clean"}]}"#,
        "/v1/jobs:results": #"{"jobs": ["x"]}"#,
        "/db/{name}/query/v2": #"{"statement": "MATCH (n) RETURN n"}"#,
        "/v1/explain": #"{"subject": "user:a", "relation": "can_see", "object": "zone:z"}"#,
        "/v1/functions":
            #"{"name": "clean", "version": "1", "repository": "/r", "commit": "v1", "runtime": "python", "entry": "a:b"}"#,
        "/v1/tokens": #"{"user": "admin"}"#, "/v1/users/{id}/password": #"{"password": "long enough"}"#,
    ]

    @Test(
        "Without a token every route that is not open answers 401, and with one of somebody without rights none answers"
    )
    func strangersGetNothing() async throws {
        let household = try await Household()
        let token = try await household.stranger()
        let (router, declared) = household.routes
        #expect(declared.count > 80)
        try await Application(router: router).test(.router) { client in
            for route in declared where route.asks != .nothing {
                let name = "\(route.method) \(route.path)"
                let path = route.path.split(separator: "/").map {
                    $0.hasPrefix("{") ? "graph.dot" : String($0)
                }
                let uri = "/" + path.joined(separator: "/")
                let method = try #require(HTTPRequest.Method(rawValue: route.method))
                let body = ByteBuffer(string: Self.bodies[route.path] ?? "{}")
                let open = try await client.execute(uri: uri, method: method, body: body)
                #expect(open.status == .unauthorized, "\(name) without a token: \(open.status)")
                let answer = try await client.execute(
                    uri: uri, method: method, headers: Household.headers(token), body: body)
                if name == "GET /v1/tokens" {
                    // One's own token, and no other.
                    let tokens = try JSON.parse(utf8: Array(answer.body.readableBytesView))["tokens"]?.array
                    #expect(tokens?.map { $0["user"]?.string } == ["stranger"])
                } else if Self.emptyLists.contains(name) {
                    #expect(
                        answer.status == .ok && !String(buffer: answer.body).contains("\"id\":"), "\(name)")
                } else {
                    let refusals: [HTTPResponse.Status] = [.forbidden, .notFound, .badRequest]
                    #expect(
                        refusals.contains(answer.status),
                        "\(name): \(answer.status) \(String(buffer: answer.body))")
                }
            }
        }
    }

    @Test("Routes that are open show nothing of the graph")
    func openRoutesAreFew() async throws {
        let open = try await Household().routes.declared.filter { $0.asks == .nothing }.map(\.path)
        #expect(
            Set(open) == [
                "/", "/docs", "/healthz", "/openapi.json", "/readyz", "/runs/{id}",
                "/.well-known/authzen-configuration",
                "/.well-known/authzen-configuration/stores/{id}",
                "/stores/{id}/.well-known/authzen-configuration",
            ])
    }

    @Test("Who may not is told what was asked, in the form of each standard")
    func refusalsSayWhatWasAsked() async throws {
        let household = try await Household()
        let token = try await household.stranger()
        try await Application(router: household.routes.router).test(.router) { client in
            let headers = Household.headers(token)
            let users = try await client.execute(uri: "/v1/users", method: .get, headers: headers)
            #expect(users.status == .forbidden)
            #expect(users.headers[.contentType] == "application/problem+json")
            let text = String(buffer: users.body)
            #expect(text.contains("\"code\":\"forbidden\""))
            #expect(text.contains("plexus check user:stranger can_administer network:plexus --explain"))
            let query = try await client.execute(
                uri: "/db/plexus/query/v2", method: .post, headers: headers,
                body: ByteBuffer(string: #"{"statement": "MATCH (n) RETURN n"}"#))
            #expect(query.status == .forbidden)
            #expect(String(buffer: query.body).contains("Neo.ClientError.Security.Forbidden"))
            let check = try await client.execute(
                uri: "/stores/plexus/check", method: .post, headers: headers, body: ByteBuffer(string: "{}"))
            #expect(check.status == .forbidden)
            #expect(String(buffer: check.body).hasPrefix("{\"code\":\"forbidden\",\"message\":"))
        }
    }

    @Test(
        "What is granted on a graph is what its statements may do",
        arguments: [
            ("reader", "MATCH (n) RETURN count(n)", true), ("reader", "CREATE (:A)", false),
            ("reader", "CALL { CREATE (:A) } IN TRANSACTIONS", false),
            ("reader", "CREATE INDEX FOR (n:A) ON (n.b)", false), ("writer", "CREATE (:A)", true),
            ("writer", "CREATE INDEX FOR (n:A) ON (n.b)", false),
            ("schema_writer", "CREATE INDEX FOR (n:A) ON (n.b)", true),
            ("schema_writer", "CREATE (:A)", false),
            ("writer", "DROP DATABASE other", false), ("administrator", "CREATE (:A)", true),
            ("checker", "MATCH (n) RETURN n", false), ("checker", "SHOW TRANSACTIONS", true),
            ("checker", "SHOW INDEXES", false),
            ("checker", "SHOW DATABASES YIELD name WHERE EXISTS { MATCH (n) } RETURN name", false),
            ("checker", "CALL dbms.components() YIELD name MATCH (n) RETURN n", false),
        ])
    func statementsAskTheirGraph(_ relation: String, _ statement: String, _ isAllowed: Bool) async throws {
        let household = try await Household()
        let token = try await household.stranger()
        try await household.services.catalog.create("sales")
        var change = TupleChange()
        change.writes = [
            Tuple(
                subject: EntityReference(type: "user", id: "stranger"), relation: relation,
                object: EntityReference(type: "graph", id: "sales"))
        ]
        try await household.services.stores.network.change(change, at: GraphDatabase.now())
        try await Application(router: household.routes.router).test(.router) { client in
            let answer = try await client.execute(
                uri: "/db/sales/query/v2", method: .post, headers: Household.headers(token),
                body: ByteBuffer(string: "{\"statement\": \"\(statement)\"}"))
            #expect(
                answer.status == (isAllowed ? .accepted : .forbidden),
                "\(relation), \(statement): \(String(buffer: answer.body))")
            let network = try await client.execute(
                uri: "/db/sales/query/v2", method: .post, headers: Household.headers(token),
                body: ByteBuffer(string: #"{"statement": "USE plexus MATCH (n) RETURN n"}"#))
            #expect(network.status == .forbidden)
        }
    }

    @Test("A token does no more than its scopes")
    func scopesNarrow() async throws {
        let household = try await Household()
        let made = try await household.services.authenticator.tokens.create(
            for: "admin", TokenTerms(name: "reads", scopes: [.read]), at: GraphDatabase.now())
        let token = try #require(made).token
        try await Application(router: household.routes.router).test(.router) { client in
            let read = try await client.execute(
                uri: "/db/plexus/query/v2", method: .post, headers: Household.headers(token),
                body: ByteBuffer(string: #"{"statement": "MATCH (n) RETURN count(n)"}"#))
            #expect(read.status == .accepted)
            let write = try await client.execute(
                uri: "/db/plexus/query/v2", method: .post, headers: Household.headers(token),
                body: ByteBuffer(string: #"{"statement": "CREATE (:A)"}"#))
            #expect(write.status == .forbidden)
            #expect(String(buffer: write.body).contains("scope `write`"))
            let more = try await client.execute(
                uri: "/v1/tokens", method: .post, headers: Household.headers(token),
                body: ByteBuffer(string: "{}"))
            #expect(String(buffer: more.body).contains("token"))
            let id = String(buffer: more.body)
            #expect(!id.contains("administer"))
        }
    }
}
