import GraphDatabase
import JSON
import Orchestration
import PropertyGraph
import Testing

private let chain = """
    digraph chain {
        a [function="f@1"]; b [function="f@1"]; c [function="f@1"]
        a -> b -> c
    }
    """

/// Calls, and what may be done to them while they wait or run.
struct JobTests {
    private func state(_ job: String, _ fixture: Fixture) throws -> String? {
        try fixture.database.read("job", ["job": .string(job)]).first?["state"]?.string
    }

    private func submit(
        _ fixture: Fixture, key: String?, by user: String = "anne", input: JSON = [:]
    ) async throws -> SubmittedJob {
        let request = JobRequest(function: "f", input: input, idempotencyKey: key)
        return try #require(try await fixture.orchestrator.submit([request], startedBy: user).first)
    }

    @Test func theSameKeyOfTheSameUserIsTheSameJob() async throws {
        let fixture = try await Fixture()
        try await fixture.register("f")
        let first = try await self.submit(fixture, key: "k")
        let again = try await self.submit(fixture, key: "k")
        #expect(first.isNew && !again.isNew && first.id == again.id)
        #expect(try await self.submit(fixture, key: "k", by: "bob").isNew)
        #expect(try await self.submit(fixture, key: nil).isNew)
        await #expect(throws: OrchestrationError.self) {
            try await self.submit(fixture, key: "k", input: ["n": 1])
        }
    }

    @Test func aKeyTwiceInOneBatchIsOneJob() async throws {
        let fixture = try await Fixture()
        try await fixture.register("f")
        let request = JobRequest(function: "f", input: [:], idempotencyKey: "k")
        let jobs = try await fixture.orchestrator.submit([request, request], startedBy: "anne")
        #expect(jobs.map(\.isNew) == [true, false])
        #expect(Set(jobs.map(\.id)).count == 1)
    }

    private func submit(
        _ fixture: Fixture, _ span: JobUniqueness.Span, key: String? = "k", by user: String = "anne",
        _ function: String = "f", input: JSON = [:]
    ) async throws -> SubmittedJob {
        let request = JobRequest(
            function: function, input: input, unique: JobUniqueness(key: key, span: span))
        return try #require(try await fixture.orchestrator.submit([request], startedBy: user).first)
    }

    @Test func aUniqueCallIsNotMadeAgainWhileTheFirstIsQueued() async throws {
        let fixture = try await Fixture()
        try await fixture.register("f")
        try await fixture.register("g")
        let first = try await self.submit(fixture, .queued)
        #expect(try await self.submit(fixture, .queued, input: ["other": 1]).id == first.id)
        for other in [
            try await self.submit(fixture, .queued, key: "l"),
            try await self.submit(fixture, .queued, by: "bob"),
            try await self.submit(fixture, .queued, "g"),
        ] { #expect(other.isNew) }
        let worker = try await fixture.worker()
        #expect(try await fixture.orchestrator.lease(worker: worker, limit: 9).count == 4)
        let second = try await self.submit(fixture, .queued)
        #expect(second.isNew)
        #expect(try await self.submit(fixture, .queued).id == second.id)
    }

    @Test(arguments: [true, false]) func aUniqueCallIsNotMadeAgainWhileTheFirstRuns(succeeds: Bool)
        async throws
    {
        let fixture = try await Fixture()
        try await fixture.register("f")
        let first = try await self.submit(fixture, .running)
        let worker = try await fixture.worker()
        let leased = try #require(try await fixture.orchestrator.lease(worker: worker, limit: 1).first)
        let again = try await self.submit(fixture, .running)
        #expect(!again.isNew && again.id == first.id)
        try await fixture.finish(leased, worker, succeeds: succeeds)
        #expect(try await self.submit(fixture, .running).isNew)
    }

    @Test func aUniqueCallIsNotMadeAgainForATime() async throws {
        let fixture = try await Fixture()
        try await fixture.register("f")
        let first = try await self.submit(fixture, .seconds(60))
        try await fixture.orchestrator.cancel(job: first.id, by: "anne")
        fixture.advance(seconds: 59)
        #expect(try await self.submit(fixture, .seconds(60)).id == first.id)
        fixture.advance(seconds: 1)
        #expect(try await self.submit(fixture, .seconds(60)).isNew)
    }

    @Test func withoutAKeyCallsWithTheSameInputAreAlike() async throws {
        let fixture = try await Fixture()
        try await fixture.register("f")
        let first = try await self.submit(fixture, .running, key: nil, input: ["n": 1])
        #expect(try await self.submit(fixture, .running, key: nil, input: ["n": 1]).id == first.id)
        #expect(try await self.submit(fixture, .running, key: nil, input: ["n": 2]).isNew)
        // Also within one batch.
        let request = JobRequest(
            function: "f", input: ["n": 3], unique: JobUniqueness(key: nil, span: .running))
        let jobs = try await fixture.orchestrator.submit([request, request], startedBy: "anne")
        #expect(jobs.map(\.isNew) == [true, false] && jobs[0].id == jobs[1].id)
    }

    @Test func aBatchIsMadeAsAWholeOrNotAtAll() async throws {
        let fixture = try await Fixture()
        try await fixture.register("f")
        let good = JobRequest(function: "f", input: [:])
        let bad = JobRequest(function: "f", input: 3)
        await #expect(throws: OrchestrationError.self) {
            try await fixture.orchestrator.submit([good, bad], startedBy: "anne")
        }
        let filters: [String: Value] = [
            "state": .null, "function": .null, "run": .null, "started_by": .null, "limit": .integer(10),
        ]
        #expect(try fixture.database.read("jobs", filters).isEmpty)
        let jobs = try await fixture.orchestrator.submit([good, good, good], startedBy: "anne")
        #expect(Set(jobs.map(\.id)).count == 3)
        #expect(try fixture.database.read("jobs", filters).count == 3)
    }

    @Test func aCancelledJobIsTakenByNobodyAndItsWorkerIsToldToStop() async throws {
        let fixture = try await Fixture()
        try await fixture.register("f")
        let worker = try await fixture.worker()
        let queued = try await self.submit(fixture, key: nil).id
        try await fixture.orchestrator.cancel(job: queued, by: "anne")
        #expect(try self.state(queued, fixture) == "cancelled")
        #expect(try await fixture.orchestrator.lease(worker: worker, limit: 10).isEmpty)
        try await fixture.orchestrator.cancel(job: queued, by: "anne")

        let running = try await self.submit(fixture, key: nil).id
        let leased = try #require(try await fixture.orchestrator.lease(worker: worker, limit: 1).first)
        try await fixture.orchestrator.started(attempt: leased.attempt, worker: worker, provides: "f@1")
        try await fixture.orchestrator.cancel(job: running, by: "anne")
        let stop = try await fixture.orchestrator.heartbeat(
            worker: worker, attempts: [leased.attempt], load: 0, memoryFreeBytes: 1)
        #expect(stop == [leased.attempt])
        // What it still reports is not believed.
        await #expect(throws: OrchestrationError.leaseLost(attempt: leased.attempt)) {
            try await fixture.orchestrator.ended(
                attempt: leased.attempt, worker: worker,
                AttemptOutcome(
                    result: .init(sha256: String(repeating: "a", count: 64), size: 2), error: nil,
                    errorClass: nil, exit: 0, log: ""))
        }
        #expect(try self.state(running, fixture) == "cancelled")
    }

    @Test func whatHasEndedCannotBeCancelledOrChanged() async throws {
        let fixture = try await Fixture()
        try await fixture.register("f")
        let worker = try await fixture.worker()
        let job = try await self.submit(fixture, key: nil).id
        for leased in try await fixture.orchestrator.lease(worker: worker, limit: 1) {
            try await fixture.finish(leased, worker)
        }
        await #expect(throws: OrchestrationError.self) {
            try await fixture.orchestrator.cancel(job: job, by: "a")
        }
        await #expect(throws: OrchestrationError.self) {
            try await fixture.orchestrator.change(job: job, priority: 3, isEnabled: nil, by: "a")
        }
        await #expect(throws: OrchestrationError.self) {
            try await fixture.orchestrator.cancel(job: "none", by: "a")
        }
    }

    @Test func aCancelledStepSkipsWhatNeedsItAndACancelledRunEnds() async throws {
        let fixture = try await Fixture()
        try await fixture.register("f")
        try await fixture.register(pipeline: chain)
        func start() async throws -> String {
            try await fixture.orchestrator.startRun(
                "chain", parameters: [:], customerReference: nil, startedBy: "anne")
        }
        let first = try await start()
        try await fixture.orchestrator.cancel(job: first + ".a", by: "anne")
        #expect(
            try fixture.states(first) == [
                "a": "cancelled", "b": "skipped", "c": "skipped", "run": "cancelled",
            ])
        let second = try await start()
        try await fixture.orchestrator.cancel(run: second, by: "anne")
        #expect(Set(try fixture.states(second).values) == ["cancelled"])
    }

    @Test func priorityAndWhetherItIsEnabledChangeWhileAJobWaits() async throws {
        let fixture = try await Fixture()
        try await fixture.register("f")
        let worker = try await fixture.worker()
        let first = try await self.submit(fixture, key: nil).id
        let second = try await self.submit(fixture, key: nil).id
        try await fixture.orchestrator.change(job: second, priority: 5, isEnabled: nil, by: "anne")
        try await fixture.orchestrator.change(job: first, priority: nil, isEnabled: false, by: "anne")
        #expect(try await fixture.orchestrator.lease(worker: worker, limit: 10).map(\.job) == [second])
        try await fixture.orchestrator.change(job: first, priority: nil, isEnabled: true, by: "anne")
        #expect(try await fixture.orchestrator.lease(worker: worker, limit: 10).map(\.job) == [first])
    }

    @Test func jobsOfADisabledFunctionKeepNobodyWaiting() async throws {
        let fixture = try await Fixture()
        try await fixture.register("f")
        try await fixture.register("g")
        let worker = try await fixture.worker()
        for _ in 0..<3 { _ = try await self.submit(fixture, key: nil) }
        try await FunctionRegistry(database: fixture.database).setEnabled(false, "f@1", now: fixture.now)
        let other = try await fixture.orchestrator.call("g", input: [:], startedBy: "anne")
        #expect(try await fixture.orchestrator.lease(worker: worker, limit: 1).map(\.job) == [other])
    }

    @Test func whyAJobWaitsIsSaidInTheOrderInWhichOneWouldMendIt() async throws {
        let fixture = try await Fixture()
        try await fixture.register("f")
        try await fixture.register(pipeline: chain)
        func codes(_ job: String) throws -> [String] {
            try fixture.orchestrator.explain(job: job).map(\.code)
        }
        let job = try await self.submit(fixture, key: nil).id
        #expect(try codes(job) == ["no_worker"])
        let worker = try await fixture.worker()
        #expect(try codes(job) == ["next"])
        fixture.advance(seconds: 1)
        let later = try await self.submit(fixture, key: nil).id
        #expect(try codes(later) == ["behind_others"])
        try await fixture.orchestrator.change(job: later, priority: nil, isEnabled: false, by: "anne")
        #expect(try codes(later) == ["job_disabled", "behind_others"])
        // The fixture's worker has two slots.
        let third = try await self.submit(fixture, key: nil).id
        #expect(try await fixture.orchestrator.lease(worker: worker, limit: 2).map(\.job) == [job, third])
        #expect(try codes(later) == ["job_disabled", "slots_taken"])
        #expect(try codes(job) == ["leased"])
        let run = try await fixture.orchestrator.startRun(
            "chain", parameters: [:], customerReference: nil, startedBy: "anne")
        let reasons = try fixture.orchestrator.explain(job: run + ".b")
        #expect(reasons.map(\.message) == ["it waits for step a (\(run).a), which is queued"])
        try await fixture.orchestrator.cancel(run: run, by: "anne")
        #expect(try codes(run + ".b") == ["cancelled"])
        #expect(throws: OrchestrationError.self) { try fixture.orchestrator.explain(job: "none") }
    }
}
