import Graphviz
import PropertyGraph
import Testing
import Visualization

struct PictureTests {
    private static func view(_ more: String = "") throws -> View {
        try View(
            name: "v",
            source:
                #"{"title": "T", "query": "MATCH (n) RETURN n", "limit": 2, "nodes": {"User": {"label": "{name}\n{id}", "colour": "blue"}}\#(more)}"#
        )
    }

    @Test func labelsAreFilledFromProperties() throws {
        let transaction = GraphTransaction(GraphSnapshot())
        let anne = try transaction.createNode(
            labels: ["User"], properties: ["id": .string("a1"), "name": .string("An\"ne")])
        let dot = GraphPicture(rows: [[.node(anne)]], graph: transaction.graph, limit: 10).dot(
            view: try Self.view(), title: "T")
        let graph = try GraphvizLibrary.parse(dot)
        #expect(graph.nodes.first?.attributes["label"] == "An\"ne\\na1")
        #expect(graph.nodes.first?.attributes["class"] == "user")
    }

    @Test func tooManyNodesAreCutWithANote() throws {
        let transaction = GraphTransaction(GraphSnapshot())
        let nodes = try (0..<5).map { _ in try transaction.createNode(labels: ["User"]) }
        _ = try transaction.createRelationship(type: "R", from: nodes[0], to: nodes[4])
        let picture = GraphPicture(rows: nodes.map { [.node($0)] }, graph: transaction.graph, limit: 2)
        let graph = try GraphvizLibrary.parse(picture.dot(view: try Self.view(), title: "T"))
        #expect(graph.nodes.count == 2)
        #expect(graph.edges.isEmpty)
        #expect(graph.attributes["label"]?.contains("showing 2 of 5 nodes") == true)
    }

    @Test func stepsShowTheirStateAsSignWordAndColour() throws {
        let pipeline = try GraphvizLibrary.parse(
            "digraph p { a [function=\"f@1\"]; b; a -> b [from=x, to=y] }")
        let dot = RunPicture(
            graph: pipeline, title: "p",
            states: ["a": .init(state: "succeeded", note: "3 ms"), "b": .init(state: "failed", note: "exit")]
        ).dot()
        let graph = try GraphvizLibrary.parse(dot)
        #expect(
            graph.nodes.map { $0.attributes["label"] } == [
                "✓  a\\nf@1\\nsucceeded, 3 ms", "✗  b\\nfailed, exit",
            ])
        #expect(graph.nodes[0].attributes["fillcolor"] != graph.nodes[1].attributes["fillcolor"])
        #expect(graph.edges.first?.attributes["label"] == " x → y ")
    }

    @Test(arguments: [
        ("{", "view `v`: line 1, column 2: expected a member name in double quotes"),
        (#"{"query": "x"}"#, "view `v`: the member `title` is missing or not a text"),
        (#"{"title": "x"}"#, "view `v`: the member `query` is missing or not a text"),
    ])
    func aViewThatIsWrongSaysWhere(source: String, message: String) {
        let error = #expect(throws: ViewError.self) { try View(name: "v", source: source) }
        #expect(error?.description == message)
    }

    @Test func aDenialWithoutAnyPathIsDrawnToo() throws {
        let picture = DecisionPicture(
            question: "user:a can_run function:f", subject: "user:a", object: "function:f", isAllowed: false,
            links: [],
            notes: ["user:a is not in the graph"])
        let graph = try GraphvizLibrary.parse(picture.dot())
        #expect(graph.nodes.map(\.name) == ["user:a", "function:f"])
        #expect(graph.attributes["label"]?.contains("denied") == true)
    }
}
