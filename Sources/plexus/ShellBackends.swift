import Cypher
import Foundation
import GraphDatabase
import Graphviz
import HTTPAPI
import JSON
import NamedResources
import PropertyGraph
import QueryEngine
import Shell
import Synchronization
import Visualization
import Worker

extension ShellBackend {
    func namedQueries() -> [String: String] {
        let resources = NamedResources()
        var queries: [String: String] = [:]
        for path in resources.paths(in: "queries/") where path.hasSuffix(".cypher") {
            let name = path.dropFirst("queries/".count).dropLast(".cypher".count)
            queries[String(name)] = resources.text(path)
        }
        return queries
    }

    func draw(_ answer: JSON, file: String?) async throws -> String {
        let file = file ?? Self.newPicture()
        guard let format = PictureFormat(rawValue: URL(fileURLWithPath: file).pathExtension) else {
            throw ShellError("\(file): end its name in .svg, .png, .pdf or .dot")
        }
        let dot = try AnswerPicture.dot(answer)
        let bytes =
            format == .dot
            ? Array(dot.utf8)
            : try await PictureProcess(executable: try Serve.executable()).render(dot, format: format)
        try Data(bytes).write(to: URL(fileURLWithPath: file))
        return file
    }

    private static func newPicture() -> String {
        let folder = FileManager.default.temporaryDirectory.path
        return (1...).lazy.map { "\(folder)/plexus-\(getpid())-\($0).svg" }
            .first { !FileManager.default.fileExists(atPath: $0) } ?? "plexus.svg"
    }

    func message(_ error: any Error) -> String { CommandFailure(error)?.message ?? "\(error)" }
}

/// A shell on a data folder.
final class FolderShell: ShellBackend {
    /// A person may think for a day; nobody else waits for the writer of this process.
    private static let idleSeconds = 86_400

    private let catalog: GraphCatalog
    private let transaction = Mutex<ExplicitTransaction?>(nil)

    init(_ catalog: GraphCatalog) { self.catalog = catalog }

    func run(_ statement: String, parameters: JSON.Object, graph: String) async throws -> JSON {
        var values: [String: Value] = [:]
        for member in parameters { values[member.name] = Value(plainJSON: member.value) }
        let running = self.catalog.engine.running
        let parameters = values
        return try await withTaskCancellationHandler {
            let result =
                if let transaction = self.transaction.withLock({ $0 }) {
                    try await self.run(statement, in: transaction, parameters)
                } else {
                    try await self.catalog.query(statement, on: graph, parameters: parameters)
                }
            return result.queryAPIJSON(includesCounters: true)
        } onCancel: {
            // Nobody else runs queries in this process.
            for entry in running.all { _ = running.terminate(entry.id) }
        }
    }

    func stream(
        _ statement: String, parameters: JSON.Object, graph: String,
        take: @escaping @Sendable ([String], [[JSON]]) throws -> Void
    ) async throws -> JSON {
        let prepared = try self.catalog.engine.prepare(statement)
        guard prepared.isReadOnly, !prepared.commitsInBatches, prepared.administration == nil,
            await !self.isInTransaction()
        else {
            return try await self.run(statement, parameters: parameters, graph: graph).giveRows(to: take)
        }
        var values: [String: Value] = [:]
        for member in parameters { values[member.name] = Value(plainJSON: member.value) }
        let database = try await self.catalog.graph(prepared.statement.graph ?? graph)
        let stream = try await database.rows(of: prepared, parameters: values) { PlainRows($0) }
        let columns = stream.planned.columns
        try take(columns, [])
        // The wait for the next rows ends with the task, and the query with the stream.
        while true {
            let (pieces, end) = try await stream.next()
            for rows in pieces { try take(columns, rows) }
            if let end { return try end.get().queryAPIJSON(includesCounters: true) }
        }
    }

    private func run(
        _ statement: String, in transaction: ExplicitTransaction, _ parameters: [String: Value]
    ) async throws -> QueryResult {
        do {
            let prepared = try transaction.database.engine.prepare(statement)
            switch try transaction.place(for: prepared) {
            case .writer: return try await transaction.run(prepared, parameters: parameters)
            case .catalog: return try await self.catalog.query(statement, on: transaction.database.name)
            case .snapshot(let graph):
                return try await runBlocking {
                    try prepared.run(on: graph, parameters: parameters, now: GraphDatabase.now())
                }
            }
        } catch {
            transaction.rollback()
            self.transaction.withLock { $0 = nil }
            throw error
        }
    }

    func isInTransaction() async -> Bool { self.transaction.withLock { $0 != nil } }

    func begin(graph: String) async throws {
        guard await !self.isInTransaction() else { throw ShellError("a transaction is open already") }
        let transaction = ExplicitTransaction(
            on: try await self.catalog.graph(graph), idleSeconds: Self.idleSeconds)
        self.transaction.withLock { $0 = transaction }
    }

    func commit() async throws { _ = try await self.taken().commit() }

    func rollback() async throws { try self.taken().rollback() }

    private func taken() throws -> ExplicitTransaction {
        guard let transaction = self.transaction.withLock({ $0.take() }) else { throw Self.noTransaction }
        return transaction
    }

    static let noTransaction = ShellError("no transaction is open; `:begin` begins one")
}

/// Rows as plain JSON.
private struct PlainRows: RowEncoder {
    private let graph: GraphSnapshot
    private var piece: [[JSON]] = []
    /// About.
    private(set) var bytes = 0

    init(_ graph: GraphSnapshot) { self.graph = graph }

    var rows: Int { self.piece.count }

    mutating func append(_ row: ResultRow) {
        let values = (0..<row.count).map { self.graph.plainJSON(row[$0]) }
        self.bytes += values.reduce(0) { $0 + Self.size($1) }
        self.piece.append(values)
    }

    private static func size(_ json: JSON) -> Int {
        switch json {
        case .string(let text): 16 + text.utf8.count
        case .array(let elements): elements.reduce(16) { $0 + Self.size($1) }
        case .object(let object):
            object.members.reduce(16) { $0 + 16 + $1.name.utf8.count + Self.size($1.value) }
        default: 16
        }
    }

    mutating func take() -> [[JSON]] {
        defer { (self.piece, self.bytes) = ([], 0) }
        return self.piece
    }
}

extension JSON {
    /// Gives the rows of an answer that holds them away.
    fileprivate func giveRows(to take: ([String], [[JSON]]) throws -> Void) rethrows -> JSON {
        let columns = self["data"]?["fields"]?.array?.compactMap(\.string) ?? []
        try take(columns, self["data"]?["values"]?.array?.map { $0.array ?? [] } ?? [])
        var rest = self.object ?? JSON.Object()
        rest["data"] = nil
        return .object(rest)
    }
}

/// A shell on a server, over the Query API.
final class ServerShell: ShellBackend {
    private static let timeoutSeconds = 3600

    private let connection: ServerConnection
    /// The path of the open transaction.
    private let transaction = Mutex<String?>(nil)

    init(_ connection: ServerConnection) { self.connection = connection }

    private static func path(_ graph: String) -> String {
        "/db/\(graph.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? graph)/query/v2"
    }

    func run(_ statement: String, parameters: JSON.Object, graph: String) async throws -> JSON {
        let path = self.transaction.withLock { $0 } ?? Self.path(graph)
        return try await self.asking(statement, graph) {
            try await self.call("POST", path, Self.body(statement, parameters))
        }
    }

    private static func body(_ statement: String, _ parameters: JSON.Object) -> JSON {
        ["statement": .string(statement), "parameters": .object(parameters), "includeCounters": true]
    }

    func stream(
        _ statement: String, parameters: JSON.Object, graph: String,
        take: @escaping @Sendable ([String], [[JSON]]) throws -> Void
    ) async throws -> JSON {
        let path = self.transaction.withLock { $0 } ?? Self.path(graph)
        return try await self.asking(statement, graph) {
            var (columns, summary) = ([String](), JSON?.none)
            try await self.telling {
                try await self.connection.lines(
                    path, body: Self.body(statement, parameters), timeoutSeconds: Self.timeoutSeconds
                ) { events in
                    var rows: [[JSON]] = []
                    for event in events {
                        let body = event["_body"] ?? .null
                        switch event["$event"]?.string {
                        case "Header": columns = body["fields"]?.array?.compactMap(\.string) ?? []
                        case "Record": rows.append(body.array ?? [])
                        case "Summary": summary = body
                        case "Error":
                            try take(columns, rows)
                            throw Self.failure(body)
                        default: break
                        }
                    }
                    try take(columns, rows)
                }
            }
            guard let summary else { throw ShellError("the server's answer was cut off") }
            return summary
        }
    }

    /// Runs a body that asks the server for a statement, which is ended there when nobody waits for it any more.
    private func asking(_ statement: String, _ graph: String, _ body: () async throws -> JSON) async throws
        -> JSON
    {
        do {
            return try await body()
        } catch is CancellationError {
            await self.terminate(statement, graph)
            self.forgetTransaction()
            throw CancellationError()
        } catch {
            // The server has undone a transaction whose statement failed.
            self.forgetTransaction()
            throw error
        }
    }

    private func forgetTransaction() { self.transaction.withLock { $0 = nil } }

    private func call(_ method: String, _ path: String, _ body: JSON?) async throws -> JSON {
        let answer = try await self.telling {
            try await self.connection.call(method, path, body: body, timeoutSeconds: Self.timeoutSeconds)
        }
        // Behind the rows that came before it.
        if let errors = answer["errors"] { throw Self.failure(errors) }
        return answer
    }

    /// Errors in the Query API's form are told without their wrapping.
    private func telling<Result>(_ body: () async throws -> Result) async throws -> Result {
        do {
            return try await body()
        } catch let error as ConnectionError {
            if case .refused(let status, let problem) = error, let errors = problem["errors"] {
                throw Self.failure(errors, code: status == 401 || status == 403 ? 4 : 2)
            }
            throw error
        }
    }

    private static func failure(_ errors: JSON, code: Int32 = 2) -> CommandFailure {
        CommandFailure(errors.array?.first?["message"]?.string ?? "the query failed", code: code)
    }

    /// Ends a query that nobody waits for any more.
    private func terminate(_ statement: String, _ graph: String) async {
        let text = """
            SHOW TRANSACTIONS YIELD transactionId, currentQuery WHERE currentQuery = $query RETURN transactionId
            """
        // The task is cancelled; this question is asked outside of it.
        await Task { [self] in
            let found = try? await self.call(
                "POST", Self.path(graph),
                ["statement": .string(text), "parameters": ["query": .string(statement)]])
            for row in found?["data"]?["values"]?.array ?? [] {
                guard let id = row.array?.first?.string else { continue }
                _ = try? await self.call(
                    "POST", Self.path(graph), ["statement": .string("TERMINATE TRANSACTION '\(id)'")])
            }
        }.value
    }

    func isInTransaction() async -> Bool { self.transaction.withLock { $0 != nil } }

    func begin(graph: String) async throws {
        guard await !self.isInTransaction() else { throw ShellError("a transaction is open already") }
        let path = Self.path(graph) + "/tx"
        let answer = try await self.call("POST", path, [:])
        guard let id = answer["transaction"]?["id"]?.string else {
            throw ShellError("the server began no transaction")
        }
        self.transaction.withLock { $0 = path + "/" + id }
    }

    func commit() async throws { _ = try await self.call("POST", try self.taken() + "/commit", [:]) }

    func rollback() async throws { _ = try await self.call("DELETE", try self.taken(), nil) }

    private func taken() throws -> String {
        guard let path = self.transaction.withLock({ $0.take() }) else { throw FolderShell.noTransaction }
        return path
    }
}

/// The picture of an answer of the Query API.
enum AnswerPicture {
    /// How many nodes are drawn at most; the picture says when there are more.
    static let limit = 300

    /// DOT of the nodes, relationships and paths of an answer.
    /// - Throws: ``ShellError`` when it holds none.
    static func dot(_ answer: JSON) throws -> String {
        var entities = AnswerEntities()
        for row in answer["data"]?["values"]?.array ?? [] { try entities.gather(row) }
        guard !entities.values.isEmpty else {
            throw ShellError(
                "the last result has no nodes to draw: return nodes, relationships or paths, not their properties"
            )
        }
        let picture = GraphPicture(
            rows: [entities.values], graph: entities.transaction.graph, limit: Self.limit)
        return picture.dot(view: nil, title: "result")
    }
}

/// Nodes and relationships of an answer, as a graph of their own.
private struct AnswerEntities {
    let transaction = GraphTransaction(GraphSnapshot())
    private(set) var values: [Value] = []
    private var nodes: [String: NodeID] = [:]
    private var relationships: Set<String> = []

    mutating func gather(_ json: JSON) throws {
        switch json {
        case .array(let elements): for element in elements { try self.gather(element) }
        case .object(let object):
            guard let id = object["elementId"]?.string else {
                for member in object { try self.gather(member.value) }
                return
            }
            if let start = object["startNodeElementId"]?.string, let end = object["endNodeElementId"]?.string
            {
                try self.gather(relationship: object, id, start, end)
            } else {
                try self.gather(node: object, id)
            }
        default: break
        }
    }

    /// A node may be known by a relationship before it comes itself.
    private mutating func gather(node object: JSON.Object, _ id: String) throws {
        let node = try self.node(id)
        for label in object["labels"]?.array?.compactMap(\.string) ?? [] {
            _ = try self.transaction.addLabel(try self.transaction.label(label), to: node)
        }
        for member in object["properties"]?.object ?? JSON.Object() {
            guard let value = Self.value(member.value) else { continue }
            _ = try self.transaction.setProperty(
                try self.transaction.propertyKey(member.name), of: node, to: value)
        }
    }

    private mutating func node(_ id: String) throws -> NodeID {
        if let known = self.nodes[id] { return known }
        let node = try self.transaction.createNode(labels: [String]())
        self.nodes[id] = node
        self.values.append(.node(node))
        return node
    }

    private mutating func gather(
        relationship object: JSON.Object, _ id: String, _ start: String, _ end: String
    ) throws {
        guard self.relationships.insert(id).inserted, let type = object["type"]?.string else { return }
        var properties: [String: Value] = [:]
        for member in object["properties"]?.object ?? JSON.Object() {
            properties[member.name] = Self.value(member.value)
        }
        let relationship = try self.transaction.createRelationship(
            type: type, from: try self.node(start), to: try self.node(end), properties: properties)
        self.values.append(.relationship(relationship))
    }

    private static func value(_ json: JSON) -> Value? {
        switch json {
        case .null: nil
        case .array, .object: .string(json.text)
        default: Value(plainJSON: json)
        }
    }
}
