package import Graphviz

/// A laid-out picture of a pipeline in which every step's state can be put in anew: laid out once, recoloured as often as states change.
///
/// Each step is laid out with colours and a line of text that occur nowhere else, so that the finished SVG can be cut at them. Putting
/// states in copies the pieces: O(bytes), without Graphviz.
package struct RunTemplate: Sendable {
    private enum Piece: Sendable {
        case text([UInt8])
        case fill(Int)
        case border(Int)
        case note(Int)
        case state(Int)
        case heading
    }

    private let steps: [String]
    private let pieces: [Piece]

    /// The DOT text to lay out; its digest names the structure, whatever the states are.
    package static func dot(_ graph: DotGraph) -> String {
        let mark = Self.mark(for: graph)
        var writer = DotWriter(
            name: graph.name,
            attributes: Palette.graph(
                title: mark + "heading@" + String(repeating: "\u{2007}", count: 30) + "\\l",
                rankdir: graph.attributes["rankdir"] ?? "LR"))
        writer.defaults("node", Palette.node)
        writer.defaults("edge", Palette.edge)
        var numbers: [String: Int] = [:]
        for (number, node) in graph.nodes.enumerated() { numbers[node.name] = number }
        var placed: Set<String> = []
        for cluster in graph.subgraphs where cluster.name.hasPrefix("cluster") {
            let style = [
                ("label", DotWriter.label(cluster.attributes["label"] ?? "")), ("style", "rounded"),
                ("color", "#c9d0da"), ("fontsize", "12"), ("fontcolor", "#5b6675"), ("labeljust", "l"),
                ("margin", "12"),
            ]
            writer.cluster(cluster.name, style) { writer in
                for name in cluster.nodes where placed.insert(name).inserted {
                    guard let number = numbers[name] else { continue }
                    writer.node(name, Self.attributes(graph.nodes[number], number, mark))
                }
            }
        }
        for (number, node) in graph.nodes.enumerated() where placed.insert(node.name).inserted {
            writer.node(node.name, Self.attributes(node, number, mark))
        }
        for edge in graph.edges {
            writer.edge(edge.tail, edge.head, RunPicture.edgeAttributes(edge, isDone: false))
        }
        return writer.text
    }

    /// The beginning of marks that no text of the graph holds, so that nobody's text is taken for one.
    private static func mark(for graph: DotGraph) -> String {
        func isTaken(_ mark: String) -> Bool {
            graph.name.contains(mark)
                || graph.nodes.contains {
                    $0.name.contains(mark) || $0.attributes.values.contains { $0.contains(mark) }
                }
                || graph.edges.contains { $0.attributes.values.contains { $0.contains(mark) } }
                || graph.subgraphs.contains { $0.attributes.values.contains { $0.contains(mark) } }
        }
        var number = 0
        while isTaken("@\(number)x") { number += 1 }
        return "@\(number)x"
    }

    private static func attributes(_ node: DotGraph.Node, _ number: Int, _ mark: String) -> [(String, String)]
    {
        let title = node.attributes["label"].map { $0 == "\\N" ? node.name : $0 } ?? node.name
        var lines = [DotWriter.label(title)]
        if let callee = node.attributes["function"] ?? node.attributes["pipeline"]
            ?? node.attributes["approval"]
        {
            lines.append(DotWriter.label(callee))
        }
        // As wide as most notes are.
        lines.append("\(mark)n\(number)@ succeeded, 120 ms")
        return [
            ("label", lines.joined(separator: "\n")), ("fillcolor", Self.colour(1, number)),
            ("color", Self.colour(2, number)), ("id", "step-\(number)"), ("class", "step s\(number)s"),
            ("tooltip", DotWriter.label(node.name)),
        ]
    }

    /// Colours that nothing else has, by kind (1 or 2) and number.
    private static func colour(_ kind: Int, _ number: Int) -> String {
        let digits = String(number & 0xF_FFFF, radix: 16)
        return "#\(kind)" + String(repeating: "0", count: 5 - digits.count) + digits
    }

    /// Cuts a picture that was drawn from ``dot(_:)``.
    package init(graph: DotGraph, svg: [UInt8]) {
        self.steps = graph.nodes.map(\.name)
        var colours: [[UInt8]: Piece] = [:]
        for number in graph.nodes.indices {
            colours[Array(Self.colour(1, number).utf8)] = .fill(number)
            colours[Array(Self.colour(2, number).utf8)] = .border(number)
        }
        let beginning = Array(Self.mark(for: graph).utf8)
        let heading = beginning + Array("heading@".utf8)
        var pieces: [Piece] = []
        var start = 0
        var at = 0
        func cut(_ piece: Piece, at from: Int, to end: Int) {
            pieces.append(.text(Array(svg[start..<from])))
            pieces.append(piece)
            start = end
        }
        while at < svg.count {
            switch svg[at] {
            case UInt8(ascii: "#") where at + 7 <= svg.count:
                if let piece = colours[Array(svg[at..<at + 7])] { cut(piece, at: at, to: at + 7) }
            case UInt8(ascii: "@"):
                // Up to the end of the text element: the note, or the heading.
                if svg[at...].starts(with: beginning),
                    let (number, end) = Self.note(svg, at + beginning.count),
                    number < graph.nodes.count
                {
                    cut(.note(number), at: at, to: end)
                    at = end
                    continue
                }
                if svg[at...].starts(with: heading) {
                    let end =
                        svg[at...].firstIndex { $0 == UInt8(ascii: "<") || $0 == UInt8(ascii: "\"") }
                        ?? svg.count
                    cut(.heading, at: at, to: end)
                    at = end
                    continue
                }
            case UInt8(ascii: "s"):
                if at > 0, svg[at - 1] == UInt8(ascii: " "),
                    let (number, end) = Self.number(svg, at + 1, UInt8(ascii: "s")),
                    number < graph.nodes.count, end < svg.count, svg[end] == UInt8(ascii: "\"")
                {
                    cut(.state(number), at: at, to: end)
                }
            default: break
            }
            at += 1
        }
        pieces.append(.text(Array(svg[start...])))
        self.pieces = pieces
    }

    private static func note(_ svg: [UInt8], _ at: Int) -> (number: Int, end: Int)? {
        guard at < svg.count, svg[at] == UInt8(ascii: "n"),
            let (number, after) = self.number(svg, at + 1, UInt8(ascii: "@"))
        else { return nil }
        return (number, svg[after...].firstIndex(of: UInt8(ascii: "<")) ?? svg.count)
    }

    /// Digits up to a byte.
    private static func number(_ svg: [UInt8], _ start: Int, _ last: UInt8) -> (number: Int, end: Int)? {
        var number = 0
        var at = start
        while at < svg.count, (48...57).contains(svg[at]), at - start < 7 {
            number = number * 10 + Int(svg[at] - 48)
            at += 1
        }
        guard at > start, at < svg.count, svg[at] == last else { return nil }
        return (number, at + 1)
    }

    /// The picture with states put in. O(bytes).
    package func svg(title: String, states: [String: RunPicture.StepState]) -> [UInt8] {
        let looks = self.steps.map { name -> (state: String, fill: [UInt8], border: [UInt8], note: [UInt8]) in
            let state = states[name]
            let swatch = RunPicture.swatch(state?.state)
            return (
                state?.state ?? "", Array(swatch.fill.utf8), Array(swatch.border.utf8),
                Array(SVGFinish.escaped(RunPicture.line(state)).utf8)
            )
        }
        let heading = Array(SVGFinish.escaped(title).utf8)
        var output: [UInt8] = []
        output.reserveCapacity(self.pieces.count * 40)
        for piece in self.pieces {
            switch piece {
            case .text(let bytes): output += bytes
            case .fill(let number): output += looks[number].fill
            case .border(let number): output += looks[number].border
            case .note(let number): output += looks[number].note
            case .state(let number): output += Array(looks[number].state.utf8)
            case .heading: output += heading
            }
        }
        return output
    }
}
