internal import Foundation
package import GraphStorage

/// Copies of graphs, and whether files are sound. All of it blocks on threads of its own.
extension GraphCatalog {
    /// Checks a file of a graph: see ``SQLiteStorage/verify(path:progress:)``. Changes nothing in it.
    package static func verify(
        file: String, progress: @escaping @Sendable (StoreReport.Place, Int) -> Void = { _, _ in }
    ) async throws -> StoreReport {
        try await runBlocking { SQLiteStorage.verify(path: file, progress: progress) }
    }

    /// Where a graph's file is in a data folder.
    /// - Throws: ``GraphCatalogError/wrongName(_:)``.
    package static func path(of name: String, in folder: String) throws -> String {
        let name = name.lowercased()
        if name == Self.network { return folder + "/plexus.db" }
        guard Self.isName(name) else { throw GraphCatalogError.wrongName(name) }
        return "\(folder)/graphs/\(name).db"
    }

    /// The graphs of a data folder that have a file, the network first, then by name.
    package static func names(in folder: String) -> [String] {
        let files = (try? FileManager.default.contentsOfDirectory(atPath: folder + "/graphs")) ?? []
        let named = files.filter { $0.hasSuffix(".db") }.map { String($0.dropLast(3)) }.filter(Self.isName)
        let hasNetwork = FileManager.default.fileExists(atPath: folder + "/plexus.db")
        return (hasNetwork ? [Self.network] : []) + named.sorted()
    }

    /// Writes a consistent copy of a graph to a new file while others read and write it.
    /// - Throws: ``GraphCatalogError/notFound(_:)``, ``StorageError``.
    package func backup(_ name: String, to target: String) async throws {
        let storage = try await self.graph(name).storage
        guard let storage = storage as? SQLiteStorage else { throw GraphCatalogError.notFound(name) }
        try await runBlocking { try storage.backup(to: target) }
    }

    /// Writes a consistent copy of a graph of a folder that nobody holds to a new file, without loading the graph.
    /// - Throws: ``GraphCatalogError``, ``StorageError``.
    package static func backup(
        _ name: String, in folder: String, to target: String,
        progress: @escaping @Sendable (Double) -> Void
    ) async throws {
        let path = try Self.path(of: name, in: folder)
        guard FileManager.default.fileExists(atPath: path) else { throw GraphCatalogError.notFound(name) }
        let lock = try FolderLock(folder: folder)
        try await runBlocking {
            let storage = try SQLiteStorage(path: path)
            try storage.backup(to: target, progress: progress)
            try storage.close()
        }
        withExtendedLifetime(lock) {}
    }

    /// Puts a copy in the place of a graph of a folder that nobody holds; makes the folder when there is none.
    /// - Returns: where the file that was there before is now; nil when there was none.
    /// - Throws: ``GraphCatalogError/exists(_:)`` when there is such a graph and it is not to be replaced;
    ///   ``StorageError``. Then the folder's graph is what it was.
    package static func restore(
        _ file: String, as name: String, in folder: String, replacing: Bool
    ) async throws -> String? {
        let path = try Self.path(of: name, in: folder)
        let parent = (path as NSString).deletingLastPathComponent
        try FileManager.default.createDirectory(
            atPath: parent, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        let lock = try FolderLock(folder: folder)
        guard replacing || !FileManager.default.fileExists(atPath: path) else {
            throw GraphCatalogError.exists(name)
        }
        let kept = try await runBlocking { try SQLiteStorage.restore(file, to: path) }
        withExtendedLifetime(lock) {}
        return kept
    }

    /// Opens a copy of a graph's file, so that nothing in it changes, for as long as the body runs.
    /// - Throws: ``StorageError``, or what the body throws.
    package static func withCopy<Result>(
        of file: String, _ body: (GraphDatabase) async throws -> Result
    ) async throws -> Result {
        let copy = FileManager.default.temporaryDirectory.appending(path: "plexus-copy-\(UUID()).db").path
        defer {
            StoreFiles.remove(copy)
        }
        for suffix in [""] + StoreFiles.data where FileManager.default.fileExists(atPath: file + suffix) {
            try FileManager.default.copyItem(atPath: file + suffix, toPath: copy + suffix)
        }
        let storage = try await runBlocking { try SQLiteStorage(path: copy) }
        let database = try await GraphDatabase(name: "copy", storage: storage)
        do {
            let result = try await body(database)
            try await database.close()
            return result
        } catch {
            try? await database.close()
            throw error
        }
    }
}
