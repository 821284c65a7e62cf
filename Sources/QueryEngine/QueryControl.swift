package import Cypher
package import PropertyGraph
internal import Synchronization

/// What others may ask of a query that runs: to end, or to be measured without the time that it waited for its reader.
///
/// A query looks here every 1,024 steps, a step being a row, a node or a relationship.
package final class QueryControl: Sendable {
    /// Whether the query gives up at its first look, after 1,024 steps: for threads that nobody may hold.
    let isBrief: Bool
    private let cancelled = Atomic(false)
    private let waitedNanoseconds = Atomic<Int64>(0)
    private let lookCount = Atomic(0)

    /// - Parameter isBrief: whether the query gives up after 1,024 steps, with ``isNotBrief(_:)``.
    package init(isBrief: Bool = false) { self.isBrief = isBrief }

    /// Asks the query to end; it throws a ``CypherError`` of kind `cancelled` at its next look.
    package func cancel() { self.cancelled.store(true, ordering: .relaxed) }

    /// Whether somebody asked for the end.
    package var isCancelled: Bool { self.cancelled.load(ordering: .relaxed) }

    /// How often the query has looked here so far: between two looks it does not see that it is to end.
    package var looks: Int { self.lookCount.load(ordering: .relaxed) }

    func countLook() { self.lookCount.add(1, ordering: .relaxed) }

    /// Adds time that the query spent waiting for whoever takes its rows: it does not count against its limit.
    package func addWait(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        self.waitedNanoseconds.add(seconds * 1_000_000_000 + attoseconds / 1_000_000_000, ordering: .relaxed)
    }

    /// How long it waited so far.
    var waited: Duration { .nanoseconds(self.waitedNanoseconds.load(ordering: .relaxed)) }

    static let notBrief = CypherError(.limit, "NotBrief", "the query takes more than a moment")

    /// Whether a query ended because it was to be brief and is not: it may be run again elsewhere, as it changed nothing.
    package static func isNotBrief(_ error: CypherError) -> Bool {
        error.kind == Self.notBrief.kind && error.detail == Self.notBrief.detail
    }
}

/// One row of a result while the query runs. Good only within the call that gives it.
package struct ResultRow {
    let row: Row
    let columns: [(name: String, slot: Int)]

    /// How many columns there are.
    package var count: Int { self.columns.count }

    /// The values of all columns.
    package var values: [Value] { self.columns.map { self.row[$0.slot] } }

    /// The value of a column, by its place.
    package subscript(column: Int) -> Value { self.row[self.columns[column].slot] }
}

/// Takes a row; false means that no more rows are wanted.
package typealias RowSink = (ResultRow) throws -> Bool

/// A query with the plan that it has for a graph.
package struct PlannedQuery: Sendable {
    /// The query.
    package let query: PreparedQuery
    /// The graph.
    package let graph: GraphSnapshot
    /// Nil for commands, which need none.
    let plan: Plan?

    /// The columns of its result.
    package var columns: [String] { self.plan?.columns.map(\.name) ?? [] }

    /// Whether it is a read that expects to be done within microseconds.
    package var isBrief: Bool {
        guard let plan = self.plan else { return false }
        return plan.isBrief && self.query.isReadOnly && self.query.statement.mode == .run
    }

    /// Labels and relationship types that a read names and the graph does not have: misspelt, mostly.
    package var unknownNames: (labels: [String], types: [String]) {
        guard let plan = self.plan, self.query.isReadOnly, !self.query.commitsInBatches else {
            return ([], [])
        }
        guard self.graph.concealed == nil else {
            // What only hidden nodes have must look as what nobody has.
            return (
                plan.names.labels.filter { self.graph.tokens.label($0).map(self.graph.count) ?? 0 == 0 },
                plan.names.types.filter {
                    self.graph.tokens.relationshipType($0).map { self.graph.count($0) } ?? 0 == 0
                }
            )
        }
        return (
            plan.names.labels.filter { self.graph.tokens.label($0) == nil },
            plan.names.types.filter { self.graph.tokens.relationshipType($0) == nil }
        )
    }
}

extension PlanNode {
    /// Whether it and all that feeds it is small, of known cost and expects few rows.
    var isBrief: Bool {
        var count = 0
        return self.isBrief(&count)
    }

    /// Beyond this many operators a plan is not brief.
    private static let briefOperators = 24
    /// Beyond this many expected rows an operator is not brief.
    private static let briefRows = 200.0
    /// Beyond this many nodes a scan is not brief, however few of them pass: 128 are looked at in some steps.
    private static let briefScan = 8192.0
    /// Their cost is not seen from the rows they give.
    private static let unforeseeable: Set<String> = [
        "ProcedureCall", "LoadCSV", "ShortestPath", "VarLengthExpand", "VarLengthExpand(Distinct)", "Repeat",
        "SelectPaths",
    ]

    fileprivate func isBrief(_ count: inout Int) -> Bool {
        count += 1
        guard count <= Self.briefOperators, self.estimatedRows <= Self.briefRows,
            !Self.unforeseeable.contains(self.name), self.scan?.nodes ?? 0 <= Self.briefScan
        else { return false }
        for child in self.children where !child.isBrief(&count) { return false }
        return true
    }
}
