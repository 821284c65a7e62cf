internal import Foundation
internal import GRDBSQLite
internal import Synchronization

/// Brings the write-ahead log back into the file, beside the commits and not in them: a commit costs its own pages,
/// whatever the store holds.
final class Checkpointer: Sendable {
    /// From so many frames (of 4 KiB) on, a checkpoint is due.
    static let dueFrames = 2000
    /// From so many frames on, the committing thread helps: a log that is written without a pause never gets to its end
    /// otherwise, and would grow for ever.
    static let urgentFrames = 65_536

    private let connection: SQLiteConnection
    private let frames = FrameCount()
    private let wanted = DispatchSemaphore(value: 0)
    private let ended = DispatchSemaphore(value: 0)
    private let isBusy = Atomic(false)
    private let isStopped = Atomic(false)

    /// How many frames the log had after the last commit. SQLite's hook writes it.
    private final class FrameCount: Sendable {
        let value = Atomic(0)
    }

    init(path: String, watching writer: SQLiteConnection) throws(SQLiteFailure) {
        self.connection = try SQLiteConnection(path: path)
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
        let frames = self.frames.value.load(ordering: .relaxed)
        guard frames >= Self.dueFrames else { return }
        if frames >= Self.urgentFrames {
            try? writer.checkpoint()
        } else if !self.isBusy.exchange(true, ordering: .acquiring) {
            self.wanted.signal()
        }
    }

    private func run() {
        while true {
            self.wanted.wait()
            if self.isStopped.load(ordering: .acquiring) { break }
            // An error here loses nothing: the log still holds all, and the next checkpoint or commit meets it again.
            try? self.connection.checkpoint()
            self.isBusy.store(false, ordering: .releasing)
        }
        self.ended.signal()
    }

    /// Ends the thread; waits for a checkpoint that runs.
    func stop() {
        guard !self.isStopped.exchange(true, ordering: .releasing) else { return }
        self.wanted.signal()
        self.ended.wait()
    }
}
