import Authorization
import PropertyGraph
import Testing

/// Store tests in OpenFGA's form, with the files that they name.
struct StoreTestTests {
    private static let files = [
        "t/drive.fga.yaml": """
        name: drive
        model_file: model/fga.mod
        tuple_file: tuples.csv
        tuples:
          - {user: "user:anne", relation: owner, object: "doc:plan", condition: {name: in_hours, context: {hour: 10}}}
        tests:
          - name: first
            tuples:
              - user: user:carl
                relation: owner
                object: doc:plan
                condition:
                  name: in_hours
            check:
              - user: user:anne
                object: doc:plan
                assertions:
                  owner: true
              - users: [user:bob, user:carl]
                objects:
                  - doc:plan
                context: {hour: 20}
                assertions:
                  owner: false
            list_objects:
              - user: user:bob
                type: team
                assertions:
                  member:
                    - team:red
                    - team:blue
            list_users:
              - object: team:red
                user_filter:
                  - type: user
                assertions:
                  member:
                    users:
                      - user:bob
          - name: second
            check:
              - user: user:carl
                object: doc:plan
                context: {hour: 10}
                assertions:
                  owner: true
        """,
        "t/model/fga.mod": "schema: '1.2'\ncontents:\n  - core.fga\n  - docs/docs.fga\n",
        "t/model/core.fga": "module core\ntype user\ntype team\n  relations\n    define member: [user]\n",
        "t/model/docs/docs.fga":
            "module docs\ntype doc\n  relations\n    define owner: [user with in_hours]\ncondition in_hours(hour: int) { hour < 17 }\n",
        "t/tuples.csv": """
        user_type,user_id,user_relation,relation,object_type,object_id,condition_name,condition_context
        user,bob,,member,team,red,,
        user,anne,,owner,doc,memo,in_hours,"{""hour"": 3}"
        """,
    ]

    private struct NoFile: Error {
        let path: String
    }

    private static func read(_ path: String) throws -> String {
        guard let text = Self.files[path] else { throw NoFile(path: path) }
        return text
    }

    @Test func runsAllKindsOfAssertions() throws {
        let test = try StoreTest("t/drive.fga.yaml", read: Self.read)
        let outcomes = try test.run(at: ZonedDateTime(seconds: 0))
        #expect(
            outcomes.map { "\($0.test): \($0.question)" + ($0.failure.map { " ! \($0)" } ?? "") } == [
                "first: check user:anne owner doc:plan", "first: check user:bob owner doc:plan",
                "first: check user:carl owner doc:plan",
                "first: list_objects user:bob member team ! missing: team:blue",
                "first: list_users team:red member",
                "second: check user:carl owner doc:plan ! false, not true",
            ])
    }
}
