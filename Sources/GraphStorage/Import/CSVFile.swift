internal import Foundation

/// A CSV file row by row, for queries: files of one folder only.
package enum CSVFile {
    /// Calls the body with the fields of each row until it wants no more. The place is a path in the folder, also with
    /// `file:///` before it; files whose names end in `.gz` are unpacked.
    /// - Throws: ``ImportError`` when the place lies outside of the folder or cannot be read; what the body throws.
    package static func read(
        _ url: String, separator: Character, in folder: String, _ row: ([String]) throws -> Bool
    ) throws {
        let source = ImportSource(path: try self.path(url, in: folder))
        guard let delimiter = separator.asciiValue else {
            throw ImportError(file: url, "fields are separated by an ASCII character")
        }
        var splitter = try CSVSplitter(source.open(name: url), file: url, delimiter: delimiter)
        while try splitter.next() {
            var fields: [String] = []
            for index in splitter.fields.indices {
                guard let text = splitter.slice(index).text else {
                    throw ImportError(file: url, line: splitter.line, "a value is not UTF-8")
                }
                fields.append(text)
            }
            guard try row(fields) else { return }
        }
    }

    /// The file's true path, links followed: it must lie in the folder.
    private static func path(_ url: String, in folder: String) throws(ImportError) -> String {
        var name = url
        if name.hasPrefix("file:") {
            name = String(name.dropFirst(5).drop { $0 == "/" })
            name = name.removingPercentEncoding ?? name
        }
        guard !name.contains("://"), !name.utf8.contains(0) else {
            throw ImportError(file: url, "only files can be loaded, from the folder \(folder)")
        }
        let root = URL(fileURLWithPath: folder).resolvingSymlinksInPath().path + "/"
        let path = URL(fileURLWithPath: root + name).resolvingSymlinksInPath().path
        guard path.hasPrefix(root) else {
            throw ImportError(file: url, "lies outside of the folder that LOAD CSV may read")
        }
        return path
    }
}
