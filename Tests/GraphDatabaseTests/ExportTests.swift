import Foundation
import GraphDatabase
import GraphStorage
import JSON
import PropertyGraph
import TestSupport
import Testing

/// Makes graphs of everything that is hard to write down.
private struct GraphMaker {
    var random: SplitMix

    private static let names = [
        "User", "a,b", "q\"uote", "semi;colon", "co:lon", "line\nend", "ba`ck``tick", "größe", "中文",
        " space ",
        "x:int", "{curly}", "(round)", "list[]", "header", "-header", "\u{0600}", "tab\t", "'apostrophe'",
        "\\", "id", "UNIQUE IMPORT ID",
        "e\u{301}", "type", "user", "\r", "\u{FEFF}bom", "//", "null",
    ]
    private static let texts = [
        "", " ", "a", "a;b", ";", "\"", "\"\"", ",", "line\nend", "cr\r\nlf", "ba`ck", "it's", "\\n",
        "\u{0}\u{1}\u{1F}", "🦀", "null",
        "true", "12", "NaN", "{\"$date\":\"2026-01-01\"}", "// not a comment; really", "\u{FEFF}x",
        "\u{2028}", "e\u{301}",
    ]

    mutating func name() -> String { Self.names.randomElement(using: &self.random) ?? "a" }

    mutating func pick<Element>(_ elements: [Element], or other: Element) -> Element {
        elements.randomElement(using: &self.random) ?? other
    }

    mutating func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &self.random) }

    mutating func double() -> Double {
        let usual = [
            -0.0, 0, 1, .nan, .infinity, -.infinity, .leastNonzeroMagnitude, .greatestFiniteMagnitude, 0.1,
            1e16, 1e22,
            -123.456, 1e-7,
        ]
        return self.number(0...2) > 0
            ? self.pick(usual, or: 0)
            : Double(bitPattern: UInt64(self.number(0...Int.max))).rounded(.toNearestOrEven) * 0.37
    }

    mutating func scalar(_ kind: Int) -> Value {
        switch kind {
        case 0: return .boolean(self.number(0...1) == 0)
        case 1:
            return .integer(
                self.pick([0, -1, Int.max, Int.min, 1 << 53 + 1, self.number(-9999...9999)], or: 0))
        case 2: return .float(self.double())
        case 3: return .string(self.pick(Self.texts, or: ""))
        case 4: return .date(CalendarDate(days: self.number(-800_000...4_000_000)))
        case 5: return .localTime(self.time())
        case 6: return .time(ZonedTime(local: self.time(), offsetSeconds: self.offset()))
        case 7:
            return .localDateTime(
                LocalDateTime(
                    seconds: self.number(-99_999_999_999...99_999_999_999), nanosecond: self.nanos()))
        case 8:
            let zoned = self.number(0...3) == 0
            return .dateTime(
                ZonedDateTime(
                    seconds: zoned ? 1_800_000_000 : self.number(-99_999_999_999...99_999_999_999),
                    nanosecond: self.nanos(),
                    offsetSeconds: zoned ? 3600 : self.offset(), zone: zoned ? "Europe/Stockholm" : nil))
        case 9:
            return .duration(
                TemporalDuration(
                    months: self.number(-99...99), days: self.number(-99...99),
                    seconds: self.number(-99_999...99_999),
                    nanoseconds: self.nanos()))
        default:
            let system = self.pick(
                [.cartesian, .cartesian3D, .wgs84, .wgs84With3D], or: Point.System.cartesian)
            let z = system == .cartesian3D || system == .wgs84With3D ? 3.25 : nil
            return Point(
                system: system, x: Double(self.number(-180...180)), y: 0.1 + Double(self.number(-80...80)),
                z: z
            )
            .map(Value.point) ?? .integer(0)
        }
    }

    private mutating func nanos() -> Int { self.pick([0, 1, 500_000_000, 999_999_999], or: 0) }
    private mutating func offset() -> Int { self.pick([0, 3600, -34_200, 3630, 64_800], or: 0) }
    private mutating func time() -> LocalTime {
        LocalTime(nanosecondOfDay: self.number(0...86_399) * 1_000_000_000 + self.nanos())
    }

    mutating func value() -> Value {
        let kind = self.number(0...10)
        switch self.number(0...7) {
        case 0: return .list([])
        case 1: return .list((0..<self.number(1...3)).map { _ in self.scalar(kind) })
        case 2: return .list((0..<self.number(1...3)).map { _ in self.scalar(self.number(0...10)) })
        default: return self.scalar(kind)
        }
    }

    mutating func properties() -> [String: Value] {
        var properties: [String: Value] = [:]
        for _ in 0..<self.number(0...4) { properties[self.name()] = self.value() }
        return properties
    }

    mutating func graph() throws -> GraphSnapshot {
        let transaction = GraphTransaction(GraphSnapshot())
        try transaction.createConstraint(
            ConstraintDefinition(name: "odd `name`", kind: .unique, entity: "co:lon", keys: ["n;r"]))
        try transaction.createConstraint(
            ConstraintDefinition(name: "ends", kind: .relationshipPropertyExists, entity: "R", keys: ["must"])
        )
        try transaction.createIndex(IndexDefinition(name: "i", label: "a,b", keys: ["x:int", "id"]))
        var nodes: [NodeID] = []
        for index in 0..<self.number(0...40) {
            var properties = self.properties()
            properties["n;r"] = .integer(index)
            let labels = Set((0..<self.number(0...3)).map { _ in self.name() })
            nodes.append(try transaction.createNode(labels: labels.sorted(), properties: properties))
        }
        // Holes in the ids.
        if let gone = nodes.popLast() { try transaction.deleteNode(gone) }
        for _ in 0..<(nodes.isEmpty ? 0 : self.number(0...60)) {
            let (from, to) = (self.pick(nodes, or: NodeID(0)), self.pick(nodes, or: NodeID(0)))
            var properties = self.properties()
            properties["must"] = .boolean(true)
            _ = try transaction.createRelationship(
                type: self.number(0...3) == 0 ? "R" : self.name(), from: from,
                to: self.number(0...4) == 0 ? from : to,
                properties: properties)
        }
        return try transaction.finish()?.graph ?? transaction.graph
    }
}

/// A graph as sorted lines in which nodes are named by their property `n;r`, so that equal graphs have equal
/// lines whatever their ids are.
private func canonical(_ graph: GraphSnapshot) -> [String] {
    func text(_ properties: [NamedProperty]) -> String {
        properties.sorted { $0.key < $1.key }.map {
            "\($0.key.debugDescription)=\($0.value.storedJSON?.text ?? "?")"
        }
        .joined(separator: " ")
    }
    let key = graph.tokens.propertyKey("n;r") ?? PropertyKeyID(0)
    var lines: [String] = []
    for node in graph.allNodes() {
        if case .putNode(_, let labels, let properties)? = graph.image(of: node) {
            lines.append("node \(labels.sorted()) \(text(properties))")
        }
    }
    for relationship in graph.allRelationships() {
        if case .putRelationship(_, let type, let source, let target, let properties)? = graph.image(
            of: relationship)
        {
            let ends = "\(graph.property(key, of: source)) \(graph.property(key, of: target))"
            lines.append("relationship \(type.debugDescription) \(ends) \(text(properties))")
        }
    }
    lines += graph.constraints.map { "\($0)" } + graph.indexes.map { "\($0.definition)" }
    return lines.sorted()
}

struct ExportTests {
    private func inFolder<Result>(_ body: (String) async throws -> Result) async throws -> Result {
        let folder = FileManager.default.temporaryDirectory.appending(
            path: "plexus-export-\(UUID().uuidString)"
        ).path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        return try await body(folder)
    }

    /// Imports the files of an export into an empty graph in memory, as the command does.
    private func read(_ files: [String], in folder: String) async throws -> GraphSnapshot {
        let database = try await GraphDatabase(name: "test", storage: NoStorage())
        var found = ImportFiles()
        for file in files where !file.hasSuffix(".cypher") {
            let source = ImportSource(path: folder + "/" + file)
            if file.hasSuffix(".csv") {
                found.add(try CSVTable(source, name: file))
            } else {
                found.addLines(source, name: file)
            }
        }
        _ = try await database.importFiles(found)
        for file in files where file.hasSuffix(".cypher") {
            try await database.importScript(ImportSource(path: folder + "/" + file), name: file)
        }
        return database.snapshot()
    }

    @Test(arguments: ExportFormat.allCases, 1...40)
    func whatIsExportedIsImportedAsTheSameGraph(format: ExportFormat, seed: Int) async throws {
        var maker = GraphMaker(random: SplitMix(seed: UInt64(seed)))
        let graph = try maker.graph()
        try await self.inFolder { folder in
            let files = try GraphExport(format, to: folder, isForced: false).write(graph)
            let after = try await self.read(files, in: folder)
            let (expected, found) = (canonical(graph), canonical(after))
            #expect(found.count == expected.count, "seed \(seed)")
            for (old, new) in zip(expected, found) where old != new {
                Issue.record("seed \(seed), \(format):\n\(old)\n\(new)")
                break
            }
        }
    }

    @Test(arguments: 1...20)
    func tablesComeFromAServersLinesToo(seed: Int) async throws {
        var maker = GraphMaker(random: SplitMix(seed: UInt64(seed)))
        let graph = try maker.graph()
        try await self.inFolder { folder in
            let export = GraphExport(.csv, to: folder, isForced: false)
            let files = try await export.write(schema: Array(CypherExport.schema(graph).utf8)) { take in
                var lines = JSONLinesExport(graph)
                while let bytes = lines.next() { try take(bytes) }
            }
            #expect(!files.contains("graph.jsonl"))
            #expect(canonical(try await self.read(files, in: folder)) == canonical(graph), "seed \(seed)")
        }
    }

    @Test func aFolderThatHoldsSomethingIsRefused() async throws {
        try await self.inFolder { folder in
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            for name in ["mine.txt", "nodes-Old.csv"] {
                try Data().write(to: URL(fileURLWithPath: folder + "/" + name))
            }
            let transaction = GraphTransaction(GraphSnapshot())
            _ = try transaction.createNode(labels: ["New"])
            let error = #expect(throws: ExportError.self) {
                try GraphExport(.csv, to: folder, isForced: false).write(transaction.graph)
            }
            #expect(error?.description.contains("is not empty") == true)
            _ = try GraphExport(.csv, to: folder, isForced: true).write(transaction.graph)
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == [
                    "mine.txt", "nodes-New.csv",
                ])
        }
    }

    @Test func linesAreThoseOfAPOC() throws {
        let transaction = GraphTransaction(GraphSnapshot())
        let place = try #require(Point(system: .wgs84, x: 33.46, y: 13.1))
        let user = try transaction.createNode(
            labels: ["User"], properties: ["name": .string("Adam"), "place": .point(place)])
        _ = try transaction.createRelationship(
            type: "KNOWS", from: user, to: user, properties: ["since": .integer(1993)])
        var export = JSONLinesExport(transaction.graph)
        #expect(
            String(decoding: export.next() ?? [], as: UTF8.self) == """
                {"type":"node","id":"0","labels":["User"],"properties":{"name":"Adam","place":{"crs":"wgs-84","latitude":13.1,"longitude":33.46,"height":null}}}
                {"id":"0","type":"relationship","label":"KNOWS","properties":{"since":1993},"start":{"id":"0","labels":["User"]},"end":{"id":"0","labels":["User"]}}

                """)
        #expect(export.next() == nil)
    }
}
