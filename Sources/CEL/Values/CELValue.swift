/// A value while an expression runs.
package enum CELValue: Sendable {
    /// Nothing.
    case null
    /// A truth value.
    case bool(Bool)
    /// A whole number.
    case int(Int)
    /// A whole number from 0.
    case uint(UInt)
    /// Any number.
    case double(Double)
    /// A text.
    case string(String)
    /// Bytes.
    case bytes([UInt8])
    /// Values in order.
    case list([CELValue])
    /// Values by key.
    case map([CELValue: CELValue])
    /// A point in time.
    case timestamp(CELTimestamp)
    /// A length of time in nanoseconds.
    case duration(Int)
    /// An address.
    case ipaddress(IPAddress)
    /// The name of a type.
    case type(String)

    /// The name of the value's type.
    package var typeName: String {
        switch self {
        case .null: "null_type"
        case .bool: "bool"
        case .int: "int"
        case .uint: "uint"
        case .double: "double"
        case .string: "string"
        case .bytes: "bytes"
        case .list: "list"
        case .map: "map"
        case .timestamp: "google.protobuf.Timestamp"
        case .duration: "google.protobuf.Duration"
        case .ipaddress: "ipaddress"
        case .type: "type"
        }
    }
}

extension CELValue: Hashable {
    /// Numbers are equal by what they count, whatever their types; texts by their bytes.
    package static func == (left: CELValue, right: CELValue) -> Bool {
        switch (left, right) {
        case (.null, .null): true
        case (.bool(let a), .bool(let b)): a == b
        case (.string(let a), .string(let b)): a.utf8.count == b.utf8.count && a.utf8.elementsEqual(b.utf8)
        case (.bytes(let a), .bytes(let b)): a == b
        case (.list(let a), .list(let b)): a == b
        case (.map(let a), .map(let b)): a == b
        case (.timestamp(let a), .timestamp(let b)): a == b
        case (.duration(let a), .duration(let b)): a == b
        case (.ipaddress(let a), .ipaddress(let b)): a == b
        case (.type(let a), .type(let b)): a == b
        default: left.order(right, numbersOnly: true) == .same
        }
    }

    /// Agrees with `==`.
    package func hash(into hasher: inout Hasher) {
        switch self {
        case .null: hasher.combine(0)
        case .bool(let truth): hasher.combine(truth)
        case .int(let number): hasher.combine(Double(number))
        case .uint(let number): hasher.combine(Double(number))
        case .double(let number): hasher.combine(number)
        case .string(let text): for byte in text.utf8 { hasher.combine(byte) }
        case .bytes(let bytes): hasher.combine(bytes)
        case .list(let elements): hasher.combine(elements)
        case .map(let members): hasher.combine(members.count)
        case .timestamp(let moment): hasher.combine(moment)
        case .duration(let nanoseconds): hasher.combine(nanoseconds)
        case .ipaddress(let address): hasher.combine(address)
        case .type(let name): hasher.combine(name)
        }
    }
}

extension CELValue {
    /// How two values stand to each other.
    enum Order {
        case before
        case same
        case after
        /// NaN with anything.
        case none

        init<Element: Comparable>(_ left: Element, _ right: Element) {
            self = left < right ? .before : left == right ? .same : left > right ? .after : .none
        }
    }

    /// How the values stand to each other; nil when their types have no order.
    func order(_ other: CELValue, numbersOnly: Bool = false) -> Order? {
        switch (self, other) {
        case (.int(let a), .int(let b)): return Order(a, b)
        case (.uint(let a), .uint(let b)): return Order(a, b)
        case (.double(let a), .double(let b)): return Order(a, b)
        case (.int(let a), .uint(let b)): return a < 0 ? .before : Order(UInt(a), b)
        case (.uint(let a), .int(let b)): return b < 0 ? .after : Order(a, UInt(b))
        case (.int(let a), .double(let b)): return Self.order(a, b)
        case (.double(let a), .int(let b)): return Self.order(b, a).reversed
        case (.uint(let a), .double(let b)): return Self.order(a, b)
        case (.double(let a), .uint(let b)): return Self.order(b, a).reversed
        default: break
        }
        guard !numbersOnly else { return nil }
        return switch (self, other) {
        case (.bool(let a), .bool(let b)): Order(a ? 1 : 0, b ? 1 : 0)
        case (.string(let a), .string(let b)): Self.order(a.utf8, b.utf8)
        case (.bytes(let a), .bytes(let b)): Self.order(a, b)
        case (.timestamp(let a), .timestamp(let b)): Order(a, b)
        case (.duration(let a), .duration(let b)): Order(a, b)
        default: nil
        }
    }

    private static func order(
        _ left: some Collection<UInt8>, _ right: some Collection<UInt8>
    ) -> Order {
        left.lexicographicallyPrecedes(right) ? .before : left.elementsEqual(right) ? .same : .after
    }

    /// Exact, also where the whole number has no double of its own.
    private static func order<Whole: BinaryInteger & FixedWidthInteger>(
        _ whole: Whole, _ double: Double
    ) -> Order {
        guard !double.isNaN else { return .none }
        if let exact = Whole(exactly: double.rounded(.down)) {
            if whole != exact { return whole < exact ? .before : .after }
            return double > double.rounded(.down) ? .before : .same
        }
        return double < 0 ? .after : .before
    }
}

extension CELValue.Order {
    var reversed: CELValue.Order {
        switch self {
        case .before: .after
        case .after: .before
        default: self
        }
    }
}

extension CELValue: CustomStringConvertible {
    /// For people, in reasons and errors.
    package var description: String {
        switch self {
        case .null: "null"
        case .bool(let truth): "\(truth)"
        case .int(let number): "\(number)"
        case .uint(let number): "\(number)u"
        case .double(let number): "\(number)"
        case .string(let text): "\"\(text)\""
        case .bytes(let bytes): "b\"" + String(decoding: bytes, as: UTF8.self) + "\""
        case .list(let elements): "[\(elements.map(\.description).joined(separator: ", "))]"
        case .map(let members):
            "{\(members.map { "\($0): \($1)" }.sorted().joined(separator: ", "))}"
        case .timestamp(let moment): moment.description
        case .duration(let nanoseconds): CELDuration.text(nanoseconds)
        case .ipaddress(let address): address.description
        case .type(let name): name
        }
    }
}
