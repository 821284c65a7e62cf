internal import Cryptography
internal import Foundation
internal import Glibc

/// Payloads by their SHA-256, one file each: written once, checked, never changed.
///
/// All file work is done on a queue of its own, not on the threads of the caller's tasks.
package final class BlobStore: Sendable {
    /// How long a blob is kept to which nothing refers, unless somebody says otherwise: a week.
    package static let graceSeconds = 7 * 86_400
    /// The most bytes a blob may have: 4 GiB.
    package static let sizeLimit = 4 << 30

    private let folder: String
    fileprivate var folderPath: String { self.folder }
    private let queue = DispatchQueue(label: "plexus.blobs", attributes: .concurrent)
    /// Held while a blob is said to be wanted, and while one is removed: what was just said to be there stays.
    fileprivate let removing = NSLock()
    var incomingPath: String { "\(self.folder)/incoming/\(UUID().uuidString)" }

    /// A store in a folder, which is made when it is not there.
    /// - Throws: the file system's error.
    package init(folder: String) throws {
        self.folder = folder
        try FileManager.default.createDirectory(
            atPath: folder + "/incoming", withIntermediateDirectories: true)
    }

    /// Where a blob lies; nil for a text that is no digest.
    package func path(_ digest: String) -> String? {
        guard SHA256.isDigest(digest) else { return nil }
        return "\(self.folder)/\(digest.prefix(2))/\(digest)"
    }

    /// The size of a blob in bytes, or nil when there is none.
    package func size(_ digest: String) -> Int? {
        guard let path = self.path(digest) else { return nil }
        return (try? FileManager.default.attributesOfItem(atPath: path))?[.size] as? Int
    }

    /// Takes in a blob piece by piece; it is there only when all bytes came and have the digest.
    /// - Throws: ``OrchestrationError/digestMismatch(expected:found:)``,
    ///   ``OrchestrationError/tooLarge(limit:)``, or the file system's error.
    package func store(
        _ digest: String, from pieces: some AsyncSequence<[UInt8], any Error> & Sendable
    ) async throws {
        guard let path = self.path(digest) else {
            throw OrchestrationError.digestMismatch(expected: digest, found: "not a SHA-256")
        }
        let incoming = "\(self.folder)/incoming/\(UUID().uuidString)"
        let file = try await self.onQueue { try BlobFile.create(incoming) }
        do {
            var hash = SHA256()
            var size = 0
            for try await piece in pieces {
                size += piece.count
                guard size <= Self.sizeLimit else { throw OrchestrationError.tooLarge(limit: Self.sizeLimit) }
                hash.update(piece.span)
                try await self.onQueue { try BlobFile.write(piece, to: file) }
            }
            let found = hash.finish()
            guard found == digest else {
                throw OrchestrationError.digestMismatch(expected: digest, found: found)
            }
            try await self.onQueue { try BlobFile.publish(file, incoming, as: path) }
        } catch {
            try? await self.onQueue { BlobFile.discard(file, incoming) }
            throw error
        }
    }

    /// Stores bytes that are in memory; gives their digest.
    /// - Throws: the file system's error.
    package func store(_ bytes: [UInt8]) async throws -> String {
        let digest = SHA256.digest(bytes)
        if try await self.onQueue({ self.renewed(digest) }) { return digest }
        try await self.store(
            digest,
            from: AsyncThrowingStream { continuation in
                continuation.yield(bytes)
                continuation.finish()
            })
        return digest
    }

    /// All bytes of a blob, or nil when there is none.
    /// - Throws: the file system's error.
    package func read(_ digest: String) async throws -> [UInt8]? {
        guard let path = self.path(digest), self.size(digest) != nil else { return nil }
        return try await self.onQueue { [UInt8](try Data(contentsOf: URL(fileURLWithPath: path))) }
    }

    fileprivate func onQueue<Result: Sendable>(
        _ body: @escaping @Sendable () throws -> Result
    ) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            self.queue.async { continuation.resume(with: Swift.Result { try body() }) }
        }
    }
}

/// A blob on its way in: a file under a random name until its digest is known. All calls block.
private enum BlobFile {
    static func create(_ path: String) throws -> Int32 {
        try self.checked(open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600))
    }

    static func write(_ bytes: [UInt8], to file: Int32) throws {
        var written = 0
        while written < bytes.count {
            written += try bytes.withUnsafeBytes { buffer in
                try self.checked(
                    Glibc.write(file, buffer.baseAddress.map { $0 + written }, bytes.count - written))
            }
        }
    }

    /// Syncs the bytes, gives the file its name and syncs the folder: only then a power cut cannot undo it.
    static func publish(_ file: Int32, _ incoming: String, as path: String) throws {
        _ = try self.checked(fsync(file))
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        _ = try self.checked(rename(incoming, path))
        let directory = try self.checked(open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC))
        defer { close(directory) }
        _ = try self.checked(fsync(directory))
        close(file)
    }

    static func discard(_ file: Int32, _ path: String) {
        close(file)
        unlink(path)
    }

    private static func checked<Number: SignedInteger>(_ result: Number) throws -> Number {
        guard result >= 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
        return result
    }
}

extension BlobStore {
    /// Reads a blob on this thread, which must be one that may wait for the disk.
    /// - Throws: ``OrchestrationError/tooLarge(limit:)``, or the file system's error.
    func readNow(_ digest: String, limit: Int) throws -> [UInt8]? {
        guard let path = self.path(digest), let size = self.size(digest) else { return nil }
        guard size <= limit else { throw OrchestrationError.tooLarge(limit: limit) }
        return FileManager.default.contents(atPath: path).map { [UInt8]($0) }
    }

    /// Takes in a blob on this thread, which must be one that may wait for the disk.
    /// - Returns: its digest.
    /// - Throws: the file system's error.
    func storeNow(_ bytes: [UInt8]) throws -> String {
        let digest = SHA256.digest(bytes)
        guard let path = self.path(digest), !self.renewed(digest) else { return digest }
        let incoming = self.incomingPath
        let file = try BlobFile.create(incoming)
        do {
            try BlobFile.write(bytes, to: file)
            try BlobFile.publish(file, incoming, as: path)
        } catch {
            BlobFile.discard(file, incoming)
            throw error
        }
        return digest
    }
}

// MARK: Clearing away

/// What clearing away found.
package struct BlobCollection: Hashable, Sendable {
    /// How many blobs went, or would.
    package var removed = 0
    /// Their bytes.
    package var bytes = 0
    /// How many stay.
    package var kept = 0
}

extension BlobStore {
    /// Says that a blob is wanted now; whether it is there.
    fileprivate func renewed(_ digest: String) -> Bool {
        guard let path = self.path(digest) else { return false }
        self.removing.lock()
        defer { self.removing.unlock() }
        return utimes(path, nil) == 0
    }

    /// Removes blobs that were not written or wanted for some time and that nothing refers to, and what cut-off transfers left.
    /// O(blobs).
    /// - Throws: what `references` throws; the file system's error when the folder cannot be read.
    package func collect(
        olderThan seconds: Int, dryRun: Bool, references: @escaping @Sendable () throws -> Set<String>
    ) async throws -> BlobCollection {
        try await self.onQueue {
            var found = BlobCollection()
            let end = time(nil) - seconds
            // References are read after the files, so that what has come to refer to an old one is among them.
            let old = try self.files(before: end, &found)
            let wanted = old.isEmpty ? [] : try references()
            for (digest, size) in old {
                guard !wanted.contains(digest), dryRun || self.remove(digest, ifOlderThan: end) else {
                    found.kept += 1
                    continue
                }
                found.removed += 1
                found.bytes += size
            }
            if !dryRun { self.removeCutOffTransfers() }
            return found
        }
    }

    /// Blobs that were last written or wanted before a moment; counts the others as kept.
    private func files(
        before end: Int, _ found: inout BlobCollection
    ) throws -> [(digest: String, size: Int)] {
        var old: [(digest: String, size: Int)] = []
        for name in try FileManager.default.contentsOfDirectory(atPath: self.folderPath)
        where name.utf8.count == 2 {
            for digest in try FileManager.default.contentsOfDirectory(atPath: "\(self.folderPath)/\(name)") {
                var status = stat()
                guard let path = self.path(digest), lstat(path, &status) == 0 else { continue }
                if status.st_mtim.tv_sec < end {
                    old.append((digest, Int(status.st_size)))
                } else {
                    found.kept += 1
                }
            }
        }
        return old
    }

    private func remove(_ digest: String, ifOlderThan end: Int) -> Bool {
        guard let path = self.path(digest) else { return false }
        self.removing.lock()
        defer { self.removing.unlock() }
        var status = stat()
        return lstat(path, &status) == 0 && status.st_mtim.tv_sec < end && unlink(path) == 0
    }

    /// Files of transfers that nobody can be at any more: a day old.
    private func removeCutOffTransfers() {
        let folder = self.folderPath + "/incoming"
        for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] {
            var status = stat()
            let path = folder + "/" + name
            if lstat(path, &status) == 0, status.st_mtim.tv_sec < time(nil) - 86_400 { unlink(path) }
        }
    }
}
