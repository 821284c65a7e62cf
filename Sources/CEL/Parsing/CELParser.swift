/// Reads an expression by recursive descent.
struct CELParser {
    private static let reserved: Set<String> = [
        "as", "break", "const", "continue", "else", "for", "function", "if", "import", "let", "loop",
        "package", "namespace", "return", "var", "void", "while",
    ]
    private static let lengthLimit = 64 << 10
    private let tokens: [CELToken]
    private var at = 0
    private var depth = 0

    static func parse(_ text: String) throws(CELError) -> CELSyntax {
        guard text.utf8.count <= Self.lengthLimit else {
            throw CELError(
                .syntax, "longer than \(Self.lengthLimit) bytes", CELPlace(line: 1, column: 1))
        }
        var parser = CELParser(tokens: try CELLexer.tokens(text))
        let expression = try parser.expression()
        guard parser.token.kind == .end else { throw parser.unexpected() }
        return expression
    }

    private init(tokens: [CELToken]) { self.tokens = tokens }

    private var token: CELToken { self.tokens[self.at] }

    private func isSign(_ text: String) -> Bool { self.token.kind == .sign && self.token.text == text }

    private mutating func take(_ sign: String) -> Bool {
        guard self.isSign(sign) else { return false }
        self.at += 1
        return true
    }

    private mutating func expect(_ sign: String) throws(CELError) {
        guard self.take(sign) else {
            throw CELError(.syntax, "`\(sign)` is missing before \(self.described)", self.token.place)
        }
    }

    private var described: String {
        self.token.kind == .end ? "the end" : "`\(self.token.text)`"
    }

    private func unexpected() -> CELError {
        CELError(.syntax, "\(self.described) is not expected here", self.token.place)
    }

    // MARK: Operators

    private mutating func expression() throws(CELError) -> CELSyntax {
        self.depth += 1
        defer { self.depth -= 1 }
        guard self.depth <= CELSyntax.depthLimit else {
            throw CELError(.syntax, "nested deeper than \(CELSyntax.depthLimit) levels", self.token.place)
        }
        let condition = try self.chain("||", CELSyntax.Kind.or) { parser throws(CELError) in
            try parser.chain("&&", CELSyntax.Kind.and) { parser throws(CELError) in try parser.relation() }
        }
        let place = self.token.place
        guard self.take("?") else { return condition }
        let yes = try self.expression()
        try self.expect(":")
        return try CELSyntax(.conditional(condition, yes, try self.expression()), place)
    }

    private mutating func chain(
        _ sign: String, _ join: ([CELSyntax]) -> CELSyntax.Kind,
        _ operand: (inout CELParser) throws(CELError) -> CELSyntax
    ) throws(CELError) -> CELSyntax {
        let first = try operand(&self)
        let place = self.token.place
        guard self.isSign(sign) else { return first }
        var parts = [first]
        while self.take(sign) { parts.append(try operand(&self)) }
        return try CELSyntax(join(parts), place)
    }

    private mutating func relation() throws(CELError) -> CELSyntax {
        var left = try self.sum()
        while true {
            let token = self.token
            let isRelation =
                token.kind == .sign && ["<", "<=", ">", ">=", "==", "!="].contains(token.text)
                || token.kind == .name && token.text == "in"
            guard isRelation else { return left }
            self.at += 1
            left = try CELSyntax(.call("_\(token.text)_", target: nil, [left, try self.sum()]), token.place)
        }
    }

    private mutating func sum() throws(CELError) -> CELSyntax {
        var left = try self.product()
        while self.isSign("+") || self.isSign("-") {
            let token = self.token
            self.at += 1
            left = try CELSyntax(
                .call("_\(token.text)_", target: nil, [left, try self.product()]), token.place)
        }
        return left
    }

    private mutating func product() throws(CELError) -> CELSyntax {
        var left = try self.unary()
        while self.isSign("*") || self.isSign("/") || self.isSign("%") {
            let token = self.token
            self.at += 1
            left = try CELSyntax(
                .call("_\(token.text)_", target: nil, [left, try self.unary()]), token.place)
        }
        return left
    }

    private mutating func unary() throws(CELError) -> CELSyntax {
        let token = self.token
        guard self.isSign("!") || self.isSign("-") else { return try self.member() }
        self.depth += 1
        defer { self.depth -= 1 }
        guard self.depth <= CELSyntax.depthLimit else {
            throw CELError(.syntax, "nested deeper than \(CELSyntax.depthLimit) levels", token.place)
        }
        self.at += 1
        if token.text == "-", self.token.kind == .int || self.token.kind == .double {
            return try self.member(sign: "-")
        }
        return try CELSyntax(.call("\(token.text)_", target: nil, [try self.unary()]), token.place)
    }

    // MARK: Members

    private mutating func member(sign: String = "") throws(CELError) -> CELSyntax {
        var operand = try self.primary(sign: sign)
        while true {
            let place = self.token.place
            if self.take(".") {
                operand = try self.selection(operand)
            } else if self.take("[") {
                let index = try self.expression()
                try self.expect("]")
                operand = try CELSyntax(.call("_[_]", target: nil, [operand, index]), place)
            } else {
                return operand
            }
        }
    }

    private mutating func selection(_ operand: CELSyntax) throws(CELError) -> CELSyntax {
        let token = self.token
        guard token.kind == .name else { throw self.unexpected() }
        self.at += 1
        guard self.take("(") else {
            return try CELSyntax(.select(operand, field: token.text, isTest: false), token.place)
        }
        let arguments = try self.list(until: ")")
        if let macro = try self.macro(token, operand, arguments) { return macro }
        return try CELSyntax(.call(token.text, target: operand, arguments), token.place)
    }

    private func macro(
        _ token: CELToken, _ range: CELSyntax, _ arguments: [CELSyntax]
    ) throws(CELError) -> CELSyntax? {
        guard let macro = CELSyntax.Comprehension.Macro(rawValue: token.text),
            arguments.count == 2 || arguments.count == 3 && macro == .map
        else { return nil }
        guard case .name(let variable) = arguments[0].kind else {
            throw CELError(
                .syntax, "the first argument of `\(token.text)` must be a name", arguments[0].place)
        }
        let condition = macro != .map || arguments.count == 3 ? arguments[1] : nil
        return try CELSyntax(
            .comprehension(
                CELSyntax.Comprehension(
                    macro: macro, range: range, variable: variable, condition: condition,
                    result: macro == .map ? arguments.last : nil)), token.place)
    }

    private mutating func list(until end: String) throws(CELError) -> [CELSyntax] {
        var elements: [CELSyntax] = []
        while !self.take(end) {
            if !elements.isEmpty {
                try self.expect(",")
                // A comma may follow the last element of a list.
                if end != ")", self.take(end) { return elements }
            }
            elements.append(try self.expression())
        }
        return elements
    }

    // MARK: Operands

    private mutating func primary(sign: String) throws(CELError) -> CELSyntax {
        let token = self.token
        self.at += token.kind == .end ? 0 : 1
        switch token.kind {
        case .int, .uint, .double:
            return try CELSyntax(.literal(try self.number(token, sign: sign)), token.place)
        case .string: return try CELSyntax(.literal(.string(token.text)), token.place)
        case .bytes: return try CELSyntax(.literal(.bytes(token.bytes)), token.place)
        case .name: return try self.name(token)
        case .sign:
            switch token.text {
            case "(":
                let inner = try self.expression()
                try self.expect(")")
                return inner
            case "[": return try CELSyntax(.list(try self.list(until: "]")), token.place)
            case "{": return try CELSyntax(.map(try self.members()), token.place)
            case ".":
                guard self.token.kind == .name else { throw self.unexpected() }
                self.at += 1
                return try self.name(self.tokens[self.at - 1])
            default: break
            }
        case .end: break
        }
        if token.kind != .end { self.at -= 1 }
        throw self.unexpected()
    }

    private func number(_ token: CELToken, sign: String) throws(CELError) -> CELValue {
        let isHexadecimal = token.text.hasPrefix("0x")
        let digits = sign + (isHexadecimal ? String(token.text.dropFirst(2)) : token.text)
        let radix = isHexadecimal ? 16 : 10
        switch token.kind {
        case .int: if let number = Int(digits, radix: radix) { return .int(number) }
        case .uint: if let number = UInt(digits, radix: radix) { return .uint(number) }
        default: if let number = Double(digits), number.isFinite { return .double(number) }
        }
        throw CELError(.syntax, "`\(digits)` does not fit 64 bits", token.place)
    }

    private mutating func name(_ token: CELToken) throws(CELError) -> CELSyntax {
        switch token.text {
        case "true": return try CELSyntax(.literal(.bool(true)), token.place)
        case "false": return try CELSyntax(.literal(.bool(false)), token.place)
        case "null": return try CELSyntax(.literal(.null), token.place)
        case "in": throw CELError(.syntax, "`in` is not expected here", token.place)
        default: break
        }
        guard !Self.reserved.contains(token.text) else {
            throw CELError(.syntax, "`\(token.text)` is a reserved word", token.place)
        }
        guard self.take("(") else { return try CELSyntax(.name(token.text), token.place) }
        let arguments = try self.list(until: ")")
        guard token.text == "has", arguments.count == 1 else {
            return try CELSyntax(.call(token.text, target: nil, arguments), token.place)
        }
        guard case .select(let operand, let field, false) = arguments[0].kind else {
            throw CELError(.syntax, "`has` takes a selection such as has(a.b)", arguments[0].place)
        }
        return try CELSyntax(.select(operand, field: field, isTest: true), token.place)
    }

    private mutating func members() throws(CELError) -> [(key: CELSyntax, value: CELSyntax)] {
        var members: [(key: CELSyntax, value: CELSyntax)] = []
        while !self.take("}") {
            if !members.isEmpty {
                try self.expect(",")
                if self.take("}") { break }
            }
            let key = try self.expression()
            try self.expect(":")
            members.append((key, try self.expression()))
        }
        return members
    }
}
