import ArgumentParser
import Foundation
import HTTPAPI
import Logging
import ServiceLifecycle
import UnixSignals
import Worker

/// `plexus worker`
struct WorkerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "worker", abstract: "Run the agent of this machine: it fetches functions and runs jobs.")

    @OptionGroup var connection: ConnectionOptions

    @Option(help: "How many jobs at once; the number of cores when it is not said.")
    var slots: Int?

    @Option(
        name: .customLong("label"), help: "A label of the machine, as key=value; may be given several times.")
    var labels: [String] = []

    @Option(
        help: ArgumentHelp(
            "A function whose jobs it takes, by name or as name@version; may be given several times; all when it is not said.",
            valueName: "function"))
    var only: [String] = []

    @Option(help: "Where functions and running jobs lie.")
    var work = "plexus-work"

    @Option(
        help: ArgumentHelp(
            "A token of `plexus machine invite`: with it the machine comes in and gets a token of its own, which is kept in the work folder.",
            valueName: "token"))
    var join: String?

    @Option(
        help: ArgumentHelp(
            "Where to answer GET /metrics and /healthz, such as 127.0.0.1:9420; nowhere when it is not said.",
            valueName: "host:port"))
    var metrics: String?

    func run() async throws {
        let slots = self.slots ?? ProcessInfo.processInfo.activeProcessorCount
        guard (1...10_000).contains(slots) else { throw CommandFailure.usage("--slots is from 1 to 10000") }
        let folder = URL(fileURLWithPath: self.work).path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let agent = WorkerAgent(
            server: try await self.server(folder),
            settings: .init(
                slots: slots, labels: self.labels, only: self.only, folder: folder, software: plexusVersion),
            logger: Serve.logger("worker", level: "info"))
        var services = [
            ServiceGroupConfiguration.ServiceConfiguration(
                service: AgentService(agent: agent), successTerminationBehavior: .gracefullyShutdownGroup)
        ]
        if let metrics { services.append(.init(service: try WorkerMetrics.service(agent, at: metrics))) }
        let group = ServiceGroup(
            configuration: .init(
                services: services,
                gracefulShutdownSignals: [.sigterm, .sigint],
                logger: Serve.logger("lifecycle", level: "warning")))
        try await group.run()
    }
}

extension WorkerCommand {
    /// The server, with the token that is named, else the machine's own, else one that it gets now.
    private func server(_ folder: String) async throws -> ServerConnection {
        let server = try self.connection.connection()
        guard self.connection.token == nil, ProcessInfo.processInfo.environment["PLEXUS_TOKEN"] == nil else {
            guard self.join == nil else {
                throw CommandFailure.usage(
                    "--join gives the machine a token of its own: leave out --token and PLEXUS_TOKEN")
            }
            return server
        }
        let file = folder + "/token"
        // Whoever starts it with the same words again, as systemd does, has joined before.
        if let token = try? String(contentsOfFile: file, encoding: .utf8) {
            return ServerConnection(url: server.url, token: token)
        }
        guard let join else { return server }
        let token = try await WorkerAgent.join(ServerConnection(url: server.url, token: join))
        guard
            FileManager.default.createFile(
                atPath: file, contents: Data(token.utf8), attributes: [.posixPermissions: 0o600])
        else { throw CommandFailure.usage("cannot write \(file), where the machine's token is to be kept") }
        return ServerConnection(url: server.url, token: token)
    }
}

/// The agent as a part that starts and ends with the program.
private struct AgentService: Service {
    let agent: WorkerAgent

    func run() async throws {
        try await cancelWhenGracefulShutdown {
            do {
                try await self.agent.run()
            } catch is CancellationError {}
        }
    }
}
