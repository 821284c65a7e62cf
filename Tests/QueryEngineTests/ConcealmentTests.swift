import Cypher
import PropertyGraph
import QueryEngine
import TestSupport
import Testing

/// A graph and rules as plain values, and what is left of the graph without what the rules hide: the naive model.
private struct PlainGraph {
    struct Node {
        var labels: Set<String>
        var properties: [String: Value]
    }
    struct Relationship {
        var type: String
        var source: UInt32
        var target: UInt32
        var properties: [String: Value]
    }
    struct Rules {
        var labels: Set<String> = []
        var types: Set<String> = []
        /// `key`, or `Holder.key`.
        var properties: Set<String> = []
    }
    var nodes: [UInt32: Node] = [:]
    var relationships: [UInt32: Relationship] = [:]

    init(_ graph: GraphSnapshot) {
        func named(_ properties: Properties) -> [String: Value] {
            Dictionary(properties.map { (graph.tokens.name($0.key), $0.value) }) { first, _ in first }
        }
        for node in graph.allNodes() {
            self.nodes[node.index] = Node(
                labels: Set(graph.labels(of: node).map(graph.tokens.name)),
                properties: named(graph.properties(of: node)))
        }
        for id in graph.allRelationships() {
            guard let record = graph.relationship(id) else { continue }
            self.relationships[id.index] = Relationship(
                type: graph.tokens.name(record.type), source: record.source.index,
                target: record.target.index, properties: named(graph.properties(of: id)))
        }
    }

    func without(_ rules: Rules) -> PlainGraph {
        func seen(_ properties: [String: Value], of holders: Set<String>) -> [String: Value] {
            properties.filter { key, _ in
                !rules.properties.contains(key)
                    && !holders.contains { rules.properties.contains("\($0).\(key)") }
            }
        }
        var rest = self
        rest.nodes = self.nodes.filter { $0.value.labels.isDisjoint(with: rules.labels) }
            .mapValues { Node(labels: $0.labels, properties: seen($0.properties, of: $0.labels)) }
        rest.relationships = self.relationships.filter { _, one in
            !rules.types.contains(one.type) && rest.nodes[one.source] != nil && rest.nodes[one.target] != nil
        }
        .mapValues { one in
            var one = one
            one.properties = seen(one.properties, of: [one.type])
            return one
        }
        return rest
    }

    /// The keys that some entity has.
    var keys: Set<String> {
        Set(
            self.nodes.values.flatMap(\.properties.keys)
                + self.relationships.values.flatMap(\.properties.keys))
    }

    /// All there is, a line each.
    var lines: [String] {
        func text(_ properties: [String: Value]) -> String {
            properties.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: " ")
        }
        return self.nodes.sorted { $0.key < $1.key }.map {
            "\($0.key) \($0.value.labels.sorted()) \(text($0.value.properties))"
        }
            + self.relationships.sorted { $0.key < $1.key }.map {
                "\($0.key) \($0.value.source)-\($0.value.type)-\($0.value.target) \(text($0.value.properties))"
            }
    }

    /// The graph, with the same numbers, names in the order of another graph, and its indexes as far as rules show them.
    func snapshot(like graph: GraphSnapshot, _ rules: Rules) throws -> GraphSnapshot {
        var loader = GraphLoader()
        let labels = Set(self.nodes.values.flatMap(\.labels))
        for name in graph.tokens.labels.names where labels.contains(name) { _ = try loader.labelSet([name]) }
        let types = Set(self.relationships.values.map(\.type))
        for name in graph.tokens.relationshipTypes.names where types.contains(name) {
            _ = try loader.type(name)
        }
        for name in graph.tokens.propertyKeys.names where self.keys.contains(name) {
            _ = try loader.key(name)
        }
        for (id, node) in self.nodes.sorted(by: { $0.key < $1.key }) {
            try loader.addNode(NodeID(id), labels: loader.labelSet(node.labels.sorted()))
            for (key, value) in node.properties {
                let key = try loader.key(key)
                loader.setProperty(key, of: NodeID(id), value)
            }
        }
        for (id, one) in self.relationships.sorted(by: { $0.key < $1.key }) {
            try loader.addRelationship(
                RelationshipID(id),
                RelationshipRecord(
                    type: loader.type(one.type), source: NodeID(one.source), target: NodeID(one.target)))
            for (key, value) in one.properties {
                let key = try loader.key(key)
                loader.setProperty(key, of: RelationshipID(id), value)
            }
        }
        let transaction = GraphTransaction(loader.finish(version: graph.version))
        for index in graph.indexes where index.constraint == nil {
            let definition = index.definition
            let isHidden =
                (definition.on == .node ? rules.labels : rules.types).contains(definition.label)
                || definition.keys.contains {
                    rules.properties.contains($0) || rules.properties.contains("\(definition.label).\($0)")
                }
            if !isHidden { try transaction.createIndex(definition) }
        }
        return transaction.graph
    }
}

extension PlainGraph.Rules {
    /// As the engine takes them.
    fileprivate var graphRules: GraphRules {
        var rules = GraphRules()
        for label in self.labels { rules.hide(.label(label)) }
        for type in self.types { rules.hide(.type(type)) }
        for property in self.properties {
            let parts = property.split(separator: ".").map(String.init)
            rules.hide(.property(parts[parts.count - 1], of: parts.count == 2 ? parts[0] : nil))
        }
        return rules
    }

    fileprivate static func random(_ generator: inout SplitMix) -> Self {
        var rules = Self()
        func some(_ names: [String], _ odds: Int) -> [String] {
            names.filter { _ in Int.random(in: 0..<odds, using: &generator) == 0 }
        }
        rules.labels = Set(some(["A", "B", "C", "S"], 4))
        rules.types = Set(some(["R", "T", "U"], 4))
        rules.properties = Set(some(["x", "name", "y", "A.x", "B.x", "C.name", "R.y", "S.p", "B.p"], 6))
        return rules
    }
}

/// What rules hide is gone for whoever they are about, whichever way it is asked for.
struct ConcealmentTests {
    private static let now = ZonedDateTime(seconds: 1_795_521_600)

    private static let reads = [
        "MATCH (n) RETURN n", "MATCH (n) RETURN count(*)", "MATCH (n:A) RETURN count(n)",
        "MATCH (n:S) RETURN n",
        "MATCH (n:A:B) RETURN n.x", "MATCH (n:A|C) RETURN id(n), n.name", "MATCH (n:!A) RETURN id(n)",
        "MATCH ()-[r]->() RETURN count(r)", "MATCH ()-[r:R]->() RETURN count(r)", "MATCH ()-[r]->() RETURN r",
        "MATCH (:A)-[r:R]->() RETURN count(r)", "MATCH (:A)-[r]->(:B) RETURN count(*)",
        "MATCH (a)-[r:R|T]-(b) RETURN id(a), id(r), id(b)", "MATCH (a)--(b) RETURN a, count(b)",
        "MATCH (n) RETURN id(n), COUNT { (n)--() }", "MATCH (n) RETURN id(n), COUNT { (n)-[:R]->() }",
        "MATCH (n) WHERE EXISTS { (n)-->(:B) } RETURN id(n)", "MATCH (n) WHERE (n)--(:S) RETURN id(n)",
        "MATCH (n) WHERE NOT (n)-[:U]->() RETURN id(n)", "MATCH (n) RETURN id(n), size([(n)-->(m) | m.x])",
        "MATCH (n) RETURN id(n), [(n)-[r]->(m) WHERE m.x > 0 | r.y]",
        "MATCH (n) UNWIND keys(n) AS k RETURN id(n), k", "MATCH (n) RETURN properties(n)",
        "MATCH (n) RETURN n {.*}", "MATCH (n) RETURN n {.x, .name, .p}", "MATCH (n) RETURN labels(n)",
        "MATCH ()-[r]->() RETURN type(r), properties(r), keys(r)", "MATCH (n) RETURN n['x'], n['name']",
        "MATCH (n) WHERE n.x = 1 RETURN id(n)", "MATCH (n:A) WHERE n.x = 1 RETURN id(n)",
        "MATCH (n:A) WHERE n.x > 0 RETURN n.x", "MATCH (n:A) WHERE n.x IN [0, 2] RETURN id(n)",
        "MATCH (n:A {x: 1}) RETURN n", "MATCH (n:B) WHERE n.name STARTS WITH 'n' RETURN id(n)",
        "MATCH (n:B) WHERE n.name CONTAINS '1' RETURN id(n)", "MATCH (n) WHERE n.x IS NULL RETURN id(n)",
        "MATCH (n) WHERE n.p IS NOT NULL RETURN id(n), n.p", "MATCH ()-[r:R {y: 1}]->() RETURN id(r)",
        "MATCH ()-[r:R]->() WHERE r.y > 0 RETURN id(r), r.y",
        "MATCH (n:A) WHERE n.x = 2 AND n.name > 'n0' RETURN id(n)",
        "MATCH (n) RETURN sum(n.x), avg(n.x), min(n.name), max(n.p), collect(n.x)",
        "MATCH (n:A) RETURN n.x, count(*) ORDER BY n.x", "MATCH (n) RETURN n.x ORDER BY n.x, id(n)",
        "MATCH (n) RETURN id(n) ORDER BY n.name, id(n) LIMIT 3", "MATCH (n) RETURN count(DISTINCT n.x)",
        "MATCH p = (a:A)-[*1..3]->(b) RETURN id(a), length(p), [n IN nodes(p) | id(n)]",
        "MATCH (a:A)-[*1..3]-(b:B) RETURN DISTINCT id(a), id(b)", "MATCH (a)-[:R*0..2]->(b) RETURN count(*)",
        "MATCH (a:A) MATCH (b:B) MATCH p = shortestPath((a)-[*..4]-(b)) WHERE id(a) <> id(b) RETURN id(a), id(b), length(p)",
        "MATCH (a:A), (b:B) WHERE id(a) < id(b) MATCH p = SHORTEST 1 (a)-[:R|T]-+(b) RETURN id(a), id(b), length(p)",
        "MATCH (a)-[:R]->(b)-[:R]->(c), (a)-->(c) RETURN id(a), id(b), id(c)",
        "MATCH (n) WHERE id(n) = 3 RETURN n",
        "UNWIND range(0, 60) AS i MATCH (n) WHERE id(n) = i RETURN i, n.x",
        "MATCH (n) WHERE elementId(n) ENDS WITH '1' RETURN id(n)",
        "MATCH ()-[r]->() WHERE id(r) < 9 RETURN r",
        "MATCH (n) OPTIONAL MATCH (n)-[r:T]->(m:C) RETURN id(n), id(r), m",
        "MATCH (n) CALL (n) { MATCH (n)-->(m) RETURN count(m) AS c } RETURN id(n), c",
        "MATCH (n) RETURN n:S, n:A, n:B AND n:C",
        "MATCH (a)-[r]->(b) RETURN id(startNode(r)), id(endNode(r))",
        "MATCH (n) WITH n ORDER BY id(n) RETURN [x IN collect(n) | x.name]",
        "CALL db.labels()", "CALL db.relationshipTypes()",
        "CALL db.schema.nodeTypeProperties()", "CALL db.schema.relTypeProperties()",
        "CALL db.schema.visualization()", "SHOW INDEXES YIELD name, entries, distinctValues",
        "CALL db.indexes() YIELD name, entries",
        "MATCH (n) RETURN n UNION MATCH (n:S) RETURN n", "RETURN EXISTS { (:S) }, COUNT { (:A) }",
        "MATCH (n:S) RETURN count(*)", "MATCH (n:Nobody) RETURN n", "MATCH ()-[r:U]->() RETURN count(*)",
        "MATCH (n) WHERE any(l IN labels(n) WHERE l = 'S') RETURN id(n)",
        "MATCH (n) WHERE n.x = n.p RETURN n",
        "RETURN reduce(s = 0, v IN COLLECT { MATCH (n) RETURN n.x } | s + coalesce(v, 0))",
    ]

    private static let writes = [
        "CREATE (n:A {x: 7, name: 'new'}) RETURN n.x, id(n)",
        "CREATE (:A {x: 1})-[:R {y: 2}]->(:B {name: 'm'})",
        "MATCH (n:A) SET n.x = coalesce(n.x, 0) + 1 RETURN n.x", "MATCH (n:B) SET n = {name: 'z'} RETURN n",
        "MATCH (n:B) SET n += {q: 1, p: null} RETURN n", "MATCH (n) WHERE n.x = 1 SET n:C RETURN count(*)",
        "MATCH (n:A) REMOVE n:A RETURN n", "MATCH (n:C) REMOVE n.name RETURN n",
        "MATCH (n:C) DETACH DELETE n",
        "MATCH ()-[r:R]->() DELETE r", "MATCH (n:A) DELETE n", "MATCH (n)-[r]->() DELETE r, n",
        "MERGE (n:A {x: 1}) ON CREATE SET n.q = 1 ON MATCH SET n.q = 2 RETURN n",
        "MERGE (n:B {name: 'n1'}) RETURN count(*)", "MATCH ()-[r:T]->() SET r.y = 5, r.w = 1 RETURN r",
        "MATCH (n:A) CREATE (n)-[:R {y: 1}]->(m:B {x: 3}) WITH m MATCH (k)-[r]->(m) RETURN count(r), count(k.name)",
        "MATCH (a:A), (b:B) MERGE (a)-[r:T]->(b) RETURN count(r)",
        "MATCH (n:B) SET n.x = 1 WITH count(*) AS c MATCH (m:A) WHERE m.x = 1 RETURN c, count(m)",
        "UNWIND range(1, 3) AS i CREATE (n:Z {x: i}) RETURN id(n)",
        "MATCH (n) WHERE n.x > 1 SET n.name = 'big' RETURN count(*)",
        "MATCH (n:Z) SET n:A, n.x = 4 WITH n MATCH (k:A {x: 4}) RETURN count(k)",
        "FOREACH (i IN [1, 2] | CREATE (:B {x: i}))", "MATCH (n:C) SET n.p = n.x RETURN n.p",
        "CREATE INDEX made FOR (n:C) ON (n.p)", "DROP INDEX ax",
    ]

    /// A random change that nobody restricts: what others do meanwhile.
    private static func change(_ transaction: GraphTransaction, _ generator: inout SplitMix) throws {
        func properties(_ keys: [String]) -> [String: Value] {
            var made: [String: Value] = [:]
            for key in keys where Bool.random(using: &generator) {
                let number = Int.random(in: 0...3, using: &generator)
                made[key] = key == "name" ? .string("n\(number)") : .integer(number)
            }
            return made
        }
        func labels() -> [String] {
            ["A", "B", "C", "S"].filter { _ in Int.random(in: 0..<3, using: &generator) == 0 }
        }
        let nodes = Array(transaction.graph.allNodes())
        let relationships = Array(transaction.graph.allRelationships())
        guard let node = nodes.randomElement(using: &generator), Int.random(in: 0..<4, using: &generator) > 0
        else {
            _ = try transaction.createNode(labels: labels(), properties: properties(["x", "name", "p"]))
            return
        }
        switch Int.random(in: 0..<8, using: &generator) {
        case 0:
            // The newest stay, so that numbers of new ones are the same with and without what is hidden.
            if node.index + 1 < transaction.graph.nodeIDBound,
                !transaction.graph.labels(of: node).contains(where: {
                    transaction.graph.tokens.name($0) == "Z"
                })
            {
                try transaction.detachDeleteNode(node)
            }
        case 1:
            if let relationship = relationships.dropLast().randomElement(using: &generator),
                transaction.graph.relationship(relationship).map({ transaction.graph.tokens.name($0.type) })
                    != "Q"
            {
                try transaction.deleteRelationship(relationship)
            }
        case 2:
            guard
                !transaction.graph.labels(of: node).contains(where: {
                    transaction.graph.tokens.name($0) == "Z"
                })
            else { return }
            let label = try transaction.label(["A", "B", "C", "S"].randomElement(using: &generator) ?? "A")
            if try !transaction.addLabel(label, to: node) { try transaction.removeLabel(label, from: node) }
        case 3:
            let key = try transaction.propertyKey(["x", "p"].randomElement(using: &generator) ?? "x")
            let number = Int.random(in: 0...4, using: &generator)
            _ = try transaction.setProperty(key, of: node, to: number == 4 ? .null : .integer(number))
        case 4:
            guard let relationship = relationships.randomElement(using: &generator) else { return }
            _ = try transaction.setProperty(
                transaction.propertyKey("y"), of: relationship,
                to: .integer(Int.random(in: 0...3, using: &generator)))
        default:
            guard let other = nodes.randomElement(using: &generator) else { return }
            _ = try transaction.createRelationship(
                type: ["R", "T", "U"].randomElement(using: &generator) ?? "R", from: node, to: other,
                properties: properties(["y", "w"]))
        }
    }

    /// What nobody hides comes last, so that new things get the same numbers with and without what is hidden.
    private static func seal(_ transaction: GraphTransaction) throws {
        transaction.usesFreeNumbers = false
        let node = try transaction.createNode(labels: ["Z"])
        _ = try transaction.createRelationship(type: "Q", from: node, to: node)
    }

    private static func graph(
        _ generator: inout SplitMix, changes: ClosedRange<Int> = 5...120, hasIndexes: Bool = true
    ) throws -> GraphSnapshot {
        let transaction = GraphTransaction(GraphSnapshot())
        for _ in 0..<Int.random(in: changes, using: &generator) { try self.change(transaction, &generator) }
        try self.seal(transaction)
        guard hasIndexes else { return transaction.graph }
        try transaction.createIndex(IndexDefinition(name: "ax", label: "A", keys: ["x"]))
        try transaction.createIndex(IndexDefinition(name: "bname", label: "B", keys: ["name"]))
        try transaction.createIndex(IndexDefinition(name: "axn", label: "A", keys: ["x", "name"]))
        try transaction.createIndex(IndexDefinition(name: "ry", on: .relationship, label: "R", keys: ["y"]))
        try transaction.createIndex(IndexDefinition(name: "stext", kind: .text, label: "S", keys: ["name"]))
        return transaction.graph
    }

    /// Rows as texts in any order, or the error.
    private static func outcome(_ run: () throws -> QueryResult) -> [String] {
        do {
            let result = try run()
            return result.rows.map { row in row.map { text($0, result.graph) }.joined(separator: " | ") }
                .sorted()
                + ["\(result.counters.all.filter { $0.count > 0 })"]
        } catch {
            return ["\(error)"]
        }
    }

    private static func limits(_ rules: GraphRules) -> QueryLimits {
        var limits = QueryLimits.standard
        limits.caller = QueryCaller(user: "anne", graphs: [], rules: rules)
        return limits
    }

    @Test func whoMayNotSeeSomethingFindsWhatIsFoundWhereItIsNot() throws {
        var generator = SplitMix(seed: 61)
        var hidden = 0
        for round in 0..<40 {
            let engine = QueryEngine()
            var graph = try Self.graph(&generator)
            let rules = PlainGraph.Rules.random(&generator)
            let limits = Self.limits(rules.graphRules)
            for step in 0..<3 {
                let whole = PlainGraph(graph)
                let plain = whole.without(rules)
                if plain.lines != whole.lines { hidden += 1 }
                let copy = try plain.snapshot(like: graph, rules)
                let seen = engine.seen(graph, under: rules.graphRules, database: "d")
                #expect(seen.inconsistencies() == [])
                try #require(PlainGraph(seen).lines == plain.lines, "round \(round), step \(step), \(rules)")
                for query in Self.reads {
                    let prepared = try engine.prepare(query)
                    // Another engine: it has neither plans nor views of the first.
                    let other = try QueryEngine().prepare(query)
                    let found = Self.outcome {
                        try prepared.run(on: graph, limits: limits, now: Self.now, database: "d")
                    }
                    let wanted = Self.outcome { try other.run(on: copy, now: Self.now, database: "d") }
                    #expect(found == wanted, "round \(round), step \(step), \(query), \(rules)")
                    #expect(
                        !wanted.joined().contains("Error ("), "a query that fails compares nothing: \(wanted)"
                    )
                    let planned = try prepared.planned(on: graph, limits: limits, database: "d")
                    let plain = try other.planned(on: copy, limits: .standard, database: "d")
                    // An index makes a label known that no node has; to whom something is hidden it is not.
                    #expect(
                        Set(plain.unknownNames.labels).isSubset(of: planned.unknownNames.labels),
                        "\(query), \(rules)")
                    #expect(
                        Set(plain.unknownNames.types).isSubset(of: planned.unknownNames.types),
                        "\(query), \(rules)")
                }
                let keys = try engine.prepare("CALL db.propertyKeys()").run(
                    on: graph, limits: limits, now: Self.now, database: "d"
                ).rows
                #expect(Set(keys.compactMap(\.first?.string)) == plain.keys)
                let transaction = GraphTransaction(graph)
                for _ in 0..<Int.random(in: 1...30, using: &generator) {
                    try Self.change(transaction, &generator)
                }
                try Self.seal(transaction)
                graph = transaction.graph
            }
        }
        #expect(hidden > 60, "rules that hide nothing show nothing")
    }

    @Test func whatIsWrittenIsWhatIsWrittenWhereTheHiddenIsNot() throws {
        var generator = SplitMix(seed: 67)
        var (written, refused) = (0, 0)
        for round in 0..<60 {
            let engine = QueryEngine()
            let graph = try Self.graph(&generator)
            let rules = PlainGraph.Rules.random(&generator)
            let copy = try PlainGraph(graph).without(rules).snapshot(like: graph, rules)
            let (whole, rest) = (GraphTransaction(graph), GraphTransaction(copy))
            (whole.usesFreeNumbers, rest.usesFreeNumbers) = (false, false)
            for _ in 0..<4 {
                let query = try #require(Self.writes.randomElement(using: &generator))
                let before = PlainGraph(whole.graph).lines
                let found = Self.outcome {
                    try engine.prepare(query).run(
                        in: whole, limits: Self.limits(rules.graphRules), now: Self.now, database: "d")
                }
                if found.first?.hasPrefix("Forbidden") ?? false {
                    #expect(PlainGraph(whole.graph).lines == before, "\(query)")
                    refused += 1
                    // What was taken back leaves numbers behind that the copy has never had.
                    break
                }
                let wanted = Self.outcome {
                    try QueryEngine().prepare(query).run(in: rest, now: Self.now, database: "d")
                }
                #expect(found == wanted, "round \(round), \(query), \(rules)")
                try #require(
                    PlainGraph(whole.graph).without(rules).lines == PlainGraph(rest.graph).lines,
                    "round \(round), \(query), \(rules)")
                written += 1
            }
        }
        #expect(written > 80)
        #expect(refused > 20)
    }

    /// Pages hold 128 entities: on graphs of many pages most are not looked at again.
    @Test func whatIsSeenFollowsFromCommitToCommit() throws {
        var generator = SplitMix(seed: 73)
        for round in 0..<10 {
            let engine = QueryEngine()
            var graph = try Self.graph(&generator, changes: 1200...1600)
            let rules = PlainGraph.Rules.random(&generator)
            for step in 0..<12 {
                let seen = engine.seen(graph, under: rules.graphRules, database: "d")
                let plain = PlainGraph(graph).without(rules)
                try #require(
                    PlainGraph(seen).lines == plain.lines, "round \(round), step \(step), \(rules)")
                if step.isMultiple(of: 4) { #expect(seen.inconsistencies() == []) }
                let transaction = GraphTransaction(graph)
                for _ in 0..<Int.random(in: 1...6, using: &generator) {
                    try Self.change(transaction, &generator)
                }
                graph = transaction.graph
            }
        }
    }

    @Test func aViewThatNobodyAsksForIsForgotten() async throws {
        let graph = try Fixture("CREATE (:A), (:B)").graph
        var rules = GraphRules()
        rules.hide(.label("A"))
        let views = ConcealedGraphs(idle: .milliseconds(50))
        #expect(views.seen(graph, rules, database: "d").nodeCount == 1)
        #expect(views.count == 1)
        // By turns and not by the clock: with all tests at work, both tasks wait for threads.
        for _ in 0..<2000 where views.count > 0 { try await Task.sleep(for: .milliseconds(10)) }
        #expect(views.count == 0)
        #expect(views.seen(graph, rules, database: "d").nodeCount == 1)
        for number in 0..<40 { _ = views.seen(graph, rules, database: "d\(number)") }
        #expect(views.count <= 16)
    }

    @Test func estimatesTellNothingOfWhatIsHidden() throws {
        var generator = SplitMix(seed: 71)
        for round in 0..<20 {
            let engine = QueryEngine()
            // With an index that is hidden a plan would be made anew anyhow.
            let graph = try Self.graph(&generator, hasIndexes: round.isMultiple(of: 2))
            let rules = PlainGraph.Rules.random(&generator)
            let copy = try PlainGraph(graph).without(rules).snapshot(like: graph, rules)
            // The planner takes a name that no graph has ever had for another thing than one that nobody has now.
            let hasAll =
                ["A", "B", "C", "S"].allSatisfy { rules.labels.contains($0) || copy.tokens.label($0) != nil }
                && ["R", "T", "U"].allSatisfy {
                    rules.types.contains($0) || copy.tokens.relationshipType($0) != nil
                }
            guard hasAll else { continue }
            for query in Self.reads.filter({ !$0.hasPrefix("SHOW") }) {
                let prepared = try engine.prepare("EXPLAIN " + query)
                // Somebody who sees all has asked before.
                _ = try prepared.run(on: graph, now: Self.now, database: "d")
                let found = try prepared.run(
                    on: graph, limits: Self.limits(rules.graphRules), now: Self.now, database: "d")
                let wanted = try QueryEngine().prepare("EXPLAIN " + query).run(on: copy, now: Self.now)
                #expect(found.plan == wanted.plan, "round \(round), \(query), \(rules)")
            }
        }
    }

    @Test(arguments: [
        ("CREATE (:Locked)", "label `Locked`"), ("MATCH (n:Open) SET n:Locked", "label `Locked`"),
        ("MATCH (n:Open) SET n:Hidden", "label `Hidden`"), ("CREATE (:Hidden)", "label `Hidden`"),
        ("MATCH (n:Locked) SET n.x = 2", "label `Locked`"),
        ("MATCH (n:Locked) REMOVE n:Locked", "label `Locked`"),
        ("MATCH (n:Locked) DETACH DELETE n", "type `KEPT`"),
        ("MATCH (n:Open) SET n.locked = 1", "property `locked`"),
        ("MATCH (n:Open) SET n.hidden = 1", "property `hidden`"),
        ("MATCH (n:Open) SET n.hidden = 'secret'", "property `hidden`"),
        ("MATCH (n:Open) SET n = {hidden: 1}", "property `hidden`"),
        ("CREATE ({hidden: 1})", "property `hidden`"),
        ("CREATE (:Open {pay: 1})", "property `pay`"),
        ("CREATE (n {pay: 1}) SET n:Open", "property `pay`"),
        ("MATCH (n:Open) SET n.pay = 1", "property `pay`"),
        ("MATCH (n:Open) REMOVE n:Open", "label `Open`"),
        ("MATCH (n:Open) CREATE (n)-[:KEPT]->(n)", "type `KEPT`"),
        ("MATCH ()-[r:KEPT]->() DELETE r", "type `KEPT`"),
        ("MATCH ()-[r:KEPT]->() SET r.x = 1", "type `KEPT`"),
        ("MATCH (n:Open) CREATE (n)-[:UNSEEN]->(n)", "type `UNSEEN`"),
        ("MATCH (n:Plain) DETACH DELETE n", "relationships that you may not see"),
        ("MATCH (n:Plain) DELETE n", "relationships that you may not see"),
        ("CREATE INDEX FOR (n:Hidden) ON (n.x)", "label `Hidden`"),
        ("CREATE CONSTRAINT FOR (n:Plain) REQUIRE n.hidden IS UNIQUE", "property `hidden`"),
        ("DROP INDEX hx", "label `Hidden`"), ("MERGE (:Locked {x: 9})", "label `Locked`"),
    ])
    func whatMayNotBeWrittenIsRefusedByName(query: String, reason: String) throws {
        let fixture = try Fixture(
            """
            CREATE (:Open {hidden: 'secret', pay: 5})-[:SEES]->(:Locked {x: 1})-[:KEPT]->(:Open);
            CREATE (:Plain)-[:UNSEEN]->(:Hidden {x: 1});
            CREATE INDEX hx FOR (n:Hidden) ON (n.x)
            """)
        var rules = GraphRules()
        rules.hide(.label("Hidden"))
        rules.hide(.type("UNSEEN"))
        rules.hide(.property("hidden", of: nil))
        rules.hide(.property("pay", of: "Open"))
        rules.lock(.label("Locked"))
        rules.lock(.type("KEPT"))
        rules.lock(.property("locked", of: nil))
        let error = #expect(throws: CypherError.self) {
            _ = try fixture.resultInTransaction(query, limits: Self.limits(rules))
        }
        #expect(error?.kind == .forbidden)
        #expect(error?.message.contains(reason) ?? false, "\(error?.message ?? "")")
        do {
            _ = try fixture.resultInTransaction(query)
        } catch {
            #expect((error as? CypherError)?.kind != .forbidden, "without rules")
        }
    }

    @Test(arguments: [
        "CREATE (:P {mail: 'secret'})", "MATCH (n:P {mail: 'open'}) SET n.mail = 'secret'",
        "CREATE CONSTRAINT FOR (n:Q) REQUIRE n.mail IS UNIQUE",
    ])
    func whoeverHasAValueThatMustDifferIsNotNamedWhenHidden(query: String) throws {
        let fixture = try Fixture(
            """
            CREATE CONSTRAINT c FOR (n:P) REQUIRE n.mail IS UNIQUE;
            CREATE (:P:Hidden {mail: 'secret'}), (:P {mail: 'open'});
            CREATE (:Q:Hidden {mail: 'secret'}), (:Q:Hidden {mail: 'secret'})
            """)
        var rules = GraphRules()
        rules.hide(.label("Hidden"))
        let error = #expect(throws: CypherError.self) {
            _ = try fixture.resultInTransaction(query, limits: Self.limits(rules))
        }
        #expect(error?.kind == .constraintValidationFailed)
        #expect(error?.message.contains("node 0") == false)
        #expect(error?.message.contains("secret") == false)
        let plain = #expect(throws: CypherError.self) { _ = try fixture.resultInTransaction(query) }
        #expect(plain?.message.contains("secret") == true)
    }
}
