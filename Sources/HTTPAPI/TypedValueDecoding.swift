internal import Foundation
package import JSON
package import PropertyGraph

/// Why typed JSON is no value. The text says what is wrong and where a value of that type would be written how.
package struct TypedValueError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong.
    package let description: String
}

extension Value {
    /// How deep lists and maps may lie in each other.
    private static let typedDepth = 128

    /// A parameter as the Query API's typed JSON gives it: `{"$type": "Integer", "_value": "1"}`.
    /// - Throws: ``TypedValueError``.
    package init(typedJSON json: JSON, depth: Int = 0) throws(TypedValueError) {
        guard depth <= Self.typedDepth else {
            throw TypedValueError(description: "values are nested deeper than \(Self.typedDepth) levels")
        }
        guard let type = json["$type"]?.string, let content = json["_value"] else {
            throw TypedValueError(description: "a typed value has the members `$type` and `_value`")
        }
        if let value = try Self.collection(type, content, depth) {
            self = value
            return
        }
        guard let value = Self.scalar(type, content) else {
            throw TypedValueError(description: "`\(content.text.prefix(80))` is no value of type \(type)")
        }
        self = value
    }

    private static func collection(
        _ type: String, _ content: JSON, _ depth: Int
    ) throws(TypedValueError) -> Value? {
        switch type {
        case "List":
            guard let elements = content.array else { return nil }
            var values: [Value] = []
            for element in elements { values.append(try Value(typedJSON: element, depth: depth + 1)) }
            return .list(values)
        case "Map":
            guard let object = content.object else { return nil }
            var entries: [String: Value] = [:]
            for member in object {
                entries[member.name] = try Value(typedJSON: member.value, depth: depth + 1)
            }
            return .map(entries)
        case "Base64", "Node", "Relationship", "Path":
            throw TypedValueError(description: "a parameter cannot be a value of type \(type)")
        default: return nil
        }
    }

    private static func scalar(_ type: String, _ content: JSON) -> Value? {
        if type == "Null" { return content == .null ? .null : nil }
        if type == "Boolean" { return content.bool.map { .boolean($0) } }
        guard let text = content.string else { return nil }
        return switch type {
        case "Integer": Int(text).map { .integer($0) }
        case "Float": Double(text).map { .float($0) }
        case "String": .string(text)
        case "Date": CalendarDate(iso: text).map { .date($0) }
        case "Time": ZonedTime(iso: text).map { .time($0) }
        case "LocalTime": LocalTime(iso: text).map { .localTime($0) }
        case "LocalDateTime": LocalDateTime(iso: text).map { .localDateTime($0) }
        case "OffsetDateTime", "ZonedDateTime": ZonedDateTime(iso: text).map { .dateTime($0) }
        case "Duration": TemporalDuration(iso: text).map { .duration($0) }
        case "Point": Self.point(text).map { .point($0) }
        default: nil
        }
    }

    /// Reads `SRID=7203;POINT (1.5 -2)`.
    private static func point(_ text: String) -> Point? {
        guard text.hasPrefix("SRID="), text.hasSuffix(")"), let semicolon = text.firstIndex(of: ";"),
            let open = text.firstIndex(of: "("), semicolon < open,
            let number = Int(text[..<semicolon].dropFirst(5)), let system = Point.System(rawValue: number),
            text[text.index(after: semicolon)..<open].trimmingCharacters(in: .whitespaces)
                .uppercased().hasPrefix("POINT")
        else { return nil }
        let coordinates = text[text.index(after: open)...].dropLast().split(separator: " ").map {
            Double($0)
        }
        guard (2...3).contains(coordinates.count), let x = coordinates[0], let y = coordinates[1] else {
            return nil
        }
        return Point(system: system, x: x, y: y, z: coordinates.count > 2 ? coordinates[2] : nil)
    }
}
