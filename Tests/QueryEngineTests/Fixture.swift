import Cypher
import PropertyGraph
import QueryEngine

/// A graph to query and the rows as short texts, so that tables of tests read well.
struct Fixture {
    let engine = QueryEngine()
    private(set) var graph = GraphSnapshot()
    let now = ZonedDateTime(seconds: 1_795_521_600)

    /// Starts with what the statements make.
    init(_ script: String = "") throws {
        let transaction = GraphTransaction(self.graph)
        for statement in try self.engine.prepareScript(script) {
            _ = try statement.run(in: transaction, now: self.now)
        }
        self.graph = transaction.graph
    }

    /// Runs a query as a server would: on the snapshot when it reads only, else in a transaction that is then thrown away.
    func result(_ query: String, _ parameters: [String: Value] = [:], limits: QueryLimits = .standard) throws
        -> QueryResult
    {
        let prepared = try self.engine.prepare(query)
        if prepared.isReadOnly {
            return try prepared.run(on: self.graph, parameters: parameters, limits: limits, now: self.now)
        }
        return try self.resultInTransaction(query, parameters, limits: limits)
    }

    /// Runs a query in a transaction that is then thrown away, whether it needs one or not.
    func resultInTransaction(
        _ query: String, _ parameters: [String: Value] = [:], limits: QueryLimits = .standard
    ) throws -> QueryResult {
        try self.engine.prepare(query).run(
            in: GraphTransaction(self.graph), parameters: parameters, limits: limits, now: self.now)
    }

    /// The rows, each as `a, b`.
    func rows(_ query: String, _ parameters: [String: Value] = [:]) throws -> [String] {
        let result = try self.result(query, parameters)
        return result.rows.map { row in row.map { text($0, result.graph) }.joined(separator: ", ") }
    }
}

/// A value in a form near to Cypher's own.
func text(_ value: Value, _ graph: GraphSnapshot) -> String {
    func properties(_ properties: Properties) -> String {
        let entries = properties.map { (graph.tokens.name($0.key), text($0.value, graph)) }.sorted {
            $0.0 < $1.0
        }
        return entries.isEmpty ? "" : " {" + entries.map { "\($0): \($1)" }.joined(separator: ", ") + "}"
    }
    switch value {
    case .null: return "null"
    case .boolean(let truth): return "\(truth)"
    case .integer(let number): return "\(number)"
    case .float(let number): return "\(number)"
    case .string(let text): return "'\(text)'"
    case .list(let list): return "[" + list.map { text($0, graph) }.joined(separator: ", ") + "]"
    case .map(let map):
        return "{"
            + map.sorted { $0.key < $1.key }.map { "\($0.key): \(text($0.value, graph))" }.joined(
                separator: ", ") + "}"
    case .node(let node):
        let labels = graph.labels(of: node).map { ":" + graph.tokens.name($0) }.joined()
        return "(" + labels + properties(graph.properties(of: node)) + ")"
    case .relationship(let relationship):
        guard let record = graph.relationship(relationship) else { return "[deleted]" }
        return "[:" + graph.tokens.name(record.type) + properties(graph.properties(of: relationship)) + "]"
    case .path(let path):
        var result = ""
        for (index, node) in path.nodes.enumerated() {
            result += text(.node(node), graph)
            guard index < path.relationships.count, let record = graph.relationship(path.relationships[index])
            else { continue }
            let forward = record.source == node
            result +=
                (forward ? "-" : "<-") + text(.relationship(path.relationships[index]), graph)
                + (forward ? "->" : "-")
        }
        return result
    case .date(let date): return date.description
    case .localTime(let time): return time.description
    case .time(let time): return time.description
    case .localDateTime(let moment): return moment.description
    case .dateTime(let moment): return moment.description
    case .duration(let amount): return amount.description
    case .point(let point): return "point(\(point.x), \(point.y))"
    }
}
