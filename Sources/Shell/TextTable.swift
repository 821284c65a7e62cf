internal import CLibEdit
internal import Foundation
package import JSON

/// Rows as text in columns.
package enum TextTable {
    /// A column is never made narrower than this to fit the terminal.
    static let narrowest = 6
    /// In a pipe, where nothing says how wide the reader is, longer cells are cut.
    static let longest = 100

    /// A table with a line below the header and the number of rows, that fits the width: wide columns are cut, the
    /// widest first.
    static func text(_ columns: [String], _ rows: [[JSON]], width: Int?) -> String {
        guard !columns.isEmpty else { return "" }
        let cells = rows.map { $0.map { self.cut(self.oneLine(self.shown($0)), self.longest * 10) } }
        var widths = columns.indices.map { index in
            max(self.width(columns[index]), cells.map { self.width($0[index]) }.max() ?? 0)
        }
        self.fit(&widths, width)
        func line(_ row: [String]) -> String {
            zip(row, widths).map { self.padded(self.cut($0, $1), $1) }.joined(separator: "  ")
                .replacing(/\s+$/, with: "")
        }
        let rule = widths.map { String(repeating: "-", count: $0) }.joined(separator: "  ")
        let count = "(\(rows.count) row\(rows.count == 1 ? "" : "s"))"
        return ([line(columns), rule] + cells.map(line) + [count]).joined(separator: "\n")
    }

    private static func fit(_ widths: inout [Int], _ width: Int?) {
        guard let width else {
            for index in widths.indices { widths[index] = min(widths[index], self.longest) }
            return
        }
        var excess = widths.reduce(0, +) + 2 * (widths.count - 1) - width
        while excess > 0, let widest = widths.max(), widest > self.narrowest {
            let others = widths.filter { $0 < widest }.max() ?? self.narrowest
            let count = widths.count { $0 == widest }
            let step = max(1, min(widest - max(others, self.narrowest), (excess + count - 1) / count))
            for index in widths.indices where widths[index] == widest && excess > 0 {
                widths[index] -= step
                excess -= step
            }
        }
    }

    /// Words side by side, down the columns, as shells list files.
    static func columns(_ words: [String], width: Int) -> String {
        let cell = (words.map { self.width($0) }.max() ?? 0) + 2
        let perLine = max(1, width / cell)
        let lines = (words.count + perLine - 1) / perLine
        return (0..<lines).map { line in
            stride(from: line, to: words.count, by: lines).map { self.padded(words[$0], cell) }.joined()
                .replacing(/\s+$/, with: "")
        }.joined(separator: "\n")
    }

    // MARK: Cells

    /// A value as tables show it: texts plain, nodes as `(:User {id: anne})`.
    package static func shown(_ json: JSON) -> String {
        switch json {
        case .string(let text): return text
        case .array(let elements):
            if let path = self.path(elements) { return path }
            return "[" + elements.map(self.shown).joined(separator: ", ") + "]"
        case .object(let object):
            return self.entity(object) ?? self.braces(object, after: false, always: true)
        default: return json.text
        }
    }

    private static func entity(_ object: JSON.Object) -> String? {
        guard object["elementId"] != nil, let properties = object["properties"]?.object else { return nil }
        if let labels = object["labels"]?.array {
            let names = labels.map { ":" + ($0.string ?? "") }.joined()
            return "(" + names + self.braces(properties, after: !names.isEmpty) + ")"
        }
        guard let type = object["type"]?.string, object["startNodeElementId"] != nil else { return nil }
        return "[:" + type + self.braces(properties, after: true) + "]"
    }

    /// A path is a list of nodes and relationships by turns.
    private static func path(_ elements: [JSON]) -> String? {
        guard elements.count > 1, elements.count % 2 == 1, elements[0]["labels"] != nil,
            elements[1]["startNodeElementId"] != nil
        else { return nil }
        var text = self.shown(elements[0])
        for index in stride(from: 1, to: elements.count, by: 2) {
            let isForward = elements[index]["startNodeElementId"] == elements[index - 1]["elementId"]
            text += (isForward ? "-" : "<-") + self.shown(elements[index]) + (isForward ? "->" : "-")
            text += self.shown(elements[index + 1])
        }
        return text
    }

    private static func braces(_ object: JSON.Object, after: Bool, always: Bool = false) -> String {
        if object.members.isEmpty { return always ? "{}" : "" }
        let entries = object.members.map { "\($0.name): \(self.shown($0.value))" }
        return (after ? " " : "") + "{" + entries.joined(separator: ", ") + "}"
    }

    /// Control characters would move the cursor or worse: they are shown as pictures of themselves.
    private static func oneLine(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F }) else {
            return text
        }
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 0x0A, 0x09, 0x0D: result += " "
            case 0..<0x20: result.unicodeScalars.append(Unicode.Scalar(0x2400 + scalar.value) ?? " ")
            case 0x7F: result += "\u{2421}"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    private static func cut(_ text: String, _ width: Int) -> String {
        guard self.width(text) > width else { return text }
        var result = ""
        var rest = width - 1
        for character in text {
            rest -= self.width(character)
            guard rest >= 0 else { break }
            result.append(character)
        }
        return result + "\u{2026}"
    }

    private static func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - self.width(text)))
    }

    /// How many columns of a terminal a text takes: characters of East Asian scripts and pictures take two.
    static func width(_ text: String) -> Int {
        if text.utf8.allSatisfy({ $0 < 0x80 }) { return text.utf8.count }
        LineEditor.chooseUTF8()
        return text.reduce(0) { $0 + self.width($1) }
    }

    private static func width(_ character: Character) -> Int {
        character.unicodeScalars.reduce(0) { max($0, Int(plexus_width($1.value))) }
    }
}
