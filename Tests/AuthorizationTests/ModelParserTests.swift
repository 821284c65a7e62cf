import Authorization
import Testing

struct ModelParserTests {
    @Test(arguments: [
        (
            "type user", "line 1, column 1: a model starts with `model`\n  type user\n  ^"
        ),
        (
            "model\n  schema 1.1\ntype doc\n  relations\n    define viewer: [user",
            "line 5, column 25: `,` or `]` is missing in a list of types\n      define viewer: [user\n                          ^"
        ),
        (
            "model\n  schema 1.1\ntype doc\n  relations\n    define viewer: [user]",
            "line 5, column 5: there is no type `user`\n      define viewer: [user]\n      ^"
        ),
        (
            "model\n  schema 1.1\ntype user\ntype doc\n  relations\n    define viewer: editor",
            "line 6, column 5: type `doc` has no relation `editor`\n      define viewer: editor\n      ^"
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
        #expect(
            relation.rewrite
                == .direct([
                    .init(type: "user", kind: .object), .init(type: "group", kind: .userset("member")),
                ]))
    }

    @Test func refusesBottomlessParentheses() {
        let source =
            "model\n  schema 1.1\ntype t\n  relations\n    define a: " + String(repeating: "(", count: 10_000)
        let error = #expect(throws: ModelError.self) { try AuthorizationModel.parse(source) }
        #expect(error?.message == "nested deeper than 64 levels")
    }
}
