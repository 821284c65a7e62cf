package import Cypher
internal import Foundation
package import GraphStorage
package import NamedResources
package import PropertyGraph
package import QueryEngine

/// The graphs of a data folder: `plexus`, the network itself, in `plexus.db`, and named ones in `graphs/NAME.db`.
///
/// A named graph is read when it is first asked for and stays open until it is dropped or the catalog is closed.
package actor GraphCatalog {
    /// The graph that is always there.
    package static let network = "plexus"

    /// The folder.
    package nonisolated let folder: String
    /// The graph of the network.
    package nonisolated let network: GraphDatabase
    /// Runs the queries of all graphs.
    package nonisolated let engine: QueryEngine
    private let resources: NamedResources
    private let durability: Durability
    private let retention: JournalRetention
    /// What is done with a graph that was opened, before anybody else has it.
    private nonisolated let firstSteps = Locked<[@Sendable (GraphDatabase) -> Void]>([])
    /// What queries read journals of.
    private nonisolated let journals: OpenJournals
    /// Held as long as the folder is open.
    private var lock: FolderLock?
    /// Graphs that are open or being opened, so that nobody opens one twice.
    private var graphs: [String: Task<GraphDatabase, any Error>] = [:]

    /// Opens a data folder, which no other process may hold, and brings the network's schema
    /// (`schema/network.cypher`) up to date. Reads all of the network: O(entities).
    /// - Throws: ``StorageError``; ``CypherError`` when the schema does not fit what is stored.
    package init(
        folder: String, durability: Durability = .full, retention: JournalRetention = .standard,
        creating: Bool, resources: NamedResources = NamedResources()
    ) async throws {
        try Self.prepare(folder, creating: creating)
        self.folder = folder
        self.resources = resources
        self.durability = durability
        self.retention = retention
        self.lock = try FolderLock(folder: folder)
        let journals = OpenJournals()
        self.journals = journals
        let engine = QueryEngine(procedures: [Self.showDatabases(folder), journals.procedure]) {
            url, separator, row in
            try CSVFile.read(url, separator: separator, in: folder + "/import", row)
        }
        self.engine = engine
        self.network = try await Self.open(
            Self.network, folder + "/plexus.db", durability, retention, resources, QueryThreads(), engine)
        journals.add(self.network)
        try await self.network.runScript(resources.text("schema/network.cypher") ?? "")
    }

    private static func prepare(_ folder: String, creating: Bool) throws(StorageError) {
        var isFolder: ObjCBool = false
        if FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder) {
            guard isFolder.boolValue else {
                throw .unreachable(path: folder, reason: "it is a file, not a folder")
            }
            return
        }
        guard creating else { throw .unreachable(path: folder, reason: "there is no such folder") }
        try self.makeFolder(folder)
    }

    private static func makeFolder(_ folder: String) throws(StorageError) {
        do {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw .unreachable(path: folder, reason: "\(error.localizedDescription)")
        }
    }

    private static func open(
        _ name: String, _ path: String, _ durability: Durability, _ retention: JournalRetention,
        _ resources: NamedResources, _ threads: QueryThreads, _ engine: QueryEngine
    ) async throws -> GraphDatabase {
        let storage = try await runBlocking {
            try SQLiteStorage(path: path, durability: durability, retention: retention)
        }
        return try await GraphDatabase(
            name: name, storage: storage, resources: resources, threads: threads, engine: engine)
    }

    /// `SHOW DATABASES`
    private static func showDatabases(_ folder: String) -> Procedure {
        Procedure.listing(
            "show databases",
            outputs: [
                .init("name", .string), .init("access", .string), .init("currentStatus", .string),
                .init("default", .boolean), .init("home", .boolean),
            ]
        ) { call in
            self.names(in: folder).filter { call.caller.graphs?.contains($0) ?? true }.map { name in
                let isNetwork = Value.boolean(name == self.network)
                return [.string(name), .string("read-write"), .string("online"), isNetwork, isNetwork]
            }
        }
    }

    /// Does something with the network, and with each graph that is opened from now on, before anybody else has it.
    package nonisolated func beforeUse(_ body: @escaping @Sendable (GraphDatabase) -> Void) {
        self.firstSteps.withLock { $0.append(body) }
        body(self.network)
    }

    /// Where a graph's file is.
    package nonisolated func path(of name: String) -> String {
        name == Self.network ? self.folder + "/plexus.db" : "\(self.folder)/graphs/\(name).db"
    }

    /// All graphs, the network first, then by name.
    package nonisolated var names: [String] { Self.names(in: self.folder) }

    /// A letter, then letters, digits, dots, dashes and underscores: 3 to 63 of them.
    package static func isName(_ name: String) -> Bool {
        (3...63).contains(name.utf8.count) && name.utf8.first.map { (97...122).contains($0) } == true
            && name.utf8.allSatisfy {
                (97...122).contains($0) || (48...57).contains($0) || [45, 46, 95].contains($0)
            }
    }

    /// A graph by name, read first if it is not open. Names do not tell capitals from small letters.
    /// - Throws: ``GraphCatalogError/notFound(_:)``, ``StorageError``.
    package func graph(_ name: String) async throws -> GraphDatabase {
        let name = name.lowercased()
        if name == Self.network { return self.network }
        if let known = self.graphs[name] { return try await known.value }
        guard Self.isName(name), FileManager.default.fileExists(atPath: self.path(of: name)) else {
            throw GraphCatalogError.notFound(name)
        }
        return try await self.opened(name)
    }

    private func opened(_ name: String) async throws -> GraphDatabase {
        let (path, durability, retention) = (self.path(of: name), self.durability, self.retention)
        let (resources, threads, engine) = (self.resources, self.network.threads, self.engine)
        let (firstSteps, journals) = (self.firstSteps.withLock { $0 }, self.journals)
        let task = Task {
            let graph = try await Self.open(name, path, durability, retention, resources, threads, engine)
            journals.add(graph)
            for step in firstSteps { step(graph) }
            return graph
        }
        self.graphs[name] = task
        do {
            return try await task.value
        } catch {
            self.graphs[name] = nil
            throw error
        }
    }

    /// Makes a graph with nothing in it.
    /// - Throws: ``GraphCatalogError``, ``StorageError``.
    @discardableResult
    package func create(_ name: String) async throws -> GraphDatabase {
        let name = name.lowercased()
        guard Self.isName(name) else { throw GraphCatalogError.wrongName(name) }
        guard name != Self.network, self.graphs[name] == nil,
            !FileManager.default.fileExists(atPath: self.path(of: name))
        else { throw GraphCatalogError.exists(name) }
        try Self.makeFolder(self.folder + "/graphs")
        return try await self.opened(name)
    }

    /// Removes a graph and all that is in it, for good. Whoever still works with it gets ``DatabaseClosed`` when writing.
    /// - Throws: ``GraphCatalogError``, ``StorageError``.
    package func drop(_ name: String) async throws {
        let name = name.lowercased()
        guard name != Self.network else { throw GraphCatalogError.isNetwork }
        guard Self.isName(name), FileManager.default.fileExists(atPath: self.path(of: name)) else {
            throw GraphCatalogError.notFound(name)
        }
        let open = self.graphs.removeValue(forKey: name)
        let path = self.path(of: name)
        if let open, let graph = try? await open.value { try await graph.close() }
        StoreFiles.remove(path)
    }

    /// Runs a query on one of the graphs, that of its `USE` if it has one, or a command about graphs: `CREATE DATABASE`,
    /// `DROP DATABASE`.
    /// - Throws: ``CypherError``, ``GraphCatalogError``, ``StorageError``.
    package func query(
        _ text: String, on name: String, parameters: [String: Value] = [:], limits: QueryLimits = .standard
    ) async throws -> QueryResult {
        let prepared = try self.engine.prepare(text)
        let graph = try await self.graph(prepared.statement.graph ?? name)
        guard let command = prepared.administration else {
            return try await graph.query(text, parameters: parameters, limits: limits)
        }
        try await self.run(command)
        return QueryResult(columns: [], rows: [], graph: graph.snapshot())
    }

    /// Runs a command about graphs: `CREATE DATABASE`, `DROP DATABASE`.
    /// - Throws: ``GraphCatalogError``, ``StorageError``.
    package func run(_ command: AdministrationCommand) async throws {
        switch command {
        case .createDatabase(let name, let ifNotExists):
            do {
                try await self.create(name)
            } catch GraphCatalogError.exists where ifNotExists {}
        case .dropDatabase(let name, let ifExists):
            do {
                try await self.drop(name)
            } catch GraphCatalogError.notFound where ifExists {}
        }
    }

    /// Finishes waiting commits and closes all graphs.
    /// - Throws: ``StorageError`` of the first that could not be closed; the others are closed all the same.
    package func close() async throws {
        var first: (any Error)?
        for task in self.graphs.values {
            guard let graph = try? await task.value else { continue }
            do { try await graph.close() } catch { first = first ?? error }
        }
        self.graphs = [:]
        do { try await self.network.close() } catch { first = first ?? error }
        self.lock = nil
        if let first { throw first }
    }
}

/// Why a graph could not be found, made or dropped.
package enum GraphCatalogError: Error, Hashable, Sendable, CustomStringConvertible {
    /// There is no graph of that name.
    case notFound(String)
    /// There is a graph of that name.
    case exists(String)
    /// No graph can have that name.
    case wrongName(String)
    /// The network cannot be dropped.
    case isNetwork

    /// What is wrong, and what to do.
    package var description: String {
        switch self {
        case .notFound(let name): "there is no graph `\(name)`; SHOW DATABASES lists them"
        case .exists(let name): "there is a graph `\(name)` already; add IF NOT EXISTS"
        case .wrongName(let name):
            "`\(name)` is no name for a graph: a letter, then letters, digits, `.`, `-` and `_`, 3 to 63 in all"
        case .isNetwork: "the graph `plexus` is the network itself and cannot be dropped"
        }
    }

    /// A stable word for machines.
    package var code: String {
        switch self {
        case .notFound: "graph_not_found"
        case .exists: "graph_exists"
        case .wrongName: "invalid_graph_name"
        case .isNetwork: "graph_is_network"
        }
    }
}
