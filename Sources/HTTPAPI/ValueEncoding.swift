internal import GraphStorage
package import JSON
package import PropertyGraph

extension GraphSnapshot {
    /// A value as the Query API's plain JSON has it: entities as objects, temporal values as ISO 8601 text.
    package func plainJSON(_ value: Value) -> JSON {
        switch value {
        case .null: .null
        case .boolean(let truth): .bool(truth)
        case .integer(let number): .int(number)
        case .float(let number): number.isFinite ? .double(number) : .string(Self.name(of: number))
        case .string(let text): .string(text)
        case .list(let elements): .array(elements.map { self.plainJSON($0) })
        case .map(let entries):
            .object(self.object(entries.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }))
        case .node(let node): self.plainJSON(node)
        case .relationship(let relationship): self.plainJSON(relationship)
        case .path(let path): self.plainJSON(path)
        case .date(let date): .string(date.description)
        case .localTime(let time): .string(time.description)
        case .time(let time): .string(time.description)
        case .localDateTime(let moment): .string(moment.description)
        case .dateTime(let moment): .string(moment.description)
        case .duration(let amount): .string(amount.description)
        case .point(let point):
            .string(
                "SRID=\(point.system.rawValue);POINT\(point.z == nil ? "" : " Z") ("
                    + point.coordinates.map { "\($0)" }.joined(separator: " ") + ")")
        }
    }

    /// Properties as a JSON object.
    package func plainJSON(_ properties: Properties) -> JSON {
        let named = properties.map { (self.tokens.name($0.key), $0.value) }.sorted { $0.0 < $1.0 }
        return .object(self.object(named))
    }

    private func object(_ entries: [(String, Value)]) -> JSON.Object {
        var object = JSON.Object()
        for (name, value) in entries { object.append(name, self.plainJSON(value)) }
        return object
    }

    private func plainJSON(_ node: NodeID) -> JSON {
        [
            "elementId": .string("\(node.index)"),
            "labels": .array(self.labels(of: node).map { .string(self.tokens.name($0)) }),
            "properties": self.plainJSON(self.properties(of: node)),
        ]
    }

    private func plainJSON(_ relationship: RelationshipID) -> JSON {
        guard let record = self.relationship(relationship) else {
            return ["elementId": .string("\(relationship.index)")]
        }
        return [
            "elementId": .string("\(relationship.index)"),
            "startNodeElementId": .string("\(record.source.index)"),
            "endNodeElementId": .string("\(record.target.index)"),
            "type": .string(self.tokens.name(record.type)),
            "properties": self.plainJSON(self.properties(of: relationship)),
        ]
    }

    private func plainJSON(_ path: Path) -> JSON {
        var parts: [JSON] = []
        for (index, node) in path.nodes.enumerated() {
            parts.append(self.plainJSON(node))
            if index < path.relationships.count { parts.append(self.plainJSON(path.relationships[index])) }
        }
        return .array(parts)
    }

    private static func name(of number: Double) -> String {
        number.isNaN ? "NaN" : (number > 0 ? "Infinity" : "-Infinity")
    }
}

extension Value {
    /// A parameter as plain JSON gives it.
    package init(plainJSON json: JSON) {
        switch json {
        case .null: self = .null
        case .bool(let truth): self = .boolean(truth)
        case .int(let number): self = .integer(number)
        case .double(let number): self = .float(number)
        case .string(let text): self = .string(text)
        case .array(let elements): self = .list(elements.map { Value(plainJSON: $0) })
        case .object(let object):
            var entries: [String: Value] = [:]
            for member in object { entries[member.name] = Value(plainJSON: member.value) }
            self = .map(entries)
        }
    }
}
