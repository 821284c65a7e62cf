internal import Cypher
internal import PropertyGraph

/// Goes through the nodes of a label, 128 neighbouring ones at a time, and looks at their properties by column: a
/// comparison of whole numbers costs a few instructions a node, one of texts a comparison of one-byte codes.
struct LabelScan {
    /// A comparison of a node's property with a value that the row knows already.
    struct Test {
        let key: Int
        let sign: Comparison.Sign
        let value: Evaluator
    }

    private typealias Bits = (UInt64, UInt64)

    let label: Int
    let slot: Int
    let tests: [Test]

    func run(_ context: ExecutionContext, _ row: Row, _ emit: Emit) throws -> Bool {
        guard let label = context.label(self.label) else { return true }
        let members = context.graph.nodes(label)
        var bounds: [(key: PropertyKeyID, sign: Comparison.Sign, value: Value)] = []
        for test in self.tests {
            guard let key = context.key(test.key) else { return true }
            bounds.append((key, test.sign, try test.value(context, row)))
        }
        let range = context.range(ofScan: self.slot)
        for first in stride(from: range.lowerBound, to: range.upperBound, by: 128) {
            // Also where there is no node of the label.
            try context.step()
            context.touch(1 + bounds.count)
            var bits = members.bits(at: NodeID(first))
            for bound in bounds where bits != (0, 0) {
                try context.step()
                let column = context.graph.column(of: bound.key, at: NodeID(first))
                bits = column.map { Self.narrow(bits, $0, bound.sign, bound.value) } ?? (0, 0)
            }
            guard try self.emit(bits.0, first, context, row, emit),
                try self.emit(bits.1, first + 64, context, row, emit)
            else { return false }
        }
        return true
    }

    private func emit(
        _ bits: UInt64, _ first: UInt32, _ context: ExecutionContext, _ row: Row, _ emit: Emit
    ) throws -> Bool {
        var bits = bits
        while bits != 0 {
            try context.step()
            row[self.slot] = .node(NodeID(first + UInt32(bits.trailingZeroBitCount)))
            guard try emit(row) else { return false }
            bits &= bits - 1
        }
        return true
    }

    /// Those of the nodes whose value compares so.
    private static func narrow(
        _ bits: Bits, _ column: NodeColumn, _ sign: Comparison.Sign, _ bound: Value
    ) -> Bits {
        if let passed = self.typed(column, sign, bound) {
            return (bits.0 & passed.0, bits.1 & passed.1)
        }
        if case .string(let bound) = bound, sign == .equal, let (codes, _) = column.strings {
            guard let code = column.code(of: bound) else { return (0, 0) }
            let passed = self.pass(column.present, codes) { $0 == code }
            return (bits.0 & passed.0, bits.1 & passed.1)
        }
        func slow(_ bits: UInt64, _ first: Int) -> UInt64 {
            var (left, passed): (UInt64, UInt64) = (bits, 0)
            while left != 0 {
                let place = left.trailingZeroBitCount
                if ExpressionCompiler.compare(column[first + place], sign, bound) == true {
                    passed |= 1 << place
                }
                left &= left - 1
            }
            return passed
        }
        return (slow(bits.0, 0), slow(bits.1, 64))
    }

    /// As ``narrow(_:_:_:_:)`` for values of one type that lie side by side; nil when they do not.
    private static func typed(_ column: NodeColumn, _ sign: Comparison.Sign, _ bound: Value) -> Bits? {
        switch bound {
        case .integer(let bound):
            if let values = column.integers { return self.pass(column.present, values, sign, bound) }
            // What no float is exactly is not compared as one.
            guard let exact = Double(exactly: bound) else { return nil }
            return column.floats.map { self.pass(column.present, $0, sign, exact) }
        case .float(let bound): return column.floats.map { self.pass(column.present, $0, sign, bound) }
        case .date(let bound): return column.dates.map { self.pass(column.present, $0, sign, bound) }
        case .localDateTime(let bound):
            return column.localDateTimes.map { self.pass(column.present, $0, sign, bound) }
        default: return nil
        }
    }

    @inline(__always)
    private static func pass<Element: Comparable>(
        _ present: Bits, _ values: ContiguousArray<Element>, _ sign: Comparison.Sign, _ bound: Element
    ) -> Bits {
        switch sign {
        case .equal: self.pass(present, values) { $0 == bound }
        case .notEqual: self.pass(present, values) { $0 != bound }
        case .less: self.pass(present, values) { $0 < bound }
        case .lessOrEqual: self.pass(present, values) { $0 <= bound }
        case .greater: self.pass(present, values) { $0 > bound }
        case .greaterOrEqual: self.pass(present, values) { $0 >= bound }
        }
    }

    /// By bit, which of the values pass; they are packed, one for each bit that is present.
    @inline(__always)
    private static func pass<Element>(
        _ present: Bits, _ values: ContiguousArray<Element>, _ test: (Element) -> Bool
    ) -> Bits {
        values.withUnsafeBufferPointer { values in
            let first = self.pass(present.0, values, from: 0, test)
            return (first, self.pass(present.1, values, from: present.0.nonzeroBitCount, test))
        }
    }

    @inline(__always)
    private static func pass<Element>(
        _ present: UInt64, _ values: UnsafeBufferPointer<Element>, from first: Int, _ test: (Element) -> Bool
    ) -> UInt64 {
        var passed: UInt64 = 0
        if present == .max {
            for place in 0..<64 { passed |= (test(values[first + place]) ? 1 : 0) << UInt64(place) }
            return passed
        }
        var (left, rank) = (present, first)
        while left != 0 {
            if test(values[rank]) { passed |= left & ~(left - 1) }
            rank += 1
            left &= left - 1
        }
        return passed
    }
}
