internal import Foundation
internal import JSON
internal import Logging
internal import Subprocess
internal import SystemPackage

/// A function version as the server describes it.
struct FunctionSpec: Hashable, Sendable {
    let reference: String
    let repository: String
    let commit: String
    let runtime: String
    let entry: String
    let requirements: String?
    /// What a call may take at most, as the definition says it.
    let limits: JSON
    /// Whether a process answers one call after another.
    let isWarm: Bool

    init?(json: JSON) {
        guard let name = json["name"]?.string, let version = json["version"]?.string,
            let repository = json["repository"]?.string, let commit = json["commit"]?.string,
            let runtime = json["runtime"]?.string, let entry = json["entry"]?.string
        else { return nil }
        self.reference = "\(name)@\(version)"
        self.repository = repository
        self.commit = commit
        self.runtime = runtime
        self.entry = entry
        self.requirements = json["requirements"]?.string
        self.limits = json["limits"] ?? .null
        self.isWarm = runtime == "python" && json["warm"]?.bool != false
    }
}

/// A function version could not be made ready.
struct PreparationError: Error, CustomStringConvertible {
    let description: String
    let log: String
}

/// Function versions on this machine: each is fetched once, exactly at its commit, and kept.
actor FunctionCache {
    private let folder: String
    private let workFolder: String
    private let logger: Logger
    private var preparing: [String: Task<String, any Error>] = [:]

    /// The functions of a worker with a work folder.
    init(workFolder: String, logger: Logger) {
        self.workFolder = workFolder
        self.folder = workFolder + "/functions"
        self.logger = logger
    }

    /// The folder with the function's files; fetches them when they are not there.
    func prepare(_ spec: FunctionSpec) async throws -> String {
        if let running = self.preparing[spec.reference] { return try await running.value }
        let task = Task { try await self.fetch(spec) }
        self.preparing[spec.reference] = task
        do {
            return try await task.value
        } catch {
            // The next job that asks tries again: the repository may be back by then.
            self.preparing[spec.reference] = nil
            throw error
        }
    }

    private func fetch(_ spec: FunctionSpec) async throws -> String {
        let target = "\(self.folder)/\(spec.reference)"
        let marker = target + "/.plexus-ready"
        if FileManager.default.fileExists(atPath: marker) { return target }
        self.logger.info(
            "fetching function",
            metadata: [
                "function": "\(spec.reference)", "repository": "\(spec.repository)",
                "commit": "\(spec.commit)",
            ])
        try? FileManager.default.removeItem(atPath: target)
        try FileManager.default.createDirectory(atPath: target, withIntermediateDirectories: true)
        try await self.git(["init", "--quiet", target], spec)
        do {
            try await self.git(
                ["-C", target, "fetch", "--quiet", "--depth", "1", spec.repository, spec.commit], spec)
            try await self.git(["-C", target, "checkout", "--quiet", "FETCH_HEAD"], spec)
        } catch {
            // Many servers do not give out a single commit: take everything and look for it there.
            try await self.git(
                [
                    "-C", target, "fetch", "--quiet", "--tags", spec.repository,
                    "+refs/heads/*:refs/remotes/origin/*",
                ], spec)
            try await self.git(["-C", target, "checkout", "--quiet", "\(spec.commit)^{commit}"], spec)
        }
        if let requirements = spec.requirements {
            try await self.run("python3", ["-m", "venv", target + "/.venv"], spec)
            try await self.run(
                target + "/.venv/bin/pip", ["install", "--quiet", "-r", target + "/" + requirements], spec)
        }
        _ = FileManager.default.createFile(atPath: marker, contents: Data(spec.commit.utf8))
        return target
    }

    private func git(_ arguments: [String], _ spec: FunctionSpec) async throws {
        try await self.run("git", arguments, spec)
    }

    private func run(_ program: String, _ arguments: [String], _ spec: FunctionSpec) async throws {
        var options = PlatformOptions()
        options.createSession = true
        options.teardownSequence = [
            .gracefulShutDown(toProcessGroup: true, allowedDurationToNextStep: .seconds(2))
        ]
        let environment = Environment.inherit.updating([
            "GIT_TERMINAL_PROMPT": "0", "PLEXUS_WORK": self.workFolder,
        ])
        let executable: Executable = program.contains("/") ? .path(.init(program)) : .name(program)
        let result = try await Subprocess.run(
            executable, arguments: Arguments(arguments), environment: environment, platformOptions: options,
            output: .string(limit: 1 << 20), error: .string(limit: 1 << 20))
        guard result.terminationStatus.isSuccess else {
            let said = (result.standardError + result.standardOutput)
                .split(separator: "\n").suffix(5).joined(separator: "\n")
            throw PreparationError(
                description: "\(spec.reference) cannot be fetched: `\(program) \(arguments.first ?? "")` of "
                    + "\(spec.repository) at \(spec.commit) failed: \(said)",
                log: said)
        }
    }
}
