import JSON
import Testing

struct JSONTests {
    @Test(arguments: [
        #"{"a":1,"b":[true,false,null],"c":{"d":"e"}}"#, #"[1,-2,3.5,1e+20,"x\"y\\z\n\u0001"]"#, "[]", "{}",
        #""😀é""#, "0", "-9223372036854775808",
    ])
    func readsBackWhatItWrites(text: String) throws {
        let value = try JSON.parse(text)
        #expect(try JSON.parse(value.text) == value)
        #expect(try JSON.parse(value.prettyText) == value)
    }

    @Test func keepsIntegersExactAndMembersInOrder() throws {
        #expect(try JSON.parse("9007199254740993") == .int(9_007_199_254_740_993))
        #expect(try JSON.parse(#"{"z":1,"a":2}"#).text == #"{"z":1,"a":2}"#)
        #expect(try JSON.parse("2.0") == .double(2))
        #expect(JSON.double(2).text == "2.0")
    }

    @Test func joinsSurrogatePairs() throws {
        #expect(try JSON.parse(#""\ud83d\ude00""#) == .string("😀"))
    }

    @Test(arguments: [
        ("", "line 1, column 1: expected a value, found the end of the text"),
        ("{\n  \"a\": ,", "line 2, column 8: expected a value, found `,`"),
        ("[1 2]", "line 1, column 4: expected `,` or `]` in an array"),
        ("01", "line 1, column 3: a number must not start with 0"),
        (#"{"a" 1}"#, "line 1, column 6: expected `:` after the member name `a`"),
        (#""\ud800""#, "line 1, column 8: half of a surrogate pair"),
        ("1 1", "line 1, column 3: unexpected text after the value"),
        ("tru", "line 1, column 1: expected `true`"),
        ("1e999", "line 1, column 6: the number 1e999 is out of range"),
    ])
    func namesThePlaceOfTheMistake(text: String, message: String) {
        let error = #expect(throws: JSONError.self) { try JSON.parse(text) }
        #expect(error?.description == message)
    }

    @Test func refusesBottomlessNesting() {
        let text = String(repeating: "[", count: 100_000)
        let error = #expect(throws: JSONError.self) { try JSON.parse(text) }
        #expect(error?.message == "nested deeper than 512 levels")
    }

    @Test("What must be escaped is found at each place of a string", arguments: 0..<40)
    func escapes(length: Int) throws {
        let plain = String(repeating: "x", count: length)
        for special in ["", "\"", "\\", "\n", "\u{1F}", "ü", "\u{7F}", "日本"] {
            for place in 0...length {
                let text = plain.prefix(place) + special + plain.dropFirst(place)
                let json = JSON.string(String(text)).text
                #expect(!json.utf8.contains { $0 < 0x20 })
                #expect(try JSON.parse(json) == .string(String(text)))
            }
        }
    }

    @Test func survivesRandomBytes() {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<2000 {
            let bytes = (0..<Int.random(in: 0...40, using: &generator)).map { _ in
                Array("{}[]\",:0123eE+-.\\utnfalsr \n".utf8).randomElement(using: &generator) ?? 0
            }
            _ = try? JSON.parse(utf8: bytes)
        }
    }
}
