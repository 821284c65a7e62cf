import PropertyGraph
import TestSupport
import Testing

/// Random steps against a naive model of dictionaries; the seed is in the test's name.
struct ModelTests {
    private struct Naive {
        var nodes: [NodeID: (labels: Set<String>, properties: [String: Value])] = [:]
        var relationships: [RelationshipID: (type: String, from: NodeID, to: NodeID, weight: Value)] = [:]
    }

    private static let names = ["A", "B", "C"]
    private static let keys = ["x", "y", "u"]

    /// One graph through several transactions, some of which are given up; each checks all.
    @Test(arguments: 0..<40)
    func agreesWithDictionariesAfterRandomSteps(seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        var model = Naive()
        let setUp = GraphTransaction(GraphSnapshot())
        try setUp.createIndex(IndexDefinition(name: "i", label: "A", keys: ["x"]))
        try setUp.createIndex(IndexDefinition(name: "xy", label: "B", keys: ["x", "y"]))
        try setUp.createIndex(IndexDefinition(name: "t", kind: .text, label: "C", keys: ["y"]))
        try setUp.createIndex(IndexDefinition(name: "r", on: .relationship, label: "B", keys: ["w"]))
        try setUp.createConstraint(
            ConstraintDefinition(name: "u", kind: .unique, entity: "A", keys: ["u"]))
        var graph = try #require(try setUp.finish()).graph
        var follower = GraphLoader(graph)
        for _ in 0..<6 {
            let before = (graph, model)
            let transaction = GraphTransaction(graph)
            try self.change(transaction, &model, steps: 120, &random)
            if Bool.random(using: &random), Bool.random(using: &random) {
                (graph, model) = before
                continue
            }
            guard let commit = try transaction.finish() else { continue }
            try self.compare(before.0, before.1)
            graph = commit.graph
            try self.compare(graph, model)
            // Change sets alone keep a follower up to date, also when they come twice.
            for _ in 0..<2 {
                for change in commit.changeSet.changes where !commit.schema.contains(change) {
                    try follower.apply(change)
                }
            }
            let followed = follower.finish(version: graph.version)
            try self.compare(followed, model)
            follower = GraphLoader(followed)
        }
    }

    private func change(
        _ transaction: GraphTransaction, _ model: inout Naive, steps: Int, _ random: inout SplitMix
    ) throws {
        var saved: (GraphTransaction.Savepoint, Naive)?
        for _ in 0..<steps {
            let nodes = model.nodes.keys.sorted()
            switch Int.random(in: 0..<14, using: &random) {
            case 0, 1, 2: try self.create(transaction, &model, &random)
            case 3, 4, 5:
                guard let from = nodes.randomElement(using: &random),
                    let to = nodes.randomElement(using: &random)
                else { continue }
                let type = Self.names.randomElement(using: &random) ?? "A"
                let weight = self.value(&random)
                let numbers = (try transaction.relationshipType(type), try transaction.propertyKey("w"))
                let isAppended = Bool.random(using: &random)
                let relationship =
                    isAppended
                    ? try transaction.appendRelationship(
                        type: numbers.0, from: from, to: to, properties: [(numbers.1, weight)])
                    : try transaction.createRelationship(
                        type: numbers.0, from: from, to: to, properties: [(numbers.1, weight)])
                #expect(model.relationships[relationship] == nil)
                model.relationships[relationship] = (type, from, to, weight)
            case 6, 7:
                guard let node = nodes.randomElement(using: &random) else { continue }
                let (key, value) = (Self.keys.randomElement(using: &random) ?? "x", self.value(&random))
                guard self.isAllowed(model, node, model.nodes[node]?.labels ?? [], key, value) else {
                    #expect(throws: GraphError.self) {
                        try transaction.setProperty(transaction.propertyKey(key), of: node, to: value)
                    }
                    continue
                }
                try transaction.setProperty(transaction.propertyKey(key), of: node, to: value)
                model.nodes[node]?.properties[key] = value.isNull ? nil : value
            case 8:
                guard let node = nodes.randomElement(using: &random),
                    let label = Self.names.randomElement(using: &random)
                else { continue }
                try transaction.removeLabel(transaction.label(label), from: node)
                model.nodes[node]?.labels.remove(label)
            case 9:
                guard let node = nodes.randomElement(using: &random),
                    let label = Self.names.randomElement(using: &random), let naive = model.nodes[node],
                    self.isAllowed(
                        model, node, naive.labels.union([label]), "u", naive.properties["u"] ?? .null)
                else { continue }
                try transaction.addLabel(transaction.label(label), to: node)
                model.nodes[node]?.labels.insert(label)
            case 10:
                guard let relationship = model.relationships.keys.sorted().randomElement(using: &random)
                else { continue }
                if Bool.random(using: &random) {
                    let weight = self.value(&random)
                    try transaction.setProperty(transaction.propertyKey("w"), of: relationship, to: weight)
                    model.relationships[relationship]?.weight = weight
                } else {
                    try transaction.deleteRelationship(relationship)
                    model.relationships[relationship] = nil
                }
            case 11:
                guard let node = nodes.randomElement(using: &random) else { continue }
                try transaction.detachDeleteNode(node)
                model.nodes[node] = nil
                model.relationships = model.relationships.filter {
                    $0.value.from != node && $0.value.to != node
                }
            case 12: saved = (transaction.savepoint(), model)
            default:
                guard let back = saved else { continue }
                transaction.rollback(to: back.0)
                model = back.1
                saved = nil
            }
        }
        transaction.settle()
    }

    private func create(
        _ transaction: GraphTransaction, _ model: inout Naive, _ random: inout SplitMix
    ) throws {
        let labels = Self.names.filter { _ in Bool.random(using: &random) }
        var properties: [String: Value] = [:]
        for key in Self.keys where Bool.random(using: &random) { properties[key] = self.value(&random) }
        guard self.isAllowed(model, nil, Set(labels), "u", properties["u"] ?? .null) else {
            #expect(throws: GraphError.self) {
                try transaction.createNode(labels: labels, properties: properties)
            }
            return
        }
        let node = try transaction.createNode(labels: labels, properties: properties)
        #expect(model.nodes[node] == nil)
        model.nodes[node] = (Set(labels), properties.filter { !$0.value.isNull })
    }

    private func value(_ random: inout SplitMix) -> Value {
        switch Int.random(in: 0..<9, using: &random) {
        case 0, 1, 2: .integer(Int.random(in: 0..<5, using: &random))
        case 3: .float(Double(Int.random(in: 0..<10, using: &random)) / 2)
        case 4, 5: .string(["", "a", "ab", "b", "\u{e9}", "e\u{301}"].randomElement(using: &random) ?? "")
        case 6: .boolean(Bool.random(using: &random))
        case 7: .list([.integer(1), .string("x")])
        default: .null
        }
    }

    private func isAllowed(
        _ model: Naive, _ node: NodeID?, _ labels: Set<String>, _ key: String, _ value: Value
    ) -> Bool {
        guard key == "u", labels.contains("A"), let wanted = IndexKey([value]) else { return true }
        return !model.nodes.contains { other in
            other.key != node && other.value.labels.contains("A")
                && IndexKey([other.value.properties["u"] ?? .null]) == wanted
        }
    }

    private func compare(_ graph: GraphSnapshot, _ model: Naive) throws {
        #expect(graph.inconsistencies() == [])
        #expect(graph.nodeCount == model.nodes.count)
        #expect(graph.relationshipCount == model.relationships.count)
        #expect(Array(graph.allNodes()) == model.nodes.keys.sorted())
        for (node, expected) in model.nodes {
            #expect(Set(graph.labels(of: node).map { graph.tokens.name($0) }) == expected.labels)
            var properties: [String: Value] = [:]
            for entry in graph.properties(of: node) { properties[graph.tokens.name(entry.key)] = entry.value }
            #expect(properties == expected.properties)
            let out = model.relationships.filter { $0.value.from == node }
            #expect(Set(graph.adjacency(of: node, .outgoing).map(\.relationship)) == Set(out.keys))
            #expect(
                graph.degree(of: node, .incoming) == model.relationships.values.filter { $0.to == node }.count
            )
        }
        for (relationship, expected) in model.relationships {
            let record = try #require(graph.relationship(relationship))
            #expect(graph.tokens.name(record.type) == expected.type)
            #expect((record.source, record.target) == (expected.from, expected.to))
            let key = graph.tokens.propertyKey("w")
            #expect((key.map { graph.property($0, of: relationship) } ?? .null) == expected.weight)
        }
        try self.compareIndexes(graph, model)
        self.compareCounts(graph, model)
    }

    private func compareIndexes(_ graph: GraphSnapshot, _ model: Naive) throws {
        guard let label = graph.tokens.label("A"), let key = graph.tokens.propertyKey("x") else { return }
        for value in [Value.integer(2), .float(2), .string("ab"), .boolean(true), .string("\u{e9}")] {
            let wanted = IndexKey([value])
            let expected = model.nodes.filter { node in
                node.value.labels.contains("A") && IndexKey([node.value.properties["x"] ?? .null]) == wanted
            }
            #expect(graph.nodes(label, where: key, equals: value) == expected.keys.sorted())
        }
        let index = try #require(graph.index(label: label, keys: [key]))
        let range = try #require(IndexRange(from: .excluding(.integer(1)), to: .including(.float(3.5))))
        var found: Set<NodeID> = []
        index.forEach(in: range) { id in
            found.insert(NodeID(id))
            return true
        }
        let expected = model.nodes.filter { node in
            guard node.value.labels.contains("A") else { return false }
            switch node.value.properties["x"] {
            case .integer(let number): return number > 1 && number <= 3
            case .float(let number): return number > 1 && number <= 3.5
            default: return false
            }
        }
        #expect(found == Set(expected.keys))
        #expect(index.count(range) == expected.count)
        let beginning = try #require(IndexRange(startingWith: "a"))
        let starting = model.nodes.values.filter {
            $0.labels.contains("A") && $0.properties["x"]?.string?.hasPrefix("a") == true
        }
        #expect(index.count(beginning) == starting.count)
    }

    private func compareCounts(_ graph: GraphSnapshot, _ model: Naive) {
        let labels = [nil] + Self.names
        for from in labels {
            for to in labels {
                for type in labels {
                    let expected = model.relationships.values.filter { relationship in
                        (type.map { relationship.type == $0 } ?? true)
                            && (from.map { model.nodes[relationship.from]?.labels.contains($0) == true }
                                ?? true)
                            && (to.map { model.nodes[relationship.to]?.labels.contains($0) == true } ?? true)
                    }.count
                    // A name that the graph does not know counts nothing.
                    let known =
                        (from.map { graph.tokens.label($0) != nil } ?? true)
                        && (to.map { graph.tokens.label($0) != nil } ?? true)
                        && (type.map { graph.tokens.relationshipType($0) != nil } ?? true)
                    guard known else { continue }
                    let counted = graph.count(
                        from: from.flatMap(graph.tokens.label), type.flatMap(graph.tokens.relationshipType),
                        to: to.flatMap(graph.tokens.label))
                    #expect(counted == expected)
                }
            }
        }
    }
}
