internal import Foundation
package import JSON

/// Values of a backfill as people write them: `1..5`, `1..9/2`, `2026-01-01..2026-01-31`, `a,b,c`, or one value.
package enum BackfillRange {
    /// The values in order.
    /// - Throws: ``OrchestrationError/invalid(what:problems:)`` for a range that goes down or has more than a backfill may.
    package static func values(_ text: String) throws(OrchestrationError) -> [JSON] {
        if let dots = text.firstRange(of: ".."), !text.contains(",") {
            let first = String(text[..<dots.lowerBound])
            let rest = text[dots.upperBound...].split(separator: "/", maxSplits: 1).map(String.init)
            let last = rest.first ?? ""
            let step = rest.count > 1 ? Int(rest[1]) ?? 0 : 1
            if let from = Int(first), let to = Int(last) {
                return try self.stride(from, to, step, text).map(JSON.int)
            }
            if let from = self.day(first), let to = self.day(last) {
                return try self.stride(from, to, step, text).map { .string(self.text(ofDay: $0)) }
            }
        }
        return text.split(separator: ",").map { part in
            let word = String(part).trimmed
            return (try? JSON.parse(word)) ?? .string(word)
        }
    }

    private static func stride(
        _ from: Int, _ to: Int, _ step: Int, _ text: String
    ) throws(OrchestrationError) -> [Int] {
        guard step > 0, from <= to, (to - from) / step < Orchestrator.backfillLimit else {
            let message = "`\(text)` goes down or has more than \(Orchestrator.backfillLimit) values"
            throw .invalid(what: "range", problems: [Problem("", message)])
        }
        return Array(Swift.stride(from: from, through: to, by: step))
    }

    private static let format = Date.ISO8601FormatStyle(timeZone: .gmt).year().month().day()

    /// Days since 1970.
    private static func day(_ text: String) -> Int? {
        guard text.utf8.count == 10, let date = try? Date(text, strategy: self.format) else { return nil }
        return Int(date.timeIntervalSince1970) / 86_400
    }

    private static func text(ofDay day: Int) -> String {
        Date(timeIntervalSince1970: Double(day) * 86_400).formatted(self.format)
    }
}
