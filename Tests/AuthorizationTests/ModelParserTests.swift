import Authorization
import JSON
import TestSupport
import Testing

struct ModelParserTests {
    @Test(arguments: [
        (
            "type user",
            "line 1, column 1: a model starts with `model`, a module with `module`\n  type user\n  ^"
        ),
        (
            "model\n  schema 1.1\ntype doc\n  relations\n    define viewer: [user",
            "line 5, column 25: `,` or `]` is missing in a list of types\n      define viewer: [user\n                          ^"
        ),
        (
            "model\n  schema 1.1\ntype doc\n  relations\n    define viewer: [user]",
            "line 5, column 21: there is no type `user`\n      define viewer: [user]\n                      ^"
        ),
        (
            "model\n  schema 1.1\ntype user\ntype doc\n  relations\n    define viewer: editor",
            "line 6, column 20: type `doc` has no relation `editor`\n      define viewer: editor\n                     ^"
        ),
        (
            "model\n  schema 1.1\ntype user\ntype doc\n  relations\n    define a: [user]\n    define b: [user] or a and a",
            "line 7, column 27: put parentheses around one side to mix `or` with `and`\n"
                + "      define b: [user] or a and a\n                            ^"
        ),
    ])
    func namesThePlaceOfTheMistake(source: String, message: String) {
        let error = #expect(throws: ModelError.self) { try AuthorizationModel.parse(source) }
        #expect(error?.description == message)
    }

    @Test func commentsAndUsersetsAreToldApart() throws {
        let model = try AuthorizationModel.parse(
            "# top\nmodel # m\n  schema 1.1\ntype user\ntype group\n  relations\n    define member: [user, group#member] # end"
        )
        let relation = try #require(model.types["group"]?.relation("member"))
        #expect(relation.rewrite == .direct)
        #expect(
            relation.restrictions == [
                .init(type: "user", kind: .object), .init(type: "group", kind: .userset("member")),
            ])
    }

    @Test func refusesBottomlessParentheses() {
        let source =
            "model\n  schema 1.1\ntype t\n  relations\n    define a: " + String(repeating: "(", count: 10_000)
        let error = #expect(throws: ModelError.self) { try AuthorizationModel.parse(source) }
        #expect(error?.message == "nested deeper than 64 levels")
    }

    /// The first lines of a model with types `user` and `group#member`; the sixth line is the first of the case.
    private static func model(_ rest: String) -> String {
        "model\n  schema 1.1\ntype user\ntype group\n  relations\n    define member: [user, group#member]\n"
            + rest
    }

    @Test(arguments: [
        ("type user", "7:6 type `user` is defined twice"),
        (
            "type doc\n  relations\n    define a: [user]\n    define a: [user]",
            "10:12 relation `a` is defined twice in type `doc`"
        ),
        ("type doc\n  relations\n    define a: [group#owner]", "9:22 type `group` has no relation `owner`"),
        ("type doc\n  relations\n    define a: [user with c]", "9:26 there is no condition `c`"),
        ("type doc\n  relations\n    define a: [user, user]", "9:22 `user` is listed twice"),
        ("type doc\n  relations\n    define a: []", "9:16 expected a type"),
        ("type doc\n  relations\n    define a: a", "9:12 relation `a` of type `doc` is defined by itself"),
        (
            "type doc\n  relations\n    define a: b\n    define b: c or [user]\n    define c: a but not b",
            "9:12 relation `a` of type `doc` is defined by itself"
        ),
        (
            "type doc\n  relations\n    define parent: [doc]\n    define a: a from parent",
            "10:12 relation `a` of type `doc` has no entry point: it leads only to itself"
        ),
        (
            "type doc\n  relations\n    define a: [doc#a]",
            "9:12 relation `a` of type `doc` has no entry point: it leads only to itself"
        ),
        (
            "type doc\n  relations\n    define parent: [group#member]\n    define a: member from parent",
            "10:27 `parent` after `from` must be a relation of type `doc` with a list of types only"
        ),
        (
            "type doc\n  relations\n    define parent: [group]\n    define a: owner from parent",
            "10:15 no type that `parent` names has a relation `owner`"
        ),
        (
            "type doc\n  relations\n    define p: [group]\n    define parent: p\n    define a: member from parent",
            "11:27 `parent` after `from` must be a relation of type `doc` with a list of types only"
        ),
        ("condition c() { true }", "7:13 a condition has parameters"),
        ("condition c(x: int) { x < 'a' }", "7:25 `<` does not take int and string"),
        ("condition c(x: int) {\n  x < 10 &&\n    y\n}", "9:5 undeclared reference to `y`"),
        ("condition c(x: int) { x }", "7:23 gives int, and bool is wanted"),
        ("condition c(x: text) { true }", "7:16 `text` is no type of a parameter"),
        ("condition c(x: list<int) { true }", "7:24 `>` is missing"),
        ("condition c(x: int, x: int) { true }", "7:21 parameter `x` is declared twice"),
        ("condition c(x: int) { x == 1", "7:21 `}` is missing"),
        (
            "condition c(x: int) { x == 1 }\ncondition c(x: int) { x == 1 }",
            "8:11 condition `c` is defined twice"
        ),
        ("extend type user", "7:1 expected `type` or `condition`, found `extend`"),
        ("type self", "7:6 `self` is no name for a type"),
    ])
    func saysWhatDoesNotHoldAndWhere(rest: String, message: String) {
        let error = #expect(throws: ModelError.self) { try AuthorizationModel.parse(Self.model(rest)) }
        #expect(error.map { "\($0.line):\($0.column) \($0.message)" } == message)
    }

    private static let rich = model(
        """
        type folder
          relations
            define parent: [folder]
            define owner: [user with in_hours, group#member with in_network]
            define blocked: [user, user:*]
            define viewer: ([user, user:* with in_hours] or owner or viewer from parent) but not blocked
            define editor: [user] and (owner or viewer)
        condition in_hours(hour: int, days: list<string>, extra: map<any>) {
          hour >= 9 && hour < 17 && days.exists(d, d == "mon") && has(extra.x) || "}" == '{'
        }
        condition in_network(ip: ipaddress, since: timestamp, age: duration, n: uint, f: double, b: bool) {
          ip.in_cidr("10.0.0.0/8")
        }
        """)

    @Test func isTheSameInTextAndInJSON() throws {
        let model = try AuthorizationModel.parse(Self.rich)
        #expect(try AuthorizationModel.parse(model.text) == model)
        let again = try AuthorizationModel(json: JSON.parse(model.json.text))
        #expect(again == model)
        #expect(again.json == model.json)
        #expect(model.conditionNames == ["in_hours", "in_network"])
    }

    @Test func jsonIsThatOfOpenFGA() throws {
        let model = try AuthorizationModel.parse(
            """
            model
              schema 1.1
            type user
            type doc
              relations
                define parent: [doc]
                define a: [user, user:*, doc#a with c] or b but not a
            """.replacing(" or b but not a", with: " or a from parent")
                + "\ncondition c(x: list<int>) {\n  x == [1]\n}\n")
        #expect(
            model.json == [
                "schema_version": "1.1",
                "type_definitions": [
                    ["type": "user", "relations": [:], "metadata": nil],
                    [
                        "type": "doc",
                        "relations": [
                            "parent": ["this": [:]],
                            "a": [
                                "union": [
                                    "child": [
                                        ["this": [:]],
                                        [
                                            "tupleToUserset": [
                                                "tupleset": ["object": "", "relation": "parent"],
                                                "computedUserset": ["object": "", "relation": "a"],
                                            ]
                                        ],
                                    ]
                                ]
                            ],
                        ],
                        "metadata": [
                            "relations": [
                                "parent": [
                                    "directly_related_user_types": [["type": "doc", "condition": ""]]
                                ],
                                "a": [
                                    "directly_related_user_types": [
                                        ["type": "user", "condition": ""],
                                        ["type": "user", "wildcard": [:], "condition": ""],
                                        ["type": "doc", "relation": "a", "condition": "c"],
                                    ]
                                ],
                            ]
                        ],
                    ],
                ],
                "conditions": [
                    "c": [
                        "name": "c", "expression": "x == [1]",
                        "parameters": [
                            "x": [
                                "type_name": "TYPE_NAME_LIST",
                                "generic_types": [["type_name": "TYPE_NAME_INT", "generic_types": []]],
                            ]
                        ],
                    ]
                ],
            ])
    }

    @Test(arguments: [
        (#"{"schema_version": "1.0"}"#, "`schema_version` must be 1.1 or 1.2"),
        (#"{"schema_version": "1.1", "type_definitions": []}"#, "the model has no types"),
        (
            #"{"schema_version": "1.1", "type_definitions": [{"type": "doc", "relations": {"v": {"computedUserset": {"relation": "nope"}}}}]}"#,
            "type `doc` has no relation `nope`"
        ),
        (
            #"{"schema_version": "1.1", "type_definitions": [{"type": "doc", "relations": {"v": {"this": {}}}}]}"#,
            "relation `v` of type `doc` names no types of subjects"
        ),
        (
            #"{"schema_version": "1.1", "type_definitions": [{"type": "doc", "relations": {"v": {}}}]}"#,
            "doc#v has no definition that is known"
        ),
        (
            #"{"schema_version": "1.1", "type_definitions": [{"type": "a:b"}]}"#,
            "`a:b` is no name for a type"
        ),
    ])
    func refusesJSONThatIsNoModel(text: String, message: String) {
        let error = #expect(throws: ModelError.self) {
            try AuthorizationModel(json: (try? JSON.parse(text)) ?? .null)
        }
        #expect(error?.description == message)
    }

    private static let modules = [
        (
            file: "core.fga",
            source: "module core\ntype user\ntype organization\n  relations\n    define admin: [user]\n"
        ),
        (
            file: "wiki.fga",
            source: """
            module wiki
            extend type organization
              relations
                define can_create_page: admin
            type page
              relations
                define owner: [organization with c]
                define editor: can_create_page from owner
            condition c(x: int) { x < 3 }
            """
        ),
    ]

    @Test func modulesMakeOneModel() throws {
        let model = try AuthorizationModel.compose(Self.modules)
        #expect(model.schemaVersion == "1.2")
        #expect(model.typeNames == ["user", "organization", "page"])
        let organization = try #require(model.types["organization"])
        #expect(organization.origin?.file == "core.fga")
        #expect(organization.relations.map(\.name) == ["admin", "can_create_page"])
        #expect(organization.relations.map(\.origin?.module) == [nil, "wiki"])
        #expect(model.conditions["c"]?.origin?.module == "wiki")
        #expect(try AuthorizationModel(json: model.json) == model)
    }

    @Test(arguments: [
        (
            "module w\nextend type page",
            "w.fga, line 2, column 13: there is no type `page` to extend\n  extend type page\n              ^"
        ),
        (
            "module w\nextend type organization\n  relations\n    define admin: [user]",
            "w.fga, line 4, column 12: type `organization` has a relation `admin` already\n      define admin: [user]\n             ^"
        ),
        (
            "module w\ntype user",
            "w.fga, line 2, column 6: type `user` is defined twice\n  type user\n       ^"
        ),
        (
            "model\n  schema 1.2\ntype x",
            "w.fga, line 1, column 1: a file of a model of modules starts with `module`\n  model\n  ^"
        ),
        (
            "module w\ntype x\n  relations\n    define a: [nobody]",
            "w.fga, line 4, column 16: there is no type `nobody`\n      define a: [nobody]\n                 ^"
        ),
    ])
    func mistakesInModulesNameTheFile(source: String, message: String) {
        let error = #expect(throws: ModelError.self) {
            try AuthorizationModel.compose([Self.modules[0], (file: "w.fga", source: source)])
        }
        #expect(error?.description == message)
    }

    @Test func endsOnEveryInput() {
        let words = [
            "model", "schema", "1.1", "type", "relations", "define", "user", "a", ":", "[", "]", "(", ")",
            "or", "and",
            "but", "not", "from", "with", "condition", "{", "}", "#", "*", ",", "\n", "module", "extend", "<",
            ">", "'",
        ]
        for seed in 0..<2000 {
            var generator = SplitMix(seed: UInt64(seed))
            var text = "model\n schema 1.1\n type user\n"
            for _ in 0..<Int.random(in: 1...40, using: &generator) {
                text +=
                    (words.randomElement(using: &generator) ?? "")
                    + (Bool.random(using: &generator) ? " " : "\n")
            }
            _ = try? AuthorizationModel.parse(text)
        }
    }
}
