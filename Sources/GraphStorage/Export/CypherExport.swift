internal import JSON
package import PropertyGraph

/// A graph as a Cypher script, piece by piece: constraints and indexes, then nodes and relationships in batches,
/// found again by a label and property that are taken away at the end, as `apoc.export.cypher` does it. Running it
/// is linear in the graph.
///
/// Memory: one batch for each set of labels and each type.
package struct CypherExport {
    private enum Stage {
        case schema
        case rows
        case end
        case done
    }

    private struct Batch {
        var count = 0
        var rows: [UInt8] = []
        var isFull: Bool {
            self.count >= CypherExport.batchRows || self.rows.count >= CypherExport.batchBytes
        }
    }

    private static let batchRows = 500
    private static let batchBytes = 1 << 18

    private let graph: GraphSnapshot
    private var rows: GraphRows
    private var row = ExportRow()
    private var counter: Counter
    private var stage = Stage.schema
    private var nodes: [[LabelID]: Batch] = [:]
    private var relationships: [RelationshipTypeID: Batch] = [:]
    /// Label and property of nodes while the script runs, and their constraint.
    private let label: String
    private let property: String
    private let rule: String

    /// Starts with the schema.
    package init(_ graph: GraphSnapshot, progress: @escaping (FileProgress) -> Void = { _ in }) {
        self.graph = graph
        self.rows = GraphRows(graph)
        self.counter = Counter(progress: progress)
        func free(_ name: String, _ isTaken: (String) -> Bool) -> String {
            isTaken(name) ? free(name + " ", isTaken) : name
        }
        self.label = Self.quoted(free("UNIQUE IMPORT LABEL") { graph.tokens.label($0) != nil })
        self.property = Self.quoted(free("UNIQUE IMPORT ID") { graph.tokens.propertyKey($0) != nil })
        let names = Set(graph.constraints.map(\.name) + graph.indexes.map(\.definition.name))
        self.rule = Self.quoted(free("UNIQUE_IMPORT_NAME") { names.contains($0) })
    }

    /// Constraints and indexes as statements that do nothing where they are already.
    package static func schema(_ graph: GraphSnapshot) -> String {
        var text = ""
        for rule in graph.constraints {
            let entity =
                rule.kind.on == .relationship
                ? "()-[e:\(self.quoted(rule.entity))]-()" : "(e:\(self.quoted(rule.entity)))"
            let keys = rule.keys.map { "e." + self.quoted($0) }.joined(separator: ", ")
            let requirement =
                switch rule.kind {
                case .unique, .relationshipUnique: "(\(keys)) IS UNIQUE"
                case .nodeKey: "(\(keys)) IS NODE KEY"
                case .relationshipKey: "(\(keys)) IS RELATIONSHIP KEY"
                case .nodePropertyExists, .relationshipPropertyExists: "\(keys) IS NOT NULL"
                case .nodePropertyType, .relationshipPropertyType:
                    "\(keys) IS :: \(rule.type?.description ?? "")"
                }
            text += "CREATE CONSTRAINT \(self.quoted(rule.name)) IF NOT EXISTS FOR \(entity) "
            text += "REQUIRE \(requirement);\n"
        }
        for index in graph.indexes where index.constraint == nil {
            let keys = index.definition.keys.map { "e." + self.quoted($0) }.joined(separator: ", ")
            let entity = self.quoted(index.definition.label)
            text += "CREATE \(index.definition.kind.rawValue.uppercased()) INDEX "
            text += "\(self.quoted(index.definition.name)) IF NOT EXISTS FOR "
            text += index.definition.on == .node ? "(e:\(entity))" : "()-[e:\(entity)]-()"
            text += " ON (\(keys));\n"
        }
        return text
    }

    /// The next statements; nil at the end.
    package mutating func next() -> [UInt8]? {
        switch self.stage {
        case .schema:
            self.stage = .rows
            let isEmpty = self.graph.nodeCount == 0
            let rule =
                "CREATE CONSTRAINT \(self.rule) FOR (n:\(self.label)) REQUIRE (n.\(self.property)) IS UNIQUE;\n"
            let text = Self.schema(self.graph) + (isEmpty ? "" : rule)
            return text.isEmpty ? self.next() : Array(text.utf8)
        case .rows:
            var bytes: [UInt8] = []
            while bytes.count < Self.batchBytes {
                guard self.rows.next(&self.row) else {
                    self.stage = .end
                    break
                }
                self.counter.count("graph.cypher")
                if self.row.isNode { self.addNode(&bytes) } else { self.addRelationship(&bytes) }
            }
            return bytes.isEmpty ? self.next() : bytes
        case .end:
            self.stage = .done
            guard self.graph.nodeCount > 0 else { return nil }
            var bytes: [UInt8] = []
            self.flushNodes(&bytes)
            for (type, batch) in self.relationships.sorted(by: { $0.key < $1.key }) {
                self.write(type, batch, &bytes)
            }
            bytes.append(
                contentsOf:
                    "MATCH (n:\(self.label)) REMOVE n:\(self.label), n.\(self.property);\nDROP CONSTRAINT \(self.rule);\n"
                    .utf8)
            return bytes
        case .done: return nil
        }
    }

    private mutating func addNode(_ bytes: inout [UInt8]) {
        var batch = self.nodes.removeValue(forKey: self.row.labels) ?? Batch()
        batch.rows.append(contentsOf: (batch.count > 0 ? ", {i: " : "{i: ").utf8)
        batch.rows.append(contentsOf: String(self.row.id).utf8)
        self.writeProperties(&batch)
        if batch.isFull {
            self.write(self.row.labels, batch, &bytes)
        } else {
            self.nodes[self.row.labels] = batch
        }
    }

    private mutating func flushNodes(_ bytes: inout [UInt8]) {
        let waiting = self.nodes.sorted { $0.key.lexicographicallyPrecedes($1.key) }
        for (labels, batch) in waiting { self.write(labels, batch, &bytes) }
        self.nodes.removeAll()
    }

    private mutating func addRelationship(_ bytes: inout [UInt8]) {
        // Nodes come before all relationships, so this happens once.
        if !self.nodes.isEmpty { self.flushNodes(&bytes) }
        var batch = self.relationships.removeValue(forKey: self.row.type) ?? Batch()
        batch.rows.append(contentsOf: (batch.count > 0 ? ", {s: " : "{s: ").utf8)
        batch.rows.append(contentsOf: "\(self.row.start), t: \(self.row.end)".utf8)
        self.writeProperties(&batch)
        if batch.isFull {
            self.write(self.row.type, batch, &bytes)
        } else {
            self.relationships[self.row.type] = batch
        }
    }

    private func writeProperties(_ batch: inout Batch) {
        batch.rows.append(contentsOf: ", p: {".utf8)
        for (index, property) in self.row.properties.enumerated() {
            if index > 0 { batch.rows.append(contentsOf: ", ".utf8) }
            batch.rows.append(contentsOf: Self.quoted(self.graph.tokens.name(property.key)).utf8)
            batch.rows.append(contentsOf: ": ".utf8)
            property.value.writeCypher(to: &batch.rows)
        }
        batch.rows.append(contentsOf: "}}".utf8)
        batch.count += 1
    }

    private func write(_ labels: [LabelID], _ batch: Batch, _ bytes: inout [UInt8]) {
        let names = labels.map { ":" + Self.quoted(self.graph.tokens.name($0)) }.joined()
        bytes.append(contentsOf: "UNWIND [".utf8)
        bytes.append(contentsOf: batch.rows)
        bytes.append(
            contentsOf:
                "] AS row CREATE (n:\(self.label)\(names) {\(self.property): row.i}) SET n += row.p;\n".utf8)
    }

    private func write(_ type: RelationshipTypeID, _ batch: Batch, _ bytes: inout [UInt8]) {
        bytes.append(contentsOf: "UNWIND [".utf8)
        bytes.append(contentsOf: batch.rows)
        let (label, property) = (self.label, self.property)
        let name = Self.quoted(self.graph.tokens.name(type))
        bytes.append(
            contentsOf:
                "] AS row MATCH (s:\(label) {\(property): row.s}) MATCH (t:\(label) {\(property): row.t}) CREATE (s)-[r:\(name)]->(t) SET r += row.p;\n"
                .utf8)
    }

    /// A name in backticks.
    static func quoted(_ name: String) -> String {
        var bytes: [UInt8] = [UInt8(ascii: "`")]
        for byte in name.utf8 {
            if byte == UInt8(ascii: "`") { bytes.append(byte) }
            bytes.append(byte)
        }
        bytes.append(UInt8(ascii: "`"))
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension [LabelID] {
    fileprivate func lexicographicallyPrecedes(_ other: [LabelID]) -> Bool {
        self.lexicographicallyPrecedes(other, by: <)
    }
}

extension Value {
    /// Appends the value as an expression.
    fileprivate func writeCypher(to bytes: inout [UInt8]) {
        switch self {
        case .string(let text): Self.writeCypher(text, to: &bytes)
        case .list(let elements):
            bytes.append(UInt8(ascii: "["))
            for (index, element) in elements.enumerated() {
                if index > 0 { bytes.append(contentsOf: ", ".utf8) }
                element.writeCypher(to: &bytes)
            }
            bytes.append(UInt8(ascii: "]"))
        default: bytes.append(contentsOf: self.cypher.utf8)
        }
    }

    private var cypher: String {
        switch self {
        case .boolean(let truth): "\(truth)"
        case .integer(let number): "\(number)"
        case .float(let number):
            // Not by division: the sign of 0.0 / 0.0 is the machine's.
            number.isNaN
                ? "toFloat('NaN')"
                : (number.isInfinite
                    ? "toFloat('\(number < 0 ? "-" : "")Infinity')" : Self.decimal(number))
        case .date(let date): "date('\(date)')"
        case .localTime(let time): "localtime('\(time)')"
        case .time(let time): "time('\(time)')"
        case .localDateTime(let moment): "localdatetime('\(moment)')"
        case .dateTime(let moment): "datetime('\(moment)')"
        case .duration(let amount): "duration('\(amount)')"
        case .point(let point): point.cypher
        default: "null"
        }
    }

    /// `1e+100` as `1.0e100`, which every Cypher reads.
    fileprivate static func decimal(_ number: Double) -> String {
        let text = "\(number)".replacing("e+", with: "e")
        guard let e = text.firstIndex(of: "e"), !text.contains(".") else { return text }
        return text[..<e] + ".0" + text[e...]
    }

    private static func writeCypher(_ text: String, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "'"))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "'"): bytes.append(contentsOf: "\\'".utf8)
            case UInt8(ascii: "\\"): bytes.append(contentsOf: "\\\\".utf8)
            case 10: bytes.append(contentsOf: "\\n".utf8)
            case 13: bytes.append(contentsOf: "\\r".utf8)
            case 9: bytes.append(contentsOf: "\\t".utf8)
            case 0..<32:
                let digits = String(byte, radix: 16)
                bytes.append(contentsOf: ("\\u00" + (digits.utf8.count == 1 ? "0" : "") + digits).utf8)
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "'"))
    }
}

extension Point {
    /// The names of the coordinates and whether there is a third say which system it is.
    fileprivate var cypher: String {
        let names = self.isGeographic ? ["longitude", "latitude", "height"] : ["x", "y", "z"]
        let parts = zip(names, self.coordinates).map { name, number in
            var bytes: [UInt8] = []
            Value.float(number).writeCypher(to: &bytes)
            return "\(name): " + String(decoding: bytes, as: UTF8.self)
        }
        return "point({\(parts.joined(separator: ", "))})"
    }
}
