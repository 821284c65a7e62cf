internal import RegularExpressions

/// Finds what names and calls mean and whether the types fit.
struct CELChecker {
    private let parameters: [CELParameter]
    private var locals: [CELParameter] = []
    /// The parameters that the expression uses.
    private(set) var used: Set<Int> = []
    /// How many variables of macros there are at a time.
    private(set) var localCount = 0

    init(parameters: [CELParameter]) { self.parameters = parameters }

    private static let typeNames: Set<String> = [
        "bool", "int", "uint", "double", "string", "bytes", "list", "map", "null_type", "type", "ipaddress",
        "google.protobuf.Timestamp", "google.protobuf.Duration",
    ]

    mutating func check(_ syntax: CELSyntax) throws(CELError) -> (step: CELStep, type: CELType) {
        switch syntax.kind {
        case .literal(let value): return (.constant(value), Self.type(of: value))
        case .name(let name): return try self.name(name, syntax.place)
        case .select(let operand, let field, let isTest):
            return try self.select(operand, field, isTest: isTest, syntax)
        case .call(let name, let target, let arguments):
            return try self.call(name, target, arguments, syntax.place)
        case .list(let elements):
            let checked = try self.check(all: elements)
            return (.list(checked.map(\.step)), .list(Self.joined(checked.map(\.type))))
        case .map(let members): return try self.map(members, syntax.place)
        case .or(let parts): return (.or(try self.truths(parts, "||")), .bool)
        case .and(let parts): return (.and(try self.truths(parts, "&&")), .bool)
        case .conditional(let condition, let yes, let no):
            return try self.conditional(condition, yes, no, syntax.place)
        case .comprehension(let comprehension):
            return try self.comprehension(comprehension, syntax.place)
        }
    }

    private mutating func check(all parts: [CELSyntax]) throws(CELError) -> [(step: CELStep, type: CELType)] {
        var checked: [(step: CELStep, type: CELType)] = []
        for part in parts { checked.append(try self.check(part)) }
        return checked
    }

    private static func type(of literal: CELValue) -> CELType {
        switch literal {
        case .bool: .bool
        case .int: .int
        case .uint: .uint
        case .double: .double
        case .string: .string
        case .bytes: .bytes
        case .null: .null
        default: .any
        }
    }

    private static func joined(_ types: [CELType]) -> CELType {
        types.dropFirst().reduce(types.first ?? .any) { $0.joined($1) }
    }

    // MARK: Names and members

    private mutating func name(
        _ name: String, _ place: CELPlace
    ) throws(CELError) -> (step: CELStep, type: CELType) {
        if let local = self.locals.lastIndex(where: { $0.name == name }) {
            return (.slot(self.parameters.count + local), self.locals[local].type)
        }
        if let slot = self.parameters.firstIndex(where: { $0.name == name }) {
            self.used.insert(slot)
            return (.slot(slot), self.parameters[slot].type)
        }
        guard Self.typeNames.contains(name) else {
            throw CELError(.type, "undeclared reference to `\(name)`", place)
        }
        return (.constant(.type(name)), .type)
    }

    private mutating func select(
        _ operand: CELSyntax, _ field: String, isTest: Bool, _ syntax: CELSyntax
    ) throws(CELError) -> (step: CELStep, type: CELType) {
        if !isTest, let name = Self.qualifiedName(syntax), Self.typeNames.contains(name) {
            return (.constant(.type(name)), .type)
        }
        let (step, type) = try self.check(operand)
        let result: CELType
        switch type {
        case .any: result = .any
        case .map(let key, let value) where key.admits(.string): result = value
        default: throw CELError(.type, "\(type) has no member `\(field)`", syntax.place)
        }
        return isTest
            ? (.has(step, field, syntax.place), .bool) : (.select(step, field, syntax.place), result)
    }

    private static func qualifiedName(_ syntax: CELSyntax) -> String? {
        switch syntax.kind {
        case .name(let name): name
        case .select(let operand, let field, false): Self.qualifiedName(operand).map { "\($0).\(field)" }
        default: nil
        }
    }

    // MARK: Calls

    private mutating func call(
        _ name: String, _ target: CELSyntax?, _ arguments: [CELSyntax], _ place: CELPlace
    ) throws(CELError) -> (step: CELStep, type: CELType) {
        let operands = try self.check(all: (target.map { [$0] } ?? []) + arguments)
        let types = operands.map(\.type)
        if let special = try self.special(name, target, types, place) {
            return (Self.step(special.function, operands.map(\.step), place), special.result)
        }
        let candidates = (CELOverload.table[name] ?? []).filter {
            target == nil ? $0.isGlobal : $0.isMember
        }
        guard !candidates.isEmpty else {
            throw CELError(
                .type, "there is no function `\(name)`" + (target == nil ? "" : " of a value"), place)
        }
        let fitting = candidates.filter { overload in
            overload.operands.count == types.count
                && zip(overload.operands, types).allSatisfy { $0.admits($1) }
        }
        guard let first = fitting.first else { throw Self.misfit(name, types, place) }
        var result = Self.joined(fitting.map(\.result))
        if first.function == .add, fitting.count == 1, case .list = first.result {
            result = types[0].joined(types[1])
        }
        let steps = operands.map(\.step)
        if first.function == .matches, case .string(let pattern)? = steps[1].constant {
            return (.matches(steps[0], try Self.pattern(pattern, place), place), .bool)
        }
        return (Self.step(first.function, steps, place), result)
    }

    static func pattern(_ text: String, _ place: CELPlace) throws(CELError) -> RegularExpression {
        do {
            return try RegularExpression(text)
        } catch {
            throw CELError(.type, error.description, place)
        }
    }

    private static func misfit(_ name: String, _ types: [CELType], _ place: CELPlace) -> CELError {
        let given = types.map(\.description)
        let sign = name.trimmingUnderscores
        let numbers: Set<CELType> = [.int, .uint, .double]
        if types.count == 2, numbers.contains(types[0]), numbers.contains(types[1]) {
            return CELError(
                .type,
                "`\(sign)` does not take \(given[0]) and \(given[1]); convert one, as in \(given[0])(x)",
                place)
        }
        return CELError(.type, "`\(sign)` does not take \(given.joined(separator: " and "))", place)
    }

    /// Calls whose types depend on each other.
    private func special(
        _ name: String, _ target: CELSyntax?, _ types: [CELType], _ place: CELPlace
    ) throws(CELError) -> (function: CELFunction, result: CELType)? {
        guard target == nil else { return nil }
        switch (name, types.count) {
        case ("_==_", 2), ("_!=_", 2):
            guard types[0].admits(types[1]) else { throw Self.misfit(name, types, place) }
            return (name == "_==_" ? .equal : .notEqual, .bool)
        case ("_in_", 2):
            switch types[1] {
            case .any: return (.isIn, .bool)
            case .list(let element) where element.admits(types[0]): return (.isIn, .bool)
            case .map(let key, _) where key.admits(types[0]): return (.isIn, .bool)
            default: throw Self.misfit(name, types, place)
            }
        case ("_[_]", 2):
            switch types[0] {
            case .any: return (.index, .any)
            case .list(let element) where types[1].admits(.int): return (.index, element)
            case .map(let key, let value) where key.admits(types[1]): return (.index, value)
            default: throw Self.misfit(name, types, place)
            }
        case ("type", 1): return (.typeOf, .type)
        case ("dyn", 1): return (.dynamic, .any)
        default: return nil
        }
    }

    /// The call, or its value where the operands are known already and it has one.
    private static func step(_ function: CELFunction, _ operands: [CELStep], _ place: CELPlace) -> CELStep {
        let step: CELStep =
            operands.count == 1
            ? .unary(function, operands[0], place) : .binary(function, operands[0], operands[1], place)
        guard operands.allSatisfy({ $0.constant != nil }) else { return step }
        var run = CELRun(slots: [], budget: 1000)
        do {
            return .constant(try run.value(step))
        } catch {
            return step
        }
    }

    // MARK: Parts

    private mutating func truths(_ parts: [CELSyntax], _ sign: String) throws(CELError) -> [CELStep] {
        var steps: [CELStep] = []
        for part in parts {
            let (step, type) = try self.check(part)
            guard CELType.bool.admits(type) else {
                throw CELError(.type, "`\(sign)` takes bool, not \(type)", part.place)
            }
            steps.append(step)
        }
        return steps
    }

    private mutating func conditional(
        _ condition: CELSyntax, _ yes: CELSyntax, _ no: CELSyntax, _ place: CELPlace
    ) throws(CELError) -> (step: CELStep, type: CELType) {
        let test = try self.truths([condition], "?")[0]
        let (yesStep, yesType) = try self.check(yes)
        let (noStep, noType) = try self.check(no)
        guard yesType.admits(noType) else {
            throw CELError(.type, "`? :` gives \(yesType) on one side and \(noType) on the other", place)
        }
        return (.conditional(test, yesStep, noStep, place), yesType.joined(noType))
    }

    private mutating func map(
        _ members: [(key: CELSyntax, value: CELSyntax)], _ place: CELPlace
    ) throws(CELError) -> (step: CELStep, type: CELType) {
        let keys = try self.check(all: members.map(\.key))
        let values = try self.check(all: members.map(\.value))
        for (member, key) in zip(members, keys) {
            switch key.type {
            case .any, .bool, .int, .uint, .string: break
            default:
                throw CELError(
                    .type, "a key is bool, int, uint or string, not \(key.type)", member.key.place)
            }
        }
        let steps = zip(keys, values).map { (key: $0.step, value: $1.step) }
        return (
            .map(steps, place), .map(Self.joined(keys.map(\.type)), Self.joined(values.map(\.type)))
        )
    }

    private mutating func comprehension(
        _ syntax: CELSyntax.Comprehension, _ place: CELPlace
    ) throws(CELError) -> (step: CELStep, type: CELType) {
        let (range, rangeType) = try self.check(syntax.range)
        let element: CELType
        switch rangeType {
        case .any: element = .any
        case .list(let type): element = type
        case .map(let key, _): element = key
        default:
            throw CELError(.type, "`\(syntax.macro.rawValue)` takes a list or a map, not \(rangeType)", place)
        }
        self.locals.append(CELParameter(name: syntax.variable, type: element))
        self.localCount = max(self.localCount, self.locals.count)
        let slot = self.parameters.count + self.locals.count - 1
        defer { self.locals.removeLast() }
        let condition = try syntax.condition.map { condition throws(CELError) in
            try self.truths([condition], syntax.macro.rawValue)[0]
        }
        let result = try syntax.result.map { result throws(CELError) in try self.check(result) }
        let step = CELStep.comprehension(
            CELStep.Comprehension(
                macro: syntax.macro, range: range, slot: slot, condition: condition, result: result?.step,
                place: place))
        switch syntax.macro {
        case .all, .exists, .existsOne: return (step, .bool)
        case .filter: return (step, .list(element))
        case .map: return (step, .list(result?.type ?? .any))
        }
    }
}

extension String {
    fileprivate var trimmingUnderscores: String {
        var text = self[...]
        if text == "_[_]" { return "[]" }
        if text.first == "_" { text.removeFirst() }
        if text.last == "_" { text.removeLast() }
        return String(text)
    }
}
