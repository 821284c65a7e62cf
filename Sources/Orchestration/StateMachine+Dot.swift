package import Graphviz

extension StateMachine {
    /// Reads a machine as `schema/states/NAME.dot` draws it: `initial=true` and `final=true` mark states.
    package init(graph: DotGraph) {
        self.init(
            name: graph.name, initial: graph.nodes.filter { $0.attributes["initial"] == "true" }.map(\.name),
            final: Set(graph.nodes.filter { $0.attributes["final"] == "true" }.map(\.name)),
            transitions: graph.edges.map { (from: $0.tail, to: $0.head) })
    }
}
