import CEL
import JSON
import Testing

/// The language by table: what an expression gives, in the words of ``CELValue/description``.
struct CELTests {
    /// The value as text, or `!` and the error with its place, or `?` and the parameters that are missing.
    private static func run(
        _ text: String, _ parameters: [(String, CELType, JSON?)] = [],
        costLimit: Int = CELExpression.costLimit
    ) throws -> String {
        let declared = parameters.map { CELParameter(name: $0.0, type: $0.1) }
        let expression: CELExpression
        do {
            expression = try CELExpression(text, parameters: declared)
        } catch {
            return "! \(error)"
        }
        let values = try parameters.map { try $0.2.map($0.1.value(of:)) }
        return switch expression.evaluate(values, costLimit: costLimit) {
        case .value(let value): value.description
        case .missing(let names): "? " + names.joined(separator: ", ")
        case .failed(let error): "! \(error.message)"
        }
    }

    @Test(arguments: [
        ("1 + 2 * 3", "7"), ("(1 + 2) * 3", "9"), ("7 / 2", "3"), ("-7 / 2", "-3"), ("-7 % 3", "-1"),
        ("7.0 / 2.0", "3.5"), ("1u + 2u", "3u"), ("0x1F", "31"), ("-0x10", "-16"), ("1e3", "1000.0"),
        (".5", "0.5"),
        ("-9223372036854775808", "-9223372036854775808"), ("1 - -1", "2"), ("- -1", "1"),
        ("9223372036854775807 + 1", "! the result does not fit 64 bits"),
        ("-9223372036854775808 / -1", "! the result does not fit 64 bits"),
        ("-9223372036854775808 % -1", "! the result does not fit 64 bits"),
        ("-(-9223372036854775807 - 1)", "! the result does not fit 64 bits"),
        ("0u - 1u", "! the result does not fit 64 bits"), ("1 / 0", "! division by zero"),
        ("1 % 0", "! division by zero"), ("1.0 / 0.0", "inf"),
        ("9223372036854775807 * 2", "! the result does not fit 64 bits"),
        ("'a' + \"b\"", "\"ab\""), ("b'a' + b'b'", "b\"ab\""), ("[1] + [2, 3]", "[1, 2, 3]"),
    ])
    func computes(text: String, expected: String) throws { #expect(try Self.run(text) == expected) }

    @Test(arguments: [
        ("1 < 2", "true"), ("2 <= 1", "false"), ("2.5 > 2.4", "true"), ("'a' < 'b'", "true"),
        ("'a' < 'B'", "false"), ("b'a' < b'b'", "true"), ("false < true", "true"),
        ("timestamp('2026-01-01T00:00:00Z') < timestamp('2026-01-01T00:00:00.5Z')", "true"),
        ("duration('1h') > duration('59m59s')", "true"), ("1 == 1", "true"), ("'é' == 'e\\u0301'", "false"),
        ("[1, 2] == [1, 2]", "true"), ("{'a': 1} == {'a': 1}", "true"), ("{'a': 1} != {'a': 2}", "true"),
        ("dyn(1) == dyn(1.0)", "true"), ("dyn(1) == dyn(1u)", "true"), ("dyn(1) == dyn('1')", "false"),
        ("dyn(1) < dyn(1.5)", "true"), ("dyn(9223372036854775807) < dyn(9223372036854775808.0)", "true"),
        ("dyn(-1) < dyn(1u)", "true"), ("dyn(1) < dyn('a')", "! `less` does not take int and string"),
        ("1 in [1, 2]", "true"), ("3 in [1, 2]", "false"), ("'a' in {'a': 1}", "true"),
        ("dyn(1.0) in [1, 2]", "true"), ("null == null", "true"),
    ])
    func compares(text: String, expected: String) throws { #expect(try Self.run(text) == expected) }

    @Test(arguments: [
        ("true || 1 / 0 == 1", "true"), ("1 / 0 == 1 || true", "true"),
        ("1 / 0 == 1 || false", "! division by zero"),
        ("false && 1 / 0 == 1", "false"), ("1 / 0 == 1 && false", "false"), ("!true", "false"),
        ("!!true", "true"),
        ("true ? 1 : 2", "1"), ("false ? 1 : true ? 2 : 3", "2"), ("false ? 1 / 0 : 5", "5"),
        ("true && true && true && false", "false"), ("true || false && false", "true"),
    ])
    func decides(text: String, expected: String) throws { #expect(try Self.run(text) == expected) }

    @Test(arguments: [
        ("size('åäö')", "3"), ("'abc'.size()", "3"), ("size([1, 2])", "2"), ("{'a': 1}.size()", "1"),
        ("size(b'abc')", "3"), ("'hello'.contains('ell')", "true"), ("'hello'.contains('')", "true"),
        ("'hello'.contains('elk')", "false"), ("'hello'.startsWith('he')", "true"),
        ("'hello'.endsWith('lo')", "true"), ("'lo'.endsWith('hello')", "false"),
        ("'foobar'.matches('o+b')", "true"), ("'foobar'.matches('^o')", "false"),
        ("matches('foobar', 'r$')", "true"),
        (
            "'\\x41\\u00e5\\U0001F600\\101\\n'",
            "\"AåA\u{1F600}A\n\"".replacing("A\u{1F600}A", with: "\u{1F600}A")
        ),
        ("r'\\n'", "\"\\n\""), ("'''a'b\nc'''", "\"a'b\nc\""), ("\"\"\"x\"\"\"", "\"x\""),
        ("b'\\xff' == b'\\377'", "true"),
        ("[1, 2, 3][1]", "2"), ("[1][5]", "! there is no element 5"), ("{'a': {'b': 2}}.a.b", "2"),
        ("{'a': 1}['a']", "1"), ("{'a': 1}['b']", "! no such key: \"b\""), ("has({'a': 1}.a)", "true"),
        ("has({'a': 1}.b)", "false"), ("{1: 'x', 2: 'y'}[2]", "\"y\""), ("[1, 2,]", "[1, 2]"),
        ("[1, 'a', 2.0][1]", "\"a\""), ("{'a': 1, 'a': 2}", "! the key \"a\" is there twice"),
        ("1 // one", "1"),
    ])
    func readsTextsListsAndMaps(text: String, expected: String) throws {
        #expect(try Self.run(text) == expected)
    }

    @Test(arguments: [
        ("[1, 2, 3].all(x, x > 0)", "true"), ("[1, 2, 3].all(x, x > 1)", "false"),
        ("[].all(x, false)", "true"),
        ("[1, 2].exists(x, x == 2)", "true"), ("[].exists(x, true)", "false"),
        ("[1, 2, 2].exists_one(x, x == 2)", "false"), ("[1, 2, 3].exists_one(x, x == 2)", "true"),
        ("[1, 2, 3].map(x, x * 2)", "[2, 4, 6]"), ("[1, 2, 3].map(x, x > 1, x * 2)", "[4, 6]"),
        ("[1, 2, 3].filter(x, x % 2 == 1)", "[1, 3]"), ("{'a': 1}.all(k, k == 'a')", "true"),
        ("[[1], [2, 3]].exists(l, l.exists(x, x == 3))", "true"),
        ("[1, 0].exists(x, 1 / x == 1)", "true"), ("[0, 1].exists(x, 1 / x == 1)", "true"),
        ("[0, 2].exists(x, 1 / x == 1)", "! division by zero"), ("[0, 2].all(x, 2 / x == 2)", "false"),
        ("['a', 'b'].map(x, x + x).exists(x, x == 'bb')", "true"),
    ])
    func runsMacros(text: String, expected: String) throws { #expect(try Self.run(text) == expected) }

    @Test(arguments: [
        ("int('42')", "42"), ("int(3.9)", "3"), ("int(-3.9)", "-3"),
        ("int(1e30)", "! 1e+30 does not convert so"),
        ("int('x')", "! \"x\" does not convert so"), ("uint(-1)", "! -1 does not convert so"),
        ("uint('7')", "7u"),
        ("double(3)", "3.0"), ("double('2.5')", "2.5"), ("string(3.0)", "\"3\""), ("string(2.5)", "\"2.5\""),
        ("string(true)", "\"true\""), ("bytes('å') == b'\\xc3\\xa5'", "true"),
        ("string(b'\\xff')", "! b\"\u{FFFD}\" does not convert so"),
        ("bool('true')", "true"), ("type(1) == int", "true"), ("type('') == string", "true"),
        ("type(1) == type(1u)", "false"), ("type(timestamp(0)) == google.protobuf.Timestamp", "true"),
        ("string(duration('1h30m'))", "\"5400s\""), ("int(timestamp('1970-01-01T00:01:00Z'))", "60"),
    ])
    func converts(text: String, expected: String) throws { #expect(try Self.run(text) == expected) }

    @Test(arguments: [
        ("timestamp('2026-11-24T12:00:00Z') + duration('1h')", "2026-11-24T13:00:00Z"),
        ("timestamp('2026-11-24T14:00:00+02:00')", "2026-11-24T12:00:00Z"),
        ("timestamp('2026-01-02T00:00:00Z') - timestamp('2026-01-01T00:00:00Z')", "86400s"),
        ("timestamp('2026-01-01T00:00:00Z') - duration('1ms')", "2025-12-31T23:59:59.999Z"),
        ("timestamp('9999-12-31T23:59:59Z') + duration('1s')", "! outside of the years 1 to 9999"),
        ("timestamp('2026-02-30T00:00:00Z')", "! \"2026-02-30T00:00:00Z\" does not convert so"),
        ("duration('1h') - duration('90m')", "-1800s"), ("duration('1.5s')", "1.5s"),
        ("duration('100us')", "0.0001s"),
        ("duration('x')", "! \"x\" does not convert so"),
        ("duration('9999999999h')", "! \"9999999999h\" does not convert so"),
        ("timestamp('2026-11-24T12:34:56.789Z').getFullYear()", "2026"),
        ("timestamp('2026-11-24T12:34:56.789Z').getMonth()", "10"),
        ("timestamp('2026-11-24T12:34:56.789Z').getDate()", "24"),
        ("timestamp('2026-11-24T12:34:56.789Z').getDayOfMonth()", "23"),
        ("timestamp('2026-11-24T12:34:56.789Z').getDayOfWeek()", "2"),
        ("timestamp('2026-11-24T12:34:56.789Z').getDayOfYear()", "327"),
        ("timestamp('2026-11-24T12:34:56.789Z').getHours()", "12"),
        ("timestamp('2026-11-24T12:34:56.789Z').getMinutes()", "34"),
        ("timestamp('2026-11-24T12:34:56.789Z').getSeconds()", "56"),
        ("timestamp('2026-11-24T12:34:56.789Z').getMilliseconds()", "789"),
        ("timestamp('2026-07-01T23:00:00Z').getDate('Europe/Stockholm')", "2"),
        ("timestamp('2026-07-01T23:00:00Z').getHours('-03:30')", "19"),
        ("timestamp('2026-07-01T23:00:00Z').getHours('Nowhere')", "! \"Nowhere\" is no time zone"),
        ("duration('90m').getHours()", "1"), ("duration('90m').getMinutes()", "90"),
        ("timestamp('0001-01-01T00:00:00Z').getFullYear()", "1"),
        ("timestamp('1969-12-31T23:59:59Z').getSeconds()", "59"),
    ])
    func tellsTime(text: String, expected: String) throws { #expect(try Self.run(text) == expected) }

    @Test(arguments: [
        ("ipaddress('192.168.1.7').in_cidr('192.168.1.0/24')", "true"),
        ("ipaddress('192.168.2.7').in_cidr('192.168.1.0/24')", "false"),
        ("ipaddress('10.0.0.1').in_cidr('0.0.0.0/0')", "true"),
        ("ipaddress('2001:db8::1').in_cidr('2001:db8::/32')", "true"),
        ("ipaddress('2001:db9::1').in_cidr('2001:db8::/32')", "false"),
        ("ipaddress('192.168.1.7').in_cidr('2001:db8::/32')", "false"),
        ("ipaddress('::ffff:192.0.2.1')", "::ffff:c000:201"), ("ipaddress('1:0:0:2::')", "1:0:0:2::"),
        ("ipaddress('::')", "::"), ("ipaddress('192.168.01.1')", "! \"192.168.01.1\" does not convert so"),
        ("ipaddress('1.2.3')", "! \"1.2.3\" does not convert so"),
        ("ipaddress('1::2::3')", "! \"1::2::3\" does not convert so"),
        (
            "ipaddress('192.168.1.7').in_cidr('192.168.1.0')",
            "! \"192.168.1.0\" is no network such as 192.0.2.0/24"
        ),
        (
            "ipaddress('192.168.1.7').in_cidr('192.168.1.0/33')",
            "! \"192.168.1.0/33\" is no network such as 192.0.2.0/24"
        ),
        ("ipaddress('1.2.3.4') == ipaddress('1.2.3.4')", "true"),
    ])
    func knowsAddresses(text: String, expected: String) throws { #expect(try Self.run(text) == expected) }

    @Test(arguments: [
        ("a || b", "true"), ("b || a", "true"), ("!a && b", "false"), ("a && b", "? b"), ("b", "? b"),
        ("b || c", "? b, c"), ("n + m > 3", "? m, n"), ("b ? 1 : 2", "? b"), ("a ? 1 : m", "1"),
        ("l.exists(x, x > 1)", "true"),
        ("l.exists(x, x == m)", "? m"), ("[1, 2].exists(x, x == 2 || x == m)", "true"),
        ("1 / 0 == 1 || b", "? b"),
    ])
    func decidesWithoutWhatIsMissingOrNamesIt(text: String, expected: String) throws {
        let parameters: [(String, CELType, JSON?)] = [
            ("a", .bool, true), ("b", .bool, nil), ("c", .bool, nil), ("m", .int, nil), ("n", .int, nil),
            ("l", .list(.int), [1, 2]),
        ]
        #expect(try Self.run(text, parameters) == expected)
    }

    @Test(arguments: [
        ("1 +", "! line 1, column 4: the end is not expected here"),
        ("1 + 'a'", "! line 1, column 3: `+` does not take int and string"),
        ("1 < 2.0", "! line 1, column 3: `<` does not take int and double; convert one, as in int(x)"),
        ("x", "! line 1, column 1: undeclared reference to `x`"),
        ("true &&\n  y", "! line 2, column 3: undeclared reference to `y`"),
        ("foo(1)", "! line 1, column 1: there is no function `foo`"),
        ("'a'.foo()", "! line 1, column 5: there is no function `foo` of a value"),
        ("1 && true", "! line 1, column 1: `&&` takes bool, not int"),
        ("'abc", "! line 1, column 1: the text that begins here has no end"),
        ("1 == 'a'", "! line 1, column 3: `==` does not take int and string"),
        ("99999999999999999999", "! line 1, column 1: `99999999999999999999` does not fit 64 bits"),
        ("a # b", "! line 1, column 3: `#` has no meaning here"),
        ("(1", "! line 1, column 3: `)` is missing before the end"),
        ("1 2", "! line 1, column 3: `2` is not expected here"),
        ("for", "! line 1, column 1: `for` is a reserved word"),
        ("'a'.matches('(')", "! line 1, column 5: `(` is no regular expression: a `)` is missing"),
        ("1.x", "! line 1, column 3: int has no member `x`"),
        ("[1].all(1, true)", "! line 1, column 9: the first argument of `all` must be a name"),
        ("'\\q'", "! line 1, column 2: `\\q` is no escape"),
        ("", "! line 1, column 1: the end is not expected here"),
        ("true ? 1 : 'a'", "! line 1, column 6: `? :` gives int on one side and string on the other"),
        ("{1.5: 2}", "! line 1, column 2: a key is bool, int, uint or string, not double"),
    ])
    func saysWhatIsWrongAndWhere(text: String, expected: String) throws {
        #expect(try Self.run(text) == expected)
    }

    @Test func refusesWhatIsNestedTooDeep() throws {
        for text in [
            String(repeating: "(", count: 10_000), String(repeating: "!", count: 10_000) + "true",
            String(repeating: "-", count: 10_000) + "1",
            Array(repeating: "1", count: 10_000).joined(separator: "+"),
            String(repeating: "[", count: 10_000), "a" + String(repeating: ".b", count: 10_000),
            String(repeating: "true ? 1 : ", count: 4000) + "1",
        ] {
            #expect(try Self.run(text).contains("nested deeper than 150 levels"))
        }
        #expect(try Self.run(Array(repeating: "false", count: 5000).joined(separator: "||")) == "false")
    }

    @Test func endsWhenItCostsTooMuch() throws {
        let numbers = JSON.array((0..<100).map(JSON.int))
        let text = "l.all(a, l.all(b, l.all(c, a + b + c >= 0)))"
        let parameters = [("l", CELType.list(.int), JSON?.some(numbers))]
        #expect(try Self.run(text, parameters) == "! the expression costs more than allowed")
        let long = JSON.string(String(repeating: "a", count: 20_000))
        #expect(
            try Self.run("s.matches('(a*)*b')", [("s", .string, long)], costLimit: 10_000)
                == "! the expression costs more than allowed")
        #expect(
            try Self.run("s.contains(s + 'b')", [("s", .string, long)], costLimit: 1000)
                == "! the expression costs more than allowed")
    }

    static let contexts: [(CELType, JSON, String)] = [
        (CELType.int, JSON.int(3), "3"), (.int, "3", "3"), (.int, .double(3.0), "3"), (.int, "3.5", "!"),
        (.int, .double(3.5), "!"),
        (.int, true, "!"), (.uint, .int(-1), "!"), (.uint, "7", "7u"), (.double, .int(2), "2.0"),
        (.double, "2.5", "2.5"),
        (.bool, "true", "!"), (.string, .int(1), "!"),
        (.timestamp, "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z"),
        (.timestamp, "2026-01-01", "!"), (.duration, "1h", "3600s"), (.duration, .int(1), "!"),
        (.ipaddress, "1.2.3.4", "1.2.3.4"),
        (.ipaddress, "x", "!"), (.list(.int), [1, "2"], "[1, 2]"), (.list(.int), [1, "x"], "!"),
        (.map(.string, .bool), ["a": true], "{\"a\": true}"),
        (.any, ["a": [1, nil]], "{\"a\": [1.0, null]}"),
    ]

    @Test(arguments: Self.contexts)
    func readsParametersFromJSON(type: CELType, json: JSON, expected: String) {
        let value = try? type.value(of: json)
        #expect(value?.description ?? "!" == expected)
    }

    @Test func endsOnEveryInput() {
        let words = [
            "a", "1", "2u", "1.5", "'x'", "b'y'", "(", ")", "[", "]", "{", "}", ".", ",", ":", "?", "+", "-",
            "*", "/",
            "%", "!", "<", "<=", "==", "in", "&&", "||", "all", "map", "exists", "size", "has", "matches",
            "timestamp",
            "duration", "'(a'", "x", "true", "null", "\\", "'", "\"", "0x", "1e", "é", "\n",
        ]
        for seed in 0..<3000 {
            var state = UInt64(seed) &* 0x9E37_79B9_7F4A_7C15 &+ 1
            var text = ""
            for _ in 0..<(seed % 23 + 1) {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                text += words[Int(state >> 33) % words.count] + (state & 1 == 0 ? " " : "")
            }
            let parameters = [
                CELParameter(name: "a", type: .any), CELParameter(name: "x", type: .list(.int)),
            ]
            guard let expression = try? CELExpression(text, parameters: parameters) else { continue }
            _ = expression.evaluate(["a": .map([.string("x"): .int(1)]), "x": .list([.int(1)])])
            _ = expression.evaluate([:])
        }
    }
}
