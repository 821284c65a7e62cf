internal import Cypher

/// Expressions for EXPLAIN, short.
enum PlanText {
    static func text(_ expression: Expression) -> String {
        switch expression.kind {
        case .null: return "null"
        case .boolean(let truth): return "\(truth)"
        case .integer(let number): return "\(number)"
        case .float(let number): return "\(number)"
        case .string(let text): return "'\(text.prefix(30))'"
        case .variable(let name): return name
        case .parameter(let name): return "$" + name
        case .property(let base, let key): return self.text(base) + "." + key
        case .unary(let sign, let operand): return sign.rawValue + " " + self.text(operand)
        case .binary(let sign, let left, let right):
            return "\(self.text(left)) \(sign.rawValue) \(self.text(right))"
        case .comparison(let first, let links):
            return links.reduce(self.text(first)) { "\($0) \($1.sign.rawValue) \(self.text($1.operand))" }
        case .isNull(let operand, let negated):
            return self.text(operand) + (negated ? " IS NOT NULL" : " IS NULL")
        case .call(let call):
            return call.name + "(" + call.arguments.map(self.text).joined(separator: ", ") + ")"
        case .countAll: return "count(*)"
        case .list(let elements): return "[" + elements.prefix(5).map(self.text).joined(separator: ", ") + "]"
        case .hasLabels(let base, let labels): return self.text(base) + ":" + self.text(labels)
        default: return "..."
        }
    }

    static func text(_ labels: LabelExpression) -> String {
        switch labels {
        case .name(let name): name
        case .any: "%"
        case .not(let inner): "!" + self.text(inner)
        case .and(let left, let right): self.text(left) + "&" + self.text(right)
        case .or(let left, let right): self.text(left) + "|" + self.text(right)
        }
    }
}
