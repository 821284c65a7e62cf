internal import Cypher
internal import Foundation
internal import PropertyGraph

/// Functions of numbers.
enum NumberFunctions {
    static var all: [(String, ClosedRange<Int>, ScalarFunction)] {
        [
            unary("abs") { _, value in
                switch value {
                case .integer(let number):
                    guard number != Int.min else {
                        throw CypherError(
                            .arithmetic, "IntegerOverflow", "abs(\(number)) does not fit 64 bits")
                    }
                    return .integer(abs(number))
                case .float(let number): return .float(abs(number))
                default: throw wrongArgument("abs", value, "a number")
                }
            },
            unary("sign") { _, value in
                let number = try self.number("sign", value)
                return .integer(number > 0 ? 1 : (number < 0 ? -1 : 0))
            },
            self.float("ceil") { $0.rounded(.up) }, self.float("floor") { $0.rounded(.down) },
            self.float("sqrt") { $0.squareRoot() }, self.float("exp") { Foundation.exp($0) },
            self.float("log") { Foundation.log($0) }, self.float("log10") { Foundation.log10($0) },
            self.float("sin") { Foundation.sin($0) }, self.float("cos") { Foundation.cos($0) },
            self.float("tan") { Foundation.tan($0) }, self.float("cot") { 1 / Foundation.tan($0) },
            self.float("asin") { Foundation.asin($0) }, self.float("acos") { Foundation.acos($0) },
            self.float("atan") { Foundation.atan($0) },
            self.float("haversin") { (1 - Foundation.cos($0)) / 2 },
            self.float("degrees") { $0 * 180 / Double.pi }, self.float("radians") { $0 * Double.pi / 180 },
            strict("atan2", 2...2) { _, a in
                .float(Foundation.atan2(try self.number("atan2", a[0]), try self.number("atan2", a[1])))
            },
            self.float("sinh") { Foundation.sinh($0) }, self.float("cosh") { Foundation.cosh($0) },
            self.float("tanh") { Foundation.tanh($0) }, self.float("coth") { 1 / Foundation.tanh($0) },
            strict("round", 1...3) { _, a in
                let number = try self.number("round", a[0])
                guard a.count > 1 else { return .float(self.rounded(number)) }
                guard let digits = a[1].integer, (0...323).contains(digits) else {
                    throw wrongArgument("round", a[1], "a number of digits from 0")
                }
                let mode = a.count > 2 ? a[2].string?.uppercased() ?? "" : "HALF_UP"
                return .float(try self.rounded(number, digits, mode))
            },
            ("pi", 0...0, { _, _ in .float(Double.pi) }), ("e", 0...0, { _, _ in .float(M_E) }),
            ("rand", 0...0, { _, _ in .float(Double.random(in: 0..<1)) }),
            unary("isNaN") { _, value in .boolean(try self.number("isNaN", value).isNaN) },
        ]
    }

    /// To a whole number, halves towards positive infinity, as Cypher has it.
    private static func rounded(_ number: Double) -> Double {
        let below = number.rounded(.down)
        return number - below >= 0.5 ? below + 1 : below
    }

    /// To digits after the point of the number's shortest decimal text, so that 1.005 is a half.
    private static func rounded(_ number: Double, _ digits: Int, _ mode: String) throws -> Double {
        let signed: (Decimal, Decimal.RoundingMode) =
            switch mode {
            case "UP": (1, number < 0 ? .down : .up)
            case "DOWN": (1, number < 0 ? .up : .down)
            case "CEILING": (1, .up)
            case "FLOOR": (1, .down)
            case "HALF_UP": (1, .plain)
            case "HALF_EVEN": (1, .bankers)
            case "HALF_DOWN": (-1, .plain)
            default:
                throw CypherError(
                    .argument, "InvalidArgumentValue", "`\(mode.prefix(40))` is no mode of rounding",
                    hint: "one of UP, DOWN, CEILING, FLOOR, HALF_UP, HALF_DOWN, HALF_EVEN")
            }
        // Decimals have 38 digits; what lies outside has nothing to round.
        guard number.isFinite, abs(number) < 1e15, digits < 30, var exact = Decimal(string: "\(number)")
        else {
            return number
        }
        var result = Decimal()
        if mode == "HALF_DOWN" {
            // A half goes towards zero: what is just below it does in any case.
            let nudge = Decimal(sign: number < 0 ? .minus : .plus, exponent: -36, significand: 1)
            exact -= abs(number) < 1 ? nudge : nudge * 1_000_000_000_000_000
        }
        NSDecimalRound(&result, &exact, digits, signed.1)
        return Double("\(result)") ?? number
    }

    private static func number(_ name: String, _ value: Value) throws -> Double {
        switch value {
        case .integer(let number): Double(number)
        case .float(let number): number
        default: throw wrongArgument(name, value, "a number")
        }
    }

    private static func float(
        _ name: String, _ body: @escaping @Sendable (Double) -> Double
    ) -> (String, ClosedRange<Int>, ScalarFunction) {
        unary(name) { _, value in .float(body(try self.number(name, value))) }
    }
}
