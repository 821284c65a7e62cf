import ArgumentParser
import Authorization
import Foundation
import GraphDatabase
import JSON
import Worker

/// `plexus access`
struct AccessCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "access", abstract: "Who may do what and why, what a change would do, what runs out.",
        subcommands: [
            AccessReviewCommand.self, WhatIfCommand.self, ExpiringCommand.self, WhoGrantedCommand.self,
        ])
}

/// `plexus access review`
struct AccessReviewCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "review",
        abstract: "Who may do anything to an object, or what a subject may do, and why.",
        discussion: "Example: plexus access review --object function:clean")

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    @Option(help: "What a subject may do, such as user:anne.")
    var subject: String?

    @Option(help: "Who may do anything to an object, such as function:clean.")
    var object: String?

    @Option(help: "Only this relation; may be given several times.")
    var relation: [String] = []

    @Option(help: "The store.")
    var store = GraphCatalog.network

    func validate() throws {
        guard (self.subject == nil) != (self.object == nil) else {
            throw ValidationError("name either --subject or --object")
        }
    }

    func run() async throws {
        var body: JSON.Object = ["store": .string(self.store), "limit": 10_000]
        body["subject"] = self.subject.map(JSON.string)
        body["object"] = self.object.map(JSON.string)
        if !self.relation.isEmpty { body["relations"] = .array(self.relation.map(JSON.string)) }
        let answer = try await self.connection.connection().call(
            "POST", "/v1/access-review", body: .object(body))
        for note in answer["notes"]?.array ?? [] { Terminal.complain(note.string ?? "") }
        if answer["is_cut"]?.bool == true { Terminal.complain("there is more than is shown") }
        Terminal.printRecords(
            answer["rows"], ["subject", "relation", "object", "reason"], as: self.output.format)
    }
}

/// `plexus access what-if`
struct WhatIfCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "what-if", abstract: "Which decisions would a change turn around? Nothing is changed.",
        discussion: """
            Example: plexus access what-if --delete "user:anne member group:eng" --subject user:anne
            A tuple is SUBJECT RELATION OBJECT; a statement is Cypher.
            """)

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    @Option(help: "A tuple that would be written; may be given several times.")
    var write: [String] = []

    @Option(help: "A tuple that would be deleted; may be given several times.")
    var delete: [String] = []

    @Option(help: "A Cypher statement that would be run.")
    var statement: String?

    @Option(help: "Whose decisions; may be given several times.")
    var subject: [String] = []

    @Option(help: "The decisions of all of a type.")
    var subjectType = "user"

    @Option(help: "On which objects; may be given several times.")
    var object: [String] = []

    @Option(help: "The store.")
    var store = GraphCatalog.network

    func run() async throws {
        var body: JSON.Object = [
            "store": .string(self.store), "writes": .array(try self.write.map(Self.tuple)),
            "deletes": .array(try self.delete.map(Self.tuple)),
            "subject_type": .string(self.subjectType),
        ]
        body["statement"] = self.statement.map(JSON.string)
        if !self.subject.isEmpty { body["subjects"] = .array(self.subject.map(JSON.string)) }
        if !self.object.isEmpty { body["objects"] = .array(self.object.map(JSON.string)) }
        let answer = try await self.connection.connection().call("POST", "/v1/what-if", body: .object(body))
        if answer["is_cut"]?.bool == true { Terminal.complain("there is more than is shown") }
        Terminal.printRecords(
            answer["flipped"], ["subject", "relation", "object", "before", "after"], as: self.output.format)
    }

    private static func tuple(_ text: String) throws -> JSON {
        let words = text.split(separator: " ").map(String.init)
        guard words.count == 3 else {
            throw CommandFailure.usage(
                "\(text): write SUBJECT RELATION OBJECT, as in user:anne member group:eng")
        }
        return ["user": .string(words[0]), "relation": .string(words[1]), "object": .string(words[2])]
    }
}

/// `plexus access expiring`
struct ExpiringCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "expiring", abstract: "Grants that run out soon, soonest first.")

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    @Option(help: "How many days ahead.")
    var days = 30

    @Option(help: "The store.")
    var store = GraphCatalog.network

    func run() async throws {
        let answer = try await self.connection.connection().call(
            "GET", "/v1/expiring?store=\(self.store)&days=\(self.days)")
        Terminal.printRecords(
            answer["expiring"], ["valid_until", "subject", "relation", "object", "granted_by"],
            as: self.output.format)
    }
}

/// `plexus access who-granted`
struct WhoGrantedCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "who-granted",
        abstract: "Who made the relationships that a decision rests on, by the audit journal.",
        discussion: "Example: plexus access who-granted user:anne can_run function:clean")

    @OptionGroup var connection: ConnectionOptions

    @Argument(help: "Such as user:anne or group:eng#member.")
    var subject: String

    @Argument(help: "Such as can_run.")
    var relation: String

    @Argument(help: "Such as function:clean.")
    var object: String

    @Option(help: "As of a time such as 2026-12-31T00:00:00Z; now when it is not said.")
    var at: String?

    @Option(help: "The store.")
    var store = GraphCatalog.network

    func run() async throws {
        var body: JSON.Object = [
            "subject": .string(self.subject), "relation": .string(self.relation),
            "object": .string(self.object), "store": .string(self.store),
        ]
        body["at"] = self.at.map(JSON.string)
        let answer = try await self.connection.connection().call(
            "POST", "/v1/who-granted", body: .object(body))
        print(answer["text"]?.string ?? "")
        if answer["decision"]?.bool != true { throw ExitCode(1) }
    }
}
