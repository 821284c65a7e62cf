package import JSON
package import PropertyGraph

/// A node or relationship on its way into a graph, as a line of JSON Lines (the form that APOC exports):
/// `{"type": "node", "id": "1", "labels": ["User"], "properties": {...}}` and
/// `{"type": "relationship", "label": "MEMBER", "start": {"id": "1"}, "end": {"id": "2"}, "properties": {...}}`.
package enum ImportRecord: Hashable, Sendable {
    /// A node. `key` names the property that tells whether the graph has it already; an APOC file has none.
    case node(id: String, labels: [String], key: String?, properties: [NamedProperty])
    /// A relationship between nodes of the import, or nodes of the graph when `label` and `key` are known.
    case relationship(type: String, start: Endpoint, end: Endpoint, properties: [NamedProperty])

    /// One end of a relationship.
    package struct Endpoint: Hashable, Sendable {
        /// The node's id in the import.
        package let id: String
        /// A label of the node, to look for it in the graph.
        package let label: String?
        /// The value of the node's key, to look for it in the graph.
        package let key: String?

        /// Joins the parts.
        package init(id: String, label: String? = nil, key: String? = nil) {
            self.id = id
            self.label = label
            self.key = key
        }
    }
}

/// Why a file cannot be imported, and where.
package struct ImportError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The file.
    package let file: String
    /// The line, from 1.
    package let line: Int
    /// The column of a table, by its header, if it is one value that is wrong.
    package let column: String?
    /// What is wrong.
    package let message: String

    /// Joins the parts.
    package init(file: String, line: Int, column: String? = nil, _ message: String) {
        self.file = file
        self.line = line
        self.column = column
        self.message = message
    }

    /// `users.csv, line 3, column age:int: "x" is not a whole number`
    package var description: String {
        "\(self.file), line \(self.line)" + (self.column.map { ", column \($0)" } ?? "") + ": \(self.message)"
    }
}

extension ImportRecord {
    /// The record as one line of JSON Lines, without the line's end.
    package var json: JSON {
        switch self {
        case .node(let id, let labels, let key, let properties):
            return [
                "type": "node", "id": .string(id), "labels": .array(labels.map(JSON.string)),
                "key": key.map(JSON.string) ?? .null, "properties": NamedProperty.storedJSON(properties),
            ]
        case .relationship(let type, let start, let end, let properties):
            return [
                "type": "relationship", "label": .string(type), "start": start.json, "end": end.json,
                "properties": NamedProperty.storedJSON(properties),
            ]
        }
    }

    /// Reads a line of JSON Lines.
    /// - Throws: ``ImportError`` with file and line.
    package init(jsonLine text: String, file: String, line: Int) throws(ImportError) {
        let json: JSON
        do {
            json = try JSON.parse(text)
        } catch {
            throw ImportError(file: file, line: line, "not JSON at column \(error.column): \(error.message)")
        }
        guard let properties = NamedProperty.list(storedJSON: json["properties"] ?? .object(JSON.Object()))
        else {
            throw ImportError(file: file, line: line, "`properties` holds a value that no property can have")
        }
        switch json["type"]?.string {
        case "node":
            guard let id = Self.id(json["id"]) else {
                throw ImportError(file: file, line: line, "a node needs an `id`")
            }
            let labels = json["labels"]?.array?.compactMap(\.string) ?? []
            self = .node(id: id, labels: labels, key: json["key"]?.string, properties: properties)
        case "relationship":
            guard let type = json["label"]?.string, let start = Self.endpoint(json["start"]),
                let end = Self.endpoint(json["end"])
            else {
                throw ImportError(
                    file: file, line: line, "a relationship needs `label`, `start.id` and `end.id`")
            }
            self = .relationship(type: type, start: start, end: end, properties: properties)
        default: throw ImportError(file: file, line: line, "`type` is neither \"node\" nor \"relationship\"")
        }
    }

    private static func id(_ json: JSON?) -> String? { json?.string ?? json?.int.map { "\($0)" } }

    private static func endpoint(_ json: JSON?) -> Endpoint? {
        guard let id = self.id(json?["id"]) else { return nil }
        return Endpoint(id: id, label: json?["labels"]?.array?.first?.string, key: json?["key"]?.string)
    }
}

extension ImportRecord.Endpoint {
    var json: JSON {
        [
            "id": .string(self.id), "labels": .array(self.label.map { [.string($0)] } ?? []),
            "key": self.key.map(JSON.string) ?? .null,
        ]
    }
}
