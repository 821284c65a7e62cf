import GraphDatabase
import JSON
import Orchestration
import PropertyGraph
import Testing

/// What a worker tells of several attempts at once.
struct BatchReportTests {
    private static let success = AttemptOutcome(
        result: .init(sha256: String(repeating: "a", count: 64), size: 2), error: nil, errorClass: nil,
        exit: 0,
        log: "")

    @Test func eachEventCountsForItselfAndAllAreOneCommit() async throws {
        let fixture = try await Fixture()
        try await fixture.register("f")
        let worker = try await fixture.worker()
        let request = JobRequest(function: "f", input: [:])
        _ = try await fixture.orchestrator.submit([request, request], startedBy: "anne")
        let jobs = try await fixture.orchestrator.lease(worker: worker, limit: 2)
        let before = fixture.database.snapshot().version
        let refused = try await fixture.orchestrator.report(
            [
                AttemptEvent(attempt: jobs[0].attempt, .started(function: "f@1")),
                AttemptEvent(attempt: "nobody#1", .started(function: "f@1")),
                AttemptEvent(attempt: jobs[0].attempt, .ended(Self.success)),
                AttemptEvent(attempt: jobs[1].attempt, .started(function: "f@1")),
            ], worker: worker)
        #expect(refused == [1: .leaseLost(attempt: "nobody#1")])
        #expect(fixture.database.snapshot().version == before + 1)
        let states = try jobs.map {
            try fixture.database.read("job", ["job": .string($0.job)]).first?["state"]
        }
        #expect(states == [.string("succeeded"), .string("running")])
    }

    @Test func anEventThatBreaksOffHalfWayLeavesNothingAndTheOthersCount() async throws {
        let fixture = try await Fixture()
        try await fixture.register("f")
        let worker = try await fixture.worker()
        let request = JobRequest(function: "f", input: [:])
        _ = try await fixture.orchestrator.submit([request, request], startedBy: "anne")
        let jobs = try await fixture.orchestrator.lease(worker: worker, limit: 2)
        // A job that was not started cannot have succeeded.
        let refused = try await fixture.orchestrator.report(
            [
                AttemptEvent(attempt: jobs[0].attempt, .ended(Self.success)),
                AttemptEvent(attempt: jobs[1].attempt, .started(function: "f@1")),
            ], worker: worker)
        #expect(refused.keys.sorted() == [0])
        let states = try jobs.map {
            try fixture.database.read("job", ["job": .string($0.job)]).first?["state"]
        }
        #expect(states == [.string("leased"), .string("running")])
        #expect(
            try fixture.database.read("attempt", ["attempt": .string(jobs[0].attempt)]).first?["state"]
                == .string("leased"))
    }
}
