package import PropertyGraph

// Cypher's three ways to compare: `=` (three-valued), equivalence (DISTINCT, grouping) and ORDER BY's order
// over all values.

extension Value {
    /// `=`: nil when it cannot be told because of null.
    package func isEqual(to other: Value) -> Bool? {
        switch (self, other) {
        case (.null, _), (_, .null): return nil
        case (.integer(let a), .float(let b)), (.float(let b), .integer(let a)): return Int(exactly: b) == a
        case (.float(let a), .float(let b)): return a == b
        case (.list(let a), .list(let b)):
            guard a.count == b.count else { return false }
            var unknown = false
            for (left, right) in zip(a, b) {
                guard let equal = left.isEqual(to: right) else {
                    unknown = true
                    continue
                }
                if !equal { return false }
            }
            return unknown ? nil : true
        case (.map(let a), .map(let b)):
            guard a.count == b.count else { return false }
            var unknown = false
            for (key, left) in a {
                guard let right = b[key] else { return false }
                guard let equal = left.isEqual(to: right) else {
                    unknown = true
                    continue
                }
                if !equal { return false }
            }
            return unknown ? nil : true
        case (.dateTime(let a), .dateTime(let b)):
            return a.seconds == b.seconds && a.nanosecond == b.nanosecond
        case (.time(let a), .time(let b)): return a.utcNanoseconds == b.utcNanoseconds
        default: return self == other
        }
    }

    /// `<` and the like: nil when the two cannot be ordered. The result is negative, zero or positive.
    package func compare(to other: Value) -> Int? {
        switch (self, other) {
        case (.integer(let a), .integer(let b)): return Self.sign(a, b)
        case (.integer(let a), .float(let b)): return Self.order(a, b)
        case (.float(let a), .integer(let b)): return Self.order(b, a).map { -$0 }
        case (.float(let a), .float(let b)): return a.isNaN || b.isNaN ? nil : Self.sign(a, b)
        case (.string(let a), .string(let b)): return Self.sign(a.unicodeScalars, b.unicodeScalars)
        case (.boolean(let a), .boolean(let b)): return Self.sign(a ? 1 : 0, b ? 1 : 0)
        case (.date(let a), .date(let b)): return Self.sign(a, b)
        case (.localTime(let a), .localTime(let b)): return Self.sign(a, b)
        case (.time(let a), .time(let b)): return Self.sign(a.utcNanoseconds, b.utcNanoseconds)
        case (.localDateTime(let a), .localDateTime(let b)): return Self.sign(a, b)
        case (.dateTime(let a), .dateTime(let b)): return a.isBefore(b) ? -1 : (b.isBefore(a) ? 1 : 0)
        case (.list(let a), .list(let b)):
            for (left, right) in zip(a, b) {
                if left.isEqual(to: right) == true { continue }
                return left.compare(to: right)
            }
            return Self.sign(a.count, b.count)
        default: return nil
        }
    }

    /// The order of ORDER BY over all values: maps, nodes, relationships, lists, paths, temporal values,
    /// texts, truth values, numbers, NaN, null.
    package func sortOrder(_ other: Value) -> Int {
        let (left, right) = (self.sortRank, other.sortRank)
        if left != right { return left < right ? -1 : 1 }
        switch (self, other) {
        case (.list(let a), .list(let b)):
            for (x, y) in zip(a, b) {
                let order = x.sortOrder(y)
                if order != 0 { return order }
            }
            return Self.sign(a.count, b.count)
        case (.map(let a), .map(let b)):
            let (keysA, keysB) = (a.keys.sorted(), b.keys.sorted())
            if keysA != keysB { return keysA.lexicographicallyPrecedes(keysB) ? -1 : 1 }
            for key in keysA {
                let order = (a[key] ?? .null).sortOrder(b[key] ?? .null)
                if order != 0 { return order }
            }
            return 0
        case (.node(let a), .node(let b)): return Self.sign(a, b)
        case (.relationship(let a), .relationship(let b)): return Self.sign(a, b)
        case (.path(let a), .path(let b)):
            return Value.list(a.nodes.map(Value.node)).sortOrder(.list(b.nodes.map(Value.node)))
        case (.duration(let a), .duration(let b)): return Self.sign(a.averageSeconds, b.averageSeconds)
        case (.point(let a), .point(let b)):
            return Self.sign(a.x, b.x) != 0 ? Self.sign(a.x, b.x) : Self.sign(a.y, b.y)
        default: return self.compare(to: other) ?? 0
        }
    }

    private var sortRank: Int {
        switch self {
        case .map: 0
        case .node: 1
        case .relationship: 2
        case .list: 3
        case .path: 4
        case .point: 5
        case .dateTime: 6
        case .localDateTime: 7
        case .date: 8
        case .time: 9
        case .localTime: 10
        case .duration: 11
        case .string: 12
        case .boolean: 13
        case .integer: 14
        case .float(let number): number.isNaN ? 15 : 14
        case .null: 16
        }
    }

    /// Exact, as indexes compare: a double cannot hold every integer. Nil for NaN.
    private static func order(_ a: Int, _ b: Double) -> Int? {
        if b.isNaN { return nil }
        if b >= 0x1p63 { return -1 }
        if b < -0x1p63 { return 1 }
        let whole = Int(b)
        return a != whole ? Self.sign(a, whole) : Self.sign(Double(whole), b)
    }

    private static func sign<Compared: Comparable>(_ a: Compared, _ b: Compared) -> Int {
        a < b ? -1 : (b < a ? 1 : 0)
    }

    private static func sign(_ a: String.UnicodeScalarView, _ b: String.UnicodeScalarView) -> Int {
        if a.lexicographicallyPrecedes(b) { return -1 }
        return b.lexicographicallyPrecedes(a) ? 1 : 0
    }

    /// The value that stands for all equivalent ones, so that hashing works: `1.0` as `1`, one NaN, one null.
    var equivalenceKey: Value {
        switch self {
        case .float(let number):
            if number.isNaN { return .map(["$NaN": .null]) }
            return Int(exactly: number).map(Value.integer) ?? self
        case .list(let elements): return .list(elements.map(\.equivalenceKey))
        case .map(let entries): return .map(entries.mapValues(\.equivalenceKey))
        case .dateTime(let moment):
            return .dateTime(ZonedDateTime(seconds: moment.seconds, nanosecond: moment.nanosecond))
        default: return self
        }
    }
}

extension ZonedTime {
    /// Nanoseconds since midnight UTC; may be negative or past a day.
    var utcNanoseconds: Int { self.local.nanosecondOfDay - self.offsetSeconds * 1_000_000_000 }
}

extension TemporalDuration {
    /// Seconds with months of 30.436875 days, for ordering only.
    var averageSeconds: Double {
        Double(self.months) * 2_629_746 + Double(self.days) * 86_400 + Double(self.seconds)
            + Double(self.nanosecond) / 1e9
    }
}
