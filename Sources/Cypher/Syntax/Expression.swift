/// An expression and where it stands. Equality ignores the place: `n.age` is `n.age` wherever it is written.
package struct Expression: Hashable, Sendable {
    /// What it is.
    package let kind: Kind
    /// Where it stands.
    package let range: SourceRange

    /// Joins the two.
    package init(_ kind: Kind, _ range: SourceRange) {
        self.kind = kind
        self.range = range
    }

    /// Whether two expressions say the same.
    package static func == (left: Expression, right: Expression) -> Bool { left.kind == right.kind }

    /// Hashes what it says.
    package func hash(into hasher: inout Hasher) { hasher.combine(self.kind) }

    /// The forms of expressions.
    package indirect enum Kind: Hashable, Sendable {
        /// `null`
        case null
        /// `true`, `false`
        case boolean(Bool)
        /// `42`
        case integer(Int)
        /// `4.2`
        case float(Double)
        /// `'text'`
        case string(String)
        /// `[1, 2]`
        case list([Expression])
        /// `{a: 1}`
        case map([MapEntry])
        /// `name`
        case variable(String)
        /// `$name`
        case parameter(String)
        /// `n.age`
        case property(Expression, key: String)
        /// `n:A|B`
        case hasLabels(Expression, LabelExpression)
        /// `list[0]`, `map['key']`
        case subscripted(Expression, Expression)
        /// `list[1..2]`
        case slice(Expression, from: Expression?, to: Expression?)
        /// `NOT a`, `-a`, `+a`
        case unary(UnaryOperator, Expression)
        /// `a + b`
        case binary(BinaryOperator, Expression, Expression)
        /// `a < b <= c`
        case comparison(Expression, [Comparison])
        /// `a IS NULL`, `a IS NOT NULL`
        case isNull(Expression, negated: Bool)
        /// `a IS :: INTEGER`, `a IS NOT TYPED STRING`
        case isType(Expression, ValueType, negated: Bool)
        /// `a IS NFC NORMALIZED`
        case isNormalized(Expression, form: String, negated: Bool)
        /// `name(a, b)`, `count(DISTINCT a)`
        case call(FunctionCall)
        /// `count(*)`
        case countAll
        /// `CASE ... END`
        case conditional(Conditional)
        /// `[x IN list WHERE p | e]`
        case listComprehension(ListComprehension)
        /// `[(a)-->(b) WHERE p | e]`
        case patternComprehension(PatternComprehension)
        /// `all(x IN list WHERE p)`
        case quantifier(Quantifier, variable: String, list: Expression, predicate: Expression)
        /// `reduce(acc = 0, x IN list | acc + x)`
        case reduce(
            accumulator: String, initial: Expression, variable: String, list: Expression, step: Expression)
        /// `n {.name, age: 1, .*}`, also of what is no variable
        case mapProjection(Expression, [ProjectionItem])
        /// `(a)-->(b)` as a predicate
        case pattern(PatternPart)
        /// `EXISTS { }`
        case exists(Query)
        /// `COUNT { }`
        case countSubquery(Query)
        /// `COLLECT { }`
        case collectSubquery(Query)
    }
}

/// `key: value`
package struct MapEntry: Hashable, Sendable {
    /// The key.
    package let key: String
    /// The value.
    package let value: Expression
}

/// Operators with one operand.
package enum UnaryOperator: String, Hashable, Sendable {
    /// Logical negation.
    case not = "NOT"
    /// Arithmetic negation.
    case minus = "-"
    /// No change.
    case plus = "+"
}

/// Operators with two operands; comparisons are ``Comparison``s.
package enum BinaryOperator: String, Hashable, Sendable {
    /// Logical.
    case or = "OR", xor = "XOR", and = "AND"
    /// Arithmetic and joining.
    case add = "+", subtract = "-", multiply = "*", divide = "/", modulo = "%", power = "^"
    /// On lists and texts.
    case `in` = "IN", startsWith = "STARTS WITH", endsWith = "ENDS WITH", contains = "CONTAINS"
    /// Regular expression.
    case matches = "=~"
}

/// One link of a chain such as `< b`.
package struct Comparison: Hashable, Sendable {
    /// The sign.
    package enum Sign: String, Hashable, Sendable {
        /// Equality.
        case equal = "=", notEqual = "<>"
        /// Order.
        case less = "<", lessOrEqual = "<=", greater = ">", greaterOrEqual = ">="
    }
    /// The sign.
    package let sign: Sign
    /// What stands right of it.
    package let operand: Expression

    /// Joins the two.
    package init(sign: Sign, operand: Expression) {
        self.sign = sign
        self.operand = operand
    }
}

/// A call of a function.
package struct FunctionCall: Hashable, Sendable {
    /// The name as written, with its namespace.
    package let name: String
    /// Whether `DISTINCT` stands before the arguments.
    package let isDistinct: Bool
    /// The arguments.
    package let arguments: [Expression]

    /// Joins the three.
    package init(name: String, isDistinct: Bool, arguments: [Expression]) {
        self.name = name
        self.isDistinct = isDistinct
        self.arguments = arguments
    }
}

/// `CASE` with or without a subject.
package struct Conditional: Hashable, Sendable {
    /// One `WHEN ... THEN ...`.
    package struct Branch: Hashable, Sendable {
        /// Any of these is enough.
        package let tests: [Test]
        /// The value.
        package let then: Expression
    }
    /// What must be for a branch to be taken.
    package enum Test: Hashable, Sendable {
        /// The subject equals the value.
        case equals(Expression)
        /// The condition holds; one such as `> 3` has the subject on its left.
        case holds(Expression)

        /// The value or condition.
        package var expression: Expression {
            switch self {
            case .equals(let expression), .holds(let expression): expression
            }
        }
    }
    /// What is compared; nil for conditions.
    package let subject: Expression?
    /// The branches in order.
    package let branches: [Branch]
    /// The value when no branch fits; null without one.
    package let otherwise: Expression?
}

/// `[x IN list WHERE predicate | projection]`
package struct ListComprehension: Hashable, Sendable {
    /// The element's name.
    package let variable: String
    /// The list.
    package let list: Expression
    /// Which elements; all without one.
    package let predicate: Expression?
    /// What becomes of each; itself without one.
    package let projection: Expression?
}

/// `[p = (a)-->(b) WHERE predicate | projection]`
package struct PatternComprehension: Hashable, Sendable {
    /// The pattern with its path variable.
    package let pattern: PatternPart
    /// Which matches; all without one.
    package let predicate: Expression?
    /// What becomes of each.
    package let projection: Expression
}

/// Over how many elements a predicate must hold.
package enum Quantifier: String, Hashable, Sendable {
    /// Every one.
    case all
    /// At least one.
    case any
    /// Not one.
    case none
    /// Exactly one.
    case single
}

/// A part of a map projection.
package enum ProjectionItem: Hashable, Sendable {
    /// `.name`
    case property(String)
    /// `.*`
    case allProperties
    /// `key: value`
    case entry(MapEntry)
    /// `name`
    case variable(String, SourceRange)
}
