internal import Cryptography
internal import Foundation
internal import JSON
package import Logging
internal import Synchronization

/// The agent of a machine: joins, leases jobs, runs each in its own process, reports.
///
/// It survives the server: when the server does not answer, it keeps what finished and tells it later.
package final class WorkerAgent: Sendable {
    /// How to run the agent.
    package struct Settings: Sendable {
        /// How many jobs at once.
        package var slots: Int
        /// `key=value` texts that placement looks at.
        package var labels: [String]
        /// Where functions and running jobs lie.
        package var folder: String
        /// The software's version.
        package var software: String

        /// Joins the settings.
        package init(slots: Int, labels: [String], folder: String, software: String) {
            self.slots = slots
            self.labels = labels
            self.folder = folder
            self.software = software
        }
    }

    private let server: ServerConnection
    private let settings: Settings
    private let logger: Logger
    private let functions: FunctionCache
    private let running = Mutex<[String: Task<Void, Never>]>([:])

    /// An agent for a server.
    package init(server: ServerConnection, settings: Settings, logger: Logger) {
        self.server = server
        self.settings = settings
        self.logger = logger
        self.functions = FunctionCache(workFolder: settings.folder, logger: logger)
    }

    /// Works until its task is cancelled; running processes are then ended.
    /// - Throws: ``ConnectionError`` when the server refuses the worker for good.
    package func run() async throws {
        await JobTrees.shared.endLeftovers(of: self.settings.folder)
        let id = try await self.join()
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await self.beat(id) }
                group.addTask { try await self.work(id) }
                _ = try await group.next()
                group.cancelAll()
            }
        } catch {
            await WarmPool.shared.close()
            throw error
        }
        await WarmPool.shared.close()
    }

    private func join() async throws -> String {
        let machine = MachineFigures.current()
        let answer = try await self.patiently {
            try await self.server.call(
                "POST", "/v1/workers",
                body: [
                    "hostname": .string(machine.hostname), "cores": .int(machine.cores),
                    "memory_bytes": .int(machine.memoryBytes), "slots": .int(self.settings.slots),
                    "labels": .array(self.settings.labels.map(JSON.string)),
                    "software": .string(self.settings.software),
                ])
        }
        let id = answer["id"]?.string ?? ""
        self.logger.info("joined", metadata: ["worker": "\(id)", "slots": "\(self.settings.slots)"])
        return id
    }

    private func beat(_ worker: String) async throws {
        let activity = ActivityThread(folder: self.settings.folder)
        while !Task.isCancelled {
            try await Task.sleep(for: .seconds(5))
            await WarmPool.shared.sweep()
            let attempts = self.running.withLock { Array($0.keys) }
            let machine = MachineFigures.current()
            do {
                let answer = try await self.server.call(
                    "POST", "/v1/workers/\(worker)/heartbeat",
                    body: [
                        "attempts": .array(attempts.map(JSON.string)), "load": .double(machine.load),
                        "memory_free_bytes": .int(machine.memoryFreeBytes),
                        "figures": .object(await activity.figures()),
                    ], timeoutSeconds: 10)
                for stop in answer["stop"]?.array?.compactMap(\.string) ?? [] {
                    self.logger.warning(
                        "stopping attempt that is no longer ours", metadata: ["attempt": "\(stop)"])
                    self.running.withLock { $0[stop] }?.cancel()
                }
            } catch let error as ConnectionError where error.isPassing {
                self.logger.warning("heartbeat failed", metadata: ["error": "\(error)"])
            }
        }
    }

    private func work(_ worker: String) async throws {
        let (slots, freedSlots) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        await withDiscardingTaskGroup { group in
            var freed = slots.makeAsyncIterator()
            while !Task.isCancelled {
                let free = self.settings.slots - self.running.withLock { $0.count }
                guard free > 0 else {
                    _ = await freed.next()
                    continue
                }
                do {
                    let answer = try await self.server.call(
                        "POST", "/v1/workers/\(worker)/lease",
                        body: ["max": .int(free), "wait": self.isIdle ? "30s" : "1s"], timeoutSeconds: 45)
                    for job in answer["jobs"]?.array ?? [] {
                        guard let attempt = job["attempt"]?.string else { continue }
                        let task = Task { await self.perform(job, attempt: attempt, worker: worker) }
                        self.running.withLock { $0[attempt] = task }
                        group.addTask {
                            await withTaskCancellationHandler {
                                await task.value
                            } onCancel: {
                                task.cancel()
                            }
                            _ = self.running.withLock { $0.removeValue(forKey: attempt) }
                            freedSlots.yield()
                        }
                    }
                } catch {
                    if Task.isCancelled { return }
                    self.logger.warning("leasing failed", metadata: ["error": "\(error)"])
                    try? await Task.sleep(for: .seconds(1))
                }
            }
        }
    }

    private var isIdle: Bool { self.running.withLock { $0.isEmpty } }

    private func perform(_ job: JSON, attempt: String, worker: String) async {
        let folder = "\(self.settings.folder)/jobs/\(attempt)"
        let outcome: ProcessOutcome
        do {
            guard let spec = job["function"].flatMap(FunctionSpec.init) else {
                throw PreparationError(description: "the server sent no readable function", log: "")
            }
            let functionFolder = try await self.functions.prepare(spec)
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            try await self.writeInput(job, to: folder + "/input.json")
            // Told while it begins; the end is told only after it.
            let start: JSON = [
                "attempt": .string(attempt), "event": "started", "function": .string(spec.reference),
            ]
            let telling = Task {
                do {
                    _ = try await self.report(worker, start)
                } catch {
                    // It is not ours any more.
                    self.running.withLock { $0[attempt] }?.cancel()
                    throw error
                }
            }
            self.logger.info(
                "job starts", metadata: ["attempt": "\(attempt)", "function": "\(spec.reference)"])
            let process = JobProcess(
                attempt: attempt, limits: JobLimits(json: job["limits"], folder: folder), spec: spec,
                folder: folder, functionFolder: functionFolder,
                timeoutSeconds: job["timeout_seconds"]?.int ?? 300,
                environment: [
                    "PLEXUS_JOB": job["job"]?.string ?? "", JobTrees.cookie: attempt,
                    JobTrees.workVariable: self.settings.folder,
                ])
            let ended = await process.run()
            do {
                try await telling.value
                outcome = ended
            } catch {
                // Nobody wants to hear of it.
                self.logger.warning("attempt lost", metadata: ["attempt": "\(attempt)", "error": "\(error)"])
                outcome = .failure(errorClass: "cancelled", message: "it was not ours", exit: nil, log: "")
            }
        } catch let error as PreparationError {
            outcome = .failure(errorClass: "prepare", message: error.description, exit: nil, log: error.log)
        } catch {
            outcome = .failure(errorClass: "worker", message: "\(error)", exit: nil, log: "")
        }
        await self.tell(outcome, attempt: attempt, worker: worker)
        try? FileManager.default.removeItem(atPath: folder)
    }

    /// Puts the input together: constants, and members of earlier results, whose digests are checked.
    private func writeInput(_ job: JSON, to path: String) async throws {
        var input = job["input"]?.object ?? JSON.Object()
        for binding in job["bindings"]?.array ?? [] {
            guard let name = binding["input"]?.string, let sha256 = binding["sha256"]?.string else {
                continue
            }
            let bytes = try await self.patiently {
                try await self.server.exchange("GET", "/v1/blobs/\(sha256)", timeoutSeconds: 600)
            }
            guard SHA256.digest(bytes) == sha256 else {
                throw PreparationError(description: "input `\(name)` arrived damaged", log: "")
            }
            let result = try JSON.parse(utf8: bytes)
            if let output = binding["output"]?.string {
                guard let member = result[output] else {
                    throw PreparationError(
                        description: "the earlier step gave no output `\(output)` for the input `\(name)`",
                        log: "")
                }
                input[name] = member
            } else {
                input[name] = result
            }
        }
        try Data(JSON.object(input).text.utf8).write(to: URL(fileURLWithPath: path))
    }

    private func tell(_ outcome: ProcessOutcome, attempt: String, worker: String) async {
        do {
            switch outcome {
            case .result(let bytes, let log):
                let digest = SHA256.digest(bytes)
                _ = try await self.patiently {
                    try await self.server.exchange(
                        "PUT", "/v1/blobs/\(digest)", body: bytes, timeoutSeconds: 600)
                }
                _ = try await self.report(
                    worker,
                    [
                        "attempt": .string(attempt), "event": "succeeded", "log": .string(log),
                        "result": ["sha256": .string(digest), "size": .int(bytes.count)],
                    ])
                self.logger.info(
                    "job succeeded", metadata: ["attempt": "\(attempt)", "bytes": "\(bytes.count)"])
            case .failure(let errorClass, let message, let exit, let log):
                self.logger.warning("job failed", metadata: ["attempt": "\(attempt)", "error": "\(message)"])
                guard errorClass != "cancelled" else { return }
                _ = try await self.report(
                    worker,
                    [
                        "attempt": .string(attempt), "event": "failed", "error": .string(message),
                        "error_class": .string(errorClass), "exit": exit.map(JSON.int) ?? .null,
                        "log": .string(log),
                    ])
            }
        } catch {
            self.logger.warning("report refused", metadata: ["attempt": "\(attempt)", "error": "\(error)"])
        }
    }

    private func report(_ worker: String, _ event: JSON) async throws -> JSON {
        try await self.patiently {
            try await self.server.call("POST", "/v1/workers/\(worker)/report", body: ["events": [event]])
        }
    }

    /// Repeats while the server cannot be reached, with growing pauses, at most 10 s.
    private func patiently<Result: Sendable>(_ body: () async throws -> Result) async throws -> Result {
        var pause = 0.1
        while true {
            do {
                return try await body()
            } catch let error as ConnectionError where error.isPassing {
                self.logger.warning("server not reached, trying again", metadata: ["error": "\(error)"])
                try await Task.sleep(for: .seconds(pause))
                pause = min(pause * 2, 10)
            }
        }
    }
}
