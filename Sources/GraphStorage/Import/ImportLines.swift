internal import JSON
internal import PropertyGraph

/// The files of an import as one stream of JSON Lines for a server: tables of nodes first, then lines as they are, then
/// tables of relationships. Lines between them say which file and line the next comes from.
package struct ImportLines {
    private enum Step {
        case table(CSVTable)
        case lines(ImportFiles.Lines)
    }

    private enum Open {
        case table(CSVReader, ImportRow)
        case lines(ByteWindow)
    }

    private var steps: ArraySlice<Step>
    private var open: Open?
    /// Holds the names of the files; never written.
    private let names = GraphTransaction(GraphSnapshot())
    private var spaces: [String: Int] = [:]
    private var nextLine = 1
    private var counter: Counter
    private var file = ""

    /// About this many bytes come at once.
    private static let chunk = 1 << 18

    /// Starts at the first file.
    package init(_ files: ImportFiles, progress: @escaping (FileProgress) -> Void = { _ in }) {
        let tables = files.tables
        self.steps =
            (tables.filter(\.isNodes).map(Step.table) + files.lines.map(Step.lines)
            + tables.filter { !$0.isNodes }.map(Step.table))[...]
        self.counter = Counter(progress: progress)
    }

    /// The next lines, nil at the end.
    /// - Throws: ``ImportError`` with file, line and column.
    package mutating func next() throws -> [UInt8]? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.chunk + (1 << 12))
        while bytes.count < Self.chunk {
            switch self.open {
            case nil:
                guard let step = self.steps.popFirst() else { return bytes.isEmpty ? nil : bytes }
                try self.start(step, &bytes)
            case .table(var reader, var row):
                self.open = nil
                var isDone = false
                while bytes.count < Self.chunk {
                    guard try reader.next(&row) else {
                        isDone = true
                        break
                    }
                    self.write(row, &bytes)
                }
                if !isDone { self.open = .table(reader, row) }
            case .lines(let window):
                guard try window.hasBytes() else {
                    self.open = nil
                    bytes.append(10)
                    continue
                }
                let text = UnsafeBufferPointer(start: window.base + window.at, count: window.end - window.at)
                bytes.append(contentsOf: text)
                for byte in text where byte == 10 { self.counter.count(self.file) }
                window.at = window.end
            }
        }
        return bytes
    }

    private mutating func start(_ step: Step, _ bytes: inout [UInt8]) throws {
        switch step {
        case .table(let table):
            self.file = table.name
            self.nextLine = 0
            let reader = try CSVReader(table, self.names, spaces: &self.spaces)
            self.open = .table(reader, ImportRow(file: table.name, window: reader.window))
        case .lines(let lines):
            self.file = lines.name
            self.writeSource(1, &bytes)
            let window = try lines.source.open(name: lines.name)
            while window.end < 3, !window.isLast { try window.more() }
            if window.end >= 3, window.base[0] == 0xEF, window.base[1] == 0xBB, window.base[2] == 0xBF {
                window.at = 3
            }
            self.open = .lines(window)
        }
    }

    private mutating func write(_ row: borrowing ImportRow, _ bytes: inout [UInt8]) {
        if row.line != self.nextLine { self.writeSource(row.line, &bytes) }
        self.nextLine = row.line + 1
        self.json(row).write(to: &bytes)
        bytes.append(10)
        self.counter.count(self.file)
    }

    private func writeSource(_ line: Int, _ bytes: inout [UInt8]) {
        let json: JSON = ["type": "source", "file": .string(self.file), "line": .int(line)]
        json.write(to: &bytes)
        bytes.append(10)
    }

    private func json(_ row: borrowing ImportRow) -> JSON {
        let tokens = self.names.graph.tokens
        var properties = JSON.Object()
        for (key, value) in row.properties { properties.append(tokens.name(key), value.storedJSON ?? .null) }
        switch row.kind {
        case .node:
            return [
                "type": "node", "id": self.id(row.id),
                "labels": .array(row.labels.map { .string(tokens.name($0)) }),
                "key": row.key.map { .string(tokens.name($0)) } ?? .null, "properties": .object(properties),
            ]
        case .relationship:
            return [
                "type": "relationship", "label": .string(tokens.name(row.type)), "start": self.end(row.start),
                "end": self.end(row.end), "properties": .object(properties),
            ]
        }
    }

    /// Ids of several spaces in one: the space's name comes before them.
    private func id(_ id: ImportID) -> JSON {
        let space = self.spaces.first { $0.value == id.space }?.key ?? ""
        return .string("\(space)/\(id.text.text ?? id.text.shown)")
    }

    private func end(_ end: ImportRow.End) -> JSON {
        [
            "id": self.id(end.id),
            "labels": .array(end.label.map { [.string(self.names.graph.tokens.name($0))] } ?? []),
            "key": end.key?.text.map(JSON.string) ?? .null,
        ]
    }
}
