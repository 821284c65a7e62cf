internal import Cypher
internal import PropertyGraph

extension ValueType {
    /// Whether a value is of this type.
    func contains(_ value: Value) -> Bool {
        self.alternatives.contains { alternative in
            value.isNull ? alternative.isNullable : Self.contains(value, alternative.kind)
        }
    }

    private static func contains(_ value: Value, _ kind: Kind) -> Bool {
        switch kind {
        case .any: return true
        case .nothing, .null: return false
        case .named(let name): return value.typeName == name
        case .number: return value.typeName == "INTEGER" || value.typeName == "FLOAT"
        case .property: return value.isStorable
        case .list(let element):
            guard let list = value.list else { return false }
            return list.allSatisfy(element.contains)
        }
    }

    /// The value as an argument of this type, whole numbers as fractions where those are asked for; nil when it is none.
    func accepting(_ value: Value) -> Value? {
        if self.contains(value) { return value }
        if case .integer(let number) = value, self.contains(.float(0)) { return .float(Double(number)) }
        return nil
    }

    /// The narrowest type of a value, as `valueType()` gives it.
    init(of value: Value) {
        self.init([Alternative(kind: Self.kind(of: value), isNullable: value.isNull)])
    }

    private static func kind(of value: Value) -> Kind {
        guard !value.isNull else { return .null }
        guard let list = value.list else { return .named(value.typeName) }
        guard !list.isEmpty else {
            return .list(ValueType([Alternative(kind: .nothing, isNullable: false)]))
        }
        var kinds: [Kind] = []
        var hasNull = false
        for element in list {
            guard !element.isNull else {
                hasNull = true
                continue
            }
            let kind = self.kind(of: element)
            if !kinds.contains(kind) { kinds.append(kind) }
        }
        guard !kinds.isEmpty else { return .list(ValueType(.null)) }
        let sorted = kinds.sorted { self.rank($0) < self.rank($1) }
        return .list(ValueType(sorted.map { Alternative(kind: $0, isNullable: hasNull) }))
    }

    /// The order in which `valueType()` names the types of a list's elements.
    private static let order = [
        "BOOLEAN", "STRING", "INTEGER", "FLOAT", "DATE", "LOCAL TIME", "ZONED TIME", "LOCAL DATETIME",
        "ZONED DATETIME", "DURATION", "POINT", "NODE", "RELATIONSHIP", "MAP",
    ]

    private static func rank(_ kind: Kind) -> Int {
        switch kind {
        case .nothing, .null: -1
        case .named(let name): self.order.firstIndex(of: name) ?? self.order.count + 1
        default: self.order.count
        }
    }
}
