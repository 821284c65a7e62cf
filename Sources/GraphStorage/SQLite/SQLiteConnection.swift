internal import Foundation
internal import GRDBSQLite

/// What SQLite answered instead of doing what it was told.
struct SQLiteFailure: Error {
    let code: Int32
    let message: String

    func storageError(path: String) -> StorageError {
        switch self.code & 0xFF {
        case SQLITE_FULL: .diskFull(path: path)
        case SQLITE_READONLY: .readOnly(path: path)
        case SQLITE_CANTOPEN: .unreachable(path: path, reason: self.message)
        case SQLITE_CORRUPT, SQLITE_NOTADB: .damaged("\(path): \(self.message)")
        case SQLITE_ERROR
        where self.message.contains("no such table") || self.message.contains("no such column"):
            .damaged("\(path): \(self.message)")
        default: .failed(path: path, reason: self.message)
        }
    }

    /// Whether the disk may have lost what it had taken before: after that, syncing again proves nothing.
    var isLostSync: Bool { self.code == SQLITE_IOERR | (4 << 8) || self.code == SQLITE_IOERR | (5 << 8) }
}

/// A connection to a file through SQLite's own interface, for what must be fast: commits and loading.
///
/// `@unchecked Sendable`: opened with SQLite's full mutex, and statements belong to the one thread that uses them; a
/// connection of ``unlockedReader()`` stays on the thread that made it.
final class SQLiteConnection: @unchecked Sendable {
    let handle: OpaquePointer
    private let path: String
    private let access: Access

    /// What a connection may do to the file.
    enum Access {
        case writing
        /// Makes the file when there is none.
        case making
        /// Changes nothing of it. With a write-ahead log beside it, SQLite reads that too, and may put its index (`-shm`)
        /// there; without one, nothing is put beside it, and it may lie where nothing can be written.
        case reading
    }

    convenience init(path: String, _ access: Access = .writing) throws(SQLiteFailure) {
        try self.init(path: path, access, locking: SQLITE_OPEN_FULLMUTEX)
    }

    private init(path: String, _ access: Access, locking: Int32) throws(SQLiteFailure) {
        (self.path, self.access) = (path, access)
        var handle: OpaquePointer?
        let (name, flags) = Self.opening(path, access)
        let code = sqlite3_open_v2(name, &handle, flags | locking, nil)
        guard code == SQLITE_OK, let handle else {
            let message = handle.flatMap { sqlite3_errmsg($0) }.map { String(cString: $0) } ?? "out of memory"
            sqlite3_close_v2(handle)
            throw SQLiteFailure(code: code, message: message)
        }
        self.handle = handle
        sqlite3_extended_result_codes(handle, 1)
        sqlite3_busy_timeout(handle, 5000)
    }

    deinit { sqlite3_close_v2(self.handle) }

    /// Another connection to the file for one thread alone: SQLite takes no lock at each call, of which a row needs eight.
    /// Nothing is written through it.
    func unlockedReader() throws(SQLiteFailure) -> SQLiteConnection {
        let reader = try SQLiteConnection(path: self.path, self.access, locking: SQLITE_OPEN_NOMUTEX)
        try reader.execute("PRAGMA query_only = ON; PRAGMA cell_size_check = ON")
        return reader
    }

    private static func opening(_ path: String, _ access: Access) -> (name: String, flags: Int32) {
        switch access {
        case .writing: return (path, SQLITE_OPEN_READWRITE)
        case .making: return (path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE)
        case .reading:
            if FileManager.default.fileExists(atPath: path + "-wal") { return (path, SQLITE_OPEN_READONLY) }
            let safe = CharacterSet.alphanumerics.union(CharacterSet(charactersIn: "/-._"))
            let escaped = path.addingPercentEncoding(withAllowedCharacters: safe) ?? path
            return ("file:\(escaped)?immutable=1", SQLITE_OPEN_READONLY | SQLITE_OPEN_URI)
        }
    }

    var isInTransaction: Bool { sqlite3_get_autocommit(self.handle) == 0 }

    var isReadOnly: Bool { sqlite3_db_readonly(self.handle, "main") == 1 }

    /// The number of the row that was inserted last.
    var lastInsertedRow: Int64 { sqlite3_last_insert_rowid(self.handle) }

    func execute(_ sql: String) throws(SQLiteFailure) {
        let code = sqlite3_exec(self.handle, sql, nil, nil, nil)
        guard code == SQLITE_OK else { throw self.failure(code) }
    }

    /// The first column of the first row; nil when there is none or it is null.
    func integer(_ sql: String) throws(SQLiteFailure) -> Int64? {
        let statement = try SQLiteStatement(self, sql)
        guard try statement.step(), !statement.isNull(0) else { return nil }
        return statement.integer(0)
    }

    func failure(_ code: Int32) -> SQLiteFailure {
        SQLiteFailure(code: code, message: String(cString: sqlite3_errmsg(self.handle)))
    }

    /// Copies what the write-ahead log holds into the file, as far as readers let it. Does not stop writers.
    /// - Returns: how many frames of the log are not yet copied.
    @discardableResult
    func checkpoint(truncating: Bool = false) throws(SQLiteFailure) -> Int {
        let mode = truncating ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE
        var (frames, copied): (Int32, Int32) = (0, 0)
        let code = sqlite3_wal_checkpoint_v2(self.handle, nil, mode, &frames, &copied)
        guard code == SQLITE_OK || code & 0xFF == SQLITE_BUSY else { throw self.failure(code) }
        return Int(frames - copied)
    }
}

/// A prepared statement, used by one thread at a time. Bytes that are bound must stay where they are until it has run.
final class SQLiteStatement {
    private let handle: OpaquePointer
    private let connection: SQLiteConnection

    init(_ connection: SQLiteConnection, _ sql: String) throws(SQLiteFailure) {
        var handle: OpaquePointer?
        let code = sqlite3_prepare_v3(
            connection.handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &handle, nil)
        guard code == SQLITE_OK, let handle else { throw connection.failure(code) }
        self.handle = handle
        self.connection = connection
    }

    deinit { sqlite3_finalize(self.handle) }

    func bind(_ index: Int32, _ number: Int64) { sqlite3_bind_int64(self.handle, index, number) }

    func bindNull(_ index: Int32) { sqlite3_bind_null(self.handle, index) }

    func bind(_ index: Int32, _ text: UnsafeBufferPointer<UInt8>) {
        let start = UnsafeRawPointer(text.baseAddress)?.assumingMemoryBound(to: CChar.self)
        // No destructor: the caller keeps the bytes.
        sqlite3_bind_text64(
            self.handle, index, start ?? Self.nothing, UInt64(text.count), nil, UInt8(SQLITE_UTF8))
    }

    /// Binds a text that SQLite copies.
    func bind(_ index: Int32, copying text: String) {
        var text = text
        let transient = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
        text.withUTF8 { utf8 in
            let start = UnsafeRawPointer(utf8.baseAddress)?.assumingMemoryBound(to: CChar.self)
            _ = sqlite3_bind_text64(
                self.handle, index, start ?? Self.nothing, UInt64(utf8.count), transient, UInt8(SQLITE_UTF8))
        }
    }

    /// An address for texts without bytes: a null address would mean NULL.
    // Safe: never read.
    private nonisolated(unsafe) static let nothing = UnsafePointer(
        UnsafeMutablePointer<CChar>.allocate(capacity: 1))

    /// Goes to the next row; false at the end.
    func step() throws(SQLiteFailure) -> Bool {
        switch sqlite3_step(self.handle) {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        case let code: throw self.connection.failure(code)
        }
    }

    func reset() { sqlite3_reset(self.handle) }

    /// Runs a statement that gives no rows, and makes it ready for the next.
    func run() throws(SQLiteFailure) {
        let code = sqlite3_step(self.handle)
        guard code == SQLITE_DONE || code == SQLITE_ROW else {
            let failure = self.connection.failure(code)
            self.reset()
            throw failure
        }
        self.reset()
    }

    func isNull(_ column: Int32) -> Bool { sqlite3_column_type(self.handle, column) == SQLITE_NULL }

    func integer(_ column: Int32) -> Int64 { sqlite3_column_int64(self.handle, column) }

    /// The bytes of a text, valid until the next step.
    func text(_ column: Int32) -> UnsafeBufferPointer<UInt8> {
        let start = sqlite3_column_text(self.handle, column)
        return UnsafeBufferPointer(start: start, count: Int(sqlite3_column_bytes(self.handle, column)))
    }

    /// The bytes of a text as they lie in the file's page, valid until the next step. Saves the copy with a zero behind
    /// that ``text(_:)`` makes.
    func bytes(_ column: Int32) -> UnsafeBufferPointer<UInt8> {
        let start = sqlite3_column_blob(self.handle, column)?.assumingMemoryBound(to: UInt8.self)
        return UnsafeBufferPointer(
            start: start, count: start == nil ? 0 : Int(sqlite3_column_bytes(self.handle, column)))
    }

    func string(_ column: Int32) -> String { String(decoding: self.text(column), as: UTF8.self) }
}
