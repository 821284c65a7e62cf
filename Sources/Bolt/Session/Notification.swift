internal import GraphDatabase
internal import PropertyGraph
internal import QueryEngine

/// What a client is told of a query that ran and may not be what was meant.
struct Notification {
    private let code: String
    private let title: String
    private let description: String
    private let category: String
    private let gqlStatus: String
    private let gqlDescription: String

    /// As drivers up to 5.4 read it.
    var value: Value {
        .map([
            "code": .string(self.code), "title": .string(self.title),
            "description": .string(self.description), "severity": .string("WARNING"),
            "category": .string(self.category),
        ])
    }

    /// As drivers from 5.5 on read it.
    var status: Value {
        .map([
            "gql_status": .string(self.gqlStatus), "status_description": .string(self.gqlDescription),
            "neo4j_code": .string(self.code), "title": .string(self.title),
            "description": .string(self.description),
            "diagnostic_record": .map([
                "OPERATION": .string(""), "OPERATION_CODE": .string("0"), "CURRENT_SCHEMA": .string("/"),
                "_classification": .string(self.category), "_severity": .string("WARNING"),
            ]),
        ])
    }

    /// What is to be said about a statement, as far as the client wants it.
    static func all(
        _ planned: PlannedQuery?, filter: NotificationFilter
    ) -> [Notification] {
        let (labels, types) = planned?.unknownNames ?? ([], [])
        guard !labels.isEmpty || !types.isEmpty,
            filter.admits(category: "UNRECOGNIZED", isWarning: true)
        else { return [] }
        return labels.map { self.unknown("label", $0, code: "UnknownLabelWarning", status: "01N50") }
            + types.map {
                self.unknown("relationship type", $0, code: "UnknownRelationshipTypeWarning", status: "01N51")
            }
    }

    private static func unknown(
        _ kind: String, _ name: String, code: String, status: String
    ) -> Notification {
        Notification(
            code: "Neo.ClientNotification.Statement.\(code)", title: "The \(kind) does not exist.",
            description: "The graph has no \(kind) `\(name)`; look for a typing error.",
            category: "UNRECOGNIZED", gqlStatus: status,
            gqlDescription: "warn: \(kind) does not exist. The \(kind) `\(name)` does not exist.")
    }
}
