internal import Cryptography
internal import GraphDatabase
internal import PropertyGraph
internal import Synchronization

/// The transactions that clients of the Query API have open. Each ends when its client is silent for ``idleSeconds``.
package final class QueryTransactions: Sendable {
    /// How long a client may be silent.
    package static let idleSeconds = 30
    /// How many may be open at once.
    package static let limit = 1000

    /// One of them, while its client works with it.
    struct Use: Sendable {
        let id: String
        let transaction: ExplicitTransaction
        /// When it ends unless its client asks for something.
        let expires: ZonedDateTime
    }

    private struct Entry {
        let transaction: ExplicitTransaction
        let user: String
        var isBusy = true
        /// Counts uses, so that a timer of an earlier one does nothing.
        var uses = 0
    }
    private let entries = Mutex<[String: Entry]>([:])

    /// None.
    package init() {}

    /// Keeps a transaction for a user, as if it had asked for it.
    /// - Throws: ``StatusError`` when there are too many, ``RandomnessUnavailable``.
    func open(_ transaction: ExplicitTransaction, user: String) throws -> Use {
        let id = try Secrets.identifier(milliseconds: GraphDatabase.now().epochMilliseconds)
        let isOpen = self.entries.withLock { entries in
            guard entries.count < Self.limit else { return false }
            entries[id] = Entry(transaction: transaction, user: user)
            return true
        }
        guard isOpen else {
            throw StatusError(
                "Neo.TransientError.Request.NoThreadsAvailable",
                "\(Self.limit) transactions are open already; end some, then try again")
        }
        return self.use(id, transaction)
    }

    private func use(_ id: String, _ transaction: ExplicitTransaction) -> Use {
        let now = GraphDatabase.now()
        return Use(
            id: id, transaction: transaction,
            expires: ZonedDateTime(seconds: now.seconds + Self.idleSeconds, nanosecond: 0))
    }

    /// Takes a user's transaction on a graph for one request; ``giveBack(_:)`` or ``end(_:)`` follows.
    /// - Throws: ``StatusError`` when there is no such transaction or another request has it.
    func take(_ id: String, graph: String, user: String) throws(StatusError) -> Use {
        enum Found { case none, busy, free(ExplicitTransaction) }
        let found: Found = self.entries.withLock { entries in
            guard var entry = entries[id], entry.user == user, entry.transaction.database.name == graph else {
                return .none
            }
            guard !entry.isBusy else { return .busy }
            entry.isBusy = true
            entries[id] = entry
            return .free(entry.transaction)
        }
        switch found {
        case .none:
            throw StatusError(
                "Neo.ClientError.Transaction.TransactionNotFound",
                "there is no transaction `\(id.prefix(40))`: it was ended, or its client was silent for "
                    + "\(Self.idleSeconds) s")
        case .busy:
            throw StatusError(
                "Neo.ClientError.Transaction.TransactionAccessedConcurrently",
                "another request is at work in this transaction; send one after another")
        case .free(let transaction): return self.use(id, transaction)
        }
    }

    /// Ends a request; the transaction stays open for a while.
    func giveBack(_ use: Use) {
        let uses: Int? = self.entries.withLock { entries in
            entries[use.id]?.isBusy = false
            entries[use.id]?.uses += 1
            return entries[use.id]?.uses
        }
        guard let uses else { return }
        Task { [weak self] in
            try await Task.sleep(for: .seconds(Self.idleSeconds))
            self?.expire(use.id, uses)
        }
    }

    private func expire(_ id: String, _ uses: Int) {
        let transaction: ExplicitTransaction? = self.entries.withLock { entries in
            guard let entry = entries[id], entry.uses == uses, !entry.isBusy else { return nil }
            return entries.removeValue(forKey: id)?.transaction
        }
        transaction?.rollback()
    }

    /// Forgets a transaction that is over, or takes it back.
    func end(_ use: Use) {
        self.entries.withLock { _ = $0.removeValue(forKey: use.id) }
        use.transaction.rollback()
    }

    /// Takes all back: the server ends.
    package func close() {
        let entries = self.entries.withLock { entries in
            defer { entries = [:] }
            return entries
        }
        for entry in entries.values { entry.transaction.rollback() }
    }
}
