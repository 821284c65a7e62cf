import ArgumentParser
import Foundation
import JSON
import Shell
import Worker

/// `plexus function`
struct FunctionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "function", abstract: "The registry of functions.",
        subcommands: [Register.self, List.self, Show.self, Stats.self, Enable.self, Disable.self])

    /// `plexus function register FILE...`
    struct Register: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Register versions of functions from JSON files.")
        @OptionGroup var connection: ConnectionOptions
        @Argument(help: "Files with a definition each.") var files: [String]

        func run() async throws {
            let server = try self.connection.connection()
            for file in self.files {
                let definition: JSON
                do {
                    definition = try JSON.parse(try String(contentsOfFile: file, encoding: .utf8))
                } catch let error as JSONError {
                    throw CommandFailure.usage("\(file), \(error)")
                }
                let answer = try await server.call("POST", "/v1/functions", body: definition)
                let verb = answer["created"] == true ? "registered" : "is registered already:"
                print("\(verb) \(answer["id"]?.string ?? "")")
            }
        }
    }

    /// `plexus function list`
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List all functions.")
        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let answer = try await self.connection.connection().call("GET", "/v1/functions")
            Terminal.printRecords(
                answer["functions"], ["name", "versions", "description", "developer"], as: self.output.format)
        }
    }

    /// `plexus function show NAME[@VERSION]`
    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show a version, the newest when none is said.")
        @OptionGroup var connection: ConnectionOptions
        @Argument(help: "name or name@version") var function: String

        func run() async throws {
            print(
                try await self.connection.connection().call(
                    "GET", "/v1/functions/" + versionPath(self.function)
                ).prettyText)
        }
    }

    /// `plexus function stats NAME`
    struct Stats: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Say what calls took, cost and came to, by version or machine.",
            discussion:
                "A version that is slower, larger or fails more often than the one before is named below the table."
        )
        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var output: OutputOptions
        @Argument(help: "The function's name.") var function: String
        @Option(help: "Only what ended since: a time, or how long ago, as 7d.") var since: String?
        @Flag(help: "A row for each version and machine.") var machines = false

        func run() async throws {
            let since = self.since.map { "?since=" + pathPart($0) } ?? ""
            let answer = try await self.connection.connection()
                .call("GET", "/v1/functions/\(pathPart(self.function))/statistics\(since)")
            let columns =
                (self.machines ? ["version", "machine"] : ["version"]) + [
                    "tries", "succeeded", "failed", "lost", "run_median_millis", "run_p95_millis",
                    "queued_median_millis", "queued_p95_millis", "memory_max_bytes", "cost_millis",
                ]
            Terminal.printRecords(
                answer[self.machines ? "machines" : "versions"], columns, as: self.output.format)
            guard self.output.format == .table else { return }
            for regression in answer["regressions"]?.array ?? [] {
                print("worse: " + (regression["message"]?.string ?? ""))
            }
        }
    }

    /// `plexus function enable NAME@VERSION`
    struct Enable: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Allow calls of a version again.")
        @OptionGroup var connection: ConnectionOptions
        @Argument(help: "name@version") var function: String

        func run() async throws { try await change(self.function, "enable", self.connection) }
    }

    /// `plexus function disable NAME@VERSION`
    struct Disable: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Forbid calls of a version, everywhere at once.")
        @OptionGroup var connection: ConnectionOptions
        @Argument(help: "name@version") var function: String

        func run() async throws { try await change(self.function, "disable", self.connection) }
    }
}

private func versionPath(_ function: String) -> String {
    let parts = function.split(separator: "@", maxSplits: 1).map(String.init)
    return parts.count == 2 ? "\(parts[0])/versions/\(parts[1])" : function
}

private func change(_ function: String, _ verb: String, _ connection: ConnectionOptions) async throws {
    guard function.contains("@") else { throw CommandFailure.usage("name a version: \(function)@VERSION") }
    _ = try await connection.connection().call("POST", "/v1/functions/\(versionPath(function))/\(verb)")
    print("\(verb)d \(function)")
}

/// `plexus call`
struct Call: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Call one function.")

    @OptionGroup var connection: ConnectionOptions

    @Argument(help: "name or name@version")
    var function: String

    @Option(help: "The input: a JSON object, or @FILE.")
    var input = "{}"

    @Option(help: "Greater goes first.")
    var priority = 0

    @Option(help: "Not before this time from now, as 30s or 2h.")
    var delay: String?

    @Option(help: "Of no use after this time from now, as 10m: it fails then, or is killed.")
    var deadline: String?

    @Option(help: "Not again while a call with this key is not done; see --unique-for.")
    var unique: String?

    @Option(help: "With --unique: not again for this time, as 10m, or while it is `queued` or `running`.")
    var uniqueFor = "running"

    @Option(help: "Run it on so many machines.")
    var replicas: Int?

    @Option(help: "With --replicas: how many must find the same; without it more than half.")
    var quorum: Int?

    @Option(
        help: "With --replicas: digest, tolerance=1e-6, or function=NAME of left and right that gives equal.")
    var compare: String?

    @Flag(help: "With --replicas: mostly believe a machine of good reputation alone.")
    var adaptive = false

    @Flag(help: "Wait for the result and print it.")
    var wait = false

    private var uniqueness: JSON {
        guard let key = self.unique else { return .null }
        let isState = self.uniqueFor == "queued" || self.uniqueFor == "running"
        return ["key": .string(key), isState ? "while" : "for": .string(self.uniqueFor)]
    }

    func run() async throws {
        let text =
            self.input.hasPrefix("@")
            ? try String(contentsOfFile: String(self.input.dropFirst()), encoding: .utf8) : self.input
        let input: JSON
        do {
            input = try JSON.parse(text)
        } catch {
            throw CommandFailure.usage("--input: \(error)")
        }
        let server = try self.connection.connection()
        let job = try await server.call(
            "POST", "/v1/jobs",
            body: [
                "function": .string(self.function), "input": input, "priority": .int(self.priority),
                "delay": self.delay.map(JSON.string) ?? .null,
                "timeout_after": self.deadline.map(JSON.string) ?? .null, "unique": self.uniqueness,
                "replicas": self.replicas.map(JSON.int) ?? .null,
                "quorum": self.quorum.map(JSON.int) ?? .null,
                "compare": self.compare.map(JSON.string) ?? .null, "adaptive": .bool(self.adaptive),
            ])
        let id = job["id"]?.string ?? ""
        guard self.wait else { return print(id) }
        while true {
            let answer = try await server.call("GET", "/v1/jobs/\(id)/result?wait=30s", timeoutSeconds: 90)
            // While it is not done, the answer tells id and state; a result never has just these.
            if answer["id"]?.string == id, answer["state"] != nil { continue }
            return print(answer.prettyText)
        }
    }
}
