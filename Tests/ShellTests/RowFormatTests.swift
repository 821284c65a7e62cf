import JSON
import Testing

@testable import Shell

/// How rows look.
@Suite struct RowFormatTests {
    private static let rows: [[JSON]] = [
        ["Ann", 42], ["a \"quoted\", text", .null], ["two\nlines", true],
    ]

    @Test func aTableHasALineBelowItsHeaderAndTheNumberOfRows() {
        #expect(
            RowFormat.table.text(["name", "n"], Self.rows) == """
                name              n
                ----------------  ----
                Ann               42
                a "quoted", text  null
                two lines         true
                (3 rows)
                """)
    }

    @Test func csvQuotesWhatNeedsIt() {
        #expect(
            RowFormat.csv.text(["name", "n"], Self.rows)
                == "name,n\nAnn,42\n\"a \"\"quoted\"\", text\",\n\"two\nlines\",true")
    }

    @Test func jsonLinesAreOneObjectARow() {
        let lines = RowFormat.jsonl.text(["name", "n"], Self.rows).split(separator: "\n")
        #expect(lines.count == 3)
        #expect(lines.first == "{\"name\":\"Ann\",\"n\":42}")
    }

    @Test("A table fits the terminal, the widest columns are cut first", arguments: [20, 30, 40, 80, 200])
    func fits(width: Int) {
        let rows: [[JSON]] = [[.string(String(repeating: "x", count: 90)), "short", .string("日本語のテキスト")]]
        let text = RowFormat.table.text(["a", "b", "c"], rows, width: width)
        for line in text.split(separator: "\n") { #expect(TextTable.width(String(line)) <= max(width, 22)) }
        #expect(text.contains("short") || width < 30)
        #expect(text.contains(String(repeating: "x", count: 90)) == (width == 200))
    }

    @Test func charactersOfTwoColumnsAreCountedAsTwo() {
        #expect(TextTable.width("日本") == 4)
        #expect(TextTable.width("zürich") == 6)
        #expect(TextTable.width("e\u{301}") == 1)
    }

    @Test func controlCharactersDoNotReachTheTerminal() {
        let text = RowFormat.table.text(["a"], [["\u{1B}[2J\u{7}"]])
        #expect(!text.contains("\u{1B}"))
        #expect(text.contains("␛[2J␇"))
    }

    @Test func entitiesAreShownAsPatternsWriteThem() {
        func node(_ id: String, _ name: JSON) -> JSON {
            ["elementId": .string(id), "labels": ["Person"], "properties": ["name": name]]
        }
        let knows: JSON = [
            "elementId": "7", "startNodeElementId": "2", "endNodeElementId": "1", "type": "KNOWS",
            "properties": [:],
        ]
        #expect(TextTable.shown(node("1", "Ann")) == "(:Person {name: Ann})")
        #expect(
            TextTable.shown([node("1", "Ann"), knows, node("2", "Bob")])
                == "(:Person {name: Ann})<-[:KNOWS]-(:Person {name: Bob})")
    }
}
