import Cypher
import PropertyGraph
import QueryEngine
import TestSupport
import Testing

/// The plan that the engine chooses against trying all there is, on small random graphs and patterns.
struct DifferentialTests {
    /// A graph as plain lists: what the naive evaluator reads.
    struct PlainGraph {
        var nodes: [(labels: Set<String>, x: Int)] = []
        var relationships: [(from: Int, to: Int, type: String, y: Int)] = []

        init(_ generator: inout SplitMix) {
            for _ in 0..<Int.random(in: 3...7, using: &generator) {
                let labels = ["A", "B"].filter { _ in Bool.random(using: &generator) }
                self.nodes.append((Set(labels), Int.random(in: 0...2, using: &generator)))
            }
            for _ in 0..<Int.random(in: 3...11, using: &generator) {
                self.relationships.append(
                    (
                        Int.random(in: self.nodes.indices, using: &generator),
                        Int.random(in: self.nodes.indices, using: &generator),
                        Bool.random(using: &generator) ? "R" : "S", Int.random(in: 0...2, using: &generator)
                    ))
            }
        }

        var script: String {
            var parts: [String] = []
            for (id, node) in self.nodes.enumerated() {
                parts.append(
                    "(n\(id)\(node.labels.sorted().map { ":" + $0 }.joined()) {id: \(id), x: \(node.x)})")
            }
            for relationship in self.relationships {
                parts.append(
                    "(n\(relationship.from))-[:\(relationship.type) {y: \(relationship.y)}]->(n\(relationship.to))"
                )
            }
            return "CREATE " + parts.joined(separator: ", ")
        }
    }

    struct Hop {
        let types: Set<String>
        /// 1 along, -1 against, 0 both.
        let direction: Int
        let y: Int?
        var text: String {
            let types = self.types.isEmpty ? "" : ":" + self.types.sorted().joined(separator: "|")
            let inside = "[\(types)\(self.y.map { " {y: \($0)}" } ?? "")]"
            return (self.direction < 0 ? "<-" : "-") + inside + (self.direction > 0 ? "->" : "-")
        }
    }

    struct Spot {
        let name: String
        let label: String?
        let x: Int?
        var text: String {
            "(\(self.name)\(self.label.map { ":" + $0 } ?? "")\(self.x.map { " {x: \($0)}" } ?? ""))"
        }
    }

    struct Chain {
        let spots: [Spot]
        let hops: [Hop]
        var text: String {
            zip(self.hops, self.spots.dropFirst()).reduce(self.spots[0].text) { $0 + $1.0.text + $1.1.text }
        }
    }

    private static func chain(_ generator: inout SplitMix) -> Chain {
        func spot() -> Spot {
            Spot(
                name: ["a", "b", "c", "d"].randomElement(using: &generator) ?? "a",
                label: Int.random(in: 0..<3, using: &generator) == 0 ? "A" : nil,
                x: Int.random(in: 0..<5, using: &generator) == 0 ? 1 : nil)
        }
        func hop() -> Hop {
            Hop(
                types: [[], ["R"], ["S"], ["R", "S"]].randomElement(using: &generator) ?? [],
                direction: Int.random(in: -1...1, using: &generator),
                y: Int.random(in: 0..<5, using: &generator) == 0 ? 1 : nil)
        }
        let hops = (0..<Int.random(in: 0...2, using: &generator)).map { _ in hop() }
        return Chain(spots: (0...hops.count).map { _ in spot() }, hops: hops)
    }

    /// All matches, each as the numbers of its named nodes.
    private struct Naive {
        let graph: PlainGraph
        let chains: [Chain]
        var rows: [[String: Int]] = []
        private var bound: [String: Int] = [:]
        private var used: Set<Int> = []

        init(_ graph: PlainGraph, _ chains: [Chain]) {
            self.graph = graph
            self.chains = chains
            self.match(0, 0, nil)
        }

        private mutating func match(_ chain: Int, _ place: Int, _ from: Int?) {
            guard chain < self.chains.count else { return self.rows.append(self.bound) }
            let spots = self.chains[chain].spots
            guard place < spots.count else { return self.match(chain + 1, 0, nil) }
            guard let from else {
                for node in self.graph.nodes.indices { self.take(node, chain, place) }
                return
            }
            let hop = self.chains[chain].hops[place - 1]
            for (number, relationship) in self.graph.relationships.enumerated()
            where !self.used.contains(number) {
                guard hop.types.isEmpty || hop.types.contains(relationship.type),
                    hop.y.map({ $0 == relationship.y }) ?? true
                else { continue }
                self.used.insert(number)
                if hop.direction >= 0, relationship.from == from { self.take(relationship.to, chain, place) }
                if hop.direction <= 0, relationship.to == from,
                    hop.direction < 0 || relationship.from != relationship.to
                {
                    self.take(relationship.from, chain, place)
                }
                self.used.remove(number)
            }
        }

        private mutating func take(_ node: Int, _ chain: Int, _ place: Int) {
            let spot = self.chains[chain].spots[place]
            let known = self.bound[spot.name]
            guard known == nil || known == node,
                spot.label.map(self.graph.nodes[node].labels.contains) ?? true,
                spot.x.map({ $0 == self.graph.nodes[node].x }) ?? true
            else { return }
            self.bound[spot.name] = node
            self.match(chain, place + 1, node)
            self.bound[spot.name] = known
        }
    }

    @Test(arguments: FuzzTests.seeds)
    func everyMatchIsFoundOnce(seed: UInt64) throws {
        var generator = SplitMix(seed: seed)
        for _ in 0..<25 {
            let graph = PlainGraph(&generator)
            let plain = try Fixture(graph.script)
            let indexed = try Fixture(graph.script + "; CREATE INDEX FOR (n:A) ON (n.x)")
            for _ in 0..<4 {
                let chains = (0..<Int.random(in: 1...3, using: &generator)).map { _ in Self.chain(&generator)
                }
                let names = Set(chains.flatMap(\.spots).map(\.name)).sorted()
                let expected = Naive(graph, chains).rows.map { row in
                    names.map { "\(row[$0] ?? -1)" }.joined(separator: ", ")
                }
                let query =
                    "MATCH \(chains.map(\.text).joined(separator: ", ")) RETURN "
                    + names.map { $0 + ".id" }.joined(separator: ", ")
                for fixture in [plain, indexed] {
                    #expect(
                        try fixture.rows(query).sorted() == expected.sorted(),
                        "seed \(seed): \(graph.script)\n\(query)")
                }
            }
        }
    }

    /// Three ways to say one thing give one answer.
    @Test(arguments: FuzzTests.seeds)
    func repeatedWalksAgree(seed: UInt64) throws {
        var generator = SplitMix(seed: seed &+ 7)
        for _ in 0..<15 {
            let graph = PlainGraph(&generator)
            let fixture = try Fixture(graph.script)
            let least = Int.random(in: 0...2, using: &generator)
            let most = least + Int.random(in: 1...2, using: &generator)
            let arrow = Bool.random(using: &generator) ? ("-", "->") : ("<-", "-")
            let label = Bool.random(using: &generator) ? ":A" : ""
            let end = "RETURN a.id AS a, b.id AS b, length(p) AS l ORDER BY a, b, l"
            let (left, right) = arrow
            let answers = try [
                "MATCH p = (a\(label))\(left)[:R*\(least)..\(most)]\(right)(b) \(end)",
                "MATCH p = (a\(label))\(left)[:R]\(right){\(least),\(most)}(b) \(end)",
                "MATCH p = (a\(label)) (()\(left)[:R]\(right)()){\(least),\(most)} (b) \(end)",
                "MATCH (b) MATCH p = (a\(label)) ((x)\(left)[:R]\(right)(y)){\(least),\(most)} (b) \(end)",
            ].map { try fixture.rows($0) }
            for answer in answers { #expect(answer == answers[0], "seed \(seed): \(graph.script)") }
            let shortest = try fixture.rows(
                "MATCH p = SHORTEST 1 (a\(label)) (()\(left)[:R]\(right)()){1,} (b) WHERE a <> b \(end)")
            let searched = try fixture.rows(
                "MATCH (a\(label)), (b) WHERE a <> b MATCH p = shortestPath((a)\(left)[:R*]\(right)(b)) \(end)"
            )
            #expect(shortest == searched, "seed \(seed): \(graph.script)")
        }
    }
}
