internal import Cryptography
internal import Foundation

/// Payloads by their SHA-256, one file each: written once, checked, never changed.
///
/// All file work is done on a queue of its own, not on the threads of the caller's tasks.
package final class BlobStore: Sendable {
    /// The most bytes a blob may have: 4 GiB.
    package static let sizeLimit = 4 << 30

    private let folder: String
    private let queue = DispatchQueue(label: "plexus.blobs", attributes: .concurrent)

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
        let incoming = IncomingBlob(path: "\(self.folder)/incoming/\(UUID().uuidString)", queue: self.queue)
        try await incoming.open()
        do {
            for try await piece in pieces { try await incoming.append(piece) }
            try await incoming.finish(expecting: digest, movingTo: path)
        } catch {
            await incoming.discard()
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

/// A blob on its way in: a file under a random name until its digest is known.
private actor IncomingBlob {
    private let path: String
    private let executor: DispatchSerialQueue
    private var handle: FileHandle?
    private var context = HashingContext()
    private var size = 0

    nonisolated var unownedExecutor: UnownedSerialExecutor { self.executor.asUnownedSerialExecutor() }

    init(path: String, queue: DispatchQueue) {
        self.path = path
        self.executor = DispatchSerialQueue(label: "plexus.blob", target: queue)
    }

    func open() throws {
        FileManager.default.createFile(atPath: self.path, contents: nil, attributes: [.posixPermissions: 0o600])
        self.handle = try FileHandle(forWritingTo: URL(fileURLWithPath: self.path))
    }

    func append(_ piece: [UInt8]) throws {
        self.size += piece.count
        guard self.size <= BlobStore.sizeLimit else {
            throw OrchestrationError.tooLarge(limit: BlobStore.sizeLimit)
        }
        self.context.update(piece)
        try self.handle?.write(contentsOf: Data(piece))
    }

    func finish(expecting digest: String, movingTo target: String) throws {
        let found = self.context.finish()
        guard found == digest else {
            throw OrchestrationError.digestMismatch(expected: digest, found: found)
        }
        try self.handle?.synchronize()
        try self.handle?.close()
        self.handle = nil
        let folder = (target as NSString).deletingLastPathComponent
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        guard rename(self.path, target) == 0 else {
            throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO)
        }
        try Self.synchronize(folder: folder)
    }

    func discard() {
        try? self.handle?.close()
        self.handle = nil
        try? FileManager.default.removeItem(atPath: self.path)
    }

    /// A rename survives a power cut only when the folder itself is synced.
    private static func synchronize(folder: String) throws {
        let descriptor = Glibc.open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
        defer { Glibc.close(descriptor) }
        guard fsync(descriptor) == 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
    }
}

/// Holds a hash where an actor can keep it.
private struct HashingContext: ~Copyable {
    private var hash: SHA256? = SHA256()

    mutating func update(_ bytes: [UInt8]) { self.hash?.update(bytes.span) }

    mutating func finish() -> String { self.hash.take()?.finish() ?? "" }
}
