internal import Foundation
internal import JSON
internal import PropertyGraph

/// Reads JSON Lines, the form that `apoc.export.json.all` writes:
/// `{"type": "node", "id": "1", "labels": ["User"], "properties": {...}}` and
/// `{"type": "relationship", "label": "MEMBER", "start": {"id": "1"}, "end": {"id": "2"}, "properties": {...}}`.
///
/// Three things more than there: a node's `key` names the property by which the graph knows it; an end's `key` is
/// that property's value; `{"type": "source", "file": "users.csv", "line": 7}` says where the next line comes from, for
/// messages. Lines in the usual form are read in place; any other goes through ``JSON``, which also finds the
/// words for what is wrong.
struct JSONLinesReader {
    let window: ByteWindow
    private let name: String
    private var cache: NameCache
    private var line = 0
    private var file: String
    /// Ids of a line that was not read in place.
    private var held: [ByteWindow] = []

    init(_ source: ImportSource, name: String, _ transaction: GraphTransaction) throws(ImportError) {
        self.window = try source.open(name: name)
        self.name = name
        self.file = name
        self.cache = NameCache(transaction)
    }

    /// Reads the next record; false at the end.
    mutating func next(_ row: inout ImportRow) throws -> Bool {
        while try self.window.hasBytes() {
            guard let text = try self.nextLine() else { continue }
            self.line += 1
            var cursor = JSONCursor(text)
            cursor.skipSpace()
            if cursor.isAtEnd { continue }
            row.file = self.file
            row.line = self.line
            row.offset = self.window.origin + (text.start - UnsafePointer(self.window.base))
            row.key = nil
            row.isKeyedByID = false
            row.properties.removeAll(keepingCapacity: true)
            if try cursor.record(&row, &self.cache) { return true }
            row.properties.removeAll(keepingCapacity: true)
            if try self.readSlowly(text, &row) { return true }
        }
        return false
    }

    /// Moves to the place of a record that was read before, in a reader that was just opened, as far as
    /// bytes go: the lines between are counted, and lines that say where they come from are heeded.
    mutating func skip(to offset: Int) throws {
        while try self.window.hasBytes() {
            guard self.window.origin + self.window.at < offset else { return }
            guard let text = try self.nextLine() else { continue }
            self.line += 1
            if text.count > 16, memcmp(text.start, "{\"type\":\"source\"", 16) == 0 {
                var row = ImportRow(file: self.file, window: self.window)
                _ = try self.readSlowly(text, &row)
            }
        }
    }

    /// The next line without its end; nil when the window had to move and it is to be asked for again.
    private func nextLine() throws(ImportError) -> ByteSlice? {
        let (base, at, end) = (self.window.base, self.window.at, self.window.end)
        let found = memchr(base + at, 10, end - at).map {
            $0.assumingMemoryBound(to: UInt8.self) - base
        }
        guard found != nil || self.window.isLast else {
            try self.window.more()
            return nil
        }
        let stop = found ?? end
        self.window.at = min(stop + 1, end)
        return ByteSlice(start: UnsafePointer(base + at), count: stop - at)
    }

    // MARK: Any form

    /// Reads a line through ``JSON``; false when it is not a record.
    private mutating func readSlowly(_ text: ByteSlice, _ row: inout ImportRow) throws -> Bool {
        let json: JSON
        do {
            json = try JSON.parse(utf8: Array(UnsafeBufferPointer(start: text.start, count: text.count)))
        } catch {
            throw self.error("not JSON at column \(error.column): \(error.message)")
        }
        self.held.removeAll(keepingCapacity: true)
        guard let properties = (json["properties"] ?? .object(JSON.Object())).object else {
            throw self.error("`properties` holds a value that no property can have")
        }
        for member in properties {
            guard let value = Value(fileJSON: member.value) else {
                throw self.error("`properties` holds a value that no property can have")
            }
            row.properties.append((try self.cache.transaction.propertyKey(member.name), value))
        }
        switch json["type"]?.string {
        case "node":
            guard let id = self.id(json["id"]) else { throw self.error("a node needs an `id`") }
            row.kind = .node
            row.id = id
            row.labels = []
            for label in json["labels"]?.array?.compactMap(\.string) ?? [] {
                row.labels.append(try self.cache.transaction.label(label))
            }
            row.key = try json["key"]?.string.map { try self.cache.transaction.propertyKey($0) }
        case "relationship":
            guard let type = json["label"]?.string, let start = try self.end(json["start"]),
                let end = try self.end(json["end"])
            else { throw self.error("a relationship needs `label`, `start.id` and `end.id`") }
            row.kind = .relationship
            row.type = try self.cache.transaction.relationshipType(type)
            (row.start, row.end) = (start, end)
        case "source":
            self.file = json["file"]?.string ?? self.file
            self.line = (json["line"]?.int ?? 1) - 1
            return false
        default: throw self.error("`type` is neither \"node\" nor \"relationship\"")
        }
        return true
    }

    private mutating func id(_ json: JSON?) -> ImportID? {
        guard let text = json?.string ?? json?.int.map({ "\($0)" }) else { return nil }
        return ImportID(text: self.hold(text))
    }

    private mutating func end(_ json: JSON?) throws -> ImportRow.End? {
        guard let id = self.id(json?["id"]) else { return nil }
        let label = try json?["labels"]?.array?.first?.string.map { try self.cache.transaction.label($0) }
        return ImportRow.End(id: id, label: label, key: json?["key"]?.string.map { self.hold($0) })
    }

    private mutating func hold(_ text: String) -> ByteSlice {
        let bytes = ByteWindow(Array(text.utf8), name: self.name)
        self.held.append(bytes)
        return ByteSlice(start: UnsafePointer(bytes.base), count: bytes.end)
    }

    private func error(_ message: String) -> ImportError {
        ImportError(file: self.file, line: self.line, message)
    }
}

/// Reads one line in place, if it has the usual form: known members, names without escapes.
private struct JSONCursor {
    private let base: UnsafePointer<UInt8>
    private let end: Int
    private var at = 0

    init(_ text: ByteSlice) {
        self.base = text.start
        self.end = text.count
    }

    var isAtEnd: Bool { self.at == self.end }

    mutating func skipSpace() {
        while self.at < self.end, [32, 9, 13].contains(self.base[self.at]) { self.at += 1 }
    }

    /// Whether the next byte that is not space is this one; takes it then.
    private mutating func take(_ byte: UInt8) -> Bool {
        if self.at < self.end, self.base[self.at] == byte {
            self.at += 1
            return true
        }
        guard self.at < self.end, self.base[self.at] <= 32 else { return false }
        self.skipSpace()
        guard self.at < self.end, self.base[self.at] == byte else { return false }
        self.at += 1
        return true
    }

    /// Reads a record; false when the line has another form, right or wrong.
    mutating func record(_ row: inout ImportRow, _ cache: inout NameCache) throws -> Bool {
        var (isNode, isRelationship) = (false, false)
        var (hasID, hasType, hasStart, hasEnd) = (false, false, false, false)
        row.labels.removeAll(keepingCapacity: true)
        guard self.take(UInt8(ascii: "{")) else { return false }
        repeat {
            guard let name = self.plainString(), self.take(UInt8(ascii: ":")) else { return false }
            switch name.count {
            case 4 where name.equals("type"):
                guard let kind = self.plainString() else { return false }
                isNode = kind.equals("node")
                isRelationship = kind.equals("relationship")
            case 2 where name.equals("id"):
                guard let id = self.id() else { return false }
                row.id = id
                hasID = true
            case 6 where name.equals("labels"):
                guard try self.labels(&row.labels, &cache) else { return false }
            case 3 where name.equals("key"):
                guard try self.key(&row, &cache) else { return false }
            case 5 where name.equals("label"):
                guard let text = self.plainString(), !text.isEmpty, let type = try cache.type(text) else {
                    return false
                }
                row.type = type
                hasType = true
            case 5 where name.equals("start"):
                guard try self.relationshipEnd(&row.start, &cache) else { return false }
                hasStart = true
            case 3 where name.equals("end"):
                guard try self.relationshipEnd(&row.end, &cache) else { return false }
                hasEnd = true
            case 10 where name.equals("properties"):
                guard try self.properties(&row, &cache) else { return false }
            default: return false
            }
        } while self.take(UInt8(ascii: ","))
        guard self.take(UInt8(ascii: "}")) else { return false }
        self.skipSpace()
        guard self.isAtEnd else { return false }
        row.kind = isNode ? .node : .relationship
        return isNode ? hasID : (isRelationship && hasType && hasStart && hasEnd)
    }

    /// A string without escapes.
    private mutating func plainString() -> ByteSlice? {
        guard self.take(UInt8(ascii: "\"")) else { return nil }
        let start = self.at
        while self.at < self.end {
            let byte = self.base[self.at]
            if byte == UInt8(ascii: "\"") {
                self.at += 1
                return ByteSlice(start: self.base + start, count: self.at - 1 - start)
            }
            guard byte >= 32, byte != UInt8(ascii: "\\") else { return nil }
            self.at += 1
        }
        return nil
    }

    private mutating func id() -> ImportID? {
        self.skipSpace()
        guard self.at < self.end, self.base[self.at] != UInt8(ascii: "\"") else {
            return self.plainString().map { ImportID(text: $0) }
        }
        guard let (text, isWhole) = self.number(), isWhole, CSVType.integer(text) != nil else { return nil }
        return ImportID(text: text)
    }

    private mutating func labels(_ labels: inout [LabelID], _ cache: inout NameCache) throws -> Bool {
        guard self.take(UInt8(ascii: "[")) else { return false }
        if self.take(UInt8(ascii: "]")) { return true }
        repeat {
            guard let text = self.plainString(), !text.isEmpty, let label = try cache.label(text) else {
                return false
            }
            labels.append(label)
        } while self.take(UInt8(ascii: ","))
        return self.take(UInt8(ascii: "]"))
    }

    private mutating func key(_ row: inout ImportRow, _ cache: inout NameCache) throws -> Bool {
        self.skipSpace()
        if self.word("null") {
            row.key = nil
            return true
        }
        guard let text = self.plainString(), !text.isEmpty else { return false }
        row.key = try cache.key(text)
        return row.key != nil
    }

    private mutating func relationshipEnd(_ end: inout ImportRow.End, _ cache: inout NameCache) throws -> Bool
    {
        guard self.take(UInt8(ascii: "{")) else { return false }
        var hasID = false
        end.label = nil
        end.key = nil
        repeat {
            guard let name = self.plainString(), self.take(UInt8(ascii: ":")) else { return false }
            if name.equals("id"), let id = self.id() {
                end.id = id
                hasID = true
            } else if name.equals("labels") {
                var labels: [LabelID] = []
                guard try self.labels(&labels, &cache) else { return false }
                end.label = labels.first
            } else if name.equals("key") {
                self.skipSpace()
                if self.word("null") { continue }
                guard let key = self.plainString() else { return false }
                end.key = key
            } else {
                return false
            }
        } while self.take(UInt8(ascii: ","))
        return self.take(UInt8(ascii: "}")) && hasID
    }

    private mutating func properties(_ row: inout ImportRow, _ cache: inout NameCache) throws -> Bool {
        guard self.take(UInt8(ascii: "{")) else { return false }
        if self.take(UInt8(ascii: "}")) { return true }
        repeat {
            guard let name = self.plainString(), !name.isEmpty, self.take(UInt8(ascii: ":")),
                let key = try cache.key(name), let value = self.value(isElement: false)
            else { return false }
            row.properties.append((key, value))
        } while self.take(UInt8(ascii: ","))
        return self.take(UInt8(ascii: "}"))
    }

    private mutating func value(isElement: Bool) -> Value? {
        self.skipSpace()
        guard self.at < self.end else { return nil }
        switch self.base[self.at] {
        case UInt8(ascii: "\""): return self.string()
        case UInt8(ascii: "t"): return self.word("true") ? .boolean(true) : nil
        case UInt8(ascii: "f"): return self.word("false") ? .boolean(false) : nil
        case UInt8(ascii: "n"): return self.word("null") ? .null : nil
        case UInt8(ascii: "{"): return self.object()
        case UInt8(ascii: "["): return isElement ? nil : self.list()
        default:
            guard let (text, isWhole) = self.number() else { return nil }
            return isWhole ? CSVType.integer(text).map(Value.integer) : CSVType.float(text).map(Value.float)
        }
    }

    private mutating func string() -> Value? {
        let start = self.at
        if let text = self.plainString() { return text.text.map(Value.string) }
        // With escapes: from quote to quote, as JSON.
        self.at = start
        guard self.skipString() else { return nil }
        return self.json(from: start)?.string.map(Value.string)
    }

    private mutating func skipString() -> Bool {
        self.at += 1
        while self.at < self.end {
            let byte = self.base[self.at]
            self.at += byte == UInt8(ascii: "\\") ? 2 : 1
            if byte == UInt8(ascii: "\"") { return true }
        }
        return false
    }

    private mutating func object() -> Value? {
        let start = self.at
        var depth = 0
        while self.at < self.end {
            switch self.base[self.at] {
            case UInt8(ascii: "\""):
                guard self.skipString() else { return nil }
                continue
            case UInt8(ascii: "{"): depth += 1
            case UInt8(ascii: "}"): depth -= 1
            default: break
            }
            self.at += 1
            if depth == 0 { return self.json(from: start).flatMap { Value(fileJSON: $0) } }
        }
        return nil
    }

    private func json(from start: Int) -> JSON? {
        guard self.at <= self.end else { return nil }
        return try? JSON.parse(
            utf8: Array(UnsafeBufferPointer(start: self.base + start, count: self.at - start)))
    }

    private mutating func list() -> Value? {
        self.at += 1
        if self.take(UInt8(ascii: "]")) { return .list([]) }
        var elements: [Value] = []
        repeat {
            guard let element = self.value(isElement: true) else { return nil }
            elements.append(element)
        } while self.take(UInt8(ascii: ","))
        return self.take(UInt8(ascii: "]")) ? .list(elements) : nil
    }

    private mutating func word(_ word: StaticString) -> Bool {
        let count = word.utf8CodeUnitCount
        guard self.at + count <= self.end, memcmp(self.base + self.at, word.utf8Start, count) == 0 else {
            return false
        }
        self.at += count
        return true
    }

    /// A number of JSON's grammar, and whether it is written without fraction and exponent.
    private mutating func number() -> (text: ByteSlice, isWhole: Bool)? {
        let start = self.at
        if self.base[self.at] == UInt8(ascii: "-") { self.at += 1 }
        let first = self.at
        let digits = self.digits()
        guard digits > 0, digits == 1 || self.base[first] != 48 else { return nil }
        var isWhole = true
        if self.at < self.end, self.base[self.at] == UInt8(ascii: ".") {
            isWhole = false
            self.at += 1
            guard self.digits() > 0 else { return nil }
        }
        if self.at < self.end, self.base[self.at] | 32 == UInt8(ascii: "e") {
            isWhole = false
            self.at += 1
            if self.at < self.end, self.base[self.at] == 43 || self.base[self.at] == 45 { self.at += 1 }
            guard self.digits() > 0 else { return nil }
        }
        return (ByteSlice(start: self.base + start, count: self.at - start), isWhole)
    }

    private mutating func digits() -> Int {
        let start = self.at
        while self.at < self.end, self.base[self.at] >= 48, self.base[self.at] < 58 { self.at += 1 }
        return self.at - start
    }
}

extension Value {
    /// Reads a property of a JSON file: what ``storedJSON`` wrote, or a point as APOC writes it.
    init?(fileJSON json: JSON) {
        switch json {
        case .object(let object):
            if object["crs"] != nil || object["srid"] != nil {
                guard let point = Point(fileJSON: object) else { return nil }
                self = .point(point)
            } else {
                self.init(storedJSON: json)
            }
        case .array(let elements):
            var values: [Value] = []
            for element in elements {
                guard let value = Value(fileJSON: element) else { return nil }
                values.append(value)
            }
            self = .list(values)
        default: self.init(storedJSON: json)
        }
    }
}

extension Point {
    /// Reads `{"crs": "wgs-84", "latitude": 59.3, "longitude": 18.1, "height": null}` and the form with `x`, `y`, `z`.
    fileprivate init?(fileJSON object: JSON.Object) {
        var system: Point.System?
        if let crs = object["crs"]?.string { system = Point.System(name: crs) }
        if system == nil { system = object["srid"]?.int.flatMap(Point.System.init(rawValue:)) }
        guard let system else { return nil }
        func number(_ name: String) -> Double? {
            guard let json = object[name], let value = Value(storedJSON: json) else { return nil }
            switch value {
            case .integer(let number): return Double(number)
            case .float(let number): return number
            default: return nil
            }
        }
        self.init(
            system: system, longitude: number("longitude"), latitude: number("latitude"), x: number("x"),
            y: number("y"), z: number("height") ?? number("z"))
    }
}
