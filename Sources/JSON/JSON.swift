/// A JSON text as a value: objects keep the order of their members and integers stay exact.
///
/// Why not Foundation's coders: start-up decodes every stored entity (MEASUREMENTS.md: 0.46 M a second
/// with `JSONDecoder`, 8.5 M by hand), messages must name line and column, and answers must have a
/// stable order.
package enum JSON: Hashable, Sendable {
    /// `null`
    case null
    /// `true` or `false`
    case bool(Bool)
    /// A number without fraction or exponent that fits 64 bits.
    case int(Int)
    /// Any other number.
    case double(Double)
    /// Text.
    case string(String)
    /// Values in order.
    case array([JSON])
    /// Members in order; see ``Object``.
    case object(Object)

    /// The members of an object, in order. Look-up is O(members): objects here are small.
    package struct Object: Hashable, Sendable, Sequence, ExpressibleByDictionaryLiteral {
        /// A name and its value.
        package struct Member: Hashable, Sendable {
            /// The name.
            package let name: String
            /// The value.
            package var value: JSON

            /// Joins name and value.
            package init(name: String, value: JSON) {
                self.name = name
                self.value = value
            }
        }

        /// All members in order.
        package private(set) var members: [Member] = []

        /// No members.
        package init() {}

        /// Members in the order written; the last of equal names wins.
        package init(dictionaryLiteral elements: (String, JSON)...) {
            for (name, value) in elements { self[name] = value }
        }

        /// The value under a name; setting nil removes it.
        package subscript(name: String) -> JSON? {
            get { self.members.first { $0.name == name }?.value }
            set {
                let index = self.members.firstIndex { $0.name == name }
                switch (index, newValue) {
                case (let index?, let value?): self.members[index].value = value
                case (let index?, nil): self.members.remove(at: index)
                case (nil, let value?): self.members.append(Member(name: name, value: value))
                case (nil, nil): break
                }
            }
        }

        /// Adds a member without looking for one of the same name. O(1).
        package mutating func append(_ name: String, _ value: JSON) {
            self.members.append(Member(name: name, value: value))
        }

        /// The members in order.
        package func makeIterator() -> IndexingIterator<[Member]> { self.members.makeIterator() }
    }

    /// The value of an object's member; nil for other values and absent members.
    package subscript(name: String) -> JSON? { self.object?[name] }

    /// The text, when this is a string.
    package var string: String? {
        if case .string(let text) = self { return text }
        return nil
    }

    /// The number, when this is an integer, or a double without fraction.
    package var int: Int? {
        switch self {
        case .int(let number): number
        case .double(let number): Int(exactly: number)
        default: nil
        }
    }

    /// The number, when this is one.
    package var double: Double? {
        switch self {
        case .int(let number): Double(number)
        case .double(let number): number
        default: nil
        }
    }

    /// The truth value, when this is one.
    package var bool: Bool? {
        if case .bool(let truth) = self { return truth }
        return nil
    }

    /// The elements, when this is an array.
    package var array: [JSON]? {
        if case .array(let elements) = self { return elements }
        return nil
    }

    /// The members, when this is an object.
    package var object: Object? {
        if case .object(let members) = self { return members }
        return nil
    }

    /// What kind of value this is, in the words of the standard.
    package var kind: String {
        switch self {
        case .null: "null"
        case .bool: "boolean"
        case .int, .double: "number"
        case .string: "string"
        case .array: "array"
        case .object: "object"
        }
    }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral, ExpressibleByNilLiteral
{
    /// A string.
    package init(stringLiteral value: String) { self = .string(value) }
    /// A whole number.
    package init(integerLiteral value: Int) { self = .int(value) }
    /// A truth value.
    package init(booleanLiteral value: Bool) { self = .bool(value) }
    /// An array.
    package init(arrayLiteral elements: JSON...) { self = .array(elements) }
    /// An object.
    package init(dictionaryLiteral elements: (String, JSON)...) {
        var object = Object()
        for (name, value) in elements { object[name] = value }
        self = .object(object)
    }
    /// `null`.
    package init(nilLiteral: ()) { self = .null }
}
