internal import PropertyGraph

/// The values of all variables of a query, by slot.
typealias Row = ContiguousArray<Value>

/// Computes an expression for a row.
typealias Evaluator = (ExecutionContext, Row) throws -> Value
