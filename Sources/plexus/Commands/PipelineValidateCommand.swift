import ArgumentParser
import Foundation
import GraphDatabase
import Graphviz
import JSON
import Orchestration
import Shell
import Worker

/// `plexus pipeline validate FILE`
struct PipelineValidate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "validate", abstract: "Check files. Exit code 0 valid, 1 not.",
        discussion: """
            The file alone is checked without a server; with --url (or PLEXUS_URL) or --data, its functions and pipelines are
            looked up too. --fix writes what is safe: misspelt attributes, durations, a missing direction.
            """)
    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions
    @Argument(help: "DOT files.") var files: [String]
    @Option(help: "A file, JSON or YAML, that gives functions to the steps.") var mapping: String?
    @Flag(help: "Change the file where that is safe, then check it.") var fix = false

    func run() async throws {
        var records: [JSON] = []
        var isValid = true
        for file in self.files {
            var problems = try await self.problems(file)
            if self.fix, problems.contains(where: { $0.fix != nil }) {
                let text = try PipelineFile.text(file)
                let fixed = PipelineProblem.fixed(text, problems)
                try fixed.write(toFile: file, atomically: true, encoding: .utf8)
                Terminal.complain("\(file): \(problems.count(where: { $0.fix != nil })) problems mended")
                problems = try await self.problems(file)
            }
            isValid = isValid && !problems.contains { $0.severity == .error }
            for problem in problems {
                var record: JSON.Object = ["file": .string(file)]
                for member in problem.json.object ?? [:] { record.append(member.name, member.value) }
                records.append(.object(record))
            }
            if self.output.format == .table { self.say(file, problems) }
        }
        switch self.output.format {
        case .table: break
        case .json: print(JSON.object(["valid": .bool(isValid), "problems": .array(records)]).prettyText)
        default:
            Terminal.printRecords(
                .array(records),
                ["file", "line", "column", "severity", "code", "subject", "message", "hint"],
                as: self.output.format)
        }
        if !isValid { throw ExitCode(1) }
    }

    private func say(_ file: String, _ problems: [PipelineProblem]) {
        for problem in problems {
            let place = problem.line.map { "\($0):\(problem.column ?? 1):" } ?? ""
            let subject = problem.subject.isEmpty ? "" : problem.subject + ": "
            print(
                "\(file):\(place) \(problem.severity.rawValue): \(subject)\(problem.message) [\(problem.code)]"
            )
            if let hint = problem.hint { print("    \(hint)") }
        }
        if !problems.contains(where: { $0.severity == .error }) { print("\(file) is valid") }
    }

    private func problems(_ file: String) async throws -> [PipelineProblem] {
        let text = try PipelineFile.text(file)
        let mapping = try self.mapping.map { try PipelineFile.text($0) }
        if self.connection.data == nil, self.connection.namesServer {
            let body: JSON = ["dot": .string(text), "mapping": mapping.map(JSON.string) ?? .null]
            let answer = try await self.connection.connection().call(
                "POST", "/v1/pipelines/validate", body: body)
            return (answer["problems"]?.array ?? []).compactMap(PipelineProblem.init)
        }
        let reading: PipelineReading
        do {
            let graph = try await PictureProcess(executable: try Serve.executable()).parse(text)
            reading = PipelineReading(
                graph: graph, dot: text, mapping: try mapping.map { text throws in try PipelineMapping(text) }
            )
        } catch let error as GraphvizError {
            guard let problem = PipelineProblem(error) else { throw error }
            return [problem]
        }
        let found = try await self.connection.withStore { database in
            try PipelineRegistry(database: database).problems(of: reading)
        }
        return found ?? reading.problems
    }
}

/// Files of pipelines as commands read them.
enum PipelineFile {
    /// A file's text: UTF-8, or Latin-1 where it is not.
    static func text(_ file: String) throws -> String {
        guard let data = FileManager.default.contents(atPath: file) else {
            throw CommandFailure.usage("\(file) cannot be read")
        }
        return String(data: data, encoding: .utf8) ?? String(data: data, encoding: .isoLatin1) ?? ""
    }

    /// Whether a word means a file.
    static func isFile(_ word: String) -> Bool { word.hasSuffix(".dot") || word.hasSuffix(".gv") }
}
