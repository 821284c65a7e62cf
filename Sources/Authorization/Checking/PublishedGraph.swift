internal import PropertyGraph
internal import Synchronization

/// What was found out of one version of a graph, for all checks of that version: the numbers of the model, nodes by their names,
/// and the groups of subjects that asked before. A commit makes another version, and all of it is found anew.
///
/// Those who ask come in bursts: a page asks dozens of questions about one user (Zanzibar's cache and its Leopard index, Pang et
/// al., USENIX ATC 2019, sections 3.2.4 and 3.2.5).
final class PublishedGraph: Sendable {
    let version: UInt64
    let bound: BoundModel
    let wildcards: ContiguousArray<BoundModel.Wildcard>
    let keys: ContiguousArray<BoundModel.TupleKeys>

    /// A subject, and the relation that is followed from it.
    struct ClosureKey: Hashable {
        let type: Int
        let node: NodeID?
        let subjectRelation: Int?
        let isWildcard: Bool
        let relation: Int
    }
    /// The pairs that were reached, and how many relationships were looked at for that.
    struct Closure {
        let pairs: ContiguousArray<UInt64>
        let steps: Int
    }
    private struct State {
        /// By type, then by id.
        var nodes: [[String: NodeID]]
        var nodeCount = 0
        var closures: [ClosureKey: Closure] = [:]
        var pairCount = 0
        /// How often was asked.
        var uses = 0
    }
    private let state: Mutex<State>

    /// No more nodes are kept than this.
    private static let nodeLimit = 200_000
    /// No more pairs of closures are kept than this.
    private static let pairLimit = 500_000
    /// A version that was asked less often than this is not worth the keeping.
    private static let worth = 16

    init(_ bound: BoundModel, in graph: GraphSnapshot) {
        self.version = graph.version
        self.bound = bound
        self.wildcards = bound.wildcards(in: graph)
        self.keys = bound.tupleKeys(in: graph)
        self.state = Mutex(State(nodes: Array(repeating: [:], count: bound.types.count)))
    }

    /// The node that a type and an id mean in the graph, which is of this version.
    func node(_ type: Int, _ id: String, in graph: GraphSnapshot) -> NodeID? {
        let (known, isWorth) = self.state.withLock { state in
            state.uses &+= 1
            return (state.nodes[type][id], state.uses > Self.worth && state.nodeCount < Self.nodeLimit)
        }
        if let known { return known }
        guard let found = self.bound.node(type, id, in: graph) else { return nil }
        guard isWorth else { return found }
        self.state.withLock { state in
            if state.nodes[type].updateValue(found, forKey: id) == nil { state.nodeCount += 1 }
        }
        return found
    }

    func closure(_ key: ClosureKey) -> Closure? { self.state.withLock { $0.closures[key] } }

    func keep(_ closure: Closure, _ key: ClosureKey) {
        self.state.withLock { state in
            let count = state.pairCount + closure.pairs.count + 1
            guard state.uses > Self.worth, count < Self.pairLimit else { return }
            state.pairCount = count
            state.closures[key] = closure
        }
    }
}
