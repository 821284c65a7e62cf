import Cypher
import Foundation
import PropertyGraph
import QueryEngine
import TestSupport
import Testing

/// Whatever is sent, the engine answers: with rows or with an error, in bounded time and memory, never with a trap.
///
/// `PLEXUS_FUZZ_SEEDS=100..200` runs those seeds instead; `PLEXUS_FUZZ_CORPUS` names a file with more queries to mutate,
/// each ended by a line `;;`.
struct FuzzTests {
    private static let limits = QueryLimits(seconds: 0.5, rows: 20_000, heldValues: 200_000)
    static let seeds: [UInt64] = {
        let given = ProcessInfo.processInfo.environment["PLEXUS_FUZZ_SEEDS"] ?? ""
        let ends = given.split(separator: ".").compactMap { UInt64($0) }
        return ends.count == 2 && ends[0] <= ends[1] ? Array(ends[0]...ends[1]) : Array(1...8)
    }()

    private static let corpus: [String] = {
        let path = ProcessInfo.processInfo.environment["PLEXUS_FUZZ_CORPUS"] ?? ""
        let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
        return text.components(separatedBy: "\n;;\n").filter { !$0.isEmpty }
    }()

    private func run(_ query: String, _ fixture: Fixture) {
        do {
            for statement in try fixture.engine.prepareScript(query) {
                _ = try statement.run(
                    in: GraphTransaction(fixture.graph),
                    parameters: ["p": .integer(1), "list": .list([.null])],
                    limits: Self.limits, now: fixture.now)
            }
        } catch {
            #expect(!error.description.isEmpty)
        }
    }

    @Test(arguments: Self.seeds)
    func randomBytesAreAnswered(seed: UInt64) throws {
        var generator = SplitMix(seed: seed)
        let fixture = try Fixture(QuerySuite.graph)
        for _ in 0..<300 {
            let bytes = (0..<Int.random(in: 0...60, using: &generator)).map { _ in
                UInt8.random(in: 0...255, using: &generator)
            }
            self.run(String(decoding: bytes, as: UTF8.self), fixture)
        }
    }

    /// Pieces of good queries cut, doubled, swapped and put into each other.
    @Test(arguments: Self.seeds)
    func mutatedQueriesAreAnswered(seed: UInt64) throws {
        var generator = SplitMix(seed: seed)
        let fixture = try Fixture(QuerySuite.graph)
        let queries = QuerySuite.all.map(\.query) + Self.corpus
        for _ in 0..<250 {
            guard let first = queries.randomElement(using: &generator),
                let second = queries.randomElement(using: &generator)
            else { continue }
            self.run(Self.mutated(first, second, &generator), fixture)
        }
    }

    private static func mutated(_ first: String, _ second: String, _ generator: inout SplitMix) -> String {
        var words = first.split(separator: " ").map(String.init)
        let other = second.split(separator: " ").map(String.init)
        for _ in 0..<Int.random(in: 1...3, using: &generator) {
            guard !words.isEmpty, let foreign = other.randomElement(using: &generator) else { break }
            let place = Int.random(in: 0..<words.count, using: &generator)
            switch Int.random(in: 0..<6, using: &generator) {
            case 0: words.remove(at: place)
            case 1: words.insert(words[place], at: place)
            case 2: words[place] = foreign
            case 3: words.swapAt(place, Int.random(in: 0..<words.count, using: &generator))
            case 4: words[place] = String(words[place].dropLast())
            default: words.insert(foreign, at: place)
            }
        }
        return words.joined(separator: " ")
    }

    @Test(arguments: [
        "RETURN range(0, 1000000000000000000)", "UNWIND range(0, 1000000000000000000) AS x RETURN x",
        "RETURN size(range(1, 1000000000))", "RETURN range(-9223372036854775808, 9223372036854775807, 1)",
        "UNWIND range(1, 100000) AS a UNWIND range(1, 100000) AS b RETURN count(*)",
        "UNWIND range(1, 100000) AS a UNWIND range(1, 100000) AS b RETURN a, b ORDER BY b",
        "UNWIND range(1, 100000) AS a UNWIND range(1, 100000) AS b RETURN DISTINCT a, b",
        "UNWIND range(1, 100000) AS a UNWIND range(1, 100000) AS b RETURN collect(a)",
        "UNWIND range(1, 100000) AS a UNWIND range(1, 100000) AS b CREATE (:X)",
        "UNWIND range(1, 100000) AS a CALL (a) { UNWIND range(1, 100000) AS b RETURN b } RETURN a, b",
        "RETURN reduce(s = 'a', x IN range(1, 100) | s + s)",
        "RETURN reduce(s = [1], x IN range(1, 100) | s + s)",
        "RETURN reduce(s = {}, x IN range(1, 40) | {a: s, b: s}) IS NULL",
        "RETURN reduce(s = [], x IN range(1, 60) | [s, s]) IS NULL",
        "RETURN reduce(s = [], x IN range(1, 100000) | [s]) IS NULL",
        "RETURN reduce(s = {}, x IN range(1, 100000) | {a: s})",
        "RETURN reduce(s = [], x IN range(1, 100000) | [1] + [s])",
        "WITH range(1, 1000) AS l UNWIND l AS x RETURN collect(l)",
        "WITH range(1, 1000) AS l UNWIND l AS x UNWIND l AS y RETURN l",
        "RETURN size(reduce(s = 'abcdefgh', x IN range(1, 60) | replace(s, 'a', s)))",
        "WITH range(1, 100000) AS l RETURN [x IN l | l]",
        "WITH range(1, 100000) AS l RETURN [x IN l | [y IN l | x * y]]",
        "MATCH (a)-[*]-(b), (c)-[*]-(d), (e)-[*]-(f) RETURN count(*)",
        "MATCH ((a)-[r]-(b))+, ((c)-[s]-(d))+ RETURN count(*)",
        "MATCH p = SHORTEST 1000000 (a)-[]-+(b) RETURN count(p)",
        "MATCH (a), (b), (c), (d), (e), (f), (g), (h), (i), (j) RETURN count(*)",
        "RETURN 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!' =~ '(a+)+b'",
        "RETURN 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!' =~ '(a|aa)*(a|aa)*b'",
        "CALL algo.betweenness(null, null, {iterations: 1e300})",
        "CALL algo.pageRank(null, null, {iterations: 1000000000}) YIELD score RETURN score",
        "RETURN round(1.5, 9223372036854775807)",
        "RETURN substring('a', 9223372036854775807, 9223372036854775807)",
        "RETURN left('a', 9223372036854775807)", "RETURN duration({days: 1e308}) * 1e308",
        "RETURN date({year: 999999999}) + duration({years: 999999999})",
        "RETURN date({year: -999999999, week: 1})", "RETURN datetime({epochMillis: -9223372036854775808})",
        "RETURN datetime.fromEpochMillis(-9223372036854775808)",
        "RETURN datetime.fromEpoch(9223372036854775807, 1)",
        "RETURN datetime.fromEpoch(1, 9223372036854775807)",
        "RETURN datetime.fromEpoch(1, -9223372036854775808)",
        "RETURN datetime({epochSeconds: 1, nanosecond: 9223372036854775807})",
        "RETURN datetime({epochMillis: 9223372036854775807, nanosecond: 9223372036854775807})",
        "RETURN duration({seconds: 9223372036854775807, nanoseconds: 9223372036854775807})",
        "RETURN duration('P9223372036854775807Y')", "RETURN duration('PT1E400S')",
        "RETURN localtime('23:59:59.999999999') + duration({nanoseconds: 9223372036854775807})",
        "RETURN [1, 2][9223372036854775807]", "RETURN [1, 2][-9223372036854775808]",
        "RETURN [1][-9223372036854775808..-9223372036854775808]", "RETURN toInteger(1e300)",
        "RETURN toInteger('1e300')", "RETURN -9223372036854775808 % -1", "RETURN 9223372036854775807 * 2",
        "RETURN 1 LIMIT 9223372036854775807",
        "UNWIND [1] AS x RETURN x ORDER BY x SKIP 9223372036854775807 LIMIT 9223372036854775807",
        "MATCH (a)-[*9223372036854775807..9223372036854775807]->(b) RETURN a",
        "MATCH (a)-[:X]->{9223372036854775807}(b) RETURN a",
        "UNWIND [1] AS x RETURN percentileDisc(x, 0.0 / 0.0)", "RETURN point({x: 1e308, y: -1e308})",
        "RETURN point.distance(point({longitude: 1e308, latitude: 0}), point({longitude: 0, latitude: 0}))",
        "UNWIND range(1, 3) AS x CALL (x) { CREATE (:Y) } IN TRANSACTIONS OF 0 ROWS",
        "RETURN toString(1e308), toFloat('1e400'), 1e-320",
        "RETURN replace('aaaa', 'a', 'b', -9223372036854775808)",
        "RETURN vector.similarity.cosine([1e308], [1e308])",
    ])
    func whatWouldTakeAllThereIsEndsInAnAnswer(query: String) throws {
        self.run(query, try Fixture(QuerySuite.graph))
    }

    @Test(arguments: [
        ("(", ")"), ("[", "]"), ("{a: ", "}"), ("NOT ", ""), ("-", ""), ("+", ""),
        ("CASE WHEN true THEN ", " END"),
        ("[x IN ", " | x]"), ("all(x IN ", " WHERE true)"), ("EXISTS { RETURN ", " AS x }"),
        ("COUNT { RETURN ", " AS x }"),
        ("COLLECT { RETURN ", " AS x }"), ("size(", ")"), ("reduce(a = 0, x IN [] | ", ")"), ("[1][", "]"),
    ])
    func nestingOfAnyDepthIsAnswered(opening: String, closing: String) throws {
        let fixture = try Fixture(QuerySuite.graph)
        for depth in [50, 150, 199, 200, 201, 5000] {
            let query =
                "RETURN " + String(repeating: opening, count: depth) + "1"
                + String(repeating: closing, count: depth)
            self.run(query, fixture)
        }
    }

    @Test(arguments: [
        "'", "`", "/*", "$`", "\"\\u12", "0x", "1e", "1.", "-", "<-", "[:", "{", "$", "\\", "\u{0}", "é", "🎉",
    ])
    func anUnfinishedEndIsAnswered(end: String) throws {
        let fixture = try Fixture(QuerySuite.graph)
        for start in ["", "RETURN ", "MATCH (n", "MATCH (n)-[", "CALL ", "SHOW ", "WITH 1 AS x RETURN x."] {
            self.run(start + end, fixture)
        }
    }

    @Test func literalsOfAnyLengthAreAnswered() throws {
        let fixture = try Fixture(QuerySuite.graph)
        self.run("RETURN " + String(repeating: "9", count: 1_000_000), fixture)
        self.run("RETURN '" + String(repeating: "x", count: 1_000_000) + "'", fixture)
        self.run("RETURN [" + String(repeating: "1,", count: 200_000) + "1]", fixture)
        self.run("RETURN {" + (0..<50_000).map { "k\($0): 1" }.joined(separator: ",") + "}", fixture)
        self.run("MATCH (" + String(repeating: "n", count: 100_000) + ") RETURN 1", fixture)
    }
}
