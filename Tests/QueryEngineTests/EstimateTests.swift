import PropertyGraph
import QueryEngine
import Testing

/// What a plan expects is near to what comes, and a match begins where least is to be looked at.
struct EstimateTests {
    /// `v` is indexed and skewed: 0 for half of the nodes, all different for the others; `w` is neither.
    private static let fixture = Result {
        try Fixture(
            """
            CREATE INDEX FOR (a:A) ON (a.v);
            UNWIND range(1, 4000) AS i
                CREATE (:A {id: i, v: CASE WHEN i % 2 = 0 THEN 0 ELSE i END, w: i % 20, t: 'k' + (i % 4),
                    u: i, z: CASE i % 10 WHEN 0 THEN 1 END});
            UNWIND range(1, 1000) AS i CREATE (:B {id: i});
            UNWIND range(1, 10) AS i CREATE (:C {id: i});
            MATCH (b:B) MATCH (c:C {id: b.id % 10 + 1}) CREATE (b)-[:IN]->(c);
            MATCH (b:B) WHERE b.id <= 40 MATCH (c:C {id: 1}) CREATE (c)-[:OUT]->(b)
            """)
    }

    @Test(
        "The expected rows are near to those that come",
        arguments: [
            "MATCH (a:A) WHERE a.v = 0 RETURN a", "MATCH (a:A) WHERE a.v = 17 RETURN a",
            "MATCH (a:A) WHERE a.v < 400 RETURN a",
            "MATCH (a:A) WHERE a.v >= 3800 RETURN a", "MATCH (a:A {w: 3}) RETURN a",
            "MATCH (a:A) WHERE a.w < 5 RETURN a",
            "MATCH (a:A) WHERE a.w <> 3 RETURN a", "MATCH (a:A) WHERE a.t STARTS WITH 'k1' RETURN a",
            "MATCH (a:A) WHERE a.z IS NULL RETURN a", "MATCH (a:A) WHERE a.z IS NOT NULL RETURN a",
            "MATCH (a:A) WHERE a.w IN [1, 2, 3] RETURN a", "MATCH (a:A) WHERE a.w = 1 OR a.w = 2 RETURN a",
            "MATCH (b:B)-[:IN]->(c:C) RETURN b", "MATCH (c:C)-[:OUT]->(b:B) RETURN b",
            "MATCH (c:C)<-[:IN]-(b) RETURN b",
        ])
    func expectedRowsAreNear(query: String) throws {
        let plan = try #require(try Self.fixture.get().result("PROFILE " + query).plan)
        let rows = Double(try #require(plan.measured?.rows))
        #expect(plan.estimatedRows <= rows * 2 + 8 && plan.estimatedRows >= rows / 2 - 8, "\(plan.text)")
    }

    @Test("A scan of many nodes is not brief, though few of them pass")
    func scansOfManyNodesAreNotBrief() throws {
        func isBrief(_ nodes: Int) throws -> Bool {
            let fixture = try Fixture("UNWIND range(1, \(nodes)) AS i CREATE (:N {x: i})")
            return try fixture.engine.prepare("MATCH (n:N {x: 7}) RETURN n").planned(
                on: fixture.graph, limits: .standard, database: ""
            )
            .isBrief
        }
        #expect(try isBrief(100))
        #expect(try !isBrief(9000))
    }

    @Test(
        "A match begins at the node of which conditions leave least",
        arguments: [
            ("MATCH (a:A), (b:B) WHERE a.v = 17 RETURN a, b", "NodeIndexSeek"),
            ("MATCH (a:A)-[:X]->(b:A) WHERE a.v > 0 AND b.u < 5 RETURN a, b", "b:A"),
            ("MATCH (a:A)-[:X]->(b:A) WHERE a.w = 3 AND b.t = 'k1' RETURN a, b", "a:A"),
            ("MATCH (a:A)-[:X]->(b:A) WHERE a.v = 0 AND b.w = 7 RETURN a, b", "b:A"),
        ])
    func beginsWhereLeastIs(query: String, leaf: String) throws {
        var plan = try #require(try Self.fixture.get().result("EXPLAIN " + query).plan)
        while let first = plan.children.first, first.name != "Argument" { plan = first }
        #expect("\(plan.name) \(plan.details)".contains(leaf), "\(plan.text)")
    }
}
