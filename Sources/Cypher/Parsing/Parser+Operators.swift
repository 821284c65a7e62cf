// Operator precedence from loosest to tightest: OR, XOR, AND, NOT, comparisons, IS NULL and text and list
// operators, + -, * / %, ^, unary sign, then subscripts, properties and labels.

extension Parser {
    mutating func expression() throws(CypherError) -> Expression {
        try self.nested { parser throws(CypherError) in try parser.disjunction() }
    }

    private mutating func disjunction() throws(CypherError) -> Expression {
        var left = try self.exclusiveDisjunction()
        var links = 0
        while self.take("OR") {
            try self.count(&links)
            left = self.join(.or, left, try self.exclusiveDisjunction())
        }
        return left
    }

    private mutating func exclusiveDisjunction() throws(CypherError) -> Expression {
        var left = try self.conjunction()
        var links = 0
        while self.take("XOR") {
            try self.count(&links)
            left = self.join(.xor, left, try self.conjunction())
        }
        return left
    }

    private mutating func conjunction() throws(CypherError) -> Expression {
        var left = try self.negation()
        var links = 0
        while self.take("AND") {
            try self.count(&links)
            left = self.join(.and, left, try self.negation())
        }
        return left
    }

    private mutating func negation() throws(CypherError) -> Expression {
        let start = self.token.range
        guard self.take("NOT") else { return try self.comparison() }
        let operand = try self.nested { parser throws(CypherError) in try parser.negation() }
        return Expression(.unary(.not, operand), start.through(operand.range))
    }

    private func join(_ sign: BinaryOperator, _ left: Expression, _ right: Expression) -> Expression {
        Expression(.binary(sign, left, right), left.range.through(right.range))
    }

    private mutating func comparison() throws(CypherError) -> Expression {
        try self.comparisons(try self.suffixed(try self.sum()))
    }

    /// The comparisons that follow a value.
    mutating func comparisons(_ first: Expression) throws(CypherError) -> Expression {
        var links: [Comparison] = []
        while case .sign(let text) = self.token.kind, let sign = Comparison.Sign(rawValue: text) {
            self.advance()
            links.append(Comparison(sign: sign, operand: try self.suffixed(try self.sum())))
        }
        guard !links.isEmpty else { return first }
        return Expression(.comparison(first, links), self.range(from: first.range))
    }

    private mutating func sum() throws(CypherError) -> Expression {
        var left = try self.product()
        var links = 0
        while true {
            try self.count(&links)
            if self.takeSign("+") || self.takeSign("||") {
                left = self.join(.add, left, try self.product())
            } else if self.takeSign("-") {
                left = self.join(.subtract, left, try self.product())
            } else {
                return left
            }
        }
    }

    private mutating func product() throws(CypherError) -> Expression {
        var left = try self.power()
        var links = 0
        while true {
            try self.count(&links)
            if self.takeSign("*") {
                left = self.join(.multiply, left, try self.power())
            } else if self.takeSign("/") {
                left = self.join(.divide, left, try self.power())
            } else if self.takeSign("%") {
                left = self.join(.modulo, left, try self.power())
            } else {
                return left
            }
        }
    }

    private mutating func power() throws(CypherError) -> Expression {
        var left = try self.signed()
        var links = 0
        while self.takeSign("^") {
            try self.count(&links)
            left = self.join(.power, left, try self.signed())
        }
        return left
    }

    private mutating func signed() throws(CypherError) -> Expression {
        let start = self.token.range
        if self.takeSign("-") {
            if case .tooLarge("9223372036854775808") = self.token.kind {
                self.advance()
                return Expression(.integer(Int.min), self.range(from: start))
            }
            if case .integer(let number) = self.token.kind, !self.isSign("^", at: 1), !self.isSign(".", at: 1)
            {
                self.advance()
                return Expression(.integer(-number), self.range(from: start))
            }
            let operand = try self.nested { parser throws(CypherError) in try parser.signed() }
            return Expression(.unary(.minus, operand), start.through(operand.range))
        }
        if self.takeSign("+") {
            let operand = try self.nested { parser throws(CypherError) in try parser.signed() }
            return Expression(.unary(.plus, operand), start.through(operand.range))
        }
        return try self.postfix()
    }

    /// `IS NULL`, `IN`, `STARTS WITH`, `ENDS WITH`, `CONTAINS`, `=~`.
    mutating func suffixed(_ first: Expression) throws(CypherError) -> Expression {
        var left = first
        var links = 0
        while true {
            try self.count(&links)
            if self.take("IS") {
                left = try self.afterIs(left)
            } else if self.isSign(":"), self.isSign(":", at: 1) {
                left = try self.typeTest(left, negated: false)
            } else if self.take("IN") {
                left = self.join(.in, left, try self.textOperand())
            } else if self.isKeyword("STARTS"), self.isKeyword("WITH", at: 1) {
                self.advance()
                self.advance()
                left = self.join(.startsWith, left, try self.textOperand())
            } else if self.isKeyword("ENDS"), self.isKeyword("WITH", at: 1) {
                self.advance()
                self.advance()
                left = self.join(.endsWith, left, try self.textOperand())
            } else if self.take("CONTAINS") {
                left = self.join(.contains, left, try self.textOperand())
            } else if self.takeSign("=~") {
                left = self.join(.matches, left, try self.textOperand())
            } else {
                return left
            }
        }
    }

    /// `NULL`, `NOT NULL`, `:: INTEGER`, `TYPED INTEGER`, `NFC NORMALIZED`, a label.
    private mutating func afterIs(_ left: Expression) throws(CypherError) -> Expression {
        let negated = self.take("NOT")
        if self.take("NULL") {
            return Expression(.isNull(left, negated: negated), self.range(from: left.range))
        }
        if self.isKeyword("TYPED") || (self.isSign(":") && self.isSign(":", at: 1)) {
            return try self.typeTest(left, negated: negated)
        }
        let form = ["NFC", "NFD", "NFKC", "NFKD"].first { self.isKeyword($0) }
        if self.isKeyword("NORMALIZED", at: form == nil ? 0 : 1) {
            for _ in 0..<(form == nil ? 1 : 2) { self.advance() }
            return Expression(
                .isNormalized(left, form: form ?? "NFC", negated: negated), self.range(from: left.range))
        }
        guard case .variable = left.kind, !negated, self.startsLabelTest else {
            throw self.unexpected("expected NULL, a type or a label after IS", near: ["NULL", "TYPED"])
        }
        let labels = try self.labelExpression()
        return Expression(.hasLabels(left, labels), self.range(from: left.range))
    }

    private var startsLabelTest: Bool {
        switch self.token.kind {
        case .word, .sign("!"), .sign("%"), .sign("("): true
        default: false
        }
    }

    private mutating func typeTest(_ left: Expression, negated: Bool) throws(CypherError) -> Expression {
        if !self.take("TYPED") { for _ in 0..<2 { self.advance() } }
        let type = try self.valueType()
        return Expression(.isType(left, type, negated: negated), self.range(from: left.range))
    }

    /// `a STARTS WITH b + c` joins b and c first.
    private mutating func textOperand() throws(CypherError) -> Expression {
        try self.nested { parser throws(CypherError) in try parser.sum() }
    }
}
