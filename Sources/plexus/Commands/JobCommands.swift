import ArgumentParser
import Foundation
import JSON
import Shell
import Worker

/// `plexus job`
struct JobCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "job", abstract: "Jobs.",
        subcommands: [
            List.self, Show.self, Explain.self, Cancel.self, Enable.self, Disable.self, Priority.self,
            Retry.self,
        ])

    /// `plexus job list`
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List jobs, newest first.")
        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var output: OutputOptions
        @Option(
            help:
                "Only jobs in this state: waiting, queued, leased, running, succeeded, failed, skipped, cancelled."
        )
        var state: String?
        @Option(help: "Only jobs of this function: name or name@version.") var function: String?
        @Option(help: "Only jobs of this run.") var run: String?
        @Option(help: "How many at most.") var limit = 100

        func run() async throws {
            var items = [URLQueryItem(name: "limit", value: "\(self.limit)")]
            for (name, value) in [("state", self.state), ("function", self.function), ("run", self.run)] {
                if let value { items.append(URLQueryItem(name: name, value: value)) }
            }
            var components = URLComponents()
            components.queryItems = items
            let answer = try await self.connection.connection()
                .call("GET", "/v1/jobs?\(components.percentEncodedQuery ?? "")")
            Terminal.printRecords(
                answer["jobs"],
                ["id", "function", "state", "priority", "attempts", "step", "created_at", "error"],
                as: self.output.format)
        }
    }

    /// `plexus job show ID`
    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show a job, its attempts and what they printed.")
        @OptionGroup var connection: ConnectionOptions
        @Argument(help: "The job's id.") var id: String

        func run() async throws {
            print(try await self.connection.connection().call("GET", "/v1/jobs/\(self.id)").prettyText)
        }
    }

    /// `plexus job explain ID`
    struct Explain: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Say why a job is where it is, or what it waits for.",
            discussion: "Reasons come in the order in which one would mend them.")
        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var output: OutputOptions
        @Argument(help: "The job's id.") var id: String

        func run() async throws {
            let answer = try await self.connection.connection().call("GET", "/v1/jobs/\(self.id)/explain")
            guard self.output.format == .table else {
                return Terminal.printRecords(answer["reasons"], ["code", "message"], as: self.output.format)
            }
            print("job \(self.id) is \(answer["state"]?.string ?? "")")
            for reason in answer["reasons"]?.array ?? [] { print("  " + (reason["message"]?.string ?? "")) }
        }
    }

    /// `plexus job cancel ID`
    struct Cancel: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Cancel a job; a process that runs it is killed within seconds.")
        @OptionGroup var connection: ConnectionOptions
        @Argument(help: "The job's id.") var id: String

        func run() async throws {
            _ = try await self.connection.connection().call("POST", "/v1/jobs/\(self.id)/cancel")
            print("job \(self.id) is cancelled")
        }
    }

    /// `plexus job enable ID`
    struct Enable: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Let a job go that was disabled.")
        @OptionGroup var connection: ConnectionOptions
        @Argument(help: "The job's id.") var id: String

        func run() async throws {
            try await JobCommand.change(self.connection, self.id, ["is_enabled": true])
            print("job \(self.id) is enabled")
        }
    }

    /// `plexus job disable ID`
    struct Disable: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Keep a job that waits from being taken.")
        @OptionGroup var connection: ConnectionOptions
        @Argument(help: "The job's id.") var id: String

        func run() async throws {
            try await JobCommand.change(self.connection, self.id, ["is_enabled": false])
            print("job \(self.id) is disabled")
        }
    }

    /// `plexus job priority ID N`
    struct Priority: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Change a job's priority; higher goes first.")
        @OptionGroup var connection: ConnectionOptions
        @Argument(help: "The job's id.") var id: String
        @Argument(help: "The new priority.") var priority: Int

        func run() async throws {
            try await JobCommand.change(self.connection, self.id, ["priority": .int(self.priority)])
            print("job \(self.id) has priority \(self.priority)")
        }
    }

    /// `plexus job retry ID...`
    struct Retry: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Try jobs again that failed for good, with all their tries.",
            discussion: "Name jobs, or say --all, with --function and --error-class to choose among them.")
        @OptionGroup var connection: ConnectionOptions
        @Argument(help: "The jobs' ids.") var ids: [String] = []
        @Flag(help: "All single calls that failed.") var all = false
        @Option(help: "With --all: only jobs of this function, name or name@version.") var function: String?
        @Option(help: "With --all: only jobs that failed so, as timeout or exit.") var errorClass: String?

        func validate() throws {
            guard self.all != !self.ids.isEmpty else {
                throw ValidationError("name jobs, or say --all")
            }
        }

        func run() async throws {
            let server = try self.connection.connection()
            for id in self.ids {
                _ = try await server.call("POST", "/v1/jobs/\(id)/retry")
                print("job \(id) is queued again")
            }
            guard self.all else { return }
            let answer = try await server.call(
                "POST", "/v1/jobs:retry",
                body: [
                    "function": self.function.map(JSON.string) ?? .null,
                    "error_class": self.errorClass.map(JSON.string) ?? .null,
                ])
            for id in answer["jobs"]?.array?.compactMap(\.string) ?? [] { print("job \(id) is queued again") }
        }
    }

    private static func change(_ connection: ConnectionOptions, _ id: String, _ body: JSON) async throws {
        _ = try await connection.connection().call("PATCH", "/v1/jobs/\(id)", body: body)
    }
}
