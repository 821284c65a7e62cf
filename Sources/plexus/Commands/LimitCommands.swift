import ArgumentParser
import JSON
import Shell
import Worker

/// `plexus limit`
struct LimitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "limit", abstract: "How many jobs of a function, user or group may run.",
        subcommands: [List.self, Set.self, Clear.self])

    /// What limits are for.
    enum Kind: String, ExpressibleByArgument, CaseIterable { case function, user, group }

    /// `plexus limit list`
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List limits, and how much of each is used.")
        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let answer = try await self.connection.connection().call("GET", "/v1/limits")
            Terminal.printRecords(
                answer["limits"], ["kind", "id", "max_running", "max_per_minute", "running"],
                as: self.output.format)
        }
    }

    /// `plexus limit set KIND ID`
    struct Set: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Limit how many jobs run at once, or begin a minute; what is not said is not limited.",
            discussion: "Example: plexus limit set user anne --max-running 5 --max-per-minute 600")
        @OptionGroup var connection: ConnectionOptions
        @Argument(help: "function, user or group.") var kind: Kind
        @Argument(help: "Its name or id.") var id: String
        @Option(help: "Jobs that may be at work at once.") var maxRunning: Int?
        @Option(help: "Jobs that may begin in a minute.") var maxPerMinute: Int?

        func validate() throws {
            guard self.maxRunning != nil || self.maxPerMinute != nil else {
                throw ValidationError("say --max-running, --max-per-minute or both")
            }
        }

        func run() async throws {
            try await LimitCommand.set(
                self.connection, self.kind, self.id,
                [
                    "max_running": self.maxRunning.map(JSON.int) ?? .null,
                    "max_per_minute": self.maxPerMinute.map(JSON.int) ?? .null,
                ])
            print("\(self.kind.rawValue) \(self.id) is limited")
        }
    }

    /// `plexus limit clear KIND ID`
    struct Clear: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Take a limit away.")
        @OptionGroup var connection: ConnectionOptions
        @Argument(help: "function, user or group.") var kind: Kind
        @Argument(help: "Its name or id.") var id: String

        func run() async throws {
            try await LimitCommand.set(self.connection, self.kind, self.id, [:])
            print("\(self.kind.rawValue) \(self.id) is not limited")
        }
    }

    private static func set(
        _ connection: ConnectionOptions, _ kind: Kind, _ id: String, _ body: JSON
    ) async throws {
        _ = try await connection.connection().call(
            "PUT", "/v1/limits/\(kind.rawValue)/\(pathPart(id))", body: body)
    }
}
