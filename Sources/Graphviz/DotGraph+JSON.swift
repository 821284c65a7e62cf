package import JSON

// How a parsed graph goes from the helper process to its caller, and into the plan of a pipeline.

extension DotGraph {
    /// As one JSON object.
    package var json: JSON {
        [
            "name": .string(self.name), "directed": .bool(self.isDirected),
            "attributes": Self.json(self.attributes),
            "nodes": .array(
                self.nodes.map {
                    [
                        "name": .string($0.name), "attributes": Self.json($0.attributes),
                        "line": $0.line.map(JSON.int) ?? .null,
                    ]
                }),
            "edges": .array(
                self.edges.map {
                    [
                        "tail": .string($0.tail), "head": .string($0.head),
                        "attributes": Self.json($0.attributes),
                    ]
                }),
            "subgraphs": .array(
                self.subgraphs.map {
                    [
                        "name": .string($0.name), "attributes": Self.json($0.attributes),
                        "nodes": .array($0.nodes.map(JSON.string)),
                    ]
                }),
        ]
    }

    /// Reads what ``json`` wrote; nil for anything else.
    package init?(json: JSON) {
        guard let name = json["name"]?.string, let isDirected = json["directed"]?.bool,
            let nodes = json["nodes"]?.array,
            let edges = json["edges"]?.array, let subgraphs = json["subgraphs"]?.array
        else { return nil }
        self.name = name
        self.isDirected = isDirected
        self.attributes = Self.attributes(json)
        self.nodes = nodes.map {
            Node(name: $0["name"]?.string ?? "", attributes: Self.attributes($0), line: $0["line"]?.int)
        }
        self.edges = edges.map {
            Edge(
                tail: $0["tail"]?.string ?? "", head: $0["head"]?.string ?? "",
                attributes: Self.attributes($0))
        }
        self.subgraphs = subgraphs.map {
            Subgraph(
                name: $0["name"]?.string ?? "", attributes: Self.attributes($0),
                nodes: $0["nodes"]?.array?.compactMap(\.string) ?? [])
        }
    }

    private static func json(_ attributes: [String: String]) -> JSON {
        var object = JSON.Object()
        for (key, value) in attributes.sorted(by: { $0.key < $1.key }) { object.append(key, .string(value)) }
        return .object(object)
    }

    private static func attributes(_ json: JSON) -> [String: String] {
        var attributes: [String: String] = [:]
        for member in json["attributes"]?.object ?? JSON.Object() {
            attributes[member.name] = member.value.string
        }
        return attributes
    }
}
