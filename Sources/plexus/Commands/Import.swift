import ArgumentParser
import Foundation
import GraphDatabase
import GraphStorage
import HTTPAPI
import JSON
import Synchronization
import Worker

/// `plexus import`
struct Import: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Bring files into the graph: CSV, JSON Lines, Cypher.",
        discussion: """
            CSV with the header of neo4j-admin (id:ID(User), :START_ID(User), :TYPE, valid_until:datetime), JSON Lines
            as APOC exports it, Cypher scripts; the first two also packed by gzip. A folder is taken whole: all tables and
            lines in one step, then scripts. A table without a header of its own takes that of users-header.csv beside it, for
            users.csv and users-part1.csv. Importing the same files twice changes nothing.
            """)

    @OptionGroup var connection: ConnectionOptions

    @Option(help: "What stands between the values of a table: one character, or \\t.")
    var delimiter = ","

    @Option(help: "What stands between the elements of a list in a table: one character, or \\t.")
    var arrayDelimiter = ";"

    @Option(name: .customLong("db"), help: "The graph.")
    var graph = "plexus"

    @Argument(help: "Files or folders.")
    var paths: [String]

    func run() async throws {
        guard let options = CSVOptions(delimiter: self.delimiter, arrayDelimiter: self.arrayDelimiter) else {
            throw CommandFailure.usage(
                "--delimiter and --array-delimiter are two different single characters, neither a quote nor a line's end"
            )
        }
        let found = try ImportFolder(self.paths, options)
        guard found.count > 0 else {
            throw CommandFailure.usage("there is nothing to import: no .csv, .jsonl or .cypher file")
        }
        // From when the graph is open: opening a large one is no part of the import.
        var start = ContinuousClock.now
        let summary = try await self.bring(found, &start)
        func count(_ name: String) -> Int { summary[name]?.int ?? 0 }
        let entities = ["nodes_created", "relationships_created", "nodes_updated", "relationships_updated"]
            .map(count).reduce(0, +)
        print(
            "imported \(found.count) file\(found.count == 1 ? "" : "s"): "
                + "\(count("nodes_created")) nodes and \(count("relationships_created")) relationships new, "
                + "\(count("nodes_updated")) and \(count("relationships_updated")) there before"
                + ProgressLine.pace(entities, since: start))
    }

    private func bring(
        _ found: ImportFolder, _ start: inout ContinuousClock.Instant
    ) async throws -> JSON {
        let line = ProgressLine()
        defer { line.clear() }
        let local = try await self.connection.withCatalog { catalog in
            let database = try await catalog.graph(self.graph)
            start = .now
            let summary =
                found.files.isEmpty
                ? ImportSummary() : try await database.importFiles(found.files) { line.show($0) }
            for script in found.scripts {
                try await database.importScript(.file(script.path), name: script.name)
            }
            return summary.json
        }
        if let local { return local }
        let server = try self.connection.connection()
        var summary: JSON = .object(JSON.Object())
        if !found.files.isEmpty {
            let lines = SentLines(found.files) { line.show($0) }
            summary = try await server.upload(
                "/v1/import?db=\(self.graph)", type: "application/x-ndjson", timeoutSeconds: 6 * 3600
            ) { try await lines.next() }
        }
        for script in found.scripts {
            let pieces = SentPieces(try FileHandle(forReadingFrom: URL(fileURLWithPath: script.path)))
            _ = try await server.upload(
                "/v1/import/cypher?db=\(self.graph)", type: "text/plain", timeoutSeconds: 6 * 3600
            ) { try await pieces.next() }
        }
        return summary
    }
}

/// Lines on their way to a server. An actor, because the client asks for them from its own tasks.
private actor SentLines {
    private var lines: ImportLines

    init(_ files: ImportFiles, progress: @escaping @Sendable (FileProgress) -> Void) {
        self.lines = ImportLines(files, progress: progress)
    }

    func next() throws -> [UInt8]? { try self.lines.next() }
}

/// A script on its way to a server.
private actor SentPieces {
    private let file: FileHandle

    init(_ file: FileHandle) { self.file = file }

    func next() throws -> [UInt8]? {
        guard let data = try self.file.read(upToCount: 1 << 18), !data.isEmpty else { return nil }
        return Array(data)
    }
}

/// The files that an import's arguments name.
struct ImportFolder {
    private(set) var files = ImportFiles()
    private(set) var count = 0
    /// Scripts in the order of the files.
    private(set) var scripts: [(path: String, name: String)] = []

    init(_ paths: [String], _ options: CSVOptions) throws {
        let all = try paths.flatMap(Self.files)
        self.count = all.count
        let headers = all.filter { $0.hasSuffix("-header.csv") || $0.hasSuffix("_header.csv") }
        var used: Set<String> = []
        for path in all where !headers.contains(path) {
            let name = URL(fileURLWithPath: path).lastPathComponent
            if path.hasSuffix(".cypher") {
                self.scripts.append((path, name))
            } else if Self.isTable(path) {
                let header = Self.header(of: path, among: headers)
                if let header { used.insert(header) }
                self.files.add(try Self.table(path, name, header, options))
            } else {
                self.files.addLines(ImportSource(path: path), name: name)
            }
        }
        // A header without a table beside it is a table without rows, or one whose name only ends so.
        for path in headers where !used.contains(path) {
            self.files.add(try Self.table(path, URL(fileURLWithPath: path).lastPathComponent, nil, options))
        }
    }

    /// A file that has a header of its own keeps it, whatever lies beside it.
    private static func table(
        _ path: String, _ name: String, _ header: String?, _ options: CSVOptions
    ) throws -> CSVTable {
        let source = ImportSource(path: path)
        guard let header else { return try CSVTable(source, name: name, options: options) }
        if let own = try? CSVTable(source, name: name, options: options) { return own }
        let title = URL(fileURLWithPath: header).lastPathComponent
        return try CSVTable(
            source, name: name, headerFile: (ImportSource(path: header), title), options: options)
    }

    /// `users-header.csv` is for `users.csv`, `users1.csv`, `users-part1.csv`; the longest name that fits wins.
    private static func header(of path: String, among headers: [String]) -> String? {
        headers.filter { header in
            let stem = header.dropLast("-header.csv".count)
            guard path.hasPrefix(stem), let next = path.dropFirst(stem.count).first else { return false }
            return next == "." || next == "-" || next == "_" || next.isNumber
        }.max { $0.count < $1.count }
    }

    private static func files(_ path: String) throws -> [String] {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw CommandFailure.usage("there is no file or folder \(path)")
        }
        guard isFolder.boolValue else {
            guard self.isKnown(path) else {
                throw CommandFailure.usage(
                    "\(path): the name must end in .csv, .jsonl, .csv.gz, .jsonl.gz or .cypher")
            }
            return [path]
        }
        return try FileManager.default.contentsOfDirectory(atPath: path).filter(self.isKnown).sorted()
            .map { path + "/" + $0 }
    }

    private static func isTable(_ path: String) -> Bool {
        path.hasSuffix(".csv") || path.hasSuffix(".csv.gz")
    }

    private static func isKnown(_ path: String) -> Bool {
        self.isTable(path) || [".jsonl", ".jsonl.gz", ".cypher"].contains { path.hasSuffix($0) }
    }
}
