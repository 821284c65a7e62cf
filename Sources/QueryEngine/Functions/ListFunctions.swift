internal import Cypher
internal import PropertyGraph

/// Functions of lists.
enum ListFunctions {
    static var all: [(String, ClosedRange<Int>, ScalarFunction)] {
        [
            unary("size") { _, value in
                switch value {
                case .list(let list): .integer(list.count)
                case .string(let text): .integer(text.unicodeScalars.count)
                case .map(let map): .integer(map.count)
                default: throw wrongArgument("size", value, "a list or a text")
                }
            },
            unary("isEmpty") { _, value in
                switch value {
                case .list(let list): .boolean(list.isEmpty)
                case .string(let text): .boolean(text.isEmpty)
                case .map(let map): .boolean(map.isEmpty)
                default: throw wrongArgument("isEmpty", value, "a list, a text or a map")
                }
            },
            self.list("head") { $0.first ?? .null }, self.list("last") { $0.last ?? .null },
            self.list("tail") { .list(Array($0.dropFirst())) },
            unary("reverse") { _, value in
                switch value {
                case .list(let list): .list(list.reversed())
                case .string(let text):
                    .string(String(String.UnicodeScalarView(text.unicodeScalars.reversed())))
                default: throw wrongArgument("reverse", value, "a list or a text")
                }
            },
            strict("range", 2...3) { context, a in
                guard let first = a[0].integer, let last = a[1].integer,
                    let step = a.count > 2 ? a[2].integer : 1
                else {
                    let wrong = a.first { $0.integer == nil } ?? .null
                    throw CypherError(
                        .argument, "InvalidArgumentType", "`range` takes whole numbers, not \(wrong.typeName)"
                    )
                }
                guard step != 0 else {
                    throw CypherError(.argument, "NumberOutOfRange", "range() needs a step other than 0")
                }
                guard step > 0 ? first <= last : first >= last else { return .list([]) }
                let span = UInt(bitPattern: step > 0 ? last &- first : first &- last)
                let count = span / step.magnitude
                try context.hold(count >= UInt(Int.max) ? Int.max : Int(count) + 1)
                return .list(try self.range(from: first, step: step, count: Int(count) + 1, context))
            },
        ] + self.vectors
    }

    /// How many numbers are made between two looks at whether the query is to end.
    private static let pace = 65_536

    private static func range(
        from first: Int, step: Int, count: Int, _ context: ExecutionContext
    ) throws(CypherError) -> [Value] {
        var numbers: [Value] = []
        numbers.reserveCapacity(count)
        for start in stride(from: 0, to: count, by: self.pace) {
            if start > 0 { try context.pause() }
            for number in start..<min(start + self.pace, count) {
                numbers.append(.integer(first &+ number &* step))
            }
        }
        return numbers
    }

    /// Functions of two lists of numbers.
    static var vectors: [(String, ClosedRange<Int>, ScalarFunction)] {
        [
            strict("vector.similarity.cosine", 2...2) { _, a in
                let (x, y) = try self.vectors("vector.similarity.cosine", a)
                let lengths = (self.dot(x, x) * self.dot(y, y)).squareRoot()
                return lengths > 0 ? .float((1 + self.dot(x, y) / lengths) / 2) : .null
            },
            strict("vector.similarity.euclidean", 2...2) { _, a in
                let (x, y) = try self.vectors("vector.similarity.euclidean", a)
                return .float(1 / (1 + zip(x, y).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }))
            },
        ]
    }

    private static func dot(_ x: [Double], _ y: [Double]) -> Double {
        zip(x, y).reduce(0) { $0 + $1.0 * $1.1 }
    }

    private static func vectors(_ name: String, _ a: [Value]) throws -> ([Double], [Double]) {
        func numbers(_ value: Value) throws -> [Double] {
            try (value.list ?? []).map { element in
                switch element {
                case .integer(let number): Double(number)
                case .float(let number): number
                default: throw wrongArgument(name, element, "lists of numbers")
                }
            }
        }
        let (x, y) = (try numbers(a[0]), try numbers(a[1]))
        guard x.count == y.count, !x.isEmpty else {
            throw CypherError(
                .argument, "InvalidArgumentValue", "`\(name)` takes two lists of numbers of one length")
        }
        return (x, y)
    }

    private static func list(
        _ name: String, _ body: @escaping @Sendable ([Value]) -> Value
    ) -> (String, ClosedRange<Int>, ScalarFunction) {
        unary(name) { _, value in
            guard case .list(let list) = value else { throw wrongArgument(name, value, "a list") }
            return body(list)
        }
    }
}
