package import Authorization
internal import GraphDatabase
package import Identity
internal import PropertyGraph

/// People, groups, zones and tokens of the network, as administrators change and list them.
///
/// Who belongs to what and may do what are tuples, written through ``AuthorizationStore``: each has its line in the audit
/// journal and who granted it. All lists come in the order of their ids, so many at a time.
package struct Directory: Sendable {
    let database: GraphDatabase
    let store: AuthorizationStore
    let authenticator: Authenticator
    /// Who changes; nil when nobody had to say.
    let actor: String?

    /// The directory of the network, for somebody who changes it.
    package init(store: AuthorizationStore, authenticator: Authenticator, actor: String?) {
        self.database = store.database
        self.store = store
        self.authenticator = authenticator
        self.actor = actor
    }

    /// The roles that a user can have in the network.
    package enum Role: String, CaseIterable, Sendable {
        case administrator
        case superUser = "super_user"
        case businessUser = "business_user"
        case ordinaryUser = "ordinary_user"
        case `operator`
        case worker
        case publisher
        case auditor
    }

    var network: EntityReference { EntityReference(type: "network", id: GraphCatalog.network) }

    // MARK: What all share

    /// A page of the nodes of a label, by id, after one of them.
    func page(_ label: String, after last: String?, limit: Int, in graph: GraphSnapshot) -> [NodeID] {
        guard let label = graph.tokens.label(label) else { return [] }
        // Administrators list some thousands: a sort each page is simpler than a walk of the index.
        return graph.nodes(label).compactMap { node in graph.text("id", of: node).map { (id: $0, node: node) }
        }
        .filter { last == nil || $0.id > last ?? "" }.sorted { $0.id < $1.id }.prefix(limit).map(\.node)
    }

    /// Names of the neighbours of a node, sorted.
    func neighbours(
        _ node: NodeID, _ direction: Direction, _ type: String, label: String, in graph: GraphSnapshot
    ) -> [String] {
        guard let type = graph.tokens.relationshipType(type), let label = graph.tokens.label(label) else {
            return []
        }
        var names: Set<String> = []
        graph.forEachNeighbour(of: node, direction, type: type) { neighbour, _ in
            guard graph.hasLabel(neighbour, label) else { return }
            if let name = graph.text("id", of: neighbour) ?? graph.text("name", of: neighbour) {
                names.insert(name)
            }
        }
        return names.sorted()
    }

    func create(_ label: String, _ id: String, _ properties: [String: Value]) async throws {
        guard Self.isName(id) else { throw DirectoryError.invalidName(id) }
        let now = GraphDatabase.now()
        try await self.database.write { transaction in
            guard transaction.graph.node(label, id: id) == nil else {
                throw DirectoryError.exists(label.lowercased(), id)
            }
            var all = properties
            all["id"] = .string(id)
            all["created_at"] = .dateTime(now)
            all["created_by"] = self.actor.map(Value.string)
            _ = try transaction.createNode(labels: [label], properties: all)
        }
    }

    /// Ids are parts of tuples and of paths: no spaces, none of `:#@*/`, 1 to 100 bytes.
    package static func isName(_ text: String) -> Bool {
        (1...100).contains(text.utf8.count)
            && text.unicodeScalars.allSatisfy { scalar in
                !scalar.properties.isWhitespace && scalar.value >= 32 && scalar.value != 127
                    && !":#@*/?%\"\\".unicodeScalars.contains(scalar)
            }
    }

    /// Writes or takes away one tuple; writing one that is there changes its end, and taking away what is not there is
    /// no error.
    func grant(
        _ subject: EntityReference, _ relation: String, _ object: EntityReference,
        until: ZonedDateTime? = nil,
        isGranted: Bool = true
    ) async throws {
        var change = TupleChange()
        let tuple = Tuple(subject: subject, relation: relation, object: object)
        if isGranted { change.writes = [tuple] } else { change.deletes = [tuple] }
        change.replacesExisting = true
        change.ignoresMissing = true
        change.user = self.actor
        change.validUntil = until
        try await self.store.change(change, at: GraphDatabase.now())
    }

    func found(_ label: String, _ id: String, in graph: GraphSnapshot) throws(DirectoryError) -> NodeID {
        guard let node = graph.node(label, id: id) else { throw .notFound(label.lowercased(), id) }
        return node
    }
}

/// What is wrong with a change of the directory.
package enum DirectoryError: Error, Hashable, Sendable, CustomStringConvertible {
    /// There is none of that name.
    case notFound(String, String)
    /// There is one of that name.
    case exists(String, String)
    /// No id can be so.
    case invalidName(String)
    /// A password is too short or too long.
    case invalidPassword
    /// Something else in the request.
    case invalid(String)

    /// What is wrong, and what to do.
    package var description: String {
        switch self {
        case .notFound(let what, let id): "there is no \(what) `\(id.prefix(100))`"
        case .exists(let what, let id): "there is a \(what) `\(id)` already"
        case .invalidName(let id):
            "`\(id.prefix(100))` is no id: 1 to 100 bytes without spaces and without : # @ * / ? % \" \\"
        case .invalidPassword:
            "a password has \(PasswordAuthority.length.lowerBound) to \(PasswordAuthority.length.upperBound) bytes"
        case .invalid(let reason): reason
        }
    }

    /// A stable word for programs.
    package var code: String {
        switch self {
        case .notFound: "not_found"
        case .exists: "exists"
        case .invalidName, .invalidPassword, .invalid: "invalid_request"
        }
    }
}
