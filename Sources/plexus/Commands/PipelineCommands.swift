import ArgumentParser
import Foundation
import JSON
import Orchestration
import Worker

/// `plexus pipeline`
struct PipelineCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pipeline", abstract: "Pipelines: DOT files whose nodes call functions.",
        subcommands: [
            PipelineValidate.self, Register.self, Run.self, List.self, Show.self, Backfill.self,
            PipelineDiffCommand.self,
        ])

    /// `plexus pipeline register FILE...`
    struct Register: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Register versions of pipelines.")
        @OptionGroup var connection: ConnectionOptions
        @Argument(help: "DOT files.") var files: [String]
        @Option(help: "A file, JSON or YAML, that gives functions to the steps.") var mapping: String?

        func run() async throws {
            for file in self.files {
                let answer = try await send(
                    file, to: "/v1/pipelines", self.connection.connection(), mapping: self.mapping)
                let verb = answer["created"] == true ? "registered" : "is registered already:"
                print("\(verb) \(answer["id"]?.string ?? "") (\(answer["steps"]?.int ?? 0) steps)")
            }
        }
    }

    /// `plexus pipeline run NAME-OR-FILE`
    struct Run: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Start a run; a file is registered first.",
            discussion: "Exit code 1 when the run fails.")
        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var given: Parameters
        @Argument(help: "name, name@version or a DOT file") var pipeline: String
        @Option(help: "A customer's reference, to find the run by.") var reference: String?
        @Option(help: "A file, JSON or YAML, that gives functions to the steps.") var mapping: String?
        @Flag(help: "Wait for its end and show its progress.") var wait = false

        func run() async throws {
            let server = try self.connection.connection()
            var name = self.pipeline
            if PipelineFile.isFile(name) {
                let answer = try await send(name, to: "/v1/pipelines", server, mapping: self.mapping)
                name = answer["id"]?.string ?? ""
            }
            var body: JSON.Object = ["parameters": .object(try self.given.object())]
            body["reference"] = self.reference.map(JSON.string)
            let run = try await server.call("POST", "/v1/pipelines/\(name)/runs", body: .object(body))
            let id = run["id"]?.string ?? ""
            Terminal.say("run \(id)")
            if self.wait { try await follow(id, server) }
        }
    }

    /// `plexus pipeline backfill NAME`
    struct Backfill: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Start a run for each value of a range.",
            discussion: """
                --param k=1..5, --param day=2026-01-01..2026-01-31, --param k=a,b,c; several vary together, each with each.
                """)
        @OptionGroup var connection: ConnectionOptions
        @Argument(help: "name or name@version") var pipeline: String
        @Option(name: .customLong("param"), help: "A range: key=FROM..TO, key=a,b,c, or one value.")
        var ranges: [String] = []
        @Option(help: "A customer's reference, to find the runs by.") var reference: String?
        @Flag(help: "Wait for the end of all.") var wait = false

        func run() async throws {
            var ranges = JSON.Object()
            for text in self.ranges {
                guard let equals = text.firstIndex(of: "="), equals != text.startIndex else {
                    throw CommandFailure.usage("--param \(text): write key=FROM..TO or key=a,b,c")
                }
                let values = try BackfillRange.values(String(text[text.index(after: equals)...]))
                ranges[String(text[..<equals])] = .array(values)
            }
            let server = try self.connection.connection()
            let answer = try await server.call(
                "POST", "/v1/pipelines/\(self.pipeline)/backfill",
                body: ["ranges": .object(ranges), "reference": self.reference.map(JSON.string) ?? .null])
            let runs = (answer["runs"]?.array ?? []).compactMap(\.string)
            Terminal.say("backfill \(answer["id"]?.string ?? ""): \(runs.count) runs")
            for run in runs { Terminal.say("run \(run)") }
            guard self.wait else { return }
            var isFailed = false
            for run in runs {
                while true {
                    let state = try await server.call("GET", "/v1/runs/\(run)?wait=30s", timeoutSeconds: 90)[
                        "state"]
                    guard state != "running" else { continue }
                    print("run \(run) \(state?.string ?? "")")
                    isFailed = isFailed || state != "succeeded"
                    break
                }
            }
            if isFailed { throw ExitCode(1) }
        }
    }

    /// `plexus pipeline list`
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List all pipelines.")
        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let answer = try await self.connection.connection().call("GET", "/v1/pipelines")
            Terminal.printRecords(
                answer["pipelines"], ["name", "versions", "runs", "description"], as: self.output.format)
        }
    }

    /// `plexus pipeline show NAME`
    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Print a version's DOT file.")
        @OptionGroup var connection: ConnectionOptions
        @Argument(help: "name or name@version") var pipeline: String

        func run() async throws {
            let answer = try await self.connection.connection().call("GET", "/v1/pipelines/\(self.pipeline)")
            print(answer["dot"]?.string ?? "", terminator: "")
        }
    }
}

private func send(
    _ file: String, to path: String, _ server: ServerConnection, mapping: String? = nil
) async throws -> JSON {
    let body: JSON = [
        "dot": .string(try PipelineFile.text(file)),
        "mapping": try mapping.map { .string(try PipelineFile.text($0)) } ?? .null,
    ]
    do {
        return try await server.call("POST", path, body: body)
    } catch let error as ConnectionError {
        if case .refused(let status, _) = error, status == 400 {
            throw CommandFailure("\(file): \(error.description)", code: 2)
        }
        throw error
    }
}

/// Prints each change of a job's state until the run ends.
func follow(_ run: String, _ server: ServerConnection) async throws {
    var shown: [String: String] = [:]
    while true {
        let answer = try await server.call("GET", "/v1/runs/\(run)", timeoutSeconds: 90)
        for job in answer["jobs"]?.array ?? [] {
            guard let step = job["step"]?.string, let state = job["state"]?.string, shown[step] != state
            else { continue }
            shown[step] = state
            if state == "waiting" || state == "queued" { continue }
            let more = state == "failed" ? "  \(job["error"]?.string ?? "")" : ""
            Terminal.say(
                "  \(step.padding(toLength: max(16, step.count), withPad: " ", startingAt: 0))  \(state)\(more)"
            )
        }
        let state = answer["state"]?.string ?? ""
        guard state == "running" else {
            print("run \(run) \(state)")
            if state != "succeeded" { throw ExitCode(1) }
            return
        }
        try await Task.sleep(for: .milliseconds(100))
    }
}
