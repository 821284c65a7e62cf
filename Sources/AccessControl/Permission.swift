package import Authorization
package import Identity

/// Something that one may be allowed to do in Plexus itself: a relation on an object of `schema/network.fga`.
package struct Permission: Hashable, Sendable, CustomStringConvertible {
    /// Such as `can_run`.
    package let relation: String
    /// Such as `function:clean`.
    package let object: EntityReference
    /// Which scope a token must have for it.
    package let scope: Scope
    /// The relation without which one may not even know that the object is there; nil when that is no secret.
    package let sight: String?

    private init(_ relation: String, _ type: String, _ id: String, _ scope: Scope, sight: String? = nil) {
        self.relation = relation
        self.object = EntityReference(type: type, id: id)
        self.scope = scope
        self.sight = sight
    }

    /// As `can_run function:clean`.
    package var description: String { "\(self.relation) \(self.object)" }

    /// What one may do with the network.
    package enum OnNetwork: String, CaseIterable, Sendable {
        /// Come in, as an ordinary user.
        case enter = "can_enter"
        /// Change users, groups, zones and all else.
        case administer = "can_administer"
        /// Make graphs.
        case createGraphs = "can_create_graphs"
        /// See and change machines, jobs and runs of others.
        case operate = "can_operate"
        /// Be a worker.
        case work = "can_work"
        /// Let machines in as workers.
        case addMachines = "can_add_machines"
        /// Register functions and pipelines.
        case publish = "can_publish"
        /// Read the journals.
        case audit = "can_audit"

        fileprivate var scope: Scope {
            switch self {
            case .enter: .read
            case .administer, .createGraphs, .audit: .administer
            case .operate: .operate
            case .work: .work
            case .addMachines: .join
            case .publish: .publish
            }
        }
    }

    /// A permission on the network.
    package static func network(_ what: OnNetwork) -> Permission {
        Permission(what.rawValue, "network", "plexus", what.scope)
    }

    /// What one may do with a graph.
    package enum OnGraph: String, CaseIterable, Sendable {
        /// Ask who may do what by it.
        case check = "can_check"
        /// Read it.
        case read = "can_read"
        /// Change it.
        case write = "can_write"
        /// Change its indexes, constraints and models.
        case changeSchema = "can_change_schema"
        /// Copy and drop it.
        case administer = "can_administer"

        fileprivate var scope: Scope {
            switch self {
            case .check: .check
            case .read: .read
            case .write: .write
            case .changeSchema, .administer: .administer
            }
        }
    }

    /// A permission on a graph.
    package static func graph(_ what: OnGraph, _ name: String) -> Permission {
        Permission(what.rawValue, "graph", name.isEmpty ? "?" : name.lowercased(), what.scope)
    }

    /// What one may do with something that zones may hide.
    package enum OnObject: String, CaseIterable, Sendable {
        /// Know of it.
        case see = "can_see"
        /// Start it.
        case run = "can_run"
        /// Register versions of it, and switch them on and off.
        case publish = "can_publish"

        fileprivate var scope: Scope {
            switch self {
            case .see: .read
            case .run: .run
            case .publish: .publish
            }
        }
    }

    /// What zones may hide.
    package enum Hidden: String, CaseIterable, Sendable {
        case function
        case pipeline
        case view
        case zone
        case account
    }

    /// A permission on something that zones may hide, by its name without version.
    package static func on(_ type: Hidden, _ what: OnObject, _ name: String) -> Permission {
        let name = name.prefix { $0 != "@" }
        return Permission(
            what.rawValue, type.rawValue, name.isEmpty ? "?" : String(name), what.scope,
            sight: OnObject.see.rawValue)
    }
}

/// Somebody may not do something.
package struct AccessDenied: Error, Hashable, Sendable, CustomStringConvertible {
    /// Who.
    package let caller: Caller
    /// What.
    package let permission: Permission
    /// Why.
    package let reason: Reason

    /// Why not.
    package enum Reason: Hashable, Sendable {
        /// The model does not give it.
        case notGranted
        /// Not even that the object is there may be known.
        case notSeen
        /// The user may, this token may not.
        case outOfScope
        /// Nobody said who they are.
        case unknownCaller
    }

    /// What happened, where, and what to do.
    package var description: String {
        let user = "user:\(self.caller.user ?? "?")"
        switch self.reason {
        case .notGranted:
            return
                "\(user) may not \(self.permission); `plexus check \(user) \(self.permission) --explain` tells an "
                + "administrator why, and what would change it"
        case .notSeen: return "there is no \(self.permission.object.type) `\(self.permission.object.id)`"
        case .outOfScope:
            return
                "this token has not the scope `\(self.permission.scope.rawValue)`, which \(self.permission) needs; "
                + "`plexus token create --scope` makes one that has"
        case .unknownCaller: return "say who you are: send a token or a user name and a password"
        }
    }
}
