import ArgumentParser
import Authorization
import Foundation
import GraphDatabase
import GraphStorage
import PropertyGraph
import Worker

extension ExportFormat: ExpressibleByArgument {}

/// `plexus export`
struct Export: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write the graph into files: CSV, JSON Lines or Cypher.",
        discussion: """
            CSV: a table for each set of labels and each type of relationship, with the headers of neo4j-admin. JSON Lines as
            APOC exports it. Cypher: one script. Constraints and indexes stand in schema.cypher beside the first two. `plexus
            import` of the folder into an empty store gives the same graph.
            """)

    @OptionGroup var connection: ConnectionOptions

    @Option(help: "csv, jsonl or cypher.")
    var format: ExportFormat = .csv

    @Option(name: .customLong("db"), help: "The graph.")
    var graph = "plexus"

    @Flag(help: "Write into a folder that is not empty, in place of an earlier export.")
    var force = false

    @Argument(help: "The folder to write into.")
    var folder: String

    func run() async throws {
        let export = GraphExport(self.format, to: self.folder, isForced: self.force)
        let line = ProgressLine()
        var start = ContinuousClock.now
        var entities = 0
        let local = try await self.connection.withCatalog { catalog in
            let graph = try AuditChain.withoutHeads(try await catalog.graph(self.graph).snapshot())
            start = .now
            entities = graph.nodeCount + graph.relationshipCount
            return try export.write(graph) { line.show($0) }
        }
        let files: [String]
        if let local { files = local } else { files = try await self.fetch(export, line) }
        line.clear()
        let count = "\(files.count) file\(files.count == 1 ? "" : "s")"
        let pace = entities > 0 ? ProgressLine.pace(entities, since: start) : ""
        print("exported \(count) to \(self.folder)\(pace)")
        for file in files { print("  " + file) }
    }

    private func fetch(_ export: GraphExport, _ line: ProgressLine) async throws -> [String] {
        let server = try self.connection.connection()
        let schema =
            self.format == .cypher
            ? [] : try await server.exchange("GET", "/v1/export?format=schema&db=\(self.graph)")
        let format = self.format == .cypher ? "cypher" : "jsonl"
        return try await export.write(schema: schema, progress: { line.show($0) }) { take in
            try await server.download(
                "/v1/export?format=\(format)&db=\(self.graph)", timeoutSeconds: 6 * 3600, take: take)
        }
    }
}
