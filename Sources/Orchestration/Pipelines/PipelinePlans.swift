internal import Graphviz
internal import JSON
internal import Synchronization

/// A version of a pipeline as the engine asks it: steps and edges by name.
final class PipelinePlan: Sendable {
    let definition: PipelineDefinition
    let steps: [String: PipelineDefinition.Step]
    /// Edges by the step they lead to, with their numbers in the definition.
    let incoming: [String: [Int]]
    let outgoing: [String: [Int]]
    let branchOf: [String: PipelineDefinition.Branch]

    init(_ definition: PipelineDefinition) {
        self.definition = definition
        self.steps = Dictionary(definition.steps.map { ($0.name, $0) }) { first, _ in first }
        let numbers = definition.edges.indices
        self.incoming = Dictionary(grouping: numbers) { definition.edges[$0].target }
        self.outgoing = Dictionary(grouping: numbers) { definition.edges[$0].source }
        self.branchOf = Dictionary(
            definition.branches.flatMap { branch in branch.members.map { ($0, branch) } }
        ) { first, _ in first }
    }

    /// Whether somebody decides by the result's content: then the server reads it.
    func isLookedInto(_ step: String) -> Bool {
        if self.branchOf[step].map({ $0.metric != nil || $0.accept != nil }) ?? false { return true }
        return (self.outgoing[step] ?? []).contains { number in
            let edge = self.definition.edges[number]
            let head = self.steps[edge.target]
            return edge.when != nil || edge.isEach || head?.when != nil || head?.each != nil
                || head?.pipeline != nil
        }
    }
}

/// The plans of versions, decoded once: versions never change. The last ones used are kept.
final class PipelinePlans: Sendable {
    private static let limit = 256
    private let plans = Mutex<[String: PipelinePlan]>([:])

    func plan(_ id: String, load: () throws -> (plan: String, digest: String)) throws -> PipelinePlan {
        if let known = self.plans.withLock({ $0[id] }) { return known }
        let loaded = try load()
        guard let graph = DotGraph(json: try JSON.parse(loaded.plan)) else {
            throw OrchestrationError.conflict("the plan of \(id) is unreadable; register the pipeline again")
        }
        let plan = PipelinePlan(PipelineReading(plan: graph, digest: loaded.digest).definition)
        self.plans.withLock { plans in
            if plans.count >= Self.limit { plans.removeAll() }
            plans[id] = plan
        }
        return plan
    }
}
