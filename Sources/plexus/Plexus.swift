import ArgumentParser
import Foundation
import Graphviz
import HTTPAPI

/// The command line: one program is the whole product.
@main
struct Plexus: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plexus",
        abstract: "A private compute network as one property graph.",
        discussion: """
            Start a server with `plexus serve --data DIR`, then ask it with `plexus shell`.
            Exit codes: 0 done, 1 the answer is no, 2 wrong usage, 3 no server, 4 not permitted, 70 our defect.
            """,
        version: plexusVersion,
        subcommands: [
            Serve.self, WorkerCommand.self, ShellCommandLine.self, Check.self, ModelCommand.self,
            AccessCommand.self, UserCommand.self, GroupCommand.self, ZoneCommand.self, TokenCommand.self,
            Import.self, Export.self, Render.self,
            FunctionCommand.self,
            Call.self, PipelineCommand.self, RunCommand.self, LineageCommand.self, JobCommand.self,
            BlobCommand.self, CredentialCommand.self,
            LimitCommand.self,
            MachineCommand.self,
            Verify.self, Backup.self, Restore.self,
        ])

    static func main() async {
        let arguments = Array(CommandLine.arguments.dropFirst())
        if arguments.first == "graphviz-helper" {
            Foundation.exit(GraphvizHelper.run(arguments: Array(arguments.dropFirst())))
        }
        do {
            var command = try self.parseAsRoot(arguments)
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch {
            Foundation.exit(self.code(of: error))
        }
    }

    /// Says what went wrong and gives the exit code of INTERFACE.md.
    private static func code(of error: any Error) -> Int32 {
        if let code = error as? ExitCode { return code.rawValue }
        if let failure = CommandFailure(error) {
            Terminal.complain(failure.message)
            return failure.code
        }
        let text = self.fullMessage(for: error)
        guard self.exitCode(for: error) != .success else {
            if !text.isEmpty { print(text) }
            return 0
        }
        Terminal.complain(text)
        return 2
    }
}
