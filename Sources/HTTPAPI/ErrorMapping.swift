internal import Foundation
internal import Identity
internal import AccessControl
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

extension HTTPProblem {
    /// The server's disk is full.
    static var noSpace: HTTPProblem {
        HTTPProblem(
            HTTPResponse.Status(code: 507), code: "no_space",
            "the disk of the server is full; make room there and try again: what was there before is unharmed"
        )
    }
}

/// The one table from the rooms' errors to HTTP.
enum ErrorMapping {
    /// The problem for an error; nil for a defect of ours, whose text goes to the log only.
    static func problem(_ error: any Error) -> HTTPProblem? {
        switch error {
        case let problem as HTTPProblem: problem
        case let denied as AccessDenied: self.problem(denied)
        case let error as DirectoryError:
            HTTPProblem(self.status(error), code: error.code, error.description)
        case let error as CypherError:
            HTTPProblem(self.status(error), code: Neo4jStatus.code(error), error.description)
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
        case OrchestrationError.schemaViolation(let function, let problems):
            HTTPProblem(
                .unprocessableContent, code: "schema_violation",
                OrchestrationError.schemaViolation(function: function, problems: problems).description,
                extensions: [
                    "violations": .array(
                        problems.map {
                            ["pointer": .string($0.place), "message": .string($0.message)]
                        })
                ])
        case let error as OrchestrationError:
            HTTPProblem(self.status(error), code: error.code, error.description)
        case let error as ViewError: HTTPProblem(.badRequest, code: "invalid_view", error.description)
        case let error as GraphvizError: HTTPProblem(self.status(error), code: "graphviz", error.description)
        case let error as JSONError: HTTPProblem(.badRequest, code: "invalid_json", error.description)
        case let error as POSIXError where error.code == .ENOSPC || error.code == .EDQUOT: .noSpace
        case let error as CocoaError where error.code == .fileWriteOutOfSpace: .noSpace
        case let error as HTTPError:
            HTTPProblem(error.status, code: "http", error.body ?? error.status.reasonPhrase)
        default: nil
        }
    }

    /// What is not seen is not there; what is seen and not allowed comes with the question that was answered by no.
    private static func problem(_ denied: AccessDenied) -> HTTPProblem {
        switch denied.reason {
        case .unknownCaller: return .tokenMissing
        case .notSeen: return HTTPProblem(.notFound, code: "not_found", denied.description)
        case .notGranted, .outOfScope:
            let code = denied.reason == .outOfScope ? "out_of_scope" : "forbidden"
            return HTTPProblem(
                .forbidden, code: code, denied.description,
                extensions: [
                    "permission": [
                        "subject": .string("user:\(denied.caller.user ?? "")"),
                        "relation": .string(denied.permission.relation),
                        "object": .string(denied.permission.object.description),
                        "scope": .string(denied.permission.scope.rawValue),
                    ]
                ])
        }
    }

    private static func status(_ error: DirectoryError) -> HTTPResponse.Status {
        switch error {
        case .notFound: .notFound
        case .exists: .conflict
        case .invalidName, .invalidPassword, .invalid: .badRequest
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
        case .schemaViolation: .unprocessableContent
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
        case .forbidden: .forbidden
        default: .badRequest
        }
    }

    /// The answer of the Query API to an error; nil for a defect of ours.
    static func queryProblem(_ error: any Error) -> HTTPProblem? {
        if let problem = error as? HTTPProblem { return problem.with(form: .queryAPI) }
        if let denied = error as? AccessDenied {
            return HTTPProblem(
                .forbidden, code: "Neo.ClientError.Security.Forbidden", denied.description, form: .queryAPI)
        }
        if let error = error as? GraphCatalogError, case .notFound = error {
            return HTTPProblem(
                .notFound, code: "Neo.ClientError.Database.DatabaseNotFound", error.description,
                form: .queryAPI)
        }
        guard let status = Neo4jStatus(error) else { return self.problem(error)?.with(form: .queryAPI) }
        return HTTPProblem(
            self.status(status, error), code: status.code, status.message, form: .queryAPI)
    }

    private static func status(_ status: Neo4jStatus, _ error: any Error) -> HTTPResponse.Status {
        if let error = error as? CypherError { return self.status(error) }
        if let problem = self.problem(error) { return problem.status }
        return switch status.code {
        case "Neo.ClientError.Transaction.TransactionNotFound": .notFound
        case "Neo.ClientError.Security.Forbidden": .forbidden
        case "Neo.ClientError.Transaction.TransactionAccessedConcurrently": .conflict
        case let code where code.hasPrefix("Neo.TransientError."): .serviceUnavailable
        default: .badRequest
        }
    }
}
