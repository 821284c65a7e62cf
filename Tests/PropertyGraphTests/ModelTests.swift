import PropertyGraph
import Testing

/// Random steps against a naive model of dictionaries; the seed is in the test's name.
struct ModelTests {
    private struct Naive {
        var nodes: [NodeID: (labels: Set<String>, value: Int?)] = [:]
        var relationships: [RelationshipID: (type: String, from: NodeID, to: NodeID)] = [:]
    }

    @Test(arguments: 0..<30)
    func agreesWithADictionaryAfterRandomSteps(seed: UInt64) throws {
        var random = SplitMix(state: seed)
        var model = Naive()
        let transaction = GraphTransaction(GraphSnapshot())
        try transaction.createIndex(IndexDefinition(name: "i", label: "A", keys: ["x"]))
        let names = ["A", "B", "C"]
        var saved: (GraphTransaction.Savepoint, Naive)?
        for _ in 0..<400 {
            let nodes = model.nodes.keys.sorted()
            switch Int.random(in: 0..<12, using: &random) {
            case 0, 1, 2:
                let labels = names.filter { _ in Bool.random(using: &random) }
                let value = Bool.random(using: &random) ? Int.random(in: 0..<5, using: &random) : nil
                let node = try transaction.createNode(
                    labels: labels, properties: value.map { ["x": .integer($0)] } ?? [:])
                model.nodes[node] = (Set(labels), value)
            case 3, 4, 5:
                guard let from = nodes.randomElement(using: &random),
                    let to = nodes.randomElement(using: &random)
                else { continue }
                let type = names.randomElement(using: &random) ?? "A"
                let relationship = try transaction.createRelationship(type: type, from: from, to: to)
                model.relationships[relationship] = (type, from, to)
            case 6:
                guard let node = nodes.randomElement(using: &random) else { continue }
                let value = Int.random(in: 0..<5, using: &random)
                try transaction.setProperty(transaction.propertyKey("x"), of: node, to: .integer(value))
                model.nodes[node]?.value = value
            case 7:
                guard let node = nodes.randomElement(using: &random),
                    let label = names.randomElement(using: &random)
                else { continue }
                try transaction.removeLabel(transaction.label(label), from: node)
                model.nodes[node]?.labels.remove(label)
            case 8:
                guard let relationship = model.relationships.keys.sorted().randomElement(using: &random)
                else { continue }
                try transaction.deleteRelationship(relationship)
                model.relationships[relationship] = nil
            case 9:
                guard let node = nodes.randomElement(using: &random) else { continue }
                try transaction.detachDeleteNode(node)
                model.nodes[node] = nil
                model.relationships = model.relationships.filter {
                    $0.value.from != node && $0.value.to != node
                }
            case 10: saved = (transaction.savepoint(), model)
            default:
                guard let back = saved else { continue }
                transaction.rollback(to: back.0)
                model = back.1
                saved = nil
            }
        }
        try self.compare(transaction.graph, model)
        let (changes, graph) = try #require(try transaction.finish())
        // The change set alone builds the same graph again, also when it is applied twice.
        var loader = GraphLoader()
        for change in changes.changes { try loader.apply(change) }
        try self.compare(loader.finish(version: graph.version), model)
    }

    private func compare(_ graph: GraphSnapshot, _ model: Naive) throws {
        #expect(graph.nodeCount == model.nodes.count)
        #expect(graph.relationshipCount == model.relationships.count)
        #expect(Array(graph.allNodes()) == model.nodes.keys.sorted())
        for (node, expected) in model.nodes {
            #expect(Set(graph.labels(of: node).map { graph.tokens.name($0) }) == expected.labels)
            let out = model.relationships.filter { $0.value.from == node }
            let entries = graph.adjacency(of: node, .outgoing).entries
            #expect(Set(entries.map(\.relationship)) == Set(out.keys))
            #expect(entries.elementsEqual(entries.sorted()))
            #expect(
                graph.degree(of: node, .incoming) == model.relationships.values.filter { $0.to == node }.count
            )
        }
        guard let label = graph.tokens.label("A"), let key = graph.tokens.propertyKey("x") else { return }
        #expect(Set(graph.nodes(label)) == Set(model.nodes.filter { $0.value.labels.contains("A") }.keys))
        for value in 0..<5 {
            let expected = model.nodes.filter { $0.value.labels.contains("A") && $0.value.value == value }
                .keys.sorted()
            #expect(graph.nodes(label, where: key, equals: .integer(value)) == expected)
        }
    }
}

struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = self.state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
