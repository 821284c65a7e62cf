import ArgumentParser
import Foundation
import JSON
import Shell
import Worker

/// `plexus run`
struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Runs of pipelines.",
        subcommands: [
            List.self, Show.self, Cancel.self, Retry.self, Approve.self, Reject.self, RunTrace.self,
            RunDiffCommand.self,
        ])

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

    /// `plexus run retry ID`
    struct Retry: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Run again what did not succeed, or all from a step on.",
            discussion:
                "A new run takes over the results that are still valid. Exit code 1 when it fails (--wait).")
        @OptionGroup var connection: ConnectionOptions
        @Argument(help: "The run's id, or a reference: then the newest run of that.") var id: String
        @Option(help: "The step to begin again at, with all after it.") var from: String?
        @Option(help: "Use this version of a function instead: name@version; may be given several times.")
        var function: [String] = []
        @Option(help: "A function definition to register and use.") var register: [String] = []
        @Flag(help: "Wait for its end and show its progress.") var wait = false

        func run() async throws {
            let name = self.id.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? self.id
            let server = try self.connection.connection()
            var functions = self.function
            for file in self.register {
                let definition = try JSON.parse(try PipelineFile.text(file))
                let answer = try await server.call("POST", "/v1/functions", body: definition)
                functions.append(answer["id"]?.string ?? "")
            }
            let answer = try await server.call(
                "POST", "/v1/runs/\(name)/retry",
                body: [
                    "from": self.from.map(JSON.string) ?? .null,
                    "functions": .array(functions.map(JSON.string)),
                ])
            let run = answer["id"]?.string ?? ""
            Terminal.say("run \(run)")
            if self.wait { try await follow(run, server) }
        }
    }

    /// `plexus run approve ID STEP`
    struct Approve: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Let a step go that waits for an approval.")
        @OptionGroup var decision: DecisionOptions

        func run() async throws { try await self.decision.send("approve") }
    }

    /// `plexus run reject ID STEP`
    struct Reject: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Refuse a step that waits for an approval.")
        @OptionGroup var decision: DecisionOptions

        func run() async throws { try await self.decision.send("reject") }
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

/// What approving and rejecting share.
struct DecisionOptions: ParsableArguments {
    @OptionGroup var connection: ConnectionOptions
    @Argument(help: "The run's id.") var run: String
    @Argument(help: "The step's name.") var step: String
    @Option(help: "Why.") var comment: String?

    func send(_ verb: String) async throws {
        let step = self.step.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? self.step
        let answer = try await self.connection.connection().call(
            "POST", "/v1/runs/\(self.run)/steps/\(step):\(verb)",
            body: ["comment": self.comment.map(JSON.string) ?? .null])
        print("step \(self.step) of run \(self.run) is \(answer["decision"]?.string ?? "")")
    }
}

/// `plexus machine`
struct MachineCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "machine", abstract: "Machines and their workers.",
        subcommands: [Invite.self, List.self, Show.self, Drain.self, Resume.self, Remove.self])

    /// `plexus machine invite`
    struct Invite: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a join token, with which machines come in as workers; it is shown only now.",
            discussion: "On the machine then: plexus worker --url URL --join TOKEN")
        @OptionGroup var connection: ConnectionOptions
        @Option(help: "For how many machines.") var uses = 1
        @Option(help: "How long it is good for, such as 30m.") var expires = "1h"

        func run() async throws {
            let made = try await self.connection.connection().call(
                "POST", "/v1/machines:invite",
                body: ["uses": .int(self.uses), "expires_in": .string(self.expires)])
            print(made["token"]?.string ?? "")
        }
    }

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

    /// `plexus machine show ID`
    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show a machine's newest figures, its workers, their functions and what runs there.")
        @OptionGroup var connection: ConnectionOptions
        @Argument(help: "The machine's id.") var id: String

        func run() async throws {
            print(try await self.connection.connection().call("GET", "/v1/machines/\(self.id)").prettyText)
        }
    }

    /// `plexus machine drain ID`
    struct Drain: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Let a machine take no more jobs; what runs there goes on.")
        @OptionGroup var connection: ConnectionOptions
        @Argument(help: "The machine's id.") var id: String

        func run() async throws {
            _ = try await self.connection.connection().call("POST", "/v1/machines/\(self.id)/drain")
            print("machine \(self.id) takes no more jobs")
        }
    }

    /// `plexus machine resume ID`
    struct Resume: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Let a machine take jobs again.")
        @OptionGroup var connection: ConnectionOptions
        @Argument(help: "The machine's id.") var id: String

        func run() async throws {
            _ = try await self.connection.connection().call("POST", "/v1/machines/\(self.id)/resume")
            print("machine \(self.id) takes jobs again")
        }
    }

    /// `plexus machine remove ID`
    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Forget a machine and its workers; what they did stays known.")
        @OptionGroup var connection: ConnectionOptions
        @Argument(help: "The machine's id.") var id: String

        func run() async throws {
            _ = try await self.connection.connection().call("DELETE", "/v1/machines/\(self.id)")
            print("machine \(self.id) is removed")
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
