internal import JSON
internal import RegularExpressions

/// Reads a schema into nodes, each part once however often it is referred to.
struct SchemaReader {
    private let document: JSON
    private var nodes: [JSONSchema.Node] = []
    /// Numbers of nodes by the pointer to their schema.
    private var numbers: [String: Int] = [:]
    /// What was referred to and is not read yet.
    private var open: [(json: JSON, pointer: Pointer, number: Int)] = []

    /// Keywords that describe and do not check.
    private static let descriptions: Set<String> = [
        "title", "description", "default", "examples", "deprecated", "readOnly", "writeOnly", "$comment",
        "$defs",
    ]
    private static let types: Set<String> = [
        "null", "boolean", "object", "array", "number", "string", "integer",
    ]
    private static let countKeywords: Set<String> = [
        "minProperties", "maxProperties", "minItems", "maxItems", "minLength", "maxLength", "minContains",
        "maxContains",
    ]
    private static let boundKeywords: Set<String> = [
        "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf",
    ]

    init(_ document: JSON) { self.document = document }

    mutating func read() throws(JSONSchemaError) -> [JSONSchema.Node] {
        _ = self.number(of: self.document, at: Pointer())
        // Without recursion: a schema may be nested as deep as JSON may.
        while let (json, pointer, number) = self.open.popLast() {
            self.nodes[number] = try self.node(json, pointer)
        }
        try self.refuseEndlessReferences()
        return self.nodes
    }

    private mutating func number(of json: JSON, at pointer: Pointer) -> Int {
        let text = pointer.text
        if let number = self.numbers[text] { return number }
        let number = self.nodes.count
        self.nodes.append(JSONSchema.Node())
        self.numbers[text] = number
        self.open.append((json, pointer, number))
        return number
    }

    private func refuse(_ pointer: Pointer, _ message: String) -> JSONSchemaError {
        JSONSchemaError(pointer: pointer.text, message: message)
    }

    private mutating func node(_ json: JSON, _ pointer: Pointer) throws(JSONSchemaError) -> JSONSchema.Node {
        var node = JSONSchema.Node()
        if let truth = json.bool {
            node.isNever = !truth
            return node
        }
        guard let object = json.object else {
            throw self.refuse(pointer, "a schema is an object, true or false, not \(json.kind)")
        }
        for member in object {
            try self.read(
                member.name, member.value, pointer.appending(member.name), into: &node,
                isRoot: pointer.text.isEmpty)
        }
        return node
    }

    private mutating func read(
        _ keyword: String, _ value: JSON, _ place: Pointer, into node: inout JSONSchema.Node, isRoot: Bool
    ) throws(JSONSchemaError) {
        switch keyword {
        case "type":
            let types = value.array?.map(\.string) ?? [value.string]
            node.types = types.compactMap { $0 }.filter(Self.types.contains)
            guard !types.isEmpty, node.types?.count == types.count else {
                throw self.refuse(
                    place,
                    "\(value.text.prefix(80)) is no type; types are \(Self.types.sorted().joined(separator: ", "))"
                )
            }
        case "enum":
            guard let values = value.array, !values.isEmpty else {
                throw self.refuse(place, "a list of at least one value is expected")
            }
            node.allowed = values.map(\.canonical)
        case "const": node.allowed = [value.canonical]
        case "properties":
            for (name, number) in try self.schemas(value, place) { node.properties[name] = number }
        case "required": node.required = try self.names(value, place)
        case "patternProperties":
            for (name, number) in try self.schemas(value, place) {
                node.patternProperties.append((try self.pattern(name, place.appending(name)), number))
            }
        case "additionalProperties": node.additionalProperties = self.number(of: value, at: place)
        case "propertyNames": node.propertyNames = self.number(of: value, at: place)
        case "dependentRequired":
            guard let object = value.object else { throw self.refuse(place, "an object is expected") }
            for member in object {
                node.dependentRequired.append(
                    (member.name, try self.names(member.value, place.appending(member.name))))
            }
        case "dependentSchemas": node.dependentSchemas = try self.schemas(value, place)
        case "prefixItems": node.prefixItems = try self.list(value, place)
        case "items":
            guard value.array == nil else {
                throw self.refuse(place, "a list of schemas is called `prefixItems` since draft 2020-12")
            }
            node.items = self.number(of: value, at: place)
        case "contains": node.contains = self.number(of: value, at: place)
        case "uniqueItems":
            guard let truth = value.bool else { throw self.refuse(place, "true or false is expected") }
            node.isUnique = truth
        case _ where Self.countKeywords.contains(keyword):
            guard let count = value.int, count >= 0 else {
                throw self.refuse(place, "a whole number from 0 is expected, not \(value.text.prefix(80))")
            }
            switch keyword {
            case "minContains": node.minContains = count
            case "maxContains": node.maxContains = count
            default: node.counts[keyword] = count
            }
        case _ where Self.boundKeywords.contains(keyword):
            guard let bound = value.double, keyword != "multipleOf" || bound > 0 else {
                throw self.refuse(place, "a number is expected, above 0 for multipleOf")
            }
            node.bounds.append((keyword, value))
        case "pattern":
            guard let text = value.string else { throw self.refuse(place, "a text is expected") }
            node.pattern = try self.pattern(text, place)
        case "format":
            guard let format = value.string.flatMap(Format.init) else {
                let known = Format.allCases.map(\.rawValue).joined(separator: ", ")
                throw self.refuse(
                    place, "the format \(value.text.prefix(80)) is not checked here; known are \(known)")
            }
            node.format = format
        case "allOf": node.allOf = try self.list(value, place)
        case "anyOf": node.anyOf = try self.list(value, place)
        case "oneOf": node.oneOf = try self.list(value, place)
        case "not": node.not = self.number(of: value, at: place)
        case "if": node.condition = self.number(of: value, at: place)
        case "then": node.then = self.number(of: value, at: place)
        case "else": node.otherwise = self.number(of: value, at: place)
        case "$ref": node.reference = try self.reference(value, place)
        case "$schema":
            guard value.string?.contains("json-schema.org/draft/2020-12/") == true else {
                throw self.refuse(place, "schemas are of draft 2020-12 here, not of \(value.text.prefix(80))")
            }
        case "$id" where isRoot: break
        case _ where Self.descriptions.contains(keyword) || keyword.hasPrefix("x-"): break
        default:
            throw self.refuse(
                place,
                "the keyword `\(keyword.prefix(80))` is not known here and would not be checked; notes of your own "
                    + "begin with `x-`")
        }
    }

    private mutating func schemas(
        _ value: JSON, _ place: Pointer
    ) throws(JSONSchemaError) -> [(name: String, schema: Int)] {
        guard let object = value.object else {
            throw self.refuse(place, "an object of schemas is expected")
        }
        return object.map { ($0.name, self.number(of: $0.value, at: place.appending($0.name))) }
    }

    private mutating func list(_ value: JSON, _ place: Pointer) throws(JSONSchemaError) -> [Int] {
        guard let schemas = value.array, !schemas.isEmpty else {
            throw self.refuse(place, "a list of at least one schema is expected")
        }
        return schemas.enumerated().map { self.number(of: $1, at: place.appending(String($0))) }
    }

    private func names(_ value: JSON, _ place: Pointer) throws(JSONSchemaError) -> [String] {
        guard let list = value.array, list.allSatisfy({ $0.string != nil }) else {
            throw self.refuse(place, "a list of names is expected")
        }
        return list.compactMap(\.string)
    }

    private func pattern(_ text: String, _ place: Pointer) throws(JSONSchemaError) -> JSONSchema.Node.Pattern
    {
        do {
            return JSONSchema.Node.Pattern(text: text, expression: try RegularExpression(text))
        } catch {
            throw self.refuse(place, error.description)
        }
    }

    private mutating func reference(_ value: JSON, _ place: Pointer) throws(JSONSchemaError) -> Int {
        guard let text = value.string, text == "#" || text.hasPrefix("#/") else {
            throw self.refuse(
                place, "references stay within the schema, as \"#/$defs/name\", not \(value.text.prefix(80))")
        }
        var (json, pointer) = (self.document, Pointer())
        for part in Pointer.parts(Self.unescaped(text)[...]) {
            let next =
                json.array.map { list in Int(part).flatMap { list.indices.contains($0) ? list[$0] : nil } }
                ?? json[part]
            guard let next else { throw self.refuse(place, "there is nothing at \(text)") }
            json = next
            pointer = pointer.appending(part)
        }
        return self.number(of: json, at: pointer)
    }

    /// A fragment without its percent signs; as it is when they are wrong.
    private static func unescaped(_ text: String) -> String {
        guard text.contains("%") else { return text }
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            let code = String(decoding: rest.prefix(2), as: UTF8.self)
            if byte == UInt8(ascii: "%"), code.utf8.count == 2, let value = UInt8(code, radix: 16) {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// A schema that applies itself to the same value would never end.
    private func refuseEndlessReferences() throws(JSONSchemaError) {
        var isDone = Array(repeating: false, count: self.nodes.count)
        var isOpen = isDone
        for start in self.nodes.indices where !isDone[start] {
            var path: [(node: Int, next: ArraySlice<Int>)] = [(start, self.nodes[start].inPlace[...])]
            isOpen[start] = true
            while let last = path.indices.last {
                guard let next = path[last].next.popFirst() else {
                    isDone[path[last].node] = true
                    isOpen[path[last].node] = false
                    path.removeLast()
                    continue
                }
                if isOpen[next] {
                    let pointer = self.numbers.first { $0.value == next }?.key ?? ""
                    throw JSONSchemaError(
                        pointer: pointer,
                        message: "the schema refers to itself for the same value, without end")
                }
                guard !isDone[next] else { continue }
                isOpen[next] = true
                path.append((next, self.nodes[next].inPlace[...]))
            }
        }
    }
}
