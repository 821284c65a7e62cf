internal import Glibc

/// Holds a folder for one process. The kernel lets go when the process ends, however it ends.
package final class FolderLock: Sendable {
    private let descriptor: Int32

    /// Takes the lock file `plexus.lock` of a folder.
    /// - Throws: ``StorageError/inUse(path:owner:)``, ``StorageError/unreachable(path:reason:)``.
    package init(folder: String) throws(StorageError) {
        let path = folder + "/plexus.lock"
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw .unreachable(path: path, reason: String(cString: strerror(errno)))
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            var buffer = [UInt8](repeating: 0, count: 32)
            let count = max(0, read(descriptor, &buffer, buffer.count))
            Glibc.close(descriptor)
            let owner = String(decoding: buffer.prefix(count), as: UTF8.self)
            throw .inUse(path: folder, owner: owner.isEmpty ? "unknown" : owner)
        }
        let owner = Array("pid \(getpid())".utf8)
        _ = ftruncate(descriptor, 0)
        _ = pwrite(descriptor, owner, owner.count, 0)
        self.descriptor = descriptor
    }

    deinit {
        // A child that another thread has just forked shares the lock until it has become another program: closing alone
        // would leave it held for that long.
        flock(self.descriptor, LOCK_UN)
        Glibc.close(self.descriptor)
    }
}
