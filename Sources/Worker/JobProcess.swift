internal import Foundation
internal import JSON
internal import Subprocess
internal import SystemPackage

/// How a job's process ended.
enum ProcessOutcome: Sendable {
    /// The bytes of its result, checked to be a JSON object.
    case result([UInt8], log: String)
    /// It failed: a class for machines, words for people.
    case failure(errorClass: String, message: String, exit: Int?, log: String)
}

/// Runs one job in a process of its own: own session, own folder, killed with all its children when its
/// time is over.
struct JobProcess: Sendable {
    /// How much of what it printed is kept, from the end.
    static let logLimit = 16_384
    /// The largest result.
    static let resultLimit = 1 << 30
    /// How long a process may take to end after SIGTERM, before SIGKILL.
    static let grace = Duration.seconds(2)

    let spec: FunctionSpec
    let folder: String
    let functionFolder: String
    let timeoutSeconds: Int
    let environment: [String: String]

    /// Runs to the end or the timeout. Input lies in `input.json` of the folder.
    func run() async -> ProcessOutcome {
        do {
            let status = try await self.runToEnd()
            return self.outcome(status)
        } catch is CancellationError {
            return .failure(
                errorClass: "cancelled", message: "\(self.spec.reference) was stopped", exit: nil,
                log: self.log())
        } catch {
            return .failure(
                errorClass: "start", message: "\(self.spec.reference) could not be started: \(error)",
                exit: nil,
                log: self.log())
        }
    }

    private func runToEnd() async throws -> TerminationStatus? {
        try await withThrowingTaskGroup(of: TerminationStatus?.self) { group in
            group.addTask { try await self.execute() }
            group.addTask {
                try await Task.sleep(for: .seconds(self.timeoutSeconds))
                return nil
            }
            let first = try await group.next() ?? nil
            // Cancelling the process's task starts its teardown; the group waits until it is gone.
            group.cancelAll()
            while let _ = try? await group.next() {}
            return first
        }
    }

    private func execute() async throws -> TerminationStatus {
        let input = try FileDescriptor.open(self.folder + "/input.json", .readOnly)
        let output = try self.create("stdout")
        let error = try self.create("stderr")
        var options = PlatformOptions()
        options.createSession = true
        options.teardownSequence = [
            .gracefulShutDown(toProcessGroup: true, allowedDurationToNextStep: Self.grace)
        ]
        let (program, arguments) = self.command
        var variables: [Environment.Key: String?] = [
            "PLEXUS_INPUT": self.folder + "/input.json", "PLEXUS_RESULT": self.folder + "/result.json",
        ]
        for (name, value) in self.environment {
            if let key = Environment.Key(rawValue: name) { variables[key] = value }
        }
        let result = try await Subprocess.run(
            .path(.init("/bin/sh")),
            // The limit on file sizes keeps a job that prints for ever from filling the disk.
            arguments: Arguments(["-c", "ulimit -f 2097152; exec \"$@\"", "job", program] + arguments),
            environment: .inherit.updating(variables), workingDirectory: .init(self.functionFolder),
            platformOptions: options,
            input: .fileDescriptor(input, closeAfterSpawningProcess: true),
            output: .fileDescriptor(output, closeAfterSpawningProcess: true),
            error: .fileDescriptor(error, closeAfterSpawningProcess: true))
        // What the function left running belongs to the job and ends with it.
        kill(-result.processIdentifier.value, SIGKILL)
        return result.terminationStatus
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

    private func outcome(_ status: TerminationStatus?) -> ProcessOutcome {
        let name = self.spec.reference
        guard let status else {
            return .failure(
                errorClass: "timeout",
                message: "\(name) ran longer than its timeout of \(self.timeoutSeconds) s and was killed",
                exit: nil, log: self.log())
        }
        guard status.isSuccess else {
            switch status {
            case .exited(let code):
                return .failure(
                    errorClass: "exit", message: "\(name) ended with exit code \(code)\(self.lastLine)",
                    exit: Int(code),
                    log: self.log())
            case .signaled(let signal):
                return .failure(
                    errorClass: "signal", message: "\(name) was ended by signal \(signal)", exit: nil,
                    log: self.log())
            }
        }
        return self.result(name)
    }

    private func result(_ name: String) -> ProcessOutcome {
        let written = self.folder + "/result.json"
        let path = FileManager.default.fileExists(atPath: written) ? written : self.folder + "/stdout"
        let size = (try? FileManager.default.attributesOfItem(atPath: path))?[.size] as? Int ?? 0
        guard size <= Self.resultLimit, let data = FileManager.default.contents(atPath: path) else {
            return .failure(
                errorClass: "output",
                message: "\(name) gave \(size) bytes; a result has at most \(Self.resultLimit)",
                exit: 0, log: self.log())
        }
        do {
            let bytes = [UInt8](data)
            let json = try JSON.parse(utf8: bytes)
            guard json.object != nil else {
                return .failure(
                    errorClass: "output", message: "\(name) gave a JSON \(json.kind); a result is an object",
                    exit: 0,
                    log: self.log())
            }
            return .result(bytes, log: self.log())
        } catch {
            let start = String(decoding: data.prefix(80), as: UTF8.self)
            let shown = data.isEmpty ? "nothing" : "`\(start)`"
            return .failure(
                errorClass: "output",
                message: "\(name) gave no JSON result (\(error)); it starts with \(shown)", exit: 0,
                log: self.log())
        }
    }

    private var lastLine: String {
        let lines = self.tail("stderr").split(separator: "\n")
        return lines.last.map { ": \($0.prefix(300))" } ?? ""
    }

    /// The end of what was printed; standard output is left out when it is the result.
    private func log() -> String {
        let printed = self.tail("stdout")
        let isResult =
            !FileManager.default.fileExists(atPath: self.folder + "/result.json")
            && (try? JSON.parse(printed)) != nil
        return String(((isResult ? "" : printed) + self.tail("stderr")).suffix(Self.logLimit))
    }

    private func tail(_ name: String) -> String {
        guard let handle = FileHandle(forReadingAtPath: self.folder + "/" + name) else { return "" }
        defer { try? handle.close() }
        let size = (try? handle.seekToEnd()) ?? 0
        try? handle.seek(toOffset: size > UInt64(Self.logLimit) ? size - UInt64(Self.logLimit) : 0)
        return String(decoding: (try? handle.readToEnd()) ?? Data(), as: UTF8.self)
    }
}
