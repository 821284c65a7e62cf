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
        func remove(_ base: String, _ endings: [String]) {
            for ending in endings { try? files.removeItem(atPath: base + ending) }
        }
        do {
            remove(part, ["", "-journal", "-wal", "-shm"])
            defer { remove(part, ["", "-journal", "-wal", "-shm"]) }
            try Self.copy(file, to: part)
            try syncFile(part)
            var kept: String?
            if files.fileExists(atPath: path) {
                // A log that can be brought into its file is: then one file is all there is to keep.
                if let old = try? SQLiteConnection(path: path) { _ = try? old.checkpoint(truncating: true) }
                let name = Self.freeName(path + ".before-restore")
                try files.linkItem(atPath: path, toPath: name)
                if files.fileExists(atPath: path + "-wal") {
                    try files.linkItem(atPath: path + "-wal", toPath: name + "-wal")
                }
                try syncFile(name)
                kept = name
            }
            // A log of the old file would be taken for one of the new.
            remove(path, ["-wal", "-shm", "-journal"])
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

    /// Copies through SQLite, which takes what is in the write-ahead log along.
    static func copy(_ file: String, to target: String) throws(SQLiteFailure) {
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
