internal import Cypher
internal import PropertyGraph

/// A function of values: arguments in, value out.
typealias ScalarFunction = @Sendable (ExecutionContext, [Value]) throws -> Value

/// The functions that queries can call. Names ignore case.
struct FunctionRegistry: FunctionSignatures {
    /// The upper bound of functions that take any number of arguments.
    static let anyNumber = 1000

    private let scalars: [String: Entry]
    private static let aggregates: [String: ClosedRange<Int>] = [
        "count": 1...1, "sum": 1...1, "avg": 1...1, "min": 1...1, "max": 1...1, "collect": 1...1,
        "stdev": 1...1, "stdevp": 1...1, "percentilecont": 2...2, "percentiledisc": 2...2,
    ]

    /// All functions of the language.
    static let standard = FunctionRegistry([
        ("graph", GraphFunctions.all), ("text", TextFunctions.all),
        ("conversion", ConversionFunctions.all), ("number", NumberFunctions.all),
        ("list", ListFunctions.all), ("temporal", TemporalFunctions.all), ("spatial", PointFunctions.all),
    ])

    private struct Entry: Sendable {
        let name: String
        let category: String
        let arity: ClosedRange<Int>
        let body: ScalarFunction
    }

    init(_ groups: [(category: String, functions: [(String, ClosedRange<Int>, ScalarFunction)])]) {
        var scalars: [String: Entry] = [:]
        for (category, functions) in groups {
            for (name, arity, body) in functions {
                scalars[name.lowercased()] = Entry(name: name, category: category, arity: arity, body: body)
            }
        }
        self.scalars = scalars
    }

    /// What a function is about, in a word.
    func category(of name: String) -> String { self.scalars[name.lowercased()]?.category ?? "aggregating" }

    func scalar(_ name: String) -> ScalarFunction? { self.scalars[name.lowercased()]?.body }

    func arity(of name: String) -> ClosedRange<Int>? {
        self.scalars[name.lowercased()]?.arity ?? Self.aggregates[name.lowercased()]
    }

    func isAggregate(_ name: String) -> Bool { Self.aggregates[name.lowercased()] != nil }

    var names: [String] { self.scalars.values.map(\.name) + Self.aggregateNames }

    private static let aggregateNames = [
        "count", "sum", "avg", "min", "max", "collect", "stDev", "stDevP", "percentileCont", "percentileDisc",
    ]
}

/// An argument of the wrong type, told with the function's name.
func wrongArgument(_ function: String, _ value: Value, _ wanted: String) -> CypherError {
    CypherError(.type, "InvalidArgumentValue", "`\(function)` takes \(wanted), not \(value.typeName)")
}

/// A function of one argument that gives null for null.
func unary(
    _ name: String, _ body: @escaping @Sendable (ExecutionContext, Value) throws -> Value
) -> (String, ClosedRange<Int>, ScalarFunction) {
    (name, 1...1, { context, arguments in arguments[0].isNull ? .null : try body(context, arguments[0]) })
}

/// A function that gives null when any argument is null.
func strict(
    _ name: String, _ arity: ClosedRange<Int>, _ body: @escaping ScalarFunction
) -> (String, ClosedRange<Int>, ScalarFunction) {
    (
        name, arity,
        { context, arguments in arguments.contains(where: \.isNull) ? .null : try body(context, arguments) }
    )
}
