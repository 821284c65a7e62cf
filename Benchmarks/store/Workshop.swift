import CStoreFloor
import Foundation

/// What parts share: the generated graphs, the snapshot, and stores in the folder of work files.
final class Workshop {
    let options: Options
    let folder: String
    private var graphs: [GraphSize: GeneratedGraph] = [:]
    private var built: BuiltSnapshot?
    private var stores: [GraphSize: String] = [:]
    private var copies = 0

    init(_ options: Options) throws {
        self.options = options
        self.folder = "\(options.work)/plexus-bench-store-\(getpid())"
        try FileManager.default.createDirectory(atPath: self.folder, withIntermediateDirectories: true)
    }

    func removeFiles() { try? FileManager.default.removeItem(atPath: self.folder) }

    /// The graph of the whole run's size.
    var graph: GeneratedGraph { self.graph(self.options.size.divided(by: 1)) }

    func graph(_ size: GraphSize) -> GeneratedGraph {
        if let graph = self.graphs[size] { return graph }
        let graph = GeneratedGraph(size, seed: self.options.seed)
        self.graphs[size] = graph
        return graph
    }

    /// The snapshot of the graph, with what it takes.
    func snapshot() throws -> BuiltSnapshot {
        if let built = self.built { return built }
        let built = try BuiltSnapshot(self.graph)
        self.built = built
        return built
    }

    /// Gives the snapshot's memory back.
    func dropSnapshot() { self.built = nil }

    /// A folder with a store of a graph, made when it is asked for the first time. Not to be written to.
    func store(_ size: GraphSize) async throws -> String {
        if let store = self.stores[size] { return store }
        let store = "\(self.folder)/store-\(size.entities)"
        let start = Clock.now()
        if let plexus = self.options.plexus {
            let files = "\(self.folder)/csv-\(size.entities)"
            try CSVFiles(self.graph(size)).write(folder: files)
            defer { try? FileManager.default.removeItem(atPath: files) }
            _ = try Program(plexus).importFolder(files, into: store)
        } else {
            try await Store.fill(folder: store, self.graph(size))
        }
        note(
            "made a store of \(size.entities) entities "
                + (self.options.plexus == nil ? "through the storage" : "by plexus import")
                + " in \(Clock.seconds(since: start).short) s")
        self.stores[size] = store
        return store
    }

    /// Takes over a store that an import made.
    func keep(store: String, of size: GraphSize) { self.stores[size] = store }

    /// A copy of a store, to be written to.
    func copy(_ size: GraphSize) async throws -> String {
        let original = try await self.store(size)
        self.copies += 1
        let copy = "\(self.folder)/copy-\(self.copies)"
        try FileManager.default.copyItem(atPath: original, toPath: copy)
        return copy
    }

    /// Waits for what was written so far, so that the kernel does not write it while commits are timed.
    func settle() throws {
        let code = floor_settle(self.folder)
        guard code == 0 else { throw BenchError("\(self.folder): \(String(cString: strerror(code)))") }
    }

    /// A path for a file of a part.
    func file(_ name: String) -> String { "\(self.folder)/\(name)" }
}

/// The program that others run, as a process.
struct Program {
    private let path: String

    init(_ path: String) { self.path = path }

    /// Imports a folder of files into a new data folder; seconds from start to exit.
    func importFolder(_ files: String, into folder: String) throws -> Double {
        // The program refuses a data folder that is not there, lest a typing error makes one.
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: self.path)
        process.arguments = ["import", "--data", folder, files]
        process.standardOutput = FileHandle.nullDevice
        let start = Clock.now()
        try process.run()
        process.waitUntilExit()
        let seconds = Clock.seconds(since: start)
        guard process.terminationStatus == 0 else {
            throw BenchError("plexus import ended with status \(process.terminationStatus)")
        }
        return seconds
    }
}
