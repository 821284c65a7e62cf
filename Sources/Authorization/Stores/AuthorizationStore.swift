package import GraphDatabase
package import JSON
package import PropertyGraph

/// One store of OpenFGA's API: a graph, and the models that decide over it.
///
/// Models lie in the graph itself as nodes `(:AuthorizationModel {id, schema_version, model, created_at})`. They are never
/// changed: writing one adds a version, and a request that names none takes the newest.
package final class AuthorizationStore: Sendable {
    /// Id, name and times.
    package let information: StoreInformation
    /// Where its tuples are.
    package let database: GraphDatabase
    private let known = StoreModels()

    init(information: StoreInformation, database: GraphDatabase) {
        self.information = information
        self.database = database
        TupleTrail.follow(database)
    }

    // MARK: Asking

    /// What one of the models, or the newest, says of the newest graph.
    /// - Throws: ``AuthorizationError/modelNotFound(_:)``, ``AuthorizationError/noModel``.
    package func view(model id: String? = nil) throws(AuthorizationError) -> AuthorizationView {
        let graph = self.database.snapshot()
        return try self.authorizer(id, in: graph).authorizer.view(ofPublished: graph)
    }

    /// The id of the model that requests take which name none.
    /// - Throws: ``AuthorizationError/noModel``.
    package func newestModel() throws(AuthorizationError) -> String {
        try self.authorizer(nil, in: self.database.snapshot()).id
    }

    private func authorizer(
        _ id: String?, in graph: GraphSnapshot
    ) throws(AuthorizationError) -> (id: String, authorizer: Authorizer) {
        if let found = self.known.authorizer(id, in: graph) { return found }
        throw id.map(AuthorizationError.modelNotFound) ?? .noModel
    }

    // MARK: Models

    /// All models, newest first.
    package func models() -> [(id: String, model: AuthorizationModel)] {
        self.known.all(in: self.database.snapshot())
    }

    /// A model by its id.
    /// - Throws: ``AuthorizationError/modelNotFound(_:)``.
    package func model(_ id: String) throws(AuthorizationError) -> AuthorizationModel {
        try self.authorizer(id, in: self.database.snapshot()).authorizer.model
    }

    /// Adds a model, which requests take from now on, and the indexes that its checks need.
    /// - Throws: ``GraphError``, ``StorageError``.
    @discardableResult
    package func write(
        _ model: AuthorizationModel, at moment: ZonedDateTime, origin: String? = nil
    ) async throws -> String {
        try await self.database.write { transaction in
            let newest = StoreModels.stored(in: transaction.graph).map(\.id).max()
            let id = try ULID.after(newest, at: moment)
            var properties: [String: Value] = [
                "id": .string(id), "schema_version": .string(model.schemaVersion),
                "model": .string(model.json.text), "created_at": .dateTime(moment),
            ]
            properties["origin"] = origin.map(Value.string)
            _ = try transaction.createNode(labels: [StoreModels.label], properties: properties)
            try Self.index(model, in: transaction)
            return id
        }
    }

    /// Adds the program's own model for this store unless the newest from the same origin is the same.
    /// - Throws: ``GraphError``, ``StorageError``.
    package func ensure(
        _ model: AuthorizationModel, origin: String, at moment: ZonedDateTime
    ) async throws {
        guard !self.has(model, origin: origin) else { return }
        try await self.write(model, at: moment, origin: origin)
    }

    /// What the newest model says once the program's own was ensured, without writing that.
    /// - Throws: ``AuthorizationError``.
    package func view(
        ensured model: AuthorizationModel, origin: String
    ) throws(AuthorizationError) -> AuthorizationView {
        self.has(model, origin: origin)
            ? try self.view() : Authorizer(model: model).view(of: self.database.snapshot())
    }

    private func has(_ model: AuthorizationModel, origin: String) -> Bool {
        let newest = StoreModels.stored(in: self.database.snapshot()).filter { $0.origin == origin }
            .max { $0.id < $1.id }
        return newest?.text == model.json.text
    }

    /// An index on what names nodes, for each type that has none yet.
    private static func index(_ model: AuthorizationModel, in transaction: GraphTransaction) throws {
        for type in model.typeNames {
            let label = GraphNaming.label(type)
            let key = GraphNaming.key(label, in: transaction.graph)
            let isThere = transaction.graph.indexes.contains {
                $0.definition.on == .node && $0.definition.label == label && $0.definition.keys == [key]
                    && $0.definition.kind == .range
            }
            guard !isThere else { continue }
            try transaction.createIndex(
                IndexDefinition(
                    name: "authorization_\(label)_\(key)", on: .node, kind: .range, label: label, keys: [key])
            )
        }
    }

    // MARK: Assertions

    /// The assertions that were written for a model.
    /// - Throws: ``AuthorizationError/modelNotFound(_:)``.
    package func assertions(_ model: String) throws(AuthorizationError) -> [JSON] {
        let graph = self.database.snapshot()
        _ = try self.authorizer(model, in: graph)
        guard let node = Self.assertions(model, in: graph), let key = graph.tokens.propertyKey("assertions"),
            let text = graph.property(key, of: node).string
        else { return [] }
        return (try? JSON.parse(text))?.array ?? []
    }

    private static func assertions(_ model: String, in graph: GraphSnapshot) -> NodeID? {
        guard let label = graph.tokens.label("AuthorizationAssertions"),
            let key = graph.tokens.propertyKey("id")
        else { return nil }
        return graph.nodes(label, where: key, equals: .string(model)).first
    }

    /// Replaces the assertions of a model.
    /// - Throws: ``AuthorizationError/modelNotFound(_:)``, ``GraphError``, ``StorageError``.
    package func write(assertions: [JSON], model: String) async throws {
        _ = try self.authorizer(model, in: self.database.snapshot())
        let text = JSON.array(assertions).text
        try await self.database.write { transaction in
            if let node = Self.assertions(model, in: transaction.graph) {
                try transaction.setProperty(
                    transaction.propertyKey("assertions"), of: node, to: .string(text))
            } else {
                _ = try transaction.createNode(
                    labels: ["AuthorizationAssertions"],
                    properties: ["id": .string(model), "assertions": .string(text)])
            }
        }
    }

    // MARK: Names

    /// What relationships are called as tuples, by all models of the store.
    func names(in graph: GraphSnapshot) -> TupleNames { self.known.names(in: graph) }
}

/// What the API says of a store.
package struct StoreInformation: Hashable, Sendable {
    /// A ULID.
    package let id: String
    /// The name that it was given.
    package let name: String
    /// The graph that it is.
    package let graph: String
    /// When it was made; nil for graphs that were not made as stores.
    package let createdAt: ZonedDateTime?
}
