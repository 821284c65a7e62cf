import Cypher
import PropertyGraph
import QueryEngine
import TestSupport
import Testing

/// `+` asks whether the query may go on before it joins, not after.
struct JoiningTests {
    static let megabyte = Value.string(String(repeating: "x", count: 1 << 20))

    @Test("Text that would be longer than the limit is refused")
    func tooLongTextIsRefused() throws {
        let fixture = try Fixture()
        let error = #expect(throws: CypherError.self) {
            try fixture.result(
                "RETURN size($a + $a) AS n", ["a": Self.megabyte], limits: QueryLimits(heldValues: 60_000))
        }
        #expect(error?.detail == "MemoryLimit")
        let result = try fixture.result(
            "RETURN size($a + $a) AS n", ["a": Self.megabyte], limits: QueryLimits(heldValues: 70_000))
        #expect(result.rows == [[.integer(2 << 20)]])
    }

    @Test("A query whose time is over joins no more long text, though it has taken few steps")
    func longTextIsNotJoinedTooLate() throws {
        let error = #expect(throws: CypherError.self) {
            try Fixture().result(
                "RETURN size($a + $a) AS n", ["a": Self.megabyte], limits: QueryLimits(seconds: 0))
        }
        #expect(error?.detail == "TimeLimit")
    }
}
