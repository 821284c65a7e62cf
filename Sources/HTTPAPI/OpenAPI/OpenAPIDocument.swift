internal import AccessControl
package import JSON
internal import YAML

/// The HTTP API as OpenAPI 3.1: the routes as they are declared, with the words of `schema/http.yaml`.
///
/// Paths, path parameters, permissions and errors come from the routes, so that they are always true; what a route is for,
/// takes and answers comes from the file.
package struct OpenAPIDocument: Sendable {
    /// The document.
    package let json: JSON
    /// Routes without words, and words without a route, as `METHOD PATH`.
    package let mismatches: [String]

    /// `text`: of `schema/http.yaml`.
    /// - Throws: ``YAMLError``.
    package init(_ routes: [DeclaredRoute], describedBy text: String) throws {
        let words = try YAML.parse(text)
        var described = words["routes"]?.object ?? [:]
        var mismatches: [String] = []
        var paths = JSON.Object()
        for route in routes {
            let key = "\(route.method) \(Self.described(route.path))"
            let known = words["routes"]?[key]
            if known == nil { mismatches.append("\(route.method) \(route.path)") }
            described[key] = nil
            var methods = paths[route.path]?.object ?? [:]
            methods[route.method.lowercased()] = Self.operation(route, known ?? [:])
            paths[route.path] = .object(methods)
        }
        self.mismatches = mismatches + described.map(\.name)
        let groups = words["groups"]?.object ?? [:]
        self.json = [
            "openapi": "3.1.1",
            "info": [
                "title": "Plexus", "version": .string(plexusVersion),
                "description": "A private compute network as one property graph.",
            ],
            "servers": [["url": "/"]],
            "security": [["bearer": []]],
            "tags": .array(groups.map { ["name": .string($0.name), "description": $0.value] }),
            "paths": .object(paths),
            "components": [
                "securitySchemes": ["bearer": ["type": "http", "scheme": "bearer"]],
                "schemas": words["schemas"] ?? [:],
            ],
        ]
    }

    /// The path that has the words: AuthZEN's routes, which are there for each store, have those of the network's.
    private static func described(_ path: String) -> String {
        let prefix = "/stores/{id}/access/v1"
        if path.hasPrefix(prefix) { return "/access/v1" + path.dropFirst(prefix.count) }
        let document = "/.well-known/authzen-configuration"
        return path.contains(document) ? document : path
    }

    private static func operation(_ route: DeclaredRoute, _ words: JSON) -> JSON {
        var operation = JSON.Object()
        operation["operationId"] = .string(Self.name(route))
        operation["tags"] = words["group"].map { [$0] }
        operation["summary"] = words["summary"]
        let asks = Self.permission(route.asks)
        operation["description"] = .string(
            [words["description"]?.string, asks].compactMap { $0 }.joined(separator: "\n\n"))
        if route.asks == .nothing { operation["security"] = [] }
        var parameters = Self.parts(route.path).map { name -> JSON in
            ["name": .string(name), "in": "path", "required": true, "schema": ["type": "string"]]
        }
        for (place, names) in [("query", words["query"]), ("header", words["headers"])] {
            for name in names?.array ?? [] {
                parameters.append(["name": name, "in": .string(place), "schema": ["type": "string"]])
            }
        }
        if !parameters.isEmpty { operation["parameters"] = .array(parameters) }
        if let body = words["body"]?.string {
            operation["requestBody"] = ["content": Self.content(body)]
        }
        let status = words["status"]?.int ?? 200
        var answer: JSON.Object = ["description": status == 204 ? "Done" : "The answer"]
        if let name = words["answer"]?.string { answer["content"] = Self.content(name) }
        operation["responses"] = [
            "\(status)": .object(answer),
            "default": ["description": "An error", "content": Self.content("Problem")],
        ]
        return .object(operation)
    }

    /// A media type, or JSON by the name of its schema.
    private static func content(_ name: String) -> JSON {
        if name.contains("/") { return .object([name: ["schema": [:]]]) }
        let type = name == "Problem" ? "application/problem+json" : "application/json"
        return .object([type: ["schema": ["$ref": .string("#/components/schemas/\(name)")]]])
    }

    private static func parts(_ path: String) -> [String] {
        path.split(separator: "/").filter { $0.hasPrefix("{") && $0.hasSuffix("}") }
            .map { String($0.dropFirst().dropLast()) }
    }

    /// `get_v1_jobs_id`.
    private static func name(_ route: DeclaredRoute) -> String {
        let words = route.path.split { !$0.isLetter && !$0.isNumber }
        return ([route.method.lowercased()] + words.map(String.init)).joined(separator: "_")
    }

    private static func permission(_ asks: Asks) -> String? {
        switch asks {
        case .nothing: nil
        case .network(let permission): "Asks `\(permission.rawValue)` on the network."
        case .graph(let permission, let part): "Asks `\(permission.rawValue)` on the graph `{\(part)}`."
        case .networkGraph(let permission): "Asks `\(permission.rawValue)` on the graph of the network."
        case .store(let permission): "Asks `\(permission.rawValue)` on the store's graph."
        case .object(let type, let permission, let part):
            "Asks `\(permission.rawValue)` on the \(type.rawValue) `{\(part)}`."
        case .inHandler: "What it asks depends on the request; lists show what the caller may see."
        }
    }
}
