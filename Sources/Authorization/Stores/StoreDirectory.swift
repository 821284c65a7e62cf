package import GraphDatabase
package import PropertyGraph
internal import Synchronization

/// The stores of a server: every graph of the catalog is one, and making a store makes a graph.
///
/// A store that was made as one has a node `(:AuthorizationStore {id, name, graph, created_at})` in the network; the id of
/// any other graph is made from its name. A store is also found by the name of its graph.
package final class StoreDirectory: Sendable {
    /// All graphs.
    package let catalog: GraphCatalog
    /// The store `plexus`, which guards the network itself.
    package let network: AuthorizationStore
    private let open = Mutex<[String: Opened]>([:])

    private static let label = "AuthorizationStore"

    /// Works over the graphs of a catalog.
    package init(catalog: GraphCatalog) {
        self.catalog = catalog
        TupleTrail.follow(catalog)
        self.network = AuthorizationStore(
            information: StoreInformation(
                id: ULID.of(GraphCatalog.network), name: GraphCatalog.network,
                graph: GraphCatalog.network, createdAt: nil),
            database: catalog.network)
    }

    /// A store that is open.
    private struct Opened {
        let store: AuthorizationStore
        /// When its graph was last seen to be that of the catalog.
        var seen: ContinuousClock.Instant
    }

    /// The store of an id, or of a graph's name.
    /// - Throws: ``StoreNotFound``, ``StorageError``.
    package func store(_ id: String) async throws -> AuthorizationStore {
        if let known = self.openStore(id) { return known }
        guard let information = self.all().first(where: { $0.id == id || $0.graph == id }) else {
            throw StoreNotFound(id: id)
        }
        let database = try await self.catalog.graph(information.graph)
        return self.open.withLock { open in
            let known = open[information.id]?.store
            // Another request may have been faster: all use one store.
            let store =
                known.flatMap { $0.database === database ? $0 : nil }
                ?? AuthorizationStore(information: information, database: database)
            for name in [id, information.id] { open[name] = Opened(store: store, seen: .now) }
            return store
        }
    }

    /// The store of an id if it is open and known to be there a second ago: a graph may be dropped by a query.
    package func openStore(_ id: String) -> AuthorizationStore? {
        if id == self.network.information.id || id == GraphCatalog.network { return self.network }
        return self.open.withLock { open in
            guard let known = open[id], ContinuousClock.now - known.seen < .seconds(1) else { return nil }
            return known.store
        }
    }

    /// The name of a store's graph, by the store's id or that name; nil when there is none.
    package func graph(of id: String) -> String? {
        self.openStore(id)?.information.graph ?? self.all().first { $0.id == id || $0.graph == id }?.graph
    }

    /// All stores, oldest first; those that were not made as stores come first.
    package func all() -> [StoreInformation] {
        let graph = self.catalog.network.snapshot()
        let made = Self.made(in: graph)
        let names = Set(self.catalog.names)
        let known = Set(made.map(\.graph))
        let others = self.catalog.names.filter { !known.contains($0) }.map {
            $0 == GraphCatalog.network
                ? self.network.information
                : StoreInformation(id: ULID.of($0), name: $0, graph: $0, createdAt: nil)
        }
        return others + made.filter { names.contains($0.graph) }.sorted { $0.id < $1.id }
    }

    private static func made(in graph: GraphSnapshot) -> [StoreInformation] {
        guard let label = graph.tokens.label(Self.label) else { return [] }
        let text = { (key: String, node: NodeID) in
            graph.tokens.propertyKey(key).flatMap { graph.property($0, of: node).string }
        }
        return graph.nodes(label).compactMap { node in
            guard let id = text("id", node), let name = text("name", node), let home = text("graph", node)
            else { return nil }
            let created = graph.tokens.propertyKey("created_at")
                .flatMap { graph.property($0, of: node).dateTime }
            return StoreInformation(id: id, name: name, graph: home, createdAt: created)
        }
    }

    // MARK: Making and removing

    /// Makes a store and its graph, which gets the store's name where that is one for a graph and is free. Who makes it
    /// administers it: `(:User)-[:ADMINISTRATOR]->(:Graph)` in the network.
    /// - Throws: ``GraphCatalogError``, ``StorageError``.
    package func create(
        _ name: String, at moment: ZonedDateTime, administrator: String? = nil
    ) async throws -> StoreInformation {
        let newest = Self.made(in: self.catalog.network.snapshot()).map(\.id).max()
        let id = try ULID.after(newest, at: moment)
        let graph = try await self.createGraph(name, id)
        let information = StoreInformation(id: id, name: name, graph: graph, createdAt: moment)
        try await self.catalog.network.write { transaction in
            _ = try transaction.createNode(
                labels: [Self.label],
                properties: [
                    "id": .string(id), "name": .string(name), "graph": .string(graph),
                    "created_at": .dateTime(moment),
                ])
            guard let administrator else { return }
            transaction.actor = administrator
            try TupleEditor(transaction).write(
                Tuple(
                    subject: EntityReference(type: "user", id: administrator), relation: "administrator",
                    object: EntityReference(type: "graph", id: graph)), at: moment, by: administrator)
        }
        return information
    }

    private func createGraph(_ name: String, _ id: String) async throws -> String {
        let plain = name.lowercased()
        if GraphCatalog.isName(plain) {
            do {
                try await self.catalog.create(plain)
                return plain
            } catch GraphCatalogError.exists {
                // Stores of one name are allowed, graphs are not.
            }
        }
        let graph = "store-\(id.lowercased())"
        try await self.catalog.create(graph)
        return graph
    }

    /// Removes a store and its graph, for good.
    /// - Throws: ``StoreNotFound``, ``GraphCatalogError/isNetwork``, ``StorageError``.
    package func delete(_ id: String) async throws {
        guard let information = self.all().first(where: { $0.id == id || $0.graph == id }) else {
            throw StoreNotFound(id: id)
        }
        try await self.catalog.drop(information.graph)
        self.open.withLock { open in
            open = open.filter { $0.value.store.information.id != information.id }
        }
        try await self.catalog.network.write { transaction in
            let graph = transaction.graph
            guard let label = graph.tokens.label(Self.label), let key = graph.tokens.propertyKey("id") else {
                return
            }
            for node in graph.nodes(label, where: key, equals: .string(information.id)) {
                try transaction.detachDeleteNode(node)
            }
        }
    }
}

/// There is no store of an id.
package struct StoreNotFound: Error, Hashable, Sendable, CustomStringConvertible {
    /// The id.
    package let id: String

    /// What was not found.
    package var description: String { "there is no store `\(self.id)`" }
}
