internal import Foundation
internal import JSON
internal import PropertyGraph

/// A graph as tables with the headers of neo4j-admin: one for each set of labels, one for each type of
/// relationship.
///
/// A column's type is the one that most values of the property have in that table. Values of other types, and those that
/// no column can hold (lists of mixed types, or of texts that hold `;` or nothing), stand in a second column,
/// `name:IGNORE{plexus:json}`, as JSON: other programs skip it, this one reads it back. Labels that hold `;` stand in
/// `:IGNORE{plexus:labels}` likewise. Nothing between the delimiters is no property, `""` the empty text or list.
///
/// An always empty column `name:IGNORE{plexus:key}` says that the graph knows the nodes of the table by that property
/// and their first label, so that an import finds those that are there already.
package struct CSVExport {
    /// What may stand in a column of one type.
    private struct Shape: Hashable {
        let type: CSVType
        let isList: Bool
    }

    private struct Key: Hashable {
        let labels: [LabelID]?
        let type: RelationshipTypeID?
        let property: PropertyKeyID?

        init(_ row: ExportRow) {
            self.labels = row.isNode ? row.labels : nil
            self.type = row.isNode ? nil : row.type
            self.property = row.isNode ? row.key : nil
        }
    }

    /// One table.
    private struct Table {
        let file: String
        var shapes: [PropertyKeyID: [Shape?: Int]] = [:]
        /// Columns in order, with their shape, or nil for JSON.
        var columns: [(key: PropertyKeyID, shape: Shape?)] = []
        var buffer: [UInt8] = []
        var needsJSONLabels = false
    }

    private let source: ExportSource
    private var tables: [Table] = []
    private var numbers: [Key: Int] = [:]
    private var fileNames: Set<String> = []
    private var counter: Counter

    /// Prepares an export.
    package init(_ source: ExportSource, progress: @escaping (FileProgress) -> Void = { _ in }) {
        self.source = source
        self.counter = Counter(progress: progress)
    }

    /// Writes the tables into a folder's writer. Walks the source twice.
    /// - Throws: what the disk or the source says.
    package mutating func write(to folder: borrowing ExportFolder) throws {
        // Every walk gives the names the same numbers.
        let tokens = try self.measure()
        for index in self.tables.indices { self.choose(index) }
        var rows = try self.source.open()
        for (key, index) in self.numbers { self.writeHeader(key, index, tokens) }
        try self.writeRows(&rows, tokens, folder)
    }

    private mutating func measure() throws -> TokenTable {
        var rows = try self.source.open()
        var row = ExportRow()
        var last: (key: Key, index: Int)?
        while try rows.next(&row) {
            let key = Key(row)
            let index: Int
            if let last, last.key == key { index = last.index } else { index = self.table(key, rows.tokens) }
            last = (key, index)
            for (property, value) in row.properties {
                self.tables[index].shapes[property, default: [:]][Self.shape(value), default: 0] += 1
            }
        }
        return rows.tokens
    }

    private mutating func table(_ key: Key, _ tokens: TokenTable) -> Int {
        if let index = self.numbers[key] { return index }
        let names = key.labels.map { $0.map(tokens.name) } ?? [key.type.map(tokens.name) ?? ""]
        let stem = ([key.labels == nil ? "relationships" : "nodes"] + names.map(Self.fileName)).joined(
            separator: "-")
        var (file, number) = (String(stem.prefix(120)), 1)
        if file.lowercased().hasSuffix("-header") || file.lowercased().hasSuffix("_header") { file += "_" }
        let first = file
        while !self.fileNames.insert(file.lowercased()).inserted {
            number += 1
            file = "\(first)~\(number)"
        }
        let index = self.tables.count
        self.tables.append(Table(file: file + ".csv"))
        self.tables[index].needsJSONLabels =
            key.labels != nil && names.contains { $0.utf8.contains(UInt8(ascii: ";")) }
        self.numbers[key] = index
        return index
    }

    /// A name as part of a file's name: letters and digits of ASCII, others as `_`.
    private static func fileName(_ name: String) -> String {
        String(
            decoding: name.utf8.map { byte in
                let isPlain =
                    (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
                return isPlain ? byte : UInt8(ascii: "_")
            }, as: UTF8.self)
    }

    private mutating func choose(_ index: Int) {
        for (key, counts) in self.tables[index].shapes.sorted(by: { $0.key < $1.key }) {
            // Empty lists fit every list; they count as texts' lists, the commonest.
            let best = counts.filter { $0.key != nil }.max {
                ($0.value, Self.order($1.key)) < ($1.value, Self.order($0.key))
            }?.key
            if let best { self.tables[index].columns.append((key, best)) }
            let isWhole = counts.keys.allSatisfy { $0 != nil && $0 == best }
            if !isWhole { self.tables[index].columns.append((key, nil)) }
        }
        self.tables[index].shapes = [:]
    }

    private static func order(_ shape: Shape?) -> String {
        shape.map { $0.type.rawValue + ($0.isList ? "[]" : "") } ?? ""
    }

    /// The column that holds a value exactly, nil when none does.
    private static func shape(_ value: Value) -> Shape? {
        guard case .list(let elements) = value else {
            return self.type(value).map { Shape(type: $0, isList: false) }
        }
        guard let first = elements.first else { return Shape(type: .string, isList: true) }
        guard let type = self.type(first) else { return nil }
        for element in elements {
            guard self.type(element) == type else { return nil }
            if case .string(let text) = element, text.isEmpty || text.utf8.contains(UInt8(ascii: ";")) {
                return nil
            }
        }
        return Shape(type: type, isList: true)
    }

    private static func type(_ value: Value) -> CSVType? {
        switch value {
        case .boolean: .boolean
        case .integer: .long
        case .float: .double
        case .string: .string
        case .date: .date
        case .localTime: .localtime
        case .time: .time
        case .localDateTime: .localdatetime
        // A list's elements are divided before they are read; a zone's name holds no `;`.
        case .dateTime(let moment): moment.zone?.contains(";") == true ? nil : .datetime
        case .duration: .duration
        case .point: .point
        default: nil
        }
    }

    // MARK: Text

    private mutating func writeHeader(_ key: Key, _ index: Int, _ tokens: TokenTable) {
        var fields: [String] = []
        if key.labels != nil {
            fields = [":ID", self.tables[index].needsJSONLabels ? ":IGNORE{plexus:labels}" : ":LABEL"]
        } else {
            fields = [":START_ID", ":END_ID", ":TYPE"]
        }
        for (property, shape) in self.tables[index].columns {
            fields.append(
                tokens.name(property) + (shape.map { ":" + Self.order($0) } ?? ":IGNORE{plexus:json}"))
        }
        if let property = key.property { fields.append(tokens.name(property) + ":IGNORE{plexus:key}") }
        for (position, field) in fields.enumerated() {
            if position > 0 { self.tables[index].buffer.append(UInt8(ascii: ",")) }
            Self.write(field, &self.tables[index].buffer)
        }
        self.tables[index].buffer.append(10)
    }

    private mutating func writeRows(
        _ rows: inout any ExportRows, _ tokens: TokenTable, _ folder: borrowing ExportFolder
    ) throws {
        var row = ExportRow()
        let limit = max((32 << 20) / max(self.tables.count, 1), 1 << 12)
        var last: (key: Key, index: Int)?
        while try rows.next(&row) {
            let key = Key(row)
            let index: Int
            if let last, last.key == key { index = last.index } else { index = self.table(key, tokens) }
            last = (key, index)
            self.write(row, index, tokens)
            if self.tables[index].buffer.count > limit { try self.flush(index, folder) }
            self.counter.count(self.tables[index].file)
        }
        for index in self.tables.indices { try self.flush(index, folder) }
    }

    private mutating func flush(_ index: Int, _ folder: borrowing ExportFolder) throws {
        try folder.append(self.tables[index].buffer, to: self.tables[index].file)
        self.tables[index].buffer.removeAll(keepingCapacity: true)
    }

    private mutating func write(_ row: ExportRow, _ index: Int, _ tokens: TokenTable) {
        var bytes: [UInt8] = []
        swap(&bytes, &self.tables[index].buffer)
        if row.isNode {
            bytes.append(contentsOf: "\(row.id),".utf8)
            if self.tables[index].needsJSONLabels {
                Self.write(JSON.array(row.labels.map { .string(tokens.name($0)) }).text, &bytes)
            } else if !row.labels.isEmpty {
                Self.write(row.labels.map(tokens.name).joined(separator: ";"), &bytes)
            }
        } else {
            bytes.append(contentsOf: "\(row.start),\(row.end),".utf8)
            Self.write(tokens.name(row.type), &bytes)
        }
        for (key, shape) in self.tables[index].columns {
            bytes.append(UInt8(ascii: ","))
            guard let value = row.properties.first(where: { $0.key == key })?.value else { continue }
            let own = Self.shape(value)
            let isOther = self.tables[index].columns.contains {
                $0.key == key && $0.shape != nil && $0.shape == own
            }
            if let shape {
                if shape == own { Self.write(value, &bytes) }
            } else if !isOther {
                var json: [UInt8] = []
                value.writeFileJSON(to: &json)
                Self.write(String(decoding: json, as: UTF8.self), &bytes)
            }
        }
        if row.isNode, row.key != nil { bytes.append(UInt8(ascii: ",")) }
        bytes.append(10)
        swap(&bytes, &self.tables[index].buffer)
    }

    private static func write(_ value: Value, _ bytes: inout [UInt8]) {
        switch value {
        case .integer(let number): bytes.append(contentsOf: String(number).utf8)
        case .string(let text): self.write(text, &bytes)
        case .list(let elements): self.write(elements.map(self.text).joined(separator: ";"), &bytes)
        default: self.write(self.text(value), &bytes)
        }
    }

    private static func text(_ value: Value) -> String {
        switch value {
        case .boolean(let truth): "\(truth)"
        case .integer(let number): "\(number)"
        case .float(let number): self.text(number)
        case .string(let text): text
        case .date(let date): date.description
        case .localTime(let time): time.description
        case .time(let time): time.description
        case .localDateTime(let moment): moment.description
        case .dateTime(let moment): moment.description
        case .duration(let amount): amount.description
        case .point(let point): self.text(point)
        default: ""
        }
    }

    /// As Java writes and reads them.
    private static func text(_ number: Double) -> String {
        number.isNaN ? "NaN" : (number.isInfinite ? (number < 0 ? "-Infinity" : "Infinity") : "\(number)")
    }

    private static func text(_ point: Point) -> String {
        let names = point.isGeographic ? ["longitude", "latitude", "height"] : ["x", "y", "z"]
        let parts = zip(names, point.coordinates).map { "\($0): \(self.text($1))" }
        return "{\(parts.joined(separator: ", ")), crs: \(point.system.name)}"
    }

    /// A field, in quotes when it has to be; the empty text always.
    private static func write(_ text: String, _ bytes: inout [UInt8]) {
        let utf8 = text.utf8
        let isPlain =
            !utf8.isEmpty && utf8.first != 32 && utf8.last != 32
            && !utf8.contains { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "\"") || $0 == 10 || $0 == 13 }
        guard !isPlain else { return bytes.append(contentsOf: utf8) }
        bytes.append(UInt8(ascii: "\""))
        for byte in utf8 {
            if byte == UInt8(ascii: "\"") { bytes.append(byte) }
            bytes.append(byte)
        }
        bytes.append(UInt8(ascii: "\""))
    }
}
