internal import Cryptography
package import Graphviz
package import JSON

/// A pipeline as its DOT file says it: steps that call functions, edges that carry data.
///
/// The vocabulary: graph attributes `version`, `description`, `parameters="top=10; package=bash"`; node
/// attributes `function="name@version"`, `with="key=value; key=${parameter}"`, `timeout`, `retries`,
/// `priority`; edge attributes `from` (an output of the tail, all of it without one) and `to` (the input
/// of the head, the tail's name without one). All other attributes are Graphviz's.
package struct PipelineDefinition: Hashable, Sendable {
    /// One node.
    package struct Step: Hashable, Sendable {
        /// The node's name.
        package let name: String
        /// Name of the function it calls.
        package let function: String
        /// Version of that function.
        package let version: String
        /// Constant inputs; texts may hold `${parameter}`.
        package let constants: [Assignment]
        /// Seconds until a try is killed; nil for the function's own.
        package let timeoutSeconds: Int?
        /// How often a failed try is repeated; nil for the function's own.
        package let retries: Int?
        /// Greater goes first.
        package let priority: Int
    }

    /// One edge.
    package struct Edge: Hashable, Sendable {
        /// The step whose result is carried.
        package let source: String
        /// The step that takes it.
        package let target: String
        /// The member of the result that is carried; nil for all of it.
        package let output: String?
        /// The input that takes it.
        package let input: String
    }

    /// A name and the JSON value given to it.
    package struct Assignment: Hashable, Sendable {
        /// Left of `=`.
        package let name: String
        /// Right of `=`: JSON, or text when it is not JSON.
        package let value: JSON
    }

    /// The graph's name.
    package let name: String
    /// The attribute `version`, or the first 12 digits of the file's digest.
    package let version: String
    /// SHA-256 of the file.
    package let digest: String
    /// What it does.
    package let description: String
    /// Parameters and their defaults.
    package let parameters: [Assignment]
    /// Steps in file order.
    package let steps: [Step]
    /// Edges in file order.
    package let edges: [Edge]
    /// The file.
    package let dot: String

    /// Reads a parsed DOT file.
    /// - Throws: ``OrchestrationError/invalid(what:problems:)`` with every problem found: no directed
    ///   graph, a step without function, a wrong attribute, two edges into one input, a cycle.
    package init(graph: DotGraph, dot: String) throws(OrchestrationError) {
        var reader = PipelineReader(graph)
        let steps = graph.nodes.compactMap { reader.step($0) }
        let edges = graph.edges.map { PipelineReader.edge($0) }
        self.parameters = reader.assignments(graph.attributes["parameters"], at: "graph attribute parameters")
        reader.checkStructure(edges)
        self.name = reader.name
        self.digest = SHA256.digest(Array(dot.utf8))
        self.version = reader.version ?? String(self.digest.prefix(12))
        self.description = graph.attributes["description"] ?? graph.attributes["label"] ?? ""
        self.steps = steps
        self.edges = edges
        self.dot = dot
        reader.checkParameters(steps, known: Set(self.parameters.map(\.name)))
        guard reader.problems.isEmpty else {
            throw .invalid(what: "pipeline `\(graph.name)`", problems: reader.problems)
        }
    }
}

/// Reads attributes and gathers everything that is wrong with them.
private struct PipelineReader {
    let graph: DotGraph
    var problems: [Problem] = []

    init(_ graph: DotGraph) {
        self.graph = graph
        if !graph.isDirected {
            self.problems.append(Problem("", "a pipeline is a `digraph`, this is a `graph`"))
        }
        if graph.nodes.isEmpty { self.problems.append(Problem("", "there are no steps")) }
    }

    var name: String {
        mutating get {
            if FunctionDefinition.isName(self.graph.name) { return self.graph.name }
            self.problems.append(
                Problem("", "the graph needs a name of lower-case letters, digits, `_`, `-` and `.`"))
            return ""
        }
    }

    var version: String? {
        mutating get {
            guard let version = self.graph.attributes["version"] else { return nil }
            if FunctionDefinition.isVersion(version) { return version }
            self.problems.append(Problem("graph attribute version", "`\(version)` is not allowed"))
            return nil
        }
    }

    mutating func step(_ node: DotGraph.Node) -> PipelineDefinition.Step? {
        let place = Self.place(node)
        guard !node.name.isEmpty, node.name.utf8.count <= 200 else {
            self.problems.append(Problem(place, "a step's name has 1 to 200 bytes"))
            return nil
        }
        guard let function = node.attributes["function"] else {
            self.problems.append(Problem(place, "has no function; add function=\"name@version\""))
            return nil
        }
        let parts = function.split(separator: "@", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, FunctionDefinition.isName(parts[0]), FunctionDefinition.isVersion(parts[1])
        else {
            self.problems.append(Problem(place, "function=\"\(function)\" is not of the form name@version"))
            return nil
        }
        let longest = FunctionDefinition.longestTimeoutSeconds
        return PipelineDefinition.Step(
            name: node.name, function: parts[0], version: parts[1],
            constants: self.assignments(node.attributes["with"], at: "\(place), with"),
            timeoutSeconds: self.number(node, "timeout", in: 1...longest, TimeSpan.seconds),
            retries: self.number(node, "retries", in: 0...100) { Int($0) },
            priority: self.number(node, "priority", in: -1000...1000) { Int($0) } ?? 0)
    }

    private mutating func number(
        _ node: DotGraph.Node, _ name: String, in range: ClosedRange<Int>, _ read: (String) -> Int?
    ) -> Int? {
        guard let text = node.attributes[name], !text.isEmpty else { return nil }
        if let number = read(text), range.contains(number) { return number }
        self.problems.append(
            Problem(
                Self.place(node),
                "\(name)=\"\(text)\" is not from \(range.lowerBound) to \(range.upperBound)"))
        return nil
    }

    static func edge(_ edge: DotGraph.Edge) -> PipelineDefinition.Edge {
        PipelineDefinition.Edge(
            source: edge.tail, target: edge.head,
            output: edge.attributes["from"].flatMap { $0.isEmpty ? nil : $0 },
            input: edge.attributes["to"].flatMap { $0.isEmpty ? nil : $0 } ?? edge.tail)
    }

    mutating func assignments(_ text: String?, at place: String) -> [PipelineDefinition.Assignment] {
        var assignments: [PipelineDefinition.Assignment] = []
        for part in (text ?? "").split(separator: ";") {
            let trimmed = part.drop { $0 == " " || $0 == "\n" || $0 == "\t" }
            if trimmed.isEmpty { continue }
            guard let equals = trimmed.firstIndex(of: "="), equals != trimmed.startIndex else {
                self.problems.append(Problem(place, "`\(trimmed)` is not of the form name=value"))
                continue
            }
            let name = String(trimmed[..<equals]).trimmed
            let value = String(trimmed[trimmed.index(after: equals)...]).trimmed
            guard !assignments.contains(where: { $0.name == name }) else {
                self.problems.append(Problem(place, "`\(name)` is given twice"))
                continue
            }
            let json = (try? JSON.parse(value)) ?? .string(value)
            assignments.append(PipelineDefinition.Assignment(name: name, value: json))
        }
        return assignments
    }

    mutating func checkStructure(_ edges: [PipelineDefinition.Edge]) {
        var inputs: Set<[String]> = []
        for edge in edges where !inputs.insert([edge.target, edge.input]).inserted {
            self.problems.append(
                Problem(
                    "step \(edge.target)",
                    "two edges lead into its input `\(edge.input)`; give them different `to`"))
        }
        if let cycle = Self.cycle(edges) {
            self.problems.append(
                Problem("", "the steps \(cycle.joined(separator: " -> ")) form a cycle; nothing could start"))
        }
    }

    mutating func checkParameters(_ steps: [PipelineDefinition.Step], known: Set<String>) {
        for step in steps {
            for constant in step.constants {
                for name in Template.names(in: constant.value) where !known.contains(name) {
                    self.problems.append(
                        Problem("step \(step.name)", "${\(name)} is not among the graph's `parameters`"))
                }
            }
        }
    }

    /// A cycle with its first step repeated at the end, or nil. Depth-first, without recursion.
    private static func cycle(_ edges: [PipelineDefinition.Edge]) -> [String]? {
        let next = Dictionary(grouping: edges, by: \.source).mapValues { $0.map(\.target) }
        var done: Set<String> = []
        for start in edges.map(\.source) where !done.contains(start) {
            var path = [start]
            var onPath: Set<String> = [start]
            var pending = [next[start] ?? []]
            while !path.isEmpty {
                guard let step = pending[pending.count - 1].popLast() else {
                    pending.removeLast()
                    let left = path.removeLast()
                    onPath.remove(left)
                    done.insert(left)
                    continue
                }
                if onPath.contains(step) {
                    let first = path.firstIndex(of: step) ?? 0
                    return Array(path[first...]) + [step]
                }
                if done.contains(step) { continue }
                path.append(step)
                onPath.insert(step)
                pending.append(next[step] ?? [])
            }
        }
        return nil
    }

    private static func place(_ node: DotGraph.Node) -> String {
        node.line.map { "line \($0), step \(node.name)" } ?? "step \(node.name)"
    }
}

/// `${name}` in texts.
enum Template {
    /// The names a value asks for.
    static func names(in value: JSON) -> [String] {
        switch value {
        case .string(let text): Self.parts(text).compactMap(\.name)
        case .array(let elements): elements.flatMap(Self.names)
        case .object(let object): object.members.flatMap { Self.names(in: $0.value) }
        default: []
        }
    }

    /// Puts values in: a text that is just `${name}` becomes the value, others take its text.
    static func fill(_ value: JSON, from values: [String: JSON]) -> JSON {
        switch value {
        case .string(let text):
            let parts = Self.parts(text)
            if parts.count == 1, let name = parts[0].name { return values[name] ?? .null }
            return .string(
                parts.map { part in
                    guard let name = part.name else { return part.text }
                    return values[name]?.string ?? values[name]?.text ?? ""
                }.joined())
        case .array(let elements): return .array(elements.map { Self.fill($0, from: values) })
        case .object(let object):
            var filled = JSON.Object()
            for member in object { filled.append(member.name, Self.fill(member.value, from: values)) }
            return .object(filled)
        default: return value
        }
    }

    private static func parts(_ text: String) -> [(text: String, name: String?)] {
        var parts: [(text: String, name: String?)] = []
        var rest = text[...]
        while let start = rest.firstRange(of: "${"), let end = rest[start.upperBound...].firstIndex(of: "}") {
            if start.lowerBound > rest.startIndex { parts.append((String(rest[..<start.lowerBound]), nil)) }
            parts.append(("", String(rest[start.upperBound..<end])))
            rest = rest[rest.index(after: end)...]
        }
        if !rest.isEmpty || parts.isEmpty { parts.append((String(rest), nil)) }
        return parts
    }
}

extension String {
    /// Without spaces and line ends at both ends.
    var trimmed: String {
        let isSpace: (Character) -> Bool = { $0.isWhitespace }
        return String(self.drop(while: isSpace).reversed().drop(while: isSpace).reversed())
    }
}
