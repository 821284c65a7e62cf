/// Who is behind a request, and what for.
package struct Principal: Hashable, Sendable {
    /// The user's id, such as `admin`.
    package let user: String
    /// What its token is good for; nil for all that the user may do.
    package let scopes: Set<Scope>?

    /// Names a user.
    package init(user: String, scopes: Set<Scope>? = nil) {
        self.user = user
        self.scopes = scopes
    }
}

/// What a token may be good for, of all that its user may do.
package enum Scope: String, CaseIterable, Hashable, Sendable {
    /// Looking at graphs and at what there is.
    case read
    /// Changing what is in graphs.
    case write
    /// Asking who may do what.
    case check
    /// Starting jobs and runs.
    case run
    /// Registering functions and pipelines.
    case publish
    /// Being a worker.
    case work
    /// Adding machines: what `plexus machine invite` gives out.
    case join
    /// Machines, and the jobs and runs of others.
    case operate
    /// Users, groups, zones, schemas, graphs as a whole.
    case administer
}

/// Why somebody is not let in.
package enum AuthenticationFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// Wrong token, or wrong name or password: which is not said.
    case invalid(what: String)
    /// Too many wrong passwords: nobody comes in under that name for a while.
    case locked(seconds: Int)
    /// More passwords are to be looked at than can be.
    case busy
    /// What decides cannot be reached.
    case unavailable(what: String)

    /// What happened, and what to do.
    package var description: String {
        switch self {
        case .invalid(let what): "the \(what) is not valid"
        case .locked(let seconds): "too many wrong passwords for this name; try again in \(seconds) s"
        case .busy: "too many passwords are being looked at; try again in a second"
        case .unavailable(let what): "\(what) cannot be fetched now; try again later"
        }
    }
}
