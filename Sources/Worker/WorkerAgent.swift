internal import Cryptography
internal import Foundation
internal import JSON
package import Logging

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
        /// The functions whose jobs it takes, by name or with their version; none for all.
        package var only: [String]
        /// Where functions and running jobs lie.
        package var folder: String
        /// The software's version.
        package var software: String

        /// Joins the settings.
        package init(slots: Int, labels: [String], only: [String], folder: String, software: String) {
            self.only = only
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
    private let slots: JobSlots
    /// After what time a job that still runs is told to have started; of one that is over by then both is told at once.
    private static let briefTime = Duration.milliseconds(20)
    /// Up to how many bytes a result goes with the report; longer ones are sent before, piece by piece.
    private static let reportedResultLimit = 256 << 10

    /// An agent for a server.
    package init(server: ServerConnection, settings: Settings, logger: Logger) {
        self.server = server
        self.settings = settings
        self.logger = logger
        self.functions = FunctionCache(workFolder: settings.folder, logger: logger) { repository in
            var allowed = CharacterSet.alphanumerics
            allowed.insert(charactersIn: "-._~")
            let name = repository.addingPercentEncoding(withAllowedCharacters: allowed) ?? ""
            let answer = try await server.call("GET", "/v1/credentials:for?repository=\(name)")
            return RepositorySecret(json: answer["credential"])
        }
        self.slots = JobSlots(settings.slots)
    }

    /// Lets this machine in with a join token.
    /// - Returns: the machine's own token, which is shown only now.
    /// - Throws: ``ConnectionError``.
    package static func join(_ server: ServerConnection) async throws -> String {
        let answer = try await server.call(
            "POST", "/v1/workers:join", body: ["hostname": .string(MachineFigures.current().hostname)])
        return answer["token"]?.string ?? ""
    }

    /// What it does, for those who watch over it.
    package var figures: WorkerFigures { self.slots.figures }

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
        let answer = try await JobReporter.patiently(self.logger) {
            try await self.server.call(
                "POST", "/v1/workers",
                body: [
                    "hostname": .string(machine.hostname), "cores": .int(machine.cores),
                    "memory_bytes": .int(machine.memoryBytes), "slots": .int(self.settings.slots),
                    "labels": .array(self.settings.labels.map(JSON.string)),
                    "only": .array(self.settings.only.map(JSON.string)),
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
            let attempts = self.slots.held
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
                    self.slots.stop(stop)
                }
            } catch let error as ConnectionError where error.isPassing {
                self.logger.warning("heartbeat failed", metadata: ["error": "\(error)"])
            }
        }
    }

    private func work(_ worker: String) async throws {
        let (starts, starting) = AsyncStream<JobSlots.Leased>.makeStream()
        let (news, newsComing) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        let begin: @Sendable ([JobSlots.Leased]) -> Void = { jobs in
            for job in jobs { starting.yield(job) }
            newsComing.yield()
        }
        let reporter = JobReporter(
            self.server, worker: worker, slots: self.slots, logger: self.logger, begin: begin)
        await withDiscardingTaskGroup { group in
            group.addTask { await self.ask(worker, news, begin) }
            group.addTask { await self.giveBackOverdue(reporter) }
            for await job in starts {
                let task = Task { await self.perform(job, reporter, begin) }
                self.slots.began(job.attempt, task)
                group.addTask {
                    await withTaskCancellationHandler {
                        await task.value
                    } onCancel: {
                        task.cancel()
                    }
                }
            }
            await reporter.close()
            group.cancelAll()
        }
        await self.giveBack(self.slots.close(), worker)
    }

    /// Asks for jobs for slots that are free. Reports ask for those that become free.
    private func ask(
        _ worker: String, _ news: AsyncStream<Void>, _ begin: ([JobSlots.Leased]) -> Void
    ) async {
        var coming = news.makeAsyncIterator()
        while !Task.isCancelled {
            guard let demand = self.slots.demand(forFreeSlots: true) else {
                _ = await coming.next()
                continue
            }
            do {
                var body = demand.json.object ?? JSON.Object()
                body["wait"] = "30s"
                let answer = try await self.server.call(
                    "POST", "/v1/workers/\(worker)/lease", body: .object(body), timeoutSeconds: 45)
                begin(self.slots.answer(demand, answer["jobs"]?.array ?? []))
            } catch {
                begin(self.slots.answer(demand, []))
                if Task.isCancelled { return }
                self.logger.warning("leasing failed", metadata: ["error": "\(error)"])
                try? await Task.sleep(for: .seconds(1))
            }
        }
    }

    /// Jobs that were thought to begin in a moment, and wait for longer ones, are for others to run.
    private func giveBackOverdue(_ reporter: JobReporter) async {
        while (try? await Task.sleep(for: JobSlots.patience / 2)) != nil {
            let overdue = self.slots.overdue()
            guard !overdue.isEmpty else { continue }
            self.logger.info("gives jobs back", metadata: ["count": "\(overdue.count)"])
            // Those that are refused are not ours any more in any case.
            try? await reporter.tell(overdue.map { JobReporter.Event(Self.returned($0)) })
        }
    }

    /// The last that a worker tells; not for long, as what is not heard is found out when the leases run out.
    private func giveBack(_ attempts: [String], _ worker: String) async {
        guard !attempts.isEmpty else { return }
        // The worker's own task has been cancelled.
        await Task {
            _ = try? await self.server.call(
                "POST", "/v1/workers/\(worker)/report",
                body: ["events": .array(attempts.map(Self.returned))], timeoutSeconds: 2)
        }.value
    }

    private static func returned(_ attempt: String) -> JSON {
        ["attempt": .string(attempt), "event": "returned"]
    }

    /// What is to be told of a call beside its outcome.
    private struct Call {
        /// That it was started, when that was not told yet.
        var start: JobReporter.Event?
        /// How long it took; nil when it came to none.
        var seconds: Double?
        /// The most memory that it was seen to take, in bytes.
        var memory = 0
    }

    private func perform(
        _ leased: JobSlots.Leased, _ reporter: JobReporter, _ begin: ([JobSlots.Leased]) -> Void
    ) async {
        let (job, attempt) = (leased.job, leased.attempt)
        let folder = "\(self.settings.folder)/jobs/\(attempt)"
        var outcome: ProcessOutcome
        var call = Call()
        do {
            guard let spec = job["function"].flatMap(FunctionSpec.init) else {
                throw PreparationError(description: "the server sent no readable function", log: "")
            }
            let functionFolder = try await self.functions.prepare(spec) { stage in
                let event = JobReporter.Event([
                    "attempt": .string(attempt), "event": "preparing", "stage": .string(stage),
                ])
                // One that comes late, or that nobody wants to hear, changes nothing.
                Task { try? await reporter.tell([event]) }
            }
            let input = try await self.input(of: job)
            let started = JobReporter.Event([
                "attempt": .string(attempt), "event": "started", "function": .string(spec.reference),
            ])
            let telling = Task {
                try await Task.sleep(for: Self.briefTime)
                self.logger.info(
                    "job runs", metadata: ["attempt": "\(attempt)", "function": "\(spec.reference)"])
                do {
                    try await reporter.tell([started])
                } catch {
                    // It is not ours any more.
                    self.slots.stop(attempt)
                    throw error
                }
            }
            let process = JobProcess(
                attempt: attempt, limits: JobLimits(json: job["limits"], folder: self.settings.folder),
                spec: spec,
                folder: folder, functionFolder: functionFolder,
                timeoutSeconds: job["timeout_seconds"]?.int ?? 300,
                environment: [
                    "PLEXUS_JOB": job["job"]?.string ?? "", JobTrees.cookie: attempt,
                    JobTrees.workVariable: self.settings.folder,
                ])
            outcome = await process.run(input: input)
            call.seconds = (ContinuousClock.now - started.time) / .seconds(1)
            call.memory = process.peak.bytes
            telling.cancel()
            do {
                try await telling.value
            } catch is CancellationError {
                // It was over before: the end tells it too.
                call.start = started
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
        await self.tell(outcome, of: leased, call, reporter, begin)
        if outcome.kind == "cancelled" { self.slots.stopped(attempt) } else { self.slots.told(attempt) }
        // Nothing to tell may have freed a slot.
        begin([])
    }

    /// Puts the input together: constants, and members of earlier results, whose digests are checked.
    private func input(of job: JSON) async throws -> [UInt8] {
        var input = job["input"]?.object ?? JSON.Object()
        for binding in job["bindings"]?.array ?? [] {
            guard let name = binding["input"]?.string, let sha256 = binding["sha256"]?.string else {
                continue
            }
            let bytes = try await JobReporter.patiently(self.logger) {
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
        return Array(JSON.object(input).text.utf8)
    }

    /// Frees the slot and tells what came of an attempt, with its start when that was not told yet. A long result keeps the slot
    /// until the server has it, so that the memory of results that cannot be sent is no more than the slots'.
    private func tell(
        _ outcome: ProcessOutcome, of leased: JobSlots.Leased, _ call: Call, _ reporter: JobReporter,
        _ begin: ([JobSlots.Leased]) -> Void
    ) async {
        let attempt = leased.attempt
        var isFree = false
        func free() {
            guard !isFree else { return }
            isFree = true
            begin(self.slots.ended(leased.function, seconds: call.seconds))
        }
        defer { free() }
        do {
            var object = JSON.Object()
            object["attempt"] = .string(attempt)
            var bytesTold = 0
            let end = ContinuousClock.now
            self.slots.count(outcome.kind, seconds: call.seconds ?? 0)
            switch outcome {
            case .result(let bytes, let log):
                let digest = SHA256.digest(bytes)
                var result = JSON.Object()
                result["sha256"] = .string(digest)
                if bytes.count <= Self.reportedResultLimit {
                    result["text"] = .string(String(decoding: bytes, as: UTF8.self))
                    bytesTold = bytes.count + log.utf8.count
                } else {
                    _ = try await JobReporter.patiently(self.logger) {
                        try await self.server.exchange(
                            "PUT", "/v1/blobs/\(digest)", body: bytes, timeoutSeconds: 600)
                    }
                }
                object["event"] = "succeeded"
                object["log"] = .string(log)
                object["result"] = .object(result)
                self.logger.info(
                    "job succeeded", metadata: ["attempt": "\(attempt)", "bytes": "\(bytes.count)"])
            case .failure(let errorClass, let message, let exit, let log):
                self.logger.warning("job failed", metadata: ["attempt": "\(attempt)", "error": "\(message)"])
                guard errorClass != "cancelled" else { return }
                object["event"] = "failed"
                object["error"] = .string(message)
                object["error_class"] = .string(errorClass)
                object["exit"] = exit.map(JSON.int) ?? .null
                object["log"] = .string(log)
                bytesTold = message.utf8.count + log.utf8.count
            }
            if call.memory > 0 { object["memory_bytes"] = .int(call.memory) }
            free()
            let ended = JobReporter.Event(.object(object), at: end)
            try await reporter.tell((call.start.map { [$0] } ?? []) + [ended], bytes: bytesTold)
        } catch {
            self.logger.warning("report refused", metadata: ["attempt": "\(attempt)", "error": "\(error)"])
        }
    }
}
