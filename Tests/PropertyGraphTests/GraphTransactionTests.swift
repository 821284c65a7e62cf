import PropertyGraph
import Testing

struct GraphTransactionTests {
    @Test func aSnapshotDoesNotChangeUnderItsReader() throws {
        let transaction = GraphTransaction(GraphSnapshot())
        let before = transaction.graph
        let anne = try transaction.createNode(labels: ["User"], properties: ["id": .string("anne")])
        #expect(before.nodeCount == 0)
        #expect(transaction.graph.nodeCount == 1)
        #expect(!before.contains(anne))
    }

    @Test func rollingBackToASavepointUndoesEverythingSinceButKeepsNames() throws {
        let transaction = GraphTransaction(GraphSnapshot())
        _ = try transaction.createNode(labels: ["A"])
        let savepoint = transaction.savepoint()
        let label = try transaction.label("B")
        _ = try transaction.createNode(labels: ["B"])
        transaction.rollback(to: savepoint)
        #expect(transaction.graph.nodeCount == 1)
        #expect(transaction.graph.count(label) == 0)
        #expect(transaction.graph.tokens.name(label) == "B")
    }

    @Test func aNodeWithRelationshipsCannotGo() throws {
        let transaction = GraphTransaction(GraphSnapshot())
        let a = try transaction.createNode(labels: [])
        let b = try transaction.createNode(labels: [])
        _ = try transaction.createRelationship(type: "R", from: a, to: b)
        #expect(throws: GraphError.nodeHasRelationships(a, count: 1)) { try transaction.deleteNode(a) }
        #expect(try transaction.detachDeleteNode(a) == 1)
        #expect(transaction.graph.relationshipCount == 0)
        #expect(transaction.graph.degree(of: b, .incoming) == 0)
    }

    @Test func aLoopIsOneRelationshipInBothDirections() throws {
        let transaction = GraphTransaction(GraphSnapshot())
        let a = try transaction.createNode(labels: [])
        _ = try transaction.createRelationship(type: "R", from: a, to: a)
        #expect(transaction.graph.degree(of: a, .outgoing) == 1)
        #expect(transaction.graph.degree(of: a, .incoming) == 1)
        #expect(try transaction.detachDeleteNode(a) == 1)
    }

    @Test(arguments: [
        Value.map(["a": .null]), .node(NodeID(0)), .list([.list([.integer(1)])]), .list([.null]),
    ])
    func valuesThatCannotBeStoredAreRefused(value: Value) throws {
        let transaction = GraphTransaction(GraphSnapshot())
        #expect(throws: GraphError.self) {
            try transaction.createNode(labels: ["A"], properties: ["x": value])
        }
        #expect(transaction.graph.nodeCount == 0)
    }

    @Test func aUniqueKeyRefusesTheSecondNodeAndFreesItsValueOnDeletion() throws {
        let transaction = GraphTransaction(GraphSnapshot())
        try transaction.createConstraint(
            ConstraintDefinition(name: "user_id", kind: .unique, entity: "User", keys: ["id"]))
        let first = try transaction.createNode(labels: ["User"], properties: ["id": .integer(1)])
        let error = #expect(throws: GraphError.self) {
            try transaction.createNode(labels: ["User"], properties: ["id": .float(1.0)])
        }
        #expect(
            error?.description
                == "a node already exists with label `User` and id = 1 (node 0, constraint `user_id`)")
        try transaction.deleteNode(first)
        _ = try transaction.createNode(labels: ["User"], properties: ["id": .integer(1)])
    }

    @Test func aNodeKeyIsCheckedAtTheEndOfTheTransaction() throws {
        let transaction = GraphTransaction(GraphSnapshot())
        try transaction.createConstraint(
            ConstraintDefinition(name: "k", kind: .nodeKey, entity: "User", keys: ["id"]))
        let node = try transaction.createNode(labels: ["User"])
        #expect(throws: GraphError.propertyMissing(constraint: "k", entity: "User", key: "id")) {
            try transaction.finish()
        }
        try transaction.setProperty(transaction.propertyKey("id"), of: node, to: .string("x"))
        #expect(try transaction.finish() != nil)
    }

    @Test func aConstraintThatDataBreaksIsNotMade() throws {
        let transaction = GraphTransaction(GraphSnapshot())
        for _ in 0..<2 { _ = try transaction.createNode(labels: ["A"], properties: ["x": .integer(1)]) }
        #expect(throws: GraphError.self) {
            try transaction.createConstraint(
                ConstraintDefinition(name: "u", kind: .unique, entity: "A", keys: ["x"]))
        }
        #expect(transaction.graph.constraints.isEmpty)
        #expect(transaction.graph.indexes.isEmpty)
    }

    @Test func nothingDoneIsNoChangeSet() throws {
        #expect(try GraphTransaction(GraphSnapshot()).finish() == nil)
    }
}
