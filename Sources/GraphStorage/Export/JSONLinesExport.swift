internal import JSON
package import PropertyGraph

/// A graph as JSON Lines, the form of `apoc.export.json.all`, piece by piece.
///
/// A node whose label has a uniqueness constraint over one property says so by `key` and names that label first, so
/// that importing into a graph that has the node finds it. What JSON cannot say is an object whose member starts
/// with `$`: `{"$datetime": "2026-11-24T12:00Z"}`.
package struct JSONLinesExport {
    private let graph: GraphSnapshot
    private var rows: GraphRows
    private var row = ExportRow()
    private var counter: Counter

    /// Starts at the first node.
    package init(_ graph: GraphSnapshot, progress: @escaping (FileProgress) -> Void = { _ in }) {
        self.graph = graph
        self.rows = GraphRows(graph)
        self.counter = Counter(progress: progress)
    }

    /// The next lines, about 256 KiB; nil at the end.
    package mutating func next() -> [UInt8]? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity((1 << 18) + (1 << 12))
        while bytes.count < 1 << 18, self.rows.next(&self.row) {
            if self.row.isNode { self.writeNode(&bytes) } else { self.writeRelationship(&bytes) }
            bytes.append(10)
            self.counter.count("graph.jsonl")
        }
        return bytes.isEmpty ? nil : bytes
    }

    private func writeNode(_ bytes: inout [UInt8]) {
        bytes.append(contentsOf: "{\"type\":\"node\",\"id\":\"".utf8)
        bytes.append(contentsOf: String(self.row.id).utf8)
        bytes.append(contentsOf: "\",\"labels\":".utf8)
        self.write(labels: self.row.labels, &bytes)
        if let key = self.row.key {
            bytes.append(contentsOf: ",\"key\":".utf8)
            JSON.write(self.graph.tokens.name(key), to: &bytes)
        }
        self.writeProperties(&bytes)
        bytes.append(UInt8(ascii: "}"))
    }

    private func writeRelationship(_ bytes: inout [UInt8]) {
        bytes.append(contentsOf: "{\"id\":\"".utf8)
        bytes.append(contentsOf: String(self.row.id).utf8)
        bytes.append(contentsOf: "\",\"type\":\"relationship\",\"label\":".utf8)
        JSON.write(self.graph.tokens.name(self.row.type), to: &bytes)
        self.writeProperties(&bytes)
        self.write(end: self.row.start, ",\"start\":", &bytes)
        self.write(end: self.row.end, ",\"end\":", &bytes)
        bytes.append(UInt8(ascii: "}"))
    }

    private func write(end: Int, _ member: StaticString, _ bytes: inout [UInt8]) {
        member.withUTF8Buffer { bytes.append(contentsOf: $0) }
        bytes.append(contentsOf: "{\"id\":\"".utf8)
        bytes.append(contentsOf: String(end).utf8)
        bytes.append(contentsOf: "\",\"labels\":".utf8)
        self.write(labels: self.graph.labels(of: NodeID(UInt32(end))), &bytes)
        bytes.append(UInt8(ascii: "}"))
    }

    private func write(labels: [LabelID], _ bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "["))
        for (index, label) in labels.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            JSON.write(self.graph.tokens.name(label), to: &bytes)
        }
        bytes.append(UInt8(ascii: "]"))
    }

    private func writeProperties(_ bytes: inout [UInt8]) {
        bytes.append(contentsOf: ",\"properties\":{".utf8)
        var isFirst = true
        for (key, value) in self.row.properties {
            if !isFirst { bytes.append(UInt8(ascii: ",")) }
            isFirst = false
            JSON.write(self.graph.tokens.name(key), to: &bytes)
            bytes.append(UInt8(ascii: ":"))
            value.writeFileJSON(to: &bytes)
        }
        bytes.append(UInt8(ascii: "}"))
    }
}

extension Value {
    /// Appends the value as files hold it: ``storedJSON``, but points as APOC writes them.
    func writeFileJSON(to bytes: inout [UInt8]) {
        switch self {
        case .string(let text): JSON.write(text, to: &bytes)
        case .integer(let number): bytes.append(contentsOf: String(number).utf8)
        case .list(let elements):
            bytes.append(UInt8(ascii: "["))
            for (index, element) in elements.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                element.writeFileJSON(to: &bytes)
            }
            bytes.append(UInt8(ascii: "]"))
        case .point(let point): point.fileJSON.write(to: &bytes)
        default: (self.storedJSON ?? .null).write(to: &bytes)
        }
    }
}

extension Point {
    var isGeographic: Bool { self.system == .wgs84 || self.system == .wgs84With3D }

    fileprivate var fileJSON: JSON {
        func json(_ number: Double) -> JSON { Value.float(number).storedJSON ?? .null }
        let height = self.z.map(json) ?? .null
        return self.isGeographic
            ? [
                "crs": .string(self.system.name), "latitude": json(self.y), "longitude": json(self.x),
                "height": height,
            ] : ["crs": .string(self.system.name), "x": json(self.x), "y": json(self.y), "z": height]
    }
}
