internal import Cypher
internal import Graphviz
package import JSON

/// What a validator asks about functions and pipelines: a registry, or a test's table.
package protocol PipelineCatalog {
    /// The definitions of a function's versions, oldest first, by version.
    func functionVersions(_ name: String) throws -> [(version: String, definition: JSON, isEnabled: Bool)]
    /// All names of functions.
    func functionNames() throws -> [String]
    /// A pipeline's versions, oldest first, with their parameters' names.
    func pipelineVersions(_ name: String) throws -> [(version: String, parameters: [PipelineParameter])]
    /// All names of pipelines.
    func pipelineNames() throws -> [String]
    /// What is wrong with a Cypher query, or nil.
    func mistake(inQuery text: String) -> String?
}

/// Holds a pipeline against a registry: unknown functions, inputs that nobody gives, outputs that nobody makes, types that do not fit.
package struct PipelineValidator<Catalog: PipelineCatalog> {
    private let catalog: Catalog
    private let reading: PipelineReading
    private let outline: DotOutline
    private var problems: [PipelineProblem] = []
    private var known: [String: [(version: String, definition: JSON, isEnabled: Bool)]] = [:]
    private var definitions: [String: JSON] = [:]

    /// A validator of what was read from a file.
    package init(_ reading: PipelineReading, catalog: Catalog) {
        self.reading = reading
        self.catalog = catalog
        self.outline = DotOutline(reading.definition.dot)
    }

    /// Everything that is wrong, the file's own problems included, in the order of the file. O(steps + edges) look-ups in memory, one
    /// question to the catalog a function.
    package mutating func allProblems() throws -> [PipelineProblem] {
        self.problems = []
        for step in self.reading.definition.steps { try self.check(step) }
        for edge in self.reading.definition.edges { self.check(edge) }
        for step in self.reading.definition.steps { self.checkInputs(of: step) }
        for trigger in self.reading.definition.triggers where trigger.kind == .query {
            guard let mistake = self.catalog.mistake(inQuery: trigger.expression) else { continue }
            self.add(
                "bad_query", mistake, nil, "graph attribute on_query",
                self.outline.attribute("on_query", of: .graph)?.place)
        }
        return (self.reading.problems + self.problems).sorted {
            ($0.line ?? 0, $0.column ?? 0) < ($1.line ?? 0, $1.column ?? 0)
        }
    }

    private mutating func add(
        _ code: String, _ message: String, _ hint: String?, _ subject: String, _ place: DotOutline.Place?,
        severity: PipelineProblem.Severity = .error
    ) {
        var problem = PipelineProblem(code, message, hint: hint, severity: severity, subject: subject)
        problem.line = place?.line
        problem.column = place?.column
        self.problems.append(problem)
    }

    private func place(_ attribute: String, _ step: String) -> DotOutline.Place? {
        self.outline.attribute(attribute, of: .node(step))?.place ?? self.outline.nodes[step]
    }

    private mutating func check(_ step: PipelineDefinition.Step) throws {
        let subject = "step \(step.name)"
        if let range = step.function {
            let versions: [(version: String, definition: JSON, isEnabled: Bool)]
            if let known = self.known[range.name] {
                versions = known
            } else {
                versions = try self.catalog.functionVersions(range.name)
                self.known[range.name] = versions
            }
            let place = self.place("function", step.name)
            guard !versions.isEmpty else {
                let near = nearest(to: range.name, among: try self.catalog.functionNames())
                return self.add(
                    "unknown_function", "there is no function `\(range.name)`",
                    near.map { "did you mean `\($0)`?" }
                        ?? "register it with `plexus function register FILE`",
                    subject, place)
            }
            guard let version = range.newest(of: versions.map(\.version)) else {
                return self.add(
                    "unknown_version", "there is no function `\(range.reference)`",
                    "its versions are \(versions.map(\.version).joined(separator: ", "))", subject, place)
            }
            let found = versions.first { $0.version == version }
            if found?.isEnabled == false {
                self.add(
                    "function_disabled", "\(range.name)@\(version) is disabled",
                    "see `plexus function enable`",
                    subject, place, severity: .warning)
            }
            if let definition = found?.definition { self.definitions[step.name] = definition }
        }
        if let range = step.pipeline { try self.check(step, pipeline: range) }
    }

    private mutating func check(_ step: PipelineDefinition.Step, pipeline range: VersionRange) throws {
        let (subject, place) = ("step \(step.name)", self.place("pipeline", step.name))
        let versions = try self.catalog.pipelineVersions(range.name)
        guard !versions.isEmpty else {
            let near = nearest(to: range.name, among: try self.catalog.pipelineNames())
            return self.add(
                "unknown_pipeline", "there is no pipeline `\(range.name)`",
                near.map { "did you mean `\($0)`?" } ?? "register it first: versions never change", subject,
                place)
        }
        guard let version = range.newest(of: versions.map(\.version)),
            let found = versions.first(where: { $0.version == version })
        else {
            return self.add(
                "unknown_version", "there is no pipeline `\(range.reference)`",
                "its versions are \(versions.map(\.version).joined(separator: ", "))", subject, place)
        }
        let names = found.parameters.map(\.name)
        let inputs =
            step.constants.map(\.name)
            + self.reading.definition.edges.filter { $0.target == step.name && $0.output != nil }.map(\.input)
        for input in inputs where !names.contains(input) {
            self.add(
                "unknown_parameter", "`\(input)` is no parameter of \(range.name)@\(version)",
                nearest(to: input, among: names).map { "did you mean `\($0)`?" }
                    ?? "it takes \(names.isEmpty ? "none" : names.joined(separator: ", "))", subject, place)
        }
        let given = Set(self.reading.definition.edges.filter { $0.target == step.name }.map(\.input) + inputs)
        for parameter in found.parameters
        where parameter.standard == nil && !given.contains(parameter.name)
            && !self.isItem(parameter.name, of: step)
        {
            self.add(
                "missing_input", "the parameter `\(parameter.name)` of \(range.name)@\(version) is not given",
                "with=\"\(parameter.name)=...\" or an edge with to=\(parameter.name)", subject, place)
        }
    }

    // MARK: Schemas

    private func isItem(_ name: String, of step: PipelineDefinition.Step) -> Bool {
        step.each != nil && step.item == name
    }

    private static func schema(_ definition: JSON?, _ side: String) -> JSON? {
        let schema = definition?["\(side)_schema"] ?? definition?[side]
        return schema?.object == nil ? nil : schema
    }

    /// The types that a schema allows; nil for any.
    private static func types(_ schema: JSON?) -> Set<String>? {
        guard let type = schema?["type"] else { return nil }
        var types = Set(type.array?.compactMap(\.string) ?? type.string.map { [$0] } ?? [])
        if types.contains("number") { types.insert("integer") }
        return types.isEmpty ? nil : types
    }

    private static func text(_ types: Set<String>) -> String {
        var types = types
        if types.contains("number") { types.remove("integer") }
        return types.sorted().joined(separator: " or ")
    }

    private mutating func check(_ edge: PipelineDefinition.Edge) {
        guard edge.outcome == .success else { return }
        let subject = "edge \(edge.source) -> \(edge.target)"
        let place = self.outline.edge(edge.source, edge.target, 0)
        let steps = self.stepsByName
        let output = Self.schema(self.definitions[edge.source], "output")
        var given = output
        if let name = edge.output, let properties = output?["properties"]?.object {
            given = properties[name]
            if given == nil, output?["additionalProperties"] != .bool(true) {
                let names = properties.members.map(\.name)
                self.add(
                    "unknown_output",
                    "`\(name)` is no output of \(edge.source)",
                    nearest(to: name, among: names).map { "did you mean `\($0)`?" }
                        ?? "its outputs are \(names.joined(separator: ", "))",
                    subject,
                    self.outline.attribute("from", of: .edge(edge.source, edge.target))?.place ?? place)
                return
            }
        } else if edge.output != nil {
            given = nil
        }
        let input = Self.schema(self.definitions[edge.target], "input")
        guard let properties = input?["properties"]?.object else { return }
        let atTo = self.outline.attribute("to", of: .edge(edge.source, edge.target))?.place ?? place
        guard let wanted = properties[edge.input] else {
            let names = properties.members.map(\.name)
            self.add(
                "unknown_input", "`\(edge.input)` is no input of \(edge.target)",
                nearest(to: edge.input, among: names).map { "did you mean `\($0)`?" }
                    ?? "its inputs are \(names.joined(separator: ", "))", subject, atTo,
                severity: input?["additionalProperties"] == .bool(false) ? .error : .warning)
            return
        }
        var types = Self.types(given)
        if steps[edge.source]?.each != nil {
            types = edge.gathering == .merge ? ["object"] : ["array"]
        } else if edge.isEach {
            if let all = types, !all.contains("array") {
                self.add(
                    "type_mismatch", "each=true needs a list, and \(edge.source) gives \(Self.text(all))",
                    nil, subject,
                    place)
                return
            }
            types = Self.types(given?["items"])
        }
        guard let types, let accepted = Self.types(wanted), types.isDisjoint(with: accepted) else { return }
        let from = edge.output.map { "output `\($0)`" } ?? "the result"
        self.add(
            "type_mismatch",
            "\(from) of \(edge.source) is \(Self.text(types)), and input `\(edge.input)` of \(edge.target) takes "
                + Self.text(accepted), nil, subject, place)
    }

    private var stepsByName: [String: PipelineDefinition.Step] {
        mutating get {
            if self.stepTable.isEmpty {
                self.stepTable = Dictionary(self.reading.definition.steps.map { ($0.name, $0) }) { first, _ in
                    first
                }
            }
            return self.stepTable
        }
    }
    private var stepTable: [String: PipelineDefinition.Step] = [:]

    private lazy var inputsByStep = Dictionary(
        grouping: self.reading.definition.edges, by: \.target
    ).mapValues { Set($0.map(\.input)) }

    private mutating func checkInputs(of step: PipelineDefinition.Step) {
        guard let schema = Self.schema(self.definitions[step.name], "input") else { return }
        let given = (self.inputsByStep[step.name] ?? []).union(step.constants.map(\.name))
        let place = self.place("with", step.name)
        for name in schema["required"]?.array?.compactMap(\.string) ?? []
        where !given.contains(name) && !self.isItem(name, of: step) {
            self.add(
                "missing_input", "the input `\(name)` is required and nobody gives it",
                "with=\"\(name)=...\" or an edge with to=\(name)", "step \(step.name)", place)
        }
        for constant in step.constants where Template.names(in: constant.value).isEmpty {
            guard let accepted = Self.types(schema["properties"]?[constant.name]) else { continue }
            let kind = constant.value.int != nil ? "integer" : constant.value.kind
            if !accepted.contains(kind) {
                self.add(
                    "type_mismatch",
                    "the constant `\(constant.name)` is \(kind), and the input takes \(Self.text(accepted))",
                    nil,
                    "step \(step.name)", place)
            }
        }
    }
}
