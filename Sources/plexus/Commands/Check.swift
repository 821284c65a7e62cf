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

    @Option(help: "The store.")
    var store = "plexus"

    func run() async throws {
        let answer = try await self.answer()
        let isAllowed = answer["decision"]?.bool ?? false
        print(self.explain ? answer["text"]?.string ?? "" : (isAllowed ? "allowed" : "denied"))
        if !isAllowed { throw ExitCode(1) }
    }

    private func answer() async throws -> JSON {
        let local = try await self.connection.withStore { database in
            let model = try AuthorizationModel.parse(NamedResources().text("schema/network.fga") ?? "")
            var moment = GraphDatabase.now()
            if let text = self.at {
                guard let given = ZonedDateTime(iso: text) else {
                    throw CommandFailure.usage("--at \(text): write a time such as 2026-12-31T00:00:00Z")
                }
                moment = given
            }
            return try Authorizer(model: model).explain(
                EntityReference(self.subject), self.relation, EntityReference(self.object),
                in: database.snapshot(),
                at: moment
            ).json
        }
        if let local { return local }
        var body: JSON.Object = [
            "subject": .string(self.subject), "relation": .string(self.relation),
            "object": .string(self.object),
            "store": .string(self.store),
        ]
        body["at"] = self.at.map(JSON.string)
        return try await self.connection.connection().call("POST", "/v1/explain", body: .object(body))
    }
}
