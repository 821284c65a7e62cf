internal import GraphDatabase
internal import PropertyGraph

/// Where a job is, and what came of it.
package struct JobOutcome: Hashable, Sendable {
    /// Its state.
    package let state: String
    /// Whose it is; nil when nobody's is known.
    package let owner: String?
    /// The digest of its result.
    package let result: String?
    /// Why it failed.
    package let error: String?
    /// The kind of failure.
    package let errorClass: String?
}

extension Orchestrator {
    /// Where a job is, by look-ups without a query: for those who ask often. O(log n). Nil when there is none.
    package func outcome(ofJob id: String) -> JobOutcome? {
        self.queue.outcome(ofJob: id, in: self.database.snapshot())
    }

    /// Whether a job has ended, or is not there. O(log n).
    package func hasEnded(job id: String) -> Bool {
        self.queue.state(ofJob: id, in: self.database.snapshot()).map { self.jobStates.final.contains($0) }
            ?? true
    }
}

extension JobQueue {
    func state(ofJob id: String, in graph: GraphSnapshot) -> String? {
        let keys = self.keys(graph)
        return keys.node(keys.job, .id, id, in: graph).flatMap {
            keys.value(.state, of: $0, in: graph).string
        }
    }

    func outcome(ofJob id: String, in graph: GraphSnapshot) -> JobOutcome? {
        let keys = self.keys(graph)
        guard let node = keys.node(keys.job, .id, id, in: graph), let facts = JobFacts(node, graph, keys)
        else {
            return nil
        }
        func text(_ name: QueueKeys.Name) -> String? { keys.value(name, of: node, in: graph).string }
        var result: String?
        if let type = keys.resultedIn {
            graph.forEachNeighbour(of: node, .outgoing, type: type) { artifact, _ in
                result = keys.value(.sha256, of: artifact, in: graph).string
            }
        }
        return JobOutcome(
            state: facts.state, owner: facts.user.isEmpty ? nil : facts.user, result: result,
            error: text(.error),
            errorClass: text(.errorClass))
    }
}
