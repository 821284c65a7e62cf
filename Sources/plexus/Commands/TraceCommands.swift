import ArgumentParser
import Foundation
import Graphviz
import JSON
import Orchestration
import Shell
import Worker

/// `plexus run trace REFERENCE`
struct RunTrace: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trace", abstract: "Everything that was done for a customer's reference.",
        discussion: "Or for one run, by its id. Lines fit a phone: 40 columns, or those of the terminal.")
    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions
    @Argument(help: "A reference, or a run's id.") var reference: String

    func run() async throws {
        let name =
            self.reference.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? self.reference
        let answer = try await self.connection.connection().call("GET", "/v1/trace/\(name)")
        guard self.output.format == .table else { return print(answer.prettyText) }
        let width = min(max(TerminalSize.knownColumns() ?? 40, 40), 120)
        for line in TraceText(width: width).lines(answer) { print(line) }
    }
}

/// A trace as lines that fit a width.
struct TraceText {
    let width: Int

    func lines(_ trace: JSON) -> [String] {
        var lines = self.wrapped(
            "", "\(trace["reference"]?.string ?? ""): cost \(Self.credits(trace["cost_millis"]?.int ?? 0))")
        for run in trace["runs"]?.array ?? [] {
            lines.append("")
            lines += self.wrapped("", "run \(run["id"]?.string ?? "")")
            lines += self.wrapped(
                " ",
                "\(run["pipeline"]?.string ?? "")@\(run["version"]?.string ?? "") \(Self.sign(run)) \(run["state"]?.string ?? "")"
            )
            lines += self.wrapped(
                " ", "by \(run["started_by"]?.string ?? "") at \(Self.time(run["created_at"]))")
            if let earlier = run["retry_of"]?.string { lines += self.wrapped(" ", "repeats \(earlier)") }
            if let parameters = run["parameters"], parameters != .object([:]) {
                lines += self.wrapped(" ", "with \(parameters.text)")
            }
            for step in run["steps"]?.array ?? [] {
                lines += self.lines(job: step, name: step["step"]?.string ?? "")
            }
        }
        for call in trace["calls"]?.array ?? [] {
            lines.append("")
            lines += self.lines(job: call, name: "call \(call["id"]?.string ?? "")")
        }
        return lines
    }

    private func lines(job: JSON, name: String) -> [String] {
        var lines = self.wrapped(" ", "\(Self.sign(job)) \(name) \(job["state"]?.string ?? "")")
        if let function = job["function"]?.string { lines += self.wrapped("   ", function) }
        if let from = job["cached_from"]?.string { lines += self.wrapped("   ", "result of \(from)") }
        if let input = job["input"], input != .object([:]), input != .null {
            lines += self.wrapped("   ", "in  \(String(input.text.prefix(200)))")
        }
        for input in job["inputs"]?.array ?? [] {
            let digest = input["sha256"]?.string?.prefix(12) ?? ""
            lines += self.wrapped(
                "   ", "in  \(input["input"]?.string ?? "") = \(input["from"]?.string ?? "") \(digest)")
        }
        for attempt in job["attempts"]?.array ?? [] {
            let time = attempt["milliseconds"]?.int.map { " \($0) ms" } ?? ""
            let machine = attempt["machine"]?.string.map { " on \($0)" } ?? ""
            lines += self.wrapped(
                "   ", "try \(attempt["number"]?.int ?? 0)\(machine) \(attempt["state"]?.string ?? "")\(time)"
            )
            if let error = attempt["error"]?.string { lines += self.wrapped("     ", "error \(error)") }
            let log = attempt["log"]?.string ?? ""
            for line in log.split(separator: "\n").suffix(5) { lines += self.wrapped("     ", "| \(line)") }
        }
        if job["attempts"]?.array?.isEmpty ?? true, let error = job["error"]?.string {
            lines += self.wrapped("   ", "error \(error)")
        }
        if let result = job["result"]?.string {
            lines += self.wrapped("   ", "out \(result.prefix(12)), \(job["result_bytes"]?.int ?? 0) bytes")
            if let output = job["output"] { lines += self.wrapped("    ", String(output.text.prefix(200))) }
        }
        if let cost = job["cost_millis"]?.int, cost > 0 {
            lines += self.wrapped("   ", "cost \(Self.credits(cost))")
        }
        return lines
    }

    /// Breaks at spaces where there are some, else anywhere.
    private func wrapped(_ indent: String, _ text: String) -> [String] {
        var lines: [String] = []
        var line = indent
        for word in text.split(separator: " ", omittingEmptySubsequences: false) {
            var word = word[...]
            if line.count > indent.count, line.count + 1 + word.count > self.width {
                lines.append(line)
                line = indent + " "
            }
            if line.count > indent.count, line != indent + " " { line += " " }
            while line.count + word.count > self.width {
                let room = max(1, self.width - line.count)
                lines.append(line + word.prefix(room))
                word = word.dropFirst(room)
                line = indent + " "
            }
            line += word
        }
        return lines + [line]
    }

    private static func sign(_ job: JSON) -> String {
        switch job["state"]?.string {
        case "succeeded": "\u{2713}"
        case "failed": "\u{2717}"
        case "running", "leased": "\u{25B6}"
        case "skipped", "cancelled": "\u{2298}"
        default: "\u{25CB}"
        }
    }

    private static func credits(_ millis: Int) -> String {
        let rest = String(millis % 1000)
        return "\(millis / 1000)." + String(repeating: "0", count: 3 - rest.count) + rest
    }

    private static func time(_ value: JSON?) -> String { String((value?.string ?? "").prefix(19)) }
}

/// `plexus lineage SHA256|RUN`
struct LineageCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lineage", abstract: "Where a result comes from, and what was made from it.")
    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions
    @Argument(help: "The digest of an artifact, or a run's id.") var subject: String

    func run() async throws {
        let answer = try await self.connection.connection().call("GET", "/v1/lineage/\(self.subject)")
        guard self.output.format != .json else { return print(answer.prettyText) }
        var records: [JSON] = []
        for side in ["upstream", "downstream"] {
            for job in answer[side]?.array ?? [] {
                var record = job.object ?? [:]
                record["side"] = .string(side)
                record["inputs"] = .int(job["inputs"]?.array?.count ?? 0)
                record["output"] = (job["output"]?.string).map { .string(String($0.prefix(12))) }
                records.append(.object(record))
            }
        }
        Terminal.printRecords(
            .array(records), ["side", "run", "step", "function", "inputs", "output"], as: self.output.format)
    }
}

/// How a comparison is shown.
enum DiffFormat: String, ExpressibleByArgument, CaseIterable {
    case text
    case table
    case json
    case svg
    case png
    case pdf
    case dot
}

/// What both comparisons share.
struct DiffOptions: ParsableArguments {
    @OptionGroup var connection: ConnectionOptions
    @Option(help: "text, json, svg, png, pdf or dot.") var format = DiffFormat.text
    @Option(name: .short, help: "The file to write; standard output when it is not said.") var output: String?

    func show(_ diff: GraphDiff, title: String) async throws {
        let bytes: [UInt8]
        switch self.format {
        case .text, .table:
            let lines = diff.lines.isEmpty ? ["no difference"] : diff.lines
            bytes = Array((lines.joined(separator: "\n") + "\n").utf8)
        case .json: bytes = Array((diff.json.prettyText + "\n").utf8)
        case .dot: bytes = Array(diff.dot(title: title).utf8)
        case .svg, .png, .pdf:
            bytes = try await PictureProcess(executable: try Serve.executable()).render(
                diff.dot(title: title), format: PictureFormat(rawValue: self.format.rawValue) ?? .svg)
        }
        if let output {
            try Data(bytes).write(to: URL(fileURLWithPath: output))
        } else {
            try FileHandle.standardOutput.write(contentsOf: Data(bytes))
        }
    }

    func parse(_ dot: String) async throws -> DotGraph {
        try await PictureProcess(executable: try Serve.executable()).parse(dot)
    }
}

/// `plexus pipeline diff A B`
struct PipelineDiffCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff", abstract: "Compare two versions of a pipeline, or files.",
        discussion: "Exit code 0 the same, 1 not.")
    @OptionGroup var options: DiffOptions
    @Argument(help: "name, name@version or a DOT file") var first: String
    @Argument(help: "name, name@version or a DOT file") var second: String

    func run() async throws {
        let diff = GraphDiff(try await self.graph(self.first), try await self.graph(self.second))
        try await self.options.show(diff, title: "\(self.first) to \(self.second)")
        if !diff.isEmpty { throw ExitCode(1) }
    }

    private func graph(_ source: String) async throws -> DotGraph {
        if PipelineFile.isFile(source) { return try await self.options.parse(try PipelineFile.text(source)) }
        let answer = try await self.options.connection.connection().call("GET", "/v1/pipelines/\(source)")
        return try await self.options.parse(answer["dot"]?.string ?? "")
    }
}

/// `plexus run diff A B`
struct RunDiffCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff", abstract: "Compare two runs: their steps, versions, states and results.",
        discussion: "Exit code 0 the same, 1 not.")
    @OptionGroup var options: DiffOptions
    @Argument(help: "A run's id.") var first: String
    @Argument(help: "A run's id.") var second: String

    func run() async throws {
        let (a, b) = (try await self.facts(self.first), try await self.facts(self.second))
        let diff = GraphDiff(a.graph, b.graph, facts: (a.facts, b.facts))
        try await self.options.show(diff, title: "run \(self.first) to \(self.second)")
        if !diff.isEmpty { throw ExitCode(1) }
    }

    private func facts(
        _ run: String
    ) async throws -> (graph: DotGraph, facts: [String: [String: String]]) {
        let server = try self.options.connection.connection()
        let answer = try await server.call("GET", "/v1/runs/\(run)")
        let name = "\(answer["pipeline"]?.string ?? "")@\(answer["version"]?.string ?? "")"
        let pipeline = try await server.call("GET", "/v1/pipelines/\(name)")
        var facts: [String: [String: String]] = [:]
        for job in answer["jobs"]?.array ?? [] {
            var fact: [String: String] = ["state": job["state"]?.string ?? ""]
            fact["function"] = job["function"]?.string
            fact["result"] = (job["result"]?.string).map { String($0.prefix(12)) }
            fact["error"] = job["error"]?.string
            facts[job["step"]?.string ?? ""] = fact
        }
        return (try await self.options.parse(pipeline["dot"]?.string ?? ""), facts)
    }
}
