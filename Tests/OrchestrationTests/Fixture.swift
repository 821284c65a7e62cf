import Foundation
import GraphDatabase
import GraphStorage
import Graphviz
import JSON
import NamedResources
import Orchestration
import PropertyGraph
import Synchronization

/// An orchestrator over a real SQLite file, with a clock that the test sets.
final class Fixture: Sendable {
    let database: GraphDatabase
    let orchestrator: Orchestrator
    let blobs: BlobStore
    private let folder: String

    init(random: @escaping @Sendable () -> Double = { 0.5 }) async throws {
        self.folder = NSTemporaryDirectory() + "plexus-test-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: self.folder, withIntermediateDirectories: true)
        let resources = NamedResources(folder: nil)
        let storage = try SQLiteStorage(path: self.folder + "/g.db", durability: .relaxed)
        let database = try await GraphDatabase(name: "plexus", storage: storage, resources: resources)
        try await database.runScript(resources.text("schema/network.cypher") ?? "")
        self.database = database
        let clock = ClockBox(time: ZonedDateTime(seconds: 1_795_521_600))
        self.clock = clock
        self.blobs = try BlobStore(folder: self.folder + "/blobs")
        self.orchestrator = Orchestrator(
            database: database, jobStates: try Self.machine("job", resources),
            runStates: try Self.machine("run", resources), blobs: self.blobs,
            parse: { try GraphvizLibrary.parse($0) }, random: random,
            uptime: { clock.uptime }, clock: { clock.now })
    }

    deinit { try? FileManager.default.removeItem(atPath: self.folder) }

    /// Another orchestrator over the same graph, as after a restart of the server.
    func restarted() throws -> Orchestrator {
        let clock = self.clock
        return Orchestrator(
            database: self.database, jobStates: try Self.machine("job", self.database.resources),
            runStates: try Self.machine("run", self.database.resources), blobs: self.blobs,
            uptime: { clock.uptime }, clock: { clock.now })
    }

    private let clock: ClockBox

    var now: ZonedDateTime { self.clock.now }

    func advance(seconds: Int) { self.clock.advance(seconds) }
    /// Somebody sets the machine's clock, forwards or backwards.
    func setClock(by seconds: Int) { self.clock.set(by: seconds) }

    static func machine(_ name: String, _ resources: NamedResources) throws -> StateMachine {
        StateMachine(graph: try GraphvizLibrary.parse(resources.text("schema/states/\(name).dot") ?? ""))
    }

    func register(_ name: String, retries: Int = 0, _ members: JSON.Object = [:]) async throws {
        var json: JSON.Object = [
            "name": .string(name), "version": "1", "repository": "/r", "commit": "c", "runtime": "shell",
            "entry": "e.sh", "retries": .int(retries),
        ]
        for member in members { json[member.name] = member.value }
        let definition = try FunctionDefinition(json: .object(json))
        _ = try await FunctionRegistry(database: self.database).register(definition, now: self.now)
    }

    func register(pipeline dot: String) async throws {
        let reading = PipelineReading(graph: try GraphvizLibrary.parse(dot), dot: dot)
        _ = try await PipelineRegistry(database: self.database).register(reading, now: self.now)
    }

    func worker(_ hostname: String = "h", labels: [String] = []) async throws -> String {
        try await self.orchestrator.join(
            WorkerIntroduction(json: [
                "hostname": .string(hostname), "cores": 2, "slots": 2, "memory_bytes": 1_000_000_000,
                "labels": .array(labels.map(JSON.string)),
            ]))
    }

    /// States of a run's jobs by step, and the run's own under `run`.
    func states(_ run: String) throws -> [String: String] {
        var states: [String: String] = [:]
        for job in try self.database.read("run_jobs", ["run": .string(run)]) {
            states[job["step"]?.string ?? ""] = job["state"]?.string
        }
        states["run"] = try self.database.read("run", ["run": .string(run)]).first?["state"]?.string
        return states
    }

    /// Leases and ends jobs until nothing is queued; `results` gives what a step returns, nil for a failure, `{}` for others.
    @discardableResult
    func work(
        _ worker: String, results: [String: JSON?] = [:], limit: Int = 10_000
    ) async throws -> [String] {
        var done: [String] = []
        while done.count < limit {
            let jobs = try await self.orchestrator.lease(worker: worker, limit: 1)
            guard let job = jobs.first else { return done }
            let step = String(job.job.drop { $0 != "." }.dropFirst())
            done.append(step)
            let result = results[step] ?? JSON.object([:])
            try await self.orchestrator.started(attempt: job.attempt, worker: worker, provides: "f@1")
            var digest: (String, Int)?
            if let result {
                let bytes = Array(result.text.utf8)
                digest = (try await self.blobs.store(bytes), bytes.count)
            }
            try await self.orchestrator.ended(
                attempt: job.attempt, worker: worker,
                AttemptOutcome(
                    result: digest.map { .init(sha256: $0.0, size: $0.1) },
                    error: result == nil ? "it broke" : nil, errorClass: result == nil ? "exit" : nil,
                    exit: result == nil ? 1 : 0, log: ""))
        }
        return done
    }

    /// Runs a leased job to its end, with a result.
    func finish(_ job: LeasedJob, _ worker: String, with result: JSON) async throws {
        let bytes = Array(result.text.utf8)
        let digest = try await self.blobs.store(bytes)
        try await self.orchestrator.started(attempt: job.attempt, worker: worker, provides: "f@1")
        try await self.orchestrator.ended(
            attempt: job.attempt, worker: worker,
            AttemptOutcome(
                result: .init(sha256: digest, size: bytes.count), error: nil, errorClass: nil, exit: 0,
                log: ""))
    }

    /// Runs a leased job to its end.
    func finish(_ job: LeasedJob, _ worker: String, succeeds: Bool = true) async throws {
        try await self.orchestrator.started(attempt: job.attempt, worker: worker, provides: "f@1")
        try await self.orchestrator.ended(
            attempt: job.attempt, worker: worker,
            AttemptOutcome(
                result: succeeds ? .init(sha256: String(repeating: "a", count: 64), size: 2) : nil,
                error: succeeds ? nil : "it broke", errorClass: succeeds ? nil : "exit",
                exit: succeeds ? 0 : 1, log: "said this"))
    }
}

private final class ClockBox: Sendable {
    private let time: Mutex<(now: ZonedDateTime, uptime: Double)>
    init(time: ZonedDateTime) { self.time = Mutex((time, 0)) }
    var now: ZonedDateTime { self.time.withLock { $0.now } }
    var uptime: Double { self.time.withLock { $0.uptime } }
    func set(by seconds: Int) { self.time.withLock { $0.now = $0.now.adding(seconds: seconds) } }
    func advance(_ seconds: Int) {
        self.set(by: seconds)
        self.time.withLock { $0.uptime += Double(seconds) }
    }
}
