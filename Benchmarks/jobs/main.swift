import Foundation
import GraphDatabase
import GraphStorage
import Graphviz
import JSON
import NamedResources
import Orchestration
import PropertyGraph

// What the server does for jobs, in this process and without HTTP: each step of a job's life in batches, and whether leasing notices how
// many jobs wait. Prints `figure NAME VALUE UNIT goal <=|>= VALUE met|short`, and lines that begin with `#`.
//
// usage: bench-jobs [--jobs N] [--queued N]

func figure(_ name: String, _ value: Double, _ unit: String, atMost goal: Double) {
    print(
        "figure \(name) \(String(format: "%.3f", value)) \(unit) goal <= \(goal) \(value <= goal ? "met" : "short")"
    )
}

func seconds(_ body: () async throws -> Void) async rethrows -> Double {
    let start = ContinuousClock.now
    try await body()
    let time = ContinuousClock.now - start
    return Double(time.components.seconds) + Double(time.components.attoseconds) / 1e18
}

/// Resident memory of this process, in bytes.
func resident() -> Double {
    let words = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8))?.split(separator: " ") ?? []
    return (words.count > 1 ? Double(words[1]) ?? 0 : 0) * Double(sysconf(Int32(_SC_PAGESIZE)))
}

func option(_ name: String, _ standard: Int) -> Int {
    let arguments = CommandLine.arguments
    guard let place = arguments.firstIndex(of: name), place + 1 < arguments.count else { return standard }
    return Int(arguments[place + 1]) ?? standard
}

/// A network with one function, on a folder that goes with it.
final class Network: Sendable {
    let database: GraphDatabase
    let orchestrator: Orchestrator
    let blobs: BlobStore
    private let folder: String

    init() async throws {
        let resources = NamedResources(folder: nil)
        self.folder = NSTemporaryDirectory() + "bench-jobs-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: self.folder, withIntermediateDirectories: true)
        let storage = try SQLiteStorage(path: self.folder + "/g.db", durability: .full)
        let database = try await GraphDatabase(name: "plexus", storage: storage, resources: resources)
        try await database.runScript(resources.text("schema/network.cypher") ?? "")
        func machine(_ name: String) throws -> StateMachine {
            StateMachine(graph: try GraphvizLibrary.parse(resources.text("schema/states/\(name).dot") ?? ""))
        }
        self.database = database
        self.blobs = try BlobStore(folder: self.folder + "/blobs")
        self.orchestrator = Orchestrator(
            database: database, jobStates: try machine("job"), runStates: try machine("run"), blobs: self.blobs,
            clock: { GraphDatabase.now() })
        let definition = try FunctionDefinition(json: [
            "name": "noop", "version": "1", "repository": "/r", "commit": "c", "runtime": "shell", "entry": "e.sh",
        ])
        _ = try await FunctionRegistry(database: database).register(definition, now: GraphDatabase.now())
    }

    deinit { try? FileManager.default.removeItem(atPath: self.folder) }

    func worker() async throws -> String {
        try await self.orchestrator.join(
            WorkerIntroduction(json: ["hostname": "bench", "cores": 2, "slots": 2, "memory_bytes": 1_000_000_000]))
    }

    func submit(_ count: Int) async throws {
        let request = JobRequest(function: "noop", input: [:])
        var left = count
        while left > 0 {
            let batch = min(left, Orchestrator.batchLimit)
            _ = try await self.orchestrator.submit(Array(repeating: request, count: batch), startedBy: "bench")
            left -= batch
        }
    }
}

/// Microseconds a job for each step of its life.
func path(_ jobs: Int) async throws {
    let network = try await Network()
    let worker = try await network.worker()
    let bytes = Array("{}".utf8)
    let digest = try await network.blobs.store(bytes)
    let result = AttemptOutcome(
        result: .init(sha256: digest, size: bytes.count), error: nil, errorClass: nil, exit: 0, log: "")
    let enqueue = try await seconds { try await network.submit(jobs) }
    var leased: [LeasedJob] = []
    let lease = try await seconds {
        while leased.count < jobs {
            leased += try await network.orchestrator.lease(worker: worker, limit: 1000)
        }
    }
    let events = leased.flatMap { job in
        [
            AttemptEvent(attempt: job.attempt, .started(function: "noop@1")),
            AttemptEvent(attempt: job.attempt, .ended(result)),
        ]
    }
    let report = try await seconds {
        for start in stride(from: 0, to: events.count, by: 1000) {
            _ = try await network.orchestrator.report(
                Array(events[start..<min(events.count, start + 1000)]), worker: worker)
        }
    }
    for (name, time) in [("enqueue", enqueue), ("lease", lease), ("report", report)] {
        print("# \(name): \(String(format: "%.1f", time / Double(jobs) * 1e6)) us a job")
    }
    figure("server_us_a_job", (enqueue + lease + report) / Double(jobs) * 1e6, "us", atMost: 100)
    try await network.database.close()
}

/// The median of single leases when few and when many jobs wait, and what a job that waits takes.
func queue(_ count: Int) async throws {
    let network = try await Network()
    let worker = try await network.worker()
    func median() async throws -> Double {
        // What was committed last comes into SQLite's tables meanwhile.
        try await Task.sleep(for: .seconds(3))
        var times: [Double] = []
        for _ in 0..<300 {
            var jobs: [LeasedJob] = []
            times.append(try await seconds { jobs = try await network.orchestrator.lease(worker: worker, limit: 1) })
            precondition(jobs.count == 1, "a job is there")
        }
        return times.sorted()[times.count / 2]
    }
    try await network.submit(2000)
    _ = try await median()
    let few = try await median()
    let before = resident()
    let time = try await seconds { try await network.submit(count) }
    let bytes = (resident() - before) / Double(count)
    let many = try await median()
    print(
        "# a lease takes \(String(format: "%.0f", few * 1e6)) us with 1,000 jobs queued, \(String(format: "%.0f", many * 1e6)) us with \(count); they were queued at \(Int(Double(count) / time)) a second"
    )
    figure("lease_slowdown_\(count)_queued", many / few, "x", atMost: 1.5)
    figure("bytes_a_queued_job", bytes, "bytes", atMost: 1024)
    try await network.database.close()
}

try await path(option("--jobs", 10_000))
try await queue(option("--queued", 1_000_000))
