import Orchestration
import PropertyGraph
import Testing

/// The order in which jobs are taken, against a model that looks at all of them.
struct ReadyJobsTests {
    /// A generator whose seed makes a failure come again.
    struct Seeded: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            self.state &+= 0x9E37_79B9_7F4A_7C15
            var mixed = self.state
            mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
            return mixed ^ (mixed >> 31)
        }
    }

    /// What ``ReadyJobs`` is to do, with a look at every job each time.
    struct Model {
        var jobs: [NodeID: ReadyJob] = [:]
        var turns: [Int: [String: Int]] = [:]
        var now: [Int: Int] = [:]

        private func waits(_ user: String, _ priority: Int) -> Bool {
            self.jobs.values.contains { $0.user == user && $0.priority == priority }
        }

        mutating func put(_ job: ReadyJob) {
            if self.jobs[job.node] == job { return }
            self.remove(job.node)
            if !self.waits(job.user, job.priority) {
                let start = max(
                    self.turns[job.priority]?[job.user] ?? 0, self.now[job.priority, default: 0])
                self.turns[job.priority, default: [:]][job.user] = start
            }
            self.jobs[job.node] = job
        }

        mutating func remove(_ node: NodeID) {
            guard let job = self.jobs.removeValue(forKey: node) else { return }
            if !self.jobs.values.contains(where: { $0.priority == job.priority }) {
                let latest = self.turns[job.priority]?.values.max() ?? 0
                self.now[job.priority] = max(self.now[job.priority, default: 0], latest)
                self.turns[job.priority] = [:]
            }
        }

        private func turn(_ job: ReadyJob) -> Int {
            max(self.now[job.priority, default: 0], self.turns[job.priority]?[job.user] ?? 0)
        }

        /// Whether a job may be next: no other goes before it by priority or turn, nor is older and of its user and lane.
        func mayBeNext(_ found: ReadyJob?, fits: (JobLane) -> Bool) -> Bool {
            let fitting = self.jobs.values.filter { fits($0.lane) }
            guard let found else { return fitting.isEmpty }
            guard self.jobs[found.node] == found, fits(found.lane) else { return false }
            return fitting.allSatisfy {
                (-found.priority, self.turn(found)) <= (-$0.priority, self.turn($0))
                    && ($0.user != found.user || $0.lane != found.lane || $0.priority != found.priority
                        || (found.since, found.node) <= ($0.since, $0.node))
            }
        }

        mutating func charge(_ job: ReadyJob) {
            self.now[job.priority] = max(
                self.now[job.priority, default: 0], self.turns[job.priority]?[job.user] ?? 0)
            if self.jobs.values.contains(where: { $0.priority == job.priority }) {
                self.turns[job.priority, default: [:]][job.user] = self.now[job.priority, default: 0] + 1
            }
        }
    }

    private func job(
        _ node: UInt32, user: String = "anne", function: String = "f@1", priority: Int = 0,
        since: Int? = nil
    ) -> ReadyJob {
        ReadyJob(
            node: NodeID(node), lane: JobLane(function: function), user: user, priority: priority,
            since: since ?? Int(node))
    }

    private func order(_ ready: ReadyJobs, _ count: Int) -> [ReadyJob] {
        var ready = ready
        var taken: [ReadyJob] = []
        while taken.count < count, let job = ready.take(fits: { _, _ in true }, admits: { _ in true }) {
            ready.charge(job.user, priority: job.priority)
            taken.append(job)
        }
        return taken
    }

    @Test(arguments: 0..<40) func takesWhatLookingAtAllJobsFinds(seed: UInt64) {
        var random = Seeded(state: seed)
        var (ready, model) = (ReadyJobs(), Model())
        for step in 0..<600 {
            let node = UInt32.random(in: 0..<80, using: &random)
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<5:
                let job = self.job(
                    node, user: "u\(Int.random(in: 0..<4, using: &random))",
                    function: "f@\(Int.random(in: 0..<3, using: &random))",
                    priority: Int.random(in: 0..<2, using: &random),
                    since: Bool.random(using: &random) ? step : Int.random(in: 0..<600, using: &random))
                ready.put(job)
                model.put(job)
            case 5:
                ready.remove(NodeID(node))
                model.remove(NodeID(node))
            default:
                let closed = "f@\(Int.random(in: 0..<6, using: &random))"
                let found = ready.take(fits: { $1.function != closed }, admits: { _ in true })
                let isRight = model.mayBeNext(found) { $0.function != closed }
                #expect(isRight, "seed \(seed), step \(step): \(String(describing: found))")
                guard isRight, let found else { continue }
                model.remove(found.node)
                if Bool.random(using: &random) {
                    ready.charge(found.user, priority: found.priority)
                    model.charge(found)
                }
            }
            #expect(ready.count == model.jobs.count, "seed \(seed), step \(step)")
        }
    }

    @Test func aUserWithTenThousandJobsDoesNotKeepAnotherWaiting() {
        var ready = ReadyJobs()
        for node in 0..<10_000 { ready.put(self.job(UInt32(node), user: "many")) }
        _ = self.order(ready, 0)
        for node in 10_000..<10_010 { ready.put(self.job(UInt32(node), user: "few")) }
        let users = self.order(ready, 20).map(\.user)
        #expect(users.count { $0 == "few" } == 10)
        // Whoever comes later, whenever that is, waits for one job of the other at most.
        for _ in 0..<5000 {
            guard let job = ready.take(fits: { _, _ in true }, admits: { _ in true }) else { break }
            ready.charge(job.user, priority: job.priority)
        }
        for node in 20_000..<20_005 { ready.put(self.job(UInt32(node), user: "late")) }
        #expect(self.order(ready, 11).count { $0.user == "late" } == 5)
    }

    @Test func whoCouldNotBeServedIsNotOwedWhatOthersGot() {
        var ready = ReadyJobs()
        for node in 0..<100 { ready.put(self.job(UInt32(node), user: "blocked", function: "gpu@1")) }
        for node in 100..<400 { ready.put(self.job(UInt32(node), user: "busy")) }
        for _ in 0..<100 {
            guard let job = ready.take(fits: { $1.function == "f@1" }, admits: { _ in true }) else { break }
            ready.charge(job.user, priority: job.priority)
        }
        let users = self.order(ready, 20).map(\.user)
        #expect((9...11).contains(users.count { $0 == "busy" }))
    }

    @Test func higherPrioritiesGoFirstWhoeverTheyAreFor() {
        var ready = ReadyJobs()
        ready.put(self.job(1, user: "a"))
        ready.put(self.job(2, user: "b", priority: 5))
        ready.put(self.job(3, user: "b", priority: 5))
        ready.put(self.job(4, user: "a", priority: -1))
        #expect(self.order(ready, 4).map(\.node.index) == [2, 3, 1, 4])
        // A priority that changes moves the job.
        ready.put(self.job(4, user: "a", priority: 9))
        #expect(self.order(ready, 1).map(\.node.index) == [4])
    }

    @Test func usersThatMayTakeNothingArePassedOverUntilTheyMay() {
        var ready = ReadyJobs()
        for node in 0..<4 { ready.put(self.job(UInt32(node), user: "full")) }
        ready.put(self.job(9, user: "free"))
        func take() -> UInt32? {
            ready.take(fits: { _, _ in true }, admits: { $0 == "free" })?.node.index
        }
        #expect(take() == 9)
        #expect(take() == nil)
        // Jobs that come while their user is passed over wait too, in other lanes as well.
        ready.put(self.job(10, user: "full", function: "g@1"))
        #expect(ready.take(fits: { _, _ in true }, admits: { _ in true }) == nil)
        ready.unpark("full")
        #expect(ready.take(fits: { _, _ in true }, admits: { _ in true })?.node.index == 0)
        #expect(take() == nil)
        ready.unparkAll()
        #expect(ready.take(fits: { _, _ in true }, admits: { _ in true })?.node.index == 1)
    }

    @Test func takingCostsTheSameWithAThousandTimesAsManyJobs() {
        func steps(_ count: Int) -> Int {
            var ready = ReadyJobs()
            for node in 0..<count {
                ready.put(
                    self.job(UInt32(node), user: "u\(node % 10)", function: "f@\(node % 5)"))
            }
            let before = ready.steps
            for _ in 0..<100 {
                guard let job = ready.take(fits: { _, _ in true }, admits: { _ in true }) else { break }
                ready.charge(job.user, priority: job.priority)
            }
            return ready.steps - before
        }
        #expect(steps(200_000) <= steps(200) * 3 / 2)
    }

    @Test func jobsThatWereTakenOutAreForgotten() {
        var ready = ReadyJobs()
        for node in 0..<1000 { ready.put(self.job(UInt32(node))) }
        for node in 0..<999 { ready.remove(NodeID(UInt32(node))) }
        #expect(ready.ahead(of: self.job(999)) == 0)
        #expect(self.order(ready, 10).map(\.node.index) == [999])
        ready.remove(NodeID(999))
        #expect(ready.count == 0 && self.order(ready, 1).isEmpty)
    }

    @Test func saysHowManyGoFirst() {
        var ready = ReadyJobs()
        for node in 0..<10 { ready.put(self.job(UInt32(node), user: "a")) }
        for node in 10..<12 { ready.put(self.job(UInt32(node), user: "b")) }
        ready.put(self.job(20, user: "c", priority: 1))
        #expect(ready.ahead(of: self.job(0, user: "a")) == 1)
        #expect(ready.ahead(of: self.job(4, user: "a")) == 1 + 4 + 2)
        #expect(ready.ahead(of: self.job(11, user: "b")) == 1 + 1 + 1)
        #expect(ready.ahead(of: self.job(30, user: "d", priority: 2)) == 0)
    }
}
