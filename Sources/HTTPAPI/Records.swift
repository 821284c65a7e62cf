internal import AccessControl
internal import GraphDatabase
internal import Hummingbird
internal import JSON
internal import Orchestration
internal import PropertyGraph

/// What routes over named queries share.
extension Services {
    /// With `?wait=30s`: returns when the condition holds, or the time is over.
    func wait(_ request: Request, until isDone: @escaping @Sendable () throws -> Bool) async throws {
        try await self.wait(
            seconds: request.parameter("wait").flatMap(TimeSpan.seconds), until: isDone)
    }

    /// As ``wait(_:until:)``, for a time that was given elsewhere; 60 seconds at most.
    func wait(seconds: Int?, until isDone: @escaping @Sendable () throws -> Bool) async throws {
        guard let seconds, try !isDone() else { return }
        let database = self.database
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                // The commits are followed before the first look, so that none is missed.
                let commits = database.commits()
                if try isDone() { return }
                for await _ in commits where try isDone() { return }
            }
            group.addTask { try await Task.sleep(for: .seconds(min(seconds, 60))) }
            _ = try await group.next()
            group.cancelAll()
        }
    }

    /// A record's fields by name.
    func object(_ record: Record) -> JSON.Object {
        let graph = self.database.snapshot()
        var object = JSON.Object()
        for field in record.fields { object.append(field.name, graph.plainJSON(field.value)) }
        return object
    }

    /// A record as JSON.
    func json(_ record: Record) -> JSON { .object(self.object(record)) }

    /// Whose work a caller may see, as a parameter of queries: null, and so everybody's, for those who operate the network.
    func ownOnly(_ context: APIContext) -> Value {
        self.rights(context).allows(context.caller, .network(.operate)) ? .null : .string(context.user)
    }

    /// Records under a name.
    func list(_ records: [Record], _ name: String) -> JSON {
        .object([name: .array(records.map { self.json($0) })])
    }
}
