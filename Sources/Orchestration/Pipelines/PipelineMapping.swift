package import Graphviz
internal import JSON
internal import YAML

/// What gives functions to the steps of a DOT file that knows nothing of Plexus.
///
/// JSON or YAML: `name`, `version`, `graph` (attributes of the graph), `default` and `steps`: by a step's name or label, or a pattern with `*`,
/// a function or an object of attributes; `edges`: by `a -> b`, an object of attributes. A text without any of these is the `steps` alone.
package struct PipelineMapping: Hashable, Sendable {
    private let json: JSON
    private let patterns: [(pattern: String, attributes: [String: String])]
    private let exact: [String: [String: String]]
    private let standard: [String: String]

    /// As it was written, for the digest.
    package let text: String

    /// Reads a text.
    /// - Throws: ``OrchestrationError/invalid(what:problems:)`` with the place.
    package init(_ text: String) throws(OrchestrationError) {
        let json: JSON
        do {
            json = try Self.parse(text)
        } catch {
            throw .invalid(what: "mapping", problems: [Problem("", "\(error)")])
        }
        guard let object = json.object else {
            throw .invalid(
                what: "mapping", problems: [Problem("", "an object is expected, not \(json.kind)")])
        }
        self.text = text
        self.json = json
        let known: Set<String> = [
            "name", "version", "graph", "default", "steps", "functions", "nodes", "edges",
        ]
        let isPlain = !object.contains { known.contains($0.name) }
        let steps = isPlain ? object : (json["steps"] ?? json["functions"] ?? json["nodes"])?.object ?? [:]
        self.standard = json["default"].map(Self.attributes) ?? [:]
        var exact: [String: [String: String]] = [:]
        var patterns: [(pattern: String, attributes: [String: String])] = []
        for member in steps {
            let attributes = Self.attributes(member.value)
            if member.name.contains("*") {
                patterns.append((member.name, attributes))
            } else {
                exact[member.name] = attributes
            }
        }
        self.exact = exact
        self.patterns = patterns
    }

    private static func parse(_ text: String) throws -> JSON {
        if text.trimmed.hasPrefix("{") { return try JSON.parse(text) }
        return try YAML.parse(text)
    }

    private static func attributes(_ json: JSON) -> [String: String] {
        if let function = json.string { return ["function": function] }
        var attributes: [String: String] = [:]
        for member in json.object ?? [:] {
            if member.name == "with", let constants = member.value.object {
                attributes["with"] = constants.map { "\($0.name)=\($0.value.text)" }.joined(separator: "; ")
            } else {
                attributes[member.name] = member.value.string ?? member.value.text
            }
        }
        return attributes
    }

    /// Steps that the mapping names and the graph does not have.
    package func unknownSteps(in graph: DotGraph) -> [String] {
        let known = Set(graph.nodes.flatMap { [$0.name, $0.attributes["label"] ?? $0.name] })
        return self.exact.keys.filter { !known.contains($0) }.sorted()
    }

    /// The graph with the mapping's attributes; those of the file that the mapping does not name stay.
    package func applied(to graph: DotGraph) -> DotGraph {
        var attributes = graph.attributes
        for member in self.json["graph"]?.object ?? [:] {
            attributes[member.name] = member.value.string ?? member.value.text
        }
        if let version = self.json["version"] { attributes["version"] = version.string ?? version.text }
        let edges = self.json["edges"]?.object ?? [:]
        return DotGraph(
            name: self.json["name"]?.string ?? Self.slug(graph.name), isDirected: graph.isDirected,
            attributes: attributes,
            nodes: graph.nodes.map { node in
                DotGraph.Node(
                    name: node.name, attributes: node.attributes.merging(self.attributes(of: node)) { $1 },
                    line: node.line)
            },
            edges: edges.members.isEmpty
                ? graph.edges
                : graph.edges.map { edge in
                    let more = edges["\(edge.tail) -> \(edge.head)"].map(Self.attributes) ?? [:]
                    return DotGraph.Edge(
                        tail: edge.tail, head: edge.head, attributes: edge.attributes.merging(more) { $1 })
                }, subgraphs: graph.subgraphs)
    }

    private func attributes(of node: DotGraph.Node) -> [String: String] {
        var attributes = self.standard
        for (pattern, more) in self.patterns where Self.matches(node.name, pattern) {
            attributes.merge(more) { $1 }
        }
        let own = self.exact[node.name] ?? node.attributes["label"].flatMap { self.exact[$0] }
        return own.map { attributes.merging($0) { $1 } } ?? attributes
    }

    /// `*` stands for anything. O(text x parts).
    private static func matches(_ text: String, _ pattern: String) -> Bool {
        let parts = pattern.split(separator: "*", omittingEmptySubsequences: false)
        guard let first = parts.first, let last = parts.last, text.hasPrefix(first),
            text.count >= first.count + last.count, text.hasSuffix(last)
        else { return false }
        var rest = text.dropFirst(first.count).dropLast(last.count)
        for part in parts.dropFirst().dropLast() where !part.isEmpty {
            guard let found = rest.firstRange(of: part) else { return false }
            rest = rest[found.upperBound...]
        }
        return true
    }

    /// A name for a pipeline from any text.
    package static func slug(_ text: String) -> String {
        if FunctionDefinition.isName(text) { return text }
        var slug = ""
        for byte in text.lowercased().utf8 {
            let isLetter = (97...122).contains(byte) || (48...57).contains(byte)
            if isLetter {
                slug.append(Character(UnicodeScalar(byte)))
            } else if !slug.isEmpty, slug.last != "-" {
                slug.append("-")
            }
        }
        while slug.last == "-" { slug.removeLast() }
        return slug.isEmpty ? "graph" : String(slug.prefix(100))
    }
}

extension PipelineMapping {
    /// Equal texts are equal mappings.
    package static func == (left: PipelineMapping, right: PipelineMapping) -> Bool { left.text == right.text }

    /// Agrees with `==`.
    package func hash(into hasher: inout Hasher) { hasher.combine(self.text) }
}
