package import GraphDatabase

/// Recognises tokens that others gave out.
package protocol ForeignTokens: Sendable {
    /// The user of a token.
    /// - Throws: ``AuthenticationFailure``.
    func principal(token: String) async throws(AuthenticationFailure) -> Principal
}

/// All ways to say who one is: tokens of ours, names with passwords, tokens of others. One for HTTP and Bolt.
package struct Authenticator: Sendable {
    /// Tokens of ours.
    package let tokens: TokenAuthority
    /// Names with passwords.
    package let passwords: PasswordAuthority
    private let foreign: (any ForeignTokens)?

    /// Over the users of a graph.
    /// - Throws: ``RandomnessUnavailable``.
    package init(database: GraphDatabase, foreign: (any ForeignTokens)? = nil) throws {
        self.tokens = TokenAuthority(database: database)
        self.passwords = try PasswordAuthority(database: database)
        self.foreign = foreign
    }

    /// Who shows a bearer token.
    /// - Throws: ``AuthenticationFailure``.
    package func principal(bearer token: String) async throws(AuthenticationFailure) -> Principal {
        if let principal = self.tokens.principal(token: token) { return principal }
        guard let foreign = self.foreign, !token.hasPrefix(TokenAuthority.prefix) else {
            throw .invalid(what: "token")
        }
        return try await foreign.principal(token: token)
    }

    /// Who shows a name and a secret: the user's password, or a token under any name, for clients that know no other way.
    /// - Throws: ``AuthenticationFailure``.
    package func principal(
        user: String, secret: String
    ) async throws(AuthenticationFailure) -> Principal {
        if secret.hasPrefix(TokenAuthority.prefix) { return try await self.principal(bearer: secret) }
        return try await self.passwords.principal(user: user, password: secret)
    }
}
