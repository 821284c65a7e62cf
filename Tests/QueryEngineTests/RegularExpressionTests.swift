import Testing

/// `=~` over whole texts.
struct RegularExpressionTests {
    @Test(arguments: [
        ("abc", "abc", true), ("abc", "ab", false), ("abc", "a.c", true), ("a\nc", "a.c", false),
        ("a\nc", "(?s)a.c", true), ("ABC", "(?i)abc", true), ("ÅÄÖ", "(?i)åäö", true),
        ("aBc", "a(?i:b)c", true),
        ("aBC", "a(?i:b)c", false), ("aaa", "a*", true), ("", "a*", true), ("", "a+", false),
        ("a", "a?", true),
        ("aa", "a?", false), ("aaa", "a{3}", true), ("aaaa", "a{2,3}", false), ("aaaa", "a{2,}", true),
        ("ab", "a|b", false), ("ab", "(a|b)+", true), ("", "a|", true), ("foobar", "foo(bar|baz)?", true),
        ("x1", "[a-z]\\\\d", true), ("x1", "[^a-z]\\\\d", false), ("-", "[a-]", true), ("]", "[]]", true),
        ("^", "[\\\\^]", true), ("é", "\\\\w", false), ("é", "\\\\p{L}", true), ("É", "\\\\p{Lu}", true),
        ("5", "\\\\p{Nd}", true),
        ("a b", "a\\\\sb", true), ("a.b", "a\\\\.b", true), ("axb", "a\\\\.b", false),
        ("a+b", "\\\\Qa+b\\\\E", true),
        ("foo bar", ".*\\\\bbar", true), ("foobar", ".*\\\\bbar", false), ("a", "^a$", true),
        ("a\nb", "(?m)a$\n^b", true),
        ("b", "[a-z&&[^b]]", false), ("c", "[a-z&&[^b]]", true), ("7", "[a-f[0-9]]", true),
        ("g", "[a-f[0-9]]", false),
        ("abcabc", "(?:abc){2}", true), ("ab", "(?<x>a)b", true), ("aab", "a*?b", true), ("😀", ".", true),
        ("\u{41}", "\\\\x41", true), ("anne@example.org", "[\\\\w.]+@[\\\\w.]+\\\\.\\\\w{2,}", true),
    ])
    func matches(text: String, pattern: String, expected: Bool) throws {
        let quoted = text.replacing("\n", with: "\\n")
        let query = "RETURN '\(quoted)' =~ '\(pattern.replacing("\n", with: "\\n"))'"
        #expect(try Fixture().rows(query) == ["\(expected)"])
    }

    @Test(arguments: [
        "(", ")", "[", "a{2,1}", "*a", "a**", "(?=a)", "(a)\\\\1", "\\\\y", "[z-a]", "a++", "\\\\p{Klingon}",
        "(?", "a{100000}{100}",
    ])
    func whatIsNoneIsAnError(pattern: String) throws {
        let fixture = try Fixture()
        #expect(throws: (any Error).self) { try fixture.rows("RETURN 'a' =~ '\(pattern)'") }
    }
}
