import Cypher
import PropertyGraph
import QueryEngine
import TestSupport
import Testing

/// Hash joins against the same question in words that no join is made of.
struct HashJoinTests {
    struct Pair: CustomTestStringConvertible, Sendable {
        let name: String
        let query: String
        let plain: String
        var testDescription: String { self.query }
    }

    static let pairs = [
        Pair(
            name: "ValueHashJoin", query: "MATCH (a:A), (b:B) WHERE a.v = b.v RETURN a.id, b.id",
            plain: "MATCH (a:A), (b:B) WHERE NOT a.v <> b.v RETURN a.id, b.id"),
        Pair(
            name: "ValueHashJoin",
            query: "MATCH (a:A), (b:B) WHERE a.v = b.v AND a.w = b.w RETURN a.id, b.id",
            plain: "MATCH (a:A), (b:B) WHERE NOT a.v <> b.v AND NOT a.w <> b.w RETURN a.id, b.id"),
        Pair(
            name: "ValueHashJoin",
            query:
                "MATCH (a:A)-[r:R]->(c), (b:B)-[s:R]->(d) WHERE b.v = c.v AND d.w > 1 RETURN a.id, b.id, c.id, d.id",
            plain: """
                MATCH (a:A)-[r:R]->(c), (b:B)-[s:R]->(d) WHERE NOT b.v <> c.v AND d.w > 1
                RETURN a.id, b.id, c.id, d.id
                """),
        Pair(
            name: "ValueHashJoin", query: "MATCH (a:A) MATCH (b:B) WHERE b.v = a.v RETURN a.id, b.id",
            plain: "MATCH (a:A) MATCH (b:B) WHERE NOT b.v <> a.v RETURN a.id, b.id"),
        Pair(
            name: "ValueHashJoin",
            query:
                "UNWIND [1, 2.0, 'a', null, [1], [null], 0.0/0.0] AS x MATCH (b:B) WHERE b.v = x RETURN x, b.id",
            plain:
                "UNWIND [1, 2.0, 'a', null, [1], [null], 0.0/0.0] AS x MATCH (b:B) WHERE NOT b.v <> x RETURN x, b.id"
        ),
        Pair(
            name: "ValueHashJoin",
            query: "MATCH (a:A), (b:B), (c:C) WHERE a.v = b.v AND b.w + 1 = c.w + 1 RETURN a.id, b.id, c.id",
            plain: "MATCH (a:A), (b:B), (c:C) WHERE NOT a.v <> b.v AND NOT b.w <> c.w RETURN a.id, b.id, c.id"
        ),
        Pair(
            name: "ValueHashJoin",
            query:
                "MATCH (a:A) OPTIONAL MATCH (b:B), (c:C) WHERE b.v = c.v AND b.id > a.id RETURN a.id, b.id, c.id",
            plain: """
                MATCH (a:A) OPTIONAL MATCH (b:B), (c:C) WHERE NOT b.v <> c.v AND b.id > a.id RETURN a.id, b.id, c.id
                """),
        Pair(
            name: "NodeHashJoin",
            query: """
                MATCH (a:K {k: 1})-[:S]->(x)-[:S]->(m)-[:S]->(y)-[:S]->(b:K {k: 5}) RETURN x.k, m.k, y.k
                """,
            plain: """
                MATCH (a)-[r1:S]->(x)-[r2:S]->(m)-[r3:S]->(y)-[r4:S]->(b)
                WHERE a.k + 0 = 1 AND b.k + 0 = 5 RETURN x.k, m.k, y.k
                """),
        Pair(
            name: "NodeHashJoin",
            query: """
                MATCH (a:K {k: 1})-[r1:S]-(x)-[r2:S]-(m)-[r3:S]-(y)-[r4:S]-(b:K {k: 3})
                WHERE m.k > 1 AND x.k <> y.k RETURN x.k, m.k, y.k
                """,
            plain: """
                MATCH (a)-[r1:S]-(x)-[r2:S]-(m)-[r3:S]-(y)-[r4:S]-(b)
                WHERE a.k + 0 = 1 AND b.k + 0 = 3 AND m.k > 1 AND x.k <> y.k RETURN x.k, m.k, y.k
                """),
    ]

    /// Enough nodes that a join is thought to pay, with values of all types, and a dense part with an index.
    private static func graph(_ seed: UInt64) throws -> Fixture {
        var random = SplitMix(seed: seed)
        let values = [
            "1", "2", "2.0", "1.0", "'a'", "'b'", "true", "null", "[1]", "[1.0]", "[null]", "0.0/0.0", "-0.0",
            "0",
            "time('10:00+01:00')", "time('09:00Z')", "datetime('2026-01-01T10:00+01:00')",
            "datetime('2026-01-01T09:00Z')", "duration('P1D')", "date('2026-01-01')", "{}",
        ].filter { $0 != "{}" && $0 != "[null]" }
        var parts: [String] = []
        for id in 0..<90 {
            let label = ["A", "B", "C"][id % 3]
            let value = values.randomElement(using: &random) ?? "1"
            let weight = ["1", "2", "null", "1.0"].randomElement(using: &random) ?? "1"
            parts.append("(n\(id):\(label) {id: \(id), v: \(value), w: \(weight)})")
        }
        for _ in 0..<120 {
            let (a, b) = (Int.random(in: 0..<90, using: &random), Int.random(in: 0..<90, using: &random))
            parts.append("(n\(a))-[:R]->(n\(b))")
        }
        return try Fixture("CREATE " + parts.joined(separator: ", "))
    }

    /// Few nodes with many relationships among them, and an index.
    private static func network(_ seed: UInt64) throws -> Fixture {
        var random = SplitMix(seed: seed)
        var parts: [String] = []
        for k in 0..<9 { parts.append("(k\(k):K {k: \(k)})") }
        for _ in 0..<50 {
            let (a, b) = (Int.random(in: 0..<9, using: &random), Int.random(in: 0..<9, using: &random))
            parts.append("(k\(a))-[:S]->(k\(b))")
        }
        return try Fixture("CREATE INDEX FOR (k:K) ON (k.k); CREATE " + parts.joined(separator: ", "))
    }

    @Test(arguments: pairs) func givesWhatThePlainQuestionGives(pair: Pair) throws {
        for seed in 1...6 as ClosedRange<UInt64> {
            let fixture = try pair.name == "NodeHashJoin" ? Self.network(seed) : Self.graph(seed)
            let wanted = try fixture.rows(pair.plain).sorted()
            #expect(try fixture.rows(pair.query).sorted() == wanted, "seed \(seed): \(pair.query)")
        }
    }

    @Test(arguments: pairs) func theFirstIsPlannedAsAJoinAndTheOtherIsNot(pair: Pair) throws {
        let fixture = try pair.name == "NodeHashJoin" ? Self.network(1) : Self.graph(1)
        let plan = try #require(try fixture.result("EXPLAIN " + pair.query).plan).text
        #expect(plan.contains(pair.name + "  "), "\(plan)")
        let plain = try #require(try fixture.result("EXPLAIN " + pair.plain).plan).text
        #expect(!plain.contains("HashJoin"), "\(plain)")
    }

    @Test("What a join holds is within the limit of memory, and its other side streams")
    func aJoinIsWithinTheLimits() throws {
        let fixture = try Fixture(
            "UNWIND range(1, 400) AS i CREATE (:A {v: i}); UNWIND range(1, 3000) AS i CREATE (:B {v: i})")
        let query = "MATCH (b:B) WITH b MATCH (a:A) WHERE a.v = b.v RETURN count(*)"
        let plan = try #require(try fixture.result("EXPLAIN " + query).plan).text
        #expect(plan.contains("ValueHashJoin"), "\(plan)")
        // Three values a row of the 400 that are held; the 3,000 are not.
        let result = try fixture.result(query, limits: QueryLimits(heldValues: 1300))
        #expect(result.rows == [[.integer(400)]])
        let error = #expect(throws: CypherError.self) {
            _ = try fixture.result(query, limits: QueryLimits(heldValues: 1000))
        }
        #expect(error?.detail == "MemoryLimit")
    }

    @Test("An index that finds few nodes a row is taken instead of a join of many")
    func anIndexMayBeBetter() throws {
        let fixture = try Fixture(
            """
            CREATE INDEX FOR (b:B) ON (b.v); UNWIND range(1, 10) AS i CREATE (:A {v: i});
            UNWIND range(1, 2000) AS i CREATE (:B {v: i})
            """)
        let plan = try #require(
            try fixture.result("EXPLAIN MATCH (a:A), (b:B) WHERE a.v = b.v RETURN count(*)").plan
        ).text
        #expect(plan.contains("NodeIndexSeek") && !plan.contains("HashJoin"), "\(plan)")
    }

    @Test("Nodes between two that are known are found along both lists, not from one end")
    func theMiddleIsFoundFromBothEnds() throws {
        let fixture = try Self.network(2)
        let query = "MATCH (a:K {k: 1})-[:S]->(m)-[:S]->(b:K {k: 4}) RETURN m.k"
        let plan = try #require(try fixture.result("EXPLAIN " + query).plan).text
        #expect(plan.contains("ExpandIntersect"), "\(plan)")
        let plain = "MATCH (a)-[r1:S]->(m)-[r2:S]->(b) WHERE a.k + 0 = 1 AND b.k + 0 = 4 RETURN m.k"
        #expect(try fixture.rows(query).sorted() == fixture.rows(plain).sorted())
    }
}
