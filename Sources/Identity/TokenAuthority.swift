internal import Cryptography
package import GraphDatabase
package import PropertyGraph

/// Gives out bearer tokens and recognises them. The graph holds `(:User)-[:OWNS]->(:Token)` with a hash.
///
/// A token is `plx_ID_SECRET`. The secret is 256 random bits, so one SHA-256 is enough to store it:
/// slow hashes such as scrypt protect what people choose themselves, and would cost 50 ms a request.
package struct TokenAuthority: Sendable {
    private let database: GraphDatabase

    /// How tokens of ours begin.
    package static let prefix = "plx_"

    /// An authority over the users of a graph.
    package init(database: GraphDatabase) { self.database = database }

    /// Makes the first administrator, in the group `administrators`, with a token, in a graph without
    /// tokens.
    /// - Returns: the token, which is not stored anywhere, or nil when the graph has tokens already.
    /// - Throws: ``StorageError``, ``GraphError`` or ``RandomnessUnavailable``.
    package func bootstrap(now: Int) async throws -> String? {
        let token = try NewToken(milliseconds: now)
        let moment = ZonedDateTime(seconds: now / 1000)
        let isNew = try await self.database.write { transaction in
            let label = try transaction.label("Token")
            guard transaction.graph.count(label) == 0 else { return false }
            let admin = try Self.node("User", id: "admin", in: transaction)
            let group = try Self.node("Group", id: "administrators", in: transaction)
            _ = try transaction.createRelationship(type: "MEMBER", from: admin, to: group)
            let network = try Self.node("Network", id: self.database.name, in: transaction)
            _ = try transaction.createRelationship(type: "ADMINISTRATOR", from: group, to: network)
            try token.write(for: admin, TokenTerms(name: "first"), at: moment, in: transaction)
            return true
        }
        return isNew ? token.text : nil
    }

    /// Makes a token for a user.
    /// - Returns: its id and the token itself, which is not stored anywhere; nil when there is no such user.
    /// - Throws: ``StorageError``, ``GraphError`` or ``RandomnessUnavailable``.
    package func create(
        for user: String, _ terms: TokenTerms, at moment: ZonedDateTime
    ) async throws -> (id: String, token: String)? {
        let token = try NewToken(milliseconds: moment.epochMilliseconds)
        let isMade = try await self.database.write { transaction in
            guard let owner = transaction.graph.node("User", id: user) else { return false }
            try token.write(for: owner, terms, at: moment, in: transaction)
            return true
        }
        return isMade ? (token.id, token.text) : nil
    }

    /// Takes a token away for good; false when there is none of that id. `of` names whose token it must be.
    /// - Throws: ``StorageError``, ``GraphError``.
    package func revoke(_ id: String, of user: String? = nil) async throws -> Bool {
        try await self.database.write { transaction in
            guard let node = transaction.graph.node("Token", id: id),
                user == nil || transaction.graph.owner(ofToken: node)?.name == user
            else { return false }
            try transaction.deleteDetached(node)
            return true
        }
    }

    /// Counts one use of a token; with the last it is gone. A token without a number of uses stays.
    /// - Returns: false when it is gone already.
    /// - Throws: ``StorageError``, ``GraphError``.
    package func use(_ token: String) async throws -> Bool {
        guard let id = Self.id(of: token) else { return false }
        return try await self.database.write { transaction in
            guard let node = transaction.graph.node("Token", id: id) else { return false }
            guard let uses = transaction.graph.value("uses", of: node)?.integer else { return true }
            if uses > 1 {
                try transaction.setProperty(
                    transaction.propertyKey("uses"), of: node, to: .integer(uses - 1))
            } else {
                try transaction.deleteDetached(node)
            }
            return uses > 0
        }
    }

    /// The id in a token of ours; nil for any other text.
    private static func id(of token: String) -> String? {
        let parts = token.split(separator: "_", omittingEmptySubsequences: false)
        return parts.count == 3 && parts[0] == "plx" ? String(parts[1]) : nil
    }

    /// The user whose token this is, or nil: also when the token is over or the user is disabled. O(1); a wrong secret
    /// takes the same time as a right one.
    package func principal(token: String) -> Principal? {
        guard let id = Self.id(of: token) else { return nil }
        let graph = self.database.snapshot()
        let offered = SHA256.digest(Array(token.utf8.dropFirst(Self.prefix.utf8.count + id.utf8.count + 1)))
        guard let node = graph.node("Token", id: id), let hash = graph.text("hash", of: node),
            Secrets.areEqual(hash, offered), let owner = graph.owner(ofToken: node),
            graph.isEnabled(owner.node)
        else { return nil }
        if let end = graph.value("expires_at", of: node) {
            guard let end = end.dateTime, GraphDatabase.now().isBefore(end) else { return nil }
        }
        guard let list = graph.value("scopes", of: node)?.list else { return Principal(user: owner.name) }
        return Principal(user: owner.name, scopes: Set(list.compactMap { $0.string.flatMap(Scope.init) }))
    }

    private static func node(_ label: String, id: String, in transaction: GraphTransaction) throws -> NodeID {
        if let node = transaction.graph.node(label, id: id) { return node }
        return try transaction.createNode(labels: [label], properties: ["id": .string(id)])
    }
}

/// What a token is for and until when.
package struct TokenTerms: Hashable, Sendable {
    /// What people know it by.
    package var name: String
    /// What it is good for; nil for all that its user may do.
    package var scopes: Set<Scope>?
    /// When it ends; nil for never.
    package var expiresAt: ZonedDateTime?
    /// How often it can be used; nil for any number of times.
    package var uses: Int?

    /// Joins the terms.
    package init(
        name: String, scopes: Set<Scope>? = nil, expiresAt: ZonedDateTime? = nil, uses: Int? = nil
    ) {
        self.name = name
        self.scopes = scopes
        self.expiresAt = expiresAt
        self.uses = uses
    }
}

/// A token that is not stored yet.
private struct NewToken {
    let id: String
    private let secret: String

    init(milliseconds: Int) throws(RandomnessUnavailable) {
        self.id = try Secrets.identifier(milliseconds: milliseconds)
        self.secret = hexadecimal(try Secrets.randomBytes(32))
    }

    var text: String { "\(TokenAuthority.prefix)\(self.id)_\(self.secret)" }

    func write(
        for user: NodeID, _ terms: TokenTerms, at moment: ZonedDateTime, in transaction: GraphTransaction
    ) throws(GraphError) {
        var properties: [String: Value] = [
            "id": .string(self.id), "hash": .string(SHA256.digest(Array(self.secret.utf8))),
            "name": .string(terms.name), "created_at": .dateTime(moment),
        ]
        properties["expires_at"] = terms.expiresAt.map(Value.dateTime)
        properties["uses"] = terms.uses.map(Value.integer)
        properties["scopes"] = terms.scopes.map { .list($0.map(\.rawValue).sorted().map(Value.string)) }
        let token = try transaction.createNode(labels: ["Token"], properties: properties)
        _ = try transaction.createRelationship(type: "OWNS", from: user, to: token)
    }
}
