package import Graphviz
package import JSON

/// One thing wrong with a pipeline, and where it stands in its file.
package struct PipelineProblem: Hashable, Sendable {
    /// How bad it is.
    package enum Severity: String, Sendable {
        /// The pipeline cannot be registered.
        case error
        /// It can; somebody should look at it.
        case warning
    }

    /// A stable word for programs, such as `unknown_function`.
    package let code: String
    /// How bad it is.
    package var severity = Severity.error
    /// From 1; nil when it is about the whole.
    package var line: Int?
    /// From 1, in characters.
    package var column: Int?
    /// `step clean`, `edge a -> b`; empty for the whole.
    package var subject = ""
    /// What is wrong.
    package let message: String
    /// What would be right.
    package var hint: String?
    /// What `--fix` would put in the place of some bytes of the file.
    package var fix: Fix?

    /// A change that is safe to make.
    package struct Fix: Hashable, Sendable {
        /// The bytes that go.
        package let range: Range<Int>
        /// What comes.
        package let text: String
    }

    /// `line 2, column 5, step clean`.
    package var place: String {
        var parts: [String] = []
        if let line { parts.append("line \(line)" + (self.column.map { ", column \($0)" } ?? "")) }
        if !self.subject.isEmpty { parts.append(self.subject) }
        return parts.joined(separator: ", ")
    }

    /// As a refused registration lists it.
    package var problem: Problem {
        Problem(self.place, self.message + (self.hint.map { "; \($0)" } ?? ""))
    }

    /// As the API and `--format json` give it.
    package var json: JSON {
        var object: JSON.Object = [
            "code": .string(self.code), "severity": .string(self.severity.rawValue),
            "line": self.line.map(JSON.int) ?? .null, "column": self.column.map(JSON.int) ?? .null,
            "subject": .string(self.subject), "place": .string(self.place), "message": .string(self.message),
            "hint": self.hint.map(JSON.string) ?? .null,
        ]
        if let fix {
            object["fix"] = [
                "start": .int(fix.range.lowerBound), "end": .int(fix.range.upperBound),
                "text": .string(fix.text),
            ]
        }
        return .object(object)
    }

    /// Reads what ``json`` wrote.
    package init?(json: JSON) {
        guard let code = json["code"]?.string, let message = json["message"]?.string else { return nil }
        self.code = code
        self.message = message
        self.severity = json["severity"]?.string.flatMap(Severity.init) ?? .error
        self.line = json["line"]?.int
        self.column = json["column"]?.int
        self.subject = json["subject"]?.string ?? ""
        self.hint = json["hint"]?.string
        if let start = json["fix"]?["start"]?.int, let end = json["fix"]?["end"]?.int, start <= end {
            self.fix = Fix(range: start..<end, text: json["fix"]?["text"]?.string ?? "")
        }
    }

    /// A problem of the whole.
    package init(
        _ code: String, _ message: String, hint: String? = nil, severity: Severity = .error,
        subject: String = ""
    ) {
        self.code = code
        self.message = message
        self.hint = hint
        self.severity = severity
        self.subject = subject
    }
}

extension PipelineProblem {
    /// A text that is no DOT; nil for errors that say nothing of the text.
    package init?(_ error: GraphvizError) {
        guard case .syntax(let message, let line) = error else { return nil }
        self.init("syntax", message, hint: "see graphviz.org/doc/info/lang.html")
        self.line = line
        self.column = line.map { _ in 1 }
    }

    /// The text with all fixes made, from its end to its beginning; of two that overlap the later one is made. O(bytes + fixes).
    package static func fixed(_ text: String, _ problems: [PipelineProblem]) -> String {
        var bytes = Array(text.utf8)
        var end = bytes.count
        for fix in Set(problems.compactMap(\.fix)).sorted(by: { $0.range.lowerBound > $1.range.lowerBound })
        where fix.range.upperBound <= end && fix.range.lowerBound >= 0 {
            bytes.replaceSubrange(fix.range, with: Array(fix.text.utf8))
            end = fix.range.lowerBound
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
