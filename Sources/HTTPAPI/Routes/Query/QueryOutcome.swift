internal import GraphDatabase
package import JSON
internal import PropertyGraph
package import QueryEngine

/// A result with all that the Query API says about it.
struct QueryOutcome: Sendable {
    let statement: PreparedQuery
    let result: QueryResult
    /// A state that holds what was done; nil while that is not certain.
    let bookmark: Bookmark?

    init(_ statement: PreparedQuery, _ result: QueryResult, bookmark: Bookmark?) {
        self.statement = statement
        self.result = result
        self.bookmark = bookmark
    }

    func with(bookmark: Bookmark) -> QueryOutcome {
        QueryOutcome(self.statement, self.result, bookmark: bookmark)
    }

    /// All of it as one document.
    func document(_ format: QueryFormat, includesCounters: Bool) -> JSON.Object {
        let graph = self.result.graph
        var document: JSON.Object = [
            "data": [
                "fields": .array(self.result.columns.map(JSON.string)),
                "values": .array(
                    self.result.rows.map { row in .array(row.map { format.json($0, of: graph) }) }),
            ]
        ]
        for member in self.summary(includesCounters: includesCounters) {
            document.append(member.name, member.value)
        }
        return document
    }

    /// What is known when all rows are there.
    func summary(includesCounters: Bool) -> JSON.Object {
        var summary = JSON.Object()
        if let bookmark = self.bookmark {
            summary.append("bookmarks", [.string(bookmark.description)])
        }
        if includesCounters { summary.append("counters", self.result.counters.queryAPIJSON) }
        if let plan = self.result.plan {
            summary.append("queryPlan", plan.json)
            if plan.measured != nil { summary.append("profiledQueryPlan", plan.json) }
        }
        summary.append("queryType", .string(self.statement.kind(columns: self.result.columns)))
        let notifications = self.statement.known(onSeen: self.result.graph).map(QueryNotification.all) ?? []
        if !notifications.isEmpty {
            summary.append(
                "notifications", .array(notifications.map { self.result.graph.plainJSON($0.value) }))
        }
        return summary
    }
}

extension QueryFormat {
    /// A value as this form writes it.
    func json(_ value: Value, of graph: GraphSnapshot) -> JSON {
        self.isTyped ? graph.typedJSON(value) : graph.plainJSON(value)
    }
}

extension QueryCounters {
    /// By the Query API's names.
    fileprivate var queryAPIJSON: JSON {
        var counters: JSON.Object = ["containsUpdates": .bool(self != QueryCounters())]
        for (name, count) in self.all { counters.append(name, .int(count)) }
        counters.append("containsSystemUpdates", false)
        counters.append("systemUpdates", 0)
        return .object(counters)
    }
}

extension QueryResult {
    /// The result as the Query API's plain or typed JSON.
    package func queryAPIJSON(includesCounters: Bool) -> JSON {
        var answer: JSON.Object = [
            "data": [
                "fields": .array(self.columns.map(JSON.string)),
                "values": .array(self.rows.map { row in .array(row.map { self.graph.plainJSON($0) }) }),
            ]
        ]
        if includesCounters { answer.append("counters", self.counters.queryAPIJSON) }
        if let plan = self.plan { answer.append("queryPlan", plan.json) }
        return .object(answer)
    }
}

extension PlanDescription {
    /// As the Query API has plans and, with what was measured, profiles; `text` is the whole tree for people.
    var json: JSON {
        var object: JSON.Object = [
            "operatorType": .string(self.name), "details": .string(self.details),
            "estimatedRows": .double(self.estimatedRows), "children": .array(self.children.map(\.json)),
            "text": .string(self.text), "identifiers": [],
            "arguments": ["Details": .string(self.details), "EstimatedRows": .double(self.estimatedRows)],
        ]
        if let measured = self.measured {
            object.append("rows", .int(measured.rows))
            object.append("steps", .int(measured.steps))
            object.append("pages", .int(measured.pages))
            object.append("heldValues", .int(measured.heldValues))
            object.append("milliseconds", .double(measured.milliseconds))
            object.append("records", .int(measured.rows))
            object.append("dbHits", .int(measured.steps))
            object.append("time", .int(Int(measured.milliseconds * 1e6)))
        }
        return .object(object)
    }
}
