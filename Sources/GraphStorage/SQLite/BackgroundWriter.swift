internal import Foundation
internal import GRDBSQLite
internal import Synchronization

/// Brings what the commit log has into the tables, and SQLite's write-ahead log back into its file, on a thread of its own
/// beside the commits: a commit costs its own record, whatever the store holds.
final class BackgroundWriter: Sendable {
    /// From so many frames (of 4 KiB) on, a checkpoint is due.
    static let dueFrames = 1000
    /// From so many on, writers of tables wait for it: beside them it might never reach the end.
    static let urgentFrames = 65_536
    /// How long a commit may be in the commit log only, in seconds.
    static let lag = 1.0

    private let connection: SQLiteConnection
    private let tables: SQLiteTables
    private let next: @Sendable () -> CommitBatch?
    private let frames = FrameCount()
    private let wanted = DispatchSemaphore(value: 0)
    private let ended = DispatchSemaphore(value: 0)
    /// Whether a batch waits.
    private let isDue = Atomic(false)
    /// Whether there may be commits that are in the commit log only.
    private let isLagging = Atomic(false)
    private let isStopped = Atomic(false)

    /// How many frames the log had after the last transaction. SQLite's hook writes it.
    private final class FrameCount: Sendable {
        let value = Atomic(0)
    }

    /// `next` gives what is to be brought into the tables.
    init(
        path: String, watching writer: SQLiteConnection, _ tables: SQLiteTables,
        next: @escaping @Sendable () -> CommitBatch?
    ) throws(SQLiteFailure) {
        self.tables = tables
        self.next = next
        self.connection = try SQLiteConnection(path: path)
        // Until it has read something, a connection does not know that there is a log, and its checkpoints do nothing.
        _ = try self.connection.integer("SELECT count(*) FROM sqlite_schema")
        // A checkpoint by the writer itself, SQLite's default, would stall the transaction it falls on.
        sqlite3_wal_hook(
            writer.handle,
            { context, _, _, frames in
                if let context {
                    Unmanaged<FrameCount>.fromOpaque(context).takeUnretainedValue().value
                        .store(Int(frames), ordering: .relaxed)
                }
                return SQLITE_OK
            }, Unmanaged.passUnretained(self.frames).toOpaque())
        let thread = Thread { [self] in self.run() }
        thread.name = "plexus-tables"
        thread.start()
    }

    /// Called after each commit by the thread that made it; `isDue` when it handed a batch over.
    func wake(isDue: Bool) {
        if isDue { self.isDue.store(true, ordering: .releasing) }
        if !self.isLagging.exchange(true, ordering: .acquiringAndReleasing) || isDue { self.wanted.signal() }
    }

    private func run() {
        var deadline: DispatchTime?
        while true {
            let isLate = self.wanted.wait(timeout: deadline ?? .distantFuture) == .timedOut
            if self.isStopped.load(ordering: .acquiring) { break }
            if self.isDue.exchange(false, ordering: .acquiring) || isLate {
                deadline = nil
                self.isLagging.store(false, ordering: .sequentiallyConsistent)
                self.bring()
                self.checkpoint()
            } else if deadline == nil {
                deadline = .now() + Self.lag
            }
        }
        self.ended.signal()
    }

    private func bring() {
        guard let batch = self.next() else { return }
        // What fails here loses nothing: the commit log has it, and the next try, or a commit that finds the log full,
        // meets the failure again and tells its writer.
        try? self.tables.withLock { tables throws(SQLiteFailure) in
            // A commit may have taken it along meanwhile, or be about to.
            guard batch.waits, !tables.isOpen else { return }
            try tables.bring(batch)
        }
        if batch.waits { self.isLagging.store(false, ordering: .sequentiallyConsistent) }
    }

    private func checkpoint() {
        let frames = self.frames.value.load(ordering: .relaxed)
        guard frames >= Self.dueFrames else { return }
        // An error here loses nothing: the write-ahead log still holds all.
        let isDone = (try? self.connection.checkpoint()) == 0
        if !isDone, frames >= Self.urgentFrames {
            try? self.tables.withLock { tables throws(SQLiteFailure) in
                if !tables.isOpen { try self.connection.checkpoint() }
            }
        }
    }

    /// Ends the thread; waits for what it does.
    func stop() {
        guard !self.isStopped.exchange(true, ordering: .releasing) else { return }
        self.wanted.signal()
        self.ended.wait()
    }
}
