internal import Cypher
internal import PropertyGraph

/// One aggregate for all groups of a query. Counts and sums of whole numbers lie side by side, a number a group; what is
/// more has an ``Aggregate`` of its own.
final class ColumnAggregates {
    private let name: String
    private let isDistinct: Bool
    private let value: Evaluator
    private let further: Evaluator?
    /// Whether the counts and sums are enough while all values are whole numbers.
    private let isPlain: Bool
    private let isSum: Bool
    /// Whether others gather other rows: then nothing may depend on their order.
    private let isPart: Bool
    @exclusivity(unchecked) private var counts: ContiguousArray<Int> = []
    @exclusivity(unchecked) private var sums: ContiguousArray<Int> = []
    @exclusivity(unchecked) private var others: ContiguousArray<Aggregate?> = []

    /// `further` computes the aggregate's second argument.
    init(name: String, isDistinct: Bool, value: @escaping Evaluator, further: Evaluator?, isPart: Bool) {
        self.isPart = isPart
        self.value = value
        self.further = further
        self.name = name.lowercased()
        self.isDistinct = isDistinct
        self.isSum = self.name == "sum" || self.name == "avg"
        self.isPlain = !isDistinct && (self.isSum || self.name == "count")
    }

    func addGroup() {
        self.counts.append(0)
        if self.isSum { self.sums.append(0) }
        self.others.append(self.isPlain ? nil : Aggregate(name: self.name, isDistinct: self.isDistinct))
    }

    /// Adds a row to a group.
    func add(_ row: Row, to group: Int, _ context: ExecutionContext) throws {
        let value = try self.value(context, row)
        if let other = self.others[group] {
            return try other.add(value, self.further?(context, row) ?? .null, context)
        }
        if value.isNull { return }
        if self.isSum {
            guard case .integer(let number) = value,
                case let (sum, overflow) = self.sums[group].addingReportingOverflow(number), !overflow
            else {
                guard !self.isPart else { throw SplitScan.Undone() }
                return try self.spill(group).add(value, .null, context)
            }
            self.sums[group] = sum
        }
        self.counts[group] += 1
    }

    /// Adds what another one gathered of later rows for a group of its own.
    func add(_ other: ColumnAggregates, _ theirs: Int, to group: Int, _ context: ExecutionContext) throws {
        if let own = self.others[group], let others = other.others[theirs] {
            return try own.add(others, context)
        }
        self.counts[group] += other.counts[theirs]
        guard self.isSum else { return }
        let (sum, overflow) = self.sums[group].addingReportingOverflow(other.sums[theirs])
        guard !overflow else { throw SplitScan.Undone() }
        self.sums[group] = sum
    }

    /// Goes on with an aggregate that takes all kinds of values.
    private func spill(_ group: Int) -> Aggregate {
        let other = Aggregate(
            name: self.name, isDistinct: false, count: self.counts[group], sum: self.sums[group])
        self.others[group] = other
        return other
    }

    func finish(_ group: Int, _ context: ExecutionContext) throws -> Value {
        if let other = self.others[group] { return try other.finish(context) }
        switch self.name {
        case "count": return .integer(self.counts[group])
        case "sum": return .integer(self.sums[group])
        default:
            let count = self.counts[group]
            return count == 0 ? .null : .float(Double(self.sums[group]) / Double(count))
        }
    }
}
