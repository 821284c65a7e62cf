/// Where a conversation stands and what may come next, by the protocol's table of states. A value: it knows no socket and no
/// graph. ``admit(_:)`` is asked before a request is done and ``conclude(_:with:)`` told after it.
package struct Conversation: Hashable, Sendable {
    /// The states of the protocol, by its names; INTERRUPTED is ``isInterrupted``.
    package enum Stage: Hashable, Sendable {
        /// HELLO is awaited.
        case negotiation
        /// LOGON is awaited.
        case authentication
        /// Nothing goes on.
        case ready
        /// A result is open.
        case streaming
        /// A transaction is open, and no result in it.
        case transactionReady
        /// A transaction and results in it are open.
        case transactionStreaming
        /// Something failed; all but RESET is ignored.
        case failed
        /// Over.
        case defunct
    }

    /// What is to be done with a request.
    package enum Verdict: Hashable, Sendable {
        /// It is to be done; for PULL and DISCARD with the result that is meant.
        case perform(result: Int)
        /// It is answered with IGNORED.
        case ignore
        /// It does not belong here: FAILURE, and the conversation is over.
        case refuse(String)
    }

    /// What came of a request.
    package enum Outcome: Hashable, Sendable {
        /// SUCCESS; of PULL and DISCARD: whether the result has more.
        case success(hasMore: Bool = false)
        /// FAILURE.
        case failure
        /// IGNORED, because a RESET came while it was done.
        case ignored
    }

    /// The state.
    package private(set) var stage = Stage.negotiation
    private let version: BoltVersion
    /// RESETs that have come and whose turn has not.
    private var interrupts = 0
    /// Results that are open, and the number of the newest one.
    private var results: Set<Int> = []
    private var newest = -1

    /// A conversation in a version, at its beginning.
    package init(version: BoltVersion) { self.version = version }

    /// Whether a RESET came whose turn has not: what waits before it is ignored, and what goes on is to end.
    package var isInterrupted: Bool { self.interrupts > 0 }

    /// Whether a transaction is open.
    package var isInTransaction: Bool {
        self.stage == .transactionReady || self.stage == .transactionStreaming
    }

    /// The number that the result of the next RUN gets.
    package var nextResult: Int { self.newest + 1 }

    /// Told of each request when it comes in, before its turn.
    package mutating func arrive(_ request: BoltRequest) { if request == .reset { self.interrupts += 1 } }

    /// Told of each request when its turn comes.
    package mutating func admit(_ request: BoltRequest) -> Verdict {
        if request == .reset {
            self.interrupts -= 1
            guard self.stage != .negotiation, self.stage != .defunct else {
                return self.refuse(request)
            }
            return .perform(result: -1)
        }
        if request == .goodbye { return .perform(result: -1) }
        if self.isInterrupted || self.stage == .failed { return .ignore }
        guard self.fits(request) else { return self.refuse(request) }
        switch request {
        case .pull(_, let result), .discard(_, let result):
            let meant = result == -1 ? self.newest : result
            return self.results.contains(meant)
                ? .perform(result: meant) : self.refuse(request, "result \(result) is not open")
        default: return .perform(result: -1)
        }
    }

    private mutating func refuse(_ request: BoltRequest, _ reason: String? = nil) -> Verdict {
        let stage = self.stage
        self.stage = .defunct
        return .refuse(reason ?? "\(request.name) does not belong into the state \(stage)")
    }

    private func fits(_ request: BoltRequest) -> Bool {
        switch (self.stage, request) {
        case (.negotiation, .hello): true
        case (.authentication, .logon): true
        case (.ready, .logoff): self.version.hasLogon
        case (.ready, .telemetry): self.version >= BoltVersion(5, 4)
        case (.ready, .run), (.ready, .begin), (.ready, .route): true
        case (.streaming, .pull), (.streaming, .discard): true
        case (.transactionReady, .run), (.transactionStreaming, .run): true
        case (.transactionReady, .commit), (.transactionStreaming, .commit): true
        case (.transactionReady, .rollback), (.transactionStreaming, .rollback): true
        case (.transactionStreaming, .pull), (.transactionStreaming, .discard): true
        default: false
        }
    }

    /// Told what came of a request that was to be done.
    package mutating func conclude(_ request: BoltRequest, with outcome: Outcome) {
        switch outcome {
        case .ignored: return
        case .failure:
            self.results = []
            // Whoever could not prove its right is not talked with any longer.
            self.stage = self.stage == .negotiation || self.stage == .authentication ? .defunct : .failed
        case .success(let hasMore): self.succeed(request, hasMore)
        }
    }

    private mutating func succeed(_ request: BoltRequest, _ hasMore: Bool) {
        switch request {
        case .hello: self.stage = self.version.hasLogon ? .authentication : .ready
        case .logoff: self.stage = .authentication
        case .logon: self.stage = .ready
        case .begin:
            self.stage = .transactionReady
            self.newest = -1
        case .commit, .rollback: self.becomeReady()
        case .reset: if self.stage != .authentication { self.becomeReady() }
        case .run:
            self.newest = self.isInTransaction ? self.newest + 1 : 0
            self.results.insert(self.newest)
            self.stage = self.isInTransaction ? .transactionStreaming : .streaming
        case .pull(_, let result), .discard(_, let result):
            guard !hasMore else { return }
            self.results.remove(result == -1 ? self.newest : result)
            if self.stage == .streaming { self.becomeReady() }
            if self.stage == .transactionStreaming, self.results.isEmpty { self.stage = .transactionReady }
        case .goodbye: self.stage = .defunct
        case .route, .telemetry: return
        }
    }

    private mutating func becomeReady() {
        self.stage = .ready
        self.results = []
        self.newest = -1
    }
}

extension BoltVersion {
    /// Whether rights are proved by LOGON and no longer by HELLO.
    package var hasLogon: Bool { self >= BoltVersion(5, 1) }
}

extension BoltRequest {
    /// The protocol's name of the message.
    package var name: String {
        switch self {
        case .hello: "HELLO"
        case .logon: "LOGON"
        case .logoff: "LOGOFF"
        case .goodbye: "GOODBYE"
        case .reset: "RESET"
        case .run: "RUN"
        case .begin: "BEGIN"
        case .commit: "COMMIT"
        case .rollback: "ROLLBACK"
        case .pull: "PULL"
        case .discard: "DISCARD"
        case .route: "ROUTE"
        case .telemetry: "TELEMETRY"
        }
    }
}
