internal import Foundation
internal import PropertyGraph

/// Rows of new nodes or of new relationships, ready to be bound: their texts side by side, and where each row's lie.
struct RowBatch: Sendable {
    /// Rows a batch, but for the last.
    static let size = 2048

    struct Row {
        let id: UInt32
        /// The ends of a relationship.
        let source: UInt32
        let target: UInt32
        /// Where its texts are: labels or type, then properties.
        let start: Int
        let middle: Int
        let end: Int
        let checksum: Int64
    }

    let kind: EntityKind
    private(set) var rows: [Row] = []
    private(set) var bytes: [UInt8] = []

    init(_ kind: EntityKind, expecting count: Int = RowBatch.size) {
        self.kind = kind
        self.rows.reserveCapacity(count)
        self.bytes.reserveCapacity(count * 32)
    }

    /// Adds a row whose texts are made already.
    mutating func add(
        _ row: RowBacklog.Row, _ first: UnsafeBufferPointer<UInt8>, _ properties: UnsafeBufferPointer<UInt8>,
        checksum: Int64
    ) {
        let start = self.bytes.count
        self.bytes.append(contentsOf: first)
        let middle = self.bytes.count
        self.bytes.append(contentsOf: properties)
        self.rows.append(
            Row(
                id: row.id, source: row.source, target: row.target, start: start, middle: middle,
                end: self.bytes.count, checksum: checksum))
    }

    fileprivate mutating func add(
        _ node: NodeID, _ graph: GraphSnapshot, _ checksum: inout RowChecksum
    ) {
        let start = self.bytes.count
        StoredRow.write(labels: graph.labels(of: node), graph, to: &self.bytes)
        let middle = self.bytes.count
        StoredRow.write(graph.properties(of: node), graph, to: &self.bytes)
        let end = self.bytes.count
        let value = self.bytes.withUnsafeBufferPointer { bytes in
            checksum.ofNode(
                Int64(node.index), labels: UnsafeBufferPointer(rebasing: bytes[start..<middle]),
                UnsafeBufferPointer(rebasing: bytes[middle..<end]))
        }
        self.rows.append(
            Row(
                id: node.index, source: 0, target: 0, start: start, middle: middle, end: end, checksum: value)
        )
    }

    fileprivate mutating func add(
        _ relationship: RelationshipID, _ record: RelationshipRecord, type: [UInt8],
        _ graph: GraphSnapshot, _ checksum: inout RowChecksum
    ) {
        let start = self.bytes.count
        self.bytes.append(contentsOf: type)
        let middle = self.bytes.count
        StoredRow.write(graph.properties(of: relationship), graph, to: &self.bytes)
        let end = self.bytes.count
        let value = self.bytes.withUnsafeBufferPointer { bytes in
            checksum.ofRelationship(
                Int64(relationship.index), type: UnsafeBufferPointer(rebasing: bytes[start..<middle]),
                Int64(record.source.index), Int64(record.target.index),
                UnsafeBufferPointer(rebasing: bytes[middle..<end]))
        }
        self.rows.append(
            Row(
                id: relationship.index, source: record.source.index, target: record.target.index,
                start: start, middle: middle, end: end, checksum: value))
    }
}

/// Makes the rows of what a commit adds on a thread of its own, some batches ahead of the one who writes them.
final class RowEncoder: Sendable {
    private let batches = Handover<RowBatch>(capacity: 4)
    private let ended = DispatchSemaphore(value: 0)

    /// Starts the thread, which holds the commit's graph until ``stop()``.
    init(_ commit: GraphCommit) {
        let (batches, ended) = (self.batches, self.ended)
        // Handed over, not captured: the thread's closure would hold the graph after its end, and pages would be copied.
        let graph = Handover<GraphCommit>(capacity: 1)
        _ = graph.put(commit)
        graph.end()
        let thread = Thread {
            if let commit = graph.take() { Self.encode(commit, batches) }
            batches.end()
            ended.signal()
        }
        thread.name = "plexus-rows"
        // As the committing thread, which makes the rows of smaller commits.
        thread.stackSize = 8 << 20
        thread.start()
    }

    /// The next batch, nodes first; nil at the end.
    func next() -> RowBatch? { self.batches.take() }

    /// Ends the thread, whether or not all batches were taken. Called once.
    func stop() {
        self.batches.end()
        self.ended.wait()
    }

    private static func encode(_ commit: GraphCommit, _ batches: Handover<RowBatch>) {
        let graph = commit.graph
        var checksum = RowChecksum()
        var batch = RowBatch(.node)
        for number in commit.newNodes where graph.contains(NodeID(number)) {
            batch.add(NodeID(number), graph, &checksum)
            guard Self.passOn(&batch, .node, from: RowBatch.size, batches) else { return }
        }
        guard Self.passOn(&batch, .relationship, from: 0, batches) else { return }
        let types = graph.tokens.relationshipTypes.names.map { Array($0.utf8) }
        for number in commit.newRelationships {
            let relationship = RelationshipID(number)
            guard let record = graph.relationship(relationship) else { continue }
            batch.add(relationship, record, type: types[Int(record.type.index)], graph, &checksum)
            guard Self.passOn(&batch, .relationship, from: RowBatch.size, batches) else { return }
        }
        _ = Self.passOn(&batch, .relationship, from: 0, batches)
    }

    /// Hands a batch over when it has so many rows, and begins another one; false when nothing more is wanted.
    private static func passOn(
        _ batch: inout RowBatch, _ next: EntityKind, from size: Int, _ batches: Handover<RowBatch>
    ) -> Bool {
        guard batch.rows.count >= size else { return true }
        let full = batch
        batch = RowBatch(next)
        return batches.put(full)
    }
}
