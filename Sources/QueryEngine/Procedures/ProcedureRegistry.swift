package import Cypher
internal import PropertyGraph

/// The procedures there are: those of every graph, and those that were defined since. Names ignore case.
package final class ProcedureRegistry: Sendable {
    /// How many procedures can be defined.
    package static let limit = 10_000

    private let procedures: Locked<[String: Procedure]>
    private let standard: Set<String>

    /// The procedures of every graph and those given.
    package init(_ further: [Procedure] = []) {
        let standard = GraphProcedures.all + SystemProcedures.all + AlgorithmProcedures.all + ShowCommands.all
        let all = standard + further
        self.standard = Set(standard.map { $0.name.lowercased() })
        self.procedures = Locked(
            Dictionary(all.map { ($0.name.lowercased(), $0) }) { _, later in later })
    }

    /// Adds a procedure, in place of an earlier one of that name.
    /// - Throws: ``CypherError`` when a procedure of every graph has the name, or there are too many.
    package func define(_ procedure: Procedure) throws(CypherError) {
        let key = procedure.name.lowercased()
        guard !self.standard.contains(key) else {
            throw CypherError(
                .argument, "ProcedureExists", "`\(procedure.name)` is a procedure of every graph")
        }
        let isFull = self.procedures.withLock { procedures in
            guard procedures.count < Self.limit || procedures[key] != nil else { return true }
            procedures[key] = procedure
            return false
        }
        guard !isFull else {
            throw CypherError(.limit, "ProcedureLimit", "there are \(Self.limit) procedures already")
        }
    }

    /// Takes away a procedure that was defined.
    package func remove(_ name: String) {
        let key = name.lowercased()
        guard !self.standard.contains(key) else { return }
        self.procedures.withLock { _ = $0.removeValue(forKey: key) }
    }

    /// Takes away all procedures that were defined.
    package func removeDefined() {
        self.procedures.withLock { [standard] procedures in
            procedures = procedures.filter { standard.contains($0.key) }
        }
    }

    subscript(name: String) -> Procedure? { self.procedures.withLock { $0[name.lowercased()] } }

    /// Those that a query can name, in the order of their names.
    var all: [Procedure] {
        self.procedures.withLock { Array($0.values) }
            .filter { !$0.name.contains(" ") }.sorted { $0.name < $1.name }
    }
}
