import Foundation
import GraphDatabase
import GraphStorage
import Identity
import JWTKit
import Logging
import PropertyGraph
import Synchronization
import TestSupport
import Testing

@testable import OpenIDConnect

@Suite("Tokens of an OpenID Connect provider")
struct OpenIDProviderTests {
    private static let issuer = "https://login.example.org"

    /// What a provider puts into its tokens.
    private struct Claims: JWTPayload {
        var iss = OpenIDProviderTests.issuer
        var sub: String? = "anne"
        var aud = ["plexus"]
        var exp: Double? = 1000
        var nbf: Double?
        var email: String?
        var email_verified: Bool?
        var scope: String?

        func verify(using key: some JWTAlgorithm) {}
    }

    /// A provider with keys of its own, and a clock that stands still.
    private final class Provider: Sendable {
        struct State {
            var names: [String] = ["first"]
            var fetches = 0
            var isDown = false
            var issuer = OpenIDProviderTests.issuer
        }
        let state = Mutex(State())
        let seconds = Mutex(0.0)
        let keys: [String: ES256PrivateKey] = ["first": ES256PrivateKey(), "second": ES256PrivateKey()]

        func fetch(_ url: String) throws -> [UInt8] {
            let state = self.state.withLock {
                $0.fetches += 1
                return $0
            }
            if state.isDown { throw CancellationError() }
            if url == OpenIDProviderTests.issuer + "/.well-known/openid-configuration" {
                return Array(
                    #"{"issuer":"\#(state.issuer)","jwks_uri":"https://login.example.org/keys"}"#.utf8)
            }
            let keys = state.names.compactMap { name in
                self.keys[name]?.parameters.map {
                    let (x, y) = (Self.url($0.x), Self.url($0.y))
                    return
                        #"{"kty":"EC","crv":"P-256","alg":"ES256","kid":"\#(name)","x":"\#(x)","y":"\#(y)"}"#
                }
            }
            let others = [#"{"kty":"oct","kid":"shared","k":"c2VjcmV0"}"#, #"{"kty":"new","kid":"odd"}"#]
            return Array("{\"keys\":[\((keys + others).joined(separator: ","))]}".utf8)
        }

        private static func url(_ base64: String) -> String {
            base64.replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
        }

        func token(_ claims: Claims, key: String = "first", named: String? = nil) async throws -> String {
            let keys = JWTKeyCollection()
            await keys.add(ecdsa: try #require(self.keys[key]), kid: JWKIdentifier(string: named ?? key))
            return try await keys.sign(claims, kid: JWKIdentifier(string: named ?? key))
        }
    }

    private struct Fixture {
        let provider = Provider()
        let database: GraphDatabase
        let admitted = AdmittedUsers()
        let authenticator: Authenticator

        init(userClaim: String = "sub", admits: Bool = false) async throws {
            let database = try await GraphDatabase(name: "plexus", storage: NoStorage())
            self.database = database
            _ = try await database.write { transaction in
                _ = try transaction.createNode(labels: ["User"], properties: ["id": .string("anne")])
                _ = try transaction.createNode(
                    labels: ["User"], properties: ["id": .string("eve"), "status": .string("disabled")])
            }
            let settings = try OpenIDSettings(
                issuer: OpenIDProviderTests.issuer, audience: "plexus", userClaim: userClaim)
            let admitted = self.admitted
            let admit: @Sendable (OpenIDProvider.Newcomer) async throws -> Void = { newcomer in
                admitted.add(newcomer)
                _ = try await database.write { transaction in
                    try transaction.createNode(labels: ["User"], properties: ["id": .string(newcomer.id)])
                }
            }
            let provider = self.provider
            let foreign = OpenIDProvider(
                settings, database: database, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
                fetch: { try provider.fetch($0) }, clock: { provider.seconds.withLock { $0 } },
                now: { Date(timeIntervalSince1970: 500) }, admit: admits ? admit : nil)
            self.authenticator = try Authenticator(database: database, foreign: foreign)
        }

        func principal(_ claims: Claims, key: String = "first", named: String? = nil) async throws
            -> Principal
        {
            let token = try await self.provider.token(claims, key: key, named: named)
            return try await self.authenticator.principal(bearer: token)
        }

        func isRefused(_ claims: Claims, key: String = "first", named: String? = nil) async throws -> Bool {
            do {
                _ = try await self.principal(claims, key: key, named: named)
                return false
            } catch let failure as AuthenticationFailure {
                return failure == .invalid(what: "token")
            }
        }
    }

    private final class AdmittedUsers: Sendable {
        private let list = Mutex<[OpenIDProvider.Newcomer]>([])
        func add(_ newcomer: OpenIDProvider.Newcomer) { self.list.withLock { $0.append(newcomer) } }
        var all: [OpenIDProvider.Newcomer] { self.list.withLock { $0 } }
    }

    @Test("A token names a user of the graph, with all that the user may do")
    func names() async throws {
        let fixture = try await Fixture()
        #expect(try await fixture.principal(Claims()) == Principal(user: "anne"))
        #expect(try await fixture.principal(Claims()) == Principal(user: "anne"))
        #expect(fixture.provider.state.withLock { $0.fetches } == 2)
    }

    @Test("Scopes of ours narrow a token down, others do not count")
    func scopes() async throws {
        let fixture = try await Fixture()
        #expect(try await fixture.principal(Claims(scope: "openid profile")).scopes == nil)
        #expect(try await fixture.principal(Claims(scope: "openid plexus:read")).scopes == [.read])
        #expect(try await fixture.principal(Claims(scope: "plexus:unknown")).scopes == [])
    }

    @Test(
        "What a token must say is looked at",
        arguments: [
            ("another issuer", Claims(iss: "https://evil.example.org")),
            ("another service", Claims(aud: ["shop"])),
            ("over", Claims(exp: 439)), ("not yet", Claims(nbf: 561)), ("without an end", Claims(exp: nil)),
            ("without a user", Claims(sub: nil)), ("an unknown user", Claims(sub: "nobody")),
            ("a disabled user", Claims(sub: "eve")),
        ] as [(String, any JWTPayload & Sendable)])
    func refused(_ reason: String, _ claims: any JWTPayload & Sendable) async throws {
        let claims = try #require(claims as? Claims)
        #expect(try await Fixture().isRefused(claims), "\(reason)")
    }

    @Test("Clocks may be a minute apart")
    func leeway() async throws {
        let fixture = try await Fixture()
        #expect(try await fixture.principal(Claims(exp: 441, nbf: 559)).user == "anne")
    }

    @Test("A token that another key signed is refused, whatever key it names")
    func wrongKey() async throws {
        let fixture = try await Fixture()
        #expect(try await fixture.isRefused(Claims(), key: "second", named: "first"))
        #expect(try await fixture.isRefused(Claims(), key: "second"))
        #expect(try await fixture.isRefused(Claims(), key: "first", named: "shared"))
    }

    @Test("A token without signature, or signed with a public key as secret, is refused")
    func otherAlgorithms() async throws {
        let fixture = try await Fixture()
        let keys = JWTKeyCollection()
        await keys.addUnsecuredNone()
        let unsigned = try await keys.sign(Claims())
        let shared = JWTKeyCollection()
        await shared.add(
            hmac: HMACKey(from: String(repeating: "secret", count: 8)), digestAlgorithm: .sha256, kid: "first"
        )
        let mac = try await shared.sign(Claims(), kid: "first")
        for token in [unsigned, mac, "", ".", "a.b.c", "e30.e30.e30", String(repeating: ".", count: 9999)] {
            await #expect(throws: AuthenticationFailure.invalid(what: "token")) {
                try await fixture.authenticator.principal(bearer: token)
            }
        }
    }

    @Test("A new key is fetched when a token names it, not more often than every half minute")
    func newKeys() async throws {
        let fixture = try await Fixture()
        _ = try await fixture.principal(Claims())
        for _ in 0..<5 { #expect(try await fixture.isRefused(Claims(), key: "second")) }
        #expect(fixture.provider.state.withLock { $0.fetches } == 2)
        fixture.provider.state.withLock { $0.names = ["second"] }
        fixture.provider.seconds.withLock { $0 = 31 }
        #expect(try await fixture.principal(Claims(), key: "second").user == "anne")
        #expect(try await fixture.isRefused(Claims(), key: "first"))
    }

    @Test("While the provider is away its keys stay good for a day, then the answer is that it is away")
    func away() async throws {
        let fixture = try await Fixture()
        _ = try await fixture.principal(Claims())
        fixture.provider.state.withLock { $0.isDown = true }
        fixture.provider.seconds.withLock { $0 = 86_000 }
        #expect(try await fixture.principal(Claims()).user == "anne")
        fixture.provider.seconds.withLock { $0 = 87_000 }
        await #expect(throws: AuthenticationFailure.unavailable(what: "the keys of \(Self.issuer)")) {
            try await fixture.principal(Claims())
        }
    }

    @Test("A description that names another issuer gives no keys")
    func otherIssuer() async throws {
        let fixture = try await Fixture()
        fixture.provider.state.withLock { $0.issuer = "https://evil.example.org" }
        await #expect(throws: AuthenticationFailure.unavailable(what: "the keys of \(Self.issuer)")) {
            try await fixture.principal(Claims())
        }
    }

    @Test("An address names a user only when the provider verified it")
    func addresses() async throws {
        let fixture = try await Fixture(userClaim: "email")
        #expect(try await fixture.principal(Claims(email: "anne", email_verified: true)).user == "anne")
        #expect(try await fixture.isRefused(Claims(email: "anne", email_verified: false)))
        #expect(try await fixture.isRefused(Claims(email: "anne")))
    }

    @Test("Users whom the graph does not know are added where that is wanted, once")
    func admits() async throws {
        let fixture = try await Fixture(admits: true)
        let claims = Claims(sub: "carl", email: "carl@example.org", email_verified: true)
        for _ in 0..<3 { #expect(try await fixture.principal(claims).user == "carl") }
        #expect(
            fixture.admitted.all == [
                OpenIDProvider.Newcomer(id: "carl", name: nil, email: "carl@example.org")
            ])
        #expect(try await fixture.isRefused(Claims(sub: "eve")))
    }

    @Test(
        "A provider without TLS is refused, except on this machine",
        arguments: ["http://login.example.org", "http://localhost.evil.org", "login.example.org", ""])
    func insecure(_ issuer: String) {
        #expect(throws: OpenIDSettingsError.issuerIsNotSecure(issuer)) {
            try OpenIDSettings(issuer: issuer, audience: "plexus")
        }
    }
}
