/// A CSV file with the header of `neo4j-admin database import`: `id:ID(User)`, `:LABEL`, `age:int`,
/// `:START_ID(User)`, `:END_ID(Group)`, `:TYPE`, `valid_until:datetime`, `tags:string[]`.
///
/// The name before `:ID` is the property that holds the id, and by it a node is found again when a file is
/// imported twice; the name in parentheses is the id's space and, without a `:LABEL` column, the label.
package struct CSVTable: Sendable {
    let source: ImportSource
    let name: String
    let header: CSVHeader
    let hasOwnHeader: Bool
    let options: CSVOptions

    /// Reads a header: the table's own first line, or a file of its own.
    /// - Parameters:
    ///   - source: where the table is.
    ///   - name: its name, for messages.
    ///   - headerFile: source and name of the file that holds the header, if the table has none.
    ///   - options: what divides values and elements.
    /// - Throws: ``ImportError`` with line and column.
    package init(
        _ source: ImportSource, name: String, headerFile: (source: ImportSource, name: String)? = nil,
        options: CSVOptions = .standard
    ) throws(ImportError) {
        self.source = source
        self.name = name
        self.options = options
        self.hasOwnHeader = headerFile == nil
        let (place, title) = headerFile ?? (source, name)
        var splitter = try CSVSplitter(try place.open(name: title), file: title, delimiter: options.delimiter)
        guard try splitter.next() else {
            throw ImportError(file: title, line: 1, "the file is empty; a header is needed")
        }
        var titles: [String] = []
        for index in splitter.fields.indices { titles.append(splitter.slice(index).text ?? "") }
        self.header = try CSVHeader(titles, file: title, line: splitter.line)
    }

    /// Whether rows are nodes; else they are relationships.
    package var isNodes: Bool { self.header.isNodes }
}
