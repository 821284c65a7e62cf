import Foundation
import Graphviz
import JSON
import Orchestration
import Testing

struct PipelineDefinitionTests {
    @Test(arguments: [
        (
            "graph g { a }",
            "pipeline `g` is not valid:\n  line 1, column 1: a pipeline is a `digraph`, this is a `graph`; write `digraph` and `->`; `--fix` does"
        ),
        (
            "digraph { a [function=\"f@1\"] }",
            "pipeline `` is not valid:\n  line 1, column 1: the graph needs a name of lower-case letters, digits, `_`, `-` and `.`"
        ),
        ("digraph g { }", "pipeline `g` is not valid:\n  there are no steps"),
        (
            "digraph g {\n a [function=\"f@\"]\n}",
            "pipeline `g` is not valid:\n  line 2, column 5, step a: function=\"f@\" is not of the form name@version; `name`, `name@1.2.0`, `name@^1.2` or `name@>=1.2 <2`"
        ),
        (
            "digraph g { node [function=\"f@1\"]; a -> b -> c -> a }",
            "pipeline `g` is not valid:\n  line 1, column 36: the steps a -> b -> c -> a form a cycle; nothing could start; take one of its edges away; what is to be repeated is `retries` or `each`"
        ),
        (
            "digraph g { node [function=\"f@1\"]; a -> c [to=x]; b -> c [to=x] }",
            "pipeline `g` is not valid:\n  line 1, column 51, step c: two edges lead into its input `x`; give them different `to`"
        ),
        (
            "digraph g { a [function=\"f@1\", timeout=\"soon\", retries=-1] }",
            "pipeline `g` is not valid:\n  line 1, column 32, step a: timeout=\"soon\" is not from 1 to 604800; a time such as `90s`, `15m` or `2h`\n  line 1, column 48, step a: retries=\"-1\" is not from 0 to 100"
        ),
        (
            "digraph g { a [function=\"f@1\", with=\"x=${y}; novalue\"] }",
            "pipeline `g` is not valid:\n  line 1, column 32, step a, with: `novalue` is not of the form name=value\n  line 1, column 32, step a: ${y} is not among the graph's `parameters`"
        ),
    ])
    func everyProblemIsNamedAtOnce(dot: String, message: String) throws {
        let graph = try GraphvizLibrary.parse(dot)
        let error = #expect(throws: OrchestrationError.self) {
            try PipelineDefinition(graph: graph, dot: dot)
        }
        #expect(error?.description == message)
    }

    @Test func theVersionOfAFileWithoutOneIsItsDigest() throws {
        let dot = "digraph g { a [function=\"f@1\"] }"
        let definition = try PipelineDefinition(graph: try GraphvizLibrary.parse(dot), dot: dot)
        #expect(definition.version == String(definition.digest.prefix(12)))
    }
}

struct FunctionDefinitionTests {
    private static let good: JSON = [
        "name": "clean", "version": "1.0", "repository": "/r", "commit": "v1", "runtime": "python",
        "entry": "m.py:f",
        "timeout": "5m",
    ]

    @Test func timesAreReadWithTheirUnits() throws {
        #expect(try FunctionDefinition(json: Self.good).timeoutSeconds == 300)
        #expect(["90": 90, "2h": 7200, "1d": 86_400].allSatisfy { TimeSpan.seconds($0.key) == $0.value })
        #expect(["", "-5", "5x", "h"].allSatisfy { TimeSpan.seconds($0) == nil })
    }

    @Test(arguments: [
        ("name", JSON.string("Clean Me"), "member name: \"Clean Me\" is not allowed"),
        ("version", .null, "member version: is missing"),
        ("entry", "../../etc/passwd", "member entry: \"../../etc/passwd\" is not allowed"),
        ("entry", "m.py", "member entry: a Python entry is `module:function`"),
        ("repository", "--upload-pack=evil", "member repository: \"--upload-pack=evil\" is not allowed"),
        ("runtime", "ruby", "member runtime: \"ruby\" is not allowed"),
        ("retries", 1000, "member retries: 1000 is not a whole number from 0 to 100"),
        ("timeout", "soon", "member timeout: \"soon\" is not a time such as 30 or \"5m\""),
    ])
    func aWrongMemberIsNamed(member: String, value: JSON, message: String) {
        var object = Self.good.object ?? [:]
        object[member] = value == .null ? nil : value
        let error = #expect(throws: OrchestrationError.self) { try FunctionDefinition(json: .object(object)) }
        #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
    }
}

struct BlobStoreTests {
    @Test func bytesComeBackByTheirDigestAndDamagedOnesAreRefused() async throws {
        let folder = NSTemporaryDirectory() + "blobs-" + UUID().uuidString
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let store = try BlobStore(folder: folder)
        let bytes = [UInt8](repeating: 65, count: 100_000)
        let digest = try await store.store(bytes)
        #expect(try await store.read(digest) == bytes)
        #expect(store.size(digest) == 100_000)
        let other = String(repeating: "0", count: 64)
        await #expect(throws: OrchestrationError.digestMismatch(expected: other, found: digest)) {
            try await store.store(
                other,
                from: AsyncThrowingStream { continuation in
                    continuation.yield(bytes)
                    continuation.finish()
                })
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder + "/incoming").isEmpty)
        #expect(try await store.read(other) == nil)
        #expect(store.path("../../etc/passwd") == nil)
    }
}
