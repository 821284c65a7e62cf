package import GraphDatabase
package import Graphviz
package import JSON
package import PropertyGraph
internal import QueryEngine

/// The pipelines that can be run, by name and version.
package struct PipelineRegistry: Sendable {
    let database: GraphDatabase

    /// The registry in a graph.
    package init(database: GraphDatabase) { self.database = database }

    /// Everything that is wrong with a file, by itself and for what the registry has.
    package func problems(of reading: PipelineReading) throws -> [PipelineProblem] {
        var validator = PipelineValidator(reading, catalog: self)
        return try validator.allProblems()
    }

    /// Registers a version with its steps and triggers. Registering the same file again changes nothing.
    /// - Returns: whether it is new.
    /// - Throws: ``OrchestrationError/invalid(what:problems:)`` with every problem,
    ///   ``OrchestrationError/conflict(_:)`` when the version exists with another file.
    package func register(_ reading: PipelineReading, now: ZonedDateTime) async throws -> Bool {
        let problems = try self.problems(of: reading).filter { $0.severity == .error }
        guard problems.isEmpty else {
            throw OrchestrationError.invalid(
                what: "pipeline `\(reading.definition.name)`", problems: problems.map(\.problem))
        }
        guard !reading.isStructure else {
            let problem = Problem("", "no step has a function; give them functions with a mapping file")
            throw OrchestrationError.invalid(
                what: "pipeline `\(reading.definition.name)`", problems: [problem])
        }
        return try await self.register(reading.definition, now: now)
    }

    /// Registers a version that was read without complaints.
    /// - Throws: as ``register(_:now:)-(PipelineReading,_)``.
    package func register(_ definition: PipelineDefinition, now: ZonedDateTime) async throws -> Bool {
        try await self.database.write { transaction in
            try self.register(definition, now: now, in: transaction)
        }
    }

    func register(
        _ definition: PipelineDefinition, now: ZonedDateTime, in transaction: GraphTransaction
    ) throws -> Bool {
        let id = definition.reference
        if let known = try self.run("pipeline_version", ["id": .string(id)], in: transaction).first {
            guard known["digest"] == .string(definition.digest) else {
                throw OrchestrationError.conflict(
                    "pipeline \(id) is registered already with another file; "
                        + "versions never change, so give the file a new `version`")
            }
            return false
        }
        let calls = try self.calls(of: definition, in: transaction)
        _ = try self.run(
            "pipeline_register", Self.parameters(definition, now: now), in: transaction)
        _ = try self.run("pipeline_connect", ["edges": Self.edges(definition)], in: transaction)
        _ = try self.run("pipeline_calls", ["calls": calls], in: transaction)
        try self.arm(definition, now: now, in: transaction)
        return true
    }

    private func run(
        _ name: String, _ parameters: [String: Value], in transaction: GraphTransaction
    ) throws -> [Record] {
        try self.database.run(name, parameters, in: transaction)
    }

    /// Which versions the steps mean now.
    private func calls(of definition: PipelineDefinition, in transaction: GraphTransaction) throws -> Value {
        var versions: [String: [String]] = [:]
        var calls: [Value] = []
        for step in definition.steps {
            guard let range = step.function else { continue }
            if versions[range.name] == nil {
                versions[range.name] = try self.run(
                    "function_versions", ["name": .string(range.name)], in: transaction
                ).compactMap { $0["version"]?.string }
            }
            guard let version = range.newest(of: versions[range.name] ?? []) else {
                throw OrchestrationError.invalid(
                    what: "pipeline `\(definition.name)`",
                    problems: [Problem("step \(step.name)", "there is no function `\(range.reference)`")])
            }
            calls.append(
                .map([
                    "step": .string("\(definition.reference)/\(step.name)"),
                    "function": .string("\(range.name)@\(version)"),
                ]))
        }
        return .list(calls)
    }

    private static func edges(_ definition: PipelineDefinition) -> Value {
        .list(
            definition.edges.map { edge in
                .map([
                    "source": .string("\(definition.reference)/\(edge.source)"),
                    "target": .string("\(definition.reference)/\(edge.target)"),
                    "from": edge.output.map(Value.string) ?? .null, "to": .string(edge.input),
                    "when": edge.when.map(Value.string) ?? .null,
                    "on": edge.outcome == .success ? .null : .string(edge.outcome.rawValue),
                ])
            })
    }

    private static func parameters(_ definition: PipelineDefinition, now: ZonedDateTime) -> [String: Value] {
        var defaults = JSON.Object()
        for parameter in definition.parameters { defaults[parameter.name] = parameter.standard ?? .null }
        let steps = definition.steps.map { step in
            var constants = JSON.Object()
            for constant in step.constants { constants[constant.name] = constant.value }
            return Value.map([
                "id": .string("\(definition.reference)/\(step.name)"), "name": .string(step.name),
                "position": .integer(step.position),
                "function": step.function.map { .string($0.reference) } ?? .null,
                "pipeline": step.pipeline.map { .string($0.reference) } ?? .null,
                "constants": .string(JSON.object(constants).text),
                "timeout_seconds": step.timeoutSeconds.map(Value.integer) ?? .null,
                "retries": step.retries.map(Value.integer) ?? .null, "priority": .integer(step.priority),
            ])
        }
        return [
            "name": .string(definition.name), "version": .string(definition.version),
            "digest": .string(definition.digest), "dot": .string(definition.dot),
            "plan": .string(definition.graph.json.text),
            "description": .string(definition.description), "parameters": .string(JSON.object(defaults).text),
            "now": .dateTime(now), "steps": .list(steps),
        ]
    }

    /// The graph of a version, as it was registered.
    /// - Throws: ``OrchestrationError/notFound(what:name:hint:)``.
    package func graph(_ reference: String) throws -> DotGraph {
        let row = try self.version(reference)
        guard let json = try? JSON.parse(row["plan"]?.string ?? ""), let graph = DotGraph(json: json) else {
            throw OrchestrationError.notFound(
                what: "plan of pipeline", name: reference, hint: "register the pipeline again")
        }
        return graph
    }

    /// All pipelines with their versions.
    package func list() throws -> [Record] { try self.database.read("pipelines") }

    /// A version by `name@version`, `name@range`, `name@` and the beginning of its digest, or the newest by `name`.
    /// - Throws: ``OrchestrationError/notFound(what:name:hint:)``.
    package func version(_ reference: String) throws -> Record {
        let name = reference.split(separator: "@").first.map(String.init) ?? reference
        let versions = try self.database.read("pipeline_versions", ["name": .string(name)])
        guard let id = Self.id(reference, versions),
            let version = try self.database.read("pipeline_version", ["id": .string(id)]).first
        else {
            let known = versions.compactMap { $0["version"]?.string }
            throw OrchestrationError.notFound(
                what: "pipeline", name: reference,
                hint: known.isEmpty
                    ? "register it with `plexus pipeline register FILE`"
                    : "its versions are \(known.joined(separator: ", "))")
        }
        return version
    }

    private static func id(_ reference: String, _ versions: [Record]) -> String? {
        guard let at = reference.firstIndex(of: "@") else { return versions.last?["id"]?.string }
        let text = String(reference[reference.index(after: at)...])
        if let exact = versions.first(where: { $0["version"] == .string(text) }) {
            return exact["id"]?.string
        }
        if text.utf8.count >= 6,
            let named = versions.first(where: { $0["digest"]?.string?.hasPrefix(text) ?? false })
        {
            return named["id"]?.string
        }
        guard let range = VersionRange(reference), range.exact == nil,
            let version = range.newest(of: versions.compactMap { $0["version"]?.string })
        else { return nil }
        return "\(range.name)@\(version)"
    }
}

extension PipelineRegistry: PipelineCatalog {
    /// From the graph.
    package func functionVersions(
        _ name: String
    ) throws -> [(version: String, definition: JSON, isEnabled: Bool)] {
        try self.database.read("function_versions", ["name": .string(name)]).map { row in
            let definition = row["definition"]?.string.flatMap { try? JSON.parse($0) } ?? .null
            return (row["version"]?.string ?? "", definition, row["enabled"] != .boolean(false))
        }
    }

    /// From the graph.
    package func functionNames() throws -> [String] {
        try self.database.read("functions").compactMap { $0["name"]?.string }
    }

    /// From the graph.
    package func pipelineVersions(
        _ name: String
    ) throws -> [(version: String, parameters: [PipelineParameter])] {
        try self.database.read("pipeline_versions", ["name": .string(name)]).compactMap { row in
            guard let id = row["id"]?.string,
                let plan = try self.database.read("pipeline_version", ["id": .string(id)]).first?["plan"]?
                    .string,
                let json = try? JSON.parse(plan), let graph = DotGraph(json: json)
            else { return nil }
            return (
                row["version"]?.string ?? "", PipelineReading(plan: graph, digest: "").definition.parameters
            )
        }
    }

    /// From the graph.
    package func pipelineNames() throws -> [String] { try self.list().compactMap { $0["name"]?.string } }

    /// Reads and checks it with the engine's own functions.
    package func mistake(inQuery text: String) -> String? {
        do {
            let prepared = try self.database.engine.prepare(text)
            return prepared.isReadOnly ? nil : "the query changes the graph; it may only read"
        } catch {
            return "\(error)"
        }
    }
}
