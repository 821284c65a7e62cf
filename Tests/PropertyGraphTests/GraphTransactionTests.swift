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
}
