internal import Cryptography
package import GraphDatabase
internal import JSON
package import PropertyGraph

/// The functions that can be called, by name and version.
package struct FunctionRegistry: Sendable {
    private let database: GraphDatabase

    /// The registry in a graph.
    package init(database: GraphDatabase) { self.database = database }

    /// Registers a version. Registering the same definition again changes nothing.
    /// - Returns: whether it is new.
    /// - Throws: ``OrchestrationError/conflict(_:)`` when the version exists with another definition.
    package func register(_ definition: FunctionDefinition, now: ZonedDateTime) async throws -> Bool {
        let text = definition.source.text
        let digest = SHA256.digest(Array(text.utf8))
        let parameters = Self.parameters(definition, text: text, digest: digest, now: now)
        return try await self.database.write { transaction in
            let known = try self.database.run(
                "function_version", ["id": .string(definition.reference)], in: transaction)
            if let version = known.first {
                guard version["digest"] == .string(digest) else {
                    throw OrchestrationError.conflict(
                        "\(definition.reference) is registered already with another definition; "
                            + "versions never change, so give it a new version")
                }
                return false
            }
            _ = try self.database.run("function_register", parameters, in: transaction)
            return true
        }
    }

    private static func parameters(
        _ definition: FunctionDefinition, text: String, digest: String, now: ZonedDateTime
    ) -> [String: Value] {
        let developer = definition.source["developer"]
        func optional(_ json: JSON?) -> Value { json?.string.map(Value.string) ?? .null }
        return [
            "name": .string(definition.name), "version": .string(definition.version),
            "definition": .string(text), "digest": .string(digest),
            "repository": .string(definition.repository), "commit": .string(definition.commit),
            "runtime": .string(definition.runtime.rawValue), "entry": .string(definition.entry),
            "timeout_seconds": .integer(definition.timeoutSeconds), "retries": .integer(definition.retries),
            "backoff_seconds": .integer(definition.backoffSeconds),
            "retry_on": definition.retryOn.map { .list($0.map(Value.string)) } ?? .null,
            "needs": .list(definition.needs.map(Value.string)), "cores": .integer(definition.cores),
            "memory_bytes": .integer(definition.memoryBytes),
            "max_running": definition.maxRunning.map(Value.integer) ?? .null,
            "description": .string(definition.description),
            "developer": optional(developer?["name"]), "contact": optional(developer?["contact"]),
            "phone": optional(developer?["phone"]),
            "price_millis": definition.source["price_millis"]?.int.map(Value.integer) ?? .null,
            "now": .dateTime(now),
        ]
    }

    /// All functions with their versions.
    package func list() throws -> [Record] { try self.database.read("functions") }

    /// A version by `name@version`, or the newest by `name`.
    /// - Throws: ``OrchestrationError/notFound(what:name:hint:)`` with the versions there are.
    package func version(_ reference: String) throws -> Record {
        let name = reference.split(separator: "@").first.map(String.init) ?? reference
        let versions = try self.database.read("function_versions", ["name": .string(name)])
        let id = reference.contains("@") ? .string(reference) : versions.last?["id"] ?? .null
        if let version = try self.database.read("function_version", ["id": id]).first { return version }
        let known = versions.compactMap { $0["version"]?.string }
        throw OrchestrationError.notFound(
            what: "function", name: reference,
            hint: known.isEmpty
                ? "see `plexus function list`" : "its versions are \(known.joined(separator: ", "))")
    }

    /// Allows or forbids new calls of a version, everywhere at once.
    /// - Throws: ``OrchestrationError/notFound(what:name:hint:)``.
    package func setEnabled(_ isEnabled: Bool, _ reference: String, now: ZonedDateTime) async throws {
        let id = try self.version(reference)["id"] ?? .null
        _ = try await self.database.write { transaction in
            try self.database.run(
                "function_enable", ["id": id, "enabled": .boolean(isEnabled), "now": .dateTime(now)],
                in: transaction)
        }
    }
}
