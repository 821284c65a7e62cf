package import JSON

/// One version of a function: where its code is, how it starts, what it takes and gives.
package struct FunctionDefinition: Hashable, Sendable {
    /// How the entry point is started.
    package enum Runtime: String, CaseIterable, Sendable {
        /// `entry` is `module:function`; it takes and returns a dict.
        case python
        /// `entry` is a script for `/bin/sh`; JSON on standard input, JSON on standard output.
        case shell
        /// `entry` is a program; JSON on standard input, JSON on standard output.
        case executable
    }

    /// How long a call may take when the definition does not say, in seconds.
    package static let standardTimeoutSeconds = 300
    /// The longest allowed timeout, in seconds: a week.
    package static let longestTimeoutSeconds = 604_800

    /// Name; lower-case letters, digits, `_`, `-` and `.`.
    package let name: String
    /// Version; the same characters and upper-case letters, `+`.
    package let version: String
    /// A git URL or path.
    package let repository: String
    /// A commit or tag of the repository.
    package let commit: String
    /// How the entry point is started.
    package let runtime: Runtime
    /// What is started, relative to the repository.
    package let entry: String
    /// A pip requirements file of the repository, for Python.
    package let requirements: String?
    /// Seconds until a call is killed.
    package let timeoutSeconds: Int
    /// How often a failed call is tried again.
    package let retries: Int
    /// One line on what it does.
    package let description: String
    /// Everything as it was registered, further members included.
    package let source: JSON

    /// `clean@1.2.0`.
    package var reference: String { "\(self.name)@\(self.version)" }

    /// Reads a definition as files and the API carry it.
    /// - Throws: ``OrchestrationError/invalid(what:problems:)`` with every problem found.
    package init(json: JSON) throws(OrchestrationError) {
        var reader = DefinitionReader(json)
        self.name = reader.text("name", allowing: Self.isName) ?? ""
        self.version = reader.text("version", allowing: Self.isVersion) ?? ""
        self.repository = reader.text("repository") { !$0.isEmpty && !$0.hasPrefix("-") } ?? ""
        self.commit = reader.text("commit") { !$0.isEmpty && !$0.hasPrefix("-") } ?? ""
        self.entry = reader.text("entry") { Self.isInside($0) } ?? ""
        self.requirements = reader.optionalText("requirements") { Self.isInside($0) }
        let runtime = reader.text("runtime") { Runtime(rawValue: $0) != nil }
        self.runtime = runtime.flatMap(Runtime.init) ?? .shell
        self.timeoutSeconds =
            reader.seconds("timeout", in: 1...Self.longestTimeoutSeconds)
            ?? Self.standardTimeoutSeconds
        self.retries = reader.integer("retries", in: 0...100) ?? 0
        self.description = reader.optionalText("description") { _ in true } ?? ""
        self.source = json
        if self.runtime == .python, !self.entry.isEmpty, self.entry.split(separator: ":").count != 2 {
            reader.problems.append(Problem("member entry", "a Python entry is `module:function`"))
        }
        guard reader.problems.isEmpty else {
            throw .invalid(
                what: "function definition \(self.name.isEmpty ? "" : "`\(self.reference)`")",
                problems: reader.problems)
        }
    }

    /// Whether a text can name a function or pipeline.
    package static func isName(_ text: String) -> Bool {
        (1...100).contains(text.utf8.count)
            && text.utf8.allSatisfy {
                (97...122).contains($0) || (48...57).contains($0) || $0 == 95 || $0 == 45 || $0 == 46
            }
    }

    /// Whether a text can be a version.
    package static func isVersion(_ text: String) -> Bool {
        (1...100).contains(text.utf8.count)
            && text.utf8.allSatisfy {
                (97...122).contains($0) || (65...90).contains($0) || (48...57).contains($0) || $0 == 95
                    || $0 == 45 || $0 == 46 || $0 == 43
            }
    }

    private static func isInside(_ path: String) -> Bool {
        !path.isEmpty && !path.hasPrefix("/") && !path.hasPrefix("-")
            && !path.split(separator: "/").contains("..")
    }
}

/// Reads members of a definition and gathers everything that is wrong with them.
struct DefinitionReader {
    private let json: JSON
    var problems: [Problem] = []

    init(_ json: JSON) {
        self.json = json
        if json.object == nil { self.problems = [Problem("", "a JSON object is expected, not \(json.kind)")] }
    }

    mutating func text(_ name: String, allowing isAllowed: (String) -> Bool) -> String? {
        guard self.json.object != nil else { return nil }
        guard let value = self.json[name], value != .null else {
            self.problems.append(Problem("member \(name)", "is missing"))
            return nil
        }
        return self.optionalText(name, allowing: isAllowed)
    }

    mutating func optionalText(_ name: String, allowing isAllowed: (String) -> Bool) -> String? {
        guard let value = self.json[name], value != .null else { return nil }
        guard let text = value.string, isAllowed(text) else {
            self.problems.append(Problem("member \(name)", "\(value.text.prefix(80)) is not allowed"))
            return nil
        }
        return text
    }

    mutating func integer(_ name: String, in range: ClosedRange<Int>) -> Int? {
        guard let value = self.json[name], value != .null else { return nil }
        guard let number = value.int, range.contains(number) else {
            self.problems.append(
                Problem(
                    "member \(name)",
                    "\(value.text.prefix(80)) is not a whole number from \(range.lowerBound) to \(range.upperBound)"
                ))
            return nil
        }
        return number
    }

    mutating func seconds(_ name: String, in range: ClosedRange<Int>) -> Int? {
        guard let value = self.json[name], value != .null else { return nil }
        guard let seconds = value.int ?? value.string.flatMap(TimeSpan.seconds), range.contains(seconds)
        else {
            self.problems.append(
                Problem("member \(name)", "\(value.text.prefix(80)) is not a time such as 30 or \"5m\""))
            return nil
        }
        return seconds
    }
}

/// Times as people write them: `90`, `30s`, `15m`, `2h`, `1d`.
package enum TimeSpan {
    /// Seconds of a text, or nil when it is not a time.
    package static func seconds(_ text: String) -> Int? {
        let units: [Character: Int] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]
        guard let last = text.last else { return nil }
        let unit = units[last]
        guard let number = Int(unit == nil ? text[...] : text.dropLast()), number >= 0 else { return nil }
        let (seconds, overflow) = number.multipliedReportingOverflow(by: unit ?? 1)
        return overflow ? nil : seconds
    }

    /// What a text that is no time was meant to be, in this form: `5 min` is `5m`, `1.5h` is `90m`; nil when nobody can tell.
    package static func mended(_ text: String) -> String? {
        let lower = text.lowercased()
        let digits = lower.prefix { $0.isNumber || $0 == "." || $0 == " " }
        let word = String(lower.dropFirst(digits.count)).trimmed
        let units: [(words: Set<String>, seconds: Double)] = [
            (["ms", "millisecond", "milliseconds"], 0.001),
            (["s", "sec", "secs", "second", "seconds"], 1), (["m", "min", "mins", "minute", "minutes"], 60),
            (["h", "hr", "hrs", "hour", "hours"], 3600), (["d", "day", "days"], 86_400),
            (["w", "week", "weeks"], 604_800),
        ]
        guard let number = Double(String(digits).trimmed),
            let unit = units.first(where: { $0.words.contains(word) })
        else { return nil }
        let seconds = max(1, (number * unit.seconds).rounded(.up))
        guard seconds <= 1e9 else { return nil }
        let whole = Int(seconds)
        if whole % 86_400 == 0 { return "\(whole / 86_400)d" }
        if whole % 3600 == 0 { return "\(whole / 3600)h" }
        if whole % 60 == 0 { return "\(whole / 60)m" }
        return "\(whole)s"
    }
}
