import GraphDatabase
import Graphviz
import JSON
import Orchestration
import PropertyGraph
import Testing

struct ReportTests {
    @Test func aTraceTellsEverythingOfAReference() async throws {
        let fixture = try await Fixture()
        try await fixture.register("f")
        try await fixture.register(pipeline: "digraph p { node [function=f]; a [with=\"n=3\"]; a -> b }")
        let run = try await fixture.orchestrator.startRun(
            "p", parameters: [:], customerReference: "order-7", startedBy: "anne")
        try await fixture.work(try await fixture.worker(), results: ["b": nil])
        let trace = try await fixture.orchestrator.trace(reference: "order-7")
        let found = try #require(trace["runs"]?.array?.first)
        #expect(found["id"]?.string == run)
        let steps = try #require(found["steps"]?.array)
        #expect(steps.map { $0["step"]?.string } == ["a", "b"])
        #expect(steps[0]["input"] == ["n": 3])
        #expect(steps[1]["inputs"]?.array?.first?["from"] == "a")
        #expect(steps[1]["attempts"]?.array?.first?["error"] == "it broke")
        #expect(steps[1]["attempts"]?.array?.first?["machine"] == "h")
        await #expect(throws: OrchestrationError.self) {
            try await fixture.orchestrator.trace(reference: "order-8")
        }
    }

    @Test func lineageLeadsBackToInputsAndForwardToWhatDepends() async throws {
        let fixture = try await Fixture()
        try await fixture.register("f")
        try await fixture.register(pipeline: "digraph p { node [function=f]; a -> b -> c }")
        let run = try await fixture.orchestrator.startRun(
            "p", parameters: [:], customerReference: nil, startedBy: "anne")
        try await fixture.work(
            try await fixture.worker(), results: ["a": ["v": 1], "b": ["v": 2], "c": ["v": 3]])
        let middle = try #require(
            fixture.orchestrator.outcome(ofJob: run + ".b")?.result)
        let lineage = try fixture.orchestrator.lineage(of: middle)
        #expect(lineage.upstream.compactMap(\.step) == ["b", "a"])
        #expect(lineage.downstream.compactMap(\.step) == ["c"])
        #expect(try fixture.orchestrator.lineage(of: run).upstream.count == 3)
        #expect(throws: OrchestrationError.self) { try fixture.orchestrator.lineage(of: "nothing") }
    }

    @Test func theCriticalPathDecidesTheEndAndOthersHaveSlack() async throws {
        let fixture = try await Fixture()
        try await fixture.register("f")
        try await fixture.register(pipeline: "digraph p { node [function=f]; a -> c; b -> c }")
        let run = try await fixture.orchestrator.startRun(
            "p", parameters: [:], customerReference: nil, startedBy: "anne")
        let worker = try await fixture.worker()
        let jobs = try await fixture.orchestrator.lease(worker: worker, limit: 2)
        for job in jobs {
            try await fixture.orchestrator.started(attempt: job.attempt, worker: worker, provides: "f@1")
        }
        for (job, seconds) in zip(jobs, [10, 20]) {
            fixture.advance(seconds: seconds)
            try await fixture.orchestrator.ended(
                attempt: job.attempt, worker: worker,
                AttemptOutcome(
                    result: .init(sha256: String(repeating: "a", count: 64), size: 2), error: nil,
                    errorClass: nil,
                    exit: 0, log: ""))
        }
        let before = try fixture.orchestrator.timing(run: run)
        #expect(before.criticalPath == ["b", "c"])
        // `c` is expected to take the median of 10 s and 30 s.
        #expect(before.finish == 60_000)
        #expect(!before.hasEnded)
        #expect(before.steps.first { $0.name == "a" }?.slack == 20_000)
    }

    @Test func aDiffNamesWhatCameWentAndChanged() throws {
        let first = try GraphvizLibrary.parse("digraph p { a [function=\"f@1\"]; b; a -> b; b -> c }")
        let second = try GraphvizLibrary.parse("digraph p { a [function=\"f@2\"]; b; d; a -> b; a -> d }")
        let diff = GraphDiff(first, second)
        #expect(
            diff.lines == [
                "~ step a: function f@1 -> f@2", "+ step d", "- step c", "+ edge a -> d", "- edge b -> c",
            ])
        #expect(GraphDiff(first, first).isEmpty)
        #expect(try GraphvizLibrary.parse(diff.dot(title: "a \"quoted\" title")).nodes.count == 4)
    }
}
