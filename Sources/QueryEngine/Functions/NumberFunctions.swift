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
            strict("round", 1...2) { _, a in
                let number = try self.number("round", a[0])
                let digits = a.count > 1 ? a[1].integer ?? 0 : 0
                let scale = pow(10, Double(max(-300, min(300, digits))))
                // Halves go towards positive infinity, as Cypher has it.
                return .float(
                    digits == 0 ? (number + 0.5).rounded(.down) : (number * scale).rounded() / scale)
            },
            ("pi", 0...0, { _, _ in .float(Double.pi) }), ("e", 0...0, { _, _ in .float(M_E) }),
            ("rand", 0...0, { _, _ in .float(Double.random(in: 0..<1)) }),
            unary("isNaN") { _, value in .boolean(try self.number("isNaN", value).isNaN) },
        ]
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
