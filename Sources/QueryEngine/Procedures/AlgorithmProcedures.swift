internal import Cypher
internal import PropertyGraph

/// `algo.*`: graph algorithms over the snapshot that the query reads.
enum AlgorithmProcedures {
    static let all =
        Self.components + Self.centrality + Self.plans + Self.paths

    /// The label of the nodes and the type of the relationships; null for all.
    private static let part: [Procedure.Field] = [
        .init("label", .string, fallback: .null), .init("type", .string, fallback: .null),
    ]
    private static let options = Procedure.Field("options", .map, fallback: .map([:]))

    private static func graph(
        _ call: ProcedureContext, _ arguments: [Value], isUndirected: Bool = false
    ) throws(CypherError) -> ProjectedGraph {
        try ProjectedGraph(
            call, label: arguments[0].string, type: arguments[1].string, isUndirected: isUndirected)
    }

    private static func number(_ options: Value, _ name: String, _ fallback: Double) throws -> Double {
        switch options.map?[name] ?? .null {
        case .null: return fallback
        case .integer(let number) where number >= 0: return Double(number)
        case .float(let number) where number >= 0 && number <= 1e9: return number
        case let other: throw wrongArgument(name, other, "a number from 0")
        }
    }

    private static func isUndirected(_ options: Value) -> Bool {
        options.map?["undirected"] == .boolean(true)
    }

    private static let components = [
        Procedure(
            "algo.components", "Nodes that hang together, directions aside, have the same component.",
            inputs: Self.part, outputs: [.init("node", .node), .init("component", .integer)]
        ) { call, arguments in
            let graph = try Self.graph(call, arguments)
            let components = try Components.weak(graph, call)
            return try call.rows(zip(graph.nodes, components)) { [.node($0.0), .integer($0.1)] }
        },
        Procedure(
            "algo.stronglyConnectedComponents",
            "Nodes that can reach each other along the relationships have the same component.",
            inputs: Self.part, outputs: [.init("node", .node), .init("component", .integer)]
        ) { call, arguments in
            let graph = try Self.graph(call, arguments)
            let components = try Components.strong(graph, call)
            return try call.rows(zip(graph.nodes, components)) { [.node($0.0), .integer($0.1)] }
        },
    ]

    private static let centrality = [
        Procedure(
            "algo.pageRank",
            "How likely a walk that starts anywhere ends at each node; options damping, iterations, tolerance.",
            inputs: Self.part + [Self.options], outputs: [.init("node", .node), .init("score", .float)]
        ) { call, arguments in
            let graph = try Self.graph(call, arguments)
            let ranks = try Centrality.pageRank(
                graph, damping: min(1, Self.number(arguments[2], "damping", 0.85)),
                iterations: Int(Self.number(arguments[2], "iterations", 100)),
                tolerance: Self.number(arguments[2], "tolerance", 1e-9), call)
            return try call.rows(zip(graph.nodes, ranks)) { [.node($0.0), .float($0.1)] }
        },
        Procedure(
            "algo.betweenness",
            "On how many shortest paths between two others each node lies; option undirected.",
            inputs: Self.part + [Self.options], outputs: [.init("node", .node), .init("score", .float)]
        ) { call, arguments in
            let isUndirected = Self.isUndirected(arguments[2])
            let graph = try Self.graph(call, arguments, isUndirected: isUndirected)
            // Without directions each pair was counted from both of its ends.
            let scores = try Centrality.betweenness(graph, call).map { isUndirected ? $0 / 2 : $0 }
            return try call.rows(zip(graph.nodes, scores)) { [.node($0.0), .float($0.1)] }
        },
    ]

    private static let plans = [
        Procedure(
            "algo.topologicalOrder", "Nodes such that each relationship leads to a later one.",
            inputs: Self.part, outputs: [.init("node", .node), .init("position", .integer)]
        ) { call, arguments in
            let graph = try Self.graph(call, arguments)
            let order = try Components.topologicalOrder(graph, call)
            return try call.rows(order.enumerated()) {
                [.node(graph.nodes[$0.element]), .integer($0.offset)]
            }
        },
        Procedure(
            "algo.criticalPath",
            "When each step of a plan can begin and must have ended, by a property that says how long it takes.",
            inputs: Self.part + [.init("durationKey", .string, fallback: .string("duration"))],
            outputs: [
                .init("node", .node), .init("start", .float), .init("finish", .float),
                .init("slack", .float), .init("isCritical", .boolean),
            ]
        ) { call, arguments in
            let graph = try Self.graph(call, arguments)
            return try Self.criticalPath(graph, call, key: arguments[2].string ?? "duration")
        },
    ]

    private static func criticalPath(
        _ graph: ProjectedGraph, _ call: ProcedureContext, key: String
    ) throws -> [[Value]] {
        let order = try Components.topologicalOrder(graph, call)
        let key = call.graph.tokens.propertyKey(key)
        let durations = try graph.nodes.map { node in
            try call.step()
            let value = key.map { call.graph.property($0, of: node) } ?? .null
            return try Self.number(.map(["duration": value]), "duration", 0)
        }
        var starts = [Double](repeating: 0, count: graph.count)
        for node in order {
            try call.step(by: 1 + graph.edges(of: node).count)
            for edge in graph.edges(of: node) {
                starts[graph.target(edge)] = max(starts[graph.target(edge)], starts[node] + durations[node])
            }
        }
        let end = zip(starts, durations).map(+).max() ?? 0
        var latest = [Double](repeating: end, count: graph.count)
        for node in order.reversed() {
            try call.step(by: 1 + graph.edges(of: node).count)
            for edge in graph.edges(of: node) {
                let target = graph.target(edge)
                latest[node] = min(latest[node], latest[target] - durations[target])
            }
        }
        return try call.rows(order) { node in
            let finish = starts[node] + durations[node]
            let slack = latest[node] - finish
            return [
                .node(graph.nodes[node]), .float(starts[node]), .float(finish), .float(slack),
                .boolean(slack <= 1e-9 * max(1, end)),
            ]
        }
    }

    /// What `algo.shortestPath` and `algo.shortestPaths` share after the nodes.
    private static let weights: [Procedure.Field] = [
        .init("type", .string, fallback: .null), .init("weightKey", .string, fallback: .null), Self.options,
    ]

    private static let paths = [
        Procedure(
            "algo.shortestPath", "The cheapest way between two nodes; option undirected.",
            inputs: [.init("source", .node), .init("target", .node)] + Self.weights,
            outputs: [.init("path", .path), .init("cost", .float)]
        ) { call, arguments in
            guard case .node(let source) = arguments[0], case .node(let target) = arguments[1] else {
                return []
            }
            var search = WeightedPaths(
                call.graph, from: source, type: arguments[2].string, weight: arguments[3].string,
                isUndirected: Self.isUndirected(arguments[4]))
            try search.run(to: target, call)
            guard let path = search.path(to: target), let cost = search.cost(of: target) else { return [] }
            return [[.path(path), .float(cost)]]
        },
        Procedure(
            "algo.shortestPaths", "What the cheapest way from a node to each other costs; option undirected.",
            inputs: [.init("source", .node)] + Self.weights,
            outputs: [.init("node", .node), .init("cost", .float)]
        ) { call, arguments in
            guard case .node(let source) = arguments[0] else { return [] }
            var search = WeightedPaths(
                call.graph, from: source, type: arguments[1].string, weight: arguments[2].string,
                isUndirected: Self.isUndirected(arguments[3]))
            try search.run(to: nil, call)
            return try call.rows(search.order) { [.node($0), .float(search.cost(of: $0) ?? 0)] }
        },
    ]
}
