package import GraphDatabase
package import Identity
package import Logging
package import NIOCore
internal import PropertyGraph

/// What a Bolt server serves, to whom and within which limits.
package struct BoltConfiguration: Sendable {
    /// Where it listens.
    package let host: String
    /// At which port; 0 for a free one.
    package let port: Int
    /// The graphs.
    package let catalog: GraphCatalog
    /// Who is let in.
    package let gate: Gate
    /// What encrypts connections; nil for plain ones.
    package let tls: BoltTLS?
    /// Where log lines go.
    package let logger: Logger
    /// Bytes, requests, seconds.
    package let limits: Limits

    /// Who is let in.
    package enum Gate: Sendable {
        /// Everybody, whatever they show.
        case open
        /// Whoever shows a token of this authority.
        case tokens(TokenAuthority)
    }

    /// What a connection may take.
    package struct Limits: Sendable {
        /// How many connections there may be at once.
        package var connections = 10_000
        /// How many requests of a connection wait for their turn before its socket is not read any more.
        package var queuedRequests = 64
        /// The longest message of a client, in bytes.
        package var messageBytes = 64 << 20
        /// The longest message of a client that nobody knows yet, in bytes.
        package var strangerMessageBytes = 16 << 10
        /// How long a client may take until it is known.
        package var strangerTime = TimeAmount.seconds(30)

        /// The usual ones.
        package init() {}
    }

    /// Joins the parts.
    package init(
        host: String, port: Int, catalog: GraphCatalog, gate: Gate, tls: BoltTLS? = nil,
        logger: Logger, limits: Limits = Limits()
    ) {
        self.host = host
        self.port = port
        self.catalog = catalog
        self.gate = gate
        self.tls = tls
        self.logger = logger
        self.limits = limits
    }
}

extension BoltConfiguration.Gate {
    /// Whether a client may come in with what HELLO or LOGON says.
    /// - Throws: ``StatusError`` when not.
    func check(_ entries: [String: Value]) throws(StatusError) {
        guard case .tokens(let authority) = self else { return }
        let token: String? =
            switch entries["scheme"]?.string {
            // Whoever knows only user names and passwords gives the token as password, under any name.
            case "basic", "bearer": entries["credentials"]?.string
            case nil, "none":
                throw Self.refusal("this server wants a token: user name `neo4j`, the token as password")
            case let scheme?:
                throw Self.refusal("scheme `\(scheme.prefix(40))` is not known; use `basic` or `bearer`")
            }
        guard let token, authority.principal(token: token) != nil else {
            throw Self.refusal("the token is not valid: user name `neo4j`, the token as password")
        }
    }

    private static func refusal(_ message: String) -> StatusError {
        StatusError("Neo.ClientError.Security.Unauthorized", message)
    }
}
