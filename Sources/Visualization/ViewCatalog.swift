internal import Cypher
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
        let picture = GraphPicture(rows: result.rows, graph: result.graph, limit: view.limit)
        return picture.dot(view: view, title: Self.filled(view.title, values))
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
