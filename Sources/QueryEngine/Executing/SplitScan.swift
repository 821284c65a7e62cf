internal import Cypher
internal import Dispatch
internal import Foundation
internal import PropertyGraph
internal import Synchronization

/// A grouping of what a large scan leads to, gathered in parts on several threads: each takes a stretch of the nodes. The
/// parts are put together in the order of their nodes, so that groups, lists and errors are those of one thread.
///
/// What would differ in the last digit, sums of floats, is left to one thread.
final class SplitScan: Sendable {
    /// Ends the attempt: one thread does it all.
    struct Undone: Error {}

    /// From so many expected rows on another thread is worth waking.
    private static let threshold = 20_000.0
    /// How many rows there must be of the graph's nodes, whatever was expected.
    private static let nodes: UInt32 = 8192
    /// More groups cost more to put together than is spared.
    private static let groups = 16_384
    /// Operators that look at each row for itself.
    private static let plain: Set<String> = [
        "Filter", "ExpandAll", "ExpandInto", "ExpandIntersect", "VarLengthExpand",
        "VarLengthExpand(Distinct)",
        "GetDegree", "Projection", "PathBuild", "Unwind", "Optional", "ProjectEndpoints",
    ]

    private let scan: Int
    /// Whether it did not work out before, or did not pay: mostly it never will.
    private let isUndone = Atomic(false)

    /// Nil when the operators do not begin with a scan, do more than go on with each row, or expect few rows.
    init?(_ input: PlanNode) {
        var (node, most) = (input, input.estimatedRows)
        while node.scan == nil {
            guard Self.plain.contains(node.name), let first = node.children.first else { return nil }
            node = first
            most = max(most, node.estimatedRows)
        }
        guard let scan = node.scan, most >= Self.threshold, node.children.first?.name == "Argument" else {
            return nil
        }
        self.scan = scan.slot
    }

    /// The groups of all rows; nil when they are to be gathered by one thread.
    func run(
        _ input: PlanNode, _ keys: [Evaluator], _ columns: [Planner.AggregateColumn],
        _ context: ExecutionContext, _ row: Row
    ) throws -> Grouping? {
        let bound = context.graph.nodeIDBound
        guard context.maySplit, bound >= Self.nodes, HelperThreads.shared.count > 0,
            !self.isUndone.load(ordering: .relaxed)
        else { return nil }
        let count = (HelperThreads.shared.count + 1) * 2
        // Stretches of whole pages.
        let size = (Int(bound) / count / 128 + 1) * 128
        let work = SplitWork(count: count) { number, failures in
            let first = min(number * size, Int(bound))
            let range = UInt32(first)..<UInt32(min(first + size, Int(bound)))
            let part = ExecutionContext(
                part: number, of: count, scan: self.scan, range, failures: failures, context)
            let grouping = Grouping(keys, columns, isPart: true)
            try grouping.addAll(of: input, part, row.copy())
            return grouping
        }
        do {
            let whole = Grouping(keys, columns, isPart: true)
            for part in try work.run() { try whole.addAll(of: part, context) }
            if whole.count > Self.groups { self.isUndone.store(true, ordering: .relaxed) }
            return whole
        } catch is Undone {
            self.isUndone.store(true, ordering: .relaxed)
            return nil
        } catch let error as CypherError where error.detail == "MemoryLimit" {
            // Parts share the memory evenly; one thread may get along.
            return nil
        }
    }
}
