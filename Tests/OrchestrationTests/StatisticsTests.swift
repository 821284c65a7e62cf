import GraphDatabase
import JSON
import Orchestration
import PropertyGraph
import Testing

/// What calls of a function took and came to, and which version is worse than the one before.
struct StatisticsTests {
    /// Runs some calls of a version, each of so many seconds after so many of waiting.
    private func run(
        _ fixture: Fixture, _ worker: String, _ function: String, _ count: Int, waiting: Int = 0,
        for seconds: Int,
        failing: Int = 0
    ) async throws {
        for number in 0..<count {
            _ = try await fixture.orchestrator.call(function, input: [:], startedBy: "anne")
            fixture.advance(seconds: waiting)
            let job = try #require(try await fixture.orchestrator.lease(worker: worker, limit: 1).first)
            try await fixture.orchestrator.started(attempt: job.attempt, worker: worker, provides: function)
            fixture.advance(seconds: seconds)
            let fails = number < failing
            try await fixture.orchestrator.ended(
                attempt: job.attempt, worker: worker,
                AttemptOutcome(
                    result: fails ? nil : .init(sha256: String(repeating: "a", count: 64), size: 2),
                    error: fails ? "it broke" : nil, errorClass: fails ? "exit" : nil, exit: 0, log: ""))
        }
    }

    @Test func timesFailuresAndCostAreToldByVersionAndMachine() async throws {
        let fixture = try await Fixture()
        try await fixture.register("f", ["price_millis": 1500])
        let (first, second) = (try await fixture.worker("m1"), try await fixture.worker("m2"))
        try await self.run(fixture, first, "f@1", 3, waiting: 2, for: 1)
        try await self.run(fixture, second, "f@1", 2, waiting: 2, for: 3, failing: 1)
        let statistics = try FunctionStatistics(of: "f", in: fixture.database)
        let row = try #require(statistics.versions.first)
        #expect(statistics.versions.count == 1 && row["id"]?.string == "f@1")
        for (column, wanted) in [
            ("tries", 5), ("succeeded", 4), ("failed", 1), ("lost", 0), ("run_median_millis", 1000),
            ("run_p95_millis", 3000), ("queued_median_millis", 2000), ("cost_millis", 6000),
        ] { #expect(row[column]?.integer == wanted, "\(column)") }
        #expect(statistics.machines.map { $0["machine"]?.string } == ["m1", "m2"])
        #expect(statistics.machines.map { $0["run_median_millis"]?.integer } == [1000, 3000])
        #expect(statistics.regressions.isEmpty)
        let later = try FunctionStatistics(
            of: "f", since: fixture.now.adding(seconds: 1), in: fixture.database)
        #expect(later.versions.isEmpty)
    }

    @Test func aSlowerOrLessReliableVersionIsFlagged() async throws {
        let fixture = try await Fixture()
        let worker = try await fixture.worker()
        for version in ["1", "2", "3"] {
            try await fixture.register("f", ["version": .string(version)])
            fixture.advance(seconds: 1)
        }
        try await self.run(fixture, worker, "f@1", 10, for: 4)
        try await self.run(fixture, worker, "f@2", 10, for: 5)
        try await self.run(fixture, worker, "f@3", 10, for: 5, failing: 2)
        let regressions = try FunctionStatistics(of: "f", in: fixture.database).regressions
        #expect(
            regressions.map(\.message) == [
                "the median run time of f@2 is 5000 ms, of f@1 4000 ms",
                "20 of 100 tries of f@3 fail, of f@2 0",
            ])
    }

    @Test func fewTriesSayNothing() async throws {
        let fixture = try await Fixture()
        let worker = try await fixture.worker()
        for version in ["1", "2"] {
            try await fixture.register("f", ["version": .string(version)])
            fixture.advance(seconds: 1)
        }
        try await self.run(fixture, worker, "f@1", 10, for: 1)
        try await self.run(fixture, worker, "f@2", 9, for: 50)
        #expect(try FunctionStatistics(of: "f", in: fixture.database).regressions.isEmpty)
    }

    @Test func callsAndStepsOfRunsCountAlikeAndOnce() async throws {
        let fixture = try await Fixture()
        try await fixture.register("f")
        try await fixture.register(
            pipeline: "digraph p { a [function=\"f@1\"]; b [function=\"f@1\"]; a -> b }")
        let worker = try await fixture.worker()
        _ = try await fixture.orchestrator.startRun(
            "p", parameters: [:], customerReference: nil, startedBy: "anne")
        try await fixture.work(worker)
        try await self.run(fixture, worker, "f@1", 1, for: 1)
        let row = try FunctionStatistics(of: "f", in: fixture.database).versions.first
        #expect(row?["tries"]?.integer == 3)
    }
}
