import Foundation
import GraphDatabase
import GraphStorage
import PropertyGraph

// All that the bench knows of the store's interface: thin wrappers in plain numbers.

/// Builds a graph in memory, as start-up does.
struct GraphBuilder {
    private var loader = GraphLoader()

    init() {}

    /// Goes on from a graph.
    init(_ graph: Graph) { self.loader = GraphLoader(graph.snapshot) }

    mutating func addNode(_ node: UInt32, _ person: Person?) throws {
        try self.loader.apply(Self.image(node, person))
    }

    mutating func addRelationship(_ number: UInt32, type: String, from source: UInt32, to target: UInt32)
        throws
    {
        try self.loader.apply(Self.image(number, type, source, target))
    }

    mutating func finish() -> Graph { Graph(snapshot: self.loader.finish(version: 0)) }

    fileprivate static func image(_ node: UInt32, _ person: Person?) -> GraphChange {
        guard let person else { return .putNode(NodeID(node), labels: ["Person"], properties: []) }
        return .putNode(
            NodeID(node), labels: person.labels,
            properties: [
                NamedProperty(key: "age", value: .integer(person.age)),
                NamedProperty(key: "city", value: .string(person.cityName)),
                NamedProperty(key: "name", value: .string(person.name)),
            ])
    }

    fileprivate static func image(
        _ number: UInt32, _ type: String, _ source: UInt32, _ target: UInt32
    ) -> GraphChange {
        .putRelationship(
            RelationshipID(number), type: type, source: NodeID(source), target: NodeID(target), properties: []
        )
    }
}

/// A snapshot.
struct Graph: Sendable {
    fileprivate let snapshot: GraphSnapshot

    /// A relationship type as the snapshot numbers it.
    struct TypeNumber {
        fileprivate let id: RelationshipTypeID
    }

    var nodes: Int { self.snapshot.nodeCount }
    var relationships: Int { self.snapshot.relationshipCount }

    func type(_ name: String) throws -> TypeNumber {
        guard let id = self.snapshot.tokens.relationshipType(name) else {
            throw BenchError("no type \(name)")
        }
        return TypeNumber(id: id)
    }

    func count(_ type: TypeNumber) -> Int { self.snapshot.count(type.id) }

    /// The nodes at the other end of outgoing relationships.
    @inline(__always)
    func forEachNeighbour(of node: UInt32, _ body: (UInt32) -> Void) {
        for entry in self.snapshot.adjacency(of: NodeID(node), .outgoing).entries {
            body(entry.neighbour.index)
        }
    }

    /// The nodes at the other end of outgoing relationships of a type.
    @inline(__always)
    func forEachNeighbour(of node: UInt32, type: TypeNumber, _ body: (UInt32) -> Void) {
        for entry in self.snapshot.adjacency(of: NodeID(node), .outgoing).entries(of: type.id) {
            body(entry.neighbour.index)
        }
    }

    /// How many nodes are older than `age` and live in the city, and the sum of their ages.
    func scan(over age: Int, city: String) -> (count: Int, sum: Int) {
        guard let ageKey = self.snapshot.tokens.propertyKey("age"),
            let cityKey = self.snapshot.tokens.propertyKey("city")
        else { return (0, 0) }
        var (count, sum) = (0, 0)
        for node in self.snapshot.allNodes() {
            if case .integer(let years) = self.snapshot.property(ageKey, of: node), years > age,
                case .string(let name) = self.snapshot.property(cityKey, of: node), name == city
            {
                count += 1
                sum += years
            }
        }
        return (count, sum)
    }

    /// The graph with one relationship more, by a transaction of its own.
    func inserting(type: String, from source: UInt32, to target: UInt32) throws -> Graph {
        let transaction = GraphTransaction(self.snapshot)
        let id = try transaction.relationshipType(type)
        _ = try transaction.createRelationship(
            type: id, from: NodeID(source), to: NodeID(target), properties: [])
        guard let (_, graph) = try transaction.finish() else { throw BenchError("the transaction was empty") }
        return Graph(snapshot: graph)
    }
}

/// A durable graph in a folder.
struct Store: Sendable {
    private let database: GraphDatabase

    /// Opens a folder as the server does, every commit waiting for the disk.
    init(folder: String) async throws {
        self.database = try await GraphDatabase.open(folder: folder, durability: .full, creating: false)
    }

    func snapshot() -> Graph { Graph(snapshot: self.database.snapshot()) }

    /// Commits one relationship, durably.
    func createRelationship(type: String, from source: UInt32, to target: UInt32) async throws {
        try await self.database.write { transaction in
            let id = try transaction.relationshipType(type)
            _ = try transaction.createRelationship(
                type: id, from: NodeID(source), to: NodeID(target), properties: [])
        }
    }

    /// Commits one property of a node, durably.
    func setAge(of node: UInt32, to age: Int) async throws {
        try await self.database.write { transaction in
            _ = try transaction.setProperty(
                transaction.propertyKey("age"), of: NodeID(node), to: .integer(age))
        }
    }

    func close() async throws { try await self.database.close() }

    /// The file that holds the graph.
    static func file(in folder: String) -> String { folder + "/plexus.db" }

    /// Reads the whole graph of a folder: seconds of it, without opening the file.
    static func load(folder: String) async throws -> (seconds: Double, graph: Graph) {
        let storage = try await SQLiteStorage(path: Self.file(in: folder), durability: .full)
        let start = Clock.now()
        let snapshot = try await storage.load()
        let seconds = Clock.seconds(since: start)
        try await storage.close()
        return (seconds, Graph(snapshot: snapshot))
    }

    /// Makes a folder that holds a graph, through the storage and not through an import.
    static func fill(folder: String, _ graph: GeneratedGraph) async throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let storage = try await SQLiteStorage(path: Self.file(in: folder), durability: .full)
        let batch = 50_000
        var position: UInt64 = 0
        for first in stride(from: 0, to: graph.size.entities, by: batch) {
            let changes = (first..<min(first + batch, graph.size.entities)).map { number in
                guard number >= graph.size.nodes else {
                    return GraphBuilder.image(UInt32(number), graph.person(number))
                }
                let relationship = number - graph.size.nodes
                return GraphBuilder.image(
                    UInt32(relationship), GeneratedGraph.types[Int(graph.relationshipTypes[relationship])],
                    graph.sources[relationship], graph.targets[relationship])
            }
            position += 1
            try await storage.append([ChangeSet(position: position, changes: changes)])
        }
        try await storage.close()
    }
}
