package import Graphviz
package import JSON

/// What differs between two pipelines, or between two runs: steps and edges that came, went or changed.
package struct GraphDiff: Hashable, Sendable {
    /// What became of something.
    package enum Change: String, Sendable {
        /// Only in the second.
        case added
        /// Only in the first.
        case removed
        /// In both, and not the same.
        case changed
        /// The same in both.
        case same
    }

    /// One step.
    package struct Step: Hashable, Sendable {
        /// Its name.
        package let name: String
        /// What became of it.
        package let change: Change
        /// Attributes that differ, sorted, with both values.
        package let attributes: [Difference]
    }

    /// An attribute with its values on both sides.
    package struct Difference: Hashable, Sendable {
        /// Its name.
        package let name: String
        /// In the first; nil when it is not there.
        package let before: String?
        /// In the second; nil when it is not there.
        package let after: String?
    }

    /// One edge.
    package struct Edge: Hashable, Sendable {
        /// Where it starts.
        package let tail: String
        /// Where it ends.
        package let head: String
        /// What became of it.
        package let change: Change
    }

    /// Attributes of the graph that differ.
    package let graph: [Difference]
    /// All steps: those of the second in its order, then those that went.
    package let steps: [Step]
    /// All edges.
    package let edges: [Edge]

    /// Compares two graphs, and further facts of their steps, such as states. O(n log n).
    package init(
        _ first: DotGraph, _ second: DotGraph,
        facts: (first: [String: [String: String]], second: [String: [String: String]]) = ([:], [:])
    ) {
        self.graph = Self.differences(first.attributes, second.attributes)
        func attributes(_ graph: DotGraph, _ facts: [String: [String: String]]) -> [String: [String: String]]
        {
            Dictionary(graph.nodes.map { ($0.name, $0.attributes.merging(facts[$0.name] ?? [:]) { $1 }) }) {
                a, _ in a
            }
        }
        let (before, after) = (attributes(first, facts.first), attributes(second, facts.second))
        var steps = second.nodes.map { node -> Step in
            guard let old = before[node.name] else {
                return Step(name: node.name, change: .added, attributes: [])
            }
            let differences = Self.differences(old, after[node.name] ?? [:])
            return Step(
                name: node.name, change: differences.isEmpty ? .same : .changed, attributes: differences)
        }
        steps += first.nodes.filter { after[$0.name] == nil }.map {
            Step(name: $0.name, change: .removed, attributes: [])
        }
        self.steps = steps
        struct Ends: Hashable {
            let tail: String
            let head: String
        }
        func edges(_ graph: DotGraph) -> [Ends: [[String: String]]] {
            Dictionary(grouping: graph.edges) { Ends(tail: $0.tail, head: $0.head) }.mapValues {
                $0.map(\.attributes)
            }
        }
        let (oldEdges, newEdges) = (edges(first), edges(second))
        var found: [Edge] = []
        for (ends, attributes) in newEdges {
            let old = oldEdges[ends]
            found.append(
                Edge(
                    tail: ends.tail, head: ends.head,
                    change: old == nil ? .added : old == attributes ? .same : .changed))
        }
        for ends in oldEdges.keys where newEdges[ends] == nil {
            found.append(Edge(tail: ends.tail, head: ends.head, change: .removed))
        }
        self.edges = found.sorted { ($0.tail, $0.head) < ($1.tail, $1.head) }
    }

    private static func differences(_ before: [String: String], _ after: [String: String]) -> [Difference] {
        Set(before.keys).union(after.keys).sorted().filter { before[$0] != after[$0] }.map {
            Difference(name: $0, before: before[$0], after: after[$0])
        }
    }

    /// Whether nothing differs.
    package var isEmpty: Bool {
        self.graph.isEmpty && self.steps.allSatisfy { $0.change == .same }
            && self.edges.allSatisfy { $0.change == .same }
    }

    /// `+ step`, `- step`, `~ step: attribute before -> after`, a line each.
    package var lines: [String] {
        var lines = self.graph.map { "~ graph: \(Self.text($0))" }
        for step in self.steps {
            switch step.change {
            case .added: lines.append("+ step \(step.name)")
            case .removed: lines.append("- step \(step.name)")
            case .changed: lines += step.attributes.map { "~ step \(step.name): \(Self.text($0))" }
            case .same: break
            }
        }
        for edge in self.edges where edge.change != .same {
            let sign = edge.change == .added ? "+" : edge.change == .removed ? "-" : "~"
            lines.append("\(sign) edge \(edge.tail) -> \(edge.head)")
        }
        return lines
    }

    private static func text(_ difference: Difference) -> String {
        "\(difference.name) \(difference.before ?? "(none)") -> \(difference.after ?? "(none)")"
    }

    /// As `--format json` gives it.
    package var json: JSON {
        [
            "same": .bool(self.isEmpty),
            "graph": .array(self.graph.map(Self.json)),
            "steps": .array(
                self.steps.filter { $0.change != .same }.map {
                    [
                        "step": .string($0.name), "change": .string($0.change.rawValue),
                        "attributes": .array($0.attributes.map(Self.json)),
                    ]
                }),
            "edges": .array(
                self.edges.filter { $0.change != .same }.map {
                    [
                        "tail": .string($0.tail), "head": .string($0.head),
                        "change": .string($0.change.rawValue),
                    ]
                }),
        ]
    }

    private static func json(_ difference: Difference) -> JSON {
        [
            "name": .string(difference.name), "before": difference.before.map(JSON.string) ?? .null,
            "after": difference.after.map(JSON.string) ?? .null,
        ]
    }

    /// As a picture: what came in green, what went in red and dashed, what changed in amber; told by words too.
    package func dot(title: String) -> String {
        var writer = DotWriter(
            name: "diff",
            attributes: [
                ("rankdir", "LR"), ("label", DotWriter.label(title)), ("labelloc", "t"),
                ("fontname", "Helvetica"),
                ("bgcolor", "transparent"),
            ])
        writer.defaults("node", [("shape", "box"), ("fontname", "Helvetica"), ("fontsize", "12")])
        writer.defaults("edge", [("fontname", "Helvetica"), ("fontsize", "10")])
        for step in self.steps {
            let look = Self.look(step.change)
            let more = step.attributes.prefix(4).map { "\n\(DotWriter.label(Self.text($0)))" }.joined()
            writer.node(
                step.name,
                [
                    ("label", look.sign + DotWriter.label(step.name) + more), ("color", look.border),
                    ("fillcolor", look.fill),
                    ("style", step.change == .removed ? "rounded,filled,dashed" : "rounded,filled"),
                    ("class", "step \(step.change.rawValue)"),
                    ("tooltip", DotWriter.label("\(step.name): \(step.change.rawValue)")),
                ])
        }
        for edge in self.edges {
            writer.edge(
                edge.tail, edge.head,
                [
                    ("color", Self.look(edge.change).border),
                    ("style", edge.change == .removed ? "dashed" : "solid"),
                    ("tooltip", DotWriter.label("\(edge.tail) to \(edge.head): \(edge.change.rawValue)")),
                ])
        }
        return writer.text
    }

    private static func look(_ change: Change) -> (fill: String, border: String, sign: String) {
        switch change {
        case .added: ("#dcf3e3", "#2f8f5b", "+ ")
        case .removed: ("#fbe0de", "#c2453f", "- ")
        case .changed: ("#fdf0d2", "#b9822b", "~ ")
        case .same: ("#eef0f3", "#7b8694", "")
        }
    }
}
