internal import PropertyGraph

/// The header of a table: what each column holds, by the convention of `neo4j-admin database import`.
///
/// `name:type`, `name:type[]`, `name:ID(Space)`, `:START_ID(Space)`, `:END_ID(Space)`, `:TYPE`, `:LABEL`,
/// `:IGNORE`; the last colon divides, so that names may hold colons. Options in braces after it: `{label:User}` and
/// `{id-type:long}` of an id, `{crs:wgs-84}` of a point; `{plexus:json}` and `{plexus:labels}` of an ignored column, which
/// only this program reads: values, or the list of labels, as JSON. `{plexus:key}` names the nodes' key.
struct CSVHeader {
    enum Kind: Hashable {
        case id(property: String?, space: String, label: String?, type: CSVType)
        case start(space: String)
        case end(space: String)
        case type
        case label
        case labelsAsJSON
        case property(name: String, type: CSVType, isList: Bool, system: Point.System?)
        case propertyAsJSON(name: String)
        case key(name: String)
        case ignored
    }

    struct Column: Hashable {
        /// The header's text, for messages.
        let title: String
        let kind: Kind
    }

    let columns: [Column]
    /// Whether rows are nodes; else they are relationships.
    let isNodes: Bool

    init(_ titles: [String], file: String, line: Int) throws(ImportError) {
        var columns: [Column] = []
        for title in titles {
            columns.append(Column(title: title, kind: try Self.kind(title, file, line)))
        }
        self.columns = columns
        self.isNodes = columns.contains { if case .id = $0.kind { true } else { false } }
        let hasEnds =
            columns.contains { if case .start = $0.kind { true } else { false } }
            && columns.contains { if case .end = $0.kind { true } else { false } }
        guard self.isNodes || hasEnds else {
            throw ImportError(
                file: file, line: line,
                "the header has neither an `:ID` nor `:START_ID` and `:END_ID` columns")
        }
    }

    private static func kind(_ title: String, _ file: String, _ line: Int) throws(ImportError) -> Kind {
        guard let parts = Parts(title) else {
            return .property(name: title, type: .string, isList: false, system: nil)
        }
        func fail(_ message: String) -> ImportError {
            ImportError(file: file, line: line, column: title, message)
        }
        var options = parts.options
        let kind: Kind
        switch parts.word.uppercased() {
        case "ID":
            let type = options.removeValue(forKey: "id-type").map { CSVType(rawValue: $0.lowercased()) }
            guard let type = type ?? .string else { throw fail("there is no such id-type") }
            kind = .id(
                property: parts.name.isEmpty ? nil : parts.name, space: parts.space,
                label: options.removeValue(forKey: "label"), type: type)
        case "START_ID": kind = .start(space: parts.space)
        case "END_ID": kind = .end(space: parts.space)
        case "TYPE": kind = .type
        case "LABEL": kind = .label
        case "IGNORE":
            switch options["plexus"] {
            case "json": kind = .propertyAsJSON(name: parts.name)
            case "labels": kind = .labelsAsJSON
            case "key": kind = .key(name: parts.name)
            default: kind = .ignored
            }
            options = [:]
        default:
            guard let type = CSVType(rawValue: parts.word.lowercased()), parts.space.isEmpty else {
                let known = CSVType.allCases.map(\.rawValue).sorted().joined(separator: ", ")
                throw fail("`\(parts.word)` is no type; there are \(known)")
            }
            let crs = options.removeValue(forKey: "crs")
            let system = crs.flatMap { Point.System(name: $0) }
            guard crs == nil || (system != nil && type == .point) else { throw fail("there is no such crs") }
            kind = .property(name: parts.name, type: type, isList: parts.isList, system: system)
        }
        // An option that is not known here could change what a value means.
        if let option = options.keys.sorted().first { throw fail("the option `\(option)` is not known") }
        return kind
    }

    /// A title taken apart from its end: `name:word[](space){options}`; nil without a colon. By bytes: a
    /// name may end in what would join a colon to one character.
    private struct Parts {
        let name: String
        let word: String
        let isList: Bool
        let space: String
        let options: [String: String]

        init?(_ title: String) {
            var rest = Array(title.utf8)[...]
            var options: [String: String] = [:]
            if let inner = Self.takeGroup(&rest, UInt8(ascii: "{"), UInt8(ascii: "}")) {
                for option in inner.split(separator: ",") {
                    let pair = option.split(separator: ":", maxSplits: 1).map {
                        $0.trimming(while: { $0 == " " || $0 == "\"" || $0 == "'" })
                    }
                    options[pair.first ?? ""] = pair.count > 1 ? pair[1] : ""
                }
            }
            self.space = Self.takeGroup(&rest, UInt8(ascii: "("), UInt8(ascii: ")")) ?? ""
            self.isList = rest.count > 2 && Array(rest.suffix(2)) == Array("[]".utf8)
            if self.isList { rest = rest.dropLast(2) }
            guard let colon = rest.lastIndex(of: UInt8(ascii: ":")) else { return nil }
            self.name = String(decoding: rest[..<colon], as: UTF8.self)
            self.word = String(decoding: rest[(colon + 1)...], as: UTF8.self)
            self.options = options
        }

        private static func takeGroup(
            _ rest: inout ArraySlice<UInt8>, _ open: UInt8, _ close: UInt8
        ) -> String? {
            guard rest.last == close, let start = rest.lastIndex(of: open) else { return nil }
            let inner = String(decoding: rest[(start + 1)...].dropLast(), as: UTF8.self)
            rest = rest[..<start]
            return inner
        }
    }
}

extension Substring {
    fileprivate func trimming(while isTrimmed: (Character) -> Bool) -> String {
        var text = self.drop(while: isTrimmed)
        while let last = text.last, isTrimmed(last) { text.removeLast() }
        return String(text)
    }
}

extension Point.System {
    /// By the name that `point.crs` gives, in any case.
    init?(name: String) {
        let known: [Point.System] = [.cartesian, .cartesian3D, .wgs84, .wgs84With3D]
        guard let system = known.first(where: { $0.name == name.lowercased() }) else { return nil }
        self = system
    }
}
