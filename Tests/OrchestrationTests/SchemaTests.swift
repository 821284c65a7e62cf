import GraphDatabase
import JSON
import Orchestration
import PropertyGraph
import Testing

/// Inputs and results held against the schemas of functions.
struct SchemaTests {
    private static let pair: JSON = [
        "type": "object", "properties": ["n": ["type": "integer", "minimum": 1]], "required": ["n"],
        "additionalProperties": false,
    ]

    @Test func anInputThatDoesNotFitIsRefusedWithPlaceAndReason() async throws {
        let fixture = try await Fixture()
        try await fixture.register("f", ["input": Self.pair])
        func submit(_ inputs: [JSON]) async throws {
            _ = try await fixture.orchestrator.submit(
                inputs.map { JobRequest(function: "f", input: $0) }, startedBy: "anne")
        }
        try await submit([["n": 1]])
        await #expect(
            throws: OrchestrationError.schemaViolation(
                function: "f@1", problems: [Problem("/n", "0 breaks `minimum` 1")])
        ) { try await submit([["n": 0]]) }
        await #expect(
            throws: OrchestrationError.schemaViolation(
                function: "f@1", problems: [Problem("/jobs/1/input", "the member `n` is missing")])
        ) { try await submit([["n": 1], [:]]) }
        // Of a batch with a wrong input, no job is made.
        #expect(try fixture.database.read("metrics_jobs").map { $0["count"]?.integer } == [1])
    }

    @Test func aResultThatDoesNotFitIsNotBelievedAndNotTriedAgain() async throws {
        let fixture = try await Fixture()
        try await fixture.register("f", retries: 3, ["output_schema": Self.pair])
        let worker = try await fixture.worker()
        let job = try await fixture.orchestrator.call("f", input: [:], startedBy: "anne")
        let leased = try #require(try await fixture.orchestrator.lease(worker: worker, limit: 1).first)
        try await fixture.finish(leased, worker, with: ["n": "one"])
        let record = try #require(try fixture.database.read("job", ["job": .string(job)]).first)
        #expect(record["state"] == .string("failed") && record["error_class"] == .string("schema"))
        #expect(
            record["error"]?.string
                == "the result does not fit the schema of the function's output:\n  /n: integer is expected, not \"one\""
        )
        let other = try await fixture.orchestrator.call("f", input: [:], startedBy: "anne")
        let again = try #require(try await fixture.orchestrator.lease(worker: worker, limit: 1).first)
        try await fixture.finish(again, worker, with: ["n": 1])
        #expect(
            try fixture.database.read("job", ["job": .string(other)]).first?["state"] == .string("succeeded"))
    }

    @Test func aFunctionMayHaveSuchResultsTriedAgain() async throws {
        let fixture = try await Fixture()
        try await fixture.register(
            "f", retries: 1, ["output": Self.pair, "retry_on": ["schema"], "backoff": 0])
        let worker = try await fixture.worker()
        let job = try await fixture.orchestrator.call("f", input: [:], startedBy: "anne")
        let leased = try #require(try await fixture.orchestrator.lease(worker: worker, limit: 1).first)
        try await fixture.finish(leased, worker, with: [:])
        #expect(try fixture.database.read("job", ["job": .string(job)]).first?["state"] == .string("queued"))
    }

    @Test func aWrongSchemaIsRefusedAtRegistration() async throws {
        let fixture = try await Fixture()
        await #expect {
            try await fixture.register("f", ["input": ["properties": ["n": ["type": "int"]]]])
        } throws: { error in
            guard case .invalid(_, let problems)? = error as? OrchestrationError else { return false }
            return problems.map(\.place) == ["member input"]
                && problems.allSatisfy { $0.message.contains("/properties/n/type") }
        }
    }
}
