import GraphDatabase
import GraphStorage
import JSON
import NamedResources
import Orchestration
import PropertyGraph
import Testing

private let diamond = """
    digraph diamond {
        parameters="n=3"
        a [function="f@1", with="count=${n}; text=up to ${n}"]
        b [function="f@1"]; c [function="f@1"]; d [function="f@1"]
        a -> b [from=x, to=y]; a -> c; b -> d; c -> d
    }
    """

struct OrchestratorTests {
    @Test func aDiamondRunsFromTheTopToTheBottom() async throws {
        let fixture = try await Fixture()
        try await fixture.register("f")
        try await fixture.register(pipeline: diamond)
        let run = try await fixture.orchestrator.startRun(
            "diamond", parameters: ["n": 5], customerReference: "r", startedBy: "anne")
        let worker = try await fixture.worker()
        #expect(
            try fixture.states(run) == [
                "a": "queued", "b": "waiting", "c": "waiting", "d": "waiting", "run": "running",
            ])

        let first = try await fixture.orchestrator.lease(worker: worker, limit: 10)
        #expect(first.map(\.job) == [run + ".a"])
        #expect(first[0].input == ["count": 5, "text": "up to 5"])
        try await fixture.finish(first[0], worker)

        let middle = try await fixture.orchestrator.lease(worker: worker, limit: 10)
        #expect(middle.map(\.job) == [run + ".b", run + ".c"])
        #expect(middle[0].bindings.map { "\($0.output ?? "") \($0.input)" } == ["x y"])
        #expect(middle[1].bindings.map { "\($0.output ?? "") \($0.input)" } == [" a"])
        try await fixture.finish(middle[0], worker)
        #expect(try fixture.states(run)["d"] == "waiting")
        try await fixture.finish(middle[1], worker)

        let last = try await fixture.orchestrator.lease(worker: worker, limit: 10)
        #expect(last.map(\.job) == [run + ".d"])
        try await fixture.finish(last[0], worker)
        #expect(Set(try fixture.states(run).values) == ["succeeded"])
    }

    @Test func aFailedStepSkipsWhatNeedsItAndEndsTheRun() async throws {
        let fixture = try await Fixture()
        try await fixture.register("f")
        try await fixture.register(pipeline: diamond)
        let run = try await fixture.orchestrator.startRun(
            "diamond", parameters: [:], customerReference: nil, startedBy: "anne")
        let worker = try await fixture.worker()
        for job in try await fixture.orchestrator.lease(worker: worker, limit: 1) {
            try await fixture.finish(job, worker, succeeds: false)
        }
        #expect(
            try fixture.states(run)
                == ["a": "failed", "b": "skipped", "c": "skipped", "d": "skipped", "run": "failed"])
        let attempt = try #require(
            try fixture.database.read("job_attempts", ["job": .string(run + ".a")]).first)
        #expect(attempt["log"] == .string("said this"))
        #expect(attempt["error"] == .string("it broke"))
    }

    @Test func aFailureIsTriedAgainAsOftenAsAsked() async throws {
        let fixture = try await Fixture()
        try await fixture.register("f", retries: 2)
        let job = try await fixture.orchestrator.call("f", input: [:], startedBy: "anne")
        let worker = try await fixture.worker()
        for number in 1...3 {
            let leased = try await fixture.orchestrator.lease(worker: worker, limit: 5)
            #expect(leased.map(\.attempt) == ["\(job)#\(number)"])
            try await fixture.finish(leased[0], worker, succeeds: false)
            fixture.advance(seconds: 4)
        }
        #expect(try await fixture.orchestrator.lease(worker: worker, limit: 5).isEmpty)
        #expect(try fixture.database.read("job", ["job": .string(job)]).first?["state"] == .string("failed"))
    }

    @Test func aSilentWorkerLosesItsJobAndIsNotBelievedLater() async throws {
        let fixture = try await Fixture()
        try await fixture.register("f")
        let job = try await fixture.orchestrator.call("f", input: [:], startedBy: "anne")
        let (dead, alive) = (try await fixture.worker(), try await fixture.worker())
        let first = try await fixture.orchestrator.lease(worker: dead, limit: 1)
        try await fixture.orchestrator.started(attempt: first[0].attempt, worker: dead, provides: "f@1")
        fixture.advance(seconds: 14)
        #expect(try await fixture.orchestrator.takeBackExpired() == 0)
        fixture.advance(seconds: 2)
        #expect(try await fixture.orchestrator.takeBackExpired() == 1)

        let second = try await fixture.orchestrator.lease(worker: alive, limit: 1)
        #expect(second.map(\.attempt) == ["\(job)#2"])
        await #expect(throws: OrchestrationError.leaseLost(attempt: "\(job)#1")) {
            try await fixture.orchestrator.ended(
                attempt: first[0].attempt, worker: dead,
                AttemptOutcome(
                    result: .init(sha256: "x", size: 1), error: nil, errorClass: nil, exit: 0, log: ""))
        }
        #expect(
            try await fixture.orchestrator.heartbeat(
                worker: dead, attempts: [first[0].attempt], load: 0, memoryFreeBytes: 0) == [first[0].attempt]
        )
        try await fixture.finish(second[0], alive)
        #expect(
            try fixture.database.read("job", ["job": .string(job)]).first?["state"] == .string("succeeded"))
    }

    @Test func heartbeatsKeepAJob() async throws {
        let fixture = try await Fixture()
        try await fixture.register("f")
        _ = try await fixture.orchestrator.call("f", input: [:], startedBy: "anne")
        let worker = try await fixture.worker()
        let job = try await fixture.orchestrator.lease(worker: worker, limit: 1)[0]
        for _ in 0..<5 {
            fixture.advance(seconds: 10)
            #expect(
                try await fixture.orchestrator.heartbeat(
                    worker: worker, attempts: [job.attempt], load: 1, memoryFreeBytes: 1
                ).isEmpty)
            #expect(try await fixture.orchestrator.takeBackExpired() == 0)
        }
    }

    @Test(
        "A clock that jumps takes no job from a worker that lives and leaves none with one that died",
        arguments: [3600, -3600])
    func clockJumps(seconds: Int) async throws {
        let fixture = try await Fixture()
        try await fixture.register("f")
        for _ in 0..<2 { _ = try await fixture.orchestrator.call("f", input: [:], startedBy: "anne") }
        let (dead, alive) = (try await fixture.worker(), try await fixture.worker())
        let lost = try await fixture.orchestrator.lease(worker: dead, limit: 1)[0]
        let kept = try await fixture.orchestrator.lease(worker: alive, limit: 1)[0]
        #expect(try await fixture.orchestrator.takeBackExpired() == 0)
        fixture.setClock(by: seconds)
        #expect(try await fixture.orchestrator.takeBackExpired() == 0)
        for _ in 0..<2 {
            fixture.advance(seconds: 8)
            _ = try await fixture.orchestrator.heartbeat(
                worker: alive, attempts: [kept.attempt], load: 0, memoryFreeBytes: 0)
        }
        #expect(try await fixture.orchestrator.takeBackExpired() == 1)
        let again = try await fixture.orchestrator.lease(worker: alive, limit: 5)
        #expect(again.map(\.job) == [lost.job])
    }

    @Test func theMostUrgentJobGoesFirst() async throws {
        let fixture = try await Fixture()
        try await fixture.register("f")
        let low = try await fixture.orchestrator.call("f", input: [:], priority: -1, startedBy: "anne")
        let middle = try await fixture.orchestrator.call("f", input: [:], startedBy: "anne")
        let high = try await fixture.orchestrator.call("f", input: [:], priority: 5, startedBy: "anne")
        let jobs = try await fixture.orchestrator.lease(worker: try await fixture.worker(), limit: 3)
        #expect(jobs.map(\.job) == [high, middle, low])
    }

    @Test func aJobIsLeasedOnceHoweverManyAsk() async throws {
        let fixture = try await Fixture()
        try await fixture.register("f")
        for _ in 0..<10 { _ = try await fixture.orchestrator.call("f", input: [:], startedBy: "anne") }
        let worker = try await fixture.worker()
        let leased = try await withThrowingTaskGroup(of: [LeasedJob].self) { group in
            for _ in 0..<8 {
                group.addTask { try await fixture.orchestrator.lease(worker: worker, limit: 2) }
            }
            return try await group.reduce(into: [LeasedJob]()) { $0 += $1 }
        }
        #expect(leased.count == 10)
        #expect(Set(leased.map(\.job)).count == 10)
    }

    @Test func unknownNamesAndParametersAreRefused() async throws {
        let fixture = try await Fixture()
        try await fixture.register("f")
        try await fixture.register(pipeline: diamond)
        await #expect(throws: OrchestrationError.self) {
            try await fixture.orchestrator.startRun(
                "nothing", parameters: [:], customerReference: nil, startedBy: "a")
        }
        let error = await #expect(throws: OrchestrationError.self) {
            try await fixture.orchestrator.startRun(
                "diamond", parameters: ["m": 1], customerReference: nil, startedBy: "a")
        }
        #expect(
            error?.description
                == "run of `diamond` is not valid:\n  parameter m: is unknown; the pipeline takes n")
        let version = await #expect(throws: OrchestrationError.self) {
            try await fixture.orchestrator.call("f@9", input: [:], startedBy: "a")
        }
        #expect(version?.description == "there is no function `f@9`; its versions are 1")
        await #expect(throws: OrchestrationError.self) {
            try await fixture.orchestrator.lease(worker: "nobody", limit: 1)
        }
    }

    @Test func aDisabledVersionIsNotCalledAndNotLeased() async throws {
        let fixture = try await Fixture()
        try await fixture.register("f")
        _ = try await fixture.orchestrator.call("f", input: [:], startedBy: "a")
        let functions = FunctionRegistry(database: fixture.database)
        try await functions.setEnabled(false, "f@1", now: fixture.now)
        await #expect(throws: OrchestrationError.self) {
            try await fixture.orchestrator.call("f", input: [:], startedBy: "a")
        }
        let worker = try await fixture.worker()
        #expect(try await fixture.orchestrator.lease(worker: worker, limit: 1).isEmpty)
        try await functions.setEnabled(true, "f@1", now: fixture.now)
        #expect(try await fixture.orchestrator.lease(worker: worker, limit: 1).count == 1)
    }

    @Test func everyMoveOfAJobIsInTheJournal() async throws {
        let fixture = try await Fixture()
        try await fixture.register("f")
        let job = try await fixture.orchestrator.call("f", input: [:], startedBy: "a")
        let worker = try await fixture.worker()
        try await fixture.finish(try await fixture.orchestrator.lease(worker: worker, limit: 1)[0], worker)
        let lines = try await fixture.database.storage.journal("job", subject: job, after: 0, limit: 100)
        #expect(lines.map { $0.entry.fields[0].value.string } == ["created", "leased", "moved", "moved"])
    }
}

struct StateMachineTests {
    @Test(arguments: ["job", "run"])
    func onlyDrawnTransitionsAreAllowed(name: String) throws {
        let machine = try Fixture.machine(name, NamedResources(folder: nil))
        #expect(!machine.final.isEmpty)
        for from in machine.states {
            for to in machine.states {
                // What failed for good may be tried again by hand; all else that has ended stays so.
                let isRetry = name == "job" && from == "failed" && to == "queued"
                if machine.final.contains(from), !isRetry {
                    #expect(!machine.allows(from, to), "\(from) is final")
                }
                guard !machine.allows(from, to) else { continue }
                #expect(
                    throws: OrchestrationError.transitionRefused(
                        machine: name, subject: "x", from: from, to: to)
                ) {
                    try machine.check("x", from: from, to: to)
                }
            }
        }
    }
}
