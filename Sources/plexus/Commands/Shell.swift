import ArgumentParser
import Foundation
import GraphDatabase
import HTTPAPI
import JSON
import Worker
import PropertyGraph

/// `plexus shell`
struct Shell: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Ask the graph in Cypher.",
        discussion: "With -c it runs one query; else it reads queries from standard input, each ended by `;`."
    )

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var given: Parameters

    @Option(help: "The graph's name.")
    var db = "plexus"

    @Option(name: .short, help: "The query to run.")
    var command: String?

    func run() async throws {
        let parameters = try self.given.object()
        if let command = self.command { return try await self.ask(command, parameters) }
        if Terminal.isInteractive {
            Terminal.complain("plexus shell: end a query with `;`, leave with Ctrl-D")
        }
        var pending = ""
        while let line = readLine(strippingNewline: false) {
            pending += line
            guard line.trimmingCharacters(in: .whitespacesAndNewlines).hasSuffix(";") else { continue }
            try await self.askAndGoOn(pending, parameters)
            pending = ""
        }
        if !pending.trimmingCharacters(in: .whitespacesAndNewlines).isEmpty {
            try await self.ask(pending, parameters)
        }
    }

    /// At a terminal a wrong query is shown and the next one awaited; in a pipe it ends the command.
    private func askAndGoOn(_ query: String, _ parameters: JSON.Object) async throws {
        do {
            try await self.ask(query, parameters)
        } catch {
            guard isatty(STDIN_FILENO) == 1, let failure = CommandFailure(error) else { throw error }
            Terminal.complain(failure.message)
        }
    }

    private func ask(_ query: String, _ parameters: JSON.Object) async throws {
        self.show(try await self.answer(query, parameters))
    }

    /// The Query API's answer, from the server or made here from the data folder: the same in both cases.
    private func answer(_ query: String, _ parameters: JSON.Object) async throws -> JSON {
        let local = try await self.connection.withCatalog { catalog in
            var values: [String: Value] = [:]
            for member in parameters { values[member.name] = Value(plainJSON: member.value) }
            return try await catalog.query(query, on: self.db, parameters: values)
                .queryAPIJSON(includesCounters: true)
        }
        if let local { return local }
        do {
            return try await self.connection.connection().call(
                "POST", "/db/\(self.db)/query/v2",
                body: [
                    "statement": .string(query), "parameters": .object(parameters), "includeCounters": true,
                ],
                timeoutSeconds: 3600)
        } catch let error as ConnectionError {
            // The Query API's form of an error: the message without its wrapping.
            if case .refused(let status, let problem) = error, let first = problem["errors"]?.array?.first {
                throw CommandFailure(
                    first["message"]?.string ?? "the query failed", code: status == 401 ? 4 : 2)
            }
            throw error
        }
    }

    private func show(_ answer: JSON) {
        let columns = answer["data"]?["fields"]?.array?.compactMap(\.string) ?? []
        let rows = answer["data"]?["values"]?.array?.map { $0.array ?? [] } ?? []
        if let plan = answer["queryPlan"]?["text"]?.string { print(plan) }
        if !columns.isEmpty, !(rows.isEmpty && answer["queryPlan"] != nil) {
            Terminal.printRows(columns, rows, as: self.output.format)
        }
        let changes = (answer["counters"]?.object ?? JSON.Object()).members
            .compactMap { member in member.value.int.flatMap { $0 > 0 ? "\(member.name) \($0)" : nil } }
        if !changes.isEmpty { Terminal.complain(changes.joined(separator: ", ")) }
    }
}
