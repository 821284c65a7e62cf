internal import Cypher
internal import PropertyGraph

/// Functions of texts, and conversions from and to them.
enum TextFunctions {
    static var all: [(String, ClosedRange<Int>, ScalarFunction)] {
        [
            self.text("toUpper") { $0.uppercased() }, self.text("upper") { $0.uppercased() },
            self.text("toLower") { $0.lowercased() }, self.text("lower") { $0.lowercased() },
            self.text("trim") { self.trimmed($0, start: true, end: true) },
            self.text("lTrim") { self.trimmed($0, start: true, end: false) },
            self.text("rTrim") { self.trimmed($0, start: false, end: true) },
            strict("left", 2...2) { _, a in
                let (text, count) = try self.textAndCount("left", a)
                return .string(String(text.prefix(count)))
            },
            strict("right", 2...2) { _, a in
                let (text, count) = try self.textAndCount("right", a)
                return .string(String(text.suffix(count)))
            },
            strict("substring", 2...3) { _, a in
                let (text, start) = try self.textAndCount("substring", a)
                let rest = text.dropFirst(start)
                guard a.count == 3 else { return .string(String(rest)) }
                guard let count = a[2].integer, count >= 0 else {
                    throw wrongArgument("substring", a[2], "a length from 0")
                }
                return .string(String(rest.prefix(count)))
            },
            strict("replace", 3...3) { _, a in
                guard let text = a[0].string, let old = a[1].string, let new = a[2].string else {
                    throw wrongArgument("replace", a[0], "three texts")
                }
                return .string(old.isEmpty ? text : text.replacing(old, with: new))
            },
            strict("split", 2...2) { _, a in
                guard let text = a[0].string else { throw wrongArgument("split", a[0], "a text") }
                let separators = a[1].list?.compactMap(\.string) ?? [a[1].string].compactMap { $0 }
                guard let separator = separators.first else { throw wrongArgument("split", a[1], "a text") }
                if separator.isEmpty { return .list(text.map { .string(String($0)) }) }
                return .list(
                    text.split(separator: separator, omittingEmptySubsequences: false).map {
                        .string(String($0))
                    }
                )
            },
            unary("toString") { _, value in
                guard let text = ValueText.text(value) else {
                    throw wrongArgument("toString", value, "a plain value")
                }
                return .string(text)
            },
            unary("toStringOrNull") { _, value in ValueText.text(value).map(Value.string) ?? .null },
            unary("toInteger") { _, value in try self.integer(value) ?? self.refuse("toInteger", value) },
            unary("toIntegerOrNull") { _, value in self.integer(value) ?? .null },
            unary("toFloat") { _, value in try self.float(value) ?? self.refuse("toFloat", value) },
            unary("toFloatOrNull") { _, value in self.float(value) ?? .null },
            unary("toBoolean") { _, value in try self.boolean(value) ?? self.refuse("toBoolean", value) },
            unary("toBooleanOrNull") { _, value in self.boolean(value) ?? .null },
        ]
    }

    private static func text(
        _ name: String, _ body: @escaping @Sendable (String) -> String
    ) -> (String, ClosedRange<Int>, ScalarFunction) {
        unary(name) { _, value in
            guard let text = value.string else { throw wrongArgument(name, value, "a text") }
            return .string(body(text))
        }
    }

    private static func trimmed(_ text: String, start: Bool, end: Bool) -> String {
        var rest = text[...]
        if start { rest = rest.drop { $0.isWhitespace } }
        if end { while rest.last?.isWhitespace == true { rest.removeLast() } }
        return String(rest)
    }

    private static func textAndCount(_ name: String, _ a: [Value]) throws -> (String, Int) {
        guard let text = a[0].string else { throw wrongArgument(name, a[0], "a text") }
        guard let count = a[1].integer else { throw wrongArgument(name, a[1], "a whole number") }
        guard count >= 0 else {
            throw CypherError(
                .argument, "NegativeIntegerArgument", "`\(name)` takes a number from 0, not \(count)")
        }
        return (text, count)
    }

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
            let trimmed = self.trimmed(text, start: true, end: true)
            if let number = Int(trimmed) { return .integer(number) }
            return Double(trimmed).flatMap { Int(exactly: $0.rounded(.towardZero)) }.map(Value.integer)
        default: return nil
        }
    }

    private static func float(_ value: Value) -> Value? {
        switch value {
        case .float: return value
        case .integer(let number): return .float(Double(number))
        case .string(let text): return Double(self.trimmed(text, start: true, end: true)).map(Value.float)
        default: return nil
        }
    }

    private static func boolean(_ value: Value) -> Value? {
        switch value {
        case .boolean: return value
        case .integer(let number): return .boolean(number != 0)
        case .string(let text):
            switch self.trimmed(text, start: true, end: true).lowercased() {
            case "true": return .boolean(true)
            case "false": return .boolean(false)
            default: return nil
            }
        default: return nil
        }
    }
}
