package import GraphStorage
internal import PropertyGraph
internal import QueryEngine

extension GraphDatabase {
    /// Brings files into the graph, all or none, in one transaction. Reads them on the writer's thread, so they must
    /// be whole on a disk: nothing here waits for a network.
    /// - Parameters:
    ///   - files: the files.
    ///   - actor: who does it, for records of changes.
    ///   - progress: called now and then on the writer's thread.
    /// - Returns: what was done.
    /// - Throws: ``ImportError`` with file, line and column; ``GraphError`` for rules that are checked at the end;
    ///   ``StorageError``.
    package func importFiles(
        _ files: ImportFiles, by actor: String? = nil,
        progress: @escaping @Sendable (FileProgress) -> Void = { _ in }
    ) async throws -> ImportSummary {
        try await self.write { transaction in
            transaction.actor = actor
            return try files.run(in: transaction, progress: progress)
        }
    }

    /// Runs a script of any length, all in one transaction, a MiB of statements in memory at a time.
    /// - Parameters:
    ///   - source: where the script is.
    ///   - name: its name, for messages.
    ///   - actor: who does it, for records of changes.
    /// - Throws: ``CypherError`` with the line in the whole script, ``ImportError``, ``GraphError``,
    ///   ``StorageError``; then nothing of the script happened.
    package func importScript(
        _ source: ImportSource, name: String, by actor: String? = nil
    ) async throws {
        let now = Self.now()
        try await self.write { transaction in
            transaction.actor = actor
            var reader = try ScriptReader(source, name: name)
            while let (text, line) = try reader.next() {
                // Empty lines before it make messages count as the whole script does.
                let placed = String(repeating: "\n", count: line - 1) + text
                guard !placed.utf8.allSatisfy({ $0 <= 32 }) else { continue }
                for statement in try self.engine.prepareScript(placed) {
                    _ = try statement.run(in: transaction, now: now)
                }
            }
        }
    }
}
