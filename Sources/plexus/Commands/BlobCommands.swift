import ArgumentParser
import JSON
import Worker

/// `plexus blob`
struct BlobCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "blob", abstract: "Payloads of jobs.", subcommands: [Collect.self])

    /// `plexus blob gc`
    struct Collect: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "gc", abstract: "Remove blobs to which no job, run or artifact refers.",
            discussion: "The server does so once a day by itself (plexus serve --blob-days).")

        @OptionGroup var connection: ConnectionOptions

        @Option(help: "Only those that were not written or wanted for so long, such as 12h or 7d.")
        var olderThan = "7d"

        @Flag(help: "Say what would go, and leave it.")
        var dryRun = false

        func run() async throws {
            let answer = try await self.connection.connection().call(
                "POST", "/v1/blobs:gc",
                body: ["older_than": .string(self.olderThan), "dry_run": .bool(self.dryRun)],
                timeoutSeconds: 3600)
            let count = { (name: String) in answer[name]?.int ?? 0 }
            print(
                "\(self.dryRun ? "would remove" : "removed") \(count("removed")) blobs of \(count("bytes")) bytes, kept \(count("kept"))"
            )
        }
    }
}
