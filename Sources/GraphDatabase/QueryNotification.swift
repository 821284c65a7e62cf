package import PropertyGraph
package import QueryEngine

/// What a client is told of a query that ran and may not be what was meant.
package struct QueryNotification: Hashable, Sendable {
    /// Neo4j's code.
    package let code: String
    /// A few words.
    package let title: String
    /// What may be wrong, and what to do.
    package let description: String
    /// What it is about, as `UNRECOGNIZED`.
    package let category: String
    /// How grave it is.
    package var severity: String { "WARNING" }
    private let gqlStatus: String
    private let gqlDescription: String

    /// As drivers up to Bolt 5.4 read it, and the Query API.
    package var value: Value {
        .map([
            "code": .string(self.code), "title": .string(self.title),
            "description": .string(self.description), "severity": .string(self.severity),
            "category": .string(self.category),
        ])
    }

    /// As drivers from Bolt 5.5 on read it, in the terms of ISO GQL.
    package var status: Value {
        .map([
            "gql_status": .string(self.gqlStatus), "status_description": .string(self.gqlDescription),
            "neo4j_code": .string(self.code), "title": .string(self.title),
            "description": .string(self.description),
            "diagnostic_record": .map([
                "OPERATION": .string(""), "OPERATION_CODE": .string("0"), "CURRENT_SCHEMA": .string("/"),
                "_classification": .string(self.category), "_severity": .string(self.severity),
            ]),
        ])
    }

    /// What is to be said about a statement.
    package static func all(_ planned: PlannedQuery) -> [QueryNotification] {
        let (labels, types) = planned.unknownNames
        return labels.map { self.unknown("label", $0, code: "UnknownLabelWarning", status: "01N50") }
            + types.map {
                self.unknown("relationship type", $0, code: "UnknownRelationshipTypeWarning", status: "01N51")
            }
    }

    private static func unknown(
        _ kind: String, _ name: String, code: String, status: String
    ) -> QueryNotification {
        QueryNotification(
            code: "Neo.ClientNotification.Statement.\(code)", title: "The \(kind) does not exist.",
            description: "The graph has no \(kind) `\(name)`; look for a typing error.",
            category: "UNRECOGNIZED", gqlStatus: status,
            gqlDescription: "warn: \(kind) does not exist. The \(kind) `\(name)` does not exist.")
    }
}
