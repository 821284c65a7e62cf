import Graphviz
import JSON
import Orchestration
import Testing

/// A registry of a few functions with schemas.
private struct Table: PipelineCatalog {
    func functionVersions(_ name: String) -> [(version: String, definition: JSON, isEnabled: Bool)] {
        switch name {
        case "read":
            [
                (
                    "1.2.0",
                    [
                        "output": [
                            "type": "object",
                            "properties": [
                                "rows": ["type": "array", "items": ["type": "object"]],
                                "count": ["type": "integer"],
                            ],
                        ]
                    ], true
                )
            ]
        case "clean":
            [
                (
                    "1.0.0",
                    [
                        "input": [
                            "type": "object", "required": ["table"],
                            "properties": ["table": ["type": "array"], "limit": ["type": "integer"]],
                            "additionalProperties": false,
                        ]
                    ], true
                )
            ]
        default: []
        }
    }
    func functionNames() -> [String] { ["read", "clean"] }
    func pipelineVersions(_ name: String) -> [(version: String, parameters: [PipelineParameter])] {
        guard name == "inner", let parameter = PipelineParameter(name: "n", text: "int") else { return [] }
        return [("1", [parameter])]
    }
    func pipelineNames() -> [String] { ["inner"] }
    func mistake(inQuery text: String) -> String? { text.hasPrefix("MATCH") ? nil : "it is no query" }
}

struct ValidatorTests {
    private func problems(_ body: String, mapping: String? = nil) throws -> [String] {
        let dot = "digraph p {\n\(body)\n}"
        let reading = PipelineReading(
            graph: try GraphvizLibrary.parse(dot), dot: dot,
            mapping: try mapping.map { text throws in try PipelineMapping(text) })
        var validator = PipelineValidator(reading, catalog: Table())
        return try validator.allProblems().map { problem in
            "\(problem.line ?? 0):\(problem.column ?? 0) \(problem.code)"
                + (problem.severity == .warning ? "?" : "")
        }
    }

    @Test(arguments: [
        ("a [function=\"reed\"]", ["2:4 unknown_function"]),
        ("a [function=\"read@2\"]", ["2:4 unknown_version"]),
        ("a [function=\"read@^1\"]; b [function=clean]\na -> b [from=rows, to=table]", []),
        ("a [function=read]; b [function=clean]\na -> b [from=count, to=table]", ["3:1 type_mismatch"]),
        ("a [function=read]; b [function=clean]\na -> b [from=row, to=table]", ["3:9 unknown_output"]),
        (
            "a [function=read]; b [function=clean]\na -> b [from=rows, to=tables]",
            ["2:20 missing_input", "3:20 unknown_input"]
        ),
        ("b [function=clean]", ["2:1 missing_input"]),
        ("b [function=clean, with=\"table=[]; limit=many\"]", ["2:20 type_mismatch"]),
        ("a [pipeline=\"inner@1\"]", ["2:4 missing_input"]),
        ("a [pipeline=\"inner@1\", with=\"n=1; m=2\"]", ["2:4 unknown_parameter"]),
        ("a [pipeline=\"iner\"]", ["2:4 unknown_pipeline"]),
        ("on_query=\"RETRUN 1\"; a [function=read]", ["2:1 bad_query"]),
        (
            "a [function=read]; b [function=read, each=\"outputs.rows\", as=x]\na -> b [to=x]",
            ["3:1 input_twice"]
        ),
        ("a [function=read]; b [function=read, each=\"outputs.rows\", as=x]\na -> b", []),
        ("node [function=read]; a -> b -> c -> b; c -> d", ["2:28 cycle", "2:46 unreachable_step"]),
        ("node [function=read]; a -> b [when=\"false\"]", ["2:28 unreachable_step"]),
        ("node [function=read]; a -> b [when=\"outputs.n >\"]", ["2:31 bad_condition"]),
        (
            "node [function=read]; a -> b [when=\"params.limt > 1\"]; \"param.limit\"=int",
            ["2:31 unknown_parameter"]
        ),
        ("a [function=read, tiemout=5]", ["2:19 unknown_attribute"]),
        ("a [function=read, timeout=\"5 min\"]", ["2:19 bad_duration"]),
        ("a [function=read, choose=mim, branch=m]; b [function=read, branch=m]", ["2:19 bad_word"]),
        ("schedule=\"0 25 * * *\"; a [function=read]", ["2:1 bad_schedule"]),
        ("a [function=read]; b [function=read]; c [function=read]; a -> b", ["2:39 unconnected_step?"]),
        ("a -> b", ["0:0 structure_only?"]),
        ("a [label=x]; b [function=read]", ["2:1 no_function"]),
        ("a [function=read, replicas=2, quorum=3]", ["2:31 bad_quorum"]),
        ("a [function=read, approval=everybody]", ["2:19 bad_approval"]),
    ])
    func everyProblemHasItsCodeAndPlace(body: String, expected: [String]) throws {
        #expect(try self.problems(body) == expected)
    }

    @Test func aMappingGivesFunctionsToAFileOfSomewhereElse() throws {
        #expect(
            try self.problems("a -> b", mapping: "steps:\n  a: read@1.2.0\n  b: {function: read}\n") == [])
        #expect(
            try self.problems("a -> b", mapping: "{\"default\": \"read\", \"steps\": {\"c\": \"clean\"}}")
                == ["0:0 unknown_step"])
        #expect(try self.problems("x1 -> x2", mapping: "x*: read") == [])
    }

    @Test func whatIsSafeIsMended() throws {
        let dot =
            "graph p {\n a [fucntion=read, timeout=\"5 min\"]\n a -- b [form=rows]; b [function=read]\n}"
        let reading = PipelineReading(graph: try GraphvizLibrary.parse(dot), dot: dot)
        let fixed = PipelineProblem.fixed(dot, reading.problems)
        #expect(
            fixed
                == "digraph p {\n a [function=read, timeout=\"5m\"]\n a -> b [from=rows]; b [function=read]\n}"
        )
        let again = PipelineReading(graph: try GraphvizLibrary.parse(fixed), dot: fixed)
        #expect(again.problems.map(\.code) == [])
    }

    @Test func placesCountCharactersAndSeeThroughCommentsAndQuotes() throws {
        let dot = "digraph p { /* a\n [function=x] */ \"\u{e4}\u{f6}\" [function=\"read\",\n  retries=many] }"
        let reading = PipelineReading(graph: try GraphvizLibrary.parse(dot), dot: dot)
        #expect(reading.problems.map(\.place) == ["line 3, column 3, step \u{e4}\u{f6}"])
    }

    @Test func aSharedDefaultComesFromTheInnermostCluster() throws {
        let dot = """
            digraph p { timeout=10; node [function=read]; a
            subgraph cluster_x { timeout="1m"; b; subgraph cluster_y { timeout="2m"; c; d [timeout=3] } } }
            """
        let definition = try PipelineDefinition(graph: try GraphvizLibrary.parse(dot), dot: dot)
        #expect(definition.steps.map(\.timeoutSeconds) == [10, 60, 120, 3])
    }

    @Test(arguments: [
        ("5 min", "5m"), ("1.5h", "90m"), ("10 seconds", "10s"), ("2 Days", "2d"), ("500ms", "1s"),
        ("soon", nil), ("", nil),
    ])
    func timesThatPeopleMeanAreFound(text: String, mended: String?) {
        #expect(TimeSpan.mended(text) == mended)
    }
}
