import PropertyGraph
import QueryEngine
import Testing

/// What `SHOW` lists of the schema, and that what it says makes the same schema again.
struct SchemaListingTests {
    private static let script = """
        CREATE INDEX by_x FOR (n:A) ON (n.x, n.`odd key`); CREATE TEXT INDEX words FOR ()-[r:R]-() ON (r.t);
        CREATE CONSTRAINT one FOR (n:A) REQUIRE n.id IS UNIQUE; CREATE CONSTRAINT key FOR (n:B) REQUIRE (n.a, n.b) IS NODE KEY;
        CREATE CONSTRAINT there FOR ()-[r:R]-() REQUIRE r.since IS NOT NULL;
        CREATE CONSTRAINT kind FOR (n:A) REQUIRE n.id IS :: INTEGER
        """

    @Test(arguments: [
        ("SHOW INDEXES", 9), ("SHOW INDEXES YIELD *", 17), ("SHOW CONSTRAINTS", 6),
        ("SHOW CONSTRAINTS YIELD *", 10),
        ("SHOW INDEXES WHERE type = 'TEXT'", 17), ("SHOW INDEXES YIELD name, options", 2),
        ("SHOW TEXT INDEXES", 9),
    ])
    func showTheUsualColumnsOrAll(query: String, count: Int) throws {
        #expect(try Fixture(Self.script).result(query).columns.count == count)
    }

    @Test func listWhatThereIs() throws {
        let fixture = try Fixture(Self.script)
        #expect(
            try fixture.rows(
                "SHOW INDEXES YIELD name, type, owningConstraint ORDER BY name RETURN name, type, owningConstraint"
            )
                == [
                    "'by_x', 'RANGE', null", "'key', 'RANGE', 'key'", "'one', 'RANGE', 'one'",
                    "'words', 'TEXT', null",
                ])
        #expect(try fixture.rows("SHOW TEXT INDEXES YIELD name RETURN name") == ["'words'"])
        #expect(
            try fixture.rows("SHOW CONSTRAINTS YIELD name, type WHERE type CONTAINS 'UNIQUE' RETURN name")
                == ["'one'"])
    }

    @Test func whatIsListedMakesTheSameAgain() throws {
        let first = try Fixture(Self.script)
        let constraints = try first.result("SHOW CONSTRAINTS YIELD createStatement RETURN createStatement")
            .rows
        let indexes = try first.result(
            "SHOW INDEXES YIELD owningConstraint AS o, createStatement AS c WHERE o IS NULL RETURN c"
        ).rows
        let script = (constraints + indexes).compactMap { $0[0].string }.joined(separator: "; ")
        let second = try Fixture(script)
        for listing in [
            "SHOW INDEXES YIELD name, type, labelsOrTypes, properties RETURN * ORDER BY name",
            "SHOW CONSTRAINTS YIELD name, type, labelsOrTypes, properties, propertyType RETURN * ORDER BY name",
        ] {
            #expect(try first.rows(listing) == second.rows(listing))
        }
    }
}
