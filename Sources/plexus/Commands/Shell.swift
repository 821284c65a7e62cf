import ArgumentParser
import Foundation
import GraphDatabase
import Shell

/// `plexus shell`
struct ShellCommandLine: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "shell",
        abstract: "Ask the graph in Cypher.",
        discussion: """
            At a terminal it edits lines, keeps a history (~/.plexus_history, or PLEXUS_HISTORY) and completes names with \
            Tab; `:help` lists its commands. From a pipe it runs statements, each ended by `;`, until one fails. With -c it \
            runs what is given.
            """
    )

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var given: Parameters

    @Option(help: "The graph's name.")
    var db = "plexus"

    @Option(name: .short, help: "The query to run.")
    var command: String?

    func run() async throws {
        let settings = GraphShell.Settings(
            graph: self.db, format: self.output.format, parameters: try self.given.object(),
            historyFile: Self.historyFile)
        do {
            let local: Void? = try await self.connection.withCatalog { catalog in
                try await self.run(GraphShell(FolderShell(catalog), settings))
            }
            if local != nil { return }
            try await self.run(GraphShell(ServerShell(try self.connection.connection()), settings))
        } catch let failed as FailedStatement {
            throw CommandFailure(failed.message, code: CommandFailure(failed.underlying)?.code ?? 2)
        } catch let error as ShellError {
            throw CommandFailure.usage(error.description)
        }
    }

    private func run(_ shell: sending GraphShell) async throws {
        if let command = self.command { try await shell.run(command) } else { try await shell.run() }
    }

    private static var historyFile: String? {
        let environment = ProcessInfo.processInfo.environment
        if let file = environment["PLEXUS_HISTORY"] { return file.isEmpty ? nil : file }
        return environment["HOME"].map { $0 + "/.plexus_history" }
    }
}
