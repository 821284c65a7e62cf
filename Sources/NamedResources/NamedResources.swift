internal import Foundation

/// The files of `queries/`, `schema/` and `visualizations/`: compiled into the program, and replaceable
/// one by one from a folder, so that an operator may change a view without a build.
package struct NamedResources: Sendable {
    private let folder: String?

    /// Resources of the program, with files below `folder` taking precedence (`PLEXUS_RESOURCES`).
    package init(folder: String? = ProcessInfo.processInfo.environment["PLEXUS_RESOURCES"]) {
        self.folder = folder
    }

    /// The text of a resource such as `queries/run.cypher`, or nil when there is none.
    package func text(_ path: String) -> String? {
        if let folder = self.folder, !path.contains(".."),
            let text = try? String(contentsOfFile: folder + "/" + path, encoding: .utf8)
        {
            return text
        }
        return embeddedResources[path]
    }

    /// Paths of all resources below a folder such as `visualizations/`, sorted.
    package func paths(in prefix: String) -> [String] {
        var paths = Set(embeddedResources.keys.filter { $0.hasPrefix(prefix) })
        if let folder = self.folder {
            let names = try? FileManager.default.subpathsOfDirectory(atPath: folder + "/" + prefix)
            for name in names ?? [] { paths.insert(prefix + name) }
        }
        return paths.sorted()
    }
}
