package import JSON
internal import JSONSchema

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
    /// Seconds before the second try; each further pause is twice as long, with chance in it. 300 at most.
    package let backoffSeconds: Int
    /// The error classes that are tried again; nil for all but `prepare`.
    package let retryOn: [String]?
    /// Labels that a machine must have: `gpu` (whatever its value) or `zone=lan`.
    package let needs: [String]
    /// Processor cores that the machine must have.
    package let cores: Int
    /// Memory that must be free on the machine, in bytes.
    package let memoryBytes: Int
    /// How many calls may run at once, everywhere together; nil for any number.
    package let maxRunning: Int?
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
        self.backoffSeconds = reader.seconds("backoff", in: 0...300) ?? 1
        self.retryOn = reader.texts("retry_on")
        self.needs = reader.texts("needs") ?? []
        self.cores = reader.integer("cores", in: 0...100_000, inside: "resources") ?? 0
        self.memoryBytes = reader.bytes("memory", inside: "resources") ?? 0
        self.maxRunning = reader.integer("max_running", in: 1...1_000_000)
        for name in ["memory", "disk"] where reader.bytes(name, inside: "limits") == 0 {
            reader.problems.append(Problem("member limits.\(name)", "0 bytes are not enough"))
        }
        _ = reader.integer("processes", in: 1...1_000_000, inside: "limits")
        self.description = reader.optionalText("description") { _ in true } ?? ""
        self.source = json
        for side in ["input", "output"] {
            guard let (member, schema) = Self.schema(side, in: json) else { continue }
            do {
                _ = try JSONSchema(schema)
            } catch {
                reader.problems.append(Problem("member \(member)", "is no JSON Schema: \(error)"))
            }
        }
        if self.runtime == .python, !self.entry.isEmpty, self.entry.split(separator: ":").count != 2 {
            reader.problems.append(Problem("member entry", "a Python entry is `module:function`"))
        }
        guard reader.problems.isEmpty else {
            throw .invalid(
                what: "function definition \(self.name.isEmpty ? "" : "`\(self.reference)`")",
                problems: reader.problems)
        }
    }

    /// The schema of an `input` or `output`, and the member of a definition that holds it.
    static func schema(_ side: String, in definition: JSON) -> (member: String, schema: JSON)? {
        for member in ["\(side)_schema", side] {
            if let schema = definition[member], schema != .null { return (member, schema) }
        }
        return nil
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

/// How much of a machine a call may take before it is ended: `limits` of a definition. What it does not say the worker sets.
package struct FunctionLimits: Hashable, Sendable {
    /// Bytes of memory of all its processes together.
    package let memoryBytes: Int?
    /// Bytes of the files that it makes in its folder, and of any one file.
    package let diskBytes: Int?
    /// How many processes at once.
    package let processes: Int?

    /// Reads those of a definition that was checked when it was registered.
    package init(_ definition: JSON) {
        let limits = definition["limits"]
        let bytes = { (name: String) in
            limits?[name].flatMap { $0.int ?? $0.string.flatMap(ByteCount.bytes) }
        }
        self.memoryBytes = bytes("memory")
        self.diskBytes = bytes("disk")
        self.processes = limits?["processes"]?.int
    }

    /// As the worker protocol carries them.
    package var json: JSON {
        var json = JSON.Object()
        json["memory_bytes"] = self.memoryBytes.map(JSON.int)
        json["disk_bytes"] = self.diskBytes.map(JSON.int)
        json["processes"] = self.processes.map(JSON.int)
        return .object(json)
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

    /// A list of texts without spaces.
    mutating func texts(_ name: String) -> [String]? {
        guard let value = self.json[name], value != .null else { return nil }
        guard let list = value.array, list.count <= 100,
            list.allSatisfy({
                $0.string.map { (1...200).contains($0.utf8.count) && !$0.contains(" ") } ?? false
            })
        else {
            self.problems.append(
                Problem("member \(name)", "\(value.text.prefix(80)) is not a list of words such as [\"gpu\"]")
            )
            return nil
        }
        return list.compactMap(\.string)
    }

    /// A number of bytes, or a text such as `512MiB`.
    mutating func bytes(_ name: String, inside object: String) -> Int? {
        guard let value = self.json[object]?[name], value != .null else { return nil }
        guard let bytes = value.int ?? value.string.flatMap(ByteCount.bytes), bytes >= 0 else {
            self.problems.append(
                Problem(
                    "member \(object).\(name)",
                    "\(value.text.prefix(80)) is not a size such as 1048576 or \"512MiB\""))
            return nil
        }
        return bytes
    }

    /// A whole number, of the definition itself or of an object in it.
    mutating func integer(_ name: String, in range: ClosedRange<Int>, inside object: String? = nil) -> Int? {
        let holder = object.map { self.json[$0] } ?? self.json
        guard let value = holder?[name], value != .null else { return nil }
        guard let number = value.int, range.contains(number) else {
            self.problems.append(
                Problem(
                    "member \(object.map { $0 + "." } ?? "")\(name)",
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

/// Sizes as people write them: `512MiB`, `2GiB`, `100MB`, `4096`.
package enum ByteCount {
    /// Bytes of a text, or nil when it is not a size.
    package static func bytes(_ text: String) -> Int? {
        let units = [
            "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40, "kB": 1000, "MB": 1_000_000,
            "GB": 1_000_000_000, "TB": 1_000_000_000_000, "B": 1,
        ]
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let unit = text.dropFirst(digits.count).drop { $0 == " " }
        guard let number = Int(digits), let factor = unit.isEmpty ? 1 : units[String(unit)] else {
            return nil
        }
        let (bytes, overflow) = number.multipliedReportingOverflow(by: factor)
        return overflow ? nil : bytes
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
