internal import Cypher

/// Parts that stand several times in expressions which are computed one after the other for a row: computed where they stand
/// first, taken from a slot of the row after that.
///
/// Only what gives the same each time, and only when the first place is one that is always computed: what `CASE` or `AND`
/// spares must not be computed for others.
final class SharedExpressions {
    private let slots: [Expression: Int]
    private var stored: Set<Expression> = []

    private init(_ slots: [Expression: Int]) { self.slots = slots }

    /// Nil when nothing stands there twice.
    convenience init?(_ expressions: [Expression], newSlot: () -> Int) {
        // Hashing whole expressions takes longer than to see that no two parts are alike.
        var marks: [Int] = []
        for expression in expressions { _ = Search.mark(expression, &marks) }
        marks.sort()
        guard zip(marks, marks.dropFirst()).contains(where: ==) else { return nil }
        var search = Search()
        for expression in expressions { search.visit(expression, isCertain: true) }
        let shared = search.found.filter { $0.value.count > 1 && $0.value.isCertain }
        guard !shared.isEmpty, search.visited <= Search.limit else { return nil }
        self.init(shared.mapValues { _ in newSlot() })
    }

    /// Where the value of an expression lies, or is to be put; nil when it is not shared.
    func slot(_ expression: Expression) -> (number: Int, isStored: Bool)? {
        self.slots[expression].map { ($0, self.stored.contains(expression)) }
    }

    func store(_ expression: Expression) { self.stored.insert(expression) }

    private struct Search {
        /// Beyond this many parts nothing is shared: each is hashed with all that is in it.
        static let limit = 400

        var found: [Expression: (count: Int, isCertain: Bool)] = [:]
        var visited = 0

        /// A number that parts have in common which are alike, noted for all that may be shared.
        static func mark(_ expression: Expression, _ marks: inout [Int]) -> Int {
            var own: Int
            switch expression.kind {
            case .variable(let name), .parameter(let name):
                return name.utf8.count &* 31 &+ Int(name.utf8.first ?? 0)
            case .integer(let number): return number
            case .null, .boolean, .float, .string: return 7
            case .property(_, let key): own = key.utf8.count &* 131 &+ Int(key.utf8.first ?? 0) &+ 1 << 20
            case .call(let call): own = call.name.utf8.count &* 137 &+ 1 << 21
            case .binary(let sign, _, _):
                own = sign.rawValue.utf8.count &+ Int(sign.rawValue.utf8.first ?? 0) &+ 1 << 22
            default: own = 1 << 23
            }
            for child in expression.children { own = own &* 1_000_003 ^ Self.mark(child, &marks) }
            marks.append(own)
            return own
        }

        /// In the order in which the parts are computed.
        mutating func visit(_ expression: Expression, isCertain: Bool) {
            self.visited += 1
            guard self.visited <= Self.limit else { return }
            switch expression.kind {
            case .null, .boolean, .integer, .float, .string, .variable, .parameter: return
            default: break
            }
            if expression.isPure {
                if let known = self.found[expression] {
                    // What is in it was counted where it stands first.
                    self.found[expression] = (known.count + 1, known.isCertain)
                    return
                }
                self.found[expression] = (1, isCertain)
            }
            switch expression.kind {
            case .binary(.and, let left, let right), .binary(.or, let left, let right):
                self.visit(left, isCertain: isCertain)
                self.visit(right, isCertain: false)
            case .comparison(let first, let links):
                self.visit(first, isCertain: isCertain)
                for (index, link) in links.enumerated() {
                    self.visit(link.operand, isCertain: isCertain && index == 0)
                }
            case .conditional(let conditional):
                if let subject = conditional.subject { self.visit(subject, isCertain: isCertain) }
                for branch in conditional.branches {
                    for test in branch.tests { self.visit(test.expression, isCertain: false) }
                    self.visit(branch.then, isCertain: false)
                }
                if let otherwise = conditional.otherwise { self.visit(otherwise, isCertain: false) }
            default:
                guard expression.isInOrder else { return }
                for child in expression.children { self.visit(child, isCertain: isCertain) }
            }
        }
    }
}

extension Expression {
    /// Whether its children are compiled and computed in one order, each of them always.
    var isInOrder: Bool {
        switch self.kind {
        case .property, .hasLabels, .unary, .binary, .comparison, .isNull, .isType, .subscripted, .list,
            .conditional:
            return true
        case .call(let call):
            if case .pattern? = call.arguments.first?.kind { return false }
            return true
        default: return false
        }
    }
}
