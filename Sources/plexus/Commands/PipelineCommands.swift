import ArgumentParser
import Foundation
import JSON
import Worker

/// `plexus pipeline`
struct PipelineCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pipeline", abstract: "Pipelines: DOT files whose nodes call functions.",
        subcommands: [Validate.self, Register.self, Run.self, List.self, Show.self])

    /// `plexus pipeline validate FILE`
    struct Validate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Check a file. Exit code 0 valid, 1 not.")
        @OptionGroup var connection: ConnectionOptions
        @Argument(help: "A DOT file.") var file: String

        func run() async throws {
            let answer = try await send(self.file, to: "/v1/pipelines/validate", self.connection.connection())
            guard answer["valid"] != true else { return print("\(self.file) is valid") }
            for problem in answer["problems"]?.array ?? [] {
                let place = problem["place"]?.string ?? ""
                print(
                    "\(self.file): " + (place.isEmpty ? "" : place + ": ")
                        + (problem["message"]?.string ?? ""))
            }
            throw ExitCode(1)
        }
    }

    /// `plexus pipeline register FILE...`
    struct Register: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Register versions of pipelines.")
        @OptionGroup var connection: ConnectionOptions
        @Argument(help: "DOT files.") var files: [String]

        func run() async throws {
            for file in self.files {
                let answer = try await send(file, to: "/v1/pipelines", self.connection.connection())
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
        @Flag(help: "Wait for its end and show its progress.") var wait = false

        func run() async throws {
            let server = try self.connection.connection()
            var name = self.pipeline
            if name.hasSuffix(".dot") || name.hasSuffix(".gv") {
                name = try await send(name, to: "/v1/pipelines", server)["id"]?.string ?? ""
            }
            var body: JSON.Object = ["parameters": .object(try self.given.object())]
            body["reference"] = self.reference.map(JSON.string)
            let run = try await server.call("POST", "/v1/pipelines/\(name)/runs", body: .object(body))
            let id = run["id"]?.string ?? ""
            Terminal.say("run \(id)")
            if self.wait { try await follow(id, server) }
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

private func send(_ file: String, to path: String, _ server: ServerConnection) async throws -> JSON {
    guard let data = FileManager.default.contents(atPath: file) else {
        throw CommandFailure.usage("\(file) cannot be read")
    }
    do {
        let answer = try await server.exchange("POST", path, body: [UInt8](data), type: "text/vnd.graphviz")
        return try JSON.parse(utf8: answer)
    } catch let error as ConnectionError {
        if case .refused(let status, _) = error, status == 400 {
            throw CommandFailure("\(file): \(error.description)", code: path.hasSuffix("validate") ? 1 : 2)
        }
        throw error
    }
}

/// Prints each change of a job's state until the run ends.
private func follow(_ run: String, _ server: ServerConnection) async throws {
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
