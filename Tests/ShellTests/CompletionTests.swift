import Testing

@testable import Shell

/// What Tab offers.
@Suite struct CompletionTests {
    private static let names: GraphNames = {
        var names = GraphNames()
        names.labels = ["Person", "Permission", "Film"]
        names.types = ["KNOWS", "ACTED_IN"]
        names.keys = ["name", "born", "nickname"]
        names.procedures = ["db.labels", "db.propertyKeys", "algo.pageRank"]
        names.functions = ["toUpper", "toLower", "size"]
        names.graphs = ["plexus", "films"]
        names.parameters = ["since"]
        return names
    }()

    @Test(
        "Names are offered where they can stand",
        arguments: [
            ("MATCH (n:Per", ["Permission", "Person"]),
            ("MATCH (n:Person|Fi", ["Film"]),
            ("MATCH (n)-[:K", ["KNOWS"]),
            ("MATCH (n)-[r:KNOWS|A", ["ACTED_IN"]),
            ("MATCH (n) WHERE n:F", ["Film"]),
            ("MATCH (n) WHERE n.n", ["name", "nickname"]),
            ("MATCH (n {na", ["name"]),
            ("CALL db.l", ["db.labels("]),
            ("CALL ", ["algo.pageRank(", "db.labels(", "db.propertyKeys("]),
            ("RETURN toU", ["toUpper("]),
            ("MAT", ["MATCH"]),
            ("mat", ["match"]),
            ("MATCH (people) RETURN peo", ["people"]),
            ("RETURN $s", ["since"]),
            (":us", [":use"]),
            (":use f", ["films"]),
            (":format js", ["json", "jsonl"]),
            ("RETURN 1 + ", []),
            ("", []),
        ])
    func offers(line: String, candidates: [String]) {
        #expect(Completion.of(line, names: Self.names).candidates == candidates)
    }

    @Test func allCandidatesAreCompletedAsFarAsTheyAgree() {
        let completion = Completion.of("MATCH (n:p", names: Self.names)
        #expect(completion.addition?.text == "Per")
        #expect(completion.addition?.replaces == 1)
    }

    @Test func aWordThatIsWholeEndsWithABlankOnlyWhereMoreFollows() {
        #expect(Completion.of("MAT", names: Self.names).addition?.text == "MATCH ")
        #expect(Completion.of("MATCH (n:Fi", names: Self.names).addition?.text == "Film")
        #expect(Completion.of("RETURN siz", names: Self.names).addition?.text == "size(")
    }

    @Test func aStatementsEarlierLinesCount() {
        let completion = Completion.of("Per", pending: "MATCH (n:", names: Self.names)
        #expect(completion.candidates.isEmpty)
        #expect(Completion.of("n.bo", pending: "MATCH (n)", names: Self.names).candidates == ["born"])
    }
}
