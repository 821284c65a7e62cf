internal import Cypher
internal import Foundation
internal import PropertyGraph

/// `+ - * / % ^` over values, with errors instead of silent overflow.
enum Arithmetic {
    static func apply(_ sign: BinaryOperator, _ left: Value, _ right: Value) throws(CypherError) -> Value {
        switch (left, right) {
        case (.integer(let a), .integer(let b)): return try self.integers(sign, a, b)
        case (.null, _), (_, .null): return .null
        case (.float(let a), .float(let b)): return self.floats(sign, a, b)
        case (.integer(let a), .float(let b)): return self.floats(sign, Double(a), b)
        case (.float(let a), .integer(let b)): return self.floats(sign, a, Double(b))
        default: break
        }
        if sign == .add {
            if let joined = self.joinLists(left, right) { return joined }
            if let text = self.joinTexts(left, right) { return text }
        }
        if let temporal = try TemporalArithmetic.apply(sign, left, right) { return temporal }
        throw CypherError(
            .type, "InvalidArgumentType",
            "`\(sign.rawValue)` cannot take \(left.typeName) and \(right.typeName)")
    }

    private static func integers(_ sign: BinaryOperator, _ a: Int, _ b: Int) throws(CypherError) -> Value {
        let result: (partialValue: Int, overflow: Bool)
        switch sign {
        case .add: result = a.addingReportingOverflow(b)
        case .subtract: result = a.subtractingReportingOverflow(b)
        case .multiply: result = a.multipliedReportingOverflow(by: b)
        case .divide, .modulo:
            guard b != 0 else { throw CypherError(.arithmetic, "DivisionByZero", "division by zero") }
            result =
                sign == .divide
                ? a.dividedReportingOverflow(by: b) : a.remainderReportingOverflow(dividingBy: b)
        default: return .float(pow(Double(a), Double(b)))
        }
        guard !result.overflow else {
            throw CypherError(
                .arithmetic, "IntegerOverflow", "\(a) \(sign.rawValue) \(b) does not fit 64 bits",
                hint: "use toFloat()")
        }
        return .integer(result.partialValue)
    }

    private static func floats(_ sign: BinaryOperator, _ a: Double, _ b: Double) -> Value {
        switch sign {
        case .add: .float(a + b)
        case .subtract: .float(a - b)
        case .multiply: .float(a * b)
        case .divide: .float(a / b)
        case .modulo: .float(a.truncatingRemainder(dividingBy: b))
        default: .float(pow(a, b))
        }
    }

    private static func joinLists(_ left: Value, _ right: Value) -> Value? {
        switch (left, right) {
        case (.list(let a), .list(let b)): .list(a + b)
        case (.list(let a), _): .list(a + [right])
        case (_, .list(let b)): .list([left] + b)
        default: nil
        }
    }

    private static func joinTexts(_ left: Value, _ right: Value) -> Value? {
        switch (left, right) {
        case (.string(let a), .string(let b)): .string(a + b)
        case (.string(let a), .integer(let b)): .string(a + "\(b)")
        case (.string(let a), .float(let b)): .string(a + ValueText.text(b))
        case (.string(let a), .boolean(let b)): .string(a + "\(b)")
        case (.integer(let a), .string(let b)): .string("\(a)" + b)
        case (.float(let a), .string(let b)): .string(ValueText.text(a) + b)
        default: nil
        }
    }
}

/// Sums and differences of times and durations.
enum TemporalArithmetic {
    static func apply(_ sign: BinaryOperator, _ left: Value, _ right: Value) throws(CypherError) -> Value? {
        switch (left, sign, right) {
        case (.duration(let a), .add, .duration(let b)): return .duration(try a.adding(b, times: 1))
        case (.duration(let a), .subtract, .duration(let b)): return .duration(try a.adding(b, times: -1))
        case (.duration(let a), .multiply, .integer(let b)): return .duration(try a.scaled(Double(b)))
        case (.integer(let a), .multiply, .duration(let b)): return .duration(try b.scaled(Double(a)))
        case (.duration(let a), .multiply, .float(let b)): return .duration(try a.scaled(b))
        case (.float(let a), .multiply, .duration(let b)): return .duration(try b.scaled(a))
        case (.duration(let a), .divide, .integer(let b)) where b != 0:
            return .duration(try a.scaled(1 / Double(b)))
        case (.duration(let a), .divide, .float(let b)) where b != 0: return .duration(try a.scaled(1 / b))
        case (let moment, .add, .duration(let amount)): return try self.shift(moment, by: amount, times: 1)
        case (.duration(let amount), .add, let moment): return try self.shift(moment, by: amount, times: 1)
        case (let moment, .subtract, .duration(let amount)):
            return try self.shift(moment, by: amount, times: -1)
        default: return nil
        }
    }

    static func shift(_ moment: Value, by amount: TemporalDuration, times: Int) throws(CypherError) -> Value?
    {
        switch moment {
        case .date(let date):
            let days = try self.shift(date, amount, times).days + times * (amount.seconds / 86_400)
            return .date(CalendarDate(days: days))
        case .localTime(let time): return .localTime(self.shift(time, amount, times))
        case .time(let time):
            return .time(
                ZonedTime(local: self.shift(time.local, amount, times), offsetSeconds: time.offsetSeconds))
        case .localDateTime(let moment): return .localDateTime(try self.shift(moment, amount, times))
        case .dateTime(let moment):
            let zone = moment.zone.map(TimeZones.Zone.named) ?? .offset(moment.offsetSeconds)
            return .dateTime(TimeZones.moment(try self.shift(moment.local, amount, times), zone))
        default: return nil
        }
    }

    private static func shift(
        _ date: CalendarDate, _ amount: TemporalDuration, _ times: Int
    ) throws(CypherError) -> CalendarDate {
        // Bounded first, so that no sum below can overflow.
        guard abs(Double(amount.months)) < 2.4e10, abs(Double(amount.days)) < 8e11,
            abs(Double(amount.seconds)) < 7e16
        else { throw TemporalLimits.tooLarge() }
        let (year, month, day) = CivilCalendar.civil(days: date.days)
        let months = floorDivide(year * 12 + month - 1 + times * amount.months, by: 12)
        let last = CivilCalendar.days(inMonth: months.remainder + 1, of: months.quotient)
        let days = CivilCalendar.days(year: months.quotient, month: months.remainder + 1, day: min(day, last))
        let shifted = CalendarDate(days: days + times * amount.days)
        guard CalendarDate.years.contains(CivilCalendar.civil(days: shifted.days).year) else {
            throw TemporalLimits.tooLarge()
        }
        return shifted
    }

    private static func shift(_ time: LocalTime, _ amount: TemporalDuration, _ times: Int) -> LocalTime {
        let seconds = amount.seconds % 86_400
        return LocalTime(
            nanosecondOfDay: time.nanosecondOfDay + times * (seconds * 1_000_000_000 + amount.nanosecond))
    }

    private static func shift(
        _ moment: LocalDateTime, _ amount: TemporalDuration, _ times: Int
    ) throws(CypherError) -> LocalDateTime {
        let date = try self.shift(moment.date, amount, times)
        let seconds =
            date.days * 86_400 + floorDivide(moment.seconds, by: 86_400).remainder + times * amount.seconds
        let (carry, nanosecond) = floorDivide(
            moment.nanosecond + times * amount.nanosecond, by: 1_000_000_000)
        return LocalDateTime(seconds: try TemporalLimits.seconds(seconds) + carry, nanosecond: nanosecond)
    }
}

extension TemporalDuration {
    func adding(_ other: TemporalDuration, times: Int) throws(CypherError) -> TemporalDuration {
        func sum(_ a: Int, _ b: Int) throws(CypherError) -> Int {
            let (sum, overflow) = times < 0 ? a.subtractingReportingOverflow(b) : a.addingReportingOverflow(b)
            guard !overflow, abs(Double(sum)) < 9e18 else { throw TemporalLimits.tooLarge() }
            return sum
        }
        return TemporalDuration(
            months: try sum(self.months, other.months), days: try sum(self.days, other.days),
            seconds: try sum(self.seconds, other.seconds),
            nanoseconds: self.nanosecond + times * other.nanosecond)
    }

    /// This a whole number of times, exactly.
    func times(_ count: Int) throws(CypherError) -> TemporalDuration {
        func product(_ a: Int) throws(CypherError) -> Int {
            let (product, overflow) = a.multipliedReportingOverflow(by: count)
            guard !overflow, abs(Double(product)) < 9e18 else { throw TemporalLimits.tooLarge() }
            return product
        }
        return TemporalDuration(
            months: try product(self.months), days: try product(self.days),
            seconds: try product(self.seconds),
            nanoseconds: try product(self.nanosecond))
    }

    /// Each part times a factor; what is left of months falls to days and of days to seconds.
    func scaled(_ factor: Double) throws(CypherError) -> TemporalDuration {
        let months = Double(self.months) * factor
        let days = Double(self.days) * factor + (months - months.rounded(.towardZero)) * 30.436875
        let dayRest = (days - days.rounded(.towardZero)) * 86_400
        let seconds = Double(self.seconds) * factor + dayRest
        let nanos = Double(self.nanosecond) * factor + (seconds - seconds.rounded(.towardZero)) * 1e9
        return TemporalDuration(
            months: try TemporalLimits.whole(months.rounded(.towardZero)),
            days: try TemporalLimits.whole(days.rounded(.towardZero)),
            seconds: try TemporalLimits.whole(seconds.rounded(.towardZero)),
            nanoseconds: try TemporalLimits.whole(nanos.rounded()))
    }
}

/// Values as `toString` writes them.
enum ValueText {
    static func text(_ value: Value) -> String? {
        switch value {
        case .string(let text): text
        case .integer(let number): "\(number)"
        case .float(let number): self.text(number)
        case .boolean(let truth): "\(truth)"
        case .date(let date): date.description
        case .localTime(let time): time.description
        case .time(let time): time.description
        case .localDateTime(let moment): moment.description
        case .dateTime(let moment): moment.description
        case .duration(let amount): amount.description
        default: nil
        }
    }

    static func text(_ number: Double) -> String {
        if number.isNaN { return "NaN" }
        if number.isInfinite { return number > 0 ? "Infinity" : "-Infinity" }
        return "\(number)".replacing("e+", with: "E").replacing("e", with: "E")
    }
}
