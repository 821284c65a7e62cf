internal import Cypher

/// Which nodes matter.
enum Centrality {
    /// Page, Brin, Motwani, Winograd, 1999, by power iteration; the ranks of all nodes together are 1. Nodes without
    /// outgoing relationships give their rank to all. O(iterations * relationships).
    static func pageRank(
        _ graph: ProjectedGraph, damping: Double, iterations: Int, tolerance: Double, _ call: ProcedureContext
    ) throws(CypherError) -> [Double] {
        let count = Double(max(1, graph.count))
        var ranks = [Double](repeating: 1 / count, count: graph.count)
        for _ in 0..<iterations {
            var next = [Double](repeating: 0, count: graph.count)
            var lost = 0.0
            for node in 0..<graph.count {
                let edges = graph.edges(of: node)
                try call.step(by: 1 + edges.count)
                if edges.isEmpty { lost += ranks[node] }
                for edge in edges { next[graph.target(edge)] += ranks[node] / Double(edges.count) }
            }
            var change = 0.0
            for node in 0..<graph.count {
                try call.step()
                next[node] = (1 - damping) / count + damping * (next[node] + lost / count)
                change += abs(next[node] - ranks[node])
            }
            ranks = next
            if change < tolerance { break }
        }
        return ranks
    }

    /// Brandes, 2001: on how many shortest paths between two others each node lies. O(nodes * relationships).
    static func betweenness(
        _ graph: ProjectedGraph, _ call: ProcedureContext
    ) throws(CypherError) -> [Double] {
        var scores = [Double](repeating: 0, count: graph.count)
        for source in 0..<graph.count {
            var search = ShortestPathCounts(count: graph.count, source: source)
            try search.run(graph, call)
            try search.addDependencies(to: &scores, graph, call)
        }
        return scores
    }

    /// How many shortest paths lead from one node to each.
    private struct ShortestPathCounts {
        let source: Int
        var order: [Int] = []
        var distances: [Int]
        var paths: [Double]

        init(count: Int, source: Int) {
            self.source = source
            self.distances = Array(repeating: -1, count: count)
            self.paths = Array(repeating: 0, count: count)
            self.distances[source] = 0
            self.paths[source] = 1
        }

        mutating func run(_ graph: ProjectedGraph, _ call: ProcedureContext) throws(CypherError) {
            self.order = [self.source]
            var place = 0
            while place < self.order.count {
                let node = self.order[place]
                place += 1
                for edge in graph.edges(of: node) {
                    try call.step()
                    let target = graph.target(edge)
                    if self.distances[target] < 0 {
                        self.distances[target] = self.distances[node] + 1
                        self.order.append(target)
                    }
                    if self.distances[target] == self.distances[node] + 1 {
                        self.paths[target] += self.paths[node]
                    }
                }
            }
        }

        func addDependencies(
            to scores: inout [Double], _ graph: ProjectedGraph, _ call: ProcedureContext
        ) throws(CypherError) {
            var shares = [Double](repeating: 0, count: self.paths.count)
            for node in self.order.reversed() {
                try call.step(by: 1 + graph.edges(of: node).count)
                for edge in graph.edges(of: node) {
                    let target = graph.target(edge)
                    guard self.distances[target] == self.distances[node] + 1 else { continue }
                    shares[node] += self.paths[node] / self.paths[target] * (1 + shares[target])
                }
                if node != self.source { scores[node] += shares[node] }
            }
        }
    }
}
