internal import Cryptography
package import GraphDatabase
internal import PropertyGraph

/// Who is behind a request.
package struct Principal: Hashable, Sendable {
    /// The user's id, such as `admin`.
    package let user: String

    /// Names a user.
    package init(user: String) { self.user = user }
}

/// Gives out bearer tokens and recognises them. The graph holds `(:User)-[:OWNS]->(:Token)` with a hash.
///
/// A token is `plx_ID_SECRET`. The secret is 256 random bits, so one SHA-256 is enough to store it:
/// slow hashes such as scrypt protect what people choose themselves, and would cost 50 ms a request.
package struct TokenAuthority: Sendable {
    private let database: GraphDatabase

    /// An authority over the users of a graph.
    package init(database: GraphDatabase) { self.database = database }

    /// Makes the first administrator, in the group `administrators`, with a token, in a graph without
    /// tokens.
    /// - Returns: the token, which is not stored anywhere, or nil when the graph has tokens already.
    /// - Throws: ``StorageError``, ``GraphError`` or ``RandomnessUnavailable``.
    package func bootstrap(now: Int) async throws -> String? {
        let id = try Secrets.identifier(milliseconds: now)
        let secret = hexadecimal(try Secrets.randomBytes(32))
        let isNew = try await self.database.write { transaction in
            let label = try transaction.label("Token")
            guard transaction.graph.count(label) == 0 else { return false }
            let admin = try Self.node("User", id: "admin", in: transaction)
            let group = try Self.node("Group", id: "administrators", in: transaction)
            _ = try transaction.createRelationship(type: "MEMBER", from: admin, to: group)
            let network = try Self.node("Network", id: self.database.name, in: transaction)
            _ = try transaction.createRelationship(type: "ADMINISTRATOR", from: group, to: network)
            let token = try transaction.createNode(
                labels: ["Token"],
                properties: [
                    "id": .string(id), "hash": .string(SHA256.digest(Array(secret.utf8))),
                    "created_at": .dateTime(ZonedDateTime(seconds: now / 1000)),
                ])
            _ = try transaction.createRelationship(type: "OWNS", from: admin, to: token)
            return true
        }
        return isNew ? "plx_\(id)_\(secret)" : nil
    }

    /// The user whose token this is, or nil. O(1); a wrong secret takes the same time as a right one.
    package func principal(token: String) -> Principal? {
        let parts = token.split(separator: "_", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0] == "plx" else { return nil }
        let graph = self.database.snapshot()
        let offered = SHA256.digest(Array(parts[2].utf8))
        guard let label = graph.tokens.label("Token"), let idKey = graph.tokens.propertyKey("id"),
            let hashKey = graph.tokens.propertyKey("hash"), let owns = graph.tokens.relationshipType("OWNS"),
            let node = graph.nodes(label, where: idKey, equals: .string(String(parts[1]))).first,
            let hash = graph.property(hashKey, of: node).string, Secrets.areEqual(hash, offered),
            let owner = graph.adjacency(of: node, .incoming).entries(of: owns).first,
            let user = graph.property(idKey, of: owner.neighbour).string
        else { return nil }
        return Principal(user: user)
    }

    private static func node(_ label: String, id: String, in transaction: GraphTransaction) throws -> NodeID {
        let key = try transaction.propertyKey("id")
        let found = transaction.graph.nodes(try transaction.label(label), where: key, equals: .string(id))
        if let node = found.first { return node }
        return try transaction.createNode(labels: [label], properties: ["id": .string(id)])
    }
}
