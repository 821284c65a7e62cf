internal import Cypher
internal import PropertyGraph

/// Dijkstra, 1959: the cheapest ways from one node. O((nodes + relationships) log nodes).
struct WeightedPaths {
    private struct Arrival {
        let cost: Double
        let from: NodeID
        let relationship: RelationshipID?
    }

    private let type: RelationshipTypeID??
    private let weight: PropertyKeyID??
    private let isUndirected: Bool
    private let source: NodeID
    private var settled: [NodeID: Arrival] = [:]
    /// The nodes reached, cheapest first.
    private(set) var order: [NodeID] = []

    /// Relationships of a type (all for nil), each as dear as a property says, 1 when it does not.
    init(_ graph: GraphSnapshot, from source: NodeID, type: String?, weight: String?, isUndirected: Bool) {
        self.source = source
        self.type = type.map { graph.tokens.relationshipType($0) }
        self.weight = weight.map { graph.tokens.propertyKey($0) }
        self.isUndirected = isUndirected
    }

    /// Searches until a node is reached, or all that can be.
    /// - Throws: ``CypherError`` for weights below 0 or that are no numbers.
    mutating func run(to target: NodeID?, _ call: ProcedureContext) throws(CypherError) {
        let graph = call.graph
        var heap = MinimumHeap<(node: NodeID, from: NodeID, relationship: RelationshipID?)>()
        heap.add((self.source, self.source, nil), priority: 0)
        while let (cost, step) = heap.takeFirst() {
            guard self.settled[step.node] == nil else { continue }
            try call.hold(1)
            self.settled[step.node] = Arrival(cost: cost, from: step.from, relationship: step.relationship)
            self.order.append(step.node)
            if step.node == target { return }
            for direction in self.isUndirected ? [Direction.outgoing, .incoming] : [.outgoing] {
                call.execution.touch()
                for entry in graph.adjacency(of: step.node, direction) {
                    try call.step()
                    if let type = self.type, entry.type != type { continue }
                    guard self.settled[entry.neighbour] == nil else { continue }
                    heap.add(
                        (entry.neighbour, step.node, entry.relationship),
                        priority: cost + (try self.weight(of: entry.relationship, graph)))
                }
            }
        }
    }

    private func weight(of relationship: RelationshipID, _ graph: GraphSnapshot) throws(CypherError) -> Double
    {
        guard let key = self.weight else { return 1 }
        switch key.map({ graph.property($0, of: relationship) }) ?? .null {
        case .null: return 1
        case .integer(let number) where number >= 0: return Double(number)
        case .float(let number) where number >= 0: return number
        case let other:
            throw CypherError(
                .argument, "InvalidArgumentValue",
                "a weight is a number from 0, not \(ValueText.text(other) ?? other.typeName)")
        }
    }

    /// What the way to a node costs; nil when there is none.
    func cost(of node: NodeID) -> Double? { self.settled[node]?.cost }

    /// The way to a node; nil when there is none.
    func path(to target: NodeID) -> Path? {
        var (nodes, relationships) = ([target], [RelationshipID]())
        while let arrival = self.settled[nodes[nodes.count - 1]], let relationship = arrival.relationship {
            relationships.append(relationship)
            nodes.append(arrival.from)
        }
        guard nodes.last == self.source else { return nil }
        return Path(nodes: nodes.reversed(), relationships: relationships.reversed())
    }
}
