internal import Cryptography
package import GraphDatabase
internal import GraphStorage
package import PropertyGraph

/// Journals whose lines cannot be changed, left out or put in without it being seen: each line holds a digest of itself and of
/// the line before it, and the digest of the last one is kept in the graph, in the same commit.
///
/// Whoever can write the file can also write a chain of their own: to be safe from that, keep heads elsewhere
/// (``AuditReport/head``) and compare. Retention takes lines from the start; the rest still hangs together.
package enum AuditChain {
    /// Changes of tuples; the lines' subjects are the types of objects.
    package static let changes = "authorization-changes"
    /// Decisions; the lines' subjects are the subjects that asked.
    package static let decisions = "authorization-decisions"

    private static let label = "AuthorizationAudit"
    static let number = "number"
    static let digest = "digest"

    /// Adds lines to the end of their stream.
    /// - Throws: ``GraphError``.
    static func append(
        _ lines: [JournalEntry], to stream: String, in transaction: GraphTransaction
    ) throws(GraphError) {
        guard !lines.isEmpty else { return }
        var head = Self.head(of: stream, in: transaction.graph)
        for line in lines {
            head = Head(
                count: head.count + 1,
                digest: Self.digest(of: line, number: head.count + 1, after: head.digest))
            transaction.record(
                JournalEntry(
                    stream: stream, subject: line.subject, milliseconds: line.milliseconds,
                    fields: line.fields + [
                        NamedProperty(key: Self.number, value: .integer(head.count)),
                        NamedProperty(key: Self.digest, value: .string(head.digest)),
                    ]))
        }
        try Self.keep(head, of: stream, in: transaction)
    }

    private struct Head {
        let count: Int
        let digest: String
    }

    private static func node(of stream: String, in graph: GraphSnapshot) -> NodeID? {
        guard let label = graph.tokens.label(Self.label), let key = graph.tokens.propertyKey("id") else {
            return nil
        }
        return graph.nodes(label, where: key, equals: .string(stream)).first
    }

    private static func head(of stream: String, in graph: GraphSnapshot) -> Head {
        guard let node = Self.node(of: stream, in: graph),
            let count = graph.tokens.propertyKey("count").flatMap({ graph.property($0, of: node).integer }),
            let digest = graph.tokens.propertyKey("head").flatMap({ graph.property($0, of: node).string })
        else { return Head(count: 0, digest: "") }
        return Head(count: count, digest: digest)
    }

    private static func keep(
        _ head: Head, of stream: String, in transaction: GraphTransaction
    ) throws(GraphError) {
        if let node = Self.node(of: stream, in: transaction.graph) {
            try transaction.setProperty(
                transaction.propertyKey("count"), of: node, to: .integer(head.count))
            try transaction.setProperty(transaction.propertyKey("head"), of: node, to: .string(head.digest))
        } else {
            _ = try transaction.createNode(
                labels: [Self.label],
                properties: [
                    "id": .string(stream), "count": .integer(head.count), "head": .string(head.digest),
                ])
        }
    }

    /// SHA-256 over the digest before, the number and all that the line says; lengths keep its parts apart.
    private static func digest(of line: JournalEntry, number: Int, after previous: String) -> String {
        var bytes: [UInt8] = []
        var parts = [previous, String(number), line.subject, String(line.milliseconds)]
        for field in line.fields where field.key != Self.number && field.key != Self.digest {
            parts += [field.key, field.value.string ?? "\(field.value)"]
        }
        for part in parts {
            bytes += Array("\(part.utf8.count):".utf8)
            bytes += Array(part.utf8)
        }
        return SHA256.digest(bytes)
    }

    /// A graph without what the chains keep in it, which belongs to this store's journals and would be wrong in another: for
    /// exports. O(1).
    /// - Throws: ``GraphError``.
    package static func withoutHeads(_ graph: GraphSnapshot) throws(GraphError) -> GraphSnapshot {
        guard let label = graph.tokens.label(Self.label) else { return graph }
        let transaction = GraphTransaction(graph)
        for node in Array(graph.nodes(label)) { try transaction.detachDeleteNode(node) }
        return transaction.graph
    }

    // MARK: Verifying

    /// Checks the chains of a graph. O(lines).
    /// - Throws: ``StorageError``.
    package static func verify(_ database: GraphDatabase) async throws -> [AuditReport] {
        var reports: [AuditReport] = []
        for stream in [Self.changes, Self.decisions] {
            let head = Self.head(of: stream, in: database.snapshot())
            var walk = ChainWalk(stream: stream, head: head.digest, count: head.count)
            var last = 0
            while true {
                let lines = try await database.storage.journal(
                    stream, subject: nil, after: last, limit: 10_000)
                for line in lines { walk.take(line.entry, Self.digest) }
                guard let newest = lines.last?.sequence else { break }
                last = newest
            }
            if let report = walk.report() { reports.append(report) }
        }
        return reports
    }
}

/// What verifying a chain found.
package struct AuditReport: Hashable, Sendable {
    /// The stream.
    package let stream: String
    /// How many lines hang together.
    package let lines: Int
    /// The digest of the last line: who keeps it can tell later whether anything before it was changed.
    package let head: String
    /// What does not fit; nil when all does.
    package let problem: String?
}

/// Follows a chain line by line.
private struct ChainWalk {
    let stream: String
    let head: String
    let count: Int
    private var lines = 0
    private var last: (number: Int, digest: String)?
    private var problem: String?

    init(stream: String, head: String, count: Int) {
        self.stream = stream
        self.head = head
        self.count = count
    }

    mutating func take(
        _ line: JournalEntry, _ digest: (JournalEntry, Int, String) -> String
    ) {
        guard self.problem == nil else { return }
        let number = line.fields.first { $0.key == AuditChain.number }?.value.integer
        let kept = line.fields.first { $0.key == AuditChain.digest }?.value.string
        guard let number, let kept else {
            self.problem = "a line has no digest"
            return
        }
        self.lines += 1
        defer { self.last = (number, kept) }
        guard let last = self.last else {
            // The first line that is left: what was before it is gone, unless it is the very first.
            if number == 1, digest(line, 1, "") != kept { self.problem = "line 1 is not what was written" }
            return
        }
        if number != last.number + 1 {
            self.problem = "line \(last.number) is followed by line \(number)"
        } else if digest(line, number, last.digest) != kept {
            self.problem = "line \(number) is not what was written"
        }
    }

    func report() -> AuditReport? {
        guard self.lines > 0 || self.count > 0 else { return nil }
        var problem = self.problem
        if problem == nil, self.last?.digest ?? "" != self.head || self.last?.number ?? 0 != self.count {
            problem = "it ends with line \(self.last?.number ?? 0), and \(self.count) were written"
        }
        return AuditReport(stream: self.stream, lines: self.lines, head: self.head, problem: problem)
    }
}
