/// Whose tokens are believed, and who they name.
package struct OpenIDSettings: Hashable, Sendable {
    /// The provider, exactly as its tokens name it in `iss`.
    package let issuer: String
    /// What a token's `aud` must name: this service.
    package let audience: String
    /// The claim that holds the user's id in the graph.
    package let userClaim: String

    /// Checks the issuer: keys fetched without TLS could be anybody's.
    /// - Throws: ``OpenIDSettingsError``.
    package init(issuer: String, audience: String, userClaim: String = "sub") throws(OpenIDSettingsError) {
        let isLoopback = ["http://127.0.0.1", "http://localhost", "http://[::1]"].contains {
            issuer == $0 || issuer.hasPrefix($0 + ":") || issuer.hasPrefix($0 + "/")
        }
        guard issuer.hasPrefix("https://") || isLoopback else { throw .issuerIsNotSecure(issuer) }
        guard !audience.isEmpty else { throw .audienceIsEmpty }
        self.issuer = issuer
        self.audience = audience
        self.userClaim = userClaim
    }

    /// Where the provider tells of itself (OpenID Connect Discovery 1.0, section 4).
    var discovery: String {
        (self.issuer.hasSuffix("/") ? String(self.issuer.dropLast()) : self.issuer)
            + "/.well-known/openid-configuration"
    }
}

/// Why a provider cannot be one.
package enum OpenIDSettingsError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Its address has no TLS.
    case issuerIsNotSecure(String)
    /// Tokens for any service would be taken.
    case audienceIsEmpty

    /// What is wrong, and what to do.
    package var description: String {
        switch self {
        case .issuerIsNotSecure(let issuer):
            "the issuer `\(issuer)` must begin with https:// (http:// is for 127.0.0.1 and localhost)"
        case .audienceIsEmpty: "name the audience that tokens for this service have"
        }
    }
}
