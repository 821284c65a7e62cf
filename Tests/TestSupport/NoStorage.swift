package import GraphStorage
package import PropertyGraph

/// A storage that keeps nothing, for tests of what is above it.
package struct NoStorage: GraphStorage {
    package init() {}
    package func load() throws(StorageError) -> GraphSnapshot { GraphSnapshot() }
    package func beginGroup() throws(StorageError) {}
    package func append(_ commit: GraphCommit) throws(StorageError) {}
    package func commitGroup() throws(StorageError) {}
    package func rollbackGroup() {}
    package func changes(after position: UInt64, limit: Int) async throws -> [ChangeSet] { [] }
    package func journal(
        _ stream: String, subject: String?, after sequence: Int, limit: Int
    ) async throws -> [JournalLine] { [] }
    package func newestLines(
        of stream: String, subject: String?, before sequence: Int?, limit: Int
    ) async throws -> [JournalLine] { [] }
    package func close() throws(StorageError) {}
}
