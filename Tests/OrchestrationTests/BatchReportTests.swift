import GraphDatabase
import JSON
import Orchestration
import PropertyGraph
import QueryEngine
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
        let (refused, _) = try await fixture.orchestrator.report(
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
        let (refused, _) = try await fixture.orchestrator.report(
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

    @Test func aReportGetsTheNextJobsInItsCommit() async throws {
        let fixture = try await Fixture()
        try await fixture.register("f")
        try await fixture.register("g")
        let worker = try await fixture.worker()
        let requests = ["f", "f", "g", "f"].map { JobRequest(function: $0, input: [:]) }
        _ = try await fixture.orchestrator.submit(requests, startedBy: "anne")
        let first = try await fixture.orchestrator.lease(worker: worker, limit: 1)
        let before = fixture.database.snapshot().version
        let (refused, jobs) = try await fixture.orchestrator.report(
            [
                AttemptEvent(attempt: first[0].attempt, .started(function: "f@1")),
                AttemptEvent(attempt: first[0].attempt, .ended(Self.success)),
            ], worker: worker, asking: LeaseRequest(limit: 1, more: 5, of: ["f@1"]))
        #expect(refused.isEmpty)
        #expect(fixture.database.snapshot().version == before + 1)
        // One of any function, and of the brief one as many as there are.
        #expect(jobs.map { $0.definition["name"]?.string } == ["f", "f"])
        let rest = try await fixture.orchestrator.lease(worker: worker, limit: 9)
        #expect(rest.map { $0.definition["name"]?.string } == ["g"])
    }

    @Test func whatAWorkerGivesBackWaitsWhereItDidAndHasNoTryLess() async throws {
        let fixture = try await Fixture()
        try await fixture.register("f")
        let worker = try await fixture.worker()
        let request = JobRequest(function: "f", input: [:])
        _ = try await fixture.orchestrator.submit([request, request], startedBy: "anne")
        let jobs = try await fixture.orchestrator.lease(worker: worker, limit: 2)
        let (refused, again) = try await fixture.orchestrator.report(
            [AttemptEvent(attempt: jobs[0].attempt, .returned)], worker: worker,
            asking: LeaseRequest(limit: 2))
        #expect(refused.isEmpty)
        // It is to be had once this is committed.
        #expect(again.isEmpty)
        let next = try await fixture.orchestrator.lease(worker: worker, limit: 2)
        #expect(next.map(\.job) == [jobs[0].job])
        #expect(next.map(\.attempt) == [jobs[0].job + "#2"])
        // The first is no attempt any more.
        try await fixture.orchestrator.started(attempt: next[0].attempt, worker: worker, provides: "f@1")
        let (lost, _) = try await fixture.orchestrator.report(
            [AttemptEvent(attempt: jobs[0].attempt, .returned)], worker: worker)
        #expect(lost.keys.sorted() == [0])
        // No retries: what failed now had its one try.
        try await fixture.orchestrator.ended(
            attempt: next[0].attempt, worker: worker,
            AttemptOutcome(result: nil, error: "no", errorClass: "exit", exit: 1, log: ""))
        let row = try fixture.database.read("job", ["job": .string(next[0].job)]).first
        #expect(row?["state"] == .string("failed"))
    }

    @Test func whatAWorkerThatStopsHadBegunIsLostAtOnceAndRunsElsewhere() async throws {
        let fixture = try await Fixture()
        try await fixture.register("f")
        let worker = try await fixture.worker()
        _ = try await fixture.orchestrator.submit([JobRequest(function: "f", input: [:])], startedBy: "anne")
        let job = try await fixture.orchestrator.lease(worker: worker, limit: 1)[0]
        try await fixture.orchestrator.started(attempt: job.attempt, worker: worker, provides: "f@1")
        _ = try await fixture.orchestrator.report(
            [AttemptEvent(attempt: job.attempt, .returned)], worker: worker)
        let row = try fixture.database.read("attempt", ["attempt": .string(job.attempt)]).first
        #expect(row?["state"] == .string("lost"))
        let other = try await fixture.worker("other")
        #expect(
            try await fixture.orchestrator.lease(worker: other, limit: 1).map(\.attempt) == [job.job + "#2"])
    }

    @Test func timesAreThoseOfTheWorkerAndNeverBeforeTheLease() async throws {
        let fixture = try await Fixture()
        try await fixture.register("f")
        let worker = try await fixture.worker()
        let request = JobRequest(function: "f", input: [:])
        _ = try await fixture.orchestrator.submit([request, request], startedBy: "anne")
        let jobs = try await fixture.orchestrator.lease(worker: worker, limit: 2)
        fixture.advance(seconds: 100)
        _ = try await fixture.orchestrator.report(
            jobs.enumerated().flatMap { index, job in
                [
                    AttemptEvent(
                        attempt: job.attempt, .started(function: "f@1"), secondsAgo: index == 0 ? 30.25 : 500),
                    AttemptEvent(
                        attempt: job.attempt, .ended(Self.success), secondsAgo: index == 0 ? 10 : 400),
                ]
            }, worker: worker)
        var times: [[Value]] = []
        for job in jobs {
            let result = try await fixture.database.query(
                """
                MATCH (a:Attempt {id: $attempt})
                RETURN a.started_at.epochMillis - a.leased_at.epochMillis,
                       a.ended_at.epochMillis - a.leased_at.epochMillis
                """, parameters: ["attempt": .string(job.attempt)])
            times += result.rows
        }
        #expect(times == [[.integer(69_750), .integer(90_000)], [.integer(0), .integer(0)]])
    }

    @Test(
        "A worker takes only jobs of the functions that it names",
        arguments: [
            (["f"], ["f", "f"]), (["f@1"], ["f", "f"]), (["f@2"], []), (["g", "f@2"], ["g"]),
            ([], ["f", "f", "g"]),
        ] as [([String], [String])])
    func only(names: [String], taken: [String]) async throws {
        let fixture = try await Fixture()
        try await fixture.register("f")
        try await fixture.register("g")
        let worker = try await fixture.orchestrator.join(
            WorkerIntroduction(json: [
                "hostname": "h", "cores": 2, "memory_bytes": 1024, "slots": 9,
                "only": .array(names.map(JSON.string)),
            ]))
        _ = try await fixture.orchestrator.submit(
            ["f", "g", "f"].map { JobRequest(function: $0, input: [:]) }, startedBy: "anne")
        let jobs = try await fixture.orchestrator.lease(
            worker: worker, LeaseRequest(limit: 9, more: 9, of: ["f@1"]))
        #expect(jobs.compactMap { $0.definition["name"]?.string }.sorted() == taken)
        // Who waits in vain is told why.
        let rows = try await fixture.database.query("MATCH (j:Job {state: 'queued'}) RETURN j.id LIMIT 1")
            .rows
        guard let waiting = rows.first?.first?.string else { return }
        let reasons = try fixture.orchestrator.explain(job: waiting)
        #expect(reasons.first?.message.contains("lacks a worker that takes this function") == true)
    }
}
