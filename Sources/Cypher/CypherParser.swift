/// Text to checked statements.
package enum CypherParser {
    /// Reads and checks one statement against the functions there are; a `;` may follow it.
    /// - Throws: ``CypherError`` with the place of the first mistake.
    package static func parse(_ text: String, functions: some FunctionSignatures) throws(CypherError)
        -> Statement
    {
        let statements = try self.parseScript(text, functions: functions)
        guard let first = statements.first, statements.count == 1 else {
            let what = statements.isEmpty ? "the query is empty" : "there is more than one statement"
            throw CypherError(
                .syntax, "UnexpectedSyntax", what, at: SourceRange(start: 0, end: 1),
                hint: statements.isEmpty ? nil : "send them one by one"
            ).with(source: text)
        }
        return first
    }

    /// Reads and checks statements that are separated by `;`.
    /// - Throws: ``CypherError`` with the place of the first mistake.
    package static func parseScript(
        _ text: String, functions: some FunctionSignatures
    ) throws(CypherError) -> [Statement] {
        do throws(CypherError) {
            var parser = try Parser(text)
            var statements: [Statement] = []
            while true {
                while parser.takeSign(";") {}
                if case .end = parser.token.kind { return statements }
                let statement = try parser.statement()
                if case .query(let query) = statement.body { try Checker(functions: functions).check(query) }
                statements.append(statement)
                guard parser.isSign(";") || parser.token.kind == .end else {
                    throw parser.unexpected("expected a clause or the end of the statement", near: Self.words)
                }
            }
        } catch {
            throw error.with(source: text)
        }
    }

    /// Reads a type such as `LIST<INTEGER NOT NULL>`.
    /// - Throws: ``CypherError`` with the place of the first mistake.
    package static func parseType(_ text: String) throws(CypherError) -> ValueType {
        do throws(CypherError) {
            var parser = try Parser(text)
            let type = try parser.valueType()
            guard parser.token.kind == .end else { throw parser.unexpected("expected the end of the type") }
            return type
        } catch {
            throw error.with(source: text)
        }
    }

    private static let words = [
        "MATCH", "OPTIONAL", "WITH", "RETURN", "CREATE", "MERGE", "SET", "REMOVE", "DELETE", "DETACH",
        "UNWIND", "CALL",
        "FOREACH", "WHERE", "ORDER", "SKIP", "LIMIT", "UNION", "AND", "OR", "AS",
    ]
}

/// What checking needs to know of functions.
package protocol FunctionSignatures: Sendable {
    /// How many arguments a function takes; nil for an unknown name. Names ignore case.
    func arity(of name: String) -> ClosedRange<Int>?
    /// Whether it gathers rows, as `count` does.
    func isAggregate(_ name: String) -> Bool
    /// All names, for hints.
    var names: [String] { get }
    /// The columns of a procedure; nil for an unknown name. Names ignore case.
    func columns(ofProcedure name: String) -> [String]?
}

extension FunctionSignatures {
    /// None are known.
    package func columns(ofProcedure name: String) -> [String]? { nil }
}
