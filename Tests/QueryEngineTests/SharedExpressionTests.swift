import Cypher
import PropertyGraph
import QueryEngine
import TestSupport
import Testing

/// What stands several times in one projection, condition or grouping is computed once, and gives what it gave before.
struct SharedExpressionTests {
    private static let script = "UNWIND range(0, 9) AS i CREATE (:N {x: i, y: 10 - i, s: 'text' + i})"

    @Test(
        "A property that is asked for several times is read once a row",
        arguments: [
            ("MATCH (n:N) RETURN n.x AS a, n.x + 1 AS b, n.x * n.x AS c", "Projection", 10),
            ("MATCH (n:N) WITH n RETURN n.x, min(n.y), max(n.y), sum(n.y), avg(n.x)", "EagerAggregation", 20),
            ("MATCH (n:N) WITH n WHERE n.x + n.y = 10 AND n.x + n.y > n.x RETURN count(*)", "Filter", 20),
            (
                "MATCH (n:N) RETURN CASE n.x WHEN 1 THEN n.x WHEN 2 THEN n.x ELSE -n.x END AS a",
                "Projection", 10
            ),
        ])
    func isReadOnce(query: String, name: String, pages: Int) throws {
        let fixture = try Fixture(Self.script)
        let plan = try #require(try fixture.result("PROFILE " + query).plan)
        func find(_ plan: PlanDescription) -> PlanDescription? {
            plan.name == name ? plan : plan.children.lazy.compactMap(find).first
        }
        #expect(find(plan)?.measured?.pages == pages, "\(plan.text)")
    }

    @Test(
        "What CASE and AND spare stays spared, and what differs is computed anew",
        arguments: [
            (
                "UNWIND [0, 2] AS i RETURN CASE WHEN i > 0 THEN 10 / i ELSE 0 END AS a, CASE WHEN i > 1 THEN 10 / i END AS b",
                ["0, null", "5, 5"]
            ),
            (
                "UNWIND [0, 2] AS i RETURN i > 0 AND 10 / i > 1 AS a, i = 0 OR 10 / i = 5 AS b",
                ["false, true", "true, true"]
            ),
            (
                "UNWIND [1, 2] AS i RETURN 10 / i AS a, CASE WHEN i > 0 THEN 10 / i END AS b",
                ["10, 10", "5, 5"]
            ),
            (
                "UNWIND [0, 1] AS i RETURN 1 > i > -1 > 10 / (i - 1) AS a, 2 > 1 AS b",
                ["true, true", "false, true"]
            ),
            ("UNWIND [{x: 1}] AS n RETURN n.x AS a, [n IN [{x: 5}] | n.x] AS b, n.x AS c", ["1, [5], 1"]),
            ("UNWIND [{x: 1}] AS n RETURN n.x AS a, [n IN collect({x: 5}) | n.x] AS b", ["1, [5]"]),
            (
                "UNWIND [{x: 1}] AS n RETURN n.x AS a, reduce(n = {x: 0}, m IN [1] | {x: n.x + 1}).x AS b, n.x AS c",
                ["1, 1, 1"]
            ),
            ("UNWIND [1, 2] AS i RETURN rand() = rand() AS a", ["false", "false"]),
            (
                "WITH [1, 2, 3, 4] AS l UNWIND [1, 2] AS i RETURN l[i..i + 2] AS a, l[..i + 2][i] AS b, i + 2 AS c",
                ["[2, 3], 2, 3", "[3, 4], 3, 4"]
            ),
        ])
    func givesWhatItGave(query: String, rows: [String]) throws {
        #expect(try Fixture().rows(query) == rows, "\(query)")
    }

    /// A random expression over few parts, so that many stand twice.
    private static func expression(_ depth: Int, _ random: inout SplitMix) -> String {
        let leaves = ["i", "r.a", "r.b", "1", "2", "i + 1", "r.a + r.b", "size(r.t)", "r.t"]
        guard depth > 0 else { return leaves.randomElement(using: &random) ?? "i" }
        func part() -> String { "(" + Self.expression(depth - 1, &random) + ")" }
        let (a, b, c) = (part(), part(), part())
        return [
            "\(a) + \(b)", "\(a) * 2", "\(a) < \(b)", "\(a) = \(b)", "\(a) < \(b) <= \(c)",
            "\(a) IS NULL AND \(b) IS NULL",
            "\(a) IS NULL OR \(b) = 1", "CASE WHEN \(a) = 1 THEN \(b) ELSE \(c) END",
            "CASE \(a) WHEN 1 THEN \(b) END",
            "coalesce(\(a), \(b))", "[\(a), \(b)]", "[\(a), \(b)][0]", "toString(\(a))",
            "[i IN [1, 2] | \(a)]",
            "{k: \(a), l: \(b)}.k", "[\(a), \(b), \(c)][0..2]", "any(i IN [1, 2] WHERE \(a) = \(b))",
            "\(a) / 2",
            "\(a) IN [\(b), \(c)]", "reduce(i = 0, x IN [1] | \(a))", "NOT (\(a) = \(b))", "leaf",
        ].randomElement(using: &random).map { $0 == "leaf" ? leaves[1] : $0 } ?? "i"
    }

    @Test("Columns give what each of them gives alone", arguments: FuzzTests.seeds)
    func columnsAreWhatTheyAreAlone(seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        let fixture = try Fixture()
        let rows = """
            UNWIND [{a: 1, b: 2, t: 'x'}, {a: null, b: 1, t: 'yy'}, {a: 2.5, b: 0, t: null}] AS r
            UNWIND [0, 1, 2] AS i
            """
        for _ in 0..<100 {
            let columns = (0..<3).map { _ in Self.expression(Int.random(in: 1...3, using: &random), &random) }
            let alone = columns.map { try? fixture.rows("\(rows) RETURN \($0) AS c") }
            let names = ["a", "b", "c"]
            let query =
                "\(rows) RETURN " + zip(columns, names).map { "\($0) AS \($1)" }.joined(separator: ", ")
            let together = try? fixture.result(query).rows.map { $0.map { text($0, fixture.graph) } }
            guard let together else {
                #expect(alone.contains { $0 == nil }, "seed \(seed): \(query)")
                continue
            }
            for (index, column) in alone.enumerated() {
                #expect(together.map { $0[index] } == column, "seed \(seed): \(query)")
            }
        }
    }
}
