import ArgumentParser
import Foundation
import GraphDatabase
import GraphStorage
import HTTPAPI
import JSON
import Worker

/// `plexus import`
struct Import: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Bring files into the graph: CSV, JSON Lines, Cypher.",
        discussion: """
            CSV with the header of neo4j-admin (id:ID(User), :START_ID(User), :TYPE, valid_until:datetime), JSON Lines
            as APOC exports it, Cypher scripts. A folder is taken whole: all tables and lines in one step, then scripts.
            Importing the same files twice changes nothing.
            """)

    @OptionGroup var connection: ConnectionOptions

    @Argument(help: "Files or folders.")
    var paths: [String]

    func run() async throws {
        let files = try self.paths.flatMap(Self.files)
        guard !files.isEmpty else {
            throw CommandFailure.usage("there is nothing to import: no .csv, .jsonl or .cypher file")
        }
        var records: [(record: ImportRecord, file: String, line: Int)] = []
        for file in files where !file.hasSuffix(".cypher") { records += try Self.records(file) }
        let scripts = try files.filter { $0.hasSuffix(".cypher") }.map {
            try String(contentsOfFile: $0, encoding: .utf8)
        }
        let summary = try await self.bring(records, scripts)
        print(
            "imported \(files.count) file\(files.count == 1 ? "" : "s"): "
                + "\(summary["nodes_created"]?.int ?? 0) nodes and \(summary["relationships_created"]?.int ?? 0) relationships new, "
                + "\(summary["nodes_updated"]?.int ?? 0) and \(summary["relationships_updated"]?.int ?? 0) there before"
        )
    }

    private func bring(
        _ records: [(record: ImportRecord, file: String, line: Int)], _ scripts: [String]
    ) async throws -> JSON {
        let local = try await self.connection.withStore { database in
            let summary = try await database.importRecords(records)
            for script in scripts { try await database.runScript(script) }
            return summary.json
        }
        if let local { return local }
        let server = try self.connection.connection()
        var summary: JSON = .object(JSON.Object())
        if !records.isEmpty {
            var bytes: [UInt8] = []
            for (record, _, _) in records {
                record.json.write(to: &bytes)
                bytes.append(10)
            }
            let answer = try await server.exchange(
                "POST", "/v1/import", body: bytes, type: "application/x-ndjson", timeoutSeconds: 3600)
            summary = try JSON.parse(utf8: answer)
        }
        for script in scripts {
            _ = try await server.exchange(
                "POST", "/v1/import/cypher", body: Array(script.utf8), type: "text/plain",
                timeoutSeconds: 3600)
        }
        return summary
    }

    private static func files(_ path: String) throws -> [String] {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw CommandFailure.usage("there is no file or folder \(path)")
        }
        guard isFolder.boolValue else {
            guard self.isKnown(path) else {
                throw CommandFailure.usage("\(path): the name must end in .csv, .jsonl or .cypher")
            }
            return [path]
        }
        return try FileManager.default.contentsOfDirectory(atPath: path).filter(self.isKnown).sorted()
            .map { path + "/" + $0 }
    }

    private static func isKnown(_ path: String) -> Bool {
        [".csv", ".jsonl", ".cypher"].contains { path.hasSuffix($0) }
    }

    private static func records(_ path: String) throws -> [(record: ImportRecord, file: String, line: Int)] {
        let text = try String(contentsOfFile: path, encoding: .utf8)
        let name = URL(fileURLWithPath: path).lastPathComponent
        if path.hasSuffix(".csv") {
            return try CSVTable(text, file: name).records().enumerated().map { ($1, name, $0 + 2) }
        }
        var records: [(record: ImportRecord, file: String, line: Int)] = []
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            if line.allSatisfy(\.isWhitespace) { continue }
            records.append(
                (try ImportRecord(jsonLine: String(line), file: name, line: index + 1), name, index + 1))
        }
        return records
    }
}
