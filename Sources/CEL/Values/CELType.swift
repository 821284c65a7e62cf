/// What kind of value an expression has.
package indirect enum CELType: Hashable, Sendable {
    /// Known only when it runs.
    case any
    /// `true` or `false`
    case bool
    /// Whole numbers of 64 bits.
    case int
    /// Whole numbers of 64 bits from 0.
    case uint
    /// IEEE 754 numbers of 64 bits.
    case double
    /// Texts.
    case string
    /// Bytes.
    case bytes
    /// `null`
    case null
    /// Points in time.
    case timestamp
    /// Lengths of time.
    case duration
    /// IPv4 and IPv6 addresses.
    case ipaddress
    /// What `type(x)` gives.
    case type
    /// Values of one type in order.
    case list(CELType)
    /// Keys of one type with values of another.
    case map(CELType, CELType)

    /// The types that are one word, by that word.
    package static let named: [String: CELType] = [
        "any": .any, "bool": .bool, "int": .int, "uint": .uint, "double": .double, "string": .string,
        "bytes": .bytes, "timestamp": .timestamp, "duration": .duration, "ipaddress": .ipaddress,
    ]

    /// Whether a value of the other type may stand where this one is wanted; `any` fits with all.
    func admits(_ other: CELType) -> Bool {
        switch (self, other) {
        case (.any, _), (_, .any): true
        case (.list(let mine), .list(let theirs)): mine.admits(theirs)
        case (.map(let key, let value), .map(let otherKey, let otherValue)):
            key.admits(otherKey) && value.admits(otherValue)
        default: self == other
        }
    }

    /// The type of what may be of either.
    func joined(_ other: CELType) -> CELType {
        switch (self, other) {
        case (.list(let mine), .list(let theirs)): .list(mine.joined(theirs))
        case (.map(let key, let value), .map(let otherKey, let otherValue)):
            .map(key.joined(otherKey), value.joined(otherValue))
        default: self == other ? self : .any
        }
    }
}

extension CELType: CustomStringConvertible {
    /// As a model declares it.
    package var description: String {
        switch self {
        case .any: "any"
        case .bool: "bool"
        case .int: "int"
        case .uint: "uint"
        case .double: "double"
        case .string: "string"
        case .bytes: "bytes"
        case .null: "null"
        case .timestamp: "timestamp"
        case .duration: "duration"
        case .ipaddress: "ipaddress"
        case .type: "type"
        case .list(let element): "list<\(element)>"
        case .map(.string, let value): "map<\(value)>"
        case .map(let key, let value): "map<\(key), \(value)>"
        }
    }
}
