internal import Authorization
internal import Cypher
internal import GraphDatabase
internal import GraphStorage
internal import Graphviz
internal import HTTPTypes
internal import Hummingbird
internal import JSON
internal import Orchestration
internal import PropertyGraph
internal import Visualization

/// The one table from the rooms' errors to HTTP.
enum ErrorMapping {
    /// The problem for an error; nil for a defect of ours, whose text goes to the log only.
    static func problem(_ error: any Error) -> HTTPProblem? {
        switch error {
        case let problem as HTTPProblem: problem
        case let error as CypherError:
            HTTPProblem(self.status(error), code: self.neo4jCode(error), error.description)
        case let error as GraphError: HTTPProblem(.conflict, code: error.code, error.description)
        case let error as StorageError: HTTPProblem(.serviceUnavailable, code: error.code, error.description)
        case let error as GraphCatalogError:
            HTTPProblem(self.status(error), code: error.code, error.description)
        case let error as DatabaseClosed:
            HTTPProblem(.serviceUnavailable, code: "shutting_down", error.description)
        case let error as StoreNotFound:
            HTTPProblem(.notFound, code: "store_id_not_found", error.description)
        case let error as ModelError:
            HTTPProblem(.badRequest, code: "invalid_authorization_model", error.description)
        case let error as AuthorizationError: HTTPProblem(.badRequest, code: error.code, error.description)
        case let error as OrchestrationError:
            HTTPProblem(self.status(error), code: error.code, error.description)
        case let error as ViewError: HTTPProblem(.badRequest, code: "invalid_view", error.description)
        case let error as GraphvizError: HTTPProblem(self.status(error), code: "graphviz", error.description)
        case let error as JSONError: HTTPProblem(.badRequest, code: "invalid_json", error.description)
        case let error as HTTPError:
            HTTPProblem(error.status, code: "http", error.body ?? error.status.reasonPhrase)
        default: nil
        }
    }

    private static func status(_ error: GraphCatalogError) -> HTTPResponse.Status {
        switch error {
        case .notFound: .notFound
        case .exists: .conflict
        case .wrongName, .isNetwork: .badRequest
        }
    }

    private static func status(_ error: OrchestrationError) -> HTTPResponse.Status {
        switch error {
        case .invalid, .digestMismatch: .badRequest
        case .notFound: .notFound
        case .conflict, .transitionRefused, .leaseLost: .conflict
        case .tooLarge: .contentTooLarge
        }
    }

    private static func status(_ error: GraphvizError) -> HTTPResponse.Status {
        switch error {
        case .syntax, .rendering: .badRequest
        case .limit: .unprocessableContent
        case .helperFailed: .internalServerError
        }
    }

    private static func status(_ error: CypherError) -> HTTPResponse.Status {
        switch error.kind {
        case .constraintValidationFailed, .constraintVerificationFailed: .conflict
        case .limit, .cancelled: .unprocessableContent
        default: .badRequest
        }
    }

    /// The status code that Neo4j's drivers know for an error.
    static func neo4jCode(_ error: CypherError) -> String {
        switch error.kind {
        case .syntax, .semantic: "Neo.ClientError.Statement.SyntaxError"
        case .type: "Neo.ClientError.Statement.TypeError"
        case .argument: "Neo.ClientError.Statement.ArgumentError"
        case .arithmetic: "Neo.ClientError.Statement.ArithmeticError"
        case .parameterMissing: "Neo.ClientError.Statement.ParameterMissing"
        case .procedure: "Neo.ClientError.Procedure.ProcedureNotFound"
        case .entityNotFound: "Neo.ClientError.Statement.EntityNotFound"
        case .constraintValidationFailed, .constraintVerificationFailed:
            "Neo.ClientError.Schema.ConstraintValidationFailed"
        case .limit: "Neo.TransientError.General.MemoryPoolOutOfMemoryError"
        case .cancelled: "Neo.ClientError.Transaction.TransactionTimedOut"
        }
    }
}
