package import Identity

/// On whose behalf something is asked of Plexus.
package enum Caller: Hashable, Sendable {
    /// Nobody showed who they are.
    case nobody
    /// A user.
    case user(Principal)
    /// Whoever it is, with all rights: a server without authentication.
    case unchecked

    /// The user's id; nil when nobody had to say.
    package var user: String? {
        if case .user(let principal) = self { principal.user } else { nil }
    }
}
