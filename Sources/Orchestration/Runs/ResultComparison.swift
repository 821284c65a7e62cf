internal import JSON

/// How results of a job's replicas are compared.
package enum ResultComparison: Hashable, Sendable {
    /// The same bytes.
    case digest
    /// The same JSON, numbers apart by no more than a part of the greater one, or of 1.
    case tolerance(Double)
    /// A function that takes `left` and `right` and gives `equal`, true or false: `name` or `name@version`.
    case function(String)

    /// Reads `digest`, `tolerance=1e-6` or `function=same@1`.
    package init?(_ text: String) {
        let parts = text.split(separator: "=", maxSplits: 1).map { String($0).trimmed }
        switch (parts.first, parts.count) {
        case ("digest", 1): self = .digest
        case ("tolerance", 2):
            guard let number = Double(parts[1]), number >= 0, number.isFinite else { return nil }
            self = .tolerance(number)
        case ("function", 2):
            guard !parts[1].isEmpty else { return nil }
            self = .function(parts[1])
        default: return nil
        }
    }

    /// As it is read.
    package var text: String {
        switch self {
        case .digest: "digest"
        case .tolerance(let number): "tolerance=\(number)"
        case .function(let name): "function=\(name)"
        }
    }

    /// Whether two results are the same but for numbers that differ by no more than the tolerance. O(size).
    static func areNear(_ left: JSON, _ right: JSON, _ tolerance: Double) -> Bool {
        // Without recursion: results may be nested as deep as JSON may.
        var open = [(left, right)]
        while let (left, right) = open.popLast() {
            switch (left, right) {
            case (.array(let left), .array(let right)):
                guard left.count == right.count else { return false }
                open += zip(left, right)
            case (.object(let left), .object(let right)):
                let (left, right) = (
                    left.sorted { $0.name < $1.name }, right.sorted { $0.name < $1.name }
                )
                guard left.map(\.name) == right.map(\.name) else { return false }
                open += zip(left.map(\.value), right.map(\.value))
            default:
                if left == right { continue }
                guard let left = left.double, let right = right.double,
                    abs(left - right) <= tolerance * max(1, max(abs(left), abs(right)))
                else { return false }
            }
        }
        return true
    }
}
