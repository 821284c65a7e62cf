internal import Foundation

/// Names that a graph and its engine know, for completion.
package struct GraphNames: Hashable, Sendable {
    /// Labels of nodes.
    package var labels: [String] = []
    /// Types of relationships.
    package var types: [String] = []
    /// Keys of properties.
    package var keys: [String] = []
    /// Procedures, with their dots.
    package var procedures: [String] = []
    /// Functions.
    package var functions: [String] = []
    /// Graphs.
    package var graphs: [String] = []
    /// Named queries.
    package var queries: [String] = []
    /// Parameters that are set.
    package var parameters: [String] = []

    /// No names.
    package init() {}
}

/// What may follow the text before the cursor.
package struct Completion: Hashable, Sendable {
    /// What of the word is there already.
    package let prefix: String
    /// Whole words that begin with it, sorted.
    package let candidates: [String]
    /// What follows a word that is whole: a blank after words that something must follow.
    package let ending: String

    /// Joins the parts.
    package init(prefix: String, candidates: [String], ending: String = "") {
        self.prefix = prefix
        self.candidates = candidates
        self.ending = ending
    }

    /// What to write at the cursor in place of the last `replaces` bytes of the word; nil without candidates.
    package var addition: (replaces: Int, text: String, isOnlyPrefix: Bool)? {
        guard let first = self.candidates.first else { return nil }
        if self.candidates.count == 1 {
            return (self.prefix.count, first + (first.hasSuffix("(") ? "" : self.ending), false)
        }
        var common = first
        for candidate in self.candidates.dropFirst() {
            common = String(common.commonPrefix(with: candidate, options: .caseInsensitive))
        }
        guard common.count > self.prefix.count else { return (0, "", true) }
        return (self.prefix.count, common, false)
    }

    /// Completes the text before the cursor; `pending` are the statement's earlier lines.
    /// O(names).
    package static func of(_ line: String, pending: String = "", names: GraphNames) -> Completion {
        let text = line.drop { $0 == " " }
        if pending.isEmpty, text.hasPrefix(":") { return self.command(String(text), names) }
        let all = pending + "\n" + line
        let word = String(all.reversed().prefix { $0.isLetter || $0.isNumber || $0 == "_" }.reversed())
        let before = all.dropLast(word.count)
        switch before.last {
        case ":", "|", "&", "!":
            return self.matching(word, self.labelsOrTypes(before, names))
        case "$":
            return self.matching(word, names.parameters)
        case ".":
            if let called = before.firstMatch(of: /(?i)\bCALL\s+([\w.]+)$/)?.output.1 {
                return self.matching(String(called) + word, names.procedures.map { $0 + "(" })
            }
            return self.matching(word, names.keys)
        default: break
        }
        if before.firstMatch(of: /(?i)\bCALL\s+$/) != nil {
            return self.matching(word, names.procedures.map { $0 + "(" })
        }
        if before.firstMatch(of: /[{,]\s*$/) != nil, self.openBracket(before) == "{" {
            return self.matching(word, names.keys)
        }
        guard !word.isEmpty else { return Completion(prefix: "", candidates: []) }
        let isSmall = word == word.lowercased()
        let keywords = CypherKeywords.all.map { isSmall ? $0.lowercased() : $0 }
        let variables = before.matches(of: /\b[A-Za-z_]\w{2,}/).map { String($0.output) }
            .filter { !CypherKeywords.set.contains($0.uppercased()) }
        return self.matching(word, keywords + names.functions.map { $0 + "(" } + variables, ending: " ")
    }

    private static func matching(_ word: String, _ names: [String], ending: String = "") -> Completion {
        let small = word.lowercased()
        let found = Set(names.filter { $0.lowercased().hasPrefix(small) && $0 != word })
        return Completion(prefix: word, candidates: found.sorted(), ending: ending)
    }

    /// Between square brackets stand types, between round ones labels; elsewhere, as in `WHERE n:`, either.
    private static func labelsOrTypes(_ before: Substring, _ names: GraphNames) -> [String] {
        switch self.openBracket(before) {
        case "[": names.types
        case "(" where before.firstMatch(of: /(?i)\bWHERE\b[^()]*\($/) == nil: names.labels
        default: names.labels + names.types
        }
    }

    /// The innermost bracket that is open at the end.
    private static func openBracket(_ text: Substring) -> Character? {
        var depth = 0
        for character in text.reversed() {
            switch character {
            case ")", "]", "}": depth += 1
            case "(", "[", "{":
                if depth == 0 { return character }
                depth -= 1
            default: break
            }
        }
        return nil
    }

    private static func command(_ text: String, _ names: GraphNames) -> Completion {
        guard let space = text.firstIndex(of: " ") else {
            return self.matching(text, ShellCommand.names.map { ":" + $0 }, ending: " ")
        }
        let argument = String(text[text.index(after: space)...].drop { $0 == " " })
        switch text[..<space] {
        case ":use": return self.matching(argument, names.graphs)
        case ":queries", ":run": return self.matching(argument, names.queries)
        case ":format": return self.matching(argument, RowFormat.allCases.map(\.rawValue))
        case ":timing": return self.matching(argument, ["on", "off"])
        case ":help": return self.matching(argument, ShellCommand.names.map { ":" + $0 })
        case ":source", ":graph": return self.files(argument)
        case ":explain", ":profile":
            return self.of(argument, pending: " ", names: names)
        default: return Completion(prefix: "", candidates: [])
        }
    }

    private static func files(_ path: String) -> Completion {
        let name = path.split(separator: "/", omittingEmptySubsequences: false).last.map(String.init) ?? ""
        let folder = String(path.dropLast(name.count))
        let names =
            (try? FileManager.default.contentsOfDirectory(atPath: folder.isEmpty ? "." : folder)) ?? []
        let found = names.filter { $0.hasPrefix(name) && (!$0.hasPrefix(".") || name.hasPrefix(".")) }
            .map { entry in
                var isFolder: ObjCBool = false
                _ = FileManager.default.fileExists(atPath: folder + entry, isDirectory: &isFolder)
                return entry + (isFolder.boolValue ? "/" : "")
            }
        return Completion(prefix: name, candidates: found.sorted())
    }
}

/// Words of the language.
enum CypherKeywords {
    static let all = """
        ALL ALLSHORTESTPATHS AND ANY AS ASC BY CALL CASE COLLECT CONSTRAINT CONTAINS COUNT CREATE CSV DATABASE DATABASES \
        DELETE DESC DETACH DISTINCT DROP ELSE END ENDS EXISTS EXPLAIN FALSE FIELDTERMINATOR FOR FOREACH FROM FUNCTIONS \
        HEADERS IF IN INDEX INDEXES IS KEY LIMIT LOAD MATCH MERGE NODE NONE NOT NULL ON OPTIONAL OR ORDER PROCEDURES \
        PROFILE REMOVE REQUIRE RETURN ROWS SET SHORTEST SHORTESTPATH SHOW SINGLE SKIP STARTS TERMINATE TEXT THEN \
        TRANSACTION TRANSACTIONS TRUE TYPED UNION UNIQUE UNWIND USE WHEN WHERE WITH XOR YIELD
        """.split(separator: " ").map(String.init)
    static let set = Set(all)
}
