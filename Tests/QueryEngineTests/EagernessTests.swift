import Cypher
import PropertyGraph
import QueryEngine
import TestSupport
import Testing

/// Rows run through clauses that write one by one where nobody sees the difference, and are gathered where somebody would.
struct EagernessTests {
    static let streaming = [
        "UNWIND range(1, 10) AS i CREATE (:N {i: i})",
        "UNWIND range(1, 10) AS i CREATE (n:N {i: i})-[:R]->(:M) RETURN n.i",
        "UNWIND range(1, 10) AS i CREATE (n:N {i: i}) SET n.j = i",
        "UNWIND range(1, 10) AS i MERGE (n:N {i: i}) SET n.name = 'x'",
        "UNWIND range(1, 10) AS i MERGE (n:N {i: i}) ON CREATE SET n.i = i",
        "MATCH (a:A {id: 1}), (b:B {id: 2}) CREATE (a)-[:R]->(b)",
        "MATCH (n:N) SET n.x = 1", "MATCH (n:N) SET n.x = n.x + 1",
        "MATCH (n:N) WHERE n.y > 1 SET n.x = 1, n:Seen",
        "MATCH (a:A)-[:R]->(b) MERGE (a)-[:S]->(b)", "MATCH (n:N) REMOVE n.x",
        "MATCH (n:N) FOREACH (i IN range(1, 3) | CREATE (n)-[:R]->(:M {i: i}))",
        "MATCH (n:N) CALL { WITH n CREATE (m:M {i: n.i}) RETURN m } RETURN m.i",
        "MATCH (n:N) WITH n ORDER BY n.x SET n.x = 1", "MATCH (n:N) WITH count(n) AS c CREATE (:N {c: c})",
        "MATCH (n:N) CREATE (m:M) WITH collect(m) AS all MATCH (m:M) RETURN count(m)",
    ]
    static let eager = [
        "MATCH (n:N) CREATE (:N)", "MATCH (n) CREATE (:M)", "MATCH (n:N) WHERE n.x = 1 SET n.x = 2",
        "MATCH (n:N) SET n:M WITH n MATCH (m:M) RETURN count(*)",
        "MATCH (n:N) WITH n, n.x AS x SET n.x = x + 1",
        "MATCH (a:A)-[:R]->(b) CREATE (b)-[:R]->(a)", "MATCH (a)-->(b) SET a.x = 1 SET b.x = 2",
        "UNWIND [1, 2] AS i CREATE (:N) WITH i MATCH (n:N) RETURN count(*)",
        "UNWIND [1, 2] AS i MERGE (a:N {i: i}) MERGE (b:N {i: i + 1})",
        "MATCH (a:A), (b:B) SET b.x = 1 RETURN a.x",
        "MATCH (n:N) SET n += {x: 1} RETURN properties(n)", "MATCH (n:N) SET n = $map RETURN n.x",
        "MATCH (n:N) REMOVE n:N", "MATCH (n:N) CREATE (m:M) RETURN COUNT { (:M) }",
        "MATCH (n:N) CALL { CREATE (:N) } RETURN count(*)",
        "CREATE (a:A) CREATE (b:B {n: COUNT { (:A) }}) RETURN b.n",
    ]

    private static func plan(_ query: String) throws -> String {
        try #require(try Fixture().result("EXPLAIN " + query).plan).text
    }

    @Test("A plan gathers no rows that need no gathering", arguments: streaming)
    func streams(query: String) throws {
        let plan = try Self.plan(query)
        #expect(!plan.contains("Eager  ("), "\(plan)")
    }

    @Test("A plan gathers rows before clauses that would see or change too much", arguments: eager)
    func gathers(query: String) throws {
        let plan = try Self.plan(query)
        #expect(plan.contains("Eager  ("), "\(plan)")
    }

    @Test("Many nodes are made without holding a row")
    func largeCreatesHoldNoRows() throws {
        let fixture = try Fixture()
        let limits = QueryLimits(heldValues: 25_000)
        let result = try fixture.resultInTransaction(
            "UNWIND range(1, 20000) AS i CREATE (n:N {i: i}) SET n.j = -i", limits: limits)
        #expect(result.counters.nodesCreated == 20_000)
        #expect(result.counters.propertiesSet == 40_000)
    }

    @Test("All rows are written also when few are wanted")
    func limitsDoNotCutWritesShort() throws {
        let fixture = try Fixture("UNWIND range(1, 5) AS i CREATE (:N {i: i})")
        for query in [
            "MATCH (n:N) SET n.x = 1 RETURN n LIMIT 1", "MATCH (n:N) CREATE (m:M) RETURN m LIMIT 0",
            "MATCH (n:N) MERGE (m:M {i: n.i}) RETURN m LIMIT 2",
            "MATCH (n:N) CALL { WITH n CREATE (m:M) RETURN m } RETURN m LIMIT 1",
        ] {
            let counters = try fixture.result(query).counters
            #expect(counters.nodesCreated == 5 || counters.propertiesSet == 5, "\(query)")
        }
    }

    @Test("A value that is free once all rows were changed can be taken, as when rows are gathered")
    func uniqueValuesAreFreedFirst() throws {
        let fixture = try Fixture(
            """
            CREATE CONSTRAINT FOR (n:N) REQUIRE n.id IS UNIQUE; UNWIND [1, 2] AS i CREATE (:N {id: i})
            """)
        let result = try fixture.result(
            """
            UNWIND [[1, 2], [2, 3]] AS p MATCH (n:N {id: p[0]})
            SET n.id = p[0] + 100 CREATE (:N {id: p[1]})
            """)
        #expect(result.counters.nodesCreated == 2)
    }

    // MARK: Against gathering after every clause

    /// Clauses that use what names there are: `u` and `v` are nodes.
    private static func clause(_ number: Int, _ random: inout SplitMix) -> String {
        let label = ["A", "B"].randomElement(using: &random) ?? "A"
        let type = ["R", "S"].randomElement(using: &random) ?? "R"
        let key = ["x", "y"].randomElement(using: &random) ?? "x"
        let (a, b) = Bool.random(using: &random) ? ("u", "v") : ("v", "u")
        let n = "n\(number)"
        return [
            "MATCH (\(n):\(label))", "MATCH (\(n))", "MATCH (\(a))-[:\(type)]->(\(n))",
            "MATCH (\(a))-[*0..1]->(\(n))",
            "MATCH (\(n):\(label) {\(key): 1})", "MATCH (\(n):!\(label)) WHERE \(n).\(key) > 0",
            "OPTIONAL MATCH (\(a))-[:\(type)]->(\(n):\(label))", "UNWIND [1, 2] AS \(n)",
            "WITH *, \(a).\(key) AS \(n)", "WITH *, labels(\(a)) AS \(n)", "WITH DISTINCT *",
            "WITH * WHERE \(a).\(key) < 3",
            "WITH u, v, count(*) AS \(n)", "WITH *, COUNT { (\(a))-[:\(type)]->() } AS \(n)",
            "CREATE (:\(label) {\(key): 2})", "CREATE (\(n) {\(key): \(a).\(key)})",
            "CREATE (\(a))-[:\(type)]->(:\(label))",
            "CREATE (\(a))-[:\(type)]->(\(b))", "CREATE (\(n):\(label)) CREATE (\(a))-[:\(type)]->(\(n))",
            "SET \(a).\(key) = coalesce(\(b).\(key), 0) + 1", "SET \(a) += {\(key): 3}",
            "SET \(a) = properties(\(b))",
            "SET \(a):\(label)", "REMOVE \(a):\(label)", "REMOVE \(a).\(key)",
            "MERGE (\(n):\(label) {\(key): 1}) ON MATCH SET \(n).y = 5", "MERGE (\(a))-[:\(type)]->(\(b))",
            "MERGE (\(a))-[:\(type)]->(:\(label))", "DETACH DELETE \(a)",
            "FOREACH (i IN [1, 2] | CREATE (:\(label) {\(key): \(a).\(key)}))",
            "CALL { WITH \(a) CREATE (:\(label) {\(key): \(a).\(key)}) }",
            "CALL { MATCH (m:\(label)) RETURN count(m) AS \(n) }",
            "CALL { WITH \(a) MATCH (m:\(label)) SET m.\(key) = 7 RETURN sum(m.x) AS \(n) }",
        ].randomElement(using: &random) ?? ""
    }

    /// The rows, or the word that there was an error, and what the graph is afterwards; numbers of entities aside.
    private static func outcome(_ fixture: Fixture, _ query: String) throws -> [String] {
        let transaction = GraphTransaction(fixture.graph)
        let limits = QueryLimits(heldValues: 2_000_000)
        var lines: [String] = []
        do {
            let result = try fixture.engine.prepare(query).run(
                in: transaction, limits: limits, now: fixture.now)
            lines = result.rows.map { "\($0)" }.sorted()
        } catch {
            return error.kind == .entityNotFound ? ["deleted"] : ["error \(error.message)"]
        }
        let graph = transaction.graph
        func node(_ node: NodeID) -> String { text(.node(node), graph) }
        lines += graph.allNodes().map(node).sorted()
        lines += graph.allRelationships().map { id in
            guard let record = graph.relationship(id) else { return "" }
            return node(record.source) + text(.relationship(id), graph) + node(record.target)
        }.sorted()
        return lines
    }

    @Test("Streaming gives what gathering after every clause gives", arguments: FuzzTests.seeds)
    func streamingIsGathering(seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        let fixture = try Fixture(
            """
            CREATE INDEX FOR (a:A) ON (a.x);
            CREATE (a:A {x: 1, y: 2}), (b:B {x: 1}), (c:A:B {x: 2}), (d {y: 1}),
                (a)-[:R]->(b), (b)-[:R]->(c), (c)-[:S]->(a), (a)-[:R]->(a), (d)-[:S]->(b)
            """)
        for _ in 0..<60 {
            let start =
                ["MATCH (u)-->(v)", "MATCH (u:A), (v:B)", "MATCH (u)-[:R]->(v)", "MATCH (u:A) MATCH (v)"]
                .randomElement(using: &random) ?? ""
            let clauses =
                [start] + (0..<Int.random(in: 1...4, using: &random)).map { Self.clause($0, &random) }
            let end = "RETURN count(*) AS c, sum(u.x) AS x, sum(v.y) AS y"
            func joined(_ separator: String) -> String {
                // Reading after writing needs a WITH between them.
                (clauses + [end]).joined(separator: separator)
            }
            let query = joined(" WITH * ")
            let gathered = try Self.outcome(fixture, joined(" WITH * ORDER BY 0 "))
            let streamed = try Self.outcome(fixture, query)
            #expect(streamed == gathered, "seed \(seed): \(query)")
        }
    }
}
