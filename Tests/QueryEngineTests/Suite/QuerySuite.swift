import Cypher
import Foundation
import Testing

/// Everyday queries by feature, with answers worked out by hand.
///
/// A line `expression ⇒ value` is a case of its own. Other cases are a query, on one or more lines, and below it a line
/// `> row` for every row in order, `> nothing` when there is none, or `! Detail` for the error. Lines that begin with `#`
/// name the feature.
struct QuerySuite {
    struct Case: CustomTestStringConvertible, Sendable {
        let feature: String
        let query: String
        let rows: [String]
        var testDescription: String { "\(self.feature): \(self.query)" }
    }

    /// What all queries of the suite find.
    static let graph = """
        CREATE (anne:Person:Admin {name: 'Anne', age: 34, city: 'Lund'}), (bob:Person {name: 'Bob', age: 28, city: 'Oslo'}),
               (carl:Person {name: 'Carl', age: 41, city: 'Lund'}), (dora:Person {name: 'Dora', city: 'Rome'}),
               (anne)-[:KNOWS {since: 2010}]->(bob), (bob)-[:KNOWS {since: 2015}]->(carl),
               (carl)-[:KNOWS {since: 2020}]->(dora), (anne)-[:KNOWS {since: 2018}]->(carl), (dora)-[:LIKES]->(anne),
               (m1:Machine {name: 'm1', cores: 8}), (m2:Machine {name: 'm2', cores: 16}), (m3:Machine:Spare {name: 'm3', cores: 4}),
               (m1)-[:LINK {ms: 5}]->(m2), (m2)-[:LINK {ms: 7}]->(m3), (m1)-[:LINK {ms: 20}]->(m3),
               (anne)-[:OWNS]->(m1), (anne)-[:OWNS]->(m2), (bob)-[:OWNS]->(m3)
        """

    static func cases(_ text: String) -> [Case] {
        var (cases, feature, query): ([Case], String, [Substring]) = ([], "", [])
        var (rows, isAnswered): ([String], Bool) = ([], false)
        func finish() {
            if !query.isEmpty {
                cases.append(Case(feature: feature, query: query.joined(separator: "\n"), rows: rows))
            }
            (query, rows, isAnswered) = ([], [], false)
        }
        for line in text.split(separator: "\n") {
            if line.hasPrefix("#") {
                finish()
                feature = String(line.dropFirst(2))
            } else if let arrow = line.range(of: " ⇒ ") {
                finish()
                let answer = String(line[arrow.upperBound...])
                cases.append(
                    Case(feature: feature, query: "RETURN " + line[..<arrow.lowerBound], rows: [answer]))
            } else if line.hasPrefix("> ") {
                if line == "> nothing" { isAnswered = true } else { rows.append(String(line.dropFirst(2))) }
            } else if line.hasPrefix("! ") {
                rows.append(String(line))
            } else {
                if !rows.isEmpty || isAnswered { finish() }
                query.append(line)
            }
        }
        finish()
        return cases
    }

    static let all = [
        PatternQueries.text, ClauseQueries.text, ExpressionQueries.text, FunctionQueries.text,
        TemporalQueries.text, SubqueryQueries.text, UpdateQueries.text, SchemaQueries.text,
        AlgorithmQueries.text,
    ].flatMap(Self.cases)

    @Test(arguments: Self.all)
    func answers(_ given: Case) throws {
        let fixture = try Fixture(Self.graph)
        do {
            #expect(try fixture.rows(given.query) == given.rows)
        } catch let error as CypherError {
            #expect(given.rows == ["! " + error.detail], "\(error)")
        }
    }

    @Test func isLargeEnough() { #expect(Self.all.count >= 500) }
}
