import ArgumentParser
import Authorization
import Foundation
import GraphDatabase
import JSON
import NamedResources
import PropertyGraph
import Worker

/// `plexus check`
struct Check: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "May a subject do something on an object? Exit code 0 yes, 1 no.",
        discussion: "Example: plexus check user:anne can_run function:clean --explain")

    @OptionGroup var connection: ConnectionOptions

    @Argument(help: "Such as user:anne or group:eng#member.")
    var subject: String

    @Argument(help: "Such as can_run.")
    var relation: String

    @Argument(help: "Such as function:clean.")
    var object: String

    @Option(help: "As of a time such as 2026-12-31T00:00:00Z; now when it is not said.")
    var at: String?

    @Flag(help: "Say why.")
    var explain = false

    @Option(help: "The store, by its id or the name of its graph.")
    var store = GraphCatalog.network

    @Option(help: "Values for the parameters of conditions, a JSON object.")
    var context: String?

    func run() async throws {
        let answer = try await self.answer()
        let isAllowed = answer["decision"]?.bool ?? false
        print(self.explain ? answer["text"]?.string ?? "" : (isAllowed ? "allowed" : "denied"))
        if !isAllowed { throw ExitCode(1) }
    }

    private func answer() async throws -> JSON {
        let context = try self.contextObject()
        let local = try await self.connection.withCatalog { catalog in
            var moment = GraphDatabase.now()
            if let text = self.at {
                guard let given = ZonedDateTime(iso: text) else {
                    throw CommandFailure.usage("--at \(text): write a time such as 2026-12-31T00:00:00Z")
                }
                moment = given
            }
            let store = try await StoreDirectory(catalog: catalog).store(self.store)
            return try Self.view(store).explain(
                EntityReference(self.subject), self.relation, EntityReference(self.object),
                CheckOptions(at: moment, context: context)
            ).json
        }
        if let local { return local }
        var body: JSON.Object = [
            "subject": .string(self.subject), "relation": .string(self.relation),
            "object": .string(self.object),
            "store": .string(self.store),
        ]
        body["at"] = self.at.map(JSON.string)
        if !context.members.isEmpty { body["context"] = .object(context) }
        return try await self.connection.connection().call("POST", "/v1/explain", body: .object(body))
    }

    private func contextObject() throws -> JSON.Object {
        guard let text = self.context else { return JSON.Object() }
        guard let object = (try? JSON.parse(text))?.object else {
            throw CommandFailure.usage("--context: write a JSON object, such as '{\"hour\": 10}'")
        }
        return object
    }

    /// The store's newest model; of the network the program's own, where no server has written that yet.
    private static func view(_ store: AuthorizationStore) throws -> AuthorizationView {
        guard store.database.name == GraphCatalog.network else { return try store.view() }
        let model = try AuthorizationModel.parse(NamedResources().text("schema/network.fga") ?? "")
        return try store.view(ensured: model, origin: "schema/network.fga")
    }
}
