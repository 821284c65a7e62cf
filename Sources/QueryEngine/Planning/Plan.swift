internal import Cypher
internal import PropertyGraph

/// A planned query, for graphs like the one that it was planned for: correct on any graph, good on those.
///
/// `@unchecked Sendable`: operators are closures over what the planner chose and change nothing of it; all that changes while
/// a plan runs lies in its `ExecutionContext` and `Row`.
final class Plan: @unchecked Sendable {
    let root: PlanNode
    /// Names and slots of what is returned.
    let columns: [(name: String, slot: Int)]
    let names: TokenNames
    let slotCount: Int
    /// Whether it is small, runs nothing of unknown cost and expects few rows, so that it takes microseconds most likely.
    let isBrief: Bool
    private let indexes: [IndexDefinition]
    private let nodeCount: Int
    private let relationshipCount: Int

    init(_ query: Query, _ graph: GraphSnapshot, _ services: QueryServices) throws(CypherError) {
        let planner = Planner(graph: graph, services: services)
        let (root, columns) = try planner.plan(query, scope: [:])
        self.root = root
        self.columns = columns.map { (name: $0.0, slot: $0.1) }
        self.names = planner.names
        self.isBrief = root.isBrief
        self.slotCount = planner.slotCount
        self.indexes = graph.indexes.map(\.definition)
        self.nodeCount = graph.nodeCount
        self.relationshipCount = graph.relationshipCount
    }

    /// Whether planning anew would see the same indexes and counts that are not far from what they were. O(indexes).
    func suits(_ graph: GraphSnapshot) -> Bool {
        Self.isNear(graph.nodeCount, self.nodeCount)
            && Self.isNear(graph.relationshipCount, self.relationshipCount)
            && graph.indexes.count == self.indexes.count
            // By place and not by element: an index is many references, and this is asked before each run.
            && self.indexes.indices.allSatisfy { graph.indexes[$0].definition == self.indexes[$0] }
    }

    private static func isNear(_ now: Int, _ then: Int) -> Bool {
        now <= then * 2 + 16 && then <= now * 2 + 16
    }
}

/// The newest plan of a query, and one for each set of rules: a plan tells of the counts that it was made by.
final class PlanCache: Sendable {
    /// How many sets of rules have a plan.
    private static let limit = 16
    private let plan = Locked<Plan?>(nil)
    private let concealed = Locked<[GraphRules: Plan]>([:])

    /// The newest plan if it suits the graph.
    func known(suiting graph: GraphSnapshot) -> Plan? {
        let known =
            if let rules = graph.concealed {
                self.concealed.withLock { $0[rules] }
            } else {
                self.plan.withLock { $0 }
            }
        return known.flatMap { $0.suits(graph) ? $0 : nil }
    }

    /// A plan that suits the graph, made when the newest does not.
    func plan(_ query: Query, _ graph: GraphSnapshot, _ services: QueryServices) throws(CypherError) -> Plan {
        if let known = self.known(suiting: graph) { return known }
        let plan = try Plan(query, graph, services)
        guard let rules = graph.concealed else {
            self.plan.withLock { $0 = plan }
            return plan
        }
        self.concealed.withLock { plans in
            if plans.count >= Self.limit { plans.removeAll() }
            plans[rules] = plan
        }
        return plan
    }
}
