internal import Authorization
internal import GraphDatabase
internal import Identity
package import JSON
package import PropertyGraph

/// Groups, zones and accounts.
extension Directory {
    // MARK: Groups

    /// Adds a group.
    /// - Throws: ``DirectoryError``, ``StorageError``, ``GraphError``.
    package func addGroup(_ id: String, description: String?) async throws {
        var properties: [String: Value] = [:]
        properties["description"] = description.map(Value.string)
        try await self.create("Group", id, properties)
    }

    /// Groups by id, after one of them.
    package func groups(after last: String?, limit: Int) -> [JSON] {
        let graph = self.database.snapshot()
        return self.page("Group", after: last, limit: limit, in: graph).map { node in
            [
                "id": graph.json("id", of: node), "description": graph.json("description", of: node),
                "members": .int(self.members(node, graph).count),
                "created_at": graph.json("created_at", of: node),
            ]
        }
    }

    /// One group and its members, at most 1,000 of them.
    /// - Throws: ``DirectoryError/notFound(_:_:)``.
    package func group(_ id: String) throws(DirectoryError) -> JSON {
        let graph = self.database.snapshot()
        let node = try self.found("Group", id, in: graph)
        let members = self.members(node, graph)
        return [
            "id": .string(id), "description": graph.json("description", of: node),
            "members": .array(members.prefix(1000).map(\.json)), "member_count": .int(members.count),
            "created_at": graph.json("created_at", of: node),
        ]
    }

    private struct Member {
        let name: String
        let until: ZonedDateTime?

        var json: JSON {
            [
                "member": .string(self.name),
                "valid_until": self.until.map { .string($0.description) } ?? .null,
            ]
        }
    }

    private func members(_ group: NodeID, _ graph: GraphSnapshot) -> [Member] {
        guard let type = graph.tokens.relationshipType("MEMBER") else { return [] }
        let until = graph.tokens.propertyKey(GraphNaming.validUntil)
        var members: [Member] = []
        graph.forEachNeighbour(of: group, .incoming, type: type) { node, relationship in
            guard let id = graph.text("id", of: node) else { return }
            let isGroup = graph.tokens.label("Group").map { graph.hasLabel(node, $0) } ?? false
            members.append(
                Member(
                    name: isGroup ? "group:\(id)#member" : "user:\(id)",
                    until: until.flatMap { graph.property($0, of: relationship).dateTime }))
        }
        return members.sorted { $0.name < $1.name }
    }

    /// Adds or removes a member: `user:anne`, `group:eng#member`, or a user's id alone.
    /// - Throws: ``DirectoryError``, ``AuthorizationError``, ``StorageError``, ``GraphError``.
    package func setMember(
        _ member: String, of group: String, isMember: Bool, until: ZonedDateTime? = nil
    ) async throws {
        _ = try self.found("Group", group, in: self.database.snapshot())
        try await self.grant(
            try self.subject(member), "member", EntityReference(type: "group", id: group), until: until,
            isGranted: isMember)
    }

    /// A subject as people write it, which must be there: `anne`, `user:anne`, `group:eng`, `user:*`,
    /// `network:plexus#business_user`.
    private func subject(_ text: String) throws -> EntityReference {
        var subject =
            text.contains(":") ? try EntityReference(text) : EntityReference(type: "user", id: text)
        if subject.type == "group", subject.relation == nil {
            subject = EntityReference(type: "group", id: subject.id, relation: "member")
        }
        if subject.type != "network", subject.id != "*" {
            _ = try self.found(GraphNaming.label(subject.type), subject.id, in: self.database.snapshot())
        }
        return subject
    }

    // MARK: Zones

    /// For whom a zone is made: then it is open to all who have that role.
    package enum Audience: String, CaseIterable, Sendable {
        case admin
        case `super`
        case business
        case ordinary

        /// The relation on the network whose holders see the zone; nil for administrators, who see all.
        var role: Directory.Role? {
            switch self {
            case .admin: nil
            case .super: .superUser
            case .business: .businessUser
            case .ordinary: .ordinaryUser
            }
        }
    }

    /// Adds a zone, open to an audience; with none it is open to nobody but administrators yet.
    /// - Throws: ``DirectoryError``, ``AuthorizationError``, ``StorageError``, ``GraphError``.
    package func addZone(_ id: String, description: String?, audience: Audience = .admin) async throws {
        var properties: [String: Value] = ["audience": .string(audience.rawValue)]
        properties["description"] = description.map(Value.string)
        try await self.create("Zone", id, properties)
        guard let role = audience.role else { return }
        try await self.grant(
            EntityReference(type: "network", id: self.network.id, relation: role.rawValue), "open_to",
            EntityReference(type: "zone", id: id))
    }

    /// Zones by id, after one of them, that somebody may see.
    package func zones(after last: String?, limit: Int, isSeen: (String) -> Bool) -> [JSON] {
        let graph = self.database.snapshot()
        return self.page("Zone", after: last, limit: .max, in: graph)
            .filter { graph.text("id", of: $0).map(isSeen) ?? false }.prefix(limit)
            .map { self.zone($0, graph) }
    }

    /// One zone: to whom it is open and what it holds.
    /// - Throws: ``DirectoryError/notFound(_:_:)``.
    package func zone(_ id: String) throws(DirectoryError) -> JSON {
        let graph = self.database.snapshot()
        return self.zone(try self.found("Zone", id, in: graph), graph)
    }

    private func zone(_ node: NodeID, _ graph: GraphSnapshot) -> JSON {
        let holds = ["Function", "Pipeline", "View"].flatMap { label in
            self.neighbours(node, .outgoing, "CONTAINS", label: label, in: graph).map {
                JSON.string("\(label.lowercased()):\($0)")
            }
        }
        let open = ["User", "Group", "Network"].flatMap { label in
            self.neighbours(node, .incoming, "OPEN_TO", label: label, in: graph).map {
                JSON.string("\(label.lowercased()):\($0)")
            }
        }
        return [
            "id": graph.json("id", of: node), "description": graph.json("description", of: node),
            "audience": graph.json("audience", of: node), "open_to": .array(open), "contains": .array(holds),
            "created_at": graph.json("created_at", of: node),
        ]
    }

    /// Opens a zone to somebody, or closes it again.
    /// - Throws: ``DirectoryError``, ``AuthorizationError``, ``StorageError``, ``GraphError``.
    package func setOpen(
        _ zone: String, to subject: String, isOpen: Bool, until: ZonedDateTime? = nil
    ) async throws {
        _ = try self.found("Zone", zone, in: self.database.snapshot())
        try await self.grant(
            try self.subject(subject), "open_to", EntityReference(type: "zone", id: zone), until: until,
            isGranted: isOpen)
    }

    /// Puts something into a zone or takes it out: `function:clean`, `pipeline:report`, `view:machines`.
    /// - Throws: ``DirectoryError``, ``AuthorizationError``, ``StorageError``, ``GraphError``.
    package func setContained(_ object: String, in zone: String, isContained: Bool) async throws {
        _ = try self.found("Zone", zone, in: self.database.snapshot())
        let object = try EntityReference(object)
        guard ["function", "pipeline", "view"].contains(object.type), object.relation == nil else {
            throw DirectoryError.invalid("a zone holds functions, pipelines and views, not `\(object)`")
        }
        try await self.grant(
            EntityReference(type: "zone", id: zone), "contains", object, isGranted: isContained)
    }

    // MARK: Accounts

    /// Accounts by id, after one of them, that somebody may see.
    package func accounts(after last: String?, limit: Int, isSeen: (String) -> Bool) -> [JSON] {
        let graph = self.database.snapshot()
        return self.page("Account", after: last, limit: .max, in: graph)
            .filter { graph.text("id", of: $0).map(isSeen) ?? false }.prefix(limit)
            .map { node in
                let owners = ["User", "Group"].flatMap { label in
                    self.neighbours(node, .incoming, "OWNS", label: label, in: graph).map {
                        JSON.string("\(label.lowercased()):\($0)")
                    }
                }
                return [
                    "id": graph.json("id", of: node), "owners": .array(owners),
                    "credits_millis": graph.json("credits_millis", of: node),
                ]
            }
    }
}
