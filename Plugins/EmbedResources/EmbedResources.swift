import Foundation
import PackagePlugin

/// Puts the files of `queries/`, `schema/` and `visualizations/` into the program, so that they are found
/// wherever the binary is moved to.
@main
struct EmbedResources: BuildToolPlugin {
    func createBuildCommands(context: PluginContext, target: any Target) throws -> [Command] {
        let root = context.package.directoryURL
        let folders = ["queries", "schema", "visualizations"]
        let files = folders.flatMap { Self.files(in: root.appending(path: $0)) }
        let output = context.pluginWorkDirectoryURL.appending(path: "EmbeddedResources.swift")
        return [
            .buildCommand(
                displayName: "Embedding \(files.count) resources",
                executable: try context.tool(named: "embed-resources").url,
                arguments: [root.path, output.path] + files.map(\.path),
                inputFiles: files, outputFiles: [output])
        ]
    }

    private static func files(in folder: URL) -> [URL] {
        let walk = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: [.isRegularFileKey])
        var files: [URL] = []
        while let file = walk?.nextObject() as? URL {
            let isFile = (try? file.resourceValues(forKeys: [.isRegularFileKey]).isRegularFile) ?? false
            if isFile, !file.lastPathComponent.hasPrefix(".") { files.append(file) }
        }
        return files.sorted { $0.path < $1.path }
    }
}
