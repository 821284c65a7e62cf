internal import Dispatch
internal import Foundation
internal import Glibc
internal import JSON
internal import Subprocess
internal import Synchronization
internal import SystemPackage

/// A Python interpreter that has a function ready and calls it one time after another: the second call needs no start.
///
/// Requests go in as lines of JSON and answers come out as such, over pipes that the function does not see: while it is
/// called its standard streams are the job's files.
final class WarmProcess: Sendable {
    /// What a process is good for: the same function, files and limits.
    struct Kind: Hashable, Sendable {
        let function: String
        let entry: String
        let folder: String
        /// As the definition has them.
        let limits: String
    }

    /// How a call ended.
    struct Answer: Sendable {
        /// What the process would have ended with, had it been one of its own.
        let code: Int
        /// Whether the call left nothing behind that runs.
        let isAlone: Bool
    }

    private struct State {
        var calls = 0
        /// Memory after the first call, in bytes.
        var memory = 0
        var idleSince = ContinuousClock.now
        var isClosed = false
        /// Whether another call may follow the last.
        var mayGoOn = false
        /// Whether the last call wrote a result.
        var hasResult = false
    }

    let kind: Kind
    /// Where the files of the jobs lie that it runs, one after another.
    let jobFolder: String
    /// Its cookie, for what it forks without starting a program.
    let cookie: String
    let pid: pid_t
    private let requests: Int32
    private let answers: Int32
    private let process: Task<TerminationStatus, any Error>
    private let state = Mutex(State())

    private init(
        _ kind: Kind, jobFolder: String, cookie: String, pid: pid_t, requests: Int32, answers: Int32,
        process: Task<TerminationStatus, any Error>
    ) {
        self.kind = kind
        self.jobFolder = jobFolder
        self.cookie = cookie
        self.pid = pid
        self.requests = requests
        self.answers = answers
        self.process = process
    }

    deinit {
        close(self.requests)
        close(self.answers)
    }

    /// Starts an interpreter.
    /// - Throws: the system's error.
    static func start(
        _ kind: Kind, jobFolder: String, program: String, prelude: String,
        environment: [Environment.Key: String?]
    ) async throws -> WarmProcess {
        let (input, requests) = try FileDescriptor.pipe()
        let (answers, output) = try FileDescriptor.pipe()
        // Others that are started meanwhile must not hold these ends open.
        for end in [requests, answers] { _ = fcntl(end.rawValue, F_SETFD, FD_CLOEXEC) }
        let cookie = "warm-\(UUID().uuidString)"
        var variables = environment
        if let key = Environment.Key(rawValue: JobTrees.cookie) { variables[key] = cookie }
        var options = PlatformOptions()
        options.createSession = true
        let (started, begin) = AsyncThrowingStream<pid_t, any Error>.makeStream()
        let process = Task { [options, variables] in
            do {
                let result = try await Subprocess.run(
                    .path(.init("/bin/sh")),
                    arguments: Arguments([
                        "-c", prelude, "job", program, "-c", PythonRunner.warmSource, kind.entry,
                    ]),
                    environment: .inherit.updating(variables), workingDirectory: .init(kind.folder),
                    platformOptions: options,
                    input: .fileDescriptor(input, closeAfterSpawningProcess: true),
                    output: .fileDescriptor(output, closeAfterSpawningProcess: true),
                    error: .discarded
                ) { execution in
                    JobTrees.shared.started(execution.processIdentifier.value)
                    begin.yield(execution.processIdentifier.value)
                    begin.finish()
                }
                JobTrees.shared.started(result.processIdentifier.value, hasEnded: true)
                return result.terminationStatus
            } catch {
                begin.finish(throwing: error)
                throw error
            }
        }
        for try await pid in started {
            return WarmProcess(
                kind, jobFolder: jobFolder, cookie: cookie, pid: pid, requests: requests.rawValue,
                answers: answers.rawValue,
                process: process)
        }
        throw CancellationError()
    }

    /// Calls the function; nil when the process ended instead. Cancelled, the process is told to end, and then made to.
    func call(_ attempt: String, _ request: JSON) async -> Answer? {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                DispatchQueue.global().async {
                    continuation.resume(returning: self.exchange(attempt, request))
                }
            }
        } onCancel: {
            kill(-self.pid, SIGTERM)
            DispatchQueue.global().asyncAfter(deadline: .now() + .seconds(1)) { [weak self] in
                if let self, !self.isOver { kill(-self.pid, SIGKILL) }
            }
        }
    }

    private var isOver: Bool { self.state.withLock { $0.isClosed } }

    /// How the process ended; waits for that.
    func status() async throws -> TerminationStatus {
        defer { self.state.withLock { $0.isClosed = true } }
        return try await self.process.value
    }

    private func exchange(_ attempt: String, _ request: JSON) -> Answer? {
        self.state.withLock { ($0.mayGoOn, $0.hasResult) = (false, false) }
        guard Self.write(Array((request.text + "\n").utf8), to: self.requests) else { return nil }
        var line: [UInt8] = []
        var bytes = [UInt8](repeating: 0, count: 256)
        // One line answers one request: nothing follows it.
        while line.count < 1000, line.last != UInt8(ascii: "\n") {
            let count = Glibc.read(self.answers, &bytes, bytes.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return nil }
            line += bytes[..<count]
        }
        guard let json = try? JSON.parse(utf8: line), let code = json["code"]?.int else { return nil }
        let memory = ProcessTable.memory(of: self.pid)
        self.state.withLock { state in
            state.calls += 1
            if state.calls == 1 { state.memory = memory }
            state.idleSince = .now
            state.hasResult = json["result"]?.bool ?? false
            // One that was called often, or has grown too much, makes place for a new one.
            let isWornOut = state.calls >= 1000 || memory > state.memory * 2 + (256 << 20)
            state.mayGoOn = json["again"]?.bool ?? false && !isWornOut
        }
        return Answer(code: code, isAlone: JobTrees.shared.endAlone(attempt))
    }

    private static func write(_ bytes: [UInt8], to file: Int32) -> Bool {
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                Glibc.write(file, buffer.baseAddress.map { $0 + written }, buffer.count - written)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            written += count
        }
        return true
    }

    /// Whether another call may follow the last.
    var mayGoOn: Bool { self.state.withLock { $0.mayGoOn } }

    /// Whether the last call wrote a result.
    var hasResult: Bool { self.state.withLock { $0.hasResult } }

    /// No other call may follow.
    func wearOut() { self.state.withLock { $0.mayGoOn = false } }

    func isIdle(since moment: ContinuousClock.Instant) -> Bool {
        self.state.withLock { $0.idleSince < moment }
    }

    /// Ends the process at once.
    func end() async {
        kill(-self.pid, SIGKILL)
        _ = try? await self.status()
    }
}

extension WarmProcess {
    /// Ends the process, and removes the folder of its jobs.
    fileprivate func endAndClear() async {
        await self.end()
        await JobFolder.remove(self.jobFolder)
    }
}

/// Interpreters that wait for their next call.
actor WarmPool {
    /// Those of this program, which is one worker.
    static let shared = WarmPool()
    /// How long one waits for the next call.
    private static let idleTime = Duration.seconds(60)
    /// How many wait at most, of all functions together.
    private static let limit = 64

    private var idle: [WarmProcess] = []

    /// The process of a kind that was used last; nil when none waits.
    func take(_ kind: WarmProcess.Kind) -> WarmProcess? {
        guard let index = self.idle.lastIndex(where: { $0.kind == kind }) else { return nil }
        return self.idle.remove(at: index)
    }

    /// A call ended well and the process waits for the next.
    func giveBack(_ process: WarmProcess) async {
        self.idle.append(process)
        if self.idle.count > Self.limit { await self.idle.removeFirst().endAndClear() }
    }

    /// Ends those that waited too long.
    func sweep() async {
        let end = ContinuousClock.now - Self.idleTime
        let old = self.idle.filter { $0.isIdle(since: end) }
        self.idle.removeAll { process in old.contains { $0 === process } }
        for process in old { await process.endAndClear() }
    }

    /// Ends all.
    func close() async {
        let all = self.idle
        self.idle = []
        for process in all { await process.endAndClear() }
    }
}
