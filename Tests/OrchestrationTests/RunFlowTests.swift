import GraphDatabase
import JSON
import Orchestration
import PropertyGraph
import Testing

struct RunFlowTests {
    private func run(
        _ dot: String, results: [String: JSON?] = [:], parameters: JSON.Object = [:],
        _ fixture: Fixture? = nil
    ) async throws -> (fixture: Fixture, run: String, done: [String], states: [String: String]) {
        let fixture = if let fixture { fixture } else { try await Fixture() }
        try await fixture.register("f")
        try await fixture.register(pipeline: "digraph p { \(dot) }")
        let run = try await fixture.orchestrator.startRun(
            "p", parameters: parameters, customerReference: "ref-1", startedBy: "anne")
        let done = try await fixture.work(try await fixture.worker(), results: results)
        return (fixture, run, done, try fixture.states(run))
    }

    /// `a` says n; `b` runs for much, `c` for little, `d` after whichever ran.
    private static let fork = """
        node [function=f]; a -> b [when="outputs.n > 5"]; a -> c [when="outputs.n <= 5"]; b -> d; c -> d
        """

    @Test(arguments: [(9, "b", "c"), (2, "c", "b")])
    func aConditionChoosesTheWayAndWhatFollowsBothRuns(n: Int, runs: String, skipped: String) async throws {
        let outcome = try await self.run(Self.fork, results: ["a": ["n": .int(n)]])
        #expect(outcome.done == ["a", runs, "d"])
        #expect(outcome.states[skipped] == "skipped")
        #expect(outcome.states["run"] == "succeeded")
    }

    @Test func aConditionThatCannotBeDecidedFailsItsStep() async throws {
        let outcome = try await self.run(
            "node [function=f]; a -> b [when=\"outputs.n > 5\"]", results: ["a": [:]])
        #expect(outcome.states == ["a": "succeeded", "b": "failed", "run": "failed"])
    }

    @Test(arguments: [
        ("join=any", "succeeded"), ("join=always", "succeeded"), ("join=all", "skipped"),
    ])
    func theJoinSaysHowManyEdgesMustLeadIn(join: String, state: String) async throws {
        let outcome = try await self.run(
            "node [function=f]; c [\(join)]; a -> c; b -> c", results: ["a": nil])
        #expect(outcome.states["c"] == state)
        #expect(outcome.states["run"] == "failed")
    }

    @Test func aStepAfterAFailureIsGivenWhatFailed() async throws {
        let fixture = try await Fixture()
        try await fixture.register("f")
        try await fixture.register(
            pipeline: "digraph p { node [function=f]; a [on_failure=mend]; a -> b; mend }")
        let run = try await fixture.orchestrator.startRun(
            "p", parameters: [:], customerReference: nil, startedBy: "anne")
        let worker = try await fixture.worker()
        try await fixture.work(worker, results: ["a": nil], limit: 1)
        let mend = try await fixture.orchestrator.lease(worker: worker, limit: 1)
        #expect(mend.map(\.job) == [run + ".mend"])
        #expect(mend[0].input["failure"]?["step"] == "a")
        #expect(mend[0].input["failure"]?["error"] == "it broke")
        try await fixture.finish(mend[0], worker)
        #expect(
            try fixture.states(run) == ["a": "failed", "b": "skipped", "mend": "succeeded", "run": "failed"])
    }

    @Test(arguments: [true, false])
    func theGraphsFailureStepRunsWhenTheRunFailsAndOnlyThen(fails: Bool) async throws {
        let result: JSON? = fails ? .none : .some([:])
        let outcome = try await self.run(
            "on_failure=tell; node [function=f]; a -> b; tell", results: ["b": result])
        #expect(outcome.states["tell"] == (fails ? "succeeded" : "skipped"))
        #expect(outcome.states["run"] == (fails ? "failed" : "succeeded"))
    }

    @Test func anEachRunsOnceForEachElementAndIsGathered() async throws {
        let fixture = try await Fixture()
        try await fixture.register("f")
        try await fixture.register(
            pipeline: """
                digraph p { node [function=f]; b [each="outputs.files", as=file, with="name=${file}!"]
                a -> b; b -> c [from=size, to=sizes] }
                """)
        let run = try await fixture.orchestrator.startRun(
            "p", parameters: [:], customerReference: nil, startedBy: "anne")
        let worker = try await fixture.worker()
        try await fixture.work(worker, results: ["a": ["files": ["x", "y", "z"]]], limit: 1)
        let elements = try await fixture.orchestrator.lease(worker: worker, limit: 10)
        #expect(elements.map(\.job) == [0, 1, 2].map { "\(run).b[\($0)]" })
        #expect(elements.map { $0.input["file"] } == ["x", "y", "z"])
        #expect(elements[1].input["name"] == "y!")
        for (number, job) in elements.enumerated() {
            try await fixture.orchestrator.started(attempt: job.attempt, worker: worker, provides: "f@1")
            let bytes = Array("{\"size\": \(number)}".utf8)
            try await fixture.orchestrator.ended(
                attempt: job.attempt, worker: worker,
                AttemptOutcome(
                    result: .init(sha256: try await fixture.blobs.store(bytes), size: bytes.count),
                    error: nil,
                    errorClass: nil, exit: 0, log: ""))
        }
        let last = try await fixture.orchestrator.lease(worker: worker, limit: 10)
        #expect(last.map(\.job) == [run + ".c"])
        let binding = try #require(last[0].bindings.first)
        #expect(binding.input == "sizes" && binding.output == nil)
        let bytes = try #require(try await fixture.blobs.read(binding.sha256))
        #expect(String(decoding: bytes, as: UTF8.self) == "[0,1,2]")
    }

    @Test func anEmptyListIsAResultWithoutJobs() async throws {
        let outcome = try await self.run(
            "\"param.files\"=\"list = []\"; node [function=f]; a [each=files]; a -> b")
        #expect(outcome.done == ["b"])
        #expect(outcome.states["run"] == "succeeded")
    }

    @Test func aFailedElementFailsTheStep() async throws {
        let outcome = try await self.run(
            "\"param.n\"=\"list = [1,2]\"; node [function=f]; a [each=n]; a -> b", results: ["a[1]": nil])
        #expect(outcome.states["a"] == "failed")
        #expect(outcome.states["b"] == "skipped")
    }

    @Test(arguments: [("min", "slow"), ("max", "fast")])
    func theAlternativeWithTheBestMetricGoesOn(choose: String, winner: String) async throws {
        let fixture = try await Fixture()
        let outcome = try await self.run(
            """
            node [function=f]; subgraph cluster_m { branch=model; metric="outputs.rate"; choose=\(choose); slow; fast }
            a -> slow; a -> fast; slow -> use; fast -> use
            """, results: ["slow": ["rate": 1], "fast": ["rate": 3]], fixture)
        #expect(outcome.states["run"] == "succeeded")
        let rows = try fixture.database.read("job_bindings", ["job": .string(outcome.run + ".use")])
        #expect(rows.map { $0["input"] } == [.string("model")])
        let jobs = try fixture.database.read("run_jobs", ["run": .string(outcome.run)])
        #expect(jobs.first { $0["chosen"] == .boolean(true) }?["step"] == .string(winner))
    }

    @Test func theFirstGoodAlternativeCancelsTheOthers() async throws {
        let outcome = try await self.run(
            """
            node [function=f]; subgraph cluster_m { branch=m; accept="outputs.ok"; x [priority=2]; y [priority=1]; z }
            x -> use; y -> use; z -> use
            """, results: ["x": ["ok": false], "y": ["ok": true]])
        #expect(outcome.done == ["x", "y", "use"])
        #expect(outcome.states["z"] == "cancelled")
        #expect(outcome.states["run"] == "succeeded")
    }

    @Test func whenNothingIsGoodEnoughNothingFollows() async throws {
        let outcome = try await self.run(
            "node [function=f, branch=m, accept=\"outputs.ok\"]; x; y; use [branch=\"\"]; x -> use; y -> use",
            results: ["x": ["ok": false], "y": ["ok": false]])
        #expect(outcome.states["use"] == "skipped")
        #expect(outcome.states["run"] == "failed")
    }

    @Test(arguments: [true, false])
    func aHeldStepWaitsForItsApproval(isApproved: Bool) async throws {
        let fixture = try await Fixture()
        let outcome = try await self.run(
            "a [function=f]; ask [approval=\"group:ops\"]; b [function=f]; a -> ask -> b", results: [:],
            fixture)
        #expect(outcome.states == ["a": "succeeded", "ask": "held", "b": "waiting", "run": "running"])
        #expect(try fixture.orchestrator.approver(run: outcome.run, step: "ask") == "group:ops")
        try await fixture.orchestrator.decide(
            run: outcome.run, step: "ask", isApproved: isApproved, by: "olga", comment: "looked at it")
        try await fixture.work(try await fixture.worker())
        let states = try fixture.states(outcome.run)
        #expect(states["b"] == (isApproved ? "succeeded" : "skipped"))
        #expect(states["run"] == (isApproved ? "succeeded" : "failed"))
        await #expect(throws: OrchestrationError.self) {
            try await fixture.orchestrator.decide(
                run: outcome.run, step: "ask", isApproved: true, by: "olga", comment: nil)
        }
    }

    @Test func aPipelineRunsAsAStep() async throws {
        let fixture = try await Fixture()
        try await fixture.register("f")
        try await fixture.register(
            pipeline: """
                digraph inner { version="1"; result=y; "param.n"="int"; x [function=f, with="n=${n}"]; y [function=f]; x -> y }
                """)
        let outcome = try await self.run(
            "a [pipeline=\"inner@1\", with=\"n=4\"]; b [function=f]; a -> b [from=v, to=w]",
            results: ["a/y": ["v": 7]], fixture)
        #expect(outcome.done == ["a/x", "a/y", "b"])
        #expect(outcome.states["run"] == "succeeded")
        let bindings = try fixture.database.read("job_bindings", ["job": .string(outcome.run + ".b")])
        let digest = try #require(bindings.first?["sha256"]?.string)
        let bytes = try #require(try await fixture.blobs.read(digest))
        #expect(String(decoding: bytes, as: UTF8.self) == "{\"v\":7}")
    }

    @Test func aGraphThatAFunctionReturnsIsSplicedIn() async throws {
        let graph = "digraph made { u [function=f]; v [function=f]; u -> v }"
        let outcome = try await self.run(
            "a [function=f, dynamic=true]; b [function=f]; a -> b", results: ["a": ["graph": .string(graph)]])
        #expect(outcome.done == ["a", "a/u", "a/v", "b"])
        #expect(outcome.states["run"] == "succeeded")
    }

    @Test(arguments: ["digraph made { u -> v }", "not a graph", "digraph made { u [function=nothing] }"])
    func aGraphThatCannotRunFailsItsStep(graph: String) async throws {
        let outcome = try await self.run(
            "a [function=f, dynamic=true]; b [function=f]; a -> b", results: ["a": ["graph": .string(graph)]])
        #expect(outcome.states == ["a": "failed", "b": "skipped", "run": "failed"])
    }

    @Test func anEarlierResultOfTheSameInputsIsUsedAgain() async throws {
        let fixture = try await Fixture()
        let dot =
            "\"param.n\"=\"int = 1\"; cache=true; a [function=f, with=\"n=${n}\"]; b [function=f]; a -> b"
        #expect(try await self.run(dot, parameters: ["n": 1], fixture).done == ["a", "b"])
        #expect(try await self.run(dot, parameters: ["n": 1], fixture).done == [])
        // Another input, and yet the same result of `a`: `b` need not run.
        #expect(try await self.run(dot, parameters: ["n": 2], fixture).done == ["a"])
    }

    @Test func aRetryTakesOverWhatIsStillValid() async throws {
        let fixture = try await Fixture()
        let first = try await self.run(
            "node [function=f]; a -> b -> c; a -> d", results: ["b": nil], fixture)
        #expect(first.states["run"] == "failed")
        let again = try await fixture.orchestrator.retry(run: first.run, from: nil, by: "anne")
        #expect(try await fixture.work(try await fixture.worker()) == ["b", "c"])
        #expect(try fixture.states(again)["run"] == "succeeded")
        let third = try await fixture.orchestrator.retry(run: again, from: "a", by: "anne")
        #expect(try await fixture.work(try await fixture.worker()).sorted() == ["a", "b", "c", "d"])
        #expect(try fixture.states(third)["run"] == "succeeded")
    }

    @Test func aRunStaysWithTheVersionsItStartedWith() async throws {
        let fixture = try await Fixture()
        try await fixture.register("f")
        try await fixture.register(
            pipeline: "digraph p { a [function=\"f@>=1\"]; b [function=\"f@>=1\"]; a -> b }")
        let run = try await fixture.orchestrator.startRun(
            "p", parameters: [:], customerReference: nil, startedBy: "anne")
        let definition = try FunctionDefinition(json: [
            "name": "f", "version": "2", "repository": "/r", "commit": "c", "runtime": "shell",
            "entry": "e.sh",
        ])
        _ = try await FunctionRegistry(database: fixture.database).register(definition, now: fixture.now)
        try await fixture.work(try await fixture.worker())
        let jobs = try fixture.database.read("run_jobs", ["run": .string(run)])
        #expect(jobs.map { $0["function"] } == [.string("f@1"), .string("f@1")])
        let again = try await fixture.orchestrator.retry(run: run, from: "b", functions: ["f@2"], by: "anne")
        let retried = try fixture.database.read("run_jobs", ["run": .string(again)])
        #expect(retried.allSatisfy { $0["function"] == .string("f@2") })
    }

    @Test func aBackfillStartsARunForEachCombination() async throws {
        let fixture = try await Fixture()
        try await fixture.register("f")
        try await fixture.register(
            pipeline:
                "digraph p { \"param.n\"=int; \"param.t\"=string; a [function=f, with=\"n=${n}; t=${t}\"] }")
        let backfill = try await fixture.orchestrator.backfill(
            RunRequest(pipeline: "p", startedBy: "anne"), over: [("n", [1, 2]), ("t", ["x", "y"])])
        #expect(backfill.runs.count == 4)
        let jobs = try await fixture.orchestrator.lease(worker: try await fixture.worker(), limit: 10)
        #expect(
            Set(jobs.map(\.input)) == [
                ["n": 1, "t": "x"], ["n": 1, "t": "y"], ["n": 2, "t": "x"], ["n": 2, "t": "y"],
            ])
        await #expect(throws: OrchestrationError.self) {
            try await fixture.orchestrator.backfill(
                RunRequest(pipeline: "p", startedBy: "anne"), over: [("n", ["one"]), ("t", ["x"])])
        }
    }

    @Test func aCancelledRunEndsWithAllOfItsSteps() async throws {
        let fixture = try await Fixture()
        try await fixture.register("f")
        try await fixture.register(
            pipeline: "digraph p { \"param.n\"=\"list = [1,2]\"; node [function=f]; a [each=n]; a -> b }")
        let run = try await fixture.orchestrator.startRun(
            "p", parameters: [:], customerReference: nil, startedBy: "anne")
        try await fixture.orchestrator.cancel(run: run, by: "anne")
        #expect(Set(try fixture.states(run).values) == ["cancelled"])
    }

    @Test func aScheduleStartsARunWhenItsTimeComesAndOnceForWhatWasMissed() async throws {
        let fixture = try await Fixture()
        try await fixture.register("f")
        try await fixture.register(
            pipeline: "digraph p { schedule=\"*/10 * * * *\"; \"param.time\"=string; a [function=f] }")
        #expect(try await fixture.orchestrator.fireTriggers() == [])
        fixture.advance(seconds: 600)
        #expect(try await fixture.orchestrator.fireTriggers().count == 1)
        #expect(try await fixture.orchestrator.fireTriggers() == [])
        fixture.advance(seconds: 6000)
        #expect(try await fixture.orchestrator.fireTriggers().count == 1)
    }

    @Test func queriesBlobsAndRunsStartRuns() async throws {
        let fixture = try await Fixture()
        try await fixture.register("f")
        try await fixture.register(pipeline: "digraph first { a [function=f] }")
        try await fixture.register(
            pipeline:
                "digraph second { on_run=first; \"param.run\"=string; a [function=f, with=\"run=${run}\"] }")
        try await fixture.register(
            pipeline:
                "digraph third { on_query=\"MATCH (n:Alarm) RETURN n.name AS name\"; \"param.rows\"=list; a [function=f] }"
        )
        try await fixture.register(
            pipeline: "digraph fourth { on_blob=\"text/*\"; \"param.blob\"=string; a [function=f] }")
        _ = try await fixture.orchestrator.startRun(
            "first", parameters: [:], customerReference: nil, startedBy: "anne")
        let worker = try await fixture.worker()
        #expect(try await fixture.work(worker) == ["a", "a"])
        #expect(try await fixture.orchestrator.fireTriggers() == [])
        _ = try await fixture.database.query("CREATE (:Alarm {name: 'hot'})")
        #expect(try await fixture.orchestrator.fireTriggers().count == 1)
        #expect(try await fixture.orchestrator.fireTriggers() == [])
        #expect(try await fixture.orchestrator.blobArrived("ab", mediaType: "image/png") == [])
        #expect(try await fixture.orchestrator.blobArrived("ab", mediaType: "text/csv").count == 1)
    }
}

struct CronScheduleTests {
    @Test(arguments: [
        // 2026-11-26 12:00:00 UTC, a Thursday.
        ("* * * * *", 60), ("0 13 * * *", 3600), ("30 12 * * 4", 1800), ("0 0 1 12 *", 4 * 86_400 + 43_200),
        ("0 13 * * * Europe/Berlin", 86_400), ("0 14 * * * Europe/Berlin", 3600), ("@daily", 43_200),
        ("0 12 29 2 *", 460 * 86_400),
    ])
    func theNextTimeIsFound(text: String, seconds: Int) throws {
        #expect(try CronSchedule(text).next(after: 1_795_694_400) == 1_795_694_400 + seconds)
    }

    @Test(arguments: [
        "", "* * * *", "61 * * * *", "* * * * * Nowhere/Here", "@often", "5-1 * * * *", "*/0 * * * *",
    ])
    func whatIsNoScheduleIsRefused(text: String) {
        #expect(throws: CronError.self) { try CronSchedule(text) }
    }

    @Test func aTimeThatNeverComesIsNone() throws {
        #expect(try CronSchedule("0 0 30 2 *").next(after: 0) == nil)
    }

    /// Clocks in Berlin went from 2:00 to 3:00 on 2026-03-29, and from 3:00 back to 2:00 on 2026-10-25.
    @Test func changesOfClocksLeaveOutAndDoNotRepeat() throws {
        let schedule = try CronSchedule("30 2 * * * Europe/Berlin")
        #expect(schedule.next(after: 1_774_742_400) == 1_774_830_600)
        let first = try #require(schedule.next(after: 1_792_879_200))
        #expect(first == 1_792_888_200)
        #expect(schedule.next(after: first) == first + 25 * 3600)
    }
}

struct VersionRangeTests {
    @Test(arguments: [
        ("f", "2.0.0-rc"), ("f@1.2.0", "1.2.0"), ("f@^1.2", "1.10.1"), ("f@~1.2", "1.2.0"),
        ("f@>=1.2 <1.10", "1.2.0"),
        ("f@1.x", "1.10.1"), ("f@*", "2.0.0-rc"), ("f@<1", "0.9"),
    ])
    func theNewestInTheRangeIsMeant(reference: String, version: String) throws {
        let range = try #require(VersionRange(reference))
        #expect(range.newest(of: ["0.9", "1.10.1", "1.2.0", "2.0.0-rc"]) == version)
    }

    @Test(arguments: ["", "@1", "f@", "F@1", "f@^x", "f@1 ; drop"])
    func whatIsNoReferenceIsRefused(text: String) { #expect(VersionRange(text) == nil) }
}
