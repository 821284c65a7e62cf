internal import Cypher
internal import Graphviz
package import GraphDatabase
internal import JSON
package import NamedResources
package import PropertyGraph
internal import QueryEngine

/// The views there are, and their pictures as DOT.
package struct ViewCatalog: Sendable {
    private let database: GraphDatabase
    private let resources: NamedResources

    /// The views of the program over a graph.
    package init(database: GraphDatabase, resources: NamedResources) {
        self.database = database
        self.resources = resources
    }

    /// Names of all views, sorted.
    package var names: [String] {
        self.resources.paths(in: "visualizations/").compactMap { path in
            path.hasSuffix(".view.json")
                ? String(path.dropFirst("visualizations/".count).dropLast(".view.json".count)) : nil
        }
    }

    /// A view by name, or nil when there is none.
    /// - Throws: ``ViewError`` when its file cannot be read.
    package func view(_ name: String) throws(ViewError) -> View? {
        guard let source = self.resources.text("visualizations/\(name).view.json") else { return nil }
        return try View(name: name, source: source)
    }

    /// The DOT text of a view's picture, with values for some of its parameters.
    /// - Throws: ``ViewError`` for an unknown parameter, ``CypherError`` when its query fails.
    package func dot(_ view: View, parameters: [String: Value]) async throws -> String {
        var values: [String: Value] = [:]
        for member in view.parameters { values[member.name] = Self.value(member.value) }
        for (name, value) in parameters {
            guard values[name] != nil else {
                let known = view.parameters.members.map(\.name).joined(separator: ", ")
                throw ViewError(
                    view: view.name,
                    message: "there is no parameter `\(name)`; it takes \(known.isEmpty ? "none" : known)")
            }
            values[name] = value
        }
        let result = try await self.database.query(view.query, parameters: values)
        if view.drawsStates { return try self.states(view, result.columns, result.rows.first ?? []) }
        if view.drawsEdges {
            return GraphPicture.edges(
                columns: result.columns, rows: result.rows, view: view, title: Self.filled(view.title, values)
            )
        }
        let picture = GraphPicture(rows: result.rows, graph: result.graph, limit: view.limit)
        return picture.dot(view: view, title: Self.filled(view.title, values))
    }

    /// A state machine's own file, with one state marked.
    private func states(_ view: View, _ columns: [String], _ row: [Value]) throws(ViewError) -> String {
        func text(_ name: String) -> String {
            columns.firstIndex(of: name).map { GraphPicture.text(row[$0]) } ?? ""
        }
        let machine = text("machine")
        guard !machine.contains("/"), let dot = self.resources.text("schema/states/\(machine).dot"),
            let end = dot.lastIndex(of: "}")
        else {
            throw ViewError(
                view: view.name, message: "there is no state machine `\(machine)`; there are job, run")
        }
        guard !text("state").isEmpty else { return dot }
        let swatch = Palette.swatch("blue")
        let mark =
            "[penwidth=3, color=\"\(swatch.border)\", fillcolor=\"\(swatch.fill)\", tooltip=\"current state\"]"
        return dot[..<end] + "    \(DotWriter.quoted(text("state"))) \(mark)\n}\n"
    }

    private static func value(_ json: JSON) -> Value {
        switch json {
        case .int(let number): .integer(number)
        case .double(let number): .float(number)
        case .bool(let truth): .boolean(truth)
        case .string(let text): .string(text)
        default: .null
        }
    }

    private static func filled(_ title: String, _ values: [String: Value]) -> String {
        var title = title
        for (name, value) in values { title = title.replacing("{\(name)}", with: GraphPicture.text(value)) }
        return title
    }
}
