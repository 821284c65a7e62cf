internal import Authorization
internal import GraphDatabase
internal import Identity
package import JSON
package import PropertyGraph

/// Machines and how they come in: a join token is good for a few machines and a short time, and is shown on the machine's first
/// command line; the machine then has a token of its own, which is good for being a worker and for nothing else.
extension Directory {
    /// Makes a join token, which acts for who makes it.
    /// - Throws: ``DirectoryError``, ``StorageError``, ``GraphError``.
    package func invite(uses: Int, until end: ZonedDateTime) async throws -> JSON {
        guard let actor = self.actor else {
            throw DirectoryError.invalid(
                "this server asks nobody who they are: workers need no token to join it")
        }
        return try await self.createToken(
            for: actor, TokenTerms(name: "join", scopes: [.join], expiresAt: end, uses: uses))
    }

    /// Lets a machine in: it gets a token of a user of its own, `machine-HOSTNAME`, a worker. `invitation` is what it came with.
    /// - Throws: ``DirectoryError``, ``StorageError``, ``GraphError``, ``AuthorizationError``.
    package func join(hostname: String, invitation: String?) async throws -> JSON {
        let user = Self.user(ofMachine: hostname)
        guard Self.isName(user) else { throw DirectoryError.invalidName(hostname) }
        if let invitation, try await !self.authenticator.tokens.use(invitation) {
            throw DirectoryError.notFound("token", "join")
        }
        do {
            try await self.addUser(
                user, name: hostname, email: nil, kind: "service", role: .worker, password: nil)
        } catch DirectoryError.exists {
            // It was here before, under this name.
            try await self.setRole(.worker, user: user, isGranted: true)
        }
        return try await self.createToken(for: user, TokenTerms(name: hostname, scopes: [.work]))
    }

    /// Takes a machine's tokens away. O(tokens).
    /// - Throws: ``StorageError``, ``GraphError``.
    package func shutOut(machine: String) async throws {
        let user = Self.user(ofMachine: machine)
        for token in self.tokens(of: user, after: nil, limit: .max) {
            if let id = token["id"]?.string { try await self.revokeToken(id, of: user) }
        }
    }

    private static func user(ofMachine hostname: String) -> String { "machine-\(hostname)" }
}
