internal import Cypher
internal import PropertyGraph

/// The part of a graph that an algorithm works on: nodes numbered from 0, relationships side by side.
///
/// Memory: 8 bytes a node and 20 a relationship.
struct ProjectedGraph {
    let nodes: [NodeID]
    private let numbers: NodeNumbers
    private var offsets: [Int] = [0]
    private var targets: [Int] = []
    private(set) var relationships: [RelationshipID] = []

    /// Nodes of a label (all for nil) and the relationships of a type between them, along their direction or both ways.
    init(
        _ call: ProcedureContext, label: String?, type: String?, isUndirected: Bool = false
    ) throws(CypherError) {
        let graph = call.graph
        var (nodes, numbers) = ([NodeID](), NodeNumbers())
        func add(_ node: NodeID) throws(CypherError) {
            try call.step()
            nodes.append(node)
            _ = numbers.insert(node)
        }
        if let label {
            if let label = graph.tokens.label(label) { for node in graph.nodes(label) { try add(node) } }
        } else {
            for node in graph.allNodes() { try add(node) }
        }
        (self.nodes, self.numbers) = (nodes, numbers)
        try call.hold(self.nodes.count)
        let wanted = type.map { graph.tokens.relationshipType($0) }
        for node in self.nodes {
            try call.step()
            for direction in isUndirected ? [Direction.outgoing, .incoming] : [.outgoing] {
                call.execution.touch()
                for entry in graph.adjacency(of: node, direction) {
                    try call.step()
                    if let wanted, entry.type != wanted { continue }
                    guard let target = self.numbers.number(of: entry.neighbour) else { continue }
                    self.targets.append(target)
                    self.relationships.append(entry.relationship)
                }
            }
            self.offsets.append(self.targets.count)
        }
        try call.hold(self.targets.count)
    }

    var count: Int { self.nodes.count }

    func number(of node: NodeID) -> Int? { self.numbers.number(of: node) }

    /// Where a node's relationships lie.
    func edges(of node: Int) -> Range<Int> { self.offsets[node]..<self.offsets[node + 1] }

    func target(_ edge: Int) -> Int { self.targets[edge] }
}

/// The smallest first. O(log n) to add and to take.
struct MinimumHeap<Element> {
    private var items: [(priority: Double, element: Element)] = []

    mutating func add(_ element: Element, priority: Double) {
        self.items.append((priority, element))
        var place = self.items.count - 1
        while place > 0, self.items[place].priority < self.items[(place - 1) / 2].priority {
            self.items.swapAt(place, (place - 1) / 2)
            place = (place - 1) / 2
        }
    }

    mutating func takeFirst() -> (priority: Double, element: Element)? {
        guard let first = self.items.first, let last = self.items.popLast() else { return nil }
        guard !self.items.isEmpty else { return first }
        self.items[0] = last
        var place = 0
        while true {
            var smallest = place
            for child in [place * 2 + 1, place * 2 + 2]
            where child < self.items.count && self.items[child].priority < self.items[smallest].priority {
                smallest = child
            }
            guard smallest != place else { return first }
            self.items.swapAt(place, smallest)
            place = smallest
        }
    }
}
