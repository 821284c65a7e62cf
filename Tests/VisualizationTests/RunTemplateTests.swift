import Graphviz
import Testing
import Visualization

struct RunTemplateTests {
    private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    @Test func aLaidOutRunIsRecolouredWithoutALayout() throws {
        let graph = try GraphvizLibrary.parse(
            "digraph p { a [function=\"f@1\"]; b; a -> b [when=\"outputs.n > 1\"] }")
        let template = RunTemplate(
            graph: graph, svg: try GraphvizLibrary.render(RunTemplate.dot(graph), format: .svg))
        let plain = Self.text(template.svg(title: "p", states: [:]))
        let done = Self.text(
            template.svg(
                title: "p <1>",
                states: ["a": .init(state: "succeeded", note: "3 ms"), "b": .init(state: "failed")]))
        #expect(done.contains("class=\"node step succeeded\""))
        #expect(done.contains("class=\"node step failed\""))
        #expect(done.contains("\u{2713} succeeded, 3 ms</text>"))
        #expect(done.contains("p &lt;1&gt;</text>"))
        #expect(!done.contains("n0@") && !done.contains("heading@") && !done.contains("#100000"))
        // Only what states say differs: the layout is the same.
        let places = { (svg: String) in svg.matches(of: /d="M[^"]*"/).map { String($0.output) } }
        #expect(!places(done).isEmpty)
        #expect(places(plain) == places(done))
    }

    @Test func stepsWithHostileNamesStayText() throws {
        let name = "</text><script>alert(1)</script>\" onload=\"x @0xn0@ @0xheading@ s0s"
        let dot = "digraph p { \(DotWriter.quoted(name)) [label=\(DotWriter.quoted(name))] }"
        let graph = try GraphvizLibrary.parse(dot)
        let template = RunTemplate(
            graph: graph, svg: try GraphvizLibrary.render(RunTemplate.dot(graph), format: .svg))
        let svg = Self.text(
            template.svg(title: name, states: [graph.nodes[0].name: .init(state: "failed", note: name)]))
        #expect(!svg.contains("<script"))
        #expect(svg.contains("&lt;script"))
    }

    @Test(arguments: [
        ("/v1/jobs/1", true), ("#here", true), ("https://example.org/", true), ("javascript:alert(1)", false),
        ("JavaScript:alert(1)", false), ("data:text/html,x", false), ("file:///etc/passwd", false),
    ])
    func onlyHarmlessLinksAreKept(link: String, isKept: Bool) throws {
        let svg = Self.text(
            try GraphvizLibrary.render("digraph { a [URL=\(DotWriter.quoted(link))] }", format: .svg))
        #expect(svg.contains("xlink:href=\"\(link)\"") == isKept)
        #expect(svg.contains("xlink:href=") == isKept)
    }

    @Test func picturesHaveWordsAndDarkColoursAndNoScript() throws {
        let svg = Self.text(
            try GraphvizLibrary.render("digraph { label=\"The \\\"title\\\" <b>\"; a -> b }", format: .svg))
        #expect(svg.contains("role=\"img\" aria-label=\"The &quot;title&quot; &lt;b&gt;\""))
        #expect(svg.contains("prefers-color-scheme:dark"))
        #expect(!svg.contains("<script") && !svg.contains("<!DOCTYPE"))
    }

    @Test func aLargeRunIsGroupedWithANote() throws {
        let nodes = (0..<3000).map { DotGraph.Node(name: "s\($0)", attributes: ["function": "f@\($0 % 3)"]) }
        let edges = (1..<3000).map { DotGraph.Edge(tail: "s0", head: "s\($0)") }
        let graph = DotGraph(name: "p", nodes: nodes, edges: edges)
        let groups = RunGroups(graph, title: "p", states: ["s5": .init(state: "failed")])
        let drawn = try GraphvizLibrary.parse(groups.dot())
        #expect(drawn.nodes.count == 4)
        #expect(drawn.attributes["label"]?.contains("3000 steps drawn as 4 groups") == true)
        #expect(drawn.nodes.contains { $0.attributes["class"] == "group failed" })
    }

    @Test func aGanttChartShowsMeasuredAndExpectedTimesAndEscapesNames() {
        let bars = [
            GanttPicture.Bar(
                name: "a<b>", state: "succeeded", machine: "m", start: 0, end: 100, isMeasured: true,
                isCritical: true),
            GanttPicture.Bar(
                name: "c", state: "waiting", machine: "", start: 100, end: 300, isMeasured: false,
                isCritical: false),
        ]
        let svg = GanttPicture(title: "T & U", bars: bars).svg()
        #expect(svg.contains("a&lt;b&gt;: succeeded, 0 ms to 100 ms on m, critical"))
        #expect(svg.contains("stroke-dasharray"))
        #expect(svg.contains("T &amp; U"))
    }
}
