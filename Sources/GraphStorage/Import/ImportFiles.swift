package import PropertyGraph

/// What an import did.
package struct ImportSummary: Hashable, Sendable {
    /// Nodes that were not there.
    package var nodesCreated = 0
    /// Nodes that were there and were given the import's properties.
    package var nodesUpdated = 0
    /// Relationships that were not there.
    package var relationshipsCreated = 0
    /// Relationships that were there and were given the import's properties.
    package var relationshipsUpdated = 0

    /// Nothing done yet.
    package init() {}
}

/// How far an import or export is.
package struct FileProgress: Hashable, Sendable {
    /// The file at work.
    package let file: String
    /// Nodes and relationships since the start, in all files.
    package let entities: Int

    /// How many entities pass between two reports.
    package static let interval = 1 << 14

    /// Joins file and count.
    package init(file: String, entities: Int) {
        self.file = file
        self.entities = entities
    }
}

/// The files of one import, read as streams. Memory: about a MiB a file at work, and 4 to 40 bytes a node for the
/// nodes' ids.
package struct ImportFiles: Sendable {
    struct Lines: Sendable {
        let source: ImportSource
        let name: String
    }

    private(set) var tables: [CSVTable] = []
    private(set) var lines: [Lines] = []

    /// No files.
    package init() {}

    /// Whether there is nothing to import.
    package var isEmpty: Bool { self.tables.isEmpty && self.lines.isEmpty }

    /// Adds a table.
    package mutating func add(_ table: CSVTable) { self.tables.append(table) }

    /// Adds a file of JSON Lines; `name` is for messages.
    package mutating func addLines(_ source: ImportSource, name: String) {
        self.lines.append(Lines(source: source, name: name))
    }

    /// Brings the files into the graph of a transaction: nodes first, whatever the order of files and lines.
    ///
    /// Importing the same files twice changes nothing the second time: a node with a key is found by its first
    /// label and that key, a relationship by its type and ends.
    /// - Throws: ``ImportError`` with file, line and column; the transaction is then to be dropped.
    package func run(
        in transaction: GraphTransaction, progress: @escaping (FileProgress) -> Void = { _ in }
    ) throws -> ImportSummary {
        var importer = GraphImport(transaction)
        var counter = Counter(progress: progress)
        var spaces: [String: Int] = [:]
        for table in self.tables where table.isNodes {
            try Self.run(table, transaction, &spaces, &importer, &counter)
        }
        var waiting: [(lines: Lines, offsets: [Int])] = []
        for lines in self.lines {
            let offsets = try Self.run(lines, transaction, &importer, &counter)
            if !offsets.isEmpty { waiting.append((lines, offsets)) }
        }
        for table in self.tables where !table.isNodes {
            try Self.run(table, transaction, &spaces, &importer, &counter)
        }
        for (lines, offsets) in waiting {
            try Self.run(lines, at: offsets, transaction, &importer, &counter)
        }
        return importer.summary
    }

    private static func run(
        _ table: CSVTable, _ transaction: GraphTransaction, _ spaces: inout [String: Int],
        _ importer: inout GraphImport, _ counter: inout Counter
    ) throws {
        var reader = try CSVReader(table, transaction, spaces: &spaces)
        var row = ImportRow(file: table.name, window: reader.window)
        while try reader.next(&row) {
            if table.isNodes { try importer.addNode(row) } else { _ = try importer.addRelationship(row) }
            counter.count(table.name)
        }
    }

    /// - Returns: where relationships stand whose ends did not come before them.
    private static func run(
        _ lines: Lines, _ transaction: GraphTransaction, _ importer: inout GraphImport,
        _ counter: inout Counter
    ) throws -> [Int] {
        var reader = try JSONLinesReader(lines.source, name: lines.name, transaction)
        var row = ImportRow(file: lines.name, window: reader.window)
        var waiting: [Int] = []
        while try reader.next(&row) {
            switch row.kind {
            case .node: try importer.addNode(row)
            case .relationship:
                guard try importer.addRelationship(row, isComplete: false) else {
                    waiting.append(row.offset)
                    continue
                }
            }
            counter.count(row.file)
        }
        return waiting
    }

    private static func run(
        _ lines: Lines, at offsets: [Int], _ transaction: GraphTransaction, _ importer: inout GraphImport,
        _ counter: inout Counter
    ) throws {
        var reader = try JSONLinesReader(lines.source, name: lines.name, transaction)
        var row = ImportRow(file: lines.name, window: reader.window)
        for offset in offsets {
            try reader.skip(to: offset)
            guard try reader.next(&row) else { break }
            _ = try importer.addRelationship(row)
            counter.count(row.file)
        }
    }
}

/// Counts entities and reports now and then.
struct Counter {
    private let progress: (FileProgress) -> Void
    private var entities = 0

    init(progress: @escaping (FileProgress) -> Void) { self.progress = progress }

    mutating func count(_ file: String) {
        self.entities += 1
        if self.entities % FileProgress.interval == 0 {
            self.progress(FileProgress(file: file, entities: self.entities))
        }
    }
}
