package import GraphStorage
internal import PropertyGraph

extension GraphDatabase {
    /// Brings files into the graph, all or none, in one transaction. Reads them on the writer's thread, so they must
    /// be whole on a disk: nothing here waits for a network.
    /// - Parameter progress: called now and then on the writer's thread.
    /// - Throws: ``ImportError`` with file, line and column; ``GraphError`` for rules that are checked at the end;
    ///   ``StorageError``.
    package func importFiles(
        _ files: ImportFiles, progress: @escaping @Sendable (FileProgress) -> Void = { _ in }
    ) async throws -> ImportSummary {
        try await self.write { transaction in try files.run(in: transaction, progress: progress) }
    }
}
