import Foundation
import Graphviz
import JSON
import Orchestration
import Testing

/// Files that nobody means well: reading them ends with problems, never with a trap.
struct HostileFileTests {
    private static let seeds = [
        """
        digraph p { version="1"; "param.n"="int = 5"; schedule="0 6 * * 1-5 Europe/Berlin"; node [function="f@^1", timeout="5m"]
        a -> b [from=x, to=y, when="outputs.n > params.n"]; b [each="params.list", as=e, with="k=${n}; j={}"]
        subgraph cluster_x { branch=m; metric="outputs.r"; choose=min; c; d } a -> {c d} -> e:port:n; /* x */ // y
        e [approval="group:x", label=<<b>bold</b>>, "quo\\"ted"="1" + "2"] }
        """,
        "strict graph { a -- b -- c; subgraph { d e } -- f; edge [weight=2] }",
    ]

    @Test func mutatedFilesAreReadOrRefusedAndPlacesStayInTheText() throws {
        var generator = SystemRandomNumberGenerator.Seeded(state: 20_261_126)
        for round in 0..<3000 {
            var bytes = Array(Self.seeds[round % Self.seeds.count].utf8)
            for _ in 0...Int(generator.next() % 6) {
                let at = Int(generator.next() % UInt64(bytes.count))
                switch generator.next() % 4 {
                case 0: bytes.remove(at: at)
                case 1: bytes.insert(UInt8(truncatingIfNeeded: generator.next()), at: at)
                case 2: bytes[at] = Array("{}[]\"<>;=-/\\\n".utf8)[Int(generator.next() % 13)]
                default: bytes.append(contentsOf: bytes[at..<min(bytes.count, at + 20)])
                }
            }
            let text = String(decoding: bytes, as: UTF8.self).replacing("\u{0}", with: " ")
            let outline = DotOutline(text)
            let size = text.utf8.count
            for attribute in outline.attributes {
                #expect(attribute.nameRange.upperBound <= size && attribute.valueRange.upperBound <= size)
            }
            guard let graph = try? GraphvizLibrary.parse(text) else { continue }
            let reading = PipelineReading(graph: graph, dot: text)
            _ = PipelineProblem.fixed(text, reading.problems)
        }
    }

    @Test func nestingAndLengthHaveNoEnd() throws {
        let depth = 20_000
        let deep = "digraph p {" + String(repeating: "subgraph cluster_a {", count: depth) + "a"
        #expect(DotOutline(deep).nodes.count <= 1)
        let label = String(repeating: "x", count: 10 << 20)
        let outline = DotOutline("digraph p { a [label=\"\(label)\", function=f] }")
        #expect(outline.attribute("label", of: .node("a"))?.value.utf8.count == 10 << 20)
        let html = DotOutline("digraph { a [label=" + String(repeating: "<", count: 100_000))
        #expect(html.nodes["a"] == nil || html.attributes.count <= 1)
    }

    @Test(arguments: [
        "{", "[]", "steps: [", "name: \u{0}", "steps: {a: {with: {x: [1]}}}", "a: &x [*x]", "- 1",
    ])
    func aMappingIsReadOrRefused(text: String) {
        _ = try? PipelineMapping(text)
    }

    @Test func manyStepsAndAttributesAreReadInOneGo() throws {
        let nodes = (0..<5000).map { "n\($0) [function=f, tiemout=\($0)]" }.joined(separator: ";")
        let dot = "digraph p {\(nodes)}"
        let start = ContinuousClock.now
        let reading = PipelineReading(graph: try GraphvizLibrary.parse(dot), dot: dot)
        #expect(reading.problems.count == 5000)
        #expect(ContinuousClock.now - start < .seconds(20))
    }
}

extension SystemRandomNumberGenerator {
    /// The same numbers at each run.
    fileprivate struct Seeded: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            self.state = self.state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return self.state >> 20
        }
    }
}
