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

    @Option(help: "Where functions and running jobs lie.")
    var work = "plexus-work"

    func run() async throws {
        let slots = self.slots ?? ProcessInfo.processInfo.activeProcessorCount
        guard (1...10_000).contains(slots) else { throw CommandFailure.usage("--slots is from 1 to 10000") }
        let folder = URL(fileURLWithPath: self.work).path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let agent = WorkerAgent(
            server: try self.connection.connection(),
            settings: .init(slots: slots, labels: self.labels, folder: folder, software: plexusVersion),
            logger: Serve.logger("worker", level: "info"))
        let group = ServiceGroup(
            configuration: .init(
                services: [
                    .init(
                        service: AgentService(agent: agent),
                        successTerminationBehavior: .gracefullyShutdownGroup)
                ],
                gracefulShutdownSignals: [.sigterm, .sigint],
                logger: Serve.logger("lifecycle", level: "warning")))
        try await group.run()
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
