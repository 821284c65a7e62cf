import GraphDatabase
import JSON
import Orchestration
import PropertyGraph
import Testing

/// How many jobs of a function, user or group are taken at once and a minute, and whose turn it is.
struct LimitTests {
    private func submit(_ fixture: Fixture, _ count: Int, by user: String, _ function: String = "f")
        async throws -> [String]
    {
        let request = JobRequest(function: function, input: [:])
        return try await fixture.orchestrator.submit(
            Array(repeating: request, count: count), startedBy: user
        ).map(\.id)
    }

    private func people(_ fixture: Fixture) async throws {
        try await fixture.database.runScript(
            """
            CREATE (:User {id: 'anne'})-[:MEMBER]->(:Group {id: 'eng'})-[:MEMBER]->(:Group {id: 'all'});
            MATCH (g:Group {id: 'eng'}) CREATE (:User {id: 'bob'})-[:MEMBER]->(g);
            CREATE (:User {id: 'carl'});
            """)
    }

    private func codes(_ fixture: Fixture, _ job: String) throws -> [String] {
        try fixture.orchestrator.explain(job: job).map(\.code)
    }

    @Test func aUserHasNoMoreJobsAtWorkThanAllowedAndOthersGoOn() async throws {
        let fixture = try await Fixture()
        try await fixture.register("f")
        try await self.people(fixture)
        try await fixture.orchestrator.set(
            WorkLimit(maxRunning: 2, maxPerMinute: nil), for: LimitedParty(.user, "anne"))
        let annes = try await self.submit(fixture, 4, by: "anne")
        let carls = try await self.submit(fixture, 2, by: "carl")
        let worker = try await fixture.worker()
        let leased = try await fixture.orchestrator.lease(worker: worker, limit: 10)
        #expect(Set(leased.map(\.job)) == Set(annes.prefix(2) + carls))
        #expect(try self.codes(fixture, annes[2]).contains("user_limit"))
        let first = try #require(leased.first { $0.job == annes[0] })
        try await fixture.finish(first, worker)
        #expect(try await fixture.orchestrator.lease(worker: worker, limit: 10).map(\.job) == [annes[2]])
        // Without the limit the rest goes at once.
        try await fixture.orchestrator.set(
            WorkLimit(maxRunning: nil, maxPerMinute: nil), for: LimitedParty(.user, "anne"))
        #expect(try await fixture.orchestrator.lease(worker: worker, limit: 10).map(\.job) == [annes[3]])
    }

    @Test func aGroupsLimitCountsAllItsMembersAlsoThoseOfGroupsInIt() async throws {
        let fixture = try await Fixture()
        try await fixture.register("f")
        try await self.people(fixture)
        let worker = try await fixture.worker()
        let first = try await self.submit(fixture, 2, by: "anne")
        let running = try await fixture.orchestrator.lease(worker: worker, limit: 1)
        // What was at work before the limit came counts.
        _ = try await fixture.database.query("MATCH (g:Group {id: 'all'}) SET g.max_running = 2")
        let bobs = try await self.submit(fixture, 2, by: "bob")
        let carls = try await self.submit(fixture, 1, by: "carl")
        let leased = try await fixture.orchestrator.lease(worker: worker, limit: 10).map(\.job)
        #expect(leased.count == 2 && leased.contains(carls[0]))
        #expect(Set(leased).intersection(first + bobs).count == 1)
        let waits = try #require(bobs.first { !leased.contains($0) })
        #expect(try self.codes(fixture, waits).contains("group_limit"))
        try await fixture.finish(running[0], worker)
        #expect(try await fixture.orchestrator.lease(worker: worker, limit: 10).count == 1)
    }

    @Test func aFunctionsLimitCountsAllItsVersions() async throws {
        let fixture = try await Fixture()
        try await fixture.register("f")
        try await fixture.register("f", ["version": "2"])
        try await fixture.register("g")
        try await fixture.orchestrator.set(
            WorkLimit(maxRunning: 1, maxPerMinute: nil), for: LimitedParty(.function, "f"))
        let old = try await self.submit(fixture, 1, by: "anne", "f@1")
        let new = try await self.submit(fixture, 1, by: "anne", "f@2")
        let other = try await self.submit(fixture, 1, by: "anne", "g")
        let worker = try await fixture.worker()
        #expect(
            try await fixture.orchestrator.lease(worker: worker, limit: 10).map(\.job) == old + other)
        #expect(try self.codes(fixture, new[0]).contains("function_limit"))
        #expect(fixture.orchestrator.limits().map(\.running) == [1])
        await #expect(throws: OrchestrationError.self) {
            try await fixture.orchestrator.set(
                WorkLimit(maxRunning: 1, maxPerMinute: nil), for: LimitedParty(.user, "nobody"))
        }
    }

    @Test func noMoreJobsBeginAMinuteThanAllowed() async throws {
        let fixture = try await Fixture()
        try await fixture.register("f")
        try await self.people(fixture)
        try await fixture.orchestrator.set(
            WorkLimit(maxRunning: nil, maxPerMinute: 120), for: LimitedParty(.user, "anne"))
        let jobs = try await self.submit(fixture, 400, by: "anne")
        let worker = try await fixture.worker()
        var begun: [Int] = []
        for _ in 0..<120 {
            begun.append(try await fixture.orchestrator.lease(worker: worker, limit: 1000).count)
            fixture.advance(seconds: 1)
        }
        #expect(begun.allSatisfy { $0 == 2 }, "\(begun)")
        _ = try await fixture.orchestrator.lease(worker: worker, limit: 1000)
        _ = try await fixture.orchestrator.heartbeat(
            worker: worker, attempts: [], load: 0, memoryFreeBytes: 1_000_000_000)
        let reason = try #require(
            try fixture.orchestrator.explain(job: jobs[399]).first { $0.code == "user_rate" })
        #expect(
            reason.message
                == "user anne may begin 120 jobs a minute, and has; see `plexus limit set user anne`")
    }

    @Test func usersShareWhatThereIsHoweverMuchOneOfThemAsksFor() async throws {
        let fixture = try await Fixture()
        try await fixture.register("f")
        _ = try await self.submit(fixture, 500, by: "many")
        fixture.advance(seconds: 10)
        let few = try await self.submit(fixture, 5, by: "few")
        let worker = try await fixture.worker()
        let leased = try await fixture.orchestrator.lease(worker: worker, limit: 10).map(\.job)
        #expect(Set(few).isSubset(of: leased))
    }

    @Test func aPrioritySetInTheGraphCounts() async throws {
        let fixture = try await Fixture()
        try await fixture.register("f")
        let jobs = try await self.submit(fixture, 3, by: "anne")
        _ = try await fixture.database.query(
            "MATCH (j:Job {id: $id}) SET j.priority = 3", parameters: ["id": .string(jobs[2])])
        let worker = try await fixture.worker()
        #expect(try await fixture.orchestrator.lease(worker: worker, limit: 1).map(\.job) == [jobs[2]])
        _ = try await fixture.database.query(
            "MATCH (j:Job {id: $id}) DETACH DELETE j", parameters: ["id": .string(jobs[0])])
        #expect(try await fixture.orchestrator.lease(worker: worker, limit: 9).map(\.job) == [jobs[1]])
    }

    @Test func onlyWhatMayLetSomebodyTakeAJobIsNews() async throws {
        let fixture = try await Fixture()
        try await fixture.register("f", ["needs": ["gpu"]])
        try await fixture.register("g")
        #expect(fixture.orchestrator.queueNews == nil)
        _ = try await self.submit(fixture, 1, by: "anne")
        let first = try #require(fixture.orchestrator.queueNews)
        _ = try await fixture.database.query("CREATE (:Note {id: 1})")
        #expect(fixture.orchestrator.queueNews == first)
        _ = try await self.submit(fixture, 1, by: "anne", "g")
        let second = try #require(fixture.orchestrator.queueNews)
        #expect(second != first)
        let worker = try await fixture.worker()
        let leased = try #require(try await fixture.orchestrator.lease(worker: worker, limit: 9).first)
        let third = try #require(fixture.orchestrator.queueNews)
        // A job that ends gives its place to others.
        try await fixture.finish(leased, worker)
        #expect(fixture.orchestrator.queueNews != third)
    }

    @Test func whatWaitsAndRunsIsKnownAgainAfterARestart() async throws {
        let fixture = try await Fixture()
        try await fixture.register("f", ["max_running": 2])
        let jobs = try await self.submit(fixture, 3, by: "anne")
        let worker = try await fixture.worker()
        #expect(try await fixture.orchestrator.lease(worker: worker, limit: 1).map(\.job) == [jobs[0]])
        let again = try fixture.restarted()
        #expect(try await again.lease(worker: worker, limit: 9).map(\.job) == [jobs[1]])
        #expect(try again.explain(job: jobs[2]).map(\.code).contains("function_limit"))
    }

    @Test func aLeaseThatComesToNothingLeavesTheJobInTheQueue() async throws {
        let fixture = try await Fixture()
        try await fixture.register("f")
        let jobs = try await self.submit(fixture, 1, by: "anne")
        let worker = try await fixture.worker()
        // A job whose attempt is there already cannot be leased.
        _ = try await fixture.database.query(
            "CREATE (:Attempt {id: $id})", parameters: ["id": .string(jobs[0] + "#1")])
        await #expect(throws: (any Error).self) {
            try await fixture.orchestrator.lease(worker: worker, limit: 1)
        }
        _ = try await fixture.database.query("MATCH (a:Attempt) DETACH DELETE a")
        #expect(try await fixture.orchestrator.lease(worker: worker, limit: 1).map(\.job) == jobs)
    }

    @Test func leasingLooksAtNoMoreJobsWhenMoreWait() async throws {
        let fixture = try await Fixture()
        try await fixture.register("f")
        let worker = try await fixture.worker()
        func steps() async throws -> Int {
            let before = fixture.orchestrator.queueSteps
            for _ in 0..<20 {
                for job in try await fixture.orchestrator.lease(worker: worker, limit: 1) {
                    try await fixture.finish(job, worker)
                }
            }
            return fixture.orchestrator.queueSteps - before
        }
        _ = try await self.submit(fixture, 100, by: "anne")
        let few = try await steps()
        _ = try await self.submit(fixture, 10_000, by: "anne")
        #expect(try await steps() <= few * 3 / 2)
    }
}
