import Testing

@testable import Shell

/// Where statements end.
@Suite struct StatementReaderTests {
    private func items(_ text: String) -> [StatementReader.Item] {
        var reader = StatementReader()
        let items = text.split(separator: "\n", omittingEmptySubsequences: false)
            .flatMap { reader.take(String($0)) }
        return items + [reader.finish()].compactMap(\.self)
    }

    @Test(
        "A statement ends with a semicolon that is in no text, name or comment",
        arguments: [
            ("RETURN 1;", ["RETURN 1"]),
            ("RETURN 1; RETURN 2;", ["RETURN 1", "RETURN 2"]),
            ("RETURN\n1\n;", ["RETURN\n1"]),
            ("RETURN ';';", ["RETURN ';'"]),
            ("RETURN \"a\\\";\";", ["RETURN \"a\\\";\""]),
            ("RETURN 'it\\'s; so';RETURN 2", ["RETURN 'it\\'s; so'", "RETURN 2"]),
            ("MATCH (`a;b`) RETURN 1;", ["MATCH (`a;b`) RETURN 1"]),
            ("MATCH (`a\\`) RETURN 1;", ["MATCH (`a\\`) RETURN 1"]),
            ("RETURN 1 // one;\n;", ["RETURN 1 // one;"]),
            ("RETURN /* ; */ 1;", ["RETURN /* ; */ 1"]),
            ("RETURN 4 / 2;", ["RETURN 4 / 2"]),
            (";;  ;", []),
            ("RETURN 1", ["RETURN 1"]),
            ("RETURN 'ü;ö';", ["RETURN 'ü;ö'"]),
        ])
    func statementsEnd(text: String, statements: [String]) {
        #expect(self.items(text) == statements.map { .statement($0) })
    }

    @Test func aLineThatBeginsWithAColonIsACommandOnlyWhereAStatementCouldBegin() {
        #expect(self.items("  :use films \nRETURN 1;") == [.command(":use films"), .statement("RETURN 1")])
        #expect(self.items("MATCH (n\n:Film) RETURN n;") == [.statement("MATCH (n\n:Film) RETURN n")])
        #expect(self.items("RETURN '\n:use x\n';") == [.statement("RETURN '\n:use x\n'")])
    }

    @Test func whatWasGivenUpIsForgotten() {
        var reader = StatementReader()
        #expect(reader.take("RETURN 'abc").isEmpty)
        reader.clear()
        #expect(reader.pending.isEmpty)
        #expect(reader.take("RETURN 1;") == [.statement("RETURN 1")])
    }

    @Test func theHistoryKeepsAStatementOnOneLineUnlessACommentForbids() {
        #expect(StatementReader.onOneLine("MATCH (n)\n  RETURN n") == "MATCH (n) RETURN n")
        #expect(StatementReader.onOneLine("RETURN 1 // one\n+ 2") == nil)
        #expect(StatementReader.onOneLine("RETURN 1 // one") == "RETURN 1 // one")
    }
}
