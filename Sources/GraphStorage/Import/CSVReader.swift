internal import Foundation
internal import JSON
internal import PropertyGraph

/// Splits CSV (RFC 4180) into fields in place; a quoted field may hold delimiters, quotes and line ends.
struct CSVSplitter {
    struct Field {
        /// Relative to the window's base.
        var start: Int
        var end: Int
        var isQuoted: Bool
    }

    let window: ByteWindow
    let file: String
    let delimiter: UInt8
    /// The fields of the row.
    private(set) var fields: [Field] = []
    /// The line that the row starts at, from 1.
    private(set) var line = 1
    private var nextLine = 1

    init(_ window: ByteWindow, file: String, delimiter: UInt8) throws(ImportError) {
        self.window = window
        self.file = file
        self.delimiter = delimiter
        while window.end < 3, !window.isLast { try window.more() }
        if window.end >= 3, window.base[0] == 0xEF, window.base[1] == 0xBB, window.base[2] == 0xBF {
            window.at = 3
        }
    }

    /// Moves to the next row that is not an empty line; false at the end.
    mutating func next() throws(ImportError) -> Bool {
        while try self.window.hasBytes() {
            while try !self.split() { try self.window.more() }
            let isEmpty = self.fields.count == 1 && self.fields[0].start == self.fields[0].end
            if !isEmpty || self.fields[0].isQuoted { return true }
        }
        return false
    }

    func slice(_ index: Int) -> ByteSlice {
        let field = self.fields[index]
        return ByteSlice(start: UnsafePointer(self.window.base + field.start), count: field.end - field.start)
    }

    /// Takes the row at the window's start; false when it is not whole in the window.
    private mutating func split() throws(ImportError) -> Bool {
        let (base, end, isLast) = (self.window.base, self.window.end, self.window.isLast)
        var at = self.window.at
        var lines = 0
        var hasQuotes = false
        self.fields.removeAll(keepingCapacity: true)
        while true {
            if at < end, base[at] == UInt8(ascii: "\"") {
                hasQuotes = true
                guard let close = try self.closingQuote(after: at, &lines) else { return false }
                self.fields.append(Field(start: at + 1, end: close, isQuoted: true))
                at = close + 1
            } else {
                let start = at
                while at < end, base[at] != self.delimiter, base[at] != 10, base[at] != 13 { at += 1 }
                self.fields.append(Field(start: start, end: at, isQuoted: false))
            }
            guard at < end else {
                guard isLast else { return false }
                break
            }
            let byte = base[at]
            guard byte == self.delimiter || byte == 10 || byte == 13 else {
                throw ImportError(
                    file: self.file, line: self.nextLine + lines, "text follows the closing quote of a value")
            }
            at += 1
            if byte == self.delimiter { continue }
            if byte == 13 {
                guard at < end || isLast else { return false }
                if at < end, base[at] == 10 { at += 1 }
            }
            break
        }
        self.line = self.nextLine
        self.nextLine += lines + 1
        if hasQuotes { self.unescape() }
        self.window.at = at
        return true
    }

    /// The place of the quote that closes the value which opens at a place; nil when it is not in the window.
    private func closingQuote(after open: Int, _ lines: inout Int) throws(ImportError) -> Int? {
        let (base, end) = (self.window.base, self.window.end)
        var at = open + 1
        let before = lines
        while at < end {
            let byte = base[at]
            if byte == 10 { lines += 1 }
            guard byte == UInt8(ascii: "\"") else {
                at += 1
                continue
            }
            guard at + 1 < end else { return self.window.isLast ? at : nil }
            guard base[at + 1] == UInt8(ascii: "\"") else { return at }
            at += 2
        }
        guard self.window.isLast else { return nil }
        throw ImportError(file: self.file, line: self.nextLine + before, "a quoted value is not closed")
    }

    /// Makes one quote of two, in place.
    private mutating func unescape() {
        let base = self.window.base
        for index in self.fields.indices where self.fields[index].isQuoted {
            let (start, end) = (self.fields[index].start, self.fields[index].end)
            guard memchr(base + start, 34, end - start) != nil else { continue }
            var (from, to) = (start, start)
            while from < end {
                base[to] = base[from]
                from += base[from] == 34 ? 2 : 1
                to += 1
            }
            self.fields[index].end = to
        }
    }
}

/// Reads a table as nodes or relationships of a graph.
struct CSVReader {
    private enum Kind {
        case id(key: PropertyKeyID?, type: CSVType)
        case start, end, type, label, labelsAsJSON, ignored
        case property(PropertyKeyID, CSVType, isList: Bool, Point.System?)
        case propertyAsJSON(PropertyKeyID)
    }

    private let header: CSVHeader
    private let kinds: [Kind]
    private let names: [String]
    private var splitter: CSVSplitter
    private var cache: NameCache
    private let options: CSVOptions
    /// Labels of nodes whose row has none: the id's option, or the name of its space.
    private let defaultLabels: [LabelID]
    private let idSpace: Int
    /// The key of nodes whose id is no property.
    private let nodeKey: PropertyKeyID?
    private let start: (space: Int, label: LabelID?)
    private let end: (space: Int, label: LabelID?)
    private var labelBytes: [UInt8] = []
    private var labels: [LabelID] = []
    /// What the row at work has had so far.
    private var hasType = false
    private var hasLabels = false

    let window: ByteWindow

    /// Opens a table.
    /// - Parameters:
    ///   - table: the table, its header read.
    ///   - transaction: numbers the names.
    ///   - spaces: numbers of the id spaces of the whole import; grows.
    /// - Throws: ``ImportError`` when the file cannot be read; ``GraphError`` for an empty name.
    init(
        _ table: CSVTable, _ transaction: GraphTransaction, spaces: inout [String: Int]
    ) throws {
        self.window = try table.source.open(name: table.name)
        self.splitter = try CSVSplitter(self.window, file: table.name, delimiter: table.options.delimiter)
        if table.hasOwnHeader { _ = try self.splitter.next() }
        self.header = table.header
        self.options = table.options
        self.cache = NameCache(transaction)
        self.names = table.header.columns.map(\.title)
        var kinds: [Kind] = []
        var defaults: [LabelID] = []
        var nodeKey: PropertyKeyID?
        var (id, start, end): (Int, (Int, LabelID?), (Int, LabelID?)) = (0, (0, nil), (0, nil))
        func number(_ space: String) -> Int {
            if let number = spaces[space] { return number }
            spaces[space] = spaces.count + 1
            return spaces.count
        }
        for column in table.header.columns {
            switch column.kind {
            case .id(let property, let space, let label, let type):
                kinds.append(.id(key: try property.map { try transaction.propertyKey($0) }, type: type))
                id = number(space)
                if let name = label ?? (space.isEmpty ? nil : space) {
                    defaults = [try transaction.label(name)]
                }
            case .start(let space):
                kinds.append(.start)
                start = (number(space), space.isEmpty ? nil : try transaction.label(space))
            case .end(let space):
                kinds.append(.end)
                end = (number(space), space.isEmpty ? nil : try transaction.label(space))
            case .type: kinds.append(.type)
            case .label: kinds.append(.label)
            case .labelsAsJSON: kinds.append(.labelsAsJSON)
            case .ignored: kinds.append(.ignored)
            case .property(let name, let type, let isList, let system):
                kinds.append(.property(try transaction.propertyKey(name), type, isList: isList, system))
            case .key(let name):
                kinds.append(.ignored)
                nodeKey = try transaction.propertyKey(name)
            case .propertyAsJSON(let name):
                kinds.append(.propertyAsJSON(try transaction.propertyKey(name)))
            }
        }
        self.kinds = kinds
        self.defaultLabels = defaults
        self.idSpace = id
        self.nodeKey = nodeKey
        self.start = start
        self.end = end
    }

    /// Reads the next row; false at the end.
    mutating func next(_ row: inout ImportRow) throws -> Bool {
        guard try self.splitter.next() else { return false }
        guard self.splitter.fields.count == self.kinds.count else {
            throw ImportError(
                file: self.splitter.file, line: self.splitter.line,
                "the line has \(self.splitter.fields.count) values, the header has \(self.kinds.count) columns"
            )
        }
        row.line = self.splitter.line
        row.kind = self.header.isNodes ? .node : .relationship
        row.properties.removeAll(keepingCapacity: true)
        self.hasType = false
        self.hasLabels = false
        for index in self.kinds.indices { try self.read(index, &row) }
        guard self.header.isNodes else {
            guard self.hasType, !row.start.id.text.isEmpty, !row.end.id.text.isEmpty else {
                throw ImportError(
                    file: self.splitter.file, line: self.splitter.line,
                    "a relationship needs a :TYPE, a :START_ID and an :END_ID")
            }
            return true
        }
        row.isKeyedByID = row.key != nil
        row.key = row.key ?? self.nodeKey
        row.labels = self.hasLabels ? self.labels : self.defaultLabels
        return true
    }

    private mutating func read(_ index: Int, _ row: inout ImportRow) throws {
        let text = self.splitter.slice(index)
        switch self.kinds[index] {
        case .property(let key, let type, let isList, let system):
            // Only in quotes is nothing a value, and only where a value can be nothing: a text or a list.
            let canBeEmpty = isList || type == .string || type == .char
            if text.isEmpty, !canBeEmpty || !self.splitter.fields[index].isQuoted { return }
            row.properties.append((key, try self.value(text, type, isList, system, index)))
        case .start:
            row.start = .init(
                id: ImportID(space: self.start.space, text: text), label: self.start.label, key: text)
        case .end:
            row.end = .init(
                id: ImportID(space: self.end.space, text: text), label: self.end.label, key: text)
        case .type:
            self.hasType = !text.isEmpty
            guard self.hasType else { return }
            guard let type = try self.cache.type(text) else {
                throw self.error(index, "the text is not UTF-8")
            }
            row.type = type
        case .label:
            if text.isEmpty { return }
            self.hasLabels = true
            try self.readLabels(text, index)
        case .id(let key, let type):
            guard !text.isEmpty else { throw self.error(index, "the id is empty") }
            row.id = ImportID(space: self.idSpace, text: text)
            row.key = key
            if let key { row.properties.append((key, try self.value(text, type, false, nil, index))) }
        case .propertyAsJSON(let key):
            if text.isEmpty { return }
            guard let name = text.text, let json = try? JSON.parse(name),
                let value = Value(fileJSON: json)
            else { throw self.error(index, "`\(text.shown)` is no value as JSON") }
            row.properties.append((key, value))
        case .labelsAsJSON:
            if text.isEmpty { return }
            guard let names = (text.text.flatMap { try? JSON.parse($0) })?.array?.map(\.string) else {
                throw self.error(index, "`\(text.shown)` is no list of labels as JSON")
            }
            self.hasLabels = true
            self.labelBytes.removeAll()
            self.labels = []
            for case let name? in names { self.labels.append(try self.cache.transaction.label(name)) }
        case .ignored: break
        }
    }

    /// Nearly always the labels are those of the row before.
    private mutating func readLabels(_ text: ByteSlice, _ index: Int) throws {
        if self.labelBytes.count == text.count, memcmp(self.labelBytes, text.start, text.count) == 0 {
            return
        }
        self.labelBytes = Array(UnsafeBufferPointer(start: text.start, count: text.count))
        self.labels.removeAll(keepingCapacity: true)
        var failed = false
        try self.forEachElement(of: text) { element in
            guard let label = try self.cache.label(element) else {
                failed = true
                return
            }
            self.labels.append(label)
        }
        if failed { throw self.error(index, "the text is not UTF-8") }
    }

    private func forEachElement(of text: ByteSlice, _ body: (ByteSlice) throws -> Void) rethrows {
        var start = 0
        for at in 0...text.count where at == text.count || text.start[at] == self.options.arrayDelimiter {
            if at > start { try body(ByteSlice(start: text.start + start, count: at - start)) }
            start = at + 1
        }
    }

    private func value(
        _ text: ByteSlice, _ type: CSVType, _ isList: Bool, _ system: Point.System?, _ index: Int
    ) throws(ImportError) -> Value {
        guard isList else {
            guard let value = type.value(text, system: system) else {
                if text.text == nil { throw self.error(index, "the text is not UTF-8") }
                throw self.error(index, "`\(text.shown)` is not a \(type.rawValue)")
            }
            return value
        }
        var elements: [Value] = []
        var isRight = true
        self.forEachElement(of: text) { element in
            guard let value = type.value(element, system: system) else {
                isRight = false
                return
            }
            elements.append(value)
        }
        guard isRight else { throw self.error(index, "`\(text.shown)` is not a \(type.rawValue)[]") }
        return .list(elements)
    }

    private func error(_ index: Int, _ message: String) -> ImportError {
        ImportError(file: self.splitter.file, line: self.splitter.line, column: self.names[index], message)
    }
}
