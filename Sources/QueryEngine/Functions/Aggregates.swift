internal import Cypher
internal import Foundation
internal import PropertyGraph

/// Gathers values of one group into one value.
final class Aggregate {
    private let name: String
    private let isDistinct: Bool
    private let isCount: Bool
    @exclusivity(unchecked) private var seen = KeyTable<Value>()
    /// Nodes that were seen: a bit each, where a set of values takes a hundred times as much.
    @exclusivity(unchecked) private var seenNodes = IDSet()
    @exclusivity(unchecked) private var count = 0
    private var integerSum = 0
    private var floatSum = 0.0
    private var isFloat = false
    private var durationSum: TemporalDuration?
    private var best: Value = .null
    private var values: [Value] = []
    private var fraction = 0.0

    init(name: String, isDistinct: Bool) {
        self.name = name.lowercased()
        self.isDistinct = isDistinct
        self.isCount = self.name == "count"
    }

    /// Goes on from a count and a sum of whole numbers.
    convenience init(name: String, isDistinct: Bool, count: Int, sum: Int) {
        self.init(name: name, isDistinct: isDistinct)
        self.count = count
        self.integerSum = sum
        self.floatSum = Double(sum)
    }

    func add(_ value: Value, _ further: Value, _ context: ExecutionContext) throws {
        guard !value.isNull else { return }
        if self.isDistinct {
            guard try self.isNew(value, context) else { return }
            try context.hold(1)
        }
        self.count += 1
        if self.isCount { return }
        switch self.name {
        case "sum", "avg": try self.sum(value)
        case "min": if self.best.isNull || value.sortOrder(self.best) < 0 { self.best = value }
        case "max": if self.best.isNull || value.sortOrder(self.best) > 0 { self.best = value }
        case "percentilecont", "percentiledisc":
            self.fraction = try self.number(further)
            guard (0...1).contains(self.fraction) else {
                throw CypherError(
                    .argument, "NumberOutOfRange", "a percentile lies from 0 to 1, not at \(self.fraction)")
            }
            try self.keep(value, context)
        case "stdev", "stdevp":
            _ = try self.number(value)
            try self.keep(value, context)
        default: try self.keep(value, context)
        }
    }

    /// Adds what another one gathered of later rows.
    func add(_ other: Aggregate, _ context: ExecutionContext) throws {
        // Sums depend on the order, and of different values it is not known which were counted.
        guard !["sum", "avg"].contains(self.name) else { throw SplitScan.Undone() }
        if self.isDistinct {
            guard self.isCount || !other.values.isEmpty || self.name == "min" || self.name == "max" else {
                return
            }
            if self.isCount {
                for key in other.seen.keys where try self.seen.insert(key, context).isNew { self.count += 1 }
                let before = self.seenNodes.count
                for node in other.seenNodes { self.seenNodes.insert(node) }
                self.count += self.seenNodes.count - before
                return
            }
            for value in other.values { try self.add(value, .float(other.fraction), context) }
        } else {
            try context.hold(other.values.count)
            self.count += other.count
            self.values.append(contentsOf: other.values)
            if other.count > 0 { self.fraction = other.fraction }
        }
        guard !other.best.isNull else { return }
        let order = self.best.isNull ? nil : other.best.sortOrder(self.best)
        if order.map({ self.name == "min" ? $0 < 0 : $0 > 0 }) ?? true { self.best = other.best }
    }

    private func isNew(_ value: Value, _ context: ExecutionContext) throws -> Bool {
        guard case .node(let node) = value else {
            return try self.seen.insert(value.equivalenceKey, context).isNew
        }
        let before = self.seenNodes.count
        self.seenNodes.insert(node.index)
        return self.seenNodes.count > before
    }

    private func keep(_ value: Value, _ context: ExecutionContext) throws {
        try context.hold(1)
        self.values.append(value)
    }

    private func number(_ value: Value) throws -> Double {
        switch value {
        case .integer(let number): Double(number)
        case .float(let number): number
        default: throw wrongArgument(self.name, value, "numbers")
        }
    }

    private func sum(_ value: Value) throws {
        switch value {
        case .integer(let number):
            let (sum, overflow) = self.integerSum.addingReportingOverflow(number)
            if overflow, self.name == "sum", !self.isFloat {
                throw CypherError(
                    .arithmetic, "IntegerOverflow", "the sum does not fit 64 bits", hint: "use toFloat()")
            }
            self.integerSum = sum
            self.floatSum += Double(number)
        case .float(let number):
            self.isFloat = true
            self.floatSum += number
        case .duration(let amount):
            self.durationSum = try (self.durationSum ?? TemporalDuration()).adding(amount, times: 1)
        default: throw wrongArgument(self.name, value, "numbers or durations")
        }
    }

    func finish(_ context: ExecutionContext) throws -> Value {
        switch self.name {
        case "count": return .integer(self.count)
        case "sum":
            if let duration = self.durationSum { return .duration(duration) }
            return self.isFloat ? .float(self.floatSum) : .integer(self.integerSum)
        case "avg":
            guard self.count > 0 else { return .null }
            if let duration = self.durationSum {
                return .duration(try duration.scaled(1 / Double(self.count)))
            }
            return .float(self.floatSum / Double(self.count))
        case "min", "max": return self.best
        case "stdev", "stdevp": return .float(self.deviation())
        case "percentilecont", "percentiledisc": return try self.percentile(context)
        default: return .list(self.values)
        }
    }

    private func deviation() -> Double {
        let numbers = self.values.compactMap { try? self.number($0) }
        let divisor = Double(self.name == "stdev" ? numbers.count - 1 : numbers.count)
        guard divisor > 0 else { return 0 }
        let mean = numbers.reduce(0, +) / Double(numbers.count)
        return (numbers.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / divisor).squareRoot()
    }

    private func percentile(_ context: ExecutionContext) throws -> Value {
        var sorted = self.values
        try context.sort(&sorted) { $0.sortOrder($1) < 0 }
        guard !sorted.isEmpty else { return .null }
        if self.name == "percentiledisc" {
            return sorted[max(0, Int((self.fraction * Double(sorted.count)).rounded(.up)) - 1)]
        }
        let place = self.fraction * Double(sorted.count - 1)
        let (low, high) = (Int(place.rounded(.down)), Int(place.rounded(.up)))
        guard let a = try? self.number(sorted[low]), let b = try? self.number(sorted[high]) else {
            return .null
        }
        return .float(a + (b - a) * (place - Double(low)))
    }
}
