package import Cypher
internal import GraphStorage
internal import PropertyGraph

/// What went wrong, in the terms that Neo4j's drivers act on: the one table of these for Bolt and the Query API.
///
/// The second part of the code says what a driver does: it tries the work of a `TransientError` again, gives a `ClientError`
/// to the program at once, and makes errors of its own kinds from some whole codes.
package struct Neo4jStatus: Hashable, Sendable {
    /// Such as `Neo.ClientError.Statement.SyntaxError`.
    package let code: String
    /// What is wrong, in words, with place and hint.
    package let message: String
    /// Where in the query: line and column from 1 and characters from 0; nil when no place can be named.
    package var position: Position?

    /// A place in a query.
    package struct Position: Hashable, Sendable {
        /// Characters before it.
        package let offset: Int
        /// Its line, from 1.
        package let line: Int
        /// Its column, from 1.
        package let column: Int
    }

    /// Joins the parts.
    package init(_ code: String, _ message: String, position: Position? = nil) {
        self.code = code
        self.message = message
        self.position = position
    }

    /// The status of an error; nil for a defect of ours, whose text goes to the log only.
    package init?(_ error: any Error) {
        switch error {
        case let status as StatusError: self = status.status
        case let error as CypherError:
            self.init(Self.code(error), error.description, position: Self.position(error))
        case let error as GraphError: self.init(Self.code(error), error.description)
        case let error as StorageError:
            self.init("Neo.DatabaseError.General.UnknownError", error.description)
        case let error as GraphCatalogError: self.init(Self.code(error), error.description)
        case let error as DatabaseClosed:
            self.init("Neo.TransientError.General.DatabaseUnavailable", error.description)
        case let error as TransactionFailure: self.init(error.neo4jCode, error.description)
        case let error as BookmarkFailure: self.init(error.neo4jCode, error.description)
        case let error as ReaderFailure:
            self.init(
                error == .gone
                    ? "Neo.ClientError.Transaction.Terminated"
                    : "Neo.TransientError.Request.NoThreadsAvailable", error.description)
        default: return nil
        }
    }

    /// The status of a defect of ours.
    package static func defect(_ id: String) -> Neo4jStatus {
        Neo4jStatus(
            "Neo.DatabaseError.General.UnknownError",
            "something is wrong on our side; tell an administrator the number \(id)")
    }

    /// The code of an error about a query.
    package static func code(_ error: CypherError) -> String {
        switch error.kind {
        case .semantic where error.detail == "ReadOnly": "Neo.ClientError.Statement.AccessMode"
        case .semantic where error.detail == "TransactionStartFailed":
            "Neo.ClientError.Transaction.TransactionStartFailed"
        case .syntax, .semantic: "Neo.ClientError.Statement.SyntaxError"
        case .type: "Neo.ClientError.Statement.TypeError"
        case .argument where error.detail == "SchemaRule": Self.schemaCode(error.message)
        case .argument: "Neo.ClientError.Statement.ArgumentError"
        case .arithmetic: "Neo.ClientError.Statement.ArithmeticError"
        case .parameterMissing: "Neo.ClientError.Statement.ParameterMissing"
        case .procedure where error.detail == "ProcedureNotFound":
            "Neo.ClientError.Procedure.ProcedureNotFound"
        case .procedure: "Neo.ClientError.Procedure.ProcedureCallFailed"
        case .entityNotFound: "Neo.ClientError.Statement.EntityNotFound"
        case .constraintValidationFailed, .constraintVerificationFailed:
            "Neo.ClientError.Schema.ConstraintValidationFailed"
        case .limit where error.detail == "TimeLimit": "Neo.ClientError.Transaction.TransactionTimedOut"
        // Not transient: the same query meets the same limit again.
        case .limit: "Neo.ClientError.General.TransactionOutOfMemoryError"
        case .cancelled: "Neo.ClientError.Transaction.Terminated"
        case .forbidden: "Neo.ClientError.Security.Forbidden"
        }
    }

    private static func schemaCode(_ message: String) -> String {
        message.contains("already")
            ? "Neo.ClientError.Schema.EquivalentSchemaRuleAlreadyExists"
            : "Neo.ClientError.Schema.ConstraintNotFound"
    }

    private static func code(_ error: GraphError) -> String {
        switch error {
        case .alreadyExists, .propertyMissing, .propertyType, .nodeHasRelationships:
            "Neo.ClientError.Schema.ConstraintValidationFailed"
        case .nodeNotFound, .relationshipNotFound: "Neo.ClientError.Statement.EntityNotFound"
        case .notStorable: "Neo.ClientError.Statement.TypeError"
        case .emptyName: "Neo.ClientError.Statement.SyntaxError"
        case .schemaExists: "Neo.ClientError.Schema.EquivalentSchemaRuleAlreadyExists"
        case .schemaNotFound: "Neo.ClientError.Schema.ConstraintNotFound"
        case .indexOwnedByConstraint: "Neo.ClientError.Schema.ForbiddenOnConstraintIndex"
        case .forbidden, .nodeHasHiddenRelationships: "Neo.ClientError.Security.Forbidden"
        case .interrupted: "Neo.ClientError.Transaction.Terminated"
        case .outOfOrder, .rollbackFailed, .full: "Neo.DatabaseError.General.UnknownError"
        }
    }

    private static func code(_ error: GraphCatalogError) -> String {
        switch error {
        case .notFound: "Neo.ClientError.Database.DatabaseNotFound"
        case .exists: "Neo.ClientError.Database.ExistingDatabaseFound"
        case .wrongName, .isNetwork: "Neo.ClientError.Statement.ArgumentError"
        }
    }

    private static func position(_ error: CypherError) -> Position? {
        guard let range = error.range, let source = error.source, let place = error.position else {
            return nil
        }
        let before = String(decoding: source.utf8.prefix(range.start), as: UTF8.self)
        return Position(offset: before.count, line: place.line, column: place.column)
    }
}

/// An error that is nothing but its status.
package struct StatusError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The status.
    package let status: Neo4jStatus

    /// From a code and a sentence.
    package init(_ code: String, _ message: String) { self.status = Neo4jStatus(code, message) }

    /// The sentence.
    package var description: String { self.status.message }
}
