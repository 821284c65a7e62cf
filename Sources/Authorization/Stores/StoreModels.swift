internal import JSON
internal import PropertyGraph
internal import Synchronization

/// The models that lie in a graph, read once each.
final class StoreModels: Sendable {
    private struct State {
        var authorizers: [String: Authorizer] = [:]
        var names: TupleNames?
        /// Ids of models, oldest first.
        var order: [String] = []
        /// The version of the graph that the models are of, when it is one that was published.
        var version: UInt64?
    }
    private let state = Mutex(State())

    /// What nodes with models are labelled.
    static let label = "AuthorizationModel"

    /// A model by its id, or the newest, in a published graph; nil when there is none. O(1) when no model is new.
    func authorizer(_ id: String?, in graph: GraphSnapshot) -> (id: String, authorizer: Authorizer)? {
        self.state.withLock { state in
            if state.version != graph.version {
                Self.refresh(&state, graph)
                state.version = graph.version
            }
            guard let id = id ?? state.order.last, let authorizer = state.authorizers[id] else { return nil }
            return (id, authorizer)
        }
    }

    /// All models, newest first.
    func all(in graph: GraphSnapshot) -> [(id: String, model: AuthorizationModel)] {
        self.state.withLock { state in
            Self.refresh(&state, graph)
            return state.order.reversed().compactMap { id in state.authorizers[id].map { (id, $0.model) } }
        }
    }

    /// What relationships are called as tuples, by all models.
    func names(in graph: GraphSnapshot) -> TupleNames {
        self.state.withLock { state in
            Self.refresh(&state, graph)
            if let names = state.names, names.fits(graph) { return names }
            let names = TupleNames(
                state.order.reversed().compactMap { state.authorizers[$0]?.model }, in: graph)
            state.names = names
            return names
        }
    }

    /// Reads the models that are new in the graph. O(1) when there are none.
    private static func refresh(_ state: inout State, _ graph: GraphSnapshot) {
        state.version = nil
        guard let label = graph.tokens.label(Self.label), graph.count(label) != state.order.count else {
            return
        }
        var known: [(id: String, authorizer: Authorizer)] = []
        for stored in self.stored(in: graph) {
            if let authorizer = state.authorizers[stored.id] {
                known.append((stored.id, authorizer))
            } else if let json = try? JSON.parse(stored.text), let model = try? AuthorizationModel(json: json)
            {
                known.append((stored.id, Authorizer(model: model)))
            }
        }
        state.order = known.map(\.id).sorted()
        state.authorizers = Dictionary(known) { first, _ in first }
        state.names = nil
    }

    /// What lies in the graph, in no order.
    static func stored(in graph: GraphSnapshot) -> [(id: String, text: String, origin: String?)] {
        guard let label = graph.tokens.label(Self.label), let id = graph.tokens.propertyKey("id"),
            let model = graph.tokens.propertyKey("model")
        else { return [] }
        let origin = graph.tokens.propertyKey("origin")
        return graph.nodes(label).compactMap { node in
            guard let name = graph.property(id, of: node).string,
                let text = graph.property(model, of: node).string
            else { return nil }
            return (name, text, origin.flatMap { graph.property($0, of: node).string })
        }
    }
}
