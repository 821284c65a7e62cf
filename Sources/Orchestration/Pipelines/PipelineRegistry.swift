package import GraphDatabase
internal import JSON
package import PropertyGraph

/// The pipelines that can be run, by name and version.
package struct PipelineRegistry: Sendable {
    private let database: GraphDatabase

    /// The registry in a graph.
    package init(database: GraphDatabase) { self.database = database }

    /// Everything that a definition asks for and the registry does not have.
    package func problems(of definition: PipelineDefinition) throws -> [Problem] {
        var problems: [Problem] = []
        let functions = FunctionRegistry(database: self.database)
        for step in definition.steps {
            do {
                _ = try functions.version("\(step.function)@\(step.version)")
            } catch let error as OrchestrationError {
                problems.append(Problem("step \(step.name)", error.description))
            }
        }
        return problems
    }

    /// Registers a version with its steps. Registering the same file again changes nothing.
    /// - Returns: whether it is new.
    /// - Throws: ``OrchestrationError/invalid(what:problems:)`` when a function is unknown,
    ///   ``OrchestrationError/conflict(_:)`` when the version exists with another file.
    package func register(_ definition: PipelineDefinition, now: ZonedDateTime) async throws -> Bool {
        let problems = try self.problems(of: definition)
        guard problems.isEmpty else {
            throw OrchestrationError.invalid(what: "pipeline `\(definition.name)`", problems: problems)
        }
        let id = "\(definition.name)@\(definition.version)"
        let parameters = Self.parameters(definition, id: id, now: now)
        let edges = Value.list(
            definition.edges.map { edge in
                .map([
                    "source": .string("\(id)/\(edge.source)"), "target": .string("\(id)/\(edge.target)"),
                    "from": edge.output.map(Value.string) ?? .null, "to": .string(edge.input),
                ])
            })
        return try await self.database.write { transaction in
            if let known = try self.database.run("pipeline_version", ["id": .string(id)], in: transaction)
                .first
            {
                guard known["digest"] == .string(definition.digest) else {
                    throw OrchestrationError.conflict(
                        "pipeline \(id) is registered already with another file; "
                            + "versions never change, so give the file a new `version`")
                }
                return false
            }
            _ = try self.database.run("pipeline_register", parameters, in: transaction)
            _ = try self.database.run("pipeline_connect", ["edges": edges], in: transaction)
            return true
        }
    }

    private static func parameters(
        _ definition: PipelineDefinition, id: String, now: ZonedDateTime
    ) -> [String: Value] {
        var defaults = JSON.Object()
        for parameter in definition.parameters { defaults[parameter.name] = parameter.value }
        let steps = definition.steps.enumerated().map { position, step in
            var constants = JSON.Object()
            for constant in step.constants { constants[constant.name] = constant.value }
            return Value.map([
                "id": .string("\(id)/\(step.name)"), "name": .string(step.name),
                "position": .integer(position), "function": .string("\(step.function)@\(step.version)"),
                "constants": .string(JSON.object(constants).text),
                "timeout_seconds": step.timeoutSeconds.map(Value.integer) ?? .null,
                "retries": step.retries.map(Value.integer) ?? .null, "priority": .integer(step.priority),
            ])
        }
        return [
            "name": .string(definition.name), "version": .string(definition.version),
            "digest": .string(definition.digest), "dot": .string(definition.dot),
            "description": .string(definition.description), "parameters": .string(JSON.object(defaults).text),
            "now": .dateTime(now), "steps": .list(steps),
        ]
    }

    /// All pipelines with their versions.
    package func list() throws -> [Record] { try self.database.read("pipelines") }

    /// A version by `name@version`, or the newest by `name`.
    /// - Throws: ``OrchestrationError/notFound(what:name:hint:)``.
    package func version(_ reference: String) throws -> Record {
        let found =
            reference.contains("@")
            ? try self.database.read("pipeline_version", ["id": .string(reference)])
            : try self.database.read("pipeline_newest", ["name": .string(reference)])
        if let version = found.first { return version }
        throw OrchestrationError.notFound(
            what: "pipeline", name: reference, hint: "register it with `plexus pipeline register FILE`")
    }
}
