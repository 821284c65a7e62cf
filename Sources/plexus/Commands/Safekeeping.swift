import ArgumentParser
import Authorization
import Shell
import Foundation
import GraphDatabase
import GraphStorage
import JSON
import Worker

/// `plexus verify`
struct Verify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check every byte of a store that can be checked. Exit code 0 sound, 1 damaged.",
        discussion:
            "All graphs of --data, one of them with --db, or a file such as a backup. Changes nothing.")

    @OptionGroup var output: OutputOptions

    @Option(help: "A data folder that no server holds.")
    var data: String?

    @Option(help: "One graph of the folder; all of them when it is not said.")
    var db: String?

    @Argument(help: "A file, such as a backup.")
    var file: String?

    func run() async throws {
        let (files, lock) = try self.files()
        var (lines, rows): ([String], [[JSON]]) = ([], [])
        var isSound = true
        for (name, path) in files {
            let report = try await Safekeeping.verify(path)
            isSound = isSound && report.problems.isEmpty
            if report.problems.isEmpty {
                // A file that is damaged is not worth reading further.
                for audit in try await GraphCatalog.withCopy(of: path, { try await AuditChain.verify($0) }) {
                    guard let problem = audit.problem else {
                        lines.append(
                            "\(name): \(audit.stream): \(audit.lines) lines hang together, head \(audit.head)"
                        )
                        continue
                    }
                    isSound = false
                    lines.append("\(name): \(audit.stream): \(problem)")
                    rows.append([.string(name), .string(audit.stream), .string(problem)])
                }
            }
            lines += report.problems.map { "\(name): \($0.place.rawValue): \($0.what)" }
            if report.problems.isEmpty { lines.append("\(name): sound, \(report.summary)") }
            rows += report.problems.map {
                [.string(name), .string($0.place.rawValue), .string($0.what)]
            }
        }
        withExtendedLifetime(lock) {}
        if self.output.format == .table {
            for line in lines { print(line) }
        } else {
            Terminal.printRows(["graph", "place", "problem"], rows, as: self.output.format)
        }
        if !isSound { throw ExitCode(1) }
    }

    private func files() throws -> ([(name: String, path: String)], FolderLock?) {
        if let file = self.file {
            guard self.data == nil, self.db == nil else {
                throw CommandFailure.usage("name a file, or a folder with --data, not both")
            }
            guard FileManager.default.fileExists(atPath: file) else {
                throw CommandFailure.usage("there is no file \(file)")
            }
            return ([(file, file)], nil)
        }
        guard let data = self.data else {
            throw CommandFailure.usage("name a file, or a folder with --data DIR")
        }
        let names = self.db.map { [$0] } ?? GraphCatalog.names(in: data)
        guard FileManager.default.fileExists(atPath: data), !names.isEmpty else {
            throw CommandFailure.usage("there is no graph in \(data)")
        }
        let lock = try FolderLock(folder: data)
        let files = try names.map { name in
            let path = try Safekeeping.named { try GraphCatalog.path(of: name, in: data) }
            guard FileManager.default.fileExists(atPath: path) else {
                throw CommandFailure.usage("there is no graph `\(name)` in \(data)")
            }
            return (name, path)
        }
        return (files, lock)
    }
}

/// `plexus backup`
struct Backup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Copy a graph to a file, from a server at work or from a data folder.",
        discussion: "The copy is one state of the graph; it is verified before it gets its name.")

    @OptionGroup var connection: ConnectionOptions

    @Argument(help: "The file to write.")
    var file: String

    @Option(help: "The graph's name.")
    var db = GraphCatalog.network

    @Flag(help: "Replace the file if it is there.")
    var force = false

    func run() async throws {
        guard self.force || !FileManager.default.fileExists(atPath: self.file) else {
            throw CommandFailure.usage("there is a file \(self.file) already; add --force to replace it")
        }
        let part = self.file + ".part"
        StoreFiles.remove(part)
        defer { StoreFiles.remove(part) }
        try await self.copy(to: part)
        let report = try await Safekeeping.verify(part)
        if let first = report.problems.first {
            throw CommandFailure(
                "the graph is damaged: \(first.place.rawValue): \(first.what); no backup was made", code: 1)
        }
        try syncFile(part)
        guard rename(part, self.file) == 0 else {
            throw CommandFailure("\(self.file): \(String(cString: strerror(errno)))", code: 2)
        }
        try syncFile(self.file)
        print("\(self.file): \(report.summary)")
    }

    private func copy(to part: String) async throws {
        if let data = self.connection.data {
            return try await Safekeeping.named {
                try await GraphCatalog.backup(self.db, in: data, to: part) { share in
                    Safekeeping.show("copying \(Int(share * 100)) %")
                }
            }
        }
        let allowed = CharacterSet.alphanumerics.union(CharacterSet(charactersIn: "-._"))
        let name = self.db.addingPercentEncoding(withAllowedCharacters: allowed) ?? ""
        try await self.connection.connection().download("/v1/backup?db=\(name)", to: part) { bytes in
            Safekeeping.show("copying \(bytes >> 20) MiB")
        }
    }
}

/// `plexus restore`
struct Restore: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Put a backup in the place of a graph of a data folder that no server holds.",
        discussion:
            "The file is verified first. With --force the graph that is there is kept as .before-restore.")

    @Argument(help: "The backup.")
    var file: String

    @Option(help: "The data folder; made when there is none.")
    var data: String

    @Option(help: "The graph's name.")
    var db = GraphCatalog.network

    @Flag(help: "Replace the graph if it is there.")
    var force = false

    func run() async throws {
        guard FileManager.default.fileExists(atPath: self.file) else {
            throw CommandFailure.usage("there is no file \(self.file)")
        }
        let report = try await Safekeeping.verify(self.file)
        if let first = report.problems.first {
            let more = report.problems.count > 1 ? " (and \(report.problems.count - 1) more)" : ""
            throw CommandFailure(
                "\(self.file) is damaged: \(first.place.rawValue): \(first.what)\(more); nothing was restored",
                code: 1)
        }
        do {
            let kept = try await Safekeeping.named {
                try await GraphCatalog.restore(
                    self.file, as: self.db, in: self.data, replacing: self.force)
            }
            if let kept { Terminal.complain("what was there before is now \(kept)") }
        } catch GraphCatalogError.exists {
            throw CommandFailure.usage(
                "there is a graph `\(self.db)` in \(self.data); add --force to replace it")
        }
        print("\(self.db): \(report.summary)")
    }
}

/// What the three commands share.
enum Safekeeping {
    /// Verifies a file and shows on a terminal how far that is.
    static func verify(_ path: String) async throws -> StoreReport {
        let report = try await GraphCatalog.verify(file: path) { place, rows in
            self.show("verifying \(place.rawValue)" + (rows > 0 ? " \(rows)" : ""))
        }
        self.show("")
        return report
    }

    /// Replaces the line of progress on a terminal; silent in a pipe.
    static func show(_ text: String) {
        guard Terminal.isInteractive else { return }
        try? FileHandle.standardError.write(contentsOf: Data("\r\u{1B}[K\(text)".utf8))
    }

    /// Errors about names of graphs are the user's.
    static func named<Result>(_ body: () async throws -> Result) async throws -> Result {
        do {
            return try await body()
        } catch let error as GraphCatalogError {
            if case .exists = error { throw error }
            throw CommandFailure.usage(error.description)
        }
    }

    /// As the other form, without waiting.
    static func named<Result>(_ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch let error as GraphCatalogError {
            throw CommandFailure.usage(error.description)
        }
    }
}

extension StoreReport {
    /// What was counted, in a line.
    var summary: String {
        "\(self.nodes) nodes, \(self.relationships) relationships, \(self.rules) rules, commit \(self.version), "
            + "\(self.commits) commits in the log, \(self.journalLines) journal lines"
    }
}
