import Cypher
import PropertyGraph
import QueryEngine
import TestSupport
import Testing

/// Operators that spare work against the same question in words that they do not take, on random graphs with parallel
/// relationships, loops and values of mixed types.
struct OperatorTests {
    struct Pair: CustomTestStringConvertible, Sendable {
        /// The operator that the plan of the first has.
        let name: String
        let query: String
        let plain: String
        var testDescription: String { self.name }
    }

    static let pairs = [
        Pair(
            name: "ExpandIntersect",
            query: "MATCH (a)-[:R]->(b)-[:R]->(c)-[:R]->(a) RETURN a.id, b.id, c.id",
            plain: """
                MATCH (a)-[x]->(b)-[y]->(c)-[z]->(a)
                WHERE type(x) = 'R' AND type(y) = 'R' AND type(z) = 'R' RETURN a.id, b.id, c.id
                """),
        Pair(
            name: "ExpandIntersect",
            query: "MATCH (a:A)-[:R]->(b:B), (a)<-[:S]-(c)<-[:R]-(b) RETURN a.id, b.id, c.id",
            plain: """
                MATCH (a:A)-[x]->(b:B), (a)<-[y]-(c)<-[z]-(b)
                WHERE type(x) = 'R' AND type(y) = 'S' AND type(z) = 'R' RETURN a.id, b.id, c.id
                """),
        Pair(
            name: "VarLengthExpand(Distinct)",
            query: "MATCH (a:A)-[:R*1..3]->(b) RETURN DISTINCT a.id, b.id",
            plain: "MATCH (a:A)-[r:R*1..3]->(b) RETURN DISTINCT a.id, b.id"),
        Pair(
            name: "VarLengthExpand(Distinct)",
            query: "MATCH (a:A)-[:R*0..4]->(b:B) RETURN a.id, count(DISTINCT b)",
            plain: "MATCH (a:A)-[r:R*0..4]->(b:B) RETURN a.id, count(DISTINCT b)"),
        Pair(
            name: "VarLengthExpand(Distinct)",
            query: "MATCH (a:A)-[:R*]->(a) RETURN DISTINCT a.id",
            plain: "MATCH (a:A)-[r:R*]->(a) RETURN DISTINCT a.id"),
        Pair(
            name: "GetDegree",
            query: "MATCH (a:A)-[r:R]->() RETURN a.v, count(r) AS n",
            plain: "MATCH (a:A)-[r:R]->(b) WITH a, r, b RETURN a.v, count(r) AS n"),
        Pair(
            name: "GetDegree",
            query: "MATCH (a)<-[:R|S]-(:B) WHERE a.id > 2 RETURN count(*) AS n",
            plain: "MATCH (a)<-[:R|S]-(b:B) WHERE a.id > 2 WITH a, b RETURN count(*) AS n"),
        Pair(
            name: "NodeByLabelScan",
            query: "MATCH (a:A) RETURN a.id, COUNT { (a)-[:R]->(:B) }, EXISTS { (a)<-[:S]-() }",
            plain: """
                MATCH (a:A) RETURN a.id, size([(a)-[:R]->(b:B) | b]), size([(a)<-[:S]-(b) | b]) > 0
                """),
        Pair(
            name: "NodeByLabelScan", query: "MATCH (a:A) WHERE a.v > 1 AND 3 >= a.v RETURN a.id",
            plain: "MATCH (a:A) WHERE coalesce(a.v) > 1 AND 3 >= coalesce(a.v) RETURN a.id"),
        Pair(
            name: "NodeByLabelScan", query: "MATCH (a:A) WHERE a.v = 'b' RETURN a.id",
            plain: "MATCH (a:A) WHERE coalesce(a.v) = 'b' RETURN a.id"),
        Pair(
            name: "NodeByLabelScan", query: "MATCH (a:A) WHERE a.v <> 2 RETURN a.id",
            plain: "MATCH (a:A) WHERE coalesce(a.v) <> 2 RETURN a.id"),
        Pair(
            name: "NodeIndexSeekByRange", query: "MATCH (b:B) WHERE b.v >= 1 AND b.v < 2.5 RETURN b.id",
            plain: "MATCH (b:B) WHERE coalesce(b.v) >= 1 AND coalesce(b.v) < 2.5 RETURN b.id"),
        Pair(
            name: "NodeIndexSeekByRange", query: "MATCH (b:B) WHERE 0 < b.v <= 3 RETURN b.id",
            plain: "MATCH (b:B) WHERE 0 < coalesce(b.v) <= 3 RETURN b.id"),
        Pair(
            name: "NodeIndexSeekByRange", query: "MATCH (b:B) WHERE b.v STARTS WITH 'b' RETURN b.id",
            plain: "MATCH (b:B) WHERE coalesce(b.v) STARTS WITH 'b' RETURN b.id"),
        Pair(
            name: "NodeIndexSeekByRange", query: "MATCH (b:B) WHERE b.v > 'a' RETURN b.id",
            plain: "MATCH (b:B) WHERE coalesce(b.v) > 'a' RETURN b.id"),
        Pair(
            name: "ShortestPath",
            query: """
                MATCH (a), (b) WHERE a.id <> b.id MATCH p = allShortestPaths((a)-[:R*..5]->(b))
                RETURN a.id, b.id, count(p), min(length(p))
                """,
            plain: """
                MATCH (a), (b) WHERE a.id <> b.id MATCH p = (a)-[:R*..5]->(b)
                WITH a, b, collect(length(p)) AS lengths, min(length(p)) AS least
                RETURN a.id, b.id, size([l IN lengths WHERE l = least]), least
                """),
        Pair(
            name: "ShortestPath",
            query: """
                MATCH (a), (b) WHERE a.id <> b.id MATCH p = shortestPath((a)-[:R|S*..4]-(b))
                RETURN a.id, b.id, length(p)
                """,
            plain: """
                MATCH (a), (b) WHERE a.id <> b.id MATCH p = (a)-[:R|S*..4]-(b) RETURN a.id, b.id, min(length(p))
                """),
        Pair(
            name: "EagerAggregation",
            query: "MATCH (a:A) RETURN a.v, count(a.id), sum(a.w), avg(a.w), count(DISTINCT a.w)",
            plain: """
                MATCH (a:A) WITH a.v AS v, collect(a) AS all
                RETURN v, size(all), reduce(s = 0, a IN all | s + coalesce(a.w, 0)),
                    CASE WHEN size([a IN all WHERE a.w IS NOT NULL]) = 0 THEN null
                    ELSE reduce(s = 0.0, a IN all | s + coalesce(a.w, 0)) / size([a IN all WHERE a.w IS NOT NULL]) END,
                    COUNT { UNWIND [a IN all | a.w] AS w WITH w WHERE w IS NOT NULL RETURN DISTINCT w }
                """),
        Pair(
            name: "Top", query: "MATCH (a:A) RETURN a.id ORDER BY a.w DESC, a.id LIMIT 3",
            plain: """
                MATCH (a:A) WITH a ORDER BY a.w DESC, a.id WITH collect(a.id) AS ids UNWIND ids[0..3] AS id RETURN id
                """),
    ]

    private static func graph(_ seed: UInt64) throws -> Fixture {
        var random = SplitMix(seed: seed)
        let values = ["1", "2", "2.0", "0.5", "3", "'a'", "'b'", "'ba'", "true", "null", "[1]"]
        // One graph in three has whole numbers only: then columns are of one type.
        let wholes = ["0", "1", "2", "3"]
        let kinds = seed % 3 == 0 ? wholes : values
        var parts: [String] = []
        let count = Int.random(in: 3...9, using: &random)
        for id in 0..<count {
            let label = ["", ":A", ":B", ":A:B"].randomElement(using: &random) ?? ""
            let value = kinds.randomElement(using: &random) ?? "1"
            let weight = ["1", "2", "7", "null"].randomElement(using: &random) ?? "1"
            parts.append("(n\(id)\(label) {id: \(id), v: \(value), w: \(weight)})")
        }
        for _ in 0..<Int.random(in: 0...14, using: &random) {
            let type = Int.random(in: 0..<3, using: &random) == 0 ? "S" : "R"
            parts.append(
                "(n\(Int.random(in: 0..<count, using: &random)))-[:\(type)]->(n\(Int.random(in: 0..<count, using: &random)))"
            )
        }
        return try Fixture("CREATE INDEX FOR (b:B) ON (b.v); CREATE " + parts.joined(separator: ", "))
    }

    @Test(arguments: pairs) func givesWhatThePlainQuestionGives(pair: Pair) throws {
        for seed in 1...40 as ClosedRange<UInt64> {
            let fixture = try Self.graph(seed)
            let found = try fixture.rows(pair.query).sorted()
            let wanted = try fixture.rows(pair.plain).sorted()
            #expect(found == wanted, "seed \(seed): \(pair.query)")
            let result = try fixture.resultInTransaction(pair.query)
            let inside = result.rows.map { row in row.map { text($0, result.graph) }.joined(separator: ", ") }
            #expect(inside.sorted() == wanted, "seed \(seed), in a transaction: \(pair.query)")
        }
    }

    @Test(arguments: pairs) func isWhatThePlanUses(pair: Pair) throws {
        let fixture = try Self.graph(1)
        let plan = try #require(try fixture.result("EXPLAIN " + pair.query).plan)
        #expect(plan.text.contains(pair.name + " ") || plan.text.contains(pair.name + "\n"), "\(plan.text)")
    }

    @Test func aPlanIsMadeAnewWhenAnIndexCameOrWent() throws {
        let engine = QueryEngine()
        func explain(_ graph: GraphSnapshot) throws -> String {
            try #require(
                try engine.prepare("EXPLAIN MATCH (a:A) WHERE a.v > 1 RETURN a").run(
                    on: graph, now: ZonedDateTime(seconds: 0)
                ).plan
            ).text
        }
        let transaction = GraphTransaction(GraphSnapshot())
        for _ in 0..<5 { _ = try transaction.createNode(labels: ["A"], properties: ["v": .integer(2)]) }
        let without = transaction.graph
        #expect(try explain(without).contains("NodeByLabelScan"))
        try transaction.createIndex(IndexDefinition(name: "i", label: "A", keys: ["v"]))
        #expect(try explain(transaction.graph).contains("NodeIndexSeekByRange"))
        #expect(try explain(without).contains("NodeByLabelScan"))
    }

    @Test func profileTellsOfEachOperatorWhatItDid() throws {
        let fixture = try Fixture("UNWIND range(1, 10) AS n CREATE (:A {n: n})")
        let plan = try #require(
            try fixture.result("PROFILE MATCH (a:A) WHERE a.n > 4 RETURN a.n ORDER BY a.n").plan)
        let scan = try #require(plan.leaf { $0.name == "NodeByLabelScan" })
        #expect(scan.measured?.rows == 6)
        #expect((scan.measured?.steps ?? 0) >= 6)
        let sort = try #require(plan.leaf { $0.name == "Sort" })
        #expect((sort.measured?.heldValues ?? 0) >= 6)
    }

    @Test("PROFILE counts the pages of the graph that each operator looks at")
    func profileTellsOfPages() throws {
        let fixture = try Fixture(
            """
            UNWIND range(1, 1000) AS n CREATE (:A {n: n});
            MATCH (a:A), (b:A) WHERE b.n = a.n + 1 CREATE (a)-[:R]->(b)
            """)
        func pages(_ query: String, _ name: String) throws -> Int {
            let plan = try #require(try fixture.result("PROFILE " + query).plan)
            return try #require(plan.leaf { $0.name == name }?.measured?.pages)
        }
        // Eight pages of 128 nodes: members of the label, and its column where there is a comparison.
        #expect(try pages("MATCH (a:A) RETURN count(a)", "NodeByLabelScan") == 8)
        #expect(try pages("MATCH (a:A) WHERE a.n > 990 RETURN count(a)", "NodeByLabelScan") == 16)
        // A property of a row is a page, and so are the neighbours of a node.
        #expect(try pages("MATCH (a:A) RETURN a.n", "Projection") == 1000)
        #expect(try pages("MATCH (a:A)-[:R]->(b) WHERE b.n > 0 RETURN b.n", "ExpandAll") == 1000)
        #expect(try pages("UNWIND range(1, 100) AS i RETURN i + 1 AS j", "Projection") == 0)
    }

    /// Values of one type lie side by side and are compared so; a list of them is not.
    @Test(
        arguments: [
            "toFloat(i % 50) / 4", "date('2026-01-01') + duration({days: i % 40})",
            "localdatetime('2026-01-01T00:00') + duration({hours: i % 40})", "i % 40",
            "CASE i % 3 WHEN 0 THEN 0.0 / 0.0 ELSE i / 2.0 END",
            "datetime('2026-01-01T00:00Z') + duration({hours: i % 40})",
            "localtime('10:00') + duration({minutes: i % 40})",
        ],
        ["<", "<=", "=", "<>", ">=", ">"])
    func scansCompareValuesOfEveryTypeAsListsDo(value: String, sign: String) throws {
        let engine = QueryEngine()
        let now = ZonedDateTime(seconds: 0, nanosecond: 0)
        let transaction = GraphTransaction(GraphSnapshot())
        _ = try engine.prepare(
            "UNWIND range(0, 399) AS i CREATE (n:N) WITH n, i WHERE i % 7 <> 0 SET n.v = \(value)"
        ).run(in: transaction, now: now)
        let bounds = "WITH 17 AS i WITH \(value) AS b"
        let scan = try engine.prepare("\(bounds) MATCH (n:N) WHERE n.v \(sign) b RETURN count(n)")
            .run(on: transaction.graph, now: now)
        let list = try engine.prepare(
            "\(bounds) MATCH (n:N) WITH b, collect(n.v) AS l UNWIND l AS v WITH b, v WHERE v \(sign) b RETURN count(v)"
        ).run(on: transaction.graph, now: now)
        #expect(scan.rows == list.rows)
        #expect(list.rows != [[.integer(0)]])
    }
}

extension PlanDescription {
    fileprivate func leaf(_ test: (PlanDescription) -> Bool) -> PlanDescription? {
        if test(self) { return self }
        for child in self.children { if let found = child.leaf(test) { return found } }
        return nil
    }
}
