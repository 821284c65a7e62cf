import Cypher
import PropertyGraph
import QueryEngine
import TestSupport
import Testing

/// A query sees soon that it is to end, whatever it is doing: counted in looks at its control, because machines differ.
struct CancellationTests {
    struct Work: CustomTestStringConvertible, Sendable {
        let name: String
        /// The same up to the work that is meant; nil when all of it is meant.
        var before: String?
        let query: String
        /// How many looks the work takes more than what comes before it, at least.
        let looks: Int
        var testDescription: String { self.name }
    }

    /// 30,000 rows, 64 nodes around one of 3,000 relationships, a chain of 3,000 nodes.
    private static let rows = "UNWIND range(1, 30000) AS i WITH (i * 7919) % 30011 AS x "
    private static let script = """
        UNWIND range(1, 3000) AS i CREATE (:N {i: i});
        CREATE (:Hub);
        UNWIND range(1, 100) AS i CREATE (:Small {i: i});
        MATCH (a:Small), (b:Small) WHERE a.i < b.i <= a.i + 2 CREATE (a)-[:R]->(b);
        MATCH (h:Hub), (n:N) CREATE (h)-[:R]->(n);
        MATCH (n:N) WITH n ORDER BY n.i WITH collect(n) AS all
            UNWIND range(0, size(all) - 2) AS i
            WITH all[i] AS a, all[i + 1] AS b CREATE (a)-[:NEXT]->(b);
        """

    static let works = [
        Work(
            name: "sorting", before: Self.rows + "RETURN x", query: Self.rows + "RETURN x ORDER BY x",
            looks: 60),
        Work(
            name: "the first of many", before: Self.rows + "RETURN x LIMIT 10000",
            query: Self.rows + "RETURN x ORDER BY x LIMIT 10000", looks: 60),
        Work(
            name: "a percentile", before: Self.rows + "RETURN collect(x)",
            query: Self.rows + "RETURN percentileDisc(x, 0.5)", looks: 60),
        Work(
            name: "groups", before: Self.rows + "RETURN count(x)", query: Self.rows + "RETURN x, count(*)",
            looks: 50),
        Work(
            name: "membership of long lists", before: "WITH range(1, 200000) AS l RETURN size(l)",
            query: "WITH range(1, 200000) AS l RETURN -1 IN l", looks: 40),
        Work(name: "rows of a result", query: Self.rows + "RETURN x", looks: 80),
        Work(name: "creating", query: "UNWIND range(1, 5000) AS i CREATE (:M {i: i})-[:S]->(:M)", looks: 14),
        Work(name: "creating in one clause", query: "CREATE " + Self.repeated("(:M)", 3000), looks: 2),
        Work(name: "setting", query: "MATCH (n:N) SET n.x = 1, n.y = 2, n:Marked", looks: 8),
        Work(name: "FOREACH", query: "FOREACH (i IN range(1, 5000) | CREATE (:M {i: i}))", looks: 9),
        Work(name: "MERGE", query: "UNWIND range(1, 60) AS i MERGE (:M {i: i})", looks: 1),
        Work(name: "deleting a node of many relationships", query: "MATCH (h:Hub) DETACH DELETE h", looks: 2),
        Work(name: "deleting", query: "MATCH (n:N) DETACH DELETE n", looks: 8),
        Work(
            name: "a long path", before: "MATCH (a:N {i: 1}) RETURN a",
            query: "MATCH (a:N {i: 1})-[:NEXT*]->(b) RETURN count(b)", looks: 100),
        Work(
            name: "a long shortest path",
            query:
                "MATCH (a:N {i: 1}), (b:N {i: 3000}) MATCH p = shortestPath((a)-[:NEXT*]->(b)) RETURN length(p)",
            looks: 6),
        Work(
            name: "algo.pageRank", query: "CALL algo.pageRank('N', 'NEXT', {iterations: 5, tolerance: 0})",
            looks: 30),
        Work(name: "algo.components", query: "CALL algo.components('N', 'NEXT')", looks: 15),
        Work(name: "algo.topologicalOrder", query: "CALL algo.topologicalOrder('N', 'NEXT')", looks: 20),
        Work(name: "algo.criticalPath", query: "CALL algo.criticalPath('N', 'NEXT')", looks: 30),
        Work(name: "algo.betweenness", query: "CALL algo.betweenness('Small', 'R')", looks: 20),
        Work(name: "making an index", query: "CREATE INDEX FOR (n:N) ON (n.i)", looks: 4),
        Work(
            name: "making a constraint",
            query: "CREATE CONSTRAINT FOR (n:N) REQUIRE n.i IS UNIQUE", looks: 4),
    ]

    private static func repeated(_ text: String, _ count: Int) -> String {
        Array(repeating: text, count: count).joined(separator: ", ")
    }

    private static let fixture = Result { try Fixture(Self.script) }

    private static func looks(_ fixture: Fixture, _ query: String) throws -> Int {
        let control = QueryControl()
        let prepared = try fixture.engine.prepare(query)
        if prepared.isReadOnly {
            _ = try prepared.run(on: fixture.graph, now: fixture.now, control: control)
        } else {
            _ = try prepared.run(in: GraphTransaction(fixture.graph), now: fixture.now, control: control)
        }
        return control.looks
    }

    @Test("Long work asks often whether it is to end", arguments: works)
    func longWorkLooksOften(work: Work) throws {
        let fixture = try Self.fixture.get()
        let before = try work.before.map { try Self.looks(fixture, $0) } ?? 0
        let looks = try Self.looks(fixture, work.query)
        #expect(looks - before >= work.looks, "\(looks) looks, \(before) before: \(work.query)")
    }

    /// Statements that would run for hours.
    static let endless = [
        "UNWIND range(1, 10000000) AS i WITH i ORDER BY -i RETURN count(i)",
        "UNWIND range(1, 10000000) AS i WITH DISTINCT [i, i] AS l RETURN count(l)",
        "MATCH (a:N), (b:N), (c:N) RETURN percentileCont(a.i + b.i + c.i, 0.5)",
        "MATCH (a:N), (b:N), (c:N) RETURN collect(a.i)[0]",
        "UNWIND range(1, 10000000) AS i CREATE (:M {i: i})",
        "MATCH (a:N), (b:N) SET a.x = b.i",
        "MATCH (a:N), (b:N) CREATE (a)-[:Q]->(b)",
        "FOREACH (i IN range(1, 10000000) | CREATE (:M {i: i}))",
        "MATCH (a:N), (b:N), (c:N) MERGE (m:M {i: a.i * b.i * c.i})",
        "CALL algo.betweenness(null, null)",
        "CALL algo.pageRank(null, null, {iterations: 1000000000, tolerance: 0})",
        "MATCH p = (:Small)-[:R*]->(:Small) RETURN count(p)",
        "UNWIND range(1, 10000000) AS i MATCH p = shortestPath((:N {i: 1})-[:NEXT*]->(:N {i: 3000})) RETURN count(p)",
    ]

    @Test("What would run for hours ends soon after its time", arguments: endless)
    func endlessWorkEndsInTime(query: String) throws {
        let fixture = try Self.fixture.get()
        let start = ContinuousClock.now
        let error = #expect(throws: CypherError.self) {
            _ = try fixture.result(query, limits: QueryLimits(seconds: 0.3))
        }
        #expect(error?.detail == "TimeLimit")
        // Generous: unoptimised code on a machine that is busy with other tests.
        #expect(ContinuousClock.now - start < .seconds(10))
    }

    @Test("A cancelled command leaves no index behind")
    func cancelledIndexIsNotMade() throws {
        let fixture = try Self.fixture.get()
        let transaction = GraphTransaction(fixture.graph)
        let control = QueryControl()
        control.cancel()
        for command in [
            "CREATE INDEX FOR (n:N) ON (n.i)", "CREATE CONSTRAINT FOR (n:N) REQUIRE n.i IS UNIQUE",
            "CREATE CONSTRAINT FOR (n:N) REQUIRE n.i IS NOT NULL",
        ] {
            let error = #expect(throws: CypherError.self) {
                _ = try fixture.engine.prepare(command).run(
                    in: transaction, now: fixture.now, control: control)
            }
            #expect(error?.kind == .cancelled, "\(command)")
        }
        #expect(transaction.graph.indexes.isEmpty && transaction.graph.constraints.isEmpty)
    }
}
