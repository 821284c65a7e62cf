import Foundation
import JSON

/// What people see: rows as tables, messages on standard error.
enum Terminal {
    /// Whether standard error is a terminal that shows progress and colours.
    static var isInteractive: Bool { isatty(STDERR_FILENO) == 1 }

    /// Writes a line to standard error.
    static func complain(_ text: String) {
        try? FileHandle.standardError.write(contentsOf: Data((text + "\n").utf8))
    }

    /// Writes a line to standard output at once, for those who wait for it in a pipe.
    static func say(_ text: String) {
        try? FileHandle.standardOutput.write(contentsOf: Data((text + "\n").utf8))
    }

    /// Prints rows.
    static func printRows(_ columns: [String], _ rows: [[JSON]], as format: OutputFormat) {
        switch format {
        case .table: print(self.table(columns, rows))
        case .json:
            let objects = rows.map { row in
                var object = JSON.Object()
                for (name, value) in zip(columns, row) { object.append(name, value) }
                return JSON.object(object)
            }
            print(JSON.array(objects).prettyText)
        case .csv:
            for row in [columns] + rows.map({ $0.map(self.plain) }) {
                print(row.map(self.csv).joined(separator: ","))
            }
        }
    }

    /// Rows as a table with a line below the header and the number of rows.
    static func table(_ columns: [String], _ rows: [[JSON]]) -> String {
        guard !columns.isEmpty else { return "" }
        let cells = rows.map { $0.map { self.shortened(self.shown($0)) } }
        let widths = columns.indices.map { index in
            max(columns[index].count, cells.map { $0[index].count }.max() ?? 0)
        }
        func line(_ row: [String]) -> String {
            let padded = zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
            return padded.joined(separator: "  ").replacing(/\s+$/, with: "")
        }
        let rule = widths.map { String(repeating: "-", count: $0) }.joined(separator: "  ")
        let count = "(\(rows.count) row\(rows.count == 1 ? "" : "s"))"
        return ([line(columns), rule] + cells.map(line) + [count]).joined(separator: "\n")
    }

    /// A value as tables show it: texts plain, nodes as `(:User {id: anne})`.
    static func shown(_ json: JSON) -> String {
        switch json {
        case .string(let text): return text
        case .array(let elements): return "[" + elements.map(self.shown).joined(separator: ", ") + "]"
        case .object(let object):
            let properties = object["properties"]?.object
            if let labels = object["labels"]?.array, let properties, object["elementId"] != nil {
                let names = labels.map { ":" + ($0.string ?? "") }.joined()
                return "(" + names + self.braces(properties, after: !names.isEmpty) + ")"
            }
            if let type = object["type"]?.string, let properties, object["startNodeElementId"] != nil {
                return "[:" + type + self.braces(properties, after: true) + "]"
            }
            return self.braces(object, after: false, always: true)
        default: return json.text
        }
    }

    private static func braces(_ object: JSON.Object, after: Bool, always: Bool = false) -> String {
        if object.members.isEmpty { return always ? "{}" : "" }
        let entries = object.members.map { "\($0.name): \(self.shown($0.value))" }
        return (after ? " " : "") + "{" + entries.joined(separator: ", ") + "}"
    }

    private static func shortened(_ text: String) -> String {
        let line = text.replacing("\n", with: " ")
        return line.count > 100 ? line.prefix(99) + "\u{2026}" : line
    }

    private static func plain(_ json: JSON) -> String {
        switch json {
        case .null: ""
        case .string(let text): text
        default: json.text
        }
    }

    private static func csv(_ text: String) -> String {
        text.contains(where: { ",\"\n\r".contains($0) })
            ? "\"" + text.replacing("\"", with: "\"\"") + "\"" : text
    }
}
