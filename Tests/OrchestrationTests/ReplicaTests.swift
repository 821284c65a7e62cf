import GraphDatabase
import JSON
import Orchestration
import PropertyGraph
import Testing

/// Jobs that run on several machines, and what is believed of what they find.
struct ReplicaTests {
    private func submit(_ fixture: Fixture, _ replication: JobReplication) async throws -> String {
        let request = JobRequest(function: "f", input: [:], replication: replication)
        return try #require(
            try await fixture.orchestrator.submit([request], startedBy: "anne").first?.id)
    }

    private func workers(_ fixture: Fixture, _ count: Int) async throws -> [String] {
        var workers: [String] = []
        for number in 1...count { workers.append(try await fixture.worker("m\(number)")) }
        return workers
    }

    private func lease(_ fixture: Fixture, _ worker: String) async throws -> LeasedJob? {
        try await fixture.orchestrator.lease(worker: worker, limit: 1).first
    }

    private func job(_ fixture: Fixture, _ job: String) throws -> (
        state: String?, error: String?, kind: String?
    ) {
        let record = try fixture.database.read("job", ["job": .string(job)]).first
        return (record?["state"]?.string, record?["error"]?.string, record?["error_class"]?.string)
    }

    private func result(_ fixture: Fixture, _ job: String) async throws -> JSON? {
        guard let digest = fixture.orchestrator.outcome(ofJob: job)?.result,
            let bytes = try await fixture.blobs.read(digest)
        else { return nil }
        return try JSON.parse(utf8: bytes)
    }

    private func verdicts(_ fixture: Fixture, _ job: String) throws -> [String?] {
        try fixture.database.read("job_attempts", ["job": .string(job)]).map { $0["verdict"]?.string }
    }

    private func reputation(_ fixture: Fixture, _ machine: String) async throws -> Double? {
        let row = try fixture.database.read("machine", ["machine": .string(machine)]).first
        guard case .float(let number)? = row?["machine"]?.map?["reputation"] else { return nil }
        return number
    }

    @Test func whatAQuorumFindsIsBelievedAndWhoDisagreesLosesReputation() async throws {
        let fixture = try await Fixture()
        try await fixture.register("f")
        let workers = try await self.workers(fixture, 3)
        let job = try await self.submit(fixture, JobReplication(replicas: 3, quorum: 2))
        var leased: [LeasedJob] = []
        for worker in workers { leased.append(try #require(try await self.lease(fixture, worker))) }
        #expect(leased.map(\.job) == [job, job, job] && Set(leased.map(\.attempt)).count == 3)
        try await fixture.finish(leased[0], workers[0], with: ["sum": 4])
        #expect(try self.job(fixture, job).state == "running")
        #expect(try await self.result(fixture, job) == nil)
        try await fixture.finish(leased[1], workers[1], with: ["sum": 5])
        #expect(try self.job(fixture, job).state == "running")
        try await fixture.finish(leased[2], workers[2], with: ["sum": 4])
        #expect(try self.job(fixture, job).state == "succeeded")
        #expect(try await self.result(fixture, job) == ["sum": 4])
        #expect(try self.verdicts(fixture, job) == ["agreed", "disagreed", "agreed"])
        #expect(try await self.reputation(fixture, "m1") == 0.55)
        #expect(try await self.reputation(fixture, "m2") == 0.25)
    }

    @Test func itDoesNotMatterWhoIsDoneFirst() async throws {
        let fixture = try await Fixture()
        try await fixture.register("f")
        let workers = try await self.workers(fixture, 3)
        let job = try await self.submit(fixture, JobReplication(replicas: 3, quorum: 2))
        var leased: [LeasedJob] = []
        for worker in workers { leased.append(try #require(try await self.lease(fixture, worker))) }
        for (number, sum) in [(2, 4), (1, 5), (0, 4)] {
            try await fixture.finish(leased[number], workers[number], with: ["sum": .int(sum)])
        }
        #expect(try await self.result(fixture, job) == ["sum": 4])
        #expect(try self.verdicts(fixture, job) == ["agreed", "disagreed", "agreed"])
    }

    @Test func noMachineGetsTwoReplicasOfAJobAndItIsSaidThatAnotherIsNeeded() async throws {
        let fixture = try await Fixture()
        try await fixture.register("f", ["max_running": 1])
        let first = try await fixture.worker("m1")
        let second = try await fixture.worker("m1")
        let job = try await self.submit(fixture, JobReplication(replicas: 2))
        let leased = try #require(try await self.lease(fixture, first))
        #expect(try await self.lease(fixture, second) == nil)
        let reasons = try fixture.orchestrator.explain(job: job).map(\.code)
        #expect(reasons == ["another_machine", "no_machine_fits", "leased"])
        try await fixture.finish(leased, first, with: ["n": 1])
        #expect(try await self.lease(fixture, second) == nil)
        #expect(try self.job(fixture, job).state == "running")
        // The function's limit of one call is for jobs: the second replica does not wait for the first.
        let other = try await fixture.worker("m2")
        let last = try #require(try await self.lease(fixture, other))
        try await fixture.finish(last, other, with: ["n": 1])
        #expect(try self.job(fixture, job).state == "succeeded")
    }

    @Test func lateReplicasAreCancelled() async throws {
        let fixture = try await Fixture()
        try await fixture.register("f")
        let workers = try await self.workers(fixture, 3)
        let job = try await self.submit(fixture, JobReplication(replicas: 3, quorum: 2))
        var leased: [LeasedJob] = []
        for worker in workers { leased.append(try #require(try await self.lease(fixture, worker))) }
        for number in 0..<2 {
            try await fixture.finish(leased[number], workers[number], with: ["n": 1])
        }
        #expect(try self.job(fixture, job).state == "succeeded")
        let stop = try await fixture.orchestrator.heartbeat(
            worker: workers[2], attempts: [leased[2].attempt], load: 0, memoryFreeBytes: 1)
        #expect(stop == [leased[2].attempt])
        #expect(try await self.reputation(fixture, "m3") == nil)
    }

    @Test func whenNoQuorumCanBeReachedItIsSaidWhoFoundWhat() async throws {
        let fixture = try await Fixture()
        try await fixture.register("f")
        let workers = try await self.workers(fixture, 3)
        let job = try await self.submit(fixture, JobReplication(replicas: 3, quorum: 2))
        for (number, worker) in workers.enumerated() {
            let leased = try #require(try await self.lease(fixture, worker))
            try await fixture.finish(leased, worker, with: ["n": .int(number)])
        }
        let failed = try self.job(fixture, job)
        #expect(failed.state == "failed" && failed.kind == "quorum")
        let error = try #require(failed.error)
        #expect(error.hasPrefix("no 2 of 3 machines found the same: "))
        for machine in ["m1", "m2", "m3"] { #expect(error.contains(" on \(machine)")) }
        // Tried again, it starts anew, on the same machines.
        try await fixture.orchestrator.retry(job: job, by: "anne")
        for worker in workers.prefix(2) {
            let leased = try #require(try await self.lease(fixture, worker))
            try await fixture.finish(leased, worker, with: ["n": 7])
        }
        #expect(try self.job(fixture, job).state == "succeeded")
    }

    @Test(arguments: [(1.0 + 1e-9, "succeeded"), (1.1, "failed")])
    func numbersMayDifferByATolerance(second: Double, state: String) async throws {
        let fixture = try await Fixture()
        try await fixture.register("f")
        let workers = try await self.workers(fixture, 2)
        let job = try await self.submit(
            fixture, JobReplication(replicas: 2, comparison: .tolerance(1e-6)))
        for (worker, number) in zip(workers, [1.0, second]) {
            let leased = try #require(try await self.lease(fixture, worker))
            try await fixture.finish(leased, worker, with: ["b": [.double(number), "x"], "a": 1])
        }
        #expect(try self.job(fixture, job).state == state)
    }

    @Test(arguments: [true, false, nil] as [Bool?])
    func aFunctionMayCompare(areEqual: Bool?) async throws {
        let fixture = try await Fixture()
        try await fixture.register("f")
        try await fixture.register("same")
        let workers = try await self.workers(fixture, 3)
        let job = try await self.submit(
            fixture, JobReplication(replicas: 2, comparison: .function("same")))
        for (number, worker) in workers.prefix(2).enumerated() {
            let leased = try #require(try await self.lease(fixture, worker))
            try await fixture.finish(leased, worker, with: ["n": .int(number)])
        }
        #expect(try self.job(fixture, job).state == "running")
        let comparison = try #require(try await self.lease(fixture, workers[2]))
        #expect(comparison.input == ["left": ["n": 0], "right": ["n": 1]])
        if let areEqual {
            try await fixture.finish(comparison, workers[2], with: ["equal": .bool(areEqual)])
        } else {
            try await fixture.finish(comparison, workers[2], succeeds: false)
        }
        #expect(try self.job(fixture, job).state == (areEqual == true ? "succeeded" : "failed"))
    }

    @Test func aMachineOfGoodReputationIsMostlyBelievedAlone() async throws {
        let draws = Draws([0.5, 0.01])
        let fixture = try await Fixture { draws.next() }
        try await fixture.register("f")
        let workers = try await self.workers(fixture, 2)
        _ = try await fixture.database.query("MATCH (m:Machine {id: 'm1'}) SET m.reputation = 0.95")
        let adaptive = JobReplication(replicas: 2, isAdaptive: true)
        let trusted = try await self.submit(fixture, adaptive)
        let first = try #require(try await self.lease(fixture, workers[0]))
        #expect(try await self.lease(fixture, workers[1]) == nil)
        try await fixture.finish(first, workers[0], with: ["n": 1])
        #expect(try self.job(fixture, trusted).state == "succeeded")
        #expect(try await self.reputation(fixture, "m1") == 0.95)

        let checked = try await self.submit(fixture, adaptive)
        let second = try #require(try await self.lease(fixture, workers[0]))
        try await fixture.finish(second, workers[0], with: ["n": 1])
        #expect(try self.job(fixture, checked).state == "running")
        let third = try #require(try await self.lease(fixture, workers[1]))
        try await fixture.finish(third, workers[1], with: ["n": 1])
        #expect(try self.job(fixture, checked).state == "succeeded")
    }

    @Test func aTrustedMachineThatFailsIsNotTheOnlyOneAsked() async throws {
        let fixture = try await Fixture { 0.5 }
        try await fixture.register("f", retries: 1, ["backoff": 0])
        let workers = try await self.workers(fixture, 2)
        _ = try await fixture.database.query("MATCH (m:Machine {id: 'm1'}) SET m.reputation = 0.95")
        let job = try await self.submit(fixture, JobReplication(replicas: 2, isAdaptive: true))
        let first = try #require(try await self.lease(fixture, workers[0]))
        try await fixture.finish(first, workers[0], succeeds: false)
        #expect(try self.job(fixture, job).state == "queued")
        for worker in workers.reversed() {
            let leased = try #require(try await self.lease(fixture, worker))
            try await fixture.finish(leased, worker, with: ["n": 1])
        }
        #expect(try self.job(fixture, job).state == "succeeded")
    }

    @Test func aReplicaThatFailsIsTriedAgainAsOftenAsTheFunctionAllows() async throws {
        let fixture = try await Fixture()
        try await fixture.register("f", retries: 1, ["backoff": 0])
        let workers = try await self.workers(fixture, 2)
        let job = try await self.submit(fixture, JobReplication(replicas: 2))
        let first = try #require(try await self.lease(fixture, workers[0]))
        let second = try #require(try await self.lease(fixture, workers[1]))
        try await fixture.finish(first, workers[0], succeeds: false)
        #expect(try self.job(fixture, job).state == "running")
        try await fixture.finish(second, workers[1], with: ["n": 1])
        let again = try #require(try await self.lease(fixture, workers[0]))
        try await fixture.finish(again, workers[0], succeeds: false)
        let failed = try self.job(fixture, job)
        #expect(failed.state == "failed" && failed.kind == "quorum")
    }

    @Test func aReplicaWhoseMachineDiesGoesToAnother() async throws {
        let fixture = try await Fixture()
        try await fixture.register("f")
        let workers = try await self.workers(fixture, 3)
        let job = try await self.submit(fixture, JobReplication(replicas: 2))
        let first = try #require(try await self.lease(fixture, workers[0]))
        _ = try #require(try await self.lease(fixture, workers[1]))
        try await fixture.finish(first, workers[0], with: ["n": 1])
        fixture.advance(seconds: 60)
        #expect(try await fixture.orchestrator.takeBackExpired() == 1)
        let third = try #require(try await self.lease(fixture, workers[2]))
        try await fixture.finish(third, workers[2], with: ["n": 1])
        #expect(try self.job(fixture, job).state == "succeeded")
    }

    @Test func stepsOfPipelinesHaveReplicasToo() async throws {
        let fixture = try await Fixture()
        try await fixture.register("f")
        try await fixture.register(
            pipeline: """
                digraph p {
                    a [function="f@1", replicas=2, compare="tolerance=0.1"]; b [function="f@1"]; a -> b
                }
                """)
        let workers = try await self.workers(fixture, 2)
        let run = try await fixture.orchestrator.startRun(
            "p", parameters: [:], customerReference: nil, startedBy: "anne")
        for (worker, number) in zip(workers, [1.0, 1.01]) {
            let leased = try #require(try await self.lease(fixture, worker))
            try await fixture.finish(leased, worker, with: ["n": .double(number)])
        }
        #expect(try fixture.states(run) == ["a": "succeeded", "b": "queued", "run": "running"])
        #expect(try await fixture.work(workers[0]) == ["b"])
        #expect(try fixture.states(run)["run"] == "succeeded")
    }

    @Test func waysToCompareAreRead() {
        for text in ["digest", "tolerance=0.001", "function=same@1"] {
            #expect(ResultComparison(text)?.text == text)
        }
        for text in ["", "bytes", "tolerance", "tolerance=-1", "tolerance=nan", "function=", "digest=1"] {
            #expect(ResultComparison(text) == nil, "\(text)")
        }
    }

    /// Numbers in a given order, in place of chance.
    private final class Draws: Sendable {
        private let numbers: Locked<[Double]>
        init(_ numbers: [Double]) { self.numbers = Locked(numbers) }
        func next() -> Double { self.numbers.withLock { $0.count > 1 ? $0.removeFirst() : $0.first ?? 0 } }
    }
}
