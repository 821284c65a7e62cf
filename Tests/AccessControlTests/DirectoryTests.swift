import AccessControl
import Authorization
import Foundation
import GraphDatabase
import Identity
import JSON
import NamedResources
import PropertyGraph
import Testing

/// A network with its guard.
private final class Network: Sendable {
    let database: GraphDatabase
    let access: Guard
    let directory: Directory
    let authenticator: Authenticator
    private let folder: URL

    deinit { try? FileManager.default.removeItem(at: self.folder) }

    init() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(
            path: "plexus-directory-\(UUID().uuidString)")
        self.folder = folder
        let catalog = try await GraphCatalog(folder: folder.path, creating: true)
        self.database = catalog.network
        let model = try AuthorizationModel.parse(NamedResources().text("schema/network.fga") ?? "")
        let stores = StoreDirectory(catalog: catalog)
        try await stores.network.ensure(model, origin: "schema/network.fga", at: GraphDatabase.now())
        self.access = Guard(model: model, database: self.database)
        self.authenticator = try Authenticator(database: self.database)
        self.directory = Directory(store: stores.network, authenticator: self.authenticator, actor: "admin")
    }

    func caller(_ user: String) -> Caller { .user(Principal(user: user)) }
}

@Suite("Users, groups and zones")
struct DirectoryTests {
    @Test("A zone that is opened to a group shows its functions to members, and to nobody else")
    func zonesDecideWhatIsSeen() async throws {
        let network = try await Network()
        let directory = network.directory
        for name in ["anne", "bob"] {
            try await directory.addUser(name, name: nil, email: nil, password: nil)
        }
        try await directory.addGroup("eng", description: nil)
        try await directory.addZone("lab", description: nil)
        try await directory.setMember("anne", of: "eng", isMember: true)
        try await directory.setOpen("lab", to: "group:eng", isOpen: true)
        try await directory.setContained("function:clean", in: "lab", isContained: true)
        let run = Permission.on(.function, .run, "clean@1.0")
        #expect(network.access.allows(network.caller("anne"), run))
        #expect(!network.access.allows(network.caller("bob"), run))
        let denied = #expect(throws: AccessDenied.self) {
            try network.access.require(network.caller("bob"), run)
        }
        #expect(denied?.reason == .notSeen)
        #expect(denied?.description == "there is no function `clean`")
        try await directory.setMember("anne", of: "eng", isMember: false)
        #expect(!network.access.allows(network.caller("anne"), run))
    }

    @Test(
        "A zone for an audience is open to those who have that role or a greater one",
        arguments: [
            (Directory.Audience.admin, [Directory.Role.administrator]),
            (.super, [.administrator, .superUser]), (.business, [.administrator, .superUser, .businessUser]),
            (.ordinary, [.administrator, .superUser, .businessUser, .ordinaryUser]),
        ])
    func audiences(_ audience: Directory.Audience, _ seeing: [Directory.Role]) async throws {
        let network = try await Network()
        try await network.directory.addZone("lab", description: nil, audience: audience)
        for role in Directory.Role.allCases {
            try await network.directory.addUser(
                role.rawValue, name: nil, email: nil, role: role, password: nil)
            let sees = network.access.allows(network.caller(role.rawValue), .on(.zone, .see, "lab"))
            #expect(sees == seeing.contains(role), "\(role)")
        }
    }

    @Test("A membership ends at its end, and giving it again gives it a new one")
    func membershipsEnd() async throws {
        let network = try await Network()
        let directory = network.directory
        try await directory.addUser("anne", name: nil, email: nil, password: nil)
        let past = ZonedDateTime(seconds: 1_000_000_000)
        try await directory.setRole(.operator, user: "anne", isGranted: true, until: past)
        #expect(!network.access.allows(network.caller("anne"), .network(.operate)))
        try await directory.setRole(.operator, user: "anne", isGranted: true)
        #expect(network.access.allows(network.caller("anne"), .network(.operate)))
    }

    @Test("A disabled user comes in neither by token nor by password, and again when enabled")
    func disabledUsersStayOut() async throws {
        let network = try await Network()
        let directory = network.directory
        try await directory.addUser("anne", name: "Anne", email: nil, password: "correct horse")
        let token = try #require(
            try await directory.createToken(for: "anne", TokenTerms(name: "t"))["token"]?.string)
        let authenticator = network.authenticator
        #expect(try await authenticator.principal(bearer: token).user == "anne")
        #expect(try await authenticator.principal(user: "anne", secret: "correct horse").user == "anne")
        try await directory.setEnabled(false, user: "anne")
        await #expect(throws: AuthenticationFailure.invalid(what: "token")) {
            try await authenticator.principal(bearer: token)
        }
        await #expect(throws: AuthenticationFailure.self) {
            try await authenticator.principal(user: "anne", secret: "correct horse")
        }
        try await directory.setEnabled(true, user: "anne")
        #expect(try await authenticator.principal(user: "anne", secret: "correct horse").user == "anne")
    }

    @Test("A token that is over or revoked is worth nothing")
    func tokensEnd() async throws {
        let network = try await Network()
        try await network.directory.addUser("anne", name: nil, email: nil, password: nil)
        let over = try await network.directory.createToken(
            for: "anne", TokenTerms(name: "over", expiresAt: ZonedDateTime(seconds: 1_000_000_000)))
        let tokens = network.authenticator.tokens
        #expect(tokens.principal(token: over["token"]?.string ?? "") == nil)
        let made = try await network.directory.createToken(
            for: "anne", TokenTerms(name: "t", scopes: [.check]))
        let principal = tokens.principal(token: made["token"]?.string ?? "")
        #expect(principal == Principal(user: "anne", scopes: [.check]))
        try await network.directory.revokeToken(made["id"]?.string ?? "", of: nil)
        #expect(tokens.principal(token: made["token"]?.string ?? "") == nil)
    }

    @Test(
        "After some wrong passwords the right one does not help for a while, whether the user is there or not"
    )
    func guessingLocks() async throws {
        let network = try await Network()
        try await network.directory.addUser("anne", name: nil, email: nil, password: "correct horse")
        for name in ["anne", "nobody"] {
            for _ in 0..<LoginThrottle.freeFailures {
                await #expect(throws: AuthenticationFailure.invalid(what: "user name or password")) {
                    try await network.authenticator.principal(user: name, secret: "wrong horse")
                }
            }
            await #expect(throws: AuthenticationFailure.locked(seconds: 1)) {
                try await network.authenticator.principal(user: name, secret: "correct horse")
            }
        }
    }

    @Test("Lists come in pages by id")
    func listsPage() async throws {
        let network = try await Network()
        for name in ["c", "a", "d", "b"] { try await network.directory.addGroup(name, description: nil) }
        let first = network.directory.groups(after: nil, limit: 3).map { $0["id"]?.string }
        #expect(first == ["a", "b", "c"])
        #expect(network.directory.groups(after: "c", limit: 3).map { $0["id"]?.string } == ["d"])
    }

    @Test(
        "Names that would break tuples and paths are refused",
        arguments: ["", "a b", "a:b", "a#b", "*", "a/b"])
    func namesAreChecked(_ name: String) async throws {
        let network = try await Network()
        await #expect(throws: DirectoryError.invalidName(name)) {
            try await network.directory.addGroup(name, description: nil)
        }
    }
}
