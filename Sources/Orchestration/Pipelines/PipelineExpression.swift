package import CEL
package import JSON

/// CEL in pipelines: conditions, lists and metrics over what is known when a step is decided.
package enum PipelineExpression {
    /// What an expression may use; see ``Environment``.
    package static let parameters = [
        "outputs", "state", "params", "steps", "run", "item", "index", "duration",
    ]
    .map { CELParameter(name: $0, type: .any) }

    /// What is known when a step is decided.
    package struct Environment: Sendable {
        /// `outputs`: the result of the step that the expression is about.
        package var outputs = JSON.null
        /// `state`: how that step ended.
        package var state = ""
        /// `params`: the run's parameters.
        package var params = JSON.object([:])
        /// `steps`: the steps before this one, by name: `{state, outputs, error}`.
        package var steps = JSON.object([:])
        /// `run`: `{id, reference}`.
        package var run = JSON.object([:])
        /// `item`, `index`: the element of a fan-out.
        package var item = JSON.null
        /// See ``item``.
        package var index = JSON.null
        /// `duration`: how long the step ran, in seconds.
        package var duration = JSON.null

        /// Nothing is known.
        package init() {}

        var arguments: [CELValue?] {
            [
                CELValue(self.outputs), .string(self.state), CELValue(self.params), CELValue(self.steps),
                CELValue(self.run), CELValue(self.item), CELValue(self.index), CELValue(self.duration),
            ]
        }
    }

    /// What is wrong with an expression, or nil.
    package static func mistake(in text: String, result: CELType?) -> CELError? {
        do throws(CELError) {
            _ = try CELExpression(text, parameters: self.parameters, result: result)
            return nil
        } catch {
            return error
        }
    }

    /// Whether a condition can never hold, whatever is known.
    package static func isNever(_ text: String) -> Bool {
        guard let expression = try? CELExpression(text, parameters: [], result: .bool),
            case .value(.bool(false)) = expression.evaluate([CELValue?]())
        else { return false }
        return true
    }

    /// The value of an expression.
    /// - Throws: ``PipelineExpressionError`` with the place in the expression.
    package static func value(
        _ text: String, _ environment: Environment
    ) throws(PipelineExpressionError) -> CELValue {
        let expression: CELExpression
        do throws(CELError) {
            expression = try CELExpression(text, parameters: self.parameters)
        } catch {
            throw PipelineExpressionError(text, error.description)
        }
        switch expression.evaluate(environment.arguments) {
        case .value(let value): return value
        case .missing(let names):
            throw PipelineExpressionError(text, "\(names.joined(separator: ", ")) is not known here")
        case .failed(let error): throw PipelineExpressionError(text, error.description)
        }
    }

    /// Whether a condition holds.
    /// - Throws: ``PipelineExpressionError``, also when it gives no truth value.
    package static func holds(
        _ text: String, _ environment: Environment
    ) throws(PipelineExpressionError) -> Bool {
        let value = try self.value(text, environment)
        guard case .bool(let truth) = value else {
            throw PipelineExpressionError(text, "gives \(value.typeName), and bool is wanted")
        }
        return truth
    }

    /// A list of JSON values.
    /// - Throws: ``PipelineExpressionError``, also when it gives no list.
    package static func list(
        _ text: String, _ environment: Environment
    ) throws(PipelineExpressionError) -> [JSON] {
        let value = try self.value(text, environment)
        guard case .list(let elements) = value else {
            throw PipelineExpressionError(text, "gives \(value.typeName), and a list is wanted")
        }
        return elements.map(\.json)
    }

    /// A number.
    /// - Throws: ``PipelineExpressionError``, also when it gives none.
    package static func number(
        _ text: String, _ environment: Environment
    ) throws(PipelineExpressionError) -> Double {
        switch try self.value(text, environment) {
        case .int(let number): return Double(number)
        case .uint(let number): return Double(number)
        case .double(let number): return number
        case let value: throw PipelineExpressionError(text, "gives \(value.typeName), and a number is wanted")
        }
    }
}

/// Why an expression of a pipeline gave no value.
package struct PipelineExpressionError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The expression and what is wrong with it.
    package let description: String

    init(_ text: String, _ message: String) {
        self.description = "`\(text.prefix(200))`: \(message)"
    }
}

extension CELValue {
    /// As JSON; whole doubles become whole numbers again, since JSON's numbers came in as doubles.
    package var json: JSON {
        switch self {
        case .null: .null
        case .bool(let truth): .bool(truth)
        case .int(let number): .int(number)
        case .uint(let number): Int(exactly: number).map(JSON.int) ?? .double(Double(number))
        case .double(let number): Int(exactly: number).map(JSON.int) ?? .double(number)
        case .string(let text): .string(text)
        case .list(let elements): .array(elements.map(\.json))
        case .map(let members):
            .object(
                members.map { (key: $0.key.keyText, value: $0.value.json) }.sorted { $0.key < $1.key }
                    .reduce(into: JSON.Object()) { $0.append($1.key, $1.value) })
        default: .string(self.description)
        }
    }

    private var keyText: String {
        if case .string(let text) = self { return text }
        return self.description
    }
}
