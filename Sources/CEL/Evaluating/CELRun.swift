internal import RegularExpressions

/// Why a run ended without a value.
enum CELStop: Error {
    /// Parameters that are not known, by slot.
    case missing(Set<Int>)
    case failed(CELError)
}

/// One run of an expression.
struct CELRun {
    /// Parameters, then variables of macros.
    var slots: [CELValue?]
    /// What is left of the cost limit.
    var budget: Int

    mutating func value(_ step: CELStep) throws(CELStop) -> CELValue {
        try self.spend(1)
        switch step {
        case .constant(let value): return value
        case .slot(let slot):
            guard let value = self.slots[slot] else { throw .missing([slot]) }
            return value
        case .select(let operand, let field, let place):
            return try self.member(try self.value(operand), field, place)
        case .has(let operand, let field, let place):
            return .bool(try self.has(try self.value(operand), field, place))
        case .unary(let function, let operand, let place):
            return try self.apply(function, try self.value(operand), nil, place)
        case .binary(let function, let left, let right, let place):
            return try self.apply(function, left, right, place)
        case .matches(let operand, let pattern, let place):
            return try self.matches(try self.value(operand), pattern, place)
        case .or(let parts): return .bool(try self.decide(parts, by: true))
        case .and(let parts): return .bool(!(try self.decide(parts, by: false)))
        case .conditional(let condition, let yes, let no, let place):
            return try self.value(try self.truth(condition, place) ? yes : no)
        case .list(let elements):
            var values: [CELValue] = []
            for element in elements { values.append(try self.value(element)) }
            return .list(values)
        case .map(let members, let place): return try self.map(members, place)
        case .comprehension(let comprehension): return try self.comprehension(comprehension)
        }
    }

    mutating func spend(_ cost: Int) throws(CELStop) {
        self.budget -= cost
        guard self.budget >= 0 else {
            throw .failed(
                CELError(.limit, "the expression costs more than allowed", CELPlace(line: 1, column: 1)))
        }
    }

    private mutating func truth(_ step: CELStep, _ place: CELPlace) throws(CELStop) -> Bool {
        let value = try self.value(step)
        guard case .bool(let truth) = value else {
            throw .failed(CELError(.evaluation, "\(value.typeName) is no truth value", place))
        }
        return truth
    }

    /// Both operands, left first; what is missing in either is reported together.
    private mutating func apply(
        _ function: CELFunction, _ left: CELStep, _ right: CELStep, _ place: CELPlace
    ) throws(CELStop) -> CELValue {
        let first: CELValue
        do throws(CELStop) {
            first = try self.value(left)
        } catch .missing(let slots) {
            do throws(CELStop) {
                _ = try self.value(right)
            } catch .missing(let more) {
                throw .missing(slots.union(more))
            } catch {
                throw .missing(slots)
            }
            throw .missing(slots)
        }
        return try self.apply(function, first, try self.value(right), place)
    }

    /// Whether some part is `wanted`, which decides whatever the others are; without it what is unknown or failed wins.
    private mutating func decide(_ parts: [CELStep], by wanted: Bool) throws(CELStop) -> Bool {
        var stop: CELStop?
        for part in parts {
            do throws(CELStop) {
                if try self.truth(part, CELPlace(line: 1, column: 1)) == wanted { return true }
            } catch {
                stop = try Self.merged(stop, error)
            }
        }
        if let stop { throw stop }
        return false
    }

    /// Unknown wins over failed: with the missing value it might not matter. A limit ends all.
    private static func merged(_ first: CELStop?, _ second: CELStop) throws(CELStop) -> CELStop {
        if case .failed(let error) = second, error.kind == .limit { throw second }
        return switch (first, second) {
        case (.missing(let slots)?, .missing(let more)): .missing(slots.union(more))
        case (.missing?, .failed): first ?? second
        case (_, .missing), (nil, _): second
        case (.failed?, .failed): first ?? second
        }
    }

    private mutating func map(
        _ members: [(key: CELStep, value: CELStep)], _ place: CELPlace
    ) throws(CELStop) -> CELValue {
        var values: [CELValue: CELValue] = [:]
        for member in members {
            let key = try self.value(member.key)
            guard values.updateValue(try self.value(member.value), forKey: key) == nil else {
                throw .failed(CELError(.evaluation, "the key \(key) is there twice", place))
            }
        }
        return .map(values)
    }

    // MARK: Members

    private func member(_ value: CELValue, _ field: String, _ place: CELPlace) throws(CELStop) -> CELValue {
        guard case .map(let members) = value else {
            throw .failed(CELError(.evaluation, "\(value.typeName) has no member `\(field)`", place))
        }
        guard let member = members[.string(field)] else {
            throw .failed(CELError(.evaluation, "no such key: \(field)", place))
        }
        return member
    }

    private func has(_ value: CELValue, _ field: String, _ place: CELPlace) throws(CELStop) -> Bool {
        guard case .map(let members) = value else {
            throw .failed(CELError(.evaluation, "\(value.typeName) has no member `\(field)`", place))
        }
        return members[.string(field)] != nil
    }

    mutating func matches(
        _ value: CELValue, _ pattern: RegularExpression, _ place: CELPlace
    ) throws(CELStop) -> CELValue {
        guard case .string(let text) = value else {
            throw .failed(CELError(.evaluation, "`matches` does not take \(value.typeName)", place))
        }
        return .bool(try pattern.isFound(in: text) { () throws(CELStop) in try self.spend(4) })
    }

    // MARK: Macros

    private mutating func comprehension(_ macro: CELStep.Comprehension) throws(CELStop) -> CELValue {
        let elements: [CELValue]
        switch try self.value(macro.range) {
        case .list(let values): elements = values
        case .map(let members): elements = Array(members.keys)
        case let other:
            throw .failed(
                CELError(
                    .evaluation, "`\(macro.macro.rawValue)` does not take \(other.typeName)", macro.place))
        }
        switch macro.macro {
        case .all: return .bool(!(try self.quantify(elements, macro, by: false)))
        case .exists: return .bool(try self.quantify(elements, macro, by: true))
        case .existsOne:
            var count = 0
            for element in elements where try self.holds(macro, element) { count += 1 }
            return .bool(count == 1)
        case .filter:
            var kept: [CELValue] = []
            for element in elements where try self.holds(macro, element) { kept.append(element) }
            return .list(kept)
        case .map:
            var results: [CELValue] = []
            for element in elements where try self.holds(macro, element) {
                results.append(
                    try macro.result.map { step throws(CELStop) in try self.value(step) } ?? element)
            }
            return .list(results)
        }
    }

    private mutating func holds(
        _ macro: CELStep.Comprehension, _ element: CELValue
    ) throws(CELStop) -> Bool {
        self.slots[macro.slot] = element
        guard let condition = macro.condition else { return true }
        return try self.truth(condition, macro.place)
    }

    private mutating func quantify(
        _ elements: [CELValue], _ macro: CELStep.Comprehension, by wanted: Bool
    ) throws(CELStop) -> Bool {
        var stop: CELStop?
        for element in elements {
            do throws(CELStop) {
                if try self.holds(macro, element) == wanted { return true }
            } catch {
                stop = try Self.merged(stop, error)
            }
        }
        if let stop { throw stop }
        return false
    }
}
