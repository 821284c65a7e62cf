internal import Foundation
internal import GRDBSQLite

extension SQLiteStorage {
    /// Puts a copy of a store's file in a place that no process uses. What is there before is kept beside it as
    /// `.before-restore` (with a number when there is one already). Blocks.
    /// - Returns: where the old file is now; nil when there was none.
    /// - Throws: ``StorageError``; then what was there before is there still.
    package static func restore(_ file: String, to path: String) throws(StorageError) -> String? {
        let part = path + ".restore-part"
        let files = FileManager.default
        do {
            StoreFiles.remove(part)
            defer { StoreFiles.remove(part) }
            try Self.copy(file, to: part)
            try syncFile(part)
            var kept: String?
            if files.fileExists(atPath: path) {
                // A log that can be brought into its file is: then one file is all there is to keep.
                if let old = try? SQLiteConnection(path: path) { _ = try? old.checkpoint(truncating: true) }
                let name = Self.freeName(path + ".before-restore")
                try files.linkItem(atPath: path, toPath: name)
                for ending in StoreFiles.data where files.fileExists(atPath: path + ending) {
                    try files.linkItem(atPath: path + ending, toPath: name + ending)
                }
                try syncFile(name)
                kept = name
            }
            // A log of the old file would be taken for one of the new.
            for ending in StoreFiles.all.dropFirst() { try? files.removeItem(atPath: path + ending) }
            try syncFile(part)
            guard rename(part, path) == 0 else {
                throw StorageError.unreachable(path: path, reason: String(cString: strerror(errno)))
            }
            try syncFile(path)
            return kept
        } catch {
            throw Self.storageError(error, path: path)
        }
    }

    private static func freeName(_ name: String) -> String {
        guard FileManager.default.fileExists(atPath: name) else { return name }
        var number = 2
        while FileManager.default.fileExists(atPath: "\(name)-\(number)") { number += 1 }
        return "\(name)-\(number)"
    }

    /// Copies through SQLite, which takes what is in the write-ahead log along; and what is in the commit log.
    static func copy(_ file: String, to target: String) throws {
        try Self.copyPages(file, to: target)
        guard FileManager.default.fileExists(atPath: file + CommitLog.ending) else { return }
        let connection = try SQLiteConnection(path: target)
        let tables = try SQLiteTables(connection, retention: .standard)
        try tables.bring(CommitLog.read(path: file + CommitLog.ending, after: tables.logPosition))
        try connection.checkpoint(truncating: true)
    }

    private static func copyPages(_ file: String, to target: String) throws(SQLiteFailure) {
        let source = try SQLiteConnection(path: file, .reading)
        let copy = try SQLiteConnection(path: target, .making)
        guard let backup = sqlite3_backup_init(copy.handle, "main", source.handle, "main") else {
            throw copy.failure(sqlite3_errcode(copy.handle))
        }
        let code = sqlite3_backup_step(backup, -1)
        sqlite3_backup_finish(backup)
        guard code == SQLITE_DONE else { throw copy.failure(code) }
    }
}
