internal import CGlibc
internal import CXXHash
internal import Foundation
internal import GRDBSQLite
internal import Glibc
internal import PropertyGraph

/// Where a group of commits becomes durable: a file beside the store, `NAME-commits`, of a fixed size, into which records
/// are written in place and synced. Another thread brings them into SQLite's tables, whole segments at a time.
///
/// A sync of blocks that the disk knows already, written past the page cache, took 105 us where one of SQLite's
/// write-ahead log took 150, and the tables cost the committing thread nothing. Each record begins in a block of its own, so
/// that no block with acknowledged commits is written again before they are in the tables.
///
/// A record: magic (8 bytes), XXH3 of what follows (8), its size in bytes with this header (4), flags (4), its first and last
/// commit (8 each), milliseconds since 1970 (8), the encoding of its line (4), the line's size (4), the line, and lines of
/// journals as a JSON array. All numbers are little-endian.
final class CommitLog {
    /// What the file's name has after the store's.
    static let ending = "-commits"
    /// What a write may tear.
    static let blockSize = 4096
    /// While one segment is brought into the tables, the other takes commits.
    static let segmentSize = 2 << 20
    private static let size = 2 * segmentSize
    private static let headerSize = 56
    /// With zeros: the texts of a record cannot hold it.
    private static let magic: UInt64 = 0x0100_4D43_5853_4C50
    /// Set when a record was written only after the one before it was on the disk.
    private static let isSyncedFlag: UInt32 = 1

    private let path: String
    private let descriptor: Int32
    private let isSynced: Bool
    private let block: UnsafeMutableRawPointer
    private var segment = 0
    private var offset = 0

    /// Makes the file, all zeros, on the disk: then a sync has nothing to write but the record.
    /// - Throws: ``SQLiteFailure``, in SQLite's terms as all the store's failures.
    init(path: String, durability: Durability) throws(SQLiteFailure) {
        self.path = path
        self.isSynced = durability == .full
        var block: UnsafeMutableRawPointer?
        guard posix_memalign(&block, Self.blockSize, Self.segmentSize) == 0, let block else {
            throw SQLiteFailure(code: SQLITE_NOMEM, message: "out of memory")
        }
        self.block = block
        block.initializeMemory(as: UInt8.self, repeating: 0, count: Self.segmentSize)
        unlink(path)
        var descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        do throws(SQLiteFailure) {
            guard descriptor >= 0 else { throw Self.failure("making", path) }
            for segment in 0..<2 {
                try Self.write(descriptor, block, Self.segmentSize, at: segment * Self.segmentSize, path)
            }
            guard fsync(descriptor) == 0 else { throw Self.failure("syncing", path) }
            do { try syncFile(path) } catch {
                throw SQLiteFailure(code: SQLITE_CANTOPEN, message: error.description)
            }
        } catch {
            if descriptor >= 0 { Glibc.close(descriptor) }
            unlink(path)
            free(block)
            throw error
        }
        if self.isSynced {
            // Not every file system can.
            let direct = Glibc.open(path, O_RDWR | O_CLOEXEC | glibc_o_direct)
            if direct >= 0 {
                Glibc.close(descriptor)
                descriptor = direct
            }
        }
        self.descriptor = descriptor
    }

    deinit {
        Glibc.close(self.descriptor)
        free(self.block)
    }

    /// Whether the segment is so full that it should be brought into the tables.
    var isHalfFull: Bool { self.offset > Self.segmentSize / 2 }

    /// Begins with the other segment, whose records are all in the tables.
    func turn() { (self.segment, self.offset) = (1 - self.segment, 0) }

    /// Begins anew: all records are in the tables.
    func restart() { self.offset = 0 }

    /// What a record says.
    struct Record {
        var first, last: Int64
        var milliseconds: Int64
        var encoding: Int
        var line: [UInt8]
        var journal: [UInt8]
        fileprivate var isSynced = true
        fileprivate var size = 0

        /// The commits.
        /// - Throws: ``StorageError/damaged(_:)``.
        func changeSets() throws(StorageError) -> [ChangeSet] {
            try ChangeSetCoding.decode(
                String(decoding: self.line, as: UTF8.self), version: self.encoding, last: self.last)
        }

        fileprivate static func blocks(_ size: Int) -> Int { (size + blockSize - 1) / blockSize * blockSize }
    }

    /// Makes a record durable; false when the segment has no room for it.
    /// - Throws: ``SQLiteFailure``; one that ``SQLiteFailure/isLostSync`` when the disk may have lost something.
    func append(
        first: Int64, last: Int64, milliseconds: Int64, encoding: Int, line: [UInt8], journal: [UInt8]
    ) throws(SQLiteFailure) -> Bool {
        let size = Self.headerSize + line.count + journal.count
        let blocks = Record.blocks(size)
        guard blocks <= Self.segmentSize - self.offset else { return false }
        let block = self.block
        func put<Number: FixedWidthInteger>(_ number: Number, _ offset: Int) {
            block.storeBytes(of: number.littleEndian, toByteOffset: offset, as: Number.self)
        }
        put(Self.magic, 0)
        put(UInt32(size), 16)
        put(self.isSynced ? Self.isSyncedFlag : 0, 20)
        put(first, 24)
        put(last, 32)
        put(milliseconds, 40)
        put(UInt32(encoding), 48)
        put(UInt32(line.count), 52)
        var end = Self.headerSize
        for text in [line, journal] {
            text.withUnsafeBytes { text in
                if let start = text.baseAddress {
                    (block + end).copyMemory(from: start, byteCount: text.count)
                }
            }
            end += text.count
        }
        (block + size).initializeMemory(as: UInt8.self, repeating: 0, count: blocks - size)
        put(XXH3_64bits(block + 16, size - 16), 8)
        try Self.write(
            self.descriptor, block, blocks, at: self.segment * Self.segmentSize + self.offset, self.path)
        if self.isSynced, fdatasync(self.descriptor) != 0 { throw Self.failure("syncing", self.path) }
        self.offset += blocks
        return true
    }

    private static func write(
        _ descriptor: Int32, _ bytes: UnsafeRawPointer, _ count: Int, at start: Int, _ path: String
    ) throws(SQLiteFailure) {
        var done = 0
        while done < count {
            let written = pwrite(descriptor, bytes + done, count - done, start + done)
            if written > 0 {
                done += written
            } else if written == 0 || errno != EINTR {
                throw Self.failure("writing", path)
            }
        }
    }

    private static func failure(_ what: String, _ path: String) -> SQLiteFailure {
        let reason = "\(what) \(path): \(String(cString: strerror(errno)))"
        return switch errno {
        case ENOSPC, EDQUOT: SQLiteFailure(code: SQLITE_FULL, message: reason)
        case EROFS, EACCES, EPERM: SQLiteFailure(code: SQLITE_READONLY, message: reason)
        default: SQLiteFailure(code: SQLITE_IOERR | 4 << 8, message: reason)
        }
    }

    // MARK: Reading

    /// The records after a commit, in order. Empty when there is no file. O(size of the file).
    ///
    /// A bad record is one that a crash cut off, and the last; one with a later good one behind it, written when it was on
    /// the disk, has been damaged since.
    /// - Throws: ``StorageError/damaged(_:)`` when commits would be lost.
    static func read(path: String, after position: Int64) throws(StorageError) -> [Record] {
        guard let data = FileManager.default.contents(atPath: path), !data.isEmpty else { return [] }
        let records: Swift.Result<[Record], StorageError> = data.withUnsafeBytes { bytes in
            Swift.Result { () throws(StorageError) in try Self.read(bytes, path, after: position) }
        }
        return try records.get()
    }

    private static func read(
        _ bytes: UnsafeRawBufferPointer, _ path: String, after position: Int64
    ) throws(StorageError) -> [Record] {
        var (records, rest): ([Record], [Record]) = ([], [])
        for start in stride(from: 0, to: bytes.count, by: Self.segmentSize) {
            let end = min(bytes.count, start + Self.segmentSize)
            var offset = start
            var last: Int64?
            while let record = Self.record(bytes, offset, end), last == nil || record.first == (last ?? 0) + 1
            {
                records.append(record)
                last = record.last
                offset += Record.blocks(record.size)
            }
            for offset in stride(from: offset, to: end, by: Self.blockSize) {
                if let record = Self.record(bytes, offset, end) { rest.append(record) }
            }
        }
        records.sort { $0.first < $1.first }
        let newest = max(position, records.last?.last ?? 0)
        if let lost = rest.first(where: { $0.isSynced && $0.first > newest }) {
            throw .damaged(
                "\(path): commit \(newest + 1) is damaged, and commit \(lost.first), which came later, is not"
            )
        }
        records.removeAll { $0.last <= position }
        var expected = position + 1
        for (index, record) in records.enumerated() {
            guard record.first == expected else {
                if !record.isSynced { return Array(records[..<index]) }
                throw .damaged("\(path) lacks commit \(expected)")
            }
            expected = record.last + 1
        }
        return records
    }

    private static func record(_ bytes: UnsafeRawBufferPointer, _ start: Int, _ end: Int) -> Record? {
        func number<Number: FixedWidthInteger>(_ offset: Int, _: Number.Type = Number.self) -> Number {
            Number(littleEndian: bytes.loadUnaligned(fromByteOffset: start + offset, as: Number.self))
        }
        guard start + Self.headerSize <= end, number(0, UInt64.self) == Self.magic else { return nil }
        let size = Int(number(16, UInt32.self))
        guard size >= Self.headerSize, size <= end - start, let base = bytes.baseAddress,
            XXH3_64bits(base + start + 16, size - 16) == number(8, UInt64.self)
        else { return nil }
        let line = Int(number(52, UInt32.self))
        let (first, last) = (number(24, Int64.self), number(32, Int64.self))
        guard line <= size - Self.headerSize, first > 0, first <= last else { return nil }
        let text = bytes[(start + Self.headerSize)..<(start + size)]
        return Record(
            first: first, last: last, milliseconds: number(40), encoding: Int(number(48, UInt32.self)),
            line: Array(text.prefix(line)), journal: Array(text.dropFirst(line)),
            isSynced: number(20, UInt32.self) & Self.isSyncedFlag != 0, size: size)
    }
}

/// The files of a store beside its own: what belongs to it when it is copied, removed or replaced.
package enum StoreFiles {
    /// What the names have after the store's: those that hold data of it, and those that only help.
    package static let data = ["-wal", CommitLog.ending]
    /// All of them, and the store itself.
    package static let all = ["", "-wal", "-shm", "-journal", CommitLog.ending]

    /// Removes a store's files, as far as they are there.
    package static func remove(_ path: String) {
        for ending in self.all { unlink(path + ending) }
    }
}
