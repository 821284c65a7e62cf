import GraphStorage
import JSON
import PropertyGraph
import Testing

/// A table as the JSON Lines that a server would be sent.
private func lines(_ csv: String, options: CSVOptions = .standard, header: String? = nil) throws -> [String] {
    var files = ImportFiles()
    files.add(
        try CSVTable(
            .bytes(Array(csv.utf8)), name: "t.csv",
            headerFile: header.map { (.bytes(Array($0.utf8)), "t-header.csv") }, options: options))
    var lines = ImportLines(files)
    var bytes: [UInt8] = []
    while let more = try lines.next() { bytes += more }
    return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
        .filter { !$0.contains("\"source\"") }
}

/// The properties of a table's only row.
private func properties(_ csv: String) throws -> String? {
    try JSON.parse(lines(csv)[0])["properties"]?.text
}

struct CSVTableTests {
    @Test func nodesHaveKeysLabelsAndTypedProperties() throws {
        let csv =
            "id:ID(User),name,age:int,tags:string[],since:datetime,:LABEL\nanne,\"Berg, Anne\",34,a;b,2026-01-01T00:00:00Z,User;Admin\n"
        #expect(
            try lines(csv) == [
                #"{"type":"node","id":"User/anne","labels":["User","Admin"],"key":"id","properties":{"id":"anne","name":"Berg, Anne","age":34,"tags":["a","b"],"since":{"$datetime":"2026-01-01T00:00Z"}}}"#
            ])
    }

    @Test func emptyValuesAreNoProperties() throws {
        #expect(
            try lines(":START_ID(A),:END_ID(B),:TYPE,x:int\n1,2,R,\n") == [
                #"{"type":"relationship","label":"R","start":{"id":"A/1","labels":["A"],"key":"1"},"end":{"id":"B/2","labels":["B"],"key":"2"},"properties":{}}"#
            ])
    }

    @Test(arguments: [
        ("x:int", "-9223372036854775808", "-9223372036854775808"), ("x:long", "+7", "7"),
        ("x:double", "-0.0", "-0.0"), ("x:double", "0.1", "0.1"), ("x:float", "1e300", "1e+300"),
        ("x:double", "123456789012345678", "1.2345678901234568e+17"),
        ("x:double", "NaN", #"{"$float":"nan"}"#), ("x:double", "-Infinity", #"{"$float":"-inf"}"#),
        ("x:boolean", "true", "true"), ("x:string", "\"\"", "\"\""), ("x:string[]", "\"\"", "[]"),
        ("x:int[]", "1;2;3", "[1,2,3]"), ("x", "\"a \"\"b\"\"\nc\"", #""a \"b\"\nc""#), ("a:b:int", "1", "1"),
        ("x:date", "2026-11-24", #"{"$date":"2026-11-24"}"#),
        ("x:duration", "P1Y2DT-0.5S", #"{"$duration":"P1Y2DT-0.5S"}"#),
        ("x:point", "\"{latitude: 59.5, longitude: 18, height: 2}\"", #"{"$point":[4979,18.0,59.5,2.0]}"#),
        ("x:point{crs:cartesian}", "\"{x:1,y:2}\"", #"{"$point":[7203,1.0,2.0]}"#),
        ("x:IGNORE{plexus:json}", "\"[1,\"\"a;b\"\"]\"", #"[1,"a;b"]"#),
    ])
    func valuesHaveTheirColumnsType(column: String, text: String, value: String) throws {
        let key = column.hasPrefix("a:b:") ? "a:b" : "x"
        #expect(try properties(":ID,\"\(column)\"\n1,\(text)\n") == "{\"\(key)\":\(value)}")
    }

    @Test func linesMayEndAnyWayAndStartWithAMark() throws {
        let expected = try lines(":ID,x\n1,a\n2,b\n")
        for end in ["\r\n", "\r", "\n\n"] {
            #expect(try lines("\u{FEFF}:ID,x\(end)1,a\(end)2,b") == expected)
        }
    }

    @Test func delimitersCanBeChosen() throws {
        let options = try #require(CSVOptions(delimiter: "\\t", arrayDelimiter: "|"))
        #expect(
            try lines(":ID\tx:int[]\t:LABEL\n1\t1|2\tA|B\n", options: options) == [
                #"{"type":"node","id":"/1","labels":["A","B"],"key":null,"properties":{"x":[1,2]}}"#
            ])
        #expect(CSVOptions(delimiter: ",", arrayDelimiter: ",") == nil)
        #expect(CSVOptions(delimiter: "\"", arrayDelimiter: ";") == nil)
    }

    @Test func theHeaderMayBeAFileOfItsOwn() throws {
        #expect(
            try lines("1,5\n", header: "\"id:ID(U){id-type:long,label:V}\",x:byte\n") == [
                #"{"type":"node","id":"U/1","labels":["V"],"key":"id","properties":{"id":1,"x":5}}"#
            ])
    }

    @Test(arguments: [
        ("", "t.csv, line 1: the file is empty; a header is needed"),
        (
            "name,age\nx,1\n",
            "t.csv, line 1: the header has neither an `:ID` nor `:START_ID` and `:END_ID` columns"
        ),
        ("id:ID,age:int\n1,old\n", "t.csv, line 2, column age:int: `old` is not a int"),
        (
            "id:ID,age:int\n1,9223372036854775808\n",
            "t.csv, line 2, column age:int: `9223372036854775808` is not a int"
        ),
        ("id:ID,x:int[]\n1,1;a\n", "t.csv, line 2, column x:int[]: `1;a` is not a int[]"),
        ("id:ID,age:int\n1,2,3\n", "t.csv, line 2: the line has 3 values, the header has 2 columns"),
        ("id:ID,name\n1,\"open\n", "t.csv, line 2: a quoted value is not closed"),
        ("id:ID,name\n1,\"a\"b\n", "t.csv, line 2: text follows the closing quote of a value"),
        ("id:ID,name\n\n,x\n", "t.csv, line 3, column id:ID: the id is empty"),
        (
            "id:ID,t:datetime{timezone:Z}\n",
            "t.csv, line 1, column t:datetime{timezone:Z}: the option `timezone` is not known"
        ),
    ])
    func mistakesAreNamedWithLineAndColumn(text: String, message: String) {
        let error = #expect(throws: ImportError.self) { try lines(text) }
        #expect(error?.description == message)
    }

    @Test func textThatIsNotUTF8IsRefused() {
        var files = ImportFiles()
        let bytes = Array(":ID,x\n1,".utf8) + [0xFF, 10]
        let error = #expect(throws: ImportError.self) {
            files.add(try CSVTable(.bytes(bytes), name: "t.csv"))
            _ = try files.run(in: GraphTransaction(GraphSnapshot()))
        }
        #expect(error?.description == "t.csv, line 2, column x: the text is not UTF-8")
    }

    @Test func aTypeThatThereIsNotIsNamed() {
        let error = #expect(throws: ImportError.self) { try lines("id:ID,age:number\n") }
        #expect(
            error?.description.hasPrefix(
                "t.csv, line 1, column age:number: `number` is no type; there are boolean, ") == true)
    }
}

struct JSONLinesTests {
    private func run(_ text: String, in transaction: GraphTransaction) throws -> ImportSummary {
        var files = ImportFiles()
        files.addLines(.bytes(Array(text.utf8)), name: "f")
        return try files.run(in: transaction)
    }

    @Test(arguments: [
        ("\n\n{", "f, line 3: not JSON at column 2: expected a member name in double quotes"),
        (#"{"type":"edge"}"#, "f, line 1: `type` is neither \"node\" nor \"relationship\""),
        (#"{"type":"node"}"#, "f, line 1: a node needs an `id`"),
        (
            #"{"type":"node","id":"1","properties":{"x":{"a":1}}}"#,
            "f, line 1: `properties` holds a value that no property can have"
        ),
        (
            #"{"type":"relationship","start":{"id":1}}"#,
            "f, line 1: a relationship needs `label`, `start.id` and `end.id`"
        ),
        (
            "{\"type\":\"source\",\"file\":\"u.csv\",\"line\":7}\n{\"type\":\"relationship\",\"label\":\"R\",\"start\":{\"id\":\"1\"},\"end\":{\"id\":\"2\"}}",
            "u.csv, line 7: there is no node `1`, neither in the import nor in the graph"
        ),
    ])
    func mistakesAreNamedWithTheirLine(text: String, message: String) {
        let error = #expect(throws: ImportError.self) { try run(text, in: GraphTransaction(GraphSnapshot())) }
        #expect(error?.description == message)
    }

    @Test func relationshipsMayStandBeforeTheirNodes() throws {
        let transaction = GraphTransaction(GraphSnapshot())
        let text = """
            {"id":"0","type":"relationship","label":"KNOWS","properties":{"since":1993},"start":{"id":"0","labels":["User"]},"end":{"id":"1","labels":["User"]}}
            {"type":"node","id":"0","labels":["User"],"properties":{"name":"A\\u0041\\n","place":{"crs":"wgs-84","latitude":13.1,"longitude":33.46,"height":null}}}
            {"type":"node","id":1,"labels":["User"]}
            """
        let summary = try self.run(text, in: transaction)
        #expect(summary.nodesCreated == 2)
        #expect(summary.relationshipsCreated == 1)
        let graph = transaction.graph
        let name = try #require(graph.tokens.propertyKey("name"))
        let place = try #require(graph.tokens.propertyKey("place"))
        #expect(graph.property(name, of: NodeID(0)) == .string("AA\n"))
        #expect(
            graph.property(place, of: NodeID(0)) == Point(system: .wgs84, x: 33.46, y: 13.1).map(Value.point))
        #expect(graph.relationship(RelationshipID(0))?.target == NodeID(1))
    }

    @Test func theSameFilesTwiceChangeNothing() throws {
        let users = "id:ID(User),age:int\nanne,1\nbob,2\n"
        let knows = ":START_ID(User),:END_ID(User),:TYPE,n:int\nanne,bob,KNOWS,1\nanne,bob,KNOWS,2\n"
        func bring(_ graph: GraphSnapshot) throws -> (ImportSummary, GraphSnapshot) {
            var files = ImportFiles()
            files.add(try CSVTable(.bytes(Array(knows.utf8)), name: "knows.csv"))
            files.add(try CSVTable(.bytes(Array(users.utf8)), name: "users.csv"))
            let transaction = GraphTransaction(graph)
            let summary = try files.run(in: transaction)
            return (summary, try transaction.finish()?.graph ?? graph)
        }
        let (first, graph) = try bring(GraphSnapshot())
        #expect(first.nodesCreated == 2 && first.relationshipsCreated == 2)
        let (second, after) = try bring(graph)
        #expect(second.nodesUpdated == 2 && second.relationshipsUpdated == 2)
        #expect(second.nodesCreated == 0 && second.relationshipsCreated == 0)
        #expect(after.nodeCount == 2 && after.relationshipCount == 2)
        // Ends may be nodes of the graph only.
        var files = ImportFiles()
        files.add(try CSVTable(.bytes(Array(knows.utf8)), name: "knows.csv"))
        let third = try files.run(in: GraphTransaction(graph))
        #expect(third.relationshipsUpdated == 2)
    }

    @Test func endsInTheGraphAreFoundByNumbersToo() throws {
        func bring(_ text: String, _ name: String, _ graph: GraphSnapshot) throws -> GraphSnapshot {
            var files = ImportFiles()
            files.add(try CSVTable(.bytes(Array(text.utf8)), name: name))
            let transaction = GraphTransaction(graph)
            _ = try files.run(in: transaction)
            return try transaction.finish()?.graph ?? graph
        }
        let graph = try bring("id:ID(U){id-type:long}\n7\n8\n", "u.csv", GraphSnapshot())
        let after = try bring(":START_ID(U),:END_ID(U),:TYPE\n7,8,R\n", "r.csv", graph)
        #expect(after.relationshipCount == 1)
    }

    @Test func recordsOfANodeSeenTwiceMerge() throws {
        let transaction = GraphTransaction(GraphSnapshot())
        let text = """
            {"type":"node","id":"7","labels":["A"],"properties":{"x":1}}
            {"type":"node","id":"7","labels":["B"],"properties":{"y":2}}
            {"type":"node","id":"8","labels":["C"],"key":"k","properties":{"k":"a"}}
            {"type":"node","id":"9","labels":["C"],"key":"k","properties":{"k":"a"}}
            """
        let summary = try self.run(text, in: transaction)
        #expect(summary.nodesCreated == 2)
        #expect(transaction.graph.labels(of: NodeID(0)).count == 2)
        #expect(transaction.graph.properties(of: NodeID(0)).count == 2)
    }
}

/// Everything that is read in pieces is read alike wherever the pieces end.
struct ScriptReaderTests {
    @Test func scriptsAreCutBetweenStatementsOnly() throws {
        let statement = "CREATE (:`a;``b` {x: 'it''s; \\'', y: \"//;\"}); // not; here\n/* nor; here */\n"
        let script = String(repeating: statement, count: 40_000)
        var reader = try ScriptReader(.bytes(Array(script.utf8)), name: "s.cypher")
        var (text, lines, pieces) = ("", 1, 0)
        while let piece = try reader.next() {
            #expect(piece.line == lines)
            lines += piece.text.utf8.count { $0 == 10 }
            text += piece.text
            pieces += 1
        }
        #expect(text == script)
        #expect(pieces > 2)
    }
}
