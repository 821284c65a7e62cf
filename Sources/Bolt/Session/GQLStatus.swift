internal import GraphDatabase
internal import PropertyGraph

/// Failures and notifications in the terms of ISO GQL, which drivers ask for from 5.5 (notifications) and 5.7 (failures) on.
enum GQLStatus {
    /// What FAILURE says.
    static func failure(_ status: Neo4jStatus, _ version: BoltVersion) -> Metadata {
        guard version >= BoltVersion(5, 7) else {
            return [("code", .string(status.code)), ("message", .string(status.message))]
        }
        let (code, description) = self.status(status.code)
        var record: [String: Value] = [
            "OPERATION": .string(""), "OPERATION_CODE": .string("0"), "CURRENT_SCHEMA": .string("/"),
            "_classification": .string(self.classification(status.code)),
        ]
        if let position = status.position { record["_position"] = self.value(position) }
        return [
            ("neo4j_code", .string(status.code)), ("message", .string(status.message)),
            ("gql_status", .string(code)), ("description", .string(description)),
            ("diagnostic_record", .map(record)),
        ]
    }

    static func value(_ position: Neo4jStatus.Position) -> Value {
        .map([
            "offset": .integer(position.offset), "line": .integer(position.line),
            "column": .integer(position.column),
        ])
    }

    private static func classification(_ code: String) -> String {
        switch code.split(separator: ".").dropFirst().first {
        case "ClientError": "CLIENT_ERROR"
        case "TransientError": "TRANSIENT_ERROR"
        default: "DATABASE_ERROR"
        }
    }

    /// The state that is next to a code of Neo4j's.
    private static func status(_ code: String) -> (code: String, description: String) {
        switch code {
        case "Neo.ClientError.Statement.SyntaxError":
            ("42001", "error: syntax error or access rule violation - invalid syntax")
        case "Neo.ClientError.Statement.TypeError": ("22G03", "error: data exception - invalid value type")
        case "Neo.ClientError.Statement.ArithmeticError":
            ("22003", "error: data exception - numeric value out of range")
        case "Neo.ClientError.Statement.ArgumentError": ("22N01", "error: data exception - invalid argument")
        case "Neo.ClientError.Statement.ParameterMissing":
            ("42N51", "error: syntax error or access rule violation - invalid parameter")
        case "Neo.ClientError.Statement.EntityNotFound":
            ("22N28", "error: data exception - entity not found")
        case "Neo.ClientError.Schema.ConstraintValidationFailed":
            ("22N65", "error: data exception - constraint violation")
        case "Neo.ClientError.Security.Unauthorized", "Neo.ClientError.Security.Forbidden",
            "Neo.ClientError.Statement.AccessMode":
            ("42NFF", "error: syntax error or access rule violation - permission/access denied")
        case "Neo.ClientError.Database.DatabaseNotFound":
            ("22N51", "error: data exception - database does not exist")
        case "Neo.ClientError.Procedure.ProcedureNotFound":
            ("42N08", "error: syntax error or access rule violation - no such procedure")
        case "Neo.ClientError.Request.Invalid", "Neo.ClientError.Request.InvalidFormat":
            ("08N06", "error: connection exception - protocol error")
        case _ where code.contains(".Transaction."):
            ("25N02", "error: invalid transaction state - unable to complete transaction")
        default: ("50N42", "error: general processing exception - unexpected error")
        }
    }
}
