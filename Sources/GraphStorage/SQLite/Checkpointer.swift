internal import Foundation
internal import GRDBSQLite
internal import Synchronization

/// Brings the write-ahead log back into the file, beside the commits and not in them: a commit costs its own pages,
/// whatever the store holds. Sees to it also that tables are never far behind the log.
final class Checkpointer: Sendable {
    /// From so many frames (of 4 KiB) on, a checkpoint is due.
    static let dueFrames = 1000
    /// A log that is written without a pause never gets to its end otherwise: when the thread has copied all but so few
    /// frames, or the log is as long as this, the committing thread copies the rest itself. Then the log begins anew in
    /// the same blocks of the disk, which syncs faster than a file that grows.
    static let restFrames = 200
    static let urgentFrames = 65_536
    /// How often the thread tries to come that near before it gives up.
    static let passes = 3

    /// How long a commit may be in the log only, in seconds.
    static let lag = 1.0

    private let connection: SQLiteConnection
    private let catchUp: @Sendable () -> Void
    private let frames = FrameCount()
    private let wanted = DispatchSemaphore(value: 0)
    private let ended = DispatchSemaphore(value: 0)
    private let isBusy = Atomic(false)
    private let isNearlyDone = Atomic(false)
    /// Whether there may be commits that are in the log only.
    private let isLagging = Atomic(false)
    private let isStopped = Atomic(false)

    /// How many frames the log had after the last commit. SQLite's hook writes it.
    private final class FrameCount: Sendable {
        let value = Atomic(0)
    }

    /// `catchUp` brings the tables up to date; called on the thread for checkpoints.
    init(
        path: String, watching writer: SQLiteConnection, catchUp: @escaping @Sendable () -> Void
    ) throws(SQLiteFailure) {
        self.catchUp = catchUp
        self.connection = try SQLiteConnection(path: path)
        // Until it has read something, a connection does not know that there is a log, and its checkpoints do nothing.
        _ = try self.connection.integer("SELECT count(*) FROM sqlite_schema")
        // A checkpoint by the writer itself, SQLite's default, would stall the commit it falls on.
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
        thread.name = "plexus-checkpoint"
        thread.start()
    }

    /// Called after each commit by the thread that made it.
    func wake(by writer: SQLiteConnection) {
        if !self.isLagging.exchange(true, ordering: .acquiringAndReleasing) { self.wanted.signal() }
        let frames = self.frames.value.load(ordering: .relaxed)
        guard frames >= Self.dueFrames else { return }
        if frames >= Self.urgentFrames || self.isNearlyDone.exchange(false, ordering: .acquiring) {
            _ = try? writer.checkpoint()
            self.frames.value.store(0, ordering: .relaxed)
        } else if !self.isBusy.exchange(true, ordering: .acquiring) {
            self.wanted.signal()
        }
    }

    private func run() {
        var due: DispatchTime?
        while true {
            let isDue = due.map { self.wanted.wait(timeout: $0) == .timedOut } ?? false
            if due == nil { self.wanted.wait() }
            if self.isStopped.load(ordering: .acquiring) { break }
            if isDue {
                due = nil
                self.isLagging.store(false, ordering: .sequentiallyConsistent)
                self.catchUp()
            } else if due == nil, self.isLagging.load(ordering: .sequentiallyConsistent) {
                due = .now() + Self.lag
            }
            if self.isBusy.load(ordering: .acquiring) { self.checkpoint() }
        }
        self.ended.signal()
    }

    private func checkpoint() {
        // An error here loses nothing: the log still holds all, and the next checkpoint or commit meets it again.
        for _ in 0..<Self.passes {
            guard let rest = try? self.connection.checkpoint() else { break }
            if rest <= Self.restFrames {
                self.isNearlyDone.store(rest > 0, ordering: .releasing)
                break
            }
        }
        self.isBusy.store(false, ordering: .releasing)
    }

    /// Ends the thread; waits for a checkpoint that runs.
    func stop() {
        guard !self.isStopped.exchange(true, ordering: .releasing) else { return }
        self.wanted.signal()
        self.ended.wait()
    }
}
