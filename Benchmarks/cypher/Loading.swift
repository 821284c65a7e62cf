import Foundation
import GraphDatabase
import PropertyGraph

/// The generated graph's CSV files; no field is quoted. Node ids are unique over all labels.
struct Loading {
    let folder: String

    /// Puts the graph into a database, with a unique `id` a label; gives how many entities there are.
    func load(_ database: GraphDatabase) async throws -> Int {
        let files = try FileManager.default.contentsOfDirectory(atPath: self.folder).sorted()
        let folder = self.folder
        return try await database.write { transaction in
            var (nodes, count): ([Int: NodeID], Int) = ([:], 0)
            for file in files where file.hasPrefix("nodes_") {
                let label = String(file.dropFirst("nodes_".count).dropLast(".csv".count))
                try Self.forEachLine(folder + "/" + file) { header, fields in
                    var properties: [String: Value] = [:]
                    for (key, field) in zip(header, fields) {
                        properties[key] = Int(field).map(Value.integer) ?? .string(field)
                    }
                    nodes[Int(fields[0]) ?? -1] = try transaction.createNode(
                        labels: [label], properties: properties)
                    count += 1
                }
            }
            for file in files where file.hasPrefix("edges_") {
                let parts = file.dropFirst("edges_".count).dropLast(".csv".count).split(separator: "_")
                    .dropLast(2)
                let type = try transaction.relationshipType(parts.joined(separator: "_"))
                let since = try transaction.propertyKey("since")
                try Self.forEachLine(folder + "/" + file) { _, fields in
                    guard let from = nodes[Int(fields[0]) ?? -1], let to = nodes[Int(fields[1]) ?? -1] else {
                        throw BenchError(description: "\(file): no node of \(fields)")
                    }
                    let properties =
                        fields.count > 2 ? [(key: since, value: Value.integer(Int(fields[2]) ?? 0))] : []
                    _ = try transaction.appendRelationship(
                        type: type, from: from, to: to, properties: properties)
                    count += 1
                }
            }
            for label in ["User", "Group", "Machine", "Function", "Job"] {
                try transaction.createConstraint(
                    ConstraintDefinition(name: "id\(label)", kind: .unique, entity: label, keys: ["id"]))
            }
            return count
        }
    }

    /// How many nodes a label has.
    func count(of label: String) throws -> Int {
        var count = 0
        try Self.forEachLine("\(self.folder)/nodes_\(label).csv") { _, _ in count += 1 }
        return count
    }

    private static func forEachLine(_ path: String, _ body: ([String], [String]) throws -> Void) throws {
        let text = try String(contentsOfFile: path, encoding: .utf8)
        var header: [String]?
        for line in text.split(whereSeparator: \.isNewline) {
            let fields = line.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
            if let header { try body(header, fields) } else { header = fields }
        }
    }
}
