import Authorization
import PropertyGraph
import TestSupport
import Testing

/// A small network: anne is in eng, which is in staff; staff may enter the zone lab, which holds clean.
private struct Network {
    let transaction = GraphTransaction(GraphSnapshot())
    private var nodes: [String: NodeID] = [:]

    init() throws {
        for (label, ids) in [
            ("User", ["anne", "bob", "carl", "*"]), ("Group", ["eng", "staff", "guests"]),
            ("Zone", ["lab", "park"]),
            ("Function", ["clean", "walk"]),
        ] {
            for id in ids {
                let type = label.lowercased()
                self.nodes["\(type):\(id)"] = try self.transaction.createNode(
                    labels: [label], properties: ["id": .string(id)])
            }
        }
        try self.relate("user:anne", "MEMBER", "group:eng")
        try self.relate("group:eng", "MEMBER", "group:staff")
        try self.relate("group:staff", "OPEN_TO", "zone:lab")
        try self.relate("zone:lab", "CONTAINS", "function:clean")
    }

    func relate(_ from: String, _ type: String, _ to: String, _ properties: [String: Value] = [:]) throws {
        let source = try #require(self.nodes[from])
        let target = try #require(self.nodes[to])
        _ = try self.transaction.createRelationship(
            type: type, from: source, to: target, properties: properties)
    }

    func explain(_ question: String, at moment: String = "2026-11-24T12:00:00Z") throws -> Explanation {
        let words = question.split(separator: " ").map(String.init)
        return try Authorizer(model: Self.model()).explain(
            EntityReference(words[0]), words[1], EntityReference(words[2]), in: self.transaction.graph,
            at: try #require(ZonedDateTime(iso: moment)))
    }

    func isAllowed(_ question: String, at moment: String = "2026-11-24T12:00:00Z") throws -> Bool {
        try self.explain(question, at: moment).isAllowed
    }

    static func model() throws -> AuthorizationModel {
        try AuthorizationModel.parse(
            """
            model
              schema 1.1
            type user
            type group
              relations
                define member: [user, group#member]
            type zone
              relations
                define open_to: [user, user:*, group#member]
                define can_see: open_to
            type function
              relations
                define contains: [zone]
                define denied: [user, group#member]
                define can_run: ([user, group#member] or can_see from contains) but not denied
                define audited: [user, group#member] and can_run
            """)
    }
}

struct AuthorizerTests {
    @Test(arguments: [
        ("user:anne member group:eng", true), ("user:anne member group:staff", true),
        ("user:bob member group:staff", false), ("group:eng#member member group:staff", true),
        ("user:anne can_see zone:lab", true), ("user:anne can_run function:clean", true),
        ("user:bob can_run function:clean", false), ("user:anne can_run function:walk", false),
        ("user:nobody can_run function:clean", false), ("user:anne can_run function:none", false),
    ])
    func followsGroupsInGroupsAndZones(question: String, expected: Bool) throws {
        #expect(try Network().isAllowed(question) == expected)
    }

    @Test func aWildcardStandsForAllOfItsType() throws {
        let network = try Network()
        try network.relate("user:*", "OPEN_TO", "zone:park")
        #expect(try network.isAllowed("user:bob can_see zone:park"))
        #expect(try !network.isAllowed("group:eng#member can_see zone:park"))
    }

    @Test func exclusionTakesAwayWhatTheZoneGives() throws {
        let network = try Network()
        try network.relate("user:anne", "DENIED", "function:clean")
        #expect(try !network.isAllowed("user:anne can_run function:clean"))
    }

    @Test func intersectionNeedsBothSides() throws {
        let network = try Network()
        try network.relate("user:anne", "AUDITED", "function:clean")
        try network.relate("user:bob", "AUDITED", "function:clean")
        #expect(try network.isAllowed("user:anne audited function:clean"))
        #expect(try !network.isAllowed("user:bob audited function:clean"))
    }

    @Test(arguments: [
        ("2026-01-01T00:00:00Z", true), ("2025-12-31T23:59:59Z", false), ("2026-12-31T23:59:59Z", true),
        ("2027-01-01T00:00:00Z", false), ("2027-01-01T00:30:00+01:00", true),
    ])
    func validityHoldsFromItsStartUntilJustBeforeItsEnd(moment: String, expected: Bool) throws {
        let network = try Network()
        try network.relate(
            "user:bob", "MEMBER", "group:eng",
            [
                "valid_from": .dateTime(try #require(ZonedDateTime(iso: "2026-01-01T00:00:00Z"))),
                "valid_until": .dateTime(try #require(ZonedDateTime(iso: "2027-01-01T00:00:00Z"))),
            ])
        #expect(try network.isAllowed("user:bob can_run function:clean", at: moment) == expected)
    }

    @Test func aValidityThatIsNoTimeNeverCounts() throws {
        let network = try Network()
        try network.relate("user:bob", "MEMBER", "group:eng", ["valid_until": .integer(5)])
        #expect(try !network.isAllowed("user:bob member group:eng"))
    }

    @Test func cyclesOfGroupsEnd() throws {
        let network = try Network()
        try network.relate("group:staff", "MEMBER", "group:eng")
        #expect(try network.isAllowed("user:anne member group:eng"))
        #expect(try !network.isAllowed("user:bob member group:eng"))
        try network.relate("user:bob", "MEMBER", "group:staff")
        #expect(try network.isAllowed("user:bob member group:eng"))
    }

    @Test func aGrantIsExplainedFromTheSubjectToTheObject() throws {
        #expect(
            try Network().explain("user:anne can_run function:clean").text == """
                allowed: user:anne can_run function:clean
                  user:anne --member--> group:eng
                  group:eng#member --member--> group:staff
                  group:staff#member --open_to--> zone:lab
                  on zone:lab, open_to implies can_see
                  zone:lab --contains--> function:clean
                  on function:clean, can_see from contains gives can_run
                """)
    }

    @Test func aDenialNamesWhatRanOut() throws {
        let network = try Network()
        try network.relate(
            "user:bob", "MEMBER", "group:staff",
            ["valid_until": .dateTime(try #require(ZonedDateTime(iso: "2026-06-30T00:00:00Z")))])
        let explanation = try network.explain("user:bob can_see zone:lab")
        #expect(!explanation.isAllowed)
        #expect(
            explanation.text == """
                denied: user:bob can_see zone:lab
                  it would be allowed by:
                    user:bob --member--> group:staff (until 2026-06-30T00:00Z) - expired on 2026-06-30T00:00Z
                    group:staff#member --open_to--> zone:lab
                    on zone:lab, open_to implies can_see
                """)
    }

    @Test(arguments: [
        (
            "robot:x can_run function:clean",
            "the model has no type `robot`; it has function, group, user, zone"
        ),
        (
            "user:anne can_fly function:clean",
            "type `function` has no relation `can_fly`; it has contains, denied, can_run, audited"
        ),
    ])
    func unknownNamesAreErrors(question: String, message: String) throws {
        let network = try Network()
        let error = #expect(throws: AuthorizationError.self) { try network.isAllowed(question) }
        #expect(error?.description == message)
    }

    @Test(arguments: [
        "anne", "user:", ":anne", "user:a b", "user:a#", "user:a\tb", "user:#member", "", ":", "#:",
        "user:é\u{2003}b", "usér:",
        "user:" + String(repeating: "a", count: 508), "user:" + String(repeating: "é", count: 254),
    ])
    func referencesWithoutTheirFormAreErrors(text: String) {
        #expect(throws: AuthorizationError.malformed(text)) { try EntityReference(text) }
    }

    @Test(
        arguments: [
            ("user:anne", "user", "anne", nil), ("user:*", "user", "*", nil),
            ("group:eng#member", "group", "eng", "member"),
            ("document:a:b#c#viewer", "document", "a:b#c", "viewer"),
            ("usér:é#mémber", "usér", "é", "mémber"),
        ] as [(String, String, String, String?)])
    func referencesAreTypeIdAndRelation(text: String, type: String, id: String, relation: String?) throws {
        #expect(try EntityReference(text) == EntityReference(type: type, id: id, relation: relation))
    }

    @Test func groupsOfGroupsMayBeAsDeepAsTheyLike() throws {
        let transaction = GraphTransaction(GraphSnapshot())
        var last = try transaction.createNode(labels: ["User"], properties: ["id": .string("anne")])
        for number in 0..<5000 {
            let group = try transaction.createNode(
                labels: ["Group"], properties: ["id": .string("g\(number)")])
            _ = try transaction.createRelationship(type: "MEMBER", from: last, to: group)
            last = group
        }
        #expect(
            try Authorizer(model: try Network.model()).check(
                EntityReference("user:anne"), "member", EntityReference("group:g4999"),
                in: transaction.graph, at: ZonedDateTime(seconds: 0)))
    }

    /// What is kept from check to check against authorizers that know nothing, while tuples come, go and run out.
    @Test(arguments: 0..<10)
    func whatIsKnownOfOneVersionIsNotTakenForAnother(seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        let model = try Network.model()
        let shared = Authorizer(model: model)
        let transaction = GraphTransaction(GraphSnapshot())
        try transaction.createIndex(IndexDefinition(name: "user", label: "User", keys: ["id"]))
        var nodes: [String: [NodeID]] = [:]
        for (label, count) in [("User", 5), ("Group", 5), ("Zone", 3)] {
            nodes[label] = try (0..<count).map { number in
                try transaction.createNode(
                    labels: [label], properties: ["id": .string(number == 4 ? "*" : "\(number)")])
            }
        }
        var graph = try #require(try transaction.finish()).graph
        func any(_ label: String) -> NodeID { nodes[label]?.randomElement(using: &random) ?? NodeID(0) }
        for _ in 0..<25 {
            let change = GraphTransaction(graph)
            for _ in 0..<3 {
                let (type, from, to) =
                    [
                        ("MEMBER", any("User"), any("Group")), ("MEMBER", any("Group"), any("Group")),
                        ("OPEN_TO", any("Group"), any("Zone")), ("OPEN_TO", any("User"), any("Zone")),
                    ].randomElement(using: &random) ?? ("MEMBER", any("User"), any("Group"))
                let end = ZonedDateTime(seconds: Int.random(in: 0..<100, using: &random))
                _ = try change.createRelationship(
                    type: type, from: from, to: to,
                    properties: Bool.random(using: &random) ? [:] : ["valid_until": .dateTime(end)])
            }
            if let old = (0..<graph.relationshipIDBound).map({ RelationshipID(UInt32($0)) })
                .filter({ graph.contains($0) }).randomElement(using: &random)
            {
                try change.deleteRelationship(old)
            }
            graph = try #require(try change.finish()).graph
            for _ in 0..<60 {
                let user = EntityReference(
                    type: "user", id: ["0", "1", "2", "3", "*", "none"].randomElement(using: &random) ?? "0")
                let options = CheckOptions(
                    at: ZonedDateTime(seconds: Int.random(in: 0..<100, using: &random)))
                let zone = EntityReference(type: "zone", id: "\(Int.random(in: 0..<3, using: &random))")
                let view = shared.view(ofPublished: graph)
                let fresh = Authorizer(model: model).view(of: graph)
                #expect(
                    try view.check(user, "can_see", zone, options)
                        == fresh.check(user, "can_see", zone, options))
                // Nobody else sees it, and it sees nothing of what others know.
                let added = [Tuple(subject: user, relation: "open_to", object: zone)]
                guard user.id != "none" else { continue }
                #expect(try view.adding(added).check(user, "can_see", zone, options))
            }
        }
    }

    /// Steps are looks at relationships: of a large group only those of the subject count, however many members it has.
    @Test func largeGroupsAndManyGroupsAreLookedAtNoMoreThanNeeded() throws {
        let transaction = GraphTransaction(GraphSnapshot())
        func node(_ label: String, _ id: String) throws -> NodeID {
            try transaction.createNode(labels: [label], properties: ["id": .string(id)])
        }
        let member = try transaction.relationshipType("MEMBER")
        let (crowd, joiner) = (try node("Group", "crowd"), try node("User", "joiner"))
        for number in 0..<100_000 {
            _ = try transaction.appendRelationship(
                type: member, from: node("User", "u\(number)"), to: crowd, properties: [])
        }
        _ = try node("User", "stranger")
        var groups: [NodeID] = []
        for number in 0..<10_000 {
            groups.append(try node("Group", "g\(number)"))
            _ = try transaction.appendRelationship(
                type: member, from: joiner, to: groups[number], properties: [])
        }
        transaction.settle()
        let (lab, park) = (try node("Zone", "lab"), try node("Zone", "park"))
        _ = try transaction.createRelationship(type: "OPEN_TO", from: crowd, to: lab)
        _ = try transaction.createRelationship(type: "OPEN_TO", from: groups[9_999], to: park)
        try transaction.createIndex(IndexDefinition(name: "user_id", label: "User", keys: ["id"]))
        let view = Authorizer(model: try Network.model()).view(of: transaction.graph)
        func isAllowed(_ user: String, _ zone: String, steps: Int) throws -> Bool {
            try view.check(
                EntityReference(user), "can_see", EntityReference(zone),
                CheckOptions(
                    at: ZonedDateTime(seconds: 0),
                    limits: CheckLimits(
                        relations: CheckLimits.standard.relations, depth: CheckLimits.standard.depth,
                        steps: steps)))
        }
        #expect(try isAllowed("user:u77777", "zone:lab", steps: 20))
        #expect(try !isAllowed("user:stranger", "zone:lab", steps: 20))
        #expect(try !isAllowed("user:u1", "zone:park", steps: 20))
        #expect(try isAllowed("user:joiner", "zone:park", steps: 10_100))
        #expect(try !isAllowed("user:joiner", "zone:lab", steps: 10_100))
        #expect(throws: AuthorizationError.tooLong(limit: 5_000)) {
            try isAllowed("user:joiner", "zone:park", steps: 5_000)
        }
    }

    @Test func aChainOfParentsLongerThanTheLimitIsAnErrorNotACrash() throws {
        let model = try AuthorizationModel.parse(
            """
            model
              schema 1.1
            type user
            type folder
              relations
                define parent: [folder]
                define viewer: [user] or viewer from parent
            """)
        let transaction = GraphTransaction(GraphSnapshot())
        let anne = try transaction.createNode(labels: ["User"], properties: ["id": .string("anne")])
        var last: NodeID?
        for number in 0..<300 {
            let folder = try transaction.createNode(
                labels: ["Folder"], properties: ["id": .string("f\(number)")])
            _ = try transaction.createRelationship(
                type: last == nil ? "VIEWER" : "PARENT", from: last ?? anne, to: folder)
            last = folder
        }
        func check(_ folder: String) throws -> Bool {
            try Authorizer(model: model).check(
                EntityReference("user:anne"), "viewer", EntityReference("folder:\(folder)"),
                in: transaction.graph, at: ZonedDateTime(seconds: 0))
        }
        #expect(try check("f150"))
        #expect(throws: AuthorizationError.tooDeep(limit: 200)) { try check("f299") }
    }

    /// Whether she is banned rests on whether she is a member: nobody can say, so nobody grants.
    @Test(arguments: ["g1", "g2"])
    func anExclusionThatRestsOnItselfGrantsNothing(group: String) throws {
        let model = try AuthorizationModel.parse(
            """
            model
              schema 1.1
            type user
            type group
              relations
                define banned: [user, group#member]
                define member: [user, group#member] but not banned
            """)
        let transaction = GraphTransaction(GraphSnapshot())
        let anne = try transaction.createNode(labels: ["User"], properties: ["id": .string("anne")])
        let groups = try ["g1", "g2"].map {
            try transaction.createNode(labels: ["Group"], properties: ["id": .string($0)])
        }
        _ = try transaction.createRelationship(type: "MEMBER", from: anne, to: groups[1])
        _ = try transaction.createRelationship(type: "MEMBER", from: groups[1], to: groups[0])
        func isMember() throws -> Bool {
            try Authorizer(model: model).check(
                EntityReference("user:anne"), "member", EntityReference("group:\(group)"),
                in: transaction.graph, at: ZonedDateTime(seconds: 0))
        }
        #expect(try isMember())
        _ = try transaction.createRelationship(type: "BANNED", from: groups[0], to: groups[1])
        #expect(try !isMember())
    }

    /// Random models of membership against a fixed point computed the slow way.
    @Test(arguments: 0..<40)
    func agreesWithANaiveFixedPoint(seed: UInt64) throws {
        var generator = SplitMix(seed: seed)
        let transaction = GraphTransaction(GraphSnapshot())
        let users = try (0..<4).map {
            try transaction.createNode(labels: ["User"], properties: ["id": .string("u\($0)")])
        }
        let groups = try (0..<6).map {
            try transaction.createNode(labels: ["Group"], properties: ["id": .string("g\($0)")])
        }
        var members = Array(repeating: Set<Int>(), count: groups.count)
        var nested: [(Int, Int)] = []
        for _ in 0..<Int.random(in: 0..<14, using: &generator) {
            let group = Int.random(in: 0..<groups.count, using: &generator)
            if Bool.random(using: &generator) {
                let user = Int.random(in: 0..<users.count, using: &generator)
                _ = try transaction.createRelationship(type: "MEMBER", from: users[user], to: groups[group])
                members[group].insert(user)
            } else {
                let inner = Int.random(in: 0..<groups.count, using: &generator)
                _ = try transaction.createRelationship(type: "MEMBER", from: groups[inner], to: groups[group])
                nested.append((inner, group))
            }
        }
        for _ in groups { for (inner, outer) in nested { members[outer].formUnion(members[inner]) } }
        let authorizer = Authorizer(model: try Network.model())
        for user in users.indices {
            for group in groups.indices {
                let answer = try authorizer.check(
                    EntityReference("user:u\(user)"), "member", EntityReference("group:g\(group)"),
                    in: transaction.graph, at: ZonedDateTime(seconds: 0))
                #expect(answer == members[group].contains(user), "seed \(seed), u\(user) in g\(group)")
            }
        }
    }
}
