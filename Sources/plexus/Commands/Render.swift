import ArgumentParser
import Foundation
import GraphDatabase
import Graphviz
import HTTPAPI
import JSON
import Worker
import NamedResources
import PropertyGraph
import Shell
import Visualization

extension PictureFormat: ExpressibleByArgument {}

/// `plexus render`
struct Render: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Draw a view of the graph, or a DOT file.",
        discussion: "Views are listed by `plexus render --list`. A name that ends in .dot or .gv is a file.")

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var given: Parameters

    @Argument(help: "A view's name or a DOT file.")
    var source: String?

    @Option(help: "svg, png, pdf or dot.")
    var format: PictureFormat?

    @Option(name: .short, help: "The file to write; standard output when it is not said.")
    var output: String?

    @Flag(help: "List the views.")
    var list = false

    func run() async throws {
        if self.list { return try await self.listViews() }
        guard let source = self.source else { throw CommandFailure.usage("name a view or a DOT file") }
        let ending = self.output.flatMap { PictureFormat(rawValue: URL(fileURLWithPath: $0).pathExtension) }
        let format = self.format ?? ending ?? .svg
        let bytes = try await self.picture(source, format)
        if let output = self.output {
            try Data(bytes).write(to: URL(fileURLWithPath: output))
        } else {
            try FileHandle.standardOutput.write(contentsOf: Data(bytes))
        }
    }

    private func listViews() async throws {
        let answer = try await self.connection.connection().call("GET", "/v1/views")
        let rows = (answer["views"]?.array ?? []).map { view in
            [view["name"] ?? "", view["description"] ?? "", .string(view["parameters"]?.text ?? "")]
        }
        Terminal.printRows(["view", "shows", "parameters"], rows, as: .table)
    }

    private func picture(_ source: String, _ format: PictureFormat) async throws -> [UInt8] {
        let pictures = PictureProcess(executable: try Serve.executable())
        if source.hasSuffix(".dot") || source.hasSuffix(".gv") {
            return try await pictures.render(
                try String(contentsOfFile: source, encoding: .utf8), format: format)
        }
        let parameters = try self.given.object()
        let local = try await self.connection.withStore { database in
            let views = ViewCatalog(database: database, resources: NamedResources())
            guard let view = try views.view(source) else {
                throw CommandFailure.usage(
                    "there is no view `\(source)`; there are \(views.names.joined(separator: ", "))")
            }
            var values: [String: Value] = [:]
            for member in parameters { values[member.name] = Value(plainJSON: member.value) }
            let dot = try await views.dot(view, parameters: values)
            return format == .dot ? Array(dot.utf8) : try await pictures.render(dot, format: format)
        }
        if let local { return local }
        var path = "/v1/views/\(source).\(format.rawValue)"
        let query = parameters.members.map { member in
            let text = member.value.string ?? member.value.text
            let allowed = CharacterSet.alphanumerics.union(CharacterSet(charactersIn: "-._~"))
            return "\(member.name)=\(text.addingPercentEncoding(withAllowedCharacters: allowed) ?? "")"
        }
        if !query.isEmpty { path += "?" + query.joined(separator: "&") }
        return try await self.connection.connection().exchange("GET", path)
    }
}
