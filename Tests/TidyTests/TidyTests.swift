import Foundation
import Testing

/// Rules of the sources that no compiler or formatter checks.
struct TidyTests {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent()
        .deletingLastPathComponent()

    private static func files(_ folder: String, ending: String) -> [(path: String, text: String)] {
        let walk = FileManager.default.enumerator(
            at: self.root.appending(path: folder), includingPropertiesForKeys: nil)
        var files: [(path: String, text: String)] = []
        while let file = walk?.nextObject() as? URL {
            guard file.path.hasSuffix(ending), let text = try? String(contentsOf: file, encoding: .utf8)
            else { continue }
            files.append((file.path, text))
        }
        return files
    }

    @Test(arguments: [
        "try!", "as!", "fatalError(", "preconditionFailure(", "TO" + "DO", "FIX" + "ME", "XCTSkip",
    ])
    func sourcesAreFreeOf(words: String) {
        let files = Self.files("Sources", ending: ".swift")
        // Without files the test would say nothing and pass.
        #expect(files.count > 100)
        for file in files {
            #expect(!file.text.contains(words), "\(file.path)")
        }
    }

    /// The words, and what a comment shortly above must say of them.
    @Test(arguments: [("@unchecked Sendable", "`@unchecked Sendable`"), ("nonisolated(unsafe)", "Safe:")])
    func whatTheCompilerCannotCheckIsExplained(words: String, explanation: String) {
        for file in Self.files("Sources", ending: ".swift") {
            let lines = file.text.split(separator: "\n", omittingEmptySubsequences: false)
            for (index, line) in lines.enumerated()
            where line.contains(words) && !line.trimmingCharacters(in: .whitespaces).hasPrefix("//") {
                let above = lines[max(0, index - 6)..<index].filter {
                    $0.trimmingCharacters(in: .whitespaces).hasPrefix("//") && $0.contains(explanation)
                }
                #expect(!above.isEmpty, "\(file.path):\(index + 1)")
            }
        }
    }

    /// The layers of ARCHITECTURE.md, lowest first: a room may import rooms of lower layers only.
    private static let layers: [[String]] = [
        ["JSON", "Cryptography", "NamedResources", "RegularExpressions"],
        ["CEL", "YAML", "Graphviz", "PropertyGraph", "Cypher"],
        ["GraphStorage", "QueryEngine"],
        ["GraphDatabase"], ["Authorization", "Identity", "Orchestration", "Visualization"],
        ["Bolt", "HTTPAPI", "Shell", "Worker"], ["plexus"],
    ]

    @Test func importsPointDownTheLayers() {
        for (level, rooms) in Self.layers.enumerated() {
            let forbidden = Set(Self.layers[level...].joined())
            for room in rooms {
                for file in Self.files("Sources/\(room)", ending: ".swift") {
                    for line in file.text.split(separator: "\n") where line.contains("import ") {
                        let words = line.split(separator: " ")
                        guard let module = words.last, words.dropLast().last == "import",
                            String(module) != room
                        else { continue }
                        #expect(!forbidden.contains(String(module)), "\(file.path) imports \(module)")
                    }
                }
            }
        }
    }

    @Test func onlyTheStorageTouchesSQLite() {
        for file in Self.files("Sources", ending: ".swift")
        where !file.path.contains("/Sources/GraphStorage/") {
            #expect(!file.text.contains("import GRDB"), "\(file.path)")
            if !file.path.contains("/Sources/GraphDatabase/") {
                #expect(!file.text.contains("SQLiteStorage"), "\(file.path)")
            }
        }
    }

    @Test func everyQuerySaysWhatItIsFor() {
        let queries = Self.files("queries", ending: ".cypher")
        #expect(queries.count > 20)
        for file in queries { #expect(file.text.hasPrefix("// "), "\(file.path)") }
    }

    @Test func everyNamedQueryExistsAndIsUsed() throws {
        let sources = Self.files("Sources", ending: ".swift").map(\.text).joined()
        for file in Self.files("queries", ending: ".cypher") {
            let name = URL(fileURLWithPath: file.path).deletingPathExtension().lastPathComponent
            #expect(sources.contains("\"\(name)\""), "\(name) is used nowhere")
        }
    }

    @Test func whatTheArchitectureNamesIsThere() throws {
        let page = try String(contentsOf: Self.root.appending(path: "ARCHITECTURE.md"), encoding: .utf8)
        let tests = (Self.files("Tests", ending: ".swift") + Self.files("Tests", ending: ".py")).map(\.text)
            .joined()
        for match in page.matches(of: /`(?:\w+\.)?((?:test_)?\w{20,})`/) {
            let name = String(match.1)
            guard name.hasPrefix("test_") || name.first?.isLowercase == true else { continue }
            #expect(tests.contains(name), "the page names \(name)")
        }
    }
}
