import Foundation
import Graphviz
import Testing

struct DotParsingTests {
    @Test func defaultsClustersAndOrderAreRead() throws {
        let graph = try GraphvizLibrary.parse(
            """
            // a comment with b in it
            digraph g { label="A graph"; node [shape=box]
              a [function="x@1"]; subgraph cluster_one { label="One"; b; c [shape=circle] }
              a -> b [from="rows", to="table"]; b -> c; a -> c
            }
            """)
        #expect(graph.name == "g")
        #expect(graph.isDirected)
        #expect(graph.attributes["label"] == "A graph")
        #expect(graph.nodes.map(\.name) == ["a", "b", "c"])
        #expect(graph.nodes[0].attributes == ["shape": "box", "function": "x@1"])
        #expect(graph.nodes.map(\.line) == [3, 3, 3])
        #expect(graph.edges.map { "\($0.tail)\($0.head)" } == ["ab", "ac", "bc"])
        #expect(graph.edges[0].attributes["to"] == "table")
        #expect(graph.subgraphs.map(\.name) == ["cluster_one"])
        #expect(graph.subgraphs[0].nodes == ["b", "c"])
    }

    @Test(arguments: [
        ("", nil), ("digraph {", 1), ("digraph {\n a -> \n}", 3), ("graph g { a -> b }", 1),
        ("not a graph", 1), ("digraph { \u{0} }", nil),
    ])
    func whatIsNoDotIsRefusedWithItsLine(text: String, line: Int?) {
        for _ in 0..<2 {
            let error = #expect(throws: GraphvizError.self) { try GraphvizLibrary.parse(text) }
            guard case .syntax(let message, let found)? = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(!message.isEmpty)
            #expect(found == line, "\(message)")
        }
    }

    @Test(arguments: [
        "plain", "with space", "quo\"te", "back\\slash", "<b>html</b>", "new\nline", "\u{1F600}", "digraph",
        "", "a;b", "-> ", "%$&", "a\\\"b", "end\\", "x\\\"[URL=<javascript:alert(1)>]}//", "two\\\\\"",
        "before a line\\\nend", "three\\\\\\",
    ])
    func anyNameAndTextSurvivesWritingAndReading(text: String) throws {
        var writer = DotWriter(name: "g")
        writer.node("n" + text, [("tooltip", DotWriter.label(text))])
        writer.edge("n" + text, "other", [("label", DotWriter.label(text))])
        let graph = try GraphvizLibrary.parse(writer.text)
        let shown = DotWriter.readable(DotWriter.label(text))
        #expect(graph.nodes.map(\.name) == [DotWriter.readable("n" + text), "other"])
        #expect(graph.nodes.first?.attributes["URL"] == nil)
        #expect(graph.nodes.first?.attributes["tooltip"] ?? "" == shown)
        #expect(graph.edges.first?.attributes["label"] ?? "" == shown)
    }
}

struct RenderingTests {
    @Test(arguments: [(PictureFormat.svg, "<?xml"), (.png, "\u{89}PNG"), (.pdf, "%PDF"), (.dot, "digraph")])
    func picturesHaveTheirFormat(format: PictureFormat, start: String) throws {
        let bytes = try GraphvizLibrary.render("digraph { a -> b }", format: format)
        #expect(
            String(decoding: bytes.prefix(start.utf8.count), as: UTF8.self).hasPrefix(
                String(start.suffix(3)).prefix(0)))
        #expect(
            Array(bytes.prefix(8)).starts(with: Array(start.unicodeScalars.map { UInt8($0.value & 0xFF) })))
    }

    @Test func markupInLabelsIsEscaped() throws {
        var writer = DotWriter(name: "g")
        writer.node("a", [("label", "<script>alert(1)</script> & \"quoted\"")])
        let svg = String(decoding: try GraphvizLibrary.render(writer.text, format: .svg), as: UTF8.self)
        #expect(!svg.contains("<script>"))
        #expect(svg.contains("&lt;script&gt;"))
    }

    @Test func filesAreNotRead() throws {
        let svg = try GraphvizLibrary.render(
            "digraph { a [image=\"/etc/passwd\", shapefile=\"/etc/passwd\"]; b [shape=none, image=\"/etc/hostname\"] }",
            format: .svg)
        #expect(!String(decoding: svg, as: UTF8.self).contains("/etc/"))
    }

    @Test func aHelperThatIsNotThereIsAClearError() async {
        let pictures = PictureProcess(executable: "/nowhere/plexus")
        await #expect(throws: (any Error).self) { try await pictures.render("digraph { a }", format: .svg) }
    }

    @Test func aHelperThatCrashesIsAClearError() async throws {
        let script = NSTemporaryDirectory() + "crash-\(UUID().uuidString).sh"
        try "#!/bin/sh\nkill -SEGV $$\n".write(toFile: script, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: script)
        defer { try? FileManager.default.removeItem(atPath: script) }
        // Small and large: the helper may die before, while and after its input is written.
        for size in [1, 100_000, 5_000_000] {
            await #expect(throws: (any Error).self) {
                try await PictureProcess(executable: script).render(
                    "digraph { a } //" + String(repeating: "x", count: size), format: .svg)
            }
        }
    }
}
