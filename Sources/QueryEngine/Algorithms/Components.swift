internal import Cypher

/// Which nodes hang together, and in which order they can come.
enum Components {
    /// For each node the smallest number of its component, directions aside. O(relationships).
    static func weak(_ graph: ProjectedGraph, _ call: ProcedureContext) throws(CypherError) -> [Int] {
        var parents = Array(0..<graph.count)
        func root(_ node: Int) -> Int {
            var node = node
            while parents[node] != node {
                parents[node] = parents[parents[node]]
                node = parents[node]
            }
            return node
        }
        for node in 0..<graph.count {
            try call.step()
            for edge in graph.edges(of: node) {
                try call.step()
                let (a, b) = (root(node), root(graph.target(edge)))
                parents[max(a, b)] = min(a, b)
            }
        }
        var roots: [Int] = []
        roots.reserveCapacity(graph.count)
        for node in 0..<graph.count {
            try call.step()
            roots.append(root(node))
        }
        return roots
    }

    /// Tarjan, 1972, without recursion: for each node the number of its strongly connected component. O(relationships).
    static func strong(_ graph: ProjectedGraph, _ call: ProcedureContext) throws(CypherError) -> [Int] {
        var search = StrongSearch(count: graph.count)
        for node in 0..<graph.count where search.numbers[node] < 0 {
            try search.visit(node, graph, call)
        }
        return search.components
    }

    private struct StrongSearch {
        var numbers: [Int]
        var components: [Int]
        private var lowest: [Int]
        private var isOpen: [Bool]
        private var open: [Int] = []
        private var next = 0
        private var found = 0

        init(count: Int) {
            self.numbers = Array(repeating: -1, count: count)
            self.lowest = self.numbers
            self.components = self.numbers
            self.isOpen = Array(repeating: false, count: count)
        }

        private mutating func enter(_ node: Int) {
            self.numbers[node] = self.next
            self.lowest[node] = self.next
            self.next += 1
            self.open.append(node)
            self.isOpen[node] = true
        }

        mutating func visit(
            _ start: Int, _ graph: ProjectedGraph, _ call: ProcedureContext
        ) throws(CypherError) {
            var stack = [(node: start, edge: graph.edges(of: start).lowerBound)]
            self.enter(start)
            while let (node, edge) = stack.last {
                try call.step()
                guard edge < graph.edges(of: node).upperBound else {
                    stack.removeLast()
                    if let parent = stack.last?.node {
                        self.lowest[parent] = min(self.lowest[parent], self.lowest[node])
                    }
                    if self.lowest[node] == self.numbers[node] { self.close(node) }
                    continue
                }
                stack[stack.count - 1].edge += 1
                let target = graph.target(edge)
                if self.numbers[target] < 0 {
                    self.enter(target)
                    stack.append((target, graph.edges(of: target).lowerBound))
                } else if self.isOpen[target] {
                    self.lowest[node] = min(self.lowest[node], self.numbers[target])
                }
            }
        }

        private mutating func close(_ root: Int) {
            while let node = self.open.popLast() {
                self.isOpen[node] = false
                self.components[node] = self.found
                if node == root { break }
            }
            self.found += 1
        }
    }

    /// Kahn, 1962: sources before targets, smaller numbers first. O(relationships).
    /// - Throws: ``CypherError`` when there is a cycle.
    static func topologicalOrder(
        _ graph: ProjectedGraph, _ call: ProcedureContext
    ) throws(CypherError) -> [Int] {
        var waiting = [Int](repeating: 0, count: graph.count)
        for node in 0..<graph.count {
            try call.step(by: 1 + graph.edges(of: node).count)
            for edge in graph.edges(of: node) { waiting[graph.target(edge)] += 1 }
        }
        var order = (0..<graph.count).filter { waiting[$0] == 0 }
        var place = 0
        while place < order.count {
            try call.step()
            for edge in graph.edges(of: order[place]) {
                try call.step()
                let target = graph.target(edge)
                waiting[target] -= 1
                if waiting[target] == 0 { order.append(target) }
            }
            place += 1
        }
        guard order.count == graph.count else {
            throw CypherError(
                .argument, "GraphHasCycle",
                "\(graph.count - order.count) nodes lie on a cycle or behind one, so there is no order",
                hint: "algo.stronglyConnectedComponents shows the cycles")
        }
        return order
    }
}
