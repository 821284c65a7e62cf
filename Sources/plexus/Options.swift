import ArgumentParser
import Authorization
import Foundation
import GraphDatabase
import JSON
import Shell
import Worker

/// Where the graph is: a server, or a data folder that no server holds.
struct ConnectionOptions: ParsableArguments {
    @Option(help: "The server (PLEXUS_URL, default http://127.0.0.1:8420).")
    var url: String?

    @Option(help: "The token to show it (PLEXUS_TOKEN).")
    var token: String?

    @Option(help: "A data folder, opened directly, without a server.")
    var data: String?

    private var environment: [String: String] { ProcessInfo.processInfo.environment }

    /// Whether a server was named, by option or environment.
    var namesServer: Bool { self.url != nil || self.environment["PLEXUS_URL"] != nil }

    /// A connection to the server.
    func connection() throws -> ServerConnection {
        guard self.data == nil else {
            throw CommandFailure.usage("this command needs a server: use --url instead of --data")
        }
        return ServerConnection(
            url: self.url ?? self.environment["PLEXUS_URL"] ?? "http://127.0.0.1:8420",
            token: self.token ?? self.environment["PLEXUS_TOKEN"])
    }

    /// Runs the body with the network's graph of `--data`; nil when a server is meant.
    func withStore<Result>(_ body: (GraphDatabase) async throws -> Result) async throws -> Result? {
        try await self.withCatalog { try await body($0.network) }
    }

    /// Runs the body with the graphs of `--data`; nil when a server is meant.
    func withCatalog<Result>(_ body: (GraphCatalog) async throws -> Result) async throws -> Result? {
        guard let data = self.data else { return nil }
        let catalog = try await GraphCatalog(folder: data, creating: false)
        TupleTrail.follow(catalog)
        do {
            let result = try await body(catalog)
            try await catalog.close()
            return result
        } catch {
            try? await catalog.close()
            throw error
        }
    }
}

extension RowFormat: ExpressibleByArgument {}

/// Options of commands that print rows.
struct OutputOptions: ParsableArguments {
    @Option(help: "How to print: table, json, csv or jsonl.")
    var format: RowFormat = .table
}

/// Parameters given as `key=JSON`; a text that is not JSON is taken as it is.
struct Parameters: ParsableArguments {
    @Option(name: .customLong("param"), help: "A parameter, as key=JSON; may be given several times.")
    var parameters: [String] = []

    /// The parameters in the order given.
    func object() throws -> JSON.Object {
        var object = JSON.Object()
        for parameter in self.parameters {
            guard let equals = parameter.firstIndex(of: "="), equals != parameter.startIndex else {
                throw CommandFailure.usage("--param \(parameter): write key=value")
            }
            let text = String(parameter[parameter.index(after: equals)...])
            object[String(parameter[..<equals])] = (try? JSON.parse(text)) ?? .string(text)
        }
        return object
    }
}
