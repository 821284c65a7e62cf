internal import Cryptography
internal import Foundation
internal import Glibc

/// Payloads by their SHA-256, one file each: written once, checked, never changed.
///
/// All file work is done on a queue of its own, not on the threads of the caller's tasks.
package final class BlobStore: Sendable {
    /// The most bytes a blob may have: 4 GiB.
    package static let sizeLimit = 4 << 30

    private let folder: String
    private let queue = DispatchQueue(label: "plexus.blobs", attributes: .concurrent)
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
        if self.size(digest) == bytes.count { return digest }
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

    private func onQueue<Result: Sendable>(
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
        guard let path = self.path(digest), self.size(digest) == nil else { return digest }
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
