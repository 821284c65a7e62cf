package import Graphviz

/// A run too large to be laid out step by step: steps of the same rank that call the same function are one box with their counts.
///
/// O(steps + edges); there are at most ``boxLimit`` boxes, and a note says what was drawn together.
package struct RunGroups: Sendable {
    /// From how many steps on a run is grouped. dot needs minutes for a few thousand (MEASUREMENTS.md of the design).
    package static let limit = 1500
    private static let boxLimit = 400

    private struct Key: Hashable {
        let rank: Int
        let callee: String
    }

    private let graph: DotGraph
    private let title: String
    private let states: [String: RunPicture.StepState]

    /// Groups a run's steps.
    package init(_ graph: DotGraph, title: String, states: [String: RunPicture.StepState]) {
        self.graph = graph
        self.title = title
        self.states = states
    }

    /// DOT in the house style.
    package func dot() -> String {
        let ranks = self.ranks()
        var numbers: [Key: Int] = [:]
        var members: [[String]] = []
        var boxOf: [String: Int] = [:]
        for node in self.graph.nodes {
            // Beyond the limit of boxes the ranks are folded.
            let rank = min(ranks[node.name] ?? 0, Self.boxLimit / 2)
            let key = Key(
                rank: rank, callee: node.attributes["function"] ?? node.attributes["pipeline"] ?? "")
            var number = numbers[key] ?? members.count
            if number == members.count, members.count >= Self.boxLimit { number = members.count - 1 }
            if number == members.count { members.append([]) }
            numbers[key] = number
            members[number].append(node.name)
            boxOf[node.name] = number
        }
        let note = "\(self.graph.nodes.count) steps drawn as \(members.count) groups"
        var writer = DotWriter(
            name: self.graph.name,
            attributes: Palette.graph(
                title: DotWriter.label(self.title + "\n" + note) + "\\l\n", rankdir: "LR"))
        writer.defaults("node", Palette.node)
        writer.defaults("edge", Palette.edge)
        for (number, names) in members.enumerated() { writer.node("g\(number)", self.attributes(names)) }
        var drawn: Set<[Int]> = []
        for edge in self.graph.edges {
            guard let tail = boxOf[edge.tail], let head = boxOf[edge.head], tail != head,
                drawn.insert([tail, head]).inserted
            else { continue }
            writer.edge("g\(tail)", "g\(head)")
        }
        return writer.text
    }

    private func attributes(_ names: [String]) -> [(String, String)] {
        var counts: [String: Int] = [:]
        for name in names { counts[self.states[name]?.state ?? "", default: 0] += 1 }
        let worst = [
            "failed", "running", "leased", "held", "queued", "waiting", "cancelled", "skipped", "succeeded",
        ]
        .first { counts[$0] != nil }
        let swatch = RunPicture.swatch(worst)
        let text = counts.filter { !$0.key.isEmpty }.sorted { $0.key < $1.key }.map {
            "\($0.value) \($0.key)"
        }
        let head = names.count == 1 ? names[0] : "\(names[0]) and \(names.count - 1) more"
        return [
            ("label", ([DotWriter.label(String(head.prefix(40)))] + text).joined(separator: "\n")),
            ("fillcolor", swatch.fill), ("color", swatch.border), ("class", "group \(worst ?? "")"),
            ("tooltip", DotWriter.label(names.prefix(20).joined(separator: "\n"))),
        ]
    }

    /// The longest way to each step (Kahn, 1962).
    private func ranks() -> [String: Int] {
        var open: [String: Int] = [:]
        var next: [String: [String]] = [:]
        for edge in self.graph.edges {
            open[edge.head, default: 0] += 1
            next[edge.tail, default: []].append(edge.head)
        }
        var ranks: [String: Int] = [:]
        var ready = self.graph.nodes.map(\.name).filter { open[$0] == nil }
        for name in ready { ranks[name] = 0 }
        while let name = ready.popLast() {
            for head in next[name] ?? [] {
                ranks[head] = max(ranks[head] ?? 0, (ranks[name] ?? 0) + 1)
                open[head, default: 1] -= 1
                if open[head] == 0 { ready.append(head) }
            }
        }
        return ranks
    }
}
