package import JSON
package import PropertyGraph

extension GraphSnapshot {
    /// The media type of ``typedJSON(_:)``.
    static var typedJSONType: String { "application/vnd.neo4j.query" }

    /// A value as the Query API's typed JSON has it: `{"$type": "Integer", "_value": "1"}`, so that a path is no list and a
    /// date no text.
    package func typedJSON(_ value: Value) -> JSON {
        switch value {
        case .null: self.typed("Null", .null)
        case .boolean(let truth): self.typed("Boolean", .bool(truth))
        case .integer(let number): self.typed("Integer", .string("\(number)"))
        case .float(let number):
            self.typed("Float", .string(number.isFinite ? "\(number)" : self.name(of: number)))
        case .string(let text): self.typed("String", .string(text))
        case .list(let elements): self.typed("List", .array(elements.map { self.typedJSON($0) }))
        case .map(let entries): self.typed("Map", self.typedJSON(entries.map { ($0.key, $0.value) }))
        case .node(let node): self.typed("Node", self.typedNode(node))
        case .relationship(let relationship): self.typed("Relationship", self.typedRelationship(relationship))
        case .path(let path):
            self.typed("Path", .array(self.parts(of: path).map { self.typedJSON($0) }))
        case .date: self.typed("Date", self.plainJSON(value))
        case .localTime: self.typed("LocalTime", self.plainJSON(value))
        case .time: self.typed("Time", self.plainJSON(value))
        case .localDateTime: self.typed("LocalDateTime", self.plainJSON(value))
        case .dateTime(let moment):
            self.typed(moment.zone == nil ? "OffsetDateTime" : "ZonedDateTime", self.plainJSON(value))
        case .duration: self.typed("Duration", self.plainJSON(value))
        case .point: self.typed("Point", self.plainJSON(value))
        }
    }

    private func typed(_ type: String, _ value: JSON) -> JSON { ["$type": .string(type), "_value": value] }

    private func name(of number: Double) -> String {
        number.isNaN ? "NaN" : (number > 0 ? "Infinity" : "-Infinity")
    }

    private func typedJSON(_ entries: [(String, Value)]) -> JSON {
        var object = JSON.Object()
        for (name, value) in entries.sorted(by: { $0.0 < $1.0 }) {
            object.append(name, self.typedJSON(value))
        }
        return .object(object)
    }

    private func typedJSON(_ properties: Properties) -> JSON {
        self.typedJSON(properties.map { (self.tokens.name($0.key), $0.value) })
    }

    private func typedNode(_ node: NodeID) -> JSON {
        [
            "_element_id": .string("\(node.index)"),
            "_labels": .array(self.labels(of: node).map { .string(self.tokens.name($0)) }),
            "_properties": self.typedJSON(self.properties(of: node)),
        ]
    }

    private func typedRelationship(_ relationship: RelationshipID) -> JSON {
        guard let record = self.relationship(relationship) else {
            return ["_element_id": .string("\(relationship.index)")]
        }
        return [
            "_element_id": .string("\(relationship.index)"),
            "_start_node_element_id": .string("\(record.source.index)"),
            "_end_node_element_id": .string("\(record.target.index)"),
            "_type": .string(self.tokens.name(record.type)),
            "_properties": self.typedJSON(self.properties(of: relationship)),
        ]
    }

    private func parts(of path: Path) -> [Value] {
        var parts: [Value] = []
        for (index, node) in path.nodes.enumerated() {
            parts.append(.node(node))
            if index < path.relationships.count { parts.append(.relationship(path.relationships[index])) }
        }
        return parts
    }
}
