import Authorization
import Foundation
import GraphDatabase
import GraphStorage
import JSON
import PropertyGraph
import QueryEngine
import Testing

/// Stores on files of their own.
struct AuthorizationStoreTests {
    private static let model = """
        model
          schema 1.1
        type user
        type group
          relations
            define member: [user, group#member]
        type doc
          relations
            define viewer: [user, user:*, group#member, user with late]
        condition late(hour: int) { hour > 20 }
        """

    private static let now = ZonedDateTime(seconds: 1_800_000_000)

    private static func withStores(_ body: (StoreDirectory) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "plexus-stores-\(UUID())").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let catalog = try await GraphCatalog(folder: folder, durability: .relaxed, creating: true)
        do {
            try await body(StoreDirectory(catalog: catalog))
        } catch {
            try? await catalog.close()
            throw error
        }
        try await catalog.close()
    }

    private static func withStore(_ body: (AuthorizationStore) async throws -> Void) async throws {
        try await Self.withStores { stores in
            let store = try await stores.store(try await stores.create("drive", at: Self.now).id)
            try await store.write(try AuthorizationModel.parse(Self.model), at: Self.now)
            try await body(store)
        }
    }

    private static func tuple(_ text: String, _ condition: Tuple.UsedCondition? = nil) throws -> Tuple {
        let words = text.split(separator: " ").map(String.init)
        return Tuple(
            subject: try EntityReference(words[0]), relation: words[1],
            object: try EntityReference(words[2]), condition: condition)
    }

    private static func writing(_ tuples: [Tuple]) -> TupleChange {
        var change = TupleChange()
        change.writes = tuples
        change.user = "root"
        return change
    }

    @Test func storesAreGraphsAndGraphsAreStores() async throws {
        try await Self.withStores { stores in
            try await stores.catalog.create("plain")
            let made = try await stores.create("Drive of Anne", at: Self.now)
            #expect(made.id.utf8.count == 26 && made.id == made.id.uppercased())
            #expect(made.graph == "store-\(made.id.lowercased())")
            #expect(try await stores.create("drive", at: Self.now).graph == "drive")
            #expect(stores.all().map(\.name) == ["plexus", "plain", "Drive of Anne", "drive"])
            let plain = try #require(stores.all().first { $0.name == "plain" })
            #expect(try await stores.store(plain.id) === stores.store("plain"))
            #expect(try await stores.store("plexus") === stores.network)
            try await stores.delete(made.id)
            await #expect(throws: StoreNotFound.self) { _ = try await stores.store(made.id) }
            #expect(!stores.catalog.names.contains(made.graph))
            await #expect(throws: (any Error).self) { try await stores.delete("plexus") }
        }
    }

    @Test func modelsAreVersionsThatStay() async throws {
        try await Self.withStores { stores in
            let store = try await stores.store(try await stores.create("drive", at: Self.now).id)
            #expect(throws: AuthorizationError.noModel) { _ = try store.view() }
            var ids: [String] = []
            for _ in 0..<5 {
                ids.append(try await store.write(try AuthorizationModel.parse(Self.model), at: Self.now))
            }
            #expect(ids == ids.sorted() && Set(ids).count == 5)
            #expect(store.models().map(\.id) == ids.reversed())
            #expect(try store.newestModel() == ids.last)
            #expect(throws: AuthorizationError.modelNotFound("x")) { _ = try store.view(model: "x") }
            #expect(try store.model(ids[0]) == AuthorizationModel.parse(Self.model))
            #expect(
                store.database.snapshot().indexes.map(\.definition.label) == ["User", "Group", "Doc"])
        }
    }

    @Test func aChangeHappensWholeOrNotAtAll() async throws {
        try await Self.withStore { store in
            let member = try Self.tuple("user:anne member group:eng")
            try await store.change(Self.writing([member]), at: Self.now)
            await #expect(throws: AuthorizationError.self) {
                try await store.change(
                    Self.writing([try Self.tuple("user:bob member group:eng"), member]), at: Self.now)
            }
            #expect(store.tuples(TupleFilter(), after: nil, limit: 10).map(\.tuple) == [member])
            var change = Self.writing([member, try Self.tuple("user:bob member group:eng")])
            change.ignoresDuplicates = true
            try await store.change(change, at: Self.now)
            #expect(store.tuples(TupleFilter(), after: nil, limit: 10).count == 2)
            var deleting = TupleChange()
            deleting.deletes = [try Self.tuple("user:zoe member group:eng"), member]
            await #expect(throws: AuthorizationError.self) { try await store.change(deleting, at: Self.now) }
            deleting.ignoresMissing = true
            try await store.change(deleting, at: Self.now)
            #expect(store.tuples(TupleFilter(), after: nil, limit: 10).map(\.tuple.subject.id) == ["bob"])
        }
    }

    @Test(arguments: [
        ("user:anne member doc:plan", "type `doc` has no relation `member`"),
        ("robot:x member group:eng", "there is no type `robot`"),
        ("user:anne member team:x", "there is no type `team`"),
        ("user:* member group:eng", "relation `member` of type `group` takes `user`, `group#member`"),
        ("group:a#owner member group:eng", "relation `member` of type `group` takes `user`, `group#member`"),
        ("user:anne viewer doc:*", "an object can not be all of its type"),
    ])
    func tuplesThatDoNotFitTheModelAreRefused(text: String, reason: String) async throws {
        try await Self.withStore { store in
            let tuple = try Self.tuple(text)
            await #expect(
                throws: AuthorizationError.invalidInput("tuple `\(tuple)` does not fit the model: \(reason)")
            ) { try await store.change(Self.writing([tuple]), at: Self.now) }
        }
    }

    @Test func tuplesAreReadByAnyPartAndInPages() async throws {
        try await Self.withStore { store in
            let late = Tuple.UsedCondition(name: "late", context: ["hour": 22])
            try await store.change(
                Self.writing([
                    try Self.tuple("user:anne member group:eng"), try Self.tuple("user:anne viewer doc:plan"),
                    try Self.tuple("group:eng#member viewer doc:plan"),
                    try Self.tuple("user:* viewer doc:memo"),
                    try Self.tuple("user:bob viewer doc:memo", late),
                ]), at: Self.now)
            func read(_ filter: TupleFilter) -> [String] {
                store.tuples(filter, after: nil, limit: 10).map(\.tuple.description)
            }
            #expect(read(TupleFilter(subject: EntityReference(type: "user", id: "anne"))).count == 2)
            #expect(
                read(TupleFilter(object: EntityReference(type: "doc", id: "plan")))
                    == ["doc:plan#viewer@user:anne", "doc:plan#viewer@group:eng#member"])
            #expect(read(TupleFilter(object: EntityReference(type: "doc", id: ""))).count == 4)
            #expect(read(TupleFilter(relation: "member")) == ["group:eng#member@user:anne"])
            #expect(
                read(TupleFilter(subject: EntityReference(type: "group", id: "eng", relation: "member")))
                    == ["doc:plan#viewer@group:eng#member"])
            var pages: [StoredTuple] = []
            while true {
                let page = store.tuples(TupleFilter(), after: pages.last?.relationship.index, limit: 2)
                pages += page
                if page.count < 2 { break }
            }
            #expect(pages.count == 5 && pages.last?.tuple.condition == late)
            #expect(pages.allSatisfy { $0.writtenAt == Self.now })
            let gone = try await store.delete(
                TupleFilter(object: EntityReference(type: "doc", id: "")), by: nil)
            #expect(gone == 4)
            #expect(read(TupleFilter()) == ["group:eng#member@user:anne"])
        }
    }

    @Test func changesAreToldInOrder() async throws {
        try await Self.withStore { store in
            try await store.change(
                Self.writing([
                    try Self.tuple("user:anne member group:eng"), try Self.tuple("user:anne viewer doc:plan"),
                ]),
                at: Self.now)
            _ = try await store.delete(TupleFilter(relation: "member"), by: "root")
            let changes = try await store.changes(after: 0, type: nil, limit: 10)
            #expect(
                changes.map { "\($0.isWrite ? "+" : "-") \($0.tuple) by \($0.user ?? "")" } == [
                    "+ group:eng#member@user:anne by root", "+ doc:plan#viewer@user:anne by root",
                    "- group:eng#member@user:anne by root",
                ])
            let later = try await store.changes(after: changes[0].sequence, type: "group", limit: 10)
            #expect(later.map(\.isWrite) == [false])
            let none = try await store.changes(
                after: 0, type: nil, since: Self.now.epochMilliseconds + 1, limit: 10)
            #expect(none.isEmpty)
        }
    }

    /// What is there at first: anne is a member of eng, whose members view the plan.
    private static let drive =
        "CREATE (:User {id: 'anne'})-[:MEMBER]->(g:Group {id: 'eng'}), (g)-[:VIEWER]->(:Doc {id: 'plan'})"

    @Test(
        "Changes in Cypher are told as those over the API are, by whom they were made",
        arguments: [
            (
                "MATCH (g:Group) CREATE (:User {id: 'bob'})-[:MEMBER]->(g)-[:KNOWS]->(g)",
                ["+ group:eng#member@user:bob"]
            ),
            ("MATCH (:User)-[m:MEMBER]->() DELETE m", ["- group:eng#member@user:anne"]),
            (
                "MATCH (g:Group) DETACH DELETE g",
                ["- group:eng#member@user:anne", "- doc:plan#viewer@group:eng#member"]
            ),
            ("MATCH (u:User)-[m]->(g) DELETE m CREATE (u)-[:MEMBER]->(g)", ["+ group:eng#member@user:anne"]),
            (
                "MATCH (:User)-[m]->() SET m.valid_until = datetime('2030-01-01T00:00Z')",
                ["+ group:eng#member@user:anne"]
            ),
            ("MATCH (:User)-[m]->() SET m.note = 'x'", []),
            (
                "MATCH (u:User) SET u.id = 'root'",
                ["- group:eng#member@user:anne", "+ group:eng#member@user:root"]
            ),
            ("MATCH (u:User) SET u.name = 'Anne'", []),
            ("MATCH (u:User) REMOVE u:User", ["- group:eng#member@user:anne"]),
            ("MATCH (g:Group) CREATE (u:User {id: 'bob'})-[m:MEMBER]->(g) DELETE m", []),
            (
                "MATCH (d:Doc) CREATE (:User {id: 'eve'})-[:VIEWER {condition: 'late'}]->(d)",
                ["+ doc:plan#viewer@user:eve with late"]
            ),
            (
                "UNWIND ['b', 'c'] AS id CALL (id) { MATCH (g:Group) CREATE (:User {id: id})-[:MEMBER]->(g) } IN TRANSACTIONS OF 1 ROW",
                ["+ group:eng#member@user:b", "+ group:eng#member@user:c"]
            ),
        ])
    func changesInCypherAreTold(statement: String, told: [String]) async throws {
        try await Self.withStore { store in
            _ = try await store.database.query(Self.drive)
            let last = try await store.changes(after: 0, type: nil, limit: 10).last?.sequence ?? 0
            var limits = QueryLimits.standard
            limits.caller = QueryCaller(user: "carl")
            _ = try await store.database.query(statement, limits: limits)
            let changes = try await store.changes(after: last, type: nil, limit: 10)
            #expect(
                changes.map {
                    "\($0.isWrite ? "+" : "-") \($0.tuple.key)"
                        + ($0.tuple.condition.map { " with \($0.name)" } ?? "")
                } == told)
            #expect(changes.allSatisfy { $0.user == "carl" })
            #expect(try await Self.reports(store) == ["authorization-changes \(2 + told.count) sound"])
        }
    }

    @Test("A statement that fails leaves no line, and neither does a graph without a model")
    func nothingIsToldOfWhatDidNotHappen() async throws {
        try await Self.withStores { stores in
            let store = try await stores.store(try await stores.create("drive", at: Self.now).id)
            _ = try await store.database.query(Self.drive)
            #expect(try await Self.reports(store).isEmpty)
            try await store.write(try AuthorizationModel.parse(Self.model), at: Self.now)
            await #expect(throws: (any Error).self) {
                try await store.database.query("MATCH (:User)-[m]->() DELETE m RETURN 1 / 0")
            }
            #expect(try await Self.reports(store).isEmpty)
        }
    }

    @Test("Of a commit with very many changes a line tells that it was")
    func veryManyChanges() async throws {
        try await Self.withStore { store in
            _ = try await store.database.query(
                "CREATE (g:Group {id: 'all'}) WITH g UNWIND range(1, 100001) AS n CREATE (:User {id: toString(n)})-[:MEMBER]->(g)"
            )
            #expect(try await store.changes(after: 0, type: nil, limit: 10).isEmpty)
            #expect(try await Self.reports(store) == ["authorization-changes 1 sound"])
        }
    }

    @Test func aNewModelTellsWhichTuplesItLeavesBehind() async throws {
        try await Self.withStore { store in
            try await store.change(
                Self.writing([
                    try Self.tuple("user:* viewer doc:plan"), try Self.tuple("user:anne viewer doc:plan"),
                ]),
                at: Self.now)
            let model = try AuthorizationModel.parse(
                "model\n schema 1.1\ntype user\ntype doc\n relations\n  define viewer: [user]")
            #expect(store.orphans(of: model, limit: 10).map(\.subject.id) == ["*"])
            try await store.write(model, at: Self.now)
            let options = CheckOptions(at: Self.now)
            let doc = try EntityReference("doc:plan")
            #expect(try store.view().check(EntityReference("user:anne"), "viewer", doc, options))
            #expect(try !store.view().check(EntityReference("user:bob"), "viewer", doc, options))
            #expect(store.tuples(TupleFilter(), after: nil, limit: 10).count == 2)
        }
    }

    @Test func whatRunsOutIsListedAndCleaned() async throws {
        try await Self.withStore { store in
            for (user, until) in [
                ("anne", "2027-01-20T00:00:00Z"), ("bob", "2027-01-17T00:00:00Z"),
                ("eva", "2020-01-01T00:00:00Z"),
            ] {
                _ = try await store.database.query(
                    "CREATE (:User {id: $user})-[:MEMBER {valid_until: datetime($until)}]->(:Group {id: 'eng'})",
                    parameters: ["user": .string(user), "until": .string(until)])
            }
            let end = ZonedDateTime(seconds: Self.now.seconds + 30 * 86_400)
            #expect(store.expiring(from: Self.now, before: end).map(\.tuple.subject.id) == ["bob", "anne"])
            #expect(try await store.deleteExpired(before: Self.now, by: nil) == 1)
            #expect(store.expiring(from: nil, before: end).map(\.tuple.subject.id) == ["bob", "anne"])
        }
    }

    @Test func cypherAndTuplesAreTheSameFacts() async throws {
        try await Self.withStore { store in
            _ = try await store.database.query(
                "CREATE (:User {id: 'anne'})-[:MEMBER]->(g:Group {id: 'eng'}), (g)-[:VIEWER]->(:Doc {id: 'plan'})"
            )
            let options = CheckOptions(at: Self.now)
            let (anne, plan) = (try EntityReference("user:anne"), try EntityReference("doc:plan"))
            #expect(try store.view().check(anne, "viewer", plan, options))
            #expect(
                store.tuples(TupleFilter(object: plan), after: nil, limit: 9).map(\.tuple.description)
                    == ["doc:plan#viewer@group:eng#member"])
            try await store.change(Self.writing([try Self.tuple("user:bob member group:eng")]), at: Self.now)
            let rows = try await store.database.query(
                "MATCH (u:User)-[:MEMBER]->(:Group) RETURN u.id ORDER BY u.id"
            ).rows
            #expect(rows == [[.string("anne")], [.string("bob")]])
        }
    }

    // MARK: Audit

    private static func reports(_ store: AuthorizationStore) async throws -> [String] {
        try await AuditChain.verify(store.database).map {
            "\($0.stream) \($0.lines) \($0.problem ?? "sound")"
        }
    }

    @Test func everyChangeIsALinkOfAChain() async throws {
        try await Self.withStore { store in
            #expect(try await Self.reports(store).isEmpty)
            for user in ["anne", "bob", "carl"] {
                try await store.change(
                    Self.writing([try Self.tuple("user:\(user) member group:eng")]), at: Self.now)
            }
            _ = try await store.delete(TupleFilter(relation: "member"), by: nil)
            #expect(try await Self.reports(store) == ["authorization-changes 6 sound"])
            let head = try await AuditChain.verify(store.database).first?.head
            #expect(head?.count == 64)
        }
    }

    /// A line that somebody puts in: without a digest, with one of their own, with a number that is not next.
    @Test(arguments: [
        (nil as Int?, "authorization-changes 1 a line has no digest"),
        (2, "authorization-changes 2 line 2 is not what was written"),
        (5, "authorization-changes 2 line 1 is followed by line 5"),
    ])
    func aLineOfSomebodyElseIsFound(number: Int?, report: String) async throws {
        try await Self.withStore { store in
            try await store.change(
                Self.writing([try Self.tuple("user:anne member group:eng")]), at: Self.now)
            try await store.database.write { transaction in
                var fields = [NamedProperty(key: "operation", value: .string("write"))]
                if let number {
                    fields.append(NamedProperty(key: "number", value: .integer(number)))
                    fields.append(
                        NamedProperty(key: "digest", value: .string(String(repeating: "0", count: 64))))
                }
                transaction.record(
                    JournalEntry(
                        stream: AuditChain.changes, subject: "group",
                        milliseconds: Self.now.epochMilliseconds, fields: fields))
            }
            #expect(try await Self.reports(store) == [report])
        }
    }

    @Test func anEndThatIsMissingIsFound() async throws {
        try await Self.withStore { store in
            try await store.change(
                Self.writing([try Self.tuple("user:anne member group:eng")]), at: Self.now)
            _ = try await store.database.query("MATCH (a:AuthorizationAudit) SET a.count = 3")
            #expect(
                try await Self.reports(store)
                    == ["authorization-changes 1 it ends with line 1, and 3 were written"])
        }
    }

    @Test(arguments: [(0.0, 0), (0.25, 25), (1.0, 100)])
    func decisionsAreKeptAsASample(rate: Double, count: Int) async throws {
        try await Self.withStore { store in
            let log = DecisionLog(rate: rate)
            for number in 0..<100 {
                log.take(
                    LoggedDecision(
                        subject: EntityReference(type: "user", id: "u\(number)"), relation: "viewer",
                        object: EntityReference(type: "doc", id: "plan"), isAllowed: number % 2 == 0,
                        milliseconds: Self.now.epochMilliseconds, caller: "root"), in: store)
            }
            try await log.flush()
            let lines = try await store.audit(AuditChain.decisions, after: 0, limit: 1000)
            #expect(lines.count == count)
            if count > 0 {
                #expect(try await Self.reports(store) == ["authorization-decisions \(count) sound"])
                #expect(lines.last?.json["by"] == "root")
            }
        }
    }
}
