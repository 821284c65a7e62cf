internal import Foundation
internal import GRDB
internal import GRDBSQLite
internal import Glibc
internal import JSON
package import PropertyGraph

/// A graph in one SQLite file: rows of nodes and relationships as they are now, the log of change sets
/// that led there, and journals. WAL; commits wait for the disk unless told otherwise.
///
/// Commits become durable in the ``CommitLog`` beside it and come into the tables later. Three ways to the file: one
/// connection for tables and loading, through SQLite's own interface; one for checkpoints, on a thread of its own; and
/// GRDB's pool for migrations, log, journals and backups.
package final class SQLiteStorage: GraphStorage {
    private let path: String
    private let pool: DatabasePool
    private let connection: SQLiteConnection
    private let background: BackgroundWriter
    private let writer: LockedCommitWriter

    /// Opens or makes the file and brings it to the current form, after a copy of an older file
    /// was put beside it. Blocks.
    /// - Throws: ``StorageError``.
    package init(
        path: String, durability: Durability = .full, retention: JournalRetention = .standard
    ) throws(StorageError) {
        self.path = path
        do {
            try Self.makeUnlessThere(path)
            try WriteAheadLog.check(path: path)
            self.pool = try Self.openPool(path)
            try Self.migrate(self.pool, path: path)
            self.connection = try SQLiteConnection(path: path)
            guard !self.connection.isReadOnly else { throw StorageError.readOnly(path: path) }
            // Whatever the durability: what comes out of the commit log must be on the disk before that is written again.
            try self.connection.execute("PRAGMA synchronous = FULL")
            try self.connection.execute("PRAGMA cache_size = -65536")
            try self.connection.execute("PRAGMA cell_size_check = ON")
            let tables = try SQLiteTables(self.connection, retention: retention)
            // What a process that was killed left there.
            try tables.bring(CommitLog.read(path: path + CommitLog.ending, after: tables.logPosition))
            unlink(path + CommitLog.ending)
            let writer = LockedCommitWriter(
                SQLiteCommitWriter(tables, path: path, durability: durability), path: path)
            self.writer = writer
            self.background = try BackgroundWriter(path: path, watching: self.connection, tables) {
                writer.nextBatch()
            }
        } catch {
            throw Self.storageError(error, path: path)
        }
    }

    deinit { self.background.stop() }

    /// Makes a new file under another name and gives it its own when it is whole: a file that is there and holds no graph
    /// was cut off.
    private static func makeUnlessThere(_ path: String) throws {
        guard access(path, F_OK) != 0 else {
            guard access(path, W_OK) == 0 else { throw StorageError.readOnly(path: path) }
            return
        }
        let new = path + ".new"
        StoreFiles.remove(new)
        let pool = try Self.openPool(new)
        try SQLiteMigrations.migrator.migrate(pool)
        _ = try pool.writeWithoutTransaction { try $0.checkpoint(.truncate) }
        try pool.close()
        try syncFile(new)
        guard rename(new, path) == 0 else {
            throw StorageError.unreachable(path: path, reason: String(cString: strerror(errno)))
        }
        try syncFile(path)
    }

    private static func openPool(_ path: String) throws -> DatabasePool {
        var configuration = Configuration()
        configuration.busyMode = .timeout(5)
        configuration.maximumReaderCount = 4
        configuration.prepareDatabase { try $0.execute(sql: "PRAGMA cell_size_check = ON") }
        return try DatabasePool(path: path, configuration: configuration)
    }

    private static func migrate(_ pool: DatabasePool, path: String) throws {
        let migrator = SQLiteMigrations.migrator
        let (applied, hasGraph) = try pool.read { db in
            (try migrator.appliedIdentifiers(db), try db.tableExists("node"))
        }
        guard hasGraph else { throw StorageError.damaged("\(path) holds no graph: it was cut off") }
        let known = Set(migrator.migrations)
        if let unknown = applied.subtracting(known).min() {
            throw StorageError.tooNew(path: path, version: unknown)
        }
        guard applied != known else { return }
        let copy = path + ".before-migration"
        try? FileManager.default.removeItem(atPath: copy)
        try pool.backup(to: try DatabaseQueue(path: copy))
        try migrator.migrate(pool)
    }

    package func load() throws(StorageError) -> GraphSnapshot {
        do {
            try self.catchUp()
            var loader = SQLiteLoader(self.connection)
            let (graph, behind) = try loader.load()
            try self.writer.write { writer throws(SQLiteFailure) in try writer.remember(behind, graph) }
            return graph
        } catch let error as GraphError {
            throw StorageError.damaged("\(self.path): \(error.description)")
        } catch {
            throw Self.storageError(error, path: self.path)
        }
    }

    package func beginGroup() throws(StorageError) {
        try self.writer.write { writer throws(SQLiteFailure) in try writer.begin() }
    }

    package func append(_ commit: GraphCommit) throws(StorageError) {
        try self.writer.write { writer throws(SQLiteFailure) in try writer.append(commit) }
    }

    package func commitGroup() throws(StorageError) {
        let isDue = try self.writer.write { writer throws(SQLiteFailure) in try writer.commit() }
        self.background.wake(isDue: isDue)
    }

    package func rollbackGroup() { self.writer.rollback() }

    /// Brings the tables up to date with all that was acknowledged, for those who read the file. Blocks.
    /// - Throws: ``StorageError``.
    package func catchUp() throws(StorageError) {
        // Groups are short, and follow each other without a pause when writers are many.
        while try !self.writer.write({ writer throws(SQLiteFailure) in try writer.catchUp() }) { usleep(50) }
    }

    package func changes(after position: UInt64, limit: Int) async throws -> [ChangeSet] {
        try await self.read { db in
            let rows = try Row.fetchCursor(
                db,
                sql: """
                    SELECT position, committed_at, encoding, changes, checksum
                    FROM change_log WHERE position > ? ORDER BY position LIMIT ?
                    """, arguments: [Int64(clamping: position), limit])
            var sets: [ChangeSet] = []
            var checksum = RowChecksum()
            while sets.count < limit, let row = try rows.next() {
                for set in try StoredLogLine(row, &checksum).changeSets(asked: position)
                where set.position > position && sets.count < limit {
                    guard set.position == (sets.last?.position ?? position) + 1 else {
                        throw sets.isEmpty
                            ? StorageError.logTruncated(asked: position, oldest: set.position)
                            : .damaged("the log lacks commit \(set.position - 1)")
                    }
                    sets.append(set)
                }
            }
            return sets
        }
    }

    package func journal(
        _ stream: String, subject: String?, after sequence: Int, limit: Int
    ) async throws -> [JournalLine] {
        try await self.lines(stream, subject, "sequence > :place", "ASC", sequence, limit)
    }

    package func newestLines(
        of stream: String, subject: String?, before sequence: Int?, limit: Int
    ) async throws -> [JournalLine] {
        try await self.lines(stream, subject, "sequence < :place", "DESC", sequence ?? Int.max, limit)
    }

    private func lines(
        _ stream: String, _ subject: String?, _ condition: String, _ order: String, _ place: Int, _ limit: Int
    ) async throws -> [JournalLine] {
        try await self.read { db in
            let rows = try Row.fetchCursor(
                db,
                sql: """
                    SELECT sequence, stream, subject, at, fields, checksum FROM journal
                    WHERE stream = :stream AND \(condition) AND (:subject IS NULL OR subject = :subject)
                    ORDER BY sequence \(order) LIMIT :limit
                    """,
                arguments: ["stream": stream, "place": place, "subject": subject, "limit": limit])
            var lines: [JournalLine] = []
            var checksum = RowChecksum()
            while let row = try rows.next() { lines.append(try StoredJournalLine(row, &checksum).line()) }
            return lines
        }
    }

    private func read<Result: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Result
    ) async throws -> Result {
        do {
            try await withCheckedThrowingContinuation { (done: CheckedContinuation<Void, any Error>) in
                DispatchQueue.global().async { done.resume(with: Swift.Result { try self.catchUp() }) }
            }
            return try await self.pool.read(body)
        } catch {
            throw Self.storageError(error, path: self.path)
        }
    }

    /// Writes a consistent copy to a new file, one that needs nothing beside it. Writers go on meanwhile. Blocks.
    /// - Throws: ``StorageError``.
    package func backup(to target: String, progress: @escaping (Double) -> Void = { _ in })
        throws(StorageError)
    {
        do {
            try self.catchUp()
            let queue = try DatabaseQueue(path: target)
            try self.pool.backup(to: queue, pagesPerStep: 4096) { step in
                progress(Double(step.completedPageCount) / Double(max(1, step.totalPageCount)))
            }
            try queue.writeWithoutTransaction { try $0.execute(sql: "PRAGMA journal_mode = DELETE") }
            try queue.close()
            try syncFile(target)
        } catch {
            throw Self.storageError(error, path: target)
        }
    }

    package func close() throws(StorageError) {
        do {
            self.background.stop()
            try self.catchUp()
            try self.connection.checkpoint(truncating: true)
            try self.writer.write { writer throws(SQLiteFailure) in writer.removeLog() }
            try self.pool.close()
        } catch {
            throw Self.storageError(error, path: self.path)
        }
    }

    static func storageError(_ error: any Error, path: String) -> StorageError {
        if let error = error as? StorageError { return error }
        if let error = error as? SQLiteFailure { return error.storageError(path: path) }
        guard let error = error as? DatabaseError else { return .failed(path: path, reason: "\(error)") }
        let message = error.message ?? "SQLite error \(error.resultCode.rawValue)"
        return SQLiteFailure(code: error.extendedResultCode.rawValue, message: message)
            .storageError(path: path)
    }
}

/// The writer of commits, and why it writes no more.
private final class LockedCommitWriter: Sendable {
    private let path: String
    private let state: Locked<State>

    private struct State {
        let writer: SQLiteCommitWriter
        /// Why nothing is written any more.
        var stopped: StorageError?
    }

    init(_ writer: sending SQLiteCommitWriter, path: String) {
        self.path = path
        self.state = Locked(State(writer: writer, stopped: nil))
    }

    func write<Result: Sendable>(
        _ body: (SQLiteCommitWriter) throws(SQLiteFailure) -> Result
    ) throws(StorageError) -> Result {
        try self.state.withLock { state throws(StorageError) in
            if let stopped = state.stopped { throw stopped }
            do throws(SQLiteFailure) {
                return try body(state.writer)
            } catch {
                guard error.isLostSync else { throw error.storageError(path: self.path) }
                let stopped = StorageError.stopped(path: self.path, reason: error.message)
                state.stopped = stopped
                throw stopped
            }
        }
    }

    func rollback() { self.state.withLock { $0.writer.rollback() } }

    /// See ``SQLiteCommitWriter/nextBatch()``.
    func nextBatch() -> CommitBatch? { self.state.withLock { $0.writer.nextBatch() } }
}

/// A line of the log, checked.
struct StoredLogLine {
    let position: Int64
    private let encoding: Int64
    private let changes: String

    /// Takes columns position, committed_at, encoding, changes, checksum.
    init(_ row: Row, _ checksum: inout RowChecksum) throws(StorageError) {
        try self.init(row[0], row[1], row[2], row[3], row[4], &checksum)
    }

    /// Takes columns position, committed_at, encoding, changes, checksum.
    init(_ row: SQLiteStatement, _ checksum: inout RowChecksum) throws(StorageError) {
        try self.init(
            row.integer(0), row.integer(1), row.integer(2), row.string(3), row.integer(4), &checksum)
    }

    private init(
        _ position: Int64, _ time: Int64, _ encoding: Int64, _ changes: String, _ stored: Int64,
        _ checksum: inout RowChecksum
    ) throws(StorageError) {
        checksum.begin()
        for number in [position, time, encoding] { checksum.add(number) }
        checksum.add(changes)
        guard checksum.value == stored, position > 0 else {
            throw .damaged("commit \(position) of the log is not what was written")
        }
        self.position = position
        self.encoding = encoding
        self.changes = changes
    }

    /// - Throws: ``StorageError/logTruncated(asked:oldest:)`` when its commit is not spelled out,
    ///   ``StorageError/damaged(_:)``.
    func changeSets(asked: UInt64) throws(StorageError) -> [ChangeSet] {
        guard self.encoding != ChangeSetCoding.tooLarge else {
            throw .logTruncated(asked: asked, oldest: UInt64(self.position))
        }
        return try ChangeSetCoding.decode(
            self.changes, version: Int(self.encoding), last: self.position)
    }
}

/// A line of a journal, checked.
struct StoredJournalLine {
    private let row: Row

    init(_ row: Row, _ checksum: inout RowChecksum) throws(StorageError) {
        checksum.begin()
        checksum.add(row[0] as Int64)
        checksum.add(row[1] as String)
        checksum.add(row[2] as String)
        checksum.add(row[3] as Int64)
        checksum.add(row[4] as String)
        guard checksum.value == row[5] as Int64 else {
            throw .damaged("line \(row[0] as Int64) of the journal is not what was written")
        }
        self.row = row
    }

    func line() throws(StorageError) -> JournalLine {
        guard let fields = (try? JSON.parse(self.row[4] as String)).flatMap(NamedProperty.list(storedJSON:))
        else { throw .damaged("line \(self.row[0] as Int64) of the journal is unreadable") }
        return JournalLine(
            sequence: self.row[0],
            entry: JournalEntry(
                stream: self.row[1], subject: self.row[2], milliseconds: self.row[3], fields: fields))
    }
}

/// Syncs a file and the folder it is in, so that it is there after a power cut.
/// - Throws: ``StorageError/unreachable(path:reason:)``.
package func syncFile(_ path: String) throws(StorageError) {
    for name in [path, (path as NSString).deletingLastPathComponent] {
        let descriptor = Glibc.open(name.isEmpty ? "." : name, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw .unreachable(path: name, reason: String(cString: strerror(errno)))
        }
        defer { Glibc.close(descriptor) }
        guard fsync(descriptor) == 0 else {
            throw .unreachable(path: name, reason: String(cString: strerror(errno)))
        }
    }
}
