import CStoreFloor
import Foundation

/// A graph as the files that `neo4j-admin database import` takes.
struct CSVFiles {
    private let graph: GeneratedGraph

    init(_ graph: GeneratedGraph) { self.graph = graph }

    /// Writes `people.csv` and `relationships.csv`; gives their size in bytes.
    @discardableResult
    func write(folder: String) throws -> Int {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        return try self.file(
            folder + "/people.csv", ":ID(Person),age:int,city,name,:LABEL", self.graph.size.nodes
        ) {
            let person = self.graph.person($0)
            return
                "\($0),\(person.age),\(person.cityName),\(person.name),\(person.labels.joined(separator: ";"))"
        }
            + self.file(
                folder + "/relationships.csv", ":START_ID(Person),:END_ID(Person),:TYPE",
                self.graph.size.relationships
            ) {
                "\(self.graph.sources[$0]),\(self.graph.targets[$0]),"
                    + GeneratedGraph.types[Int(self.graph.relationshipTypes[$0])]
            }
    }

    private func file(_ path: String, _ header: String, _ rows: Int, _ row: (Int) -> String) throws -> Int {
        guard FileManager.default.createFile(atPath: path, contents: nil),
            let file = FileHandle(forWritingAtPath: path)
        else { throw BenchError("cannot write \(path)") }
        defer { try? file.close() }
        var (buffer, written) = (header + "\n", 0)
        for number in 0..<rows {
            buffer += row(number)
            buffer += "\n"
            guard buffer.utf8.count > 1 << 20 || number == rows - 1 else { continue }
            try file.write(contentsOf: Data(buffer.utf8))
            written += buffer.utf8.count
            buffer.removeAll(keepingCapacity: true)
        }
        return written
    }
}

/// `plexus import` of the whole graph into a new folder, from the process's start to its exit.
func measureImport(_ workshop: Workshop) async throws {
    guard let plexus = workshop.options.plexus else {
        note("skipped: needs the release program, --plexus .build/release/plexus")
        return
    }
    workshop.dropSnapshot()
    let graph = workshop.graph
    let (files, store) = (workshop.file("csv"), workshop.file("imported"))
    let bytes = try CSVFiles(graph).write(folder: files)
    defer { try? FileManager.default.removeItem(atPath: files) }
    let seconds = try Program(plexus).importFolder(files, into: store)
    try await check(store, graph)
    workshop.keep(store: store, of: graph.size)
    let (floor, _) = try Clock.time {
        try PlainSQLite(workshop.file("rows.db"), rows: graph.size.entities, graph)
    }
    note(
        "\(graph.size.entities) entities, \(bytes >> 20) MiB of CSV in \(seconds.short) s; plain SQLite inserts as "
            + "many rows of relationships, ready made, in one transaction in \(floor.short) s")
    figure(
        "import_entities_per_second", Double(graph.size.entities) / seconds, "entities/s", .atLeast(500_000))
}

/// Checks that a store holds the graph, whatever numbers it gave to nodes.
func check(_ store: String, _ graph: GeneratedGraph) async throws {
    let loaded = try await Store.load(folder: store).graph
    try check(loaded, graph)
}

/// The same of a graph in memory: counts, and the scan of one city.
func check(_ loaded: Graph, _ graph: GeneratedGraph) throws {
    try expectEqual(loaded.nodes, graph.size.nodes, "nodes")
    try expectEqual(loaded.relationships, graph.size.relationships, "relationships")
    for (number, name) in GeneratedGraph.types.enumerated() {
        let expected = graph.relationshipTypes.count { $0 == number }
        try expectEqual(loaded.count(try loaded.type(name)), expected, "relationships of type \(name)")
    }
    let residents = (0..<graph.size.nodes).map(graph.person).filter { $0.city == 7 && $0.age > 30 }
    let found = loaded.scan(over: 30, city: Person.cityName(7))
    try expectEqual(found.count, residents.count, "people of a city")
    try expectEqual(found.sum, residents.reduce(0) { $0 + $1.age }, "their ages")
}
