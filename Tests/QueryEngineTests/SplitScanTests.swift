import Cypher
import PropertyGraph
import TestSupport
import Testing

@testable import QueryEngine

/// Large groupings on several threads give what one thread gives, in the same order. PROFILE is one thread.
@Suite(.serialized) struct SplitScanTests {
    private static let fixture = Result {
        try Fixture(
            """
            UNWIND range(0, 23999) AS i CREATE (:N {i: i, g: (i * 7919) % 50, w: CASE i % 9 WHEN 0 THEN null ELSE i % 13 END,
                f: i / 7.0, m: CASE i % 3 WHEN 0 THEN 1 WHEN 1 THEN 1.0 ELSE 'x' END, t: 'name' + (i % 700)});
            UNWIND range(0, 999) AS i CREATE (:M {i: i});
            CREATE INDEX FOR (n:N) ON (n.i);
            MATCH (n:N) WHERE n.i < 6000 MATCH (m:N {i: n.i * 3 + 1}) CREATE (n)-[:R]->(m)
            """)
    }

    static let queries = [
        "MATCH (n:N) RETURN count(*)", "MATCH (n:N) RETURN n.g, count(*), count(n.w), sum(n.w), avg(n.w)",
        "MATCH (n:N) WHERE n.i % 5 = 0 RETURN n.g, min(n.i), max(n.i), count(DISTINCT n.w)",
        "MATCH (n:N) RETURN n.t, n.w, collect(n.i)",
        "MATCH (n:N) RETURN min(n.m), max(n.m), count(DISTINCT n.m)",
        "MATCH (n:N) RETURN collect(DISTINCT n.m), collect(DISTINCT n.g)",
        "MATCH (n:N) RETURN count(DISTINCT n)",
        "MATCH (n:N) RETURN n.g, sum(n.f), avg(n.f)",
        "MATCH (n:N) RETURN sum(DISTINCT n.w), avg(DISTINCT n.f)",
        "MATCH (n:N) RETURN n.g, percentileCont(n.i, 0.3), percentileDisc(n.f, 0.9), stDev(n.f)",
        "MATCH (n:N)-[:R]->(m) RETURN m.g, count(*), sum(m.i - n.i)",
        "MATCH (n:N)-[:R*1..2]->(m) RETURN count(m)",
        "MATCH (n:N) OPTIONAL MATCH (n)-[:R]->(m) RETURN count(m), count(*)",
        "MATCH (n) RETURN labels(n), count(*)",
        "MATCH (n:N) WHERE EXISTS { (n)-[:R]->() } RETURN count(n)",
        "MATCH (n:N) UNWIND [1, n.w] AS x RETURN x, count(*)",
        "MATCH (n:N) WHERE n.i > 100000 RETURN count(n), sum(n.i), min(n.i)",
        "MATCH (n:N) WHERE n.i < 0 RETURN n.g, count(n)",
        "MATCH (n:N) RETURN sum(10 / (n.i - 12000))", "MATCH (n:N) RETURN sum(n.t)",
        "MATCH (n:N) RETURN sum(n.i * 9000000000000)",
        "MATCH (n:N) WITH n.g AS g, count(*) AS c RETURN g, c ORDER BY c, g LIMIT 3",
        "MATCH (m:M) WHERE m.i < 3 CALL { WITH m MATCH (n:N) WHERE n.g = m.i RETURN count(*) AS c } RETURN m.i, c",
    ]

    private static func outcome(_ fixture: Fixture, _ query: String, limits: QueryLimits = .standard)
        -> [String]
    {
        do {
            return try fixture.result(query, limits: limits).rows.map { "\($0)" }
        } catch {
            return [(error as? CypherError)?.message ?? "\(error)"]
        }
    }

    @Test("Parts put together are the whole", arguments: queries)
    func partsAreTheWhole(query: String) throws {
        let fixture = try Self.fixture.get()
        let whole = Self.outcome(fixture, "PROFILE " + query)
        for _ in 0..<2 { #expect(Self.outcome(fixture, query) == whole) }
    }

    @Test("Large groupings are split, small ones and those that write are not")
    func onlyLargeGroupingsAreSplit() throws {
        let fixture = try Self.fixture.get()
        func parts(_ query: String) throws -> Int {
            let control = QueryControl()
            let before = HelperThreads.shared.calls
            _ = try fixture.engine.prepare(query).run(
                in: GraphTransaction(fixture.graph), now: fixture.now, control: control)
            #expect(HelperThreads.shared.calls == before, "in a transaction")
            guard try fixture.engine.prepare(query).isReadOnly else { return 0 }
            _ = try fixture.engine.prepare(query).run(on: fixture.graph, now: fixture.now, control: control)
            return HelperThreads.shared.calls - before
        }
        let most = HelperThreads.shared.count > 0 ? 1 : 0
        #expect(try parts("MATCH (n:N) RETURN n.g + 1, count(*)") == most)
        #expect(try parts("MATCH (m:M) RETURN m.i, count(*)") == 0)
        #expect(try parts("MATCH (n:N {i: 5})-[:R]->(m) RETURN count(m)") == 0)
        #expect(try parts("MATCH (n:N) WITH n LIMIT 5 RETURN count(n)") == 0)
        #expect(try parts("MATCH (n:N) WITH count(n) AS c CREATE (:M {c: c})") == 0)
    }

    @Test("Parts end when the query is to end, and share its memory")
    func partsKeepTheLimits() throws {
        let fixture = try Self.fixture.get()
        #expect(
            Self.outcome(
                fixture, "MATCH (n:N) RETURN size(collect(n.i))", limits: QueryLimits(heldValues: 24_010))
                == ["[PropertyGraph.Value.integer(24000)]"])
        let full = Self.outcome(
            fixture, "MATCH (n:N) RETURN collect(n.i)", limits: QueryLimits(heldValues: 9000))
        #expect(full.first?.contains("9000 values") == true, "\(full)")
        let start = ContinuousClock.now
        let late = Self.outcome(
            fixture, "MATCH (n:N) UNWIND range(1, 100000) AS x RETURN count(x)",
            limits: QueryLimits(seconds: 0.3))
        #expect(late.first?.contains("0.3 s") == true, "\(late)")
        #expect(ContinuousClock.now - start < .seconds(10))
    }
}
