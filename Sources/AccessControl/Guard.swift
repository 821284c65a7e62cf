package import Authorization
package import GraphDatabase
internal import Identity
internal import PropertyGraph

/// Says what callers may do in Plexus itself, by the model that is compiled in, over the newest graph of the network.
///
/// A model that somebody writes to the store `plexus` decides for others and not here: so nobody can be locked out.
package struct Guard: Sendable {
    private let authorizer: Authorizer
    private let database: GraphDatabase

    /// Guards by a model (`schema/network.fga`) over the graph of the network.
    package init(model: AuthorizationModel, database: GraphDatabase) {
        self.authorizer = Authorizer(model: model)
        self.database = database
    }

    /// What callers may do as of now: for many questions at once.
    package func now() -> Rights {
        Rights(view: self.authorizer.view(ofPublished: self.database.snapshot()), moment: GraphDatabase.now())
    }

    /// Whether a caller may do something now.
    package func allows(_ caller: Caller, _ permission: Permission) -> Bool {
        if case .unchecked = caller { return true }
        return self.now().allows(caller, permission)
    }

    /// - Throws: ``AccessDenied`` when the caller may do none of what is named, with the reason of the first.
    package func require(_ caller: Caller, _ permissions: Permission...) throws(AccessDenied) {
        if case .unchecked = caller { return }
        let rights = self.now()
        guard !permissions.contains(where: { rights.allows(caller, $0) }), let first = permissions.first
        else {
            return
        }
        throw AccessDenied(caller: caller, permission: first, reason: rights.reason(caller, first))
    }

    /// Whether a caller may do everything, within the scopes of its token.
    package func isAdministrator(_ caller: Caller) -> Bool {
        self.allows(caller, .network(.administer))
    }
}

/// What callers may do as of one moment.
package struct Rights: Sendable {
    let view: AuthorizationView
    let moment: ZonedDateTime

    /// Whether a caller may do something.
    package func allows(_ caller: Caller, _ permission: Permission) -> Bool {
        switch caller {
        case .nobody: false
        case .unchecked: true
        case .user(let principal):
            (principal.scopes?.contains(permission.scope) ?? true)
                && self.isGranted(principal, permission.relation, permission.object)
        }
    }

    func isGranted(_ principal: Principal, _ relation: String, _ object: EntityReference) -> Bool {
        let user = EntityReference(type: "user", id: principal.user)
        // What cannot be decided is not allowed.
        let holds = { (relation: String, object: EntityReference) in
            (try? self.view.check(user, relation, object, CheckOptions(at: self.moment))) ?? false
        }
        let all = Permission.network(.administer)
        return holds(all.relation, all.object) || holds(relation, object)
    }

    func reason(_ caller: Caller, _ permission: Permission) -> AccessDenied.Reason {
        guard case .user(let principal) = caller else { return .unknownCaller }
        if let sight = permission.sight, !self.isGranted(principal, sight, permission.object) {
            return .notSeen
        }
        return self.isGranted(principal, permission.relation, permission.object) ? .outOfScope : .notGranted
    }
}
