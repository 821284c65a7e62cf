/// Writes DOT text from values; names and texts may be anything.
package struct DotWriter {
    private var lines: [String]
    private var depth = 1

    /// Starts a directed graph.
    package init(name: String, attributes: [(String, String)] = []) {
        self.lines = ["digraph \(Self.quoted(name)) {"]
        for (key, value) in attributes { self.line("\(key)=\(Self.quoted(value))") }
    }

    /// Defaults for `node` or `edge`.
    package mutating func defaults(_ kind: String, _ attributes: [(String, String)]) {
        self.line("\(kind) \(Self.list(attributes))")
    }

    /// A node.
    package mutating func node(_ name: String, _ attributes: [(String, String)]) {
        self.line("\(Self.quoted(name)) \(Self.list(attributes))")
    }

    /// An edge.
    package mutating func edge(_ tail: String, _ head: String, _ attributes: [(String, String)] = []) {
        self.line("\(Self.quoted(tail)) -> \(Self.quoted(head)) \(Self.list(attributes))")
    }

    /// A cluster with what the body adds.
    package mutating func cluster(
        _ name: String, _ attributes: [(String, String)], _ body: (inout DotWriter) -> Void
    ) {
        self.line("subgraph \(Self.quoted("cluster_" + name)) {")
        self.depth += 1
        for (key, value) in attributes { self.line("\(key)=\(Self.quoted(value))") }
        body(&self)
        self.depth -= 1
        self.line("}")
    }

    /// The text.
    package var text: String { self.lines.joined(separator: "\n") + "\n}\n" }

    private mutating func line(_ text: String) {
        self.lines.append(String(repeating: "  ", count: self.depth) + text)
    }

    private static func list(_ attributes: [(String, String)]) -> String {
        "[" + attributes.map { "\($0.0)=\(self.quoted($0.1))" }.joined(separator: ", ") + "]"
    }

    /// A text as one quoted token of DOT, which reads back as ``readable(_:)`` of the text. O(bytes).
    package static func quoted(_ text: String) -> String {
        "\"" + self.readable(text).replacing("\"", with: "\\\"") + "\""
    }

    /// What a reader gets back of a text. DOT reads backslashes in pairs, so an odd run of them before a quote or at the
    /// end would take the closing quote away, and what follows would be attributes of the text's own making: such a run
    /// gets one more. Line ends become `\n`, which Graphviz draws as line ends.
    package static func readable(_ text: String) -> String {
        var readable = ""
        var isOdd = false
        for scalar in text.unicodeScalars where scalar != "\u{0}" && scalar != "\r" {
            if isOdd, scalar == "\"" || scalar == "\n" { readable += "\\" }
            isOdd = scalar == "\\" && !isOdd
            if scalar == "\n" { readable += "\\n" } else { readable.unicodeScalars.append(scalar) }
        }
        return isOdd ? readable + "\\" : readable
    }

    /// A text for a label: backslashes, which start Graphviz's own escapes, are doubled.
    package static func label(_ text: String) -> String { text.replacing("\\", with: "\\\\") }
}
