internal import Foundation
internal import GRDB
internal import JSON
internal import PropertyGraph

/// What a full check of a store's file found.
package struct StoreReport: Sendable {
    /// Something that is not as it was written, or cannot be.
    package struct Problem: Hashable, Sendable {
        /// What was looked at: a part of the store.
        package let place: Place
        /// What is wrong there.
        package let what: String
    }

    /// The parts of a store, in the order in which they are looked at.
    package enum Place: String, CaseIterable, Sendable {
        case file
        case writeAheadLog = "write-ahead log"
        case commitLog = "commit log"
        case pages
        case nodes
        case relationships
        case rules
        case commits
        case journal
        case graph
    }

    /// The most problems that are listed of one part; a last one then says how many more there are.
    package static let problemsPerPlace = 20

    /// How many rows of nodes were read.
    package fileprivate(set) var nodes = 0
    /// How many rows of relationships were read.
    package fileprivate(set) var relationships = 0
    /// How many indexes and constraints were read.
    package fileprivate(set) var rules = 0
    /// How many commits of the log were read.
    package fileprivate(set) var commits = 0
    /// How many lines of journals were read.
    package fileprivate(set) var journalLines = 0
    /// The number of the last commit.
    package fileprivate(set) var version: UInt64 = 0
    /// What is wrong; empty for a sound store.
    package fileprivate(set) var problems: [Problem] = []
}

extension SQLiteStorage {
    /// Checks everything that can be checked of a store's file, and changes nothing in it: the write-ahead log, SQLite's
    /// own structures, each row's checksum, the graph as it is loaded (with the digest of the last commit), that graph
    /// against itself, each commit of the log and each line of the journals. Goes on after a problem where that means
    /// anything. Blocks; O(size of the file), and the graph is in memory meanwhile.
    ///
    /// `progress` gets the part that is read and how many of its rows were.
    package static func verify(
        path: String, progress: @escaping (StoreReport.Place, Int) -> Void = { _, _ in }
    ) -> StoreReport {
        var verification = SQLiteVerification(path: path, progress: progress)
        verification.run()
        return verification.report
    }
}

private struct SQLiteVerification: ~Copyable {
    let path: String
    let progress: (StoreReport.Place, Int) -> Void
    var report = StoreReport()
    private var found: [StoreReport.Place: Int] = [:]
    private var checksum = RowChecksum()
    /// What the commit log has after the file's own log.
    private var records: [CommitLog.Record] = []

    /// A table whose rows carry the checksum of the columns before it.
    private struct Table {
        let place: StoreReport.Place
        let name: String
        let columns: String
        /// Which of the columns are numbers.
        let numbers: Set<Int32>
        let count: Int32
        /// What one row is called, before its first column.
        let row: String
    }

    private static let nodes = Table(
        place: .nodes, name: "node", columns: "id, labels, properties", numbers: [0], count: 3, row: "node")
    private static let relationships = Table(
        place: .relationships, name: "relationship", columns: "id, type, source, target, properties",
        numbers: [0, 2, 3], count: 5, row: "relationship")
    private static let rules = Table(
        place: .rules, name: "schema_rule", columns: "name, kind, entity, keys, type", numbers: [], count: 5,
        row: "rule")
    private static let commits = Table(
        place: .commits, name: "change_log",
        columns: "position, committed_at, encoding, changes",
        numbers: [0, 1, 2], count: 4, row: "commit")
    private static let journal = Table(
        place: .journal, name: "journal", columns: "sequence, stream, subject, at, fields", numbers: [0, 3],
        count: 5, row: "line")

    init(path: String, progress: @escaping (StoreReport.Place, Int) -> Void) {
        self.path = path
        self.progress = progress
    }

    mutating func run() {
        guard FileManager.default.fileExists(atPath: self.path) else {
            return self.add(.file, "there is no file \(self.path)")
        }
        do {
            try WriteAheadLog.check(path: self.path)
        } catch {
            self.add(.writeAheadLog, error)
        }
        // Before the file: what a writer brings into it meanwhile is in both.
        self.readCommitLog()
        do {
            let connection = try SQLiteConnection(path: self.path, .reading)
            try connection.execute("PRAGMA cell_size_check = ON")
            switch try self.form(connection) {
            case .current: try self.check(connection)
            case .older: try self.checkCopy(connection)
            case .unknown: break
            }
        } catch {
            self.add(.file, error)
        }
        for (place, count) in self.found where count > StoreReport.problemsPerPlace {
            let more = count - StoreReport.problemsPerPlace
            self.report.problems.append(.init(place: place, what: "and \(more) more"))
        }
    }

    // MARK: What is found

    private mutating func add(_ place: StoreReport.Place, _ what: String) {
        self.found[place, default: 0] += 1
        guard self.found[place, default: 0] <= StoreReport.problemsPerPlace else { return }
        self.report.problems.append(.init(place: place, what: what))
    }

    private mutating func add(_ place: StoreReport.Place, _ error: any Error) {
        let error = (error as? GraphError).map { StorageError.damaged($0.description) } ?? error
        switch SQLiteStorage.storageError(error, path: self.path) {
        case .damaged(let what): self.add(place, what)
        case let other: self.add(place, other.description)
        }
    }

    // MARK: Parts

    private mutating func readCommitLog() {
        do {
            let connection = try SQLiteConnection(path: self.path, .reading)
            let position = try connection.integer("SELECT max(position) FROM change_log") ?? 0
            self.records = try CommitLog.read(path: self.path + CommitLog.ending, after: position)
            for record in self.records {
                self.report.commits += try record.changeSets().count
                self.report.journalLines += try JournalCoding.rows(record.journal).count
            }
        } catch {
            self.add(.commitLog, error)
        }
    }

    private enum Form { case current, older, unknown }

    /// Which tables the file has; says what is wrong when it is none that this program knows.
    private mutating func form(_ connection: SQLiteConnection) throws(SQLiteFailure) -> Form {
        let known = Set(SQLiteMigrations.migrator.migrations)
        var applied: Set<String> = []
        let rows = try SQLiteStatement(connection, "SELECT identifier FROM grdb_migrations")
        while try rows.step() { applied.insert(rows.string(0)) }
        if let newer = applied.subtracting(known).min() {
            self.add(.file, StorageError.tooNew(path: self.path, version: newer))
            return .unknown
        }
        return applied == known ? .current : .older
    }

    private mutating func check(_ connection: SQLiteConnection) throws(SQLiteFailure) {
        // One state for all that follows, also beside a writer.
        try connection.execute("BEGIN")
        defer { try? connection.execute("COMMIT") }
        self.checkPages(connection)
        self.report.nodes = self.checkRows(connection, Self.nodes)
        self.report.relationships = self.checkRows(connection, Self.relationships)
        self.report.rules = self.checkRows(connection, Self.rules)
        self.checkLog(connection)
        self.checkJournal(connection)
        try connection.execute("COMMIT")
        self.checkGraph(connection)
    }

    /// Checks a file of an older program: its pages as they are, and all else in a copy that is brought to the current
    /// form in the folder for temporary files, as opening the store would do.
    private mutating func checkCopy(_ connection: SQLiteConnection) throws {
        self.checkPages(connection)
        guard self.report.problems.isEmpty else { return }
        let folder = FileManager.default.temporaryDirectory.path + "/plexus-verify-" + UUID().uuidString
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let copy = folder + "/copy.db"
        do {
            try SQLiteStorage.copy(self.path, to: copy)
            let queue = try DatabaseQueue(path: copy)
            try SQLiteMigrations.migrator.migrate(queue)
            try queue.close()
        } catch {
            // The copy's disk may be full, not the file's.
            throw SQLiteStorage.storageError(error, path: copy)
        }
        try self.check(SQLiteConnection(path: copy, .reading))
    }

    private mutating func checkPages(_ connection: SQLiteConnection) {
        self.progress(.pages, 0)
        do throws(SQLiteFailure) {
            let rows = try SQLiteStatement(connection, "PRAGMA integrity_check(1000)")
            while try rows.step() {
                let line = rows.string(0)
                if line != "ok" { self.add(.pages, line.replacing("\n", with: " ")) }
            }
        } catch {
            self.add(.pages, error)
        }
    }

    /// Reads a table and checks each row's checksum, and what `body` says of rows that have the right one; `number` gets
    /// the first column of all.
    /// - Returns: how many rows there are.
    private mutating func checkRows(
        _ connection: SQLiteConnection, _ table: Table,
        number: (Int64) -> Void = { _ in },
        _ body: (SQLiteStatement) throws -> Void = { _ in }
    ) -> Int {
        var count = 0
        self.progress(table.place, 0)
        do {
            let order = table.numbers.contains(0) ? "ORDER BY 1" : "ORDER BY sequence"
            let rows = try SQLiteStatement(
                connection, "SELECT \(table.columns), checksum FROM \(table.name) \(order)")
            while try rows.step() {
                count += 1
                if count % 100_000 == 0 { self.progress(table.place, count) }
                number(rows.integer(0))
                do {
                    try self.check(rows, table)
                    try body(rows)
                } catch {
                    self.add(table.place, error)
                }
            }
        } catch {
            self.add(table.place, error)
        }
        return count
    }

    private mutating func check(_ row: SQLiteStatement, _ table: Table) throws(StorageError) {
        self.checksum.begin()
        for column in 0..<table.count {
            if table.numbers.contains(column) {
                self.checksum.add(row.integer(column))
            } else {
                self.checksum.add(row.text(column))
            }
        }
        guard self.checksum.value == row.integer(table.count) else {
            throw .damaged("\(table.row) \(row.string(0)) is not what was written")
        }
    }

    private mutating func checkLog(_ connection: SQLiteConnection) {
        var (current, last): (Int64, Int64?) = (0, nil)
        var (count, gaps): (Int, [String]) = (0, [])
        func number(_ position: Int64) {
            if current > 0 { last = current }
            current = position
        }
        _ = self.checkRows(connection, Self.commits, number: number) { row in
            let (position, encoding) = (row.integer(0), Int(row.integer(2)))
            do throws(StorageError) {
                let commits =
                    encoding == ChangeSetCoding.tooLarge
                    ? 1 : try ChangeSetCoding.decode(row.string(3), version: encoding, last: position).count
                let first = position - Int64(commits) + 1
                if let last, last + 1 != first { gaps.append(Self.gap("commit", last, first)) }
                count += commits
            } catch {
                guard case .damaged(let what) = error else { throw error }
                throw StorageError.damaged("commit \(position): \(what)")
            }
        }
        self.report.commits += count
        for gap in gaps { self.add(.commits, gap) }
    }

    private mutating func checkJournal(_ connection: SQLiteConnection) {
        var (first, last, gaps): (Int64?, Int64?, [String]) = (nil, nil, [])
        func number(_ sequence: Int64) {
            // Retention may take lines from behind the oldest one, when that is the younger by its time.
            if let last, last + 1 != sequence, last != first {
                gaps.append(Self.gap("line", last, sequence))
            }
            first = first ?? sequence
            last = sequence
        }
        self.report.journalLines += self.checkRows(connection, Self.journal, number: number) { row in
            guard (try? JSON.parse(row.string(4))).flatMap(NamedProperty.list(storedJSON:)) != nil else {
                throw StorageError.damaged("line \(row.integer(0)) is unreadable")
            }
        }
        for gap in gaps { self.add(.journal, gap) }
    }

    /// Says that numbers between two that follow each other are missing.
    private static func gap(_ row: String, _ last: Int64, _ next: Int64) -> String {
        last + 2 == next
            ? "\(row) \(last + 1) is missing" : "\(row)s \(last + 1) to \(next - 1) are missing"
    }

    private mutating func checkGraph(_ connection: SQLiteConnection) {
        self.progress(.graph, 0)
        var loader = SQLiteLoader(connection, self.records)
        do {
            let graph = try loader.load().graph
            self.report.version = graph.version
            for what in graph.inconsistencies(limit: StoreReport.problemsPerPlace) { self.add(.graph, what) }
        } catch let error as StorageError {
            // What a row's own check has named already is said once.
            guard case .damaged(let what) = error, what.hasSuffix(" is not what was written"),
                !self.report.problems.isEmpty
            else { return self.add(.graph, error) }
        } catch {
            self.add(.graph, error)
        }
    }
}
