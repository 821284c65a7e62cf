internal import PropertyGraph

/// The values of all variables of a query, by slot.
///
/// One row passes through a plan and each operator writes its own slots in place: a slot belongs to one operator, so what
/// came before stays as it is. An operator that keeps rows keeps copies.
final class Row {
    let count: Int
    private let values: UnsafeMutablePointer<Value>

    init(count: Int) {
        self.count = count
        self.values = .allocate(capacity: count)
        self.values.initialize(repeating: .null, count: count)
    }

    private init(copying other: Row) {
        self.count = other.count
        self.values = .allocate(capacity: other.count)
        self.values.initialize(from: other.values, count: other.count)
    }

    deinit {
        self.values.deinitialize(count: self.count)
        self.values.deallocate()
    }

    /// Slots are the planner's, below the count it gives.
    @inline(__always)
    subscript(slot: Int) -> Value {
        get { self.values[slot] }
        set { self.values[slot] = newValue }
    }

    /// The row as it is now, for operators that keep it.
    func copy() -> Row { Row(copying: self) }
}

/// Computes an expression for a row.
typealias Evaluator = (ExecutionContext, Row) throws -> Value
