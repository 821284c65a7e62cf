package import PropertyGraph

/// A node or relationship on its way into a file; names are numbers of the source's table.
struct ExportRow {
    var isNode = true
    /// The node's or relationship's number in its graph.
    var id = 0
    /// The label that ``key`` belongs to first, then by number.
    var labels: [LabelID] = []
    /// The property by which a rule of the graph tells nodes of the first label apart.
    var key: PropertyKeyID?
    var type = RelationshipTypeID(0)
    var start = 0
    var end = 0
    var properties: [(key: PropertyKeyID, value: Value)] = []
}

/// Where an export comes from: nodes first, then relationships. Can be walked more than once.
package enum ExportSource: Sendable {
    /// A graph.
    case graph(GraphSnapshot)
    /// A file of JSON Lines that a server's export gave.
    case lines(path: String)

    func open() throws -> any ExportRows {
        switch self {
        case .graph(let graph): GraphRows(graph)
        case .lines(let path): try LineRows(path)
        }
    }
}

/// Rows one after another.
protocol ExportRows {
    /// Names of the rows so far.
    var tokens: TokenTable { get }
    /// Gives the next row; false at the end.
    mutating func next(_ row: inout ExportRow) throws -> Bool
}

/// The rows of a snapshot, in order of their ids.
struct GraphRows: ExportRows {
    let graph: GraphSnapshot
    private var nodes: AnyIterator<NodeID>
    private var relationships: AnyIterator<RelationshipID>
    private let keys: [(label: LabelID, key: PropertyKeyID)]

    var tokens: TokenTable { self.graph.tokens }

    init(_ graph: GraphSnapshot) {
        self.graph = graph
        self.nodes = AnyIterator(graph.allNodes().makeIterator())
        self.relationships = AnyIterator(graph.allRelationships().makeIterator())
        var keys: [(label: LabelID, key: PropertyKeyID)] = []
        for rule in graph.constraints where rule.kind.isIndexed && rule.keys.count == 1 {
            if let label = graph.tokens.label(rule.entity),
                let key = rule.keys.first.flatMap({ graph.tokens.propertyKey($0) })
            {
                keys.append((label, key))
            }
        }
        self.keys = keys
    }

    mutating func next(_ row: inout ExportRow) -> Bool {
        row.properties.removeAll(keepingCapacity: true)
        if let node = self.nodes.next() {
            row.isNode = true
            row.id = Int(node.index)
            row.labels = self.graph.labels(of: node)
            for entry in self.graph.properties(of: node) { row.properties.append((entry.key, entry.value)) }
            self.findKey(&row)
            return true
        }
        guard let relationship = self.relationships.next(),
            let record = self.graph.relationship(relationship)
        else { return false }
        row.isNode = false
        row.id = Int(relationship.index)
        row.type = record.type
        row.start = Int(record.source.index)
        row.end = Int(record.target.index)
        for entry in record.properties { row.properties.append((entry.key, entry.value)) }
        return true
    }
}

extension GraphRows {
    private func findKey(_ row: inout ExportRow) {
        row.key = nil
        for (label, key) in self.keys where row.labels.contains(label) {
            guard row.properties.contains(where: { $0.key == key }) else { continue }
            row.key = key
            if row.labels[0] != label { row.labels = [label] + row.labels.filter { $0 != label } }
            return
        }
    }
}

/// The rows of a server's JSON Lines.
private struct LineRows: ExportRows {
    private let names = GraphTransaction(GraphSnapshot())
    private var reader: JSONLinesReader
    private var line: ImportRow

    var tokens: TokenTable { self.names.graph.tokens }

    init(_ path: String) throws {
        self.reader = try JSONLinesReader(.file(path), name: path, self.names)
        self.line = ImportRow(file: path, window: self.reader.window)
    }

    mutating func next(_ row: inout ExportRow) throws -> Bool {
        guard try self.reader.next(&self.line) else { return false }
        row.isNode = self.line.kind == .node
        row.properties = self.line.properties
        if row.isNode {
            row.id = self.line.id.number ?? 0
            row.labels = self.line.labels
            row.key = self.line.key
        } else {
            row.type = self.line.type
            row.start = self.line.start.id.number ?? 0
            row.end = self.line.end.id.number ?? 0
        }
        return true
    }
}
