internal import PropertyGraph

/// A CSV file with the header of `neo4j-admin database import`: `id:ID(User)`, `:LABEL`, `age:int`,
/// `:START_ID(User)`, `:END_ID(Group)`, `:TYPE`, `valid_until:datetime`, `tags:string[]`.
///
/// The name before `:ID` is the property that holds the id, and by it a node is found again when a file is
/// imported twice; the name in parentheses is the id's space and, without a `:LABEL` column, the label.
package struct CSVTable: Sendable {
    private enum Column: Hashable {
        case id(property: String?, space: String)
        case start(space: String)
        case end(space: String)
        case type
        case label
        case property(name: String, type: String)
        case ignored
    }

    private let file: String
    private let names: [String]
    private let columns: [Column]
    private let rows: [CSVReader.Row]

    /// Reads a whole file.
    /// - Throws: ``ImportError`` with line and column.
    package init(_ text: String, file: String) throws(ImportError) {
        var reader = CSVReader(text, file: file)
        var rows = try reader.rows()
        guard !rows.isEmpty else {
            throw ImportError(file: file, line: 1, "the file is empty; a header is needed")
        }
        let header = rows.removeFirst()
        self.file = file
        self.names = header.fields
        var columns: [Column] = []
        for name in header.fields { columns.append(try Self.column(name, file, header.line)) }
        self.columns = columns
        self.rows = rows
        guard
            self.isNodes
                || (columns.contains { if case .start = $0 { true } else { false } }
                    && columns.contains { if case .end = $0 { true } else { false } })
        else {
            throw ImportError(
                file: file, line: 1, "the header has neither an `:ID` nor `:START_ID` and `:END_ID` columns")
        }
    }

    /// Whether rows are nodes; else they are relationships.
    package var isNodes: Bool { self.columns.contains { if case .id = $0 { true } else { false } } }

    /// All rows.
    /// - Throws: ``ImportError`` with line and column of the first value that does not fit.
    package func records() throws(ImportError) -> [ImportRecord] {
        var records: [ImportRecord] = []
        records.reserveCapacity(self.rows.count)
        for row in self.rows {
            guard row.fields.count == self.columns.count else {
                throw ImportError(
                    file: self.file, line: row.line,
                    "the line has \(row.fields.count) values, the header has \(self.columns.count) columns")
            }
            records.append(self.isNodes ? try self.node(row) : try self.relationship(row))
        }
        return records
    }

    private static func column(_ name: String, _ file: String, _ line: Int) throws(ImportError) -> Column {
        let parts = name.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(
            String.init)
        let property = parts[0]
        guard parts.count == 2 else { return .property(name: property, type: "string") }
        var (kind, space) = (parts[1], "")
        if let open = kind.firstIndex(of: "("), kind.hasSuffix(")") {
            space = String(kind[kind.index(after: open)..<kind.index(before: kind.endIndex)])
            kind = String(kind[..<open])
        }
        switch kind.uppercased() {
        case "ID": return .id(property: property.isEmpty ? nil : property, space: space)
        case "START_ID": return .start(space: space)
        case "END_ID": return .end(space: space)
        case "TYPE": return .type
        case "LABEL": return .label
        case "IGNORE": return .ignored
        default:
            let base = kind.lowercased().replacing("[]", with: "")
            guard CSVValue.types.contains(base) else {
                throw ImportError(
                    file: file, line: line, column: name,
                    "`\(kind)` is no type; there are \(CSVValue.types.sorted().joined(separator: ", "))")
            }
            return .property(name: property, type: kind.lowercased())
        }
    }

    private func node(_ row: CSVReader.Row) throws(ImportError) -> ImportRecord {
        var (id, key, labels): (String, String?, [String]) = ("", nil, [])
        var properties: [NamedProperty] = []
        for (index, column) in self.columns.enumerated() {
            let text = row.fields[index]
            switch column {
            case .id(let property, let space):
                guard !text.isEmpty else { throw self.error(row, index, "the id is empty") }
                id = "\(space)/\(text)"
                key = property
                if let property { properties.append(NamedProperty(key: property, value: .string(text))) }
                if labels.isEmpty, !space.isEmpty { labels = [space] }
            case .label: if !text.isEmpty { labels = text.split(separator: ";").map(String.init) }
            case .property(let name, let type):
                if let value = try self.value(text, type, row, index) {
                    properties.append(NamedProperty(key: name, value: value))
                }
            default: break
            }
        }
        return .node(id: id, labels: labels, key: key, properties: properties)
    }

    private func relationship(_ row: CSVReader.Row) throws(ImportError) -> ImportRecord {
        var (type, start, end): (String, ImportRecord.Endpoint?, ImportRecord.Endpoint?) = ("", nil, nil)
        var properties: [NamedProperty] = []
        for (index, column) in self.columns.enumerated() {
            let text = row.fields[index]
            switch column {
            case .start(let space): start = Self.endpoint(space, text)
            case .end(let space): end = Self.endpoint(space, text)
            case .type: type = text
            case .property(let name, let kind):
                if let value = try self.value(text, kind, row, index) {
                    properties.append(NamedProperty(key: name, value: value))
                }
            default: break
            }
        }
        guard !type.isEmpty, let start, let end else {
            throw ImportError(
                file: self.file, line: row.line, "a relationship needs a :TYPE, a :START_ID and an :END_ID")
        }
        return .relationship(type: type, start: start, end: end, properties: properties)
    }

    private static func endpoint(_ space: String, _ text: String) -> ImportRecord.Endpoint {
        ImportRecord.Endpoint(id: "\(space)/\(text)", label: space.isEmpty ? nil : space, key: text)
    }

    private func value(_ text: String, _ type: String, _ row: CSVReader.Row, _ index: Int) throws(ImportError)
        -> Value?
    {
        if text.isEmpty { return nil }
        guard let value = CSVValue.value(text, type) else {
            throw self.error(row, index, "`\(text.prefix(60))` is not a \(type)")
        }
        return value
    }

    private func error(_ row: CSVReader.Row, _ index: Int, _ message: String) -> ImportError {
        ImportError(file: self.file, line: row.line, column: self.names[index], message)
    }
}

/// Texts of a table as values of a type.
private enum CSVValue {
    static let types: Set<String> = [
        "int", "integer", "long", "short", "byte", "float", "double", "boolean", "string", "char", "date",
        "localtime",
        "time", "localdatetime", "datetime", "duration",
    ]

    static func value(_ text: String, _ type: String) -> Value? {
        if type.hasSuffix("[]") {
            let base = String(type.dropLast(2))
            let parts = text.split(separator: ";").map { self.value(String($0), base) }
            return parts.contains { $0 == nil } ? nil : .list(parts.compactMap { $0 })
        }
        switch type {
        case "int", "integer", "long", "short", "byte": return Int(text).map(Value.integer)
        case "float", "double": return Double(text).map(Value.float)
        case "boolean": return text == "true" ? .boolean(true) : (text == "false" ? .boolean(false) : nil)
        case "date": return CalendarDate(iso: text).map(Value.date)
        case "localtime": return LocalTime(iso: text).map(Value.localTime)
        case "time": return ZonedTime(iso: text).map(Value.time)
        case "localdatetime": return LocalDateTime(iso: text).map(Value.localDateTime)
        case "datetime": return ZonedDateTime(iso: text).map(Value.dateTime)
        case "duration": return TemporalDuration(iso: text).map(Value.duration)
        default: return .string(text)
        }
    }
}

/// Splits CSV (RFC 4180) into fields; a quoted field may hold commas, quotes and line ends.
struct CSVReader {
    struct Row: Hashable, Sendable {
        let line: Int
        let fields: [String]
    }

    private let bytes: [UInt8]
    private let file: String
    private var at = 0
    private var line = 1

    init(_ text: String, file: String) {
        self.bytes = Array(text.utf8)
        self.file = file
    }

    mutating func rows() throws(ImportError) -> [Row] {
        var rows: [Row] = []
        if self.bytes.starts(with: [0xEF, 0xBB, 0xBF]) { self.at = 3 }
        while self.at < self.bytes.count {
            let start = self.line
            var fields: [String] = []
            repeat { fields.append(try self.field()) } while self.takeComma()
            self.endLine()
            // Empty lines are no rows.
            if fields != [""] { rows.append(Row(line: start, fields: fields)) }
        }
        return rows
    }

    private mutating func field() throws(ImportError) -> String {
        guard self.at < self.bytes.count, self.bytes[self.at] == UInt8(ascii: "\"") else {
            let start = self.at
            while self.at < self.bytes.count, ![10, 13, UInt8(ascii: ",")].contains(self.bytes[self.at]) {
                self.at += 1
            }
            return String(decoding: self.bytes[start..<self.at], as: UTF8.self)
        }
        let start = self.line
        var field: [UInt8] = []
        self.at += 1
        while self.at < self.bytes.count {
            let byte = self.bytes[self.at]
            self.at += 1
            if byte == UInt8(ascii: "\"") {
                guard self.at < self.bytes.count, self.bytes[self.at] == UInt8(ascii: "\"") else {
                    return try self.closed(field)
                }
                self.at += 1
            }
            if byte == 10 { self.line += 1 }
            field.append(byte)
        }
        throw ImportError(file: self.file, line: start, "a quoted value is not closed")
    }

    private func closed(_ field: [UInt8]) throws(ImportError) -> String {
        guard self.at == self.bytes.count || [10, 13, UInt8(ascii: ",")].contains(self.bytes[self.at]) else {
            throw ImportError(file: self.file, line: self.line, "text follows the closing quote of a value")
        }
        return String(decoding: field, as: UTF8.self)
    }

    private mutating func takeComma() -> Bool {
        guard self.at < self.bytes.count, self.bytes[self.at] == UInt8(ascii: ",") else { return false }
        self.at += 1
        return true
    }

    private mutating func endLine() {
        if self.at < self.bytes.count, self.bytes[self.at] == 13 { self.at += 1 }
        if self.at < self.bytes.count, self.bytes[self.at] == 10 { self.at += 1 }
        self.line += 1
    }
}
