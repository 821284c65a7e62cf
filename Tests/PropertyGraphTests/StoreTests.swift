import PropertyGraph
import TestSupport
import Testing

/// What the pages, trees and indexes under a snapshot must do, one by one.
struct StoreTests {
    private func committed(
        _ graph: GraphSnapshot = GraphSnapshot(), _ body: (GraphTransaction) throws -> Void
    ) throws -> GraphSnapshot {
        let transaction = GraphTransaction(graph)
        try body(transaction)
        return try transaction.finish()?.graph ?? graph
    }

    @Test(arguments: [UInt64(1), 2])
    func aHubKeepsItsRelationshipsInOrderThroughGrowthAndDecline(seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        var graph = try self.committed { transaction in
            for _ in 0..<3000 { _ = try transaction.createNode(labels: ["N"]) }
        }
        let hub = NodeID(7)
        var expected: Set<RelationshipID> = []
        for step in 0..<8 {
            graph = try self.committed(graph) { transaction in
                for _ in 0..<1000 where step < 4 {
                    let other = NodeID(UInt32.random(in: 0..<3000, using: &random))
                    let type = Bool.random(using: &random) ? "A" : "B"
                    expected.insert(try transaction.createRelationship(type: type, from: hub, to: other))
                }
                for relationship in expected.sorted().shuffled(using: &random).prefix(step < 4 ? 100 : 880) {
                    try transaction.deleteRelationship(relationship)
                    expected.remove(relationship)
                }
            }
            #expect(graph.inconsistencies() == [])
            #expect(Set(graph.adjacency(of: hub, .outgoing).map(\.relationship)) == expected)
            var walked: Set<RelationshipID> = []
            for name in ["A", "B"] {
                guard let type = graph.tokens.relationshipType(name) else { continue }
                graph.forEachNeighbour(of: hub, .outgoing, type: type) { walked.insert($1) }
            }
            #expect(walked == expected)
        }
    }

    @Test func numbersOfDeletedEntitiesAreUsedAgainByLaterTransactionsOnly() throws {
        let first = try self.committed { transaction in
            for number in 0..<10 {
                _ = try transaction.createNode(labels: ["N"], properties: ["n": .integer(number)])
            }
        }
        let second = try self.committed(first) { transaction in
            try transaction.deleteNode(NodeID(3))
            let node = try transaction.createNode(labels: [String]())
            #expect(node == NodeID(10))
        }
        let third = try self.committed(second) { transaction in
            let nodes = [
                try transaction.createNode(labels: ["New"]), try transaction.createNode(labels: ["New"]),
            ]
            #expect(nodes == [NodeID(3), NodeID(11)])
        }
        let key = try #require(first.tokens.propertyKey("n"))
        #expect(first.property(key, of: NodeID(3)) == .integer(3))
        #expect(!second.contains(NodeID(3)))
        #expect(third.property(key, of: NodeID(3)) == .null)
        #expect(third.inconsistencies() == [])
    }

    @Test func anIndexPreparedWhileOthersWriteHoldsWhatTheyWrote() throws {
        let before = try self.committed { transaction in
            for number in 0..<1000 {
                _ = try transaction.createNode(labels: ["N"], properties: ["x": .integer(number % 100)])
            }
        }
        let definition = IndexDefinition(name: "i", label: "N", keys: ["x"])
        let prepared = try #require(before.prepare(definition))
        let after = try self.committed(before) { transaction in
            let key = try transaction.propertyKey("x")
            try transaction.setProperty(key, of: NodeID(5), to: .string("moved"))
            try transaction.deleteNode(NodeID(500))
            try transaction.removeLabel(transaction.label("N"), from: NodeID(900))
            _ = try transaction.createNode(labels: ["N"], properties: ["x": .integer(-1)])
        }
        let graph = try self.committed(after) { try $0.createIndex(definition, prepared: prepared) }
        #expect(graph.inconsistencies() == [])
        #expect(graph.indexes.first?.count == 999)
    }

    @Test func aConstraintPreparedBeforeATwinCameIsRefused() throws {
        let before = try self.committed { transaction in
            _ = try transaction.createNode(labels: ["N"], properties: ["x": .integer(1)])
        }
        let rule = ConstraintDefinition(name: "u", kind: .unique, entity: "N", keys: ["x"])
        let prepared = before.prepare(rule.index)
        let after = try self.committed(before) { transaction in
            _ = try transaction.createNode(labels: ["N"], properties: ["x": .float(1)])
        }
        #expect(throws: GraphError.self) {
            _ = try self.committed(after) { try $0.createConstraint(rule, prepared: prepared) }
        }
    }

    @Test(arguments: 0..<20)
    func keysOfIndexesOrderNumbersAndTextsAsTheValuesAre(seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        let edges = [0, 1, -1, .max, .min, .max - 1, .min + 1, 1 << 53, (1 << 53) + 1, -(1 << 53) - 1]
        var numbers = edges
        for _ in 0..<40 {
            let shift = Int.random(in: 0..<64, using: &random)
            numbers.append(Int(truncatingIfNeeded: random.next() >> UInt64(shift)))
        }
        let keys = try numbers.map { try #require(IndexKey([.integer($0)])) }
        for (left, leftKey) in zip(numbers, keys) {
            for (right, rightKey) in zip(numbers, keys) {
                #expect((left < right) == (leftKey < rightKey), "\(left) \(right)")
                #expect((left == right) == (leftKey == rightKey), "\(left) \(right)")
            }
            let rounded = Double(left)
            if let exact = Int(exactly: rounded), exact == left {
                #expect(IndexKey([.float(rounded)]) == leftKey)
            }
        }
        let texts = [
            "", "a", "a\u{0}", "a\u{0}b", "ab", "b", "é", "e\u{301}", "\u{10FFFF}", "long text of bytes",
        ]
        for left in texts {
            for right in texts {
                let keys = (
                    try #require(IndexKey([.string(left), .integer(1)])),
                    try #require(IndexKey([.string(right), .integer(1)]))
                )
                let isBefore = left.utf8.lexicographicallyPrecedes(right.utf8)
                #expect(isBefore == (keys.0 < keys.1), "\(left) \(right)")
            }
        }
    }

    /// Whoever looks for a property trusts it: one that is missing here would be a condition that nobody reads.
    @Test func whichPropertiesATypeMayHaveIsKnownHoweverTheyCome() throws {
        let keys = (0..<80).map { "k\($0)" }
        var graph = try self.committed { transaction in
            for key in keys { _ = try transaction.propertyKey(key) }
            let nodes = try (0..<2).map { _ in try transaction.createNode(labels: ["N"]) }
            for key in ["k3", "k70"] {
                _ = try transaction.createRelationship(
                    type: "MADE", from: nodes[0], to: nodes[1], properties: [key: .integer(1)])
            }
            let set = try transaction.createRelationship(type: "SET", from: nodes[0], to: nodes[1])
            for key in ["k4", "k79"] {
                _ = try transaction.setProperty(transaction.propertyKey(key), of: set, to: .integer(1))
            }
            _ = try transaction.setProperty(transaction.propertyKey("k5"), of: set, to: .null)
        }
        func had(_ type: String) throws -> [String] {
            let type = try #require(graph.tokens.relationshipType(type))
            return try keys.filter { graph.mayHave(try #require(graph.tokens.propertyKey($0)), type) }
        }
        #expect(try had("MADE") == ["k3", "k70"])
        #expect(try had("SET") == ["k4", "k79"])
        #expect(graph.inconsistencies() == [])

        var loader = GraphLoader(graph)
        let record = RelationshipRecord(type: try loader.type("LOADED"), source: NodeID(0), target: NodeID(1))
        let number = RelationshipID(graph.relationshipIDBound)
        try loader.addRelationship(number, record)
        for key in ["k6", "k71"] { loader.setProperty(try loader.key(key), of: number, .integer(1)) }
        graph = loader.finish(version: 2)
        #expect(try had("LOADED") == ["k6", "k71"])
        #expect(graph.inconsistencies() == [])
    }

    @Test func theKeyOfATextIsTheSameHoweverItIsMade() {
        for text in ["", "a", "*", "a\u{0}", "\u{0}", "é", "abcdefghijklmnop\u{0}q"] {
            #expect(IndexKey(text: text) == IndexKey([.string(text)]), "\(text)")
        }
        for length in 0..<20 {
            let text = String("abcdefghijklmnopqrst".prefix(length))
            #expect(IndexKey(text: text) == IndexKey([.string(text)]), "\(text)")
        }
    }

    @Test(arguments: 0..<10)
    func theFirstEntityUnderAKeyIsTheLeastThatHasIt(seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        // Few keys fill leaves of the tree, so that some begin where a leaf does.
        let keys = Int.random(in: 1...400, using: &random)
        var least: [Int: NodeID] = [:]
        let graph = try self.committed { transaction in
            try transaction.createIndex(IndexDefinition(name: "i", label: "N", keys: ["a"]))
            for _ in 0..<2000 {
                let key = Int.random(in: 0..<keys, using: &random)
                let node = try transaction.createNode(
                    labels: ["N"], properties: ["a": .string("k\(key)")])
                least[key] = min(least[key] ?? node, node)
            }
        }
        let label = try #require(graph.tokens.label("N"))
        let key = try #require(graph.tokens.propertyKey("a"))
        for number in 0...keys {
            #expect(graph.firstNode(label, where: key, is: "k\(number)") == least[number])
        }
        #expect(graph.firstNode(label, where: key, is: "") == nil)
        #expect(graph.firstNode(label, where: key, is: "z") == nil)
    }

    @Test func aRangeOfAnIndexWithSeveralKeysIsTheFirstKeysAndABound() throws {
        let graph = try self.committed { transaction in
            try transaction.createIndex(IndexDefinition(name: "i", label: "N", keys: ["a", "b"]))
            for a in 0..<5 {
                for b in 0..<5 {
                    _ = try transaction.createNode(
                        labels: ["N"], properties: ["a": .integer(a), "b": .string("t\(b)")])
                }
            }
        }
        let index = try #require(graph.indexes.first)
        #expect(index.count(try #require(IndexRange(equal: [.integer(2)]))) == 5)
        #expect(index.count(try #require(IndexRange(from: .excluding(.integer(2)), to: nil))) == 10)
        #expect(index.count(try #require(IndexRange(equal: [.integer(1)], startingWith: "t"))) == 5)
        let bound = IndexRange(
            equal: [.integer(1)], from: .including(.string("t1")), to: .excluding(.string("t3")))
        #expect(index.count(try #require(bound)) == 2)
        #expect(IndexRange(from: .including(.integer(3)), to: .excluding(.integer(3))) == nil)
        #expect(IndexRange(from: .including(.integer(3)), to: .including(.string("x"))) == nil)
    }

    @Test func aTypeAskedForIsKept() throws {
        let type = try #require(PropertyType("integer | LIST<STRING NOT NULL>"))
        let graph = try self.committed { transaction in
            try transaction.createConstraint(
                ConstraintDefinition(
                    name: "t", kind: .nodePropertyType, entity: "N", keys: ["x"], type: type))
        }
        _ = try self.committed(graph) { transaction in
            for value in [Value.integer(1), .list([.string("a")]), .null] {
                _ = try transaction.createNode(labels: ["N"], properties: ["x": value])
            }
        }
        let error = #expect(throws: GraphError.self) {
            _ = try self.committed(graph) {
                _ = try $0.createNode(labels: ["N"], properties: ["x": .float(1)])
            }
        }
        #expect(
            error?.description
                == "property `x` of `N` must be of type INTEGER | LIST<STRING NOT NULL>, not FLOAT (constraint `t`)"
        )
        #expect(PropertyType("MAP") == nil)
    }

    @Test func relationshipsOfATypeCanBeUnique() throws {
        let graph = try self.committed { transaction in
            try transaction.createConstraint(
                ConstraintDefinition(name: "r", kind: .relationshipKey, entity: "R", keys: ["x"]))
            let node = try transaction.createNode(labels: [])
            _ = try transaction.createRelationship(
                type: "R", from: node, to: node, properties: ["x": .integer(1)])
        }
        let error = #expect(throws: GraphError.self) {
            _ = try self.committed(graph) {
                _ = try $0.createRelationship(
                    type: "R", from: NodeID(0), to: NodeID(0), properties: ["x": .integer(1)])
            }
        }
        #expect(
            error?.description
                == "a relationship already exists with type `R` and x = 1 (relationship 0, constraint `r`)")
        #expect(throws: GraphError.propertyMissing(constraint: "r", entity: "R", key: "x")) {
            _ = try self.committed(graph) {
                _ = try $0.createRelationship(type: "R", from: NodeID(0), to: NodeID(0))
            }
        }
    }

    @Test func aTextReplacedManyTimesLeavesTheOthersOfItsPage() throws {
        let graph = try self.committed { transaction in
            let key = try transaction.propertyKey("t")
            for number in 0..<128 {
                _ = try transaction.createNode(labels: [], properties: ["t": .string("text \(number)")])
            }
            for number in 0..<2000 {
                try transaction.setProperty(key, of: NodeID(64), to: .string("new \(number)"))
            }
        }
        let key = try #require(graph.tokens.propertyKey("t"))
        for number in 0..<128 where number != 64 {
            #expect(graph.property(key, of: NodeID(UInt32(number))) == .string("text \(number)"))
        }
        #expect(graph.property(key, of: NodeID(64)) == .string("new 1999"))
        #expect(graph.column(of: key, at: NodeID(0))?.code(of: "text 3") != nil)
    }

    @Test func spellingsOfOneCharacterStayApart() throws {
        let graph = try self.committed { transaction in
            _ = try transaction.createNode(labels: ["é"], properties: ["e\u{301}": .string("é")])
            _ = try transaction.createNode(labels: ["e\u{301}"], properties: ["é": .string("e\u{301}")])
        }
        #expect(graph.tokens.labels.names.map { Array($0.utf8) } == ["é", "e\u{301}"].map { Array($0.utf8) })
        let key = try #require(graph.tokens.propertyKey("é"))
        #expect(graph.property(key, of: NodeID(1)).string.map { Array($0.utf8) } == Array("e\u{301}".utf8))
        #expect(graph.property(key, of: NodeID(0)).isNull)
    }

    /// A column is of one type, becomes one of mixtures, and starts anew when it has become empty.
    @Test(arguments: 0..<24)
    func aColumnGivesBackWhatWasPutIntoIt(seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        let kinds: [@Sendable (Int) -> Value] = [
            { .integer($0) }, { .float(Double($0) / 3) }, { .boolean($0 % 2 == 0) }, { .string("t\($0)") },
            { .date(CalendarDate(days: $0)) }, { .localTime(LocalTime(nanosecondOfDay: $0)) },
            { .time(ZonedTime(local: LocalTime(nanosecondOfDay: $0), offsetSeconds: 3600)) },
            { .localDateTime(LocalDateTime(seconds: $0, nanosecond: 5)) },
            {
                .dateTime(
                    ZonedDateTime(seconds: $0, nanosecond: 2, offsetSeconds: 0, zone: "Europe/Stockholm"))
            },
            { .duration(TemporalDuration(months: $0, days: 1, seconds: 2, nanoseconds: 3)) },
            { Point(system: .cartesian, x: Double($0), y: 1).map(Value.point) ?? .null },
            { .list([.integer($0)]) },
        ]
        var expected = [Value](repeating: .null, count: 200)
        let transaction = GraphTransaction(GraphSnapshot())
        for _ in expected.indices { _ = try transaction.createNode(labels: ["N"]) }
        let key = try transaction.propertyKey("p")
        var kind = Int(seed) % kinds.count
        for step in 0..<1500 {
            // Types change while the column is full, and, half of the seeds, only when it is empty.
            if step % 300 == 299 {
                if seed < 12 {
                    for slot in expected.indices {
                        try transaction.setProperty(key, of: NodeID(UInt32(slot)), to: .null)
                        expected[slot] = .null
                    }
                }
                kind = Int.random(in: 0..<kinds.count, using: &random)
            }
            let slot = Int.random(in: 0..<200, using: &random)
            let isGone = Int.random(in: 0..<4, using: &random) == 0
            let value = isGone ? .null : kinds[kind](Int.random(in: 0..<300, using: &random))
            try transaction.setProperty(key, of: NodeID(UInt32(slot)), to: value)
            expected[slot] = value
        }
        let graph = try #require(try transaction.finish()?.graph)
        #expect(expected.indices.map { graph.property(key, of: NodeID(UInt32($0))) } == expected)
    }
}
