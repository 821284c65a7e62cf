internal import Cypher
internal import PropertyGraph
internal import RegularExpressions

extension ExpressionCompiler {
    func unary(
        _ sign: UnaryOperator, _ operand: Expression, _ range: SourceRange
    ) throws(CypherError) -> Evaluator {
        let operand = try self.compile(operand)
        return { context, row in
            let value = try operand(context, row)
            switch (sign, value) {
            case (_, .null): return .null
            case (.not, .boolean(let truth)): return .boolean(!truth)
            case (.minus, .integer(let number)):
                guard number != Int.min else {
                    throw CypherError(
                        .arithmetic, "IntegerOverflow", "-(\(number)) does not fit 64 bits", at: range)
                }
                return .integer(-number)
            case (.minus, .float(let number)): return .float(-number)
            case (.minus, .duration(let amount)): return .duration(try amount.scaled(-1))
            case (.plus, .integer), (.plus, .float): return value
            default:
                throw CypherError(
                    .type, "InvalidArgumentType", "`\(sign.rawValue)` cannot take \(value.typeName)",
                    at: range)
            }
        }
    }

    func binary(
        _ sign: BinaryOperator, _ leftExpression: Expression, _ rightExpression: Expression,
        _ range: SourceRange
    ) throws(CypherError) -> Evaluator {
        let left = try self.compile(leftExpression)
        let mayEnd = sign == .and || sign == .or
        let right = try (mayEnd ? self.uncertain : self).compile(rightExpression)
        switch sign {
        case .and, .or, .xor: return self.logical(sign, left, right, range)
        case .in: return self.membership(left, right, range)
        case .startsWith, .endsWith, .contains: return self.textTest(sign, left, right)
        case .matches:
            if case .string(let pattern) = rightExpression.kind {
                let known = try self.regularExpression(pattern, range)
                return self.regularExpression(left, { _, _ in known }, range)
            }
            return self.regularExpression(left, right, range)
        case .add, .subtract, .multiply, .divide, .modulo, .power:
            return { context, row in
                let (a, b) = (try left(context, row), try right(context, row))
                do throws(CypherError) {
                    if sign == .add { try context.hold(joining: a, b) }
                    return try Arithmetic.apply(sign, a, b)
                } catch {
                    throw CypherError(error.kind, error.detail, error.message, at: range, hint: error.hint)
                }
            }
        }
    }

    private func logical(
        _ sign: BinaryOperator, _ left: @escaping Evaluator, _ right: @escaping Evaluator,
        _ range: SourceRange
    ) -> Evaluator {
        @Sendable func truth(_ value: Value) throws -> Bool? {
            switch value {
            case .boolean(let truth): return truth
            case .null: return nil
            default:
                throw CypherError(
                    .type, "InvalidArgumentType",
                    "`\(sign.rawValue)` takes true, false or null, not \(value.typeName)",
                    at: range)
            }
        }
        return { context, row in
            let a = try truth(left(context, row))
            if sign == .and, a == false { return .boolean(false) }
            if sign == .or, a == true { return .boolean(true) }
            let b = try truth(right(context, row))
            switch sign {
            case .and:
                if b == false { return .boolean(false) }
                return a == nil || b == nil ? .null : .boolean(true)
            case .or:
                if b == true { return .boolean(true) }
                return a == nil || b == nil ? .null : .boolean(false)
            default:
                guard let a, let b else { return .null }
                return .boolean(a != b)
            }
        }
    }

    private func membership(_ left: @escaping Evaluator, _ right: @escaping Evaluator, _ range: SourceRange)
        -> Evaluator
    {
        { context, row in
            let (value, container) = (try left(context, row), try right(context, row))
            if container.isNull { return .null }
            guard case .list(let list) = container else {
                throw CypherError(
                    .type, "InvalidArgumentType", "IN needs a list on its right, not \(container.typeName)",
                    at: range)
            }
            var unknown = false
            for (index, element) in list.enumerated() {
                try context.pause(at: index)
                switch value.isEqual(to: element) {
                case true?: return .boolean(true)
                case nil: unknown = true
                case false?: break
                }
            }
            return unknown ? .null : .boolean(false)
        }
    }

    private func textTest(_ sign: BinaryOperator, _ left: @escaping Evaluator, _ right: @escaping Evaluator)
        -> Evaluator
    {
        { context, row in
            guard case .string(let text) = try left(context, row),
                case .string(let part) = try right(context, row)
            else { return .null }
            switch sign {
            case .startsWith: return .boolean(text.utf8.starts(with: part.utf8))
            case .endsWith: return .boolean(text.utf8.reversed().starts(with: part.utf8.reversed()))
            default: return .boolean(TextSearch.contains(text, part))
            }
        }
    }

    private func regularExpression(
        _ pattern: String, _ range: SourceRange
    ) throws(CypherError) -> RegularExpression {
        do throws(RegularExpressionError) {
            return try RegularExpression(pattern)
        } catch {
            switch error {
            case .malformed(let reason):
                throw CypherError(.argument, "InvalidRegularExpression", reason, at: range)
            case .tooLarge:
                throw CypherError(
                    .limit, "InvalidRegularExpression", "the regular expression is too large", at: range,
                    hint: "use smaller counts in {n,m}")
            }
        }
    }

    private func regularExpression(
        _ left: @escaping Evaluator, _ right: @escaping Evaluator, _ range: SourceRange
    ) -> Evaluator {
        self.regularExpression(
            left,
            { context, row in
                guard case .string(let pattern) = try right(context, row) else { return nil }
                return try self.regularExpression(pattern, range)
            }, range)
    }

    private func regularExpression(
        _ left: @escaping Evaluator,
        _ expression: @escaping (ExecutionContext, Row) throws -> RegularExpression?, _ range: SourceRange
    ) -> Evaluator {
        { context, row in
            guard case .string(let text) = try left(context, row),
                let expression = try expression(context, row)
            else { return .null }
            return .boolean(try expression.matches(text) { try context.step() })
        }
    }

    func comparison(_ first: Expression, _ links: [Comparison]) throws(CypherError) -> Evaluator {
        let first = try self.compile(first)
        var compiled: [(sign: Comparison.Sign, operand: Evaluator)] = []
        for (index, link) in links.enumerated() {
            let compiler = index == 0 ? self : self.uncertain
            compiled.append((link.sign, try compiler.compile(link.operand)))
        }
        if compiled.count == 1, let link = compiled.first {
            return { context, row in
                Self.truth(Self.compare(try first(context, row), link.sign, try link.operand(context, row)))
            }
        }
        return { [compiled] context, row in
            var left = try first(context, row)
            var unknown = false
            for link in compiled {
                let right = try link.operand(context, row)
                switch Self.compare(left, link.sign, right) {
                case false?: return .boolean(false)
                case nil: unknown = true
                case true?: break
                }
                left = right
            }
            return unknown ? .null : .boolean(true)
        }
    }

    private static func truth(_ truth: Bool?) -> Value { truth.map(Value.boolean) ?? .null }

    static func compare(_ left: Value, _ sign: Comparison.Sign, _ right: Value) -> Bool? {
        if case .integer(let a) = left, case .integer(let b) = right {
            switch sign {
            case .equal: return a == b
            case .notEqual: return a != b
            case .less: return a < b
            case .lessOrEqual: return a <= b
            case .greater: return a > b
            case .greaterOrEqual: return a >= b
            }
        }
        switch sign {
        case .equal: return left.isEqual(to: right)
        case .notEqual: return left.isEqual(to: right).map { !$0 }
        case .less, .lessOrEqual, .greater, .greaterOrEqual:
            if left.isNull || right.isNull { return nil }
            guard let order = left.compare(to: right) else {
                // NaN compares with numbers, to false.
                let numbers = [left, right].allSatisfy { ["INTEGER", "FLOAT"].contains($0.typeName) }
                return numbers ? false : nil
            }
            switch sign {
            case .less: return order < 0
            case .lessOrEqual: return order <= 0
            case .greater: return order > 0
            default: return order >= 0
            }
        }
    }
}

/// Search in texts by bytes.
enum TextSearch {
    static func contains(_ text: String, _ part: String) -> Bool {
        var (text, part) = (text, part)
        return text.withUTF8 { haystack in
            part.withUTF8 { needle in
                guard let first = needle.first else { return true }
                guard haystack.count >= needle.count else { return false }
                for start in 0...(haystack.count - needle.count) where haystack[start] == first {
                    var matched = 1
                    while matched < needle.count, haystack[start + matched] == needle[matched] {
                        matched += 1
                    }
                    if matched == needle.count { return true }
                }
                return false
            }
        }
    }
}
