import Foundation
import GraphDatabase
import GraphStorage
import PropertyGraph

// All that the bench knows of the store's interface: thin wrappers in plain numbers.

/// Builds a graph in memory, as start-up does.
struct GraphBuilder: ~Copyable {
    private var loader = GraphLoader()
    private var labelSets: [[String]: UInt32] = [:]

    init() {}

    /// Goes on from a graph.
    init(_ graph: Graph) { self.loader = GraphLoader(graph.snapshot) }

    mutating func addNode(_ node: UInt32, _ person: Person?) throws {
        let labels = person?.labels ?? ["Person"]
        let set = try self.labelSets[labels] ?? self.loader.labelSet(labels)
        self.labelSets[labels] = set
        let id = NodeID(node)
        try self.loader.addNode(id, labels: set)
        guard let person else { return }
        try self.loader.setProperty(self.loader.key("age"), of: id, .integer(person.age))
        try self.loader.setProperty(self.loader.key("city"), of: id, .string(person.cityName))
        try self.loader.setProperty(self.loader.key("name"), of: id, .string(person.name))
    }

    mutating func addRelationship(_ number: UInt32, type: String, from source: UInt32, to target: UInt32)
        throws
    {
        let record = RelationshipRecord(
            type: try self.loader.type(type), source: NodeID(source), target: NodeID(target))
        try self.loader.addRelationship(RelationshipID(number), record)
    }

    mutating func finish() -> Graph { Graph(snapshot: self.loader.finish(version: 0)) }
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
        self.forEach(node, nil, body)
    }

    /// The nodes at the other end of outgoing relationships of a type.
    @inline(__always)
    func forEachNeighbour(of node: UInt32, type: TypeNumber, _ body: (UInt32) -> Void) {
        self.forEach(node, type.id, body)
    }

    @inline(__always)
    private func forEach(_ node: UInt32, _ type: RelationshipTypeID?, _ body: (UInt32) -> Void) {
        let slice = self.snapshot.unsafeNeighbours(of: NodeID(node), .outgoing, type: type)
        for neighbour in slice.nodes { body(neighbour) }
        guard slice.isHub else { return }
        self.snapshot.forEachHubRun(of: NodeID(node), .outgoing, type: type) { run in
            for entry in run { body(entry.neighbour.index) }
        }
    }

    /// How many nodes are older than `age` and live in the city, and the sum of their ages.
    func scan(over age: Int, city: String) -> (count: Int, sum: Int) {
        guard let ageKey = self.snapshot.tokens.propertyKey("age"),
            let cityKey = self.snapshot.tokens.propertyKey("city")
        else { return (0, 0) }
        var (count, sum) = (0, 0)
        self.snapshot.forEachColumn(of: ageKey) { first, ages in
            guard let cities = self.snapshot.column(of: cityKey, at: first) else { return }
            if ages.present == cities.present, let years = ages.integers, let names = cities.strings {
                guard let code = cities.code(of: city) else { return }
                let found = Self.scan(years, over: age, names.codes, code)
                count += found.count
                sum += found.sum
                return
            }
            for slot in 0..<128 {
                if case .integer(let years) = ages[slot], years > age, cities[slot] == .string(city) {
                    count += 1
                    sum += years
                }
            }
        }
        return (count, sum)
    }

    /// One page on which the same nodes have both: the text is looked up once a page, then codes are compared.
    private static func scan(
        _ ages: ContiguousArray<Int>, over age: Int, _ codes: ContiguousArray<UInt8>, _ code: UInt8
    ) -> (count: Int, sum: Int) {
        ages.withUnsafeBufferPointer { ages in
            codes.withUnsafeBufferPointer { codes in
                var (count, sum) = (0, 0)
                for index in ages.indices {
                    let isMatch = codes[index] == code && ages[index] > age
                    count &+= isMatch ? 1 : 0
                    sum &+= isMatch ? ages[index] : 0
                }
                return (count, sum)
            }
        }
    }

    /// The graph with one relationship more, by a transaction of its own.
    func inserting(type: String, from source: UInt32, to target: UInt32) throws -> Graph {
        let transaction = GraphTransaction(self.snapshot)
        let id = try transaction.relationshipType(type)
        _ = try transaction.createRelationship(
            type: id, from: NodeID(source), to: NodeID(target), properties: [])
        guard let commit = try transaction.finish() else { throw BenchError("the transaction was empty") }
        return Graph(snapshot: commit.graph)
    }
}

/// A durable graph in a folder.
struct Store: Sendable {
    private let catalog: GraphCatalog
    private var database: GraphDatabase { self.catalog.network }

    /// Opens a folder as the server does, every commit waiting for the disk.
    init(folder: String) async throws {
        self.catalog = try await GraphCatalog(
            folder: folder,
            durability: ProcessInfo.processInfo.environment["RELAXED"] == nil ? .full : .relaxed,
            creating: false)
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

    /// As ``createRelationship(type:from:to:)``, on the calling thread, which may block.
    func createRelationshipBlocking(type: String, from source: UInt32, to target: UInt32) throws {
        try self.database.writeBlocking { transaction in
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

    func close() async throws { try await self.catalog.close() }

    /// The file that holds the graph.
    static func file(in folder: String) -> String { folder + "/plexus.db" }

    /// Reads the whole graph of a folder: seconds of it, without opening the file.
    static func load(folder: String) async throws -> (seconds: Double, graph: Graph) {
        try await runBlocking {
            let storage = try SQLiteStorage(path: Self.file(in: folder), durability: .full)
            let start = Clock.now()
            let snapshot = try storage.load()
            let seconds = Clock.seconds(since: start)
            try storage.close()
            return (seconds, Graph(snapshot: snapshot))
        }
    }

    /// Makes a folder that holds a graph, through the storage and not through an import.
    static func fill(folder: String, _ graph: GeneratedGraph) async throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try await runBlocking {
            let storage = try SQLiteStorage(path: Self.file(in: folder), durability: .full)
            var snapshot = GraphSnapshot()
            for first in stride(from: 0, to: graph.size.entities, by: 1_000_000) {
                let transaction = GraphTransaction(snapshot)
                for number in first..<min(first + 1_000_000, graph.size.entities) {
                    try Self.add(number, of: graph, to: transaction)
                }
                guard let commit = try transaction.finish() else { throw BenchError("an empty commit") }
                try storage.append([commit])
                snapshot = commit.graph
            }
            try storage.close()
        }
    }

    private static func add(
        _ number: Int, of graph: GeneratedGraph, to transaction: GraphTransaction
    ) throws {
        guard number >= graph.size.nodes else {
            let person = graph.person(number)
            _ = try transaction.createNode(
                labels: person.labels,
                properties: [
                    "age": .integer(person.age), "city": .string(person.cityName),
                    "name": .string(person.name),
                ])
            return
        }
        let relationship = number - graph.size.nodes
        let type = GeneratedGraph.types[Int(graph.relationshipTypes[relationship])]
        _ = try transaction.appendRelationship(
            type: transaction.relationshipType(type), from: NodeID(graph.sources[relationship]),
            to: NodeID(graph.targets[relationship]), properties: [])
    }
}
