package import PropertyGraph

/// A procedure that queries can `CALL`: rows from a snapshot and arguments.
package struct Procedure: Sendable {
    /// The name with its namespace.
    package let name: String
    /// Names of the arguments.
    package let inputs: [String]
    /// Names of the columns.
    package let outputs: [String]
    /// Computes all rows; each has a value for every output.
    package let body: @Sendable (GraphSnapshot, [Value]) throws -> [[Value]]

    /// Joins the parts.
    package init(
        name: String, inputs: [String], outputs: [String],
        body: @escaping @Sendable (GraphSnapshot, [Value]) throws -> [[Value]]
    ) {
        self.name = name
        self.inputs = inputs
        self.outputs = outputs
        self.body = body
    }
}

/// The procedures there are. Names ignore case.
package struct ProcedureRegistry: Sendable {
    private var procedures: [String: Procedure] = [:]

    /// The procedures of every graph and those given.
    package init(_ further: [Procedure] = []) {
        for procedure in Self.standard + further { self.procedures[procedure.name.lowercased()] = procedure }
    }

    subscript(name: String) -> Procedure? { self.procedures[name.lowercased()] }

    var names: [String] { self.procedures.values.map(\.name).sorted() }

    private static let standard = [
        Procedure(name: "db.labels", inputs: [], outputs: ["label"]) { graph, _ in
            graph.tokens.labels.names.filter { name in
                graph.tokens.label(name).map { graph.count($0) > 0 } ?? false
            }
            .map { [.string($0)] }
        },
        Procedure(name: "db.relationshipTypes", inputs: [], outputs: ["relationshipType"]) { graph, _ in
            graph.tokens.relationshipTypes.names
                .filter { name in graph.tokens.relationshipType(name).map { graph.count($0) > 0 } ?? false }
                .map { [.string($0)] }
        },
        Procedure(name: "db.propertyKeys", inputs: [], outputs: ["propertyKey"]) { graph, _ in
            graph.tokens.propertyKeys.names.map { [.string($0)] }
        },
        Procedure(name: "dbms.components", inputs: [], outputs: ["name", "versions", "edition"]) { _, _ in
            [[.string("Plexus Kernel"), .list([.string("5.26.0")]), .string("community")]]
        },
    ]
}
