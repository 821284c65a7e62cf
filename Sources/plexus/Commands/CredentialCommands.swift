import ArgumentParser
import Foundation
import JSON
import Worker

/// `plexus credential`
struct CredentialCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "credential", abstract: "What opens private repositories of functions.",
        subcommands: [Set.self, List.self, Remove.self])

    /// `plexus credential set PREFIX`
    struct Set: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Keep a token or a deploy key for all repositories whose address begins with a prefix.",
            discussion: """
                The secret comes from a file, or from standard input for -, so that it is in no list of processes.
                Examples: plexus credential set https://git.example.org/team/ --token-file token.txt
                          plexus credential set git@git.example.org:team/ --key-file deploy_key
                """)
        @OptionGroup var connection: ConnectionOptions
        @Argument(help: "How the addresses begin.") var prefix: String
        @Option(help: "A file with a token.") var tokenFile: String?
        @Option(help: "The user's name that goes with the token, where the host minds it.") var user: String?
        @Option(help: "A file with the private half of a deploy key, without a pass phrase.") var keyFile:
            String?

        func run() async throws {
            guard let file = self.tokenFile ?? self.keyFile, self.tokenFile == nil || self.keyFile == nil
            else {
                throw CommandFailure.usage("say where the secret is: --token-file FILE or --key-file FILE")
            }
            let data =
                file == "-"
                ? FileHandle.standardInput.readDataToEndOfFile() : FileManager.default.contents(atPath: file)
            guard let data else { throw CommandFailure.usage("cannot read \(file)") }
            let text = String(decoding: data, as: UTF8.self)
            var body: JSON.Object = ["prefix": .string(self.prefix)]
            if self.tokenFile != nil {
                body["token"] = .string(text.trimmingCharacters(in: .whitespacesAndNewlines))
                body["user"] = self.user.map(JSON.string)
            } else {
                body["key"] = .string(text)
            }
            _ = try await self.connection.connection().call("PUT", "/v1/credentials", body: .object(body))
            print("repositories under \(self.prefix) are opened with it")
        }
    }

    /// `plexus credential list`
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List them, without the secrets.")
        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let answer = try await self.connection.connection().call("GET", "/v1/credentials")
            Terminal.printRecords(
                answer["credentials"], ["prefix", "kind", "user"], as: self.output.format)
        }
    }

    /// `plexus credential remove PREFIX`
    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Forget one.")
        @OptionGroup var connection: ConnectionOptions
        @Argument(help: "Its prefix.") var prefix: String

        func run() async throws {
            _ = try await self.connection.connection().call(
                "DELETE", "/v1/credentials?prefix=\(pathPart(self.prefix))")
            print("the credential of \(self.prefix) is gone")
        }
    }
}
