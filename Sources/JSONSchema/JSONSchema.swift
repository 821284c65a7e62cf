package import JSON
internal import RegularExpressions

/// A JSON Schema, draft 2020-12 without what needs other documents or annotations.
///
/// Known are `type enum const`; `properties required additionalProperties patternProperties propertyNames minProperties
/// maxProperties dependentRequired dependentSchemas`; `items prefixItems contains minContains maxContains minItems maxItems
/// uniqueItems`; `minimum maximum exclusiveMinimum exclusiveMaximum multipleOf`; `minLength maxLength pattern format`; `allOf anyOf
/// oneOf not if then else`; `$ref` within the document and `$defs`. What describes and does not check (`title`, `default`, ...) may
/// stand there. All else is refused, so that nobody believes to be checked what is not: `unevaluatedProperties`, `$dynamicRef`,
/// `$ref` to other documents, formats that are not known.
package struct JSONSchema: Sendable {
    /// What is wrong with a value, and where.
    package struct Violation: Hashable, Sendable, CustomStringConvertible {
        /// A JSON pointer to the part (RFC 6901); empty for the whole.
        package let pointer: String
        /// What is wrong.
        package let message: String

        /// `/rows/3/id: a string is expected, not the number 7`.
        package var description: String {
            self.pointer.isEmpty ? self.message : "\(self.pointer): \(self.message)"
        }
    }

    /// How many schemas may be applied in one check, whatever the value, and how many more for each of its parts: alternatives
    /// inside of alternatives could take forever.
    static let stepLimit = (any: 100_000, eachPart: 32)
    /// How deep schemas may be applied inside each other.
    static let depthLimit = 600

    /// A schema as it is applied; others are meant by their number.
    struct Node: Sendable {
        struct Pattern: Sendable {
            let text: String
            let expression: RegularExpression
        }

        /// `false`, which nothing fits.
        var isNever = false
        var types: [String]?
        var allowed: [JSON]?
        var properties: [String: Int] = [:]
        var required: [String] = []
        var patternProperties: [(pattern: Pattern, schema: Int)] = []
        var additionalProperties: Int?
        var propertyNames: Int?
        var dependentRequired: [(name: String, needs: [String])] = []
        var dependentSchemas: [(name: String, schema: Int)] = []
        var prefixItems: [Int] = []
        var items: Int?
        var contains: Int?
        var minContains = 1
        var maxContains: Int?
        var isUnique = false
        /// Bounds of counts, by keyword.
        var counts: [String: Int] = [:]
        /// Bounds of numbers, by keyword.
        var bounds: [(keyword: String, bound: JSON)] = []
        var pattern: Pattern?
        var format: Format?
        var reference: Int?
        var allOf: [Int] = []
        var anyOf: [Int]?
        var oneOf: [Int]?
        var not: Int?
        var condition: Int?
        var then: Int?
        var otherwise: Int?

        /// The schemas that are applied to the same value.
        var inPlace: [Int] {
            [self.reference, self.not, self.condition, self.then, self.otherwise].compactMap { $0 }
                + self.allOf
                + (self.anyOf ?? []) + (self.oneOf ?? []) + self.dependentSchemas.map(\.schema)
        }
    }

    let nodes: [Node]

    /// Reads a schema.
    /// - Throws: ``JSONSchemaError`` with the place in the schema that is wrong.
    package init(_ json: JSON) throws(JSONSchemaError) {
        var reader = SchemaReader(json)
        self.nodes = try reader.read()
    }

    /// What is wrong with a value, at most `limit` things; empty when it fits.
    package func violations(in value: JSON, limit: Int = 10) -> [Violation] {
        let steps = Self.stepLimit.any + Self.stepLimit.eachPart * value.partCount
        var check = SchemaCheck(nodes: self.nodes, limit: max(1, limit), steps: steps)
        check.apply(0, to: value, at: Pointer())
        return check.violations
    }
}

/// Why a schema was refused.
package struct JSONSchemaError: Error, Hashable, Sendable, CustomStringConvertible {
    /// A JSON pointer to the part of the schema.
    package let pointer: String
    /// What is wrong and what would be right.
    package let message: String

    /// `/properties/id/type: "text" is no type; ...`.
    package var description: String {
        self.pointer.isEmpty ? self.message : "\(self.pointer): \(self.message)"
    }
}

/// A place in a value, made into text only when something is wrong there.
struct Pointer {
    private var parts: [String] = []

    func appending(_ part: String) -> Pointer {
        var pointer = self
        pointer.parts.append(part)
        return pointer
    }

    var text: String {
        self.parts.map { part in
            var escaped = ""
            for character in part.unicodeScalars {
                switch character {
                case "~": escaped += "~0"
                case "/": escaped += "~1"
                default: escaped.unicodeScalars.append(character)
                }
            }
            return "/" + escaped
        }.joined()
    }

    /// The parts of a pointer's text.
    static func parts(_ text: Substring) -> [String] {
        text.split(separator: "/", omittingEmptySubsequences: false).dropFirst().map { part in
            var plain = ""
            var rest = part[...]
            while let character = rest.first {
                if rest.hasPrefix("~1") || rest.hasPrefix("~0") {
                    plain += rest.hasPrefix("~1") ? "/" : "~"
                    rest = rest.dropFirst(2)
                } else {
                    plain.append(character)
                    rest = rest.dropFirst()
                }
            }
            return plain
        }
    }
}

extension JSON {
    /// How many values there are in it, itself among them.
    var partCount: Int {
        var (count, open) = (0, [self])
        while let next = open.popLast() {
            count += 1
            switch next {
            case .array(let elements): open += elements
            case .object(let object): open += object.lazy.map(\.value)
            default: break
            }
        }
        return count
    }

    /// The value in the one form that equal values share: numbers without a fraction as integers, members sorted.
    var canonical: JSON {
        switch self {
        case .double(let number): Int(exactly: number).map(JSON.int) ?? self
        case .array(let elements): .array(elements.map(\.canonical))
        case .object(let object):
            .object(
                object.sorted { $0.name < $1.name }.reduce(into: Object()) {
                    $0.append($1.name, $1.value.canonical)
                })
        default: self
        }
    }
}
