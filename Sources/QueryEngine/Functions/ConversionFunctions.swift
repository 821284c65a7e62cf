internal import Cypher
internal import PropertyGraph

/// Functions from one type to another.
enum ConversionFunctions {
    static var all: [(String, ClosedRange<Int>, ScalarFunction)] {
        [
            unary("toString") { _, value in
                guard let text = ValueText.text(value) else {
                    throw wrongArgument("toString", value, "a plain value")
                }
                return .string(text)
            },
            unary("toStringOrNull") { _, value in self.text(value) ?? .null },
            unary("toInteger") { _, value in try self.integer(value) ?? self.refuse("toInteger", value) },
            unary("toIntegerOrNull") { _, value in self.integer(value) ?? .null },
            unary("toFloat") { _, value in try self.float(value) ?? self.refuse("toFloat", value) },
            unary("toFloatOrNull") { _, value in self.float(value) ?? .null },
            unary("toBoolean") { _, value in try self.boolean(value) ?? self.refuse("toBoolean", value) },
            unary("toBooleanOrNull") { _, value in self.boolean(value) ?? .null },
            self.list("toStringList", self.text), self.list("toIntegerList", self.integer),
            self.list("toFloatList", self.float), self.list("toBooleanList", self.boolean),
        ]
    }

    /// Converts each element; null for those that cannot be.
    private static func list(
        _ name: String, _ convert: @escaping @Sendable (Value) -> Value?
    ) -> (String, ClosedRange<Int>, ScalarFunction) {
        unary(name) { _, value in
            guard let elements = value.list else { throw wrongArgument(name, value, "a list") }
            return .list(elements.map { convert($0) ?? .null })
        }
    }

    private static func text(_ value: Value) -> Value? { ValueText.text(value).map(Value.string) }

    private static func refuse(_ name: String, _ value: Value) throws -> Value {
        if case .string = value { return .null }
        throw wrongArgument(name, value, "a text, a number or a truth value")
    }

    private static func integer(_ value: Value) -> Value? {
        switch value {
        case .integer: return value
        case .float(let number): return Int(exactly: number.rounded(.towardZero)).map(Value.integer) ?? .null
        case .boolean(let truth): return .integer(truth ? 1 : 0)
        case .string(let text):
            let trimmed = TextFunctions.trimmed(text, start: true, end: true)
            if let number = Int(trimmed) { return .integer(number) }
            return Double(trimmed).flatMap { Int(exactly: $0.rounded(.towardZero)) }.map(Value.integer)
        default: return nil
        }
    }

    private static func float(_ value: Value) -> Value? {
        switch value {
        case .float: return value
        case .integer(let number): return .float(Double(number))
        case .string(let text):
            return Double(TextFunctions.trimmed(text, start: true, end: true)).map(Value.float)
        default: return nil
        }
    }

    private static func boolean(_ value: Value) -> Value? {
        switch value {
        case .boolean: return value
        case .integer(let number): return .boolean(number != 0)
        case .string(let text):
            switch TextFunctions.trimmed(text, start: true, end: true).lowercased() {
            case "true": return .boolean(true)
            case "false": return .boolean(false)
            default: return nil
            }
        default: return nil
        }
    }
}
