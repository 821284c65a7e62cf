internal import Foundation
internal import JSON
internal import Synchronization

/// Prints rows as they come, in a format that needs no more than one at a time, and keeps the first ones for `:graph`.
final class RowPrinter: Sendable {
    /// How many rows are kept.
    private static let keptRows = 1000

    private struct State {
        var columns: [String] = []
        var kept: [[JSON]] = []
        var hasPrinted = false
    }
    private let format: RowFormat
    private let state = Mutex(State())

    init(_ format: RowFormat) { self.format = format }

    /// Prints rows, the columns first where the format has them.
    func take(_ columns: [String], _ rows: [[JSON]]) throws {
        let isFirst = self.state.withLock { state in
            state.columns = columns
            state.kept += rows.prefix(max(0, Self.keptRows - state.kept.count))
            guard !rows.isEmpty else { return false }
            defer { state.hasPrinted = true }
            return !state.hasPrinted
        }
        guard !rows.isEmpty else { return }
        try self.write(self.format.text(columns, rows, isFirst: isFirst))
    }

    /// Prints what there is to print without rows. `answer`: without rows, with them as far as they are kept when it returns.
    func finish(_ answer: JSON) throws -> JSON {
        let state = self.state.withLock { $0 }
        if !state.hasPrinted, !state.columns.isEmpty, answer["queryPlan"] == nil, self.format == .csv {
            try self.write(self.format.text(state.columns, [], isFirst: true))
        }
        var all = answer.object ?? JSON.Object()
        all["data"] = [
            "fields": .array(state.columns.map(JSON.string)), "values": .array(state.kept.map(JSON.array)),
        ]
        return .object(all)
    }

    /// - Throws: `CocoaError` when nobody takes what is printed any more.
    private func write(_ text: String) throws {
        try FileHandle.standardOutput.write(contentsOf: Data((text + "\n").utf8))
    }
}
