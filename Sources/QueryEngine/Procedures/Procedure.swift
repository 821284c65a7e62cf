package import Cypher
package import PropertyGraph

/// A procedure that queries can `CALL`: rows from a snapshot and arguments.
package struct Procedure: Sendable {
    /// An argument or a column.
    package struct Field: Hashable, Sendable {
        /// Its name.
        package let name: String
        /// What values it takes.
        package let type: ValueType
        /// The argument when none is given; nil when one must be.
        package let fallback: Value?

        /// Joins the parts.
        package init(_ name: String, _ type: ValueType, fallback: Value? = nil) {
            self.name = name
            self.type = type
            self.fallback = fallback
        }
    }

    /// The name with its namespace.
    package let name: String
    /// What it does, in a sentence.
    package let summary: String
    /// The arguments.
    package let inputs: [Field]
    /// The columns.
    package let outputs: [Field]
    /// How many of them, from the first, a call without `YIELD` shows; nil for all.
    let usualColumns: Int?
    /// Computes all rows; each has a value for every output.
    package let body: @Sendable (ProcedureContext, [Value]) throws -> [[Value]]

    /// Joins the parts.
    package init(
        _ name: String, _ summary: String = "", inputs: [Field] = [], outputs: [Field],
        body: @escaping @Sendable (ProcedureContext, [Value]) throws -> [[Value]]
    ) {
        self.init(name, summary, inputs: inputs, outputs: outputs, usualColumns: nil, body: body)
    }

    init(
        _ name: String, _ summary: String = "", inputs: [Field] = [], outputs: [Field], usualColumns: Int?,
        body: @escaping @Sendable (ProcedureContext, [Value]) throws -> [[Value]]
    ) {
        self.usualColumns = usualColumns
        self.name = name
        self.summary = summary
        self.inputs = inputs
        self.outputs = outputs
        self.body = body
    }

    /// What a `SHOW` command lists: rows whose columns have the values of a map, which the command's words make.
    package static func listing(
        _ name: String, outputs: [Field], usualColumns: Int? = nil,
        body: @escaping @Sendable (ProcedureContext) throws -> [[Value]]
    ) -> Procedure {
        Procedure(
            name, inputs: [Field("filter", .map)], outputs: outputs, usualColumns: usualColumns
        ) { call, arguments in
            let wanted = outputs.map { arguments[0].map?[$0.name] }
            return try body(call).filter { row in zip(row, wanted).allSatisfy { $1 == nil || $0 == $1 } }
        }
    }

    /// A procedure that looks its arguments up in a table: each row has the inputs, then the outputs.
    package init(_ name: String, inputs: [Field], outputs: [Field], table: [[Value]]) {
        self.init(name, "a table", inputs: inputs, outputs: outputs, usualColumns: nil) { _, arguments in
            table.filter { row in
                zip(row, arguments).allSatisfy { $0.equivalenceKey == $1.equivalenceKey }
            }
            .map { Array($0.dropFirst(arguments.count)) }
        }
    }

    /// `name(a :: STRING) :: (b :: INTEGER)`
    package var signature: String {
        "\(self.name)(\(Self.text(self.inputs))) :: (\(Self.text(self.outputs)))"
    }

    private static func text(_ fields: [Field]) -> String {
        fields.map { field in
            let fallback = field.fallback.map { " = \(ValueText.text($0) ?? "null")" } ?? ""
            return "\(field.name)\(fallback) :: \(field.type)"
        }
        .joined(separator: ", ")
    }
}

/// What a procedure sees of the query that calls it.
package struct ProcedureContext {
    let execution: ExecutionContext
    let functions: FunctionRegistry
    let procedures: ProcedureRegistry
    let running: RunningQueries

    /// The graph, with what the query wrote.
    package var graph: GraphSnapshot { self.execution.graph }

    /// On whose behalf the query runs.
    package var caller: QueryCaller { self.execution.limits.caller }

    /// The name of the graph.
    package var database: String { self.execution.entry?.database ?? "" }

    /// Whether the query holds the writer.
    package var isWriting: Bool { self.execution.transaction != nil }

    /// Counts a unit of work.
    /// - Throws: ``CypherError`` when the query's time is over or it was cancelled.
    package func step() throws(CypherError) { try self.execution.step() }

    /// Counts units of work that are done together.
    /// - Throws: ``CypherError`` as ``step()``.
    package func step(by count: Int) throws(CypherError) { try self.execution.step(by: count) }

    /// A row for each element of a sequence, counted as a unit of work each.
    func rows<Elements: Sequence>(
        _ elements: Elements, _ row: (Elements.Element) -> [Value]
    ) throws(CypherError) -> [[Value]] {
        var rows: [[Value]] = []
        rows.reserveCapacity(elements.underestimatedCount)
        for element in elements {
            try self.step()
            rows.append(row(element))
        }
        return rows
    }

    /// Counts values that stay in memory.
    /// - Throws: ``CypherError`` when they are more than the query may hold.
    package func hold(_ count: Int) throws(CypherError) { try self.execution.hold(count) }
}
