internal import Dispatch
internal import Foundation
internal import Glibc
internal import JSON
internal import Subprocess
internal import Synchronization
internal import SystemPackage

/// How a job's process ended.
enum ProcessOutcome: Sendable {
    /// The bytes of its result, checked to be a JSON object.
    case result([UInt8], log: String)
    /// It failed: a class for machines, words for people.
    case failure(errorClass: String, message: String, exit: Int?, log: String)

    /// `succeeded`, or the class of the failure.
    var kind: String {
        switch self {
        case .result: "succeeded"
        case .failure(let errorClass, _, _, _): errorClass
        }
    }
}

/// How much of the machine one job may take.
struct JobLimits: Hashable, Sendable {
    /// Bytes of memory of all its processes together.
    var memory: Int
    /// Bytes of the files in its folder.
    var disk: Int
    /// How many processes at once.
    var processes: Int

    /// Those that a definition sets, as the server sends them, else what leaves the machine alive: most of its memory, half of
    /// the free disk, 1,000 processes.
    init(json: JSON?, folder: String) {
        let memory = sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE))
        var volume = statvfs()
        let free = statvfs(folder, &volume) == 0 ? Int(volume.f_bavail) * Int(volume.f_frsize) : 0
        self.memory = json?["memory_bytes"]?.int ?? memory / 5 * 4
        self.disk = json?["disk_bytes"]?.int ?? max(free / 2, 64 << 20)
        self.processes = json?["processes"]?.int ?? 1000
    }
}

/// Runs one job in a process of its own: own session, own folder, killed with all that it started when it ends, when its
/// time is over, or when it takes more of the machine than it may.
struct JobProcess: Sendable {
    /// How much of what it printed is kept, from the end.
    static let logLimit = 16_384
    /// The largest result.
    static let resultLimit = 1 << 30
    /// How long a process may take to end after SIGTERM, before SIGKILL.
    static let grace = Duration.seconds(1)
    /// How often is looked at what it takes.
    static let watchInterval = Duration.seconds(1)

    let attempt: String
    let limits: JobLimits
    let spec: FunctionSpec
    /// Its own folder; a process that goes on to other jobs takes that of its first along, so that few files are made.
    private(set) var folder: String
    let functionFolder: String
    let timeoutSeconds: Int
    let environment: [String: String]
    /// The interpreter that answers the call.
    private var warm: WarmProcess?
    /// The most memory that it was seen to take.
    let peak = PeakMemory()

    init(
        attempt: String, limits: JobLimits, spec: FunctionSpec, folder: String, functionFolder: String,
        timeoutSeconds: Int, environment: [String: String]
    ) {
        self.attempt = attempt
        self.limits = limits
        self.spec = spec
        self.folder = folder
        self.functionFolder = functionFolder
        self.timeoutSeconds = timeoutSeconds
        self.environment = environment
    }

    /// Runs to the end or the timeout, with an input, and leaves nothing.
    func run(input: [UInt8]) async -> ProcessOutcome {
        var job = self
        let outcome: ProcessOutcome
        do {
            try await job.prepare(input)
            outcome = await job.runPrepared()
        } catch {
            outcome = job.notStarted(error)
        }
        if let warm = job.warm, warm.mayGoOn, !Task.isCancelled {
            await JobFolder.clear(job.folder + "/tmp")
            await WarmPool.shared.giveBack(warm)
        } else {
            await job.warm?.end()
            await JobFolder.remove(job.folder)
        }
        return outcome
    }

    private mutating func prepare(_ input: [UInt8]) async throws {
        let kind = WarmProcess.Kind(
            function: self.spec.reference, entry: self.spec.entry, folder: self.functionFolder,
            limits: self.spec.limits.text)
        if self.spec.isWarm, let known = await WarmPool.shared.take(kind) {
            self.warm = known
            self.folder = known.jobFolder
        } else {
            try FileManager.default.createDirectory(
                atPath: self.folder + "/tmp", withIntermediateDirectories: true)
        }
        let file = try self.create("input.json")
        try file.closeAfter { _ = try file.writeAll(input) }
        if self.spec.isWarm, self.warm == nil {
            self.warm = try await WarmProcess.start(
                kind, jobFolder: self.folder, program: self.command.program, prelude: self.prelude,
                environment: self.variables().filter {
                    $0.key.rawValue == JobTrees.workVariable || $0.value == nil
                })
        }
    }

    private func runPrepared() async -> ProcessOutcome {
        do {
            return self.outcome(try await self.runToEnd())
        } catch {
            return self.notStarted(error)
        }
    }

    private func notStarted(_ error: any Error) -> ProcessOutcome {
        if error is CancellationError {
            return .failure(
                errorClass: "cancelled", message: "\(self.spec.reference) was stopped", exit: nil,
                log: self.log())
        }
        return .failure(
            errorClass: "start", message: "\(self.spec.reference) could not be started: \(error)", exit: nil,
            log: self.log())
    }

    /// How it came to an end.
    private enum Ending: Sendable {
        case status(TerminationStatus)
        case timeout
        /// It took more than it may: a class for machines, words for people.
        case exceeded(errorClass: String, message: String)
    }

    private func runToEnd() async throws -> Ending {
        let ending: Result<Ending?, any Error> = await withTaskGroup(of: Result<Ending?, any Error>.self) {
            group in
            group.addTask {
                do { return .success(.status(try await self.execute())) } catch { return .failure(error) }
            }
            group.addTask { .success(await self.watch()) }
            var first: Result<Ending?, any Error> = .success(nil)
            while let next = await group.next() {
                // Those that were cancelled have nothing to say.
                if case .success(nil) = next, !Task.isCancelled { continue }
                first = next
                break
            }
            // No grace for what endangers the machine.
            if case .success(.exceeded) = first { await JobTrees.shared.end(self.attempt) }
            // Cancelling the process's task starts its teardown; the group waits until it is gone.
            group.cancelAll()
            await group.waitForAll()
            return first
        }
        // What the function left running belongs to the job and ends with it.
        await JobTrees.shared.end(self.attempt)
        guard let found = try ending.get() else { throw CancellationError() }
        return found
    }

    /// Looks at what the job takes, until it is more than it may or its time is over, or the task is cancelled.
    private func watch() async -> Ending? {
        let deadline = ContinuousClock.now + .seconds(self.timeoutSeconds)
        while (try? await Task.sleep(until: min(deadline, .now + Self.watchInterval))) != nil {
            if .now >= deadline { return .timeout }
            let usage = await JobTrees.shared.usage(self.attempt)
            self.peak.note(usage.memory)
            if usage.memory > self.limits.memory {
                return self.exceeded("memory", usage.memory, self.limits.memory, "bytes of memory")
            }
            if usage.processes > self.limits.processes {
                return self.exceeded("processes", usage.processes, self.limits.processes, "processes")
            }
            let disk = await JobFolder.bytes(of: self.folder)
            if disk > self.limits.disk {
                return self.exceeded("disk", disk, self.limits.disk, "bytes of files")
            }
        }
        return nil
    }

    private func exceeded(_ errorClass: String, _ taken: Int, _ limit: Int, _ what: String) -> Ending {
        .exceeded(
            errorClass: errorClass,
            message:
                "\(self.spec.reference) took \(taken) \(what), more than its limit of \(limit), and was killed"
        )
    }

    private func execute() async throws -> TerminationStatus {
        if let warm = self.warm { return try await self.call(warm) }
        let input = try FileDescriptor.open(self.folder + "/input.json", .readOnly)
        let output = try self.create("stdout")
        let error = try self.create("stderr")
        var options = PlatformOptions()
        options.createSession = true
        options.teardownSequence = [
            .gracefulShutDown(toProcessGroup: true, allowedDurationToNextStep: Self.grace)
        ]
        let (program, arguments) = self.command
        let variables = self.variables()
        let result = try await Subprocess.run(
            .path(.init("/bin/sh")),
            arguments: Arguments(["-c", self.prelude, "job", program] + arguments),
            environment: .inherit.updating(variables), workingDirectory: .init(self.functionFolder),
            platformOptions: options,
            input: .fileDescriptor(input, closeAfterSpawningProcess: true),
            output: .fileDescriptor(output, closeAfterSpawningProcess: true),
            error: .fileDescriptor(error, closeAfterSpawningProcess: true)
        ) { JobTrees.shared.begin(self.attempt, root: $0.processIdentifier.value) }
        return result.terminationStatus
    }

    private func variables() -> [Environment.Key: String?] {
        // What the worker may do is not what its jobs may.
        var variables: [Environment.Key: String?] = ["PLEXUS_TOKEN": nil]
        for (name, value) in self.environment.merging(
            [
                "PLEXUS_INPUT": self.folder + "/input.json", "PLEXUS_RESULT": self.folder + "/result.json",
                "TMPDIR": self.folder + "/tmp",
            ], uniquingKeysWith: { $1 })
        {
            if let key = Environment.Key(rawValue: name) { variables[key] = value }
        }
        return variables
    }

    /// In an interpreter that waits for such calls.
    private func call(_ process: WarmProcess) async throws -> TerminationStatus {
        JobTrees.shared.begin(self.attempt, root: process.pid, cookie: process.cookie)
        var named = JSON.Object()
        for (key, value) in self.variables() where value != nil {
            named[key.rawValue] = value.map(JSON.string)
        }
        ProcessTable.resetPeakMemory(of: process.pid)
        let answer = await process.call(
            self.attempt,
            [
                "input": .string(self.folder + "/input.json"), "stdout": .string(self.folder + "/stdout"),
                "stderr": .string(self.folder + "/stderr"), "variables": .object(named),
            ])
        guard let answer else { return try await process.status() }
        self.peak.note(ProcessTable.peakMemory(of: process.pid))
        // Helpers that the call left are gone after it, and the interpreter may miss them.
        if !answer.isAlone, await JobTrees.shared.endAllButRoot(self.attempt) > 0 { process.wearOut() }
        return .exited(CInt(answer.code))
    }

    /// Limits that the kernel holds at once, where looking each second would be late: on a file (in blocks of 512 bytes), on the
    /// data of a process (in KiB), no dumps of memory; and when memory is short the kernel ends a job, not the worker.
    private var prelude: String {
        let blocks = max(1, min(self.limits.disk, 1 << 50) / 512)
        let kibibytes = max(1, self.limits.memory / 1024)
        return "ulimit -c 0; ulimit -f \(blocks); ulimit -d \(kibibytes); "
            + "echo 1000 2>/dev/null >/proc/self/oom_score_adj; exec \"$@\""
    }

    private func create(_ name: String) throws -> FileDescriptor {
        try FileDescriptor.open(
            self.folder + "/" + name, .writeOnly, options: [.create, .truncate], permissions: .ownerReadWrite)
    }

    private var command: (program: String, arguments: [String]) {
        switch self.spec.runtime {
        case "python":
            let venv = self.functionFolder + "/.venv/bin/python3"
            let python = FileManager.default.fileExists(atPath: venv) ? venv : "python3"
            return (python, ["-c", PythonRunner.source, self.spec.entry])
        case "shell": return ("/bin/sh", [self.functionFolder + "/" + self.spec.entry])
        default: return (self.functionFolder + "/" + self.spec.entry, [])
        }
    }

    private func outcome(_ ending: Ending) -> ProcessOutcome {
        let name = self.spec.reference
        let failure = { (errorClass: String, message: String, exit: Int?) in
            ProcessOutcome.failure(errorClass: errorClass, message: message, exit: exit, log: self.log())
        }
        switch ending {
        case .timeout:
            return failure(
                "timeout", "\(name) ran longer than its timeout of \(self.timeoutSeconds) s and was killed",
                nil)
        case .exceeded(let errorClass, let message): return failure(errorClass, message, nil)
        case .status(.exited(0)): return self.result(name)
        case .status(.exited(let code)):
            let line = self.lastLine
            let isOutOfMemory = line.hasPrefix(": MemoryError")
            return failure(
                isOutOfMemory ? "memory" : "exit", "\(name) ended with exit code \(code)\(line)", Int(code))
        case .status(.signaled(let signal)) where signal == SIGXFSZ:
            return failure(
                "disk", "\(name) wrote a file of more than its limit of \(self.limits.disk) bytes", nil)
        case .status(.signaled(let signal)):
            return failure("signal", "\(name) was ended by signal \(signal)", nil)
        }
    }

    private func result(_ name: String) -> ProcessOutcome {
        let path = self.folder + (self.hasResult ? "/result.json" : "/stdout")
        let (size, read) = JobFolder.read(path, limit: Self.resultLimit)
        guard let bytes = read else {
            return .failure(
                errorClass: "output",
                message: "\(name) gave \(size) bytes; a result has at most \(Self.resultLimit)",
                exit: 0, log: self.log())
        }
        do {
            let json = try JSON.parse(utf8: bytes)
            guard json.object != nil else {
                return .failure(
                    errorClass: "output", message: "\(name) gave a JSON \(json.kind); a result is an object",
                    exit: 0,
                    log: self.log())
            }
            return .result(bytes, log: self.log())
        } catch {
            let start = String(decoding: bytes.prefix(80), as: UTF8.self)
            let shown = bytes.isEmpty ? "nothing" : "`\(start)`"
            return .failure(
                errorClass: "output",
                message: "\(name) gave no JSON result (\(error)); it starts with \(shown)", exit: 0,
                log: self.log())
        }
    }

    /// Whether it wrote a result; else what it printed is one.
    private var hasResult: Bool {
        self.warm?.hasResult ?? FileManager.default.fileExists(atPath: self.folder + "/result.json")
    }

    private var lastLine: String {
        let lines = self.tail("stderr").split(separator: "\n")
        return lines.last.map { ": \($0.prefix(300))" } ?? ""
    }

    /// The end of what was printed; standard output is left out when it is the result.
    private func log() -> String {
        let printed = self.tail("stdout")
        let isResult = !self.hasResult && (try? JSON.parse(printed)) != nil
        return String(((isResult ? "" : printed) + self.tail("stderr")).suffix(Self.logLimit))
    }

    private func tail(_ name: String) -> String {
        String(decoding: JobFolder.tail(self.folder + "/" + name, limit: Self.logLimit), as: UTF8.self)
    }
}

/// The most memory that a job was seen to take, in bytes; 0 when it was over before anybody looked.
final class PeakMemory: Sendable {
    private let most = Mutex(0)

    var bytes: Int { self.most.withLock { $0 } }

    func note(_ bytes: Int) { self.most.withLock { $0 = max($0, bytes) } }
}

/// The folder of a job. What may take long is done on threads that may block.
enum JobFolder {
    /// Removes all that is in a folder.
    static func clear(_ folder: String) async {
        guard let handle = opendir(folder) else { return }
        var names: [String] = []
        while let item = readdir(handle) {
            let name = withUnsafePointer(to: &item.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        closedir(handle)
        for name in names { await self.remove(folder + "/" + name) }
    }

    /// The size of a file, and what is in it; nil when that is more than the limit or cannot be read.
    static func read(_ path: String, limit: Int) -> (size: Int, bytes: [UInt8]?) {
        guard let file = try? FileDescriptor.open(path, .readOnly) else { return (0, nil) }
        defer { try? file.close() }
        let size = Int((try? file.seek(offset: 0, from: .end)) ?? 0)
        return (size, size <= limit ? Self.bytes(of: file, from: 0, count: size) : nil)
    }

    /// The end of a file; nothing when there is none.
    static func tail(_ path: String, limit: Int) -> [UInt8] {
        guard let file = try? FileDescriptor.open(path, .readOnly) else { return [] }
        defer { try? file.close() }
        let size = Int((try? file.seek(offset: 0, from: .end)) ?? 0)
        let count = min(size, limit)
        return Self.bytes(of: file, from: size - count, count: count) ?? []
    }

    private static func bytes(of file: FileDescriptor, from start: Int, count: Int) -> [UInt8]? {
        guard count > 0 else { return [] }
        return try? [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count {
                let rest = UnsafeMutableRawBufferPointer(
                    rebasing: UnsafeMutableRawBufferPointer(buffer)[filled...])
                let read = try file.read(fromAbsoluteOffset: Int64(start + filled), into: rest)
                if read == 0 { break }
                filled += read
            }
        }
    }

    /// Removes a folder with all that is in it, or a file.
    static func remove(_ path: String) async {
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async {
                try? FileManager.default.removeItem(atPath: path)
                continuation.resume()
            }
        }
    }

    /// The size of all files in a folder, holes aside, in bytes.
    static func bytes(of folder: String) async -> Int {
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async { continuation.resume(returning: Self.bytesNow(of: folder)) }
        }
    }

    private static func bytesNow(of folder: String) -> Int {
        var bytes = 0
        let paths = FileManager.default.enumerator(atPath: folder)
        while let path = paths?.nextObject() as? String {
            var status = stat()
            if lstat(folder + "/" + path, &status) == 0 { bytes += Int(status.st_blocks) * 512 }
        }
        return bytes
    }
}
