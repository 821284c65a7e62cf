internal import Graphviz
package import PropertyGraph

/// The nodes and relationships among rows of a result, ready to be drawn.
package struct GraphPicture: Sendable {
    private let graph: GraphSnapshot
    private let nodes: [NodeID]
    private let relationships: [RelationshipID]
    private let total: Int

    /// Gathers entities from rows; nodes past the limit, and what hangs on them, are left out.
    package init(rows: [[Value]], graph: GraphSnapshot, limit: Int) {
        var nodes: Set<NodeID> = []
        var relationships: Set<RelationshipID> = []
        func gather(_ value: Value) {
            switch value {
            case .node(let node): nodes.insert(node)
            case .relationship(let relationship): relationships.insert(relationship)
            case .path(let path):
                nodes.formUnion(path.nodes)
                relationships.formUnion(path.relationships)
            case .list(let list): list.forEach(gather)
            case .map(let map): map.values.forEach(gather)
            default: break
            }
        }
        for row in rows { row.forEach(gather) }
        for relationship in relationships {
            guard let record = graph.relationship(relationship) else { continue }
            nodes.insert(record.source)
            nodes.insert(record.target)
        }
        let kept = Set(nodes.sorted().prefix(limit))
        self.graph = graph
        self.total = nodes.count
        self.nodes = kept.sorted()
        self.relationships = relationships.sorted().filter { id in
            graph.relationship(id).map { kept.contains($0.source) && kept.contains($0.target) } ?? false
        }
    }

    /// DOT in the house style. O(nodes + relationships).
    package func dot(view: View?, title: String) -> String {
        let note = self.total > self.nodes.count ? "\nshowing \(self.nodes.count) of \(self.total) nodes" : ""
        var writer = DotWriter(
            name: view?.name ?? "result",
            attributes: Palette.graph(
                title: DotWriter.label(title + note) + "\\l\n", rankdir: view?.rankdir ?? "LR"))
        writer.defaults("node", Palette.node)
        writer.defaults("edge", Palette.edge)
        for node in self.nodes { writer.node("n\(node.index)", self.attributes(node, view)) }
        for relationship in self.relationships {
            guard let record = self.graph.relationship(relationship) else { continue }
            writer.edge(
                "n\(record.source.index)", "n\(record.target.index)",
                self.attributes(relationship, record, view))
        }
        return writer.text
    }

    private func attributes(_ node: NodeID, _ view: View?) -> [(String, String)] {
        let labels = self.graph.labels(of: node).map { self.graph.tokens.name($0) }
        let style = labels.lazy.compactMap { view?.nodes[$0] }.first
        let named = self.named(self.graph.properties(of: node))
        let rule = view?.rules.first { rule in
            (rule.label.map(labels.contains) ?? true)
                && rule.conditions.allSatisfy { named[$0.key] == $0.value }
        }?.style
        let swatch = Palette.swatch(rule?.colour ?? style?.colour ?? labels.first ?? "")
        let title = (rule?.label ?? style?.label).map { Self.filled($0, named) } ?? self.title(named, labels)
        let tooltip =
            style?.tooltip.map { Self.filled($0, named) }
            ?? self.tooltip(labels.joined(separator: ", "), named)
        return [
            ("label", DotWriter.label(title)), ("fillcolor", swatch.fill), ("color", swatch.border),
            ("shape", rule?.shape ?? style?.shape ?? "box"), ("tooltip", DotWriter.label(tooltip)),
            ("id", "node-\(node.index)"), ("URL", Self.link(labels, named) ?? ""),
            ("class", labels.map { $0.lowercased() }.joined(separator: " ")),
        ]
    }

    private func attributes(
        _ relationship: RelationshipID, _ record: RelationshipRecord, _ view: View?
    ) -> [(String, String)] {
        let type = self.graph.tokens.name(record.type)
        let style = view?.relationships[type]
        let named = self.named(self.graph.properties(of: relationship))
        let label = style?.label.map { Self.filled($0, named) } ?? type.lowercased().replacing("_", with: " ")
        var attributes = [
            ("label", label.isEmpty ? "" : " " + DotWriter.label(label) + " "),
            ("tooltip", DotWriter.label(self.tooltip(type, named))),
            ("id", "relationship-\(relationship.index)"),
        ]
        if let colour = style?.colour { attributes.append(("color", Palette.swatch(colour).border)) }
        if style?.label == nil {
            for (key, word) in [("valid_from", "from"), ("valid_until", "until")] {
                if let moment = named[key] { attributes[0].1 += "\n\(word) \(moment.prefix(10)) " }
            }
        }
        return attributes
    }

    /// Where the API tells more of an entity.
    private static func link(_ labels: [String], _ named: [String: String]) -> String? {
        func path(_ text: String?) -> String? {
            text.map { text in
                text.utf8.map { byte in
                    let isPlain =
                        (97...122).contains(byte) || (65...90).contains(byte) || (48...57).contains(byte)
                        || byte == 45 || byte == 95 || byte == 46 || byte == 64
                    let digits = String(byte, radix: 16, uppercase: true)
                    return isPlain
                        ? String(UnicodeScalar(byte)) : "%" + (digits.utf8.count < 2 ? "0" : "") + digits
                }.joined()
            }
        }
        switch labels.first {
        case "Job": return path(named["id"]).map { "/v1/jobs/\($0)" }
        case "Run": return path(named["id"]).map { "/runs/\($0)" }
        case "Function", "FunctionVersion": return path(named["name"]).map { "/v1/functions/\($0)" }
        case "Pipeline": return path(named["name"]).map { "/v1/pipelines/\($0)" }
        case "PipelineVersion": return path(named["id"]).map { "/v1/pipelines/\($0)" }
        case "Artifact": return path(named["sha256"]).map { "/v1/lineage/\($0)" }
        default: return nil
        }
    }

    private func named(_ properties: Properties) -> [String: String] {
        var named: [String: String] = [:]
        for entry in properties { named[self.graph.tokens.name(entry.key)] = Self.text(entry.value) }
        return named
    }

    private func title(_ named: [String: String], _ labels: [String]) -> String {
        let name = named["name"] ?? named["title"] ?? named["id"]
        return (name.map { String($0.prefix(40)) } ?? "")
            + (labels.isEmpty ? "" : "\n\(labels[0].lowercased())")
    }

    private func tooltip(_ head: String, _ named: [String: String]) -> String {
        ([head] + named.sorted { $0.key < $1.key }.prefix(12).map { "\($0.key): \($0.value.prefix(80))" })
            .joined(separator: "\n")
    }

    /// A picture of rows that are edges by themselves: columns `from`, `label` and `to`. O(rows).
    package static func edges(columns: [String], rows: [[Value]], view: View, title: String) -> String {
        var writer = DotWriter(
            name: view.name,
            attributes: Palette.graph(title: DotWriter.label(title) + "\\l\n", rankdir: view.rankdir))
        writer.defaults("node", Palette.node)
        writer.defaults("edge", Palette.edge)
        func text(_ name: String, _ row: [Value]) -> String {
            columns.firstIndex(of: name).map { self.text(row[$0]) } ?? ""
        }
        var known: Set<String> = []
        for row in rows.prefix(view.limit * 10) {
            for name in [text("from", row), text("to", row)] where known.insert(name).inserted {
                let swatch = Palette.swatch(view.nodes[name]?.colour ?? name)
                writer.node(
                    "n" + name,
                    [
                        ("label", DotWriter.label(name)), ("fillcolor", swatch.fill),
                        ("color", swatch.border),
                        ("tooltip", DotWriter.label(name)),
                    ])
            }
            writer.edge(
                "n" + text("from", row), "n" + text("to", row),
                [("label", " \(DotWriter.label(text("label", row))) ")])
        }
        return writer.text
    }

    /// A template with `{key}` filled in; what has no value is left out.
    static func filled(_ template: String, _ values: [String: String]) -> String {
        var result = ""
        var rest = template[...]
        while let open = rest.firstIndex(of: "{"), let close = rest[open...].firstIndex(of: "}") {
            result += rest[..<open]
            result += (values[String(rest[rest.index(after: open)..<close])] ?? "").prefix(60)
            rest = rest[rest.index(after: close)...]
        }
        return result + rest
    }

    static func text(_ value: Value) -> String {
        switch value {
        case .string(let text): text
        case .integer(let number): "\(number)"
        case .float(let number): "\(number)"
        case .boolean(let truth): "\(truth)"
        case .null: ""
        case .dateTime(let moment): moment.description
        case .date(let date): date.description
        case .list(let list): list.map(self.text).joined(separator: ", ")
        default: value.typeName.lowercased()
        }
    }
}
