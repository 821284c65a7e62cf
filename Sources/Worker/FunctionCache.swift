internal import Foundation
internal import Glibc
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

/// What opens a private repository, as the server gives it. Git gets it in variables, as anybody may read the words of a command
/// line, and uses a token only for addresses that begin as it says.
struct RepositorySecret: Sendable {
    let prefix: String
    let user: String
    let token: String?
    let key: String?

    /// Nil for null: the repository needs none, as far as is known.
    init?(json: JSON?) {
        guard let json, let prefix = json["prefix"]?.string else { return nil }
        self.prefix = prefix
        self.user = json["user"]?.string ?? ""
        self.token = json["token"]?.string
        self.key = json["key"]?.string
    }

    /// `keyFile`: where to put a key meanwhile. `knownHosts`: where SSH notes hosts.
    /// - Throws: ``PreparationError`` when it cannot be written.
    func variables(keyFile: String, knownHosts: String) throws(PreparationError) -> [Environment.Key: String?]
    {
        if let token {
            let pair = Data("\(self.user):\(token)".utf8).base64EncodedString()
            return [
                "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "http.\(self.prefix).extraHeader",
                "GIT_CONFIG_VALUE_0": "Authorization: Basic \(pair)",
            ]
        }
        guard let key else { return [:] }
        guard
            FileManager.default.createFile(
                atPath: keyFile, contents: Data((key.hasSuffix("\n") ? key : key + "\n").utf8),
                attributes: [.posixPermissions: 0o600])
        else {
            throw PreparationError(
                description: "the key of \(self.prefix) cannot be written to \(keyFile)", log: "")
        }
        func quoted(_ path: String) -> String { "'" + path.replacing("'", with: "'\\''") + "'" }
        // Hosts that were met are noted in the worker's own file; those that its user knows count too.
        return [
            "GIT_SSH_COMMAND":
                "ssh -i \(quoted(keyFile)) -o IdentitiesOnly=yes -o BatchMode=yes -o StrictHostKeyChecking=accept-new "
                + "-o UserKnownHostsFile=\(quoted("\"\(knownHosts)\" ~/.ssh/known_hosts"))"
        ]
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
    /// What opens a repository; nil for one that is open.
    private let credential: @Sendable (_ repository: String) async throws -> RepositorySecret?
    private var preparing: [String: Task<String, any Error>] = [:]
    /// How far those are that are being prepared, and who is told.
    private var stages: [String: String] = [:]
    private var listeners: [String: [@Sendable (String) -> Void]] = [:]

    /// The functions of a worker with a work folder.
    init(
        workFolder: String, logger: Logger,
        credential: @escaping @Sendable (_ repository: String) async throws -> RepositorySecret?
    ) {
        self.credential = credential
        self.workFolder = workFolder
        self.folder = workFolder + "/functions"
        self.logger = logger
    }

    /// The folder with the function's files; fetches them when they are not there. `tell` hears of each stage of that.
    func prepare(_ spec: FunctionSpec, tell: @escaping @Sendable (String) -> Void) async throws -> String {
        if let running = self.preparing[spec.reference] {
            if let stage = self.stages[spec.reference] {
                tell(stage)
                self.listeners[spec.reference, default: []].append(tell)
            }
            return try await running.value
        }
        self.listeners[spec.reference] = [tell]
        let task = Task { try await self.fetch(spec) }
        self.preparing[spec.reference] = task
        defer {
            self.stages[spec.reference] = nil
            self.listeners[spec.reference] = nil
        }
        do {
            return try await task.value
        } catch {
            // The next job that asks tries again: the repository may be back by then.
            self.preparing[spec.reference] = nil
            throw error
        }
    }

    private func enter(_ stage: String, _ spec: FunctionSpec) {
        self.logger.info(
            "preparing function", metadata: ["function": "\(spec.reference)", "stage": "\(stage)"])
        self.stages[spec.reference] = stage
        for tell in self.listeners[spec.reference] ?? [] { tell(stage) }
    }

    private func fetch(_ spec: FunctionSpec) async throws -> String {
        let target = "\(self.folder)/\(spec.reference)"
        let marker = target + "/.plexus-ready"
        if FileManager.default.fileExists(atPath: marker) { return target }
        self.enter("fetching \(spec.commit) of \(spec.repository)", spec)
        try? FileManager.default.removeItem(atPath: target)
        try FileManager.default.createDirectory(atPath: target, withIntermediateDirectories: true)
        try await self.git(["init", "--quiet", target], spec)
        let secret: RepositorySecret?
        do {
            secret = try await self.credential(spec.repository)
        } catch {
            throw PreparationError(
                description:
                    "\(spec.reference) cannot be fetched: what opens \(spec.repository) is not known: \(error)",
                log: "")
        }
        let key = "\(self.folder)/.key-\(UUID().uuidString)"
        defer { unlink(key) }
        let variables =
            try secret?.variables(keyFile: key, knownHosts: self.workFolder + "/known_hosts") ?? [:]
        do {
            try await self.git(
                ["-C", target, "fetch", "--quiet", "--depth", "1", spec.repository, spec.commit], spec,
                variables)
            try await self.git(["-C", target, "checkout", "--quiet", "FETCH_HEAD"], spec)
        } catch {
            // Many servers do not give out a single commit: take everything and look for it there.
            try await self.git(
                [
                    "-C", target, "fetch", "--quiet", "--tags", spec.repository,
                    "+refs/heads/*:refs/remotes/origin/*",
                ], spec, variables)
            try await self.git(["-C", target, "checkout", "--quiet", "\(spec.commit)^{commit}"], spec)
        }
        if let requirements = spec.requirements {
            self.enter("installing \(requirements)", spec)
            try await self.run("python3", ["-m", "venv", target + "/.venv"], spec)
            try await self.run(
                target + "/.venv/bin/pip", ["install", "--quiet", "-r", target + "/" + requirements], spec)
        }
        _ = FileManager.default.createFile(atPath: marker, contents: Data(spec.commit.utf8))
        return target
    }

    private func git(
        _ arguments: [String], _ spec: FunctionSpec, _ variables: [Environment.Key: String?] = [:]
    ) async throws {
        try await self.run("git", arguments, spec, variables)
    }

    private func run(
        _ program: String, _ arguments: [String], _ spec: FunctionSpec,
        _ variables: [Environment.Key: String?] = [:]
    ) async throws {
        var options = PlatformOptions()
        options.createSession = true
        options.teardownSequence = [
            .gracefulShutDown(toProcessGroup: true, allowedDurationToNextStep: .seconds(2))
        ]
        let environment = Environment.inherit.updating([
            "GIT_TERMINAL_PROMPT": "0", "PLEXUS_WORK": self.workFolder, "PLEXUS_TOKEN": nil,
        ]).updating(variables)
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
