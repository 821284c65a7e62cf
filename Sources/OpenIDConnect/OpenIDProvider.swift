internal import AsyncHTTPClient
internal import Foundation
package import GraphDatabase
package import Identity
internal import JSON
internal import JWTKit
package import Logging
internal import NIOCore
internal import NIOHTTP1
internal import PropertyGraph

/// Lets people in with the tokens of an OpenID Connect provider: JSON Web Tokens (RFC 7519) that it signed for this service.
///
/// A token is believed when a key of the provider signed it with an algorithm of public keys, its `iss` is the provider, its
/// `aud` names this service, and now is between its `nbf` and `exp`, give or take a minute. Its user is the one of the graph
/// whose id a claim holds. Scopes of ours in its `scope`, such as `plexus:read`, narrow down what it is good for.
package final class OpenIDProvider: ForeignTokens {
    /// How far the clocks of provider and server may be apart, in seconds.
    private static let leeway = 60.0
    /// Those of public keys: a token cannot turn a public key into a shared secret, nor go without a signature.
    private static let algorithms: Set<String> = [
        "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA",
    ]
    /// How a scope of ours begins in a token of others.
    private static let scopePrefix = "plexus:"

    /// A user whom the graph does not know yet.
    package struct Newcomer: Hashable, Sendable {
        /// What its id is to be.
        package let id: String
        /// Its name, if the token tells.
        package let name: String?
        /// Its address, if the token tells and the provider verified it.
        package let email: String?
    }

    private let settings: OpenIDSettings
    private let database: GraphDatabase
    private let keys: ProviderKeys
    private let admit: (@Sendable (Newcomer) async throws -> Void)?
    private let now: @Sendable () -> Date
    private let logger: Logger

    /// Over the users of a graph. `admit` adds users whom the graph does not know; without it they are not let in.
    package convenience init(
        _ settings: OpenIDSettings, database: GraphDatabase, logger: Logger,
        admit: (@Sendable (Newcomer) async throws -> Void)? = nil
    ) {
        self.init(settings, database: database, logger: logger, fetch: Self.fetch, admit: admit)
    }

    init(
        _ settings: OpenIDSettings, database: GraphDatabase, logger: Logger,
        fetch: @escaping ProviderKeys.Fetch, clock: (@Sendable () -> Double)? = nil,
        now: @escaping @Sendable () -> Date = { Date() },
        admit: (@Sendable (Newcomer) async throws -> Void)? = nil
    ) {
        self.settings = settings
        self.database = database
        self.logger = logger
        self.admit = admit
        self.now = now
        let start = ContinuousClock.now
        self.keys = ProviderKeys(
            settings, fetch: fetch, clock: clock ?? { (ContinuousClock.now - start) / .seconds(1) },
            logger: logger)
    }

    /// The user of a token.
    /// - Throws: ``AuthenticationFailure``; why a token is not believed is in the log, not in the answer.
    package func principal(token: String) async throws(AuthenticationFailure) -> Principal {
        do {
            let claims = try await self.claims(token)
            guard let user = claims[self.settings.userClaim]?.string, !user.isEmpty else {
                throw TokenProblem.noUser(claim: self.settings.userClaim)
            }
            // Whoever may write any address to his account would else be anybody.
            if self.settings.userClaim == "email", claims["email_verified"]?.isTrue != true {
                throw TokenProblem.unverifiedAddress
            }
            try await self.find(user, claims)
            return Principal(user: user, scopes: Self.scopes(claims))
        } catch let error as ProviderUnavailable {
            throw .unavailable(what: "the keys of \(error.issuer)")
        } catch let error as AuthenticationFailure {
            throw error
        } catch {
            self.logger.info("a provider's token is not believed", metadata: ["reason": "\(error)"])
            throw .invalid(what: "token")
        }
    }

    // MARK: The token

    private func claims(_ token: String) async throws -> JSON {
        let parts = token.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let header = Self.json(parts[0]), let body = Self.json(parts[1]) else {
            throw TokenProblem.malformed
        }
        guard let algorithm = header["alg"]?.string, Self.algorithms.contains(algorithm),
            header["crit"] == nil
        else { throw TokenProblem.algorithm(header["alg"]?.string ?? "") }
        guard let key = try await self.keys.key(header["kid"]?.string) else {
            throw TokenProblem.unknownKey(header["kid"]?.string ?? "")
        }
        let claims = try await key.verify(token, as: RegisteredClaims.self)
        guard claims.iss.value == self.settings.issuer else { throw TokenProblem.issuer(claims.iss.value) }
        try claims.aud.verifyIntendedAudience(includes: self.settings.audience)
        let now = self.now()
        try claims.exp.verifyNotExpired(currentDate: now.addingTimeInterval(-Self.leeway))
        try claims.nbf?.verifyNotBefore(currentDate: now.addingTimeInterval(Self.leeway))
        return body
    }

    private static func json(_ part: Substring) -> JSON? {
        var text = part.replacing("-", with: "+").replacing("_", with: "/")
        text += String(repeating: "=", count: (4 - text.utf8.count % 4) % 4)
        return Data(base64Encoded: String(text)).flatMap { try? JSON.parse(utf8: Array($0)) }
    }

    private static func scopes(_ claims: JSON) -> Set<Scope>? {
        let words =
            claims["scope"]?.string?.split(separator: " ").map(String.init)
            ?? claims["scope"]?.array?.compactMap(\.string) ?? []
        let ours = words.filter { $0.hasPrefix(Self.scopePrefix) }
        guard !ours.isEmpty else { return nil }
        return Set(ours.compactMap { Scope(rawValue: String($0.dropFirst(Self.scopePrefix.count))) })
    }

    // MARK: The user

    private func find(_ user: String, _ claims: JSON) async throws {
        let graph = self.database.snapshot()
        if let node = graph.node("User", id: user) {
            guard graph.isEnabled(node) else { throw TokenProblem.disabled(user) }
            return
        }
        guard let admit = self.admit else { throw TokenProblem.unknownUser(user) }
        let email = claims["email_verified"]?.isTrue == true ? claims["email"]?.string : nil
        do {
            try await admit(Newcomer(id: user, name: claims["name"]?.string, email: email))
        } catch {
            // Two of its first requests may have come at once.
            guard self.database.snapshot().node("User", id: user) != nil else { throw error }
        }
    }

    // MARK: The provider

    private static let client: HTTPClient = {
        var configuration = HTTPClient.Configuration()
        configuration.timeout.connect = .seconds(5)
        configuration.redirectConfiguration = .disallow
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }()

    private static func fetch(_ url: String) async throws -> [UInt8] {
        let response = try await Self.client.execute(HTTPClientRequest(url: url), timeout: .seconds(10))
        guard response.status == .ok else { throw FetchProblem(url: url, status: Int(response.status.code)) }
        return Array(buffer: try await response.body.collect(upTo: 1 << 20))
    }
}

/// What every token must say (RFC 7519, section 4.1).
private struct RegisteredClaims: JWTPayload {
    let iss: IssuerClaim
    let aud: AudienceClaim
    let exp: ExpirationClaim
    let nbf: NotBeforeClaim?

    // Its times are looked at with some leeway, by the one who asked.
    func verify(using key: some JWTAlgorithm) {}
}

private struct FetchProblem: Error, CustomStringConvertible {
    let url: String
    let status: Int

    var description: String { "\(self.url) answers \(self.status)" }
}

/// Why a token is not believed: for the log.
private enum TokenProblem: Error, CustomStringConvertible {
    case malformed
    case algorithm(String)
    case unknownKey(String)
    case issuer(String)
    case noUser(claim: String)
    case unverifiedAddress
    case unknownUser(String)
    case disabled(String)

    var description: String {
        switch self {
        case .malformed: "it is not three parts of base64url with JSON in the first two"
        case .algorithm(let name): "its algorithm `\(name.prefix(40))` is not one of public keys"
        case .unknownKey(let name): "the provider has no key `\(name.prefix(100))`"
        case .issuer(let name): "it is of the issuer `\(name.prefix(200))`"
        case .noUser(let claim): "it has no claim `\(claim)` with a text"
        case .unverifiedAddress: "its `email` is not verified (`email_verified`)"
        case .unknownUser(let user):
            "there is no user `\(user.prefix(100))`; add it with `plexus user add`, or serve with --oidc-add-users"
        case .disabled(let user): "the user `\(user.prefix(100))` is disabled"
        }
    }
}

extension JSON {
    /// `true`, also as the text that some providers write.
    fileprivate var isTrue: Bool { self.bool == true || self.string == "true" }
}
