package import GraphStorage
package import PropertyGraph

/// The forms of an export.
package enum ExportFormat: String, Sendable, CaseIterable {
    /// Tables with the headers of neo4j-admin.
    case csv
    /// JSON Lines as `apoc.export.json.all` writes them.
    case jsonl
    /// A Cypher script.
    case cypher
}

/// A graph written into a folder.
package struct GraphExport: Sendable {
    private let format: ExportFormat
    private let folder: String
    private let isForced: Bool

    /// Prepares an export.
    /// - Parameters:
    ///   - format: the form.
    ///   - folder: where to; made when it is not there.
    ///   - isForced: whether the folder may hold something already.
    package init(_ format: ExportFormat, to folder: String, isForced: Bool) {
        self.format = format
        self.folder = folder
        self.isForced = isForced
    }

    /// Writes a graph: the files appear under their names when all are whole and on the disk.
    /// - Returns: the files' names.
    /// - Throws: ``ExportError``.
    package func write(
        _ graph: GraphSnapshot, progress: @escaping (FileProgress) -> Void = { _ in }
    ) throws -> [String] {
        let schema = CypherExport.schema(graph)
        return try self.inFolder { folder in
            switch self.format {
            case .csv:
                var export = CSVExport(.graph(graph), progress: progress)
                try export.write(to: folder)
            case .jsonl:
                try folder.append([], to: "graph.jsonl")
                var export = JSONLinesExport(graph, progress: progress)
                while let bytes = export.next() { try folder.append(bytes, to: "graph.jsonl") }
            case .cypher:
                try folder.append([], to: "graph.cypher")
                var export = CypherExport(graph, progress: progress)
                while let bytes = export.next() { try folder.append(bytes, to: "graph.cypher") }
            }
            if self.format != .cypher, !schema.isEmpty {
                try folder.append(Array(schema.utf8), to: "schema.cypher")
            }
        }
    }

    /// Writes what a server sent.
    /// - Parameters:
    ///   - schema: the statements that make constraints and indexes.
    ///   - progress: called now and then.
    ///   - download: is given a place for the bytes of the format, JSON Lines for tables, in order.
    /// - Returns: the files' names.
    /// - Throws: ``ExportError``, and what `download` throws.
    package func write(
        schema: [UInt8], progress: @escaping (FileProgress) -> Void = { _ in },
        download: (_ take: ([UInt8]) throws -> Void) async throws -> Void
    ) async throws -> [String] {
        let folder = try ExportFolder(self.folder, isForced: self.isForced)
        let name = self.format == .cypher ? "graph.cypher" : "graph.jsonl"
        do {
            try folder.append([], to: name)
            try await download { bytes in try folder.append(bytes, to: name) }
            if self.format == .csv {
                var export = CSVExport(.lines(path: folder.partialPath(name)), progress: progress)
                try export.write(to: folder)
                folder.remove(name)
            }
            if self.format != .cypher, !schema.isEmpty { try folder.append(schema, to: "schema.cypher") }
            return try folder.finish()
        } catch {
            folder.abandon()
            throw error
        }
    }

    private func inFolder(_ body: (borrowing ExportFolder) throws -> Void) throws -> [String] {
        let folder = try ExportFolder(self.folder, isForced: self.isForced)
        do {
            try body(folder)
            return try folder.finish()
        } catch {
            folder.abandon()
            throw error
        }
    }
}
