internal import Foundation
package import JSON

/// How rows are printed.
package enum RowFormat: String, CaseIterable, Sendable {
    case table, json, csv, jsonl

    static let list = Self.allCases.map(\.rawValue).joined(separator: ", ")

    /// Rows as text, without an end of line. `width`: tables are made to fit so many columns; nil for a pipe.
    package func text(_ columns: [String], _ rows: [[JSON]], width: Int? = nil) -> String {
        switch self {
        case .table: return TextTable.text(columns, rows, width: width)
        case .json: return JSON.array(rows.map { Self.object(columns, $0) }).prettyText
        case .jsonl: return rows.map { Self.object(columns, $0).text }.joined(separator: "\n")
        case .csv:
            return ([columns.map(JSON.string)] + rows).map(Self.csv).joined(separator: "\n")
        }
    }

    /// Whether a row can be printed without those after it.
    var isByRow: Bool { self == .csv || self == .jsonl }

    /// Some of the rows as text, without an end of line; of a format that is by row. `isFirst`: whether they are the first.
    func text(_ columns: [String], _ rows: [[JSON]], isFirst: Bool) -> String {
        guard self == .csv, !isFirst else { return self.text(columns, rows) }
        return rows.map(Self.csv).joined(separator: "\n")
    }

    private static func csv(_ row: [JSON]) -> String {
        row.map { Self.csv(Self.plain($0)) }.joined(separator: ",")
    }

    private static func object(_ columns: [String], _ row: [JSON]) -> JSON {
        var object = JSON.Object()
        for (name, value) in zip(columns, row) { object.append(name, value) }
        return .object(object)
    }

    private static func plain(_ json: JSON) -> String {
        switch json {
        case .null: ""
        case .string(let text): text
        default: json.text
        }
    }

    private static func csv(_ text: String) -> String {
        text.contains(where: { ",\"\n\r\r\n".contains($0) })
            ? "\"" + text.replacing("\"", with: "\"\"") + "\"" : text
    }
}
