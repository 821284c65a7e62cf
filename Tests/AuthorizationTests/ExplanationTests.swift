import Authorization
import JSON
import PropertyGraph
import Testing

/// What denials are explained by, and what changes would do.
struct ExplanationTests {
    private static let source = """
        model
          schema 1.1
        type user
        type team
          relations
            define member: [user, user with in_hours, team#member]
        type folder
          relations
            define viewer: [user, user:*, team#member]
        type doc
          relations
            define parent: [folder]
            define owner: [user]
            define banned: [user, team#member]
            define can_view: (owner or viewer from parent) but not banned
            define can_sign: owner and can_view
        condition in_hours(hour: int) { hour >= 9 && hour < 17 }
        """

    /// Relationships as `anne MEMBER team:eng`, with properties.
    private static func view(
        _ relationships: [(String, String, String, [String: Value])]
    ) throws -> AuthorizationView {
        let transaction = GraphTransaction(GraphSnapshot())
        var nodes: [String: NodeID] = [:]
        func node(_ name: String) throws -> NodeID {
            if let known = nodes[name] { return known }
            let entity = try EntityReference(name)
            let made = try transaction.createNode(
                labels: [GraphNaming.label(entity.type)], properties: ["id": .string(entity.id)])
            nodes[name] = made
            return made
        }
        for (from, type, to, properties) in relationships {
            _ = try transaction.createRelationship(
                type: type, from: try node(from), to: try node(to), properties: properties)
        }
        return Authorizer(model: try AuthorizationModel.parse(Self.source)).view(of: transaction.graph)
    }

    private static func time(_ text: String) throws -> Value {
        .dateTime(try #require(ZonedDateTime(iso: text)))
    }

    private static func options(_ context: JSON.Object = JSON.Object()) throws -> CheckOptions {
        CheckOptions(at: try #require(ZonedDateTime(iso: "2026-11-24T12:00:00Z")), context: context)
    }

    private static func drive(
        _ more: [(String, String, String, [String: Value])] = []
    ) throws -> AuthorizationView {
        try Self.view(
            [
                ("team:eng", "VIEWER", "folder:top", [:]), ("folder:top", "PARENT", "doc:plan", [:]),
                ("user:anne", "MEMBER", "team:eng", [:]),
            ] + more)
    }

    private static func explain(
        _ user: String, _ view: AuthorizationView, _ context: JSON.Object = JSON.Object()
    ) throws -> Explanation {
        try view.explain(
            EntityReference(type: "user", id: user), "can_view", EntityReference("doc:plan"),
            try Self.options(context))
    }

    @Test func theShortestOfSeveralWaysIsShown() throws {
        let view = try Self.drive([("user:anne", "VIEWER", "folder:top", [:])])
        #expect(
            try Self.explain("anne", view).text == """
                allowed: user:anne can_view doc:plan
                  user:anne --viewer--> folder:top
                  folder:top --parent--> doc:plan
                  on doc:plan, viewer from parent gives can_view
                """)
    }

    @Test func whatIsNotYetValidIsNamed() throws {
        let view = try Self.drive([
            ("user:bob", "MEMBER", "team:eng", ["valid_from": try Self.time("2027-01-01T00:00:00Z")])
        ])
        let explanation = try Self.explain("bob", view)
        #expect(explanation.nearMisses.map(\.kind) == [.notYetValid])
        #expect(
            explanation.text == """
                denied: user:bob can_view doc:plan
                  it would be allowed by:
                    user:bob --member--> team:eng (from 2027-01-01T00:00Z) - valid only from 2027-01-01T00:00Z
                    team:eng#member --viewer--> folder:top
                    folder:top --parent--> doc:plan
                    on doc:plan, viewer from parent gives can_view
                """)
    }

    @Test func aFalseConditionIsShownWithItsValues() throws {
        let view = try Self.drive([
            ("user:bob", "MEMBER", "team:eng", ["condition": .string("in_hours")])
        ])
        let explanation = try Self.explain("bob", view, ["hour": 20])
        #expect(explanation.nearMisses.map(\.kind) == [.condition])
        #expect(
            explanation.nearMisses.first?.path.first?.lines(indent: "") == [
                "user:bob --member--> team:eng (if in_hours) - condition in_hours is false with hour = 20"
            ])
        let unknown = try Self.explain("bob", view)
        #expect(!unknown.isAllowed)
        #expect(unknown.notes == ["condition `in_hours` needs `hour` in the context"])
        #expect(try Self.explain("bob", view, ["hour": 10]).isAllowed)
    }

    @Test func whatExcludesIsShownWithItsOwnWay() throws {
        let view = try Self.drive([("team:eng", "BANNED", "doc:plan", [:])])
        let explanation = try Self.explain("anne", view)
        #expect(explanation.nearMisses.map(\.kind) == [.excluded])
        #expect(
            explanation.text == """
                denied: user:anne can_view doc:plan
                  it would be allowed by:
                    user:anne --member--> team:eng
                    team:eng#member --viewer--> folder:top
                    folder:top --parent--> doc:plan
                    on doc:plan, viewer from parent gives can_view
                    on doc:plan, can_view is taken away by:
                      user:anne --member--> team:eng
                      team:eng#member --banned--> doc:plan
                """)
    }

    @Test func whatIsOneRelationShortIsNamed() throws {
        let explanation = try Self.explain("zoe", try Self.drive())
        #expect(explanation.nearMisses.map(\.kind) == [.missing, .missing, .missing])
        #expect(
            explanation.nearMisses.first?.path.flatMap { $0.lines(indent: "") } == [
                "user:zoe --owner--> doc:plan - there is no such relationship",
                "on doc:plan, owner implies can_view",
            ])
        #expect(explanation.notes == ["user:zoe is not in the graph"])
    }

    @Test func twoHindrancesAreShownTogether() throws {
        let view = try Self.drive([
            ("user:bob", "MEMBER", "team:eng", ["valid_until": try Self.time("2020-01-01T00:00:00Z")]),
            ("user:bob", "BANNED", "doc:plan", [:]),
        ])
        let explanation = try Self.explain("bob", view)
        #expect(explanation.nearMisses.map(\.kind) == [.several])
        let lines = explanation.nearMisses.flatMap(\.path).flatMap { $0.lines(indent: "") }
        #expect(lines.first?.hasSuffix("expired on 2020-01-01T00:00Z") == true)
        #expect(lines.last == "  user:bob --banned--> doc:plan")
    }

    @Test func whoGrantedIsPartOfTheWay() throws {
        let view = try Self.drive([
            (
                "user:bob", "OWNER", "doc:plan",
                ["granted_by": .string("root"), "granted_at": try Self.time("2026-01-01T00:00:00Z")]
            )
        ])
        let json = try Self.explain("bob", view).json
        #expect(json["path"]?.array?.first?["granted_by"] == "root")
        #expect(json["path"]?.array?.first?["granted_at"] == "2026-01-01T00:00Z")
    }

    // MARK: What if

    @Test func aChangeTellsWhichDecisionsItTurnsAround() throws {
        let view = try Self.drive([("user:bob", "OWNER", "doc:plan", [:])])
        let changed = try view.changed { editor throws(GraphError) in
            try editor.delete(
                Tuple(
                    subject: EntityReference(type: "user", id: "anne"), relation: "member",
                    object: EntityReference(type: "team", id: "eng")))
            try editor.write(
                Tuple(
                    subject: EntityReference(type: "user", id: "bob"), relation: "banned",
                    object: EntityReference(type: "doc", id: "plan")))
        }
        let subjects = try view.entities(of: "user", limit: 10)
        let flips = try view.flips(
            to: changed, ComparedDecisions(subjects: subjects), try Self.options(), limit: 100)
        #expect(
            flips.map { "\($0.subject) \($0.relation) \($0.object) \($0.isAllowed)" } == [
                "user:anne member team:eng false", "user:anne viewer folder:top false",
                "user:anne can_view doc:plan false", "user:bob can_view doc:plan false",
                "user:bob can_sign doc:plan false",
            ])
        #expect(try view.check(subjects[0], "can_view", EntityReference("doc:plan"), try Self.options()))
    }

    // MARK: Reviews

    @Test func aReviewGroupsByWhatGrants() throws {
        let view = try Self.drive([
            ("user:bob", "MEMBER", "team:eng", [:]), ("user:carl", "OWNER", "doc:plan", [:]),
            ("user:bob", "BANNED", "doc:plan", [:]),
        ])
        let review = try view.review(object: EntityReference("doc:plan"), try Self.options(), limit: 100)
        #expect(
            review.rows.map { "\($0.subject) \($0.relation): \($0.reason)" } == [
                "user:carl can_sign: user:carl --owner--> doc:plan",
                "user:anne can_view: team:eng#member --viewer--> folder:top",
                "user:carl can_view: user:carl --owner--> doc:plan",
            ])
        let mine = try view.review(subject: EntityReference("user:anne"), try Self.options(), limit: 100)
        #expect(
            mine.rows.map { "\($0.relation) \($0.object)" } == [
                "can_view doc:plan", "viewer folder:top", "member team:eng",
            ])
        #expect(try view.review(object: EntityReference("doc:plan"), try Self.options(), limit: 2).isCut)
    }
}
