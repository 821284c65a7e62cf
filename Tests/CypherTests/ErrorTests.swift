import Cypher
import Testing

private struct SomeFunctions: FunctionSignatures {
    func arity(of name: String) -> ClosedRange<Int>? {
        ["count": 1...1, "size": 1...1, "toupper": 1...1][name.lowercased()]
    }
    func isAggregate(_ name: String) -> Bool { name.lowercased() == "count" }
    var names: [String] { ["count", "size", "toUpper"] }
}

struct ErrorTests {
    @Test(arguments: [
        (
            "MATCH (n) RETURN m", "UndefinedVariable",
            "variable `m` is not defined (line 1, column 18)\n  MATCH (n) RETURN m\n                   ^\n  did you mean `n`?"
        ),
        (
            "MATCH (n:User\nRETURN n", "UnexpectedSyntax",
            "expected `)` to end a node, found `RETURN` (line 2, column 1)\n  RETURN n\n  ^^^^^^\n  a `)` is missing for the `(` at line 1, column 7"
        ),
        (
            "RETURN [1, 2", "UnexpectedSyntax",
            "expected `]` or `,` in a list, found the end of the query (line 1, column 13)\n  RETURN [1, 2\n              ^\n  a `]` is missing for the `[` at line 1, column 8"
        ),
        (
            "RETURN {a: (1)", "UnexpectedSyntax",
            "expected `}` to end the map, found the end of the query (line 1, column 15)\n  RETURN {a: (1)\n                ^\n  a `}` is missing for the `{` at line 1, column 8"
        ),
        (
            "MATCH (n)\nWITH n.a AS a\nRETURN n", "UndefinedVariable",
            "variable `n` is not defined (line 3, column 8)\n  RETURN n\n         ^\n  WITH did not pass `n` on: write WITH n, ..."
        ),
        (
            "MATCH (n) CALL { RETURN n.a AS a } RETURN a", "UndefinedVariable",
            "variable `n` is not defined (line 1, column 25)\n  MATCH (n) CALL { RETURN n.a AS a } RETURN a\n                          ^\n  the subquery does not see it: write CALL (n) { ... }"
        ),
        (
            "RETURN 1 IN 'abc'", "InvalidArgumentType",
            "IN needs a list on its right, not a text (line 1, column 13)\n  RETURN 1 IN 'abc'\n              ^^^^^"
        ),
        (
            "MATCH (n) RETURN n ORDRE BY n", "UnexpectedSyntax",
            "expected a clause or the end of the statement, found `ORDRE` (line 1, column 20)\n  MATCH (n) RETURN n ORDRE BY n\n                     ^^^^^\n  did you mean ORDER?"
        ),
        (
            "MATCH (n) RETURN n IS :: INTEGR", "UnexpectedSyntax",
            "`INTEGR` is no type (line 1, column 26)\n  MATCH (n) RETURN n IS :: INTEGR\n                           ^^^^^^\n  did you mean INTEGER?"
        ),
        (
            "MTACH (n) RETURN n", "UnexpectedSyntax",
            "expected a clause, found `MTACH` (line 1, column 1)\n  MTACH (n) RETURN n\n  ^^^^^\n  did you mean MATCH?"
        ),
        (
            "RETURN toUper('a')", "UnknownFunction",
            "there is no function `toUper` (line 1, column 8)\n  RETURN toUper('a')\n         ^^^^^^^^^^^\n  did you mean `toUpper`?"
        ),
        (
            "RETURN (1 + 2", "UnexpectedSyntax",
            "the parenthesis is not closed (line 1, column 8)\n  RETURN (1 + 2\n         ^\n  a `)` is missing"
        ),
        (
            "RETURN 'abc", "UnexpectedSyntax",
            "the string is not closed (line 1, column 8)\n  RETURN 'abc\n         ^\n  close it with '"
        ),
        (
            "RETURN 99999999999999999999", "IntegerOverflow",
            "the number 99999999999999999999 does not fit 64 bits (line 1, column 8)\n  RETURN 99999999999999999999\n         ^^^^^^^^^^^^^^^^^^^^"
        ),
    ])
    func showThePlaceAndWhatMayBeMeant(query: String, detail: String, text: String) {
        let error = #expect(throws: CypherError.self) {
            try CypherParser.parse(query, functions: SomeFunctions())
        }
        #expect(error?.detail == detail)
        #expect(error?.description == "SyntaxError (\(detail)): " + text)
    }

    @Test(arguments: [
        ("MATCH (n) WHERE count(n) > 1 RETURN n", "InvalidAggregation"),
        ("RETURN count(count(1))", "NestedAggregation"),
        ("MATCH (n) RETURN n.a + count(n)", "AmbiguousAggregationExpression"),
        ("MATCH (a)-[a]->() RETURN a", "VariableTypeConflict"),
        ("MATCH (a) CREATE (a)", "VariableAlreadyBound"),
        ("CREATE (a)-[:R]-(b)", "RequiresDirectedRelationship"),
        ("CREATE (a)-->(b)", "NoSingleRelationshipType"), ("CREATE (a)-[:R*2]->(b)", "CreatingVarLength"),
        ("MATCH (n) WITH n.a RETURN 1", "NoExpressionAlias"), ("RETURN 1 AS a, 2 AS a", "ColumnNameConflict"),
        ("RETURN *", "NoVariablesInScope"), ("MATCH (n) RETURN n LIMIT n.a", "NonConstantExpression"),
        ("RETURN 1 LIMIT -1", "NegativeIntegerArgument"),
        ("RETURN 1 AS a UNION RETURN 2 AS b", "DifferentColumnsInUnion"),
        ("MATCH (n)", "InvalidClauseComposition"),
        ("RETURN 1 MATCH (n) RETURN n", "InvalidClauseComposition"),
        ("MATCH ()-[r]->()-[r]->() RETURN r", "RelationshipUniquenessViolation"),
        ("RETURN size(1, 2)", "InvalidNumberOfArguments"),
        ("MATCH (n) DELETE n:User", "InvalidDelete"), ("RETURN '\\u12'", "InvalidUnicodeLiteral"),
        ("", "UnexpectedSyntax"),
        ("RETURN 1; RETURN 2", "UnexpectedSyntax"), ("RETURN 1e999", "FloatingPointOverflow"),
    ])
    func haveTheNamesOfTheKit(query: String, detail: String) {
        let error = #expect(throws: CypherError.self) {
            try CypherParser.parse(query, functions: SomeFunctions())
        }
        #expect(error?.detail == detail)
    }

    @Test(arguments: ["(", "[", "{a:", "NOT ", "-", "CASE WHEN ", "EXISTS { RETURN "])
    func bottomlessNestingIsAnErrorNotACrash(opening: String) {
        let query = "RETURN " + String(repeating: opening, count: 20_000)
        #expect(throws: CypherError.self) { try CypherParser.parse(query, functions: SomeFunctions()) }
    }

    @Test(arguments: [
        ("RETURN 1", " + 1"), ("RETURN true", " AND true"), ("RETURN [1]", "[0]"), ("RETURN 1", " IS NULL"),
        ("MATCH (a)", "-->()"),
        ("", "WITH 1 AS x "), ("RETURN 1 AS x", " UNION RETURN 1 AS x"), ("MATCH (n:A", "|A"),
        ("MATCH (n)", ", ()"),
    ])
    func endlessChainsAreAnErrorNotACrash(start: String, link: String) {
        let query = start + String(repeating: link, count: 100_000)
        let error = #expect(throws: CypherError.self) {
            try CypherParser.parse(query, functions: SomeFunctions())
        }
        #expect(
            error?.message.hasPrefix("more than 500 operators, clauses or hops in a row") == true,
            "\(error?.message ?? "")")
    }

    @Test func aCreateMayHaveAnyNumberOfPatterns() throws {
        let query = "CREATE (:A)" + String(repeating: ", (:A)", count: 5000)
        _ = try CypherParser.parse(query, functions: SomeFunctions())
    }

    @Test func randomTextNeverTraps() {
        var generator = SystemRandomNumberGenerator()
        let words = [
            "MATCH", "(n", ")", "-[", "r:T*1..", "]->", "RETURN", "WHERE", "n.a", "=", "'x'", "$p", "{", "}",
            "[", "|", ",", "WITH",
            "ORDER BY", "1", "..", "count(*)", "CASE", "WHEN", "END", "é", "`", "\"", "/*", "//", "\n", "\\",
            "CALL", "YIELD", ";",
        ]
        for _ in 0..<5000 {
            let query = (0..<Int.random(in: 1...15, using: &generator)).map { _ in
                words.randomElement(using: &generator) ?? ""
            }
            _ = try? CypherParser.parseScript(
                query.joined(separator: Bool.random() ? " " : ""), functions: SomeFunctions())
        }
    }
}
