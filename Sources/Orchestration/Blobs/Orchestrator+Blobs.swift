internal import GraphDatabase
internal import PropertyGraph

extension Orchestrator {
    /// Removes blobs older than some seconds to which nothing in the graph refers: no artifact of a job or a run, no input of a
    /// job, no result of an attempt, no parameter of a run. O(blobs + jobs + runs).
    /// - Throws: the file system's error.
    package func collectBlobs(olderThan seconds: Int, dryRun: Bool = false) async throws -> BlobCollection {
        guard let blobs = self.blobs else { return BlobCollection() }
        let database = self.database
        return try await blobs.collect(olderThan: seconds, dryRun: dryRun) {
            Self.digests(in: database.snapshot())
        }
    }

    /// All digests that the graph names.
    private static func digests(in graph: GraphSnapshot) -> Set<String> {
        var digests: Set<String> = []
        if let label = graph.tokens.label("Artifact"), let key = graph.tokens.propertyKey("sha256") {
            for node in graph.nodes(label) where Self.isUsed(node, in: graph) {
                if let digest = graph.property(key, of: node).string { digests.insert(digest) }
            }
        }
        for (label, name) in [("Job", "input"), ("Run", "parameters"), ("Attempt", "result")] {
            guard let label = graph.tokens.label(label), let key = graph.tokens.propertyKey(name) else {
                continue
            }
            for node in graph.nodes(label) {
                if let text = graph.property(key, of: node).string { Self.add(digestsIn: text, to: &digests) }
            }
        }
        return digests
    }

    private static func isUsed(_ node: NodeID, in graph: GraphSnapshot) -> Bool {
        var isUsed = false
        for direction in [Direction.outgoing, .incoming] {
            graph.forEachNeighbour(of: node, direction) { _, _ in isUsed = true }
        }
        return isUsed
    }

    /// Runs of 64 hexadecimal digits.
    static func add(digestsIn text: String, to digests: inout Set<String>) {
        guard text.utf8.count >= 64 else { return }
        var run: [UInt8] = []
        for byte in Array(text.utf8) + [0] {
            if (48...57).contains(byte) || (97...102).contains(byte) {
                run.append(byte)
            } else {
                if run.count == 64 { digests.insert(String(decoding: run, as: UTF8.self)) }
                run.removeAll(keepingCapacity: true)
            }
        }
    }
}
