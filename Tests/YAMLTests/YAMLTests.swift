import JSON
import Testing
import YAML

struct YAMLTests {
    /// A text and what it says, as JSON.
    @Test(arguments: [
        ("", "null"), ("# only a comment\n", "null"), ("a", "\"a\""), ("42", "42"), ("-1.5e3", "-1500.0"),
        ("~", "null"), ("true", "true"), ("yes", "\"yes\""), ("0x1F", "31"), ("1.2.3", "\"1.2.3\""),
        ("2026-11-24", "\"2026-11-24\""), ("user:anne", "\"user:anne\""), ("a: 1", #"{"a":1}"#),
        ("a: 1\nb: two words # not this\nc:", #"{"a":1,"b":"two words","c":null}"#),
        ("a:\n  b:\n    c: d\n  e: f", #"{"a":{"b":{"c":"d"},"e":"f"}}"#),
        ("- 1\n- two\n-\n- - 3\n  - 4", #"[1,"two",null,[3,4]]"#),
        ("a:\n- 1\n- 2\nb: 3", #"{"a":[1,2],"b":3}"#),
        ("a:\n  - x: 1\n    y: 2\n  - x: 3", #"{"a":[{"x":1,"y":2},{"x":3}]}"#),
        ("-   a: 1\n    b: 2", #"[{"a":1,"b":2}]"#),
        ("a: [1, b, 'c d', {e: f}]", #"{"a":[1,"b","c d",{"e":"f"}]}"#),
        ("a: [1,\n  2, # two\n  3]\nb: 4", #"{"a":[1,2,3],"b":4}"#),
        ("{a: 1, \"b\": , c}", #"{"a":1,"b":null,"c":null}"#),
        (#"a: "x\n\u00e5\"""#, #"{"a":"x\nå\""}"#), ("a: 'it''s'", #"{"a":"it's"}"#),
        ("'a b': 1", #"{"a b":1}"#),
        ("a: |\n  one\n    two\n\n  three\nb: 1", #"{"a":"one\n  two\n\nthree\n","b":1}"#),
        ("a: |-\n  one\n  two\n", #"{"a":"one\ntwo"}"#),
        ("a: |+\n  one\n\nb: 1", #"{"a":"one\n\n","b":1}"#),
        ("a: >\n  one\n  two\n\n  three\n", #"{"a":"one two\nthree\n"}"#),
        ("a: one\n  two\nb: 1", #"{"a":"one two","b":1}"#),
        ("a: \"one\n  two\n\n  three\"", #"{"a":"one two\nthree"}"#),
        ("a: &x [1]\nb: *x", #"{"a":[1],"b":[1]}"#), ("---\na: 1\n...\n", #"{"a":1}"#),
        ("a: b:c", #"{"a":"b:c"}"#),
        (
            "user: user:anne\nwhen: 2026-01-01T00:00:00Z",
            #"{"user":"user:anne","when":"2026-01-01T00:00:00Z"}"#
        ),
        (
            "model: |\n  model\n    schema 1.1\n  type user # not a comment of YAML\n",
            "{\"model\":\"model\\n  schema 1.1\\ntype user # not a comment of YAML\\n\"}"
        ),
        ("a: #nothing\nb: 1", #"{"a":null,"b":1}"#), ("a: x#y", ##"{"a":"x#y"}"##),
        ("a:\r\n  b: 1\r\n", #"{"a":{"b":1}}"#),
        ("- |\n  x\n- y", #"["x\n","y"]"#), ("- a\n\n- b", #"["a","b"]"#),
    ])
    func reads(text: String, expected: String) throws {
        #expect(try YAML.parse(text).text == expected)
    }

    @Test(arguments: [
        ("a: 1\n b: 2", "line 2, column 2: this is indented further than what it belongs to"),
        ("a: [1, 2", "line 1, column 4: `,` or `]` is missing"),
        ("a: 'x", "line 1, column 4: the text that begins here has no end"),
        ("a: 1\na: 2", "line 2, column 1: the key `a` is there twice"),
        ("a: *x", "line 1, column 4: there is no anchor `x` above"),
        ("a: 1\nb", "line 2, column 1: a key with `:` is missing"),
        ("a: !!str 1", "line 1, column 4: tags are not known"),
        ("\ta: 1", "line 1, column 1: a tab does not indent"),
        ("a\n---\nb", "line 2, column 1: only one document is read"),
        ("- 1\n- 2\nc: 3", "line 3, column 1: this does not belong to what is above"),
        ("a: [1] x", "line 1, column 4: this does not belong to what is before it"),
    ])
    func saysWhatIsWrongAndWhere(text: String, expected: String) {
        let error = #expect(throws: YAMLError.self) { try YAML.parse(text) }
        #expect(error?.description == expected)
    }

    @Test func endsOnEveryInput() {
        let words = [
            "a", ":", " ", "\n", "  ", "- ", "[", "]", "{", "}", ",", "'", "\"", "|", ">", "#", "&x", "*x",
            "\\", "1", "\t", "?", "---",
        ]
        for seed in 0..<4000 {
            var state = UInt64(seed) &* 0x9E37_79B9_7F4A_7C15 &+ 1
            var text = ""
            for _ in 0..<(seed % 31 + 1) {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                text += words[Int(state >> 33) % words.count]
            }
            _ = try? YAML.parse(text)
        }
        _ = try? YAML.parse(String(repeating: "[", count: 10_000))
        _ = try? YAML.parse(String(repeating: "- ", count: 10_000))
    }
}
