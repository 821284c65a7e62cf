internal import PropertyGraph

/// Takes a row; false means that no more rows are wanted.
typealias Emit = (Row) throws -> Bool

/// Runs an operator for one argument row; false means that the consumer wanted no more.
typealias Run = (ExecutionContext, Row, Emit) throws -> Bool

/// An operator of a plan with what EXPLAIN shows of it. Immutable once planned.
///
/// Rows are pushed from the leaves to the root, so an operator holds rows only when it must (sorting,
/// grouping, before writes), and a consumer ends the work by wanting no more.
final class PlanNode {
    /// The slot of the nodes that are gone through, and how many there are, whether or not they pass.
    struct Scan {
        let slot: Int
        let nodes: Double
    }

    let number: Int
    let name: String
    let details: String
    let estimatedRows: Double
    let children: [PlanNode]
    /// What it goes through when it scans nodes; nil when it does not.
    let scan: Scan?
    private let body: Run

    init(
        number: Int, _ name: String, _ details: String = "", rows: Double, children: [PlanNode] = [],
        scan: Scan? = nil, _ body: @escaping Run
    ) {
        self.number = number
        self.name = name
        self.details = details
        self.estimatedRows = rows
        self.children = children
        self.scan = scan
        self.body = body
    }

    func run(_ context: ExecutionContext, _ row: Row, _ emit: Emit) throws -> Bool {
        guard let profile = context.profile else { return try self.body(context, row, emit) }
        let outer = context.enter(self.number, profile)
        defer { _ = context.enter(outer, profile) }
        return try self.body(context, row) { row in
            profile.countRow(of: self.number)
            _ = context.enter(outer, profile)
            defer { _ = context.enter(self.number, profile) }
            return try emit(row)
        }
    }

    /// Whether operators look at the graph, expressions aside.
    var readsGraph: Bool {
        !["Argument", "LoadCSV", "Unwind", "Projection", "Filter"].contains(self.name)
            || self.children.contains(where: \.readsGraph)
    }

    /// Whether an operator in here changes the graph: then all of its rows must be taken, wanted or not.
    var writes: Bool {
        [
            "Create", "Merge", "SetProperty", "RemoveProperty", "Delete", "DetachDelete", "Foreach",
            "TransactionApply",
        ].contains(self.name) || self.children.contains(where: \.writes)
    }

    /// Runs and gathers all rows, counted against the memory limit.
    func collect(_ context: ExecutionContext, _ row: Row) throws -> [Row] {
        var rows: [Row] = []
        try context.holding(&rows) { rows in
            _ = try self.run(context, row) { row in
                try context.hold(row.count)
                rows.append(row.copy())
                return true
            }
        }
        return rows
    }
}
