internal import Foundation
internal import JSON
internal import JWTKit
internal import Logging

/// The keys with which a provider signs, fetched when they are needed.
///
/// They are asked for anew when a token names a key that is not among them, as providers change keys without notice, yet not
/// more often than every 30 s, so that made-up names cost the provider nothing; and every hour, so that a key that was taken
/// back is not believed for long. What cannot be fetched leaves the keys as they are for a day.
actor ProviderKeys {
    /// Bytes of an address.
    typealias Fetch = @Sendable (_ url: String) async throws -> [UInt8]

    private static let freshSeconds = 3600.0
    private static let keptSeconds = 86_400.0
    private static let retrySeconds = 30.0

    private let settings: OpenIDSettings
    private let fetch: Fetch
    private let clock: @Sendable () -> Double
    private let logger: Logger
    private var keys: [String: JWTKeyCollection] = [:]
    private var fetchedAt = -Double.infinity
    private var triedAt = -Double.infinity
    private var running: Task<[String: JWTKeyCollection], any Error>?

    /// Keys of a provider; `clock` gives seconds that never go back.
    init(
        _ settings: OpenIDSettings, fetch: @escaping Fetch, clock: @escaping @Sendable () -> Double,
        logger: Logger
    ) {
        self.settings = settings
        self.fetch = fetch
        self.clock = clock
        self.logger = logger
    }

    /// The key of a name; without a name, the only key there is. Nil when the provider has none of that name.
    /// - Throws: ``ProviderUnavailable`` when no keys are known.
    func key(_ name: String?) async throws(ProviderUnavailable) -> JWTKeyCollection? {
        if self.clock() - self.fetchedAt < Self.freshSeconds, let key = self.known(name) { return key }
        await self.refresh()
        guard self.clock() - self.fetchedAt < Self.keptSeconds else {
            throw ProviderUnavailable(issuer: self.settings.issuer)
        }
        return self.known(name)
    }

    private func known(_ name: String?) -> JWTKeyCollection? {
        if let name { return self.keys[name] }
        return self.keys.count == 1 ? self.keys.first?.value : nil
    }

    private func refresh() async {
        let now = self.clock()
        if self.running == nil {
            guard now - self.triedAt >= Self.retrySeconds else { return }
            self.triedAt = now
        }
        let task =
            self.running
            ?? Task { [settings, fetch] in try await Self.load(settings, fetch) }
        self.running = task
        do {
            self.keys = try await task.value
            self.fetchedAt = now
        } catch {
            self.logger.warning(
                "the provider's keys cannot be fetched",
                metadata: ["issuer": "\(self.settings.issuer)", "error": "\(error)"])
        }
        self.running = nil
    }

    private static func load(
        _ settings: OpenIDSettings, _ fetch: Fetch
    ) async throws -> [String: JWTKeyCollection] {
        let provider = try JSON.parse(utf8: try await fetch(settings.discovery))
        guard provider["issuer"]?.string == settings.issuer else {
            throw KeyProblem.otherIssuer(provider["issuer"]?.string ?? "", settings.issuer)
        }
        guard let address = provider["jwks_uri"]?.string,
            address.hasPrefix("https://") || settings.issuer.hasPrefix("http://")
        else { throw KeyProblem.noKeys }
        let set = try JSON.parse(utf8: try await fetch(address))
        var keys: [String: JWTKeyCollection] = [:]
        for (index, json) in (set["keys"]?.array ?? []).enumerated() {
            // Sets hold keys for other uses, and of kinds that are not known here: they say nothing about the others.
            guard json["use"]?.string ?? "sig" == "sig", json["kty"]?.string != "oct" else { continue }
            let name = json["kid"]?.string ?? "#\(index)"
            var named = json.object ?? JSON.Object()
            named["kid"] = .string(name)
            guard let key = try? JSONDecoder().decode(JWK.self, from: Data(JSON.object(named).text.utf8)),
                let collection = try? await JWTKeyCollection().add(jwk: key)
            else { continue }
            keys[name] = collection
        }
        guard !keys.isEmpty else { throw KeyProblem.noKeys }
        return keys
    }
}

/// The provider's keys are not known and cannot be fetched.
struct ProviderUnavailable: Error {
    let issuer: String
}

/// Why what a provider says of itself is of no use.
private enum KeyProblem: Error, CustomStringConvertible {
    case otherIssuer(String, String)
    case noKeys

    var description: String {
        switch self {
        case .otherIssuer(let given, let wanted):
            "its description names the issuer `\(given.prefix(200))`, not `\(wanted)`"
        case .noKeys: "its description leads to no keys that sign"
        }
    }
}
