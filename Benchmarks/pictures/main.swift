import Foundation
import GraphDatabase
import GraphStorage
import Graphviz
import JSON
import NamedResources
import Orchestration
import PropertyGraph
import Visualization

// What pipelines and pictures cost in this process: reading and checking a large file, putting states into a laid-out picture, and what
// the server does for each step of a run. Prints `figure NAME VALUE UNIT goal <= VALUE met|short`.

func figure(_ name: String, _ value: Double, _ unit: String, _ goal: Double) {
    let text = String(format: "%.3f", value)
    print("figure \(name) \(text) \(unit) goal <= \(goal) \(value <= goal ? "met" : "short")")
}

func milliseconds(_ body: () throws -> Void) rethrows -> Double {
    let start = ContinuousClock.now
    try body()
    let time = ContinuousClock.now - start
    return Double(time.components.seconds) * 1000 + Double(time.components.attoseconds) / 1e15
}

/// The least of several runs: what it costs when nobody else wants the processor.
func least(_ count: Int, _ body: () throws -> Void) rethrows -> Double {
    try (0..<count).map { _ in try milliseconds(body) }.min() ?? 0
}

/// Draws a file as the service does, with a process that is ready, and with `dot`, in turns, so that both see the same machine.
func drawBesideDot(_ plexus: String, _ path: String, tries: Int) async throws {
    let text = try String(contentsOfFile: path, encoding: .utf8)
    let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
    let program =
        folders.map { $0 + "/dot" }.first { FileManager.default.isExecutableFile(atPath: $0) } ?? "dot"
    let pictures = PictureProcess(executable: plexus, keepsReady: true)
    _ = try await pictures.parse("digraph { a }")
    let (reading, discarded) = (FileHandle(forReadingAtPath: path), FileHandle(forWritingAtPath: "/dev/null"))
    var (ours, theirs) = (Double.infinity, Double.infinity)
    for number in 0..<tries {
        // As long as `dot` has the other's process get ready.
        try await Task.sleep(for: .milliseconds(300))
        let start = ContinuousClock.now
        // Another text each time: finished pictures are kept.
        _ = try await pictures.render(text + "\n// \(number)\n", format: .svg)
        ours = min(ours, (ContinuousClock.now - start) / .milliseconds(1))
        theirs = try min(
            theirs,
            milliseconds {
                let dot = Process()
                dot.executableURL = URL(fileURLWithPath: program)
                dot.arguments = ["-Tsvg", path]
                (dot.standardInput, dot.standardOutput) = (reading, discarded)
                try dot.run()
                dot.waitUntilExit()
            })
    }
    let name = (path as NSString).lastPathComponent
    print(String(format: "%@: %.1f ms, dot %.1f ms", name, ours, theirs))
    figure("rendering_by_dot_" + name.filter(\.isNumber), ours / theirs, "x", 1.1)
}

if CommandLine.arguments.count == 4, CommandLine.arguments[1] == "render" {
    try await drawBesideDot(CommandLine.arguments[2], CommandLine.arguments[3], tries: 9)
    exit(0)
}

enum Shape: String, CaseIterable {
    case chain
    case fan
    case random

    func dot(_ count: Int) -> String {
        var edges: [String] = []
        var seed: UInt64 = 7
        func random(_ limit: Int) -> Int {
            seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(seed >> 33) % limit
        }
        for step in 1..<count {
            switch self {
            case .chain: edges.append("s\(step - 1) -> s\(step)")
            case .fan:
                edges.append(
                    step == count - 1
                        ? "{\((1..<step).map { "s\($0)" }.joined(separator: ";"))} -> s\(step)"
                        : "s0 -> s\(step)")
            case .random:
                for before in Set((0..<(1 + random(2))).map { _ in max(0, step - 1 - random(20)) }) {
                    edges.append("s\(before) -> s\(step)")
                }
            }
        }
        return
            "digraph \(self.rawValue) { rankdir=LR; node [function=\"f@1\", shape=box]; s0; \(edges.joined(separator: "; ")) }"
    }
}

let resources = NamedResources(folder: nil)
let folder = NSTemporaryDirectory() + "bench-pictures-" + UUID().uuidString
try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
let storage = try SQLiteStorage(path: folder + "/g.db", durability: .full)
let database = try await GraphDatabase(name: "plexus", storage: storage, resources: resources)
try await database.runScript(resources.text("schema/network.cypher") ?? "")
func machine(_ name: String) throws -> StateMachine {
    StateMachine(graph: try GraphvizLibrary.parse(resources.text("schema/states/\(name).dot") ?? ""))
}
let blobs = try BlobStore(folder: folder + "/blobs")
let orchestrator = Orchestrator(
    database: database, jobStates: try machine("job"), runStates: try machine("run"), blobs: blobs,
    clock: { GraphDatabase.now() })
let definition = try FunctionDefinition(json: [
    "name": "f", "version": "1", "repository": "/r", "commit": "c", "runtime": "shell", "entry": "e.sh",
])
let registry = PipelineRegistry(database: database)
_ = try await FunctionRegistry(database: database).register(definition, now: GraphDatabase.now())

let large = Shape.random.dot(5000)
figure(
    "validate_5000_steps",
    try least(5) {
        let reading = PipelineReading(graph: try GraphvizLibrary.parse(large), dot: large)
        guard try registry.problems(of: reading).isEmpty else { throw CancellationError() }
    }, "ms", 200)

let graph = try GraphvizLibrary.parse(Shape.random.dot(1000))
let svg = try GraphvizLibrary.render(RunTemplate.dot(graph), format: .svg)
let template = RunTemplate(graph: graph, svg: svg)
var states: [String: RunPicture.StepState] = [:]
for (number, node) in graph.nodes.enumerated() {
    states[node.name] = .init(state: number % 3 == 0 ? "succeeded" : "running", note: "\(number) ms")
}
figure("recolour_1000_steps", least(20) { _ = template.svg(title: "run", states: states) }, "ms", 5)

for shape in Shape.allCases {
    let dot = shape.dot(1000)
    let reading = PipelineReading(graph: try GraphvizLibrary.parse(dot), dot: dot)
    _ = try await registry.register(reading, now: GraphDatabase.now())
    let run = try await orchestrator.startRun(
        shape.rawValue, parameters: [:], customerReference: nil, startedBy: "bench")
    let worker = try await orchestrator.join(
        WorkerIntroduction(json: ["hostname": "h", "cores": 2, "slots": 8]))
    let bytes = Array("{}".utf8)
    let result = AttemptOutcome.Result(sha256: try await blobs.store(bytes), size: bytes.count)
    var times: [Double] = []
    while true {
        var start = ContinuousClock.now
        let jobs = try await orchestrator.lease(worker: worker, limit: 8)
        guard !jobs.isEmpty else { break }
        let leasing = (ContinuousClock.now - start) / jobs.count
        for job in jobs {
            start = ContinuousClock.now
            try await orchestrator.started(attempt: job.attempt, worker: worker, provides: "f@1")
            try await orchestrator.ended(
                attempt: job.attempt, worker: worker,
                AttemptOutcome(result: result, error: nil, errorClass: nil, exit: 0, log: ""))
            let time = ContinuousClock.now - start + leasing
            times.append(Double(time.components.seconds) * 1000 + Double(time.components.attoseconds) / 1e15)
        }
    }
    guard times.count == 1000,
        try database.read("run", ["run": .string(run)]).first?["state"] == .string("succeeded")
    else { throw CancellationError() }
    figure("scheduling_\(shape.rawValue)_1000", times.sorted()[500], "ms", 2)
}
try await database.close()
try FileManager.default.removeItem(atPath: folder)
