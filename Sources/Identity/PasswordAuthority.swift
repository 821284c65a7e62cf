internal import Cryptography
internal import Dispatch
package import GraphDatabase
package import PropertyGraph
internal import Synchronization

/// Knows users by their passwords. The graph holds `(:User)-[:OWNS]->(:Credential {id, kind: 'password', hash})`.
///
/// Hashing takes 0.1 s, on one thread of its own, so that guessing does not take the machine. A password that was right is
/// remembered for some minutes, as a digest under a key of this process: clients that send it with each request do not wait.
package final class PasswordAuthority: Sendable {
    /// The fewest and most bytes of a password.
    package static let length = 8...1024
    /// How many passwords may wait to be looked at.
    private static let waitingLimit = 64
    /// For how many seconds, and how many, right passwords are remembered.
    private static let rememberedSeconds = 300.0
    private static let rememberedLimit = 10_000

    private struct State {
        var waiting = 0
        var remembered: [String: Double] = [:]
    }
    private let database: GraphDatabase
    private let throttle = LoginThrottle()
    private let state = Mutex(State())
    private let thread = DispatchQueue(label: "plexus-passwords")
    private let key: [UInt8]
    /// Looked at for names that do not exist, so that they take as long.
    private let decoy: PasswordHash

    /// An authority over the users of a graph. Takes as long as hashing a password.
    /// - Throws: ``RandomnessUnavailable``.
    package init(database: GraphDatabase) throws {
        self.database = database
        self.key = try Secrets.randomBytes(32)
        self.decoy = try PasswordHash(of: hexadecimal(self.key))
    }

    /// The user of a name and a password.
    /// - Throws: ``AuthenticationFailure``.
    package func principal(
        user: String, password: String
    ) async throws(AuthenticationFailure) -> Principal {
        let now = Self.seconds()
        if let seconds = self.throttle.wait(user, at: now) { throw .locked(seconds: seconds) }
        let graph = self.database.snapshot()
        let node = graph.node("User", id: user)
        let stored = node.flatMap { graph.credential(of: $0) }.flatMap { graph.text("hash", of: $0) }
        let isRight = try await self.matches(stored.map { PasswordHash(text: $0) }, user, password, now)
        guard isRight, let node, graph.isEnabled(node) else {
            if !isRight { self.throttle.failed(user, at: Self.seconds()) }
            throw .invalid(what: "user name or password")
        }
        self.throttle.succeeded(user)
        return Principal(user: user)
    }

    private func matches(
        _ hash: PasswordHash?, _ user: String, _ password: String, _ now: Double
    ) async throws(AuthenticationFailure) -> Bool {
        guard password.utf8.count <= Self.length.upperBound else { return false }
        let shown = hash ?? self.decoy
        let digest = SHA256.digest(self.key + Array("\(user)\0\(shown.text)\0\(password)".utf8))
        let isKnown = try self.state.withLock { state throws(AuthenticationFailure) in
            if let until = state.remembered[digest], until > now { return true }
            guard state.waiting < Self.waitingLimit else { throw .busy }
            state.waiting += 1
            return false
        }
        if isKnown { return true }
        let isRight = await withCheckedContinuation { continuation in
            self.thread.async { continuation.resume(returning: shown.matches(password)) }
        }
        self.state.withLock { state in
            state.waiting -= 1
            guard isRight, hash != nil else { return }
            if state.remembered.count >= Self.rememberedLimit { state.remembered = [:] }
            state.remembered[digest] = now + Self.rememberedSeconds
        }
        return isRight && hash != nil
    }

    /// Gives a user a password, in place of an earlier one; false when there is no such user.
    /// - Throws: ``StorageError``, ``GraphError``, ``RandomnessUnavailable``.
    package func set(_ password: String, of user: String, at moment: ZonedDateTime) async throws -> Bool {
        let hash = try await withCheckedThrowingContinuation { continuation in
            self.thread.async { continuation.resume(with: Result { try PasswordHash(of: password) }) }
        }
        return try await self.database.write { transaction in
            guard let node = transaction.graph.node("User", id: user) else { return false }
            if let old = transaction.graph.credential(of: node) {
                try transaction.deleteDetached(old)
            }
            let credential = try transaction.createNode(
                labels: ["Credential"],
                properties: [
                    "id": .string("password:" + user), "kind": .string("password"),
                    "hash": .string(hash.text),
                    "created_at": .dateTime(moment),
                ])
            _ = try transaction.createRelationship(type: "OWNS", from: node, to: credential)
            return true
        }
    }

    private static func seconds() -> Double {
        Double(DispatchTime.now().uptimeNanoseconds) / 1e9
    }
}
