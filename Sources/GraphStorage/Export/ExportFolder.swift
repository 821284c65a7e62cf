internal import Foundation
internal import PropertyGraph

/// Why an export could not be written.
package struct ExportError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The file or folder and what is the matter.
    package let description: String

    init(_ description: String) { self.description = description }
}

/// The files of an export while they are written: under other names, until ``finish()`` syncs them and gives them
/// theirs. Files of an earlier export that this one has not are removed then.
package struct ExportFolder: ~Copyable {
    private let path: String
    private let names = Locked<Set<String>>([])
    private static let suffix = ".partial"

    /// Makes the folder when it is not there.
    /// - Parameters:
    ///   - path: the folder.
    ///   - isForced: whether it may hold something already.
    /// - Throws: ``ExportError``.
    package init(_ path: String, isForced: Bool) throws(ExportError) {
        self.path = path
        var isFolder: ObjCBool = false
        if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) {
            guard isFolder.boolValue else { throw ExportError("\(path) is a file, not a folder") }
            let contents = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
            guard contents.isEmpty || isForced else {
                throw ExportError(
                    "\(path) is not empty; --force writes into it and replaces an earlier export")
            }
            return
        }
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            throw ExportError("\(path) cannot be made: \(error.localizedDescription)")
        }
    }

    private func place(_ name: String) -> String { self.path + "/" + name }

    /// Appends bytes to a file of the export; the first time makes it.
    /// - Throws: ``ExportError``.
    package func append(_ bytes: [UInt8], to name: String) throws(ExportError) {
        let isFirst = self.names.withLock { $0.insert(name).inserted }
        let place = self.place(name) + Self.suffix
        let flags = O_WRONLY | O_CREAT | O_CLOEXEC | (isFirst ? O_TRUNC : O_APPEND)
        let file = open(place, flags, 0o600)
        guard file >= 0 else { throw Self.failure(place) }
        defer { close(file) }
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes {
                write(file, $0.baseAddress.map { $0 + written }, bytes.count - written)
            }
            guard count >= 0 || errno == EINTR else { throw Self.failure(place) }
            written += max(count, 0)
        }
    }

    /// Syncs all files, then gives them their names.
    /// - Returns: the names, sorted.
    /// - Throws: ``ExportError``.
    package func finish() throws(ExportError) -> [String] {
        let names = self.names.withLock { $0.sorted() }
        for name in names { try Self.sync(self.place(name) + Self.suffix) }
        for name in names {
            guard rename(self.place(name) + Self.suffix, self.place(name)) == 0 else {
                throw Self.failure(self.place(name))
            }
        }
        for old in (try? FileManager.default.contentsOfDirectory(atPath: self.path)) ?? []
        where Self.isOurs(old) && !names.contains(old) {
            unlink(self.place(old))
        }
        try Self.sync(self.path)
        return names
    }

    /// Where a file's bytes are until ``finish()``.
    package func partialPath(_ name: String) -> String { self.place(name) + Self.suffix }

    /// Takes a file out of the export.
    package func remove(_ name: String) {
        self.names.withLock { _ = $0.remove(name) }
        unlink(self.partialPath(name))
    }

    /// Removes what was written, after a failure.
    package func abandon() {
        for name in self.names.withLock({ $0 }) { unlink(self.place(name) + Self.suffix) }
    }

    private static func isOurs(_ name: String) -> Bool {
        ["graph.jsonl", "graph.cypher", "schema.cypher", "nodes.csv"].contains(name)
            || (name.hasSuffix(".csv") && (name.hasPrefix("nodes-") || name.hasPrefix("relationships-")))
    }

    private static func sync(_ path: String) throws(ExportError) {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw Self.failure(path) }
        defer { close(file) }
        guard fsync(file) == 0 else { throw Self.failure(path) }
    }

    private static func failure(_ path: String) -> ExportError {
        ExportError("\(path): \(String(cString: strerror(errno)))")
    }
}
