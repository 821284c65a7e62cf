internal import Authorization
internal import GraphDatabase
package import Identity
package import JSON
package import PropertyGraph

/// Users and their tokens.
extension Directory {
    /// Adds a user, with a role and perhaps a password. `kind` is `person` or `service`.
    /// - Throws: ``DirectoryError``, ``StorageError``, ``GraphError``, ``AuthorizationError``.
    package func addUser(
        _ id: String, name: String?, email: String?, kind: String = "person", role: Role = .ordinaryUser,
        password: String?
    ) async throws {
        guard ["person", "service"].contains(kind) else {
            throw DirectoryError.invalid("a user's kind is person or service, not `\(kind.prefix(40))`")
        }
        if let password, !Self.isPassword(password) { throw DirectoryError.invalidPassword }
        var properties: [String: Value] = ["kind": .string(kind), "status": .string("enabled")]
        properties["name"] = name.map(Value.string)
        properties["email"] = email.map(Value.string)
        try await self.create("User", id, properties)
        try await self.grant(EntityReference(type: "user", id: id), role.rawValue, self.network)
        if let password { try await self.setPassword(password, of: id) }
    }

    private static func isPassword(_ text: String) -> Bool {
        PasswordAuthority.length.contains(text.utf8.count)
    }

    /// Users by id, after one of them.
    package func users(after last: String?, limit: Int) -> [JSON] {
        let graph = self.database.snapshot()
        return self.page("User", after: last, limit: limit, in: graph).map { self.user($0, graph) }
    }

    /// One user.
    /// - Throws: ``DirectoryError/notFound(_:_:)``.
    package func user(_ id: String) throws(DirectoryError) -> JSON {
        let graph = self.database.snapshot()
        return self.user(try self.found("User", id, in: graph), graph)
    }

    private func user(_ node: NodeID, _ graph: GraphSnapshot) -> JSON {
        let roles = Role.allCases.filter { role in
            !self.neighbours(node, .outgoing, role.rawValue.uppercased(), label: "Network", in: graph).isEmpty
        }
        return [
            "id": graph.json("id", of: node), "name": graph.json("name", of: node),
            "email": graph.json("email", of: node), "kind": graph.json("kind", of: node),
            "status": .string(graph.isEnabled(node) ? "enabled" : "disabled"),
            "has_password": .bool(graph.hasPassword(node)),
            "roles": .array(roles.map { .string($0.rawValue) }),
            "groups": .array(
                self.neighbours(node, .outgoing, "MEMBER", label: "Group", in: graph).map(JSON.string)),
            "created_at": graph.json("created_at", of: node),
        ]
    }

    /// Lets a user in or not; tokens and passwords of one who is not let in are worth nothing meanwhile.
    /// - Throws: ``DirectoryError/notFound(_:_:)``, ``StorageError``, ``GraphError``.
    package func setEnabled(_ isEnabled: Bool, user id: String) async throws {
        try await self.database.write { transaction in
            let node = try self.found("User", id, in: transaction.graph)
            try transaction.setProperty(
                transaction.propertyKey("status"), of: node, to: .string(isEnabled ? "enabled" : "disabled"))
        }
    }

    /// Gives or takes a role.
    /// - Throws: ``DirectoryError/notFound(_:_:)``, ``StorageError``, ``GraphError``, ``AuthorizationError``.
    package func setRole(
        _ role: Role, user id: String, isGranted: Bool, until: ZonedDateTime? = nil
    ) async throws {
        _ = try self.found("User", id, in: self.database.snapshot())
        try await self.grant(
            EntityReference(type: "user", id: id), role.rawValue, self.network, until: until,
            isGranted: isGranted)
    }

    /// Gives a user a password, in place of an earlier one.
    /// - Throws: ``DirectoryError``, ``StorageError``, ``GraphError``.
    package func setPassword(_ password: String, of user: String) async throws {
        guard Self.isPassword(password) else { throw DirectoryError.invalidPassword }
        guard try await self.authenticator.passwords.set(password, of: user, at: GraphDatabase.now()) else {
            throw DirectoryError.notFound("user", user)
        }
    }

    // MARK: Tokens

    /// Makes a token for a user; the answer is the only place where it is shown.
    /// - Throws: ``DirectoryError/notFound(_:_:)``, ``StorageError``, ``GraphError``.
    package func createToken(for user: String, _ terms: TokenTerms) async throws -> JSON {
        let made = try await self.authenticator.tokens.create(for: user, terms, at: GraphDatabase.now())
        guard let made else { throw DirectoryError.notFound("user", user) }
        return ["id": .string(made.id), "token": .string(made.token), "user": .string(user)]
    }

    /// Tokens by id, after one of them, of one user or of all; without their secrets, which nobody has.
    package func tokens(of user: String?, after last: String?, limit: Int) -> [JSON] {
        let graph = self.database.snapshot()
        let nodes = self.page("Token", after: last, limit: user == nil ? limit : .max, in: graph)
        return nodes.lazy.compactMap { node -> JSON? in
            let owner = graph.owner(ofToken: node)?.name
            guard user == nil || owner == user else { return nil }
            return [
                "id": graph.json("id", of: node), "name": graph.json("name", of: node),
                "user": owner.map(JSON.string) ?? .null, "scopes": graph.json("scopes", of: node),
                "created_at": graph.json("created_at", of: node),
                "expires_at": graph.json("expires_at", of: node),
            ]
        }.prefix(limit).map { $0 }
    }

    /// Takes a token away for good; `of` names whose it must be.
    /// - Throws: ``DirectoryError/notFound(_:_:)``, ``StorageError``, ``GraphError``.
    package func revokeToken(_ id: String, of user: String?) async throws {
        guard try await self.authenticator.tokens.revoke(id, of: user) else {
            throw DirectoryError.notFound("token", id)
        }
    }
}

extension GraphSnapshot {
    /// A property for an answer.
    func json(_ key: String, of node: NodeID) -> JSON {
        switch self.value(key, of: node) {
        case .string(let text)?: .string(text)
        case .integer(let number)?: .int(number)
        case .boolean(let truth)?: .bool(truth)
        case .dateTime(let moment)?: .string(moment.description)
        case .list(let values)?: .array(values.compactMap { $0.string.map(JSON.string) })
        default: .null
        }
    }

    func hasPassword(_ user: NodeID) -> Bool {
        guard let owns = self.tokens.relationshipType("OWNS"), let label = self.tokens.label("Credential")
        else {
            return false
        }
        var isThere = false
        self.forEachNeighbour(of: user, .outgoing, type: owns) { node, _ in
            if self.hasLabel(node, label) { isThere = true }
        }
        return isThere
    }
}
