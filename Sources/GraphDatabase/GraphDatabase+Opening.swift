internal import Foundation
package import GraphStorage
package import NamedResources

extension GraphDatabase {
    /// Opens the graph `plexus` of a data folder, which no other process may hold, and brings its schema
    /// (`schema/network.cypher`) up to date. Reads all of it: O(entities).
    /// - Throws: ``StorageError``; ``CypherError`` when the schema does not fit what is stored.
    package static func open(
        folder: String, durability: Durability = .full, creating: Bool,
        resources: NamedResources = NamedResources()
    ) async throws -> GraphDatabase {
        try Self.prepare(folder, creating: creating)
        let lock = try FolderLock(folder: folder)
        let storage = try await SQLiteStorage(path: folder + "/plexus.db", durability: durability)
        let database = try await GraphDatabase(
            name: "plexus", storage: storage, resources: resources, lock: lock)
        try await database.runScript(resources.text("schema/network.cypher") ?? "")
        return database
    }

    private static func prepare(_ folder: String, creating: Bool) throws(StorageError) {
        var isFolder: ObjCBool = false
        if FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder) {
            guard isFolder.boolValue else {
                throw .unreachable(path: folder, reason: "it is a file, not a folder")
            }
            return
        }
        guard creating else { throw .unreachable(path: folder, reason: "there is no such folder") }
        do {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw .unreachable(path: folder, reason: "\(error.localizedDescription)")
        }
    }
}
