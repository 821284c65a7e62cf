package import JSON

/// `${name}` in texts.
package enum Template {
    /// The names a value asks for.
    package static func names(in value: JSON) -> [String] {
        switch value {
        case .string(let text): Self.parts(text).compactMap(\.name)
        case .array(let elements): elements.flatMap(Self.names)
        case .object(let object): object.members.flatMap { Self.names(in: $0.value) }
        default: []
        }
    }

    /// Puts values in: a text that is just `${name}` becomes the value, others take its text. Names that `values` does not
    /// have stay as they are.
    package static func fill(_ value: JSON, from values: [String: JSON]) -> JSON {
        switch value {
        case .string(let text):
            let parts = Self.parts(text)
            if parts.count == 1, let name = parts[0].name { return values[name] ?? value }
            return .string(
                parts.map { part in
                    guard let name = part.name else { return part.text }
                    guard let value = values[name] else { return "${\(name)}" }
                    return value.string ?? value.text
                }.joined())
        case .array(let elements): return .array(elements.map { Self.fill($0, from: values) })
        case .object(let object):
            var filled = JSON.Object()
            for member in object { filled.append(member.name, Self.fill(member.value, from: values)) }
            return .object(filled)
        default: return value
        }
    }

    private static func parts(_ text: String) -> [(text: String, name: String?)] {
        var parts: [(text: String, name: String?)] = []
        var rest = text[...]
        while let start = rest.firstRange(of: "${"), let end = rest[start.upperBound...].firstIndex(of: "}") {
            if start.lowerBound > rest.startIndex { parts.append((String(rest[..<start.lowerBound]), nil)) }
            parts.append(("", String(rest[start.upperBound..<end])))
            rest = rest[rest.index(after: end)...]
        }
        if !rest.isEmpty || parts.isEmpty { parts.append((String(rest), nil)) }
        return parts
    }
}

extension String {
    /// Without spaces and line ends at both ends.
    var trimmed: String {
        let isSpace: (Character) -> Bool = { $0.isWhitespace }
        return String(self.drop(while: isSpace).reversed().drop(while: isSpace).reversed())
    }
}
