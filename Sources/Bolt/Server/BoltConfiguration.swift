package import AccessControl
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
    /// Finds out who somebody is; nil where everybody comes in, whatever they show, and may do everything.
    package let authenticator: Authenticator?
    /// Says what callers may do.
    package let access: Guard
    /// What encrypts connections; nil for plain ones.
    package let tls: BoltTLS?
    /// Where log lines go.
    package let logger: Logger
    /// Bytes, requests, seconds.
    package let limits: Limits

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
        host: String, port: Int, catalog: GraphCatalog, authenticator: Authenticator?, access: Guard,
        tls: BoltTLS? = nil, logger: Logger, limits: Limits = Limits()
    ) {
        self.host = host
        self.port = port
        self.catalog = catalog
        self.authenticator = authenticator
        self.access = access
        self.tls = tls
        self.logger = logger
        self.limits = limits
    }
}

extension Authenticator {
    /// Who a client is by what HELLO or LOGON says.
    /// - Throws: ``StatusError`` when it is not let in.
    func caller(_ entries: [String: Value]) async throws(StatusError) -> Caller {
        let credentials = entries["credentials"]?.string ?? ""
        do {
            switch entries["scheme"]?.string {
            case "basic":
                return .user(
                    try await self.principal(user: entries["principal"]?.string ?? "", secret: credentials))
            case "bearer": return .user(try await self.principal(bearer: credentials))
            case nil, "none":
                throw Self.refusal("this server wants a user name and a password, or a token as password")
            case let scheme?:
                throw Self.refusal("scheme `\(scheme.prefix(40))` is not known; use `basic` or `bearer`")
            }
        } catch let failure as AuthenticationFailure {
            switch failure {
            case .invalid:
                throw Self.refusal("\(failure): give a user name and a password, or a token as password")
            case .locked:
                throw StatusError("Neo.ClientError.Security.AuthenticationRateLimit", failure.description)
            case .busy:
                throw StatusError("Neo.TransientError.Request.NoThreadsAvailable", failure.description)
            case .unavailable:
                throw StatusError("Neo.TransientError.General.DatabaseUnavailable", failure.description)
            }
        } catch let error as StatusError {
            throw error
        } catch {
            throw Self.refusal("\(error)")
        }
    }

    private static func refusal(_ message: String) -> StatusError {
        StatusError("Neo.ClientError.Security.Unauthorized", message)
    }
}
