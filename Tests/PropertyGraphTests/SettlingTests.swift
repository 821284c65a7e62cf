import PropertyGraph
import TestSupport
import Testing

struct SettlingTests {
    /// A graph of 900 nodes, some numbers unused, and a transaction on it.
    private static func nodes() throws -> GraphTransaction {
        let transaction = GraphTransaction(GraphSnapshot())
        for number in 0..<1000 {
            let labels = number % 3 == 0 ? ["A", "B"] : ["A"]
            let node = try transaction.createNode(labels: labels)
            if number % 10 == 9 { try transaction.deleteNode(node) }
        }
        return transaction
    }

    /// Both below and above the number from which on two threads settle.
    @Test(arguments: zip([5000, 20_000], [UInt64(1), 2]))
    func relationshipsSettledAtOnceStandAtBothEndsWhateverStoodThere(count: Int, seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        var graph = try #require(try Self.nodes().finish()).graph
        let nodes = Array(graph.allNodes())
        for round in 1...2 {
            let transaction = GraphTransaction(graph)
            for number in 0..<count {
                // Every fourth leads to one node, which becomes a hub in the first or second round.
                let target =
                    number % 4 == 0 ? nodes[7] : nodes[Int.random(in: 0..<nodes.count, using: &random)]
                _ = try transaction.appendRelationship(
                    type: transaction.relationshipType("T\(number % 3)"),
                    from: nodes[Int.random(in: 0..<nodes.count, using: &random)], to: target, properties: [])
            }
            graph = try #require(try transaction.finish()).graph
            #expect(graph.relationshipCount == round * count)
            #expect(graph.inconsistencies() == [])
        }
    }

    @Test func rowsLeaveNumbersFreeAndEndsMustBeThere() throws {
        var loader = GraphLoader()
        let set = try loader.labelSet(["A"])
        let (type, key) = (try loader.type("T"), try loader.key("k"))
        for number: UInt32 in [3, 127, 128, 500] {
            try loader.addNode(NodeID(number), labels: set)
            loader.setProperty(key, of: NodeID(number), .integer(Int(number)))
        }
        #expect(throws: GraphError.outOfOrder) { try loader.addNode(NodeID(500), labels: set) }
        func record(_ source: UInt32, _ target: UInt32) -> RelationshipRecord {
            RelationshipRecord(type: type, source: NodeID(source), target: NodeID(target))
        }
        for (number, source): (UInt32, UInt32) in [(1, 3), (130, 500), (131, 128)] {
            try loader.addRelationship(RelationshipID(number), record(source, 127))
            loader.setProperty(key, of: RelationshipID(number), .string("\(number)"))
        }
        #expect(throws: GraphError.nodeNotFound(NodeID(4))) {
            try loader.addRelationship(RelationshipID(200), record(4, 3))
        }
        #expect(throws: GraphError.nodeNotFound(NodeID(501))) {
            try loader.addRelationship(RelationshipID(200), record(3, 501))
        }
        // A change between rows sees the rows before it, and those after see it.
        try loader.apply(.putNode(NodeID(501), labels: ["B"], properties: []))
        try loader.addRelationship(RelationshipID(200), record(3, 501))
        let graph = loader.finish(version: 1)
        #expect(graph.allNodes().map(\.index) == [3, 127, 128, 500, 501])
        #expect(graph.allRelationships().map(\.index) == [1, 130, 131, 200])
        #expect(graph.property(key, of: NodeID(128)) == .integer(128))
        #expect(graph.property(key, of: RelationshipID(130)) == .string("130"))
        #expect(graph.inconsistencies() == [])
    }
}
