import ArgumentParser
import Foundation
import JSON
import Shell
import Worker

/// `plexus run`
struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Runs of pipelines.", subcommands: [List.self, Show.self, Cancel.self])

    /// `plexus run cancel ID`
    struct Cancel: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Cancel all of a run that has not ended.")
        @OptionGroup var connection: ConnectionOptions
        @Argument(help: "The run's id.") var id: String

        func run() async throws {
            _ = try await self.connection.connection().call("POST", "/v1/runs/\(self.id)/cancel")
            print("run \(self.id) is cancelled")
        }
    }

    /// `plexus run list`
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the newest runs.")
        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let answer = try await self.connection.connection().call("GET", "/v1/runs")
            Terminal.printRecords(
                answer["runs"], ["id", "pipeline", "version", "state", "reference", "created_at"],
                as: self.output.format)
        }
    }

    /// `plexus run show ID`
    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show a run and its jobs.")
        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var output: OutputOptions
        @Argument(help: "The run's id.") var id: String

        func run() async throws {
            let answer = try await self.connection.connection().call("GET", "/v1/runs/\(self.id)")
            guard self.output.format == .table else { return print(answer.prettyText) }
            print(
                "run \(self.id): \(answer["pipeline"]?.string ?? "") \(answer["version"]?.string ?? ""), \(answer["state"]?.string ?? "")"
            )
            Terminal.printRecords(
                answer["jobs"],
                ["step", "function", "state", "attempts", "machine", "result_bytes", "error"], as: .table)
        }
    }
}

/// `plexus machine`
struct MachineCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "machine", abstract: "Machines and their workers.", subcommands: [List.self])

    /// `plexus machine list`
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List all machines.")
        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let answer = try await self.connection.connection().call("GET", "/v1/machines")
            Terminal.printRecords(
                answer["machines"], ["id", "state", "cores", "load", "workers", "functions", "last_seen"],
                as: self.output.format)
        }
    }
}

extension Terminal {
    /// Prints chosen members of a list of objects.
    static func printRecords(_ list: JSON?, _ columns: [String], as format: RowFormat) {
        let rows = (list?.array ?? []).map { record in columns.map { record[$0] ?? .null } }
        self.printRows(columns, rows.map { $0.map { $0 == .null && format == .table ? "" : $0 } }, as: format)
    }
}
