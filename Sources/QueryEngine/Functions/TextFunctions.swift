internal import Cypher
internal import Foundation
internal import PropertyGraph

/// Functions of texts, and conversions from and to them.
enum TextFunctions {
    static var all: [(String, ClosedRange<Int>, ScalarFunction)] {
        [
            self.text("toUpper") { $0.uppercased() }, self.text("upper") { $0.uppercased() },
            self.text("toLower") { $0.lowercased() }, self.text("lower") { $0.lowercased() },
            self.trimming("trim", start: true, end: true), self.trimming("bTrim", start: true, end: true),
            self.trimming("lTrim", start: true, end: false), self.trimming("rTrim", start: false, end: true),
            strict("normalize", 1...2) { _, a in
                guard let text = a[0].string else { throw wrongArgument("normalize", a[0], "a text") }
                let form = a.count > 1 ? a[1].string?.uppercased() ?? "" : "NFC"
                guard TextForm.all.contains(form) else {
                    throw CypherError(
                        .argument, "InvalidArgumentValue", "`\(form.prefix(20))` is no normal form",
                        hint: "one of \(TextForm.all.joined(separator: ", "))")
                }
                return .string(TextForm.normalized(text, form))
            },
            self.length("char_length"), self.length("character_length"),
            strict("left", 2...2) { _, a in
                let (text, count) = try self.textAndCount("left", a)
                return .string(String(text.unicodeScalars.prefix(count)))
            },
            strict("right", 2...2) { _, a in
                let (text, count) = try self.textAndCount("right", a)
                return .string(String(text.unicodeScalars.suffix(count)))
            },
            strict("substring", 2...3) { _, a in
                let (text, start) = try self.textAndCount("substring", a)
                let rest = text.unicodeScalars.dropFirst(start)
                guard a.count == 3 else { return .string(String(rest)) }
                guard let count = a[2].integer, count >= 0 else {
                    throw wrongArgument("substring", a[2], "a length from 0")
                }
                return .string(String(rest.prefix(count)))
            },
            strict("replace", 3...4) { context, a in
                guard let text = a[0].string, let old = a[1].string, let new = a[2].string else {
                    throw wrongArgument("replace", a[0], "three texts")
                }
                let limit = a.count > 3 ? a[3].integer ?? 0 : Int.max
                return .string(try TextPieces.join(TextPieces.split(text, [old], limit: limit), new, context))
            },
            strict("split", 2...2) { _, a in
                guard let text = a[0].string else { throw wrongArgument("split", a[0], "a text") }
                let separators = a[1].list?.compactMap(\.string) ?? [a[1].string].compactMap { $0 }
                guard !separators.isEmpty else { throw wrongArgument("split", a[1], "a text") }
                if separators.contains("") {
                    return .list(text.unicodeScalars.map { .string(String(Character($0))) })
                }
                return .list(TextPieces.split(text, separators, limit: Int.max).map(Value.string))
            },
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

    /// Takes white space away at the ends, or the characters that a second argument names.
    private static func trimming(
        _ name: String, start: Bool, end: Bool
    ) -> (String, ClosedRange<Int>, ScalarFunction) {
        strict(name, 1...2) { _, a in
            guard let text = a[0].string else { throw wrongArgument(name, a[0], "a text") }
            guard a.count > 1 else { return .string(self.trimmed(text, start: start, end: end)) }
            guard let wanted = a[1].string else { throw wrongArgument(name, a[1], "a text of characters") }
            let characters = Set(wanted.unicodeScalars)
            return .string(self.trimmed(text, start: start, end: end) { characters.contains($0) })
        }
    }

    static func trimmed(
        _ text: String, start: Bool, end: Bool,
        _ isTrimmed: (Unicode.Scalar) -> Bool = { $0.properties.isWhitespace }
    ) -> String {
        var rest = text.unicodeScalars[...]
        if start { rest = rest.drop(while: isTrimmed) }
        if end { while let last = rest.last, isTrimmed(last) { rest.removeLast() } }
        return String(rest)
    }

    private static func length(_ name: String) -> (String, ClosedRange<Int>, ScalarFunction) {
        unary(name) { _, value in
            guard let text = value.string else { throw wrongArgument(name, value, "a text") }
            return .integer(text.unicodeScalars.count)
        }
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
}

/// Unicode's normal forms.
enum TextForm {
    static let all = ["NFC", "NFD", "NFKC", "NFKD"]

    static func normalized(_ text: String, _ form: String) -> String {
        switch form {
        case "NFD": text.decomposedStringWithCanonicalMapping
        case "NFKC": text.precomposedStringWithCompatibilityMapping
        case "NFKD": text.decomposedStringWithCompatibilityMapping
        default: text.precomposedStringWithCanonicalMapping
        }
    }
}

/// Texts taken apart and put together, by bytes: characters that only look equal stay as they are.
enum TextPieces {
    /// Cuts at the first separator that fits at each place, at most `limit` times.
    static func split(_ text: String, _ separators: [String], limit: Int) -> [String] {
        let (bytes, cuts) = (Array(text.utf8), separators.map { Array($0.utf8) }.filter { !$0.isEmpty })
        var pieces: [String] = []
        var (start, at) = (0, 0)
        while at < bytes.count, pieces.count < limit {
            guard let cut = cuts.first(where: { bytes[at...].starts(with: $0) }) else {
                at += 1
                continue
            }
            pieces.append(String(decoding: bytes[start..<at], as: UTF8.self))
            at += cut.count
            start = at
        }
        return pieces + [String(decoding: bytes[start...], as: UTF8.self)]
    }

    /// Joins, counted against the query's memory: 64 bytes are a value.
    static func join(_ pieces: [String], _ separator: String, _ context: ExecutionContext) throws -> String {
        let joints = pieces.count - 1
        let (bytes, isTooLong) = joints.multipliedReportingOverflow(by: separator.utf8.count)
        try context.hold(isTooLong ? Int.max : pieces.count + bytes / 32)
        return pieces.joined(separator: separator)
    }
}
