package import PropertyGraph

/// Where a graph's commits go and come from. Knows nothing of queries, and its users nothing of SQLite.
///
/// ``load()``, the four steps of a group of commits and ``close()`` block the calling thread, which is never one of the
/// cooperative pool, and are called by one thread at a time.
package protocol GraphStorage: Sendable {
    /// Reads the whole graph as of the last durable commit. O(entities).
    /// - Throws: ``StorageError``.
    func load() throws(StorageError) -> GraphSnapshot

    /// Begins a group of commits, which become durable together or not at all.
    /// - Throws: ``StorageError``.
    func beginGroup() throws(StorageError)

    /// Takes a commit into the group. Nothing of the commit is held after it returns.
    /// - Throws: ``StorageError``; ``rollbackGroup()`` must follow.
    func append(_ commit: GraphCommit) throws(StorageError)

    /// Makes the group durable. Returns only when a power cut cannot undo it.
    /// - Throws: ``StorageError``; then none of the group is in the store, and what was there before is.
    func commitGroup() throws(StorageError)

    /// Forgets the group.
    func rollbackGroup()

    /// The change sets after a position, oldest first, at most `limit`: how a follower keeps up.
    /// - Throws: ``StorageError/logTruncated(asked:oldest:)`` when they are not there (any more): retention removed
    ///   them, or a commit was too large for the log. The follower then loads the graph again.
    func changes(after position: UInt64, limit: Int) async throws -> [ChangeSet]

    /// Lines of a journal, oldest first, about one subject or about all, after a line's number.
    func journal(
        _ stream: String, subject: String?, after sequence: Int, limit: Int
    ) async throws -> [JournalLine]

    /// Lines of a journal, newest first, about one subject or about all, before a line's number or, with nil, from the end.
    func newestLines(
        of stream: String, subject: String?, before sequence: Int?, limit: Int
    ) async throws -> [JournalLine]

    /// Writes everything back and lets go of the files.
    /// - Throws: ``StorageError``.
    func close() throws(StorageError)
}

extension GraphStorage {
    /// Makes commits durable as a group of their own.
    /// - Throws: ``StorageError``; then none of them is in the store.
    package func append(_ commits: [GraphCommit]) throws(StorageError) {
        try self.beginGroup()
        do {
            for commit in commits { try self.append(commit) }
        } catch {
            self.rollbackGroup()
            throw error
        }
        try self.commitGroup()
    }
}

/// Whether a commit waits for the disk.
package enum Durability: String, CaseIterable, Sendable {
    /// What is acknowledged survives a power cut.
    case full
    /// A power cut may lose the last commits, never damage the store.
    case relaxed
}

/// A line of a journal with its number.
package struct JournalLine: Hashable, Sendable {
    /// Grows by one with every line of the store.
    package let sequence: Int
    /// What was written.
    package let entry: JournalEntry
}

/// How long lines of journals are kept. Lines go oldest first, a few with each commit that adds some.
package struct JournalRetention: Hashable, Sendable {
    /// The age from which on a line may go, in milliseconds; nil keeps lines of any age.
    package var milliseconds: Int?
    /// How many lines of a stream are kept at most; nil keeps any number.
    package var lines: Int?

    /// Joins the two limits.
    package init(milliseconds: Int? = nil, lines: Int? = nil) {
        self.milliseconds = milliseconds
        self.lines = lines
    }

    /// A year, and ten million lines a stream.
    package static let standard = JournalRetention(milliseconds: 365 * 86_400_000, lines: 10_000_000)
}

/// Why a store could not be opened, read or written.
package enum StorageError: Error, Hashable, Sendable {
    /// Another process holds the store.
    case inUse(path: String, owner: String)
    /// The folder or file cannot be made, read or written.
    case unreachable(path: String, reason: String)
    /// The disk is full.
    case diskFull(path: String)
    /// The file cannot be written.
    case readOnly(path: String)
    /// What is stored contradicts itself.
    case damaged(String)
    /// The file was written by a newer program.
    case tooNew(path: String, version: String)
    /// Change sets that were asked for are gone.
    case logTruncated(asked: UInt64, oldest: UInt64)
    /// The disk reported that it may have lost something it had taken: nothing is written until the store is opened again.
    case stopped(path: String, reason: String)
    /// SQLite said something else.
    case failed(path: String, reason: String)
}

extension StorageError: CustomStringConvertible {
    /// What went wrong, where, and what to do about it.
    package var description: String {
        switch self {
        case .inUse(let path, let owner):
            "\(path) is in use by another process (\(owner)); stop it, or talk to it with --url"
        case .unreachable(let path, let reason): "cannot open \(path): \(reason)"
        case .diskFull(let path): "the disk of \(path) is full; nothing of this commit was written"
        case .readOnly(let path): "\(path) cannot be written; check its owner and mode"
        case .damaged(let what): "the store is damaged: \(what); restore a backup"
        case .tooNew(let path, let version):
            "\(path) was written by a newer Plexus (migration \(version)); use that version"
        case .logTruncated(let asked, let oldest):
            "changes after \(asked) were asked for, the log starts at \(oldest); load the graph again"
        case .stopped(let path, let reason):
            "\(path): the disk failed (\(reason)); nothing is written any more: check the disk, then start again"
        case .failed(let path, let reason): "\(path): \(reason)"
        }
    }

    /// A stable word for machines.
    package var code: String {
        switch self {
        case .inUse: "store_in_use"
        case .unreachable: "store_unreachable"
        case .diskFull: "disk_full"
        case .readOnly: "store_read_only"
        case .damaged: "store_damaged"
        case .tooNew: "store_too_new"
        case .logTruncated: "log_truncated"
        case .stopped: "store_stopped"
        case .failed: "store_failed"
        }
    }
}
