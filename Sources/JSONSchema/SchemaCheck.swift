internal import JSON
internal import RegularExpressions

/// One value held against a schema.
struct SchemaCheck {
    private let nodes: [JSONSchema.Node]
    private let limit: Int
    /// How many more schemas may be applied.
    private var steps: Int
    private var depth = 0
    private(set) var violations: [JSONSchema.Violation] = []

    init(nodes: [JSONSchema.Node], limit: Int, steps: Int) {
        self.steps = steps
        self.nodes = nodes
        self.limit = limit
    }

    private var isFull: Bool { self.violations.count >= self.limit }

    private mutating func refuse(_ place: Pointer, _ message: String) {
        guard !self.isFull else { return }
        self.violations.append(JSONSchema.Violation(pointer: place.text, message: message))
    }

    /// What a value is called in messages: short.
    private static func words(_ value: JSON) -> String {
        switch value {
        case .null: return "null"
        case .array(let elements): return "an array of \(elements.count)"
        case .object: return "an object"
        default:
            let text = value.text
            return text.count > 60 ? "\(text.prefix(57))..." : text
        }
    }

    mutating func apply(_ number: Int, to value: JSON, at place: Pointer) {
        guard !self.isFull else { return }
        self.steps -= 1
        guard self.steps >= 0 else {
            return self.refuse(place, "checking takes too long: the schema has too many alternatives")
        }
        guard self.depth < JSONSchema.depthLimit else {
            return self.refuse(place, "schemas are applied more than \(JSONSchema.depthLimit) deep")
        }
        self.depth += 1
        defer { self.depth -= 1 }
        let node = self.nodes[number]
        if node.isNever { return self.refuse(place, "nothing is allowed here") }
        if let types = node.types, !types.contains(where: { Self.fits(value, $0) }) {
            return self.refuse(
                place, "\(types.joined(separator: " or ")) is expected, not \(Self.words(value))")
        }
        if let allowed = node.allowed, !allowed.contains(value.canonical) {
            let known = allowed.prefix(10).map(Self.words).joined(separator: ", ")
            self.refuse(place, "\(Self.words(value)) is none of \(known)\(allowed.count > 10 ? ", ..." : "")")
        }
        switch value {
        case .object(let object): self.check(object, node, place)
        case .array(let elements): self.check(elements, node, place)
        case .string(let text): self.check(text, node, place)
        case .int, .double: self.check(number: value, node, place)
        case .null, .bool: break
        }
        self.combine(node, value, place)
    }

    private static func fits(_ value: JSON, _ type: String) -> Bool {
        if type == "integer" {
            if case .double(let number) = value { return number.rounded() == number && number.isFinite }
            return value.int != nil
        }
        return value.kind == type
    }

    /// Whether a value fits a schema, without noting why not.
    private mutating func problems(_ number: Int, _ value: JSON, _ place: Pointer) -> [JSONSchema.Violation] {
        var other = SchemaCheck(nodes: self.nodes, limit: 3, steps: self.steps)
        other.depth = self.depth
        other.apply(number, to: value, at: place)
        self.steps = other.steps
        return other.violations
    }

    private mutating func fits(_ number: Int, _ value: JSON, _ place: Pointer) -> Bool {
        self.problems(number, value, place).isEmpty
    }

    // MARK: Schemas for the same value

    private mutating func combine(_ node: JSONSchema.Node, _ value: JSON, _ place: Pointer) {
        if let reference = node.reference { self.apply(reference, to: value, at: place) }
        for schema in node.allOf { self.apply(schema, to: value, at: place) }
        if let alternatives = node.anyOf { self.check(anyOf: alternatives, value, place) }
        if let alternatives = node.oneOf {
            let fitting = alternatives.indices.filter { self.fits(alternatives[$0], value, place) }
            if fitting.isEmpty {
                self.check(anyOf: alternatives, value, place)
            } else if fitting.count > 1 {
                let numbers = fitting.map(String.init).joined(separator: ", ")
                self.refuse(place, "exactly one alternative of `oneOf` is to fit, and \(numbers) do (from 0)")
            }
        }
        if let not = node.not, self.fits(not, value, place) {
            self.refuse(place, "\(Self.words(value)) is what `not` forbids")
        }
        if let condition = node.condition {
            let next = self.fits(condition, value, place) ? node.then : node.otherwise
            if let next { self.apply(next, to: value, at: place) }
        }
    }

    private mutating func check(anyOf alternatives: [Int], _ value: JSON, _ place: Pointer) {
        var nearest: [JSONSchema.Violation]?
        for schema in alternatives {
            let problems = self.problems(schema, value, place)
            if problems.isEmpty { return }
            // What is wrong deep inside is nearer to fitting than what is of another type.
            if nearest.map({ Self.depth(problems) > Self.depth($0) }) ?? true { nearest = problems }
        }
        let reason = nearest?.first.map { "; nearest: \($0)" } ?? ""
        self.refuse(place, "none of \(alternatives.count) alternatives fits\(reason)")
    }

    private static func depth(_ problems: [JSONSchema.Violation]) -> Int {
        problems.map { $0.pointer.utf8.count { $0 == UInt8(ascii: "/") } }.max() ?? 0
    }

    // MARK: Objects

    private mutating func check(_ object: JSON.Object, _ node: JSONSchema.Node, _ place: Pointer) {
        let members = object.members
        self.check(members.count, "Properties", "members", node, place)
        let names =
            node.required.isEmpty && node.dependentRequired.isEmpty && node.dependentSchemas.isEmpty
            ? [] : Set(members.map(\.name))
        for name in node.required where !names.contains(name) {
            self.refuse(place, "the member `\(name)` is missing")
        }
        for (name, needs) in node.dependentRequired where names.contains(name) {
            for need in needs where !names.contains(need) {
                self.refuse(place, "with the member `\(name)` there must be `\(need)`")
            }
        }
        for (name, schema) in node.dependentSchemas where names.contains(name) {
            self.apply(schema, to: .object(object), at: place)
        }
        for member in members {
            guard !self.isFull else { return }
            self.check(member, node, place)
        }
    }

    private mutating func check(_ member: JSON.Object.Member, _ node: JSONSchema.Node, _ place: Pointer) {
        let inside = place.appending(member.name)
        if let schema = node.propertyNames {
            for problem in self.problems(schema, .string(member.name), Pointer()) {
                self.refuse(place, "the name `\(member.name.prefix(60))` is not allowed: \(problem.message)")
            }
        }
        var isKnown = false
        if let schema = node.properties[member.name] {
            isKnown = true
            self.apply(schema, to: member.value, at: inside)
        }
        for (pattern, schema) in node.patternProperties where pattern.isFound(in: member.name) {
            isKnown = true
            self.apply(schema, to: member.value, at: inside)
        }
        guard !isKnown, let schema = node.additionalProperties else { return }
        guard self.nodes[schema].isNever else { return self.apply(schema, to: member.value, at: inside) }
        let known = node.properties.keys.sorted().prefix(20).joined(separator: ", ")
        self.refuse(
            place,
            "the member `\(member.name.prefix(60))` is not allowed"
                + (known.isEmpty ? "" : "; known are \(known)"))
    }

    /// Whether a count lies between `min` and `max` of what is counted.
    private mutating func check(
        _ count: Int, _ keyword: String, _ words: String, _ node: JSONSchema.Node, _ place: Pointer
    ) {
        if let least = node.counts["min" + keyword], count < least {
            self.refuse(place, "at least \(least) \(words) are expected, not \(count)")
        }
        if let most = node.counts["max" + keyword], count > most {
            self.refuse(place, "at most \(most) \(words) are expected, not \(count)")
        }
    }

    // MARK: Arrays

    private mutating func check(_ elements: [JSON], _ node: JSONSchema.Node, _ place: Pointer) {
        self.check(elements.count, "Items", "elements", node, place)
        for (index, element) in elements.enumerated() {
            guard !self.isFull else { return }
            let schema = index < node.prefixItems.count ? node.prefixItems[index] : node.items
            guard let schema else { break }
            self.apply(schema, to: element, at: place.appending(String(index)))
        }
        if node.isUnique {
            var seen: [JSON: Int] = [:]
            for (index, element) in elements.enumerated() {
                if let first = seen.updateValue(index, forKey: element.canonical) {
                    self.refuse(place, "the elements \(first) and \(index) are equal")
                }
            }
        }
        guard let contains = node.contains else { return }
        var count = 0
        for element in elements where self.fits(contains, element, place) { count += 1 }
        if count < node.minContains {
            self.refuse(
                place, "at least \(node.minContains) elements that fit `contains` are expected, not \(count)")
        }
        if let most = node.maxContains, count > most {
            self.refuse(place, "at most \(most) elements that fit `contains` are expected, not \(count)")
        }
    }

    // MARK: Texts and numbers

    private mutating func check(_ text: String, _ node: JSONSchema.Node, _ place: Pointer) {
        if node.counts["minLength"] != nil || node.counts["maxLength"] != nil {
            self.check(text.unicodeScalars.count, "Length", "characters", node, place)
        }
        if let pattern = node.pattern, !pattern.isFound(in: text) {
            self.refuse(place, "\(Self.words(.string(text))) does not match \(pattern.text)")
        }
        if let format = node.format, !format.fits(text) {
            self.refuse(place, "\(Self.words(.string(text))) is no \(format.rawValue)")
        }
    }

    private mutating func check(number value: JSON, _ node: JSONSchema.Node, _ place: Pointer) {
        for (keyword, bound) in node.bounds {
            let isKept: Bool
            switch keyword {
            case "minimum": isKept = Self.compare(value, bound) >= 0
            case "maximum": isKept = Self.compare(value, bound) <= 0
            case "exclusiveMinimum": isKept = Self.compare(value, bound) > 0
            case "exclusiveMaximum": isKept = Self.compare(value, bound) < 0
            default: isKept = Self.isMultiple(value, of: bound)
            }
            if !isKept { self.refuse(place, "\(value.text) breaks `\(keyword)` \(bound.text)") }
        }
    }

    /// -1, 0 or 1; whole numbers exactly.
    private static func compare(_ left: JSON, _ right: JSON) -> Int {
        if case .int(let left) = left, case .int(let right) = right {
            return (left > right ? 1 : 0) - (left < right ? 1 : 0)
        }
        let (left, right) = (left.double ?? 0, right.double ?? 0)
        return (left > right ? 1 : 0) - (left < right ? 1 : 0)
    }

    private static func isMultiple(_ value: JSON, of divisor: JSON) -> Bool {
        if let value = value.int, let divisor = divisor.int, divisor > 0 { return value % divisor == 0 }
        let quotient = (value.double ?? 0) / (divisor.double ?? 1)
        guard quotient.isFinite else { return false }
        // Decimal fractions are not exact: 0.0075 is a multiple of 0.0001 all the same.
        return abs(quotient - quotient.rounded()) <= 1e-9 * max(1, abs(quotient)).squareRoot()
    }
}

extension JSONSchema.Node.Pattern {
    func isFound(in text: String) -> Bool { self.expression.isFound(in: text) { () throws(Never) in } }
}
