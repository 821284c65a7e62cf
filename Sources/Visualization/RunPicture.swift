package import Graphviz

/// A pipeline as its file draws it, each step coloured by what its job does.
package struct RunPicture: Sendable {
    /// The state of one step.
    package struct StepState: Hashable, Sendable {
        /// A state of `schema/states/job.dot`.
        package let state: String
        /// One line more, such as the running time or the error.
        package let note: String

        /// Joins state and note.
        package init(state: String, note: String = "") {
            self.state = state
            self.note = note
        }
    }

    /// Colour and sign of a state: never told by colour alone.
    private static let looks: [String: (swatch: String, sign: String)] = [
        "waiting": ("grey", "\u{2026}"), "queued": ("violet", "\u{25CB}"), "leased": ("amber", "\u{25D4}"),
        "running": ("blue", "\u{25B6}"), "succeeded": ("green", "\u{2713}"), "failed": ("red", "\u{2717}"),
        "skipped": ("grey", "\u{2298}"), "cancelled": ("grey", "\u{25A0}"), "held": ("pink", "\u{2016}"),
    ]

    private let graph: DotGraph
    private let title: String
    private let states: [String: StepState]

    /// A picture of a parsed pipeline; steps without a state are drawn plain.
    package init(graph: DotGraph, title: String, states: [String: StepState]) {
        self.graph = graph
        self.title = title
        self.states = states
    }

    /// DOT in the house style. O(steps + edges).
    package func dot() -> String {
        let rankdir = self.graph.attributes["rankdir"] ?? "LR"
        var writer = DotWriter(
            name: self.graph.name,
            attributes: Palette.graph(title: DotWriter.label(self.title) + "\\l\n", rankdir: rankdir))
        writer.defaults("node", Palette.node)
        writer.defaults("edge", Palette.edge)
        let clusters = self.graph.subgraphs.filter { $0.name.hasPrefix("cluster") }
        var placed: Set<String> = []
        for cluster in clusters {
            let style = [
                ("label", DotWriter.label(cluster.attributes["label"] ?? "")), ("style", "rounded"),
                ("color", "#c9d0da"),
                ("fontsize", "12"), ("fontcolor", "#5b6675"), ("labeljust", "l"), ("margin", "12"),
            ]
            writer.cluster(cluster.name, style) { writer in
                for node in self.graph.nodes
                where cluster.nodes.contains(node.name) && placed.insert(node.name).inserted {
                    writer.node(node.name, self.attributes(node))
                }
            }
        }
        for node in self.graph.nodes where placed.insert(node.name).inserted {
            writer.node(node.name, self.attributes(node))
        }
        for edge in self.graph.edges { writer.edge(edge.tail, edge.head, self.attributes(edge)) }
        return writer.text
    }

    private func attributes(_ node: DotGraph.Node) -> [(String, String)] {
        let state = self.states[node.name]
        let look = state.flatMap { Self.looks[$0.state] } ?? ("teal", "")
        let swatch = Palette.swatch(look.swatch)
        let title = node.attributes["label"].map { $0 == "\\N" ? node.name : $0 } ?? node.name
        var lines = [(look.sign.isEmpty ? "" : look.sign + "  ") + DotWriter.label(title)]
        if let function = node.attributes["function"] { lines.append(DotWriter.label(function)) }
        if let state {
            lines.append(
                state.state
                    + (state.note.isEmpty ? "" : ", " + DotWriter.label(String(state.note.prefix(48)))))
        }
        return [
            ("label", lines.joined(separator: "\n")), ("fillcolor", swatch.fill), ("color", swatch.border),
            ("penwidth", state?.state == "running" ? "2.4" : "1.3"), ("id", "step-\(node.name)"),
            ("class", "step \(state?.state ?? "")"),
            ("tooltip", DotWriter.label("\(node.name)\n\(state?.state ?? "")\n\(state?.note ?? "")")),
            ("style", state?.state == "skipped" ? "rounded,filled,dashed" : "rounded,filled"),
        ]
    }

    /// The colours of a state.
    static func swatch(_ state: String?) -> Swatch {
        Palette.swatch(state.flatMap { Self.looks[$0]?.swatch } ?? "teal")
    }

    /// How a step looks, for a page that repaints it.
    package static func look(_ state: StepState?) -> (text: String, fill: String, border: String) {
        let swatch = Self.swatch(state?.state)
        return (Self.line(state), swatch.fill, swatch.border)
    }

    /// Sign, state and note in one line; empty without a state.
    static func line(_ state: StepState?) -> String {
        guard let state else { return "" }
        let sign = Self.looks[state.state]?.sign ?? ""
        return "\(sign) \(state.state)" + (state.note.isEmpty ? "" : ", \(state.note.prefix(48))")
    }

    private func attributes(_ edge: DotGraph.Edge) -> [(String, String)] {
        Self.edgeAttributes(edge, isDone: self.states[edge.tail]?.state == "succeeded")
    }

    static func edgeAttributes(_ edge: DotGraph.Edge, isDone: Bool) -> [(String, String)] {
        let parts = [edge.attributes["from"], edge.attributes["to"]].compactMap { $0 }.filter { !$0.isEmpty }
        var label =
            parts.count == 2 && parts[0] == parts[1] ? parts[0] : parts.joined(separator: " \u{2192} ")
        if let when = edge.attributes["when"] {
            label += (label.isEmpty ? "" : "\n") + "if " + when.prefix(40)
        }
        if let on = edge.attributes["on"], on != "success" {
            label += (label.isEmpty ? "" : "\n") + "on " + on
        }
        return [
            ("label", label.isEmpty ? "" : " \(DotWriter.label(label)) "),
            ("color", isDone ? Palette.swatch("green").border : Palette.line),
            ("tooltip", DotWriter.label("\(edge.tail) to \(edge.head)")),
        ]
    }
}
