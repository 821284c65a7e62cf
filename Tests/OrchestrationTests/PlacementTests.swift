import GraphDatabase
import JSON
import Orchestration
import PropertyGraph
import Testing

/// Which jobs a worker gets, and when: what a function needs, its limits, times, tries, machines that are drained.
struct PlacementTests {
    private func submit(
        _ fixture: Fixture, _ function: String = "f", delay: Int? = nil, deadline: Int? = nil
    ) async throws -> String {
        let request = JobRequest(
            function: function, input: [:], availableAt: delay.map { fixture.now.adding(seconds: $0) },
            deadline: deadline.map { fixture.now.adding(seconds: $0) })
        return try #require(try await fixture.orchestrator.submit([request], startedBy: "anne").first?.id)
    }

    private func lease(_ fixture: Fixture, _ worker: String, _ limit: Int = 10) async throws -> [String] {
        try await fixture.orchestrator.lease(worker: worker, limit: limit).map(\.job)
    }

    private func reasons(_ fixture: Fixture, _ job: String) throws -> [String] {
        try fixture.orchestrator.explain(job: job).map(\.code)
    }

    @Test func aJobGoesOnlyWhereAllThatItNeedsIs() async throws {
        let fixture = try await Fixture()
        try await fixture.register("f", ["needs": ["gpu", "zone=lan"]])
        let job = try await self.submit(fixture)
        let plain = try await fixture.worker("plain", labels: ["zone=lan", "gpus=2"])
        #expect(try await self.lease(fixture, plain).isEmpty)
        let reason = try #require(try fixture.orchestrator.explain(job: job).first)
        #expect(reason.code == "no_machine_fits" && reason.message == "no machine fits: plain lacks gpu")
        let good = try await fixture.worker("good", labels: ["gpu=rtx", "zone=lan"])
        #expect(try self.reasons(fixture, job) == ["next"])
        #expect(try await self.lease(fixture, good) == [job])
    }

    @Test(
        arguments: [
            (#"{"cores": 3}"#, "3 cores"), (#"{"memory": "2GiB"}"#, "2048 MiB of free memory"),
            (#"{"cores": 2, "memory": "900MB"}"#, nil),
        ] as [(String, String?)]) func resourcesMustBeThere(resources: String, lack: String?) async throws
    {
        let fixture = try await Fixture()
        try await fixture.register("f", ["resources": try JSON.parse(resources)])
        let job = try await self.submit(fixture)
        let worker = try await fixture.worker()
        #expect(try await self.lease(fixture, worker).isEmpty == (lack != nil))
        if let lack {
            #expect(
                try fixture.orchestrator.explain(job: job).first?.message
                    == "no machine fits: h lacks \(lack)")
        }
    }

    @Test func noMoreCallsOfAFunctionRunThanItAllowsAndOthersGoOn() async throws {
        let fixture = try await Fixture()
        try await fixture.register("f", ["max_running": 2])
        try await fixture.register("g")
        var jobs: [String] = []
        for _ in 0..<4 {
            jobs.append(try await self.submit(fixture))
            fixture.advance(seconds: 1)
        }
        let other = try await self.submit(fixture, "g")
        let worker = try await fixture.worker()
        let leased = try await fixture.orchestrator.lease(worker: worker, limit: 10)
        #expect(leased.map(\.job) == [jobs[0], jobs[1], other])
        #expect(try await self.lease(fixture, worker).isEmpty)
        #expect(try self.reasons(fixture, jobs[2]).contains("function_limit"))
        try await fixture.finish(leased[0], worker)
        #expect(try await self.lease(fixture, worker) == [jobs[2]])
    }

    @Test func aJobIsNotTakenBeforeItsTime() async throws {
        let fixture = try await Fixture()
        try await fixture.register("f")
        let job = try await self.submit(fixture, delay: 60)
        let worker = try await fixture.worker()
        #expect(try await self.lease(fixture, worker).isEmpty)
        #expect(try self.reasons(fixture, job).first == "not_yet")
        fixture.advance(seconds: 60)
        #expect(try await self.lease(fixture, worker) == [job])
    }

    @Test func aJobFailsWhenItsDeadlinePassesWhileItWaits() async throws {
        let fixture = try await Fixture()
        try await fixture.register("f")
        let job = try await self.submit(fixture, deadline: 30)
        #expect(try await fixture.orchestrator.failExpired() == 0)
        fixture.advance(seconds: 31)
        let worker = try await fixture.worker()
        #expect(try await self.lease(fixture, worker).isEmpty)
        #expect(try await fixture.orchestrator.failExpired() == 1)
        #expect(try await fixture.orchestrator.failExpired() == 0)
        let record = try #require(try fixture.database.read("job", ["job": .string(job)]).first)
        #expect(record["state"] == .string("failed") && record["error_class"] == .string("deadline"))
    }

    @Test func aProcessMayRunUntilTheDeadlineOnly() async throws {
        let fixture = try await Fixture()
        try await fixture.register("f")
        _ = try await self.submit(fixture, deadline: 30)
        let worker = try await fixture.worker()
        let leased = try await fixture.orchestrator.lease(worker: worker, limit: 1)
        #expect(leased.first?.timeoutSeconds == 30)
        fixture.advance(seconds: 31)
        #expect(try await fixture.orchestrator.failExpired() == 0)
    }

    @Test func triesHaveGrowingPausesBetweenThem() async throws {
        let fixture = try await Fixture()
        try await fixture.register("f", retries: 3, ["backoff": 10])
        let job = try await self.submit(fixture)
        let worker = try await fixture.worker()
        for pause in [10, 20, 40] {
            let leased = try await fixture.orchestrator.lease(worker: worker, limit: 1)
            try await fixture.finish(try #require(leased.first), worker, succeeds: false)
            fixture.advance(seconds: pause / 2 - 1)
            #expect(try await self.lease(fixture, worker).isEmpty, "before half of \(pause) s")
            fixture.advance(seconds: pause / 2 + 1)
        }
        #expect(try await self.lease(fixture, worker) == [job])
    }

    @Test(arguments: [(["exit"], "queued"), (["timeout"], "failed"), ([], "failed")] as [([String], String)])
    func onlyTheErrorsThatAreNamedAreTriedAgain(classes: [String], state: String) async throws {
        let fixture = try await Fixture()
        try await fixture.register("f", retries: 3, ["retry_on": .array(classes.map(JSON.string))])
        let job = try await self.submit(fixture)
        let worker = try await fixture.worker()
        let leased = try await fixture.orchestrator.lease(worker: worker, limit: 1)
        try await fixture.finish(try #require(leased.first), worker, succeeds: false)
        let record = try fixture.database.read("job", ["job": .string(job)]).first
        #expect(record?["state"] == .string(state))
    }

    @Test func whatFailedForGoodIsTriedAgainWithAllItsTries() async throws {
        let fixture = try await Fixture()
        try await fixture.register("f", retries: 1, ["backoff": 0])
        let job = try await self.submit(fixture)
        let worker = try await fixture.worker()
        await #expect(throws: OrchestrationError.self) {
            try await fixture.orchestrator.retry(job: job, by: "anne")
        }
        func fail(_ numbers: ClosedRange<Int>) async throws {
            for number in numbers {
                let leased = try await fixture.orchestrator.lease(worker: worker, limit: 1)
                #expect(leased.map(\.attempt) == ["\(job)#\(number)"])
                try await fixture.finish(try #require(leased.first), worker, succeeds: false)
            }
            #expect(try await self.lease(fixture, worker).isEmpty)
        }
        try await fail(1...2)
        try await fixture.orchestrator.retry(job: job, by: "anne")
        try await fail(3...4)
        let orchestrator = fixture.orchestrator
        #expect(try await orchestrator.retryFailed(function: "g", errorClass: nil, by: "anne").isEmpty)
        #expect(try await orchestrator.retryFailed(function: "f", errorClass: "timeout", by: "anne").isEmpty)
        #expect(try await orchestrator.retryFailed(function: "f", errorClass: nil, by: "anne") == [job])
        #expect(try await self.lease(fixture, worker) == [job])
    }

    @Test func aDrainedMachineFinishesWhatItHasAndTakesNothing() async throws {
        let fixture = try await Fixture()
        try await fixture.register("f")
        let first = try await self.submit(fixture)
        let worker = try await fixture.worker()
        let leased = try await fixture.orchestrator.lease(worker: worker, limit: 1)
        #expect(leased.map(\.job) == [first])
        let second = try await self.submit(fixture)
        try await fixture.orchestrator.drain(machine: "h", true)
        _ = try await fixture.orchestrator.heartbeat(
            worker: worker, attempts: leased.map(\.attempt), load: 0, memoryFreeBytes: 1 << 30,
            figures: ["cpu_percent": .float(2.5), "core_percent": .list([.float(5), .float(0)])])
        #expect(try await self.lease(fixture, worker).isEmpty)
        #expect(try self.reasons(fixture, second).first == "draining")
        await #expect(throws: OrchestrationError.self) { try await fixture.orchestrator.remove(machine: "h") }
        try await fixture.finish(leased[0], worker)
        try await fixture.orchestrator.drain(machine: "h", false)
        let next = try await fixture.orchestrator.lease(worker: worker, limit: 1)
        #expect(next.map(\.job) == [second])
        try await fixture.finish(next[0], worker)
        try await fixture.orchestrator.remove(machine: "h")
        #expect(try fixture.database.read("machines").isEmpty)
        await #expect(throws: OrchestrationError.self) {
            try await fixture.orchestrator.drain(machine: "h", true)
        }
    }
}
