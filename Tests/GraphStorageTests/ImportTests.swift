import GraphStorage
import JSON
import PropertyGraph
import Testing

struct CSVTableTests {
    @Test func nodesHaveKeysLabelsAndTypedProperties() throws {
        let table = try CSVTable(
            "id:ID(User),name,age:int,tags:string[],since:datetime,:LABEL\nanne,\"Berg, Anne\",34,a;b,2026-01-01T00:00:00Z,User;Admin\n",
            file: "users.csv")
        #expect(table.isNodes)
        let moment = try #require(ZonedDateTime(iso: "2026-01-01T00:00:00Z"))
        #expect(
            try table.records() == [
                .node(
                    id: "User/anne", labels: ["User", "Admin"], key: "id",
                    properties: [
                        NamedProperty(key: "id", value: .string("anne")),
                        NamedProperty(key: "name", value: .string("Berg, Anne")),
                        NamedProperty(key: "age", value: .integer(34)),
                        NamedProperty(key: "tags", value: .list([.string("a"), .string("b")])),
                        NamedProperty(key: "since", value: .dateTime(moment)),
                    ])
            ])
    }

    @Test func emptyValuesAreNoProperties() throws {
        let table = try CSVTable(":START_ID(A),:END_ID(B),:TYPE,x:int\n1,2,R,\n", file: "r.csv")
        #expect(
            try table.records() == [
                .relationship(
                    type: "R", start: .init(id: "A/1", label: "A", key: "1"),
                    end: .init(id: "B/2", label: "B", key: "2"),
                    properties: [])
            ])
    }

    @Test(arguments: [
        ("", "t.csv, line 1: the file is empty; a header is needed"),
        (
            "name,age\nx,1\n",
            "t.csv, line 1: the header has neither an `:ID` nor `:START_ID` and `:END_ID` columns"
        ),
        ("id:ID,age:int\n1,old\n", "t.csv, line 2, column age:int: `old` is not a int"),
        ("id:ID,age:int\n1,2,3\n", "t.csv, line 2: the line has 3 values, the header has 2 columns"),
        ("id:ID,name\n1,\"open\n", "t.csv, line 2: a quoted value is not closed"),
        ("id:ID,name\n1,\"a\"b\n", "t.csv, line 2: text follows the closing quote of a value"),
        ("id:ID,name\n\n,x\n", "t.csv, line 3, column id:ID: the id is empty"),
    ])
    func mistakesAreNamedWithLineAndColumn(text: String, message: String) {
        let error = #expect(throws: ImportError.self) { try CSVTable(text, file: "t.csv").records() }
        #expect(error?.description == message)
    }

    @Test func aTypeThatThereIsNotIsNamed() {
        let error = #expect(throws: ImportError.self) { try CSVTable("id:ID,age:number\n", file: "t.csv") }
        #expect(
            error?.description.hasPrefix(
                "t.csv, line 1, column age:number: `number` is no type; there are boolean, ") == true)
    }
}

struct JSONLinesTests {
    @Test(arguments: [
        #"{"type":"node","id":"1","labels":["A"],"key":"x","properties":{"x":1,"d":{"$date":"2026-11-24"}}}"#,
        #"{"type":"relationship","label":"R","start":{"id":"1","labels":[],"key":null},"end":{"id":"2","labels":["A"],"key":"k"},"properties":{}}"#,
    ])
    func linesReadBack(line: String) throws {
        let record = try ImportRecord(jsonLine: line, file: "f", line: 1)
        #expect(record.json.text == line)
    }

    @Test(arguments: [
        ("{", "f, line 7: not JSON at column 2: expected a member name in double quotes"),
        (#"{"type":"edge"}"#, "f, line 7: `type` is neither \"node\" nor \"relationship\""),
        (#"{"type":"node"}"#, "f, line 7: a node needs an `id`"),
        (
            #"{"type":"node","id":"1","properties":{"x":{"a":1}}}"#,
            "f, line 7: `properties` holds a value that no property can have"
        ),
        (
            #"{"type":"relationship","start":{"id":1}}"#,
            "f, line 7: a relationship needs `label`, `start.id` and `end.id`"
        ),
    ])
    func mistakesAreNamedWithTheirLine(line: String, message: String) {
        let error = #expect(throws: ImportError.self) { try ImportRecord(jsonLine: line, file: "f", line: 7) }
        #expect(error?.description == message)
    }
}
